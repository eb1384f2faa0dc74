"""grain: random fields depend on their seed alone, and have the statistics they promise."""

import cv2
import numpy as np
import pytest

from augtool.grain import clouds, enlarged, normals, random_bytes, uniforms


def test_streams_are_fixed_for_all_time() -> None:
    # A change here makes recorded recipes give other pictures. It needs a very good reason.
    assert random_bytes(7, (6,)).tolist() == [207, 94, 80, 250, 115, 114]
    assert uniforms(7, (1,))[0] == pytest.approx(0.04386058169831253, abs=1e-12)


def test_a_longer_draw_begins_like_a_shorter_one() -> None:
    assert np.array_equal(random_bytes(3, (100,))[:16], random_bytes(3, (16,)))
    assert np.array_equal(normals(3, (100,))[:16], normals(3, (16,)))
    assert np.array_equal(uniforms(3, (10, 2))[:4], uniforms(3, (4, 2)))


def test_normals_are_normal() -> None:
    values = normals(1, (300, 400)).astype(float)
    assert abs(values.mean()) < 0.01 and values.std() == pytest.approx(1, abs=0.01)
    assert np.mean(np.abs(values) > 1.959964) == pytest.approx(0.05, abs=0.003)


@pytest.mark.parametrize("cells", [2, 6, 20])
@pytest.mark.parametrize("octaves", [1, 3])
def test_clouds_have_mean_0_and_deviation_about_1(cells: float, octaves: int) -> None:
    fields = np.stack([clouds(seed, (96, 64), cells, octaves) for seed in range(40)])
    assert fields.dtype == np.float32
    assert abs(fields.mean()) < 0.2
    assert fields.std() == pytest.approx(1, abs=0.25)


def test_clouds_are_smooth_and_alike_at_any_size() -> None:
    small, large = clouds(4, (120, 80), 4), clouds(4, (960, 640), 4)
    assert np.abs(np.diff(large, axis=1)).max() < 0.08
    again = cv2.resize(large, (120, 80), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(small.ravel(), again.ravel())[0, 1] > 0.98


def test_a_grid_is_enlarged_through_its_own_values() -> None:
    grid = np.random.default_rng(0).normal(size=(6, 7)).astype(np.float32)
    field = enlarged(grid, (40, 30), 10)
    assert field[::10, ::10] == pytest.approx(grid[1:4, 1:5], abs=1e-5)
