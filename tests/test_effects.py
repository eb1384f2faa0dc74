"""effects: what fuses with what, and that the fused effect is the chain."""

import numpy as np
import pytest

from augtool import matrix as mx
from augtool.effects import ColorMatrix, Filter, Lut, Stage, Warp, fuse

SIZE = (10, 8)
WARP = Warp(mx.rotation(10, (5, 4)), SIZE)
LUT = Lut((lambda value: value * 0.5,))
MATRIX = ColorMatrix(np.diag([0.5, 1, 2]), np.array([0.1, 0, -0.1]))
FILTER = Filter(lambda pixels: pixels)


def test_warps_multiply_in_the_order_of_the_steps() -> None:
    shift = Warp(mx.translation(3, 1), (12, 9))
    both = WARP.then(shift)
    assert both is not None and both.size == (12, 9)
    points = np.array([[1.0, 2.0], [9.0, 3.0]])
    assert np.allclose(mx.apply(both.matrix, points), mx.apply(shift.matrix, mx.apply(WARP.matrix, points)))


def test_warps_that_disagree_on_the_outside_do_not_fuse() -> None:
    white = Warp(mx.IDENTITY, SIZE, "constant", (255, 255, 255))
    assert WARP.then(white) is None and white.then(WARP) is None
    again = white.then(white)
    assert again is not None and (again.border, again.fill) == ("constant", (255, 255, 255))


def test_an_isolated_warp_does_not_see_what_was_cut_off_before() -> None:
    pad = Warp(mx.translation(2, 2), (14, 12), isolate=True)
    assert WARP.then(pad) is None
    after = pad.then(WARP)
    assert after is not None and after.isolate
    assert WARP.then(after) is None


def test_curves_are_chained_without_rounding_and_clipped_between() -> None:
    chain = Lut((lambda value: value * 4,)).then(Lut((lambda value: value / 4,)))
    assert chain is not None
    values = chain.table(256)
    assert values.shape == (256, 1)
    assert np.allclose(values[:, 0], np.minimum(np.linspace(0, 1, 256), 0.25))


def test_colour_matrices_multiply_with_their_offsets() -> None:
    other = ColorMatrix(np.arange(9).reshape(3, 3) / 9, np.array([0.3, 0.2, 0.1]))
    both = MATRIX.then(other)
    assert both is not None
    color = np.array([0.2, 0.5, 0.7])
    once = MATRIX.matrix @ color + MATRIX.offset
    assert np.allclose(both.matrix @ color + both.offset, other.matrix @ once + other.offset)


@pytest.mark.parametrize("first", [WARP, LUT, MATRIX, FILTER])
@pytest.mark.parametrize("second", [WARP, LUT, MATRIX, FILTER])
def test_different_kinds_never_fuse_and_filters_not_even_with_filters(first: object, second: object) -> None:
    fuses = type(first) is type(second) and first is not FILTER
    assert (first.then(second) is not None) == fuses  # type: ignore[attr-defined]


def test_fuse_keeps_the_order_and_names_all_steps() -> None:
    effects = [WARP, WARP, LUT, LUT, LUT, WARP, FILTER, FILTER, MATRIX]
    fused = fuse(Stage(effect, (str(at),)) for at, effect in enumerate(effects))
    assert [stage.steps for stage in fused] == [
        ("0", "1"), ("2", "3", "4"), ("5",), ("6",), ("7",), ("8",)
    ]  # fmt: skip
    assert [type(stage.effect) for stage in fused] == [Warp, Lut, Warp, Filter, Filter, ColorMatrix]
    assert fuse([]) == []
