"""What a recipe says about language: the lexicon, the grammar, and what must be left alone."""

from __future__ import annotations

import re
from functools import cache, cached_property
from pathlib import Path

from augtool.text import lexicon
from augtool.text.inflect import Grammar, lemminflect
from augtool.text.lexicon import Lexicon
from augtool.text.options import TextOptions
from augtool.text.pos import pattern_tagger
from augtool.text.tokens import Interval


class Language:
    """The lexicon and grammar of a recipe, loaded when first needed, and its guards."""

    def __init__(self, options: TextOptions) -> None:
        self.options = options
        self.never_use = frozenset(word.casefold() for word in options.never_use)
        phrases = sorted(options.protect, key=len, reverse=True)
        self._patterns = [re.compile(pattern) for pattern in options.patterns]
        if phrases:
            words = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in phrases)
            self._patterns.append(re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE))

    @cached_property
    def lexicon(self) -> Lexicon:
        """The synonym table."""
        if not self.options.lexicon:
            return lexicon.built_in()
        return lexicon.load(Path(self.options.lexicon), extend=self.options.lexicon_mode == "extend")

    @cached_property
    def grammar(self) -> Grammar:
        """The inflection over that table."""
        return Grammar(self.lexicon, extra=self.options.grammar == "extra")

    def check(self) -> None:
        """Load all that the recipe asks for.

        Raises:
            UsageError: the lexicon cannot be used, or an extra is not installed.

        """
        _ = self.grammar
        if self.options.grammar == "extra":
            lemminflect()
            pattern_tagger()

    def protected(self, text: str) -> list[Interval]:
        """Return the intervals of a text that the recipe's words and patterns protect."""
        return [
            match.span() for pattern in self._patterns for match in pattern.finditer(text) if match.group()
        ]


@cache
def language(options: TextOptions) -> Language:
    """Return the language of a recipe; one per process and recipe."""
    return Language(options)
