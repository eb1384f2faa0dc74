"""COCO's run-length encoding of masks. The only place that touches pycocotools.

Runs go down the columns, from the top left; the first run is of background. Compressed is a text,
uncompressed a list of run lengths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augtool.errors import ItemError
from augtool.labels import Mask, Ring


def decode(segmentation: Mapping[str, Any], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the mask, shape (height, width), 0 and 1.

    Args:
        segmentation: ``{"size": [height, width], "counts": text or list}``.
        size: (width, height) it must have.

    Raises:
        ItemError: ``label_invalid``: another size, no counts, or runs that do not fill the picture.

    """
    width, height = size
    if segmentation.get("size") != [height, width]:
        raise ItemError("label_invalid", f"RLE is of size {segmentation.get('size')}, not {[height, width]}")
    counts = segmentation.get("counts")
    runs = _text_runs(counts) if isinstance(counts, str) else _list_runs(counts)
    if sum(runs) != width * height:
        raise ItemError("label_invalid", f"RLE covers {sum(runs)} pixels of {width * height}")
    return _expand(runs, size)


def encode(mask: Mask, size: tuple[int, int], *, compressed: bool) -> dict[str, Any]:
    """Return the ``segmentation`` of a mask in a picture of ``size`` (width, height).

    Counts are a text where ``compressed``, else a list of run lengths.
    """
    from pycocotools import mask as coco

    full = place(mask, size)
    encoded = coco.encode(np.asfortranarray(full))
    text: str = encoded["counts"].decode("ascii")
    counts = text if compressed else _text_runs(text)
    return {"size": [size[1], size[0]], "counts": counts}


def fill(parts: Sequence[tuple[Ring, Sequence[Ring]]], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return the mask COCO makes of outlines: the union of the parts, each less its holes.

    Args:
        parts: (outer ring, holes), rings of shape (n, 2) with n >= 3.
        size: (width, height) of the picture.

    """
    from pycocotools import mask as coco

    width, height = size
    union = np.zeros((height, width), np.uint8)
    for outer, holes in parts:
        rings = [ring.ravel().tolist() for ring in (outer, *holes)]
        layers = [
            _expand(_text_runs(part["counts"].decode("ascii")), size)
            for part in coco.frPyObjects(rings, height, width)
        ]
        for hole in layers[1:]:
            layers[0] &= 1 - hole
        union |= layers[0]
    return union


def place(mask: Mask, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a mask as a whole picture of ``size`` (width, height), 0 and 1; what lies outside is cut."""
    width, height = size
    full = np.zeros((height, width), np.uint8)
    rows, columns = mask.pixels.shape
    top, left = max(mask.top, 0), max(mask.left, 0)
    bottom, right = min(mask.top + rows, height), min(mask.left + columns, width)
    if bottom > top and right > left:
        part = mask.pixels[top - mask.top : bottom - mask.top, left - mask.left : right - mask.left]
        full[top:bottom, left:right] = part != 0
    return full


def window(full: NDArray[np.uint8]) -> Mask:
    """Return a mask cut to the rows and columns it has pixels in; at least one pixel where it has none."""
    rows, columns = np.flatnonzero(full.any(axis=1)), np.flatnonzero(full.any(axis=0))
    if not len(rows):
        return Mask(np.zeros((1, 1), np.uint8))
    top, left = int(rows[0]), int(columns[0])
    return Mask(full[top : rows[-1] + 1, left : columns[-1] + 1].copy(), left, top)


def _expand(runs: Sequence[int], size: tuple[int, int]) -> NDArray[np.uint8]:
    values = np.arange(len(runs), dtype=np.uint8) & 1
    return np.ascontiguousarray(np.repeat(values, runs).reshape((size[1], size[0]), order="F"))


def _list_runs(counts: Any) -> list[int]:
    whole = isinstance(counts, list) and all(type(run) is int and run >= 0 for run in counts)
    if not whole:
        raise ItemError("label_invalid", "RLE counts are neither a text nor a list of whole numbers from 0")
    runs: list[int] = counts
    return runs


def _text_runs(text: str) -> list[int]:
    """Read compressed counts: base 32 with a continuation bit, each run as the change from two before."""
    runs: list[int] = []
    value = shift = 0
    for char in text:
        code = ord(char) - 48
        if not 0 <= code < 64 or shift > 35:
            raise ItemError("label_invalid", "RLE counts are damaged")
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << shift
        run = value + runs[-2] if len(runs) > 2 else value
        if run < 0:
            raise ItemError("label_invalid", "RLE counts are damaged")
        runs.append(run)
        value = shift = 0
    if shift:
        raise ItemError("label_invalid", "RLE counts end too early")
    return runs
