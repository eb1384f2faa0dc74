from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool import codec
from augtool.report import thumbnails
from augtool.report.thumbnails import strips
from augtool.shrinking import shrink


def test_shrinks_to_the_longest_side_and_never_enlarges() -> None:
    assert shrink(np.zeros((100, 400, 3), np.uint8), 200)[0].shape == (50, 200, 3)
    assert shrink(np.zeros((1, 4000), np.uint8), 200)[0].shape == (1, 200)
    assert shrink(np.zeros((10, 20), np.uint8), 200)[0].shape == (10, 20)


def test_sixteen_bits_keep_their_brightness() -> None:
    deep = np.array([[0, 32896, 65535]], np.uint16)
    small, gain = shrink(deep, 200)
    assert small.dtype == np.uint8
    assert small.tolist() == [[0, 128, 255]]
    assert gain == 1


def test_dark_sixteen_bits_are_brought_up_and_the_gain_can_be_shared() -> None:
    original, gain = shrink(np.array([[0, 2048, 4095]], np.uint16), 200)
    assert original.tolist() == [[0, 128, 255]]
    darker, same = shrink(np.array([[0, 1024, 2048]], np.uint16), 200, gain)
    assert same == gain
    assert darker.tolist() == [[0, 64, 128]]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparency_shows_a_light_checker_and_no_hidden_colour(dtype: Any) -> None:
    full = np.iinfo(dtype).max
    pixels = np.zeros((64, 64, 4), dtype)
    pixels[:, :, 2] = full  # red everywhere, seen in the left half only
    pixels[:, :32, 3] = full
    small, _ = shrink(pixels, 32)
    assert small.shape == (32, 32, 3)
    assert (small[:, :15] == [0, 0, 255]).all()
    right = small[:, 17:]
    assert (right >= 230).all()
    assert (right.max(axis=2) == right.min(axis=2)).all()
    assert len(np.unique(right)) == 2


def _records(tmp_path: Path, count: int, side: int, variants: int = 5) -> list[dict[str, Any]]:
    (tmp_path / "p.png").write_bytes(codec.encode(np.full((8, 8, 3), 90, np.uint8), "png")[0])
    base = {"output": "p.png", "width": side, "height": side, "steps": []}
    rows = [base | {"kind": "original", "variant": 0}]
    rows += [base | {"kind": "variant", "variant": at} for at in range(1, variants + 1)]
    return [
        {"source": f"{at}.png", "split": None, "label": f"{at // 2}", "rows": rows} for at in range(count)
    ]


def test_huge_pictures_are_shown_with_fewer_variants(tmp_path: Path) -> None:
    small = strips(_records(tmp_path, 10, 100), tmp_path, tmp_path)
    huge = strips(_records(tmp_path, 10, 3500), tmp_path, tmp_path)
    monstrous = strips(_records(tmp_path, 10, 12_000), tmp_path, tmp_path)
    assert [len(strip.variants) for strip in small] == [5] * 10
    assert [len(strip.variants) for strip in huge] == [2] * 10
    assert huge[0].hidden == 3
    assert [len(strip.variants) for strip in monstrous] == [1]


def test_every_class_comes_once_before_any_comes_again(tmp_path: Path) -> None:
    shown = strips(_records(tmp_path, 6, 100), tmp_path, tmp_path)
    assert [strip.source for strip in shown] == ["0.png", "2.png", "4.png", "1.png", "3.png", "5.png"]


def test_bounded_in_number_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(strips(_records(tmp_path, 100, 100, 50), tmp_path, tmp_path)) == 24
    one = strips(_records(tmp_path, 1, 100), tmp_path, tmp_path)[0]
    assert one.original
    monkeypatch.setattr(thumbnails, "_BYTES", 6 * len(one.original.uri) * 3 + 1)
    assert len(strips(_records(tmp_path, 10, 100), tmp_path, tmp_path)) == 3


def test_tiny_pictures_are_enlarged_in_whole_steps_on_the_page(tmp_path: Path) -> None:
    picture = strips(_records(tmp_path, 1, 8), tmp_path, tmp_path)[0].variants[0]
    assert (picture.width, picture.height, picture.tiny) == (176, 176, True)
    assert picture.full == (8, 8)
