"""painting: the arithmetic of light and paint, against floating point, whole or in bands."""

from typing import Any

import numpy as np
import oracles
import pytest

from augtool import painting
from augtool.painting import blended, disk, lit, on_luma, painted, scaled, wide_blur

KINDS = ["grey8", "bgr8", "grey16", "bgr16"]
SIZE = (70, 50)


def case(layout: str) -> tuple[Any, Any, int]:
    """Pixels, a map from 0 to 1, and the value of white."""
    pixels = oracles.noise(layout, SIZE)
    plane = np.random.default_rng(1).random((SIZE[1], SIZE[0]), dtype=np.float32)
    return pixels, plane, int(np.iinfo(pixels.dtype).max)


def each(plane: Any, pixels: Any) -> Any:
    return plane if pixels.ndim == 2 else plane[:, :, None]


@pytest.mark.parametrize("layout", KINDS)
def test_scaled_multiplies_and_saturates(layout: str) -> None:
    pixels, plane, full = case(layout)
    expected = np.minimum(pixels * each(2 * plane.astype(float), pixels), full)
    assert np.abs(scaled(pixels, 2 * plane) - expected).max() <= 0.51


@pytest.mark.parametrize("layout", KINDS)
def test_painted_mixes_with_a_colour_or_a_picture(layout: str) -> None:
    pixels, plane, full = case(layout)
    alpha = each(plane.astype(float), pixels)
    color = np.array([0.2, 0.5, 0.9]) * full  # blue, green, red
    shade = color @ [0.114, 0.587, 0.299] if pixels.ndim == 2 else color
    assert (
        np.abs(painted(pixels, plane, (0.9, 0.5, 0.2)) - (pixels * (1 - alpha) + shade * alpha)).max() <= 0.52
    )
    other = oracles.noise(layout, SIZE, seed=9)
    assert np.abs(painted(pixels, plane, other) - (pixels * (1 - alpha) + other * alpha)).max() <= 0.52


@pytest.mark.parametrize("layout", KINDS)
def test_lit_screens(layout: str) -> None:
    pixels, plane, full = case(layout)
    expected = full - (full - pixels.astype(float)) * (1 - each(plane.astype(float), pixels))
    assert np.abs(lit(pixels, plane) - expected).max() <= 0.51 + full * 1e-6
    red = lit(oracles.noise("bgr8", SIZE), plane, (1, 0, 0))
    assert np.array_equal(red[:, :, :2], oracles.noise("bgr8", SIZE)[:, :, :2])


@pytest.mark.parametrize("layout", KINDS)
def test_bands_change_nothing(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, plane, _ = case(layout)

    def all_of_them() -> list[Any]:
        brighter = on_luma(pixels, lambda luma: np.minimum(luma, 90) + np.array(9, luma.dtype), 0.7)
        mixed = painted(pixels, plane, pixels[::-1])
        return [
            scaled(pixels, plane),
            painted(pixels, plane, (1, 0.5, 0)),
            mixed,
            lit(pixels, plane),
            brighter,
        ]

    whole = all_of_them()
    monkeypatch.setattr(painting, "_BAND", 7 * SIZE[0])
    assert all(np.array_equal(one, other) for one, other in zip(whole, all_of_them(), strict=True))


def test_blended_goes_beyond_its_ends() -> None:
    one, other = np.full((2, 2), 100, np.uint8), np.full((2, 2), 110, np.uint8)
    assert [int(blended(one, other, amount)[0, 0]) for amount in (0, 0.5, 1, 3)] == [100, 105, 110, 130]


@pytest.mark.parametrize("radius", [0, 0.6, 2, 7.5])
def test_disk_is_round_and_sums_to_1(radius: float) -> None:
    kernel = disk(radius)
    assert kernel.sum() == pytest.approx(1)
    assert np.array_equal(kernel, kernel.T) and np.array_equal(kernel, kernel[::-1])


@pytest.mark.parametrize("sigma", [0.5, 3, 12, 40])
def test_wide_blur_is_a_blur_of_that_width(sigma: float) -> None:
    edge = np.zeros((200, 400), np.float32)
    edge[:, 200:] = 1
    slope = np.diff(wide_blur(edge, sigma)[100].astype(float))
    at = np.arange(len(slope))
    mean = (slope * at).sum() / slope.sum()
    assert mean == pytest.approx(199, abs=0.3 + 0.02 * sigma)
    assert np.sqrt((slope * (at - mean) ** 2).sum() / slope.sum()) == pytest.approx(sigma, rel=0.12, abs=0.15)
