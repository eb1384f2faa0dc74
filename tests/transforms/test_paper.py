"""paper: ink fades, paper stays; backs are mirrored; folds lie where they are put."""

from typing import Any

import cv2
import numpy as np
import pytest
from oracles import run, step


def page() -> Any:
    """White paper with black strokes on its left half, and a dark table at the right edge."""
    pixels = np.full((240, 320, 3), 230, np.uint8)
    for row in range(20, 220, 20):
        pixels[row : row + 2, 20:140] = 30
    pixels[:, 280:] = 60
    return pixels


def test_ink_fades_and_paper_and_table_stay() -> None:
    before, after = page().astype(int), run(page(), step("ink_fade", strength=1, seed=2)).astype(int)
    strokes = before[:, :, 0] == 30
    assert (after >= before).all()
    assert after[strokes].mean() > 60
    assert np.abs(after - before)[~strokes].max() == 0
    weak = run(page(), step("ink_fade", strength=0.2, seed=2)).astype(int)
    assert weak[strokes].mean() < after[strokes].mean()


def test_the_back_shows_mirrored_and_moved() -> None:
    ghost = 230 - run(page(), step("bleed_through", strength=0.3, sigma=0, x=0, y=0.025))[:, :, 0].astype(int)
    strokes = cv2.flip(np.uint8(page()[:, :, 0] == 30), 1)
    moved = np.roll(strokes, 6, axis=0).astype(bool)
    moved[:, :140] = moved[:, 275:] = False  # there the front's own strokes are, and the table
    assert ghost[moved].mean() == pytest.approx(0.3 * (200 / 255) * 230, rel=0.15)
    clear = ~moved
    clear[:, :140] = clear[:, 275:] = False
    assert ghost[clear].mean() < 2


@pytest.mark.parametrize(("angle", "position"), [(0, 0.25), (0, 0.7), (90, 0.5)])
def test_a_fold_lies_where_it_is_put(angle: float, position: float) -> None:
    white = np.full((240, 320), 200, np.uint8)
    result = run(white, step("fold_shadow", angle=angle, position=position, strength=0.6)).astype(int)
    line = result.mean(axis=1 if angle == 0 else 0)
    assert line.argmin() == pytest.approx(position * len(line), abs=2)
    at = int(position * len(line))
    assert line[: at - 30].min() >= 199
    assert line[at + 8] < line[at - 8]


def test_creases_are_thin_and_leave_the_mean_brightness() -> None:
    white = np.full((300, 400, 3), 150, np.uint8)
    for seed in range(4):
        result = run(white, step("crease", lines=3, strength=0.8, seed=seed)).astype(int)
        assert result.mean() == pytest.approx(150, rel=0.02)
        assert result.max() > 158 and result.min() < 142
        assert np.array_equal(result[:, :, 0], result[:, :, 2])
    few, many = (run(white, step("crease", lines=count, strength=0.5, seed=1)).std() for count in (1, 12))
    assert many > 1.5 * few
