"""Paper: what folding, age and cheap stock do to a page. Meant for scans and photographs of documents."""

from __future__ import annotations

import math
from typing import Annotated, Any

import cv2
import numpy as np

from augtool.effects import Filter, Pixels
from augtool.fields import Within, choice, uniform
from augtool.grain import clouds, normals, uniforms
from augtool.painting import ENCODING, Map, banded, depth, full_scale, grid, scaled, size_of, spread
from augtool.registry import Seed, transform
from augtool.sample import Frame


@transform
def crease(
    frame: Frame,  # noqa: ARG001 - every transform takes one
    *,
    lines: Annotated[int, Within(1, 40), "How many creases."] = uniform(2, 6),
    strength: Annotated[float, Within(0, 1), "Depth of their light and shade."] = uniform(0.25, 0.55),
    seed: Seed,
) -> Filter:
    """Crumple the page: irregular creases, a bright ridge with shade on one side, and facets between them."""

    def press(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        light = np.zeros((h, w), np.float32)
        for number in range(lines):
            light += _creased(seed + 7 * number, (w, h))
        gain = np.exp(np.clip(light, -1.5, 1.5) * np.float32(strength * ENCODING))
        return scaled(pixels, gain.astype(np.float32))

    return Filter(press)


@transform
def fold_shadow(
    frame: Frame,  # noqa: ARG001
    *,
    position: Annotated[
        float, Within(0, 1), "Where the fold runs: 0 left or top, 1 right or bottom."
    ] = uniform(0.3, 0.7),
    angle: Annotated[float, Within(-90, 90), "Degrees from level, counter-clockwise."] = choice(
        0.0, 90.0, 88.0, -1.5
    ),
    strength: Annotated[float, Within(0, 0.95), "Share of the light missing at the fold."] = uniform(
        0.15, 0.4
    ),
    width: Annotated[float, Within(0.005, 1), "Of the shade, as a share of the shorter side."] = uniform(
        0.08, 0.25
    ),
) -> Filter:
    """Fold the page once: one half turns from the light, its shade deepest at a thin line along the fold."""

    def fold(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        x, y = grid((w, h))
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        reach = abs(sin) * w + abs(cos) * h
        side = np.float32(sin) * (x - w / 2) + np.float32(cos) * (y - h / 2)
        beyond = side + np.float32((0.5 - position) * reach)  # pixels past the fold, negative before it
        short = min(w, h)
        shade = np.where(beyond > 0, np.exp(-np.abs(beyond) / (width * short)) * 0.8 + 0.2, 0)
        line = np.exp(-((beyond / max(0.8, 0.0022 * short)) ** 2))
        glow = np.where(beyond <= 0, np.exp(-np.abs(beyond) / (0.3 * width * short)), 0)
        gain = (1 - strength * (shade * 0.75 + line * 0.5)) * (1 + 0.12 * strength * glow)
        return scaled(pixels, (np.clip(gain, 0.02, 2) ** ENCODING).astype(np.float32))

    return Filter(fold)


@transform
def bleed_through(
    frame: Frame,  # noqa: ARG001
    *,
    strength: Annotated[float, Within(0, 1), "How dark the other side's ink shows."] = uniform(0.08, 0.22),
    sigma: Annotated[
        float, Within(0, 0.02), "How far it spreads in the paper, as a share of the shorter side."
    ] = uniform(0.001, 0.0025),
    x: Annotated[float, Within(-1, 1), "Offset of the other side, share of the width."] = uniform(
        -0.05, 0.05
    ),
    y: Annotated[float, Within(-1, 1), "Offset of the other side, share of the height."] = uniform(
        -0.08, 0.08
    ),
) -> Filter:
    """Let the back of the page show through: its ink, mirrored and blurred. The back is the page itself."""

    def soak(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        grey: Any = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        spot = max(0.3, sigma * min(w, h))
        back: Any = cv2.GaussianBlur(cv2.flip(grey, 1), (0, 0), spot, borderType=cv2.BORDER_REPLICATE)
        # Ink is what is darker than the paper around it, so shade and photographs bleed less.
        ink = _ink(back, min(w, h))
        move = np.array([[1.0, 0, round(x * w)], [0, 1.0, round(y * h)]])
        moved: Any = cv2.warpAffine(ink, move, (w, h), borderMode=cv2.BORDER_CONSTANT)
        return scaled(pixels, 1 - np.float32(strength) * moved)

    return Filter(soak)


@transform
def ink_fade(
    frame: Frame,  # noqa: ARG001
    *,
    strength: Annotated[float, Within(0, 1), "Share of the ink that is gone where it is palest."] = uniform(
        0.3, 0.65
    ),
    size: Annotated[float, Within(0.01, 2), "Of the patches, as a share of the longer side."] = uniform(
        0.1, 0.4
    ),
    seed: Seed,
) -> Filter:
    """Let ink fade or toner run low: strokes grow pale in patches, the paper stays as it is."""

    def fade(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        gone = 0.5 + 0.42 * clouds(seed, (w, h), 1 / size, octaves=3)
        speckle = normals(seed + 99, (h, w)) * np.float32(0.18)
        gone = np.clip(gone + cv2.GaussianBlur(speckle, (0, 0), 0.7), 0, 1) * np.float32(strength)
        paper: Any = _paper(pixels, min(w, h))

        def lift(part: Pixels, bright: Pixels, share: Map) -> Any:
            lost: Any = cv2.subtract(bright, part, dtype=cv2.CV_32F)
            return cv2.add(part, np.maximum(lost, 0) * spread(share, part), dtype=depth(part))

        return banded(lift, pixels, paper, gone.astype(np.float32))

    return Filter(fade)


def _creased(seed: int, size: tuple[int, int]) -> Map:
    """Return the light on a page with one crease: a wavering line between light and shade."""
    w, h = size
    angle, place, side, length, where = uniforms(seed, (5,))
    cos, sin = np.float32(math.cos(math.pi * angle)), np.float32(math.sin(math.pi * angle))
    x, y = grid(size)
    short, long = np.float32(min(w, h)), np.float32(max(w, h))
    reach = np.float32(abs(sin) * w + abs(cos) * h)
    # Distance from the line in shares of the shorter side, and along it of the longer.
    across = (sin * (x - w / 2) + cos * (y - h / 2) + np.float32(place - 0.5) * reach) / short
    across += clouds(seed + 1, size, 7, octaves=4) * np.float32(0.012)
    along = (cos * (x - w / 2) - sin * (y - h / 2)) / long - np.float32((where - 0.5) * 0.6)
    # A crease fades out towards its ends.
    along *= np.float32(1 / (0.25 + 0.5 * length))
    along *= along
    light = _profile(across, 1 if side < 0.5 else -1, float(short))
    return np.asarray(light * cv2.exp(-along * along))


def _profile(across: Any, sign: int, short: float) -> Map:
    """Return the light across a crease from a table: a bright ridge, shade beside it, a facet either side."""
    table_at = np.linspace(-0.5, 0.5, 8192)
    sharp, wide = table_at / max(0.9 / short, 0.0022), table_at / 0.06
    light = 0.9 * np.exp(-(sharp**2)) - 0.9 * np.exp(-((sharp - 2.2 * sign) ** 2))
    light += 0.55 * sign * wide * np.exp(-np.abs(wide))
    index = np.clip(across * np.float32(8191) + np.float32(4096), 0, 8191).astype(np.uint16)
    return np.asarray(light.astype(np.float32).take(index))


def _paper(pixels: Pixels, short: int) -> Pixels:
    """Return the page without its strokes: dark things under a fiftieth of the shorter side close."""
    h, w = pixels.shape[:2]
    reach = max(3, round(short * 0.02))
    # On a smaller copy where the reach is long. Larger dark areas stay, so that edges of the page do.
    less = max(1, reach // 24)
    small: Any = pixels
    if less > 1:
        small = cv2.resize(pixels, (max(1, w // less), max(1, h // less)), interpolation=cv2.INTER_AREA)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones(((reach // less) | 1,) * 2, np.uint8))
    if less > 1:
        closed = cv2.max(cv2.resize(closed, (w, h), interpolation=cv2.INTER_LINEAR), pixels)
    return np.asarray(closed)


def _ink(grey: Pixels, short: int) -> Map:
    """Return how much ink there is, 0 to 1."""
    lack: Any = cv2.subtract(_paper(grey, short), grey, dtype=cv2.CV_32F)
    return np.asarray(np.clip(lack / np.float32(full_scale(grey)), 0, 1))
