"""CSV and TSV, read without losing a byte: cells are kept as they stand in the file.

A record is split into raw cells, quotes and all; only the text cell of a variant is written anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice

from augtool.errors import ItemError

BOM = b"\xef\xbb\xbf"
_SAMPLE = 50  # records looked at to find out the delimiter and the quoting
_QUOTED = re.compile(rb'"((?:[^"]++|"")*+)"(.*)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written: its delimiter (one byte) and whether quotes mean anything."""

    delimiter: bytes
    quoting: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One record: raw cells, its line end (empty at the end of the file), and its first line, from 1."""

    line: int
    cells: tuple[bytes, ...]
    end: bytes

    @property
    def blank(self) -> bool:
        """Whether it is an empty line."""
        return self.cells == (b"",)


def records(data: bytes, dialect: Dialect) -> Iterator[Record]:
    """Yield the records of a table (without its BOM), from the first to the last byte."""
    cell = _cell(dialect)
    at, line, first = 0, 1, 1
    cells: list[bytes] = []
    while at < len(data) or cells:
        match = cell.match(data, at)
        if match is None:  # cannot be: the pattern matches the empty text
            raise AssertionError(at)
        raw, end = match[1], match[2]
        cells.append(raw)
        line += _lines(raw) if b"\n" in raw or b"\r" in raw else 0
        at = match.end()
        if end != dialect.delimiter:
            yield Record(first, tuple(cells), end)
            line += 1
            first, cells = line, []


@cache
def _cell(dialect: Dialect) -> re.Pattern[bytes]:
    mark = re.escape(dialect.delimiter)
    plain = rb"[^" + mark + rb"\r\n]*+"
    quoted = rb'"(?:[^"]++|"")*+"' + plain + rb"|" if dialect.quoting else b""
    return re.compile(rb"(" + quoted + plain + rb")(" + mark + rb"|\r\n|\n|\r|\Z)")


def _lines(raw: bytes) -> int:
    return raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")


def sniff(data: bytes, delimiters: Sequence[bytes]) -> Dialect:
    """Return the dialect under which the first records agree best on a number of cells above one.

    Of quoting and not quoting the better one is taken, and quoting if both do as well.
    """
    best, score = Dialect(delimiters[0], quoting=True), (-1.0, 0)
    for delimiter in delimiters:
        for quoting in (True, False):
            dialect = Dialect(delimiter, quoting)
            sample = [r for r in islice(records(data, dialect), _SAMPLE) if not r.blank]
            widths = [len(r.cells) for r in sample]
            if not widths or widths[0] == 1:
                continue
            odd = quoting and sum(any(map(_oddly_quoted, r.cells)) for r in sample)
            agree = (widths.count(widths[0]) - odd) / len(widths)
            if (agree, widths[0]) > score:
                best, score = dialect, (agree, widths[0])
    return best


def _oddly_quoted(raw: bytes) -> bool:
    """Return whether a cell begins with a quote that does not end it: then the quote may be but a quote."""
    match = _QUOTED.match(raw)
    return raw.startswith(b'"') and (match is None or match[2] != b"")


def value(raw: bytes, dialect: Dialect) -> str:
    """Return what a raw cell says.

    Raises:
        ItemError: ``not_utf8`` or ``nul``.

    """
    match = _QUOTED.match(raw) if dialect.quoting else None
    plain = match[1].replace(b'""', b'"') + match[2] if match else raw
    return decoded(plain)


def decoded(data: bytes) -> str:
    """Return bytes as text.

    Raises:
        ItemError: ``not_utf8`` or ``nul``.

    """
    if b"\0" in data:
        raise ItemError("nul", "holds a NUL character")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ItemError("not_utf8", f"is not UTF-8 (byte 0x{data[error.start]:02x})") from error


def encoded(text: str, like: bytes, dialect: Dialect) -> bytes:
    """Return a cell that says ``text``, quoted if it has to be or the cell ``like`` is."""
    raw = text.encode("utf-8", "surrogatepass")
    if not dialect.quoting:
        return raw
    special = any(mark in raw for mark in (b'"', b"\n", b"\r", dialect.delimiter))
    return b'"' + raw.replace(b'"', b'""') + b'"' if special or like.startswith(b'"') else raw


def usual_end(data: bytes) -> bytes:
    """Return the commonest line end of a table."""
    counts = Counter({b"\r\n": data.count(b"\r\n")})
    counts[b"\n"] = data.count(b"\n") - counts[b"\r\n"]
    counts[b"\r"] = data.count(b"\r") - counts[b"\r\n"]
    return max((b"\n", b"\r\n", b"\r"), key=lambda end: counts[end])
