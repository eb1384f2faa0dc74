"""What ``augtool check`` says of labels, for every format that reads a picture's labels by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from augtool import codec
from augtool.errors import ItemError
from augtool.formats.base import Dataset
from augtool.labels import Instance, Labels
from augtool.polygons import bounds
from augtool.sample import Item
from augtool.storage import read_bytes, shown

_PLACE = re.compile(r"(.*?)(?::(\d+))?: (.*)", re.DOTALL)


def problem(file: str, line: int, code: str, message: str, source: str = "") -> dict[str, Any]:
    """Return one finding. ``line`` counts from 1, or is 0; ``source`` is the picture's path."""
    return {"file": shown(file), "line": line, "code": code, "message": message, "source": shown(source)}


def of_error(error: ItemError, source: str = "") -> dict[str, Any]:
    """Return the finding for an error whose message begins with ``file:line:``."""
    hit = _PLACE.match(str(error))
    if hit is None:  # pragma: no cover - every label error names its file
        return problem(source, 0, error.code, str(error), source)
    return problem(hit[1], int(hit[2] or 0), error.code, hit[3], source)


def of_items(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """Yield what is wrong with the labels of each picture, and class names that differ in case only.

    Objects say where they stand by ``extra["file"]`` and ``extra["line"]``.
    """
    names: dict[str, tuple[str, str, int]] = {}
    for item in dataset.items():
        if item.problem:
            if item.problem[0].startswith("label_"):
                yield of_error(ItemError(*item.problem), item.key)
            continue
        try:
            header = codec.probe(read_bytes(dataset.root / item.key))
            labels = dataset.read(item, (header.width, header.height))
        except ItemError as error:
            if error.code.startswith("label_"):
                yield of_error(error, item.key)
            continue
        yield from of_labels(labels, (header.width, header.height), item)
        for instance in labels.instances:
            place = (
                instance.category,
                str(instance.extra.get("file", item.key)),
                instance.extra.get("line", 0),
            )
            first = names.setdefault(instance.category.casefold(), place)
            if first[0] != instance.category and instance.category.casefold() + "\0" not in names:
                names[instance.category.casefold() + "\0"] = place
                yield problem(
                    place[1], place[2], "class_case",
                    f"class {instance.category!r} is also written {first[0]!r} ({first[1]}:{first[2]})",
                    item.key,
                )  # fmt: skip


def of_labels(labels: Labels, size: tuple[int, int], item: Item) -> Iterator[dict[str, Any]]:
    """Yield objects that lie outside, have no area, or stand there twice."""
    seen: set[Any] = set()
    for instance in labels.instances:
        file, line = str(instance.extra.get("file", item.key)), int(instance.extra.get("line", 0))
        box = _extent(instance)
        if box is None:
            continue
        if instance.extra.get("zero_area") or box[2] <= box[0] or box[3] <= box[1]:
            text = f"{instance.category}: the box has no area"
            yield problem(file, line, "zero_area", text, item.key)
        if min(box[0], box[1]) < -0.01 or box[2] > size[0] + 0.01 or box[3] > size[1] + 0.01:
            spot = ", ".join(f"{value:g}" for value in box)
            text = f"{instance.category}: reaches outside the {size[0]}x{size[1]} picture ({spot})"
            yield problem(file, line, "outside", text, item.key)
        mark = (instance.category, box, instance.extra.get("part"), instance.mask is not None, file)
        if mark in seen:
            yield problem(file, line, "duplicate", f"{instance.category}: the same object again", item.key)
        seen.add(mark)


def _extent(instance: Instance) -> tuple[float, float, float, float] | None:
    if instance.box is not None:
        return instance.box
    rings = [polygon.outer for polygon in instance.polygons or () if len(polygon.outer)]
    return bounds(rings[0]) if len(rings) == 1 else None
