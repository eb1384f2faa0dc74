"""Degradation: what sensors, film, compression and poor scaling leave behind."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from augtool import codec
from augtool.effects import Filter, Lut, Pixels
from augtool.fields import Within, uniform
from augtool.grain import normals, quantiles, random_bytes
from augtool.painting import banded, blended, depth, full_scale, size_of, spread
from augtool.registry import Seed, transform
from augtool.sample import Frame
from augtool.transforms.tone import to_linear, to_srgb

Quality = Annotated[int, Within(1, 100), "The encoder's own scale: 95 is hardly visible, 20 is blocky."]


@transform
def shot_noise(
    frame: Frame,  # noqa: ARG001 - every transform takes one
    *,
    photons: Annotated[
        float,
        Within(1, 1_000_000, log=True),
        "Photons that make a pixel white: 2000 is a phone by day, 300 indoors, 30 a night shot.",
    ] = uniform(400, 3000),
    seed: Seed,
) -> Filter:
    """Count light photon by photon: Poisson noise on linear light, in every channel of every pixel."""

    def count(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            return _from_table(pixels, random_bytes(seed, pixels.shape), _photon_table(photons))
        light = to_linear(pixels / 65535) * photons
        residuals = _residuals(photons).astype(np.float32)
        counted = light + residuals[pixels >> 8, random_bytes(seed, pixels.shape)] * np.sqrt(light)
        return np.rint(to_srgb(counted / photons) * 65535).astype(np.uint16)

    return Filter(count)


@transform
def iso_noise(
    frame: Frame,  # noqa: ARG001
    *,
    iso: Annotated[
        float,
        Within(50, 204_800, log=True),
        "Sensitivity a small sensor is set to; noise grows with its root.",
    ] = uniform(400, 2500),
    color: Annotated[
        float, Within(0, 2), "Colour blotches as a share of the brightness noise; 0 is grey noise."
    ] = uniform(0.15, 0.4),
    seed: Seed,
) -> Filter:
    """Add the noise of a small sensor at a high sensitivity: fine in brightness, blotchy in colour.

    The sensor holds 16,000 photons at ISO 100 and reads with an error of 2 electrons; the camera's own noise
    reduction smooths colour over about 4 pixels, as it does in most JPEGs.
    """
    table = _sensor_table(16_000 * 100 / iso, 2.0)

    def expose(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        coarse = (max(2, h // 4 + 1), max(2, w // 4 + 1), 3)
        # Enlarging takes a quarter of the blotches' strength.
        blotches: Any = normals(seed ^ 0x5EED, coarse) * np.float32(color * 1.3)
        blotches = cv2.resize(blotches, (w, h), interpolation=cv2.INTER_CUBIC)

        def add(part: Pixels, fine: Any, blotch: Any) -> Any:
            noise = fine if part.ndim == 2 else spread(fine, part) + blotch
            scale: Any = cv2.LUT(part, table) if part.dtype == np.uint8 else table[part >> 8]
            return cv2.add(part, noise * (scale * np.float32(full_scale(part))), dtype=depth(part))

        return banded(add, pixels, normals(seed, (h, w)), blotches)

    return Filter(expose)


@transform
def film_grain(
    frame: Frame,  # noqa: ARG001
    *,
    strength: Annotated[
        float, Within(0, 1), "Standard deviation in the mid-tones, as a share of full scale."
    ] = uniform(0.015, 0.04),
    size: Annotated[float, Within(0.5, 20), "Width of a grain in pixels."] = uniform(1.2, 2.2),
    seed: Seed,
) -> Filter:
    """Add the grain of film: clumps of grey, strongest in the mid-tones, gone in black and white.

    Filtered white noise with a strength that depends on the brightness: the form that AV1's film grain
    synthesis uses.
    """

    def expose(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        sigma = size / 2.355  # a grain's width at half its height
        grain: Any = cv2.GaussianBlur(normals(seed, (h, w)), (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        # What blurring takes from white noise, from the kernel itself: right for small kernels too.
        kernel = cv2.getGaussianKernel(2 * int(4 * sigma + 1) + 1, sigma)
        grain *= np.float32(strength * full_scale(pixels) / float((kernel**2).sum()))
        tone = np.linspace(0, 1, 256)
        table = np.sqrt(4 * tone * (1 - tone)).astype(np.float32)
        grey: Any = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        scale: Any = cv2.LUT(grey, table) if grey.dtype == np.uint8 else table[grey >> 8]
        return np.asarray(cv2.add(pixels, spread(grain * scale, pixels), dtype=depth(pixels)))

    return Filter(expose)


@transform
def jpeg_compression(
    frame: Frame,  # noqa: ARG001
    *,
    quality: Quality = uniform(40, 85),
) -> Filter:
    """Save as JPEG and open again: blocks, ringing, smeared colour. 16-bit pictures keep their depth."""
    return Filter(lambda pixels: _recoded(pixels, lambda part: _through(part, "jpeg", quality)))


@transform
def webp_compression(
    frame: Frame,  # noqa: ARG001
    *,
    quality: Quality = uniform(30, 80),
) -> Filter:
    """Save as lossy WebP and open again: softer than JPEG, flat areas lose their texture."""
    return Filter(lambda pixels: _recoded(pixels, lambda part: _through(part, "webp", quality)))


@transform
def downscale(
    frame: Frame,  # noqa: ARG001
    *,
    factor: Annotated[float, Within(0.01, 1), "Share of the width and height that is left."] = uniform(
        0.4, 0.8
    ),
    method: Annotated[
        Literal["nearest", "linear", "cubic"], "How it is enlarged again; nearest shows blocks."
    ] = "linear",
) -> Filter:
    """Shrink and enlarge to the old size: detail is lost, the size is not."""

    def shrink(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        small = max(1, round(w * factor)), max(1, round(h * factor))
        if small == (w, h):
            return pixels
        less = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(less, (w, h), interpolation=_ENLARGE[method]))

    return Filter(shrink)


@transform
def pixelate(
    frame: Frame,  # noqa: ARG001
    *,
    size: Annotated[int, Within(1, 1024), "Side of a block in pixels."] = uniform(3, 6),
) -> Filter:
    """Replace square blocks by their mean. Blocks start at the top left; those at the far edges are cut."""

    def blocks(pixels: Pixels) -> Pixels:
        if size == 1:
            return pixels
        w, h = size_of(pixels)
        across, down = -(-w // size), -(-h // size)
        room = (0, down * size - h, 0, across * size - w)
        padded: Any = cv2.copyMakeBorder(pixels, *room, cv2.BORDER_REPLICATE)
        means = cv2.resize(padded, (across, down), interpolation=cv2.INTER_AREA)
        whole: Any = cv2.resize(means, (across * size, down * size), interpolation=cv2.INTER_NEAREST)
        return np.ascontiguousarray(whole[:h, :w])

    return Filter(blocks)


@transform
def ringing(
    frame: Frame,  # noqa: ARG001
    *,
    cutoff: Annotated[
        float, Within(0.05, 1), "Highest frequency that is kept, as a share of the finest the pixels hold."
    ] = uniform(0.5, 0.8),
    amount: Annotated[float, Within(0, 1), "0 changes nothing, 1 is the full effect."] = uniform(0.5, 1.0),
) -> Filter:
    """Echo edges, as hard low-pass filters in scalers and scanners do (Gibbs' phenomenon).

    An ideal low-pass, a sinc cut off after six lobes, along rows and columns.
    """
    reach = int(np.ceil(6 / cutoff))
    kernel = cutoff * np.sinc(cutoff * np.arange(-reach, reach + 1))
    kernel /= kernel.sum()

    def echo(pixels: Pixels) -> Pixels:
        if cutoff == 1:
            return pixels
        sharp = cv2.sepFilter2D(pixels, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)
        return blended(pixels, np.asarray(sharp), amount)

    return Filter(echo)


@transform
def banding(
    frame: Frame,  # noqa: ARG001
    *,
    levels: Annotated[int, Within(2, 256), "Grey levels left in each channel."] = uniform(20, 48),
) -> Lut:
    """Round every value to one of a few levels: bands in skies and walls. The mean brightness stays."""
    return Lut((lambda value: np.rint(value * (levels - 1)) / (levels - 1),))


_ENLARGE = {"nearest": cv2.INTER_NEAREST_EXACT, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
_STRIP = 16_000  # pixels: a WebP side ends at 16383


def _recoded(pixels: Pixels, recode: Callable[[Pixels], Pixels]) -> Pixels:
    """Send pixels through an 8-bit codec; of 16-bit ones only the damage is taken over."""
    h, w = pixels.shape[:2]
    if max(h, w) > _STRIP:
        axis = 0 if h >= w else 1
        halves = np.array_split(pixels, 2, axis=axis)
        return np.concatenate([_recoded(np.ascontiguousarray(half), recode) for half in halves], axis=axis)
    if pixels.dtype == np.uint8:
        return recode(pixels)
    coarse = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    damage: Any = cv2.subtract(recode(coarse), coarse, dtype=cv2.CV_32F)
    return np.asarray(cv2.add(pixels, damage * np.float32(257), dtype=cv2.CV_16U))


def _through(pixels: Pixels, fmt: str, quality: int) -> Pixels:
    coded = codec.decode(codec.encode(pixels, fmt, quality=quality)[0]).pixels
    if coded.ndim > pixels.ndim:  # WebP knows no grey
        return np.asarray(cv2.cvtColor(coded, cv2.COLOR_BGR2GRAY))
    return coded


def _from_table(pixels: Pixels, draws: NDArray[np.uint8], table: NDArray[np.uint8]) -> Pixels:
    """Return table[value, draw] for every pixel."""
    index = pixels.astype(np.uint16)
    index <<= 8
    index |= draws
    return np.asarray(table.ravel().take(index))


@lru_cache(maxsize=8)
def _photon_table(photons: float) -> NDArray[np.uint8]:
    """Return for each 8-bit value and each of 256 equally likely draws the value that is counted."""
    light = to_linear(np.linspace(0, 1, 256)) * photons
    counts = light[:, None] + _residuals(photons) * np.sqrt(light)[:, None]
    return np.rint(to_srgb(counts / photons) * 255).astype(np.uint8)


@lru_cache(maxsize=8)
def _residuals(photons: float) -> NDArray[np.float64]:
    """Return quantiles of (count - mean) / root of the mean for 256 grey values: shape (256, 256).

    From the Poisson distribution itself where few photons come, from its Cornish-Fisher expansion, which
    is right to a tenth of a photon, where many do. The draws' mean is 0, as it must be.
    """
    light = to_linear(np.linspace(0, 1, 256)) * photons
    z = quantiles(256)
    rows = np.sqrt(light)[:, None] * z + (z * z - 1) / 6
    few = np.flatnonzero((light > 0) & (light < 40))
    numbers = np.arange(110)
    logs = np.concatenate([[0.0], np.cumsum(np.log(numbers[1:]))])
    for at in few:
        chances = np.exp(numbers * np.log(light[at]) - light[at] - logs)
        rows[at] = np.searchsorted(np.cumsum(chances), (np.arange(256) + 0.5) / 256) - light[at]
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.sqrt(np.maximum(light, 1e-9))[:, None] * (light > 0)[:, None])


def _sensor_table(photons: float, read: float) -> NDArray[np.float32]:
    """Return the noise's standard deviation, in encoded full scale, for each of 256 grey values."""
    tone = np.linspace(0, 1, 256)
    light = to_linear(tone)
    error = np.sqrt(light * photons + read * read) / photons
    return ((to_srgb(light + error) - to_srgb(light - error)) / 2).astype(np.float32)
