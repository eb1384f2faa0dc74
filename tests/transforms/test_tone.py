"""tone: against Pillow's ImageOps, OpenCV, and the formulas the help names."""

from typing import Any

import cv2
import numpy as np
import oracles
import pytest
from oracles import run, step
from PIL import Image, ImageOps

from augtool.transforms.tone import to_linear, to_srgb, white_gains


def photo(seed: int = 3, low: int = 40, high: int = 190) -> Any:
    """A smooth picture with a cast and no pure black or white."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(low, high, (6, 8, 3)).astype(np.uint8)
    return np.clip(cv2.resize(coarse, (96, 72), interpolation=cv2.INTER_CUBIC), 5, 240)


def pillow(operation: Any, pixels: Any, *args: Any, **kwargs: Any) -> Any:
    image = Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1]))
    return np.asarray(operation(image, *args, **kwargs))[:, :, ::-1]


@pytest.mark.parametrize("threshold", [1, 77, 128, 255])
def test_solarize_is_pillows(threshold: int) -> None:
    pixels = oracles.noise("bgr8", (64, 48))
    result = run(pixels, step("solarize", threshold=threshold / 255))
    assert np.array_equal(result, pillow(ImageOps.solarize, pixels, threshold))


@pytest.mark.parametrize("bits", range(1, 9))
def test_posterize_is_pillows_and_at_16_bits_keeps_the_leading_bits(bits: int) -> None:
    pixels = oracles.noise("bgr8", (64, 48))
    assert np.array_equal(run(pixels, step("posterize", bits=bits)), pillow(ImageOps.posterize, pixels, bits))
    deep = oracles.noise("bgr16", (64, 48))
    kept = np.uint16(0xFFFF << (16 - bits) & 0xFFFF)
    assert np.array_equal(run(deep, step("posterize", bits=bits)), deep & kept)


def test_invert_is_pillows_and_its_own_inverse() -> None:
    pixels = oracles.noise("bgr8", (64, 48))
    assert np.array_equal(run(pixels, step("invert")), pillow(ImageOps.invert, pixels))
    deep = oracles.noise("grey16")
    assert np.array_equal(run(deep, step("invert"), step("invert")), deep)


@pytest.mark.parametrize("cutoff", [0, 0.01, 0.1])
def test_auto_contrast_by_channels_is_pillows(cutoff: float) -> None:
    pixels = photo()
    result = run(pixels, step("auto_contrast", cutoff=cutoff, by="channels")).astype(int)
    # Pillow truncates where we round, and cuts bins where we count pixels.
    assert np.abs(result - pillow(ImageOps.autocontrast, pixels, cutoff=cutoff * 100)).max() <= 3


def test_equalize_by_channels_is_opencvs_and_nearly_pillows() -> None:
    pixels = photo()
    result = run(pixels, step("equalize", by="channels", amount=1)).astype(int)
    expected = np.dstack([cv2.equalizeHist(plane) for plane in cv2.split(pixels)])
    assert np.abs(result - expected).max() <= 1
    assert np.abs(result - pillow(ImageOps.equalize, pixels)).mean() < 3


def test_equalize_makes_16_bit_levels_equally_frequent() -> None:
    values = np.linspace(0, 1, 200 * 150) ** 3 * 40_000 + 3000
    pixels = np.random.default_rng(0).permutation(values).astype(np.uint16).reshape(150, 200)
    result = run(pixels, step("equalize", amount=1))
    counts, _ = np.histogram(result, bins=16, range=(0, 65536))
    assert result.min() == 0 and result.max() == 65535
    assert counts.min() > 0.9 * counts.mean()


@pytest.mark.parametrize("name", ["equalize", "auto_contrast", "clahe"])
def test_by_luma_keeps_colour_differences(name: str) -> None:
    pixels = photo(low=90, high=150)
    result = run(pixels, step(name, amount=1)).astype(int)
    inside = ((result > 0) & (result < 255)).all(axis=2)
    before, after = np.diff(pixels.astype(int), axis=2), np.diff(result, axis=2)
    assert inside.mean() > 0.3
    assert np.abs(before - after)[inside].max() <= 1
    assert result.std() > pixels.std()


@pytest.mark.parametrize("name", ["equalize", "auto_contrast", "clahe", "white_balance"])
@pytest.mark.parametrize("layout", ["grey8", "bgr8", "grey16", "bgr16"])
def test_one_flat_colour_stays_a_flat_colour(name: str, layout: str) -> None:
    dtype, channels = oracles.LAYOUTS[layout]
    pixels = np.full((40, 40, *channels), np.iinfo(dtype).max // 3, dtype)
    result = run(pixels, step(name))
    assert len(np.unique(result.reshape(1600, -1), axis=0)) == 1


def test_clahe_on_grey_is_opencvs() -> None:
    pixels = cv2.cvtColor(photo(), cv2.COLOR_BGR2GRAY)
    expected = cv2.createCLAHE(2.0, (4, 4)).apply(pixels)
    assert np.array_equal(run(pixels, step("clahe", clip=2, tiles=4)), expected)


@pytest.mark.parametrize("layout", ["bgr8", "bgr16"])
@pytest.mark.parametrize("stops", [-2, -0.5, 1, 3])
def test_exposure_multiplies_linear_light(layout: str, stops: float) -> None:
    pixels = oracles.noise(layout, (64, 48))
    full = np.iinfo(pixels.dtype).max
    result = run(pixels, step("exposure", stops=stops)) / full
    light = np.minimum(to_linear(pixels / full) * 2**stops, 1)
    assert np.abs(result - to_srgb(light)).max() <= 0.5001 / full


def test_srgb_is_its_standard_and_its_own_inverse() -> None:
    values = np.linspace(0, 1, 1001)
    assert np.abs(to_srgb(to_linear(values)) - values).max() < 1e-6
    assert to_linear(np.array([0.5]))[0] == pytest.approx(0.214041, abs=1e-6)
    assert to_linear(np.array([0.04]))[0] == pytest.approx(0.04 / 12.92)


@pytest.mark.parametrize("shadows", [-0.333, 0.0, 0.333])
@pytest.mark.parametrize("highlights", [-0.333, 0.0, 0.333])
def test_tone_curve_keeps_black_white_and_the_order(shadows: float, highlights: float) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    result = run(ramp, step("tone_curve", shadows=shadows, highlights=highlights)).ravel()
    assert (result[0], result[-1]) == (0, 65535)
    assert (np.diff(result.astype(int)) >= 0).all()


def test_tone_curve_lifts_what_it_says() -> None:
    grey = np.full((4, 4), 64, np.uint8)
    assert run(grey, step("tone_curve", shadows=0.1, highlights=0))[0, 0] > 64
    assert run(grey, step("tone_curve", shadows=-0.1, highlights=0))[0, 0] < 64


# xy chromaticities of the Planckian locus: CIE 1931, as tabulated for correlated colour temperatures.
@pytest.mark.parametrize(
    ("kelvin", "x", "y"), [(2856, 0.4476, 0.4074), (5000, 0.3451, 0.3516), (10000, 0.2807, 0.2884)]
)
def test_the_light_of_a_black_body_has_its_published_chromaticity(kelvin: float, x: float, y: float) -> None:
    blue, green, red = white_gains(kelvin) * (1 / white_gains(6504)) * _white_of_6504()
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ [
        red, green, blue,
    ]  # fmt: skip
    assert xyz[0] / xyz.sum() == pytest.approx(x, abs=0.004)
    assert xyz[1] / xyz.sum() == pytest.approx(y, abs=0.004)


def _white_of_6504() -> Any:
    """Linear blue, green, red of the black body at 6504 K, from x = 0.3135, y = 0.3237."""
    to_rgb = np.linalg.inv([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    return (to_rgb @ [0.3135 / 0.3237, 1, (1 - 0.3135 - 0.3237) / 0.3237])[::-1]


def test_color_temperature_is_warm_below_daylight_and_leaves_grey_pictures() -> None:
    white = np.full((4, 4, 3), 180, np.uint8)
    warm = run(white, step("color_temperature", kelvin=3500))[0, 0].astype(int)
    cool = run(white, step("color_temperature", kelvin=12000))[0, 0].astype(int)
    assert warm[2] > warm[1] > warm[0] and cool[0] > cool[2]
    light = [to_linear(color / 255) @ [0.0722, 0.7152, 0.2126] for color in (warm, cool)]
    assert light == pytest.approx([float(to_linear(np.array(180 / 255)))] * 2, rel=0.01)
    grey = oracles.noise("grey8")
    assert np.array_equal(run(grey, step("color_temperature", kelvin=3000)), grey)


def test_white_balance_takes_a_cast_out() -> None:
    neutral = cv2.merge([cv2.cvtColor(photo(), cv2.COLOR_BGR2GRAY)] * 3)
    cast = np.rint(neutral * [0.6, 0.8, 1.0]).astype(np.uint8)
    world = run(cast, step("white_balance", method="gray_world", amount=1)).reshape(-1, 3).mean(axis=0)
    assert world.max() - world.min() < 0.6
    patch = run(cast, step("white_balance", method="white_patch", amount=1)).reshape(-1, 3)
    assert np.ptp(np.percentile(patch, 99, axis=0)) <= 2
    half = run(cast, step("white_balance", amount=0.5)).reshape(-1, 3).mean(axis=0)
    assert np.ptp(world) < np.ptp(half) < np.ptp(cast.reshape(-1, 3).mean(axis=0))
