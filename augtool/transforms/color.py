"""Colour and light: point operations (one table) and linear colour (one matrix).

Values are shares of full scale, 0 to 1, at 8 and 16 bits alike. Transparency is never touched.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np

from augtool.effects import ColorMatrix, Lut
from augtool.fields import Within, uniform
from augtool.registry import transform
from augtool.sample import Frame

# Rec. 601 luma weights in the stored order blue, green, red: what "grey" means for JPEG and OpenCV.
LUMA = np.array([0.114, 0.587, 0.299])


@transform
def brightness(
    frame: Frame,  # noqa: ARG001 - every transform takes one
    *,
    factor: Annotated[float, Within(0, 10), "Multiplies every value: below 1 darkens."] = uniform(0.85, 1.15),
) -> Lut:
    """Make brighter or darker by a factor."""
    return Lut((lambda value: value * factor,))


@transform
def contrast(
    frame: Frame,
    *,
    factor: Annotated[
        float, Within(0, 10), "Multiplies the distance to the pivot: below 1 flattens."
    ] = uniform(0.85, 1.15),
    pivot: Annotated[
        Literal["mean", "middle"], "What stays: the source picture's mean grey level, or half of full scale."
    ] = "mean",
) -> Lut:
    """Raise or lower the contrast; the mean brightness stays."""
    level = frame.mean if pivot == "mean" else 0.5
    return Lut((lambda value: level + (value - level) * factor,))


@transform
def gamma(
    frame: Frame,  # noqa: ARG001
    *,
    gamma: Annotated[
        float, Within(0.05, 20, log=True), "Exponent: below 1 lifts the shadows, above 1 deepens them."
    ] = uniform(0.8, 1.25),
) -> Lut:
    """Apply a power curve; black and white stay."""
    return Lut((lambda value: np.power(value, gamma),))


@transform
def hue(
    frame: Frame,  # noqa: ARG001
    *,
    degrees: Annotated[
        float, Within(-180, 180), "Turn on the colour circle; positive takes red towards yellow."
    ] = uniform(-8, 8),
) -> ColorMatrix:
    """Turn all colours on the colour circle; grey stays grey and the luma stays.

    The turn is in the chroma plane of YIQ, a linear map, as in DALI and SVG's ``hueRotate``.
    """
    return ColorMatrix(hue_matrix(degrees))


@transform
def saturation(
    frame: Frame,  # noqa: ARG001
    *,
    factor: Annotated[float, Within(0, 10), "0 is grey, 1 changes nothing, 2 doubles."] = uniform(0.85, 1.15),
) -> ColorMatrix:
    """Make colours stronger or paler: a blend with the grey picture of the same luma."""
    return ColorMatrix(factor * np.eye(3) + (1 - factor) * np.tile(LUMA, (3, 1)))


def hue_matrix(degrees: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the 3x3 matrix on (blue, green, red) that turns the YIQ chroma plane."""
    red, green, blue = 0.299, 0.587, 0.114
    to_yiq = np.array([[red, green, blue], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])  # from Q, purple, to I, orange
    rgb = np.linalg.inv(to_yiq) @ turn @ to_yiq
    return np.ascontiguousarray(rgb[::-1, ::-1])
