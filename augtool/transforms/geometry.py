"""Geometry that keeps the whole picture in view: flips, turns, shifts, scalings, slants."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from augtool import matrix as mx
from augtool.effects import Warp
from augtool.fields import Within, uniform
from augtool.registry import transform
from augtool.sample import Frame

Canvas = Literal["keep", "expand", "crop"]


@transform(p=0.5, mirrors=True)
def horizontal_flip(frame: Frame) -> Warp:
    """Mirror left and right."""
    return Warp(mx.matrix(-1, 0, frame.size[0], 0, 1, 0), frame.size)


@transform(p=0.5, mirrors=True)
def vertical_flip(frame: Frame) -> Warp:
    """Mirror top and bottom."""
    return Warp(mx.matrix(1, 0, 0, 0, -1, frame.size[1]), frame.size)


@transform
def rotate(
    frame: Frame,
    *,
    angle: Annotated[float, Within(-360, 360), "Degrees; positive turns counter-clockwise."] = uniform(
        -15, 15
    ),
    canvas: Annotated[
        Canvas,
        "keep the size, expand it to hold every pixel, or crop to the largest rectangle without border.",
    ] = "keep",
) -> Warp:
    """Turn about the centre."""
    turned = mx.rotation(angle, frame.center)
    if canvas == "keep":
        return Warp(turned, frame.size)
    w, h = frame.size
    cos, sin = abs(turned[0, 0]), abs(turned[0, 1])
    if canvas == "expand":
        width, height = w * cos + h * sin, w * sin + h * cos
        size = (int(np.ceil(width - 1e-6)), int(np.ceil(height - 1e-6)))
    else:
        width, height = _largest_upright(w, h, cos, sin)
        size = (max(1, int(width + 1e-6)), max(1, int(height + 1e-6)))
    return Warp(mx.translation((size[0] - w) / 2, (size[1] - h) / 2) @ turned, size)


@transform
def shift(
    frame: Frame,
    *,
    x: Annotated[float, Within(-1, 1), "Share of the width; positive moves right."] = uniform(-0.05, 0.05),
    y: Annotated[float, Within(-1, 1), "Share of the height; positive moves down."] = uniform(-0.05, 0.05),
) -> Warp:
    """Move the picture."""
    w, h = frame.size
    return Warp(mx.translation(x * w, y * h), frame.size)


@transform
def zoom(
    frame: Frame,
    *,
    factor: Annotated[
        float, Within(0.05, 20), "Magnification about the centre: above 1 enlarges, below 1 shows the border."
    ] = uniform(0.9, 1.1),
) -> Warp:
    """Enlarge or shrink about the centre, keeping the aspect ratio."""
    return Warp(mx.scaling(factor, factor, frame.center), frame.size)


@transform
def scale(
    frame: Frame,
    *,
    x: Annotated[float, Within(0.05, 20), "Horizontal magnification."] = uniform(0.9, 1.1),
    y: Annotated[float, Within(0.05, 20), "Vertical magnification."] = uniform(0.9, 1.1),
) -> Warp:
    """Stretch width and height about the centre, each by its own factor."""
    return Warp(mx.scaling(x, y, frame.center), frame.size)


@transform
def shear(
    frame: Frame,
    *,
    x: Annotated[
        float, Within(-80, 80), "Degrees by which upright lines lean; positive moves the bottom right."
    ] = uniform(-8, 8),
    y: Annotated[float, Within(-80, 80), "Degrees by which level lines fall to the right."] = 0.0,
) -> Warp:
    """Slant about the centre."""
    return Warp(mx.shearing(x, y, frame.center), frame.size)


@transform
def affine(
    frame: Frame,
    *,
    angle: Annotated[float, Within(-360, 360), "Degrees, counter-clockwise."] = uniform(-10, 10),
    scale_x: Annotated[float, Within(0.05, 20), "Horizontal magnification."] = uniform(0.9, 1.1),
    scale_y: Annotated[float, Within(0.05, 20), "Vertical magnification."] = uniform(0.9, 1.1),
    shear_x: Annotated[
        float, Within(-80, 80), "Degrees by which upright lines lean; positive moves the bottom right."
    ] = uniform(-5, 5),
    shear_y: Annotated[float, Within(-80, 80), "Degrees by which level lines fall to the right."] = 0.0,
    shift_x: Annotated[float, Within(-1, 1), "Share of the width, right."] = uniform(-0.05, 0.05),
    shift_y: Annotated[float, Within(-1, 1), "Share of the height, down."] = uniform(-0.05, 0.05),
) -> Warp:
    """Scale, then slant, then turn, then move: one general affine map about the centre."""
    w, h = frame.size
    return Warp(
        mx.translation(shift_x * w, shift_y * h)
        @ mx.rotation(angle, frame.center)
        @ mx.shearing(shear_x, shear_y, frame.center)
        @ mx.scaling(scale_x, scale_y, frame.center),
        frame.size,
    )


def _largest_upright(w: float, h: float, cos: float, sin: float) -> tuple[float, float]:
    """Return the largest-area upright rectangle inside a w x h one turned by an angle.

    Either two of its corners touch the long sides of the turned picture (a thin picture, or 45 degrees),
    or all four touch a side.
    """
    long, short = max(w, h), min(w, h)
    if short <= 2 * sin * cos * long or abs(sin - cos) < 1e-10:
        half = short / 2
        return (half / sin, half / cos) if w >= h else (half / cos, half / sin)
    double = cos * cos - sin * sin
    return (w * cos - h * sin) / double, (h * cos - w * sin) / double
