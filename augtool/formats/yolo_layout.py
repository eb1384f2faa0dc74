"""Where things lie in a YOLO data set: ``data.yaml``, lists of pictures, names of classes, label files."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augtool import yamlsource
from augtool.errors import ItemError, UsageError
from augtool.formats.untrusted import decode_text, place, read_label, relative_path, whole_set
from augtool.formats.walk import SPLITS, found
from augtool.metadata import is_image_name

LABEL_FOLDERS = ("labels", "Labels", "annotations", "Annotations")
NAME_FILES = ("obj.names", "classes.txt", "_darknet.labels")
_DATA_KEYS = re.compile(rb"""(?:^|[{,][ \t]*)["']?(?:names|nc)["']?[ \t]*:""", re.MULTILINE)
_SPLIT_KEYS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class ListFile:
    """A text file that lists the pictures of a split, one per line; ``prefix`` is how its lines begin."""

    key: str
    split: str
    prefix: str
    pictures: frozenset[str]


@dataclass
class DataYaml:
    """``data.yaml``: its own path, its data, and what is found of the places it names."""

    key: str
    document: yamlsource.Document
    places: dict[str, list[str]] = field(default_factory=dict)
    """Split -> folders (without trailing slash, the set itself is empty) and list files that are there."""

    @property
    def data(self) -> dict[str, Any]:
        """What the file says."""
        data = self.document.data
        return data if isinstance(data, dict) else {}

    def number(self, key: str) -> int:
        """Return a whole number from 1, or 0 where there is none."""
        value = self.data.get(key)
        return value if type(value) is int and value > 0 else 0

    def line(self, *path: str | int) -> int:
        """Return the line of a value."""
        return self.document.place(path)[0]

    def fault(self, key: str, message: str) -> UsageError:
        """Return the error for one of its fields."""
        return UsageError(f"{place(self.key, self.line(key))}: {key}: {message}")


def is_data_yaml(root: Path, name: str) -> bool:
    """Return whether a YAML file describes a YOLO set, by a look at its keys."""
    try:
        data = read_label(root, name)
    except ItemError:
        return False
    return bool(_DATA_KEYS.search(data))


def find_data_yaml(root: Path, texts: Sequence[str]) -> str | None:
    """Return the path of the set's YAML file: ``data.yaml`` first, at most one folder down."""
    files = [key for key in texts if key.endswith((".yaml", ".yml")) and key.count("/") < 2]
    files.sort(key=lambda key: (key.count("/"), key.rpartition("/")[2] not in ("data.yaml", "data.yml"), key))
    return next((key for key in files if is_data_yaml(root, key)), None)


def load_data_yaml(root: Path, key: str) -> DataYaml:
    """Read ``data.yaml``.

    Raises:
        UsageError: it cannot be read.

    """
    with whole_set():
        data = read_label(root, key)
    return DataYaml(key, yamlsource.parse(data, place(key)))


def class_names(yaml: DataYaml | None, root: Path, texts: Collection[str]) -> tuple[tuple[str, ...], int]:
    """Return the names of the classes, from ``data.yaml`` or a file of names, and how many there are.

    Raises:
        UsageError: they are neither a list nor a mapping from whole numbers.

    """
    names: tuple[str, ...] = ()
    if yaml and "names" in yaml.data:
        names = _yaml_names(yaml)
    elif files := name_files(texts):
        with whole_set():
            text = decode_text(read_label(root, files[0]), files[0])
        names = tuple(line.strip() for line in text.rstrip().split("\n")) if text.strip() else ()
    return names, max(len(names), yaml.number("nc") if yaml else 0)


def _yaml_names(yaml: DataYaml) -> tuple[str, ...]:
    value = yaml.data["names"]
    if isinstance(value, dict):
        try:
            by_index = {int(key): _text(name) for key, name in value.items()}
        except ValueError:
            raise yaml.fault("names", "a mapping of names needs whole numbers as keys") from None
        if by_index and not 0 <= min(by_index) <= max(by_index) < 100_000:
            raise yaml.fault("names", "the numbers of classes count from 0")
        last = max(by_index, default=-1)
        return tuple(by_index.get(index, str(index)) for index in range(last + 1))
    if not isinstance(value, list) or any(isinstance(name, list | dict) for name in value):
        raise yaml.fault("names", "is neither a list of texts nor a mapping from numbers to texts")
    return tuple(map(_text, value))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def name_files(texts: Collection[str]) -> list[str]:
    """Return the files of class names, the one to be used first."""
    names = [key for key in texts if key.rpartition("/")[2] in NAME_FILES or key.endswith(".names")]
    return sorted(names, key=lambda key: (key.count("/"), key.rpartition("/")[2] == "classes.txt", key))


class Places:
    """Finds what a path in a set's own files means, in what is there: by lookup, never by opening."""

    def __init__(self, root: Path, pictures: Collection[str], texts: Collection[str]) -> None:
        self.root = root
        self.pictures = frozenset(pictures)
        self.texts = frozenset(texts)
        self.folders = {""}
        for key in pictures:
            folder = posixpath.dirname(key)
            while folder not in self.folders:
                self.folders.add(folder)
                folder = posixpath.dirname(folder)

    def find(self, text: str, base: str, known: Collection[str]) -> tuple[str | None, bool]:
        """Return what a path means, and whether it is of another machine or layout.

        A path that is absolute or leads upwards is matched by its end: the longest one that is there.

        Args:
            text: the path.
            base: the folder it is relative to.
            known: what it may mean.

        """
        text = text.replace("\\", "/")
        own = self._below_root(text)
        if own is not None and own in known:
            return own, False
        foreign = own is None and (text.startswith("/") or ":" in text[:3] or ".." in text.split("/"))
        parts = [part for part in text.split("/") if part not in ("", ".", "..")]
        for start in (base, ""):
            straight = posixpath.normpath(posixpath.join(start, text)) if not foreign else ""
            if straight == "." and "" in known:
                return "", False
            if straight in known and straight:
                return straight, False
        for first in range(len(parts)):
            for start in (base, ""):
                end = posixpath.join(start, *parts[first:])
                if end in known:
                    return end, foreign
        return None, foreign

    def _below_root(self, text: str) -> str | None:
        """Return an absolute path relative to the set, if it leads there."""
        if not text.startswith("/") or "\0" in text:
            return None
        base, real = os.path.realpath(self.root), os.path.realpath(text)
        return "" if real == base else real[len(base) + 1 :] if real.startswith(f"{base}/") else None


def read_places(yaml: DataYaml, places: Places, problems: list[dict[str, Any]]) -> None:
    """Find the folders and list files that ``data.yaml`` names, noting what is not as it says."""
    here = posixpath.dirname(yaml.key)
    stated = yaml.data.get("path")
    base = here
    if isinstance(stated, str) and stated not in ("", "."):
        at, foreign = places.find(stated, here, places.folders)
        base = at if at is not None else here
        if foreign or at is None:
            message = f"path {stated!r} is of another machine; the folders beside this file are used"
            problems.append(found(yaml.key, yaml.line("path"), "foreign_path", message))
    for split in _SPLIT_KEYS:
        value = yaml.data.get(split)
        entries = value if isinstance(value, list) else [value]
        for entry in entries:
            if isinstance(entry, str) and entry:
                _read_place(yaml, split, entry, base, places, problems)


def _read_place(
    yaml: DataYaml, split: str, entry: str, base: str, places: Places, problems: list[dict[str, Any]]
) -> None:
    listed = entry.lower().endswith(".txt")
    at, foreign = places.find(entry, base, places.texts if listed else places.folders - {""})
    if at is None and not listed and entry in (".", "./"):
        at = base
    if at is not None:
        yaml.places.setdefault(split, []).append(at)
    if at is None or foreign:
        message = f"{split} names {entry!r}, which is not there" + (f"; {at} is used" if at else "")
        code = "foreign_path" if at is not None else "missing_folder"
        problems.append(found(yaml.key, yaml.line(split), code, message))


def list_files(yaml: DataYaml | None, root: Path, places: Places) -> Iterator[tuple[str, str]]:
    """Yield (path, split) of the text files that list pictures."""
    named = {key: split for split, keys in yaml.places.items() for key in keys} if yaml else {}
    for key in sorted(places.texts):
        stem = posixpath.splitext(posixpath.basename(key))[0].lower()
        split = named.get(key) or (SPLITS.get(stem) if key.count("/") < 2 else None)
        if split and key.endswith(".txt") and (key in named or (not yaml and _lists_pictures(root, key))):
            yield key, split


def _lists_pictures(root: Path, key: str) -> bool:
    try:
        first = read_label(root, key)[:4096].split(b"\n", 1)[0].strip()
    except ItemError:
        return False
    return is_image_name(first.decode("utf-8", "replace"))


def read_list(root: Path, key: str, split: str, places: Places, problems: list[dict[str, Any]]) -> ListFile:
    """Read a list of pictures; lines that name none are noted.

    Raises:
        UsageError: the file cannot be read.

    """
    with whole_set():
        text = decode_text(read_label(root, key, 2**28), key)
    pictures: set[str] = set()
    prefixes: set[str] = set()
    elsewhere = 0
    for number, line in enumerate(text.split("\n"), 1):
        entry = line.strip().replace("\\", "/")
        if not entry:
            continue
        at, foreign = places.find(entry, posixpath.dirname(key), places.pictures)
        elsewhere = elsewhere or (number if foreign and at else 0)
        if at is None:
            problems.append(_missing(key, number, entry))
        else:
            pictures.add(at)
            prefixes.add(entry[: -len(at)] if entry.endswith(at) and not foreign else "./")
    if elsewhere:
        message = "holds paths of another machine; they are matched by their ends"
        problems.append(found(key, elsewhere, "foreign_path", message))
    prefix = prefixes.pop() if len(prefixes) == 1 else "./"
    return ListFile(key, split, "./" if prefix.startswith("/") else prefix, frozenset(pictures))


def _missing(key: str, line: int, entry: str) -> dict[str, Any]:
    try:
        relative_path(entry, key, line)
    except ItemError as error:
        return found(key, line, error.code, str(error).partition(": ")[2])
    return found(key, line, "missing_image", f"lists {entry!r}, which is not there")


class Divisible:
    """Where pictures and labels of a set without splits go when a run divides it.

    Where every picture lies in a folder ``images``, the split goes right below it; otherwise the whole
    set goes below ``images/<split>``. Labels lie where the trainers look: in ``labels`` for ``images``.
    """

    def __init__(self, folders: Iterable[str]) -> None:
        """Look at the folders of all pictures, which end with a slash.

        Raises:
            UsageError: two of them would become one.

        """
        lowered: dict[str, str] = {}
        for folder in dict.fromkeys(folders):
            other = lowered.setdefault("/".join(_parts(folder)), folder)
            if other != folder:
                raise UsageError(f"split: {other} and {folder} would become one folder; rename one of them")
        self._inside = all("images" in _parts(folder) for folder in lowered.values())

    def place(self, folder: str, split: str) -> tuple[str, str, str]:
        """Return where a folder's pictures go (with a slash), its labels, and the folder of the split."""
        parts = _parts(folder)
        at = _last_images(parts) + 1 if self._inside else 0
        home = [*parts[:at], split] if self._inside else ["images", split]
        pictures = [*home, *parts[at:]]
        last = _last_images(pictures)
        labels = [*pictures[:last], "labels", *pictures[last + 1 :]]
        return "/".join([*pictures, ""]), "/".join(labels), "/".join(home)


def _parts(folder: str) -> list[str]:
    """Return the parts of a folder; trainers know ``images`` in lower case only."""
    return ["images" if part.lower() == "images" else part for part in folder.split("/")[:-1]]


def _last_images(parts: Sequence[str]) -> int:
    return max(at for at, part in enumerate(parts) if part == "images")


class LabelFiles:
    """Finds the label file of a picture by the rule of the trainers: ``/images/`` becomes ``/labels/``."""

    def __init__(self, texts: Collection[str]) -> None:
        self._names: dict[str, dict[str, str]] = {}
        self._folders = {""}
        for key in texts:
            folder, _, name = key.rpartition("/")
            self._names.setdefault(folder, {})[name] = key
            self._names[folder].setdefault(f"?{name.casefold()}", key)
            while folder not in self._folders:
                self._folders.add(folder)
                folder = posixpath.dirname(folder)

    def folder(self, picture: str) -> str:
        """Return the folder of a picture's label file, without a trailing slash."""
        parts = picture.split("/")[:-1]
        position = max((at for at, part in enumerate(parts) if part.lower() == "images"), default=None)
        if position is None:
            return "/".join(parts)
        options = ["/".join([*parts[:position], name, *parts[position + 1 :]]) for name in LABEL_FOLDERS]
        beside = "/".join(parts)
        there = (option for option in (*options, beside) if option in self._folders)
        return next(there, options[0])

    def find(self, picture: str) -> tuple[str | None, bool]:
        """Return the path of a picture's label file, and whether it differs in letter case."""
        name = posixpath.splitext(posixpath.basename(picture))[0] + ".txt"
        names = self._names.get(self.folder(picture), {})
        exact = names.get(name)
        return (exact, False) if exact else (names.get(f"?{name.casefold()}"), True)
