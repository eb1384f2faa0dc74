"""Light and optics: flare, shadows, uneven light, and what lenses do to it."""

from __future__ import annotations

import math
from typing import Annotated, Any

import cv2
import numpy as np

from augtool.effects import Filter, Pixels
from augtool.fields import Within, uniform
from augtool.grain import clouds, uniforms
from augtool.painting import ENCODING, Map, banded, depth, grid, scaled, screened, size_of, wide_blur
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
            dark = wide_blur(dark, blur)
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
        # Light has no fine detail: it is worked out on a smaller copy of at least 400 pixels a side.
        less = max(1, min(w, h) // 400)
        small = (max(1, w // less), max(1, h // less))
        light = _glare(seed, small, (x, y), size) * np.array([1.0, 0.96, 0.86], np.float32)
        light += _reflections(small, (x, y), size, uniforms(seed + 1, (ghosts, 4)))
        light *= np.float32(strength)
        if less > 1:
            light = np.asarray(cv2.resize(light, (w, h), interpolation=cv2.INTER_LINEAR))
        return screened(pixels, light)

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


def _shaded(pixels: Pixels, dark: Map, strength: float, color: tuple[float, float, float]) -> Pixels:
    """Take a share of the light where ``dark`` is 1; ``color`` weighs the loss for red, green, blue."""
    losses = [min(strength * weight, 0.99) for weight in (color if pixels.ndim == 3 else (1.0,))]

    def shade(part: Pixels, cover: Map) -> Any:
        gains = [(1 - np.float32(loss) * cover) ** np.float32(ENCODING) for loss in reversed(losses)]
        gain: Any = gains[0] if part.ndim == 2 else cv2.merge(gains)
        return cv2.multiply(part, gain, dtype=depth(part))

    return banded(shade, pixels, dark)


def _glare(seed: int, extent: tuple[int, int], sun: tuple[float, float], size: float) -> Map:
    """Return the light around the sun, shape (H, W, 1), 1 and a little more in its middle."""
    w, h = extent
    across, down = grid(extent)
    dx, dy = across - np.float32(sun[0] * w), down - np.float32(sun[1] * h)
    near = np.sqrt(dx * dx + dy * dy) / np.float32(size * max(w, h))
    # Soft rays: a few waves around the circle with random phases.
    turn = np.arctan2(dy, dx)
    phases = uniforms(seed, (4,)) * 2 * math.pi
    waves = [
        np.cos(turn * number + np.float32(phase))
        for number, phase in zip((5, 8, 13, 21), phases, strict=True)
    ]
    rays = np.exp(np.sum(waves, axis=0) * np.float32(0.22))
    # A bright core, a halo that falls like 1 / r^2 and is broken into rays, a veil over everything.
    core = np.exp(-((near / np.float32(0.35)) ** 2))
    halo = np.float32(0.55) * rays / (1 + (near * np.float32(2.2)) ** 2)
    return np.asarray(core + halo + np.float32(0.12) * np.exp(-near / 3), np.float32)[:, :, None]


def _reflections(extent: tuple[int, int], sun: tuple[float, float], size: float, draws: Any) -> Map:
    """Return discs of pale light on the line from the sun through the centre, shape (H, W, 3)."""
    w, h = extent
    light = np.zeros((h, w, 3), np.float32)
    colors = ((0.55, 0.9, 0.75), (1.0, 0.75, 0.5), (0.6, 0.7, 1.0), (0.95, 0.9, 0.6))
    for at, (along, wide, bright, hue) in enumerate(draws):
        step = 0.5 + 1.6 * (at + along) / len(draws)
        place = (sun[0] + (0.5 - sun[0]) * step) * w, (sun[1] + (0.5 - sun[1]) * step) * h
        radius = size * max(w, h) * (0.06 + 0.28 * wide)
        disc = np.zeros((h, w), np.uint8)
        middle, round_ = (round(place[0] * 16), round(place[1] * 16)), round(radius * 16)
        cv2.circle(disc, middle, round_, 160, -1, cv2.LINE_AA, 4)
        cv2.circle(disc, middle, round_, 255, max(1, round(radius * 0.08)), cv2.LINE_AA, 4)
        soft = wide_blur(disc.astype(np.float32), max(0.5, radius * 0.07))
        color = np.array(colors[int(hue * len(colors))]) * (0.12 + 0.18 * bright) / 255
        light += soft[:, :, None] * color.astype(np.float32)
    return light
