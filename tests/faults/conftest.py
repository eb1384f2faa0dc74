"""Helpers to break things with. Tests skip, saying so, where the machine does not let them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from making import put

from augtool import storage

MAIN = [sys.executable, "-c", "from augtool.cli import main; main()"]
RECIPE = """\
version: 1
seed: 5
variants: 3
transforms:
  - rotate: {angle: [-20, 20]}
  - brightness: {factor: [0.7, 1.3]}
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a recipe ``r.yaml`` and a set ``in`` of 24 small pictures in two classes."""
    (tmp_path / "r.yaml").write_text(RECIPE)
    for number in range(24):
        name = f"{number:02}.{'jpg' if number % 3 else 'png'}"
        put(tmp_path / "in" / ("cat" if number % 2 else "dog") / name, number, width=60, height=40)
    (tmp_path / "in" / "cat" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return tmp_path


@pytest.fixture
def augtool(place: Path) -> Run:
    """Run the tool as a process of its own in ``place``; the first argument may be what it runs under."""

    def run(*arguments: Any, under: Sequence[str] = (), **more: Any) -> subprocess.CompletedProcess[str]:
        command = [*under, *MAIN, *map(str, arguments)]
        return subprocess.run(
            command, cwd=place, capture_output=True, text=True, timeout=120, check=False, **more
        )

    return run


@pytest.fixture
def strace() -> list[str]:
    """The start of a command line under strace, if it works here."""
    command = ["strace", "-f", "-qq", "-o", os.devnull]
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    probe = subprocess.run([*command, "-e", "inject=getcwd:error=EIO", "true"], check=False, timeout=30)
    if probe.returncode != 0:
        pytest.skip("strace may not trace or inject here")
    return command


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], Path]]:
    """A function that makes a file system in memory with so many bytes; called again, it is resized."""
    with tempfile.TemporaryDirectory(prefix="augtool-disk-") as name:
        mounted = False

        def make(size: int) -> Path:
            nonlocal mounted
            options = f"{'remount,' if mounted else ''}size={size}"
            done = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "augtool", name],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode != 0:
                pytest.skip(f"tmpfs cannot be mounted here: {done.stderr.strip() or 'not allowed'}")
            mounted = True
            return Path(name)

        try:
            yield make
        finally:
            if mounted:
                subprocess.run(["umount", "-l", name], check=False)


def named(output: Path) -> dict[str, bytes]:
    """Files that have a final name: path -> content. Temporary files and the run's records are not meant."""
    own = {*storage.OWN_FILES}
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file() and path.name not in own and not path.name.startswith(storage.TMP_PREFIX)
    }


def check_broken_off(output: Path, whole: Path) -> int:
    """Check what a run that was cut short left: every name a complete file, every journal line true."""
    for name, data in named(output).items():
        assert data == (whole / name).read_bytes(), name
    listed = list(storage.read_journal(output))
    for record in listed:
        for row in record["rows"]:
            assert storage.intact(output / row["output"], row["sha256"])
    return len(listed)
