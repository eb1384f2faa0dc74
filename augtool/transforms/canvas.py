"""Steps that put the picture on a larger canvas. What lies around it is the step's own to say."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from augtool import matrix as mx
from augtool.effects import Warp
from augtool.fields import Within, uniform
from augtool.registry import Color, Size, transform
from augtool.sample import Frame

Around = Annotated[Literal["constant", "replicate", "reflect", "reflect_101"], "What surrounds the picture."]
Fill = Annotated[Color, "Colour of a constant surrounding."]
Pixels = Annotated[int, Within(0, 2048), "Pixels to add on this side."]


@transform
def pad(
    frame: Frame,
    *,
    left: Pixels = 16,
    top: Pixels = 16,
    right: Pixels = 16,
    bottom: Pixels = 16,
    border: Around = "constant",
    fill: Fill = (0, 0, 0),  # type: ignore[assignment]
) -> Warp:
    """Add a margin; what a crop before it cut off stays cut off."""
    w, h = frame.size
    return _placed(1.0, left, top, (w + left + right, h + top + bottom), border, fill)


@transform
def pad_to_multiple(
    frame: Frame,
    *,
    multiple: Annotated[int, Within(1, 1024), "Width and height become multiples of this."] = 32,
    border: Around = "constant",
    fill: Fill = (0, 0, 0),  # type: ignore[assignment]
) -> Warp:
    """Add as little as needed, evenly on both sides, for sides that a network can halve."""
    w, h = frame.size
    size = math.ceil(w / multiple) * multiple, math.ceil(h / multiple) * multiple
    return _placed(1.0, (size[0] - w) // 2, (size[1] - h) // 2, size, border, fill)


@transform
def letterbox(
    frame: Frame,
    *,
    size: Annotated[Size, "Pixels of the result: one number for a square, or [width, height]."] = 640,  # type: ignore[assignment]
    border: Around = "constant",
    fill: Fill = (114, 114, 114),  # type: ignore[assignment]
) -> Warp:
    """Fit the whole picture into a size, keeping its aspect ratio, and centre it."""
    w, h = frame.size
    factor = min(size[0] / w, size[1] / h)
    left, top = (size[0] - factor * w) / 2, (size[1] - factor * h) / 2
    return _placed(factor, left, top, (size[0], size[1]), border, fill)


@transform
def zoom_out(
    frame: Frame,
    *,
    factor: Annotated[float, Within(1, 4), "How much larger than the picture the canvas is."] = uniform(
        1, 1.5
    ),
    x: Annotated[float, Within(0, 1), "Where the picture lies: 0 at the left, 1 at the right."] = uniform(
        0, 1
    ),
    y: Annotated[float, Within(0, 1), "Where the picture lies: 0 at the top, 1 at the bottom."] = uniform(
        0, 1
    ),
    border: Around = "constant",
    fill: Fill = (114, 114, 114),  # type: ignore[assignment]
) -> Warp:
    """Put the picture somewhere on a larger canvas of the same shape, so that objects become smaller.

    The zoom-out of SSD (Liu et al., 2016). The picture's own size grows; resize after it where needed.
    """
    w, h = frame.size
    size = round(w * factor), round(h * factor)
    return _placed(1.0, round(x * (size[0] - w)), round(y * (size[1] - h)), size, border, fill)


def _placed(factor: float, left: float, top: float, size: tuple[int, int], border: str, fill: Color) -> Warp:
    """Return the picture, scaled, with its top left corner at (left, top) of a canvas."""
    red, green, blue = fill
    matrix = mx.translation(left, top) @ mx.scaling(factor, factor)
    return Warp(matrix, size, border, (red, green, blue), isolate=True)
