"""The masks of one picture: up to three files moved as the channels of one array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augtool.errors import ItemError
from augtool.formats import maskpng
from augtool.formats.maskpng import MaskPng
from augtool.formats.untrusted import read_label

MAX_MASKS = 3
MAX_BYTES = 1 << 28
Fill = int | tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class MaskSet:
    """What the masks of a picture are written back with.

    ``colors`` holds, per mask, the colours its numbers stand for where it was packed to numbers.
    """

    masks: tuple[MaskPng, ...]
    colors: tuple[NDArray[np.uint8] | None, ...]
    semantic: NDArray[Any]


def read(
    root: Path, paths: Sequence[str], size: tuple[int, int], fills: Sequence[Fill]
) -> tuple[MaskSet, Fill]:
    """Read the masks of a picture.

    Args:
        root: the data set.
        paths: one to ``MAX_MASKS`` files.
        size: (width, height) of the displayed picture.
        fills: for each mask the number or colour of what the source does not show.

    Returns:
        The masks, with the array to move ((H, W), or (H, W, 3) for an RGB mask or several masks), and its
        fill.

    Raises:
        ItemError: ``label_*``: a mask that cannot be read, or is of another size.
    """
    masks = tuple(maskpng.load(read_label(root, path, MAX_BYTES), path, size) for path in paths)
    if len(masks) == 1:
        fill = _fitting(masks[0], fills[0])
        return MaskSet(masks, (None,), masks[0].pixels), fill
    planes, colors, values = [], [], []
    for mask, path, fill in zip(masks, paths, fills, strict=True):
        plane, table, value = _numbered(mask, path, _fitting(mask, fill))
        planes.append(plane)
        colors.append(table)
        values.append(value)
    planes += [np.zeros_like(planes[0])] * (3 - len(planes))
    values += [0] * (3 - len(values))
    return MaskSet(masks, tuple(colors), np.dstack(planes)), (values[0], values[1], values[2])


def write(kept: MaskSet, semantic: NDArray[Any]) -> list[bytes]:
    """Return the masks as files, in the order they were read."""
    if len(kept.masks) == 1:
        return [maskpng.dump(kept.masks[0], semantic)]
    files = []
    for at, (mask, table) in enumerate(zip(kept.masks, kept.colors, strict=True)):
        plane = semantic[..., at]
        files.append(maskpng.dump(mask, plane if table is None else table[plane]))
    return files


def _fitting(mask: MaskPng, fill: Fill) -> Fill:
    """Return the fill for a mask's layout: a colour for RGB, else a number that it can hold."""
    if mask.pixels.ndim == 3:
        return fill if isinstance(fill, tuple) else (0, 0, 0)
    number = fill if isinstance(fill, int) else 0
    return number if number <= mask.top else 0


def _numbered(
    mask: MaskPng, path: str, fill: Fill
) -> tuple[NDArray[np.uint16], NDArray[np.uint8] | None, int]:
    """Return a mask as numbers; colours are numbered, that of the fill among them."""
    if isinstance(fill, int):
        return mask.pixels.astype(np.uint16), None, fill
    flat = mask.pixels.reshape(-1, 3)
    table, numbers = np.unique(np.concatenate([flat, [fill]]).astype(np.uint8), axis=0, return_inverse=True)
    if len(table) > 65535:
        raise ItemError("label_invalid", f"{path}: has more than 65,535 colours; this is no mask")
    numbers = numbers.reshape(-1)
    return numbers[:-1].reshape(mask.pixels.shape[:2]).astype(np.uint16), table, int(numbers[-1])
