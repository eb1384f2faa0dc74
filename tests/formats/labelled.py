"""What the tests of formats share: small pictures, and runs of read and write without the rest."""

from __future__ import annotations

import io
import os
import pickle
from collections import Counter
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
from augtool.matrix import apply, corners, matrix
from augtool.moving import move_labels
from augtool.polygons import clip_convex

SIZE = (40, 30)


def picture(size: tuple[int, int] = SIZE, orientation: int = 0, fmt: str = "PNG") -> bytes:
    pixels = np.random.default_rng(size).integers(0, 255, (size[1], size[0], 3), np.uint8)
    out = io.BytesIO()
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    Image.fromarray(pixels).save(out, fmt, exif=exif)
    return out.getvalue()


def plant(root: Path, files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


@dataclass
class Run:
    """What came of reading and writing a set."""

    dataset: Dataset
    labels: dict[str, Labels] = field(default_factory=dict)
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    splits: dict[str, str | None] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)


def mirrored(size: tuple[int, int]) -> Geometry:
    return geometry(matrix(-1, 0, size[0], 0, 1, 0), size, size)


def geometry(transform: np.ndarray, before: tuple[int, int], after: tuple[int, int]) -> Geometry:
    visible = clip_convex(apply(transform, corners(before)), corners(after))
    return Geometry(before, after, transform, visible)


def process(
    root: Path, out: Path, name: str | None = None, options=None, variant=None, tag="__aug1", divide=False
) -> Run:
    """Read every picture of a set and write it to ``out``: as it is, and as ``variant`` where given.

    ``variant`` makes a geometry of a size. Items, dataset and labels take the way through a worker.
    """
    dataset = open_dataset(root, name, options)
    run = Run(dataset)
    worker = pickle.loads(pickle.dumps(dataset))
    fragments = []
    found = dataset.items()
    if divide:  # every other picture is for validation
        found = (dataset.in_split(item, ("train", "val")[at % 2]) for at, item in enumerate(found))
    for item in (pickle.loads(pickle.dumps(item)) for item in found):
        if item.problem:
            run.failed[item.key] = item.problem
            continue
        data = (root / item.key).read_bytes()
        header = codec.probe(data)
        size = (header.width, header.height)
        try:
            labels = worker.read(item, size)
        except ItemError as error:
            run.failed[item.key] = (error.code, str(error))
            continue
        run.labels[item.key], run.splits[item.key], run.classes[item.key] = labels, item.split, item.classes
        made = [(item.output(item.stem, item.suffix), "original", labels, size)]
        if variant:
            moved = variant(size)
            turned = move_labels(labels, moved, LabelRules(min_visibility=0, min_size=0)).labels
            made.append((item.output(f"{item.stem}{tag}", item.suffix), "variant", turned, moved.size))
        for output, kind, own, extent in made:
            written = worker.write(item, output, own, extent)
            run.lost.update(written.lost)
            content = data if kind == "original" else picture(extent)
            for path, text in {output: content, **written.files}.items():
                assert not (out / path).exists(), path
                plant(out, {path: text})
            fragments.append(Fragment(output, item.key, kind, item.split, *extent, written.fragment))
    for path, chunks in dataset.finish(iter(fragments)):
        assert not (out / path).exists(), path
        plant(out, {path: b"".join(chunks)})
    return run


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()
    }


def boxes(labels: Labels) -> list[tuple[str, tuple[float, ...]]]:
    return [
        (each.category, tuple(round(side, 3) for side in each.box)) for each in labels.instances if each.box
    ]


def codes(dataset: Dataset) -> Counter[str]:
    found = list(dataset.problems())
    assert all(set(each) == {"file", "line", "code", "message", "source"} for each in found)
    return Counter(each["code"] for each in found)


def real(name: str) -> Path:
    """Return a real set, or skip."""
    base = os.environ.get("AUGTOOL_REAL_DATA")
    if not base:
        pytest.skip("AUGTOOL_REAL_DATA is not set: no real data to read")
    return Path(base) / name
