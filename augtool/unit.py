"""The unit of work: one source, decoded once, and everything made from it. Runs inside a worker."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augtool import codec
from augtool.effects import Pixels, Stage
from augtool.errors import ItemError
from augtool.formats import Dataset
from augtool.freeze import Facts, FrozenStep, freeze
from augtool.geometry import covered_by, geometry_of, resized
from augtool.labels import KEEP_ALL, Labels
from augtool.moving import Moved, box_of, move_labels
from augtool.plan import Job
from augtool.recipe import Output, Recipe
from augtool.render import apply, frame_of, render, stages
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

    def count_dropped(self, dropped: tuple[tuple[str, str], ...]) -> None:
        """Count objects that did not make it into a variant."""
        self.dropped.update(dropped)

    def record(self) -> dict[str, Any]:
        """Return the journal record: plain JSON data, empty parts left out."""
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
        return record


def process(job: Job, context: Context) -> UnitResult:
    """Do one unit. A fault of the source is a result, not an exception.

    Raises:
        StorageError: the output cannot be written; the run must stop.
    """
    if context.recipe.modality == "text":
        from augtool.text.unit import process_text

        return process_text(job, context)
    item = job.item
    if item.problem:
        return failed(item, *item.problem)
    batch = Batch(context.output)
    try:
        result = _Maker(job, context, batch).make()
        batch.commit()
    except ItemError as error:
        return failed(item, error.code, str(error))
    except MemoryError:
        return failed(item, "out_of_memory", "needs more memory than a worker may use")
    finally:
        batch.discard()
    return result


def failed(item: Item, reason: str, message: str) -> UnitResult:
    """Return the result of a source that could not be used."""
    return UnitResult(item.key, "failed", reason, message, item.split, item.label)


class _Maker:
    """Makes everything of one source: reads and decodes it once, then writes copy and variants."""

    def __init__(self, job: Job, context: Context, batch: Batch) -> None:
        self._job, self._context, self._batch = job, context, batch
        item = job.item
        self._data = read_bytes(os.path.join(context.source, item.key))  # noqa: PTH118 - a hot path
        self._picture = codec.decode(self._data, max_pixels=context.max_pixels)
        self._source = Source(self._picture.pixels)
        self._labels = context.dataset.read(item, self._source.size)
        self._result = UnitResult(
            item.key, "ok", split=item.split, label=item.label, warnings=list(self._picture.warnings)
        )
        self._common = {
            "source": shown(item.key),
            "split": item.split,
            "label": item.label,
            "source_sha256": digest(self._data),
        }

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
        return result

    def _copy(self) -> None:
        item, context = self._job.item, self._context
        encoded, pixels = original(self._data, self._picture, self._source, context.recipe, context.outside)
        labels = self._labels
        if _size(pixels) != self._source.size:
            labels = move_labels(labels, resized(self._source.size, _size(pixels)), KEEP_ALL).labels
        name, encoded = named_original(item, self._picture.format, encoded)
        self._write("original", 0, [], name, encoded, pixels, labels)

    def _write_variant(self, variant: int, made: Drawn) -> None:
        item, context = self._job.item, self._context
        output = context.recipe.output
        pixels = apply(made.stages, self._source, context.outside)
        fmt = output_format(output, self._picture.format)
        encoded = codec.encode(pixels, fmt, quality=output.quality, icc=self._picture.icc)
        steps = [step.plain() for step in made.steps]
        name = variant_name(item, variant, fmt)
        self._write("variant", variant, steps, name, encoded, pixels, made.moved.labels)

    def _write(
        self, kind: str, variant: int, steps: list[dict[str, Any]], name: str,
        encoded: tuple[bytes, tuple[str, ...]], pixels: Pixels, labels: Labels,
    ) -> None:  # fmt: skip
        data, warnings = encoded
        size = _size(pixels)
        result, common = self._result, self._common
        result.warnings.extend(warning for warning in warnings if warning not in result.warnings)
        self._batch.write(name, data)
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
            "sha256": digest(data),
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
    if pixels.shape == picture.pixels.shape:
        return codec.clean_copy(data), picture.pixels
    fmt = codec.writable(picture.format)
    return codec.encode(pixels, fmt, quality=output.quality, icc=picture.icc), pixels


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]
