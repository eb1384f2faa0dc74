"""``python -m benchmarks [NAME ...]``: print the tables that docs/performance.md keeps."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import adopt
from benchmarks.targets import TARGETS, Bench


def setup(bench: Bench) -> None:
    """Make the peers' virtual environments."""
    place = bench.home / "albumentations"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    needs = Path(__file__).parent / "peers" / "requirements-albumentations.txt"
    subprocess.run([str(place / "bin" / "pip"), "install", "-q", "-r", str(needs)], check=True)


def machine() -> str:
    """Return what the figures depend on: processor, load, versions."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    load = os.getloadavg()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in ("opencv-python", "numpy", "pillow"))
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, load {load:.1f}; "
        f"Linux {platform.release()}, Python {platform.python_version()}, {packages}"
    )


def main() -> None:
    """Parse the command line and run what it names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ["setup", *TARGETS, "transforms", "scale"]
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; default: all targets"
    )
    parser.add_argument("--runs", type=int, default=5, help="runs of each program, taken in turn")
    parser.add_argument("--home", type=Path, default=Path(".benchmarks"), help="data, peers, scratch")
    options = parser.parse_args()
    for name in options.names:
        if name not in names:
            parser.error(f"{name}: choose from {', '.join(names)}")
    bench = Bench(options.home, options.runs)
    bench.home.mkdir(exist_ok=True)
    adopt()
    if options.names == ["setup"]:
        setup(bench)
        return
    print(f"{machine()}\n")
    print("Each program runs as a whole, in turn with the others; median (least-greatest) of", end=" ")
    print(f"{options.runs} runs. CPU time includes workers; ratios are taken pair by pair.\n")
    for name in options.names or TARGETS:
        if name == "transforms":
            from benchmarks import transforms

            print(transforms.report(bench), flush=True)
        elif name == "scale":
            from benchmarks import scale

            print(scale.report(bench), flush=True)
        else:
            print(TARGETS[name](bench) + "\n", flush=True)


if __name__ == "__main__":
    main()
