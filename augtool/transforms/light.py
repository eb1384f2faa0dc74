"""Light and optics: flare, shadows, uneven light, and what lenses do to it."""

from __future__ import annotations

import math
from typing import Annotated, Any

import cv2
import numpy as np

from augtool.effects import Filter, Pixels
from augtool.fields import Within, uniform
from augtool.grain import clouds, uniforms
from augtool.painting import ENCODING, Map, grid, lit, scaled, size_of
from augtool.registry import Seed, transform
from augtool.sample import Frame


@transform
def vignette(
    frame: Frame,  # noqa: ARG001 - every transform takes one
    *,
    strength: Annotated[float, Within(0, 0.99), "Share of the light that is lost in the corners."] = uniform(
        0.2, 0.5
    ),
) -> Filter:
    """Darken towards the corners by the fourth power of the cosine, the natural law of wide lenses."""

    def shade(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        x, y = grid((w, h))
        # The square of the distance from the centre, 1 in the corners.
        square = ((x - w / 2) ** 2 + (y - h / 2) ** 2) / np.float32((w * w + h * h) / 4)
        slope = np.float32((1 - strength) ** -0.5 - 1)
        light = (1 + slope * square) ** np.float32(-2 * ENCODING)
        return scaled(pixels, light.astype(np.float32))

    return Filter(shade)


@transform
def uneven_illumination(
    frame: Frame,  # noqa: ARG001
    *,
    strength: Annotated[
        float, Within(0, 0.95), "Share of the light that is missing on the dark side."
    ] = uniform(0.2, 0.5),
    angle: Annotated[
        float, Within(-180, 180), "Where the light comes from, degrees counter-clockwise from the right."
    ] = uniform(-180, 180),
    patches: Annotated[float, Within(0, 1), "Added unevenness: 0 is a plain slope."] = uniform(0.1, 0.4),
    seed: Seed,
) -> Filter:
    """Light the scene from one side: a slope from bright to dark, with soft patches."""

    def shade(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        x, y = grid((w, h))
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        reach = abs(cos) * w + abs(sin) * h
        # 0 where the light comes from, 1 on the far side.
        far = np.float32(0.5) - (np.float32(cos) * (x - w / 2) - np.float32(sin) * (y - h / 2)) / np.float32(
            reach
        )
        far = np.clip(far + clouds(seed, (w, h), 2, octaves=2) * np.float32(patches * 0.35), 0, 1)
        light = (1 - np.float32(strength) * far) ** np.float32(ENCODING)
        return scaled(pixels, light.astype(np.float32))

    return Filter(shade)


@transform
def shadow(
    frame: Frame,  # noqa: ARG001
    *,
    strength: Annotated[
        float, Within(0, 0.95), "Share of the light that is missing in the shadow."
    ] = uniform(0.3, 0.6),
    softness: Annotated[
        float, Within(0, 0.5), "Width of its edge, as a share of the shorter side."
    ] = uniform(0.01, 0.05),
    corners: Annotated[int, Within(3, 12), "Corners of the thing that casts it."] = uniform(3, 6),
    seed: Seed,
) -> Filter:
    """Let something outside the picture cast a shadow across it: one that touches the picture's edge."""

    def shade(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        dark = _cast(uniforms(seed, (2 * corners + 2,)), (w, h), corners)
        blur = softness * min(w, h) / 2.5
        if blur > 0.2:
            dark = _wide_blur(dark, blur)
        # The sky still lights a shadow: blue loses a little less than red.
        return _shaded(pixels, dark, strength, (1.04, 1.0, 0.93))

    return Filter(shade)


@transform
def sun_flare(
    frame: Frame,  # noqa: ARG001
    *,
    x: Annotated[float, Within(-0.5, 1.5), "The sun, share of the width; it may lie outside."] = uniform(
        0, 1
    ),
    y: Annotated[float, Within(-0.5, 1.5), "The sun, share of the height."] = uniform(-0.1, 0.35),
    strength: Annotated[float, Within(0, 1), "Brightness of the glare beside the sun."] = uniform(0.35, 0.7),
    size: Annotated[float, Within(0.01, 1), "Of the glare, as a share of the longer side."] = uniform(
        0.12, 0.25
    ),
    ghosts: Annotated[int, Within(0, 20), "Reflections between the lenses."] = uniform(2, 6),
    seed: Seed,
) -> Filter:
    """Shoot into the sun: glare, a veil, faint rays and a row of reflections through the centre."""

    def shine(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        sun, side = (x * w, y * h), float(max(w, h))
        across, down = grid((w, h))
        dx, dy = across - np.float32(sun[0]), down - np.float32(sun[1])
        near = np.sqrt(dx * dx + dy * dy) / np.float32(size * side)
        rays = _rays(seed, dx, dy)
        # A bright core, a halo that falls like 1/r^2 and is broken into rays, a veil over everything.
        glare = np.exp(-((near / np.float32(0.35)) ** 2)) + np.float32(0.55) * rays / (1 + (near * 2.2) ** 2)
        glare = np.float32(strength) * (glare + np.float32(0.12) * np.exp(-near / 3))
        result = lit(pixels, glare.astype(np.float32), (1.0, 0.96, 0.86))
        return _reflections(result, sun, strength, size * side, uniforms(seed + 1, (ghosts, 4)))

    return Filter(shine)


@transform
def chromatic_aberration(
    frame: Frame,  # noqa: ARG001
    *,
    red: Annotated[
        float, Within(-0.05, 0.05), "How much larger red is drawn; 0.002 is 1 pixel 500 from the centre."
    ] = uniform(-0.003, 0.003),
    blue: Annotated[float, Within(-0.05, 0.05), "The same for blue."] = uniform(-0.003, 0.003),
) -> Filter:
    """Draw red and blue a little larger or smaller than green: coloured fringes away from the centre.

    Lateral chromatic aberration, which simple lenses have. Grey pictures stay.
    """

    def fringe(pixels: Pixels) -> Pixels:
        if pixels.ndim == 2:
            return pixels
        w, h = size_of(pixels)
        planes: list[Any] = list(cv2.split(pixels))
        for at, more in ((0, blue), (2, red)):
            if more:
                factor, cx, cy = 1 + more, (w - 1) / 2, (h - 1) / 2
                matrix = np.array([[factor, 0, cx * (1 - factor)], [0, factor, cy * (1 - factor)]])
                planes[at] = cv2.warpAffine(planes[at], matrix, (w, h), borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.merge(planes))

    return Filter(fringe)


def _cast(draws: Any, size: tuple[int, int], corners: int) -> Map:
    """Return a polygon as a map of 0 and 1 with smooth edges, standing on the picture's edge."""
    w, h = size
    spin, place = draws[:2]
    turns = np.sort(draws[2 : 2 + corners])
    turns = 2 * math.pi * (0.35 * turns + 0.65 * (np.arange(corners) + 0.5) / corners)
    reach = max(w, h) * (0.3 + 0.25 * draws[2 + corners :][:corners])
    angle = 2 * math.pi * spin
    middle = np.array(
        [w / 2 + math.cos(angle) * w * (0.35 + 0.2 * place), h / 2 + math.sin(angle) * h * 0.45]
    )
    points = middle + reach[:, None] * np.stack([np.cos(turns + angle), np.sin(turns + angle)], axis=1)
    mask = np.zeros((h, w), np.uint8)
    cv2.fillPoly(mask, [np.rint(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / np.float32(255)


def _wide_blur(plane: Map, sigma: float) -> Map:
    """Blur a map by any amount at the same small cost: on a smaller copy where it is strong."""
    h, w = plane.shape
    less = max(1.0, sigma / 4)
    small = max(1, round(w / less)), max(1, round(h / less))
    if less == 1 or min(small) < 8:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))
    coarse = cv2.resize(plane, small, interpolation=cv2.INTER_AREA)
    coarse = cv2.GaussianBlur(coarse, (0, 0), sigma * small[0] / w, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR))


def _shaded(pixels: Pixels, dark: Map, strength: float, color: tuple[float, float, float]) -> Pixels:
    """Take a share of the light where ``dark`` is 1; ``color`` weighs the loss for red, green, blue."""
    losses = [min(strength * weight, 0.99) for weight in (color if pixels.ndim == 3 else (1.0,))]
    gains = [(1 - np.float32(loss) * dark) ** np.float32(ENCODING) for loss in reversed(losses)]
    gain: Any = gains[0] if pixels.ndim == 2 else cv2.merge(gains)
    return np.asarray(
        cv2.multiply(pixels, gain, dtype=cv2.CV_16U if pixels.dtype == np.uint16 else cv2.CV_8U)
    )


def _rays(seed: int, dx: Map, dy: Map) -> Map:
    """Return soft rays around the sun, about 1: a few waves around the circle with random phases."""
    turn = np.arctan2(dy, dx)
    phases = uniforms(seed, (4,)) * 2 * math.pi
    waves = sum(
        np.cos(turn * number + np.float32(phase))
        for number, phase in zip((5, 8, 13, 21), phases, strict=True)
    )
    return np.asarray(np.exp(waves * np.float32(0.22)), np.float32)


def _reflections(
    pixels: Pixels, sun: tuple[float, float], strength: float, size: float, draws: Any
) -> Pixels:
    """Add discs of pale colour on the line from the sun through the centre."""
    w, h = size_of(pixels)
    colors = ((0.55, 0.9, 0.75), (1.0, 0.75, 0.5), (0.6, 0.7, 1.0), (0.95, 0.9, 0.6))
    for at, (along, wide, bright, hue) in enumerate(draws):
        step = 0.5 + 1.6 * (at + along) / len(draws)
        place = (sun[0] + (w / 2 - sun[0]) * step, sun[1] + (h / 2 - sun[1]) * step)
        radius = size * (0.06 + 0.28 * wide)
        disc = np.zeros((h, w), np.uint8)
        middle, round_ = (round(place[0] * 16), round(place[1] * 16)), round(radius * 16)
        cv2.circle(disc, middle, round_, 160, -1, cv2.LINE_AA, 4)
        cv2.circle(disc, middle, round_, 255, max(1, round(radius * 0.08)), cv2.LINE_AA, 4)
        soft: Any = _wide_blur(disc.astype(np.float32), max(0.5, radius * 0.07))
        light = soft * np.float32(strength * (0.1 + 0.16 * bright) / 255)
        pixels = lit(pixels, light, colors[int(hue * len(colors))])
    return pixels
