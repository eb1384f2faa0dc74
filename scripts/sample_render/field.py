"""Random streams, smooth noise and colour: what every drawing module builds on.

Arrays are float32 unless said otherwise. Colours are linear-light RGB in [0, 1] with shape (3, N) or
(3, 1) while a picture is being shaded; ``srgb`` turns them into what a file stores.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

F = np.float32
Array = npt.NDArray[np.floating[Any]]
Bytes = npt.NDArray[np.uint8]
Points = tuple[Array, Array, Array]

SEED = 20240611


def stream(name: str) -> np.random.Generator:
    """Return the random stream of one picture; adding a picture moves no other picture's draws."""
    digest = hashlib.blake2b(f"{SEED}/{name}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


_LATTICE = stream("lattice").random((256, 256), dtype=np.float32)


def rgb(red: float, green: float, blue: float) -> Array:
    """Return a display colour (0 to 255 per channel) as linear light, shape (3, 1)."""
    return (np.array([[red], [green], [blue]], np.float32) / F(255)) ** F(2.2)


def roll_off(linear: Array) -> Array:
    """Return light of any strength within [0, 1], bright parts squeezed as film does.

    Applied to samples before they are averaged: a glaring sample would outweigh its neighbours and
    leave a stepped edge.
    """
    soft = np.where(linear > 0.7, 0.7 + 0.3 * np.tanh((linear - 0.7) / 0.5), linear)
    return np.asarray(np.maximum(soft, 0), np.float32)


def srgb(linear: Array) -> Array:
    """Return linear light as display values in [0, 1]."""
    return np.asarray(np.clip(linear, 0, 1) ** F(1 / 2.2), np.float32)


def blend(first: Array, second: Array, weight: Array) -> Array:
    """Mix two colours: weight 0 gives ``first``, 1 gives ``second``."""
    return np.asarray(first + (second - first) * weight, np.float32)


def step(low: float, high: float, value: Array) -> Array:
    """Rise smoothly from 0 at ``low`` to 1 at ``high``."""
    t = np.clip((value - F(low)) / F(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def noise(u: Array, v: Array) -> Array:
    """Return smooth noise in [0, 1] with one bump per unit, repeating every 256 units."""
    iu, iv = np.floor(u), np.floor(v)
    fu, fv = u - iu, v - iv
    fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
    a, b = iu.astype(np.int32) & 255, iv.astype(np.int32) & 255
    a1, b1 = (a + 1) & 255, (b + 1) & 255
    top = _LATTICE[b, a] * (1 - fu) + _LATTICE[b, a1] * fu
    low = _LATTICE[b1, a] * (1 - fu) + _LATTICE[b1, a1] * fu
    return np.asarray(top * (1 - fv) + low * fv, np.float32)


def fbm(u: Array, v: Array, octaves: int = 4) -> Array:
    """Return noise with detail: octaves of halving size and strength, about 0.5 on average."""
    total, weight, scale = np.zeros_like(u, np.float32), 0.0, 1.0
    for k in range(octaves):
        strength = 0.5**k
        total += F(strength) * noise(u * F(scale) + F(17.3 * k), v * F(scale) + F(9.1 * k))
        weight, scale = weight + strength, scale * 2.03
    return np.asarray(total / F(weight), np.float32)


def grid(width: int, height: int) -> tuple[Array, Array]:
    """Return the x and y of every pixel's centre, each of shape (height, width)."""
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32) + F(0.5)
    return xs, ys
