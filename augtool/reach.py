"""The part of a picture that a warp looks at, with its border laid on, four channels wide.

OpenCV warps fastest what it need not ask about: a constant border costs a third of a mirrored one, and four
channels half of three, with the same values. So what lies beyond the edge is laid on before the warp, and
colour gets a fourth channel that is dropped after it. Where that does not pay, the warp mirrors by itself.
"""

from __future__ import annotations

import cv2
import numpy as np

from augtool.effects import Pixels
from augtool.matrix import Matrix, corners, is_projective

_LARGEST = 8  # a region of more source pixels than this for each output pixel is not worth a copy
_MOST_SIDE = 32_000  # OpenCV's kernels count pixels of a side in 16 bits


def region(matrix: Matrix, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return the source pixels that linear interpolation touches: x and y from (included) to (excluded).

    Args:
        matrix: from source to output, between pixel indices.
        size: (width, height) of the output.

    Returns:
        (x0, y0, x1, y1), in part or wholly outside the source where the warp looks there. None where they
        cannot be told, as for a map that turns part of the canvas inside out.
    """
    try:
        back = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return None
    points = corners((size[0] - 1, size[1] - 1))
    if is_projective(matrix):
        depth = points @ back[2, :2] + back[2, 2]
        if not (depth > 1e-6).all() and not (depth < -1e-6).all():
            return None
        points = (points @ back[:2, :2].T + back[:2, 2]) / depth[:, None]
    else:
        points = points @ back[:2, :2].T + back[:2, 2]
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    if not max(abs(x0), abs(y0), abs(x1), abs(y1)) < _MOST_SIDE:
        return None
    # The kernels count in 32-bit floats: a hundredth of a pixel more than is needed, for their rounding.
    return (
        int(np.floor(x0 - 1e-2)), int(np.floor(y0 - 1e-2)),
        int(np.floor(x1 + 1e-2)) + 2, int(np.floor(y1 + 1e-2)) + 2,
    )  # fmt: skip


def laid_out(
    pixels: Pixels, matrix: Matrix, size: tuple[int, int], border: int
) -> tuple[Pixels, tuple[int, int]] | None:
    """Return the pixels that a warp reads, border and fourth channel included, and their top left corner.

    Args:
        pixels: the picture.
        matrix: from source to output, between pixel indices.
        size: (width, height) of the output.
        border: OpenCV's code; a constant border is left to the warp.

    Returns:
        New pixels and (x, y) of their first one in the picture, or None where the picture should be warped as
        it is. That depends on the arguments alone, so equal warps give equal bytes.
    """
    found = region(matrix, size)
    if found is None:
        return None
    h, w = pixels.shape[:2]
    x0, y0, x1, y1 = found
    if border == cv2.BORDER_CONSTANT:
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, w), min(y1, h)
        if x0 >= x1 or y0 >= y1:
            return None
    if (x1 - x0) * (y1 - y0) > _LARGEST * size[0] * size[1]:
        return None
    across, down = _span(x0, x1, w, border), _span(y0, y1, h, border)
    part = pixels[down[0] : down[1], across[0] : across[1]]
    if part.ndim == 3 and part.shape[2] == 3:
        part = np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2BGRA))
    left, top = max(across[0] - x0, 0), max(down[0] - y0, 0)
    right, bottom = max(x1 - across[1], 0), max(y1 - down[1], 0)
    if left or top or right or bottom:
        part = np.asarray(cv2.copyMakeBorder(part, top, bottom, left, right, border))
    return part, (across[0] - left, down[0] - top)


def _span(start: int, end: int, side: int, border: int) -> tuple[int, int]:
    """Return the source pixels of one axis to take: those in view, and those that the border repeats."""
    if start >= 0 and end <= side:
        return start, end
    if border == cv2.BORDER_WRAP:
        return 0, side
    # A mirror shows what lies as far inside the edge as the view reaches outside it.
    first = min(max(start, 0), max(side - 1 - (end - side), 0)) if end > side else max(start, 0)
    last = max(min(end, side), min(side, 1 - start)) if start < 0 else min(end, side)
    return min(first, side - 1), max(last, 1)
