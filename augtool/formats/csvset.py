"""What the CSV formats share: tables found, rows brought to their pictures and back into their files."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from augtool.errors import ItemError, UsageError
from augtool.formats import csvtext, findings
from augtool.formats.base import Fragment
from augtool.formats.csvtext import Row, Table
from augtool.formats.references import References
from augtool.formats.spool import Spool
from augtool.formats.tree import Tree, TreeDataset, broken_folders, items
from augtool.formats.untrusted import MAX_SET, inside, read_label, whole_set
from augtool.sample import Item

COMPANIONS = ("classes.csv", "label_map.pbtxt", "labelmap.txt", "dataset_meta.json")
_MANY = 20  # a folder with more text files than this holds labels per picture, not tables
_HEAD = 1 << 16


def candidates(tree: Tree) -> Iterator[str]:
    """Yield files that may be tables: CSV and TSV, and text files where there are few."""
    for path, folder in tree.folders.items():
        tables = [name for name in folder.files if name.lower().endswith((".csv", ".tsv"))]
        texts = [name for name in folder.files if name.lower().endswith(".txt")]
        if len(tables) <= _MANY:
            yield from (path + name for name in tables)
        if len(texts) <= _MANY:
            yield from (path + name for name in texts)


def head(tree: Tree, path: str) -> Table | None:
    """Return the first rows of a file, or None where it is no table. Only its beginning is read."""
    delimiters = csvtext.DELIMITERS + (" " if path.lower().endswith(".txt") else "")
    try:
        with inside(tree.root, path).open("rb") as stream:
            data = stream.read(_HEAD)
        if len(data) == _HEAD:
            data = data[: data.rfind(b"\n") + 1]
        bom, text = csvtext.decode(data, path)
        delimiter = csvtext.sniff(text, delimiters)
    except (OSError, ItemError, UsageError):
        return None
    rows: list[Row] = []
    with suppress(UsageError):  # said when the table is read; what comes before tells what it is
        rows.extend(islice(csvtext.rows(text, path, delimiter), 6))
    return Table(bom, delimiter, tuple(rows))


@dataclass(frozen=True, slots=True)
class Ref:
    """The rows about a picture: (file, line, text) each."""

    rows: tuple[tuple[str, int, str], ...] = ()


@dataclass
class CsvDataset(TreeDataset):
    """A set whose labels are rows of tables. ``layouts`` says for each file where its cells stand."""

    layouts: dict[str, Any] = field(default_factory=dict)
    delimiters: dict[str, str] = field(default_factory=dict)
    _tables: dict[str, Table] = field(default_factory=dict)
    _rows: dict[str, list[tuple[str, Row]]] | None = None
    _faults: list[ItemError] = field(default_factory=list)
    _lost_rows: list[tuple[str, Row]] = field(default_factory=list)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the tables behind on the way to a worker."""
        return super().__getstate__() | {"_tables": {}, "_rows": None, "_faults": [], "_lost_rows": []}

    @abstractmethod
    def image_cell(self, file: str) -> int:
        """Return which cell of a row names the picture."""

    def load(self) -> None:
        """Read the tables that ``layouts`` names.

        Raises:
            UsageError: one cannot be parsed at all.
        """
        for file in self.layouts:
            with whole_set():
                data = read_label(self.root, file, MAX_SET)
            self._tables[file] = csvtext.parse(data, file, self.delimiters.get(file))
            self.delimiters[file] = self._tables[file].delimiter

    def rows(self) -> dict[str, list[tuple[str, Row]]]:
        """Return picture -> (file, row) of all tables; notes rows that name none."""
        if self._rows is not None:
            return self._rows
        found: dict[str, list[tuple[str, Row]]] = {}
        references = References(self.tree())
        known: dict[tuple[str, str], str | None] = {}
        for file, table in self._tables.items():
            at = self.image_cell(file)
            for row in self.body(file, table):
                text = row.cells[at] if at < len(row.cells) else ""
                try:
                    if (file, text) not in known:
                        known[file, text] = references.find(text, file, row.line)
                except ItemError as error:
                    self._faults.append(error)
                    continue
                key = known[file, text]
                if key is None:
                    self._lost_rows.append((file, row))
                else:
                    found.setdefault(key, []).append((file, row))
        self._rows = found
        return found

    def body(self, file: str, table: Table) -> tuple[Row, ...]:
        """Return the rows below the header."""
        return table.rows[1:] if self.has_header(file) else table.rows

    @abstractmethod
    def has_header(self, file: str) -> bool:
        """Return whether the first row of a file names its columns."""

    def items(self) -> Iterator[Item]:
        """Yield every picture with its rows, and a failed item for each row that names a path outside."""
        self.ignored.clear()
        tree, rows = self.tree(), self.rows()
        yield from broken_folders(tree)
        for at, error in enumerate(self._faults):
            yield Item(f"{str(error).split(': ')[0]}#{at}", "", "", "", problem=(error.code, str(error)))
        for folder in tree.folders.values():
            for item in items(folder):
                own = rows.get(item.key, [])
                ref = Ref(tuple((file, row.line, row.text) for file, row in own))
                yield self.described(replace(item, ref=ref), own)
            for name in folder.files:
                if folder.path + name not in self._tables and name not in folder.pictures():
                    self.ignored[os.path.splitext(name)[1].lower() or "no suffix"] += 1  # noqa: PTH122

    @abstractmethod
    def described(self, item: Item, rows: list[tuple[str, Row]]) -> Item:
        """Return an item with what its rows say of its classes."""

    def parsed(self, item: Item) -> Iterator[tuple[str, Row]]:
        """Yield (file, row) of a picture's rows, from its ``ref``."""
        for file, line, text in item.ref.rows:
            row = next(csvtext.rows(text, file, self.delimiters[file]))
            yield file, replace(row, line=line)

    def finish_set(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the tables with the rows of the variants in them, and lists of classes as they were."""
        for path in self._companions():
            yield path, [read_label(self.root, path, MAX_SET)]
        spool = Spool(self._tables)
        for file, table in self._tables.items():
            first = table.rows[0].text if table.rows and self.has_header(file) else ""
            spool.add(file, csvtext.encode(table.bom + _ended(first, table.newline)))
        for fragment in fragments:
            for file, text in fragment.data or ():
                spool.add(file, csvtext.encode(_ended(text, self._tables[file].newline)))
        yield from spool.drain()

    def _companions(self) -> Iterator[str]:
        """Yield lists of classes, and tables beside those of the set that are not about pictures."""
        homes = {file.rpartition("/")[0] for file in self._tables}
        for path in self.tree().files(".csv", ".tsv", *COMPANIONS):
            home, _, name = path.rpartition("/")
            if path not in self._tables and (home in homes or name in COMPANIONS):
                yield path

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield rows that name no picture, rows twice, pictures without a row."""
        rows = self.rows()
        for file, row in self._lost_rows:
            at = self.image_cell(file)
            name = row.cells[at] if at < len(row.cells) else ""
            text = f"names {name!r}, which is not there or not the only one of that name"
            yield findings.problem(file, row.line, "missing_image", text)
        for key, own in rows.items():
            seen: set[tuple[str, str]] = set()
            for file, row in own:
                name = row.cells[self.image_cell(file)].replace("\\", "/").rpartition("/")[2]
                if not key.startswith(name, len(key) - len(key.rpartition("/")[2])):
                    text = f"belongs to {key!r} only if letter case is ignored"
                    yield findings.problem(file, row.line, "case_differs", text, key)
                if (file, row.text.strip()) in seen:
                    yield findings.problem(file, row.line, "duplicate", "the same row again", key)
                seen.add((file, row.text.strip()))
        for item in self.items():
            if item.ref is not None and not item.ref.rows:
                yield findings.problem(item.key, 0, "unlabelled", "is in no table", item.key)
        yield from findings.of_items(self)


def _ended(text: str, newline: str) -> str:
    return text if not text or text.endswith(("\n", "\r")) else text + newline
