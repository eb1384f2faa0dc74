"""What a run's records say it wrote, for who removes it; nothing of them is believed unseen."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from augtool.errors import UsageError
from augtool.filenames import on_disk
from augtool.storage import JOURNAL, MANIFEST, NAMES_PREFIX, REPORT_JSON, read_cache, read_journal


def listed(root: Path) -> Iterator[str]:
    """Yield the paths below an output that its records list as written by the run.

    These are the manifest, the journal of an unfinished run, what workers of one that was killed had yet
    to hand in, and the report.

    Raises:
        UsageError: the records are damaged: not readable, of another shape, or naming what is no file.
    """
    try:
        for name in _listed(root):
            _check(root, name)
            yield name
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise UsageError(
            f"{root}: the list of what the earlier run wrote is damaged; remove the folder, or choose another"
        ) from None


def _listed(root: Path) -> Iterator[Any]:
    for line in _lines(root / MANIFEST):
        yield from _of_row(json.loads(line))
    if os.path.lexists(root / JOURNAL):
        for record in read_journal(root):
            for row in record["rows"]:
                yield from _of_row(row)
    for record in read_cache(root):
        for row in record["rows"]:
            yield from _of_row(row)
    yield from named(root)
    with suppress(FileNotFoundError):
        yield from json.loads((root / REPORT_JSON).read_bytes()).get("dataset_files", {})


def named(root: Path) -> Iterator[Any]:
    """Yield the paths that workers listed before they gave files those names; nothing is checked."""
    for path in sorted(root.glob(NAMES_PREFIX + "*")):
        for line in _lines(path):
            if line.endswith(b"\n"):  # else the process was killed while it wrote this, before any rename
                yield from json.loads(line)


def _lines(path: Path) -> Iterator[bytes]:
    if os.path.lexists(path):
        with path.open("rb") as file:
            yield from file


def _of_row(row: dict[str, Any]) -> list[Any]:
    return [row["output"], *row.get("label_files", {})]


def _check(root: Path, name: Any) -> None:
    """Raise ValueError or OSError unless a record's name is one that a run can have given a file."""
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError
    with suppress(FileNotFoundError, NotADirectoryError):
        if stat.S_ISDIR(os.lstat(root / on_disk(name)).st_mode):
            raise ValueError
