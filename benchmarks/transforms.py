"""Megapixels per second of each transform on one core, beside Albumentations where it has the same one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import data
from benchmarks.measure import table
from benchmarks.targets import Bench

SIDES = (512, 2048)
PEER = Path(__file__).parent / "peers" / "transforms_albumentations.py"


def report(bench: Bench) -> str:
    """Return the table; both programs run in turn, each with its own process, ``bench.runs`` times."""
    columns = {side: _seconds(bench, side) for side in SIDES}
    rows, shared = [], []
    for name in next(iter(columns.values()))[0]:
        row = [name]
        for side, (ours, theirs) in columns.items():
            rate = side * side / 1e6 / median(ours[name])
            row.append(f"{rate:.0f}")
            if name in theirs:
                gain = median(b / a for a, b in zip(ours[name], theirs[name], strict=True))
                row += [f"{side * side / 1e6 / median(theirs[name]):.0f}", f"{gain:.2f}"]
                shared.append((gain, f"{name} at {side}"))
            else:
                row += ["", ""]
        rows.append(row)
    head = ["transform"]
    for side in SIDES:
        head += [f"{side}: MP/s", "Albumentations", "times as fast"]
    middle = median(gain for gain, _ in shared)
    slow = ", ".join(f"{name} ({gain:.2f})" for gain, name in sorted(shared) if gain < 0.7) or "none"
    return (
        f"## Each transform, one core, 8-bit colour\n\n{table(head, rows)}\n\n"
        f"median over {len(shared)} shared entries: {middle:.2f} times as fast; below 0.7: {slow}"
    )


Times = dict[str, list[float]]


def _seconds(bench: Bench, side: int) -> tuple[Times, Times]:
    import cv2
    import numpy as np

    first = min(data.photos(bench.home).rglob("*.jpg"))
    pixels: Any = cv2.imdecode(np.frombuffer(first.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    path = bench.scratch / f"picture-{side}.npy"
    np.save(path, cv2.resize(pixels, (side, side), interpolation=cv2.INTER_CUBIC))
    repeats = "15" if side < 1000 else "3"
    commands = ([sys.executable, "-m", "benchmarks.transforms"], [str(bench.peer()), str(PEER)])
    times: tuple[Times, Times] = ({}, {})
    for _ in range(bench.runs):
        for command, kept in zip(commands, times, strict=True):
            done = subprocess.run([*command, str(path), repeats], check=True, capture_output=True, text=True)
            for name, seconds in json.loads(done.stdout).items():
                kept.setdefault(name, []).append(seconds)
    return times


def main() -> None:
    """Time each of our transforms on a picture, drawn anew each time; JSON on stdout."""
    import cv2
    import numpy as np

    from augtool import registry
    from augtool.freeze import freeze
    from augtool.recipe import from_plain
    from augtool.render import render
    from augtool.warp import Outside, Source

    cv2.setNumThreads(1)
    pixels, repeats = np.load(sys.argv[1]), int(sys.argv[2])
    seconds = {}
    for spec in registry.specs("image"):
        body = {"p": 1, "size": 224} if spec.name in ("random_resized_crop", "resize") else {"p": 1}
        nodes = from_plain({"version": 1, "transforms": [{spec.name: body}]}).transforms
        times = []
        for variant in range(repeats + 1):
            steps = freeze(nodes, 0, "picture", variant)
            started = time.process_time()
            render(Source(pixels), steps, Outside())
            times.append(time.process_time() - started)
        seconds[spec.name] = sorted(times[1:])[repeats // 2]
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
