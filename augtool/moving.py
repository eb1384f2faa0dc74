"""Labels under geometry: move, measure what is still seen, keep, clip or drop."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from augtool import matrix as mx
from augtool.effects import Warp
from augtool.geometry import Geometry
from augtool.hiding import hide_keypoints, share_seen
from augtool.labels import Instance, Keypoints, LabelRules, Labels, Mask, Polygon
from augtool.matrix import Points
from augtool.polygons import area, bounds, clip, inside
from augtool.warp import warp_nearest


@dataclass(frozen=True, slots=True)
class Moved:
    """Labels after a move; ``dropped`` lists (class, reason) of objects that went, or asked for a redraw."""

    labels: Labels
    dropped: tuple[tuple[str, str], ...] = ()
    redraw: bool = False


def move_labels(
    labels: Labels,
    geometry: Geometry,
    rules: LabelRules,
    flip_idx: tuple[int, ...] | None = None,
    hidden: NDArray[np.uint8] | None = None,
) -> Moved:
    """Take all labels of a picture through a geometry, once.

    Args:
        labels: of the source.
        geometry: from source to variant.
        rules: what to keep.
        flip_idx: for each keypoint the index of its mirror image.
        hidden: what is painted over in the variant, see :func:`augtool.geometry.covered_by`.
    """
    if geometry.is_identity and hidden is None:
        return Moved(labels)
    kept: list[Instance] = []
    dropped: list[tuple[str, str]] = []
    for instance in labels.instances:
        moved, reason = _move(instance, geometry, rules, flip_idx, hidden)
        if moved is not None and not reason:
            kept.append(moved)
            continue
        if moved is not None and rules.below in ("keep", "ignore"):
            kept.append(replace(moved, crowd=True) if rules.below == "ignore" else moved)
            continue
        dropped.append((instance.category, reason))
    semantic = labels.semantic
    if semantic is not None:
        fill = labels.semantic_fill
        semantic = warp_nearest(semantic, Warp(geometry.matrix, geometry.size), fill)
    # An object that left the picture altogether was cropped away, as crops do; one that is cut short is
    # what a redraw is for.
    redraw = rules.below == "redraw" and any(reason != "outside" for _, reason in dropped)
    return Moved(replace(labels, instances=tuple(kept), semantic=semantic), tuple(dropped), redraw)


def _move(
    instance: Instance,
    geometry: Geometry,
    rules: LabelRules,
    flip_idx: tuple[int, ...] | None,
    hidden: NDArray[np.uint8] | None,
) -> tuple[Instance | None, str]:
    """Return the moved object and why it should go ('' to stay); None where nothing of it is left."""
    moved, visibility = _shapes(instance, geometry, rules.box_method)
    if instance.keypoints is not None:
        points = _move_keypoints(instance.keypoints, geometry, flip_idx)
        moved = replace(moved, keypoints=points)
    if geometry.reverses_x and instance.category in rules.flip_classes:
        moved = replace(moved, category=rules.flip_classes[instance.category])
    if visibility == 0:
        return None, "outside"
    if hidden is not None:
        visibility *= share_seen(moved, hidden)
        if visibility == 0:
            return moved, "covered"
        moved = hide_keypoints(moved, hidden)
    reason = ""
    if visibility < rules.min_visibility:
        reason = "min_visibility"
    elif moved.box is not None and _short_side(moved.box) < rules.min_size:
        reason = "min_size"
    elif moved.keypoints is not None and int((moved.keypoints.visible > 0).sum()) < rules.min_keypoints:
        reason = "min_keypoints"
    return moved, reason


def _shapes(instance: Instance, geometry: Geometry, method: str) -> tuple[Instance, float]:
    """Move every shape an object has; return it with the share of its area that is still seen."""
    outline: list[Points] = []  # what is seen, for the box
    seen: list[float] = []
    moved = instance
    if instance.mask is not None:
        mask, share = _move_mask(instance.mask, geometry)
        moved = replace(moved, mask=mask)
        seen.append(share)
        if mask is not None:
            outline.append(_mask_corners(mask))
    if instance.polygons is not None:
        polygons, share = _move_polygons(instance.polygons, geometry)
        moved = replace(moved, polygons=polygons)
        seen.append(share)
        outline += [polygon.outer for polygon in polygons]
    if instance.corners is not None:
        corners, share = _move_corners(instance.corners, geometry)
        moved = replace(moved, corners=corners)
        seen.append(share)
        outline += [corners] if corners is not None else []
    if instance.box is not None:
        shape = method if method in ("corners", "ellipse") or not seen else "outline"
        box, share = _move_box(instance.box, geometry, "corners" if shape == "auto" else shape, outline)
        moved = replace(moved, box=box)
        seen.append(share)
    if not seen and instance.keypoints is not None:
        points = instance.keypoints.points[instance.keypoints.visible > 0]
        within = inside(geometry.points(points), geometry.visible)
        seen.append(float(within.mean()) if len(within) else 1.0)
    return moved, seen[0] if seen else 1.0


def _move_polygons(polygons: tuple[Polygon, ...], geometry: Geometry) -> tuple[tuple[Polygon, ...], float]:
    """Clip every part to what is seen. A part that is cut in two becomes two parts."""
    whole = left = 0.0
    kept: list[Polygon] = []
    for polygon in polygons:
        outer = geometry.points(polygon.outer)
        holes = [geometry.points(hole) for hole in polygon.holes]
        whole += area(outer) - sum(area(hole) for hole in holes)
        clipped = [piece for hole in holes for piece in clip(hole, geometry.visible)]
        parts = clip(outer, geometry.visible)
        left += sum(area(part) for part in parts) - sum(area(hole) for hole in clipped)
        for part in parts:
            own = clipped if len(parts) == 1 else [hole for hole in clipped if _holds(part, hole)]
            kept.append(Polygon(part, tuple(own)))
    return tuple(kept), min(1.0, left / whole) if whole > 0 else 0.0


def _holds(ring: Points, hole: Points) -> bool:
    x0, y0, x1, y1 = bounds(ring)
    a0, b0, a1, b1 = bounds(hole)
    return x0 <= a0 + 1e-6 and y0 <= b0 + 1e-6 and a1 <= x1 + 1e-6 and b1 <= y1 + 1e-6


def _move_corners(corners: Points, geometry: Geometry) -> tuple[Points | None, float]:
    """Move an oriented box; where it is cut, shrink it to what is seen, along its own axes."""
    moved = geometry.points(corners)
    whole = area(moved)
    parts = clip(moved, geometry.visible)
    left = sum(area(part) for part in parts)
    if whole <= 0 or left <= 0:
        return None, 0.0
    square = _rectangle(moved)
    if left >= whole * (1 - 1e-9):
        return square, 1.0
    seen = np.concatenate(parts)
    across, along = square[1] - square[0], square[3] - square[0]
    across, along = across / max(np.hypot(*across), 1e-12), along / max(np.hypot(*along), 1e-12)
    u, v = seen @ across, seen @ along
    frame = np.array([[u.min(), v.min()], [u.max(), v.min()], [u.max(), v.max()], [u.min(), v.max()]])
    shrunk = frame[:, :1] * across + frame[:, 1:] * along
    # The rectangle around a cut-off corner can reach beyond the picture again, where formats refuse it.
    return np.clip(shrunk, 0, geometry.size), left / whole


def _rectangle(quad: Points) -> Points:
    """Return the rectangle nearest to a moved one: exact under turns and scalings, fitted under shear."""
    first, second = quad[1] - quad[0], quad[3] - quad[0]
    if abs(first @ second) <= 1e-9 * max(np.hypot(*first) * np.hypot(*second), 1e-12):
        return quad
    center = quad.mean(axis=0)
    axis = first / np.hypot(*first)
    other = np.array([-axis[1], axis[0]]) * (1 if axis[0] * second[1] - axis[1] * second[0] > 0 else -1)
    half_u = np.abs((quad - center) @ axis).max()
    half_v = np.abs((quad - center) @ other).max()
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return np.asarray(center + signs[:, :1] * half_u * axis + signs[:, 1:] * half_v * other)


def _move_box(
    box: tuple[float, float, float, float], geometry: Geometry, shape: str, outline: list[Points]
) -> tuple[tuple[float, float, float, float] | None, float]:
    """Move an upright box by one of three ways to see it: its corners, its ellipse, the object's outline."""
    x0, y0, x1, y1 = box
    quad = geometry.points(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]))
    whole = area(quad)
    parts = clip(quad, geometry.visible)
    share = sum(area(part) for part in parts) / whole if whole > 0 else 0.0
    if shape == "outline":
        return (bounds(np.concatenate(outline)) if outline else None), share
    if share == 0:
        return None, 0.0
    hull = bounds(np.concatenate(parts))
    if shape == "ellipse":
        linear = mx.local_linear(geometry.matrix, ((x0 + x1) / 2, (y0 + y1) / 2))
        half = np.hypot(linear[:, 0] * (x1 - x0) / 2, linear[:, 1] * (y1 - y0) / 2)
        center = geometry.points(np.array([[(x0 + x1) / 2, (y0 + y1) / 2]]))[0]
        tight = np.concatenate([center - half, center + half])
        hull = (
            max(hull[0], float(tight[0])), max(hull[1], float(tight[1])),
            min(hull[2], float(tight[2])), min(hull[3], float(tight[3])),
        )  # fmt: skip
        if hull[0] >= hull[2] or hull[1] >= hull[3]:
            return None, 0.0
    return hull, min(1.0, share)


def _move_mask(mask: Mask, geometry: Geometry) -> tuple[Mask | None, float]:
    """Move an object's own pixels, working only in the window that can hold them."""
    h, w = mask.pixels.shape
    before = int(np.count_nonzero(mask.pixels))
    frame = mx.corners((w, h)) + np.array([mask.left, mask.top])
    parts = clip(geometry.points(frame), geometry.visible)
    if not parts or before == 0:
        return None, 0.0
    x0, y0, x1, y1 = bounds(np.concatenate(parts))
    left, top = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
    width = min(geometry.size[0], int(np.ceil(x1))) - left
    height = min(geometry.size[1], int(np.ceil(y1))) - top
    if width <= 0 or height <= 0:
        return None, 0.0
    matrix = mx.translation(-left, -top) @ geometry.matrix @ mx.translation(mask.left, mask.top)
    pixels = warp_nearest(mask.pixels, Warp(matrix, (width, height)), 0)
    after = int(np.count_nonzero(pixels))
    if after == 0:
        return None, 0.0
    enlarged = abs(
        float(np.linalg.det(mx.local_linear(geometry.matrix, (mask.left + w / 2, mask.top + h / 2))))
    )
    return _trimmed(Mask(pixels, left, top)), min(1.0, after / (before * enlarged)) if enlarged else 0.0


def _trimmed(mask: Mask) -> Mask:
    rows, columns = np.flatnonzero(mask.pixels.any(axis=1)), np.flatnonzero(mask.pixels.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    window = mask.pixels[top : rows[-1] + 1, left : columns[-1] + 1]
    return Mask(np.ascontiguousarray(window), mask.left + left, mask.top + top)


def _mask_corners(mask: Mask) -> Points:
    h, w = mask.pixels.shape
    return np.array([[mask.left, mask.top], [mask.left + w, mask.top + h]], float)


def _move_keypoints(keypoints: Keypoints, geometry: Geometry, flip_idx: tuple[int, ...] | None) -> Keypoints:
    """Move points; those no longer seen become unlabelled; a mirror swaps left and right."""
    labelled = keypoints.visible > 0
    points = np.where(labelled[:, None], geometry.points(keypoints.points), 0.0)
    seen = labelled & inside(points, geometry.visible)
    points = np.where(seen[:, None], points, 0.0)
    visible = np.where(seen, keypoints.visible, 0).astype(np.uint8)
    if geometry.mirrors and flip_idx is not None:
        order = np.asarray(flip_idx)
        points, visible = points[order], visible[order]
    return Keypoints(points, visible, keypoints.edges)


def _short_side(box: tuple[float, float, float, float]) -> float:
    return min(box[2] - box[0], box[3] - box[1])


def box_of(instance: Instance) -> tuple[float, float, float, float] | None:
    """Return an upright box around an object, from whichever shape it has; None where it has none."""
    if instance.box is not None:
        return instance.box
    points = [polygon.outer for polygon in instance.polygons or ()]
    if instance.corners is not None:
        points.append(instance.corners)
    if instance.mask is not None:
        points.append(_mask_corners(instance.mask))
    if instance.keypoints is not None:
        points.append(instance.keypoints.points[instance.keypoints.visible > 0])
    filled = [part for part in points if len(part)]
    return bounds(np.concatenate(filled)) if filled else None
