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
