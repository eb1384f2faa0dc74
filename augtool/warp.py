"""The warp kernel: pixels through a 3x3 matrix. The only place that knows OpenCV's half pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from augtool.effects import Pixels, Warp
from augtool.matrix import is_projective, lattice, scaling, shrink_factor, to_index_frame

BORDERS = {
    "constant": cv2.BORDER_CONSTANT,
    "replicate": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "reflect_101": cv2.BORDER_REFLECT_101,
    "wrap": cv2.BORDER_WRAP,
}


@dataclass(frozen=True, slots=True)
class Outside:
    """What a warp shows where it looks beyond the source.

    ``border`` is a key of ``BORDERS``; ``fill`` is red, green, blue from 0 to 255, used by ``constant``.
    """

    border: str = "reflect_101"
    fill: tuple[int, int, int] = (0, 0, 0)

    def scalar(self, pixels: Pixels) -> tuple[float, ...]:
        """Return the fill as OpenCV wants it for these pixels: transparent where they have alpha."""
        scale = 257 if pixels.dtype == np.uint16 else 1
        red, green, blue = (value * scale for value in self.fill)
        if pixels.ndim == 2:
            return (0.299 * red + 0.587 * green + 0.114 * blue,)
        return (blue, green, red, 0.0)


class Source:
    """A picture to warp from, with its half-size copies, built once and shared by all variants."""

    def __init__(self, pixels: Pixels) -> None:
        self._levels = [pixels]

    @property
    def pixels(self) -> Pixels:
        """The picture at full size."""
        return self._levels[0]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def level(self, wanted: int) -> Pixels:
        """Return the picture halved ``wanted`` times, or as often as both sides stay above 1."""
        while len(self._levels) <= wanted:
            last = self._levels[-1]
            h, w = last.shape[:2]
            if min(h, w) < 2:
                break
            half: Any = cv2.resize(last, ((w + 1) // 2, (h + 1) // 2), interpolation=cv2.INTER_AREA)
            self._levels.append(half)
        return self._levels[min(wanted, len(self._levels) - 1)]

    @cached_property
    def mean(self) -> float:
        """Mean grey level (Rec. 601 luma) as a share of full scale."""
        pixels = self.pixels
        means = cv2.mean(pixels)
        full = 65535 if pixels.dtype == np.uint16 else 255
        grey = means[0] if pixels.ndim == 2 else 0.114 * means[0] + 0.587 * means[1] + 0.299 * means[2]
        return float(grey / full)


def warp(source: Source, effect: Warp, outside: Outside) -> Pixels:
    """Resample ``source`` once.

    Maps that take pixels exactly onto pixels (flips, quarter turns, whole-pixel crops) copy and do not
    resample. Maps that shrink read from a half-size copy, so that no detail folds back as aliasing.

    Returns:
        Pixels of the effect's size, in the source's dtype and channels.

    """
    if effect.border is not None:
        outside = Outside(effect.border, effect.fill or outside.fill)
    exact = _copy(source.pixels, effect)
    if exact is not None:
        return exact
    matrix, size = effect.matrix, source.size
    shrink = shrink_factor(matrix, size)
    level = int(np.log2(shrink) + 1e-9) if np.isfinite(shrink) and shrink >= 2 else 0
    pixels = source.level(level)
    if pixels is not source.pixels:
        # The half-size copies cover the same extent: one scaling leads from them to the full picture.
        matrix = matrix @ scaling(size[0] / pixels.shape[1], size[1] / pixels.shape[0])
    if not is_projective(matrix):
        resized = _resize(pixels, matrix, effect.size)
        if resized is not None:
            return resized
    index = to_index_frame(matrix)
    flags = cv2.INTER_LINEAR
    border, scalar = BORDERS[outside.border], outside.scalar(pixels)
    if is_projective(matrix):
        return np.asarray(
            cv2.warpPerspective(
                pixels, index, effect.size, flags=flags, borderMode=border, borderValue=scalar
            )
        )
    return np.asarray(
        cv2.warpAffine(pixels, index[:2], effect.size, flags=flags, borderMode=border, borderValue=scalar)
    )


def _resize(pixels: Pixels, matrix: Any, size: tuple[int, int]) -> Pixels | None:
    """Do a plain change of size with the area filter, which is exact for any factor above 1."""
    h, w = pixels.shape[:2]
    whole = scaling(size[0] / w, size[1] / h)
    if np.abs(matrix - whole).max() > 1e-9:
        return None
    shrinks = size[0] <= w and size[1] <= h
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=method))


def _copy(pixels: Pixels, effect: Warp) -> Pixels | None:
    """Return the result of a flip, quarter turn or crop without resampling, if it is one."""
    whole = lattice(effect.matrix)
    if whole is None:
        return None
    a, b, tx, c, d, ty = whole
    turned = pixels.swapaxes(0, 1) if b else pixels
    if (b or a) < 0:
        turned = turned[:, ::-1]
    if (c if b else d) < 0:
        turned = turned[::-1]
    # Where the turned picture's top left corner lands, and whether the window lies inside it.
    h, w = pixels.shape[:2]
    left = tx + min(0, a * w + b * h)
    top = ty + min(0, c * w + d * h)
    width, height = effect.size
    if left > 0 or top > 0 or left + turned.shape[1] < width or top + turned.shape[0] < height:
        return None
    return np.ascontiguousarray(turned[-top : height - top, -left : width - left])


def warp_nearest(pixels: Pixels, effect: Warp, fill: int | tuple[int, ...]) -> Pixels:
    """Move a class map or mask: every value stays one of the map's own, ``fill`` shows outside.

    Args:
        pixels: (H, W) or (H, W, C) of any 8- or 16-bit kind.
        effect: matrix and size.
        fill: value where the map has none.
    """
    exact = _copy(pixels, effect)
    if exact is not None:
        return exact
    index = to_index_frame(effect.matrix)
    warper, kernel = (cv2.warpPerspective, index) if is_projective(index) else (cv2.warpAffine, index[:2])
    return np.asarray(
        warper(
            pixels, kernel, effect.size,
            flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT,
            borderValue=fill if isinstance(fill, tuple) else (fill,) * 4,
        )
    )  # fmt: skip
