"""Helpers to break things with. Tests skip, saying so, where the machine does not let them."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from breaking import MAIN, RECIPE, Run
from making import put


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
