"""CSV of pictures and labels: one row per picture, with a class, a list of them, or a column of 0 and 1 each.

Variants get a copy of their source's row under their own name; every other cell keeps its bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from augtool.errors import UsageError
from augtool.formats.base import Written
from augtool.formats.csvboxes import CLASS, IMAGE, plain
from augtool.formats.csvset import CsvDataset, candidates, head
from augtool.formats.csvtext import Row, Table
from augtool.formats.references import References, renamed
from augtool.formats.tree import Tree, chosen, scanned
from augtool.labels import Labels
from augtool.metadata import is_image_name
from augtool.sample import Item

NAME = "csvlabels"
OPTIONS: dict[str, Any] = {"file": str, "image_column": str, "label_column": str}
_IDS = IMAGE | {"id", "name"}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a table holds the picture's name and its label; ``flags`` are (cell, class) of 0/1 columns."""

    image: int
    label: int | None
    flags: tuple[tuple[int, str], ...] = ()
    header: bool = True


def detect(root: Path) -> str | None:
    """Recognise a table whose rows name pictures of the set."""
    tree = scanned(root)
    found = list(tables(tree, {}))
    return (
        f"labels in {found[0][0]}" + (f" and {len(found) - 1} more" if len(found) > 1 else "")
        if found
        else None
    )


def open(root: Path, options: Mapping[str, Any]) -> CsvLabelsDataset:  # noqa: A001 - the name formats share
    """Open a data set.

    Raises:
        UsageError: an option is wrong, no table names pictures of the set, or one cannot be parsed.
    """
    checked = chosen(options, OPTIONS, NAME)
    dataset = CsvLabelsDataset(root, name=NAME, options=checked)
    for file, layout, delimiter in tables(dataset.tree(), checked):
        dataset.layouts[file], dataset.delimiters[file] = layout, delimiter
    if not dataset.layouts:
        raise UsageError(f"{root}: no CSV file whose rows name pictures of this set")
    dataset.load()
    return dataset


def tables(tree: Tree, options: Mapping[str, Any]) -> Iterator[tuple[str, Layout, str]]:
    """Yield (file, layout, delimiter) of each table whose rows name pictures."""
    references: References | None = None
    for file in candidates(tree):
        if "file" in options and options["file"] != file:
            continue
        table = head(tree, file)
        if table is None or not table.rows or len(table.rows[0].cells) < 2:
            continue
        references = references or References(tree)
        layout = _layout(table, options, file, references)
        if layout:
            yield file, layout, table.delimiter


def _layout(table: Table, options: Mapping[str, Any], file: str, references: References) -> Layout | None:
    def named(rows: tuple[Row, ...], at: int) -> bool:
        return any(at < len(row.cells) and _found(references, row.cells[at], file) for row in rows)

    names = [plain(cell) for cell in table.rows[0].cells]
    wanted = {plain(options["image_column"])} if "image_column" in options else _IDS
    image = next((at for at, name in enumerate(names) if name in wanted), None)
    if image is not None and named(table.rows[1:], image):
        return _with_header(table, names, image, options)
    two = all(len(row.cells) == 2 for row in table.rows)
    whole = table.rows[:5] and all(_found(references, row.cells[0], file) for row in table.rows[:5])
    other_picture = any(is_image_name(row.cells[-1]) for row in table.rows)  # a list of pictures and masks
    return Layout(0, 1, header=False) if two and whole and not other_picture else None


def _with_header(table: Table, names: list[str], image: int, options: Mapping[str, Any]) -> Layout:
    rows = [row.cells for row in table.rows[1:]]
    others = [at for at in range(len(names)) if at != image]
    if "label_column" in options:
        wanted = plain(options["label_column"])
        return Layout(image, names.index(wanted) if wanted in names else None)
    label = next((at for at in others if names[at] in CLASS), None)
    if label is None and len(others) == 1:
        label = others[0]
    flags = tuple(
        (at, table.rows[0].cells[at])
        for at in others
        if rows and all(at < len(row) and row[at] in ("0", "1", "0.0", "1.0") for row in rows)
    )
    return Layout(image, label, flags if label is None else ())


def _found(references: References, text: str, file: str) -> bool:
    try:
        return references.find(text, file) is not None
    except Exception:  # noqa: BLE001 - a look only; a path outside the set is reported when rows are read
        return False


@dataclass
class CsvLabelsDataset(CsvDataset):
    """A scanned set of pictures and tables of labels."""

    def image_cell(self, file: str) -> int:
        """Return which cell names the picture."""
        return int(self.layouts[file].image)

    def has_header(self, file: str) -> bool:
        """Return whether the first row names the columns."""
        return bool(self.layouts[file].header)

    def described(self, item: Item, rows: list[tuple[str, Row]]) -> Item:
        """Add a picture's classes, and its class where it has one."""
        classes: list[str] = []
        for file, row in rows:
            layout: Layout = self.layouts[file]
            classes += [
                name for at, name in layout.flags if at < len(row.cells) and row.cells[at].startswith("1")
            ]
            if layout.label is not None and layout.label < len(row.cells):
                classes += [word for word in re.split(r"[\s,;|\[\]'\"]+", row.cells[layout.label]) if word]
        names = tuple(dict.fromkeys(classes))
        return replace(item, classes=names, label=names[0] if len(names) == 1 else None)

    def read_labels(self, item: Item, size: tuple[int, int]) -> Labels:  # noqa: ARG002 - the protocol's signature
        """Return nothing that moves: a label is about the whole picture."""
        return Labels()

    def write_labels(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:  # noqa: ARG002
        """Return the rows of a picture under the written one's name."""
        lines = []
        for file, row in self.parsed(item):
            at = self.image_cell(file)
            name = renamed(row.cells[at], item.key, output)
            changes = {at: name} if name != row.cells[at] else {}
            lines.append([file, row.replaced(changes, self.delimiters[file])])
        return Written(fragment=lines or None)
