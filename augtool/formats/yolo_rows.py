"""One row of a YOLO label file, and one object.

Detect: ``class x y w h``. Segment: ``class x1 y1 x2 y2 ...``. Pose: ``class x y w h`` and two or three values
per keypoint. Oriented boxes: ``class x1 y1 ... x4 y4``. Everything is a share of the width or the height.
The rules are those by which Ultralytics accepts or drops a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augtool.errors import ItemError
from augtool.formats.untrusted import fault
from augtool.labels import Instance, Keypoints, Labels, Polygon, Ring
from augtool.matrix import Points

SLACK = 0.01
"""How far a coordinate may lie outside 0 to 1, as a rounding error that is clipped."""
TASKS = ("detect", "segment", "pose", "obb")


@dataclass(frozen=True, slots=True)
class Schema:
    """What the rows of a data set mean.

    Attributes:
        task: how rows of 9 values are read: ``obb`` as corners, otherwise as outlines.
        names: class names by index; empty where the set names none, and the index is the name.
        classes: number of classes, or 0 where it is not known.
        keypoints: number of keypoints per object; 0 without.
        values: values per keypoint, 2 or 3.
    """

    task: str
    names: tuple[str, ...] = ()
    classes: int = 0
    keypoints: int = 0
    values: int = 3

    def category(self, index: int) -> str:
        """Return the name of a class."""
        return self.names[index] if index < len(self.names) else str(index)

    def index(self, instance: Instance) -> int | None:
        """Return the class of an object: its own as long as that has its name; None if no class has."""
        own = instance.extra.get("class")
        if isinstance(own, int) and self.category(own) == instance.category:
            return own
        if instance.category in self.names:
            return self.names.index(instance.category)
        return int(instance.category) if not self.names and instance.category.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Row:
    """A row that keeps the rules: its line from 1, its own text, class, and the other values."""

    line: int
    text: str
    index: int
    values: tuple[float, ...]

    @property
    def strict(self) -> bool:
        """Whether every value can be written again as it stands."""
        return all(0 <= value <= 1 for value in self.values)


def rows(text: str, file: str, schema: Schema) -> Iterator[Row]:
    """Yield the rows of a label file.

    Raises:
        ItemError: ``label_invalid`` at the first row that breaks the rules.

    """
    for number, line in enumerate(text.split("\n"), 1):
        parts = line.split()
        if parts:
            yield _row(number, line.strip(), parts, file, schema)


def _row(line: int, text: str, parts: list[str], file: str, schema: Schema) -> Row:
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise fault("label_invalid", file, line, "a value is not a number") from None
    if "_" in text:  # which Python reads as a number
        raise fault("label_invalid", file, line, "a value is not a number")
    index, values = numbers[0], tuple(numbers[1:])
    if not (index >= 0 and index == index // 1 and index < 2**31):
        raise fault("label_invalid", file, line, f"the class {parts[0]} is not a whole number from 0")
    if schema.classes and index >= schema.classes:
        raise fault("label_invalid", file, line, f"class {index:.0f} of {schema.classes}: unknown class")
    _check_count(len(parts), file, line, schema)
    flags = values[6::3] if schema.task == "pose" and schema.values == 3 else ()
    if any(flag not in (0, 1, 2) for flag in flags):
        raise fault("label_invalid", file, line, "the visibility of a keypoint is 0, 1 or 2")
    for position, value in enumerate(values):
        if not -SLACK <= value <= 1 + SLACK and not (flags and position >= 6 and position % 3 == 0):
            raise fault(
                "label_invalid", file, line, f"the value {parts[position + 1]} is not between 0 and 1"
            )
    return Row(line, text, int(index), values)


def _check_count(count: int, file: str, line: int, schema: Schema) -> None:
    if schema.task == "pose":
        wanted = 5 + schema.keypoints * schema.values
        if count != wanted:
            raise fault("label_invalid", file, line, f"has {count} values; kpt_shape asks for {wanted}")
    elif schema.task == "obb":
        if count != 9:
            raise fault("label_invalid", file, line, f"has {count} values; an oriented box has 9")
    elif count == 6:
        raise fault("label_invalid", file, line, "has 6 values; a box has 5 (remove the confidence)")
    elif count != 5 and (count < 7 or count % 2 == 0):
        raise fault("label_invalid", file, line, f"has {count} values; a box has 5, an outline 7, 9, 11 ...")


def instance(row: Row, schema: Schema, size: tuple[int, int]) -> Instance:
    """Return the object of a row in a picture of ``size`` (width, height) pixels.

    ``extra`` keeps the class index and the row's text, so that an untouched object is written as it was.
    """
    values = np.array(row.values)
    kept = schema.category(row.index), {"class": row.index, "row": row.text}
    if schema.task == "obb":
        return Instance(kept[0], corners=_points(values, size), extra=kept[1])
    if schema.task != "pose" and len(values) > 4:
        return Instance(kept[0], polygons=(Polygon(_points(values, size)),), extra=kept[1])
    keypoints = None
    if schema.task == "pose":
        table = values[4:].reshape(-1, schema.values)
        visible = table[:, 2] if schema.values == 3 else np.full(len(table), 2)
        keypoints = Keypoints(_points(table[:, :2].ravel(), size), visible.astype(np.uint8))
    x, y, w, h = np.clip(values[:4], 0, 1).tolist()
    width, height = size
    box = ((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
    return Instance(kept[0], box=box, keypoints=keypoints, extra=kept[1])


def _points(values: NDArray[np.float64], size: tuple[int, int]) -> Points:
    return np.clip(values, 0, 1).reshape(-1, 2) * np.array(size, np.float64)


def write(labels: Labels, schema: Schema, size: tuple[int, int]) -> tuple[str, list[str]]:
    """Return the text of a label file and what it could not hold, a short text each.

    A file with an outline holds outlines only: Ultralytics would read a box in it as two points.
    """
    outlines = schema.task in ("detect", "segment") and any(entry.polygons for entry in labels.instances)
    lost: list[str] = []
    lines: list[str] = []
    for entry in labels.instances:
        index = schema.index(entry)
        if index is None:
            lost.append("class has no index")
            continue
        if entry.crowd:
            lost.append("mark of an object to be ignored")
        if not (outlines and entry.polygons is None) and (text := _untouched(entry, index, schema, size)):
            lines.append(text)
            continue
        shapes = [values for values in _shapes(entry, schema, size, lost, outlines=outlines) if values]
        lines.extend(" ".join([str(index), *map(_number, values)]) for values in shapes)
    return "".join(f"{line}\n" for line in lines), lost


def _untouched(entry: Instance, index: int, schema: Schema, size: tuple[int, int]) -> str | None:
    """Return the row the object was read from, if it still says what the object is."""
    text = entry.extra.get("row")
    if not isinstance(text, str):
        return None
    try:
        row = _row(1, text, text.split(), "", schema)
    except ItemError:
        return None
    same = row.strict and row.index == index and _same(instance(row, schema, size), entry)
    return text if same else None


def _same(before: Instance, after: Instance) -> bool:
    return all(
        len(mine) == len(theirs) and np.allclose(mine, theirs, rtol=0, atol=1e-6)
        for mine, theirs in zip(_geometry(before), _geometry(after), strict=True)
    )


def _geometry(entry: Instance) -> tuple[Any, ...]:
    # A box beside an outline says nothing that the row holds.
    rings = [ring for part in entry.polygons or () for ring in (part.outer, *part.holes)]
    box = entry.box if entry.box and not rings and entry.corners is None else ()
    points = entry.keypoints
    return (
        box,
        () if entry.corners is None else entry.corners.ravel(),
        [len(ring) for ring in rings],
        np.concatenate([ring.ravel() for ring in rings]) if rings else (),
        () if points is None else points.points.ravel(),
        () if points is None else points.visible,
    )


def _shapes(
    entry: Instance, schema: Schema, size: tuple[int, int], lost: list[str], *, outlines: bool
) -> Iterator[list[float]]:
    if schema.task == "obb" and entry.corners is not None:
        yield _shares(entry.corners, size, lost, "corner of an oriented box outside the picture")
    elif entry.polygons and schema.task in ("detect", "segment"):
        yield from _outlines(entry.polygons, size, lost)
    elif entry.box is None or schema.task == "obb":
        lost.append("object without a box")
    elif outlines:
        lost.append("box beside outlines, written as an outline of 4 points")
        x0, y0, x1, y1 = entry.box
        yield _shares(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64), size)
    elif schema.task == "pose":
        if entry.keypoints is None:
            lost.append("object without keypoints")
        else:
            yield _box(entry.box, size) + _keypoints(entry.keypoints, schema, size, lost)
    else:
        yield _box(entry.box, size)


def _outlines(polygons: tuple[Polygon, ...], size: tuple[int, int], lost: list[str]) -> Iterator[list[float]]:
    if len(polygons) > 1:
        lost.append("object of several parts, written as several objects")
    for part in polygons:
        ring = part.outer
        for hole in part.holes:
            lost.append("hole, joined to the outline by a cut")
            ring = bridge(ring, hole)
        if len(ring) < 3:
            lost.append("outline of fewer than 3 points")
        else:
            yield _shares(ring, size)


def bridge(outer: Ring, hole: Ring) -> Ring:
    """Return one ring around ``outer`` less ``hole``: a cut leads to the hole at the nearest two points."""
    distances = ((outer[:, None] - hole[None]) ** 2).sum(axis=2)
    i, j = np.unravel_index(int(distances.argmin()), distances.shape)
    around = np.roll(hole, -int(j), axis=0)
    if _area(outer) * _area(hole) > 0:
        around = np.roll(around[::-1], 1, axis=0)
    return np.concatenate([outer[: i + 1], around, around[:1], outer[i:]])


def _area(ring: Ring) -> float:
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _shares(
    points: Points, size: tuple[int, int], lost: list[str] | None = None, why: str = ""
) -> list[float]:
    shares = points / np.array(size, np.float64)
    clipped = np.clip(shares, 0, 1)
    if lost is not None and np.abs(shares - clipped).max() > 1e-6:
        lost.append(why)
    values: list[float] = clipped.ravel().tolist()
    return values


def _box(box: tuple[float, float, float, float], size: tuple[int, int]) -> list[float]:
    width, height = size
    x0, x1 = np.clip([box[0] / width, box[2] / width], 0, 1).tolist()
    y0, y1 = np.clip([box[1] / height, box[3] / height], 0, 1).tolist()
    return [(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]


def _keypoints(points: Keypoints, schema: Schema, size: tuple[int, int], lost: list[str]) -> list[float]:
    shares = points.points / np.array(size, np.float64)
    outside = ((shares < 0) | (shares > 1)).any(axis=1)
    visible = np.where(outside, 0, points.visible)
    shares = np.where(visible[:, None] == 0, 0.0, np.clip(shares, 0, 1))
    if schema.values == 3:
        shares = np.column_stack([shares, visible])
    elif (visible == 0).any():
        lost.append("keypoint that is not visible, written as 0 0")
    values: list[float] = shares.ravel().tolist()
    return values


def _number(value: float) -> str:
    # Eight digits keep a hundredth of a pixel in the largest picture there is.
    # Adding zero turns -0 into 0.
    return f"{round(value, 8) + 0.0:.8f}".rstrip("0").rstrip(".")
