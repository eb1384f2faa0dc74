"""Colour and light: point operations (one table) and linear colour (one matrix).

Values are shares of full scale, 0 to 1, at 8 and 16 bits alike. Transparency is never touched.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np

from augtool.effects import ColorMatrix, Lut
from augtool.fields import Within, choice, normal, uniform
from augtool.registry import transform
from augtool.sample import Frame

# Rec. 601 luma weights in the stored order blue, green, red: what "grey" means for JPEG and OpenCV.
LUMA = np.array([0.114, 0.587, 0.299])

Shift = Annotated[float, Within(-1, 1), "Added, as a share of full scale."]


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


@transform
def color_jitter(
    frame: Frame,
    *,
    brightness: Annotated[float, Within(0, 10), "Factor on every value, as in brightness."] = uniform(
        0.9, 1.1
    ),
    contrast: Annotated[float, Within(0, 10), "Factor on the distance from the mean."] = uniform(0.9, 1.1),
    saturation: Annotated[float, Within(0, 10), "0 is grey, 1 changes nothing."] = uniform(0.9, 1.1),
    hue: Annotated[float, Within(-180, 180), "Degrees on the colour circle."] = uniform(-5, 5),
) -> tuple[Lut, ColorMatrix]:
    """Brightness, contrast, saturation and hue in one step, in this order.

    A table for the first two and a colour matrix for the others, so it costs what two steps cost.
    """
    level = frame.mean
    grey = (1 - saturation) * np.tile(LUMA, (3, 1))
    return (
        Lut((lambda value: value * brightness, lambda value: level + (value - level) * contrast)),
        ColorMatrix(hue_matrix(hue) @ (saturation * np.eye(3) + grey)),
    )


@transform
def rgb_shift(
    frame: Frame,  # noqa: ARG001
    *,
    red: Shift = uniform(-0.05, 0.05),
    green: Shift = uniform(-0.05, 0.05),
    blue: Shift = uniform(-0.05, 0.05),
) -> ColorMatrix:
    """Add a constant to red, green and blue, each its own: a colour cast. Grey pictures stay."""
    return ColorMatrix(np.eye(3), np.array([blue, green, red]))


@transform
def channel_shuffle(
    frame: Frame,  # noqa: ARG001
    *,
    order: Annotated[
        Literal["rgb", "rbg", "grb", "gbr", "brg", "bgr"],
        "Where the new red, green and blue come from: bgr exchanges red and blue.",
    ] = choice("rbg", "grb", "gbr", "brg", "bgr"),
) -> ColorMatrix:
    """Exchange the colour channels. Grey pictures stay."""
    matrix = np.zeros((3, 3))
    for target, source in enumerate(order):
        matrix[2 - target, "bgr".index(source)] = 1
    return ColorMatrix(matrix)


@transform
def channel_dropout(
    frame: Frame,  # noqa: ARG001
    *,
    channel: Annotated[Literal["red", "green", "blue"], "Which one is lost."] = choice(
        "red", "green", "blue"
    ),
    fill: Annotated[float, Within(0, 1), "What it becomes, as a share of full scale."] = 0.0,
) -> ColorMatrix:
    """Lose one colour channel. Grey pictures stay."""
    kept, offset = np.eye(3), np.zeros(3)
    lost = ("blue", "green", "red").index(channel)
    kept[lost, lost], offset[lost] = 0, fill
    return ColorMatrix(kept, offset)


@transform
def grayscale(
    frame: Frame,  # noqa: ARG001
    *,
    amount: Annotated[float, Within(0, 1), "0 changes nothing, 1 leaves no colour."] = 1.0,
) -> ColorMatrix:
    """Take the colour out, by Rec. 601 luma; the picture keeps its three channels."""
    return ColorMatrix((1 - amount) * np.eye(3) + amount * np.tile(LUMA, (3, 1)))


@transform
def sepia(
    frame: Frame,  # noqa: ARG001
    *,
    amount: Annotated[float, Within(0, 1), "0 changes nothing, 1 is a full sepia tone."] = uniform(0.4, 1.0),
) -> ColorMatrix:
    """Tone brown like an old print, with the matrix of the W3C's filter effects. Grey pictures stay."""
    toned = np.array([[0.131, 0.534, 0.272], [0.168, 0.686, 0.349], [0.189, 0.769, 0.393]])
    return ColorMatrix((1 - amount) * np.eye(3) + amount * toned)


@transform
def pca_color(
    frame: Frame,  # noqa: ARG001
    *,
    first: Annotated[float, Within(-3, 3), "Along the first axis: brightness, nearly."] = normal(0, 0.1),
    second: Annotated[float, Within(-3, 3), "Along the second: from blue to yellow."] = normal(0, 0.1),
    third: Annotated[float, Within(-3, 3), "Along the third: from green to purple."] = normal(0, 0.1),
) -> ColorMatrix:
    """Shift all colours along the main axes of ImageNet's colours, as AlexNet did. Grey pictures stay.

    Each number multiplies its axis' eigenvalue; the paper draws them with standard deviation 0.1
    (Krizhevsky et al. 2012; the axes as published with Facebook's ResNet training code, 2015).
    """
    weights = np.array([first, second, third]) * _EIGENVALUES
    return ColorMatrix(np.eye(3), (_EIGENVECTORS @ weights)[::-1].copy())


# Rows red, green, blue; columns the axes. Values of pixels in [0, 1].
_EIGENVALUES = np.array([0.2175, 0.0188, 0.0045])
_EIGENVECTORS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])


_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


def hue_matrix(degrees: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the 3x3 matrix on (blue, green, red) that turns the YIQ chroma plane."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])  # from Q, purple, to I, orange
    rgb = _FROM_YIQ @ turn @ _TO_YIQ
    return np.ascontiguousarray(rgb[::-1, ::-1])
