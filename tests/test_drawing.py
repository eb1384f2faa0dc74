"""Labels drawn over pictures: each kind leaves its class's colour where it lies."""

from __future__ import annotations

import numpy as np
import pytest

from augtool.drawing import class_color, draw_labels
from augtool.labels import Instance, Keypoints, Labels, Mask, Polygon

SIZE = (200, 160)
SQUARE = np.array([[40.0, 40.0], [120.0, 40.0], [120.0, 100.0], [40.0, 100.0]])


def drawn(instance: Instance, picture: tuple[int, int] = SIZE) -> np.ndarray:
    grey = np.full((picture[1], picture[0], 3), 128, np.uint8)
    return draw_labels(grey, Labels((instance,)), SIZE)


def changed(result: np.ndarray) -> np.ndarray:
    return (result != 128).any(axis=2)


@pytest.mark.parametrize("instance", [Instance("a", box=(40, 40, 120, 100)), Instance("a", corners=SQUARE)])
def test_a_box_is_a_frame(instance: Instance) -> None:
    seen = changed(drawn(instance))
    assert seen[70, 40]
    assert seen[100, 80]
    assert not seen[70, 80]
    assert not seen[120, 150]


@pytest.mark.parametrize(
    "instance",
    [
        Instance("a", polygons=(Polygon(SQUARE, (SQUARE * 0.25 + 55,)),)),
        Instance("a", mask=Mask(np.ones((60, 80), np.uint8), 40, 40)),
    ],
)
def test_an_outline_or_mask_is_tinted(instance: Instance) -> None:
    result = drawn(instance)
    assert changed(result)[90, 110]
    assert not changed(result)[120, 150]
    tint, color = result[90, 110].astype(int) - 128, np.array(class_color("a")) - 128
    assert (tint * color >= 0).all()
    if instance.polygons:
        assert not changed(result)[75, 80]  # the hole


def test_a_skeleton_joins_what_is_seen() -> None:
    points = np.array([[50.0, 50.0], [150.0, 50.0], [100.0, 120.0]])
    shown = Keypoints(points, np.array([2, 2, 0], np.uint8), ((0, 1), (1, 2)))
    seen = changed(drawn(Instance("a", keypoints=shown)))
    assert seen[50, 100]
    assert not seen[85, 125]
    assert not seen[120, 100]


def test_a_smaller_picture_carries_its_labels_to_scale() -> None:
    seen = changed(drawn(Instance("a", box=(40, 40, 120, 100)), (100, 80)))
    assert seen[35, 20]
    assert not seen[70, 90]


def test_a_class_map_is_tinted_but_for_background_and_ignore() -> None:
    classes = np.zeros((160, 200), np.uint8)
    classes[:50], classes[50:100] = 3, 255
    grey = np.full((160, 200, 3), 128, np.uint8)
    seen = changed(draw_labels(grey, Labels(semantic=classes), SIZE))
    assert seen[:50].all()
    assert not seen[50:].any()


def test_a_class_has_one_colour_and_most_have_their_own() -> None:
    assert class_color("cat") == class_color("cat")
    assert len({class_color(f"class {number}") for number in range(20)}) > 15
