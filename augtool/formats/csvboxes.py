"""Boxes in CSV: one row per object, under any of the usual headers, or under none (RetinaNet).

``filename,xmin,ymin,xmax,ymax,class``, TensorFlow's with the picture's size, ``image_id,x,y,w,h``, one
``bbox`` cell, ``path,x1,y1,x2,y2,class``. Rows keep the bytes of every cell that does not change.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from augtool.errors import UsageError
from augtool.formats.base import IGNORED, Written
from augtool.formats.csvset import CsvDataset, candidates, head
from augtool.formats.csvtext import Row, Table, harmless
from augtool.formats.references import References, renamed
from augtool.formats.tree import Tree, chosen, scanned
from augtool.formats.untrusted import fault
from augtool.labels import Instance, Labels
from augtool.metadata import is_image_name
from augtool.sample import Item

NAME = "csvboxes"
OPTIONS: dict[str, Any] = {
    "file": str,
    "bbox": ("xywh", "xyxy"),
    "coordinates": ("pixels", "normalized"),
    "class_column": str,
}
IMAGE = frozenset((
    "filename", "file", "image", "imagename", "imageid", "img", "imgname", "imgid", "imagepath", "path",
    "filepath", "imgpath", "fname", "frame",
))  # fmt: skip
CLASS = frozenset((
    "class", "label", "labelname", "classname", "category", "categoryname", "classid", "labelid",
    "classlabel", "type", "species", "name", "objectclass", "target", "labels", "classes", "categories",
))  # fmt: skip
_LEFT, _TOP = ("xmin", "x1", "left", "bboxxmin", "x0"), ("ymin", "y1", "top", "bboxymin", "y0")
_RIGHT, _BOTTOM = ("xmax", "x2", "right", "bboxxmax"), ("ymax", "y2", "bottom", "bboxymax")
_X, _Y = ("x", "bboxx", *_LEFT), ("y", "bboxy", *_TOP)
_W, _H = ("w", "bboxwidth", "bboxw", "width"), ("h", "bboxheight", "bboxh", "height")
_ONE = ("bbox", "box", "boundingbox")
_NOT_A_CLASS = (
    "source", "id", "confidence", "score", "usage", "depth", "area", "iscrowd", "split", "subset",
)  # fmt: skip
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_INSIDE = re.compile(r"[^\s,;\[\]()]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the cells of a table stand.

    Attributes:
        image: cell of the picture's name.
        box: four cells, one that holds four numbers, or none in a table that is about something else.
        form: ``xyxy`` (corners) or ``xywh`` (corner and size).
        category: cell of the class, or None.
        size: cells of the picture's width and height, or None.
        header: whether the first row names the columns.
        normalized: whether numbers are shares of the picture's size.
    """

    image: int
    box: tuple[int, ...]
    form: str
    category: int | None
    size: tuple[int, int] | None = None
    header: bool = True
    normalized: bool = False


def detect(root: Path) -> str | None:
    """Recognise a table with columns for a box whose rows name pictures of the set."""
    tree = scanned(root)
    found = list(_layouts(tree, {}))
    return (
        f"boxes in {found[0][0]}" + (f" and {len(found) - 1} more" if len(found) > 1 else "")
        if found
        else None
    )


def open(root: Path, options: Mapping[str, Any]) -> CsvBoxesDataset:  # noqa: A001 - the name formats share
    """Open a data set.

    Raises:
        UsageError: an option is wrong, no table has boxes, or one cannot be parsed.
    """
    checked = chosen(options, OPTIONS, NAME)
    dataset = CsvBoxesDataset(root, name=NAME, spatial=True, options=checked)
    for file, layout, delimiter in _layouts(dataset.tree(), checked):
        dataset.layouts[file], dataset.delimiters[file] = layout, delimiter
    if not dataset.layouts:
        raise UsageError(f"{root}: no CSV file with boxes whose rows name pictures of this set")
    if "file" not in checked:
        dataset.add_others()
    dataset.load()
    dataset.settle()
    return dataset


def _layouts(tree: Tree, options: Mapping[str, Any]) -> Iterator[tuple[str, Layout, str]]:
    references: References | None = None
    for file in candidates(tree):
        if "file" in options and options["file"] != file:
            continue
        table = head(tree, file)
        layout = _layout(table, options) if table and table.rows else None
        if table is None or layout is None:
            continue
        references = references or References(tree)
        if any(_names(row, layout.image, file, references) for row in table.rows[layout.header :]):
            yield file, layout, table.delimiter


def _names(row: Row, at: int, file: str, references: References) -> bool:
    try:
        return at < len(row.cells) and references.find(row.cells[at], file, row.line) is not None
    except Exception:  # noqa: BLE001 - a look only; a path outside the set is reported when rows are read
        return False


def plain(name: str) -> str:
    """Return a column's name in lower case without blanks, dashes and underscores."""
    return re.sub(r"[\s_\-.]", "", name).lower()


def _layout(table: Table, options: Mapping[str, Any]) -> Layout | None:
    first = table.rows[0].cells
    if is_image_name(first[0]):
        return _without_header(table)
    names = [plain(cell) for cell in first]
    image = next((at for at, name in enumerate(names) if name in IMAGE), None)

    def cells(*groups: tuple[str, ...]) -> tuple[int, ...] | None:
        found = [next((names.index(name) for name in group if name in names), None) for group in groups]
        return None if None in found else tuple(at for at in found if at is not None)

    corners, sized, one = cells(_LEFT, _TOP, _RIGHT, _BOTTOM), cells(_X, _Y, _W, _H), cells(_ONE)
    box = corners or sized or one
    if image is None or box is None:
        return None
    size = cells(("width", "imagewidth", "imgwidth"), ("height", "imageheight", "imgheight"))
    taken = {image, *box, *(size or ())}
    if options.get("class_column"):
        category = (
            names.index(plain(options["class_column"])) if plain(options["class_column"]) in names else None
        )
    else:
        category = _class_cell(names, taken)
    form = "xyxy" if box is corners else options.get("bbox", "xywh")
    pair = (size[0], size[1]) if size and not set(size) & set(box) else None
    return Layout(image, box, form, category, pair, True, options.get("coordinates") == "normalized")


def _class_cell(names: list[str], taken: set[int]) -> int | None:
    free = [at for at in range(len(names)) if at not in taken]
    for at in free:
        if names[at] in CLASS:
            return at
    left = [at for at in free if names[at] not in _NOT_A_CLASS]
    return left[0] if len(left) == 1 else None


def _without_header(table: Table) -> Layout | None:
    """Recognise ``path,x1,y1,x2,y2,class`` and ``path,class,x1,y1,x2,y2``; all five may be empty."""
    rows = [row.cells for row in table.rows]
    if any(len(row) != 6 for row in rows):
        return None
    for box, category in (((1, 2, 3, 4), 5), ((2, 3, 4, 5), 1)):
        if all(all(not row[at] or _NUMBER.match(row[at]) for at in box) for row in rows):
            full = [row for row in rows if row[box[0]]]
            if full and not all(_NUMBER.match(row[category]) for row in full):
                return Layout(0, box, "xyxy", category, header=False)
    return None


@dataclass
class CsvBoxesDataset(CsvDataset):
    """A scanned set of pictures and tables of boxes."""

    def add_others(self) -> None:
        """Take along tables that say something else of the pictures: their rows are copied for variants."""
        from augtool.formats import csvlabels

        for file, layout, delimiter in csvlabels.tables(self.tree(), {}):
            if file not in self.layouts:
                self.layouts[file] = Layout(layout.image, (), "xyxy", None, header=layout.header)
                self.delimiters[file] = delimiter

    def settle(self) -> None:
        """Decide what only all rows can tell: corners or sizes in one cell, pixels or shares."""
        for file, layout in self.layouts.items():
            boxes = [box for row in self.body(file, self._tables[file]) if (box := _values(row, layout))]
            if len(layout.box) == 1 and "bbox" not in self.options:
                ordered = bool(boxes) and all(box[2] > box[0] and box[3] > box[1] for box in boxes)
                layout = replace(layout, form="xyxy" if ordered else "xywh")  # noqa: PLW2901
            if "coordinates" not in self.options:
                shares = bool(boxes) and all(0 <= value <= 1 for box in boxes for value in box)
                broken = any(value != int(value) for box in boxes for value in box)
                layout = replace(layout, normalized=shares and broken)  # noqa: PLW2901
            self.layouts[file] = layout

    def image_cell(self, file: str) -> int:
        """Return which cell names the picture."""
        return int(self.layouts[file].image)

    def has_header(self, file: str) -> bool:
        """Return whether the first row names the columns."""
        return bool(self.layouts[file].header)

    def described(self, item: Item, rows: list[tuple[str, Row]]) -> Item:
        """Add the classes of a picture's boxes."""
        classes = (
            _category(row, self.layouts[file]) for file, row in rows if not _empty(row, self.layouts[file])
        )
        return replace(item, classes=tuple(classes))

    def read_labels(self, item: Item, size: tuple[int, int]) -> Labels:
        """Return a box for each row; see the protocol."""
        instances = []
        for at, (file, row) in enumerate(self.parsed(item)):
            layout: Layout = self.layouts[file]
            if _empty(row, layout):
                continue
            box = self._box(file, row, layout, size)
            flat = box[2] <= box[0] or box[3] <= box[1]
            category = _category(row, layout)
            extra = {
                "row": at,
                "file": file,
                "line": row.line,
                "box": box,
                "zero_area": flat,
                "category": category,
            }
            instances.append(Instance(category, box, extra=extra))
        return Labels(tuple(instances), extra={"size": size})

    def write_labels(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return the rows of a picture: as they were, but for the name and what moved."""
        kept = {instance.extra["row"]: instance for instance in labels.instances}
        lines: list[list[str]] = []
        for at, (file, row) in enumerate(self.parsed(item)):
            layout: Layout = self.layouts[file]
            changes = {}
            name = renamed(row.cells[layout.image], item.key, output)
            if name != row.cells[layout.image]:
                changes[layout.image] = name
            if layout.size and size != labels.extra["size"]:
                changes |= {layout.size[0]: str(size[0]), layout.size[1]: str(size[1])}
            if at in kept:
                changes |= self._moved(row, layout, kept[at], size)
            elif not _empty(row, layout):
                if layout.header or any(line[0] == file for line in lines) or _more(kept, at):
                    continue
                # Without a header, a row of nothing but the name says that the picture shows no object.
                changes |= dict.fromkeys((*layout.box, layout.category), "")  # type: ignore[arg-type]
            lines.append([file, row.replaced(changes, self.delimiters[file])])
        lost = (IGNORED,) if any(instance.crowd for instance in labels.instances) else ()
        return Written(fragment=lines or None, lost=lost)

    def _box(
        self, file: str, row: Row, layout: Layout, size: tuple[int, int]
    ) -> tuple[float, float, float, float]:
        values = _values(row, layout)
        if values is None:
            raise fault("label_invalid", file, row.line, "a box needs four finite numbers")
        x0, y0, x1, y1 = values
        if layout.form == "xywh":
            x1, y1 = x0 + x1, y0 + y1
        if x1 < x0 or y1 < y0:
            raise fault("label_invalid", file, row.line, f"a box inside out ({x0:g}, {y0:g}, {x1:g}, {y1:g})")
        if layout.normalized:
            x0, y0, x1, y1 = x0 * size[0], y0 * size[1], x1 * size[0], y1 * size[1]
        stated = _stated(row, layout)
        if stated and stated != size and (stated == size[::-1] or x1 > size[0] + 1 or y1 > size[1] + 1):
            text = f"is for a picture of {stated[0]}x{stated[1]}, but it is displayed as {size[0]}x{size[1]}"
            raise fault("label_invalid", file, row.line, text)
        return x0, y0, x1, y1

    def _moved(self, row: Row, layout: Layout, instance: Instance, size: tuple[int, int]) -> dict[int, str]:
        changes = {}
        if layout.category is not None and instance.category != instance.extra["category"]:
            changes[layout.category] = harmless(instance.category)
        if instance.box is None or instance.box == instance.extra["box"]:
            return changes
        old = _texts(row, layout)
        x0, y0 = max(instance.box[0], 0.0), max(instance.box[1], 0.0)
        x1, y1 = min(instance.box[2], float(size[0])), min(instance.box[3], float(size[1]))
        texts = _spelled((x0, y0, x1, y1), layout, size, all(re.fullmatch(r"[+-]?\d+", text) for text in old))
        if len(layout.box) == 4:
            return changes | dict(zip(layout.box, texts, strict=True))
        new = iter(texts)
        return changes | {layout.box[0]: _INSIDE.sub(lambda _: next(new), row.cells[layout.box[0]])}


def _spelled(
    box: tuple[float, float, float, float], layout: Layout, size: tuple[int, int], whole: bool
) -> list[str]:
    x0, y0, x1, y1 = box
    if layout.normalized:
        x0, y0, x1, y1 = x0 / size[0], y0 / size[1], x1 / size[0], y1 / size[1]
    elif whole:
        x0, y0 = min(round(x0), size[0] - 1), min(round(y0), size[1] - 1)
        x1, y1 = max(round(x1), x0 + 1), max(round(y1), y0 + 1)
    values = (x0, y0, x1 - x0, y1 - y0) if layout.form == "xywh" else (x0, y0, x1, y1)
    return [
        str(value) if isinstance(value, int) else repr(round(value, 8 if layout.normalized else 4))
        for value in values
    ]


def _texts(row: Row, layout: Layout) -> list[str]:
    if len(layout.box) == 1:
        return _INSIDE.findall(row.cells[layout.box[0]]) if layout.box[0] < len(row.cells) else []
    return [row.cells[at] if at < len(row.cells) else "" for at in layout.box]


def _values(row: Row, layout: Layout) -> tuple[float, float, float, float] | None:
    texts = _texts(row, layout)
    if len(texts) != 4 or not all(_NUMBER.match(text) for text in texts):
        return None
    a, b, c, d = map(float, texts)
    return (a, b, c, d) if all(map(math.isfinite, (a, b, c, d))) else None


def _empty(row: Row, layout: Layout) -> bool:
    return not any(_texts(row, layout))


def _category(row: Row, layout: Layout) -> str:
    at = layout.category
    return row.cells[at] if at is not None and at < len(row.cells) and row.cells[at] else "object"


def _stated(row: Row, layout: Layout) -> tuple[int, int] | None:
    if layout.size is None or max(layout.size) >= len(row.cells):
        return None
    width, height = (row.cells[at] for at in layout.size)
    if not (width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        return None
    return int(width), int(height)


def _more(kept: Mapping[int, Instance], at: int) -> bool:
    return any(other > at for other in kept)
