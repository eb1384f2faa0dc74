"""Crops and changes of size: what part of the picture is kept, and on how many pixels."""

from __future__ import annotations

import math
from typing import Annotated

from augtool import matrix as mx
from augtool.effects import Warp
from augtool.fields import Within, uniform
from augtool.registry import Size, transform
from augtool.sample import Frame

Place = Annotated[float, Within(0, 1), "Where the window lies: 0 at the left, 0.5 centred, 1 at the right."]
PlaceY = Annotated[float, Within(0, 1), "Where the window lies: 0 at the top, 0.5 centred, 1 at the bottom."]


@transform
def random_resized_crop(
    frame: Frame,
    *,
    size: Annotated[Size | None, "Pixels of the result; null keeps the window's own."] = None,
    area: Annotated[float, Within(0.01, 1), "Share of the picture's area that is kept."] = uniform(0.5, 1.0),
    aspect: Annotated[
        float, Within(0.1, 10, log=True), "Width over height of the window before it is resized."
    ] = uniform(0.75, 1.333),
    x: Place = uniform(0, 1),
    y: PlaceY = uniform(0, 1),
) -> Warp:
    """Cut out a window of random area and aspect ratio and resize it.

    A window that does not fit into the picture is made smaller until it does, keeping its aspect ratio.
    """
    w, h = frame.size
    width = math.sqrt(area * w * h * aspect)
    height = width / aspect
    fit = min(1.0, w / width, h / height)
    return _window(frame, width * fit, height * fit, x, y, size)


@transform
def random_crop(
    frame: Frame,
    *,
    width: Annotated[float, Within(0.01, 1), "Share of the width that is kept."] = uniform(0.8, 1.0),
    height: Annotated[float, Within(0.01, 1), "Share of the height that is kept."] = uniform(0.8, 1.0),
    size: Annotated[Size | None, "Pixels of the result; null keeps the window's own."] = None,
    x: Place = uniform(0, 1),
    y: PlaceY = uniform(0, 1),
) -> Warp:
    """Cut out a random window; without ``size`` no pixel is resampled."""
    w, h = frame.size
    return _window(frame, width * w, height * h, x, y, size)


@transform
def center_crop(
    frame: Frame,
    *,
    width: Annotated[float, Within(0.01, 1), "Share of the width that is kept."] = 0.875,
    height: Annotated[float, Within(0.01, 1), "Share of the height that is kept."] = 0.875,
    size: Annotated[Size | None, "Pixels of the result; null keeps the window's own."] = None,
) -> Warp:
    """Cut out the middle; without ``size`` no pixel is resampled."""
    w, h = frame.size
    return _window(frame, width * w, height * h, 0.5, 0.5, size)


@transform
def crop_to_aspect(
    frame: Frame,
    *,
    aspect: Annotated[float, Within(0.1, 10, log=True), "Width over height of the result."] = 1.0,
    x: Place = 0.5,
    y: PlaceY = 0.5,
    size: Annotated[Size | None, "Pixels of the result; null keeps the window's own."] = None,
) -> Warp:
    """Cut out the largest window of another aspect ratio."""
    w, h = frame.size
    width, height = (w, w / aspect) if w / h < aspect else (h * aspect, h)
    return _window(frame, width, height, x, y, size)


@transform
def resize(
    frame: Frame,
    *,
    size: Annotated[Size, "Pixels: one number for a square, or [width, height]."] = 224,  # type: ignore[assignment]
) -> Warp:
    """Resize to exactly this size; the aspect ratio follows the size."""
    w, h = frame.size
    return Warp(mx.scaling(size[0] / w, size[1] / h), (size[0], size[1]))


@transform
def longest_max_size(
    frame: Frame,
    *,
    size: Annotated[int, Within(1, 4096), "Pixels of the longer side of the result."] = 640,
) -> Warp:
    """Resize so that the longer side has this length, keeping the aspect ratio."""
    return _scaled(frame, size / max(frame.size))


@transform
def smallest_max_size(
    frame: Frame,
    *,
    size: Annotated[int, Within(1, 4096), "Pixels of the shorter side of the result."] = 256,
) -> Warp:
    """Resize so that the shorter side has this length, keeping the aspect ratio."""
    return _scaled(frame, size / min(frame.size))


def _scaled(frame: Frame, factor: float) -> Warp:
    w, h = frame.size
    size = max(1, round(w * factor)), max(1, round(h * factor))
    return Warp(mx.scaling(size[0] / w, size[1] / h), size)


def _window(frame: Frame, width: float, height: float, x: float, y: float, size: Size | None) -> Warp:
    """Return the crop of a width x height window, resized where a size is given."""
    w, h = frame.size
    if size is None:
        # Whole pixels, so that nothing is resampled.
        width, height = max(1, min(w, round(width))), max(1, min(h, round(height)))
        left, top = round(x * (w - width)), round(y * (h - height))
        return Warp(mx.translation(-left, -top), (width, height))
    onto = mx.scaling(size[0] / width, size[1] / height)
    return Warp(onto @ mx.translation(-x * (w - width), -y * (h - height)), (size[0], size[1]))
