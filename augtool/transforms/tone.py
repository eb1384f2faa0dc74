"""Tone and light: exposure, curves, white points, and what follows the picture's own histogram."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from augtool.effects import Filter, Lut, Pixels
from augtool.fields import Within, uniform
from augtool.painting import blended, depth, full_scale, on_luma
from augtool.registry import transform
from augtool.sample import Frame

Values = NDArray[np.float64]
Amount = Annotated[float, Within(0, 1), "0 changes nothing, 1 is the full effect."]
By = Annotated[
    Literal["luma", "channels"],
    "luma keeps the colours; channels treats red, green and blue each for itself, as Pillow does.",
]


@transform
def exposure(
    frame: Frame,  # noqa: ARG001 - every transform takes one
    *,
    stops: Annotated[
        float, Within(-10, 10), "Stops: 1 doubles the light, -1 halves it. Counted on linear light."
    ] = uniform(-0.4, 0.4),
) -> Lut:
    """Expose longer or shorter, as a camera does: highlights clip, shadows keep their depth."""
    gain = 2.0**stops
    return Lut((lambda value: to_srgb(to_linear(value) * gain),))


@transform
def tone_curve(
    frame: Frame,  # noqa: ARG001
    *,
    shadows: Annotated[
        float, Within(-0.333, 0.333), "How far a control point at a third is lifted, in full scale."
    ] = uniform(-0.08, 0.08),
    highlights: Annotated[float, Within(-0.333, 0.333), "The same at two thirds."] = uniform(-0.08, 0.08),
) -> Lut:
    """Bend the tone curve; black and white stay, and no two greys change places.

    A cubic Bezier curve with control points at a third and two thirds of full scale: opposite signs change
    the contrast, equal ones the brightness.
    """
    low, high = 1 / 3 + shadows, 2 / 3 + highlights

    def bend(value: Values) -> Values:
        rest = 1 - value
        return np.asarray(3 * rest * rest * value * low + 3 * rest * value * value * high + value**3)

    return Lut((bend,))


@transform
def invert(frame: Frame) -> Lut:  # noqa: ARG001
    """Turn into the negative."""
    return Lut((lambda value: 1 - value,))


@transform
def solarize(
    frame: Frame,  # noqa: ARG001
    *,
    threshold: Annotated[
        float, Within(0, 1), "Values from here on are inverted; a share of full scale, 1 inverts white only."
    ] = uniform(0.5, 1.0),
) -> Lut:
    """Invert all values above a threshold."""
    return Lut((lambda value: np.where(value < threshold, value, 1 - value),))


@transform
def posterize(
    frame: Frame,
    *,
    bits: Annotated[int, Within(1, 8), "How many of each value's leading bits are kept."] = uniform(4, 6),
) -> Lut:
    """Keep only the leading bits of every value; values round down, so the picture darkens a little."""
    step = 2 ** (frame.bits - bits)
    full = 2**frame.bits - 1
    # The small term keeps 41.99999 from becoming 41; values are whole numbers here unless curves fuse.
    return Lut((lambda value: np.floor((value * full + 1e-6) / step) * step / full,))


@transform
def equalize(
    frame: Frame,  # noqa: ARG001
    *,
    by: By = "luma",
    amount: Amount = uniform(0.2, 0.6),
) -> Filter:
    """Flatten the histogram: all grey levels become about equally frequent."""

    def curve(plane: Pixels) -> Values | None:
        counts = histogram(plane)
        occupied = np.flatnonzero(counts)
        first = counts[occupied[0]]
        rest = plane.size - first
        return np.clip((np.cumsum(counts) - first) / rest, 0, 1) if rest else None

    return _by_histogram(curve, by, amount)


@transform
def auto_contrast(
    frame: Frame,  # noqa: ARG001
    *,
    cutoff: Annotated[
        float, Within(0, 0.49), "Share of the pixels to leave out at either end of the histogram."
    ] = uniform(0, 0.01),
    by: By = "luma",
    amount: Amount = 1.0,
) -> Filter:
    """Stretch the values so that the darkest become black and the brightest white."""

    def curve(plane: Pixels) -> Values | None:
        seen = np.cumsum(histogram(plane))
        skip = int(cutoff * plane.size)
        low = int(np.searchsorted(seen, skip, side="right"))
        high = int(np.searchsorted(seen, plane.size - skip, side="left"))
        if high <= low:
            return None
        levels: Values = np.arange(len(seen), dtype=np.float64)
        return np.clip((levels - low) / (high - low), 0, 1)

    return _by_histogram(curve, by, amount)


@transform
def clahe(
    frame: Frame,  # noqa: ARG001
    *,
    clip: Annotated[
        float, Within(1, 100, log=True), "Limit of the contrast: how far a bin may rise above the mean."
    ] = uniform(1.2, 2.2),
    tiles: Annotated[int, Within(1, 64), "Tiles along each side, each with a histogram of its own."] = 8,
    amount: Amount = 1.0,
) -> Filter:
    """Raise the contrast locally (contrast-limited adaptive histogram equalisation, Zuiderveld 1994)."""

    def change(plane: Pixels) -> Pixels:
        across, down = (max(1, min(tiles, side // 2)) for side in (plane.shape[1], plane.shape[0]))
        return np.asarray(cv2.createCLAHE(clip, (across, down)).apply(plane))

    return Filter(lambda pixels: on_luma(pixels, change, amount) if amount else pixels)


@transform
def color_temperature(
    frame: Frame,
    *,
    kelvin: Annotated[
        float, Within(1700, 25000, log=True), "Colour of the light: below 6504 warmer, above it cooler."
    ] = uniform(5300, 8000),
) -> Lut:
    """Light the scene by another white; luma of white stays. Grey pictures stay.

    Gains on linear light from the colour of a black body (Kim et al. 2002) against daylight at 6504 K,
    which is the white of sRGB.
    """
    gains = white_gains(kelvin) if frame.channels > 1 else np.ones(1)
    return Lut((lambda value: to_srgb(to_linear(value) * gains),))


@transform
def white_balance(
    frame: Frame,  # noqa: ARG001
    *,
    method: Annotated[
        Literal["gray_world", "white_patch"],
        "gray_world makes the mean grey (Buchsbaum 1980); white_patch the brightest hundredth (Land 1977).",
    ] = "gray_world",
    amount: Amount = uniform(0.4, 1.0),
) -> Filter:
    """Take a colour cast out, as a camera's automatic white balance does. Grey pictures stay."""

    def balance(pixels: Pixels) -> Pixels:
        if pixels.ndim == 2:
            return pixels
        if method == "gray_world":
            levels = np.array(cv2.mean(pixels)[:3])
        else:
            planes: Any = cv2.split(pixels)
            rank = 0.99 * planes[0].size
            levels = np.array([np.searchsorted(np.cumsum(histogram(each)), rank) for each in planes], float)
        if levels.min() <= 0:
            return pixels
        # A cast stronger than threefold is the colour of the thing, not of the light.
        gains = np.clip(levels.mean() / levels, 1 / 3, 3) ** amount
        return np.asarray(cv2.transform(pixels, np.diag(gains)))

    return Filter(balance)


def histogram(plane: Pixels) -> Values:
    """Return how often each value of the type occurs, shape (256,) or (65536,)."""
    levels = full_scale(plane) + 1
    counts: Any = cv2.calcHist([np.ascontiguousarray(plane)], [0], None, [levels], [0, levels])
    return np.asarray(counts, np.float64).ravel()


def _by_histogram(curve: Callable[[Pixels], Values | None], by: str, amount: float) -> Filter:
    """Return the filter that sends a plane through the table its own histogram gives."""

    def one(plane: Pixels) -> Pixels:
        table = curve(plane)
        if table is None:
            return plane
        whole = np.rint(table * full_scale(plane)).astype(plane.dtype)
        return np.asarray(cv2.LUT(plane, whole)) if depth(plane) == cv2.CV_8U else whole[plane]

    def change(pixels: Pixels) -> Pixels:
        if amount == 0:
            return pixels
        if by == "luma" or pixels.ndim == 2:
            return on_luma(pixels, one, amount)
        moved: Any = cv2.merge([one(plane) for plane in cv2.split(pixels)])
        return blended(pixels, moved, amount)

    return Filter(change)


def to_linear(value: Values) -> Values:
    """Return the light that an sRGB value stands for, both from 0 to 1 (IEC 61966-2-1)."""
    return np.asarray(np.where(value <= 0.04045, value / 12.92, np.power((value + 0.055) / 1.055, 2.4)))


def to_srgb(light: Values) -> Values:
    """Return the sRGB value for an amount of light, both from 0 to 1; more light than 1 is white."""
    light = np.clip(light, 0, 1)
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, 1.055 * np.power(light, 1 / 2.4) - 0.055))


def white_gains(kelvin: float) -> Values:
    """Return the gains on linear blue, green and red for a black body's light; luma of white stays."""
    gains = _black_body(kelvin) / _black_body(6504)
    return np.asarray(gains / (gains @ np.array([0.0722, 0.7152, 0.2126])))


def _black_body(kelvin: float) -> Values:
    """Return linear blue, green, red of a black body: Kim et al.'s cubics for its chromaticity."""
    t = 1000 / kelvin
    if kelvin <= 4000:
        x = -0.2661239 * t**3 - 0.2343589 * t**2 + 0.8776956 * t + 0.179910
    else:
        x = -3.0258469 * t**3 + 2.1070379 * t**2 + 0.2226347 * t + 0.240390
    if kelvin <= 2222:
        y = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    elif kelvin <= 4000:
        y = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    else:
        y = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    xyz = np.array([x / y, 1, (1 - x - y) / y])
    rgb = (
        np.array(
            [
                [3.2404542, -1.5371385, -0.4985314],
                [-0.9692660, 1.8760108, 0.0415560],
                [0.0556434, -0.2040259, 1.0572252],
            ]
        )
        @ xyz
    )
    return np.asarray(np.maximum(rgb[::-1], 1e-3))
