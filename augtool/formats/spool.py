"""Files of a whole data set, written line by line while pictures of several of them come mixed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

_IN_MEMORY = 1 << 23
_CHUNK = 1 << 20


class Spool:
    """Grows any number of files at once; what is large waits on disk, not in memory."""

    def __init__(self, names: Iterable[str]) -> None:
        self._files: dict[str, IO[bytes]] = {}
        for name in names:
            self._open(name)

    def _open(self, name: str) -> IO[bytes]:
        if name not in self._files:
            self._files[name] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed in drain()
        return self._files[name]

    def add(self, name: str, data: bytes) -> None:
        """Append to a file."""
        self._open(name).write(data)

    def length(self, name: str) -> int:
        """Return how many bytes a file has."""
        return self._open(name).tell()

    def drain(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield (name, chunks) of every file, in the order they were named."""
        for name, file in self._files.items():
            with file:
                file.seek(0)
                yield name, iter(lambda file=file: file.read(_CHUNK), b"")  # type: ignore[misc]

    def drain_lines(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield (name, lines) of every file, in the order they were named."""
        for name, file in self._files.items():
            with file:
                file.seek(0)
                yield name, file
