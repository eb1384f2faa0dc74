"""Pure 3x3 helpers in the one coordinate frame of the program.

The frame is continuous: pixel *i* spans [i, i+1) and its centre is i + 1/2; x points right, y down. A
matrix maps a point of the source to a point of the output: ``(x', y', w') = M (x, y, 1)``. Only the warp
kernel knows OpenCV's half pixel (:func:`to_index_frame`).
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float64]
Points: TypeAlias = NDArray[np.float64]

IDENTITY: Matrix = np.eye(3)
IDENTITY.flags.writeable = False


def matrix(a: float, b: float, tx: float, c: float, d: float, ty: float) -> Matrix:
    """Return the affine map x' = a x + b y + tx, y' = c x + d y + ty."""
    return np.array([[a, b, tx], [c, d, ty], [0.0, 0.0, 1.0]])


def translation(x: float, y: float) -> Matrix:
    """Move right by ``x`` and down by ``y`` pixels."""
    return matrix(1, 0, x, 0, 1, y)


def about(linear: tuple[float, float, float, float], center: tuple[float, float]) -> Matrix:
    """Return the map with linear part [[a, b], [c, d]] that leaves ``center`` where it is."""
    a, b, c, d = linear
    x, y = center
    return matrix(a, b, x - a * x - b * y, c, d, y - c * x - d * y)


def rotation(degrees: float, center: tuple[float, float]) -> Matrix:
    """Turn counter-clockwise, as seen on the screen, about ``center``."""
    cos, sin = _cos_sin(degrees)
    return about((cos, sin, -sin, cos), center)


def scaling(x: float, y: float, center: tuple[float, float] = (0.0, 0.0)) -> Matrix:
    """Enlarge by ``x`` horizontally and ``y`` vertically; ``center`` stays."""
    return about((x, 0, 0, y), center)


def shearing(x_degrees: float, y_degrees: float, center: tuple[float, float]) -> Matrix:
    """Slant upright lines, then level ones, about ``center``.

    x' = x + tan(x_degrees) y, then y' = y + tan(y_degrees) x'. One after the other keeps the area; both at
    once would fold the picture onto a line where the angles add up to 90 degrees.
    """
    x, y = math.tan(math.radians(x_degrees)), math.tan(math.radians(y_degrees))
    return about((1, x, y, 1 + x * y), center)


def homography(source: Points, target: Points) -> Matrix:
    """Return the projective map that takes four points to four others; both of shape (4, 2)."""
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows, float), np.array(right, float)), 1.0).reshape(3, 3)


def apply(transform: Matrix, points: Points) -> Points:
    """Map points.

    Args:
        transform: 3x3 matrix.
        points: (n, 2) coordinates.

    Returns:
        (n, 2) mapped coordinates.

    """
    mapped = points @ transform[:, :2].T + transform[:, 2]
    return np.asarray(mapped[:, :2] / mapped[:, 2:] if is_projective(transform) else mapped[:, :2])


def is_projective(transform: Matrix) -> bool:
    """Return whether the map bends parallels (its last row is not 0 0 1)."""
    return bool(transform[2, 0] or transform[2, 1] or transform[2, 2] != 1)


def corners(size: tuple[int, int]) -> Points:
    """Return the four corners of a picture, clockwise from the top left, shape (4, 2)."""
    w, h = size
    return np.array([[0.0, 0.0], [w, 0.0], [w, h], [0.0, h]])


def shrink_factors(transform: Matrix, size: tuple[int, int]) -> tuple[float, float]:
    """Return how many source columns, and how many source rows, meet in one output pixel.

    1 keeps the size, 2 halves it, below 1 enlarges. For a projective map it is taken at the centre of a
    source of ``size``.
    """
    jacobian = local_linear(transform, (size[0] / 2, size[1] / 2))
    x, y = (float(length) for length in np.hypot(jacobian[0], jacobian[1]))
    return 1 / x if x > 0 else math.inf, 1 / y if y > 0 else math.inf


def local_linear(transform: Matrix, point: tuple[float, float]) -> Matrix:
    """Return the 2x2 Jacobian of the map at ``point``."""
    if not is_projective(transform):
        return transform[:2, :2]
    x, y, w = transform @ np.array([*point, 1.0])
    return np.asarray((transform[:2, :2] - np.outer([x / w, y / w], transform[2, :2])) / w)


def to_index_frame(transform: Matrix) -> Matrix:
    """Return the same map between pixel *indices* (centres at whole numbers), which OpenCV works in."""
    return np.asarray(_SHIFT_OUT @ transform @ _SHIFT_IN)


def lattice(transform: Matrix) -> tuple[int, int, int, int, int, int] | None:
    """Return (a, b, tx, c, d, ty) as whole numbers if the map takes pixels exactly onto pixels.

    That is: a flip, quarter turn or transposition with a whole-pixel shift. None for anything else.
    """
    if is_projective(transform):
        return None
    top = transform[:2]
    whole = np.rint(top)
    if np.abs(top - whole).max() > 1e-9:
        return None
    a, b, tx, c, d, ty = (int(value) for value in whole.ravel())
    return (a, b, tx, c, d, ty) if abs(a * d - b * c) == 1 and abs(a) + abs(b) == 1 else None


def _cos_sin(degrees: float) -> tuple[float, float]:
    # Quarter turns are exact, so that they can be done without resampling.
    quarter, rest = divmod(degrees, 90)
    if rest == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarter) % 4]
    radians = math.radians(degrees)
    return math.cos(radians), math.sin(radians)


_SHIFT_IN = translation(0.5, 0.5)
_SHIFT_OUT = translation(-0.5, -0.5)
