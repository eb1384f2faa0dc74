"""Words: synonyms, insertions, swaps, deletions, punctuation, typing errors.

Each of these looks at the source text and returns changes to it. How many: ``n``, or else ``alpha`` times
the number of words, rounded, at least one, at most ``most``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from augtool.fields import Within
from augtool.registry import Seed, Texts, transform
from augtool.text.document import Document, Draws, TextFrame
from augtool.text.edits import Change, Edit
from augtool.text.english import CLASS, NEIGHBOURS, STOP, listed, negates

Alpha = Annotated[float, Within(0, 1), "Share of the words that are changed."]
Number = Annotated[int | None, Within(1, 1000), "Number of changes, in place of alpha."]
Most = Annotated[int, Within(1, 1000), "At most so many changes, however long the text."]


@transform
def synonym_replace(
    frame: TextFrame,
    *,
    alpha: Alpha = 0.1,
    n: Number = None,
    most: Most = 10,
    senses: Annotated[int, Within(1, 3), "Senses of a word that synonyms are taken from."] = 1,
    strict: Annotated[bool, "Only where the first sense is the usual one, of both words."] = True,
    seed: Seed,
) -> Edit:
    """Replace words by synonyms in the same form.

    Only nouns, verbs, adjectives and adverbs whose part of speech is beyond doubt; not names, negators,
    parts of multiwords ("credit card") or opinions whose synonym says the opposite.
    """
    document, draws, claims = frame.document, Draws.of(seed), frame.claims()
    wanted = _count(document, alpha, n, most)
    candidates = document.replaceable(senses, strict=strict)
    for pick in draws.order(len(candidates)):
        if len(claims) >= wanted:
            break
        at = candidates[pick]
        if frame.free(at):
            token, found = document.tokens[at], document.synonyms(at, senses, strict=strict)
            claims.add(Change(token.start, token.end, found[draws.below(len(found))]))
    return claims.edit()


@transform
def random_insert(
    frame: TextFrame,
    *,
    alpha: Alpha = 0.1,
    n: Number = None,
    most: Most = 10,
    phrases: Annotated[Texts, "Words or phrases to insert; without any, synonyms of words of the text."] = (),
    seed: Seed,
) -> Edit:
    """Insert a synonym of a word of the text, or a phrase of a list, before a random word.

    Never before the first word, inside a protected part or before closing punctuation.
    """
    document, draws, claims = frame.document, Draws.of(seed), frame.claims()
    wanted = _count(document, alpha, n, most)
    places = draws.order(len(document.gaps))
    for new in _inserted(document, phrases, draws):
        place = next(places, None)
        if place is None or len(claims) >= wanted:
            break
        start = document.tokens[document.gaps[place]].start
        claims.add(Change(start, start, f"{new} "))
    return claims.edit()


@transform
def random_swap(
    frame: TextFrame,
    *,
    alpha: Alpha = 0.1,
    n: Number = None,
    most: Most = 10,
    unit: Annotated[Literal["word", "phrase"], "What is swapped."] = "word",
    reach: Annotated[Literal["adjacent", "any"], "With the next one, or any other of the text."] = "adjacent",
    seed: Seed,
) -> Edit:
    """Swap neighbouring words or phrases; what lies between them stays.

    Not across punctuation, and no articles, names or negators.
    """
    document, draws, claims = frame.document, Draws.of(seed), frame.claims()
    wanted = _count(document, alpha, n, most)
    for one, two in _pairs(document, unit, reach, draws):
        if len(claims) >= 2 * wanted:
            break
        if all(frame.free(at) for low, high in (one, two) for at in range(low, high + 1)):
            claims.add(*_swapped(document, one, two))
    return claims.edit()


@transform
def random_delete(
    frame: TextFrame,
    *,
    alpha: Alpha = 0.1,
    n: Number = None,
    most: Most = 10,
    only: Annotated[
        Literal["any", "optional"], "Any words, or those a sentence can do without: adverbs, adjectives."
    ] = "any",
    seed: Seed,
) -> Edit:
    """Delete words with one of the gaps beside them; never the last word, a name or a negator."""
    document, draws, claims = frame.document, Draws.of(seed), frame.claims()
    candidates = [
        at
        for at in document.words[:-1]
        if not document.fixed(at)
        and not (at in document.starts and document.tokens[at].word[:1].isupper())
        and (only == "any" or _optional(document, at))
    ]
    wanted = min(_count(document, alpha, n, most), len(document.words) - 1)
    for pick in draws.order(len(candidates)):
        if len(claims) >= wanted:
            break
        change = _deletion(document, candidates[pick])
        if change and frame.free(candidates[pick]):
            claims.add(change)
    return claims.edit()


@transform
def punct_insert(
    frame: TextFrame,
    *,
    alpha: Alpha = 0.1,
    n: Number = None,
    most: Most = 10,
    marks: Annotated[Texts, "The punctuation marks."] = (".", ";", "?", ":", "!", ","),
    seed: Seed,
) -> Edit:
    """Insert punctuation marks before random words, set off by spaces (as AEDA does)."""
    document, draws, claims = frame.document, Draws.of(seed), frame.claims()
    wanted = _count(document, alpha, n, most)
    for pick in draws.order(len(document.gaps)):
        if len(claims) >= wanted or not marks:
            break
        start = document.tokens[document.gaps[pick]].start
        claims.add(Change(start, start, f"{marks[draws.below(len(marks))]} "))
    return claims.edit()


@transform
def typo(frame: TextFrame, *, alpha: Alpha = 0.05, n: Number = None, most: Most = 10, seed: Seed) -> Edit:
    """Hit a neighbouring key: one letter of a word, never its first, and no other word comes of it."""
    document, draws, claims = frame.document, Draws.of(seed), frame.claims()
    wanted = _count(document, alpha, n, most)
    for pick in draws.order(len(document.words)):
        if len(claims) >= wanted:
            break
        at = document.words[pick]
        if len(document.tokens[at].word) > 3 and not document.fixed(at) and frame.free(at):
            change = _slip(document, at, draws)
            if change:
                claims.add(change)
    return claims.edit()


def _count(document: Document, alpha: float, n: int | None, most: int) -> int:
    return n if n is not None else max(1, min(round(alpha * len(document.words)), most))


def _inserted(document: Document, phrases: Texts, draws: Draws) -> Iterator[str]:
    """Yield what can be inserted, endlessly where a list is given."""
    never = document.language.never_use
    allowed = [phrase for phrase in phrases if phrase.strip() and phrase.casefold() not in never]
    while allowed:
        phrase = allowed[draws.below(len(allowed))]
        yield phrase.upper() if document.shouted else phrase
    if phrases:
        return
    candidates = document.replaceable()
    for pick in draws.order(len(candidates)):
        found = document.synonyms(candidates[pick])
        new = found[draws.below(len(found))]
        yield new if document.shouted else new.lower()


_Unit = tuple[int, int]  # first and last token


def _pairs(document: Document, unit: str, reach: str, draws: Draws) -> Iterator[tuple[_Unit, _Unit]]:
    """Yield pairs of units to swap, the first one first, in random order."""
    if unit == "word" and reach == "adjacent":
        for pick in draws.order(len(document.neighbours)):
            at = document.neighbours[pick]
            yield (at, at), (at + 1, at + 1)
        return
    units = [(at, at) for at in document.movable] if unit == "word" else _phrases(document)
    numbers = _any_pairs(len(units), draws) if reach == "any" else _adjacent_pairs(document, units, draws)
    for first, second in numbers:
        yield units[first], units[second]


def _phrases(document: Document) -> list[_Unit]:
    """Return runs of words that begin where a function word opens a phrase, or after punctuation."""
    units: list[_Unit] = []
    for at in document.words:
        if units and units[-1][1] == at - 1 and document.joined(at - 1) and not _opens(document, at):
            units[-1] = units[-1][0], at
        else:
            units.append((at, at))
    return [unit for unit in units if not any(document.fixed(at) for at in range(unit[0], unit[1] + 1))]


def _opens(document: Document, at: int) -> bool:
    opening = ("det", "prep", "conj", "subject", "to")
    return CLASS.get(document.lower[at]) in opening and CLASS.get(document.lower[at - 1]) not in opening


def _adjacent_pairs(document: Document, units: list[_Unit], draws: Draws) -> Iterator[tuple[int, int]]:
    for first in draws.order(len(units) - 1):
        end, start = units[first][1], units[first + 1][0]
        if end + 1 == start and document.joined(end):
            yield first, first + 1


def _any_pairs(count: int, draws: Draws) -> Iterator[tuple[int, int]]:
    order = draws.order(count)
    for first in order:
        second = next(order, None)
        if second is not None:
            yield min(first, second), max(first, second)


def _swapped(document: Document, one: _Unit, two: _Unit) -> tuple[Change, ...]:
    texts = []
    for first, last in (one, two):
        start, end = document.tokens[first].start, document.tokens[last].end
        texts.append((start, end, document.text[start:end]))
    (start, end, text), (other_start, other_end, other) = texts
    if text.casefold() == other.casefold():
        return ()
    if one[0] in document.starts and text[:1].isupper() and not document.shouted:
        # The capital belongs to the beginning of the sentence, not to the word.
        other = other[:1].upper() + other[1:]
        text = text if document.lower[one[0]] == "i" or "I'" in text[:2] else text[:1].lower() + text[1:]
    return Change(start, end, other), Change(other_start, other_end, text)


_FILLERS = listed(
    "just also too still already again very really quite rather even actually please maybe perhaps"
)


def _optional(document: Document, at: int) -> bool:
    """Return whether a sentence stays whole without a word: a filler, an adverb, an adjective on a noun."""
    if document.lower[at] in _FILLERS:
        return True
    reading = document.readings[at]
    if reading is None or document.lower[at - 1 if at else at] in ("as", "so", "too", "how", "more", "most"):
        return False
    after = document.readings[at + 1] if document.joined(at) else None
    attribute = reading.pos == "a" and after is not None and after.pos == "n"
    return attribute or (reading.pos == "r" and document.lower[at].endswith("ly"))


def _deletion(document: Document, at: int) -> Change | None:
    token = document.tokens[at]
    if document.joined(at):
        return Change(token.start, document.tokens[at + 1].start, "")
    if at and document.joined(at - 1):
        return Change(document.tokens[at - 1].end, token.end, "")
    return None


def _slip(document: Document, at: int, draws: Draws) -> Change | None:
    token = document.tokens[at]
    readings = document.language.grammar.readings
    for pick in draws.order(len(token.word) - 1):
        letter = token.word[pick + 1]
        keys = NEIGHBOURS.get(letter.lower(), "")
        if not keys:
            continue
        key = keys[draws.below(len(keys))]
        new = f"{token.word[: pick + 1]}{key}{token.word[pick + 2 :]}".lower()
        if new not in STOP and not negates(new) and not readings(new):
            start = token.start + pick + 1
            return Change(start, start + 1, key.upper() if letter.isupper() else key)
    return None
