"""light: the laws each names, measured on flat pictures."""

from typing import Any

import numpy as np
import oracles
import pytest
from oracles import run, step

WHITE = np.full((240, 320, 3), 200, np.uint8)


def light(pixels: Any) -> Any:
    """The light that is left, as a share, from encoded values; grey of three channels."""
    return (pixels[:, :, 1] / 200) ** 2.2


@pytest.mark.parametrize("strength", [0.2, 0.5, 0.9])
def test_vignette_is_the_fourth_power_of_the_cosine(strength: float) -> None:
    left = light(run(WHITE, step("vignette", strength=strength)))
    y, x = np.mgrid[:240, :320] + 0.5
    far = np.hypot(x - 160, y - 120) / 200  # 1 in the corners
    slope = np.tan(np.arccos((1 - strength) ** 0.25))
    assert np.abs(left - np.cos(np.arctan(far * slope)) ** 4).max() < 0.012
    assert left[0, 0] == pytest.approx(1 - strength, abs=0.02)
    assert left[120, 160] == pytest.approx(1, abs=0.006)


@pytest.mark.parametrize("angle", [0, 90, 180, -90, 45])
def test_uneven_illumination_comes_from_where_it_says(angle: float) -> None:
    left = light(run(WHITE, step("uneven_illumination", strength=0.6, angle=angle, patches=0)))
    y, x = np.mgrid[:240, :320]
    toward = (x - 159.5) * np.cos(np.radians(angle)) - (y - 119.5) * np.sin(np.radians(angle))
    assert np.corrcoef(left.ravel(), toward.ravel())[0, 1] > 0.99
    assert left.max() == pytest.approx(1, abs=0.02) and left.min() == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("seed", range(6))
def test_a_shadow_takes_its_share_of_the_light_and_reaches_the_edge(seed: int) -> None:
    left = light(run(WHITE, step("shadow", strength=0.5, softness=0, seed=seed)))
    dark = left < 0.75
    assert left[dark].mean() == pytest.approx(0.5, abs=0.02)
    assert 0.03 < dark.mean() < 0.9
    rim = np.concatenate([dark[0], dark[-1], dark[:, 0], dark[:, -1]])
    assert rim.any() and not rim.all()
    soft = light(run(WHITE, step("shadow", strength=0.5, softness=0.3, seed=seed)))
    assert np.abs(np.diff(soft, axis=1)).max() < 0.2 * np.abs(np.diff(left, axis=1)).max()


def test_a_shadow_is_a_little_blue() -> None:
    result = run(WHITE, step("shadow", strength=0.6, seed=1)).reshape(-1, 3).astype(int)
    darkest = result[result[:, 1].argmin()]
    assert darkest[0] > darkest[1] > darkest[2]


def test_sun_flare_is_brightest_at_the_sun_and_never_darkens() -> None:
    dark = np.full((240, 320, 3), 40, np.uint8)
    result = run(dark, step("sun_flare", x=0.25, y=0.5, ghosts=0, strength=0.8, seed=1)).astype(int)
    brightest = np.argwhere(result[:, :, 1] == result[:, :, 1].max()).mean(axis=0)
    assert brightest == pytest.approx([120, 80], abs=4)
    assert (result >= 40).all()
    assert result[120, 80, 1] > 200 > result[230, 310, 1]
    pixels = oracles.noise("bgr8", (320, 240))
    assert (run(pixels, step("sun_flare")).astype(int) >= pixels.astype(int) - 1).all()


def test_ghosts_lie_on_the_line_through_the_centre() -> None:
    dark = np.full((300, 300, 3), 40, np.uint8)
    plain, with_ghosts = (
        run(dark, step("sun_flare", x=0.1, y=0.1, ghosts=count, strength=1, seed=8)).astype(float).sum(axis=2)
        for count in (0, 5)
    )
    added = np.clip(with_ghosts - plain, 0, None)
    y, x = np.mgrid[:300, :300]
    assert added.sum() > 0
    off_line = (np.abs(x - y) * added).sum() / added.sum()
    assert off_line < 25


def test_chromatic_aberration_scales_red_and_blue_about_the_centre() -> None:
    pixels = np.dstack([oracles.ramp((201, 161), 0)] * 3)
    result = run(pixels, step("chromatic_aberration", red=0.02, blue=-0.01)) / oracles.RAMP_SCALE
    x = np.arange(201) + 0.5
    assert np.array_equal(run(pixels, step("chromatic_aberration"))[:, :, 1], pixels[:, :, 1])
    for at, factor in ((2, 1.02), (0, 0.99)):
        assert np.abs(result[80, 10:-10, at] - (100.5 + (x - 100.5) / factor)[10:-10]).max() < 0.05
    grey = oracles.noise("grey8")
    assert np.array_equal(run(grey, step("chromatic_aberration", red=0.05)), grey)
