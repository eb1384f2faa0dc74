"""Geometry that keeps the whole picture in view: flips, turns, shifts, scalings, slants."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from augtool import matrix as mx
from augtool.effects import Warp
from augtool.fields import Within, uniform
from augtool.registry import Seed, transform
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


@transform(p=0.5, mirrors=True)
def transpose(frame: Frame) -> Warp:
    """Mirror along the diagonal: rows become columns, width and height change places."""
    w, h = frame.size
    return Warp(mx.matrix(0, 1, 0, 1, 0, 0), (h, w))


@transform
def rotate90(
    frame: Frame,
    *,
    turns: Annotated[int, Within(0, 3), "Quarter turns, counter-clockwise."] = uniform(0, 3),
) -> Warp:
    """Turn by quarter turns; no pixel is resampled, and width and height change places with odd numbers."""
    return _symmetry(frame, turns, mirror=False)


@transform(mirrors=True)
def d4(
    frame: Frame,
    *,
    symmetry: Annotated[
        int, Within(0, 7), "0 to 3 are quarter turns counter-clockwise, 4 to 7 the same after a mirror."
    ] = uniform(0, 7),
) -> Warp:
    """Apply one of the eight symmetries of the square; no pixel is resampled."""
    return _symmetry(frame, symmetry % 4, mirror=symmetry >= 4)


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


@transform
def perspective(
    frame: Frame,
    *,
    scale: Annotated[
        float, Within(0, 0.4), "Farthest a corner moves inwards or outwards, as a share of the sides."
    ] = uniform(0.02, 0.06),
    seed: Seed,
) -> Warp:
    """See the picture from slightly aside: every corner moves by its own draw; lines stay straight."""
    draws = np.random.SFC64(seed).random_raw(8) / 2.0**64
    source = mx.corners(frame.size)
    moved = source + (2 * draws.reshape(4, 2) - 1) * scale * np.array(frame.size)
    return Warp(mx.homography(source, moved), frame.size)


def _symmetry(frame: Frame, turns: int, *, mirror: bool) -> Warp:
    w, h = frame.size
    matrix = mx.matrix(-1, 0, w, 0, 1, 0) if mirror else mx.IDENTITY
    for _ in range(turns):
        matrix = mx.matrix(0, 1, 0, -1, 0, w) @ matrix  # x' = y, y' = w - x
        w, h = h, w
    return Warp(matrix, (w, h))


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
