"""A text as the transforms see it: tokens, what each may have done to it, and synonyms that fit.

All of this is found once per source text and shared by its variants.
"""

from __future__ import annotations

import re
from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from augtool.text.edits import Change, Edit, apart
from augtool.text.english import ABBREVIATIONS, ARTICLES, STOP, listed, negates
from augtool.text.inflect import Reading
from augtool.text.language import Language
from augtool.text.lexicon import Candidate
from augtool.text.polarity import flips
from augtool.text.pos import Context, tag_all
from augtool.text.tokens import Interval, Token, tokenize

_ENDS = re.compile(r"[.!?…:;]|\n")
# After a verb these make another verb of it ("top up", "look into"), so that no synonym of the verb fits.
_PARTICLES = listed(
    "up off out down in over back away on through into around about along by for after across"
)
_STRICT_PRIOR = 2  # bits in the number of a synonym's tagged uses: at least two
_STRICT_SHARE = 5  # tenths of a word's tagged uses that are of its first sense


class Document:
    """A source text, analysed. ``spans`` are intervals whose text no edit may touch."""

    def __init__(self, text: str, language: Language, spans: Sequence[Interval] = ()) -> None:
        self.text = text
        self.language = language
        self.spans = tuple(spans)
        self._protected = [*spans, *language.protected(text)]
        self.tokens: tuple[Token, ...] = tokenize(text, self._protected)
        self.lower = [token.word.lower() for token in self.tokens]
        self.words = [at for at, token in enumerate(self.tokens) if token.kind == "word"]
        self._synonyms: dict[tuple[int, int, bool], tuple[str, ...]] = {}
        self._replaceable: dict[tuple[int, bool], list[int]] = {}

    @cached_property
    def gaps(self) -> list[int]:
        """Tokens a word can be inserted before: words after whitespace that begin no sentence."""
        return [
            at
            for at in self.words
            if at not in self.starts and at and self.text[self.tokens[at].start - 1].isspace()
        ]

    @cached_property
    def movable(self) -> list[int]:
        """Words that can change places: all but names, negators and articles."""
        return [at for at in self.words if not self.fixed(at) and self.lower[at] not in ARTICLES]

    @cached_property
    def neighbours(self) -> list[int]:
        """Movable words whose next token is one, too, with but a gap between them."""
        movable = set(self.movable)
        return [at for at in self.movable if at + 1 in movable and self.joined(at)]

    def replaceable(self, senses: int = 1, *, strict: bool = True) -> list[int]:
        """Return the words that have synonyms (see :meth:`synonyms`)."""
        key = senses, strict
        found = self._replaceable.get(key)
        if found is None:
            found = [at for at in self.words if self.synonyms(at, senses, strict=strict)]
            self._replaceable[key] = found
        return found

    @cached_property
    def shouted(self) -> bool:
        """Whether the text is written in capitals, so that capitals mean nothing."""
        words = [self.tokens[at].word for at in self.words if len(self.tokens[at].word) > 1]
        return len(words) > 2 and sum(word.isupper() for word in words) > 0.6 * len(words)

    @cached_property
    def starts(self) -> frozenset[int]:
        """The tokens that begin a sentence."""
        found = set()
        fresh = True
        end = 0
        for at, token in enumerate(self.tokens):
            if "\n" in self.text[end : token.start]:
                fresh = True
            if token.kind == "punct":
                fresh = fresh or bool(_ENDS.search(token.word))
            else:
                if fresh:
                    found.add(at)
                fresh = False
            end = token.end
        return frozenset(found)

    @cached_property
    def proper(self) -> frozenset[int]:
        """Words that are names as far as capitals tell: no word for them is as good."""
        return frozenset(at for at in self.words if self._is_proper(at))

    def fixed(self, at: int) -> bool:
        """Return whether a word must stay what and where it is: names and negators."""
        return at in self.proper or negates(self.lower[at])

    def joined(self, at: int) -> bool:
        """Return whether only whitespace, on one line and unprotected, lies between a token and the next."""
        if at + 1 >= len(self.tokens):
            return False
        low, high = self.tokens[at].end, self.tokens[at + 1].start
        if low == high or "\n" in self.text[low:high]:
            return False
        return not any(start < high and end >= low for start, end in self._protected)

    @cached_property
    def readings(self) -> list[Reading | None]:
        """What each token is, None for those in doubt and for all but words."""
        result: list[Reading | None] = [None] * len(self.tokens)
        found = tag_all(
            self.language.grammar,
            [self.lower[at] for at in self.words],
            [self._context(at) for at in self.words],
        )
        for at, reading in zip(self.words, found, strict=True):
            result[at] = reading
        return result

    def synonyms(self, at: int, senses: int = 1, *, strict: bool = True) -> tuple[str, ...]:
        """Return the words that can stand in place of token ``at``, inflected and cased like it.

        Args:
            at: index of a token.
            senses: how many senses of the word, the most frequent first, synonyms are taken from.
            strict: ask that the first sense is the usual one, of the word and of its synonym.

        """
        key = at, senses, strict
        found = self._synonyms.get(key)
        if found is None:
            found = self._synonyms[key] = tuple(dict.fromkeys(self._find(at, senses, strict=strict)))
        return found

    def _find(self, at: int, senses: int, *, strict: bool) -> Iterator[str]:
        word, lower = self.tokens[at].word, self.lower[at]
        if not word.isalpha() or self.fixed(at) or self._common(lower) or lower in self.language.never_use:
            return
        reading = self.readings[at]
        if reading is None or (strict and reading.entry.share < _STRICT_SHARE) or self._in_multiword(at):
            return
        lexicon, grammar = self.language.lexicon, self.language.grammar
        own = lexicon.own(reading.lemma)
        beside = {self.lower[near] for near in (at - 1, at + 1) if 0 <= near < len(self.tokens)}
        for sense in reading.entry.senses[:senses]:
            for candidate in sense:
                if strict and not (own or self._usual(candidate, reading.pos)):
                    continue
                new = grammar.inflect(candidate.word, reading.pos, reading.form)
                if new is None or new in beside or new == lower or self._unwanted(new, candidate.word):
                    continue
                if not flips(lexicon, lower, reading.lemma, candidate.word):
                    yield copy_case(word, new, shouted=self.shouted)

    def _usual(self, candidate: Candidate, pos: str) -> bool:
        """Return whether a synonym is in common use, and mostly in the sense that is shared."""
        word = candidate.word
        entry = self.language.lexicon.entry(word, pos)
        known = entry is not None and entry.prior >= _STRICT_PRIOR
        return candidate.rank == 1 and known and len(word) > 2 and word not in STOP

    def _common(self, lower: str) -> bool:
        # A function word of English may be a content word of a person's own language.
        return lower in STOP and not self.language.lexicon.own(lower)

    def _unwanted(self, new: str, lemma: str) -> bool:
        return bool({new.casefold(), lemma.casefold()} & self.language.never_use) or negates(new)

    def _in_multiword(self, at: int) -> bool:
        pair = self.language.lexicon.pair
        reading = self.readings[at]
        own = {self.lower[at], reading.lemma if reading else ""}
        before, after = self._near(at, -1), self._near(at, 1)
        if reading and reading.pos == "v" and after in _PARTICLES:
            return True
        return any(
            (before and any(pair(other, word) for other in self._bases(before)))
            or (after and any(pair(word, other) for other in self._bases(after)))
            for word in own
            if word
        )

    def _bases(self, word: str) -> set[str]:
        return {word, *(reading.lemma for reading in self.language.grammar.readings(word))}

    def _near(self, at: int, step: int) -> str:
        other = at + step
        if not 0 <= other < len(self.tokens) or not self.joined(min(at, other)):
            return ""
        token = self.tokens[other]
        if token.kind == "protected":
            return "two" if token.word[:1].isdigit() else ""
        return self.lower[other] if token.kind == "word" else ""

    def _context(self, at: int) -> Context:
        before = self._near(at, -1)
        return Context(before, self._near(at - 1, -1) if before else "", self._near(at, 1))

    def _is_proper(self, at: int) -> bool:
        word = self.tokens[at].word
        if word == self.lower[at] or word == "I" or self.language.lexicon.own(self.lower[at]):
            return False
        if self.shouted:
            return not word.isupper()
        if self.lower[at] in ABBREVIATIONS and self.lower[at] not in STOP:
            return True
        if (word.isupper() and len(word) > 1) or word[1:] != word[1:].lower():
            return True
        if at not in self.starts:
            return self.lower[at] not in STOP
        after = self.tokens[at + 1] if self.joined(at) else None
        return self.lower[at] not in STOP and after is not None and after.word.istitle() and after.word != "I"


class TextFrame:
    """What a text transform may see: the source, and what earlier steps of the recipe have claimed."""

    def __init__(self, document: Document, taken: Edit = Edit()) -> None:  # noqa: B008 - frozen
        self.document = document
        self._taken = taken

    def free(self, at: int) -> bool:
        """Return whether no earlier step has touched a token."""
        token = self.document.tokens[at]
        changes = self._taken.changes
        return not any(change.start < token.end and change.end > token.start for change in changes)

    def claims(self) -> Claims:
        """Return a collector of changes that stay clear of those of earlier steps."""
        return Claims(self._taken)


class Claims:
    """Changes of one step, each accepted only where it stays clear of all others."""

    def __init__(self, taken: Edit) -> None:
        self._all = list(taken.changes)
        self._own: list[Change] = []

    def add(self, *changes: Change) -> bool:
        """Claim several changes that belong together; return whether all of them were free."""
        merged = list(self._all)
        for change in changes:
            insort(merged, change)
        if not apart(merged):
            return False
        self._all = merged
        self._own += changes
        return True

    def edit(self) -> Edit:
        """Return what this step has claimed."""
        return Edit(tuple(sorted(self._own)))

    def __len__(self) -> int:
        return len(self._own)


@dataclass(slots=True)
class Draws:
    """Random choices from a recorded seed, the same with every version of Python."""

    random: Random

    @classmethod
    def of(cls, seed: int) -> Draws:
        """Return the draws of a seed."""
        return cls(Random(seed))  # noqa: S311 - not for secrets

    def below(self, count: int) -> int:
        """Return a whole number from 0 to ``count - 1``."""
        return min(int(self.random.random() * count), count - 1)

    def order(self, count: int) -> Iterator[int]:
        """Yield 0 to ``count - 1`` in random order; taking a few of many costs a few."""
        moved: dict[int, int] = {}
        for at in range(count):
            pick = at + self.below(count - at)
            yield moved.get(pick, pick)
            moved[pick] = moved.get(at, at)


def copy_case(source: str, new: str, *, shouted: bool = False) -> str:
    """Return ``new`` with the capitals of ``source``."""
    if source.isupper() and (len(source) > 1 or shouted):
        return new.upper()
    return new[:1].upper() + new[1:] if source[:1].isupper() else new
