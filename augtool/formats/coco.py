"""COCO: one JSON file per split (or for all) with boxes, polygons, run-length masks and keypoints.

Read in COCO's own layout (``annotations/instances_train2017.json``), in Roboflow's
(``train/_annotations.coco.json``) and with one JSON file anywhere near the pictures. Files that describe the
same pictures (``instances``, ``person_keypoints``, ``captions``, ``stuff``) are kept together: an object that
stands in two of them is one object. Panoptic files are not carried over, and ``problems`` says so.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augtool.errors import ItemError, UsageError
from augtool.filenames import safe_path
from augtool.formats import coco_shapes as shapes
from augtool.formats.base import Fragment, Written
from augtool.formats.coco_files import (
    Id,
    Ids,
    Output,
    Pictures,
    Placed,
    Record,
    SetFile,
    divided_names,
    find,
    is_id,
    load,
    many_objects,
)
from augtool.formats.folder import FolderDataset
from augtool.formats.untrusted import fault
from augtool.formats.walk import check_options, found
from augtool.labels import Instance, Labels
from augtool.sample import Item

if TYPE_CHECKING:
    from augtool.plan import Survey

NAME = "coco"


@dataclass(frozen=True, slots=True)
class Part:
    """What one JSON file says of a picture.

    Attributes:
        file: the file's number in the data set.
        line: where the picture's record stands.
        image: the record.
        base: the folder, with a slash, that its ``file_name`` starts from.
        annotations: with their lines.
        split: the split that a run puts the picture into, where the run divides the set.
    """

    file: int
    line: int
    image: Record
    base: str
    annotations: tuple[Placed, ...]
    split: str | None = None


def detect(root: Path) -> str | None:
    """Recognise a JSON file with COCO's lists, at most two folders down."""
    key = next((key for key, panoptic in find(root) if not panoptic), None)
    return f"COCO with {key}" if key else None


def open(root: Path, options: Mapping[str, Any]) -> CocoDataset:  # noqa: A001 - the name formats share
    """Open a COCO data set and read its JSON files.

    Args:
        root: its folder.
        options: ``keypoint_convention``: ``edge`` (default) where keypoints are places in the picture,
            ``center`` where they name pixels by index. ``flip_idx``: for each keypoint the index of its
            mirror image, where the names (``left_eye``, ``right_eye``) do not say it.

    Raises:
        UsageError: a JSON file or an option cannot be used, or there is no JSON file.

    """
    fields = dict(options)
    pairs = fields.pop("flip_idx", None)
    check_options(NAME, fields, {"keypoint_convention": ("edge", "center")}, ("flip_idx",))
    if pairs is not None and (
        not isinstance(pairs, list) or sorted(map(str, pairs)) != _numbered(len(pairs))
    ):
        raise UsageError(f"format {NAME}: flip_idx is not a list that names each keypoint from 0 once")
    with many_objects():
        dataset = CocoDataset(root, 0.5 if fields.get("keypoint_convention") == "center" else 0.0)
    if pairs is not None:
        dataset.flip_idx = tuple(map(int, pairs))
    return dataset


def _numbered(count: int) -> list[str]:
    return sorted(map(str, range(count)))


@dataclass
class CocoDataset:
    """A COCO data set. Its annotations stay in the main process; a picture's own travel in ``Item.ref``."""

    root: Path
    shift: float = 0.0
    name: str = NAME
    noun: str = "picture"
    spatial: bool = True
    keypoints: bool = False
    flip_idx: tuple[int, ...] | None = None
    ignored: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._problems: list[dict[str, Any]] = []
        self._files: list[SetFile] = []
        self._bases: set[str] | None = None
        for key, panoptic in find(self.root):
            if panoptic:
                message = "panoptic segments are not carried over to the output"
                self._problems.append(found(key, 0, "not_handled", message))
            else:
                self._files.append(load(self.root, key))
        if not self._files:
            raise UsageError(f"{self.root}: holds no JSON file with COCO's images and annotations")
        self._keys = [file.key for file in self._files]
        self._categories = [self._read_categories(file) for file in self._files]
        self.flip_idx = self._flip_pairs()
        self._items = self._build()
        annotations = [annotation for file in self._files for _, annotation in file.annotations]
        self.spatial = any(map(shapes.is_object, annotations))
        self.keypoints = any(annotation.get("keypoints") for annotation in annotations)

    def __getstate__(self) -> dict[str, Any]:
        """Leave all records behind: workers get an item's own in ``Item.ref``."""
        dropped = {"_files", "_items", "_problems", "_bases"}
        return {key: value for key, value in self.__dict__.items() if key not in dropped}

    def items(self) -> Iterator[Item]:
        """Yield the pictures that a JSON file names, in the order of their paths."""
        return iter(self._items)

    def in_split(self, item: Item, split: str) -> Item:
        """Return an item put into a split of a set that has none: below ``<split>/``.

        A folder from which all file names lead to their pictures, such as ``images/``, is left out.
        """
        if self._bases is None:
            self._bases = {part.base for other in self._items for part in other.ref or ()}
        common = safe_path(next(iter(self._bases))) if len(self._bases) == 1 else ""
        parts = tuple(replace(part, base=f"{split}/", split=split) for part in item.ref or ())
        return replace(item, split=split, folder=f"{split}/{item.folder.removeprefix(common)}", ref=parts)

    def require(self, survey: Survey, splits: Collection[str]) -> None:
        """Refuse a set of which no picture is there.

        Raises:
            UsageError: as said.

        """
        if survey.usable == 0 and not survey.problems:
            named = sum(len(file.images) for file in self._files)
            raise UsageError(f"{self.root}: none of the {named} pictures that its JSON files name is there")
        FolderDataset(self.root, self.ignored).require(survey, splits)

    def read(self, item: Item, size: tuple[int, int]) -> Labels:
        """Return the objects of a picture; annotations without a place go to ``extra``.

        Raises:
            ItemError: ``label_size`` where the JSON file states another size than the picture has,
                ``label_invalid`` for an annotation that cannot be used; with file and line.

        """
        objects: dict[Any, list[shapes.Kept]] = {}
        others: list[tuple[int, Record]] = []
        for part in item.ref:
            key = self._keys[part.file]
            stated = [part.image.get(name) for name in ("width", "height")]
            if all(stated) and stated != list(size):
                message = f"says {stated[0]} x {stated[1]}, the picture is {size[0]} x {size[1]}"
                raise fault("label_size", key, part.line, message)
            for line, annotation in part.annotations:
                if not shapes.is_object(annotation):
                    others.append((part.file, annotation))
                    continue
                try:
                    kept = self._kept(part.file, annotation, size)
                except ItemError as error:
                    raise shapes.located(error, key, line, annotation) from None
                self._join(objects, kept)
        instances = (_merged(kept) for kept in objects.values())
        return Labels(tuple(instances), extra={"coco": others} if others else {})

    def write(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return the picture's records, without ids of their own, for ``finish``."""
        lost: list[str] = []
        rows: dict[int, list[tuple[int, Record]]] = {part.file: [] for part in item.ref}
        for number, instance in enumerate(labels.instances):
            for kept in instance.extra.get("coco", ()):
                category = self._category(instance.category, kept)
                if category is None or kept.file not in rows:
                    lost.append("class has no id" if category is None else "object of another file")
                else:
                    record = shapes.write(instance, kept, category, size, lost, self.shift)
                    rows[kept.file].append((number, record))
        for number, (file, record) in enumerate(labels.extra.get("coco", ()), len(labels.instances)):
            rows[file].append((number, dict(record)))
        entries = [
            {"file": part.file, "image": _image(part, item, output, size), "annotations": rows[part.file]}
            | ({"split": part.split} if part.split else {})
            for part in item.ref
        ]
        return Written(fragment=entries, lost=tuple(lost))

    def finish(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the JSON files. Originals keep their ids; variants count on from the highest of the split."""
        outputs: dict[tuple[str | None, int], Output] = {}
        images = Ids([file.images for file in self._files], self._files)
        annotations = Ids([file.annotations for file in self._files], self._files)
        for fragment in fragments:
            original = fragment.kind == "original"
            new_image: dict[str, Id] = {}
            new_rows: dict[tuple[str, int], Id] = {}
            for entry in fragment.data:
                file, image = entry["file"], entry["image"]
                group = self._files[file].split or ""
                output = self._output(outputs, entry.get("split"), file)
                image["id"] = images.give(file, image.get("id"), group, new_image, original=original)
                output.add("images", image)
                for number, row in entry["annotations"]:
                    row["image_id"] = image["id"]
                    row["id"] = annotations.give(
                        file, row.get("id"), (group, number), new_rows, original=original
                    )
                    output.add("annotations", row)
        for split in dict.fromkeys(split for split, _ in outputs) or (None,):
            names = divided_names(self._keys, split) if split else list(map(safe_path, self._keys))
            for file, name in enumerate(names):
                yield name, self._output(outputs, split, file).chunks()

    def _output(self, outputs: dict[tuple[str | None, int], Output], split: str | None, file: int) -> Output:
        if (split, file) not in outputs:
            outputs[split, file] = Output(self._files[file].members)
        return outputs[split, file]

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield everything odd about the labels: of the files, then picture by picture."""
        from augtool.formats.coco_problems import of_file, of_part

        yield from self._problems
        for file in self._files:
            yield from of_file(file)
        for item in self._items:
            for part in item.ref or ():
                file, categories = self._files[part.file], self._categories[part.file]
                yield from of_part(item, part.line, part.image, part.annotations, file.key, categories)

    def _kept(self, file: int, annotation: Record, size: tuple[int, int]) -> shapes.Kept:
        instance = shapes.read(annotation, self._categories[file], size, self.shift)
        return shapes.Kept(file, annotation, instance)

    def _join(self, objects: dict[Any, list[shapes.Kept]], kept: shapes.Kept) -> None:
        """File an annotation under its object: one of another file with its id, class and box is the same."""
        name = (_name(kept.annotation), kept.instance.category, kept.instance.box)
        entries = objects.setdefault(name, [])
        if any(entry.file == kept.file for entry in entries):
            objects[(*name, len(objects))] = [kept]
        else:
            entries.append(kept)

    def _category(self, name: str, kept: shapes.Kept) -> shapes.Category | None:
        """Return the class of that name in the annotation's file: its own as long as that has the name."""
        categories = self._categories[kept.file]
        own = categories[kept.annotation["category_id"]]
        return own if own.name == name else next((c for c in categories.values() if c.name == name), None)

    def _read_categories(self, file: SetFile) -> dict[Id, shapes.Category]:
        result: dict[Id, shapes.Category] = {}
        for entry in file.members.get("categories") or []:
            names = entry.get("keypoints") or ()
            points = tuple(map(str, names)) if isinstance(names, list) else ()
            if entry["id"] in result:
                message = f"category id {entry['id']!r} stands twice"
                self._problems.append(found(file.key, 0, "duplicate_id", message))
            name, bones = (
                entry.get("name", str(entry["id"])),
                shapes.skeleton(entry.get("skeleton"), len(points)),
            )
            result[entry["id"]] = shapes.Category(entry["id"], name, points, bones)
        return result

    def _flip_pairs(self) -> tuple[int, ...] | None:
        """Return the mirror images of the keypoints, if all classes with keypoints agree on them."""
        points = {entry.keypoints for by_id in self._categories for entry in by_id.values()} - {()}
        pairs = {shapes.flip_pairs(names) for names in points}
        return pairs.pop() if len(pairs) == 1 else None

    def _build(self) -> list[Item]:
        """Match the records with the pictures on disk."""
        folder = FolderDataset(self.root)
        pictures = {item.key: item for item in folder.items()}
        self.ignored = Counter({suffix: n for suffix, n in folder.ignored.items() if suffix != ".json"})
        names = Pictures([item for item in pictures.values() if not item.key.endswith("/")])
        parts: dict[str, list[Part]] = {}
        refused: list[Item] = []
        for number, file in enumerate(self._files):
            by_image: dict[Id, list[Placed]] = {}
            for placed in file.annotations:
                by_image.setdefault(placed[1]["image_id"], []).append(placed)
            for line, image in file.images:
                try:
                    key = self._match(names, image, file, line)
                except ItemError as error:
                    refused.append(Item(f"{file.key}:{line}", "", "", "", problem=(error.code, str(error))))
                    continue
                if key is not None:
                    annotations = tuple(by_image.get(image["id"], ()))
                    part = Part(number, line, image, _base(key, image["file_name"]), annotations)
                    parts.setdefault(key, []).append(part)
        items = [self._item(item, parts[key]) for key, item in pictures.items() if key in parts]
        for key, item in pictures.items():
            if item.problem and key not in parts:
                items.append(replace(item, label=None))
            elif key not in parts:
                self.ignored["picture in no JSON file"] += 1
                self._problems.append(found(key, 0, "image_not_listed", "is in no JSON file", key))
        return sorted(items, key=lambda item: item.key.encode(errors="surrogateescape")) + refused

    def _match(self, names: Pictures, image: Record, file: SetFile, line: int) -> str | None:
        key, differs = names.find(image.get("file_name"), file, line)
        if key is None:
            message = f"names {image['file_name']!r}, which is not there"
            self._problems.append(found(file.key, line, "missing_image", message))
        elif differs:
            message = f"{image['file_name']!r} is {posixpath.basename(key)!r} on disk"
            self._problems.append(found(file.key, line, "case_differs", message, key))
        return key

    def _item(self, item: Item, parts: list[Part]) -> Item:
        splits = [self._files[part.file].split for part in parts]
        seen: set[tuple[Any, str]] = set()
        classes = []
        for part in parts:
            categories = self._categories[part.file]
            for _, annotation in part.annotations:
                named = annotation.get("category_id")
                category = categories.get(named) if is_id(named) else None
                if category and (annotation.get("id"), category.name) not in seen:
                    classes.append(category.name)
            seen |= {
                (entry.get("id"), name) for (_, entry), name in zip(part.annotations, classes, strict=False)
            }
        split = next((split for split in splits if split), item.split)
        return replace(item, split=split, label=None, ref=tuple(parts), classes=tuple(classes))


def _name(annotation: Mapping[str, Any]) -> Id:
    """Return an annotation's id, or an empty text where it has none."""
    name = annotation.get("id")
    return name if isinstance(name, int | str) else ""


def _base(key: str, file_name: str) -> str:
    """Return the folder, with a slash, from which a ``file_name`` leads to the picture."""
    clean = "/".join(part for part in file_name.replace("\\", "/").split("/") if part not in ("", "."))
    if key == clean:
        return ""
    return key[: -len(clean)] if key.endswith(f"/{clean}") else key[: key.rfind("/") + 1]


def _merged(kept: list[shapes.Kept]) -> Instance:
    """Return the object that one or more annotations describe, with what each of them was."""
    first = kept[0].instance
    for entry in kept[1:]:
        first = replace(
            first,
            polygons=first.polygons or entry.instance.polygons,
            mask=first.mask or entry.instance.mask,
            keypoints=first.keypoints or entry.instance.keypoints,
        )
    # What each was is compared with what the object has become, so all must know the whole of it.
    return replace(first, extra={"coco": tuple(replace(entry, instance=first) for entry in kept)})


def _image(part: Part, item: Item, output: str, size: tuple[int, int]) -> Record:
    """Return the record of a picture as it is written."""
    image = dict(part.image)
    if output != item.key or _base(item.key, image["file_name"]) + image["file_name"] != item.key:
        image["file_name"] = output.removeprefix(safe_path(part.base))
    image["width"], image["height"] = size
    return image
