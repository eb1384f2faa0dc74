"""crop: which window is cut out, and onto how many pixels."""

from typing import Any

import numpy as np
import oracles
import pytest
from oracles import frozen, fused_warp, run, step

from augtool import matrix as mx

SIZE = (60, 40)


def window(*steps: Any, size: tuple[int, int] = SIZE) -> tuple[Any, tuple[int, int]]:
    """Return the window's (left, top, right, bottom) in the source, and the size of the result."""
    effect = fused_warp(frozen(*steps), size)
    back = mx.apply(np.linalg.inv(effect.matrix), mx.corners(effect.size))
    return np.concatenate([back[0], back[2]]), effect.size


@pytest.mark.parametrize("layout", oracles.LAYOUTS)
def test_random_crop_copies_pixels(layout: str) -> None:
    pixels = oracles.noise(layout, SIZE)
    result = run(pixels, step("random_crop", width=0.5, height=0.25, x=1, y=0))
    assert np.array_equal(result, pixels[:10, 30:])


@pytest.mark.parametrize("variant", range(1, 9))
@pytest.mark.parametrize("name", ["random_crop", "random_resized_crop", "crop_to_aspect"])
@pytest.mark.parametrize("size", [SIZE, (7, 90), (1, 1)])
def test_windows_lie_inside_and_are_whole_without_a_size(
    name: str, variant: int, size: tuple[int, int]
) -> None:
    spec = next(spec for spec in oracles.warps() if spec.name == name)
    effect = fused_warp(frozen(step(name, **oracles.wide(spec)), variant=variant), size)
    assert mx.lattice(effect.matrix) is not None
    back = mx.apply(np.linalg.inv(effect.matrix), mx.corners(effect.size))
    assert (back >= 0).all() and (back <= size).all()
    sized = fused_warp(frozen(step(name, **oracles.wide(spec), size=[11, 13]), variant=variant), size)
    assert sized.size == (11, 13)
    back = mx.apply(np.linalg.inv(sized.matrix), mx.corners(sized.size))
    assert (back >= -1e-9).all() and (back <= np.array(size) + 1e-9).all()


def test_random_resized_crop_has_the_area_and_the_aspect() -> None:
    (left, top, right, bottom), size = window(
        step("random_resized_crop", size=[20, 20], area=0.3, aspect=1.25, x=0.5, y=0.5)
    )
    w, h = right - left, bottom - top
    assert w * h == pytest.approx(0.3 * 2400) and w / h == pytest.approx(1.25)
    assert (left + right) / 2 == pytest.approx(30) and (top + bottom) / 2 == pytest.approx(20)
    assert size == (20, 20)


def test_a_window_that_does_not_fit_shrinks_and_keeps_its_aspect() -> None:
    (left, top, right, bottom), _ = window(step("random_resized_crop", size=8, area=1, aspect=1, x=0, y=1))
    assert [left, top, right, bottom] == pytest.approx([0, 0, 40, 40])


@pytest.mark.parametrize(
    ("aspect", "x", "y", "expected"),
    [(1, 0.5, 0.5, [10, 0, 50, 40]), (1, 1, 0.5, [20, 0, 60, 40]), (3, 0.5, 0, [0, 0, 60, 20])],
)
def test_crop_to_aspect_takes_the_largest_window(
    aspect: float, x: float, y: float, expected: list[float]
) -> None:
    place, size = window(step("crop_to_aspect", aspect=aspect, x=x, y=y))
    assert place.tolist() == expected
    assert size == (expected[2] - expected[0], expected[3] - expected[1])


def test_resize_covers_the_whole_picture() -> None:
    place, size = window(step("resize", size=[33, 7]))
    assert place == pytest.approx([0, 0, 60, 40]) and size == (33, 7)
    assert window(step("resize"))[1] == (224, 224)


def test_resize_averages_whole_blocks() -> None:
    pixels = oracles.noise("bgr16", (60, 40))
    expected = pixels.reshape(8, 5, 12, 5, 3).mean(axis=(1, 3))
    assert np.abs(run(pixels, step("resize", size=[12, 8])) - expected).max() <= 0.51
    halved = pixels.reshape(20, 2, 30, 2, 3).mean(axis=(1, 3))
    assert np.abs(run(pixels, step("resize", size=[30, 20])) - halved).max() <= 0.51


def test_a_flat_picture_stays_flat_at_any_size() -> None:
    pixels = np.full((40, 60, 3), 201, np.uint8)
    for size in ([1, 1], [7, 80], [80, 7], [59, 39], [300, 200]):
        assert (run(pixels, step("resize", size=size)) == 201).all()
