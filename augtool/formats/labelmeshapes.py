"""LabelMe's shapes as labels, and back."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from augtool.errors import ItemError
from augtool.formats import maskpng
from augtool.formats.untrusted import fault
from augtool.labels import Instance, Keypoints, Mask, Polygon
from augtool.matrix import Points

_CIRCLE = 64  # corners of the polygon that stands for a circle
_TURN = np.linspace(0, 2 * math.pi, _CIRCLE, endpoint=False)
_MAX_SIDE = 1 << 15
KNOWN = ("polygon", "rectangle", "circle", "line", "linestrip", "point", "mask")


def instance_of(shape: Any, at: int, file: str, line: int) -> Instance:
    """Return a shape as a label; one of a kind that is not known moves by its points.

    Raises:
        ItemError: ``label_invalid``: no label, or points that are no numbers or too few.
    """
    if not isinstance(shape, dict) or not isinstance(shape.get("label"), str):
        raise fault("label_invalid", file, line, "a shape without label")
    kind = shape.get("shape_type") or "polygon"
    points = _points(shape.get("points"), file, line)
    extra: dict[str, Any] = {"at": at, "file": file, "line": line, "kind": kind, "category": shape["label"]}
    least = {"polygon": 3, "rectangle": 2, "circle": 2, "mask": 2}.get(kind, 1)
    if len(points) < least:
        raise fault("label_invalid", file, line, f"a {kind} of {len(points)} points")
    made: dict[str, Any] = {}
    if kind == "polygon":
        made["polygons"] = (Polygon(points),)
    elif kind == "rectangle":
        made["box"] = (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())
    elif kind == "circle":
        made["polygons"] = (Polygon(_circle(points)),)
    elif kind == "mask":
        made["mask"] = _mask(shape, points, file, line)
    else:
        made["keypoints"] = Keypoints(points, np.full(len(points), 2, np.uint8))
    return Instance(shape["label"], **made, extra=extra | {"before": next(iter(made.values()))})


def shapes_of(
    before: Sequence[Any], instances: Sequence[Instance], lost: list[str]
) -> tuple[list[Any], bool]:
    """Return the shapes of moved labels, with all that they held besides, and whether anything changed.

    What cannot be held is added to ``lost``.
    """
    shapes: list[Any] = []
    changed = len(instances) != len(before)
    groups = [shape.get("group_id") for shape in before if isinstance(shape.get("group_id"), int)]
    free = max(groups, default=0) + 1
    for instance in instances:
        shape = before[instance.extra["at"]]
        now = next(
            value
            for value in (instance.polygons, instance.mask, instance.box, instance.keypoints, ())
            if value is not None
        )
        if now is instance.extra["before"]:
            own = instance.category != shape["label"]
            shapes.append(shape | {"label": instance.category} if own else shape)
            changed |= own
            continue
        changed = True
        parts = _parts(instance, lost)
        shared: dict[str, Any] = {"label": instance.category}
        if len(parts) > 1 and shape.get("group_id") is None:
            shared |= {"group_id": free}
            free += 1
        shapes += [shape | shared | part for part in parts]
    return shapes, changed


def _points(value: Any, file: str, line: int) -> Points:
    good = isinstance(value, list) and all(
        isinstance(point, list) and len(point) == 2 and all(type(side) in (int, float) for side in point)
        for point in value
    )
    if not good:
        raise fault("label_invalid", file, line, "points must be pairs of numbers")
    return np.array(value, np.float64).reshape(-1, 2)


def _circle(points: Points) -> Points:
    """Return a circle (centre, a point on it) as a polygon that begins at that point."""
    center, edge = points[0], points[1] - points[0]
    turned = np.array([-edge[1], edge[0]])
    return np.asarray(center + np.cos(_TURN)[:, None] * edge + np.sin(_TURN)[:, None] * turned)


def _mask(shape: Mapping[str, Any], points: Points, file: str, line: int) -> Mask:
    (x0, y0), (x1, y1) = points[:2].tolist()
    size = round(x1) - round(x0) + 1, round(y1) - round(y0) + 1
    try:
        data = base64.b64decode(shape.get("mask") or "", validate=True)
        if not all(0 < side <= _MAX_SIDE for side in size):
            raise fault("label_invalid", file, line, "a mask of impossible size")
        pixels = maskpng.load(data, file, size).pixels
    except (binascii.Error, ValueError, TypeError, ItemError) as error:
        raise fault("label_invalid", file, line, f"a mask that cannot be read: {error}") from None
    if pixels.ndim != 2:
        raise fault("label_invalid", file, line, "a mask in colour")
    return Mask(np.ascontiguousarray((pixels > 0).astype(np.uint8)), round(x0), round(y0))


def _parts(instance: Instance, lost: list[str]) -> list[dict[str, Any]]:
    """Return what changes in a shape, once for each part it falls into."""
    kind = instance.extra["kind"]
    if kind == "circle":
        exact = _as_circle(instance.polygons or ())
        if exact is not None:
            return [{"points": _spelled(exact)}]
        lost.append("circle: what is no longer a circle is written as a polygon")
    if instance.polygons is not None:
        return [{"shape_type": "polygon", "points": _spelled(part.outer)} for part in instance.polygons]
    if instance.mask is not None:
        mask = instance.mask
        data = maskpng.dump(maskpng.MaskPng(mask.pixels[:0], "1"), mask.pixels)
        h, w = mask.pixels.shape
        corners = [[mask.left, mask.top], [mask.left + w - 1, mask.top + h - 1]]
        return [{"points": corners, "mask": base64.b64encode(data).decode()}]
    if instance.box is not None:
        return [{"points": _spelled(np.array(instance.box).reshape(2, 2))}]
    if instance.keypoints is None:
        return []
    seen = instance.keypoints.visible > 0
    if not seen.all():
        lost.append(f"{kind}: points outside the picture are left out")
    if kind not in KNOWN:
        lost.append(f"{kind}: a kind of shape that is not known is moved by its points")
    points = _spelled(instance.keypoints.points[seen])
    return [{"points": points}] if len(points) >= (2 if kind in ("line", "linestrip") else 1) else []


def _as_circle(polygons: Sequence[Polygon]) -> Points | None:
    """Return centre and point of a polygon that is still the circle it stood for."""
    if len(polygons) != 1 or len(polygons[0].outer) != _CIRCLE:
        return None
    ring = polygons[0].outer
    center = ring.mean(axis=0)
    reach = np.hypot(*(ring - center).T)
    return np.array([center, ring[0]]) if np.ptp(reach) <= 1e-6 * max(float(reach.max()), 1.0) else None


def _spelled(points: Points) -> list[list[float]]:
    return [[round(x, 4), round(y, 4)] for x, y in points.tolist()]
