"""Files: read-only inputs, complete-or-absent outputs, the run's lock and its journal.

A final name is only ever given to a complete file: bytes go to ``.augtool-tmp-*`` in the same folder and
are renamed. The journal names a file only after the sync that makes it durable; what it does not name is
redone.
"""

from __future__ import annotations

import ctypes
import filecmp
import gzip
import hashlib
import json
import os
import re
import stat
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Self

from augtool import reading
from augtool.errors import ItemError, LockedError, StorageError
from augtool.filenames import on_disk, text_of

TMP_PREFIX = ".augtool-tmp-"
NAMES_PREFIX = ".augtool-names-"
LOCK = ".augtool.lock"
JOURNAL = ".augtool-journal.jsonl"
MANIFEST = "manifest.jsonl"
INPUTS = "inputs.jsonl"
REPORT_JSON = "report.json"
REPORT_HTML = "report.html"
RUN = ".augtool-run.json"
CACHE = ".augtool-cache.jsonl.gz"
OWN_FILES = (MANIFEST, INPUTS, REPORT_JSON, REPORT_HTML, LOCK, JOURNAL, RUN, CACHE)


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
        status = os.fstat(descriptor)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read()
        reading.note(path, status, data)
        return data
    except OSError as error:
        raise ItemError("unreadable", f"cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)


def intact(path: str | Path, sha256_hex: str) -> bool:
    """Return whether a regular file is there and holds the bytes of that SHA-256."""
    try:
        with open(path, "rb", opener=_nofollow) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256_hex
    except OSError:
        return False


def _nofollow(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


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
    list is how the file is known for the run's. With ``spare``, a file that holds the very bytes already is
    left alone, its time of modification with it.
    """

    def __init__(self, root: Path, *, spare: bool = False) -> None:
        self._root, self._spare = root, spare
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
        if self._spare and intact(final, digest(data)):
            return
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
        try:
            self._file: IO[bytes] = self.path.open("ab")
        except OSError as error:
            raise StorageError(f"cannot write {self.path}: {error.strerror}") from error
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
    """Yield the records of a journal, if there is one; a last line cut short by a crash is left out."""
    with suppress(FileNotFoundError), (root / JOURNAL).open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def read_cache(root: Path) -> Iterator[dict[str, Any]]:
    """Yield the journal records that a finished run keeps for the next one, if it does."""
    with suppress(OSError, EOFError, zlib.error), gzip.open(root / CACHE, "rb") as file:
        file.readline()  # what the run was; see augtool.continuing
        for line in file:
            yield json.loads(line)


def write_durably(path: Path, chunks: Iterator[bytes] | Sequence[bytes], *, spare: bool = False) -> None:
    """Write a file atomically and durably; with ``spare``, not if it holds these bytes already.

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
        if spare and path.is_file() and filecmp.cmp(temporary, path, shallow=False):
            temporary.unlink()
        else:
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
