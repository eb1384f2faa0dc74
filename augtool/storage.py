"""Files: read-only inputs, complete-or-absent outputs, the run's lock and its journal.

A final name is only ever given to a complete file: bytes go to ``.augtool-tmp-*`` in the same folder and
are renamed. The journal names a file only after the sync that makes it durable; what it does not name is
redone.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Self

from augtool.apart import contains, real_path
from augtool.errors import ItemError, LockedError, StorageError, UsageError
from augtool.filenames import on_disk, text_of

TMP_PREFIX = ".augtool-tmp-"
NAMES_PREFIX = ".augtool-names-"
LOCK = ".augtool.lock"
JOURNAL = ".augtool-journal.jsonl"
MANIFEST = "manifest.jsonl"
INPUTS = "inputs.jsonl"
REPORT_JSON = "report.json"
REPORT_HTML = "report.html"
OWN_FILES = (MANIFEST, INPUTS, REPORT_JSON, REPORT_HTML, LOCK, JOURNAL)


def read_bytes(path: str | Path) -> bytes:
    """Read a regular file whole.

    Raises:
        ItemError: ``unreadable`` (missing, no permission, I/O error) or ``special_file`` (a device,
            pipe or folder, which is never opened for reading).

    """
    try:
        # O_NONBLOCK: opening a pipe without a writer must not hang. Regular files ignore it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ItemError("unreadable", f"cannot be read: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ItemError("special_file", "is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    except OSError as error:
        raise ItemError("unreadable", f"cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)


def shown(name: str) -> str:
    r"""Return a file name as valid text: undecodable bytes become ``\\xff``."""
    return name if name.isascii() else os.fsencode(name).decode(errors="backslashreplace")


def unshown(name: str) -> str:
    r"""Return the file name that :func:`shown` gave as text: ``\xff`` becomes the byte again."""
    if "\\x" not in name:
        return name
    return os.fsdecode(re.sub(rb"\\x([89a-f][0-9a-f])", lambda hit: bytes([int(hit[1], 16)]), name.encode()))


def digest(data: bytes) -> str:
    """Return the SHA-256 of some bytes, as hex."""
    return sha256(data).hexdigest()


class Batch:
    """The files of one unit of work: staged under temporary names, named together at the end.

    If the unit fails, :meth:`discard` leaves no trace of it. Before a file is named, its name goes into a
    list that the process keeps in the output: should the run be killed before the journal has it, that
    list is how the file is known for the run's.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._staged: list[tuple[str, str]] = []
        self._made: set[str] = set()

    def write(self, relative: str, data: bytes) -> None:
        """Stage one file.

        Args:
            relative: path below the output, with ``/``.
            data: its bytes.

        Raises:
            StorageError: the disk is full or fails.

        """
        final = os.path.join(self._root, on_disk(relative))  # noqa: PTH118 - many calls; Path costs 5 us each
        folder = os.path.dirname(final)  # noqa: PTH120
        try:
            if folder not in self._made:
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103
                self._made.add(folder)
            temporary = f"{folder}/{TMP_PREFIX}{os.getpid()}-{len(self._staged)}"
            with open(temporary, "wb", buffering=0) as file:  # noqa: PTH123
                self._staged.append((temporary, final))
                view = memoryview(data)
                while view:
                    view = view[file.write(view) :]
        except OSError as error:
            raise StorageError(f"cannot write {final}: {error.strerror}") from error

    def commit(self) -> None:
        """Give all staged files their final names.

        Raises:
            StorageError: a rename failed.

        """
        try:
            self._note()
            for temporary, final in self._staged:
                os.replace(temporary, final)  # noqa: PTH105
        except OSError as error:
            raise StorageError(
                f"cannot write {error.filename2 or error.filename}: {error.strerror}"
            ) from error
        self._staged.clear()

    def _note(self) -> None:
        if self._staged:
            line = json.dumps([text_of(os.path.relpath(final, self._root)) for _, final in self._staged])
            with open(f"{self._root}/{NAMES_PREFIX}{os.getpid()}", "ab", buffering=0) as file:  # noqa: PTH123
                file.write(line.encode() + b"\n")

    def discard(self) -> None:
        """Remove what is staged."""
        for temporary, _ in self._staged:
            with suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
        self._staged.clear()


class Journal:
    """The durable record of a run: one line per finished unit, in plan order.

    Lines are buffered and written in batches, each after one sync of the output's file system. Leaving the
    ``with`` block commits what is left, also when a run is cut short: every file that has a name is listed.
    """

    EVERY_FILES = 1000
    EVERY_SECONDS = 5.0

    def __init__(self, root: Path) -> None:
        self._root = root
        self.path = root / JOURNAL
        self._file: IO[bytes] = self.path.open("ab")
        self._lines: list[bytes] = []
        self._files = 0
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Commit and close."""
        try:
            # After a failure the disk may be the reason; what went wrong first is what matters.
            with suppress(StorageError) if kind else nullcontext():
                self.commit()
        finally:
            self._file.close()

    def append(self, record: dict[str, Any], files: int) -> None:
        """Add one unit's record, which names ``files`` files."""
        self._lines.append(json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n")
        self._files += files
        if self._files >= self.EVERY_FILES or time.monotonic() - self._last > self.EVERY_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Make all files named so far durable, then the lines that name them.

        Raises:
            StorageError: the disk is full or fails.

        """
        if self._lines:
            try:
                sync_tree(self._root)
                self._file.write(b"".join(self._lines))
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                raise StorageError(f"cannot write {self.path}: {error.strerror}") from error
        self._lines.clear()
        self._files, self._last = 0, time.monotonic()


def read_journal(root: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a journal; a last line cut short by a crash is left out."""
    with (root / JOURNAL).open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def write_durably(path: Path, chunks: Iterator[bytes] | Sequence[bytes]) -> None:
    """Write a file atomically and durably.

    Raises:
        StorageError: the disk is full or fails.

    """
    temporary = path.with_name(f"{TMP_PREFIX}{os.getpid()}-{path.name}")
    try:
        with temporary.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise StorageError(f"cannot write {path}: {error.strerror}") from error


def sync_tree(root: Path) -> None:
    """Make everything written below ``root`` durable, in one call where the system has one."""
    descriptor = os.open(root, os.O_RDONLY)
    try:
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is None:
            os.sync()
        elif syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(root))
    finally:
        os.close(descriptor)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Hold the output for this run; the lock frees itself when the process dies.

    Raises:
        LockedError: another run holds it.

    """
    from filelock import FileLock, Timeout

    lock = FileLock(root / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(f"{root}: another run is writing here; wait for it to end") from None
    try:
        yield
    finally:
        with suppress(OSError):
            (root / LOCK).unlink()
        lock.release()


@contextmanager
def opened(output: Path, *, overwrite: bool = False) -> Iterator[None]:
    """Make the output ready for one run: created, locked, and free of an earlier run's files.

    Raises:
        LockedError: another run holds it.
        StorageError: it cannot be created.
        UsageError: it is not vacant (see :func:`check_vacant`).

    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot create {output}: {error.strerror}") from error
    with locked(output):
        _check_content(output, overwrite=overwrite)  # once more: another run may have just finished
        remove_run(output)
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


def check_vacant(output: Path, *, overwrite: bool) -> None:
    """Refuse an output that holds anything, unless it is a run's that may be overwritten.

    Raises:
        LockedError: another run is writing to it.
        UsageError: it is not empty, or not a folder.

    """
    real_path(output)
    if (output / LOCK).exists():
        with locked(output):  # a run at work is a better reason than the files it has written so far
            pass
    _check_content(output, overwrite=overwrite)


def _check_content(output: Path, *, overwrite: bool) -> None:
    if output.is_symlink() and not output.exists():
        raise UsageError(f"{output}: is a link to a folder that is not there; make it, or choose another")
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output}: is a file; the output is a folder")
    present = {entry.name for entry in output.iterdir()} - {LOCK} if output.is_dir() else set()
    if not present or (overwrite and present & {MANIFEST, JOURNAL}):
        return
    if overwrite:
        raise UsageError(
            f"{output}: is not empty and holds no {MANIFEST}; --overwrite only replaces a run's output"
        )
    if JOURNAL in present:
        raise UsageError(f"{output}: holds an unfinished run; use --overwrite to start it again")
    raise UsageError(f"{output}: is not empty; choose a new folder, or --overwrite to replace an earlier run")


def row_files(row: dict[str, Any]) -> dict[str, str]:
    """Return the files a manifest row stands for: path below the output -> SHA-256."""
    return {row["output"]: row["sha256"], **row.get("label_files", {})}


def remove_run(root: Path) -> None:
    """Remove what an earlier run wrote, as its records list it, and nothing else.

    Raises:
        UsageError: those records are damaged; nothing is removed.

    """
    from augtool import records

    listed = list(records.listed(root))
    folders: set[Path] = set()
    for relative in listed:
        path = root / on_disk(relative)
        if root.resolve() not in path.resolve().parents:
            continue  # a manifest edited to point elsewhere deletes nothing
        with suppress(FileNotFoundError):
            path.unlink()
        folders.update(parent for parent in path.parents if root in parent.parents)
    sweep(root)
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            folder.rmdir()
    forget_names(root)
    for name in (MANIFEST, INPUTS, REPORT_JSON, REPORT_HTML, JOURNAL):
        with suppress(FileNotFoundError):
            (root / name).unlink()


def forget_names(root: Path) -> None:
    """Remove the lists of names that workers kept (see :class:`Batch`), once better records stand."""
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
