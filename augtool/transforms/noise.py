"""Noise, drawn from a recorded seed: the same seed gives the same grain on every run."""

from __future__ import annotations

from typing import Annotated, Any

import cv2
import numpy as np

from augtool.effects import Filter, Pixels
from augtool.fields import Within, uniform
from augtool.grain import lookup, normal_table, normals, quantiles, random_bytes, stream
from augtool.registry import Seed, transform
from augtool.sample import Frame

Strength = Annotated[float, Within(0, 1), "Standard deviation as a share of full scale (0.02 is 5 of 255)."]


@transform
def gaussian_noise(
    frame: Frame,  # noqa: ARG001 - every transform takes one
    *,
    std: Strength = uniform(0.01, 0.03),
    seed: Seed,
) -> Filter:
    """Add normally distributed noise, independent in every pixel and channel."""

    def add(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            # Whole grey levels drawn with the normal's own probabilities: add and clip in one pass.
            grain = lookup(random_bytes(seed, pixels.shape), normal_table(std * 255))
            return np.asarray(cv2.add(pixels, grain, dtype=cv2.CV_8U))
        noisy = pixels.astype(np.float32) + normals(seed, pixels.shape) * np.float32(std * 65535)
        return np.clip(np.rint(noisy), 0, 65535).astype(np.uint16)

    return Filter(add)


@transform
def speckle_noise(
    frame: Frame,  # noqa: ARG001
    *,
    std: Annotated[float, Within(0, 1), "Standard deviation as a share of the pixel's own value."] = uniform(
        0.02, 0.08
    ),
    seed: Seed,
) -> Filter:
    """Multiply every pixel by 1 plus normal noise: bright areas get more, black stays black."""

    def multiply(pixels: Pixels) -> Pixels:
        if pixels.dtype == np.uint8:
            words = random_bytes(seed, pixels.shape)
            grain: Any = cv2.LUT(words, (1 + std * quantiles(256)).astype(np.float32))
            return np.asarray(cv2.multiply(pixels, grain, dtype=cv2.CV_8U))
        noisy: Any = pixels * (1 + normals(seed, pixels.shape) * np.float32(std))
        return np.asarray(np.clip(np.rint(noisy), 0, 65535), np.uint16)

    return Filter(multiply)


@transform
def salt_pepper(
    frame: Frame,
    *,
    amount: Annotated[float, Within(0, 1), "Share of the pixels that are replaced."] = uniform(0.002, 0.01),
    salt: Annotated[float, Within(0, 1), "Share of those that turn white; the rest turn black."] = 0.5,
    seed: Seed,
) -> Filter:
    """Turn single pixels white or black."""
    full = 65535 if frame.bits == 16 else 255

    def replace(pixels: Pixels) -> Pixels:
        h, w = pixels.shape[:2]
        draw = stream(seed).integers(0, 2**32, size=(h, w), dtype=np.uint32)
        struck = draw < amount * 2**32
        white = draw < amount * salt * 2**32
        result = pixels.copy()
        result[struck] = 0
        result[white] = full
        return result

    return Filter(replace)
