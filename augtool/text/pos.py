"""Parts of speech, from the lexicon and the neighbours of a word. Where both leave a doubt, no reading.

A synonym of the wrong part of speech spoils a sentence, a word left alone costs nothing; so this tagger
prefers silence to a guess. ``augtool[text]`` brings a fuller one (textblob's PatternTagger).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from augtool.text.english import CLASS, listed, negates
from augtool.text.inflect import Grammar, Reading, missing_extra

# Which parts of speech (and verb forms) can follow a word of a class directly.
_AFTER: dict[str, dict[str, tuple[str, ...]]] = {
    "det": {"n": ("", "s"), "a": ("", "er", "est")},
    "modal": {"v": ("",), "r": ("",)},
    "to": {"v": ("",)},
    "subject": {"v": ("", "s", "past", "ed"), "r": ("",)},
    "do": {"v": ("",)},
    "have": {"v": ("part", "ed"), "r": ("",)},
    "be": {"v": ("ing", "part", "ed"), "a": ("", "er"), "r": ("",)},
    "prep": {"n": ("", "s"), "a": ("",), "v": ("ing",)},
    "number": {"n": ("s",)},
}
# Words that do not stand between an auxiliary and its verb only by accident.
_TRANSPARENT = listed("just also still already always never not really ever even only")
_CLEAR = 4.0  # how many times likelier the best reading must be than all others together


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around a word: lower-case neighbours within the sentence, empty where there is none."""

    before: str
    farther: str
    after: str


def read(grammar: Grammar, word: str, context: Context) -> Reading | None:
    """Return what a lower-case word is in its place, or None where that is in doubt."""
    readings = grammar.readings(word)
    if not readings:
        return None
    role = _role(context)
    allowed = _AFTER.get(role)
    weighed = [(reading, _weight(reading, allowed)) for reading in readings]
    total = sum(weight for _, weight in weighed)
    best, top = max(weighed, key=lambda pair: pair[1])
    if top <= 0 or top < _CLEAR * (total - top):
        return None
    if best.pos == "a" and not _adjective_place(role, context, grammar):
        return None
    return _settled(grammar, best, role)


def _role(context: Context) -> str:
    before, word = context.before, context.before
    if word in _TRANSPARENT and context.farther:
        word = context.farther
    if before.endswith(("n't", "n’t")) or word in ("cannot", "cant"):
        stem = before[:-3]
        return CLASS.get(stem, "modal") if stem not in ("ca", "wo", "sha") else "modal"
    for ending, role in (("'re", "be"), ("'m", "be"), ("'ve", "have"), ("'ll", "modal")):
        if word.replace("’", "'").endswith(ending):
            return role
    return CLASS.get(word, "")


def _weight(reading: Reading, allowed: dict[str, tuple[str, ...]] | None) -> float:
    # The prior counts bits, so two to its power is about the number of tagged occurrences.
    weight = float(2**reading.entry.prior)
    if allowed is None:
        # Without a telling neighbour a participle may as well be an adjective, a base form a noun.
        return weight
    forms = allowed.get(reading.pos)
    if forms is None or reading.form not in forms:
        return weight * 0.02
    return weight * (4.0 if reading.pos in "vn" else 1.0)


def _adjective_place(role: str, context: Context, grammar: Grammar) -> bool:
    """Return whether an adjective can stand here: before a noun, or after a form of ``be``."""
    known = CLASS.get(context.after, "") if context.after else "none"
    after = grammar.readings(context.after) if not known else ()
    noun_follows = known == "noun" or any(reading.pos == "n" for reading in after)
    return noun_follows or (role == "be" and not after)


def _settled(grammar: Grammar, reading: Reading, role: str) -> Reading | None:
    """Tell past from participle where the neighbours do; a base form that is also a past stays in doubt."""
    if reading.pos != "v":
        return reading
    if reading.form == "ed" and role in ("have", "be", "subject"):
        return reading._replace(form="past" if role == "subject" else "part")
    if reading.form == "" and role not in ("to", "modal", "do"):
        same = grammar.inflect(reading.lemma, "v", "past") == reading.lemma
        return None if same or role == "have" else reading
    return reading


def tag_all(grammar: Grammar, words: Sequence[str], contexts: Sequence[Context]) -> list[Reading | None]:
    """Return the reading of every word of a text (lower case), None where it is in doubt or has none."""
    if grammar.extra:
        return _tag_with_extra(grammar, words, contexts)
    return [
        None if word in CLASS or negates(word) else read(grammar, word, context)
        for word, context in zip(words, contexts, strict=True)
    ]


_PENN = {
    "NN": ("n", ("",)), "NNS": ("n", ("s",)), "VB": ("v", ("",)), "VBP": ("v", ("",)), "VBZ": ("v", ("s",)),
    "VBG": ("v", ("ing",)), "VBD": ("v", ("past", "ed")), "VBN": ("v", ("part", "ed")), "JJ": ("a", ("",)),
    "JJR": ("a", ("er",)), "JJS": ("a", ("est",)), "RB": ("r", ("",)), "RBR": ("r", ("er",)),
    "RBS": ("r", ("est",)),
}  # fmt: skip


def _tag_with_extra(
    grammar: Grammar, words: Sequence[str], contexts: Sequence[Context]
) -> list[Reading | None]:
    tags = pattern_tagger()(" ".join(word.replace("’", "'").replace("'", "") for word in words))
    if len(tags) != len(words):  # the tagger split a word: its tags no longer line up
        return [read(grammar, word, context) for word, context in zip(words, contexts, strict=True)]
    result: list[Reading | None] = []
    for word, (_, tag), context in zip(words, tags, contexts, strict=True):
        pos, forms = _PENN.get(tag, ("", ()))
        fitting = [
            reading for reading in grammar.readings(word) if reading.pos == pos and reading.form in forms
        ]
        result.append(_settled(grammar, fitting[0], _role(context)) if fitting else None)
    return result


@cache
def pattern_tagger() -> Any:
    """Return textblob's tagger: a text in, pairs (word, Penn tag) out.

    Raises:
        UsageError: it is not installed; the message names the command.

    """
    try:
        from textblob.en import tag
    except ImportError as error:
        raise missing_extra("textblob") from error
    return lambda text: tag(text, tokenize=False)
