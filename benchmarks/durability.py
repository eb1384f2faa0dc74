"""What durability costs: the same run with its syncs and without, in turn, several times.

    python benchmarks/durability.py --photos 2000 --small 5000 --repeats 3

The runs without are made by replacing the functions that sync, here and nowhere else: the program has no
switch for it. Dirty pages are flushed before each run and not counted. Photos are rendered first (noise over
gradients, 1600 x 1200, JPEG), so that no data set is needed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np

from augtool import codec, pipeline, storage
from augtool.execute import default_workers
from augtool.options import Options
from augtool.recipe import parse_recipe

PHOTO = """\
version: 1
variants: 5
transforms:
  - horizontal_flip: {p: 0.5}
  - rotate: {angle: [-10, 10]}
  - brightness: {factor: [0.8, 1.2]}
"""


def render(folder: Path, count: int, size: tuple[int, int], suffix: str) -> None:
    """Write pictures that compress as photos do; a few are rendered, and written many times over."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(1)
    width, height = size
    base = np.add.outer(np.linspace(0, 120, height), np.linspace(0, 90, width))[:, :, None]
    kinds = []
    for _ in range(8):
        noise = cv2.GaussianBlur(generator.normal(0, 40, (height, width, 3)), (0, 0), 1.5) * 3
        pixels = np.clip(base + generator.uniform(0, 60, 3) + noise, 0, 255).astype(np.uint8)
        kinds.append(codec.encode(pixels, "jpeg" if suffix == ".jpg" else "png", quality=92)[0])
    for number in range(count):
        (folder / f"{number:05}{suffix}").write_bytes(kinds[number % len(kinds)])


def timed(source: Path, output: Path, *, durable: bool) -> tuple[float, float]:
    """Return the seconds of one run, and how many of them it spent waiting for syncs."""
    waited = 0.0

    def clocked(sync: Callable[..., None]) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            nonlocal waited
            begun = time.perf_counter()
            sync(*arguments)
            waited += time.perf_counter() - begun

        return call

    tree = clocked(storage.sync_tree) if durable else mock.Mock()
    file = clocked(os.fsync) if durable else mock.Mock()
    shutil.rmtree(output, ignore_errors=True)
    os.sync()
    recipe = parse_recipe(PHOTO)
    begun = time.perf_counter()
    with mock.patch.object(storage, "sync_tree", tree), mock.patch.object(os, "fsync", file):
        pipeline.run(recipe, source, output, Options())
    return time.perf_counter() - begun, waited


def compare(name: str, source: Path, output: Path, repeats: int) -> None:
    """Measure both ways in turn and print medians, spread and the cost."""
    seconds: dict[bool, list[float]] = {True: [], False: []}
    shares = []
    for at in range(repeats):
        for durable in (at % 2 == 0, at % 2 == 1):
            total, waited = timed(source, output, durable=durable)
            seconds[durable].append(total)
            if durable:
                shares.append(100 * waited / (total - waited))
    on, off = statistics.median(seconds[True]), statistics.median(seconds[False])
    shown: Callable[[list[float]], str] = lambda times: f"{min(times):.2f}..{max(times):.2f}"  # noqa: E731
    files = sum(1 for path in output.rglob("*") if path.is_file())
    print(
        f"{name}: {files} files; durable {on:.2f} s ({shown(seconds[True])}), "
        f"without {off:.2f} s ({shown(seconds[False])}), cost {100 * (on / off - 1):+.1f} %; "
        f"waiting for syncs {statistics.median(shares):.1f} % of the rest "
        f"({min(shares):.1f}..{max(shares):.1f})"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--small", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="on the disk to measure; default: a temporary one")
    given = parser.parse_args()
    facts = {"cpu": default_workers(), "python": platform.python_version(), "opencv": cv2.__version__}
    print(json.dumps(facts | {"numpy": np.__version__, "system": platform.platform()}))
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        root = Path(folder)
        if given.photos:
            render(root / "photos", given.photos, (1600, 1200), ".jpg")
            compare("photos x 5", root / "photos", root / "out", given.repeats)
        if given.small:
            render(root / "small", given.small, (32, 32), ".png")
            compare("32x32 x 5", root / "small", root / "out", given.repeats)


if __name__ == "__main__":
    main()
