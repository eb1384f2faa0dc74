"""What formats share when they walk a data set: split names, links, a look at each file."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from augtool.errors import ItemError, UsageError
from augtool.filenames import fold
from augtool.metadata import sniff
from augtool.naming import did_you_mean
from augtool.storage import OWN_FILES

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
MAX_LINKS = 2
LINK_OUTSIDE = ("link_outside", "is a link to a folder outside the input; it is not followed")


@dataclass(frozen=True, slots=True)
class Way:
    """The way a walk took from a data set's root down to one folder.

    A folder is entered once along a way, however it is linked, so that no circle of links is followed.
    Links to one folder beside each other are each followed: two classes may share their pictures. As links
    that lead on to further links multiply, a way has at most ``MAX_LINKS`` of them.
    """

    root: Path
    """The data set's folder, without links."""
    walked: frozenset[tuple[int, int]]
    """Device and number of each folder on the way: what it is, however it is reached."""
    links: int = 0

    @classmethod
    def start(cls, root: Path) -> Way:
        """Return the way that ends at the root."""
        return cls(root.resolve(), frozenset(_identity(root)))

    def into(self, entry: os.DirEntry[str]) -> Way:
        """Return the way on into a folder that :meth:`leads_on` to."""
        known = frozenset(_identity(Path(entry.path)))
        return Way(self.root, self.walked | known, self.links + entry.is_symlink())

    def leads_on(self, entry: os.DirEntry[str]) -> bool:
        """Return whether an entry is a folder to walk into."""
        if not _is_dir(entry):
            return False
        if entry.is_symlink() and (self.links >= MAX_LINKS or not self._inside(entry)):
            return False
        return self.walked.isdisjoint(_identity(Path(entry.path)))

    def leads_out(self, entry: os.DirEntry[str]) -> bool:
        """Return whether an entry is a link to a folder outside the data set."""
        return entry.is_symlink() and _is_dir(entry) and not self._inside(entry)

    def _inside(self, entry: os.DirEntry[str]) -> bool:
        target = Path(entry.path).resolve()
        return target == self.root or self.root in target.parents


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def _identity(folder: Path) -> set[tuple[int, int]]:
    try:
        status = folder.stat()
    except OSError:  # gone since it was listed; the walk will say so
        return set()
    return {(status.st_dev, status.st_ino)}


def check_top(root: Path, names: Collection[str]) -> None:
    """Refuse a data set with a folder in its root that is named like a file of the run's own.

    Raises:
        UsageError: there is one; the run could not write its records.
    """
    taken = {fold(name) for name in OWN_FILES}
    for name in sorted(names):
        if fold(name) in taken:
            raise UsageError(
                f"{root / name}: a folder of the input has the name of a file the run writes; rename it"
            )


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
    waiting = [("", Way.start(root))]
    while waiting:
        rel, way = waiting.pop()
        try:
            with os.scandir(root / rel) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError:
            continue  # the walk over the pictures reports it
        visible = [entry for entry in entries if not hidden(entry.name)]
        yield from (rel + entry.name for entry in visible if entry.name.lower().endswith(suffixes))
        if rel.count("/") < MAX_DEPTH:
            folders = [entry for entry in visible if way.leads_on(entry)]
            waiting.extend((f"{rel}{entry.name}/", way.into(entry)) for entry in reversed(folders))


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
