"""The records of an earlier run, looked up by source. They stay on disk; memory holds where each begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from augtool import storage
from augtool.errors import StorageError


class Past:
    """What the cache and then the journal of an output say of each source; the last word counts."""

    def __init__(self, output: Path) -> None:
        self._path = output / f"{storage.TMP_PREFIX}past"
        self._places: dict[bytes, int] = {}
        try:
            self._file: IO[bytes] = self._path.open("w+b")
            for records in (storage.read_cache(output), storage.read_journal(output)):
                for record in records:
                    self._places[_key(record["source"])] = self._file.tell()
                    self._file.write(json.dumps(record, separators=(",", ":")).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise StorageError(f"cannot write {self._path}: {error.strerror}") from error

    def get(self, source: str) -> dict[str, Any] | None:
        """Return the record of a source, named as the manifest does, if there is one."""
        place = self._places.get(_key(source))
        return None if place is None else self._at(place)

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield the last record of every source, in the order they were written."""
        for place in sorted(self._places.values()):
            yield self._at(place)

    def close(self) -> None:
        """Remove the scratch file."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _at(self, place: int) -> dict[str, Any]:
        self._file.seek(place)
        record: dict[str, Any] = json.loads(self._file.readline())
        record.pop("gone", None)
        return record


def _key(source: str) -> bytes:
    return blake2b(source.encode("utf-8", "surrogatepass"), digest_size=12).digest()
