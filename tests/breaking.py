"""What the tests that break things share."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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


def named(output: Path) -> dict[str, bytes]:
    """Files that have a final name: path -> content. Temporary files and the run's records are not meant."""
    own = {*storage.OWN_FILES}
    prefixes = (storage.TMP_PREFIX, storage.NAMES_PREFIX)
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file() and path.name not in own and not path.name.startswith(prefixes)
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
