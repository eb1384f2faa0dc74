"""What fuzzers call: each takes bytes and lets only augtool's own errors pass."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from augtool import codec, pipeline, salvage
from augtool.errors import AugtoolError
from augtool.options import Options
from augtool.recipe import Recipe, from_document
from augtool.yamlsource import parse

NOTHING = Recipe(variants=1)
_PICTURE = codec.encode(np.full((18, 24, 3), 90, np.uint8), "png")[0]


def recipe(data: bytes) -> None:
    """Read a recipe; no file is opened."""
    try:
        from_document(parse(data, "recipe.yaml"))
    except AugtoolError:
        return


def picture(data: bytes) -> None:
    """Decode an image file, strictly and leniently, and make its clean copy."""
    for decode in (
        lambda: codec.decode(data, max_pixels=10**6),
        lambda: salvage.decode(data, 10**6, "none"),
        lambda: codec.clean_copy(data),
    ):
        try:
            decode()
        except (AugtoolError, MemoryError):
            continue


def labels(name: str, data: bytes) -> None:
    """Run over a set of one picture whose label file holds these bytes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        picture, label = _layout(root / "in", name)
        for path, content in ((picture, _PICTURE), (label, data)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            report = pipeline.run(NOTHING, root / "in", root / "out", Options(workers=0, format=name))
        except AugtoolError:
            return
        if "internal_error" in report["failure_counts"]:
            raise RuntimeError(report["failures"])


def _layout(root: Path, name: str) -> tuple[Path, Path]:
    """Return where a format looks for a picture and its labels."""
    if name == "yolo":
        root.mkdir(parents=True)
        (root / "data.yaml").write_text("train: images/train\nnames: [cat, dog]\n")
        return root / "images" / "train" / "a.png", root / "labels" / "train" / "a.txt"
    return root / "a.png", root / "annotations.json"
