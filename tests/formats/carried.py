"""What the tests of YOLO and COCO share: a set taken from a folder to another, as a run does it."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augtool import codec
from augtool.errors import ItemError
from augtool.formats import open_dataset
from augtool.formats.base import Dataset, Fragment
from augtool.geometry import Geometry
from augtool.labels import LabelRules, Labels
from augtool.matrix import corners, matrix
from augtool.moving import move_labels


def picture(size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((size[1], size[0], 3), 90, np.uint8)).save(out, "PNG")
    return out.getvalue()


def plant(root: Path, files: dict[str, str | bytes | tuple[int, int]]) -> Path:
    """Write files; a size stands for a picture."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = picture(content) if isinstance(content, tuple) else content
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return root


def mirrored(width: int, height: int) -> Geometry:
    size = (width, height)
    return Geometry(size, size, matrix(-1, 0, width, 0, 1, 0), corners(size))


@dataclass
class Carried:
    dataset: Dataset
    root: Path
    lost: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return (self.root / name).read_text()


def carry(
    source: Path,
    target: Path,
    name: str | None = None,
    variant: Callable[[Labels, tuple[int, int]], Labels] | None = None,
    options: dict[str, object] | None = None,
    splits: Sequence[str] = (),
) -> Carried:
    """Copy every original and, with ``variant``, one variant of it; the labels are read by a pickled copy.

    With ``splits``, each item in turn is put into the next of them, as a run does that divides the set.
    """
    dataset = open_dataset(source, name, options)
    worker = pickle.loads(pickle.dumps(dataset))
    result = Carried(dataset, target)
    fragments = []
    found = dataset.items()
    if splits:
        found = (dataset.in_split(item, splits[at % len(splits)]) for at, item in enumerate(found))
    for item in (pickle.loads(pickle.dumps(item)) for item in found):
        if item.problem:
            result.failed[item.key] = f"{item.problem[0]}: {item.problem[1]}"
            continue
        data = (source / item.key).read_bytes()
        pixels = codec.decode(data).pixels
        size = pixels.shape[1], pixels.shape[0]
        try:
            labels = worker.read(item, size)
        except ItemError as error:
            result.failed[item.key] = f"{error.code}: {error}"
            continue
        made = [("original", f"{item.folder}{item.stem}{item.suffix}", labels)]
        if variant:
            made.append(("variant", f"{item.folder}{item.stem}__aug1{item.suffix}", variant(labels, size)))
        for kind, output, own in made:
            written = worker.write(item, output, own, size)
            assert output not in result.outputs
            result.outputs[output] = item.key
            plant(target, {output: data})
            for path, content in written.files.items():
                assert not (target / path).exists(), path
                plant(target, {path: content})
            result.lost += written.lost
            fragments.append(Fragment(output, item.key, kind, item.split, *size, written.fragment))
    for path, chunks in dataset.finish(iter(fragments)):
        assert not (target / path).exists(), path
        plant(target, {path: b"".join(chunks)})
    return result


def labels_of(root: Path, name: str | None = None) -> dict[str, Labels]:
    dataset = open_dataset(root, name)
    found = {}
    for item in dataset.items():
        pixels = codec.decode((root / item.key).read_bytes()).pixels
        found[item.key] = dataset.read(item, (pixels.shape[1], pixels.shape[0]))
    return found


def assert_same(one: dict[str, Labels], two: dict[str, Labels], tolerance: float = 0.01) -> None:
    assert one.keys() == two.keys()
    for key, labels in one.items():
        assert len(labels.instances) == len(two[key].instances), key
        for a, b in zip(labels.instances, two[key].instances, strict=True):
            assert (a.category, a.crowd) == (b.category, b.crowd)
            for mine, theirs in zip(numbers(a), numbers(b), strict=True):
                assert np.shape(mine) == np.shape(theirs)
                assert np.allclose(mine, theirs, rtol=0, atol=tolerance), key


def numbers(instance) -> list:
    rings = [ring for part in instance.polygons or () for ring in (part.outer, *part.holes)]
    mask, points = instance.mask, instance.keypoints
    return [
        instance.box or (),
        () if instance.corners is None else instance.corners,
        *rings,
        () if mask is None else mask.pixels,
        () if mask is None else (mask.left, mask.top),
        () if points is None else points.points,
        () if points is None else points.visible,
    ]


def flipped(dataset_flip=None) -> Callable[[Labels, tuple[int, int]], Labels]:
    return lambda labels, size: move_labels(labels, mirrored(*size), LabelRules(), dataset_flip).labels


def real(*parts: str) -> Path:
    """Return a folder of real data, or skip."""
    base = os.environ.get("AUGTOOL_REAL_DATA")
    if not base:
        pytest.skip("AUGTOOL_REAL_DATA is not set")
    path = Path(base, *parts)
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path
