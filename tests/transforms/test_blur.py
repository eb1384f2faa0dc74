"""blur: against SciPy's filters, at both depths."""

import numpy as np
import oracles
import pytest
from oracles import run, step
from scipy import ndimage

from augtool.transforms.blur import line_kernel

LAYOUTS = ["grey8", "grey16"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("sigma", [0.3, 0.8, 1.2, 3, 10, 50])
def test_gaussian_blur_is_scipys(layout: str, sigma: float) -> None:
    pixels = oracles.noise(layout, (64, 48))
    expected = ndimage.gaussian_filter(
        pixels.astype(float), sigma, mode="mirror", radius=int(np.ceil(3 * sigma))
    )
    assert np.abs(run(pixels, step("gaussian_blur", sigma=sigma)) - expected).max() <= 2


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [3, 5, 31, 99])
def test_box_blur_is_the_mean_of_a_square(layout: str, size: int) -> None:
    pixels = oracles.noise(layout, (64, 48))
    expected = ndimage.uniform_filter(pixels.astype(float), size, mode="mirror")
    assert np.abs(run(pixels, step("box_blur", size=size)) - expected).max() <= 0.6


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [3, 5, 7, 31])
def test_median_blur_is_the_median_of_a_square(layout: str, size: int) -> None:
    pixels = oracles.noise(layout, (50, 37))
    expected = ndimage.median_filter(pixels, size, mode="nearest")
    assert np.array_equal(run(pixels, step("median_blur", size=size)), expected)


@pytest.mark.parametrize("layout", ["bgr8", "bgr16"])
@pytest.mark.parametrize("size", [5, 7])
def test_the_median_takes_each_channel_by_itself(layout: str, size: int) -> None:
    pixels = oracles.noise(layout, (30, 21))
    result = run(pixels, step("median_blur", size=size))
    for channel in range(3):
        alone = run(np.ascontiguousarray(pixels[:, :, channel]), step("median_blur", size=size))
        assert np.array_equal(result[:, :, channel], alone)


def test_the_median_does_not_depend_on_the_bands_it_is_worked_in() -> None:
    pixels = oracles.noise("grey16", (900, 60))  # 31 x 31 windows: more than one band
    expected = ndimage.median_filter(pixels[:, 400:480], 31, mode="nearest")
    assert np.array_equal(run(pixels, step("median_blur", size=31))[:, 420:460], expected[:, 20:60])


@pytest.mark.parametrize("length", [1, 2, 6.5, 15, 40, 200])
@pytest.mark.parametrize("angle", [-180, -70, 0, 33, 45, 90])
def test_the_streak_sums_to_one_and_moves_nothing(length: float, angle: float) -> None:
    kernel = line_kernel(length, angle)
    assert kernel.shape[0] == kernel.shape[1] and kernel.shape[0] % 2 == 1
    assert (kernel >= 0).all()
    assert kernel.sum() == pytest.approx(1, abs=1e-12)
    assert np.allclose(kernel, kernel[::-1, ::-1], atol=1e-15)


@pytest.mark.parametrize("length", [9, 30])
@pytest.mark.parametrize("angle", [0, 25, 90, -60])
def test_the_streak_has_its_length_and_direction(length: float, angle: float) -> None:
    kernel = line_kernel(length, angle)
    reach = kernel.shape[0] // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    along = x * np.cos(np.radians(angle)) - y * np.sin(np.radians(angle))
    across = x * np.sin(np.radians(angle)) + y * np.cos(np.radians(angle))
    # A streak of length L has variance L^2 / 12 along itself; bilinear spreading adds up to a quarter.
    assert (kernel * along**2).sum() == pytest.approx(length**2 / 12, abs=0.3)
    assert (kernel * across**2).sum() < 0.3


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("length", "angle"), [(2, 0), (7, 33), (15, 90), (40, -70)])
def test_motion_blur_is_a_convolution(layout: str, length: float, angle: float) -> None:
    pixels = oracles.noise(layout, (64, 48))
    expected = ndimage.correlate(pixels.astype(float), line_kernel(length, angle), mode="mirror")
    assert np.abs(run(pixels, step("motion_blur", length=length, angle=angle)) - expected).max() <= 0.6


@pytest.mark.parametrize("layout", oracles.LAYOUTS)
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("gaussian_blur", {"sigma": 50}),
        ("box_blur", {"size": 99}),
        ("median_blur", {"size": 31}),
        ("motion_blur", {"length": 200, "angle": 33}),
    ],
)
def test_a_flat_picture_stays_flat(name: str, values: dict[str, float], layout: str) -> None:
    dtype, channels = oracles.LAYOUTS[layout]
    for value in (1, np.iinfo(dtype).max // 3, np.iinfo(dtype).max):
        pixels = np.full((20, 30, *channels), value, dtype)
        assert np.array_equal(run(pixels, step(name, **values)), pixels)


@pytest.mark.parametrize("radius", [0.8, 1.5, 3.0, 12.0])
def test_defocus_turns_a_point_into_a_disk(radius: float) -> None:
    side = 41
    point = np.zeros((side, side), np.uint16)
    point[20, 20] = 60000
    spot = run(point, step("defocus", radius=radius)).astype(float)
    y, x = np.mgrid[:side, :side] - 20
    assert spot.sum() == pytest.approx(60000, rel=0.02)
    assert not spot[np.hypot(x, y) > radius + 0.71].any()
    inner = spot[np.hypot(x, y) < radius - 0.5]
    assert np.ptp(inner) <= 1
    # A disk of radius r has a second moment of r^2 / 4 along each axis, and a pixel's own is 1 / 12.
    assert (spot * x * x).sum() / spot.sum() == pytest.approx(radius**2 / 4 + 1 / 12, rel=0.15)


def test_zoom_blur_smears_outwards_and_leaves_its_centre() -> None:
    pixels = np.zeros((201, 201), np.uint16)
    pixels[100, 100] = pixels[100, 180] = pixels[20, 100] = 60000
    result = run(pixels, step("zoom_blur", amount=0.1)).astype(float)
    assert result[100, 100] > 45000
    right, up = result[100, 150:], result[:50, 100]
    assert np.flatnonzero(right > 500).min() + 150 == pytest.approx(180, abs=1)
    assert np.flatnonzero(right > 500).max() + 150 == pytest.approx(188, abs=2)
    assert right.sum() == pytest.approx(60000, rel=0.25)
    assert np.flatnonzero(up > 500).min() == pytest.approx(12, abs=2)


def test_zoom_blur_is_even_along_its_streak() -> None:
    edge = np.zeros((64, 400), np.uint16)
    edge[:, 300:] = 60000
    row = run(edge, step("zoom_blur", amount=0.2, x=0, y=0.5))[32].astype(float)
    # The edge at 300 is drawn anywhere from 300 to 360: a ramp, and a straight one.
    ramp = row[305:355]
    assert (np.diff(ramp) >= 0).all()
    assert np.abs(ramp - np.linspace(ramp[0], ramp[-1], len(ramp))).max() < 4000


def test_glass_blur_moves_pixels_no_further_than_its_reach() -> None:
    pixels = oracles.ramp((80, 60), 0)
    moved = (
        np.abs(run(pixels, step("glass_blur", reach=3, sigma=0)).astype(float) - pixels) / oracles.RAMP_SCALE
    )
    assert moved[:, 4:-4].max() == pytest.approx(3, abs=0.02)
    assert 1 < moved[:, 4:-4].mean() < 2.2


@pytest.mark.parametrize("layout", ["bgr8", "grey16"])
def test_bilateral_smooths_noise_and_keeps_edges(layout: str) -> None:
    dtype, channels = oracles.LAYOUTS[layout]
    full = np.iinfo(dtype).max
    edge = np.full((60, 60, *channels), 0.3)
    edge[:, 30:] = 0.7
    noisy = edge + np.random.default_rng(0).normal(0, 0.02, edge.shape)
    pixels = np.rint(noisy * full).astype(dtype)
    result = run(pixels, step("bilateral", radius=4, color=0.1)) / full
    assert result[:, 5:25].std() < 0.5 * noisy[:, 5:25].std()
    assert np.abs(result[:, [29, 30]].mean(axis=0) - edge[0, [29, 30]]).max() < 0.02
