"""The unit of work: one source, decoded once, and everything made from it. Runs inside a worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augtool import codec
from augtool.effects import Pixels
from augtool.errors import ItemError
from augtool.freeze import FrozenStep, freeze
from augtool.plan import Job
from augtool.recipe import Output, Recipe
from augtool.render import render
from augtool.sample import Item
from augtool.storage import Batch, digest, read_bytes, shown
from augtool.warp import Outside, Source

MAX_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True)
class Context:
    """What every unit of a run shares; sent to each worker once."""

    recipe: Recipe
    seed: int
    source: Path
    output: Path
    outside: Outside
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
    shortfall: dict[str, Any] | None = None
    """``missing`` variants of a text and the ``reason``, where fewer could be made than were asked for."""

    def record(self) -> dict[str, Any]:
        """Return the journal record."""
        record: dict[str, Any] = {"source": shown(self.source), "status": self.status}
        for name in ("reason", "message", "split", "label", "warnings", "shortfall"):
            if getattr(self, name):
                record[name] = getattr(self, name)
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
        result = _make(job, context, batch)
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


def _make(job: Job, context: Context, batch: Batch) -> UnitResult:
    item, output = job.item, context.recipe.output
    data = read_bytes(os.path.join(context.source, item.key))  # noqa: PTH118 - a hot path
    source_sha = digest(data)
    picture = codec.decode(data, max_pixels=context.max_pixels)
    source = Source(picture.pixels)
    result = UnitResult(item.key, "ok", split=item.split, label=item.label, warnings=list(picture.warnings))
    common = {"split": item.split, "label": item.label}

    def write(kind: str, variant: int, steps: Any, name: str, encoded: bytes, size: tuple[int, int]) -> None:
        batch.write(name, encoded)
        result.rows.append(
            {"output": name, "source": shown(item.key), "kind": kind, "variant": variant}
            | common
            | {"steps": steps, "width": size[0], "height": size[1]}
            | {"sha256": digest(encoded), "source_sha256": source_sha}
        )

    if job.copy:
        encoded, pixels = original(data, picture, source, context.recipe, context.outside)
        _warn(result, encoded[1])
        write("original", 0, [], f"{item.folder}{item.stem}{item.suffix}", encoded[0], _size(pixels))
    for variant, steps, pixels in variants(item, source, job.variants, context):
        fmt = output_format(output, picture.format)
        encoded = codec.encode(pixels, fmt, quality=output.quality, icc=picture.icc)
        _warn(result, encoded[1])
        name = variant_name(item, variant, fmt)
        write("variant", variant, [step.plain() for step in steps], name, encoded[0], _size(pixels))
    return result


def variants(
    item: Item, source: Source, count: int, context: Context
) -> Iterator[tuple[int, tuple[FrozenStep, ...], Pixels]]:
    """Yield (number, frozen steps, pixels) of an item's variants, from 1 to ``count``."""
    recipe = context.recipe
    for variant in range(1, count + 1):
        steps = freeze(recipe.transforms, context.seed, item.key, variant)
        yield variant, steps, render(source, steps, context.outside, recipe.output.size)


def variant_name(item: Item, variant: int, fmt: str) -> str:
    """Return the output path of a variant: it says its source, and no two sources can share it.

    A source whose own suffix belongs to the written format keeps it. Otherwise the suffix goes into the
    name, so that ``a.jpg`` and ``a.png`` written as JPEG do not meet.
    """
    suffix = item.suffix
    if suffix.lower() in codec.EXTENSIONS[fmt]:
        return f"{item.folder}{item.stem}__aug{variant}{suffix}"
    own = f"_{suffix[1:].lower()}" if suffix else ""
    return f"{item.folder}{item.stem}{own}__aug{variant}{codec.EXTENSIONS[fmt][0]}"


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


def _warn(result: UnitResult, warnings: tuple[str, ...]) -> None:
    result.warnings.extend(warning for warning in warnings if warning not in result.warnings)
