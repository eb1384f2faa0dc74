"""A ray marcher: things described by distance functions, on a ground, before a wall, under one soft light.

World units are about ten centimetres, z points up and the ground is z = 0. It knows exactly which
samples each thing covers, so masks, outlines and boxes cost nothing extra.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .field import Array, Points, blend, rgb, roll_off, step

Owners = npt.NDArray[np.int32]

SAMPLES = 2  # per pixel and side: four rays a pixel


@dataclass(frozen=True)
class Thing:
    """An object. ``distance`` and ``paint`` take local coordinates; the bounding ball is local too."""

    name: str
    distance: Callable[[Array, Array, Array], Array]
    paint: Callable[[Array, Array, Array], Array]
    ball: tuple[float, float, float, float]
    gloss: float = 0.3
    metal: bool = False
    at: tuple[float, float, float] = (0.0, 0.0, 0.0)
    size: float = 1.0
    turn: Array = field(default_factory=lambda: np.eye(3, dtype=np.float32))

    def local(self, p: Points) -> Points:
        """Return world points in the thing's own frame."""
        q = [(p[k] - np.float32(self.at[k])) / np.float32(self.size) for k in range(3)]
        r = self.turn
        a, b, c = (q[0] * r[0, k] + q[1] * r[1, k] + q[2] * r[2, k] for k in range(3))
        return a, b, c

    def far(self, p: Points) -> Array:
        """Return the distance of world points to the surface, negative inside."""
        return np.asarray(self.distance(*self.local(p)) * np.float32(self.size), np.float32)

    def bound(self) -> tuple[Array, float]:
        """Return centre and radius of the bounding ball in the world."""
        centre = self.turn @ np.array(self.ball[:3], np.float32) * self.size + np.array(self.at)
        return centre.astype(np.float32), self.ball[3] * self.size


@dataclass(frozen=True)
class View:
    """Where the camera stands: angles in degrees, distances in world units, size in pixels."""

    width: int
    height: int
    azimuth: float = 0.0
    elevation: float = 30.0
    away: float = 5.0
    field: float = 32.0
    target: tuple[float, float, float] = (0.0, 0.0, 0.4)


@dataclass(frozen=True)
class Light:
    """A key light from a direction, a fill from above, a bounce from the ground; colours are linear."""

    azimuth: float = -50.0
    elevation: float = 48.0
    key: Array = field(default_factory=lambda: rgb(255, 246, 230) * 1.15)
    fill: Array = field(default_factory=lambda: rgb(200, 215, 240) * 0.5)
    softness: float = 0.14

    def direction(self) -> tuple[float, float, float]:
        """Return the unit vector towards the light."""
        return _sphere(self.azimuth, self.elevation)


@dataclass(frozen=True)
class Scene:
    """Everything in the picture. ``wall`` is the distance of the wall behind the origin."""

    things: list[Thing]
    ground: Callable[[Array, Array], Array]
    backdrop: Callable[[Array, Array], Array]
    view: View
    light: Light
    wall: float = 5.0
    sheen: float = 0.0


def _sphere(azimuth: float, elevation: float) -> tuple[float, float, float]:
    a, e = np.radians(azimuth), np.radians(elevation)
    return float(np.sin(a) * np.cos(e)), float(-np.cos(a) * np.cos(e)), float(np.sin(e))


def _rays(view: View) -> tuple[tuple[float, float, float], Points]:
    back = np.array(_sphere(view.azimuth, view.elevation))
    eye = np.array(view.target) + back * view.away
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    wide, high = view.width * SAMPLES, view.height * SAMPLES
    half = np.tan(np.radians(view.field / 2)) / max(wide, high) * 2
    ys, xs = np.mgrid[0:high, 0:wide].astype(np.float32)
    sx, sy = (xs.ravel() + 0.5 - wide / 2) * half, (high / 2 - ys.ravel() - 0.5) * half
    d = [(-back[k] + right[k] * sx + up[k] * sy).astype(np.float32) for k in range(3)]
    length = np.sqrt(d[0] ** 2 + d[1] ** 2 + d[2] ** 2)
    return (float(eye[0]), float(eye[1]), float(eye[2])), (d[0] / length, d[1] / length, d[2] / length)


def _along(o: tuple[float, float, float] | Points, d: Points, t: Array) -> Points:
    return (o[0] + d[0] * t, o[1] + d[1] * t, o[2] + d[2] * t)


def _take(p: Points, where: npt.NDArray[Any]) -> Points:
    return p[0][where], p[1][where], p[2][where]


def _march(thing: Thing, eye: tuple[float, float, float], rays: Points) -> Array:
    """Return the distance along each ray to the thing, infinite where it misses."""
    centre, radius = thing.bound()
    oc = np.array(eye, np.float32) - centre
    b = rays[0] * oc[0] + rays[1] * oc[1] + rays[2] * oc[2]
    disc = b * b - np.float32(oc @ oc - radius**2)
    reached = np.full(b.shape, np.inf, np.float32)
    index = np.flatnonzero(disc > 0)
    root = np.sqrt(disc[index])
    t, end, d = -b[index] - root, -b[index] + root, _take(rays, index)
    for _ in range(110):
        gap = thing.far(_along(eye, d, t))
        hit = gap < 0.0012
        reached[index[hit]] = t[hit]
        t = t + gap
        alive = ~hit & (t < end)
        if not alive.any():
            break
        index, t, end, d = index[alive], t[alive], end[alive], _take(d, alive)
    return reached


def _normal(thing: Thing, p: Points) -> Points:
    e = np.float32(0.004)
    signs = ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1))
    gaps = [thing.far((p[0] + e * s[0], p[1] + e * s[1], p[2] + e * s[2])) for s in signs]
    n = [sum(np.float32(s[k]) * g for s, g in zip(signs, gaps, strict=True)) for k in range(3)]
    length = np.sqrt(n[0] ** 2 + n[1] ** 2 + n[2] ** 2) + np.float32(1e-9)
    return n[0] / length, n[1] / length, n[2] / length


def _shadow(thing: Thing, p: Points, light: Light) -> Array:
    """Return how much of the light each point sees past one thing, 0 to 1, with a soft edge."""
    towards = light.direction()
    centre, radius = thing.bound()
    oc = [p[k] - centre[k] for k in range(3)]
    b = towards[0] * oc[0] + towards[1] * oc[1] + towards[2] * oc[2]
    off = np.sqrt(np.maximum(oc[0] ** 2 + oc[1] ** 2 + oc[2] ** 2 - b * b, 0))
    wide = radius + light.softness * np.maximum(-b, 0)
    index = np.flatnonzero((off < wide) & (b < radius))
    seen = np.ones(b.shape, np.float32)
    spread = np.sqrt(np.maximum(wide[index] ** 2 - off[index] ** 2, 0))
    t, end = np.maximum(-b[index] - spread, 0.02), -b[index] + spread
    q, lowest = _take(p, index), np.ones(index.shape, np.float32)
    for _ in range(26):
        gap = thing.far((q[0] + towards[0] * t, q[1] + towards[1] * t, q[2] + towards[2] * t))
        lowest = np.minimum(lowest, gap / (np.float32(light.softness) * t))
        t = t + np.clip(gap, 0.02, 0.4)
        seen[index] = np.minimum(seen[index], np.clip(0.5 + 0.5 * lowest, 0, 1))
        alive = (lowest > -1) & (t < end)
        index, t, end, lowest, q = index[alive], t[alive], end[alive], lowest[alive], _take(q, alive)
        if not index.size:
            break
    return np.asarray(seen * seen * (3 - 2 * seen), np.float32)


def _occlusion(thing: Thing, p: Points, n: Points) -> Array:
    """Return how open the sky above each point is past one thing, 0 to 1."""
    centre, radius = thing.bound()
    near = (p[0] - centre[0]) ** 2 + (p[1] - centre[1]) ** 2 + (p[2] - centre[2]) ** 2 < (1.9 * radius) ** 2
    index = np.flatnonzero(near)
    q, m = _take(p, index), _take(n, index)
    closed = np.zeros(index.shape, np.float32)
    for reach, weight in ((0.04, 0.25), (0.13, 0.35), (0.34, 0.4)):
        gap = thing.far(_along(q, m, np.full(index.shape, reach * thing.size, np.float32)))
        closed += np.float32(weight) * np.clip(1 - gap / np.float32(reach * thing.size), 0, 1)
    opened = np.ones(p[0].shape, np.float32)
    opened[index] = 1 - 0.85 * closed
    return opened


def _studio(d: Points, light: Light) -> Array:
    """Return what a mirror would see: a bright sky, a dark floor and a soft window near the key light."""
    sky = blend(rgb(95, 88, 80), rgb(225, 232, 245), step(-0.3, 0.7, d[2]))
    lx, ly, lz = light.direction()
    a = d[0] * lx + d[1] * ly + d[2] * lz
    side = (d[0] * ly - d[1] * lx) / np.float32(max(np.hypot(lx, ly), 0.2))
    pane = step(0.86, 0.92, a) * (1 - 0.6 * np.exp(-((side / 0.02) ** 2)))
    return np.asarray(sky * 0.55 + light.key * pane * 4.0, np.float32)


@dataclass
class Render:
    """A rendered scene: linear colour (height, width, 3) and, at sample resolution, who covers what."""

    linear: Array
    owner: Owners
    names: list[str]

    def mask(self, k: int) -> npt.NDArray[np.bool_]:
        """Return the visible samples of thing ``k`` as a boolean array, ``SAMPLES`` per pixel and side."""
        return np.asarray(self.owner == k)

    def alpha(self) -> Array:
        """Return how much of each pixel is covered by things, 0 to 1, shape (height, width)."""
        covered = (self.owner >= 0).astype(np.float32)
        size = (covered.shape[1] // SAMPLES, covered.shape[0] // SAMPLES)
        return np.asarray(cv2.resize(covered, size, interpolation=cv2.INTER_AREA), np.float32)


def _surfaces(scene: Scene, eye: tuple[float, float, float], rays: Points) -> tuple[Array, Owners]:
    """Return the distance along every ray and its owner: a thing's index, -1 ground, -2 wall."""
    down = np.where(rays[2] < -1e-5, -np.float32(eye[2]) / np.minimum(rays[2], -1e-5), np.inf)
    back = np.where(rays[1] > 1e-5, (scene.wall - np.float32(eye[1])) / np.maximum(rays[1], 1e-5), 1e3)
    t = np.minimum(down, back).astype(np.float32)
    owner = np.where(down <= back, -1, -2).astype(np.int32)
    for k, thing in enumerate(scene.things):
        reached = _march(thing, eye, rays)
        nearer = reached < t
        t[nearer], owner[nearer] = reached[nearer], k
    return t, owner


def _material(scene: Scene, owner: Owners, p: Points) -> tuple[Array, Points, Array, Array]:
    """Return colour, normals, gloss and a metal flag of every surface point."""
    count = owner.size
    colour, gloss, metal = (
        np.empty((3, count), np.float32),
        np.zeros(count, np.float32),
        np.zeros(count, np.float32),
    )
    n = (np.zeros(count, np.float32), np.zeros(count, np.float32), np.zeros(count, np.float32))
    flat, upright = owner == -1, owner == -2
    colour[:, flat] = scene.ground(p[0][flat], p[1][flat])
    colour[:, upright] = scene.backdrop(p[0][upright], p[2][upright])
    n[2][flat], n[1][upright], gloss[flat] = 1, -1, scene.sheen
    for k, thing in enumerate(scene.things):
        mine = owner == k
        q = _take(p, mine)
        colour[:, mine] = thing.paint(*thing.local(q))
        gloss[mine], metal[mine] = thing.gloss, thing.metal
        for axis, part in zip(n, _normal(thing, q), strict=True):
            axis[mine] = part
    return colour, n, gloss, metal


def _shade(scene: Scene, rays: Points, p: Points, owner: Owners) -> Array:
    colour, n, gloss, metal = _material(scene, owner, p)
    light = scene.light
    towards = light.direction()
    facing = np.clip(n[0] * towards[0] + n[1] * towards[1] + n[2] * towards[2], 0, 1)
    sun, opened = np.ones_like(facing), np.ones_like(facing)
    lifted = _along(p, n, np.full(facing.shape, 0.006, np.float32))
    for thing in scene.things:
        sun *= _shadow(thing, lifted, light)
        opened *= _occlusion(thing, p, n)
    # The corner where wall and ground meet gets less sky.
    opened *= np.where(owner == -2, 0.55 + 0.45 * step(0, 1.5, p[2]), 1)
    sky = light.fill * (0.55 + 0.45 * n[2]) * opened
    bounce = rgb(190, 170, 150) * 0.22 * (0.5 - 0.5 * n[2]) * opened
    matt = colour * (light.key * facing * sun + sky + bounce)
    along = rays[0] * n[0] + rays[1] * n[1] + rays[2] * n[2]
    mirror = _along(rays, n, -2 * along)
    base = np.where(metal > 0, colour, np.float32(0.04))
    fresnel = base + (1 - base) * (1 - np.clip(-along, 0, 1)) ** 5
    glow = fresnel * _studio(mirror, light) * gloss * (0.35 + 0.65 * opened) * (0.3 + 0.7 * sun)
    return np.asarray(matt * np.where(metal > 0, 0.25, 1) + glow, np.float32)


def render(scene: Scene) -> Render:
    """Render a scene. Takes about a second for 400 x 300 pixels."""
    eye, rays = _rays(scene.view)
    t, owner = _surfaces(scene, eye, rays)
    linear = _shade(scene, rays, _along(eye, rays, t), owner)
    high, wide = scene.view.height * SAMPLES, scene.view.width * SAMPLES
    big = np.ascontiguousarray(roll_off(linear).T).reshape(high, wide, 3)
    small = cv2.resize(big, (scene.view.width, scene.view.height), interpolation=cv2.INTER_AREA)
    return Render(
        np.asarray(small, np.float32), owner.reshape(high, wide), [thing.name for thing in scene.things]
    )
