"""degrade: noise by its statistics, codecs by their own decoders, filters by their definitions."""

import io
from typing import Any

import numpy as np
import oracles
import pytest
from oracles import run, step
from PIL import Image
from scipy.stats import poisson

from augtool.transforms import degrade
from augtool.transforms.tone import to_linear

SIZE = (400, 300)


def flat(layout: str, share: float) -> Any:
    dtype, channels = oracles.LAYOUTS[layout]
    return np.full((SIZE[1], SIZE[0], *channels), round(np.iinfo(dtype).max * share), dtype)


@pytest.mark.parametrize("photons", [8, 60, 500, 5000])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_shot_noise_counts_photons(photons: float, share: float) -> None:
    pixels = flat("grey16", share)
    light = float(to_linear(pixels[0, 0] / np.array(65535)))
    counted = to_linear(run(pixels, step("shot_noise", photons=photons, seed=3)) / 65535) * photons
    if light + 4 * np.sqrt(light / photons) < 1:  # else white clips it
        assert counted.mean() == pytest.approx(light * photons, rel=0.01, abs=0.02)
        assert counted.var() == pytest.approx(light * photons, rel=0.04, abs=0.05)


def test_few_photons_follow_poissons_distribution() -> None:
    residuals = degrade._residuals(20.0)
    light = float(to_linear(np.array(180 / 255))) * 20
    counts = np.rint(residuals[180] * np.sqrt(light) + light)
    for number in range(4, 17):
        assert np.mean(counts == number) == pytest.approx(poisson.pmf(number, light), abs=0.012)


@pytest.mark.parametrize("layout", ["bgr8", "bgr16"])
def test_shot_noise_leaves_black_black_and_channels_apart(layout: str) -> None:
    assert not run(flat(layout, 0), step("shot_noise", photons=50)).any()
    grain = run(flat(layout, 0.4), step("shot_noise", photons=300)).reshape(-1, 3).astype(float)
    assert np.abs(np.corrcoef(grain.T) - np.eye(3)).max() < 0.02


def test_eight_and_sixteen_bits_get_the_same_shot_noise() -> None:
    stds = [run(flat(layout, 0.5), step("shot_noise", photons=200, seed=1)).std() / full
            for layout, full in (("grey8", 255), ("grey16", 65535))]  # fmt: skip
    assert stds[0] == pytest.approx(stds[1], rel=0.02)


def test_iso_noise_grows_with_the_root_of_the_sensitivity() -> None:
    low, high = (run(flat("grey16", 0.5), step("iso_noise", iso=iso, seed=1)).std() for iso in (400, 1600))
    assert high / low == pytest.approx(2, rel=0.06)


def test_iso_noise_in_colour_is_coarser_than_in_brightness() -> None:
    grain = run(flat("bgr16", 0.5), step("iso_noise", iso=3200, color=1, seed=1)).astype(float)
    assert np.array_equal(*(run(flat("bgr16", 0.5), step("iso_noise", iso=800, color=0, seed=1))[:, :, :2].T))

    def neighbours(plane: Any) -> float:
        plane = plane - plane.mean()
        return float((plane[:, 1:] * plane[:, :-1]).mean() / plane.var())

    assert neighbours(grain[:, :, 2] - grain[:, :, 0]) > 0.7
    assert neighbours(grain.mean(axis=2)) < 0.6


@pytest.mark.parametrize("layout", ["grey8", "bgr8", "grey16"])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_film_grain_has_the_asked_strength_in_mid_tones_and_none_in_black(layout: str, size: float) -> None:
    pixels = flat(layout, 0.5)
    grain = run(pixels, step("film_grain", strength=0.05, size=size, seed=1)) / np.iinfo(pixels.dtype).max
    assert grain.std() == pytest.approx(0.05, rel=0.08)
    assert abs(grain.mean() - 0.5) < 0.004
    assert not run(flat(layout, 0), step("film_grain", strength=0.5)).any()
    white = flat(layout, 1)
    assert np.array_equal(run(white, step("film_grain", strength=0.5)), white)


@pytest.mark.parametrize("layout", ["grey8", "bgr8"])
@pytest.mark.parametrize("quality", [5, 50, 95])
def test_jpeg_compression_is_what_another_decoder_reads(layout: str, quality: int) -> None:
    pixels = oracles.smooth(layout)
    result = run(pixels, step("jpeg_compression", quality=quality)).astype(int)
    buffer = io.BytesIO()
    Image.fromarray(pixels if pixels.ndim == 2 else pixels[:, :, ::-1].copy()).save(
        buffer, "JPEG", quality=quality
    )
    read = np.asarray(Image.open(buffer)).astype(int)
    assert np.abs(result - (read if pixels.ndim == 2 else read[:, :, ::-1])).mean() < 2.5


@pytest.mark.parametrize("name", ["jpeg_compression", "webp_compression"])
@pytest.mark.parametrize("layout", ["grey8", "bgr8", "grey16", "bgr16"])
def test_compression_loses_more_at_lower_quality(name: str, layout: str) -> None:
    pixels = oracles.smooth(layout) // 2 + oracles.noise(layout, (64, 48)) // 4
    errors = [
        np.abs(run(pixels, step(name, quality=quality)).astype(float) - pixels).mean()
        for quality in (5, 50, 98)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_compression_keeps_the_depth_of_16_bits() -> None:
    ramp = np.tile(np.linspace(20_000, 40_000, 512).astype(np.uint16), (64, 1))
    result = run(ramp, step("jpeg_compression", quality=95))
    assert len(np.unique(result)) > 300
    assert np.abs(result.astype(int) - ramp).max() < 3 * 257


def test_compression_takes_pictures_larger_than_the_format_holds() -> None:
    for shape in ((16_400, 3), (3, 16_400)):
        pixels = np.full(shape, 90, np.uint8)
        assert np.abs(run(pixels, step("webp_compression", quality=80)).astype(int) - 90).max() <= 3


@pytest.mark.parametrize("layout", ["grey8", "bgr16"])
@pytest.mark.parametrize("size", [2, 5, 40])
def test_pixelate_shows_the_means_of_blocks(layout: str, size: int) -> None:
    pixels = oracles.noise(layout, (20 * size // 4 + 1, 15))
    result = run(pixels, step("pixelate", size=size))
    block = pixels[:size, :size]
    if block.shape[:2] == (size, size):
        assert np.abs(result[0, 0] - block.reshape(size * size, -1).mean(axis=0)).max() <= 1
        assert (result[:size, :size] == result[0, 0]).all()
    assert result.shape == pixels.shape


def test_downscale_keeps_only_what_the_small_picture_holds() -> None:
    fine = np.tile(np.array([[0, 255], [255, 0]], np.uint8), (40, 40))
    assert np.ptp(run(fine, step("downscale", factor=0.5))[4:-4, 4:-4]) <= 1
    wide = oracles.smooth("bgr8")
    assert np.abs(run(wide, step("downscale", factor=0.5)).astype(int) - wide).max() < 12
    blocks = run(wide, step("downscale", factor=0.25, method="nearest"))
    assert np.array_equal(blocks[0::4], blocks[3::4])


def test_ringing_echoes_an_edge_and_keeps_flat_areas() -> None:
    edge = np.full((64, 64), 60, np.uint8)
    edge[:, 32:] = 180
    row = run(edge, step("ringing", cutoff=0.5, amount=1))[32].astype(int)
    assert row.max() > 186 and row.min() < 54
    assert np.abs(row[[4, 60]] - [60, 180]).max() <= 3
    # Below the cutoff a wave passes, above it none does.
    y = np.arange(256)
    for period, kept in ((16, 1.0), (3, 0.0)):
        wave = np.rint(30000 + 20000 * np.sin(2 * np.pi * y / period)).astype(np.uint16)
        left = run(np.tile(wave, (64, 1)), step("ringing", cutoff=0.4, amount=1))[32, 64:-64].astype(float)
        assert left.std() / wave.std() == pytest.approx(kept, abs=0.1)


@pytest.mark.parametrize("levels", [2, 7, 64])
def test_banding_leaves_so_many_levels_and_the_mean(levels: int) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    result = run(ramp, step("banding", levels=levels))
    assert len(np.unique(result)) == levels
    assert result.mean() == pytest.approx(ramp.mean(), rel=1e-3)
    assert np.abs(result.astype(int) - ramp).max() <= 65535 / (levels - 1) / 2 + 1
