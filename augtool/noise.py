"""What C libraries print on descriptor 2: kept from the person's eyes, and put into the file's record."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

_LINES = 5  # of one file
_scratch: IO[bytes] | None = None


def capture() -> None:
    """Point descriptor 2 at a scratch file for the rest of the process."""
    os.dup2(_file().fileno(), 2)


@contextmanager
def captured() -> Iterator[None]:
    """Point descriptor 2 at a scratch file while one unit is done in this process."""
    if sys.__stderr__ is None:
        # Closed by whoever started us: descriptor 2 is free, or by now any other file.
        yield
        return
    before = os.dup(2)
    try:
        capture()
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def take() -> list[str]:
    """Return the lines printed since the last call, each once, at most five."""
    if _scratch is None:
        return []
    descriptor = _scratch.fileno()
    length = os.fstat(descriptor).st_size
    if length == 0:
        return []
    text = os.pread(descriptor, min(length, 4096), 0).decode(errors="replace")
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))[:_LINES]


def _file() -> IO[bytes]:
    global _scratch  # noqa: PLW0603 - descriptor 2 belongs to the process
    if _scratch is None:
        _scratch = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
    return _scratch
