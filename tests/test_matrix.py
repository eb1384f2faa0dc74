"""matrix: the coordinate frame, checked against hand-made numbers and against itself."""

import math

import numpy as np
import pytest

from augtool import matrix as mx

POINTS = np.array([[0.0, 0.0], [3.5, 1.25], [10.0, 7.0]])


def test_translation_and_scaling() -> None:
    assert np.allclose(mx.apply(mx.translation(2, -1), POINTS), POINTS + np.array([2, -1]))
    assert np.allclose(mx.apply(mx.scaling(2, 3), POINTS), POINTS * [2, 3])
    assert np.allclose(mx.apply(mx.scaling(2, 3, (10, 7)), POINTS)[2], [10, 7])


def test_a_quarter_turn_is_counter_clockwise_on_the_screen() -> None:
    # The middle of the right side goes to the middle of the top.
    assert mx.apply(mx.rotation(90, (5, 5)), np.array([[10.0, 5.0]])).tolist() == [[5, 0]]


@pytest.mark.parametrize("quarters", range(-8, 9))
def test_quarter_turns_are_exact(quarters: int) -> None:
    turned = mx.rotation(90 * quarters, (8, 8))
    assert np.array_equal(turned, np.rint(turned))
    assert np.array_equal(turned, np.linalg.matrix_power(mx.rotation(90, (8, 8)), quarters % 4))


@pytest.mark.parametrize("angle", [30, 1e-3, 45, 133.7])
def test_turning_there_and_back_is_the_identity(angle: float) -> None:
    both = mx.rotation(-angle, (50, 37.5)) @ mx.rotation(angle, (50, 37.5))
    assert np.abs(both - np.eye(3)).max() < 1e-12


def test_shearing_leans_by_the_angles_and_keeps_the_area() -> None:
    x, y = mx.shearing(30, 0, (0, 0)), mx.shearing(0, 20, (0, 0))
    assert mx.apply(x, np.array([[0.0, 1.0]]))[0] == pytest.approx([math.tan(math.pi / 6), 1])
    assert mx.apply(y, np.array([[1.0, 0.0]]))[0] == pytest.approx([1, math.tan(math.pi / 9)])
    for angles in ((45, 45), (-45, 45), (60, 60), (80, -80)):
        assert np.linalg.det(mx.shearing(*angles, (7, 3))) == pytest.approx(1)
    assert mx.apply(mx.shearing(33, -21, (7, 3)), np.array([[7.0, 3.0]]))[0] == pytest.approx([7, 3])


def test_apply_divides_by_the_third_coordinate() -> None:
    bent = np.array([[2.0, 0, 1], [0, 2, 0], [0.1, 0, 1]])
    assert mx.is_projective(bent) and not mx.is_projective(mx.rotation(3, (1, 1)))
    assert mx.apply(bent, np.array([[10.0, 3.0]]))[0] == pytest.approx([21 / 2, 6 / 2])


def test_corners_are_those_of_the_continuous_frame() -> None:
    assert mx.corners((4, 3)).tolist() == [[0, 0], [4, 0], [4, 3], [0, 3]]


def test_shrink_factors_count_source_columns_and_rows() -> None:
    assert mx.shrink_factors(mx.scaling(0.25, 2), (100, 100)) == pytest.approx((4, 0.5))
    turned = mx.rotation(30, (50, 50)) @ mx.scaling(0.25, 2)
    assert mx.shrink_factors(turned, (100, 100)) == pytest.approx((4, 0.5))
    assert mx.shrink_factors(mx.scaling(0, 1), (100, 100)) == (math.inf, 1)


def test_the_jacobian_of_a_projective_map_is_its_derivative() -> None:
    bent = np.array([[1.1, 0.2, 1], [0.1, 0.9, 0], [1e-3, 2e-3, 1]])
    at, tiny = np.array([[30.0, 40.0]]), 1e-5
    steps = [
        (mx.apply(bent, at + tiny * e) - mx.apply(bent, at - tiny * e))[0] / (2 * tiny) for e in np.eye(2)
    ]
    assert np.allclose(mx.local_linear(bent, (30, 40)), np.stack(steps, axis=1), atol=1e-6)


def test_the_index_frame_is_half_a_pixel_away() -> None:
    # x' = 2x maps the centre of pixel 3 (3.5) to 7.0, which is index 6.5.
    index = mx.to_index_frame(mx.scaling(2, 2))
    assert mx.apply(index, np.array([[3.0, 3.0]])).tolist() == [[6.5, 6.5]]


def test_lattice_tells_exact_maps_from_others() -> None:
    assert mx.lattice(mx.matrix(-1, 0, 7, 0, 1, 2)) == (-1, 0, 7, 0, 1, 2)
    assert mx.lattice(mx.rotation(90, (5, 5))) == (0, 1, 0, -1, 0, 10)
    assert mx.lattice(mx.translation(1 + 1e-12, 0)) == (1, 0, 1, 0, 1, 0)
    for other in (
        mx.translation(0.5, 0),
        mx.scaling(2, 1),
        mx.matrix(1, 1, 0, 0, 1, 0),
        mx.matrix(0, 0, 0, 0, 0, 0),
        mx.rotation(90, (5, 5.25)),
        np.array([[1.0, 0, 0], [0, 1, 0], [1e-6, 0, 1]]),
    ):
        assert mx.lattice(other) is None


def test_the_shared_identity_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        mx.IDENTITY[0, 0] = 2
