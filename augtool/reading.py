"""Which files a unit was made from: noted while they are read, compared when a later run goes on.

A file is taken for unchanged if its size and time of modification are, as make and git do; otherwise its
content decides. So a fresh checkout, where every time is new, costs a read of each file and no more.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

Stamps: TypeAlias = dict[str, list[int | str]]
"""Path below the input -> [size, time of modification in ns, SHA-256]."""


class Notes:
    """The files read since the notes were begun."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[os.stat_result, bytes]] = {}
        self._hashed: list[tuple[bytes, str]] = []

    def add(self, path: str, status: os.stat_result, data: bytes) -> None:
        """Note one file."""
        self._files[path] = status, data

    def digest(self, data: bytes) -> str:
        """Return the SHA-256 of what was read; asked for again, it is not computed again."""
        for kept in self._hashed:
            if kept[0] is data:
                return kept[1]
        self._hashed.append((data, hashlib.sha256(data).hexdigest()))
        return self._hashed[-1][1]

    def stamps(self, root: Path) -> Stamps:
        """Return what was noted, by path below ``root``."""
        from augtool.storage import shown

        base = f"{root}{os.sep}"
        return {
            shown(path.removeprefix(base)): [status.st_size, status.st_mtime_ns, self.digest(data)]
            for path, (status, data) in self._files.items()
        }


_notes: Notes | None = None


@contextmanager
def noting() -> Iterator[Notes]:
    """Note every file that is read in this block."""
    global _notes  # noqa: PLW0603 - a process works on one unit at a time
    before, _notes = _notes, Notes()
    try:
        yield _notes
    finally:
        _notes = before


def note(path: str | Path, status: os.stat_result, data: bytes) -> None:
    """Say that a file was read: its status from before, and its content."""
    if _notes is not None:
        _notes.add(os.fspath(path), status, data)


def compare(root: Path, stamps: Stamps) -> tuple[Stamps, list[str]]:
    """Return the stamps as they are now, and which files are changed or gone."""
    from augtool.storage import unshown

    now: Stamps = {}
    changed = []
    for name, stamp in stamps.items():
        path = root / (name if os.path.lexists(root / name) else unshown(name))
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                changed.append(name)
                continue
            if [status.st_size, status.st_mtime_ns] == stamp[:2]:
                now[name] = stamp
                continue
            with path.open("rb") as file:
                sha = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            changed.append(name)
            continue
        now[name] = [status.st_size, status.st_mtime_ns, sha]
        if sha != stamp[2]:
            changed.append(name)
    return now, changed
