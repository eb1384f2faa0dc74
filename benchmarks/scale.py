"""What grows with the set and what must not: memory of the parent, time to plan, time per variant.

The sets are hard links to the 10,000 tiny pictures, so that 200,000 sources cost no more disk than those.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks import data
from benchmarks.measure import table
from benchmarks.targets import COMMAND, HERE, Bench

RECIPE = HERE / "recipes" / "tiny.yaml"


def report(bench: Bench) -> str:
    """Return both tables."""
    plans = [_planned(bench, count) for count in (1_000, 20_000, 200_000)]
    runs = [_run(bench, count) for count in (2_000, 20_000)]
    return (
        "## Planning (5 variants each)\n\n"
        + table(("sources", "seconds", "peak MB"), plans)
        + "\n\n## Running, 1 worker, 5 variants each\n\n"
        + table(("sources", "seconds", "ms per variant", "parent's peak MB", "worker's peak MB"), runs)
    )


def _planned(bench: Bench, count: int) -> list[str]:
    source = data.links(bench.home, count)
    wall, parent, _ = _watched([*COMMAND, "plan", str(RECIPE), str(source)])
    return [f"{count:,}", f"{wall:.1f}", f"{parent:.0f}"]


def _run(bench: Bench, count: int) -> list[str]:
    source = data.links(bench.home, count)
    folder = Path(tempfile.mkdtemp(dir=bench.scratch))
    try:
        command = [*COMMAND, "run", str(RECIPE), str(source), str(folder / "out"), "-w", "1", "-q"]
        wall, parent, worker = _watched(command)
    finally:
        shutil.rmtree(folder)
    return [f"{count:,}", f"{wall:.1f}", f"{wall / count / 5 * 1000:.2f}", f"{parent:.0f}", f"{worker:.0f}"]


def _watched(command: list[str]) -> tuple[float, float, float]:
    """Run a command and watch its peak memory and that of the largest process below it, in MB."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    parent = worker = 0.0
    while process.poll() is None:
        parent = max(parent, _peak(process.pid))
        worker = max([worker, *(_peak(child) for child in _below(process.pid))])
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{command[-1]}: exit status {process.returncode}")
    return time.perf_counter() - started, parent, worker


def _peak(pid: int) -> float:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass  # it has just ended
    return 0.0


def _below(pid: int) -> list[int]:
    found: list[int] = []
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += (task / "children").read_text().split()
    except OSError:
        return found
    for child in {int(text) for text in children}:
        found += [child, *_below(child)]
    return found
