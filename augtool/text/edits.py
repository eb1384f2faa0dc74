"""The effect of a text transform: changes to the source text, in its own coordinates.

All steps of a recipe see the same source text and claim different parts of it, so that composing them is
a union and applying them is one splice: what lies outside the changes stays identical to the code point.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

Label: TypeAlias = tuple[int, int]


class Change(NamedTuple):
    """Replace ``text[start:end]`` by ``new``; ``start == end`` inserts."""

    start: int
    end: int
    new: str


class OverlapError(ValueError):
    """Two changes claim the same part of a text."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Changes that do not overlap, in order. At one place at most one insertion."""

    changes: tuple[Change, ...] = ()

    def then(self, other: Edit) -> Edit | None:
        """Return both as one, or None where they claim the same part."""
        merged = sorted((*self.changes, *other.changes))
        return Edit(tuple(merged)) if apart(merged) else None


def edit(changes: Iterable[Change]) -> Edit:
    """Build an edit from changes in any order.

    Raises:
        OverlapError: two of them overlap.

    """
    ordered = sorted(changes)
    if not apart(ordered):
        raise OverlapError(f"changes overlap: {ordered}")
    return Edit(tuple(ordered))


def apart(ordered: Sequence[Change]) -> bool:
    """Return whether sorted changes claim different parts of the text."""
    return all(
        first.end <= second.start and (first.start, first.end) != (second.start, second.end)
        for first, second in pairwise(ordered)
    )


def splice(text: str, changes: Sequence[Change]) -> str:
    """Return ``text`` with sorted, non-overlapping changes made."""
    parts: list[str] = []
    at = 0
    for change in changes:
        parts += (text[at : change.start], change.new)
        at = change.end
    parts.append(text[at:])
    return "".join(parts)


def moved(changes: Sequence[Change], spans: Iterable[Label]) -> list[Label]:
    """Return where spans of the source lie after the changes.

    A span holds the same text as before: no change may reach into one. What is inserted at its start or
    its end stays outside.

    Raises:
        OverlapError: a change reaches into a span.

    """
    # Sums of the growth of all changes before each one, so that many spans cost no more than one pass.
    starts = [change.start for change in changes]
    growth = [0]
    for change in changes:
        growth.append(growth[-1] + len(change.new) - (change.end - change.start))
    result = []
    for start, end in spans:
        at = bisect_left(starts, start)
        if at and changes[at - 1].end > start:
            raise OverlapError(f"a change reaches into the span {start}-{end}")
        first = at
        # An insertion right at the start goes before the span; so does an empty span's own place.
        while first < len(changes) and changes[first].start == changes[first].end == start:
            first += 1
        if first < len(changes) and changes[first].start < end:
            raise OverlapError(f"a change reaches into the span {start}-{end}")
        shift = growth[first]
        result.append((start + shift, end + shift))
    return result


def retag(text: str, changes: Sequence[Change], tags: Sequence[str], outside: str = "O") -> list[str]:
    """Return the BIO tags of the edited text's whitespace-separated tokens.

    Args:
        text: the source text; its n-th token by whitespace has the n-th tag.
        changes: sorted; none reaches into a token whose tag is not ``outside``.
        tags: one per token of the source.
        outside: the tag of tokens in no entity; new tokens get it.

    Raises:
        ValueError: the numbers of tokens and tags differ.

    """
    intervals = token_intervals(text)
    tagged = [(interval, tag) for interval, tag in zip(intervals, tags, strict=True) if tag != outside]
    places = dict(
        zip(moved(changes, [interval for interval, _ in tagged]), (t for _, t in tagged), strict=True)
    )
    return [places.get(interval, outside) for interval in token_intervals(splice(text, changes))]


def token_intervals(text: str) -> list[Label]:
    """Return the intervals of a text's whitespace-separated tokens."""
    result = []
    at = 0
    for token in text.split():
        at = text.index(token, at)
        result.append((at, at + len(token)))
        at += len(token)
    return result


def chunks(intervals: Sequence[Label], tags: Sequence[str], outside: str = "O") -> list[Label]:
    """Return the entities of BIO tags as spans: a token that is not ``outside`` joins an ``I-`` after it."""
    spans: list[Label] = []
    previous = outside
    for interval, tag in zip(intervals, tags, strict=True):
        if tag != outside:
            if previous != outside and not tag.startswith("B"):
                spans[-1] = (spans[-1][0], interval[1])
            else:
                spans.append(interval)
        previous = tag
    return spans
