"""What ``augtool check`` says about YOLO label files."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from augtool.errors import ItemError
from augtool.formats.untrusted import decode_text, read_label
from augtool.formats.walk import SPLITS, found
from augtool.formats.yolo_layout import NAME_FILES
from augtool.formats.yolo_rows import Row, Schema, rows
from augtool.sample import Item


def of_labels(item: Item, root: Path, schema: Schema) -> Iterator[dict[str, Any]]:
    """Yield what is wrong or odd in the label file of one picture; a fault ends it."""
    if item.problem or item.ref is None:
        return
    label = item.ref.label
    if label is None:
        where = f"{item.ref.folder}/" if item.ref.folder else ""
        message = f"has no label file in {where}: background"
        yield found(item.key, 0, "no_label", message, item.key)
        return
    seen: dict[str, int] = {}
    kinds: set[bool] = set()
    try:
        for row in rows(decode_text(read_label(root, label), label), label, schema):
            yield from (found(label, row.line, *said, item.key) for said in _of_row(row, schema, seen))
            kinds.add(len(row.values) > 4)
            if len(kinds) > 1 and schema.task in ("detect", "segment"):
                kinds = set()
                message = "boxes and outlines in one file: trainers read the boxes as outlines of 2 points"
                yield found(label, row.line, "mixed_rows", message, item.key)
    except ItemError as error:
        where, _, message = str(error).partition(": ")
        line = where.rpartition(":")[2]
        yield found(label, int(line) if line.isdecimal() else 0, error.code, message, item.key)


def _of_row(row: Row, schema: Schema, seen: dict[str, int]) -> Iterator[tuple[str, str]]:
    first = seen.setdefault(row.text, row.line)
    if first != row.line:
        yield "duplicate_row", f"is the same as line {first}"
    if not row.strict and schema.task != "pose":
        yield "outside", "a value is slightly outside 0 to 1; it is clipped"
    if len(row.values) == 4 or schema.task == "pose":
        x, y, w, h = row.values[:4]
        if w <= 0 or h <= 0:
            yield "zero_area", "the box has no area"
        if min(x - w / 2, y - h / 2) < -1e-6 or max(x + w / 2, y + h / 2) > 1 + 1e-6:
            yield "box_outside", "the box reaches out of the picture"
    if schema.names and row.index >= len(schema.names):
        yield "unknown_class", f"class {row.index} has no name"


def orphans(
    texts: Collection[str], used: Collection[str | None], folders: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Yield the label files that belong to no picture."""
    for key in texts:
        folder, name = posixpath.split(key)
        stem = posixpath.splitext(name)[0].lower()
        if not name.endswith(".txt") or key in used or folder not in folders:
            continue
        if name in NAME_FILES or stem in SPLITS or stem.startswith("readme"):
            continue
        yield found(key, 0, "orphan_label", "belongs to no picture")
