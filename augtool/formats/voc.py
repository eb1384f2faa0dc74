"""Pascal VOC: one XML per picture, beside it or in ``Annotations``, with lists in ``ImageSets``.

Corners are whole numbers that count from 1 and include the last pixel (``origin: 1``, the standard), or
edges that count from 0 (``origin: 0``, what many tools write). Segmentation masks in ``SegmentationClass``
and ``SegmentationObject`` move along. What an annotation holds besides comes back as it was.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from augtool.errors import ItemError
from augtool.filenames import safe_path
from augtool.formats import findings, maskset, vocxml
from augtool.formats.base import IGNORED, Fragment, Written
from augtool.formats.imagesets import ImageSets
from augtool.formats.stems import own_stems
from augtool.formats.tree import Pairing, Tree, TreeDataset, broken_folders, chosen, items, scanned
from augtool.formats.untrusted import read_label
from augtool.formats.vocxml import Annotation
from augtool.labels import Instance, Labels, Polygon
from augtool.sample import Item

NAME = "voc"
FOLDERS = ("annotations", "annotation", "xmls", "xml", "labels", "label")
MASKS = ("segmentationclass", "segmentationobject")
OPTIONS: dict[str, Any] = {"origin": (1, 0)}
_NAMES = re.compile(rb"<object>.*?<name>\s*([^<]*?)\s*</name>", re.DOTALL)
_LOOK = 8  # annotation files a look at the format opens


def detect(root: Path) -> str | None:
    """Recognise XML files that are VOC annotations, in a folder for labels or beside pictures."""
    tree = scanned(root)
    looked = islice((path for path in tree.files(".xml")), _LOOK)
    if any(_is_voc(root, path) for path in looked):
        lists = ", with ImageSets" if any(path.endswith("ImageSets/") for path in tree.folders) else ""
        return f"Pascal VOC annotations{lists}"
    return None


def open(root: Path, options: Mapping[str, Any]) -> VocDataset:  # noqa: A001 - the name formats share
    """Open a data set.

    Raises:
        UsageError: an option is unknown or has an impossible value.
    """
    return VocDataset(root, name=NAME, spatial=True, options=chosen(options, OPTIONS, NAME))


def _is_voc(root: Path, path: str) -> bool:
    try:
        start = read_label(root, path)[:65536]
    except ItemError:
        return False
    if not re.search(rb"<annotation[\s>]", start):
        return False
    return b"<bndbox" in start or b"<object" not in start


@dataclass(frozen=True, slots=True)
class Ref:
    """What a picture's labels are read from: its XML, its masks, and its places in the lists."""

    xml: str | None
    masks: tuple[str, ...] = ()
    lists: tuple[tuple[str, str, bool], ...] = ()
    exact: bool = True


@dataclass
class VocDataset(TreeDataset):
    """A scanned VOC set."""

    @property
    def origin(self) -> int:
        """1 where corners count from 1 and include the last pixel; 0 where they are edges from 0."""
        return int(self.options.get("origin", 1))

    def items(self) -> Iterator[Item]:
        """Yield every picture outside the mask folders, with its annotation where it has one."""
        self.ignored.clear()
        tree = self.tree()
        pairing = Pairing(tree, FOLDERS, lambda stem: [f"{stem}.xml"], beside=True)
        masks = [Pairing(tree, (name,), lambda stem: [f"{stem}.png"], beside=False) for name in MASKS]
        sets = ImageSets(tree)
        self._count_ignored(tree)
        yield from broken_folders(tree)
        for folder in tree.folders.values():
            parts = folder.path.lower().split("/")
            if any(name in parts for name in MASKS):
                continue
            for item in own_stems(items(folder)):
                found = pairing.find(item.key)
                places = sets.of(item.key)
                ref = Ref(
                    found.path if found else None,
                    tuple(match.path for match in (mask.find(item.key) for mask in masks) if match),
                    tuple((place.file, place.flag, place.suffixed) for place in places),
                    found is None or found.exact,
                )
                split = sets.split(places) if sets.root_of(item.key) is not None else item.split
                yield replace(item, split=split, ref=ref, classes=self._classes(ref))

    def read_labels(self, item: Item, size: tuple[int, int]) -> Labels:
        """Return the boxes (and masks) of a picture; see the protocol."""
        ref: Ref = item.ref
        extra: dict[str, Any] = {"size": size}
        labels = Labels(extra=extra)
        if ref.masks:
            kept, fill = maskset.read(self.root, ref.masks, size, [255] * len(ref.masks))
            extra["masks"] = kept
            labels = replace(labels, semantic=kept.semantic, semantic_fill=fill)
        if ref.xml is None:
            return labels
        annotation = vocxml.parse(read_label(self.root, ref.xml), ref.xml)
        extra["annotation"] = annotation
        instances = tuple(self._instances(annotation))
        _check_size(annotation, instances, size)
        return replace(labels, instances=instances)

    def write_labels(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return the annotation and the masks of a picture, and its lines in the lists."""
        ref: Ref = item.ref
        stem = os.path.splitext(output.rpartition("/")[2])[0]  # noqa: PTH122
        files: dict[str, bytes] = {}
        lost: list[str] = []
        if ref.xml is not None:
            folder, slash, _ = ref.xml.rpartition("/")
            files[f"{safe_path(folder)}{slash}{stem}.xml"] = self._annotation(
                item, output, labels, size, lost
            )
        if ref.masks:
            assert labels.semantic is not None  # noqa: S101 - read() gave them, and masks are never dropped
            for path, data in zip(
                ref.masks, maskset.write(labels.extra["masks"], labels.semantic), strict=True
            ):
                folder, slash, _ = path.rpartition("/")
                files[f"{safe_path(folder)}{slash}{stem}.png"] = data
        classes = sorted({instance.category for instance in labels.instances})
        fragment = {"lists": [list(entry) for entry in ref.lists], "classes": classes} if ref.lists else None
        return Written(files, fragment, tuple(lost))

    def finish_set(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the lists of ``ImageSets`` with the variants in them, and ``labelmap.txt`` as it was."""
        tree = self.tree()
        for path in tree.files("labelmap.txt"):
            yield path, [read_label(self.root, path)]
        yield from ImageSets(tree).written(fragments)

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield what is wrong with annotations, lists and names."""
        tree = self.tree()
        used: set[str] = set()
        for item in self.items():
            if item.ref is None:
                continue
            name = item.key.rpartition("/")[2]
            if item.ref.xml is None:
                yield findings.problem(item.key, 0, "unlabelled", "has no annotation", item.key)
                continue
            used.add(item.ref.xml)
            if not item.ref.exact:
                text = f"belongs to {name} only if letter case is ignored"
                yield findings.problem(item.ref.xml, 0, "case_differs", text, item.key)
            yield from self._inner_problems(item, tree)
        for path in tree.files(".xml"):
            if path not in used and _is_voc(self.root, path):
                yield findings.problem(path, 0, "missing_image", "annotates a picture that is not there")
        yield from ImageSets(tree).problems(self.items())
        yield from findings.of_items(self)

    def _inner_problems(self, item: Item, tree: Tree) -> Iterator[dict[str, Any]]:
        """Yield what an annotation says that its picture, or the standard, does not agree with."""
        try:
            annotation = vocxml.parse(read_label(self.root, item.ref.xml), item.ref.xml)
        except ItemError:
            return  # of_items() says so
        name = item.key.rpartition("/")[2]
        stated = annotation.text(annotation.root, "filename")
        if stated and stated not in (name, os.path.splitext(name)[0]):  # noqa: PTH122
            there = "is another picture" if tree.has(item.key[: -len(name)] + stated) else "is not there"
            text = f"<filename> is {stated!r}, which {there}; it is taken to be {name!r} by its own name"
            element = annotation.root.find("filename")
            line = 0 if element is None else annotation.line(element)
            yield findings.problem(annotation.file, line, "filename_differs", text, item.key)
        for element in annotation.root.iter("bndbox"):
            sides = {annotation.text(element, "xmin"), annotation.text(element, "ymin")}
            if self.origin == 1 and sides & {"0", "0.0"}:
                text = "a box at 0, though corners count from 1; if this set counts from 0, set origin: 0"
                yield findings.problem(annotation.file, annotation.line(element), "origin", text, item.key)
                return

    def _count_ignored(self, tree: Tree) -> None:
        for folder in tree.folders.values():
            pictures = set(folder.pictures())
            for name in folder.files:
                suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122
                if name not in pictures and suffix != ".xml" and "ImageSets/" not in folder.path:
                    self.ignored[suffix or "no suffix"] += 1

    def _classes(self, ref: Ref) -> tuple[str, ...]:
        if ref.xml is None:
            return ()
        try:
            found = _NAMES.findall(read_label(self.root, ref.xml))
        except ItemError:
            return ()  # read() will say so
        return tuple(html.unescape(name.decode(errors="replace")) for name in found)

    def _instances(self, annotation: Annotation) -> Iterator[Instance]:
        for at, element in enumerate(annotation.objects):
            category = annotation.text(element, "name")
            place = {"object": at, "part": None, "file": annotation.file, "line": annotation.line(element)}
            if not category:
                raise ItemError(
                    "label_invalid", f"{annotation.file}:{place['line']}: <object> without <name>"
                )
            box, whole = annotation.box(element, self.origin)
            flat = box[2] <= box[0] + self.origin or box[3] <= box[1] + self.origin
            polygons = _polygon(annotation, element, self.origin)
            known = {"box": box, "whole": whole, "zero_area": flat and whole, "category": category}
            yield Instance(category, box, polygons=polygons, extra=place | known)
            for number, part in enumerate(element.findall("part")):
                name = annotation.text(part, "name") or "part"
                box, whole = annotation.box(part, self.origin)
                inner = {"part": number, "line": annotation.line(part), "zero_area": False}
                yield Instance(
                    name, box, extra=place | inner | {"box": box, "whole": whole, "category": name}
                )

    def _annotation(
        self, item: Item, output: str, labels: Labels, size: tuple[int, int], lost: list[str]
    ) -> bytes:
        annotation: Annotation = labels.extra["annotation"].copy()
        changed = _rename(annotation, item, output)
        changed |= _resize(annotation, size)
        kept = {(instance.extra["object"], instance.extra["part"]): instance for instance in labels.instances}
        for at, element in enumerate(annotation.objects):
            whole = kept.get((at, None))
            if whole is None:
                annotation.drop(element)
                changed = True
                continue
            changed |= self._update(element, whole, labels.extra["size"], size, lost)
            for number, part in enumerate(element.findall("part")):
                instance = kept.get((at, number))
                if instance is None:
                    element.remove(part)
                    changed = True
                else:
                    changed |= self._update(part, instance, labels.extra["size"], size, lost)
        return annotation.dump() if changed else annotation.data

    def _update(
        self,
        element: Any,
        instance: Instance,
        before: tuple[int, int],
        size: tuple[int, int],
        lost: list[str],
    ) -> bool:
        """Write a moved object into its element; return whether anything changed."""
        extra = instance.extra
        changed = instance.category != extra["category"] or instance.crowd
        vocxml.set_text(element, "name", instance.category)
        if instance.crowd and element.find("difficult") is None:
            lost.append(IGNORED)
        elif instance.crowd:
            vocxml.set_text(element, "difficult", "1")
        if instance.box is None or instance.box == extra["box"]:
            return changed
        vocxml.set_box(element, instance.box, self.origin, extra["whole"], size)
        if _at_edge(instance.box, size) and not _at_edge(extra["box"], before):
            vocxml.set_text(element, "truncated", "1")
        if instance.polygons is not None:
            _set_polygon(element, instance.polygons, self.origin, lost)
        for other in element.findall("robndbox"):
            element.remove(other)
            lost.append("robndbox: a turned box is not moved and was left out")
        return True


def _check_size(annotation: Annotation, instances: tuple[Instance, ...], size: tuple[int, int]) -> None:
    """Refuse boxes that were drawn on a picture of another size (turned by a camera's EXIF, say)."""
    stated = annotation.size()
    if stated is None or stated == size:
        return
    beyond = any(
        instance.box is not None and (instance.box[2] > size[0] + 1 or instance.box[3] > size[1] + 1)
        for instance in instances
    )
    if beyond or stated == size[::-1]:
        element = annotation.root.find("size")
        line = 0 if element is None else annotation.line(element)
        raise ItemError(
            "label_invalid",
            f"{annotation.file}:{line}: is for a picture of {stated[0]}x{stated[1]}, "
            f"but the picture is displayed as {size[0]}x{size[1]}",
        )


def _rename(annotation: Annotation, item: Item, output: str) -> bool:
    """Make ``<filename>`` and ``<path>`` name the written picture; return whether they did not."""
    source, name = item.key.rpartition("/")[2], output.rpartition("/")[2]
    stem = os.path.splitext(source)[0]  # noqa: PTH122
    changed = False
    for tag in ("filename", "path"):
        before = annotation.text(annotation.root, tag)
        last = re.split(r"[/\\]", before)[-1]
        # Some writers leave the suffix out.
        wanted = os.path.splitext(name)[0] if last == stem else name  # noqa: PTH122
        if last != wanted and (before or tag == "filename"):
            vocxml.set_text(annotation.root, tag, before[: len(before) - len(last)] + wanted)
            changed = True
    return changed


def _resize(annotation: Annotation, size: tuple[int, int]) -> bool:
    element = annotation.root.find("size")
    if element is None or annotation.size() == size:
        return False
    vocxml.set_text(element, "width", str(size[0]))
    vocxml.set_text(element, "height", str(size[1]))
    return True


def _at_edge(box: tuple[float, float, float, float], size: tuple[int, int]) -> bool:
    return box[0] <= 1e-6 or box[1] <= 1e-6 or box[2] >= size[0] - 1e-6 or box[3] >= size[1] - 1e-6


def _polygon(annotation: Annotation, element: Any, origin: int) -> tuple[Polygon, ...] | None:
    """Read an outline written as x1, y1, x2, y2 and so on below ``<polygon>``."""
    outline = element.find("polygon")
    if outline is None or outline.find("x1") is None:
        return None
    count = sum(1 for child in outline if re.fullmatch(r"x\d+", str(child.tag)))
    points = [
        [annotation.number(outline, f"x{at}") - origin / 2, annotation.number(outline, f"y{at}") - origin / 2]
        for at in range(1, count + 1)
    ]
    return (Polygon(np.array(points)),) if len(points) >= 3 else None


def _set_polygon(element: Any, polygons: tuple[Polygon, ...], origin: int, lost: list[str]) -> None:
    outline = element.find("polygon")
    if len(polygons) > 1:
        lost.append("polygon: an outline cut into several parts keeps its largest")
    ring = max((polygon.outer for polygon in polygons), key=len, default=np.empty((0, 2)))
    for child in list(outline):
        outline.remove(child)
    for at, (x, y) in enumerate(ring.tolist(), 1):
        for axis, value in (("x", x), ("y", y)):
            child = outline.makeelement(f"{axis}{at}", {})
            child.text = repr(round(value + origin / 2, 4))
            outline.append(child)
