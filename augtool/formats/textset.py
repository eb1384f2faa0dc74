"""Sets of texts: a table, a folder of tables, or a folder (or class folders) of ``.txt`` files."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augtool.errors import ItemError, UsageError
from augtool.filenames import safe_name, safe_path
from augtool.formats.folder import FolderDataset, Place
from augtool.formats.stems import output_stems
from augtool.formats.table import JSON_SUFFIXES, SUFFIXES, Row, Table, is_table, open_table
from augtool.formats.walk import SPLITS, inspect
from augtool.sample import Item
from augtool.storage import read_bytes, shown
from augtool.text.edits import Change
from augtool.text.language import language
from augtool.text.options import TextOptions

if TYPE_CHECKING:
    from augtool.plan import Survey

NAME = "text"


def detect(root: Path) -> str | None:
    """Tell a table from a folder of texts.

    Raises:
        UsageError: it is a file of another sort.

    """
    if root.is_dir():
        return "texts in a folder"
    if is_table(root.name):
        return "a table of texts"
    known = ", ".join([*SUFFIXES, *JSON_SUFFIXES])
    raise UsageError(f"{root}: is no table of texts; the input is a table ({known}) or a folder")


def open(root: Path, options: Mapping[str, Any]) -> TextDataset:  # noqa: A001 - the name formats share
    """Open a table or a folder; ``options`` hold the recipe's :class:`TextOptions` under ``text``.

    Raises:
        UsageError: the recipe's lexicon cannot be used, or an extra it asks for is not installed.

    """
    text: TextOptions = options["text"]
    language(text).check()
    return TextDataset(root, options=text)


@dataclass(frozen=True, slots=True)
class TextItem(Item):
    """A text: a record of a table, or (``number`` 0) a file that a worker reads.

    ``key`` of a record is the table's path, a colon, and the line the record begins in. ``number`` counts
    the records of a table from 1. ``spans`` are intervals of the text that no edit may touch.
    """

    text: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    number: int = 0
    table: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A record with its table; ``item`` is None for an empty line."""

    item: Item | None
    table: Table | None = None
    row: Row | None = None


@dataclass
class TextDataset(FolderDataset):
    """A scanned set of texts. Tables are read anew at each walk; nothing is kept."""

    options: TextOptions = field(default_factory=TextOptions)
    name: str = NAME
    noun: str = "text"

    def texts(self, keys: Collection[str]) -> dict[str, str]:
        """Return the texts of some items by key, as far as they can be read."""
        wanted, found = set(keys), {}
        for item in self.items():
            key = shown(item.key)
            if key in wanted and isinstance(item, TextItem) and not item.problem:
                try:
                    data = b"" if item.number else read_bytes(self.root / item.key)
                    found[key] = item.text or data.decode("utf-8-sig")
                except (ItemError, UnicodeDecodeError):
                    continue  # it has changed since the run read it
        return found

    def require(self, survey: Survey, splits: Collection[str]) -> None:
        """Refuse a set in which nothing can be expanded.

        Raises:
            UsageError: it holds no text, or none in the splits to expand.

        """
        found = {split for split, _ in survey.sources}
        if survey.usable == 0 and not survey.problems:
            others = ", ".join(f"{count} x {suffix}" for suffix, count in self.ignored.most_common(3))
            raise UsageError(f"{self.root}: holds no text" + (f" (only {others})" if others else ""))
        if found and "" not in found and not found & set(splits):
            raise UsageError(
                f"{self.root}: has no texts in the split to expand ({', '.join(splits)}); "
                f"there are {', '.join(sorted(found))}; choose with --splits"
            )

    def items(self) -> Iterator[Item]:
        """Yield the texts in a fixed order: files by path, records as they stand."""
        self.ignored.clear()
        for _, entries in self._files_with_entries():
            yield from (entry.item for entry in entries if entry.item is not None)

    def tables(
        self, records: Iterable[Mapping[str, Any]], *, originals: bool, splits: Collection[str]
    ) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield the tables of the output: path below it, and its bytes in chunks.

        Args:
            records: the journal's, one for each item, in order.
            originals: whether records that could not be used are copied.
            splits: those that were expanded; tables of others are copied whole.

        """
        waiting = iter(records)
        for name, entries in self._files_with_entries():
            if not name:
                for entry in entries:
                    if entry.item is not None:
                        next(waiting)
                continue
            yield safe_path(name), self._written(name, entries, waiting, originals=originals, splits=splits)

    def _written(
        self,
        name: str,
        entries: Iterator[_Entry],
        records: Iterator[Mapping[str, Any]],
        *,
        originals: bool,
        splits: Collection[str],
    ) -> Iterator[bytes]:
        split = self._split_of(Path(name).stem)
        if split is not None and split not in splits:
            for entry in entries:
                if entry.item is not None:
                    next(records)
            yield read_bytes(self._path(name))
            return
        fresh = True
        for entry in entries:
            table, row = entry.table, entry.row
            record = next(records) if entry.item is not None else {"status": "blank", "rows": []}
            if table is None or row is None:
                continue
            if fresh:
                yield table.head()
                fresh = False
            yield from _record_bytes(table, row, record, originals=originals)

    def _path(self, name: str) -> Path:
        return self.root if self.root.is_file() else self.root / name

    def _split_of(self, stem: str) -> str | None:
        # A file that is named alone is what is to be expanded, whatever it is called.
        return None if self.root.is_file() else SPLITS.get(stem.lower())

    def _files_with_entries(self) -> Iterator[tuple[str, Iterator[_Entry]]]:
        """Yield (table's path or an empty text, its entries)."""
        if self.root.is_file():
            yield self.root.name, self._table_entries(self.root.name, self.root, None, None)
            return
        for item in self._walk(self._start()):
            if item.problem is None and is_table(item.key):
                split = item.split or self._split_of(item.stem)
                yield item.key, self._table_entries(item.key, self.root / item.key, split, item.label)
            else:
                yield "", iter([_Entry(item)])

    def _table_entries(self, key: str, path: Path, split: str | None, label: str | None) -> Iterator[_Entry]:
        try:
            table = open_table(path, self.options)
        except ItemError as error:
            yield _Entry(Item(key, "", Path(key).stem, "", split, label, 0, (error.code, str(error))))
            return
        written = safe_path(key)
        for row in table.rows():
            if row.blank:
                yield _Entry(None, table, row)
                continue
            item = TextItem(
                key=f"{key}:{row.line}",
                folder="",
                stem="",
                suffix="",
                split=row.split or split,
                label=row.label or label,
                size_bytes=len(row.text),
                problem=row.problem,
                text=row.text,
                spans=row.spans,
                number=row.number,
                table=written,
            )
            yield _Entry(item, table, row)

    def _files(
        self, entries: Sequence[os.DirEntry[str]], at: Place, folders: Collection[str]
    ) -> Iterator[Item]:
        texts = []
        for entry in entries:
            if is_table(entry.name) or entry.name.lower().endswith(".txt"):
                texts.append(entry)
            else:
                self.ignored[safe_name(Path(entry.name).suffix.lower()) or "no suffix"] += 1
        for entry, stem in zip(texts, output_stems([entry.name for entry in texts], folders), strict=True):
            size, problem = inspect(self.root, entry)
            yield TextItem(
                key=at.rel + entry.name,
                folder=at.home,
                stem=stem,
                suffix=safe_name(Path(entry.name).suffix),
                split=at.split,
                label=safe_path(at.label) or None,
                size_bytes=size,
                problem=problem,
            )


def _record_bytes(table: Table, row: Row, record: Mapping[str, Any], *, originals: bool) -> Iterator[bytes]:
    if row.blank or record["status"] != "ok":
        if originals or row.blank:
            yield table.original(row)
        return
    for made in record["rows"]:
        if made["kind"] == "original":
            yield table.original(row)
        else:
            changes = [Change(start, end, new) for start, end, _, new in made["changes"]]
            yield table.variant(row, changes, [name for step in made["steps"] for name in step])
