"""Data set formats: one module each, and this table.

A format module has ``NAME`` and a data set class with ``root``, ``spatial``, ``ignored`` and ``items()``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from augtool.errors import UsageError
from augtool.formats.folder import FolderDataset
from augtool.sample import Item

if TYPE_CHECKING:
    from augtool.plan import Survey
    from augtool.recipe import Recipe


class Dataset(Protocol):
    """What the program asks of a data set, whatever its format."""

    name: str
    root: Path
    spatial: bool
    """Whether labels have places in the picture (boxes, polygons, keypoints)."""
    noun: str
    """What one item is called: a picture, a text."""
    ignored: Counter[str]
    """Files that are no part of the set, by suffix; complete after a full walk of ``items``."""

    def items(self) -> Iterator[Item]:
        """Yield the set's items in a fixed order, anew at each call."""

    def texts(self, keys: Collection[str]) -> dict[str, str]:
        """Return the texts of some items, as far as they can be read; none for pictures."""

    def require(self, survey: Survey, splits: Collection[str]) -> None:
        """Refuse a set with nothing to do, saying why."""


def open_dataset(source: Path, recipe: Recipe) -> Dataset:
    """Recognise the format of an input and open it, as pictures or as texts: what the recipe works on.

    Raises:
        UsageError: it is missing, of no known format, or cannot be read.

    """
    if not source.exists():
        raise UsageError(f"{source}: no such {'file or folder' if recipe.modality == 'text' else 'folder'}")
    if recipe.modality == "text":
        return _open_texts(source, recipe)
    if not source.is_dir():
        raise UsageError(f"{source}: is a file; the input is a folder of pictures")
    return FolderDataset(source)


def _open_texts(source: Path, recipe: Recipe) -> Dataset:
    from augtool.formats.table import JSON_SUFFIXES, SUFFIXES, is_table
    from augtool.formats.textset import TextDataset

    if source.is_file() and not is_table(source.name):
        known = ", ".join([*SUFFIXES, *JSON_SUFFIXES])
        raise UsageError(f"{source}: is no table of texts; the input is a table ({known}) or a folder")
    return TextDataset(source, options=recipe.text)
