"""Puts things in front of the camera: single portraits, groups, and studio pictures of products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from . import balls, grounds, products, things
from .engine import Light, Scene, Thing, View
from .field import Array, rgb

MAKERS: dict[str, Callable[[np.random.Generator], Thing]] = {
    "mug": things.mug,
    "apple": things.apple,
    "leaf": things.leaf,
    "key": things.key,
    "ball": balls.ball,
}
_LYING = {"leaf", "key"}
_SUN = ((255, 246, 228), (255, 226, 184), (232, 240, 255), (255, 238, 214))


def _light(rng: np.random.Generator, outdoors: bool) -> Light:
    power = float(rng.uniform(0.95, 1.4))
    tone = _SUN[int(rng.integers(len(_SUN)))]
    return Light(
        azimuth=float(rng.choice([-1, 1]) * rng.uniform(25, 115)),
        elevation=float(rng.uniform(32, 62)),
        key=rgb(*tone) * np.float32(power),
        fill=rgb(196, 214, 244) * np.float32(power * rng.uniform(0.34, 0.56)),
        softness=0.07 if outdoors else float(rng.uniform(0.1, 0.2)),
    )


def _place(
    rng: np.random.Generator, outdoors: bool, high: bool
) -> tuple[grounds.Surface, grounds.Surface, float]:
    """Return a ground, a wall and the wall's distance."""
    choices = grounds.OUTDOORS if outdoors else grounds.INDOORS
    floor = choices[int(rng.integers(len(choices)))](rng)
    if high:
        return floor, grounds.plaster(rng), 60.0
    if outdoors:
        return floor, grounds.hedge(rng), 6.0
    walls = (grounds.plaster, grounds.brick, grounds.plaster)
    return floor, walls[int(rng.integers(3))](rng), float(rng.uniform(1.6, 3.2))


def _settle(thing: Thing, rng: np.random.Generator) -> Array:
    """Return how a thing lies: mostly upright, leaves and keys at any angle, apples sometimes tipped."""
    if thing.name in _LYING or thing.name == "ball":
        return things.rotation(float(rng.uniform(0, 360)))
    # A mug's handle stays beside it or comes towards the camera, never quite behind.
    yaw = float(rng.uniform(-60, 15))
    yaw = 180 - yaw if rng.random() < 0.5 else yaw
    if thing.name == "apple":
        return things.rotation(yaw, float(rng.uniform(-14, 14)), float(rng.uniform(-14, 14)))
    return things.rotation(yaw)


def portrait(name: str, rng: np.random.Generator, width: int, height: int, *, plain: bool = False) -> Scene:
    """Return a scene of one thing. ``plain`` puts it on white paper, for cutting out."""
    thing = MAKERS[name](rng)
    lying = name in _LYING
    thing = replace(thing, turn=_settle(thing, rng), size=float(rng.uniform(0.85, 1.2)))
    outdoors = bool(rng.random() < (0.15 if name in {"mug", "key"} else 0.5))
    elevation = float(rng.uniform(46, 80) if lying else rng.uniform(9, 48))
    floor, wall, gap = _place(rng, outdoors, elevation > 34)
    if plain:
        floor, wall, gap = grounds.paper(rng), grounds.plaster(rng), 60.0
    centre, reach = thing.bound()
    drift = rng.uniform(-0.16, 0.16, 2) * (0.4 if plain else 1.0)
    view = View(
        width,
        height,
        azimuth=float(rng.uniform(-18, 18)),
        elevation=elevation,
        away=float(rng.uniform(2.9, 3.9) if lying else rng.uniform(4.1, 5.9))
        * reach
        * max(width, height)
        / (min(width, height) * 1.05),
        target=(float(centre[0] + drift[0]), float(centre[1]), float(centre[2] + drift[1] * 0.6)),
    )
    return Scene([thing], floor, wall, view, _light(rng, outdoors), gap, 0.25 if not outdoors else 0.0)


def group(names: tuple[str, ...], rng: np.random.Generator, width: int, height: int) -> Scene:
    """Return a scene of two to five things standing apart, some partly before others."""
    spots: list[tuple[float, float]] = []
    count = int(rng.integers(2, 6))
    while len(spots) < count:
        x, y = (float(c) for c in rng.uniform((-1.75, -1.2), (1.75, 1.4)))
        if all(np.hypot(x - a, y - b) > 1.12 for a, b in spots):
            spots.append((x, y))
    placed = []
    for x, y in spots:
        thing = MAKERS[names[int(rng.integers(len(names)))]](rng)
        turn = _settle(thing, rng)
        placed.append(replace(thing, turn=turn, at=(x, y, 0.0), size=float(rng.uniform(0.72, 1.05))))
    outdoors = bool(rng.random() < 0.35)
    elevation = float(rng.uniform(20, 46))
    floor, wall, gap = _place(rng, outdoors, elevation > 36)
    view = View(
        width, height, float(rng.uniform(-18, 18)), elevation, float(rng.uniform(6.0, 7.2)), 36.0, (0, 0, 0.3)
    )
    return Scene(placed, floor, wall, view, _light(rng, outdoors), gap + 1.2, 0.25 if not outdoors else 0.0)


def studio(name: str, rng: np.random.Generator, side: int) -> Scene:
    """Return a product on a near-white sweep under a large soft light."""
    thing = {"bottle": products.bottle, "box": products.box, "chair": products.chair}[name](rng)
    view = View(side, side, elevation=19.0, away=4.4, field=24.0, target=(0.0, 0.0, 0.62))
    light = Light(-48.0, 52.0, rgb(255, 252, 246) * 1.35, rgb(240, 244, 250) * 1.05, 0.3)
    white = rgb(240, 240, 241)

    def sweep(u: Array, v: Array) -> Array:
        return np.asarray(np.broadcast_to(white, (3, u.size)) + 0 * v, np.float32)

    return Scene([thing], sweep, sweep, view, light, 400.0)
