"""Cells under a microscope, on a pale field: a blood smear, stained epithelium, living cells."""

from __future__ import annotations

import cv2
import numpy as np

from .field import Array, F, blend, fbm, grid, noise, rgb, step

SCALE = 2


def _field_of_view(side: int, tint: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return an evenly lit field (3, n, n) in linear light and its x and y at drawing scale."""
    xs, ys = grid(side * SCALE, side * SCALE)
    shift = float(rng.uniform(0, 90))
    light = 0.96 + 0.06 * fbm(xs / 160 + F(shift), ys / 160, 3)
    return np.asarray(tint[:, :, None] * light, np.float32), xs, ys


def _scatter(rng: np.random.Generator, side: int, count: int, apart: float) -> list[tuple[float, float]]:
    spots: list[tuple[float, float]] = []
    for _ in range(count * 30):
        x, y = (float(c) for c in rng.uniform(-20, side * SCALE + 20, 2))
        if len(spots) < count and all(np.hypot(x - a, y - b) > apart for a, b in spots):
            spots.append((x, y))
    return spots


def _blob(
    xs: Array, ys: Array, at: tuple[float, float], radius: float, rough: float, rng: np.random.Generator
) -> Array:
    """Return how far inside a wobbly round outline each pixel is: 0 at the centre, 1 on the outline."""
    dx, dy = xs - F(at[0]), ys - F(at[1])
    angle, ring = np.arctan2(dy, dx), np.full(xs.shape, radius, np.float32)
    for k in range(2, 6):
        ring += F(radius * rough / k * rng.normal()) * np.cos(k * angle + F(rng.uniform(0, 6.28)))
    return np.asarray(np.hypot(dx, dy) / ring, np.float32)


def _window(n: int, at: tuple[float, float], reach: float) -> tuple[slice, slice]:
    x0, x1 = (int(np.clip(at[0] + s * reach, 0, n)) for s in (-1, 1))
    y0, y1 = (int(np.clip(at[1] + s * reach, 0, n)) for s in (-1, 1))
    return slice(y0, y1), slice(x0, x1)


def _down(picture: Array, side: int, blur: float) -> Array:
    flat = np.ascontiguousarray(np.moveaxis(picture, 0, -1)) if picture.ndim == 3 else picture
    small = cv2.resize(cv2.GaussianBlur(flat, (0, 0), blur), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _white_cell(
    picture: Array, xs: Array, ys: Array, at: tuple[float, float], rng: np.random.Generator
) -> None:
    where = _window(len(xs), at, 110)
    part, x, y = picture[:, where[0], where[1]], xs[where], ys[where]
    body = _blob(x, y, at, 66, 0.08, rng)
    grains = noise(x / 3.2, y / 3.2)
    plasma = blend(rgb(206, 186, 214)[:, :, None], rgb(176, 140, 190)[:, :, None], step(0.45, 0.9, grains))
    part[:] = blend(part, plasma, (1 - step(0.96, 1.02, body)) * 0.9)
    turn = float(rng.uniform(0, 6.28))
    lobes = np.full(x.shape, 9.0, np.float32)
    for k in range(4):
        spot = (at[0] + 30 * np.cos(turn + k * 1.15), at[1] + 30 * np.sin(turn + k * 1.15))
        lobes = np.minimum(lobes, _blob(x, y, spot, 23, 0.12, rng))
    chromatin = rgb(84, 44, 124)[:, :, None] * (0.75 + 0.6 * fbm(x / 7, y / 7, 3))
    part[:] = blend(part, np.asarray(chromatin, np.float32), 1 - step(0.9, 1.06, lobes))


def blood(rng: np.random.Generator, side: int) -> Array:
    """Return a blood smear: red cells with pale middles, two white cells. Linear, (side, side, 3)."""
    picture, xs, ys = _field_of_view(side, rgb(244, 238, 232), rng)
    white = [(side * SCALE * 0.34, side * SCALE * 0.40), (side * SCALE * 0.76, side * SCALE * 0.72)]
    for at in _scatter(rng, side, 96, 62):
        if any(np.hypot(at[0] - a, at[1] - b) < 104 for a, b in white):
            continue
        where = _window(len(xs), at, 60)
        x, y, part = xs[where], ys[where], picture[:, where[0], where[1]]
        body = _blob(x, y, at, float(rng.uniform(32, 38)), 0.06, rng)
        depth = (1 - step(0.92, 1.04, body)) * (0.45 + 0.5 * step(0.12, 0.72, body))
        rim = np.exp(-(((body - 0.97) / 0.05) ** 2)) * 0.35
        stain = np.array([[[0.06]], [[0.62]], [[0.55]]], np.float32) * float(rng.uniform(0.85, 1.1))
        part *= np.exp(-stain * (depth + rim)).astype(np.float32)
    for at in white:
        _white_cell(picture, xs, ys, at, rng)
    return _down(picture, side, 1.3)


def epithelium(rng: np.random.Generator, side: int) -> Array:
    """Return flat stained cells, blue-green and pink, each with a dark nucleus. Linear, (side, side, 3)."""
    picture, xs, ys = _field_of_view(side, rgb(240, 240, 234), rng)
    stains = ([0.62, 0.2, 0.16], [0.1, 0.42, 0.28], [0.5, 0.18, 0.22])
    for at in _scatter(rng, side, 17, 150):
        radius = float(rng.uniform(84, 112))
        where = _window(len(xs), at, radius * 1.7)
        x, y, part = xs[where], ys[where], picture[:, where[0], where[1]]
        body = _blob(x, y, at, radius, 0.3, rng)
        folds = fbm(x / 34 + F(at[0]), y / 34, 4)
        depth = (1 - step(0.93, 1.03, body)) * (0.45 + 0.6 * folds) + 0.25 * np.exp(
            -(((body - 0.96) / 0.03) ** 2)
        )
        stain = np.array(stains[int(rng.integers(3))], np.float32)[:, None, None] * 1.1
        nucleus = (at[0] + float(rng.uniform(-14, 14)), at[1] + float(rng.uniform(-14, 14)))
        core = _blob(x, y, nucleus, float(rng.uniform(17, 23)), 0.14, rng)
        dark = (1 - step(0.86, 1.06, core)) * (0.75 + 0.7 * (fbm(x / 5, y / 5, 2) - 0.3))
        part *= np.exp(-stain * depth - np.array([1.7, 2.0, 0.9], np.float32)[:, None, None] * dark).astype(
            np.float32
        )
    return _down(picture, side, 1.6)


def living(rng: np.random.Generator, side: int) -> Array:
    """Return living cells with bright halos, as 16-bit grey in steps of 128, shape (side, side)."""
    picture, xs, ys = _field_of_view(side, np.full((1, 1), 0.74, np.float32), rng)
    plane = picture[0]
    for at in _scatter(rng, side, 15, 122):
        radius = float(rng.uniform(52, 72))
        where = _window(len(xs), at, radius * 2)
        x, y, part = xs[where], ys[where], plane[where]
        stretch, turn = float(rng.uniform(1.0, 1.5)), float(rng.uniform(0, 3.14))
        dx, dy = x - F(at[0]), y - F(at[1])
        a, b = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
        body = _blob(np.asarray(a / F(stretch)), b, (0.0, 0.0), radius, 0.16, rng)
        part += 0.22 * np.exp(-(((body - 1.08) / 0.07) ** 2)) * F(1)
        inside = 1 - step(0.94, 1.02, body)
        grains = fbm(x / 6, y / 6, 3) - 0.5
        part -= inside * (0.13 + 0.10 * body**2 - 0.35 * grains * step(0.2, 0.5, body))
        core = _blob(np.asarray(a / F(stretch)), b, (6.0, 4.0), radius * 0.36, 0.08, rng)
        part -= 0.13 * np.exp(-(((core - 1) / 0.12) ** 2)) + 0.06 * (1 - step(0.9, 1.0, core))
        part -= 0.16 * np.exp(-((np.hypot(a - 2, b - 6) / 6) ** 2))
    small = _down(plane, side, 1.6) + rng.normal(0, 0.004, (side, side))
    return np.asarray(np.round(np.clip(small, 0, 1) * 500) * 128, np.float32)
