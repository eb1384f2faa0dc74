"""YOLO: a text file per picture. Detect, segment, pose and oriented boxes.

Read with or without ``data.yaml``, as exported by Roboflow (``train/images``), as Ultralytics has it
(``images/train``) and as Darknet has it (pictures and texts side by side, ``obj.names``, ``train.txt``).
"""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augtool.errors import ItemError, UsageError
from augtool.filenames import safe_path
from augtool.formats import yolo_layout as layout
from augtool.formats import yolo_rows, yolo_yaml
from augtool.formats.base import Fragment, Written
from augtool.formats.folder import FolderDataset
from augtool.formats.stems import own_stems
from augtool.formats.untrusted import decode_text, read_label
from augtool.formats.walk import Spool, check_options, found, text_files
from augtool.labels import Labels
from augtool.sample import Item

if TYPE_CHECKING:
    from augtool.plan import Survey

NAME = "yolo"
_SPLITS = ("train", "val", "test")
_SCAN = 50  # label files looked at before a folder is called YOLO


@dataclass(frozen=True, slots=True)
class Ref:
    """What a worker needs of a picture: its label file, where labels go, and the lists it stands in.

    ``home`` is the folder of the split that a run puts the picture into, where the run divides the set.
    """

    label: str | None
    folder: str
    lists: tuple[int, ...]
    home: str | None = None


def detect(root: Path) -> str | None:
    """Recognise ``data.yaml``, or text files of YOLO rows where the labels of pictures belong."""
    try:
        top = sorted(os.listdir(root))  # noqa: PTH208 - names alone
    except OSError:
        return None
    yamls = [name for name in top if name.endswith((".yaml", ".yml"))]
    for name in sorted(yamls, key=lambda name: (name not in ("data.yaml", "data.yml"), name)):
        if layout.is_data_yaml(root, name):
            return f"YOLO with {name}"
    if _has_rows(root):
        return "YOLO label files"
    return None


def _has_rows(root: Path) -> bool:
    looked = 0
    for key in text_files(root, (".txt",)):
        folder, _, name = key.rpartition("/")
        parts = {part.lower() for part in folder.split("/")}
        stem = posixpath.splitext(name)[0]
        beside = any((root / folder / f"{stem}{suffix}").is_file() for suffix in (".jpg", ".jpeg", ".png"))
        if not beside and not parts & {"labels", "annotations"}:
            continue
        looked += 1
        first = _first_row(root, key)
        if _looks_like_row(first):
            return True
        if looked > _SCAN:
            return False
    return False


def _first_row(root: Path, key: str) -> str:
    try:
        text = decode_text(read_label(root, key), key)
    except ItemError:
        return ""
    return text.lstrip().split("\n", 1)[0]


def _looks_like_row(text: str) -> bool:
    parts = text.split()
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return False
    return len(parts) >= 5 and numbers[0] >= 0 and numbers[0] % 1 == 0 and max(map(abs, numbers[1:])) < 2


def open(root: Path, options: Mapping[str, Any]) -> YoloDataset:  # noqa: A001 - the name formats share
    """Open a YOLO data set and look through its label files.

    Args:
        root: its folder.
        options: ``task``: ``detect``, ``segment``, ``pose`` or ``obb``; by default it is recognised.

    Raises:
        UsageError: a file that describes the whole set cannot be used, or there is no label file at all.

    """
    check_options(NAME, options, {"task": yolo_rows.TASKS})
    return YoloDataset(root, options.get("task"))


@dataclass
class YoloDataset:
    """A YOLO data set. What it holds of each picture stays in the main process."""

    root: Path
    task: str | None = None
    name: str = NAME
    noun: str = "picture"
    spatial: bool = True
    keypoints: bool = False
    flip_idx: tuple[int, ...] | None = None
    ignored: Counter[str] = field(default_factory=Counter)
    schema: yolo_rows.Schema = field(init=False)

    def __post_init__(self) -> None:
        # Named after this format, so that folders keep their names: data.yaml lists them.
        folder = FolderDataset(self.root, name=NAME)
        pictures = list(own_stems(folder.items()))
        texts = list(text_files(self.root, (".txt", ".yaml", ".yml", ".names", ".data", ".labels")))
        self.ignored = Counter({suffix: n for suffix, n in folder.ignored.items() if suffix != ".txt"})
        self._problems: list[dict[str, Any]] = []
        self._divisible: layout.Divisible | None = None
        self._labels = layout.LabelFiles([key for key in texts if key.endswith(".txt")])
        self._texts = texts
        self._read_yaml(layout.Places(self.root, [item.key for item in pictures], texts))
        names, classes = layout.class_names(self._yaml, self.root, texts)
        self.schema = self._schema(names, classes)
        self._items = list(self._placed(pictures))
        task = self.task or self._recognised()
        self._check_pose(task)
        self.schema = replace(self.schema, task=task)
        self.keypoints = task == "pose"

    def __getstate__(self) -> dict[str, Any]:
        """Leave what belongs to the whole set behind: workers get an item's part in ``Item.ref``."""
        dropped = {"_items", "_problems", "_labels", "_texts", "_yaml", "_lists", "_rows", "_divisible"}
        return {key: value for key, value in self.__dict__.items() if key not in dropped}

    def items(self) -> Iterator[Item]:
        """Yield the pictures in the order of their paths."""
        return iter(self._items)

    def in_split(self, item: Item, split: str) -> Item:
        """Return an item put into a split of a set that has none: ``images/<split>``, ``labels/<split>``.

        Raises:
            UsageError: two folders differ only in the letter case of ``images``.

        """
        if item.ref is None:
            return replace(item, split=split)
        if self._divisible is None:
            self._divisible = layout.Divisible(other.folder for other in self._items if other.ref)
        pictures, labels, home = self._divisible.place(item.folder, split)
        ref = replace(item.ref, folder=labels, home=home)
        return replace(item, split=split, folder=pictures, ref=ref)

    def require(self, survey: Survey, splits: Collection[str]) -> None:
        """Refuse a set without pictures, or without any label file.

        Raises:
            UsageError: as said.

        """
        FolderDataset(self.root, self.ignored).require(survey, splits)
        if not any(item.ref and item.ref.label for item in self._items):
            raise UsageError(
                f"{self.root}: no picture has a YOLO label file, neither beside it nor, "
                "for a picture in images/, in labels/"
            )

    def read(self, item: Item, size: tuple[int, int]) -> Labels:
        """Return the objects of a picture; none where it has no label file.

        Raises:
            ItemError: ``label_invalid`` and others: the label file breaks the rules, with its line.

        """
        ref: Ref = item.ref
        if ref.label is None:
            return Labels()
        text = decode_text(read_label(self.root, ref.label), ref.label)
        rows = yolo_rows.rows(text, ref.label, self.schema)
        return Labels(tuple(yolo_rows.instance(row, self.schema, size) for row in rows))

    def write(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return the label file of a picture; none where its source had none and there is no object."""
        ref: Ref = item.ref
        text, lost = yolo_rows.write(labels, self.schema, size)
        files = {}
        if ref.label is not None or text:
            stem = posixpath.splitext(posixpath.basename(output))[0]
            files[posixpath.join(ref.folder, f"{stem}.txt")] = text.encode()
        classes = [self.schema.index(instance) or 0 for instance in labels.instances]
        fragment = {"lists": list(ref.lists), "classes": max(classes, default=-1) + 1, "home": ref.home}
        return Written(files, fragment, tuple(lost))

    def finish(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield ``data.yaml`` (made where a set outside Darknet has none), lists and files of names."""
        spools = [Spool() for _ in self._lists]
        classes = 0
        homes: dict[str, set[str]] = {}
        for fragment in fragments:
            classes = max(classes, fragment.data["classes"])
            if fragment.data["home"] is not None:
                homes.setdefault(fragment.split or "train", set()).add(fragment.data["home"])
            for number in fragment.data["lists"]:
                listed = self._lists[number]
                start = posixpath.dirname(safe_path(listed.key)) or "."
                relative = posixpath.relpath(fragment.output, start)
                path = f"./{relative}" if listed.prefix == "./" else f"{listed.prefix}{fragment.output}"
                spools[number].add(f"{path}\n")
        for listed, spool in zip(self._lists, spools, strict=True):
            yield safe_path(listed.key), spool.chunks()
        yield from self._describe(homes, classes)

    def _describe(self, homes: Mapping[str, set[str]], classes: int) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the files of names and ``data.yaml``; ``homes`` are the folders of a divided set's splits."""
        copied = layout.name_files(self._texts)
        if not homes:  # Darknet's obj.data names lists, which a divided set does not have
            copied += [key for key in self._texts if key.endswith(".data")]
        for key in copied:
            yield safe_path(key), [read_label(self.root, key)]
        folders = {split: _tops(homes[split]) for split in _SPLITS if split in homes} or self._folders()
        if self._yaml:
            gone = [split for split in _SPLITS if homes and split not in homes]
            yield safe_path(self._yaml.key), [yolo_yaml.rewrite(self._yaml, folders, gone).encode()]
        elif homes or not (
            self._lists or any(key.endswith((".names", ".data", ".labels")) for key in copied)
        ):
            names, count = self.schema.names, max(classes, self.schema.classes)
            yield "data.yaml", [yolo_yaml.new("data.yaml", folders, names, count).encode()]

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield everything odd about the labels: of the set, then picture by picture, then orphans."""
        from augtool.formats.yolo_problems import of_labels, orphans

        yield from self._problems
        for item in self._items:
            yield from of_labels(item, self.root, self.schema)
        used = {item.ref.label for item in self._items if item.ref}
        yield from orphans(self._texts, used, {item.ref.folder for item in self._items if item.ref})

    def _read_yaml(self, places: layout.Places) -> None:
        key = layout.find_data_yaml(self.root, self._texts)
        self._yaml = layout.load_data_yaml(self.root, key) if key else None
        if self._yaml:
            layout.read_places(self._yaml, places, self._problems)
        self._lists = [
            layout.read_list(self.root, key, split, places, self._problems)
            for key, split in layout.list_files(self._yaml, self.root, places)
        ]

    def _schema(self, names: tuple[str, ...], classes: int) -> yolo_rows.Schema:
        shape = self._yaml.data.get("kpt_shape") if self._yaml else None
        if shape is None:
            return yolo_rows.Schema("detect", names, classes)
        valid = isinstance(shape, list) and len(shape) == 2 and all(type(part) is int for part in shape)
        if not self._yaml or not valid or not 0 < shape[0] < 10_000 or shape[1] not in (2, 3):
            raise UsageError(f"{self._yaml.key if self._yaml else ''}: kpt_shape is not [count, 2 or 3]")
        return yolo_rows.Schema("pose", names, classes, shape[0], shape[1])

    def _check_pose(self, task: str) -> None:
        """Check ``flip_idx`` and that the task and ``kpt_shape`` agree."""
        count = self.schema.keypoints
        if task != "pose":
            return
        if not count:
            raise UsageError(f"{self.root}: task pose needs kpt_shape in data.yaml")
        given = self._yaml.data.get("flip_idx") if self._yaml else None
        if given is None or self._yaml is None:
            return
        if not isinstance(given, list) or any(type(index) is not int for index in given):
            raise self._yaml.fault("flip_idx", "is not a list of whole numbers")
        if sorted(given) != list(range(count)):
            raise self._yaml.fault(
                "flip_idx", f"does not name each of the {count} keypoints of kpt_shape once"
            )
        self.flip_idx = tuple(given)

    def _placed(self, pictures: Iterable[Item]) -> Iterator[Item]:
        """Yield the pictures that are part of the set, with split, label file and classes."""
        self._rows: Counter[int] = Counter()
        self._odd = 0
        named = {at: split for split, places in self._places().items() for at in places}
        for item in pictures:
            lists = tuple(i for i, listed in enumerate(self._lists) if item.key in listed.pictures)
            split = self._lists[lists[0]].split if lists else _nearest(item.key, named) or item.split
            if split is None and (named or self._lists):
                self.ignored["picture outside the splits"] += 1
                message = "is in none of the splits that the set names"
                self._problems.append(found(item.key, 0, "image_not_listed", message, item.key))
                continue
            label, differs = self._labels.find(item.key)
            if label and differs:
                message = f"is the label of {posixpath.basename(item.key)}, in other letter case"
                self._problems.append(found(label, 0, "case_differs", message, item.key))
            ref = Ref(label, safe_path(self._labels.folder(item.key)), lists)
            classes = self._classes(label) if label and not item.problem else ()
            yield replace(item, split=split, label=None, ref=ref, classes=classes)

    def _places(self) -> dict[str, list[str]]:
        """Return split -> folders that ``data.yaml`` names and that are there."""
        listed = {entry.key for entry in self._lists}
        places = self._yaml.places if self._yaml else {}
        return {split: [at for at in found_at if at not in listed] for split, found_at in places.items()}

    def _folders(self) -> dict[str, list[str]]:
        """Return split -> what ``data.yaml`` shall name: what it names, else where the pictures are."""
        result: dict[str, list[str]] = dict(self._yaml.places) if self._yaml else {}
        there: dict[str, set[str]] = {}
        for item in self._items:
            there.setdefault(item.split or "train", set()).add(posixpath.dirname(item.key))
        for split in _SPLITS:
            if split in there and split not in result:
                result[split] = _tops(there[split])
        return {split: result[split] for split in _SPLITS if split in result}

    def _classes(self, label: str) -> tuple[str, ...]:
        """Return the classes of a label file's objects, and count the lengths of its rows."""
        try:
            text = decode_text(read_label(self.root, label), label)
        except ItemError:
            return ()  # reading it says what is wrong
        result = []
        for line in text.split("\n"):
            parts = line.split()
            if not parts:
                continue
            self._rows[len(parts)] += 1
            self._odd += len(parts) == 9 and not _is_parallelogram(parts)
            if parts[0].isdecimal() and len(parts[0]) < 10:
                result.append(self.schema.category(int(parts[0])))
        return tuple(result)

    def _recognised(self) -> str:
        """Return the task: pose by ``kpt_shape``, oriented boxes by rows of four corners and no others."""
        if self.schema.keypoints:
            return "pose"
        if set(self._rows) == {9} and self._odd * 5 <= self._rows[9]:
            return "obb"
        return "segment" if any(length > 6 for length in self._rows) else "detect"


def _nearest(key: str, named: Mapping[str, str]) -> str | None:
    """Return the split of the innermost named folder a picture lies in."""
    folder = posixpath.dirname(key)
    while folder not in named and folder:
        folder = posixpath.dirname(folder)
    return named.get(folder)


def _tops(folders: set[str]) -> list[str]:
    """Return the folders that lie in none of the others."""
    return sorted(
        folder
        for folder in folders
        if not any(folder.startswith(f"{other}/") for other in folders - {folder})
    )


def _is_parallelogram(parts: list[str]) -> bool:
    """Return whether four corners could be those of a turned rectangle in a picture of any shape."""
    try:
        x0, y0, x1, y1, x2, y2, x3, y3 = map(float, parts[1:])
    except ValueError:
        return False
    return abs(x0 + x2 - x1 - x3) < 0.01 and abs(y0 + y2 - y1 - y3) < 0.01
