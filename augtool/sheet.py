"""Laying out a contact sheet: pictures in a grid, each with a title and a few lines under it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from augtool.effects import Pixels
from augtool.shrinking import rgb, shrink

CELL = 300  # pixels: longest side of a picture on the sheet
_GAP = 14
_LINE = 17
_TEXT_LINES = 6
_PAPER = (250, 250, 248)
_INK = (40, 40, 40)
_SOFT = (120, 120, 120)


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a sheet, (H, W, 3) red-green-blue."""

    picture: NDArray[np.uint8]
    title: str
    lines: list[str]


def blank(width: int = 1, height: int = 1) -> NDArray[np.uint8]:
    """Return an empty picture, for a place in the grid that has none."""
    return np.full((height, width, 3), _PAPER, np.uint8)


def thumbnail(pixels: Pixels) -> NDArray[np.uint8]:
    """Return a picture small enough for a cell, (H, W, 3) red-green-blue."""
    return rgb(shrink(pixels, CELL)[0])


def lay_out(cells: list[Cell], columns: int) -> NDArray[np.uint8]:
    """Return the sheet, (H, W, 3) red-green-blue."""
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
