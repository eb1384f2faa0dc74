"""COCO's JSON files: finding them, reading them with the line of every record, writing them in a stream."""

from __future__ import annotations

import gc
import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Any, TypeAlias

from augtool.errors import ItemError
from augtool.formats.untrusted import (
    MAX_SET,
    fault,
    inside,
    json_decoder,
    json_fault,
    read_label,
    relative_path,
    whole_set,
)
from augtool.formats.walk import SPLITS, Spool, text_files
from augtool.sample import Item

Record: TypeAlias = dict[str, Any]
Id: TypeAlias = int | str
Placed: TypeAlias = tuple[int, Any]
"""A record with its line in the file."""

_SPACE = re.compile(r"[ \t\n\r]*")
_MEMBERS = re.compile(rb'"(images|annotations|categories)"\s*:\s*\[')
_ENDS = 65536  # bytes looked at from the start and the end of a file
_PER_FOLDER = 50
STREAMED = ("images", "annotations")
_ROBOFLOW = "_annotations.coco.json"
_KINDS = ("instances", "person_keypoints", "captions", "stuff")


@dataclass
class SetFile:
    """One JSON file of a set: its records with their lines, and all else it says, in its order."""

    key: str
    split: str | None
    members: dict[str, Any]
    """Every top-level member in the file's order; ``images`` and ``annotations`` are None here."""
    images: list[Placed] = field(default_factory=list)
    annotations: list[Placed] = field(default_factory=list)


def find(root: Path) -> Iterator[tuple[str, bool]]:
    """Yield the paths of JSON files that look like COCO's, at most two folders down, and if panoptic."""
    seen: Counter[str] = Counter()
    for key in text_files(root, (".json",)):
        folder = posixpath.dirname(key)
        seen[folder] += 1
        # A folder with a JSON file per picture is of another format; reading them all would take long.
        if key.count("/") <= 2 and seen[folder] <= _PER_FOLDER:
            is_coco, panoptic = _look(root, key)
            if is_coco:
                yield key, panoptic


def _look(root: Path, key: str) -> tuple[bool, bool]:
    try:
        with inside(root, key).open("rb") as file:
            data = file.read(_ENDS)
            end = file.seek(0, 2)
            file.seek(max(len(data), end - _ENDS))
            data += file.read(_ENDS)
    except (OSError, ItemError):
        return False, False
    found = {match[1] for match in _MEMBERS.finditer(data)}
    opens = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return opens and b"images" in found and len(found) > 1, b'"segments_info"' in data


def split_of(key: str) -> str | None:
    """Return the split a JSON file is for, by its name (``instances_train2017``) or its folder."""
    folder, name = posixpath.split(key)
    words = re.split(r"[^a-z]+", posixpath.splitext(name)[0].lower())
    words += posixpath.basename(folder).lower().split("/")
    return next((SPLITS[word] for word in words if word in SPLITS), None)


@contextmanager
def many_objects() -> Iterator[None]:
    """Build millions of lasting objects without the collector walking over them again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def load(root: Path, key: str) -> SetFile:
    """Read one JSON file.

    Raises:
        UsageError: it is no strict JSON, or not of COCO's form; with the line.

    """
    with whole_set():
        text, decoder = json_decoder(read_label(root, key, MAX_SET), key)
        result = SetFile(key, split_of(key), {})
        try:
            for name, value in _members(text, decoder):
                result.members[name] = None if name in STREAMED else value
                if name in STREAMED:
                    setattr(result, name, value)
        except (ValueError, RecursionError) as error:
            raise json_fault(error, text, key) from None
        _check(result)
    return result


def _members(text: str, decoder: JSONDecoder) -> Iterator[tuple[str, Any]]:
    """Yield the members of the one object a text holds; the streamed ones as records with lines."""
    at = _expect(text, 0, "{")
    if text[at : at + 1] == "}":
        at += 1
    else:
        while True:
            if text[at : at + 1] != '"':
                raise JSONDecodeError("Expecting a name in double quotes", text, at)
            name, at = decoder.raw_decode(text, at)
            at = _expect(text, at, ":")
            if name in STREAMED and text[at : at + 1] == "[":
                value, at = _records(text, at, decoder)
            else:
                value, at = decoder.raw_decode(text, at)
            yield name, value
            at = _skip(text, at)
            if text[at : at + 1] == "}":
                at += 1
                break
            at = _expect(text, at, ",")
    if _skip(text, at) < len(text):
        raise JSONDecodeError("Extra data", text, _skip(text, at))


def _records(text: str, at: int, decoder: JSONDecoder) -> tuple[list[Placed], int]:
    records: list[Placed] = []
    counted, line = 0, 1
    at = _expect(text, at, "[")
    if text[at : at + 1] == "]":
        return records, at + 1
    while True:
        line += text.count("\n", counted, at)
        counted = at
        value, at = decoder.raw_decode(text, at)
        records.append((line, value))
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            return records, at + 1
        at = _expect(text, at, ",")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _expect(text: str, at: int, char: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != char:
        raise JSONDecodeError(f"Expecting '{char}'", text, at)
    return _skip(text, at + 1)


def _check(file: SetFile) -> None:
    """Refuse what no record can be found in. Raises ItemError."""
    for name in STREAMED:
        records = getattr(file, name)
        if not isinstance(records, list):
            raise fault("label_invalid", file.key, 0, f"{name} is not a list")
        for line, record in records:
            wanted = ("id",) if name == "images" else ("image_id",)
            if not isinstance(record, dict) or any(not is_id(record.get(key)) for key in wanted):
                raise fault(
                    "label_invalid", file.key, line, f"an entry of {name} is no object with {wanted[0]}"
                )
    categories = file.members.get("categories") or []
    entries: list[Any] = categories if isinstance(categories, list) else [None]
    if any(not isinstance(entry, dict) or not is_id(entry.get("id")) for entry in entries):
        raise fault("label_invalid", file.key, 0, "categories is not a list of objects with an id")
    if any(not isinstance(entry.get("name", ""), str) for entry in entries):
        raise fault("label_invalid", file.key, 0, "the name of a category is not a text")


def is_id(value: Any) -> bool:
    """Return whether a value can name a record."""
    return type(value) is int or isinstance(value, str)


class Pictures:
    """Finds the picture a ``file_name`` means, by lookup in what is there: nothing is opened."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = {item.key: item for item in items}
        self._names: dict[str, list[str]] = {}
        for key in self._items:
            self._names.setdefault(posixpath.basename(key), []).append(key)
        self._folded: dict[str, list[str]] = {}
        for name, keys in self._names.items():
            self._folded.setdefault(name.casefold(), []).extend(keys)
        self._tops: dict[str | None, list[str]] = {}
        for top in sorted({key.partition("/")[0] for key in self._items if "/" in key}):
            self._tops.setdefault(_split_named(top), []).append(top)

    def find(self, file_name: Any, file: SetFile, line: int) -> tuple[str | None, bool]:
        """Return the picture's key, or None, and whether it was found in another letter case only.

        Raises:
            ItemError: ``label_path``: the name leads out of the data set.

        """
        name = relative_path(file_name, file.key, line)
        here = posixpath.dirname(file.key)
        own = self._tops.get(file.split, ()) if file.split else ()
        for base in (here, "", posixpath.join(posixpath.dirname(here), "images"), "images", *own):
            if (key := posixpath.join(base, name)) in self._items:
                return key, False
        base_name = posixpath.basename(name)
        exact = self._of_split(self._names.get(base_name, ()), name, file)
        if exact:
            return exact, False
        return self._of_split(self._folded.get(base_name.casefold(), ()), name, file), True

    def _of_split(self, keys: Sequence[str], name: str, file: SetFile) -> str | None:
        """Return the one picture of that name; of several, the one at the end of the path or in the split."""
        ends = [key for key in keys if key.endswith(f"/{name}")]
        if len(ends) == 1:
            return ends[0]
        own = [key for key in ends or keys if file.split and self._split(key) == file.split]
        left = own or list(ends or keys)
        return left[0] if len(left) == 1 else None

    def _split(self, key: str) -> str | None:
        # Folders are called train2017 as well; the picture's own item knows train only.
        splits = map(_split_named, key.split("/")[:-1])
        return next(filter(None, splits), None) or self._items[key].split


def _split_named(folder: str) -> str | None:
    return SPLITS.get(re.sub(r"\d+$", "", folder.lower()))


class Output:
    """One JSON file on its way to the output."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members
        self._spools = {name: Spool() for name in STREAMED}

    def add(self, name: str, record: Record) -> None:
        """Append a record to ``images`` or ``annotations``."""
        spool = self._spools[name]
        spool.add(f"{',' if spool.rows else ''}\n{json.dumps(record)}")

    def chunks(self) -> Iterator[bytes]:
        """Yield the file: a record per line, members in the source's order."""
        names = [*self._members, *(name for name in STREAMED if name not in self._members)]
        if "annotations" not in self._members and not self._spools["annotations"].rows:
            names.remove("annotations")
        for name in names:
            yield f"{'{' if name == names[0] else ''}{json.dumps(name)}: ".encode()
            if name in STREAMED:
                yield b"["
                yield from self._spools[name].chunks()
                yield b"\n]"
            else:
                yield json.dumps(self._members[name]).encode()
            yield b",\n" if name != names[-1] else b"}\n"


class Ids:
    """Hands out ids: the source's own once, then numbers above all of its split."""

    def __init__(self, records: list[list[Placed]], files: list[SetFile]) -> None:
        self._used: list[set[Id]] = [set() for _ in files]
        self._next: dict[str, int] = {}
        for file, placed in zip(files, records, strict=True):
            highest = max((r["id"] for _, r in placed if type(r.get("id")) is int), default=0)
            group = file.split or ""
            self._next[group] = max(self._next.get(group, 1), highest + 1)

    def give(self, file: int, own: Any, name: Any, given: dict[Any, Id], *, original: bool) -> Id:
        """Return the id of a record; records of one ``name`` in several files get the same new one."""
        if original and is_id(own) and own not in self._used[file]:
            self._used[file].add(own)
            result: Id = own
            return result
        group = name if isinstance(name, str) else name[0]
        if name not in given:
            given[name] = self._next[group]
            self._next[group] += 1
        return given[name]


def divided_names(keys: Sequence[str], split: str) -> list[str]:
    """Return where the JSON files of a set without splits go for a split, when a run divides it.

    Roboflow's goes beside the pictures, into ``<split>/``; others go to ``annotations/`` as COCO has them.
    """
    if [posixpath.basename(key) for key in keys] == [_ROBOFLOW]:
        return [f"{split}/{_ROBOFLOW}"]
    names: list[str] = []
    for key in keys:
        stem = posixpath.basename(key)
        kind = next((kind for kind in _KINDS if stem.startswith(kind)), _KINDS[0])
        taken = sum(re.fullmatch(rf"{kind}\d*", name) is not None for name in names)
        names.append(f"{kind}{taken + 1 if taken else ''}")
    return [f"annotations/{name}_{split}.json" for name in names]
