"""``augtool preview``: an original and its variants side by side, with their labels and what was applied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augtool import codec
from augtool.captions import caption
from augtool.counts import Goal
from augtool.drawing import draw_labels
from augtool.effects import Pixels
from augtool.errors import ItemError, UsageError
from augtool.explain import open_picture
from augtool.fitting import check_mirroring, outside_of
from augtool.formats import Dataset, open_dataset
from augtool.formats.folder import FolderDataset
from augtool.labels import Labels
from augtool.plan import plan
from augtool.recipe import Recipe
from augtool.render import apply
from augtool.sample import Item
from augtool.sheet import CELL, Cell, blank, lay_out, thumbnail
from augtool.storage import read_bytes, write_durably
from augtool.unit import Context, draw
from augtool.warp import Source


def write_sheet(
    recipe: Recipe,
    source: Path,
    target: Path,
    grid: tuple[int, int],
    variants: int | None,
    fmt: str | None = None,
) -> int:
    """Draw a contact sheet of a picture, or of pictures from all over a data set; return how many it shows.

    Args:
        recipe: what to apply.
        source: a picture, or the folder of a data set, whose labels are drawn too.
        target: the sheet; its suffix gives the format (png, jpg, webp).
        grid: columns and rows.
        variants: most variants shown of one picture; None fills the grid.
        fmt: the data set's format; None recognises it.

    Raises:
        UsageError: nothing to show, or the sheet cannot be written in that format.
    """
    columns, rows = grid
    kind = next(
        (name for name, suffixes in codec.EXTENSIONS.items() if target.suffix.lower() in suffixes), ""
    )
    if kind not in ("png", "jpeg", "webp"):
        raise UsageError(f"{target}: a sheet is a .png, .jpg or .webp file")
    if source.is_dir():
        each = columns - 1 if variants is None else min(variants, columns - 1)
        cells = _dataset_cells(recipe, source, rows, each, columns, fmt)
    else:
        shown = columns * rows - 1 if variants is None else min(variants, columns * rows - 1)
        picture = open_picture(source)
        item = Item(source.name, "", source.stem, source.suffix)
        context = _context(recipe, FolderDataset(source.parent))
        cells = list(_cells(item, picture, Labels(), shown, context))
    sheet = lay_out(cells, columns)
    write_durably(target, [codec.encode(np.ascontiguousarray(sheet[:, :, ::-1]), kind, quality=92)[0]])
    return len(cells)


def _context(recipe: Recipe, dataset: Dataset) -> Context:
    check_mirroring(recipe, dataset)
    return Context(recipe, recipe.seed, dataset.root, Path(), outside_of(recipe, dataset), dataset)


def _dataset_cells(
    recipe: Recipe, source: Path, rows: int, each: int, columns: int, fmt: str | None
) -> list[Cell]:
    context = _context(recipe, open_dataset(source, fmt, recipe.dataset_options))

    counting = replace(recipe, variants=1) if isinstance(recipe.variants, Goal) else recipe

    def expanded() -> Iterator[Item]:
        return (job.item for job in plan(context.dataset.items(), counting) if job.variants)

    total = sum(1 for _ in expanded())
    if total == 0:
        raise UsageError(f"{source}: holds no picture to expand")
    wanted = {round((at + 0.5) * total / rows - 0.5) for at in range(min(rows, total))}
    cells: list[Cell] = []
    for at, item in enumerate(expanded()):
        if at not in wanted:
            continue
        try:
            picture = Source(codec.decode(read_bytes(source / item.key)).pixels)
            labels = context.dataset.read(item, picture.size)
        except ItemError as error:
            row = [Cell(blank(CELL, 60), item.key, [str(error)])]
        else:
            row = list(_cells(item, picture, labels, each, context))
        cells += row + [Cell(blank(), "", [])] * (columns - len(row))
    return cells


def _cells(item: Item, source: Source, labels: Labels, count: int, context: Context) -> Iterator[Cell]:
    size = source.size
    yield Cell(_drawn(source.pixels, labels), item.key, ["original", f"{size[0]} x {size[1]}"])
    for variant in range(1, count + 1):
        made = draw(item, source, labels, variant, context)
        pixels = apply(made.stages, source, context.outside)
        said = caption(step.plain() for step in made.steps)
        if made.moved.dropped:
            said.append(f"{len(made.moved.dropped)} objects dropped")
        yield Cell(_drawn(pixels, made.moved.labels), f"variant {variant}", said or ["nothing applied"])


def _drawn(pixels: Pixels, labels: Labels) -> NDArray[np.uint8]:
    return draw_labels(thumbnail(pixels), labels, (pixels.shape[1], pixels.shape[0]))
