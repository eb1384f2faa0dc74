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


class Dataset(Protocol):
    """What the program asks of a data set, whatever its format."""

    name: str
    root: Path
    spatial: bool
    """Whether labels have places in the picture (boxes, polygons, keypoints)."""
    ignored: Counter[str]
    """Files that are no part of the set, by suffix; complete after a full walk of ``items``."""

    def items(self) -> Iterator[Item]:
        """Yield the set's items in a fixed order, anew at each call."""

    def require(self, survey: Survey, splits: Collection[str]) -> None:
        """Refuse a set with nothing to do, saying why."""


def open_dataset(source: Path) -> Dataset:
    """Recognise the format of a folder and open it.

    Raises:
        UsageError: it is missing, not a folder, or cannot be read.

    """
    if not source.exists():
        raise UsageError(f"{source}: no such folder")
    if not source.is_dir():
        raise UsageError(f"{source}: is a file; the input is a folder of pictures")
    return FolderDataset(source)
