"""One annotation of COCO, and one object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from augtool import rle
from augtool.errors import ItemError
from augtool.formats.untrusted import fault
from augtool.labels import Instance, Keypoints, Mask, Polygon, Ring

_FAR = 1e7  # pixels; no picture is that large


@dataclass(frozen=True, slots=True)
class Category:
    """A class: its id, its name and the names of its keypoints."""

    id: int | str
    name: str
    keypoints: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()


def skeleton(pairs: Any, count: int) -> tuple[tuple[int, int], ...]:
    """Return a category's ``skeleton``, counted from 0; pairs that name no keypoint are left out."""
    if not isinstance(pairs, list):
        return ()
    proper = [pair for pair in pairs if isinstance(pair, list) and len(pair) == 2]
    edges = [(one - 1, other - 1) for one, other in proper if isinstance(one, int) and isinstance(other, int)]
    return tuple((one, other) for one, other in edges if 0 <= one < count and 0 <= other < count)


@dataclass(frozen=True, slots=True)
class Kept:
    """An annotation as it was read: of which file, what it said, and the object it made."""

    file: int
    annotation: Mapping[str, Any]
    instance: Instance


def is_object(annotation: Mapping[str, Any]) -> bool:
    """Return whether an annotation has a place in the picture; a caption or a label has none."""
    return any(annotation.get(name) for name in ("bbox", "segmentation", "keypoints"))


def read(
    annotation: Mapping[str, Any],
    categories: Mapping[int | str, Category],
    size: tuple[int, int],
    shift: float = 0.0,
) -> Instance:
    """Return the object of an annotation in a picture of ``size`` (width, height); without ``extra``.

    Args:
        annotation: with a box, a segmentation or keypoints.
        categories: by id.
        size: of the picture, in pixels.
        shift: added to keypoints: 0.5 where they name pixels by their index.

    Raises:
        ItemError: ``label_invalid``; the message has no place yet, see :func:`located`.

    """
    named = annotation.get("category_id")
    category = categories.get(named) if isinstance(named, int | str) else None
    if category is None:
        raise ItemError("label_invalid", f"category_id {annotation.get('category_id')!r} is no category")
    box = _box(annotation.get("bbox"))
    polygons, mask = _segmentation(annotation.get("segmentation"), size)
    keypoints = _keypoints(annotation.get("keypoints"), category, shift)
    crowd = annotation.get("iscrowd", 0)
    if crowd not in (0, 1):
        raise ItemError("label_invalid", "iscrowd is neither 0 nor 1")
    return Instance(category.name, box, None, polygons, mask, keypoints, bool(crowd))


def located(error: ItemError, file: str, line: int, annotation: Mapping[str, Any]) -> ItemError:
    """Return an error of :func:`read` with file, line and the annotation's id."""
    return fault(error.code, file, line, f"annotation {annotation.get('id')!r}: {error}")


def _numbers(value: Any, what: str) -> list[float]:
    numbers: list[Any] = value if isinstance(value, list) else [None]
    if not all(type(number) in (int, float) and abs(number) < _FAR for number in numbers):
        raise ItemError("label_invalid", f"{what} is not a list of numbers within a picture's size")
    return [float(number) for number in numbers]


def _box(value: Any) -> tuple[float, float, float, float] | None:
    if value is None or value == []:
        return None
    numbers = _numbers(value, "bbox")
    if len(numbers) != 4:
        raise ItemError("label_invalid", f"bbox has {len(numbers)} values, not 4")
    x, y, w, h = numbers
    if w < 0 or h < 0:
        raise ItemError("label_invalid", "bbox has a negative size")
    return x, y, x + w, y + h


def _segmentation(value: Any, size: tuple[int, int]) -> tuple[tuple[Polygon, ...] | None, Mask | None]:
    if value is None or value in ([], {}):
        return None, None
    if isinstance(value, dict):
        return None, rle.window(rle.decode(value, size))
    if not isinstance(value, list):
        raise ItemError("label_invalid", "segmentation is neither a list of polygons nor RLE")
    rings = [_numbers(part, "a polygon") for part in value]
    if any(len(ring) < 6 or len(ring) % 2 for ring in rings):
        raise ItemError("label_invalid", "a polygon is not at least three pairs of x and y")
    return tuple(Polygon(np.array(ring).reshape(-1, 2)) for ring in rings), None


def _keypoints(value: Any, category: Category, shift: float) -> Keypoints | None:
    if value is None or value == []:
        return None
    numbers = _numbers(value, "keypoints")
    if len(numbers) % 3 or (category.keypoints and len(numbers) != 3 * len(category.keypoints)):
        wanted = 3 * len(category.keypoints) if category.keypoints else "a multiple of 3"
        raise ItemError("label_invalid", f"keypoints has {len(numbers)} values, not {wanted}")
    table = np.array(numbers).reshape(-1, 3)
    if not np.isin(table[:, 2], (0, 1, 2)).all():
        raise ItemError("label_invalid", "the visibility of a keypoint is 0, 1 or 2")
    return Keypoints(table[:, :2] + shift, table[:, 2].astype(np.uint8), category.skeleton)


def write(
    instance: Instance,
    kept: Kept,
    category: Category,
    size: tuple[int, int],
    lost: list[str],
    shift: float = 0.0,
) -> dict[str, Any]:
    """Return the annotation of an object: as it was where nothing changed, else with new geometry.

    Only the fields the annotation had are written, so one object can stand in two files.

    Args:
        instance: the object as it is now.
        kept: what it was read from.
        category: its class now.
        size: (width, height) of the picture written.
        lost: gets what cannot be held.
        shift: as for :func:`read`.

    """
    old, new = kept.annotation, dict(kept.annotation)
    new["category_id"] = category.id
    if instance.crowd != kept.instance.crowd:
        new["iscrowd"] = int(instance.crowd)
    segmentation = old.get("segmentation")
    if isinstance(segmentation, dict) and segmentation.get("size") == [size[1], size[0]]:
        segmentation = None  # the one form that depends on the size of the picture
    if same(instance, kept.instance) and not isinstance(segmentation, dict):
        return new
    box = instance.box or bounds(instance)
    if "bbox" in old and box:
        new["bbox"] = _tidy([box[0], box[1], box[2] - box[0], box[3] - box[1]])
    if old.get("segmentation"):
        new["segmentation"] = _write_segmentation(instance, old["segmentation"], size, lost)
    if "area" in old:
        new["area"] = _tidy([_area(instance, box, kept)])[0]
    if instance.keypoints is not None and old.get("keypoints"):
        points = np.where(instance.keypoints.visible[:, None] > 0, instance.keypoints.points - shift, 0)
        new["keypoints"] = _tidy(np.column_stack([points, instance.keypoints.visible]).ravel().tolist())
        if "num_keypoints" in old:
            new["num_keypoints"] = int((instance.keypoints.visible > 0).sum())
    return new


def _write_segmentation(instance: Instance, old: Any, size: tuple[int, int], lost: list[str]) -> Any:
    compressed = not (isinstance(old, dict) and isinstance(old.get("counts"), list))
    if instance.mask is not None:
        return rle.encode(instance.mask, size, compressed=compressed)
    parts = [part for part in instance.polygons or () if len(part.outer) > 2]
    if any(part.holes for part in parts):
        lost.append("outline with holes, written as RLE")
        filled = rle.fill([(part.outer, part.holes) for part in parts], size)
        return rle.encode(Mask(filled), size, compressed=True)
    return [_tidy(part.outer.ravel().tolist()) for part in parts]


def _area(instance: Instance, box: tuple[float, ...] | None, kept: Kept) -> float:
    """Return the area by the rule the source followed: of the shape, or of the box."""
    of_box = (box[2] - box[0]) * (box[3] - box[1]) if box else 0.0
    stated, old = kept.annotation.get("area"), kept.instance
    if old.box is not None and type(stated) in (int, float) and old.polygons:
        old_box = (old.box[2] - old.box[0]) * (old.box[3] - old.box[1])
        shape = sum(map(_polygon_area, old.polygons))
        if abs(float(stated or 0) - old_box) < abs(float(stated or 0) - shape):
            return of_box
    if instance.mask is not None:
        return float(np.count_nonzero(instance.mask.pixels))
    return sum(map(_polygon_area, instance.polygons)) if instance.polygons else of_box


def _polygon_area(part: Polygon) -> float:
    return abs(_ring_area(part.outer)) - sum(abs(_ring_area(hole)) for hole in part.holes)


def _ring_area(ring: Ring) -> float:
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def bounds(instance: Instance) -> tuple[float, float, float, float] | None:
    """Return the box of an object's shape, or None where it has none."""
    if instance.polygons:
        points = np.concatenate([part.outer for part in instance.polygons])
        (x0, y0), (x1, y1) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return x0, y0, x1, y1
    if instance.mask is not None and instance.mask.pixels.any():
        tight, mask = rle.window(instance.mask.pixels), instance.mask
        rows, columns = tight.pixels.shape
        left, top = mask.left + tight.left, mask.top + tight.top
        return float(left), float(top), float(left + columns), float(top + rows)
    return None


def same(one: Instance, other: Instance) -> bool:
    """Return whether two objects have the same shapes, to a millionth of a pixel."""
    return all(_near(a, b) for a, b in zip(_geometry(one), _geometry(other), strict=True))


def _near(one: Any, other: Any) -> bool:
    if one is None or other is None or one is other:
        return one is other
    return np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=0, atol=1e-6)


def _geometry(entry: Instance) -> list[Any]:
    rings = [ring for part in entry.polygons or () for ring in (part.outer, *part.holes)]
    mask = None if entry.mask is None else rle.window(entry.mask.pixels)
    corner = None
    if mask is not None and entry.mask is not None:
        corner = (entry.mask.left + mask.left, entry.mask.top + mask.top)
    points = entry.keypoints
    return [
        entry.box,
        [len(ring) for ring in rings],
        np.concatenate(rings) if rings else None,
        None if mask is None else mask.pixels,
        corner,
        None if points is None else points.points,
        None if points is None else points.visible,
    ]


def _tidy(values: Sequence[float]) -> list[float]:
    # A millionth of a pixel; whole numbers as such, as pixels are often written.
    rounded = (round(float(value), 6) for value in values)
    return [int(value) if value.is_integer() else value for value in rounded]


def flip_pairs(names: Sequence[str]) -> tuple[int, ...] | None:
    """Return for each keypoint its mirror image, by ``left`` and ``right`` in the names.

    None where no name has a side, or one has no counterpart: which points change places is then unknown.
    """
    lowered = [name.lower() for name in names]
    result = []
    for name in lowered:
        other = name.replace("left", "\0").replace("right", "left").replace("\0", "right")
        if other not in lowered:
            return None
        result.append(lowered.index(other))
    sided = any(index != partner for index, partner in enumerate(result))
    return tuple(result) if sided and len(set(result)) == len(result) else None
