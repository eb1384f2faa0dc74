"""Contact sheets: an original and its variants side by side, each labelled with what was applied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from augtool import codec
from augtool.captions import caption
from augtool.effects import Pixels
from augtool.errors import ItemError, UsageError
from augtool.explain import open_picture
from augtool.formats import open_dataset
from augtool.freeze import freeze
from augtool.pipeline import outside_of
from augtool.plan import plan
from augtool.recipe import Recipe
from augtool.render import render
from augtool.sample import Item
from augtool.storage import read_bytes, write_durably
from augtool.warp import Outside, Source

_CELL = 300  # pixels: longest side of a picture on the sheet
_GAP = 14
_LINE = 17
_TEXT_LINES = 6
_PAPER = (250, 250, 248)
_INK = (40, 40, 40)
_SOFT = (120, 120, 120)


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a sheet."""

    picture: NDArray[np.uint8]
    title: str
    lines: list[str]


def write_sheet(
    recipe: Recipe, source: Path, target: Path, grid: tuple[int, int], variants: int | None
) -> int:
    """Draw a contact sheet of a picture, or of pictures from all over a folder; return how many it shows.

    Args:
        recipe: what to apply.
        source: a picture or a folder.
        target: the sheet; its suffix gives the format (png, jpg, webp).
        grid: columns and rows.
        variants: most variants shown of one picture; None fills the grid.

    Raises:
        UsageError: nothing to show, or the sheet cannot be written in that format.

    """
    columns, rows = grid
    fmt = next((name for name, suffixes in codec.EXTENSIONS.items() if target.suffix.lower() in suffixes), "")
    if fmt not in ("png", "jpeg", "webp"):
        raise UsageError(f"{target}: a sheet is a .png, .jpg or .webp file")
    if source.is_dir():
        each = columns - 1 if variants is None else min(variants, columns - 1)
        cells = _folder_cells(recipe, source, rows, each, columns)
    else:
        shown = columns * rows - 1 if variants is None else min(variants, columns * rows - 1)
        cells = list(
            _cells(recipe, open_picture(source), source.name, Outside(_border(recipe), recipe.fill), shown)
        )
    sheet = _lay_out(cells, columns)
    write_durably(target, [codec.encode(np.ascontiguousarray(sheet[:, :, ::-1]), fmt, quality=92)[0]])
    return len(cells)


def _border(recipe: Recipe) -> str:
    return "reflect_101" if recipe.border == "auto" else recipe.border


def _folder_cells(recipe: Recipe, source: Path, rows: int, each: int, columns: int) -> list[Cell]:
    dataset = open_dataset(source, recipe)

    def expanded() -> Iterator[Item]:
        return (job.item for job in plan(dataset.items(), recipe) if job.variants)

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
        except ItemError as error:
            cells.append(Cell(np.full((60, _CELL, 3), 225, np.uint8), item.key, [str(error)]))
            row = 1
        else:
            row = each + 1
            cells += _cells(recipe, picture, item.key, outside_of(recipe, dataset), each)
        cells += [Cell(np.full((1, 1, 3), 250, np.uint8), "", [])] * (columns - row)
    return cells


def _cells(recipe: Recipe, source: Source, key: str, outside: Outside, count: int) -> Iterator[Cell]:
    yield Cell(_thumbnail(source.pixels), key, ["original", f"{source.size[0]} x {source.size[1]}"])
    for variant in range(1, count + 1):
        steps = freeze(recipe.transforms, recipe.seed, key, variant)
        pixels = render(source, steps, outside, recipe.output.size)
        said = caption(step.plain() for step in steps)
        yield Cell(_thumbnail(pixels), f"variant {variant}", said or ["nothing applied"])


def _thumbnail(pixels: Pixels) -> NDArray[np.uint8]:
    """Return RGB pixels that fit a cell: 16 bits as 8, transparency over a light checkerboard."""
    picture = (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    share = min(1.0, _CELL / max(picture.shape[:2]))
    if share < 1:
        size = max(1, round(picture.shape[1] * share)), max(1, round(picture.shape[0] * share))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    if picture.ndim == 2:
        picture = np.dstack([picture] * 3)
    if picture.shape[2] == 4:
        alpha = picture[:, :, 3:].astype(np.float32) / 255
        rows, columns = np.indices(picture.shape[:2])
        checker = np.where((rows // 8 + columns // 8) % 2, 255, 228)[:, :, None]
        picture = np.rint(picture[:, :, :3] * alpha + checker * (1 - alpha)).astype(np.uint8)
    return np.ascontiguousarray(picture[:, :, ::-1]).astype(np.uint8)


def _lay_out(cells: list[Cell], columns: int) -> NDArray[np.uint8]:
    rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
    wide = max(180, *(cell.picture.shape[1] for cell in cells))
    heights = [_row_height(row, wide) for row in rows]
    sheet = Image.new("RGB", (columns * (wide + _GAP) + _GAP, sum(heights) + _GAP * (len(rows) + 1)), _PAPER)
    draw = ImageDraw.Draw(sheet)
    bold, plain = ImageFont.load_default(size=13), _plain_font()
    top = _GAP
    for row, height in zip(rows, heights, strict=True):
        tall = max(cell.picture.shape[0] for cell in row)
        for at, cell in enumerate(row):
            left = _GAP + at * (wide + _GAP)
            h = cell.picture.shape[0]
            sheet.paste(Image.fromarray(cell.picture), (left, top + tall - h))
            draw.text((left, top + tall + 5), _fit(cell.title, bold, wide, keep_end=True), _INK, bold)
            lines = _wrapped(cell.lines, plain, wide)
            for number, line in enumerate(islice(lines, _TEXT_LINES)):
                draw.text((left, top + tall + 5 + _LINE * (number + 1)), line, _SOFT, plain)
        top += height + _GAP
    return np.asarray(sheet)


def _row_height(row: list[Cell], wide: int) -> int:
    said = max(len(list(_wrapped(cell.lines, _plain_font(), wide))) for cell in row)
    tallest = max(int(cell.picture.shape[0]) for cell in row)
    return tallest + _GAP + _LINE * (min(said, _TEXT_LINES) + 1)


def _plain_font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=12)


def _wrapped(
    parts: list[str], font: ImageFont.FreeTypeFont | ImageFont.ImageFont, wide: int
) -> Iterator[str]:
    line = ""
    for at, part in enumerate(parts):
        word = part + ("," if at + 1 < len(parts) else "")
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > wide:
            yield _fit(line, font, wide)
            line = word
        else:
            line = longer
    if line:
        yield _fit(line, font, wide)


def _fit(
    text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, wide: int, *, keep_end: bool = False
) -> str:
    # The built-in font has no more than this.
    text = "".join(char if " " <= char <= "~" or char == "\N{DEGREE SIGN}" else "?" for char in text)
    if font.getlength(text) <= wide:
        return text
    while text and font.getlength(text + "...") > wide:
        text = text[1:] if keep_end else text[:-1]
    return "..." + text if keep_end else text + "..."
