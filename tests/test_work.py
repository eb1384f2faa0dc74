"""The work of a run, counted, not timed: what must be done once is done once.

OpenCV's functions are wrapped while a run goes on in this process.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from augtool import pipeline
from augtool.recipe import parse_recipe

SOURCES, VARIANTS, SIZE = 3, 4, (120, 90)

RECIPE = f"""
version: 1
variants: {VARIANTS}
originals: none
border: reflect_101
output: {{format: jpeg}}
transforms:
  - horizontal_flip: {{p: 0.5}}
  - rotate: {{angle: [5, 15]}}
  - shift
  - random_resized_crop: {{size: 64}}
  - brightness: {{factor: [0.8, 0.9]}}
  - contrast: {{factor: [0.8, 0.9]}}
  - gamma: {{gamma: [1.1, 1.2]}}
  - hue: {{degrees: [2, 8]}}
  - saturation: {{factor: [0.8, 0.9]}}
"""

RESAMPLING = ("warpAffine", "warpPerspective", "remap")
TOUCHING = (
    *RESAMPLING,
    "resize",
    "LUT",
    "transform",
    "cvtColor",
    "copyMakeBorder",
    "add",
    "multiply",
    "flip",
)


class Work:
    """How often each function ran, and the bytes of picture it read and wrote."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    def wrap(self, name: str) -> Callable[..., Any]:
        original = getattr(cv2, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            self.calls[name] += 1
            arrays = [value for value in (args[0], result) if isinstance(value, np.ndarray)]
            self.bytes[name] += sum(array.nbytes for array in arrays)
            return result

        return counted


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Three photographs, expanded once, with everything counted between reading and the report."""
    source = tmp_path / "in"
    source.mkdir()
    for at in range(SOURCES):
        picture = np.random.default_rng(at).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
        (source / f"{at}.jpg").write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
    counted = Work()
    for name in (*TOUCHING, "imdecode", "imencode"):
        monkeypatch.setattr(cv2, name, counted.wrap(name))
    # The report decodes a few pictures to show them; that is counted nowhere here.
    monkeypatch.setattr(pipeline, "write_report", lambda *_: {})
    pipeline.run(parse_recipe(RECIPE), source, tmp_path / "out", pipeline.Options(workers=0))
    yield counted


def test_each_source_is_decoded_once_and_each_variant_encoded_once(work: Work) -> None:
    assert work.calls["imdecode"] == SOURCES
    assert work.calls["imencode"] == SOURCES * VARIANTS


def test_each_variant_is_resampled_once_and_has_one_table_and_one_matrix(work: Work) -> None:
    assert sum(work.calls[name] for name in RESAMPLING) == SOURCES * VARIANTS
    assert work.calls["resize"] == 0  # no step shrinks by 2
    assert work.calls["LUT"] == SOURCES * VARIANTS
    assert work.calls["transform"] == SOURCES * VARIANTS


def test_few_bytes_are_moved_for_each_variant(work: Work) -> None:
    moved = sum(work.bytes[name] for name in TOUCHING) / (SOURCES * VARIANTS)
    # The part that is seen of the source goes into four channels (3 + 4 bytes for each of its pixels), gets
    # its border (4 + 4) and is warped (4); the result (4) goes back to three channels (4 + 3), then a table
    # (3 + 3) and a matrix (3 + 3). What is seen is no larger than the source with its border.
    seen = 1.8 * SIZE[0] * SIZE[1]
    assert moved <= seen * (7 + 8 + 4) + 64 * 64 * (4 + 7 + 6 + 6)
    assert work.bytes["LUT"] == work.bytes["transform"] == SOURCES * VARIANTS * 64 * 64 * 3 * 2
