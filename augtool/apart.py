"""Whether two folders overlap, through links and bind mounts too."""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from pathlib import Path

from augtool.errors import UsageError

_SHOWN = 80  # characters of a name in a message about its length
_MOUNTS = Path("/proc/self/mountinfo")

Place = tuple[str, str]  # a file system, and a path in it


def real_path(path: Path) -> Path:
    """Return a path without links.

    Raises:
        UsageError: its links lead in a circle, or it cannot be looked at (a name that is too long).
    """
    try:
        real = path.resolve()
        with suppress(FileNotFoundError, NotADirectoryError):  # it is yet to be made, or cannot be
            real.stat()
    except (OSError, RuntimeError) as error:
        if isinstance(error, RuntimeError) or error.errno == errno.ELOOP:
            raise UsageError(f"{path}: its links lead in a circle") from None
        raise UsageError(f"{_short(path)}: cannot be used: {error.strerror}") from None
    return real


def contains(outer: Path, inner: Path, mounts: Path = _MOUNTS) -> bool:
    """Return whether ``inner`` is ``outer`` or lies in it; both as :func:`real_path` returns them.

    Names decide, and besides what the system says a folder is: a bind mount shows a folder, or one
    inside it, in a second place. Where the system lists its mounts (``mounts``), places are compared in
    the file systems themselves.
    """
    if outer == inner or outer in inner.parents:
        return True
    what = _identity(outer)
    if what is not None and any(_identity(folder) == what for folder in (inner, *inner.parents)):
        return True
    table = _table(mounts)
    if not table:
        return False
    shown = [_place(outer, table)]
    shown += [place for point, place in table if outer in point.parents]  # mounted somewhere inside it
    system, path = _place(inner, table)
    return any(system == other and _below(path, top) for other, top in shown)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _table(mounts: Path) -> list[tuple[Path, Place]]:
    """Return where which folder of which file system is mounted, in the order it was done."""
    try:
        lines = os.fsdecode(mounts.read_bytes()).splitlines()
    except OSError:
        return []
    fields = (line.split(" ") for line in lines)
    return [(Path(_plain(row[4])), (row[2], _plain(row[3]))) for row in fields if len(row) > 4]


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda hit: chr(int(hit[1], 8)), text)


def _place(path: Path, table: list[tuple[Path, Place]]) -> Place:
    """Return the file system a path lies in, and its path there."""
    holding = [entry for entry in table if entry[0] == path or entry[0] in path.parents]
    if not holding:
        return "", str(path)
    deepest = max(len(point.parts) for point, _ in holding)
    point, (system, top) = [entry for entry in holding if len(entry[0].parts) == deepest][-1]
    return system, os.path.normpath(os.path.join(top, path.relative_to(point)))  # noqa: PTH118


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _below(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip("/") + "/")
