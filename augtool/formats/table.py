"""Tables of texts: CSV, TSV and JSON Lines files, alone or in a folder.

What is not the text of a variant is copied byte for byte: other columns, unknown keys, line ends, a BOM,
and every record that cannot be used (it is listed with file, line and reason).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from augtool.errors import ItemError
from augtool.formats import delimited, jsonlines
from augtool.formats.columns import AUG_OF, AUG_OPS, Columns, check_unused, find_columns
from augtool.formats.delimited import BOM, Dialect
from augtool.formats.walk import SPLITS
from augtool.storage import read_bytes
from augtool.text.edits import Change, chunks, moved, retag, splice, token_intervals
from augtool.text.options import TextOptions

SUFFIXES = {".csv": (b",", b";", b"\t", b"|"), ".tsv": (b"\t",), ".tab": (b"\t",)}
JSON_SUFFIXES = (".jsonl", ".ndjson")
_SAMPLE = 500  # records looked at to find the columns


@dataclass(frozen=True, slots=True)
class Row:
    """A record as the rest of the program sees it, with what is needed to write it again.

    ``problem`` is (code, message) where it cannot be used. ``number`` counts records from 1.
    """

    number: int
    line: int
    text: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    label: str | None = None
    split: str | None = None
    problem: tuple[str, str] | None = None
    blank: bool = False
    raw: Any = None


class Table(Protocol):
    """One file of records."""

    def head(self) -> bytes:
        """Return what stands before the first record."""

    def rows(self) -> Iterator[Row]:
        """Yield all records in order."""

    def original(self, row: Row) -> bytes:
        """Return a record as it is written among its variants."""

    def variant(self, row: Row, changes: Sequence[Change], steps: Sequence[str]) -> bytes:
        """Return the record of a variant."""


def is_table(name: str) -> bool:
    """Return whether a file's name is one of a table."""
    return Path(name).suffix.lower() in (*SUFFIXES, *JSON_SUFFIXES)


def open_table(path: Path, options: TextOptions) -> Table:
    """Open a table and find its columns.

    Raises:
        UsageError: its columns cannot be told, or it is the output of an earlier run.
        ItemError: the file cannot be read, or is of another encoding as a whole.

    """
    data = read_bytes(path)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ItemError("not_utf8", "is UTF-16; save it as UTF-8")
    if path.suffix.lower() in JSON_SUFFIXES:
        return JsonTable(path, data, options)
    return DelimitedTable(path, data, options, SUFFIXES.get(path.suffix.lower(), SUFFIXES[".csv"]))


class DelimitedTable:
    """A CSV or TSV file."""

    def __init__(self, path: Path, data: bytes, options: TextOptions, delimiters: Sequence[bytes]) -> None:
        self._path, self._options = path, options
        self._bom = BOM if data.startswith(BOM) else b""
        self._data = data[len(self._bom) :]
        self._dialect: Dialect = delimited.sniff(self._data, delimiters)
        self._end = delimited.usual_end(self._data)
        first = next(iter(delimited.records(self._data, self._dialect)), None)
        cells = [self._shown(raw) for raw in first.cells] if first else []
        self._width = len(cells)
        self._header = first if options.header else None
        names = cells if options.header else [str(at) for at in range(1, len(cells) + 1)]
        self._columns = self._find(names) if first else Columns()

    def head(self) -> bytes:
        """Return the BOM and the header with its two new columns."""
        if self._header is None:
            return self._bom
        mark = self._dialect.delimiter
        cells = (*self._header.cells, AUG_OF.encode(), AUG_OPS.encode())
        return self._bom + mark.join(cells) + (self._header.end or self._end)

    def rows(self) -> Iterator[Row]:
        """Yield all records but the header."""
        number = 0
        for record in delimited.records(self._data, self._dialect):
            if record is self._header or (self._header and record.line == self._header.line):
                continue
            if record.blank:
                yield Row(0, record.line, blank=True, raw=record)
                continue
            number += 1
            try:
                yield self._row(number, record)
            except ItemError as error:
                yield Row(number, record.line, problem=(error.code, str(error)), raw=record)

    def original(self, row: Row) -> bytes:
        """Return the record's own bytes and two empty cells; a ragged one as it is."""
        record: delimited.Record = row.raw
        mark = self._dialect.delimiter
        ragged = row.blank or len(record.cells) != self._width
        cells = record.cells if ragged else (*record.cells, b"", b"")
        return mark.join(cells) + (record.end or (b"" if row.blank else self._end))

    def variant(self, row: Row, changes: Sequence[Change], steps: Sequence[str]) -> bytes:
        """Return the record with the edited text, the source's number and the steps."""
        record: delimited.Record = row.raw
        cells = list(record.cells)
        at = self._columns.text
        cells[at] = delimited.encoded(splice(row.text, changes), cells[at], self._dialect)
        if self._columns.tags is not None:
            at = self._columns.tags
            tags = retag(row.text, changes, delimited.value(cells[at], self._dialect).split())
            cells[at] = delimited.encoded(" ".join(tags), cells[at], self._dialect)
        cells += (str(row.number).encode(), "+".join(steps).encode())
        return self._dialect.delimiter.join(cells) + (record.end or self._end)

    def _row(self, number: int, record: delimited.Record) -> Row:
        cells = record.cells
        if len(cells) != self._width:
            raise ItemError("ragged", f"has {len(cells)} cells where the first record has {self._width}")
        columns = self._columns
        text = delimited.value(cells[columns.text], self._dialect)
        split = self._shown(cells[columns.split]) if columns.split is not None else ""
        spans: tuple[tuple[int, int], ...] = ()
        if columns.tags is not None:
            spans = tag_spans(text, delimited.value(cells[columns.tags], self._dialect).split())
        label = " / ".join(self._shown(cells[at]) for at in columns.labels)
        return Row(number, record.line, text, spans, label or None, SPLITS.get(split.lower()), raw=record)

    def _shown(self, raw: bytes) -> str:
        try:
            return delimited.value(raw, self._dialect)
        except ItemError:
            return raw.decode(errors="backslashreplace").replace("\0", "\\0")

    def _find(self, names: list[str]) -> Columns:
        check_unused(self._path, names)
        sample: list[list[str]] = []
        for record in delimited.records(self._data, self._dialect):
            if len(sample) > _SAMPLE:
                break
            if len(record.cells) == self._width and not (self._header and record.line == self._header.line):
                sample.append([self._shown(raw) for raw in record.cells])
        values = {name: [cells[at] for cells in sample] for at, name in enumerate(names)}
        return find_columns(self._path, names, values, self._options, list(range(len(names))))


class JsonTable:
    """A JSON Lines file: one object per line."""

    def __init__(self, path: Path, data: bytes, options: TextOptions) -> None:
        self._path, self._options = path, options
        self._bom = BOM if data.startswith(BOM) else b""
        self._data = data[len(self._bom) :]
        self._end = delimited.usual_end(self._data)
        self._columns = self._find()

    def head(self) -> bytes:
        """Return the BOM, if there is one."""
        return self._bom

    def rows(self) -> Iterator[Row]:
        """Yield all lines."""
        number = 0
        for line in jsonlines.lines(self._data):
            if not line.raw.strip():
                yield Row(0, line.number, blank=True, raw=line)
                continue
            number += 1
            try:
                yield self._row(number, line)
            except ItemError as error:
                yield Row(number, line.number, problem=(error.code, str(error)), raw=line)

    def original(self, row: Row) -> bytes:
        """Return the line's own bytes."""
        line: jsonlines.Line = row.raw
        return line.raw + (line.end or self._end)

    def variant(self, row: Row, changes: Sequence[Change], steps: Sequence[str]) -> bytes:
        """Return the line with text, spans and tags of the variant, the source's number and the steps."""
        line: jsonlines.Line = row.raw
        parsed = jsonlines.parsed(line.raw)
        columns, options = self._columns, self._options
        text = splice(row.text, changes)
        new: dict[str, Any] = {
            columns.text: text if isinstance(parsed.values[columns.text], str) else text.split(" ")
        }
        if options.spans in parsed.values:
            listed = parsed.values[options.spans]
            places = moved(changes, [_ends(span, row.text) for span in listed])
            new[options.spans] = [_replaced(span, *place) for span, place in zip(listed, places, strict=True)]
        if columns.tags is not None and columns.tags in parsed.values:
            tags = parsed.values[columns.tags]
            moved_tags = retag(row.text, changes, tags if isinstance(tags, list) else tags.split())
            new[columns.tags] = moved_tags if isinstance(tags, list) else " ".join(moved_tags)
        added = {AUG_OF: row.number, AUG_OPS: list(steps)}
        return jsonlines.replaced(parsed, new, added) + (line.end or self._end)

    def _row(self, number: int, line: jsonlines.Line) -> Row:
        values = jsonlines.parsed(line.raw).values
        columns = self._columns
        text = _as_text(values.get(columns.text), columns.text)
        listed = values.get(self._options.spans, [])
        if not isinstance(listed, list):
            raise ItemError("bad_spans", f"{self._options.spans} is no list")
        spans = tuple(_ends(span, text) for span in listed)
        tags = values.get(columns.tags) if columns.tags is not None else None
        if tags is not None:
            words = tags if isinstance(tags, list) else str(tags).split()
            spans += tag_spans(text, [str(tag) for tag in words])
        label = " / ".join(_plain(values[key]) for key in columns.labels if key in values)
        split = SPLITS.get(str(values.get(columns.split, "")).lower())
        return Row(number, line.number, text, spans, label or None, split, raw=line)

    def _find(self) -> Columns:
        sample: dict[str, list[str]] = {}
        seen = 0
        for line in jsonlines.lines(self._data):
            try:
                values = jsonlines.parsed(line.raw).values
            except ItemError:
                continue
            for key, value in values.items():
                sample.setdefault(key, []).append(_plain(value) if value is not None else "")
            seen += 1
            if seen > _SAMPLE:
                break
        names = list(sample)
        if not names:
            return Columns(text="text")
        check_unused(self._path, names)
        return find_columns(self._path, names, sample, self._options, names)


def tag_spans(text: str, tags: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the entities of BIO tags as spans of the text.

    Raises:
        ItemError: ``tags_mismatch``: there are not as many tags as tokens.

    """
    intervals = token_intervals(text)
    if len(intervals) != len(tags):
        raise ItemError("tags_mismatch", f"has {len(intervals)} tokens but {len(tags)} tags")
    return tuple(chunks(intervals, tags))


def _as_text(value: Any, key: str) -> str:
    if isinstance(value, list) and all(isinstance(word, str) and [word] == word.split() for word in value):
        return " ".join(value)
    if not isinstance(value, str):
        raise ItemError("no_text", f"has no text under {key!r}" if value is None else f"{key!r} is no text")
    if "\0" in value:
        raise ItemError("nul", "holds a NUL character")
    return value


def _ends(span: Any, text: str) -> tuple[int, int]:
    ends = (
        (span.get("start"), span.get("end"))
        if isinstance(span, dict)
        else tuple(span[:2])
        if isinstance(span, list)
        else ()
    )
    whole = len(ends) == 2 and all(isinstance(end, int) and not isinstance(end, bool) for end in ends)
    if not whole or not 0 <= ends[0] <= ends[1] <= len(text):
        raise ItemError("bad_spans", f"a span does not lie in the text: {str(span)[:60]}")
    return ends[0], ends[1]


def _replaced(span: Any, start: int, end: int) -> Any:
    return span | {"start": start, "end": end} if isinstance(span, dict) else [start, end, *span[2:]]


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
