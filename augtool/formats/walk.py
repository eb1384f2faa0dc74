"""What formats share when they walk a data set: split names, names of outputs, a look at each file."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from augtool.errors import ItemError, UsageError
from augtool.metadata import sniff
from augtool.naming import did_you_mean
from augtool.sample import Item

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
MAX_DEPTH = 64
_LONGEST_STEM = 200  # bytes; leaves room for __aug12345, a suffix and the 255 bytes of a file name
_VARIANT = re.compile(r"(.+)__aug\d+$")


def is_folder(root: Path, entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder to walk into.

    A linked folder is followed when it stays inside the data set and is no ancestor (a loop).
    """
    if not entry.is_symlink():
        return entry.is_dir()
    try:
        if not entry.is_dir():
            return False
    except OSError:  # a link that leads in a circle
        return False
    target, here = Path(entry.path).resolve(), Path(entry.path).parent.resolve()
    inside = root.resolve() in target.parents
    return inside and target != here and target not in here.parents


def inspect(root: Path, entry: os.DirEntry[str]) -> tuple[int, tuple[str, str] | None]:
    """Return the size of a file in bytes, and (reason code, message) where it cannot be used."""
    try:
        if entry.is_symlink():
            target = Path(entry.path).resolve(strict=True)
            if root.resolve() not in target.parents:
                return 0, ("link_outside", "is a link to a file outside the input; it is not followed")
            return target.stat().st_size, None
        status = entry.stat(follow_symlinks=False)
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the link leads in a circle"
        return 0, ("unreadable", f"cannot be read: {reason}")
    if not entry.is_file(follow_symlinks=False):
        return 0, ("special_file", "is not a regular file")
    return status.st_size, None


def is_split_level(names: set[str]) -> bool:
    """Return whether sibling folders of these names divide a data set into splits."""
    lowered = {name.lower() for name in names}
    found = {SPLITS[name] for name in lowered if name in SPLITS}
    return "train" in found and (len(found) > 1 or lowered <= SPLITS.keys())


def output_stems(names: Sequence[str]) -> list[str]:
    """Return, for the pictures of one folder, the stem that each one's outputs are named from.

    It is the picture's own stem, made distinct (by six hex digits of a hash of the name) only where two
    names would fall together: in letter case, in Unicode form, or because a source is named like
    another's variant, or like another with its suffix in the name (``a_png.jpg`` beside ``a.png``).
    Stems that are too long are cut.
    """
    parts = [os.path.splitext(name) for name in names]  # noqa: PTH122
    folded = Counter(_fold(name) for name in names)
    suffixed = {_fold(f"{stem}_{suffix[1:]}") for stem, suffix in parts if suffix}
    stems = {_fold(stem) for stem, suffix in parts if suffix}
    taken = suffixed | {_fold(stem) for stem, _ in parts}
    result = []
    for name, (stem, suffix) in zip(names, parts, strict=True):
        clean, fold = safe_name(stem), _fold(stem)
        like_variant = _VARIANT.match(fold)
        clash = (folded[_fold(name)] > 1 and name != _fold(name)) or clean != stem
        clash = clash or fold in suffixed or (not suffix and fold in stems)
        clash = clash or (like_variant is not None and like_variant[1] in taken)
        encoded = clean.encode()
        if len(encoded) > _LONGEST_STEM:
            clean, clash = encoded[:_LONGEST_STEM].decode(errors="ignore"), True
        result.append(f"{clean}-{_tag(name)}" if clash else clean)
    return result


def safe_name(name: str) -> str:
    """Return a name that any file system and any JSON reader takes: undecodable bytes become ``_xff``."""
    if name.isascii():
        return name
    return "".join(f"_x{ord(char) - 0xDC00:02x}" if "\ud800" <= char <= "\udfff" else char for char in name)


def safe_path(path: str) -> str:
    """Return a relative path in which every part is safe; a changed part says so by a hash of its name."""
    if path.isascii():
        return path
    parts = ((part, safe_name(part)) for part in path.split("/"))
    return "/".join(safe if safe == part else f"{safe}-{_tag(part)}" for part, safe in parts)


def own_stems(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items with stems of which no two of a folder are the same.

    ``a.jpg`` and ``a.png`` may both be called ``a`` as long as their suffixes tell them apart. A format
    that names a label file after the picture needs more: here the second one's stem gets six hex digits
    of a hash of its name.
    """
    taken: set[tuple[str, str]] = set()
    for item in items:
        name = item.key.rpartition("/")[2]
        if not item.stem or (item.folder, _fold(item.stem)) not in taken:
            taken.add((item.folder, _fold(item.stem)))
            yield item
        else:
            yield replace(item, stem=f"{item.stem}-{_tag(name)}")


def _fold(name: str) -> str:
    return name if name.isascii() and name.islower() else unicodedata.normalize("NFC", name).casefold()


def _tag(name: str) -> str:
    return blake2b(os.fsencode(name), digest_size=3).hexdigest()


def hidden(name: str) -> bool:
    """Return whether a file is no part of any data set: a dot file, or litter of a desktop."""
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def looks_like_picture(entry: os.DirEntry[str]) -> bool:
    """Look at the first bytes of a file without a suffix."""
    try:
        if not entry.is_file(follow_symlinks=False):
            return False
        with Path(entry.path).open("rb") as file:
            return bool(sniff(file.read(32)))
    except (OSError, ItemError):
        return False


def text_files(root: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Yield the paths below ``root``, with ``/``, of files with one of the (lower-case) suffixes, in order.

    Folders are walked as those with pictures are: hidden ones and links out of the set are passed over.
    """
    waiting = [""]
    while waiting:
        rel = waiting.pop()
        try:
            with os.scandir(root / rel) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError:
            continue  # the walk over the pictures reports it
        visible = [entry for entry in entries if not hidden(entry.name)]
        yield from (rel + entry.name for entry in visible if entry.name.lower().endswith(suffixes))
        if rel.count("/") < MAX_DEPTH:
            folders = (entry.name for entry in visible if is_folder(root, entry))
            waiting.extend(f"{rel}{name}/" for name in reversed(list(folders)))


def check_options(
    name: str, options: Mapping[str, Any], known: Mapping[str, Collection[str]], others: Collection[str] = ()
) -> None:
    """Refuse ``format:`` fields that a format does not have.

    Args:
        name: the format.
        options: the fields given.
        known: field -> the texts it takes.
        others: further fields, which the format checks itself.

    Raises:
        UsageError: a field or a value is unknown.

    """
    for option, value in options.items():
        if option not in known:
            raise UsageError(
                f"format {name}: unknown field '{option}'{did_you_mean(option, [*known, *others])}"
            )
        if value not in known[option]:
            raise UsageError(f"format {name}: {option} is one of {', '.join(known[option])}, not {value!r}")


def found(file: str, line: int, code: str, message: str, source: str = "") -> dict[str, Any]:
    """Return one problem for ``augtool check``; ``line`` is 0 where there is none."""
    return {"file": file, "line": line, "code": code, "message": message, "source": source}


class Spool:
    """Text on its way into one file of the output, kept on disk where it grows large."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=2**24)  # noqa: SIM115 - closed with the spool itself
        self.rows = 0

    def add(self, text: str) -> None:
        """Append a row."""
        self._file.write(text.encode())
        self.rows += 1

    def chunks(self) -> Iterator[bytes]:
        """Yield what was added, from the start."""
        self._file.seek(0)
        while chunk := self._file.read(2**20):
            yield chunk
