"""Occlusion: parts of the picture are hidden, so that a model learns not to lean on one detail.

What is hidden is known to the labels: an object mostly covered follows ``min_visibility``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from augtool.effects import Filter, Pixels
from augtool.fields import Within, choice, uniform
from augtool.grain import random_bytes, uniforms
from augtool.painting import RGB, grid, size_of, tint
from augtool.registry import Seed, transform
from augtool.sample import Frame

Mask = NDArray[np.uint8]
Fill = Annotated[
    Literal["mean", "black", "gray", "white", "noise"],
    "What is put there: the picture's mean colour, a plain one, or random pixels.",
]


@transform
def cutout(
    frame: Frame,  # noqa: ARG001 - every transform takes one
    *,
    holes: Annotated[int, Within(1, 200), "How many rectangles; they may overlap."] = uniform(1, 4),
    width: Annotated[float, Within(0.005, 1), "Of each, as a share of the picture's."] = uniform(0.08, 0.2),
    height: Annotated[float, Within(0.005, 1), "Of each, as a share of the picture's."] = uniform(0.08, 0.2),
    fill: Fill = "mean",
    seed: Seed,
) -> Filter:
    """Cover rectangles (DeVries & Taylor 2017; coarse dropout). Those at the edge are cut by it."""
    places = uniforms(seed, (holes, 2))

    def covered(size: tuple[int, int]) -> Mask:
        mask = _nothing(size)
        for x, y in places:
            _rectangle(mask, x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        return mask

    return _hiding(covered, fill, seed)


@transform
def random_erasing(
    frame: Frame,
    *,
    area: Annotated[float, Within(0.001, 1), "Share of the picture that is erased."] = uniform(0.02, 0.15),
    aspect: Annotated[float, Within(0.1, 10, log=True), "Width over height of the rectangle."] = uniform(
        0.4, 2.5
    ),
    x: Annotated[float, Within(0, 1), "Where it lies: 0 at the left, 1 at the right."] = uniform(0, 1),
    y: Annotated[float, Within(0, 1), "Where it lies: 0 at the top, 1 at the bottom."] = uniform(0, 1),
    fill: Fill = "noise",
    seed: Seed,
) -> Filter:
    """Erase one rectangle that lies wholly in the picture (Zhong et al. 2020)."""
    w, h = frame.size
    wide = min(1.0, math.sqrt(area * w * h * aspect) / w)
    high = min(1.0, math.sqrt(area * w * h / aspect) / h)

    def covered(size: tuple[int, int]) -> Mask:
        left, top = x * (1 - wide), y * (1 - high)
        return _rectangle(_nothing(size), left, top, left + wide, top + high)

    return _hiding(covered, fill, seed)


@transform
def grid_mask(
    frame: Frame,  # noqa: ARG001
    *,
    cell: Annotated[float, Within(0.02, 1), "Side of a cell, as a share of the shorter side."] = uniform(
        0.15, 0.3
    ),
    hole: Annotated[
        float, Within(0, 1), "Side of the hole in each cell, as a share of the cell's."
    ] = uniform(0.3, 0.5),
    x: Annotated[float, Within(0, 1), "Shift to the right, in cells."] = uniform(0, 1),
    y: Annotated[float, Within(0, 1), "Shift down, in cells."] = uniform(0, 1),
    angle: Annotated[float, Within(-90, 90), "Degrees, counter-clockwise."] = uniform(-20, 20),
    fill: Fill = "mean",
    seed: Seed,
) -> Filter:
    """Cover a regular grid of squares (Chen et al. 2020): something of every object stays."""

    def covered(size: tuple[int, int]) -> Mask:
        side = max(1.0, cell * min(size))
        across, down = _turned(size, angle)
        inside = _phase(across, side, x) < hole
        return _white(inside & (_phase(down, side, y) < hole))

    return _hiding(covered, fill, seed)


@transform
def pixel_dropout(
    frame: Frame,  # noqa: ARG001
    *,
    amount: Annotated[float, Within(0, 1), "Share of the pixels that are lost."] = uniform(0.005, 0.03),
    fill: Fill = "black",
    seed: Seed,
) -> Filter:
    """Lose single pixels, all channels at once."""

    def covered(size: tuple[int, int]) -> Mask:
        words = random_bytes(seed, (size[1], size[0] * 2)).view(np.uint16)
        return _white(words < amount * 65536)

    return _hiding(covered, fill, seed)


@transform
def stripes(
    frame: Frame,  # noqa: ARG001
    *,
    spacing: Annotated[
        float, Within(0.01, 1), "From one stripe to the next, as a share of the shorter side."
    ] = uniform(0.12, 0.3),
    width: Annotated[float, Within(0, 1), "Of a stripe, as a share of the spacing."] = uniform(0.1, 0.25),
    angle: Annotated[float, Within(-90, 90), "Degrees from level, counter-clockwise."] = choice(0.0, 90.0),
    offset: Annotated[float, Within(0, 1), "Where the first begins, in spacings."] = uniform(0, 1),
    fill: Fill = "mean",
    seed: Seed,
) -> Filter:
    """Cover parallel stripes: what a fence, a blind or a scanner's dead lines do."""

    def covered(size: tuple[int, int]) -> Mask:
        _, down = _turned(size, angle)
        return _white(_phase(down, max(1.0, spacing * min(size)), offset) < width)

    return _hiding(covered, fill, seed)


def _hiding(covered: Callable[[tuple[int, int]], Mask], fill: str, seed: int) -> Filter:
    """Return the filter that fills what ``covered`` says and tells the labels the same."""
    plain: dict[str, RGB] = {"black": (0, 0, 0), "gray": (0.5, 0.5, 0.5), "white": (1, 1, 1)}

    def hide(pixels: Pixels) -> Pixels:
        mask = covered(size_of(pixels))
        if fill == "noise":
            # Another stream than the one that placed the holes.
            raw = random_bytes(seed ^ 0xF111, (*pixels.shape, pixels.itemsize)).view(pixels.dtype)
            return np.asarray(cv2.copyTo(raw.reshape(pixels.shape), mask, pixels.copy()))
        color = tint(plain[fill], pixels) if fill in plain else cv2.mean(pixels)
        channels = 1 if pixels.ndim == 2 else 3
        shade = np.full(pixels.shape, np.rint(color[:channels]).astype(pixels.dtype), pixels.dtype)
        return np.asarray(cv2.copyTo(shade, mask, pixels.copy()))

    return Filter(hide, covered)


def _nothing(size: tuple[int, int]) -> Mask:
    return np.zeros((size[1], size[0]), np.uint8)


def _white(where: Any) -> Mask:
    return np.asarray(where).astype(np.uint8) * np.uint8(255)


def _rectangle(mask: Mask, left: float, top: float, right: float, bottom: float) -> Mask:
    """Cover a rectangle given in shares of the picture: the pixels whose centres it holds, one at least."""
    h, w = mask.shape
    x0, y0 = min(max(round(left * w), 0), w - 1), min(max(round(top * h), 0), h - 1)
    x1, y1 = max(round(right * w), x0 + 1), max(round(bottom * h), y0 + 1)
    mask[y0:y1, x0:x1] = 255
    return mask


def _phase(along: Any, period: float, offset: float) -> Any:
    """Return where in its period each place lies, 0 to 1."""
    phase = along * np.float32(1 / period) - np.float32(offset)
    return phase - np.floor(phase)


def _turned(size: tuple[int, int], angle: float) -> tuple[Any, Any]:
    """Return coordinates about the centre along axes turned counter-clockwise, each (H, W), in pixels."""
    x, y = grid(size)
    x, y = x - size[0] / 2, y - size[1] / 2
    cos, sin = np.float32(math.cos(math.radians(angle))), np.float32(math.sin(math.radians(angle)))
    return x * cos - y * sin, x * sin + y * cos
