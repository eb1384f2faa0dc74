"""geometry: flips, turns, shifts, scalings, slants, by hand-made pictures."""

from typing import Any

import numpy as np
import oracles
import pytest
from oracles import frozen, fused_warp, run, step

from augtool import matrix as mx
from augtool.warp import Outside

LAYOUTS = ["grey8", "bgr8", "bgra8", "grey16", "bgr16"]


def mapped(point: tuple[float, float], *steps: Any, size: tuple[int, int] = (40, 20)) -> Any:
    effect = fused_warp(frozen(*steps), size)
    return mx.apply(effect.matrix, np.array([point], float))[0]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("name", "axis"), [("horizontal_flip", 1), ("vertical_flip", 0)])
def test_flips(name: str, axis: int, layout: str) -> None:
    pixels = oracles.noise(layout)
    once = run(pixels, step(name))
    assert np.array_equal(once, np.flip(pixels, axis))
    assert np.array_equal(run(once, step(name)), pixels)
    assert np.array_equal(run(pixels, step(name), step(name)), pixels)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_four_quarter_turns_of_a_square_are_exact(layout: str) -> None:
    pixels = turned = oracles.noise(layout, (19, 19))
    for count in range(1, 5):
        turned = run(turned, step("rotate", angle=90))
        assert np.array_equal(turned, np.rot90(pixels, count))
    assert np.array_equal(run(pixels, *[step("rotate", angle=90)] * 4), pixels)


@pytest.mark.parametrize("canvas", ["expand", "crop"])
@pytest.mark.parametrize("size", [(23, 17), (24, 17), (24, 16)])
def test_a_quarter_turn_with_another_canvas_loses_nothing(size: tuple[int, int], canvas: str) -> None:
    pixels = oracles.noise("bgr8", size)
    for angle, count in ((90, 1), (-90, 3), (180, 2), (270, 3), (360, 0)):
        assert np.array_equal(
            run(pixels, step("rotate", angle=angle, canvas=canvas)), np.rot90(pixels, count)
        )


def test_rotate_turns_counter_clockwise_about_the_centre() -> None:
    assert mapped((40, 10), step("rotate", angle=90)) == pytest.approx([20, -10])
    assert mapped((20, 10), step("rotate", angle=33)) == pytest.approx([20, 10])


@pytest.mark.parametrize("angle", [-170, -45, -3, 0, 7, 45, 61, 90, 135])
@pytest.mark.parametrize("size", [(60, 40), (40, 60), (50, 50), (90, 8)])
def test_expand_shows_every_corner_and_crop_shows_no_border(size: tuple[int, int], angle: float) -> None:
    whole = fused_warp(frozen(step("rotate", angle=angle, canvas="expand")), size)
    corners = mx.apply(whole.matrix, mx.corners(size))
    assert (corners > -1e-5).all() and (corners < np.array(whole.size) + 1e-5).all()
    assert (np.ptp(corners, axis=0) > np.array(whole.size) - 1.001).all(), "larger than needed"

    inner = fused_warp(frozen(step("rotate", angle=angle, canvas="crop")), size)
    back = mx.apply(np.linalg.inv(inner.matrix), mx.corners(inner.size))
    assert (back > -1e-5).all() and (back < np.array(size) + 1e-5).all()


@pytest.mark.parametrize("angle", [5, 20, 45, 80])
def test_crop_takes_the_largest_rectangle(angle: float) -> None:
    size = (300, 200)
    inner = fused_warp(frozen(step("rotate", angle=angle, canvas="crop")), size)
    rotation = mx.rotation(-angle, (0, 0))[:2, :2]
    best = 0.0
    for w in np.arange(1, 300, 0.5):  # the tallest upright rectangle of each width that fits
        half = np.abs(rotation) * [w / 2, 1]
        room = np.min((np.array([150, 100]) - half[:, 0]) / half[:, 1]) * 2
        best = max(best, w * room)
    assert inner.size[0] * inner.size[1] > 0.97 * best
    assert inner.size[0] * inner.size[1] <= best * 1.001


def test_shift_moves_right_and_down_by_shares() -> None:
    assert mapped((5, 5), step("shift", x=0.25, y=-0.1)) == pytest.approx([15, 3])
    pixels = oracles.noise("bgr8", (40, 20))
    result = run(pixels, step("shift", x=0.25, y=0), outside=Outside("constant"))
    assert np.array_equal(result[:, 10:], pixels[:, :30]) and not result[:, :10].any()


def test_zoom_and_scale_keep_the_centre() -> None:
    assert mapped((25, 12), step("zoom", factor=2)) == pytest.approx([30, 14])
    assert mapped((25, 12), step("scale", x=2, y=0.5)) == pytest.approx([30, 11])


def test_shear_moves_the_bottom_right_and_the_right_side_down() -> None:
    assert mapped((20, 20), step("shear", x=45, y=0)) == pytest.approx([30, 20])
    assert mapped((40, 10), step("shear", x=0, y=45)) == pytest.approx([40, 30])
    assert mapped((20, 10), step("shear", x=20, y=30)) == pytest.approx([20, 10])


@pytest.mark.parametrize("angles", [(45, 45), (-45, -45), (60, 60), (80, 80), (80, -80)])
def test_no_pair_of_slants_folds_the_picture(angles: tuple[float, float]) -> None:
    for name, fields in (("shear", ("x", "y")), ("affine", ("shear_x", "shear_y"))):
        steps = frozen(
            step(name, **dict(zip(fields, angles, strict=True)), **({"angle": 0} if name == "affine" else {}))
        )
        assert np.linalg.det(fused_warp(steps, (40, 20)).matrix) > 0.5


def test_affine_is_scale_then_slant_then_turn_then_shift() -> None:
    values = {
        "angle": 20,
        "scale_x": 1.2,
        "scale_y": 0.8,
        "shear_x": 10,
        "shear_y": -5,
        "shift_x": 0.1,
        "shift_y": -0.2,
    }
    chain = [
        step("scale", x=1.2, y=0.8),
        step("shear", x=10, y=-5),
        step("rotate", angle=20),
        step("shift", x=0.1, y=-0.2),
    ]
    one, many = (fused_warp(frozen(*steps), (40, 20)) for steps in ([step("affine", **values)], chain))
    assert np.allclose(one.matrix, many.matrix) and one.size == many.size
