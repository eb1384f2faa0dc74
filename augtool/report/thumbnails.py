"""Small pictures for the report, embedded as data URIs, within fixed bounds of size and work."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from augtool import codec, storage
from augtool.drawing import draw_labels
from augtool.errors import ItemError
from augtool.filenames import on_disk
from augtool.labels import Labels
from augtool.shrinking import rgb, shrink

SHOWN_SIDE = 180
"""Longest side on the page, in CSS pixels; the embedded picture has up to twice as many for dense screens."""
_SIDES = ((60, 360), (90, 300), (10_000, 240))  # up to this many pictures: this longest side in pixels
_TINY = 90  # a picture smaller than this is enlarged on the page, in whole steps
_RECORDS, _VARIANTS = 24, 5
_WORK = 400_000_000  # pixels decoded in all; a few seconds
_BYTES = 3_600_000  # embedded in all
_PROFILE = 4096  # a longer colour profile costs more than it shows


Made: TypeAlias = tuple[str, tuple[int, int], tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One embedded picture: its URI, its size on the page in CSS pixels, its size on disk, its row."""

    uri: str
    width: int
    height: int
    full: tuple[int, int]
    tiny: bool
    row: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Strip:
    """One source: its original, where it can be shown, and some of its variants."""

    source: str
    split: str | None
    label: str | None
    original: Thumbnail | None
    variants: list[Thumbnail]
    hidden: int
    """Variants that were made and are not shown."""
    gain: float
    """How much brighter than stored the pictures are shown; 1 but for dark 16-bit pictures."""


def strips(
    records: Sequence[dict[str, Any]], source: Path, output: Path, labels: Mapping[str, Labels] | None = None
) -> list[Strip]:
    """Read and shrink the pictures of some journal records.

    At most 24 records with 5 variants each are shown; fewer variants where pictures are huge, and no
    more once about 3.6 MB are embedded. A picture that cannot be read is left out, and so is a record
    without any variant to show.

    Args:
        records: journal records with ``source``, ``split``, ``label`` and manifest ``rows``.
        source: the input folder, for originals that the run did not copy.
        output: the folder that the rows' ``output`` paths are in.
        labels: what to draw on a picture, by its row's ``output``; by ``source`` for an original that was
            not copied.

    """
    chosen = _in_turns(records)[:_RECORDS]
    each = next((n for n in range(_VARIANTS, 1, -1) if _work(chosen, n) <= _WORK), 1)
    pictures = sum(1 + min(each, len(_variant_rows(record))) for record in chosen)
    side = next(side for most, side in _SIDES if pictures <= most)
    made: list[Strip] = []
    room, work = _BYTES, _WORK
    for record in chosen:
        work -= _work([record], each)
        if made and work < 0:
            break

        def small(path: Path, name: str, gain: float) -> Made | None:
            return _thumbnail(path, side, gain, (labels or {}).get(name))

        strip = _strip(record, each, small, source, output)
        room -= sum(len(picture.uri) for picture in (strip.original, *strip.variants) if picture)
        if room < 0:
            break
        if strip.variants:
            made.append(strip)
    return made


def _in_turns(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first record of every class, then the second of each, so that the top shows them all."""
    seen: Counter[tuple[Any, Any]] = Counter()
    turns = []
    for record in records:
        group = record.get("split"), record.get("label")
        turns.append(seen[group])
        seen[group] += 1
    return [record for _, record in sorted(zip(turns, records, strict=True), key=lambda pair: pair[0])]


def _strip(
    record: dict[str, Any],
    each: int,
    shrink: Callable[[Path, str, float], Made | None],
    source: Path,
    output: Path,
) -> Strip:
    first = next((row for row in record["rows"] if row["kind"] == "original"), None)
    path = output / on_disk(first["output"]) if first else source / record["source"]
    rows = _variant_rows(record)
    gain = 0.0  # taken from the first picture and kept, so that brightness can be compared
    pictures: list[Thumbnail | None] = []
    for place, row in [(path, first or {}), *((output / on_disk(row["output"]), row) for row in rows[:each])]:
        done = shrink(place, row.get("output", record["source"]), gain)
        if done is None:
            pictures.append(None)
            continue
        uri, size, full, gain = done
        width, height, tiny = _on_page(size)
        pictures.append(Thumbnail(uri, width, height, full, tiny, row))
    variants = [picture for picture in pictures[1:] if picture]
    hidden = len(rows) - len(variants)
    return Strip(
        record["source"], record.get("split"), record.get("label"), pictures[0], variants, hidden, gain or 1
    )


def _variant_rows(record: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in record["rows"] if row["kind"] == "variant"]


def _work(records: Sequence[dict[str, Any]], each: int) -> int:
    """Return how many pixels must be decoded to show these records, as far as the manifest tells."""
    total = 0
    for record in records:
        sizes = [row["width"] * row["height"] for row in record["rows"]]
        total += sum(sizes[: each + 1]) if sizes else 0
    return total


def _thumbnail(path: Path, side: int, gain: float, labels: Labels | None) -> Made | None:
    """Return (data URI, its (width, height), the picture's own, the gain used); None if unreadable."""
    try:
        picture = codec.decode(storage.read_bytes(path))
        small, gain = shrink(picture.pixels, side, gain)
        height, width = picture.pixels.shape[:2]
        if labels is not None:
            small = np.ascontiguousarray(draw_labels(rgb(small), labels, (width, height))[:, :, ::-1])
        icc = picture.icc if picture.icc and len(picture.icc) <= _PROFILE else None
        encoded, _ = codec.encode(small, "jpeg", quality=80, icc=icc)
    except (ItemError, ValueError):  # ValueError: a name that no file can have
        return None
    uri = "data:image/jpeg;base64," + base64.b64encode(encoded).decode()
    return uri, (small.shape[1], small.shape[0]), (width, height), gain


def _on_page(size: tuple[int, int]) -> tuple[int, int, bool]:
    """Return (width, height, enlarged) in CSS pixels for a thumbnail of this size."""
    longest = max(size)
    if longest <= _TINY:
        factor = SHOWN_SIDE // longest if longest < SHOWN_SIDE else 1
        return size[0] * factor, size[1] * factor, factor > 1
    scale = min(1.0, SHOWN_SIDE / longest)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale)), False
