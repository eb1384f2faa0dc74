"""weather: what each does to light, and that its look does not hang on the resolution."""

from typing import Any

import cv2
import numpy as np
import pytest
from oracles import frozen, run, step

from augtool.effects import Filter
from augtool.render import frame_of, stages
from augtool.warp import Source


def flat(value: int = 60, size: tuple[int, int] = (320, 240), bits: int = 8) -> Any:
    return np.full(
        (size[1], size[0], 3), value * (257 if bits == 16 else 1), np.uint16 if bits == 16 else np.uint8
    )


def luma(pixels: Any) -> Any:
    return pixels.astype(float) @ [0.114, 0.587, 0.299]


@pytest.mark.parametrize("name", ["rain", "snow", "fog"])
def test_it_brightens_the_dark_and_more_the_more_there_is(name: str) -> None:
    amount = {"rain": "drops", "snow": "flakes", "fog": "density"}[name]
    haze = {} if name == "fog" else {"haze": 0}
    weak, strong = (0.2, 0.6) if name == "fog" else (0.5, 3)
    means = [
        luma(run(flat(), step(name, seed=1, **{amount: value}, **haze))).mean() for value in (0, weak, strong)
    ]
    assert means[0] == pytest.approx(60, abs=0.01)
    assert means[0] < means[1] < means[2]


@pytest.mark.parametrize("name", ["rain", "snow", "fog", "spatter"])
def test_16_bits_look_like_8(name: str) -> None:
    shallow = run(flat(), step(name, seed=3)).astype(float)
    deep = run(flat(bits=16), step(name, seed=3)) / 257
    assert np.abs(deep - shallow).max() <= 1.5


@pytest.mark.parametrize("name", ["rain", "snow", "fog", "spatter"])
def test_twice_the_resolution_looks_alike(name: str) -> None:
    small = luma(run(flat(), step(name, seed=5)))
    large = luma(run(flat(size=(640, 480)), step(name, seed=5)))
    assert large.mean() == pytest.approx(small.mean(), abs=0.15 * abs(small.mean() - 60) + 1.5)
    blurred = [
        cv2.resize(cv2.GaussianBlur(each, (0, 0), each.shape[0] / 20), (16, 12)).ravel()
        for each in (small, large)
    ]
    assert np.corrcoef(*blurred)[0, 1] > 0.75


def test_rain_falls_along_its_angle() -> None:
    for angle in (-30, 0, 30):
        grey = luma(run(flat(), step("rain", drops=1, angle=angle, haze=0, seed=2, length=0.2))).astype(
            np.float32
        )
        across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
        # The structure tensor's minor axis runs along the streaks.
        direction = 0.5 * np.degrees(np.arctan2(2 * (across * down).mean(), (across**2 - down**2).mean()))
        assert -direction == pytest.approx(angle, abs=4)


def test_fog_is_koschmieders_law_where_it_is_even() -> None:
    for value in (0, 100, 230):
        result = run(flat(value), step("fog", density=0.4, near=1, patches=0))
        air = np.array([0.84, 0.82, 0.8]) * 255
        assert np.abs(result - (0.6 * value + 0.4 * air)).max() <= 0.51


def test_fog_thickens_towards_the_top() -> None:
    rows = luma(run(flat(0), step("fog", density=0.5, near=0.2, patches=0))).mean(axis=1)
    assert (np.diff(rows) <= 0.01).all()
    assert rows[0] == pytest.approx(0.5 * 0.82 * 255, rel=0.03)
    assert rows[-1] == pytest.approx((1 - 0.5**0.2) * 0.82 * 255, rel=0.06)


@pytest.mark.parametrize("amount", [0.03, 0.2])
def test_mud_hides_what_it_says_and_nearly_its_share(amount: float) -> None:
    size = (320, 240)
    steps = frozen(step("spatter", kind="mud", amount=amount, size=0.08, seed=9))
    (stage,) = stages(steps, frame_of(Source(flat())))
    assert isinstance(stage.effect, Filter) and stage.effect.covers is not None
    covered = stage.effect.covers(size) > 0
    black, white = (stage.effect.function(flat(value)).astype(int) for value in (0, 255))
    assert np.abs(white - black)[covered].max() <= 6
    assert (white - black)[~covered].mean() > 200
    assert 0.3 * amount < covered.mean() <= amount * 1.1
    water = stages(frozen(step("spatter", kind="water")), frame_of(Source(flat())))[0].effect
    assert isinstance(water, Filter) and water.covers is None
