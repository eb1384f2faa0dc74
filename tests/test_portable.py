import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
from making import dataset, rows, run

from augtool import limits
from augtool.replay import replay

MAIN = "from augtool.cli import main; main()"


def hashes(place: Path, output: str, *options: str, **environment: str) -> dict[str, str]:
    command = [sys.executable, "-c", MAIN, "run", "products", "in", output, "-w", "1", "-n", "2", "-q"]
    subprocess.run([*command, *options], cwd=place, check=True, env=os.environ | environment)
    return {row["output"]: row["sha256"] for row in rows(place / output)}


def test_a_portable_run_has_the_same_bytes_on_a_lesser_processor(tmp_path: Path) -> None:
    dataset(tmp_path / "in")
    lesser = {
        "OPENCV_CPU_DISABLE": "SSE4.1,SSE4.2,AVX,FP16,AVX2,AVX512-SKX",
        "OPENCV_IPP": "disabled",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4",
        "OPENBLAS_CORETYPE": "Nehalem",
    }
    full = hashes(tmp_path, "full", "--portable")
    assert hashes(tmp_path, "lesser", "--portable", **lesser) == full
    report = json.loads((tmp_path / "full" / "report.json").read_text())
    assert report["environment"] == {"cpu": "any", "portable": True}
    again = {name: (tmp_path / "full" / name).read_bytes() for name in full}
    subprocess.run(
        [sys.executable, "-c", MAIN, "run", "products", "in", "lesser", "-w", "1", "-n", "2", "-q",
         "--portable", "--update"], cwd=tmp_path, check=True,
    )  # fmt: skip
    assert {name: (tmp_path / "lesser" / name).read_bytes() for name in full} == again


def test_an_ordinary_run_records_the_processor(tmp_path: Path) -> None:
    report: Any = run(dataset(tmp_path / "in"), tmp_path / "out")
    assert report["environment"]["portable"] is False
    assert cv2.getCPUFeaturesLine() in report["environment"]["cpu"]


def test_a_portable_file_is_replayed_portably(tmp_path: Path) -> None:
    run(dataset(tmp_path / "in"), tmp_path / "out", portable=True)
    limits.use_instructions(special=True)
    assert "the same bytes" in replay(tmp_path / "out", "cat/cat0__aug1.png", None, None)
    limits.use_instructions(special=True)
