"""CSV with every byte kept: cells are found by their places in the text, and only changed ones are written.

Python's csv module gives values but not where they stand, so a row written back would lose its quoting,
spaces and line ending. Here a row remembers its text; replacing a cell leaves all others as they were.
Bytes that are no UTF-8 survive as surrogates (``surrogateescape``).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from augtool.errors import UsageError

DELIMITERS = ",;\t|"
MAX_BYTES = 1 << 30
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_CELL = {
    delimiter: re.compile(
        rf'[ ]*"((?:[^"]|"")*)"([^{re.escape(delimiter)}\r\n]*)|([^{re.escape(delimiter)}\r\n]*)'
    )
    for delimiter in (*DELIMITERS, " ")
}


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its values without quotes and outer spaces, and the text they came from.

    ``line`` counts from 1 and is where the record starts; ``text`` ends with the record's line ending, if
    it has one. ``spans`` are the half-open places of the cells in ``text``, quotes included.
    """

    line: int
    text: str
    cells: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]

    def replaced(self, changes: Mapping[int, str], delimiter: str) -> str:
        """Return the record's text with the cells at the given positions replaced, all else untouched."""
        pieces, at = [], 0
        for position in sorted(changes):
            start, end = self.spans[position]
            old = self.text[start:end]
            pad = old[: len(old) - len(old.lstrip(" "))]
            pieces += [self.text[at:start], pad, quoted(changes[position], delimiter, '"' in old)]
            at = end
        return "".join([*pieces, self.text[at:]])


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file: its byte order mark, delimiter and rows, the header among them if it has one."""

    bom: str
    delimiter: str
    rows: tuple[Row, ...]

    @property
    def newline(self) -> str:
        """The line ending of the first record."""
        first = self.rows[0].text if self.rows else ""
        return "\r\n" if first.endswith("\r\n") else "\n"


def quoted(value: str, delimiter: str, always: bool = False) -> str:
    """Return a value as a cell, in quotes where it needs them (or ``always``)."""
    if always or any(char in value for char in (delimiter, '"', "\r", "\n")):
        return '"' + value.replace('"', '""') + '"'
    return value


def harmless(value: str, *, path: bool = False) -> str:
    """Return a text made by this program so that no spreadsheet takes it for a formula (OWASP).

    A path gets a leading ``./``, which still names the file; other texts get a ``'``. Numbers stay.
    """
    if not value.startswith(_FORMULA) or _NUMBER.match(value):
        return value
    return f"./{value}" if path else f"'{value}"


def decode(data: bytes, name: str) -> tuple[str, str]:
    """Return (byte order mark, text) of a CSV or JSON Lines file.

    Raises:
        UsageError: it is UTF-16, holds a NUL, or is too large.

    """
    if len(data) > MAX_BYTES:
        raise UsageError(f"{name}: larger than {MAX_BYTES >> 20} MiB")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UsageError(f"{name}: is UTF-16; save it as UTF-8")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise UsageError(f"{name}:{line}: holds a NUL byte; this is no text")
    text = data.decode("utf-8", errors="surrogateescape")
    return ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)


def encode(text: str) -> bytes:
    """Return text from :func:`decode` as the bytes it came from."""
    return text.encode("utf-8", errors="surrogateescape")


def sniff(text: str, delimiters: str = DELIMITERS) -> str:
    """Return the delimiter that the first lines agree on; a comma where none does."""
    best, score = ",", (0, 1)
    for delimiter in delimiters:
        try:
            first = [len(row.cells) for row in islice(rows(text, "", delimiter), 5)]
        except UsageError:
            continue
        # Rows as long as the header speak for a delimiter; ragged and quoted ones do not speak against it.
        found = (first.count(first[0]), first[0]) if first and first[0] > 1 else (0, 1)
        if found > score:
            best, score = delimiter, found
    return best


def parse(data: bytes, name: str, delimiter: str | None = None) -> Table:
    """Parse a CSV file; blank lines are passed over.

    Args:
        data: the file.
        name: what messages call it.
        delimiter: one character, or None to find it.

    Raises:
        UsageError: it is no text, or a quote is never closed.

    """
    bom, text = decode(data, name)
    delimiter = delimiter or sniff(text)
    return Table(bom, delimiter, tuple(rows(text, name, delimiter)))


def rows(text: str, name: str, delimiter: str) -> Iterator[Row]:
    """Yield the records of a text, those of blank lines left out.

    Raises:
        UsageError: a quote is never closed.

    """
    at, line = 0, 1
    while at < len(text):
        spans, values, end = [], [], at
        for start, stop, value, closed in _cells(text, at, delimiter):
            if not closed:
                raise UsageError(f"{name}:{line}: a quote that is never closed")
            spans.append((start - at, stop - at))
            values.append(value)
            end = stop
        if text.startswith("\r\n", end):
            end += 2
        elif end < len(text):
            end += 1
        record = text[at:end]
        if record.strip():
            yield Row(line, record, tuple(values), tuple(spans))
        # A bare carriage return ends a line too; not so U+0085 and its like.
        line += record.count("\n") + record.count("\r") - record.count("\r\n")
        at = end


def _cells(text: str, at: int, delimiter: str) -> Iterator[tuple[int, int, str, bool]]:
    """Yield (start, end, value, closed) of the cells of the record that starts at ``at``."""
    pattern = _CELL[delimiter]
    while True:
        hit = pattern.match(text, at)
        if hit is None:  # pragma: no cover - the pattern matches the empty text
            return
        if hit[1] is not None:
            yield at, hit.end(), hit[1].replace('""', '"') + hit[2].rstrip(" "), True
        else:
            yield at, hit.end(), hit[3].strip(" "), not hit[3].lstrip(" ").startswith('"')
        if hit.end() >= len(text) or text[hit.end()] != delimiter:
            return
        at = hit.end() + 1
