"""The same picture in two splits: exact copies, near duplicates, mirrored ones.

A picture's print holds a hash of its bytes and, from the cosine transform of a 32 x 32 grey thumbnail, a
64-bit perceptual hash (whether each of the 8 x 8 lowest frequencies is above their median) and the 12 x 12
lowest frequencies themselves as a check. Two pictures are nearly the same where the hashes differ in at
most 6 bits and the cosine of the angle between the frequencies is at least 0.98. Among 2,062 photos of hands
on plain walls the first condition alone takes 199 pairs of different photos for the same, both together
none. They find a picture that was compressed again, resized, brightened, or cropped by a hundredth at each
side; cropped by two hundredths about every second, and few that were turned or cropped by more.

Flat pictures (blank pages, black frames) all look alike and are compared by their bytes only.
"""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from augtool import codec
from augtool.errors import ItemError, UsageError
from augtool.execute import execute
from augtool.lookalike import Bits, Search
from augtool.storage import read_bytes, shown

if TYPE_CHECKING:
    from augtool.plan import Job, Plan, Survey
    from augtool.unit import Context, UnitResult

FLAT = 3.0
"""Standard deviation, in grey levels of 255, below which a thumbnail is flat."""

_SIDE, _HASHED, _KEPT = 32, 8, 12
_LISTED = 1000  # pairs named in the report
_SHOWN = 10  # and to a person
_ORDER = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Print:
    """What is kept of a picture: 160 bytes. The last three are 0 and empty where it is flat."""

    content: int
    hash: int = 0
    mirrored: int = 0
    """The hash of its mirror image."""
    frequencies: bytes = bytes(_KEPT * _KEPT)
    """12 x 12 signed bytes, row by row; the first is 0."""


@dataclass
class Leaks:
    """Pictures of a split that are also in an earlier one, each named with its closest counterpart."""

    compared: int = 0
    unreadable: int = 0
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(split, earlier split, kind) -> pictures; kinds are exact, near and mirrored."""
    pairs: list[dict[str, Any]] = field(default_factory=list)
    """The first of them: split, source, in_split, same_as, kind, bits (by which the hashes differ)."""
    complete: bool = True
    """False where so many pictures look alike that the search was ended."""

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.counts)

    @property
    def total(self) -> int:
        """Pictures found; one that is in two earlier splits counts twice."""
        return sum(self.counts.values())

    def check(self, *, strict: bool) -> None:
        """Refuse leaks, if that is wanted.

        Raises:
            UsageError: there are some.
        """
        if strict and self:
            noun = "picture is" if self.total == 1 else "pictures are"
            first = f"such as {self.pairs[0]['source']} and {self.pairs[0]['same_as']}"
            raise UsageError(f"{self.total:,} {noun} in two splits ({first}); --strict refuses that")

    def data(self) -> dict[str, Any]:
        """Return the findings as plain data."""
        return {
            "compared": self.compared,
            "unreadable": self.unreadable,
            "complete": self.complete,
            "total": self.total,
            "counts": [
                {"split": split, "in_split": other, "kind": kind, "pictures": count}
                for (split, other, kind), count in sorted(self.counts.items())
            ],
            "pairs": self.pairs,
        }

    def lines(self) -> list[str]:
        """Return the findings as lines for a person; none where there is nothing to say."""
        lines = []
        for split, other in dict.fromkeys((split, other) for split, other, _ in self.counts):
            said = [
                f"{self.counts[split, other, kind]:,} {words}"
                for kind, words in (("exact", "exactly"), ("near", "nearly"), ("mirrored", "mirrored"))
                if self.counts[split, other, kind]
            ]
            lines.append(f"{split} has pictures that are also in {other}: {', '.join(said)}")
        lines += [f"  {pair['source']} = {pair['same_as']} ({pair['kind']})" for pair in self.pairs[:_SHOWN]]
        if self.total > _SHOWN:
            lines.append(f"  and {self.total - _SHOWN:,} more")
        if not self.complete:
            lines.append("so many pictures look alike that not all pairs were compared")
        return lines


def find_leaks(plan: Plan, survey: Survey, context: Context, workers: int, timeout: float) -> Leaks:
    """Compare the pictures of a set's splits. Each is decoded once, small; nothing is written.

    A set with one split or none has no leaks, and none of its pictures is opened.

    Args:
        plan: whose items are compared; problems are passed over.
        survey: the plan's.
        context: says where the pictures are and how large one may be.
        workers: as for :func:`augtool.execute.execute`.
        timeout: seconds for one picture.
    """
    if not survey.divided or context.recipe.modality == "text":
        return Leaks()
    prints = _Prints()
    work = execute(plan, context, workers=workers, timeout=timeout, total=survey.jobs, work=fingerprint)
    with closing(work) as results:
        for _, result in results:
            prints.add(result.split, result.found)
    leaks = Leaks(compared=len(prints.places), unreadable=prints.missing)
    found: list[tuple[str, str, str, int, int, int]] = []
    splits = sorted(prints.splits, key=lambda name: (_ORDER.index(name) if name in _ORDER else 9, name))
    for at, other in enumerate(splits):
        for split in splits[at + 1 :]:
            for kind, here, there, bits in _between(prints, split, other, leaks):
                leaks.counts[split, other, kind] += 1
                if len(found) < _LISTED:
                    found.append((split, other, kind, here, there, bits))
    names = _names(plan, {place for row in found for place in row[3:5]})
    leaks.pairs = [
        {"split": split, "source": names[here], "in_split": other, "same_as": names[there]}
        | {"kind": kind, "bits": bits}
        for split, other, kind, here, there, bits in found
    ]
    return leaks


def fingerprint(job: Job, context: Context) -> UnitResult:
    """Take a picture's print; runs in a worker. What cannot be read has none."""
    from augtool.unit import UnitResult, failed

    item = job.item
    if item.problem:
        return failed(item, *item.problem)
    try:
        data = read_bytes(os.path.join(context.source, item.key))  # noqa: PTH118 - a hot path
        small = codec.thumbnail(data, _SIDE, max_pixels=context.max_pixels)
    except ItemError as error:
        return failed(item, error.code, str(error))
    result = UnitResult(item.key, "ok", split=item.split)
    result.found = print_of(data, small)
    return result


def print_of(data: bytes, small: NDArray[np.uint8]) -> Print:
    """Return the print of a file's bytes and its (32, 32) grey thumbnail."""
    from hashlib import blake2b

    content = int.from_bytes(blake2b(data, digest_size=8).digest())
    if float(small.std()) < FLAT:
        return Print(content)
    low: Any = cv2.dct(small.astype(np.float32))[:_KEPT, :_KEPT].copy()
    low[0, 0] = 0
    mirrored = low.copy()
    mirrored[:, 1::2] *= -1  # a cosine of odd frequency changes its sign
    scaled = np.round(low * (127 / max(float(np.abs(low).max()), 1e-6))).astype(np.int8)
    return Print(content, _hash(low), _hash(mirrored), scaled.tobytes())


def _hash(low: NDArray[np.float32]) -> int:
    corner = low[:_HASHED, :_HASHED].ravel()
    bits = corner > np.median(corner[1:])
    bits[0] = False
    return int.from_bytes(np.packbits(bits).tobytes())


class _Prints:
    """The prints of a set, in columns: some 170 bytes a picture."""

    def __init__(self) -> None:
        self.places = array("Q")
        """Position of each picture in the plan."""
        self.splits: dict[str, int] = {}
        self.missing = 0
        self._split = array("B")
        self._content, self._hash, self._mirrored = array("Q"), array("Q"), array("Q")
        self._frequencies = bytearray()
        self._seen = 0

    def add(self, split: str | None, one: Print | None) -> None:
        """Add the next picture of the plan."""
        if one is None:
            self.missing += 1
        else:
            self.places.append(self._seen)
            self._split.append(self.splits.setdefault(split or "", len(self.splits)))
            self._content.append(one.content)
            self._hash.append(one.hash)
            self._mirrored.append(one.mirrored)
            self._frequencies += one.frequencies
        self._seen += 1

    def of(self, split: str) -> _Columns:
        """Return the columns of one split."""
        rows = np.flatnonzero(np.frombuffer(self._split, np.uint8) == self.splits[split])
        frequencies = np.frombuffer(self._frequencies, np.int8).reshape(-1, _KEPT * _KEPT)[rows]
        return _Columns(
            np.frombuffer(self.places, np.uint64)[rows].astype(np.int64),
            np.frombuffer(self._content, np.uint64)[rows],
            np.frombuffer(self._hash, np.uint64)[rows],
            np.frombuffer(self._mirrored, np.uint64)[rows],
            frequencies,
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    """Prints of n pictures: four arrays (n,) and one (n, 144)."""

    places: NDArray[np.int64]
    content: Bits
    hash: Bits
    mirrored: Bits
    frequencies: NDArray[np.int8]

    def textured(self) -> NDArray[np.bool_]:
        """Return which are not flat."""
        flags: NDArray[np.bool_] = (self.hash != 0) & self.frequencies.any(axis=1)
        return flags


def _between(prints: _Prints, split: str, other: str, leaks: Leaks) -> Iterator[tuple[str, int, int, int]]:
    """Yield (kind, place in split, place in other, differing bits), one for each picture of ``split``."""
    here, there = prints.of(split), prints.of(other)
    best = np.full(len(here.places), -1, np.int64)
    bits = np.zeros(len(here.places), np.int64)
    kinds = np.full(len(here.places), "", object)
    order = np.argsort(there.content, kind="stable")
    at = np.minimum(np.searchsorted(there.content[order], here.content), len(order) - 1)
    same = there.content[order][at] == here.content
    best[same], kinds[same] = order[at][same], "exact"
    textured = here.textured()
    index = np.flatnonzero(there.textured())
    turned = np.ones((_KEPT, _KEPT), np.int8)
    turned[:, 1::2] = -1
    for kind, hashes, sign in (("near", here.hash, 1), ("mirrored", here.mirrored, turned.ravel())):
        rows = np.flatnonzero((best < 0) & textured)
        search = Search(there.hash[index], there.frequencies[index])
        match, differing = search.nearest(hashes[rows], here.frequencies[rows] * sign)
        leaks.complete &= search.complete
        hit = match >= 0
        best[rows[hit]], bits[rows[hit]], kinds[rows[hit]] = index[match[hit]], differing[hit], kind
    for row in np.flatnonzero(best >= 0):
        yield kinds[row], int(here.places[row]), int(there.places[best[row]]), int(bits[row])


def _names(jobs: Iterable[Job], places: set[int]) -> dict[int, str]:
    """Return the sources at some places of the plan; the names of all are not kept in memory."""
    if not places:
        return {}
    return {at: shown(job.item.key) for at, job in enumerate(jobs) if at in places}
