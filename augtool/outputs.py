"""The output folder of a run: that it is apart from the input, vacant or a run's, and how one is removed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from augtool.errors import StorageError, UsageError
from augtool.storage import (
    CACHE,
    INPUTS,
    JOURNAL,
    LOCK,
    MANIFEST,
    REPORT_HTML,
    REPORT_JSON,
    RUN,
    TMP_PREFIX,
    locked,
    read_cache,
    read_journal,
)


@contextmanager
def held(output: Path) -> Iterator[None]:
    """Create the output if need be and hold its lock.

    Raises:
        LockedError: another run holds it.
        StorageError: it cannot be created.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        lock = locked(output)
    except OSError as error:
        raise StorageError(f"cannot create {output}: {error.strerror}") from error
    with lock:
        yield


def check_apart(source: Path, output: Path) -> None:
    """Refuse an output that is the input, inside it, or around it, through links too.

    Raises:
        UsageError: they overlap.

    """
    real_in, real_out = source.resolve(), output.resolve()
    if real_in == real_out:
        raise UsageError(f"{output}: output and input are the same folder; inputs are never modified")
    if real_in in real_out.parents:
        raise UsageError(f"{output}: the output lies inside the input {source}; choose a folder outside it")
    if real_out in real_in.parents and output.exists():
        raise UsageError(f"{output}: the input {source} lies inside the output; choose another output")


def check_vacant(output: Path, *, overwrite: bool, onward: bool = False) -> None:
    """Refuse an output that holds anything, unless it is a run's that may be overwritten or gone on with.

    Raises:
        LockedError: another run is writing to it.
        UsageError: it is not empty, or not a folder.

    """
    if (output / LOCK).exists():
        with locked(output):  # a run at work is a better reason than the files it has written so far
            pass
    check_content(output, overwrite=overwrite, onward=onward)


def check_content(output: Path, *, overwrite: bool, onward: bool = False) -> None:
    """As :func:`check_vacant`, for who holds the lock."""
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output}: is a file; the output is a folder")
    present = {entry.name for entry in output.iterdir()} - {LOCK} if output.is_dir() else set()
    runs = present & {MANIFEST, JOURNAL, RUN}
    if not present or (runs and (overwrite or onward)):
        return
    if all(name.startswith(TMP_PREFIX) for name in present):
        return  # a run that was killed before it had begun
    if onward:
        raise UsageError(f"{output}: is not empty and holds no run to go on with; choose a new folder")
    if overwrite:
        raise UsageError(
            f"{output}: is not empty and holds no {MANIFEST}; --overwrite only replaces a run's output"
        )
    if present & {JOURNAL, RUN}:
        raise UsageError(
            f"{output}: holds an unfinished run; --resume goes on with it, --overwrite starts it again"
        )
    raise UsageError(
        f"{output}: is not empty; choose a new folder, or --overwrite to replace an earlier run"
        + (", or --update to redo what has changed" if MANIFEST in present else "")
    )


def row_files(row: dict[str, Any]) -> dict[str, str]:
    """Return the files a manifest row stands for: path below the output -> SHA-256."""
    return {row["output"]: row["sha256"], **row.get("label_files", {})}


def row_names(row: dict[str, Any]) -> list[str]:
    """Return the names of those files."""
    return [row["output"], *row.get("label_files", {})]


def lies_below(root: Path, relative: str) -> bool:
    """Return whether a path of a manifest stays below ``root``, through links too."""
    real, folder = root.resolve(), (root / relative).parent.resolve()
    return folder == real or real in folder.parents


def remove(root: Path, names: Iterable[str]) -> None:
    """Remove files below ``root``, and folders that are empty then. Names that lead elsewhere are ignored."""
    folders: set[Path] = set()
    for relative in names:
        path = root / relative
        if not lies_below(root, relative):
            continue  # a manifest edited to point elsewhere deletes nothing
        with suppress(OSError):
            path.unlink()
        folders.update(parent for parent in path.parents if root in parent.parents)
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            folder.rmdir()


def remove_run(root: Path) -> None:
    """Remove what an earlier run wrote, as its records list it, and nothing else.

    Raises:
        UsageError: those records are damaged; nothing is removed.

    """
    listed = list(_listed(root))
    with suppress(OSError, ValueError):
        listed += json.loads((root / REPORT_JSON).read_bytes()).get("dataset_files", {})
    sweep(root)
    remove(root, listed)
    for name in (MANIFEST, INPUTS, REPORT_JSON, REPORT_HTML, JOURNAL, CACHE, RUN):
        with suppress(FileNotFoundError):
            (root / name).unlink()


def _listed(root: Path) -> Iterator[str]:
    try:
        if (root / MANIFEST).exists():
            with (root / MANIFEST).open("rb") as file:
                for line in file:
                    yield from row_names(json.loads(line))
        for record in (*read_journal(root), *read_cache(root)):
            for row in record["rows"]:
                yield from row_names(row)
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"{root}: the list of what the earlier run wrote is damaged; remove the folder, or choose another"
        ) from None


def sweep(root: Path) -> int:
    """Remove temporary files that a killed run left behind; return how many."""
    swept = 0
    for folder, _, files in os.walk(root):
        for name in files:
            if name.startswith(TMP_PREFIX):
                swept += 1
                with suppress(OSError):
                    Path(folder, name).unlink()
    return swept
