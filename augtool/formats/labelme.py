"""LabelMe: a JSON file per picture, with polygons, rectangles, circles, lines, points and masks.

``imagePath`` names the picture relative to the JSON. A copy of the picture inside the JSON (``imageData``)
is left out of what is written.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from augtool.errors import ItemError
from augtool.filenames import safe_path
from augtool.formats import findings
from augtool.formats.base import IGNORED, Fragment, Written
from augtool.formats.jsontext import indent_of, spelled
from augtool.formats.labelmeshapes import instance_of, shapes_of
from augtool.formats.stems import own_stems
from augtool.formats.tree import Pairing, TreeDataset, broken_folders, chosen, items, scanned
from augtool.formats.untrusted import fault, inside, parse_json, read_label
from augtool.labels import Labels
from augtool.sample import Item

NAME = "labelme"
FOLDERS = ("json", "jsons", "annotations", "annotation", "labels", "label", "labelme", "anns", "ann")
MAX_BYTES = 1 << 27  # a JSON may carry its picture
_LOOK = 20
_LABELS = re.compile(rb'"label"\s*:\s*"((?:[^"\\]|\\.)*)"')


def detect(root: Path) -> str | None:
    """Recognise JSON files with ``shapes`` that lie beside pictures or in a folder for labels."""
    found = sum(1 for path in islice(scanned(root).files(".json"), _LOOK) if _is_labelme(root, path))
    return "LabelMe JSON files" if found else None


def open(root: Path, options: Mapping[str, Any]) -> LabelMeDataset:  # noqa: A001 - the name formats share
    """Open a data set."""
    return LabelMeDataset(root, name=NAME, spatial=True, options=chosen(options, {}, NAME))


def _is_labelme(root: Path, path: str) -> bool:
    try:
        with inside(root, path).open("rb") as stream:
            start = stream.read(65536)
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - 65536))
            end = stream.read()
    except (OSError, ItemError):
        return False
    # Without sorted keys an embedded picture can stand before either of the two.
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and all(
        name in start or name in end for name in (b'"shapes"', b'"imagePath"')
    )


@dataclass
class LabelMeDataset(TreeDataset):
    """A scanned set of pictures and their JSON files. ``Item.ref`` is (path of the JSON or None, exact)."""

    def items(self) -> Iterator[Item]:
        """Yield every picture with its JSON file."""
        self.ignored.clear()
        tree = self.tree()
        pairing = Pairing(tree, FOLDERS, lambda stem: [f"{stem}.json"], beside=True)
        yield from broken_folders(tree)
        for folder in tree.folders.values():
            for item in own_stems(items(folder)):
                found = pairing.find(item.key)
                ref = (found.path, found.exact) if found else (None, True)
                yield replace(item, ref=ref, classes=self._classes(ref[0]))
            for name in folder.files:
                if not name.lower().endswith(".json") and name not in folder.pictures():
                    self.ignored[os.path.splitext(name)[1].lower() or "no suffix"] += 1  # noqa: PTH122

    def read_labels(self, item: Item, size: tuple[int, int]) -> Labels:
        """Return the shapes of a picture; see the protocol."""
        file = item.ref[0]
        if file is None:
            return Labels()
        data = read_label(self.root, file, MAX_BYTES)
        document = parse_json(data, file)
        if not isinstance(document, dict) or not isinstance(document.get("shapes"), list):
            raise fault("label_syntax", file, 1, "is not LabelMe's: it has no list of shapes")
        _check_path(document.get("imagePath"), file)
        _check_size(document, file, size)
        lines = _lines(data)
        instances = tuple(
            instance_of(shape, at, file, lines[at] if at < len(lines) else 0)
            for at, shape in enumerate(document["shapes"])
        )
        extra = {"document": document, "data": data}
        return Labels(instances, extra=extra)

    def write_labels(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return the JSON file of a picture."""
        file = item.ref[0]
        if file is None:
            return Written()
        data, document = labels.extra["data"], labels.extra["document"]
        lost: list[str] = []
        shapes, changed = shapes_of(document["shapes"], labels.instances, lost)
        folder, slash, _ = file.rpartition("/")
        stem = os.path.splitext(output.rpartition("/")[2])[0]  # noqa: PTH122
        target = f"{safe_path(folder)}{slash}{stem}.json"
        facts: dict[str, Any] = {"imagePath": _path(document.get("imagePath"), item.key, output, target)}
        facts |= {"imageHeight": size[1], "imageWidth": size[0]}
        if document.get("imageData") is not None:
            lost.append(
                "imageData: the copy of the picture in the JSON is left out; imagePath names the picture"
            )
        facts["imageData"] = None
        facts = {name: value for name, value in facts.items() if name in document or name == "imagePath"}
        if any(instance.crowd for instance in labels.instances):
            lost.append(IGNORED)
        if not changed and all(document.get(name) == value for name, value in facts.items()):
            return Written({target: data}, lost=tuple(lost))
        text = spelled(document | {"shapes": shapes} | facts, indent_of(data.decode("utf-8-sig")))
        return Written({target: text.encode() + b"\n" * data.endswith(b"\n")}, lost=tuple(lost))

    def finish_set(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:  # noqa: ARG002
        """Yield ``labels.txt``, the list of classes, as it was."""
        if self.tree().has("labels.txt"):
            yield "labels.txt", [read_label(self.root, "labels.txt")]

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield what is wrong with the files and their shapes."""
        used: set[str] = set()
        for item in self.items():
            if item.ref is None:
                continue
            file, exact = item.ref
            if file is None:
                yield findings.problem(item.key, 0, "unlabelled", "has no JSON file", item.key)
                continue
            used.add(file)
            if not exact:
                text = "belongs to its picture only if letter case is ignored"
                yield findings.problem(file, 0, "case_differs", text, item.key)
            yield from self._of_path(file, item.key)
        for path in self.tree().files(".json"):
            if path not in used and _is_labelme(self.root, path):
                yield findings.problem(path, 0, "missing_image", "is about a picture that is not there")
        yield from findings.of_items(self)

    def _of_path(self, file: str, key: str) -> Iterator[dict[str, Any]]:
        try:
            document = parse_json(read_label(self.root, file, MAX_BYTES), file)
        except ItemError:
            return  # of_items() says so
        stated = document.get("imagePath") if isinstance(document, dict) else None
        name = key.rpartition("/")[2]
        if isinstance(stated, str) and re.split(r"[/\\]", stated)[-1] != name:
            text = f"imagePath is {stated!r}; it is taken to be {name!r} by its own name"
            yield findings.problem(file, 0, "filename_differs", text, key)

    def _classes(self, file: str | None) -> tuple[str, ...]:
        if file is None:
            return ()
        try:
            found = _LABELS.findall(read_label(self.root, file, MAX_BYTES))
            return tuple(str(parse_json(b'"' + name + b'"', file)) for name in found)
        except ItemError:
            return ()  # read() will say so


def _check_path(stated: Any, file: str) -> None:
    """Refuse an ``imagePath`` out of the data set. LabelMe itself writes ``../images/a.jpg``."""
    if stated is None:
        return
    text = stated.replace("\\", "/") if isinstance(stated, str) else "\0"
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(file), text))
    if "\0" in text or text.startswith("/") or re.match("[A-Za-z]:", text) or joined.split("/")[0] == "..":
        raise fault("label_path", file, 0, f"imagePath {ascii(stated)[:80]} leads out of the data set")


def _check_size(document: Mapping[str, Any], file: str, size: tuple[int, int]) -> None:
    stated = document.get("imageWidth"), document.get("imageHeight")
    if all(type(side) is int and side > 0 for side in stated) and stated != size:
        raise fault(
            "label_invalid", file, 0,
            f"is for a picture of {stated[0]}x{stated[1]}, but it is displayed as {size[0]}x{size[1]}",
        )  # fmt: skip


def _path(stated: Any, key: str, output: str, target: str) -> str:
    """Return ``imagePath`` for the written picture, in the way it was given where that was right."""
    name = output.rpartition("/")[2]
    if isinstance(stated, str):
        last = re.split(r"[/\\]", stated)[-1]
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(target), stated.replace("\\", "/")))
        if joined == key:
            return stated[: len(stated) - len(last)] + name
    return posixpath.relpath(output, posixpath.dirname(target) or ".")


def _lines(data: bytes) -> list[int]:
    """Return the lines of the labels, in order."""
    result, at, line = [], 0, 1
    for hit in _LABELS.finditer(data):
        line += data.count(b"\n", at, hit.start())
        at = hit.start()
        result.append(line)
    return result
