"""Where a variant's points come from: the composed map of all its geometric steps, for labels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augtool import matrix as mx
from augtool.effects import Filter, Stage, Warp
from augtool.matrix import Matrix, Points
from augtool.polygons import area, clip_convex
from augtool.warp import warp_nearest


@dataclass(frozen=True, slots=True)
class Geometry:
    """The map from a source picture to a variant.

    Attributes:
        source: (width, height) of the source.
        size: (width, height) of the variant.
        matrix: 3x3, from source to variant.
        visible: convex outline, in the variant, of what shows the source itself: its frame, as far as
            no canvas on the way cut it off. Borders (mirrored, filled) lie outside it.
    """

    source: tuple[int, int]
    size: tuple[int, int]
    matrix: Matrix
    visible: Points

    @property
    def is_identity(self) -> bool:
        """Whether nothing moves and nothing is cut off."""
        still = self.source == self.size and bool(np.abs(self.matrix - mx.IDENTITY).max() < 1e-12)
        return still and area(self.visible) >= self.size[0] * self.size[1] * (1 - 1e-12)

    @property
    def mirrors(self) -> bool:
        """Whether left and right of things in the picture change places."""
        middle = self.source[0] / 2, self.source[1] / 2
        return float(np.linalg.det(mx.local_linear(self.matrix, middle))) < 0

    @property
    def reverses_x(self) -> bool:
        """Whether the map mirrors, and what pointed right now points left."""
        middle = self.source[0] / 2, self.source[1] / 2
        return self.mirrors and float(mx.local_linear(self.matrix, middle)[0, 0]) < 0

    def points(self, points: Points) -> Points:
        """Map (n, 2) points of the source."""
        return mx.apply(self.matrix, points)


def geometry_of(stages: Iterable[Stage], source: tuple[int, int]) -> Geometry:
    """Compose the geometry of a variant's stages.

    A stage between two warps that keeps them from being one resample (a table, a filter) does not keep
    their matrices apart: labels go through the product once.
    """
    matrix, size = mx.IDENTITY, source
    visible = mx.corners(source)
    for stage in stages:
        if not isinstance(stage.effect, Warp):
            continue
        matrix = stage.effect.matrix @ matrix
        size = stage.effect.size
        visible = clip_convex(mx.apply(stage.effect.matrix, visible), mx.corners(size))
    return Geometry(source, size, matrix, visible)


def covered_by(stages: Iterable[Stage], source: tuple[int, int]) -> NDArray[np.uint8] | None:
    """Return what filters hide of a variant: (H, W), non-zero where nothing of the picture is seen.

    None where no filter hides anything. What a filter hid before a warp moves with the picture.
    """
    size, hidden = source, None
    for stage in stages:
        effect = stage.effect
        if isinstance(effect, Warp):
            hidden = warp_nearest(hidden, effect, 0) if hidden is not None else None
            size = effect.size
        elif isinstance(effect, Filter) and effect.covers is not None:
            more = effect.covers(size)
            hidden = more if hidden is None else np.maximum(hidden, more)
    return hidden


def resized(source: tuple[int, int], size: tuple[int, int]) -> Geometry:
    """Return the geometry of a plain change of size."""
    return Geometry(source, size, mx.scaling(size[0] / source[0], size[1] / source[1]), mx.corners(size))
