"""The output folder of a run: that it is apart from the input, vacant or a run's, and how one is removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from augtool.apart import contains, real_path
from augtool.errors import StorageError, UsageError
from augtool.filenames import on_disk
from augtool.storage import (
    CACHE,
    INPUTS,
    JOURNAL,
    LOCK,
    MANIFEST,
    NAMES_PREFIX,
    REPORT_HTML,
    REPORT_JSON,
    RUN,
    TMP_PREFIX,
    locked,
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
    """Refuse an output that is the input, inside it, or around it, through links and mounts too.

    Raises:
        UsageError: they overlap, or one of them cannot be looked at.

    """
    real_in, real_out = real_path(source), real_path(output)
    if not output.exists():
        if contains(real_in, real_out):
            raise UsageError(
                f"{output}: the output lies inside the input {source}; choose a folder outside it"
            )
        return
    inside, around = contains(real_in, real_out), contains(real_out, real_in)
    if inside and around:
        raise UsageError(f"{output}: output and input are the same folder; inputs are never modified")
    if inside:
        raise UsageError(f"{output}: the output lies inside the input {source}; choose a folder outside it")
    if around:
        raise UsageError(f"{output}: the input {source} lies inside the output; choose another output")


def check_vacant(output: Path, *, overwrite: bool, onward: bool = False) -> None:
    """Refuse an output that holds anything, unless it is a run's that may be overwritten or gone on with.

    Raises:
        LockedError: another run is writing to it.
        UsageError: it is not empty, or not a folder.

    """
    real_path(output)
    if (output / LOCK).exists():
        with locked(output):  # a run at work is a better reason than the files it has written so far
            pass
    check_content(output, overwrite=overwrite, onward=onward)


def check_content(output: Path, *, overwrite: bool, onward: bool = False) -> None:
    """As :func:`check_vacant`, for who holds the lock."""
    if output.is_symlink() and not output.exists():
        raise UsageError(f"{output}: is a link to a folder that is not there; make it, or choose another")
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
    real, folder = root.resolve(), (root / on_disk(relative)).parent.resolve()
    return folder == real or real in folder.parents


def remove(root: Path, names: Iterable[str]) -> None:
    """Remove files below ``root``, and folders that are empty then. Names that lead elsewhere are ignored."""
    folders: set[Path] = set()
    for relative in names:
        path = root / on_disk(relative)
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
    from augtool import records

    listed = list(records.listed(root))
    sweep(root)
    remove(root, listed)
    forget_names(root)
    for name in (MANIFEST, INPUTS, REPORT_JSON, REPORT_HTML, JOURNAL, CACHE, RUN):
        with suppress(FileNotFoundError):
            (root / name).unlink()


def forget_names(root: Path) -> None:
    """Remove the lists of names that workers kept (see ``storage.Batch``), once better records stand."""
    for path in root.glob(NAMES_PREFIX + "*"):
        with suppress(OSError):
            path.unlink()


def sweep(root: Path) -> int:
    """Remove temporary files that a killed run left behind; return how many."""
    litter = list(root.rglob(TMP_PREFIX + "*"))
    for path in litter:
        with suppress(OSError):
            path.unlink()
    return len(litter)
