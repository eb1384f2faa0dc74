import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from making import put, recipe, rows, run

HELPER = """
import sys
from augtool import limits
import numpy as np
limits.limit_memory(100_000_000)
try:
    np.ones(200_000_000, np.uint8)
except MemoryError:
    print("refused")
np.ones(50_000_000, np.uint8)
"""


def failures(output: Path) -> list[tuple[str, str]]:
    return [(row["reason"], row["message"]) for row in rows(output, "inputs.jsonl") if row["status"] != "ok"]


def test_memory_beyond_the_limit_is_an_error_that_can_be_caught() -> None:
    done = subprocess.run([sys.executable, "-c", HELPER], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr


@pytest.mark.parametrize("steps", ["resize: {size: 65535}", "resize: {size: [40000, 40000]}"])
def test_a_recipe_cannot_ask_for_a_giant(tmp_path: Path, steps: str) -> None:
    put(tmp_path / "in" / "a.png")
    run(tmp_path / "in", tmp_path / "out", recipe(f"version: 1\nvariants: 1\ntransforms:\n  - {steps}\n"))
    ((reason, message),) = failures(tmp_path / "out")
    assert reason == "output_too_large"
    assert message.startswith("resize would make ")
    assert "--max-pixels allows 100 million" in message


def test_the_cap_on_pixels_can_be_set(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.png", width=40, height=30)
    run(tmp_path / "in", tmp_path / "out", max_pixels=1199)
    assert failures(tmp_path / "out")[0][0] == "too_large"
    run(tmp_path / "in", tmp_path / "out2", max_pixels=1200)
    assert failures(tmp_path / "out2") == []


def test_a_worker_out_of_memory_loses_that_picture_only(tmp_path: Path) -> None:
    put(tmp_path / "in" / "small.png")
    put(tmp_path / "in" / "vast.png", width=3000, height=2500)
    what = recipe("version: 1\nvariants: 1\ntransforms:\n  - rotate: {angle: 5}\n")
    run(tmp_path / "in", tmp_path / "out", what, workers=1, memory=40_000_000)
    assert failures(tmp_path / "out") == [
        ("out_of_memory", "needs more memory than a worker may use (--memory)")
    ]


def test_ordinary_photos_fit_the_default(tmp_path: Path) -> None:
    put(tmp_path / "in" / "photo.jpg", width=5000, height=4000)
    what: Any = recipe("version: 1\nvariants: 1\ntransforms:\n  - rotate: {angle: 5}\n  - gaussian_blur\n")
    run(tmp_path / "in", tmp_path / "out", what, workers=1)
    assert failures(tmp_path / "out") == []
