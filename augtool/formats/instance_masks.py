"""One mask per object: ``<id>/images/<id>.png`` with ``<id>/masks/*.png``, as in the 2018 Data Science Bowl.

Every variant gets a folder of its own, since all files in ``masks`` belong to the one picture beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from augtool.errors import ItemError
from augtool.filenames import safe_name, safe_path
from augtool.formats import findings, maskpng
from augtool.formats.base import IGNORED, Written
from augtool.formats.tree import Folder, Tree, TreeDataset, broken_folders, chosen, items, scanned
from augtool.formats.untrusted import read_label
from augtool.labels import Instance, Labels, Mask
from augtool.sample import OUTPUT, Item

NAME = "instance_masks"
IMAGES, MASKS = "images", "masks"
MAX_BYTES = 1 << 28
OPTIONS: dict[str, Any] = {"category": str}
CATEGORY = "object"


def detect(root: Path) -> str | None:
    """Recognise folders that hold one picture in ``images`` and its objects in ``masks``."""
    count = sum(1 for _ in _homes(scanned(root)))
    return f"one mask per object, {count} folders of a picture and its masks" if count else None


def open(root: Path, options: Mapping[str, Any]) -> InstanceMasksDataset:  # noqa: A001 - the name formats share
    """Open a data set. The option ``category`` names the class of all objects ("object").

    Raises:
        UsageError: an option is unknown or no text.
    """
    return InstanceMasksDataset(root, name=NAME, spatial=True, options=chosen(options, OPTIONS, NAME))


def _homes(tree: Tree) -> Iterator[tuple[str, Folder, Folder]]:
    """Yield (path, images, masks) of each folder that belongs to one picture."""
    for path, folder in tree.folders.items():
        lowered = {name.lower(): name for name in folder.folders}
        if IMAGES not in lowered or MASKS not in lowered:
            continue
        images = tree.folders.get(f"{path}{lowered[IMAGES]}/")
        masks = tree.folders.get(f"{path}{lowered[MASKS]}/")
        pictures = images.pictures() if images else []
        if images is None or masks is None or len(pictures) != 1:
            continue
        stem = os.path.splitext(pictures[0])[0]  # noqa: PTH122
        # A set of one picture with one mask of its name has semantic masks; here the folder is named too.
        if path and (path.split("/")[-2] == stem or f"{stem}.png" not in masks.files):
            yield path, images, masks


@dataclass(frozen=True, slots=True)
class Ref:
    """The folder of a picture's masks, and their names."""

    folder: str
    names: tuple[str, ...]


@dataclass
class InstanceMasksDataset(TreeDataset):
    """A scanned set of pictures with a folder each."""

    @property
    def category(self) -> str:
        """The class of all objects."""
        return str(self.options.get("category", CATEGORY))

    def items(self) -> Iterator[Item]:
        """Yield the picture of each folder."""
        self.ignored.clear()
        tree = self.tree()
        yield from broken_folders(tree)
        for path, images, masks in _homes(tree):
            names = tuple(name for name in masks.files if name.lower().endswith(".png"))
            above = path.rstrip("/").rpartition("/")
            named = above[2] == os.path.splitext(images.pictures()[0])[0]  # noqa: PTH122
            for item in items(images):
                # Where the folder bears the picture's name it follows it; else the variant's name is added.
                home = OUTPUT if named else f"{safe_name(above[2])}-{OUTPUT}"
                inner = safe_path(images.path[len(path) :])
                folder = f"{safe_path(above[0])}{above[1]}{home}/{inner}"
                classes = (self.category,) * len(names)
                yield replace(item, folder=folder, ref=Ref(masks.path, names), classes=classes)

    def read_labels(self, item: Item, size: tuple[int, int]) -> Labels:
        """Return an object for each mask; see the protocol."""
        ref: Ref = item.ref
        instances = []
        for name in ref.names:
            path = ref.folder + name
            mask = maskpng.load(read_label(self.root, path, MAX_BYTES), path, size)
            if mask.pixels.ndim != 2:
                raise ItemError(
                    "label_invalid", f"{path}: is in colour; a mask of one object is grey or black-white"
                )
            kept, before = mask.without_pixels(), _cut(mask.pixels)
            extra = {"name": name, "file": path, "png": kept, "data": mask.data, "cut": before}
            extra["value"] = int(mask.pixels.max(initial=0)) or mask.top
            extra["zero_area"] = not before.pixels.size
            instances.append(Instance(self.category, mask=before, extra=extra))
        return Labels(tuple(instances), extra={"size": size})

    def write_labels(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return the masks of a picture, in the folder beside its own."""
        home = output.rpartition("/")[0].rpartition("/")[0]
        masks = item.ref.folder.rstrip("/").rpartition("/")[2]
        files = {}
        for instance in labels.instances:
            extra, mask = instance.extra, instance.mask
            if mask is None:
                continue
            same = size == labels.extra["size"] and mask is extra["cut"]
            files[f"{home}/{masks}/{safe_name(extra['name'])}"] = (
                extra["data"] if same else _whole(mask, extra, size)
            )
        lost = (IGNORED,) if any(instance.crowd for instance in labels.instances) else ()
        return Written(files, lost=lost)

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield pictures without masks, empty masks, and masks that cannot be used."""
        for item in self.items():
            if item.ref is not None and not item.ref.names:
                yield findings.problem(item.key, 0, "unlabelled", "has no masks", item.key)
        for path, folder in self.tree().folders.items():
            named = path.lower().endswith(f"/{MASKS}/")
            above = self.tree().folders.get(path[: -len(MASKS) - 1]) if named else None
            if above and not any(name.lower() == IMAGES for name in above.folders) and folder.files:
                yield findings.problem(path, 0, "missing_image", "holds masks of a picture that is not there")
        yield from findings.of_items(self)


def _cut(pixels: Any) -> Mask:
    """Return the window of a mask that holds the object."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if not len(rows):
        return Mask(np.zeros((0, 0), np.uint8))
    top, left = int(rows[0]), int(columns[0])
    window = pixels[top : rows[-1] + 1, left : columns[-1] + 1] > 0
    return Mask(np.ascontiguousarray(window.astype(np.uint8)), left, top)


def _whole(mask: Mask, extra: Mapping[str, Any], size: tuple[int, int]) -> bytes:
    """Return a moved mask as a file of the picture's size, in the layout and value it had."""
    kind = np.uint16 if extra["value"] > 255 else np.uint8
    canvas = np.zeros((size[1], size[0]), kind)
    h, w = mask.pixels.shape
    canvas[mask.top : mask.top + h, mask.left : mask.left + w] = (mask.pixels > 0) * kind(extra["value"])
    return maskpng.dump(extra["png"], canvas)
