"""color: tables and colour matrices against plain floating-point arithmetic."""

from typing import Any

import cv2
import numpy as np
import oracles
import pytest
from oracles import frozen, run, step

from augtool.effects import ColorMatrix
from augtool.registry import get
from augtool.render import stages
from augtool.sample import Frame
from augtool.transforms.color import LUMA, hue_matrix

DEPTHS = ["bgr8", "bgr16"]


def levels(layout: str) -> tuple[Any, int]:
    pixels = oracles.noise(layout, (64, 48))
    return pixels, np.iinfo(pixels.dtype).max


@pytest.mark.parametrize("layout", DEPTHS)
@pytest.mark.parametrize("factor", [0, 0.4, 1.7, 10])
def test_brightness_multiplies_and_saturates(layout: str, factor: float) -> None:
    pixels, full = levels(layout)
    expected = np.minimum(pixels.astype(float) * factor, full)
    assert np.abs(run(pixels, step("brightness", factor=factor)) - expected).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("layout", DEPTHS)
@pytest.mark.parametrize("factor", [0, 0.5, 2, 10])
def test_contrast_stretches_about_its_pivot(layout: str, factor: float) -> None:
    pixels, full = levels(layout)
    for pivot, level in (("middle", full / 2), ("mean", (pixels @ LUMA).mean())):
        expected = np.clip(level + (pixels - level) * factor, 0, full)
        assert np.abs(run(pixels, step("contrast", factor=factor, pivot=pivot)) - expected).max() <= 0.51


@pytest.mark.parametrize("layout", DEPTHS)
@pytest.mark.parametrize("gamma", [0.05, 0.5, 2.2, 20])
def test_gamma_is_a_power_curve(layout: str, gamma: float) -> None:
    pixels, full = levels(layout)
    expected = (pixels / full) ** gamma * full
    result = run(pixels, step("gamma", gamma=gamma))
    assert np.abs(result - expected).max() <= 0.5 + 1e-6
    ends = np.array([[0, full]], pixels.dtype)
    assert run(ends, step("gamma", gamma=gamma)).tolist() == [[0, full]]


def test_three_turns_of_120_degrees_are_none() -> None:
    (stage,) = stages(frozen(*[step("hue", degrees=120)] * 3), Frame((2, 2)))
    assert isinstance(stage.effect, ColorMatrix)
    assert np.abs(stage.effect.matrix - np.eye(3)).max() < 1e-9
    pixels = oracles.noise("bgr8")
    assert np.array_equal(run(pixels, *[step("hue", degrees=120)] * 3), pixels)


@pytest.mark.parametrize("degrees", [-180, -30, 5, 77, 180])
def test_hue_keeps_luma_and_grey(degrees: float) -> None:
    turned = hue_matrix(degrees)
    assert np.allclose(LUMA @ turned, LUMA, atol=1e-9)
    assert np.allclose(turned @ np.ones(3), 1, atol=1e-9)
    for layout in DEPTHS:
        pixels, full = levels(layout)
        grey = np.repeat(pixels[:, :, :1], 3, axis=2)
        assert np.array_equal(run(grey, step("hue", degrees=degrees)), grey)
        muted = (pixels // 8 + full // 2).astype(pixels.dtype)  # too pale to leave the range
        assert np.abs(run(muted, step("hue", degrees=degrees)) @ LUMA - muted @ LUMA).max() <= 1


def test_hue_turns_as_hsv_does() -> None:
    """A third of a turn of muted colours, against OpenCV's HSV circle: the same way round, roughly as far."""
    for degrees in (-60, 60, 120):
        muted = np.array([[[110, 120, 140], [140, 115, 118], [112, 138, 120]]], np.uint8)
        turned = run(muted, step("hue", degrees=degrees))
        before, after = (cv2.cvtColor(each, cv2.COLOR_BGR2HSV)[0, :, 0] * 2.0 for each in (muted, turned))
        off = (after - before - degrees + 180) % 360 - 180
        assert np.abs(off).max() < 35


def test_hue_turns_red_towards_yellow_and_green() -> None:
    red = np.array([[[60, 60, 160]]], np.uint8)
    blue, green, strong = run(red, step("hue", degrees=40))[0, 0].tolist()
    assert green > 60 and strong < 160 and blue <= green


@pytest.mark.parametrize("layout", DEPTHS)
@pytest.mark.parametrize("factor", [0.5, 1.5, 10])
def test_saturation_blends_with_grey(layout: str, factor: float) -> None:
    pixels, full = levels(layout)
    grey = (pixels @ LUMA)[:, :, None]
    expected = np.clip(grey + (pixels - grey) * factor, 0, full)
    assert np.abs(run(pixels, step("saturation", factor=factor)) - expected).max() <= 1


@pytest.mark.parametrize("layout", DEPTHS)
def test_saturation_zero_is_opencvs_grey(layout: str) -> None:
    pixels, _ = levels(layout)
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(int)
    assert np.abs(run(pixels, step("saturation", factor=0)) - grey[:, :, None]).max() <= 1


def test_colour_steps_leave_grey_pictures_alone_and_light_steps_do_not() -> None:
    grey = oracles.noise("grey8")
    assert np.array_equal(run(grey, step("hue", degrees=90), step("saturation", factor=0)), grey)
    assert not np.array_equal(run(grey, step("brightness", factor=0.5)), grey)
    assert get("hue").kind == get("saturation").kind == "ColorMatrix"


def test_color_jitter_is_its_four_parts_in_order() -> None:
    pixels = oracles.smooth("bgr8")
    parts = [step("brightness", factor=1.1), step("contrast", factor=0.9), step("saturation", factor=1.3),
             step("hue", degrees=20)]  # fmt: skip
    whole = step("color_jitter", brightness=1.1, contrast=0.9, saturation=1.3, hue=20)
    assert np.abs(run(pixels, whole).astype(int) - run(pixels, *parts)).max() <= 1
    assert get("color_jitter").kind == "Lut+ColorMatrix"


@pytest.mark.parametrize("layout", DEPTHS)
def test_rgb_shift_adds_to_the_channel_it_names(layout: str) -> None:
    pixels, full = levels(layout)
    result = run(pixels, step("rgb_shift", red=0.2, green=0, blue=-0.1))
    expected = np.clip(pixels + np.array([-0.1, 0, 0.2]) * full, 0, full)
    assert np.abs(result - expected).max() <= 0.51


def test_channels_are_exchanged_and_lost_by_name() -> None:
    pixels = oracles.noise("bgr8")
    blue, green, red = np.moveaxis(pixels, 2, 0)
    for order in ("rgb", "rbg", "grb", "gbr", "brg", "bgr"):
        result = run(pixels, step("channel_shuffle", order=order))
        named = {"r": red, "g": green, "b": blue}
        assert all(np.array_equal(result[:, :, 2 - at], named[name]) for at, name in enumerate(order))
    lost = run(pixels, step("channel_dropout", channel="red", fill=0.2))
    assert (lost[:, :, 2] == 51).all() and np.array_equal(lost[:, :, :2], pixels[:, :, :2])


def test_grayscale_is_opencvs_grey_on_three_channels() -> None:
    pixels = oracles.noise("bgr8")
    expected = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert np.abs(run(pixels, step("grayscale")).astype(int) - expected).max() <= 1


def test_sepia_is_the_matrix_of_the_filter_effects_standard() -> None:
    pixels = oracles.noise("bgr8")
    red, green, blue = (pixels[:, :, at].astype(float) for at in (2, 1, 0))
    result = run(pixels, step("sepia", amount=1))
    assert np.abs(result[:, :, 2] - np.minimum(0.393 * red + 0.769 * green + 0.189 * blue, 255)).max() <= 1
    assert np.abs(result[:, :, 0] - (0.272 * red + 0.534 * green + 0.131 * blue)).max() <= 1


def test_pca_color_moves_along_the_published_axes() -> None:
    pixels = np.full((2, 2, 3), 120, np.uint8)
    moved = run(pixels, step("pca_color", first=1, second=0, third=0))[0, 0].astype(float) - 120
    assert moved[::-1] / 255 == pytest.approx(
        [0.2175 * -0.5675, 0.2175 * -0.5808, 0.2175 * -0.5836], abs=0.002
    )
    both = run(pixels, step("pca_color", first=0, second=3, third=3))[0, 0].astype(float) - 120
    expected = 3 * (
        0.0188 * np.array([0.7192, -0.0045, -0.6948]) + 0.0045 * np.array([0.4009, -0.814, 0.4203])
    )
    assert both[::-1] / 255 == pytest.approx(expected, abs=0.002)


COLOR_ONLY = ["rgb_shift", "channel_shuffle", "channel_dropout", "sepia", "pca_color", "grayscale"]


@pytest.mark.parametrize("name", COLOR_ONLY)
def test_grey_pictures_have_no_colour_to_change(name: str) -> None:
    for layout in ("grey8", "grey16"):
        pixels = oracles.noise(layout)
        assert np.array_equal(run(pixels, step(name)), pixels)
