"""What a transform returns: a small, closed set of effects, and how neighbours fuse.

``a.then(b)`` is the one effect that does ``a`` and then ``b``, or None where no single effect can:

=============  ===========================================  ====================================
effect         what it is                                   fuses with
=============  ===========================================  ====================================
Warp           a 3x3 matrix and an output size              a Warp with a compatible border
Lut            curves on [0, 1], one table when applied     a Lut
ColorMatrix    3x3 and offset on blue, green, red           a ColorMatrix
Filter         any function of the pixels                   nothing
=============  ===========================================  ====================================

Effects hold no randomness: the same effect on the same pixels gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from augtool.matrix import Matrix

# uint8 or uint16. OpenCV's stubs promise no more than an array, so the type cannot say it.
Pixels: TypeAlias = NDArray[Any]
Curve: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Warp:
    """Geometry: ``matrix`` takes source points to output points, ``size`` is the output (width, height).

    ``border`` and ``fill`` say what lies outside the source; None leaves it to the recipe. ``isolate``
    says that what an earlier step cut off must stay cut off (a pad after a crop), so it does not fuse
    with what came before.
    """

    matrix: Matrix
    size: tuple[int, int]
    border: str | None = None
    fill: tuple[int, int, int] | None = None
    isolate: bool = False

    def then(self, other: Effect) -> Warp | None:
        """Multiply the matrices, where both agree on what lies outside."""
        if not isinstance(other, Warp) or other.isolate:
            return None
        if (self.border, self.fill) != (other.border, other.fill):
            return None
        return Warp(other.matrix @ self.matrix, other.size, self.border, self.fill, self.isolate)


@dataclass(frozen=True, slots=True)
class Lut:
    """Point operation: each channel value through ``curves``, functions on [0, 1], clipped after each.

    A curve takes values of shape (n, 1) and returns (n, 1), or (n, 3) for one curve each for blue, green
    and red. The curves are evaluated without rounding between them, so that a chain costs one table and
    one rounding, at 8 or 16 bits.
    """

    curves: tuple[Curve, ...]

    def then(self, other: Effect) -> Lut | None:
        """Chain the curves."""
        return Lut(self.curves + other.curves) if isinstance(other, Lut) else None

    def table(self, levels: int) -> NDArray[np.float64]:
        """Return the table for ``levels`` grey levels: shape (levels, 1 or 3), values in [0, 1]."""
        values = _ramp(levels)
        for curve in self.curves:
            values = np.clip(curve(values), 0, 1)
        return values


@cache
def _ramp(levels: int) -> NDArray[np.float64]:
    ramp: NDArray[np.float64] = np.linspace(0, 1, levels).reshape(-1, 1)
    ramp.flags.writeable = False
    return ramp


@dataclass(frozen=True, slots=True)
class ColorMatrix:
    """Linear colour: ``bgr' = matrix @ bgr + offset``, channel values in [0, 1]. Grey pictures pass."""

    matrix: NDArray[np.float64]
    offset: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))

    def then(self, other: Effect) -> ColorMatrix | None:
        """Multiply the matrices."""
        if not isinstance(other, ColorMatrix):
            return None
        return ColorMatrix(other.matrix @ self.matrix, other.matrix @ self.offset + other.offset)


@dataclass(frozen=True, slots=True)
class Filter:
    """Anything else on the colour channels: blur, noise, compression artefacts.

    ``function`` takes (H, W) or (H, W, 3) pixels and returns the same shape and dtype; transparency is
    kept away from it and put back. ``covers``, of a filter that hides what is behind it, takes a picture's
    (width, height) and returns a (H, W) uint8 mask: 255 where nothing of the picture is left to be seen.
    """

    function: Callable[[Pixels], Pixels]
    covers: Callable[[tuple[int, int]], NDArray[np.uint8]] | None = None

    def then(self, other: Effect) -> None:  # noqa: ARG002 - the signature all effects share
        """Never fuses."""
        return


Effect: TypeAlias = Warp | Lut | ColorMatrix | Filter


@dataclass(frozen=True, slots=True)
class Stage:
    """One pass over the pixels and the names of the steps it does."""

    effect: Effect
    steps: tuple[str, ...]


def fuse(stages: Iterable[Stage]) -> list[Stage]:
    """Fold neighbours together wherever ``then`` finds one effect for both; the order stays."""
    fused: list[Stage] = []
    for stage in stages:
        merged = fused[-1].effect.then(stage.effect) if fused else None
        if merged is None:
            fused.append(stage)
        else:
            fused[-1] = Stage(merged, fused[-1].steps + stage.steps)
    return fused
