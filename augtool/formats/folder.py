"""Image folders: a flat folder, or class folders at any depth, with or without train/val/test.

The class of a picture is its folder below the split. A level of folders is read as splits when one of
them is ``train`` (or ``training``) and all others are split names too, or another split stands beside it.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from augtool.errors import ItemError, UsageError
from augtool.metadata import is_image_name, sniff
from augtool.sample import Item

if TYPE_CHECKING:
    from augtool.plan import Survey

NAME = "folder"
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


@dataclass
class FolderDataset:
    """A scanned folder. ``items`` walks it anew each time; nothing is kept but the counters."""

    root: Path
    ignored: Counter[str] = field(default_factory=Counter)
    """Files passed over because they are no pictures, by suffix; filled by a full walk."""
    name: str = NAME
    spatial: bool = False
    noun: str = "picture"

    def texts(self, keys: Collection[str]) -> dict[str, str]:  # noqa: ARG002 - the signature all data sets share
        """Pictures hold no text."""
        return {}

    def require(self, survey: Survey, splits: Collection[str]) -> None:
        """Refuse a folder in which nothing can be expanded.

        Raises:
            UsageError: it holds no picture, or none in the splits to expand.

        """
        if survey.usable == 0 and not survey.problems:
            others = ", ".join(f"{count} x {suffix}" for suffix, count in self.ignored.most_common(3))
            raise UsageError(f"{self.root}: holds no picture" + (f" (only {others})" if others else ""))
        found = {split for split, _ in survey.sources}
        if found and "" not in found and not found & set(splits):
            raise UsageError(
                f"{self.root}: has no pictures in the split to expand ({', '.join(splits)}); "
                f"there are {', '.join(sorted(found))}; choose with --splits"
            )

    def items(self) -> Iterator[Item]:
        """Yield every picture file in a fixed order (by path), whatever order the disk lists them in."""
        self.ignored.clear()
        yield from self._walk(self.root, "", None, "", 0)

    def _walk(self, folder: Path, rel: str, split: str | None, label: str, depth: int) -> Iterator[Item]:
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield Item(
                rel,
                rel,
                "",
                "",
                split,
                label or None,
                0,
                ("unreadable", f"cannot be listed: {error.strerror}"),
            )
            return
        visible = [entry for entry in entries if not _hidden(entry.name)]
        folders = [entry for entry in visible if self._is_folder(entry)]
        names = {entry.name for entry in folders}
        yield from self._files([entry for entry in visible if entry.name not in names], rel, split, label)
        splitting = split is None and is_split_level(names)
        for entry in folders:
            inner = f"{rel}{entry.name}/"
            if depth >= MAX_DEPTH:
                yield Item(
                    inner,
                    inner,
                    "",
                    "",
                    split,
                    label or None,
                    0,
                    ("too_deep", "folders are nested too deeply"),
                )
            elif splitting and entry.name.lower() in SPLITS:
                yield from self._walk(Path(entry.path), inner, SPLITS[entry.name.lower()], "", depth + 1)
            else:
                below = f"{label}/{entry.name}" if label else entry.name
                yield from self._walk(Path(entry.path), inner, split, below, depth + 1)

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        # A linked folder is followed when it stays inside the data set and is no ancestor (a loop).
        if not entry.is_symlink():
            return entry.is_dir()
        try:
            if not entry.is_dir():
                return False
        except OSError:  # a link that leads in a circle
            return False
        target, here = Path(entry.path).resolve(), Path(entry.path).parent.resolve()
        inside = self.root.resolve() in target.parents
        return inside and target != here and target not in here.parents

    def _files(
        self, entries: Sequence[os.DirEntry[str]], rel: str, split: str | None, label: str
    ) -> Iterator[Item]:
        pictures = []
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1]  # noqa: PTH122 - a million calls; Path costs 5 us each
            if is_image_name(entry.name) or (not suffix and _looks_like_picture(entry)):
                pictures.append(entry)
            else:
                self.ignored[safe_name(suffix.lower()) or "no suffix"] += 1
        stems = output_stems([entry.name for entry in pictures])
        for entry, stem in zip(pictures, stems, strict=True):
            size, problem = self._inspect(entry)
            yield Item(
                key=rel + entry.name,
                folder=safe_path(rel),
                stem=stem,
                suffix=safe_name(os.path.splitext(entry.name)[1]),  # noqa: PTH122
                split=split,
                label=safe_path(label) or None,
                size_bytes=size,
                problem=problem,
            )

    def _inspect(self, entry: os.DirEntry[str]) -> tuple[int, tuple[str, str] | None]:
        try:
            if entry.is_symlink():
                target = Path(entry.path).resolve(strict=True)
                if self.root.resolve() not in target.parents:
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


def _fold(name: str) -> str:
    return name if name.isascii() and name.islower() else unicodedata.normalize("NFC", name).casefold()


def _tag(name: str) -> str:
    return blake2b(os.fsencode(name), digest_size=3).hexdigest()


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")


def _looks_like_picture(entry: os.DirEntry[str]) -> bool:
    """Look at the first bytes of a file without a suffix."""
    try:
        if not entry.is_file(follow_symlinks=False):
            return False
        with open(entry.path, "rb") as file:  # noqa: PTH123
            return bool(sniff(file.read(32)))
    except (OSError, ItemError):
        return False
