"""Weather: rain, snow, fog, and what they leave on the lens.

Lengths follow the picture: shares of its shorter side, so that a step looks alike at any resolution.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from augtool.effects import Filter, Pixels
from augtool.fields import Within, uniform
from augtool.grain import clouds, uniforms
from augtool.painting import Map, disk, grid, lit, painted, size_of
from augtool.registry import Seed, transform
from augtool.sample import Frame
from augtool.transforms.blur import line_kernel

# Layers of rain and snow from far to near: size, share of the drops, opacity.
_LAYERS = ((0.45, 0.6, 0.55), (0.7, 0.3, 0.8), (1.0, 0.1, 1.0))


@transform
def rain(
    frame: Frame,  # noqa: ARG001 - every transform takes one
    *,
    drops: Annotated[float, Within(0, 50), "Streaks in thousands in a square picture."] = uniform(0.6, 1.8),
    length: Annotated[
        float, Within(0.005, 0.5), "Of the nearest streaks, as a share of the shorter side."
    ] = uniform(0.05, 0.11),
    angle: Annotated[float, Within(-60, 60), "Degrees from the vertical; positive drives right."] = uniform(
        -15, 15
    ),
    opacity: Annotated[float, Within(0, 1), "Of the nearest streaks."] = uniform(0.25, 0.45),
    haze: Annotated[float, Within(0, 1), "Grey veil of the rain in the distance."] = uniform(0.05, 0.18),
    seed: Seed,
) -> Filter:
    """Let it rain: streaks in three depths, those near longer, wider and less sharp, before a grey veil."""

    def fall(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        short = min(w, h)
        veil: Any = np.zeros((h, w), np.float32)
        for number, (near, share, weight) in enumerate(_LAYERS):
            count = int(drops * 1000 * share * w * h / short**2)
            mask = _streaks(uniforms(seed + number, (count, 3)), (w, h), near * length * short, angle, near)
            veil = cv2.max(veil, mask * np.float32(weight * opacity / 255))
        grey = painted(pixels, np.full((h, w), haze, np.float32), (0.62, 0.65, 0.68))
        return painted(grey, veil, (0.86, 0.88, 0.9))

    return Filter(fall)


@transform
def snow(
    frame: Frame,  # noqa: ARG001
    *,
    flakes: Annotated[float, Within(0, 50), "Flakes in thousands in a square picture."] = uniform(0.5, 1.5),
    size: Annotated[
        float, Within(0.001, 0.1), "Diameter of the nearest flakes, as a share of the shorter side."
    ] = uniform(0.008, 0.014),
    angle: Annotated[float, Within(-80, 80), "Degrees from the vertical; positive drives right."] = uniform(
        -25, 25
    ),
    opacity: Annotated[float, Within(0, 1), "Of the nearest flakes."] = uniform(0.7, 0.95),
    haze: Annotated[float, Within(0, 1), "White veil of the snow in the distance."] = uniform(0.06, 0.2),
    seed: Seed,
) -> Filter:
    """Let it snow: soft flakes in three depths, smeared a little as they fall, before a white veil."""

    def fall(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        short = min(w, h)
        veil = np.zeros((h, w), np.float32)
        for number, (near, share, weight) in enumerate(_LAYERS):
            count = int(flakes * 1000 * share * w * h / short**2)
            layer = _flakes(uniforms(seed + number, (count, 3)), (w, h), near * size * short / 2, angle)
            np.maximum(veil, layer * np.float32(weight * opacity), out=veil)
        white = painted(pixels, np.full((h, w), haze, np.float32), (0.86, 0.88, 0.91))
        return painted(white, veil, (0.97, 0.98, 1.0))

    return Filter(fall)


@transform
def fog(
    frame: Frame,  # noqa: ARG001
    *,
    density: Annotated[
        float, Within(0, 1), "Share of the scene's light that is lost in the far part of the picture."
    ] = uniform(0.25, 0.55),
    near: Annotated[
        float, Within(0, 1), "Density at the bottom edge, as a share of that at the top: 1 is even."
    ] = uniform(0.3, 0.7),
    patches: Annotated[float, Within(0, 1), "How uneven it is: 0 is smooth."] = uniform(0.1, 0.35),
    seed: Seed,
) -> Filter:
    """Draw fog over the scene: light is lost and replaced by grey, more with distance (Koschmieder 1924).

    The distance is not known: it is taken to grow from the bottom edge to the top.
    """

    def drift(pixels: Pixels) -> Pixels:
        w, h = size_of(pixels)
        _, y = grid((w, h))
        depth = np.float32(1) - np.float32(1 - near) * (y / h) ** np.float32(1.5)
        # Optical depth: the light left is exp(-depth), so a patch twice as thick loses the square.
        thick = -math.log(max(1 - density, 1e-3))
        uneven = np.exp(np.float32(patches) * clouds(seed, (w, h), 3, octaves=4))
        lost = 1 - np.exp(-np.float32(thick) * depth * uneven)
        return painted(pixels, lost.astype(np.float32), (0.8, 0.82, 0.84))

    return Filter(drift)


@transform
def spatter(
    frame: Frame,  # noqa: ARG001
    *,
    kind: Annotated[Literal["water", "mud"], "Clear drops, or dirt that hides what is behind it."] = "water",
    amount: Annotated[float, Within(0, 0.8), "Share of the lens that is hit."] = uniform(0.02, 0.07),
    size: Annotated[
        float, Within(0.005, 0.5), "Of the larger drops, as a share of the shorter side."
    ] = uniform(0.03, 0.07),
    seed: Seed,
) -> Filter:
    """Spatter the lens: drops of water that blur and lighten, or mud."""

    def covered(extent: tuple[int, int]) -> NDArray[np.uint8]:
        rounded = _rounded(_splashes(seed, extent, amount, size), size * min(extent))
        return ((rounded > 0.98) * np.uint8(255)).astype(np.uint8)

    def wet(pixels: Pixels) -> Pixels:
        extent = size_of(pixels)
        width = size * min(extent)
        rounded = _rounded(_splashes(seed, extent, amount, size), width)
        # Light from the upper left: slopes towards it shine, those away from it lie in shade.
        slope: Any = cv2.Sobel(rounded, cv2.CV_32F, 1, 0) + cv2.Sobel(rounded, cv2.CV_32F, 0, 1)
        slope *= np.float32(_edge(width) / 4)
        if kind == "mud":
            texture = clouds(seed + 2, extent, 1.2 / size, octaves=3) * np.float32(0.12)
            shade = np.clip(1 + texture + 0.2 * slope, 0.4, 1.6).astype(np.float32)
            dirt = painted(np.zeros_like(pixels), shade, (0.27, 0.2, 0.13))
            return painted(pixels, rounded, dirt)
        return _through_drops(pixels, rounded, slope, width)

    return Filter(wet, covered if kind == "mud" else None)


def _edge(width: float) -> float:
    """Return the standard deviation, in pixels, of the edge of drops of a width."""
    return max(0.6, width * 0.06)


def _rounded(drops: Map, width: float) -> Map:
    return np.asarray(cv2.GaussianBlur(drops, (0, 0), _edge(width)))


def _through_drops(pixels: Pixels, drops: Map, slope: Any, width: float) -> Pixels:
    """Show the picture through drops: bent at their slopes, out of focus, with a glint and a dark rim."""
    h, w = pixels.shape[:2]
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    pull: Any = cv2.Sobel(drops, cv2.CV_32F, 1, 0), cv2.Sobel(drops, cv2.CV_32F, 0, 1)
    bend = np.float32(width * 0.8)
    behind = cv2.GaussianBlur(pixels, (0, 0), max(0.8, width * 0.08), borderType=cv2.BORDER_REFLECT_101)
    behind = cv2.remap(
        behind, x + bend * pull[0], y + bend * pull[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    seen = painted(pixels, np.clip(drops * 1.2, 0, 1), np.asarray(behind))
    seen = painted(seen, np.clip(-slope, 0, 1) * np.float32(0.45), (0.08, 0.08, 0.1))
    return lit(seen, np.clip(slope, 0, 1) * np.float32(0.6) + drops * np.float32(0.05))


def _splashes(seed: int, size: tuple[int, int], amount: float, width: float) -> Map:
    """Return where the lens is hit, 0 or 1: smooth noise above the level that leaves ``amount``."""
    w, h = size
    cells = max(w, h) / (width * min(w, h))
    # Two sizes of drops: few large ones and their splashes around.
    noise = clouds(seed, size, cells * 0.7, octaves=1)
    noise = np.maximum(noise, clouds(seed + 1, size, cells * 2.0, octaves=1) - np.float32(0.35))
    sample = np.sort(noise[:: max(1, h // 256), :: max(1, w // 256)].ravel())
    level = sample[min(len(sample) - 1, int((1 - amount) * len(sample)))]
    return (noise > level).astype(np.float32) if amount else np.zeros((h, w), np.float32)


def _streaks(
    drops: NDArray[np.float64], size: tuple[int, int], length: float, angle: float, near: float
) -> NDArray[np.uint8]:
    """Draw streaks as smoothed lines, 0 to 255. Each row of ``drops``: where it is, and its length."""
    w, h = size
    lean = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    long = length * (0.6 + 0.4 * drops[:, 2:])
    # No two drops fall quite alike: a few degrees, taken from the digits that their length left over.
    swerve = (drops[:, 2:] * 97 % 1 - 0.5) * 0.09
    lean_of_each = np.array(lean) + swerve * np.array([lean[1], -lean[0]])
    start = drops[:, :2] * (w * 1.1, h * 1.1) - (w * 0.05, h * 0.05)
    ends = np.stack([start, start + long * lean_of_each], axis=1)
    mask = np.zeros((h, w), np.uint8)
    shift = 4  # sixteenths of a pixel
    lines = list(np.rint(ends * 2**shift).astype(np.int32))
    width = max(1, round(near * min(w, h) / 450))
    cv2.polylines(mask, lines, False, 255, width, cv2.LINE_AA, shift)
    sigma = 0.4 + near * min(w, h) / 1200
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma))


def _flakes(drops: NDArray[np.float64], size: tuple[int, int], radius: float, angle: float) -> Map:
    """Draw soft discs, 0 to 1. Each row of ``drops``: where it is, and how bright."""
    # Large flakes are soft: a smaller copy holds them.
    less = max(1, int(radius / 2))
    w, h = -(-size[0] // less), -(-size[1] // less)
    radius /= less
    points = np.zeros((h, w), np.float32)
    x, y = (drops[:, 0] * w).astype(int), (drops[:, 1] * h).astype(int)
    points[y, x] = 0.5 + 0.5 * drops[:, 2]
    disc: Any = disk(max(0.6, radius))
    fallen = cv2.filter2D(
        np.pad(disc, int(radius * 0.6) + 1), -1, line_kernel(max(1.0, radius * 0.9), 90 - angle),
        borderType=cv2.BORDER_CONSTANT,
    )  # fmt: skip
    soft: Any = cv2.GaussianBlur(fallen, (0, 0), max(0.4, radius * 0.25))
    veil: Any = cv2.filter2D(points, -1, soft / soft.max(), borderType=cv2.BORDER_CONSTANT)
    if less > 1:
        veil = cv2.resize(veil, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(veil, 0, 1))
