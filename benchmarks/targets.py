"""The runs that have a target: ours, the plain-OpenCV floor and the Albumentations script, side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import data
from benchmarks.measure import Program, interleaved, ratios, rows_of, spread, table

HERE = Path(__file__).parent
OURS, FLOOR, ALBUMENTATIONS = "augtool", "plain OpenCV floor", "Albumentations script"
HEAD = ("program", "CPU s", "wall s", "peak MB", "augtool / this, CPU", "augtool / this, wall")
VARIANTS = 5
COMMAND = (sys.executable, "-c", "from augtool.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Bench:
    """Where things are: ``home`` holds data, results' scratch and the peers' virtual environments."""

    home: Path
    runs: int

    @property
    def scratch(self) -> Path:
        """Return the folder outputs go to."""
        folder = self.home / "scratch"
        folder.mkdir(exist_ok=True)
        return folder

    def peer(self) -> Path:
        """Return the Python that has Albumentations.

        Raises:
            SystemExit: it has not been set up.
        """
        python = self.home / "albumentations" / "bin" / "python"
        if not python.exists():
            raise SystemExit(f"{python}: missing; run 'python -m benchmarks setup' first")
        return python

    def ours(self, recipe: str, source: Path, workers: int, *more: str) -> Program:
        """Return our command for a recipe of this folder."""
        path = HERE / "recipes" / f"{recipe}.yaml"
        start = [*COMMAND, "run", str(path), str(source)]
        return Program(OURS, lambda out: [*start, str(out), "-w", str(workers), "-q", *more])

    def floor(self, recipe: str, source: Path, workers: int) -> Program:
        """Return the floor's command."""
        script = [sys.executable, str(HERE / "peers" / "floor.py"), recipe, str(source)]
        return Program(FLOOR, lambda out: [*script, str(out), str(workers)])

    def albumentations(self, recipe: str, source: Path, workers: int) -> Program:
        """Return the Albumentations script's command."""
        script = [str(self.peer()), str(HERE / "peers" / "albumentations_pool.py"), recipe, str(source)]
        return Program(ALBUMENTATIONS, lambda out: [*script, str(out), str(workers)])


def full_size(bench: Bench) -> str:
    """Target 1: at most 1.10 of the floor, not slower than the Albumentations script."""
    source = data.photos(bench.home)
    programs = [make("full_size", source, 2) for make in (bench.ours, bench.floor, bench.albumentations)]
    samples = interleaved(programs, bench.scratch, bench.runs)
    return f"## Full size: {data.PHOTOS} photos, {VARIANTS} variants each, 2 workers\n\n" + table(
        HEAD, rows_of(samples, OURS)
    )


def to_224(bench: Bench) -> str:
    """Target 2: at most 0.35 of the Albumentations script's CPU time."""
    source = data.photos(bench.home)
    programs = [make("to_224", source, 2) for make in (bench.ours, bench.floor, bench.albumentations)]
    samples = interleaved(programs, bench.scratch, bench.runs)
    return f"## To 224: {data.PHOTOS} photos, {VARIANTS} variants each, 2 workers\n\n" + table(
        HEAD, rows_of(samples, OURS)
    )


def large(bench: Bench) -> str:
    """Target 3: at most 0.25 of the Albumentations script's CPU time."""
    source = data.large(bench.home)
    programs = [make("to_224", source, 2) for make in (bench.ours, bench.floor, bench.albumentations)]
    samples = interleaved(programs, bench.scratch, bench.runs)
    return f"## 12 megapixels to 224: {data.LARGE} photos, {VARIANTS} variants each, 2 workers\n\n" + table(
        HEAD, rows_of(samples, OURS)
    )


def tiny(bench: Bench) -> str:
    """Target 4: at least 3,000 variants per second and core, at most 1.5 of the bare loop."""
    source = data.tiny(bench.home)
    ours, floor = bench.ours("tiny", source, 1), bench.floor("tiny", source, 0)
    samples = interleaved([ours, floor], bench.scratch, bench.runs)
    variants = data.TINY * VARIANTS
    rates = [variants / sample.cpu for sample in samples[OURS]]
    walls = [variants / sample.wall for sample in samples[OURS]]
    return (
        f"## {data.TINY:,} images of 32x32, {VARIANTS} variants each, 1 worker\n\n"
        + table(HEAD, rows_of(samples, OURS))
        + f"\n\nvariants per CPU second {spread(rates, 0)}; per second of wall time {spread(walls, 0)}"
    )


def workers(bench: Bench) -> str:
    """Target 5: two workers at least 1.85 times as fast as one, on a machine with nothing else to do."""
    source = data.photos(bench.home)
    one, two = bench.ours("full_size", source, 1), bench.ours("full_size", source, 2)
    named = [Program("1 worker", one.command), Program("2 workers", two.command)]
    samples = interleaved(named, bench.scratch, bench.runs)
    single, double = samples["1 worker"], samples["2 workers"]
    gain = spread(ratios(single, double, "wall"))
    head, body = HEAD[:4], [row[:4] for row in rows_of(samples, "1 worker")]
    return f"## One worker and two\n\n{table(head, body)}\n\nwall time of one over two: {gain}"


def start(bench: Bench) -> str:
    """Target 5: one image in under 1.2 s; the first file under 1.0 s."""
    folder = bench.home / "one"
    if not folder.exists():
        (folder / "class0").mkdir(parents=True)
        first = min(data.photos(bench.home).rglob("*.jpg"))
        (folder / "class0" / first.name).write_bytes(first.read_bytes())
    programs = [
        Program(f"run on one image, {said}", bench.ours("to_224", folder, count).command)
        for said, count in (("in-process", 0), ("1 worker", 1), ("2 workers", 2))
    ]
    help_page = Program("--help", lambda _: [*COMMAND, "--help"])
    samples = interleaved([help_page, *programs], bench.scratch, bench.runs)
    body = [row[:4] for row in rows_of(samples, "--help")]
    return "## Start-up\n\n" + table(HEAD[:4], body)


TARGETS: dict[str, Callable[[Bench], str]] = {
    "full_size": full_size,
    "to_224": to_224,
    "large": large,
    "tiny": tiny,
    "workers": workers,
    "start": start,
}
