"""Putting light, paint and shade on pixels: what filters are built of.

Alpha and gain are (H, W) float32 maps; colours are red, green, blue from 0 to 1. All functions take grey
or colour pixels at 8 or 16 bits and return new ones of the same kind, rounded once and saturated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from augtool.effects import Pixels

Map = NDArray[np.float32]
RGB = tuple[float, float, float]

# Encoded values are about the 2.2th root of light: a gain g of the light is g ** (1 / 2.2) of the values.
ENCODING = 1 / 2.2


def full_scale(pixels: Pixels) -> int:
    """Return the value of white."""
    return 65535 if pixels.dtype == np.uint16 else 255


def depth(pixels: Pixels) -> int:
    """Return OpenCV's name for the type of the values."""
    return int(cv2.CV_16U if pixels.dtype == np.uint16 else cv2.CV_8U)


def spread(plane: Any, pixels: Pixels) -> Any:
    """Return a (H, W) map once for each channel of the pixels."""
    return plane if pixels.ndim == 2 else cv2.merge([plane] * pixels.shape[2])


def tint(color: RGB, pixels: Pixels) -> tuple[float, ...]:
    """Return a colour in the pixels' own channels and scale."""
    full = full_scale(pixels)
    red, green, blue = (part * full for part in color)
    return (0.299 * red + 0.587 * green + 0.114 * blue,) if pixels.ndim == 2 else (blue, green, red)


def banded(change: Callable[..., Any], pixels: Pixels, *maps: Any) -> Pixels:
    """Return ``change(pixels, *maps)``, done a band of rows at a time: in the cache, and in little memory."""
    h, w = pixels.shape[:2]
    rows = max(1, _BAND // w)
    if rows >= h:
        return np.asarray(change(pixels, *maps))
    result = np.empty_like(pixels)
    for top in range(0, h, rows):
        band = slice(top, top + rows)
        result[band] = change(pixels[band], *(each[band] for each in maps))
    return result


_BAND = 1 << 16  # pixels


def scaled(pixels: Pixels, gain: Map) -> Pixels:
    """Multiply by a gain."""
    return banded(lambda part, by: cv2.multiply(part, spread(by, part), dtype=depth(part)), pixels, gain)


def painted(pixels: Pixels, alpha: Map, color: RGB | Pixels) -> Pixels:
    """Lay a colour, or another picture of the same shape, over the pixels."""

    def plain(part: Pixels, cover: Map) -> Any:
        kept: Any = cv2.multiply(part, spread(1 - cover, part), dtype=cv2.CV_32F)
        parts = [cover * np.float32(value) for value in tint(color, part)]  # type: ignore[arg-type]
        over: Any = parts[0] if part.ndim == 2 else cv2.merge(parts)
        return cv2.add(kept, over, dtype=depth(part))

    def mixed(part: Pixels, cover: Map, other: Pixels) -> Any:
        kept: Any = cv2.multiply(part, spread(1 - cover, part), dtype=cv2.CV_32F)
        over: Any = cv2.multiply(other, spread(cover, part), dtype=cv2.CV_32F)
        return cv2.add(kept, over, dtype=depth(part))

    return banded(plain, pixels, alpha) if isinstance(color, tuple) else banded(mixed, pixels, alpha, color)


def lit(pixels: Pixels, light: Map, color: RGB = (1.0, 1.0, 1.0)) -> Pixels:
    """Add light by screening, 1 - (1 - p)(1 - l): bright areas gain less and nothing clips."""
    return screened(pixels, light[:, :, None] * np.array(color, np.float32))


def screened(pixels: Pixels, light: Map) -> Pixels:
    """Add coloured light by screening; ``light`` is (H, W, 3), red, green and blue from 0."""
    full = full_scale(pixels)

    def add(part: Pixels, more: Map) -> Any:
        layer: Any = np.clip(more, 0, 1)
        layer = cv2.cvtColor(layer, cv2.COLOR_RGB2GRAY if part.ndim == 2 else cv2.COLOR_RGB2BGR)
        kept: Any = cv2.multiply(part, 1 - layer, dtype=cv2.CV_32F)
        return cv2.add(kept, layer * np.float32(full), dtype=depth(part))

    return banded(add, pixels, light)


def on_luma(pixels: Pixels, change: Callable[[Pixels], Pixels], amount: float = 1.0) -> Pixels:
    """Change the luma plane alone: every channel moves by what the luma does, as in YCbCr."""
    if pixels.ndim == 2:
        return blended(pixels, change(pixels), amount)
    luma: Any = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)

    def move(part: Pixels, new: Pixels, old: Pixels) -> Any:
        moved: Any = cv2.subtract(new, old, dtype=cv2.CV_32F)
        return cv2.add(part, spread(moved * np.float32(amount), part), dtype=depth(part))

    return banded(move, pixels, change(luma), luma)


def blended(pixels: Pixels, other: Pixels, amount: float) -> Pixels:
    """Return the pixels with ``amount`` of another picture of the same kind; above 1 goes beyond it."""
    if amount == 1:
        return other
    if amount == 0:
        return pixels
    return np.asarray(cv2.addWeighted(other, amount, pixels, 1 - amount, 0))


def disk(radius: float) -> NDArray[np.float64]:
    """Return the kernel of a round aperture, its edge smoothed over a pixel; sums to 1."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return np.asarray(kernel / kernel.sum())


def grid(size: tuple[int, int]) -> tuple[Map, Map]:
    """Return the continuous coordinates of the pixel centres, x (1, W) and y (H, 1)."""
    w, h = size
    x = (np.arange(w, dtype=np.float32) + np.float32(0.5)).reshape(1, w)
    y = (np.arange(h, dtype=np.float32) + np.float32(0.5)).reshape(h, 1)
    return x, y


def size_of(pixels: Pixels) -> tuple[int, int]:
    """Return (width, height)."""
    return pixels.shape[1], pixels.shape[0]


def wide_blur(plane: Map, sigma: float) -> Map:
    """Blur a map by any amount at the same small cost: on a smaller copy where it is strong."""
    h, w = plane.shape
    less = max(1.0, sigma / 4)
    small = max(1, round(w / less)), max(1, round(h / less))
    if less == 1 or min(small) < 8:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))
    coarse = cv2.resize(plane, small, interpolation=cv2.INTER_AREA)
    coarse = cv2.GaussianBlur(coarse, (0, 0), sigma * small[0] / w, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR))
