"""Balls: beach ball, tennis ball, football, basketball. A pattern takes points of the unit sphere."""

from __future__ import annotations

import numpy as np

from .engine import Thing
from .field import Array, F, blend, noise, rgb, step
from .things import rotation

_WHITE = (244, 240, 230)
_PANELS = ((208, 44, 44), _WHITE, (40, 96, 178), _WHITE, (240, 192, 40), _WHITE)


def _faces() -> Array:
    """Return the directions of 12 pentagons and 20 hexagons, scaled so the nearest face scores highest."""
    phi = (1 + 5**0.5) / 2
    pairs = [(a, b) for a in (-1, 1) for b in (-1, 1)]
    five = np.array([np.roll((0, a, b * phi), k) for a, b in pairs for k in range(3)])
    six = [np.roll((a / phi, 0, b * phi), -k) for a, b in pairs for k in range(3)]
    six += [np.array([a, b, c]) for a, b in pairs for c in (-1, 1)]
    # Pentagons sit over an icosahedron's corners, hexagons over those of its dual, a little nearer.
    five, dual = (c / np.linalg.norm(c, axis=1, keepdims=True) for c in (five, np.array(six)))
    return np.asarray(np.concatenate([five / 2.327, dual / 2.267]), np.float32)


def _beach(a: Array, b: Array, c: Array) -> Array:
    pick = np.floor((np.arctan2(b, a) / (2 * np.pi) + 0.5) * 6).astype(int) % 6
    colour = np.concatenate([rgb(*panel) for panel in _PANELS], 1)[:, pick]
    return np.asarray(np.where(np.abs(c) > 0.96, rgb(*_WHITE), colour), np.float32)


def _tennis(a: Array, b: Array, c: Array) -> Array:
    seam = np.exp(-(((c - 0.62 * np.sin(2 * np.arctan2(b, a))) / 0.045) ** 2) * 1.2)
    fuzz = 0.72 + 0.5 * noise(a * 60 + c * 47, b * 60 + c * 29)
    return blend(rgb(204, 220, 56) * fuzz, rgb(240, 240, 228), seam)


def _football(a: Array, b: Array, c: Array) -> Array:
    near = _faces() @ np.stack([a, b, c])
    five, six = near[:12].max(0), np.sort(near[12:], axis=0)
    patch = step(-0.002, 0.002, five - six[-1])
    seam = np.exp(-(((six[-1] - six[-2]) / 0.008) ** 2))
    return blend(rgb(238, 238, 234) * (1 - 0.5 * seam), rgb(30, 30, 34), patch)


def _basket(a: Array, b: Array, c: Array) -> Array:
    curve = np.abs(np.hypot(a - 1.2 * np.sign(a), c) - 0.85)
    lines = np.minimum(np.minimum(np.abs(a), np.abs(b)), curve)
    pebble = 0.85 + 0.3 * noise(a * 55 + c * 33, b * 55 + c * 41)
    return blend(rgb(206, 104, 44) * pebble, rgb(34, 24, 20), 1 - step(0.015, 0.028, lines))


def ball(rng: np.random.Generator) -> Thing:
    """Return a ball of one of four kinds, turned at random."""
    kinds = ((_beach, 0.75), (_tennis, 0.05), (_football, 0.5), (_basket, 0.25))
    pattern, gloss = kinds[int(rng.integers(4))]
    spin = rotation(*rng.uniform(0, 360, 3))

    def distance(x: Array, y: Array, z: Array) -> Array:
        return np.asarray(np.sqrt(x * x + y * y + (z - F(0.5)) ** 2) - F(0.5), np.float32)

    def paint(x: Array, y: Array, z: Array) -> Array:
        a, b, c = spin @ (np.stack([x, y, z - F(0.5)]) * F(2))
        return pattern(a, b, c)

    return Thing("ball", distance, paint, (0.0, 0.0, 0.5, 0.51), gloss=gloss)
