"""noise: its statistics, and that a seed is all it depends on."""

from statistics import NormalDist
from typing import Any

import numpy as np
import oracles
import pytest
from oracles import run, step

SIZE = (400, 300)


def flat(layout: str, share: float = 0.5) -> Any:
    dtype, channels = oracles.LAYOUTS[layout]
    return np.full((SIZE[1], SIZE[0], *channels), round(np.iinfo(dtype).max * share), dtype)


def grain(layout: str, name: str, share: float = 0.5, **values: Any) -> Any:
    """What was added, as a share of full scale."""
    pixels = flat(layout, share)
    return (run(pixels, step(name, **values)).astype(float) - pixels) / np.iinfo(pixels.dtype).max


@pytest.mark.parametrize("layout", ["grey8", "bgr8", "grey16", "bgr16"])
@pytest.mark.parametrize("std", [0.01, 0.03, 0.1])
def test_gaussian_noise_is_normal_and_of_the_asked_strength(layout: str, std: float) -> None:
    added = grain(layout, "gaussian_noise", std=std, seed=5)
    assert abs(added.mean()) < 0.02 * std
    assert added.std() == pytest.approx(std, rel=0.03)
    scaled = (added - added.mean()) / added.std()
    assert abs((scaled**3).mean()) < 0.05
    assert abs((scaled**4).mean() - 3) < 0.25
    full = np.iinfo(oracles.LAYOUTS[layout][0]).max
    level = int(2 * std * full) + 0.5  # the value beyond which a rounded one exceeds two deviations
    outside = 2 * (1 - NormalDist().cdf(level / (std * full)))
    assert np.mean(np.abs(added) * full > level) == pytest.approx(outside, abs=0.01)


@pytest.mark.parametrize("layout", ["grey8", "bgr16"])
def test_speckle_grows_with_the_value(layout: str) -> None:
    for share in (0.25, 0.5):
        added = grain(layout, "speckle_noise", share, std=0.08, seed=5)
        assert added.std() == pytest.approx(0.08 * share, rel=0.03)
        assert abs(added.mean()) < 0.004 * share
    assert not grain(layout, "speckle_noise", 0, std=1, seed=5).any()


@pytest.mark.parametrize("name", ["gaussian_noise", "speckle_noise"])
@pytest.mark.parametrize("layout", ["bgr8", "bgr16"])
def test_channels_and_neighbours_are_independent(name: str, layout: str) -> None:
    added = grain(layout, name, std=0.05, seed=9)
    channels = np.corrcoef(added.reshape(-1, 3).T)
    assert np.abs(channels - np.eye(3)).max() < 0.02
    for one, other in ((added[:, 1:], added[:, :-1]), (added[1:], added[:-1])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("layout", oracles.LAYOUTS)
def test_salt_and_pepper_come_in_the_asked_shares(layout: str) -> None:
    pixels = flat(layout)
    full = np.iinfo(pixels.dtype).max
    result = run(pixels, step("salt_pepper", amount=0.1, salt=0.3, seed=3)).reshape(*pixels.shape[:2], -1)
    colors = result[:, :, :3]
    assert (colors == colors[:, :, :1]).all(), "a pixel turns as a whole"
    white, black = (colors[:, :, 0] == full).mean(), (colors[:, :, 0] == 0).mean()
    assert white == pytest.approx(0.03, rel=0.1) and black == pytest.approx(0.07, rel=0.1)
    rest = (colors[:, :, 0] != full) & (colors[:, :, 0] != 0)
    assert (colors[rest] == pixels.reshape(result.shape)[0, 0, 0]).all()
    everything = run(pixels, step("salt_pepper", amount=1, salt=1, seed=3)).reshape(result.shape)
    assert (everything[:, :, :3] == full).all()


@pytest.mark.parametrize("layout", ["grey8", "bgr8", "grey16"])
@pytest.mark.parametrize("name", ["gaussian_noise", "speckle_noise", "salt_pepper"])
def test_the_seed_decides(name: str, layout: str) -> None:
    pixels = flat(layout)
    strength = {"amount": 0.1} if name == "salt_pepper" else {"std": 0.05}
    results = [run(pixels, step(name, seed=seed, **strength)) for seed in (1, 1, 2, 0, 2**32 - 1)]
    assert np.array_equal(results[0], results[1])
    for one in range(1, 5):
        for other in range(one + 1, 5):
            assert (results[one] != results[other]).mean() > 0.05


@pytest.mark.parametrize("layout", ["bgr8", "bgr16"])
def test_noise_stops_at_black_and_white(layout: str) -> None:
    dtype, _ = oracles.LAYOUTS[layout]
    full = np.iinfo(dtype).max
    for value in (0, full):
        pixels = np.full((64, 64, 3), value, dtype)
        result = run(pixels, step("gaussian_noise", std=0.1, seed=1)).astype(float)
        assert np.abs(result - value).max() < 0.6 * full, "wrapped around"
        assert (result == value).mean() > 0.4
