"""Polygons in the plane: area, bounds, and the part inside a convex region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from augtool.matrix import Points

_NONE: Points = np.empty((0, 2))


def area(ring: Points) -> float:
    """Return the area a ring encloses, in square pixels; never negative."""
    if len(ring) < 3:
        return 0.0
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def bounds(points: Points) -> tuple[float, float, float, float]:
    """Return (x0, y0, x1, y1) of at least one point."""
    x0, y0 = points.min(axis=0)
    x1, y1 = points.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def clip(ring: Points, region: Points) -> list[Points]:
    """Return the parts of a simple polygon that lie inside a convex one.

    A polygon that leaves the region and comes back falls into several parts. Points that stay keep
    their coordinates exactly.

    Args:
        ring: (n, 2) outline, convex or not.
        region: (m, 2) convex outline; empty gives no part.
    """
    if len(region) < 3 or len(ring) < 3:
        return []
    ends = np.roll(region, -1, axis=0)
    normals = np.stack([region[:, 1] - ends[:, 1], ends[:, 0] - region[:, 0]], axis=1)
    normals[((region.mean(axis=0) - region) * normals).sum(axis=1) < 0] *= -1
    keep = ring @ normals.T >= (region * normals).sum(axis=1)
    # Most labels lie wholly inside or outside: both are told at once, before any edge is cut along.
    if keep.all():
        return [ring]
    if not keep.any(axis=0).all():
        return []
    parts = [ring]
    for at in np.flatnonzero(~keep.all(axis=0)).tolist():
        parts = [piece for part in parts for piece in _cut(part, region[at], normals[at])]
    return parts


def clip_convex(ring: Points, region: Points) -> Points:
    """Return what two convex polygons share, as one ring; empty where they share nothing."""
    parts = clip(ring, region)
    return parts[0] if parts else _NONE


def inside(points: Points, region: Points) -> NDArray[np.bool_]:
    """Return for each point whether it lies in a convex region, its edge included. Shape (n,)."""
    if len(region) < 3:
        return np.zeros(len(points), bool)
    edges = np.roll(region, -1, axis=0) - region
    offsets = points[:, None, :] - region[None, :, :]
    side = edges[None, :, 0] * offsets[:, :, 1] - edges[None, :, 1] * offsets[:, :, 0]
    tolerance = 1e-7 * (1 + np.abs(region).max())
    return np.asarray((side >= -tolerance).all(axis=1) | (side <= tolerance).all(axis=1))


def _cut(ring: Points, start: Points, normal: Points) -> list[Points]:
    """Return the parts of a ring on the side of a line that ``normal`` points to."""
    side = (ring - start) @ normal
    keep = side >= 0
    if keep.all():
        return [ring]
    if not keep.any():
        return []
    chains = _chains(ring, side, keep)
    along = np.array([-normal[1], normal[0]])
    # Along the line the outline crosses in and out in turn: crossings pair up, and each pair is an edge.
    places = sorted(
        [(float(chain[0] @ along), at, 0) for at, chain in enumerate(chains)]
        + [(float(chain[-1] @ along), at, 1) for at, chain in enumerate(chains)]
    )
    partner: dict[tuple[int, int], tuple[int, int]] = {}
    for first, second in zip(places[::2], places[1::2], strict=True):
        partner[first[1:]], partner[second[1:]] = second[1:], first[1:]
    return _join(chains, partner)


def _chains(ring: Points, side: NDArray[np.float64], keep: NDArray[np.bool_]) -> list[Points]:
    """Return the runs of kept points, each begun and ended by its crossing of the line."""
    count = len(ring)
    chains = []
    for first in np.flatnonzero(keep & ~np.roll(keep, 1)).tolist():
        chain = [_crossing(ring, side, first - 1, first)]
        at = first
        while keep[at % count]:
            chain.append(ring[at % count])
            at += 1
        chain.append(_crossing(ring, side, at - 1, at))
        chains.append(np.array(chain))
    return chains


def _crossing(ring: Points, side: NDArray[np.float64], one: int, other: int) -> Points:
    one, other = one % len(ring), other % len(ring)
    share = side[one] / (side[one] - side[other])
    return np.asarray(ring[one] + share * (ring[other] - ring[one]))


def _join(chains: list[Points], partner: dict[tuple[int, int], tuple[int, int]]) -> list[Points]:
    """Close chains into rings along the line, following each end to the crossing it pairs with."""
    left = set(range(len(chains)))
    rings = []
    while left:
        at = min(left)
        points: list[Points] = []
        entered = 0
        while at in left:
            left.discard(at)
            points.append(chains[at] if entered == 0 else chains[at][::-1])
            at, entered = partner[at, 1 - entered]
        joined = np.concatenate(points)
        distinct = joined[np.abs(joined - np.roll(joined, 1, axis=0)).max(axis=1) > 1e-12]
        if len(distinct) >= 3 and area(distinct) > 0:
            rings.append(distinct)
    return rings
