"""Hugging Face ImageFolder: ``metadata.csv`` or ``metadata.jsonl`` beside or above the pictures.

A picture that the metadata does not list is dropped by the library without a word, and class folders stop
counting once there is metadata. So every picture is listed, and where class folders are the only place that
names a picture's class, its row gets a ``label``. Boxes in ``objects`` (x, y, width, height) move along.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from augtool.errors import ItemError, UsageError
from augtool.formats import csvtext, findings
from augtool.formats.base import IGNORED, Fragment, Written
from augtool.formats.jsontext import spelled
from augtool.formats.references import renamed
from augtool.formats.spool import Spool
from augtool.formats.tree import Tree, TreeDataset, broken_folders, chosen, items, scanned
from augtool.formats.untrusted import MAX_SET, fault, inside, parse_json, read_label, relative_path, whole_set
from augtool.formats.walk import SPLITS
from augtool.labels import Instance, Labels
from augtool.sample import Item

NAME = "imagefolder"
FILES = ("metadata.csv", "metadata.jsonl")
KEY, LABEL = "file_name", "label"
CATEGORIES = ("categories", "category", "labels", "label", "names", "name")


def detect(root: Path) -> str | None:
    """Recognise metadata files with a ``file_name``."""
    found = [path for path in _files(scanned(root)) if _begins(root, path)]
    return f"Hugging Face ImageFolder with {found[0]}" if found else None


def open(root: Path, options: Mapping[str, Any]) -> ImageFolderDataset:  # noqa: A001 - the name formats share
    """Open a data set.

    Raises:
        UsageError: a metadata file cannot be parsed, or has no ``file_name``.
    """
    dataset = ImageFolderDataset(root, name=NAME, options=chosen(options, {}, NAME))
    with whole_set():
        dataset.load()
    return dataset


def _files(tree: Tree) -> Iterator[str]:
    for path, folder in tree.folders.items():
        yield from (path + name for name in FILES if name in folder.files)


def _begins(root: Path, path: str) -> bool:
    try:
        with inside(root, path).open("rb") as stream:
            line = stream.readline(65536)
    except (OSError, ItemError):
        return False
    words = line.decode("utf-8-sig", "replace").strip().replace('"', "").split(",")
    return f'"{KEY}"'.encode() in line if path.endswith(".jsonl") else KEY in [word.strip() for word in words]


@dataclass(frozen=True, slots=True)
class Ref:
    """A picture's rows, as (line, text), in the metadata file ``file``; ``label`` is to be added to them."""

    file: str | None
    rows: tuple[tuple[int, str], ...] = ()
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the writer needs of a metadata file: delimiter, columns and the places of two of them."""

    head: str = ""
    delimiter: str = ","
    newline: str = "\n"
    columns: int = 0
    key: int = 0
    labelled: bool = False


@dataclass
class ImageFolderDataset(TreeDataset):
    """A scanned set of pictures and metadata."""

    sheets: dict[str, Sheet] = field(default_factory=dict)
    _rows: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    _orphans: list[tuple[str, int, str]] = field(default_factory=list)
    _faults: list[ItemError] = field(default_factory=list)
    _classes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the rows behind on the way to a worker."""
        return super().__getstate__() | {"_rows": {}, "_orphans": [], "_faults": [], "_classes": {}}

    def load(self) -> None:
        """Read the metadata files.

        Raises:
            UsageError: a CSV has no ``file_name``, or cannot be parsed.
            ItemError: a line of JSON cannot be parsed.
        """
        for file in _files(self.tree()):
            data = read_label(self.root, file, MAX_SET)
            if file.endswith(".csv"):
                self._load_csv(file, data)
            else:
                self._load_lines(file, data)

    def _load_csv(self, file: str, data: bytes) -> None:
        table = csvtext.parse(data, file)
        names = table.rows[0].cells if table.rows else ()
        if KEY not in names:
            raise UsageError(f"{file}:1: has no column {KEY}")
        key = names.index(KEY)
        head = table.bom + table.rows[0].text
        self.sheets[file] = Sheet(head, table.delimiter, table.newline, len(names), key, LABEL in names)
        for row in table.rows[1:]:
            label = row.cells[names.index(LABEL)] if LABEL in names and len(row.cells) == len(names) else ""
            self._add(file, row.line, row.text, row.cells[key] if key < len(row.cells) else "", (label,))

    def _load_lines(self, file: str, data: bytes) -> None:
        bom, text = csvtext.decode(data, file)
        labelled = False
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                value = parse_json(csvtext.encode(line), file)
            except ItemError as error:
                message = str(error).partition(": ")[2]
                raise fault(error.code, file, number, message) from None
            if not isinstance(value, dict) or not isinstance(value.get(KEY), str):
                raise fault("label_syntax", file, number, f"a line without {KEY}")
            labelled |= LABEL in value
            self.spatial |= isinstance(value.get("objects"), dict)
            self._add(file, number, line, value[KEY], _names(value))
        self.sheets[file] = Sheet(bom, newline="\r\n" if "\r\n" in text else "\n", labelled=labelled)

    def _add(self, file: str, line: int, text: str, name: str, classes: tuple[str, ...]) -> None:
        try:
            key = file.rpartition("/")[0] + "/" * ("/" in file) + relative_path(name, file, line)
        except ItemError as error:
            self._faults.append(error)
            return
        if self.tree().has(key):
            self._rows.setdefault(key, []).append((line, text))
            self._classes[key] = self._classes.get(key, ()) + tuple(filter(None, classes))
        else:
            self._orphans.append((file, line, name))

    def items(self) -> Iterator[Item]:
        """Yield every picture with its rows, and the row it lacks."""
        self.ignored.clear()
        tree = self.tree()
        yield from broken_folders(tree)
        for at, error in enumerate(self._faults):
            yield Item(f"{str(error).split(': ')[0]}#{at}", "", "", "", problem=(error.code, str(error)))
        divided = (
            len({name for path in tree.folders if (name := _class(path)) and tree.folders[path].pictures()})
            > 1
        )
        for folder in tree.folders.values():
            file = self._file_of(folder.path)
            label = _class(folder.path) if divided else None
            for item in items(folder):
                rows = tuple(self._rows.get(item.key, ()))
                missing = file is not None and not self.sheets[file].labelled
                ref = Ref(file, rows, label if missing or not rows else None)
                own = self._classes.get(item.key) or ((label,) if label else ())
                yield replace(item, ref=ref, classes=own, label=label or (own[0] if len(own) == 1 else None))
            for name in folder.files:
                if folder.path + name not in self.sheets and name not in folder.pictures():
                    self.ignored[os.path.splitext(name)[1].lower() or "no suffix"] += 1  # noqa: PTH122

    def read_labels(self, item: Item, size: tuple[int, int]) -> Labels:  # noqa: ARG002 - the protocol's signature
        """Return the boxes in a picture's ``objects``; see the protocol."""
        ref: Ref = item.ref
        if ref.file is None or ref.file.endswith(".csv"):
            return Labels()
        made = []
        for number, (line, text) in enumerate(ref.rows):
            value = parse_json(csvtext.encode(text), ref.file)
            for at, (box, category) in enumerate(_boxes(value, ref.file, line)):
                extra = {
                    "row": number,
                    "at": at,
                    "box": box,
                    "category": category,
                    "file": ref.file,
                    "line": line,
                }
                made.append(Instance(category, box, extra=extra))
        return Labels(tuple(made))

    def write_labels(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return the rows of a picture under the written one's name."""
        ref: Ref = item.ref
        if ref.file is None:
            return Written()
        sheet = self.sheets[ref.file]
        lost = (IGNORED,) if any(instance.crowd for instance in labels.instances) else ()
        if ref.file.endswith(".csv"):
            made = [_csv_row(text, sheet, item, output, ref) for _, text in ref.rows]
            made = made or [_new_csv_row(sheet, output, ref)]
        else:
            made = [
                _json_row(
                    text,
                    item,
                    output,
                    ref,
                    [each for each in labels.instances if each.extra["row"] == at],
                    size,
                )
                for at, (_, text) in enumerate(ref.rows)
            ]
            if not made:
                made = [spelled({KEY: _below(ref.file, output)} | ({LABEL: ref.label} if ref.label else {}))]
        ended = [text if text.endswith("\n") else text.rstrip("\r") + sheet.newline for text in made]
        return Written(fragment=[ref.file, ended], lost=lost)

    def finish_set(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the metadata files with a row for every picture written."""
        spool = Spool(self.sheets)
        adding: dict[str, bool] = {}
        for item in self.items():
            if item.ref is not None and item.ref.file:
                adding[item.ref.file] = adding.get(item.ref.file, False) or bool(item.ref.label)
        for file, sheet in self.sheets.items():
            head = sheet.head
            if file.endswith(".csv") and not sheet.labelled and adding.get(file):
                body = head.rstrip("\r\n")
                head = f"{body}{sheet.delimiter}{LABEL}{sheet.newline}"
            spool.add(file, csvtext.encode(head))
        for fragment in fragments:
            if fragment.data:
                file, lines = fragment.data
                for text in lines:
                    spool.add(file, csvtext.encode(text))
        yield from spool.drain()

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield what is wrong with the metadata and its boxes."""
        for file, line, name in self._orphans:
            yield findings.problem(file, line, "missing_image", f"names {name!r}, which is not there")
        for item in self.items():
            ref = item.ref
            if ref is None or ref.file is None:
                continue
            if not ref.rows:
                yield findings.problem(
                    ref.file, 0, "unlabelled", f"does not list {item.key!r}; a row is added", item.key
                )
            for line, _ in ref.rows[1:]:
                yield findings.problem(ref.file, line, "duplicate", "the same picture again", item.key)
        yield from findings.of_items(self)

    def _file_of(self, folder: str) -> str | None:
        """Return the metadata file that a folder's pictures belong to: the nearest above."""
        parts = folder.split("/")[:-1]
        for at in range(len(parts), -1, -1):
            above = "".join(f"{part}/" for part in parts[:at])
            for name in FILES:
                if above + name in self.sheets:
                    return above + name
        return None


def _class(path: str) -> str | None:
    """Return the class a folder stands for: its own name, unless that is a split's."""
    name = path.rstrip("/").rpartition("/")[2]
    return name if name and name.lower() not in SPLITS else None


def _below(file: str, output: str) -> str:
    home = file.rpartition("/")[0]
    path = output[len(home) + 1 :] if home and output.startswith(f"{home}/") else output
    return csvtext.harmless(path, path=True)


def _csv_row(text: str, sheet: Sheet, item: Item, output: str, ref: Ref) -> str:
    row = next(csvtext.rows(text, "", sheet.delimiter))
    name = renamed(row.cells[sheet.key], item.key, output)
    text = row.replaced({sheet.key: name} if name != row.cells[sheet.key] else {}, sheet.delimiter)
    if ref.label is None or sheet.labelled:
        return text
    body, label = text.rstrip("\r\n"), csvtext.quoted(csvtext.harmless(ref.label), sheet.delimiter)
    return f"{body}{sheet.delimiter}{label}{sheet.newline}"


def _new_csv_row(sheet: Sheet, output: str, ref: Ref) -> str:
    assert ref.file is not None  # noqa: S101 - the caller looked
    cells = [""] * sheet.columns
    cells[sheet.key] = csvtext.quoted(_below(ref.file, output), sheet.delimiter)
    if ref.label is not None:
        own = csvtext.quoted(csvtext.harmless(ref.label), sheet.delimiter)
        names = next(csvtext.rows(sheet.head.removeprefix("\ufeff"), "", sheet.delimiter)).cells
        if LABEL in names:
            cells[names.index(LABEL)] = own
        else:
            cells.append(own)
    return sheet.delimiter.join(cells) + sheet.newline


def _json_row(
    text: str, item: Item, output: str, ref: Ref, instances: list[Instance], size: tuple[int, int]
) -> str:
    value = parse_json(csvtext.encode(text), str(ref.file))
    new = value | {KEY: renamed(value[KEY], item.key, output)}
    if ref.label is not None:
        new.setdefault(LABEL, ref.label)
    if isinstance(value.get("objects"), dict) and isinstance(value["objects"].get("bbox"), list):
        new["objects"] = _objects(value["objects"], instances, size)
    if new == value:
        return text
    return spelled(new, compact='": ' not in text)


def _objects(before: Mapping[str, Any], instances: list[Instance], size: tuple[int, int]) -> dict[str, Any]:
    """Return ``objects`` with what is left, every list of one value per object cut alike."""
    count = len(before["bbox"])
    kept = [instance.extra["at"] for instance in instances]
    after = {
        name: [value[at] for at in kept] if isinstance(value, list) and len(value) == count else value
        for name, value in before.items()
    }
    names = next((name for name in CATEGORIES if isinstance(before.get(name), list)), None)
    for place, instance in enumerate(instances):
        if instance.category != instance.extra["category"] and names and isinstance(after[names][place], str):
            after[names][place] = instance.category
        box = instance.box
        if box is None or box == instance.extra["box"]:
            continue
        x0, y0, x1, y1 = max(box[0], 0), max(box[1], 0), min(box[2], size[0]), min(box[3], size[1])
        after["bbox"][place] = [round(value, 4) for value in (x0, y0, x1 - x0, y1 - y0)]
        if isinstance(after.get("area"), list) and place < len(after["area"]):
            after["area"][place] = round((x1 - x0) * (y1 - y0), 4)
    return after


def _boxes(value: Any, file: str, line: int) -> Iterator[tuple[tuple[float, float, float, float], str]]:
    objects = value.get("objects")
    if not isinstance(objects, dict) or not isinstance(objects.get("bbox"), list):
        return
    names = next((objects[name] for name in CATEGORIES if isinstance(objects.get(name), list)), None)
    if names is not None and len(names) != len(objects["bbox"]):
        raise fault("label_invalid", file, line, "objects has not as many categories as boxes")
    for at, box in enumerate(objects["bbox"]):
        good = isinstance(box, list) and len(box) == 4 and all(type(side) in (int, float) for side in box)
        if not good or box[2] < 0 or box[3] < 0:
            raise fault("label_invalid", file, line, "a box in objects needs x, y, width, height")
        x, y, width, height = map(float, box)
        yield (x, y, x + width, y + height), str(names[at]) if names else "object"


def _names(value: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the classes a line names: of its objects, or its label."""
    objects = value.get("objects")
    if isinstance(objects, dict):
        names: list[Any] = next(
            (objects[name] for name in CATEGORIES if isinstance(objects.get(name), list)), []
        )
        return tuple(map(str, names))
    return (str(value[LABEL]),) if isinstance(value.get(LABEL), str | int) else ()
