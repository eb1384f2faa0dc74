"""``border: cover`` against its promise: nothing beyond the source is seen, with no more zoom than needed."""

import numpy as np
import pytest

from augtool import matrix as mx
from augtool.cover import cover
from augtool.effects import Warp
from augtool.freeze import freeze
from augtool.recipe import parse_recipe
from augtool.render import render
from augtool.warp import Outside, Source

SIZE = (120, 90)
MIDDLE = (60, 45)


def zoom_of(warp: Warp, before: Warp) -> float:
    return float(np.sqrt(abs(np.linalg.det(warp.matrix[:2, :2]) / np.linalg.det(before.matrix[:2, :2]))))


@pytest.mark.parametrize("seed", range(20))
def test_a_white_picture_stays_white(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = (
        mx.translation(*rng.uniform(-10, 10, 2))
        @ mx.rotation(rng.uniform(-25, 25), MIDDLE)
        @ mx.scaling(*rng.uniform(0.8, 1.2, 2), MIDDLE)
    )
    before = Warp(matrix, SIZE)
    after = cover(before, SIZE)
    corners = mx.apply(np.linalg.inv(after.matrix), mx.corners(SIZE))
    assert corners.min() >= -1e-6
    assert (corners <= np.array(SIZE) + 1e-6).all()
    # No more than needed: with a little less zoom a corner would leave the source.
    if zoom_of(after, before) > 1.0001:
        less = mx.scaling(0.999, 0.999, MIDDLE) @ after.matrix
        corners = mx.apply(np.linalg.inv(less), mx.corners(SIZE))
        assert corners.min() < 0 or (corners > np.array(SIZE)).any()


def test_rotation_needs_the_closed_form_zoom() -> None:
    angle = np.deg2rad(10)
    after = cover(Warp(mx.rotation(10, MIDDLE), SIZE), SIZE)
    expected = max(
        np.cos(angle) + SIZE[1] / SIZE[0] * np.sin(angle), np.cos(angle) + SIZE[0] / SIZE[1] * np.sin(angle)
    )
    assert zoom_of(after, Warp(mx.IDENTITY, SIZE)) == pytest.approx(expected, rel=1e-6)


def test_what_needs_no_zoom_stays_and_so_does_what_would_need_too_much() -> None:
    for warp in (
        Warp(mx.matrix(-1, 0, 120, 0, 1, 0), SIZE),
        Warp(mx.scaling(1.2, 1.2, MIDDLE), SIZE),
        Warp(mx.translation(-30, 0), (50, 50)),
        Warp(mx.translation(80, 0), SIZE),
        Warp(mx.rotation(10, MIDDLE), SIZE, border="constant"),
    ):
        assert cover(warp, SIZE) is warp


def test_a_recipe_shows_no_border_and_labels_would_follow() -> None:
    recipe = parse_recipe(
        "version: 1\nborder: cover\ntransforms:\n"
        "  - rotate: {angle: 12}\n  - shift: {x: 0.1}\n  - zoom: {factor: 0.9}\n"
    )
    gradient = np.tile(np.linspace(0, 255, 120).astype(np.uint8), (90, 1))
    steps = freeze(recipe.transforms, 0, "a", 1)
    shown = render(Source(gradient), steps, Outside("cover"))
    mirrored = render(Source(gradient), steps, Outside("reflect_101"))
    # A mirrored edge turns the gradient round somewhere in a row; a covered picture never does.
    assert (np.diff(shown.astype(int), axis=1) >= -1).all()
    assert (np.diff(mirrored.astype(int), axis=1) < -1).any()
