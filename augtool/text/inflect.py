"""English inflection: which form of which word a word is, and the same form of another.

Forms: ``""`` base, ``s`` plural or third person, ``ing``, ``ed`` (past and participle alike), ``past``,
``part`` (where they differ), ``er``, ``est``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from augtool.errors import UsageError
from augtool.text.english import UNCOUNTED, listed
from augtool.text.lexicon import Entry, Lexicon

_VOWELS = "aeiou"
_ONE_SYLLABLE = re.compile(r"(?:qu|[^aeiou])*[aeiouy]+[^aeiouy]*e?$")
_DOUBLES = re.compile(r"(?:qu|[^aeiou])*[aeiouy][bdfgklmnprtvz]$")
_OES = listed("go do echo veto hero potato tomato torpedo cargo forgo undergo embargo")
_NO_PLURAL = re.compile(r"(?!business|witness|wilderness|harness).*(?:ness|ism|ics)$")


class Reading(NamedTuple):
    """A word taken as a form of a lemma; ``entry`` is what the lexicon says of the lemma."""

    lemma: str
    form: str
    entry: Entry

    @property
    def pos(self) -> str:
        """The part of speech."""
        return self.entry.pos


def _irregular_verbs() -> dict[str, tuple[str, str]]:
    text = Path(__file__).with_name("irregular.txt").read_text(encoding="utf-8")
    return {base: (past, part) for base, past, part in (line.split() for line in text.splitlines())}


@dataclass
class Grammar:
    """Inflection over one lexicon. ``extra`` inflects with lemminflect, from ``augtool[text]``."""

    lexicon: Lexicon
    extra: bool = False
    _verbs: dict[str, tuple[str, str]] = field(default_factory=_irregular_verbs)
    _plurals: dict[str, str] = field(default_factory=dict)
    _compared: dict[tuple[str, str], str] = field(default_factory=dict)
    _doubled: set[str] = field(default_factory=set)
    _readings: dict[str, tuple[Reading, ...]] = field(default_factory=dict)
    _inflected: dict[tuple[str, str, str], str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for form, lemma, pos in self.lexicon.forms():
            if pos == "n" and form != lemma + "ses":  # "busses" is a rare spelling
                self._plurals.setdefault(lemma, form)
            elif pos == "v" and form == f"{lemma}{lemma[-1]}ed":
                self._doubled.add(lemma)
            elif pos == "a":
                self._compared[lemma, "er" if form.endswith("r") else "est"] = form

    def readings(self, word: str) -> tuple[Reading, ...]:
        """Return all that a lower-case word can be, as far as the lexicon knows."""
        known = self._readings.get(word)
        if known is None:
            found = [Reading(word, "", entry) for entry in self.lexicon.entries(word)]
            if self.lexicon.english:
                found += self._inflected_readings(word)
            known = self._readings[word] = tuple(dict.fromkeys(found))
        return known

    def inflect(self, lemma: str, pos: str, form: str) -> str | None:
        """Return a form of a word, or None where it has none that is safe to write."""
        if not form:
            return lemma
        key = lemma, pos, form
        if key not in self._inflected:
            self._inflected[key] = self._with_extra(*key) if self.extra else self._by_rule(*key)
        return self._inflected[key]

    def _with_extra(self, lemma: str, pos: str, form: str) -> str | None:
        tags = {
            ("n", "s"): ("NNS",), ("v", "s"): ("VBZ",), ("v", "ing"): ("VBG",), ("v", "past"): ("VBD",),
            ("v", "part"): ("VBN",), ("v", "ed"): ("VBD", "VBN"), ("a", "er"): ("JJR",),
            ("a", "est"): ("JJS",), ("r", "er"): ("RBR",), ("r", "est"): ("RBS",),
        }.get((pos, form), ())  # fmt: skip
        if pos in "ar" or (pos == "n" and _uncounted(lemma)):
            return self._by_rule(lemma, pos, form)
        inflection = lemminflect().getInflection
        found = [next(iter(inflection(lemma, tag=tag)), None) for tag in tags]
        return found[0] if found and len(set(found)) == 1 else None

    def _by_rule(self, lemma: str, pos: str, form: str) -> str | None:
        if pos == "v":
            return self._verb(lemma, form)
        if pos == "n":
            if form != "s" or _uncounted(lemma):
                return None
            return self._plurals.get(lemma) or _with_s(lemma)
        if pos == "a" and form in ("er", "est"):
            return self._compared.get((lemma, form)) or _compare(lemma, form)
        return None

    def _verb(self, lemma: str, form: str) -> str | None:
        if form == "s":
            return _with_s(lemma)
        if form == "ing":
            return self._stem(lemma, "ing") + "ing"
        past, part = self._verbs.get(lemma, ("", ""))
        if not past:
            stem = lemma[:-1] + "i" if re.search(r"[^aeiou]y$", lemma) else self._stem(lemma, "ed")
            past = part = stem.removesuffix("e") + "ed"
        if form == "ed":
            return past if past == part else None
        return past if form == "past" else part

    def _stem(self, lemma: str, suffix: str) -> str:
        if suffix == "ing":
            if lemma.endswith("ie"):
                return lemma[:-2] + "y"
            if lemma.endswith("e") and not lemma.endswith(("ee", "oe", "ye")) and len(lemma) > 2:
                return lemma[:-1]
        return lemma + lemma[-1] if lemma in self._doubled or _DOUBLES.match(lemma) else lemma

    def _inflected_readings(self, word: str) -> list[Reading]:
        found = []
        for known in self.lexicon.irregular(word):
            lemma, _, pos = known.partition("/")
            entry = self.lexicon.entry(lemma, pos)
            form = self._irregular_form(word, lemma, pos)
            if entry and form:
                found.append(Reading(lemma, form, entry))
        for suffix, form, pos in _SUFFIXES:
            if word.endswith(suffix) and len(word) > len(suffix) + 1:
                for lemma in _stripped(word, suffix, form):
                    entry = self.lexicon.entry(lemma, pos)
                    if entry and self._by_rule(lemma, pos, form) == word:
                        found.append(Reading(lemma, form, entry))
        return found

    def _irregular_form(self, word: str, lemma: str, pos: str) -> str:
        if pos == "n":
            return "s"
        if pos in "ar":
            return "er" if word.endswith("r") else "est" if word.endswith("t") else ""
        if word.endswith("ing"):
            return "ing"
        past, part = self._verbs.get(lemma, (word, word))
        if word == past == part:
            return "ed"
        return "past" if word == past else "part" if word == part else ""


_SUFFIXES = (("s", "s", "n"), ("s", "s", "v"), ("ing", "ing", "v"), ("ed", "ed", "v"), ("er", "er", "a"),
             ("est", "est", "a"))  # fmt: skip


def _stripped(word: str, suffix: str, form: str) -> list[str]:
    stem = word[: -len(suffix)]
    found = [stem]
    if form == "s" and stem.endswith("e"):
        found.append(stem[:-1])
        if stem.endswith("ie"):
            found.append(stem[:-2] + "y")
    elif form != "s":
        found.append(stem + "e")
        if stem.endswith("i"):
            found.append(stem[:-1] + "y")
        if form == "ing" and stem.endswith("y"):
            found.append(stem[:-1] + "ie")
        if len(stem) > 2 and stem[-1] == stem[-2]:
            found.append(stem[:-1])
    return found


def _with_s(lemma: str) -> str:
    if re.search(r"(?:s|x|z|ch|sh)$", lemma) or lemma in _OES:
        return lemma + "es"
    if re.search(r"[^aeiou]y$", lemma):
        return lemma[:-1] + "ies"
    return lemma + "s"


def _uncounted(lemma: str) -> bool:
    return lemma in UNCOUNTED or bool(_NO_PLURAL.match(lemma))


def _compare(lemma: str, form: str) -> str | None:
    # Longer adjectives take "more" and "most", which a single word cannot.
    if lemma.endswith("y") and len(lemma) < 8 and lemma[-2:-1] not in _VOWELS:
        return lemma[:-1] + "i" + form
    if not _ONE_SYLLABLE.match(lemma) or len(lemma) > 6:
        return None
    if _DOUBLES.match(lemma) and lemma[-1] in "bdgmnpt":
        return lemma + lemma[-1] + form
    return lemma.removesuffix("e") + form


def lemminflect() -> Any:
    """Return the module lemminflect.

    Raises:
        UsageError: it is not installed; the message names the command.

    """
    try:
        import lemminflect as module
    except ImportError as error:
        raise missing_extra("lemminflect") from error
    return module


def missing_extra(package: str) -> UsageError:
    """Return the error for a recipe that asks for the extra where it is not installed."""
    return UsageError(
        f"'grammar: extra' needs {package}, which is not installed: pip install 'augtool[text]'; "
        f"or leave 'grammar' out for the built-in one"
    )
