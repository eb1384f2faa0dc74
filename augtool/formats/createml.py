"""CreateML: a JSON list per folder, each picture with its boxes by their centres."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from augtool.errors import ItemError, UsageError
from augtool.formats import findings
from augtool.formats.base import IGNORED, Fragment, Written
from augtool.formats.jsontext import elements, indent_of, spelled
from augtool.formats.references import References, renamed
from augtool.formats.spool import Spool
from augtool.formats.tree import Tree, TreeDataset, broken_folders, chosen, items, scanned
from augtool.formats.untrusted import MAX_SET, fault, inside, json_decoder, json_fault, read_label, whole_set
from augtool.labels import Instance, Labels
from augtool.sample import Item

NAME = "createml"
IMAGES, LISTS = ("image", "imagefilename"), ("annotations", "annotation")


def detect(root: Path) -> str | None:
    """Recognise lists of pictures with boxes by their centres."""
    found = list(_files(scanned(root)))
    return f"CreateML annotations in {found[0]}" if found else None


def open(root: Path, options: Mapping[str, Any]) -> CreateMlDataset:  # noqa: A001 - the name formats share
    """Open a data set.

    Raises:
        UsageError: there is no list, or one cannot be parsed.
    """
    dataset = CreateMlDataset(root, name=NAME, spatial=True, options=chosen(options, {}, NAME))
    with whole_set():
        dataset.load()
    if not dataset.frames:
        raise UsageError(f"{root}: no JSON list of pictures with boxes by their centres")
    return dataset


def _files(tree: Tree) -> Iterator[str]:
    for path in tree.files(".json"):
        try:
            with inside(tree.root, path).open("rb") as stream:
                start = stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
        except (OSError, ItemError):
            continue
        listed = start.startswith(b"[") and any(f'"{name}"'.encode() in start for name in IMAGES)
        if path.endswith("createml.json") or (listed and b'"coordinates"' in start):
            yield path


@dataclass(frozen=True, slots=True)
class Entry:
    """An element of a list: its file, line and text."""

    file: str
    line: int
    text: str


@dataclass
class CreateMlDataset(TreeDataset):
    """A scanned set. ``frames`` holds what stands around and between the elements of each list."""

    frames: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    _entries: dict[str, list[tuple[Entry, Any]]] = field(default_factory=dict)
    _orphans: list[tuple[Entry, str]] = field(default_factory=list)
    _faults: list[ItemError] = field(default_factory=list)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the lists behind on the way to a worker."""
        return super().__getstate__() | {"_entries": {}, "_orphans": [], "_faults": []}

    def load(self) -> None:
        """Read the lists.

        Raises:
            ItemError: one is no list of pictures.
        """
        references = References(self.tree())
        for file in _files(self.tree()):
            text, decoder = json_decoder(read_label(self.root, file, MAX_SET), file)
            try:
                found = elements(text, decoder)
            except (ValueError, RecursionError) as error:
                raise json_fault(error, text, file) from None
            if found is None:
                raise fault("label_syntax", file, 1, "is not a list of pictures")
            self.frames[file] = _frame(text, [(start, end) for start, end, _ in found])
            at = line = 0
            for start, end, value in found:
                line += text.count("\n", at, start)
                at = start
                self._add(Entry(file, line + 1, text[start:end]), value, references)

    def _add(self, entry: Entry, value: Any, references: References) -> None:
        name = _first(value, IMAGES)
        if not isinstance(name, str) or not isinstance(_first(value, LISTS), list | None):
            raise fault(
                "label_syntax", entry.file, entry.line, "an element without a picture and a list of boxes"
            )
        try:
            key = references.find(name, entry.file, entry.line)
        except ItemError as error:
            self._faults.append(error)
            return
        if key is None:
            self._orphans.append((entry, name))
        else:
            self._entries.setdefault(key, []).append((entry, value))

    def items(self) -> Iterator[Item]:
        """Yield every picture with its elements."""
        self.ignored.clear()
        tree = self.tree()
        yield from broken_folders(tree)
        for at, error in enumerate(self._faults):
            yield Item(f"{str(error).split(': ')[0]}#{at}", "", "", "", problem=(error.code, str(error)))
        for folder in tree.folders.values():
            for item in items(folder):
                own = self._entries.get(item.key, [])
                classes = tuple(
                    each["label"]
                    for _, value in own
                    for each in _first(value, LISTS) or ()
                    if isinstance(each, dict) and isinstance(each.get("label"), str)
                )
                yield replace(item, classes=classes, ref=tuple(entry for entry, _ in own))
            for name in folder.files:
                if folder.path + name not in self.frames and name not in folder.pictures():
                    self.ignored[os.path.splitext(name)[1].lower() or "no suffix"] += 1  # noqa: PTH122

    def read_labels(self, item: Item, size: tuple[int, int]) -> Labels:  # noqa: ARG002 - the protocol's signature
        """Return the boxes of a picture; see the protocol."""
        instances = []
        for number, entry in enumerate(item.ref):
            for at, each in enumerate(_first(json.loads(entry.text), LISTS) or ()):
                box = _box(each, entry, at)
                extra = {"entry": number, "at": at, "file": entry.file, "line": _line(entry, at)}
                extra |= {"box": box, "category": each["label"]}
                instances.append(Instance(each["label"], box, extra=extra))
        return Labels(tuple(instances))

    def write_labels(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return a picture's elements under the written one's name."""
        kept = {(instance.extra["entry"], instance.extra["at"]): instance for instance in labels.instances}
        made = []
        for number, entry in enumerate(item.ref):
            value = json.loads(entry.text)
            key = next(name for name in IMAGES if name in value)
            name = renamed(value[key], item.key, output)
            boxes = []
            listed = next((name for name in LISTS if name in value), LISTS[0])
            for at, each in enumerate(value.get(listed) or ()):
                if (number, at) in kept:
                    boxes.append(_moved(each, kept[number, at], size))
            if name == value[key] and boxes == (value.get(listed) or []):
                made.append([entry.file, entry.text])
                continue
            value |= {key: name, listed: boxes}
            indent = indent_of(entry.text)
            text = spelled(value, indent and indent - _depth(self.frames[entry.file][1]))
            made.append([entry.file, text.replace("\n", "\n" + " " * _depth(self.frames[entry.file][1]))])
        lost = (IGNORED,) if any(instance.crowd for instance in labels.instances) else ()
        return Written(fragment=made or None, lost=lost)

    def finish_set(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the lists with the variants in them."""
        spool = Spool(self.frames)
        for fragment in fragments:
            for file, text in fragment.data or ():
                head, between, _ = self.frames[file]
                spool.add(file, ((between if spool.length(file) else head) + text).encode())
        for file, (head, _, tail) in self.frames.items():
            spool.add(file, (tail if spool.length(file) else f"{head.rstrip()}]").encode())
        yield from spool.drain()

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield what is wrong with the lists and their boxes."""
        for entry, name in self._orphans:
            text = f"names {name!r}, which is not there or not the only one of that name"
            yield findings.problem(entry.file, entry.line, "missing_image", text)
        for key, own in self._entries.items():
            for entry, value in own:
                name = str(_first(value, IMAGES)).replace("\\", "/").rpartition("/")[2]
                if key.rpartition("/")[2].casefold() == name.casefold() and key.rpartition("/")[2] != name:
                    text = f"belongs to {key!r} only if letter case is ignored"
                    yield findings.problem(entry.file, entry.line, "case_differs", text, key)
            for entry, _ in own[1:]:
                yield findings.problem(entry.file, entry.line, "duplicate", "the same picture again", key)
        for item in self.items():
            if item.ref == ():
                yield findings.problem(item.key, 0, "unlabelled", "is in no list", item.key)
        yield from findings.of_items(self)


def _frame(text: str, places: list[tuple[int, int]]) -> tuple[str, str, str]:
    """Return what stands before the first element, between two, and after the last."""
    if not places:
        return "[", ", ", "]"
    head = text[: places[0][0]]
    between = text[places[0][1] : places[1][0]] if len(places) > 1 else "," + (head.partition("[")[2] or " ")
    return head, between, text[places[-1][1] :]


def _depth(between: str) -> int:
    return len(between.rpartition("\n")[2]) if "\n" in between else 0


def _first(value: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in names if name in value), None)


def _line(entry: Entry, at: int) -> int:
    """Return the line of an element's box: that of its n-th label."""
    place = -1
    for _ in range(at + 1):
        found = entry.text.find('"label"', place + 1)
        if found < 0:
            break
        place = found
    return entry.line + entry.text.count("\n", 0, max(place, 0))


def _box(each: Any, entry: Entry, at: int) -> tuple[float, float, float, float]:
    sides = ("x", "y", "width", "height")
    spot = each.get("coordinates") if isinstance(each, dict) else None
    numbers: list[Any] = [spot.get(side) for side in sides] if isinstance(spot, dict) else []
    good = len(numbers) == 4 and all(type(number) in (int, float) for number in numbers)
    if not good or not isinstance(each.get("label"), str):
        raise fault(
            "label_invalid", entry.file, _line(entry, at), "a box needs a label and x, y, width, height"
        )
    x, y, width, height = numbers
    if width < 0 or height < 0:
        raise fault("label_invalid", entry.file, _line(entry, at), f"a box of size {width} x {height}")
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _moved(each: Any, instance: Instance, size: tuple[int, int]) -> Any:
    box, extra = instance.box, instance.extra
    if box is None or (box == extra["box"] and instance.category == extra["category"]):
        return each
    if box == extra["box"]:
        return each | {"label": instance.category}
    x0, y0, x1, y1 = max(box[0], 0), max(box[1], 0), min(box[2], size[0]), min(box[3], size[1])
    spot = {"x": (x0 + x1) / 2, "y": (y0 + y1) / 2, "width": x1 - x0, "height": y1 - y0}
    return each | {
        "label": instance.category,
        "coordinates": each["coordinates"] | {name: round(value, 5) for name, value in spot.items()},
    }
