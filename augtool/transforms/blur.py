"""Blur: what focus, motion and small lenses do. Lengths are pixels of the picture at that step."""

from __future__ import annotations

import math
from typing import Annotated, Any

import cv2
import numpy as np

from augtool.effects import Filter, Pixels
from augtool.fields import Odd, Within, choice, uniform
from augtool.registry import transform
from augtool.sample import Frame


@transform
def gaussian_blur(
    frame: Frame,  # noqa: ARG001 - every transform takes one
    *,
    sigma: Annotated[float, Within(0, 50), "Standard deviation in pixels."] = uniform(0.3, 1.2),
) -> Filter:
    """Blur with a normal kernel, cut at three standard deviations."""
    reach = math.ceil(3 * sigma)
    kernel = (2 * reach + 1, 2 * reach + 1)

    def blur(pixels: Pixels) -> Pixels:
        if sigma < 0.05:
            return pixels  # the kernel's neighbours weigh less than half a grey level
        return np.asarray(cv2.GaussianBlur(pixels, kernel, sigma, borderType=cv2.BORDER_REFLECT_101))

    return Filter(blur)


@transform
def box_blur(
    frame: Frame,  # noqa: ARG001
    *,
    size: Annotated[int, Within(1, 99), Odd(), "Side of the averaged square in pixels, odd."] = choice(3),
) -> Filter:
    """Replace every pixel by the mean of the square around it."""
    return Filter(
        lambda pixels: np.asarray(cv2.blur(pixels, (size, size), borderType=cv2.BORDER_REFLECT_101))
    )


@transform
def median_blur(
    frame: Frame,  # noqa: ARG001
    *,
    size: Annotated[int, Within(1, 31), Odd(), "Side of the square in pixels, odd."] = choice(3),
) -> Filter:
    """Replace every pixel by the median of the square around it: removes specks, keeps edges."""

    def median(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8 or size <= 5:
            return np.asarray(cv2.medianBlur(pixels, size))
        return _median_by_rows(pixels, size)  # OpenCV stops at 5 for 16 bits

    return Filter(median)


@transform
def motion_blur(
    frame: Frame,  # noqa: ARG001
    *,
    length: Annotated[float, Within(1, 200), "Length of the streak in pixels."] = uniform(2, 7),
    angle: Annotated[
        float, Within(-180, 180), "Direction in degrees, counter-clockwise from the right."
    ] = uniform(-90, 90),
) -> Filter:
    """Smear along a straight line, as a moving camera does."""
    kernel = line_kernel(length, angle)

    def smear(pixels: Pixels) -> Pixels:
        return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REFLECT_101))

    return Filter(smear)


def line_kernel(length: float, angle: float) -> Any:
    """Return the kernel of a straight streak: its samples spread bilinearly, so any angle is smooth.

    The kernel is symmetric about its middle pixel, hence moves nothing, and sums to 1.
    """
    reach = math.ceil(length / 2)
    side = 2 * reach + 1
    kernel = np.zeros((side + 1, side + 1))
    steps = max(2, math.ceil(length * 8))
    along = (np.arange(steps) + 0.5) / steps * length - length / 2
    xs = reach + along * math.cos(math.radians(angle))
    ys = reach - along * math.sin(math.radians(angle))
    left, top = np.floor(xs).astype(int), np.floor(ys).astype(int)
    right, down = xs - left, ys - top
    for at_y, at_x, weight in (
        (top, left, (1 - down) * (1 - right)),
        (top, left + 1, (1 - down) * right),
        (top + 1, left, down * (1 - right)),
        (top + 1, left + 1, down * right),
    ):
        np.add.at(kernel, (at_y, at_x), weight)
    kernel = kernel[:side, :side]
    kernel = kernel + kernel[::-1, ::-1]
    return kernel / kernel.sum()


def _median_by_rows(pixels: Pixels, size: int) -> Pixels:
    """Median of a large window at 16 bits, a band of rows at a time: at most 64 MB, or one row."""
    reach = size // 2
    padded: Any = cv2.copyMakeBorder(pixels, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    result = np.empty_like(pixels)
    rows = max(1, (64 << 20) // (pixels[0].nbytes * size * size))
    for row in range(0, pixels.shape[0], rows):
        band = windows[row : row + rows]
        flat = band.reshape(*band.shape[:-2], size * size)
        middle = size * size // 2
        result[row : row + rows] = np.partition(flat, middle, axis=-1)[..., middle]
    return result
