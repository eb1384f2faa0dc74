"""reach: what is laid on before a warp is what the warp would have mirrored itself."""

import itertools

import cv2
import numpy as np
import oracles
import pytest

from augtool import matrix as mx
from augtool.effects import Warp
from augtool.reach import laid_out, region
from augtool.warp import BORDERS, Outside, Source, warp

MAPS = {
    "turned": mx.rotation(33, (20, 15)),
    "thrown out": mx.translation(-70, 45) @ mx.rotation(-71, (3, 4)),
    "shrunk": mx.scaling(0.6, 0.7, (18, 12)),
    "enlarged": mx.scaling(3.3, 2.1, (30, 2)),
    "mirrored": mx.rotation(5, (20, 15)) @ mx.matrix(-1, 0, 41, 0, 1, 0),
    "in perspective": np.array([[1.0, 0.1, 2], [0.05, 0.9, -3], [0.002, 0.001, 1]]),
}


@pytest.mark.parametrize("border", ["constant", "replicate", "reflect", "reflect_101", "wrap"])
@pytest.mark.parametrize("shape", MAPS)
@pytest.mark.parametrize("layout", ["grey8", "bgr8", "bgra8", "bgr16"])
def test_the_warp_shows_what_opencv_mirrors_itself(layout: str, shape: str, border: str) -> None:
    pixels = oracles.noise(layout, (41, 29))
    size, index = (44, 33), mx.to_index_frame(MAPS[shape])
    assert laid_out(pixels, index, size, BORDERS[border]) is not None or shape == "thrown out"
    result = warp(Source(pixels), Warp(MAPS[shape], size), Outside(border, (200, 100, 50)))
    warper, kernel = (cv2.warpPerspective, index) if mx.is_projective(index) else (cv2.warpAffine, index[:2])
    plain = warper(
        pixels,
        kernel,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=BORDERS[border],
        borderValue=Outside(border, (200, 100, 50)).scalar(pixels),
    )
    # The two kernels round differently: OpenCV's mirroring one counts 32nds of a pixel.
    step = 257 if pixels.dtype == np.uint16 else 1
    assert np.abs(result.astype(int) - plain.astype(int)).max() <= 9 * step
    assert np.abs(result.astype(float) - plain).mean() <= 0.8 * step


def test_a_region_holds_every_pixel_that_is_read() -> None:
    for angle, factor in itertools.product((0, 17, 90, 181), (0.3, 1, 2.7)):
        matrix = mx.rotation(angle, (50, 40)) @ mx.scaling(factor, factor)
        found = region(mx.to_index_frame(matrix), (30, 20))
        assert found is not None
        read = mx.apply(np.linalg.inv(matrix), oracles.centres((30, 20))) - 0.5
        assert (np.floor(read) >= found[:2]).all()
        assert (np.floor(read) + 2 <= found[2:]).all()


def test_a_map_that_turns_the_canvas_inside_out_has_no_region() -> None:
    assert region(np.array([[1.0, 0, 0], [0, 1, 0], [-0.05, 0, 1]]), (40, 40)) is not None
    assert region(np.array([[1.0, 0, 0], [0, 1, 0], [0.05, 0, -1]]), (400, 40)) is None
    assert region(np.zeros((3, 3)), (40, 40)) is None


def test_a_far_view_is_left_to_opencv() -> None:
    pixels = oracles.noise("bgr8", (200, 200))
    assert laid_out(pixels, mx.scaling(0.1, 0.1), (10, 10), cv2.BORDER_REPLICATE) is None
