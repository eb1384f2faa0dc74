"""The warp kernel: pixels through a 3x3 matrix. The only place that knows OpenCV's half pixel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from augtool.effects import Pixels, Warp
from augtool.matrix import (
    Matrix,
    is_projective,
    lattice,
    scaling,
    shrink_factors,
    to_index_frame,
    translation,
)
from augtool.reach import laid_out

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

    ``border`` is a key of ``BORDERS`` or ``cover`` (see :mod:`augtool.cover`); ``fill`` is red, green, blue
    from 0 to 255, used by ``constant``.
    """

    border: str = "reflect_101"
    fill: tuple[int, int, int] = (0, 0, 0)

    @property
    def mode(self) -> int:
        """OpenCV's number for the border."""
        # Where geometry has zoomed in to cover the canvas, half a pixel of the edge is left to fill.
        return BORDERS["reflect_101" if self.border == "cover" else self.border]

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
        self._levels = {(0, 0): pixels}

    @property
    def pixels(self) -> Pixels:
        """The picture at full size."""
        return self._levels[0, 0]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def level(self, across: int, down: int) -> Pixels:
        """Return the picture with its width halved ``across`` times and its height ``down`` times.

        A side of one pixel stays.
        """
        known = self._levels.get((across, down))
        if known is not None:
            return known
        last = self.level(max(across - 1, 0), max(down - 1, 0))
        h, w = last.shape[:2]
        smaller = ((w + 1) // 2 if across else w, (h + 1) // 2 if down else h)
        half: Pixels = np.asarray(cv2.resize(last, smaller, interpolation=cv2.INTER_AREA))
        self._levels[across, down] = half
        return half

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
    resample. Maps that shrink read from a copy halved as often as fits, width and height each by its own
    count, so that no detail folds back as aliasing.

    Returns:
        Pixels of the effect's size, in the source's dtype and channels.

    """
    if effect.border is not None:
        outside = Outside(effect.border, effect.fill or outside.fill)
    exact = _copy(source.pixels, effect)
    if exact is not None:
        return exact
    resized = _resize(source.pixels, effect)
    if resized is not None:
        return resized
    matrix, size = effect.matrix, source.size
    across, down = (
        _halvings(factor, side) for factor, side in zip(shrink_factors(matrix, size), size, strict=True)
    )
    pixels = source.level(across, down)
    if pixels is not source.pixels:
        # The half-size copies cover the same extent: one scaling leads from them to the full picture.
        matrix = matrix @ scaling(size[0] / pixels.shape[1], size[1] / pixels.shape[0])
    return _linear(pixels, to_index_frame(matrix), effect.size, outside)


def _linear(pixels: Pixels, index: Matrix, size: tuple[int, int], outside: Outside) -> Pixels:
    border, scalar = outside.mode, outside.scalar(pixels)
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    laid = laid_out(pixels, index, size, border)
    if laid is not None:
        pixels, (x, y) = laid
        index = index @ translation(x, y)
        border = cv2.BORDER_CONSTANT
    warper, kernel = (cv2.warpPerspective, index) if is_projective(index) else (cv2.warpAffine, index[:2])
    result = np.asarray(
        warper(pixels, kernel, size, flags=cv2.INTER_LINEAR, borderMode=border, borderValue=scalar)
    )
    if result.ndim == 3 and result.shape[2] != channels:
        return np.asarray(cv2.cvtColor(result, cv2.COLOR_BGRA2BGR))
    return result


def _halvings(factor: float, side: int) -> int:
    """Return how often a side can be halved before the map would have to enlarge it again."""
    most = (side - 1).bit_length()
    if factor < 2:
        return 0
    return min(most, int(np.log2(min(factor, 2.0**most)) + 1e-9))


def _resize(pixels: Pixels, effect: Warp) -> Pixels | None:
    """Do a plain change of size with the area filter, which is exact for any shrinking."""
    h, w = pixels.shape[:2]
    size = effect.size
    if np.abs(effect.matrix - scaling(size[0] / w, size[1] / h)).max() > 1e-9:
        return None
    # The side that shrinks is done first, so that the other one's growing does not make it alias.
    smaller = (min(size[0], w), min(size[1], h))
    if smaller != (w, h):
        pixels = np.asarray(cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR))


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
    # A copy even of what is contiguous already: a result never shares memory with its source.
    return np.array(turned[-top : height - top, -left : width - left], order="C")


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
