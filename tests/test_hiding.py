"""What is painted over an object counts as not seen."""

from __future__ import annotations

import numpy as np
import pytest

from augtool import matrix as mx
from augtool.effects import Filter, Stage, Warp
from augtool.geometry import covered_by, geometry_of
from augtool.hiding import hide_keypoints, share_seen
from augtool.labels import Instance, Keypoints, LabelRules, Labels, Mask, Polygon
from augtool.moving import move_labels

SIZE = (100, 80)
SQUARE = np.array([[20.0, 20.0], [60.0, 20.0], [60.0, 60.0], [20.0, 60.0]])


def left_half(size: tuple[int, int]) -> np.ndarray:
    hidden = np.zeros(size[::-1], np.uint8)
    hidden[:, : size[0] * 40 // 100] = 255
    return hidden


COVER = Stage(Filter(lambda pixels: pixels, covers=left_half), ("cutout",))


@pytest.mark.parametrize(
    "instance",
    [
        Instance("a", box=(20, 20, 60, 60)),
        Instance("a", corners=SQUARE),
        Instance("a", polygons=(Polygon(SQUARE),)),
        Instance("a", mask=Mask(np.ones((40, 40), np.uint8), 20, 20)),
    ],
)
def test_half_covered_is_half_seen(instance: Instance) -> None:
    assert share_seen(instance, left_half(SIZE)) == pytest.approx(0.5, abs=0.03)
    where = geometry_of([COVER], SIZE)
    for bound, kept in ((0.4, 1), (0.6, 0)):
        moved = move_labels(Labels((instance,)), where, LabelRules(bound), hidden=covered_by([COVER], SIZE))
        assert len(moved.labels.instances) == kept


def test_what_is_covered_whole_goes_with_a_reason_of_its_own() -> None:
    instance = Instance("a", box=(5, 5, 30, 30))
    hidden = covered_by([COVER], SIZE)
    moved = move_labels(Labels((instance,)), geometry_of([COVER], SIZE), LabelRules(0), hidden=hidden)
    assert moved.dropped == (("a", "covered"),)


def test_a_cover_moves_with_what_follows_it() -> None:
    flip = Stage(Warp(mx.matrix(-1, 0, 100, 0, 1, 0), SIZE), ("flip",))
    before = covered_by([COVER, flip], SIZE)
    after = covered_by([flip, COVER], SIZE)
    assert before is not None
    assert after is not None
    assert before[0, 99] == 255 and before[0, 0] == 0
    assert after[0, 0] == 255 and after[0, 99] == 0
    assert covered_by([flip], SIZE) is None


def test_keypoints_under_it_are_hidden_not_gone() -> None:
    points = Keypoints(np.array([[10.0, 10.0], [70.0, 10.0], [0.0, 0.0]]), np.array([2, 2, 0], np.uint8))
    seen = hide_keypoints(Instance("a", keypoints=points), left_half(SIZE)).keypoints
    assert seen is not None
    assert seen.visible.tolist() == [1, 2, 0]
