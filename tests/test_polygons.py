"""Clipping polygons, against areas counted on a fine grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool import polygons

SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]])


def star(angles: list[float], radii: list[float], center: tuple[float, float]) -> np.ndarray:
    turned = np.sort(np.asarray(angles))
    return np.stack(
        [center[0] + np.asarray(radii) * np.cos(turned), center[1] + np.asarray(radii) * np.sin(turned)],
        axis=1,
    )


def grid_area(ring: np.ndarray, region: np.ndarray, step: float = 0.05) -> float:
    """Count the cells of a grid whose middle lies in both, by ray crossing: no code of ours."""
    xs = np.arange(-15, 25, step) + step / 2
    x, y = np.meshgrid(xs, xs)

    def within(polygon: np.ndarray) -> np.ndarray:
        odd = np.zeros(x.shape, bool)
        for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            if y0 == y1:
                continue
            crosses = ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
            odd ^= crosses
        return odd

    return float((within(ring) & within(region)).sum()) * step * step


def test_area_of_known_shapes() -> None:
    assert polygons.area(SQUARE) == 100
    assert polygons.area(SQUARE[::-1]) == 100
    assert polygons.area(SQUARE[:2]) == 0


def test_inside_polygon_is_returned_exactly() -> None:
    ring = np.array([[1.1, 2.2], [3.3, 2.0], [2.0, 5.7]])
    (part,) = polygons.clip(ring, SQUARE)
    assert np.array_equal(part, ring)


def test_outside_polygon_leaves_nothing() -> None:
    assert polygons.clip(SQUARE + 20, SQUARE) == []
    assert polygons.clip(SQUARE, np.empty((0, 2))) == []


def test_polygon_that_leaves_and_returns_falls_into_parts() -> None:
    comb = np.array([[1, 1], [2, 1], [2, 5], [3, 5], [3, 1], [4, 1], [4, 6], [1, 6.0]])
    parts = polygons.clip(comb, np.array([[0, 0], [10, 0], [10, 3], [0, 3.0]]))
    assert sorted(polygons.area(part) for part in parts) == pytest.approx([2, 2])


def test_hole_like_notch_stays_one_part() -> None:
    u = np.array([[2, -5], [4, -5], [4, 5], [6, 5], [6, -5], [8, -5], [8, 8], [2, 8.0]])
    (part,) = polygons.clip(u, SQUARE)
    assert polygons.area(part) == pytest.approx(6 * 8 - 2 * 5)


@pytest.mark.parametrize("seed", range(25))
def test_area_inside_matches_a_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(4, 14))
    ring = star(
        list(rng.uniform(0, 2 * np.pi, count)), list(rng.uniform(2, 12, count)), tuple(rng.uniform(-2, 12, 2))
    )
    turn = rng.uniform(0, np.pi / 2)
    region = (SQUARE - 5) @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) + 5
    parts = polygons.clip(ring, region)
    assert sum(polygons.area(part) for part in parts) == pytest.approx(grid_area(ring, region), abs=1.2)


@given(
    st.lists(st.tuples(st.floats(-20, 30), st.floats(-20, 30)), min_size=3, max_size=12),
    st.floats(0.1, 20),
    st.floats(0.1, 20),
)
def test_clipping_never_leaves_the_region_nor_grows(
    points: list[tuple[float, float]], w: float, h: float
) -> None:
    ring = np.array(points)
    region = np.array([[0, 0], [w, 0], [w, h], [0, h]])
    for part in polygons.clip(ring, region):
        x0, y0, x1, y1 = polygons.bounds(part)
        assert x0 >= -1e-6 and y0 >= -1e-6 and x1 <= w + 1e-6 and y1 <= h + 1e-6


def test_inside_counts_the_edge() -> None:
    points = np.array([[0.0, 0.0], [5.0, 10.0], [10.001, 5.0], [5.0, 5.0]])
    assert polygons.inside(points, SQUARE).tolist() == [True, True, False, True]
    assert polygons.inside(points, SQUARE[::-1]).tolist() == [True, True, False, True]
    assert not polygons.inside(points, np.empty((0, 2))).any()
