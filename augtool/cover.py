"""``border: cover``: geometry that zooms in just enough to show nothing beyond the source's edge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from augtool.effects import Warp
from augtool.matrix import Matrix, Points, apply, corners, scaling

_LEAST = 0.25  # a smaller share of a side than this is no longer the same picture: it is left as it is
_HALVINGS = 30


def cover(warp: Warp, source: tuple[int, int]) -> Warp:
    """Return the warp, enlarged about the middle of its canvas until the canvas lies inside the source.

    A canvas whose middle shows the border, or that would need more than fourfold magnification, stays.

    Args:
        warp: any map; one that names its own border stays too.
        source: (width, height) of what it maps.
    """
    if warp.border is not None:
        return warp
    back: Matrix = np.linalg.inv(warp.matrix).astype(np.float64)
    middle = np.array(warp.size) / 2
    edge: Points = corners(warp.size) - middle
    limit = np.array(source, float)
    slack = 1e-9 * limit.max()

    def shown(share: float) -> bool:
        """Whether the canvas, shrunk to ``share`` about its middle, lies in the source: its corners do."""
        points = apply(back, (middle + share * edge).astype(np.float64))
        return bool((points >= -slack).all() and (points <= limit + slack).all())

    if shown(1.0) or not shown(_LEAST):
        return warp
    least, most = _LEAST, 1.0
    for _ in range(_HALVINGS):
        share = (least + most) / 2
        least, most = (share, most) if shown(share) else (least, share)
    zoom = 1 / least
    return replace(warp, matrix=scaling(zoom, zoom, (warp.size[0] / 2, warp.size[1] / 2)) @ warp.matrix)
