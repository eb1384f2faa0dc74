"""What formats share when they walk a data set: split names, names of outputs, a look at each file."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from augtool.errors import ItemError
from augtool.metadata import sniff
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
_LONGEST_STEM = 200  # bytes; leaves room for __aug12345, a suffix and the 255 bytes of a file name
_VARIANT = re.compile(r"(.+)__aug\d+$")


def is_folder(root: Path, entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder to walk into.

    A linked folder is followed when it stays inside the data set and is no ancestor (a loop).
    """
    if not entry.is_symlink():
        return entry.is_dir()
    if not entry.is_dir():
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
