"""Shrinking: a zone plate holds every frequency; what a copy cannot show must be gone, not folded back."""

from typing import Any

import cv2
import numpy as np
import pytest

from augtool import matrix as mx
from augtool.effects import Warp
from augtool.warp import Outside, Source, warp

SIDE, SMALL = 896, 224


def zone_plate(side: int) -> Any:
    """Rings that get finer from the middle outwards, to half a cycle per pixel at the edges."""
    x = np.arange(side) + 0.5 - side / 2
    radius = x[None, :] ** 2 + x[:, None] ** 2
    return np.rint(127.5 + 127.5 * np.cos(np.pi * radius / side)).astype(np.uint8)


def false_energy(small: Any) -> float:
    """Variance where the rings are too fine for the small copy: an ideal one is flat grey there.

    At a shrink factor of 4 that is beyond a quarter of the way from the middle to the edge; a margin is left
    for filters that fall off slowly.
    """
    x = np.arange(SMALL) + 0.5 - SMALL / 2
    beyond = np.hypot(x[None, :], x[:, None]) > 0.4 * SMALL / 2
    return float(small.astype(float)[beyond].var())


@pytest.mark.parametrize("angle", [0, 7, 45])
def test_a_shrunk_zone_plate_has_far_less_false_energy_than_plain_bilinear(angle: float) -> None:
    plate = zone_plate(SIDE)
    turned = mx.rotation(angle, (SMALL / 2, SMALL / 2)) @ mx.scaling(SMALL / SIDE, SMALL / SIDE)
    ours = warp(Source(plate), Warp(turned, (SMALL, SMALL)), Outside())
    # What others do: turn at full size, then resize with linear interpolation.
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), angle, 1)
    full = cv2.warpAffine(
        plate, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    bilinear = cv2.resize(full, (SMALL, SMALL), interpolation=cv2.INTER_LINEAR)
    assert false_energy(ours) < false_energy(bilinear) / 4


def test_what_the_small_copy_can_show_is_kept() -> None:
    plate = zone_plate(SIDE)
    small = warp(Source(plate), Warp(mx.scaling(SMALL / SIDE, SMALL / SIDE), (SMALL, SMALL)), Outside())
    x = np.arange(SMALL) + 0.5 - SMALL / 2
    inner = np.hypot(x[None, :], x[:, None]) < 0.1 * SMALL / 2
    wanted = 127.5 + 127.5 * np.cos(np.pi * (SIDE / SMALL) * (x[None, :] ** 2 + x[:, None] ** 2) / SMALL)
    assert np.abs(small.astype(float) - wanted)[inner].max() < 30
