"""Small pictures for the report, embedded as data URIs, within fixed bounds of size and work."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from augtool import codec, storage
from augtool.effects import Pixels
from augtool.errors import ItemError

SHOWN_SIDE = 180
"""Longest side on the page, in CSS pixels; the embedded picture has up to twice as many for dense screens."""
_SIDES = ((60, 360), (90, 300), (10_000, 240))  # up to this many pictures: this longest side in pixels
_TINY = 90  # a picture smaller than this is enlarged on the page, in whole steps
_RECORDS, _VARIANTS = 24, 5
_WORK = 400_000_000  # pixels decoded in all; a few seconds
_BYTES = 3_600_000  # embedded in all
_PROFILE = 4096  # a longer colour profile costs more than it shows
_CHECKER = ((255, 232), 8)  # grey levels and side of the squares behind transparency


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


def strips(records: Sequence[dict[str, Any]], source: Path, output: Path) -> list[Strip]:
    """Read and shrink the pictures of some journal records.

    At most 24 records with 5 variants each are shown; fewer variants where pictures are huge, and no
    more once about 3.6 MB are embedded. A picture that cannot be read is left out, and so is a record
    without any variant to show.

    Args:
        records: journal records with ``source``, ``split``, ``label`` and manifest ``rows``.
        source: the input folder, for originals that the run did not copy.
        output: the folder that the rows' ``output`` paths are in.

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
        strip = _strip(record, each, lambda path, gain: _thumbnail(path, side, gain), source, output)
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
    shrink: Callable[[Path, float], tuple[str, tuple[int, int], tuple[int, int], float] | None],
    source: Path,
    output: Path,
) -> Strip:
    first = next((row for row in record["rows"] if row["kind"] == "original"), None)
    path = output / first["output"] if first else source / record["source"]
    rows = _variant_rows(record)
    gain = 0.0  # taken from the first picture and kept, so that brightness can be compared
    pictures: list[Thumbnail | None] = []
    for place, row in [(path, first or {}), *((output / row["output"], row) for row in rows[:each])]:
        done = shrink(place, gain)
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


def _thumbnail(
    path: Path, side: int, gain: float
) -> tuple[str, tuple[int, int], tuple[int, int], float] | None:
    """Return (data URI, its (width, height), the picture's own, the gain used); None if unreadable."""
    try:
        picture = codec.decode(storage.read_bytes(path))
        small, gain = shrink(picture.pixels, side, gain)
        icc = picture.icc if picture.icc and len(picture.icc) <= _PROFILE else None
        encoded, _ = codec.encode(small, "jpeg", quality=80, icc=icc)
    except (ItemError, ValueError):  # ValueError: a name that no file can have
        return None
    height, width = picture.pixels.shape[:2]
    uri = "data:image/jpeg;base64," + base64.b64encode(encoded).decode()
    return uri, (small.shape[1], small.shape[0]), (width, height), gain


def shrink(pixels: Pixels, side: int, gain: float = 0.0) -> tuple[Pixels, float]:
    """Shrink a picture so that its longest side is at most ``side``; 8 bits, no transparency.

    Args:
        pixels: a decoded picture in a layout of :mod:`augtool.codec`.
        side: pixels; nothing is enlarged.
        gain: factor on 16-bit values. 0 chooses one: 1, or what brings a picture that uses less than a
            quarter of the range (10 or 12 bits stored in 16) up to full scale.

    Returns:
        (H, W) or (H, W, 3) uint8, and the gain used.

    """
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        # What follows takes several times the picture's memory, so a huge one is thinned out first.
        every = max(1, max(height, width) // (8 * side))
        pixels = pixels[::every, ::every]
        alpha = pixels[:, :, 3:].repeat(3, axis=2)
        # Premultiplied before it is shrunk: hidden colours must not bleed into the edges.
        color: Any = cv2.multiply(
            np.ascontiguousarray(pixels[:, :, :3]), alpha, scale=1 / np.iinfo(pixels.dtype).max
        )
        small, gain = _eight_bits(_area(color, size), gain)
        cover, _ = _eight_bits(_area(alpha, size), 1.0)
        back = _checker(size).astype(np.uint16) * (255 - cover.astype(np.uint16)) // 255
        return np.clip(small + back, 0, 255).astype(np.uint8), gain
    return _eight_bits(_area(pixels, size), gain)


def _area(pixels: Any, size: tuple[int, int]) -> Any:
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _eight_bits(pixels: Any, gain: float) -> tuple[Any, float]:
    if pixels.dtype == np.uint8:
        return pixels, gain or 1.0
    if not gain:
        brightest = int(pixels.max())
        gain = 65535 / brightest if 0 < brightest < 16384 else 1.0
    return np.clip(np.rint(pixels * (gain / 257)), 0, 255).astype(np.uint8), gain


def _checker(size: tuple[int, int]) -> Any:
    (light, dark), square = _CHECKER
    across, down = np.arange(size[0]) // square, np.arange(size[1]) // square
    board = np.where((across[None, :] + down[:, None]) % 2, dark, light).astype(np.uint8)
    return np.dstack([board] * 3)


def _on_page(size: tuple[int, int]) -> tuple[int, int, bool]:
    """Return (width, height, enlarged) in CSS pixels for a thumbnail of this size."""
    longest = max(size)
    if longest <= _TINY:
        factor = SHOWN_SIDE // longest if longest < SHOWN_SIDE else 1
        return size[0] * factor, size[1] * factor, factor > 1
    scale = min(1.0, SHOWN_SIDE / longest)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale)), False
