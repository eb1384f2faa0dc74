"""Blur: what focus, motion and small lenses do. Lengths are pixels of the picture at that step."""

from __future__ import annotations

import math
from typing import Annotated, Any

import cv2
import numpy as np

from augtool.effects import Filter, Pixels
from augtool.fields import Odd, Within, choice, uniform
from augtool.grain import random_bytes
from augtool.painting import disk
from augtool.registry import Seed, transform
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


@transform
def defocus(
    frame: Frame,  # noqa: ARG001
    *,
    radius: Annotated[float, Within(0, 60), "Radius of the blur disk in pixels."] = uniform(0.7, 2.0),
) -> Filter:
    """Put out of focus: every point becomes a disk, the shape of a round aperture."""
    kernel = disk(radius)

    def blur(pixels: Pixels) -> Pixels:
        if kernel.size == 1:
            return pixels
        return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REFLECT_101))

    return Filter(blur)


@transform
def zoom_blur(
    frame: Frame,  # noqa: ARG001
    *,
    amount: Annotated[
        float, Within(0, 1), "How far the lens zooms in during the exposure: 0.05 enlarges by a twentieth."
    ] = uniform(0.01, 0.04),
    x: Annotated[float, Within(0, 1), "Centre of the zoom, share of the width."] = 0.5,
    y: Annotated[float, Within(0, 1), "Centre of the zoom, share of the height."] = 0.5,
) -> Filter:
    """Smear outwards from a centre, as a lens that zooms while the shutter is open."""

    def smear(pixels: Pixels) -> Pixels:
        w, h = pixels.shape[1], pixels.shape[0]
        # The picture and its mean with itself, enlarged; then that with itself, enlarged twice as far:
        # n passes average 2 ** n steps, enough for a pixel each in the far corner.
        far = amount * math.hypot(max(x, 1 - x) * w, max(y, 1 - y) * h)
        passes = math.ceil(math.log2(max(far, 1)))
        blurred: Any = pixels.astype(np.float32)
        for number in range(passes):
            factor = (1 + amount) ** (2**number / (2**passes - 1 or 1))
            about = (x * w - 0.5, y * h - 0.5)
            matrix = np.array([[factor, 0, about[0] * (1 - factor)], [0, factor, about[1] * (1 - factor)]])
            larger = cv2.warpAffine(blurred, matrix, (w, h), borderMode=cv2.BORDER_REPLICATE)
            blurred = cv2.addWeighted(blurred, 0.5, larger, 0.5, 0)
        return np.asarray(np.rint(blurred), pixels.dtype)

    return Filter(smear)


@transform
def glass_blur(
    frame: Frame,  # noqa: ARG001
    *,
    reach: Annotated[float, Within(0, 50), "How far a pixel is moved at most, in pixels."] = uniform(1, 2.5),
    sigma: Annotated[
        float, Within(0, 20), "Standard deviation of the blur before and after, in pixels."
    ] = uniform(0.4, 0.8),
    seed: Seed,
) -> Filter:
    """Look through frosted glass: pixels change places with neighbours between two slight blurs.

    After Hendrycks & Dietterich 2019, with one random displacement for each pixel in place of swaps.
    """

    def blurred(pixels: Pixels) -> Pixels:
        if sigma < 0.05:
            return pixels
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101))

    def scatter(pixels: Pixels) -> Pixels:
        h, w = pixels.shape[:2]
        draws = random_bytes(seed, (2, h, w)).astype(np.float32)
        moves = np.rint((draws - 127.5) * np.float32(2 * reach / 255))
        across: Any = moves[0] + np.arange(w, dtype=np.float32)
        down: Any = moves[1] + np.arange(h, dtype=np.float32)[:, None]
        first = blurred(pixels)
        moved = cv2.remap(first, across, down, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101)
        return blurred(np.asarray(moved))

    return Filter(scatter)


@transform
def bilateral(
    frame: Frame,  # noqa: ARG001
    *,
    radius: Annotated[int, Within(1, 12), "Reach in pixels; the cost grows with its square."] = uniform(2, 4),
    color: Annotated[
        float, Within(0.001, 1), "Difference, as a share of full scale, that counts as an edge."
    ] = uniform(0.05, 0.15),
) -> Filter:
    """Smooth areas and keep edges (Tomasi & Manduchi 1998): the look of strong noise reduction."""

    def smooth(pixels: Pixels) -> Pixels:
        deep = pixels.dtype == np.uint16
        values = pixels.astype(np.float32) if deep else pixels
        scale = 65535 if deep else 255
        done = cv2.bilateralFilter(values, 2 * radius + 1, color * scale, radius / 2)
        return np.clip(np.rint(done), 0, 65535).astype(np.uint16) if deep else np.asarray(done)

    return Filter(smooth)


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
