"""Finding, for a perceptual hash, the nearest of many: a search that does not compare each with each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

NEAR_BITS = 6
"""Most bits by which the hashes of near duplicates differ."""
NEAR_LIKENESS = 0.98
"""Least cosine of the angle between their frequencies."""

# Bounds on one search, some 20 s each on one core: pairs whose hashes are compared, and of those, whose
# frequencies are. Only sets in which nearly all pictures look alike come near them.
_MOST_COMPARED = 500_000_000
_MOST_CHECKED = 20_000_000
_CHUNK = 1 << 18  # pairs in memory at once
# A hash is looked up by each quarter: of two within 6 bits, one quarter differs in at most one.
_PROBES = (0, *(1 << bit for bit in range(16)))
_BIT = (
    4_000_000  # what a differing bit weighs in a score, beside unlikeness in millionths (at most 2 million)
)

Bits = NDArray[np.uint64]


class Search:
    """Finds for hashes the nearest of a fixed set, without comparing each with each."""

    def __init__(self, hashes: Bits, frequencies: NDArray[np.int8]) -> None:
        self._hashes, self._frequencies = hashes, frequencies
        self.complete = True
        self._compared = self._checked = 0

    def nearest(
        self, hashes: Bits, frequencies: NDArray[np.int8]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return for each of n prints the row of its nearest near duplicate, or -1, and the differing bits.

        Of several as near, the most alike counts, then the first.
        """
        score = np.full(len(hashes), np.iinfo(np.int64).max)
        match = np.full(len(hashes), -1, np.int64)
        for rows, found in self._candidates(hashes):
            differing = _ones(hashes[rows] ^ self._hashes[found])
            # What is further off than the best so far need not be looked at.
            close = np.flatnonzero((differing <= NEAR_BITS) & (differing * _BIT <= score[rows]))
            self._checked += len(close)
            if self._checked > _MOST_CHECKED:
                self.complete = False
                break
            likeness = _likeness(frequencies[rows[close]], self._frequencies[found[close]])
            near = close[likeness >= NEAR_LIKENESS]
            unlike = np.round((1 - likeness[likeness >= NEAR_LIKENESS]) * 1e6).astype(np.int64)
            _improve(score, match, rows[near], found[near], differing[near] * _BIT + unlike)
        return match, score // _BIT

    def _candidates(self, hashes: Bits) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield pairs (row of ``hashes``, row of the set) that share a quarter but for one bit, in chunks."""
        for quarter in range(0, 64, 16):
            keys = (self._hashes >> np.uint64(quarter)).astype(np.uint16)
            order = np.argsort(keys, kind="stable")
            counts = np.bincount(keys, minlength=1 << 16)
            ends = np.cumsum(counts)
            wanted = (hashes >> np.uint64(quarter)).astype(np.uint16)
            for probe in _PROBES:
                key = wanted ^ np.uint16(probe)
                yield from self._expanded(counts[key], ends[key], order)

    def _expanded(
        self, counts: NDArray[np.int64], ends: NDArray[np.int64], order: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield the pairs of each row with its part ``order[end - count : end]``."""
        upto = np.cumsum(counts)
        start, done = 0, 0
        while start < len(counts) and done < upto[-1]:
            stop = max(start + 1, int(np.searchsorted(upto, done + _CHUNK, side="right")))
            size = int(upto[stop - 1]) - done
            self._compared += size
            if self._compared > _MOST_COMPARED:
                self.complete = False
                return
            rows = np.repeat(np.arange(start, stop), counts[start:stop])
            # Within each row's part: its end, less how far the row's last candidate still is.
            place = ends[rows] - upto[rows] + done + np.arange(size)
            if size:
                yield rows, order[place]
            start, done = stop, int(upto[stop - 1])


def _improve(
    score: NDArray[np.int64],
    match: NDArray[np.int64],
    rows: NDArray[np.int64],
    found: NDArray[np.int64],
    value: NDArray[np.int64],
) -> None:
    """Take into ``score`` and ``match`` what is better for its row: a lower value, or an earlier match."""
    order = np.lexsort((found, value, rows))
    _, first = np.unique(rows[order], return_index=True)
    chosen = order[first]
    row, other, scored = rows[chosen], found[chosen], value[chosen]
    better = (scored < score[row]) | ((scored == score[row]) & (other < match[row]))
    score[row[better]], match[row[better]] = scored[better], other[better]


def _ones(bits: Bits) -> NDArray[np.int64]:
    """Count the ones of each number (NumPy has it only from version 2)."""
    one, two, four = (
        np.uint64(mask) for mask in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F)
    )
    bits = bits - ((bits >> np.uint64(1)) & one)
    bits = (bits & two) + ((bits >> np.uint64(2)) & two)
    bits = (bits + (bits >> np.uint64(4))) & four
    counted: NDArray[np.int64] = ((bits * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.int64)
    return counted


def _likeness(one: NDArray[np.int8], other: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return the cosine of the angle between rows, -1 to 1."""
    a, b = one.astype(np.float32), other.astype(np.float32)
    product = np.einsum("ij,ij->i", a, b)
    lengths = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))
    cosine: NDArray[np.float64] = (product / np.maximum(lengths, 1)).astype(np.float64)
    return cosine
