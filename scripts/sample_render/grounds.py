"""Surfaces to stand things on and walls to put behind them: colour as a function of two coordinates."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .field import Array, F, blend, fbm, noise, rgb, step

Surface = Callable[[Array, Array], Array]


def _tiled(texture: Array, units: float) -> Surface:
    """Return a surface that repeats a linear-light texture (side, side, 3) every ``units``."""
    side = texture.shape[0]
    planes = np.ascontiguousarray(texture.reshape(-1, 3).T)

    def surface(u: Array, v: Array) -> Array:
        a = np.mod(u * F(side / units), side).astype(np.int32) % side
        b = np.mod(v * F(side / units), side).astype(np.int32) % side
        return planes[:, b * side + a]

    return surface


def wood(rng: np.random.Generator) -> Surface:
    """Return planks along x with grain and dark joints."""
    pale, dark = [
        ((196, 150, 100), (140, 92, 54)),
        ((150, 102, 66), (86, 54, 34)),
        ((214, 182, 140), (172, 132, 92)),
    ][int(rng.integers(3))]
    first, second = rgb(*pale), rgb(*dark)
    shift, plank = float(rng.uniform(0, 90)), float(rng.uniform(0.9, 1.4))

    def surface(u: Array, v: Array) -> Array:
        row = np.floor(v / F(plank))
        inside = v / F(plank) - row
        tone = noise(row * 7.7 + F(shift), row * 3.1)
        bend = fbm(u * 0.5 + row * 13, v * 0.9 + F(shift), 3)
        rings = 0.5 + 0.5 * np.sin((v * 9 + bend * 16 + row * 5) * 2.2)
        fibre = fbm(u * 2.2 + row * 31, v * 55, 3)
        colour = blend(
            first, second, np.clip(0.38 * rings + 0.75 * (fibre - 0.4) + 0.45 * (tone - 0.3), 0, 1)
        )
        joint = step(0.0, 0.012, inside) * step(0.0, 0.012, 1 - inside)
        return np.asarray(colour * (0.25 + 0.75 * joint), np.float32)

    return surface


def grass(rng: np.random.Generator) -> Surface:
    """Return a lawn drawn blade by blade."""
    side = 900
    canvas = np.full((side, side, 3), (24, 44, 14), np.uint8)
    count = 26000
    spots = rng.integers(0, side, (count, 2))
    leans, lengths, tones = rng.normal(-1.57, 0.7, count), rng.uniform(8, 26, count), rng.random(count)
    for k in range(count):
        x, y = (int(c) for c in spots[k])
        rise = 0.45 + 0.55 * k / count
        colour = tuple(rise * c for c in (70 + 80 * tones[k], 116 + 60 * tones[k], 32 + 30 * tones[k]))
        tip = (int(x + lengths[k] * np.cos(leans[k])), int(y + lengths[k] * np.sin(leans[k])))
        for dy in (0, side) if tip[1] < 0 else (0,):
            cv2.line(canvas, (x, y + dy), (tip[0], tip[1] + dy), colour, 1, cv2.LINE_AA)
    return _tiled((canvas.astype(np.float32) / 255) ** F(2.2), 3.2)


def paper(rng: np.random.Generator) -> Surface:
    """Return a matt tinted sheet with faint fibres."""
    tint = rgb(*[(236, 232, 224), (196, 212, 220), (236, 208, 190), (206, 218, 190)][int(rng.integers(4))])

    def surface(u: Array, v: Array) -> Array:
        return np.asarray(
            tint * (0.93 + 0.1 * fbm(u * 9, v * 9, 3) + 0.03 * noise(u * 70, v * 70)), np.float32
        )

    return surface


def cloth(rng: np.random.Generator) -> Surface:
    """Return a woven gingham tablecloth."""
    dye = rgb(*[(190, 40, 44), (46, 84, 150), (66, 120, 70)][int(rng.integers(3))])
    pitch = float(rng.uniform(0.32, 0.5))

    def surface(u: Array, v: Array) -> Array:
        u, v = u + 0.04 * noise(v * 1.3, u), v + 0.04 * noise(u * 1.3, v)
        a = step(-0.06, 0.06, np.sin(u * F(np.pi / pitch)))
        b = step(-0.06, 0.06, np.sin(v * F(np.pi / pitch)))
        thread = 0.9 + 0.1 * np.sin(u * 95) * np.sin(v * 95)
        return np.asarray(blend(rgb(240, 236, 226), dye, (a + b) / 2) * thread, np.float32)

    return surface


def tiles(rng: np.random.Generator) -> Surface:
    """Return glazed square tiles with grout."""
    glaze = rgb(*[(206, 214, 210), (120, 160, 168), (214, 198, 172)][int(rng.integers(3))])
    pitch = float(rng.uniform(0.9, 1.3))

    def surface(u: Array, v: Array) -> Array:
        a, b = u / F(pitch), v / F(pitch)
        fa, fb = a - np.floor(a), b - np.floor(b)
        edge = np.minimum(np.minimum(fa, 1 - fa), np.minimum(fb, 1 - fb))
        tone = 0.86 + 0.2 * noise(np.floor(a) * 5.3, np.floor(b) * 7.1) + 0.08 * (fbm(u * 3, v * 3) - 0.5)
        return blend(rgb(126, 120, 112), glaze * tone, step(0.012, 0.026, edge))

    return surface


def stone(rng: np.random.Generator) -> Surface:
    """Return speckled concrete or sand."""
    tint = rgb(*[(158, 154, 148), (204, 178, 138), (112, 112, 118)][int(rng.integers(3))])
    shift = float(rng.uniform(0, 90))

    def surface(u: Array, v: Array) -> Array:
        cloud, grit = fbm(u * 1.6 + F(shift), v * 1.6, 5), noise(u * 48, v * 48)
        return np.asarray(
            tint * (0.66 + 0.42 * cloud + 0.3 * (grit - 0.5) * noise(u * 23, v * 23)), np.float32
        )

    return surface


def marble(rng: np.random.Generator) -> Surface:
    """Return pale marble with grey veins."""
    shift = float(rng.uniform(0, 90))

    def surface(u: Array, v: Array) -> Array:
        warp = fbm(u * 0.8 + F(shift), v * 0.8, 5)
        vein = np.abs(np.sin((u * 0.7 + v * 0.45 + warp * 4.2) * 2.1))
        colour = blend(rgb(186, 186, 190), rgb(234, 232, 228), step(0.0, 0.4, vein))
        return np.asarray(colour * (0.9 + 0.14 * fbm(u * 5, v * 5)), np.float32)

    return surface


def plaster(rng: np.random.Generator) -> Surface:
    """Return a painted wall."""
    tint = rgb(
        *[(214, 206, 190), (150, 172, 180), (186, 160, 140), (168, 180, 150), (120, 126, 140)][
            int(rng.integers(5))
        ]
    )

    def surface(u: Array, v: Array) -> Array:
        return np.asarray(
            tint * (0.86 + 0.2 * fbm(u * 0.9, v * 0.9, 3) + 0.06 * noise(u * 16, v * 16)), np.float32
        )

    return surface


def brick(rng: np.random.Generator) -> Surface:
    """Return a brick wall."""
    clay = rgb(*[(160, 84, 62), (184, 176, 166)][int(rng.integers(2))])

    def surface(u: Array, v: Array) -> Array:
        row = np.floor(v / F(0.34))
        a, b = u / F(0.95) + 0.5 * np.mod(row, 2), v / F(0.34)
        fa, fb = a - np.floor(a), b - row
        edge = np.minimum(np.minimum(fa, 1 - fa) * 2.8, np.minimum(fb, 1 - fb))
        tone = 0.62 + 0.6 * noise(np.floor(a) * 5.7, row * 3.3) + 0.3 * (fbm(u * 6, v * 6) - 0.5)
        return blend(rgb(186, 178, 166), clay * tone, step(0.05, 0.12, edge))

    return surface


def hedge(rng: np.random.Generator) -> Surface:
    """Return greenery far out of focus, with round spots of light."""
    side = 512
    canvas = np.full((side, side, 3), (44, 78, 34), np.uint8)
    for k in range(260):
        x, y = (int(c) for c in rng.integers(0, side, 2))
        tone, lit = float(rng.uniform(0.5, 1.5)), k > 215
        layer = canvas.copy()
        colour = (226, 232, 176) if lit else (58 * tone, 96 * tone, 40 * tone)
        for dx in (-side, 0, side):
            cv2.circle(
                layer, (x + dx, y), int(rng.integers(12, 20) if lit else rng.integers(20, 60)), colour, -1
            )
        canvas = np.asarray(cv2.addWeighted(canvas, 0.66, layer, 0.34, 0), np.uint8)
    soft = cv2.GaussianBlur(canvas, (0, 0), 3.0)
    # It stands in full daylight, whatever way the wall it is painted on faces.
    return _tiled((soft.astype(np.float32) / 255) ** F(2.2) * F(2.2), 6.0)


INDOORS: tuple[Callable[[np.random.Generator], Surface], ...] = (wood, cloth, tiles, marble, paper)
OUTDOORS: tuple[Callable[[np.random.Generator], Surface], ...] = (grass, stone, wood)
