"""Small pictures to look at: 8 bits, no transparency, whatever the picture was."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from augtool.effects import Pixels

_CHECKER = ((255, 232), 8)  # grey levels and side of the squares behind transparency


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


def rgb(pixels: Pixels) -> NDArray[np.uint8]:
    """Return what :func:`shrink` gave as (H, W, 3) red-green-blue."""
    color = np.dstack([pixels] * 3) if pixels.ndim == 2 else pixels[:, :, ::-1]
    return np.ascontiguousarray(color)
