"""Data set formats: one module each, and this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from augtool.apart import real_path
from augtool.errors import UsageError
from augtool.formats.base import Dataset, Fragment, Written
from augtool.formats.tree import one_scan
from augtool.naming import did_you_mean

__all__ = ["FORMATS", "Dataset", "Format", "Fragment", "Written", "open_dataset", "recognise"]


@dataclass(frozen=True, slots=True)
class Format:
    """An entry of the table: where a format lives.

    The module has ``detect(root) -> str | None``, which says in a few words what it recognised (and
    looks at names and a few bytes only), and ``open(root, options) -> Dataset``.
    """

    name: str
    module: str
    summary: str

    def detect(self, root: Path) -> str | None:
        """Return what in ``root`` is of this format, or None."""
        recognise: Callable[[Path], str | None] = import_module(self.module).detect
        return recognise(root)

    def open(self, root: Path, options: Mapping[str, Any]) -> Dataset:
        """Open ``root`` as this format."""
        opener: Callable[[Path, Mapping[str, Any]], Dataset] = import_module(self.module).open
        return opener(root, options)


# In the order they are asked: what has a file of its own first, plain folders last.
FORMATS = (
    Format("yolo", "augtool.formats.yolo", "YOLO texts: boxes, outlines, keypoints or oriented boxes"),
    Format("coco", "augtool.formats.coco", "COCO JSON: boxes, polygons, run-length masks, keypoints"),
    Format("imagefolder", "augtool.formats.imagefolder", "Hugging Face ImageFolder with its metadata"),
    Format("createml", "augtool.formats.createml", "CreateML: a JSON list of pictures and boxes"),
    Format("labelme", "augtool.formats.labelme", "LabelMe: one JSON per picture"),
    Format("voc", "augtool.formats.voc", "Pascal VOC: one XML per picture"),
    Format("csvboxes", "augtool.formats.csvboxes", "boxes in CSV, a row per object"),
    Format("csvlabels", "augtool.formats.csvlabels", "labels in CSV, a row per picture"),
    Format("instance_masks", "augtool.formats.instance_masks", "a folder per picture, a mask per object"),
    Format("masks", "augtool.formats.masks", "segmentation masks: a PNG per picture in a parallel tree"),
    Format("folder", "augtool.formats.folder", "pictures in a flat folder or in class folders"),
)

TEXTS = Format("text", "augtool.formats.textset", "texts in CSV, TSV or JSON Lines tables, or in .txt files")


def recognise(source: Path, name: str | None = None, modality: str = "image") -> tuple[Format, str]:
    """Return the format of a data set and, in a few words, how it was told.

    Args:
        source: its folder.
        name: a format's name, or None to look.
        modality: what the recipe works on; for ``text`` there is one format, which takes tables as well.

    Raises:
        UsageError: it is missing, not a folder, cannot be looked at, or is of no known format.
    """
    real_path(source)
    if not source.exists():
        raise UsageError(f"{source}: no such {'file or folder' if modality == 'text' else 'folder'}")
    if modality == "text":
        if name not in (None, TEXTS.name):
            raise UsageError(f"--format {name}: is for pictures; the steps of this recipe are for text")
        return TEXTS, TEXTS.detect(source) or ""
    if not source.is_dir():
        raise UsageError(f"{source}: is a file; the input is a folder of pictures")
    known = {entry.name: entry for entry in FORMATS}
    if name is not None:
        if name not in known:
            hint = did_you_mean(name, known)
            raise UsageError(f"--format {name}: unknown{hint}; known are {', '.join(known)}")
        return known[name], "as --format says"
    with one_scan():
        for entry in FORMATS:
            found = entry.detect(source)
            if found:
                return entry, found
    raise UsageError(f"{source}: no data set format recognised; name one with --format ({', '.join(known)})")


def open_dataset(
    source: Path,
    name: str | None = None,
    options: Mapping[str, Any] | None = None,
    modality: str = "image",
) -> Dataset:
    """Open a data set, recognising its format unless ``name`` gives it; ``options`` are the recipe's.

    Raises:
        UsageError: as :func:`recognise`, or the set cannot be read.
    """
    return recognise(source, name, modality)[0].open(source, options or {})
