"""The unit of work: one source, decoded once, and everything made from it. Runs inside a worker."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2

from augtool import codec, noise, reading, revisit, salvage
from augtool.effects import Pixels, Stage
from augtool.errors import ItemError
from augtool.fitting import outside_of
from augtool.formats import Dataset
from augtool.freeze import Facts, FrozenStep, freeze
from augtool.geometry import covered_by, geometry_of, resized
from augtool.labels import KEEP_ALL, Labels
from augtool.limits import check_size
from augtool.moving import Moved, box_of, move_labels
from augtool.options import Options
from augtool.plan import Job
from augtool.reading import Notes
from augtool.recipe import Output, Recipe
from augtool.render import apply, frame_of, render, stages
from augtool.revisit import File
from augtool.sample import MAX_PIXELS, Item
from augtool.storage import Batch, digest, read_bytes, shown
from augtool.warp import Outside, Source

MAX_DRAWS = 10  # tries at a variant whose labels ask for a redraw
PLACES = 12  # cells per side of the report's map of object positions


@dataclass(frozen=True, slots=True)
class Context:
    """What every unit of a run shares; sent to each worker once."""

    recipe: Recipe
    seed: int
    source: Path
    output: Path
    outside: Outside
    dataset: Dataset
    max_pixels: int = MAX_PIXELS
    fail_on: str = "error"
    """How much trouble with a picture's data makes it fail; see :func:`augtool.salvage.decode`."""
    memory: int = 0
    """Bytes a worker may use beyond what it starts with; 0 sets no limit."""
    portable: bool = False
    """Whether to give up the processor's special instructions, so that every processor gives the same."""
    keys: tuple[str, str] = ("", "")
    """Digests of the run and of its settings; see :mod:`augtool.identity`."""
    update: bool = False
    """Whether files that are there already may be left as they are."""

    @classmethod
    def of(cls, recipe: Recipe, source: Path, output: Path, dataset: Dataset, options: Options) -> Context:
        """Return the context of a run."""
        return cls(
            recipe, recipe.seed, source, output, outside_of(recipe, dataset), dataset, options.max_pixels,
            options.fail_on, options.worker_memory, options.portable,
        )  # fmt: skip


@dataclass(slots=True)
class UnitResult:
    """What became of one source. ``rows`` are its manifest rows; there are none unless it is ``ok``."""

    source: str
    status: str
    reason: str = ""
    message: str = ""
    split: str | None = None
    label: str | None = None
    warnings: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    fragments: list[Any] = field(default_factory=list)
    """For each row what the format needs to write the data set's own files."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Variants that were not made: number -> reason."""
    objects: dict[str, Counter[str]] = field(default_factory=dict)
    """Objects per class: before (in the source), after (in all its files)."""
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Objects that labels rules removed from variants: (class, reason) -> count."""
    lost: Counter[str] = field(default_factory=Counter)
    """What the output format could not hold."""
    places: dict[str, Counter[int]] = field(
        default_factory=lambda: {"original": Counter(), "variant": Counter()}
    )
    """Where the objects lie, see ``_places``."""
    shortfall: dict[str, Any] | None = None
    """``missing`` variants of a text and the ``reason``, where fewer could be made than were asked for."""
    found: Any = None
    """What other work than making files has to say (see ``execute``); it is not recorded."""
    made: dict[str, Any] = field(default_factory=dict)
    """What a later run needs to know of this one; see :mod:`augtool.revisit`."""
    kept: dict[str, Any] | None = None
    """The record of an earlier run, where all of the unit is as that run left it."""

    def count_dropped(self, dropped: tuple[tuple[str, str], ...]) -> None:
        """Count objects that did not make it into a variant."""
        self.dropped.update(dropped)

    def record(self) -> dict[str, Any]:
        """Return the journal record: plain JSON data, empty parts left out."""
        if self.kept is not None:
            return self.kept
        record: dict[str, Any] = {"source": shown(self.source), "status": self.status}
        for name in ("reason", "message", "split", "label", "warnings", "skipped", "lost", "shortfall"):
            if getattr(self, name):
                record[name] = getattr(self, name)
        if any(self.objects.values()):
            record["objects"] = self.objects
            record["places"] = {kind: sorted(cells.items()) for kind, cells in self.places.items()}
        if self.dropped:
            record["dropped"] = [[*what, count] for what, count in sorted(self.dropped.items())]
        if any(fragment is not None for fragment in self.fragments):
            record["fragments"] = self.fragments
        record["rows"] = self.rows
        if self.made:
            record["made"] = self.made
        return record


def process(job: Job, context: Context) -> UnitResult:
    """Do one unit. A fault of the source is a result, not an exception.

    Raises:
        StorageError: the output cannot be written; the run must stop.
    """
    if context.recipe.modality == "text":
        from augtool.text.unit import process_text

        with reading.noting() as notes:
            result = process_text(job, context)
        result.made["reads"] = notes.stamps(context.source)
        return result
    item = job.item
    if item.problem:
        return failed(item, *item.problem)
    kept = revisit.unchanged(job, context)
    if kept is not None:
        rows = kept["rows"]
        return UnitResult(item.key, "ok", split=item.split, label=item.label, rows=rows, kept=kept)
    noise.take()  # what an earlier unit left is not this one's
    with reading.noting() as notes:
        result = _made(job, context, notes)
    result.warnings += [f"decoder: {line}" for line in noise.take()]
    result.made["reads"] = notes.stamps(context.source)
    return result


def _made(job: Job, context: Context, notes: Notes) -> UnitResult:
    batch = Batch(context.output, spare=context.update)
    try:
        result = _Maker(job, context, batch, notes).make()
        batch.commit()
    except ItemError as error:
        return failed(job.item, error.code, str(error))
    except (MemoryError, cv2.error) as error:
        if isinstance(error, cv2.error) and error.code != cv2.Error.StsNoMem:
            raise
        return failed(job.item, "out_of_memory", "needs more memory than a worker may use (--memory)")
    finally:
        batch.discard()
    return result


def failed(item: Item, reason: str, message: str) -> UnitResult:
    """Return the result of a source that could not be used."""
    return UnitResult(item.key, "failed", reason, message, item.split, item.label)


class _Maker:
    """Makes everything of one source: reads and decodes it once, then writes copy and variants."""

    def __init__(self, job: Job, context: Context, batch: Batch, notes: Notes) -> None:
        self._job, self._context, self._batch = job, context, batch
        item = job.item
        self._data = read_bytes(os.path.join(context.source, item.key))  # noqa: PTH118 - a hot path
        self._picture = salvage.decode(self._data, context.max_pixels, context.fail_on)
        self._source = Source(self._picture.pixels)
        self._labels = context.dataset.read(item, self._source.size)
        self._remarks: list[tuple[str, ...]] = []
        self._result = UnitResult(
            item.key, "ok", split=item.split, label=item.label, warnings=list(self._picture.warnings)
        )
        self._common = {
            "source": shown(item.key),
            "split": item.split,
            "label": item.label,
            "source_sha256": notes.digest(self._data),
        }
        self._old = revisit.Old(job, context, notes)

    def make(self) -> UnitResult:
        """Write what the job asks for."""
        job, result = self._job, self._result
        result.objects["before"] = _by_class(self._labels)
        if job.copy:
            self._copy()
        for variant in range(1, job.variants + 1):
            made = draw(job.item, self._source, self._labels, variant, self._context)
            result.count_dropped(made.moved.dropped)
            if made.moved.redraw:
                result.skipped[str(variant)] = "labels"
            else:
                self._write_variant(variant, made)
        result.made |= revisit.facts(result.rows, self._remarks)
        return result

    def _copy(self) -> None:
        item, context = self._job.item, self._context
        file = self._old.original()
        if file is None:
            encoded, pixels = original(
                self._data, self._picture, self._source, context.recipe, context.outside
            )
            name, encoded = named_original(item, self._picture.format, encoded)
            file = self._write(name, encoded, pixels)
        labels = self._labels
        if file.size != self._source.size:
            labels = move_labels(labels, resized(self._source.size, file.size), KEEP_ALL).labels
        self._list("original", 0, [], file.name, file, labels)

    def _write_variant(self, variant: int, made: Drawn) -> None:
        item, context = self._job.item, self._context
        output = context.recipe.output
        fmt = output_format(output, self._picture.format)
        steps = [step.plain() for step in made.steps]
        name = variant_name(item, variant, fmt)
        file = self._old.find("variant", name, steps)
        if file is None:
            pixels = apply(made.stages, self._source, context.outside)
            encoded = codec.encode(pixels, fmt, quality=output.quality, icc=self._picture.icc)
            file = self._write(name, encoded, pixels)
        self._list("variant", variant, steps, name, file, made.moved.labels)

    def _write(self, name: str, encoded: tuple[bytes, tuple[str, ...]], pixels: Pixels) -> File:
        self._batch.write(name, encoded[0])
        return File(name, digest(encoded[0]), _size(pixels), encoded[1])

    def _list(
        self, kind: str, variant: int, steps: list[dict[str, Any]], name: str, file: File, labels: Labels
    ) -> None:
        size = file.size
        result, common = self._result, self._common
        result.warnings.extend(warning for warning in file.warnings if warning not in result.warnings)
        self._remarks.append(file.warnings)
        written = self._context.dataset.write(self._job.item, name, labels, size)
        row: dict[str, Any] = {
            "output": name,
            "source": common["source"],
            "kind": kind,
            "variant": variant,
            "split": common["split"],
            "label": common["label"],
            "steps": steps,
            "width": size[0],
            "height": size[1],
            "sha256": file.sha256,
            "source_sha256": common["source_sha256"],
        }
        if written.files:
            row["label_files"] = {path: digest(content) for path, content in written.files.items()}
            for path, content in written.files.items():
                self._batch.write(path, content)
        result.rows.append(row)
        result.fragments.append(written.fragment)
        result.lost.update(written.lost)
        result.objects.setdefault("after", Counter()).update(_by_class(labels))
        result.places[kind].update(_places(labels, size))


@dataclass(frozen=True, slots=True)
class Drawn:
    """One variant, decided but not yet rendered."""

    steps: tuple[FrozenStep, ...]
    stages: list[Stage]
    moved: Moved


def draw(item: Item, source: Source, labels: Labels, variant: int, context: Context) -> Drawn:
    """Draw a variant's steps and move its labels; draw again, a bounded number of times, where asked to.

    The last try is returned even if it should have been drawn again (``moved.redraw`` is then set).
    """
    recipe = context.recipe
    for attempt in range(MAX_DRAWS):
        steps = freeze(recipe.transforms, context.seed, item.key, variant, attempt, Facts.of(item))
        planned = stages(steps, frame_of(source), recipe.output.size, context.outside.border)
        check_size(planned, context.max_pixels)
        if not labels.instances and labels.semantic is None:
            return Drawn(steps, planned, Moved(labels))  # nothing that could move
        geometry = geometry_of(planned, source.size)
        hidden = covered_by(planned, source.size) if labels.instances else None
        moved = move_labels(labels, geometry, recipe.labels, context.dataset.flip_idx, hidden)
        if not moved.redraw:
            break
    return Drawn(steps, planned, moved)


def _by_class(labels: Labels) -> Counter[str]:
    return Counter(instance.category for instance in labels.instances)


def _places(labels: Labels, size: tuple[int, int]) -> Counter[int]:
    """Count objects by where their middle lies, on a grid of PLACES x PLACES cells, row by row."""
    cells: Counter[int] = Counter()
    for instance in labels.instances:
        box = box_of(instance)
        if box is not None:
            column = int(min(max((box[0] + box[2]) / 2 / size[0], 0), 0.999) * PLACES)
            row = int(min(max((box[1] + box[3]) / 2 / size[1], 0), 0.999) * PLACES)
            cells[row * PLACES + column] += 1
    return cells


def variant_name(item: Item, variant: int, fmt: str) -> str:
    """Return the output path of a variant: it says its source, and no two sources can share it.

    A source whose own suffix belongs to the written format keeps it. Otherwise the suffix goes into the
    name, so that ``a.jpg`` and ``a.png`` written as JPEG do not meet.
    """
    return _named(item, f"__aug{variant}", fmt)


def named_original(
    item: Item, read: str, encoded: tuple[bytes, tuple[str, ...]]
) -> tuple[str, tuple[bytes, tuple[str, ...]]]:
    """Return the output path of an original's copy, and the copy with its warnings.

    It is the source's own name, unless the copy had to be written in another format than the one
    ``read``: then its suffix says so, as a variant's does, and a warning says the name.
    """
    data, warnings = encoded
    fmt = codec.sniff(data)
    if fmt == read:
        return item.output(item.stem, item.suffix), encoded
    name = _named(item, "", fmt)
    remark = f"reencoded: written as {fmt}, as {read} is only read"
    others = tuple(warning for warning in warnings if warning != remark)
    return name, (data, (f"{remark}; the copy is {name}", *others))


def _named(item: Item, tail: str, fmt: str) -> str:
    dot = item.suffix.rfind(".") if "." in item.suffix else len(item.suffix)
    ending, extension = item.suffix[:dot], item.suffix[dot:]
    if extension.lower() in codec.EXTENSIONS[fmt]:
        return item.output(item.stem + tail, ending + extension)
    own = f"_{extension[1:].lower()}" if extension else ""
    return item.output(f"{item.stem}{own}{tail}", ending + codec.EXTENSIONS[fmt][0])


def output_format(output: Output, source_format: str) -> str:
    """Return the format variants of a source are written in."""
    return codec.writable(source_format) if output.format == "keep" else output.format


def original(
    data: bytes, picture: codec.Picture, source: Source, recipe: Recipe, outside: Outside
) -> tuple[tuple[bytes, tuple[str, ...]], Pixels]:
    """Return an original as it is written: its own bytes less EXIF, or resized where the recipe says so."""
    output = recipe.output
    pixels = render(source, (), outside, output.size)
    damaged = any(warning.startswith("damaged:") for warning in picture.warnings)
    if pixels.shape == picture.pixels.shape and not damaged:
        return codec.clean_copy(data), picture.pixels
    fmt = codec.writable(picture.format)
    return codec.encode(pixels, fmt, quality=output.quality, icc=picture.icc), pixels


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]
