"""``augtool verify``: whether an output is what its manifest says, and rebuilding what is not."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augtool import outputs, replay, storage
from augtool.errors import AugtoolError, ItemError, UsageError
from augtool.filenames import on_disk
from augtool.formats import recognise
from augtool.formats.delimited import BOM
from augtool.options import Options
from augtool.report.collect import finish_dataset
from augtool.report.labelled import labels_in
from augtool.sample import Item
from augtool.storage import shown
from augtool.unit import Context


@dataclass
class Difference:
    """What is not as the manifest says. Paths are below the output."""

    files: int = 0
    """How many files the manifest and the report name."""
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)
    unfixed: dict[str, str] = field(default_factory=dict)
    """Path -> why it could not be rebuilt."""

    @property
    def whole(self) -> bool:
        """Whether the output is what it should be (now)."""
        return not self.extra and len(self.fixed) == len(self.missing) + len(self.changed)

    def data(self) -> dict[str, Any]:
        """Return the findings as plain data."""
        names = ("files", "missing", "changed", "extra", "fixed", "unfixed")
        return {"whole": self.whole} | {name: getattr(self, name) for name in names}

    def lines(self) -> list[str]:
        """Return the findings as lines for a person."""
        lines = [
            f"{kind}: {name}" + (" (rebuilt)" if name in self.fixed else "")
            for kind in ("missing", "changed", "extra")
            for name in getattr(self, kind)
        ]
        lines += [f"cannot be rebuilt: {name}: {why}" for name, why in self.unfixed.items()]
        counts = [f"{len(getattr(self, kind)):,} {kind}" for kind in ("missing", "changed", "extra", "fixed")]
        return [*lines, f"{self.files:,} files: {', '.join(counts)}"]


def verify(output: Path, *, fix: bool = False, source: Path | None = None) -> Difference:
    """Compare an output with its manifest, file by file.

    Args:
        output: of a finished run.
        fix: rebuild what is missing or changed from the sources. Extra files are left alone.
        source: the input folder, if it is no longer where the run found it.

    Raises:
        LockedError: a run is at work there.
        UsageError: it holds no finished run.
    """
    if not output.is_dir():
        raise UsageError(f"{output}: no such folder")
    if any((output / name).exists() for name in (storage.JOURNAL, storage.RUN)):
        outputs.check_vacant(output, overwrite=True)
        raise UsageError(f"{output}: holds an unfinished run; finish it with --resume first")
    report = replay.report_of(output)
    if not fix:
        return _compare(output, report)[0]
    with outputs.held(output):
        found, damaged = _compare(output, report)
        _Fixing(output, report, source, found).fix(damaged)
    return found


def _compare(output: Path, report: dict[str, Any]) -> tuple[Difference, list[dict[str, Any]]]:
    """Return the differences, and the manifest rows with a file that is missing or changed."""
    found = Difference()
    known: set[str] = set(storage.OWN_FILES)
    damaged = []
    if not storage.intact(output / storage.MANIFEST, report["manifest_sha256"]):
        found.changed.append(storage.MANIFEST)
        found.unfixed[storage.MANIFEST] = "it is what everything else is checked against"
    own = report.get("dataset_files", {})
    for row in replay.rows_of(output):
        files = outputs.row_files(row)
        known |= files.keys()
        if "width" not in row:  # a text: its SHA-256 is that of the text, in a table or in a file of its own
            _check_text(output, files.pop(row["output"]), row["output"], own, found)
        intact = [_check(output, name, sha, found) for name, sha in files.items()]
        if not all(intact):
            damaged.append(row)
    for name, sha in own.items():
        known.add(name)
        _check(output, name, sha, found)
    found.files = len(known) - len(storage.OWN_FILES)
    found.extra = [name for name in _present(output) if name not in known]
    return found, damaged


def _check_text(output: Path, sha: str, name: str, own: Collection[str], found: Difference) -> None:
    if name in own:
        return  # the table as a whole is checked
    try:
        data = (output / on_disk(name)).read_bytes().removeprefix(BOM)
    except OSError:
        found.missing.append(name)
        return
    if storage.digest(data) != sha:
        found.changed.append(name)


def _check(output: Path, name: str, sha: str, found: Difference) -> bool:
    path = output / on_disk(name)
    if storage.intact(path, sha):
        return True
    (found.changed if os.path.lexists(path) else found.missing).append(name)
    return False


def _present(output: Path) -> Iterator[str]:
    for folder, names, files in os.walk(output):
        names.sort()
        links = [name for name in names if Path(folder, name).is_symlink()]
        for name in sorted([*files, *links]):
            yield shown(Path(folder, name).relative_to(output).as_posix())


class _Fixing:
    """Rebuilds files from the manifest's rows, through the very code that made them."""

    def __init__(self, output: Path, report: dict[str, Any], source: Path | None, found: Difference) -> None:
        self._output, self._report, self._found = output, report, found
        self._source = source or Path(storage.unshown(report["input"]))
        self._wanted = {*found.missing, *found.changed} - {storage.MANIFEST}

    def fix(self, damaged: list[dict[str, Any]]) -> None:
        if self._report.get("unit") == "text":
            why = "texts are made again by augtool run --update"
            self._found.unfixed |= dict.fromkeys(sorted(self._wanted), why)
            return
        for row in damaged:
            if row["output"] in self._wanted:
                self._try(row["output"], row["sha256"], lambda row=row: self._picture(row))
        labels = [row for row in damaged if self._wanted & row.get("label_files", {}).keys()]
        own = self._wanted & self._report.get("dataset_files", {}).keys()
        if labels or own:
            try:
                self._open()
            except AugtoolError as error:
                self._found.unfixed |= {name: str(error) for name in self._wanted - {*self._found.fixed}}
                return
        self._labels(labels)
        self._dataset_files(own)

    def _open(self) -> None:
        recipe = replay.recipe_of(self._report)
        form, _ = recognise(self._source, self._report["format"], recipe.modality)
        dataset = form.open(self._source, recipe.dataset_options)
        options = Options(self._report["expanded_splits"], workers=0)
        self._context = Context.of(recipe, self._source, self._output, dataset, options)

    def _picture(self, row: dict[str, Any]) -> bytes:
        data = replay.source_bytes(self._source, row)
        if storage.digest(data) != row["source_sha256"]:
            raise ItemError("changed", f"the source {row['source']} has changed since the run")
        return replay.rebuild(row, data, self._report)

    def _labels(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        wanted = {row["source"] for row in rows}
        items = {shown(item.key): item for item in self._context.dataset.items() if shown(item.key) in wanted}
        for row in rows:
            item = items.get(row["source"])
            for name, sha in row["label_files"].items():
                if name in self._wanted:
                    self._try(name, sha, lambda row=row, item=item, name=name: self._label(row, item, name))

    def _label(self, row: dict[str, Any], item: Item | None, name: str) -> bytes:
        if item is None:
            raise ItemError("gone", f"the source {row['source']} is gone")
        labels = labels_in({"source": row["source"], "rows": [row]}, item, self._context)[row["output"]]
        size = row["width"], row["height"]
        return self._context.dataset.write(item, row["output"], labels, size).files.get(name, b"")

    def _dataset_files(self, names: set[str]) -> None:
        if not names:
            return
        written = finish_dataset(
            self._output, self._context.dataset, storage.read_cache(self._output), spare=True
        )
        for name in names:
            if written.get(name) == self._report["dataset_files"][name]:
                self._found.fixed.append(name)
            else:
                self._found.unfixed[name] = "comes out differently now; was the input changed?"

    def _try(self, name: str, sha: str, build: Any) -> None:
        if not outputs.lies_below(self._output, name):
            self._found.unfixed[name] = "leads out of the output; the manifest was changed"
            return
        try:
            data: bytes = build()
        except AugtoolError as error:
            self._found.unfixed[name] = str(error)
            return
        if storage.digest(data) != sha:
            self._found.unfixed[name] = f"comes out differently now{replay.why(self._report)}"
            return
        target = self._output / on_disk(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        storage.write_durably(target, [data])
        self._found.fixed.append(name)
