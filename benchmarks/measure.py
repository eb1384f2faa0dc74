"""Whole processes, timed: CPU time of a process and all it started, wall time, peak memory.

Ratios are taken within pairs of runs, one right after the other, and their median is given: on a machine
that others use too, times of different minutes cannot be compared.
"""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_SET_CHILD_SUBREAPER = 36  # of prctl(2)


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds of CPU (user and system, workers included), of wall time, peak MB of one process."""

    cpu: float
    wall: float
    peak: float


@dataclass(frozen=True, slots=True)
class Program:
    """Something to run. ``command`` gets the output folder, which is new each time."""

    name: str
    command: Callable[[Path], Sequence[str]]


def once(program: Program, scratch: Path) -> Sample:
    """Run a program in a fresh output folder and measure it."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    errors = folder / "stderr"
    try:
        with errors.open("wb") as said:
            started = time.perf_counter()
            process = subprocess.Popen(
                program.command(folder / "out"), stdout=subprocess.DEVNULL, stderr=said, env=_environment()
            )
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            _reap()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode:
            raise SystemExit(f"{program.name} failed: {errors.read_text(errors='replace')[-500:]}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Sample(cpu, wall, usage.ru_maxrss / 1024)
    finally:
        shutil.rmtree(folder)


def adopt() -> None:
    """Make this process the parent of whatever its children leave behind, so that its time counts too."""
    ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap() -> None:
    with suppress(ChildProcessError):
        while True:
            os.wait()


def interleaved(programs: Sequence[Program], scratch: Path, runs: int) -> dict[str, list[Sample]]:
    """Run all programs in turn, ``runs`` times; each round begins with another one."""
    samples: dict[str, list[Sample]] = {program.name: [] for program in programs}
    for turn in range(runs):
        for at in range(len(programs)):
            program = programs[(turn + at) % len(programs)]
            samples[program.name].append(once(program, scratch))
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return samples


def ratios(ours: Sequence[Sample], theirs: Sequence[Sample], of: str = "cpu") -> list[float]:
    """Return the ratio of each pair of runs, ours over theirs."""
    return [getattr(a, of) / getattr(b, of) for a, b in zip(ours, theirs, strict=True)]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return ``median (least-greatest)``."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def rows_of(samples: Mapping[str, Sequence[Sample]], ours: str) -> list[list[str]]:
    """Return a row for each program: CPU, wall, peak memory, and our ratios to it."""
    rows = []
    for name, runs in samples.items():
        row = [name, spread([run.cpu for run in runs]), spread([run.wall for run in runs])]
        row.append(f"{max(run.peak for run in runs):.0f}")
        row += ["", ""] if name == ours else [
            spread(ratios(samples[ours], runs)), spread(ratios(samples[ours], runs, "wall"))
        ]  # fmt: skip
        rows.append(row)
    return rows


def _environment() -> dict[str, str]:
    root = str(Path(__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": root, "NO_ALBUMENTATIONS_UPDATE": "1"}
