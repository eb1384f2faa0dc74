"""warp: the kernel against NumPy, SciPy and Pillow, at the borders, in the copies, at great size."""

import itertools
from typing import Any

import numpy as np
import oracles
import pytest
from PIL import Image
from scipy import ndimage

from augtool import matrix as mx
from augtool.effects import Warp
from augtool.warp import BORDERS, Outside, Source, warp

# OpenCV's border -> what numpy.pad calls it.
PAD_MODES = {
    "constant": "constant",
    "replicate": "edge",
    "reflect": "symmetric",
    "reflect_101": "reflect",
    "wrap": "wrap",
    "cover": "reflect",
}
SYMMETRIES = [
    (a, b, c, d)
    for a, b, c, d in itertools.product((-1, 0, 1), repeat=4)
    if abs(a * d - b * c) == 1 and abs(a) + abs(b) == 1 and abs(c) + abs(d) == 1
]


def padded(pixels: Any, by: int, border: str) -> Any:
    return np.pad(pixels, [(by, by), (by, by), (0, 0)][: pixels.ndim], mode=PAD_MODES[border])  # type: ignore[call-overload]


def pulled(pixels: Any, effect: Warp, border: str) -> Any:
    """What a lattice map shows, by indexing a padded copy with each output pixel's source pixel."""
    by = 40
    back = mx.apply(np.linalg.inv(effect.matrix), oracles.centres(effect.size))
    x, y = np.floor(back).astype(int).T + by
    picked = padded(pixels, by, border)[y, x]
    return picked.reshape(effect.size[1], effect.size[0], *pixels.shape[2:])


def test_there_are_eight_symmetries() -> None:
    assert len(SYMMETRIES) == 8


@pytest.mark.parametrize("layout", ["grey8", "bgra8", "bgr16"])
@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_symmetries_with_whole_shifts_and_crops_copy_pixels(
    symmetry: tuple[int, int, int, int], layout: str
) -> None:
    pixels = oracles.noise(layout, (23, 17))
    a, b, c, d = symmetry
    linear = mx.matrix(a, b, 0, c, d, 0)
    low = mx.apply(linear, mx.corners((23, 17))).min(axis=0)
    w, h = (17, 23) if b else (23, 17)
    for left, top, width, height in ((0, 0, w, h), (3, 0, 5, h), (0, 4, w, 1), (2, 5, w - 2, h - 5)):
        effect = Warp(mx.translation(-low[0] - left, -low[1] - top) @ linear, (width, height))
        result = warp(Source(pixels), effect, Outside("constant", (9, 9, 9)))
        assert np.array_equal(result, pulled(pixels, effect, "constant"))
        assert not np.shares_memory(result, pixels)
        assert result.flags.c_contiguous


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_windows_that_reach_outside_show_the_border(symmetry: tuple[int, int, int, int], border: str) -> None:
    a, b, c, d = symmetry
    for layout in ("grey8", "bgr8", "grey16"):
        pixels = oracles.noise(layout, (13, 11))
        linear = mx.matrix(a, b, 0, c, d, 0)
        low = mx.apply(linear, mx.corners((13, 11))).min(axis=0)
        for left, top, size in ((-30, -25, (60, 50)), (5, 3, (13, 11)), (-1, 0, (11, 11)), (20, 2, (4, 4))):
            effect = Warp(mx.translation(-low[0] - left, -low[1] - top) @ linear, size)
            result = warp(Source(pixels), effect, Outside(border))
            assert np.array_equal(result, pulled(pixels, effect, border)), (layout, left, top)


@pytest.mark.parametrize("border", BORDERS)
def test_between_pixels_the_border_is_interpolated_too(border: str) -> None:
    pixels = oracles.noise("grey8", (13, 11))
    result = warp(Source(pixels), Warp(mx.translation(20.5, 16.25), (50, 40)), Outside(border))
    wide = padded(pixels, 40, border).astype(float)
    # Output pixel i shows source index i - 20.5 across, i - 16.25 down.
    rows, columns = 24 + np.arange(40), 19 + np.arange(50)
    left, right = wide[:, columns], wide[:, columns + 1]
    across = (left + right) / 2
    expected = across[rows - 1] * 0.25 + across[rows] * 0.75
    assert np.abs(result - expected).max() <= 1


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("grey8", [round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)]),
        ("bgr8", [50, 100, 200]),
        ("bgra8", [50, 100, 200, 0]),
        ("grey16", [round((0.299 * 200 + 0.587 * 100 + 0.114 * 50) * 257)]),
        ("bgr16", [50 * 257, 100 * 257, 200 * 257]),
    ],
)
def test_the_fill_is_red_green_blue_at_any_depth_and_transparent(layout: str, expected: list[int]) -> None:
    effect = Warp(mx.translation(100, 0), (5, 5))
    result = warp(Source(oracles.noise(layout)), effect, Outside("constant", (200, 100, 50)))
    assert np.atleast_1d(result[2, 2]).tolist() == expected


def test_a_warp_can_bring_its_own_border() -> None:
    effect = Warp(mx.translation(100, 0), (5, 5), "constant", (1, 2, 3))
    assert warp(Source(oracles.noise()), effect, Outside("wrap"))[0, 0].tolist() == [3, 2, 1]


AFFINE = (
    mx.translation(2.3, -1.7)
    @ mx.rotation(17, (32, 24))
    @ mx.shearing(6, 3, (32, 24))
    @ mx.scaling(1.1, 0.93)
)


@pytest.mark.parametrize("layout", ["grey8", "grey16"])
def test_scipy_agrees(layout: str) -> None:
    pixels = oracles.smooth(layout)
    back = np.linalg.inv(mx.to_index_frame(AFFINE))
    rows_first = back[:2, :2][::-1, ::-1]
    expected = ndimage.affine_transform(
        pixels.astype(float), rows_first, back[:2, 2][::-1], order=1, mode="mirror"
    )
    result = warp(Source(pixels), Warp(AFFINE, (64, 48)), Outside("reflect_101"))
    assert np.abs(result - expected).max() <= (1 if layout == "grey8" else 257)


def test_pillow_agrees() -> None:
    pixels = oracles.smooth()
    back = np.linalg.inv(AFFINE)
    data = tuple(back[:2].ravel())
    theirs = Image.fromarray(pixels).transform(
        (64, 48), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR
    )
    source = mx.apply(back, oracles.centres((64, 48))).reshape(48, 64, 2)
    inside = ((source > 1) & (source < [63, 47])).all(axis=2)
    result = warp(Source(pixels), Warp(AFFINE, (64, 48)), Outside())
    assert inside.mean() > 0.6
    assert np.abs(result.astype(int) - np.asarray(theirs))[inside].max() <= 2


def checkerboard(size: tuple[int, int]) -> Any:
    y, x = np.mgrid[: size[1], : size[0]]
    return ((x + y) % 2 * 255).astype(np.uint8)


@pytest.mark.parametrize("size", [(240, 160), (241, 163), (95, 301)])
@pytest.mark.parametrize("factor", [3, 5.5, 8])
@pytest.mark.parametrize("angle", [0, 20])
def test_shrinking_a_fine_checkerboard_gives_grey(size: tuple[int, int], factor: float, angle: float) -> None:
    small = (max(1, int(size[0] / factor)), max(1, int(size[1] / factor)))
    matrix = mx.scaling(1 / factor, 1 / factor) @ mx.rotation(angle, (size[0] / 2, size[1] / 2))
    result = warp(Source(checkerboard(size)), Warp(matrix, small), Outside("reflect_101"))
    inner = result[1:-1, 1:-1].astype(float)
    assert abs(inner.mean() - 127.5) < 4
    assert inner.std() < 13  # the source's is 127.5; picking single pixels keeps it


@pytest.mark.parametrize(("across", "down"), [(8, 1), (1, 8), (6, 0.5), (0.5, 6), (7, 2)])
def test_a_side_that_shrinks_alone_does_not_alias(across: float, down: float) -> None:
    y, x = np.mgrid[:161, :161]
    stripes = ((x if across > down else y) % 2 * 255).astype(np.uint8)
    shown = (int(161 / across), int(161 / down))
    exact = Warp(mx.scaling(shown[0] / 161, shown[1] / 161), shown)  # by resizing
    slanted = Warp(mx.scaling(1 / across, 1 / down) @ mx.rotation(1, (80, 80)), shown)  # by warping
    for effect in (exact, slanted):
        assert warp(Source(stripes), effect, Outside("reflect"))[2:-2, 2:-2].std() < 20  # 4 of 7 are 18


@pytest.mark.parametrize("size", [(201, 163), (200, 160), (67, 255)])
@pytest.mark.parametrize("factors", [(1 / 3, 1 / 3), (1 / 8, 1 / 8), (1 / 5, 1), (0.9, 1 / 6), (1.5, 1 / 4)])
def test_the_copies_stay_aligned(size: tuple[int, int], factors: tuple[float, float]) -> None:
    at = np.array([[size[0] * 0.5 + 0.3, size[1] * 0.5 - 0.4]])
    shown = (int(size[0] * factors[0]), int(size[1] * factors[1]))
    picture = oracles.blob(size, at, 9)
    for matrix in (mx.scaling(*factors), mx.scaling(shown[0] / size[0], shown[1] / size[1])):
        result = warp(Source(picture), Warp(matrix, shown), Outside("constant"))
        assert np.abs(oracles.centroid(result) - mx.apply(matrix, at)[0]).max() < 0.05


def test_a_source_keeps_its_copies_and_stops_at_one_pixel() -> None:
    source = Source(oracles.noise("bgr8", (9, 3)))
    assert source.level(0, 0) is source.pixels
    assert source.level(1, 0).shape == (3, 5, 3)
    assert source.level(2, 1).shape == (2, 3, 3)
    assert source.level(5, 5).shape == (1, 1, 3)
    assert source.level(2, 1) is source.level(2, 1)


def test_a_picture_can_shrink_to_nothing() -> None:
    pixels = oracles.noise("grey8", (33, 21))
    effect = Warp(mx.scaling(1e-4, 1e-4, (16, 10)), (33, 21))
    assert warp(Source(pixels), effect, Outside("reflect")).shape == (21, 33)
    assert warp(Source(pixels), Warp(mx.scaling(1e-4, 1, (16, 10)), (33, 21)), Outside("wrap")).shape == (
        21,
        33,
    )


@pytest.mark.parametrize(("layout", "means"), [("grey16", None), ("bgr8", [0.114, 0.587, 0.299])])
def test_the_mean_is_the_luma_as_a_share_of_full_scale(layout: str, means: list[float] | None) -> None:
    pixels = oracles.noise(layout)
    full = np.iinfo(pixels.dtype).max
    expected = pixels.mean() if means is None else (pixels @ np.array(means)).mean()
    assert Source(pixels).mean == pytest.approx(expected / full)


@pytest.mark.parametrize("layout", ["grey8", "bgr8", "bgra8", "grey16", "bgr16"])
@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("bend", [0, 1e-9])
def test_sides_beyond_the_reach_of_16_bit_coordinates(layout: str, upright: bool, bend: float) -> None:
    """OpenCV's warps have kept coordinates in 16 bits, where 32,767 is the end."""
    length = 40_000
    size = (12, length) if upright else (length, 12)
    dtype, channels = oracles.LAYOUTS[layout]
    along = np.arange(length) // 40 % 200 if dtype is np.uint8 else np.arange(length)
    along = along.astype(dtype)
    flat = np.broadcast_to(along[:, None] if upright else along[None, :], (size[1], size[0]))
    pixels = np.ascontiguousarray(np.repeat(flat[:, :, None], channels[0], axis=2) if channels else flat)
    far = length - 700.25
    window = mx.translation(0.25, -far) if upright else mx.translation(-far, 0.25)
    whole = mx.rotation(0.01, (size[0] / 2, size[1] / 2))
    for matrix, shown in ((window, (12, 400) if upright else (400, 12)), (whole, size)):
        bent = matrix + np.array([[0, 0, 0], [0, 0, 0], [bend, 0, 0]])
        result = warp(Source(pixels), Warp(bent, shown), Outside("replicate"))
        back = mx.apply(np.linalg.inv(bent), oracles.centres(shown))[:, int(upright)] - 0.5
        expected = np.interp(np.clip(back, 0, length - 1), np.arange(length), along)
        error = np.abs(result.reshape(shown[0] * shown[1], -1) - expected[:, None])
        # Where the 8-bit pattern jumps by 200, a place 1/32 px off is 6 levels off.
        assert error.max() <= (7 if dtype is np.uint8 else 0.51)


def test_results_longer_than_16_bit_coordinates() -> None:
    pixels = oracles.ramp((300, 4), 0)
    matrix = mx.scaling(133.5, 1) @ mx.rotation(0.001, (150, 2))
    result = warp(Source(pixels), Warp(matrix, (40_000, 4)), Outside("replicate"))
    back = mx.apply(np.linalg.inv(matrix), oracles.centres((40_000, 4)))[:, 0]
    inside = (back > 1) & (back < 299)
    assert np.abs(result.ravel() / oracles.RAMP_SCALE - back)[inside].max() < 0.05
