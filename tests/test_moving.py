"""Labels under geometry, against pictures of them moved by the warp kernel, and against arithmetic."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from augtool import matrix as mx
from augtool.effects import Lut, Stage, Warp
from augtool.geometry import Geometry, geometry_of, resized
from augtool.labels import KEEP_ALL, Instance, Keypoints, LabelRules, Labels, Mask, Polygon
from augtool.moving import box_of, move_labels
from augtool.warp import Outside, Source, warp

SIZE = (320, 240)
ALL = LabelRules(min_visibility=0, min_size=0)


def geometry(*matrices: np.ndarray, size: tuple[int, int] = SIZE) -> Geometry:
    return geometry_of([Stage(Warp(matrix, size), ("test",)) for matrix in matrices], SIZE)


def moved(
    instance: Instance, where: Geometry, rules: LabelRules = ALL, flip_idx: tuple[int, ...] | None = None
):
    return move_labels(Labels((instance,)), where, rules, flip_idx)


def only(instance: Instance, where: Geometry, rules: LabelRules = ALL, flip_idx=None) -> Instance:
    (result,) = moved(instance, where, rules, flip_idx).labels.instances
    return result


def filled(ring: np.ndarray, size: tuple[int, int], finer: int = 8) -> np.ndarray:
    """Draw a polygon by supersampling."""
    w, h = size
    big = np.zeros((h * finer, w * finer), np.uint8)
    cv2.fillPoly(big, [np.rint((ring * finer - 0.5) * 256).astype(np.int32)], 255, shift=8)
    return cv2.resize(big, size, interpolation=cv2.INTER_AREA)


def maps() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    middle = (SIZE[0] / 2, SIZE[1] / 2)
    found = [mx.matrix(-1, 0, SIZE[0], 0, 1, 0), mx.matrix(1, 0, 0, 0, -1, SIZE[1])]
    found += [
        mx.translation(*rng.uniform(-30, 30, 2))
        @ mx.rotation(rng.uniform(-180, 180), middle)
        @ mx.shearing(rng.uniform(-15, 15), 0, middle)
        @ mx.scaling(*rng.uniform(0.7, 1.4, 2), middle)
        for _ in range(12)
    ]
    return found


@pytest.mark.parametrize("matrix", maps())
def test_polygon_and_mask_follow_the_pixels(matrix: np.ndarray) -> None:
    angles = np.linspace(0, 2 * np.pi, 9, endpoint=False)
    ring = np.stack(
        [150 + 85 * np.cos(angles), 120 + (60 + 15 * (np.arange(9) % 2)) * np.sin(angles)], axis=1
    )
    picture = filled(ring, SIZE)
    seen = warp(Source(picture), Warp(matrix, SIZE), Outside("constant")) > 127
    shape = Instance("a", polygons=(Polygon(ring),), mask=Mask((picture > 127).astype(np.uint8)))
    result = only(shape, geometry(matrix))
    drawn = np.zeros(SIZE[::-1], bool)
    for polygon in result.polygons or ():
        drawn |= filled(polygon.outer, SIZE) > 127
    assert (drawn & seen).sum() / (drawn | seen).sum() >= 0.99
    assert result.mask is not None
    own = np.zeros(SIZE[::-1], bool)
    h, w = result.mask.pixels.shape
    own[result.mask.top : result.mask.top + h, result.mask.left : result.mask.left + w] = (
        result.mask.pixels > 0
    )
    assert (own & seen).sum() / (own | seen).sum() >= 0.985  # nearest neighbour, one pixel of edge


@pytest.mark.parametrize("matrix", maps())
def test_box_of_a_polygon_is_the_box_of_what_is_seen(matrix: np.ndarray) -> None:
    ring = np.array([[90.0, 60.0], [200.0, 80.0], [180.0, 170.0], [100.0, 150.0]])
    seen = warp(Source(filled(ring, SIZE)), Warp(matrix, SIZE), Outside("constant")) > 127
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    result = only(Instance("a", box=(90, 60, 200, 170), polygons=(Polygon(ring),)), geometry(matrix))
    assert result.box is not None
    expected = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    assert np.abs(np.subtract(result.box, expected)).max() <= 1.5


def test_plus_thirty_minus_thirty_is_the_exact_box() -> None:
    middle = (SIZE[0] / 2, SIZE[1] / 2)
    there_and_back = geometry(mx.rotation(30, middle), mx.rotation(-30, middle))
    lut = Stage(Lut((lambda value: value * 0.9,)), ("brightness",))
    barrier = geometry_of(
        [
            Stage(Warp(mx.rotation(30, middle), SIZE), ("a",)),
            lut,
            Stage(Warp(mx.rotation(-30, middle), SIZE), ("b",)),
        ],
        SIZE,
    )
    for where in (there_and_back, barrier):
        assert only(Instance("a", box=(100.25, 80, 170, 130.5)), where).box == pytest.approx(
            (100.25, 80, 170, 130.5)
        )


def test_flip_is_w_minus_x_and_twice_nothing() -> None:
    flip = mx.matrix(-1, 0, SIZE[0], 0, 1, 0)
    result = only(Instance("a", box=(10, 20, 50, 60)), geometry(flip))
    assert result.box == pytest.approx((270, 20, 310, 60))
    assert only(Instance("a", box=(10, 20, 50, 60)), geometry(flip, flip)).box == (10, 20, 50, 60)


def test_box_methods() -> None:
    turn = geometry(mx.rotation(45, (160, 120)))
    box = Instance("a", box=(110, 70, 210, 170))
    hull = only(box, turn, LabelRules(box_method="corners")).box
    round_one = only(box, turn, LabelRules(box_method="ellipse")).box
    assert hull is not None and round_one is not None
    assert hull[2] - hull[0] == pytest.approx(100 * np.sqrt(2))
    assert np.subtract(round_one, (110, 70, 210, 170)) == pytest.approx(0)


def test_visibility_is_of_the_objects_own_area() -> None:
    # Half the box leaves on the left, then a zoom makes what is left larger than the whole box was.
    where = geometry(mx.scaling(2, 2) @ mx.translation(-50, 0))
    box = Instance("a", box=(30, 40, 70, 60))
    assert moved(box, where, LabelRules(min_visibility=0.51)).dropped == (("a", "min_visibility"),)
    assert only(box, where, LabelRules(min_visibility=0.49)).box == pytest.approx((0, 80, 40, 120))


def test_visibility_is_measured_from_the_source_through_every_canvas() -> None:
    crop_then_pad = geometry_of(
        [
            Stage(Warp(mx.translation(-50, 0), (200, 240)), ("crop",)),
            Stage(Warp(mx.translation(50, 0), SIZE, isolate=True), ("pad",)),
        ],
        SIZE,
    )
    result = only(Instance("a", box=(30, 40, 70, 60)), crop_then_pad)
    assert result.box == pytest.approx((50, 40, 70, 60))


@pytest.mark.parametrize(
    ("below", "kept", "redraw"),
    [("drop", 0, False), ("keep", 1, False), ("ignore", 1, False), ("redraw", 0, True)],
)
def test_what_becomes_of_objects_below_the_bounds(below: str, kept: int, redraw: bool) -> None:
    rules = LabelRules(min_visibility=0.9, below=below)
    result = moved(Instance("a", box=(30, 40, 70, 60)), geometry(mx.translation(-50, 0)), rules)
    assert len(result.labels.instances) == kept
    assert result.redraw is redraw
    if below == "ignore":
        assert result.labels.instances[0].crowd


def test_object_outside_goes_even_with_keep_and_asks_for_no_redraw() -> None:
    for below in ("keep", "redraw"):
        result = moved(
            Instance("a", box=(3, 4, 20, 20)), geometry(mx.translation(-50, 0)), LabelRules(below=below)
        )
        assert result.dropped == (("a", "outside"),)
        assert not result.redraw


def test_mirrored_border_holds_no_object() -> None:
    # A shift by 100 to the right: what mirrors into the left is not seen, whatever the border shows.
    result = only(Instance("a", box=(0, 0, 60, 60)), geometry(mx.translation(100, 0)))
    assert result.box == pytest.approx((100, 0, 160, 60))


def test_min_size_is_of_what_is_seen() -> None:
    result = moved(Instance("a", box=(30, 40, 52, 60)), geometry(mx.translation(-50, 0)), LabelRules(0, 3))
    assert result.dropped == (("a", "min_size"),)


def test_keypoints_move_swap_and_disappear() -> None:
    points = Keypoints(np.array([[10.5, 20.5], [300.0, 30.0], [0.0, 0.0]]), np.array([2, 1, 0], np.uint8))
    flip = geometry(mx.matrix(-1, 0, SIZE[0], 0, 1, 0))
    result = only(Instance("a", keypoints=points), flip, flip_idx=(1, 0, 2)).keypoints
    assert result is not None
    assert result.points.tolist() == [[20, 30], [309.5, 20.5], [0, 0]]
    assert result.visible.tolist() == [1, 2, 0]
    away = only(
        Instance("a", keypoints=points), geometry(mx.translation(-50, 0)), flip_idx=(1, 0, 2)
    ).keypoints
    assert away is not None
    assert away.visible.tolist() == [0, 1, 0]
    assert away.points[0].tolist() == [0, 0]
    gone = moved(Instance("a", keypoints=points), geometry(mx.translation(-50, 0)), LabelRules(0, 0, 2))
    assert gone.dropped == (("a", "min_keypoints"),)


def test_rotated_by_180_is_no_mirror() -> None:
    points = Keypoints(np.array([[10.5, 20.5], [300.0, 30.0]]), np.array([2, 2], np.uint8))
    turned = geometry(mx.rotation(180, (160, 120)))
    result = only(Instance("a", keypoints=points), turned, flip_idx=(1, 0)).keypoints
    assert result is not None
    assert result.points[0] == pytest.approx([309.5, 219.5])


def test_classes_that_name_a_side_change_with_a_mirror() -> None:
    rules = LabelRules(flip_classes={"left": "right", "right": "left"})
    flip = geometry(mx.matrix(-1, 0, SIZE[0], 0, 1, 0))
    upside_down = geometry(mx.matrix(1, 0, 0, 0, -1, SIZE[1]))
    arrow = Instance("left", box=(50, 50, 90, 90))
    assert only(arrow, flip, rules).category == "right"
    assert only(arrow, upside_down, rules).category == "left"
    assert only(arrow, geometry(mx.rotation(10, (160, 120))), rules).category == "left"


def test_oriented_box_turns_exactly_and_stays_a_rectangle_under_shear() -> None:
    corners = np.array([[100.0, 80.0], [180.0, 80.0], [180.0, 120.0], [100.0, 120.0]])
    turn = mx.rotation(30, (160, 120))
    result = only(Instance("a", corners=corners), geometry(turn)).corners
    assert result == pytest.approx(mx.apply(turn, corners))
    slanted = only(Instance("a", corners=corners), geometry(mx.shearing(15, 0, (160, 120)))).corners
    assert slanted is not None
    first, second = slanted[1] - slanted[0], slanted[3] - slanted[0]
    assert abs(first @ second) < 1e-6


def test_oriented_box_cut_by_the_edge_stays_in_the_picture() -> None:
    corners = np.array([[10.0, 80.0], [90.0, 100.0], [80.0, 140.0], [0.0, 120.0]])
    result = only(Instance("a", corners=corners), geometry(mx.translation(-40, 0))).corners
    assert result is not None
    assert result.min() >= 0
    assert result[:, 0].max() <= 50.1


def test_polygon_with_hole_keeps_it_and_its_area() -> None:
    outer = np.array([[50.0, 50.0], [150.0, 50.0], [150.0, 150.0], [50.0, 150.0]])
    hole = np.array([[80.0, 80.0], [120.0, 80.0], [120.0, 120.0], [80.0, 120.0]])
    shape = Instance("a", polygons=(Polygon(outer, (hole,)),))
    result = only(shape, geometry(mx.translation(-100, 0)))
    assert result.polygons is not None
    (part,) = result.polygons
    assert len(part.holes) == 1
    # 5,000 of 10,000 square pixels and 800 of 1,600 of the hole are left: exactly half is seen.
    assert moved(shape, geometry(mx.translation(-100, 0)), LabelRules(0.501)).dropped
    assert not moved(shape, geometry(mx.translation(-100, 0)), LabelRules(0.499)).dropped


def test_semantic_map_moves_by_nearest_and_is_filled_with_ignore() -> None:
    classes = np.zeros(SIZE[::-1], np.uint8)
    classes[100:140, 100:200] = 7
    result = move_labels(Labels(semantic=classes), geometry(mx.rotation(20, (160, 120))), ALL).labels.semantic
    assert result is not None
    assert set(np.unique(result)) == {0, 7, 255}
    assert result[120, 160] == 7
    assert result[0, 0] == 255


def test_crowded_masks_work_in_their_own_window() -> None:
    mask = Mask(np.ones((10, 20), np.uint8), 200, 100)
    result = only(Instance("a", mask=mask), geometry(mx.translation(15, -5))).mask
    assert result is not None
    assert (result.left, result.top, result.pixels.shape) == (215, 95, (10, 20))
    assert only(Instance("a", mask=mask), geometry(mx.scaling(2, 2), size=(640, 480))).mask.pixels.shape == (
        20,
        40,
    )


def test_identity_changes_nothing_at_all() -> None:
    labels = Labels((Instance("a", box=(0, 0, 0, 0)), Instance("b", box=(-5, 1, 400, 9))))
    assert move_labels(labels, geometry(np.eye(3)), LabelRules()).labels is labels


def test_resize_keeps_everything() -> None:
    labels = Labels((Instance("a", box=(10, 10, 11, 11)),))
    result = move_labels(labels, resized(SIZE, (160, 120)), KEEP_ALL).labels
    assert result.instances[0].box == pytest.approx((5, 5, 5.5, 5.5))


def test_box_of_whatever_shape() -> None:
    assert box_of(Instance("a", box=(1, 2, 3, 4))) == (1, 2, 3, 4)
    assert box_of(Instance("a", mask=Mask(np.ones((3, 4), np.uint8), 5, 6))) == (5, 6, 9, 9)
    assert box_of(Instance("a")) is None
