"""Random fields on a picture, each a function of a recorded seed alone.

Normal values come from a table indexed by random bytes (or 16-bit words): several times cheaper than
drawing normals, and independent of NumPy's own sampling algorithms, which may change between versions;
the raw output of its bit generators may not.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def stream(seed: int) -> np.random.Generator:
    """Return a generator of its own; use only ``random`` and ``integers``, which are plain raw output."""
    # SFC64 is the fastest of NumPy's generators whose raw stream is fixed by its specification.
    return np.random.Generator(np.random.SFC64(seed))


def uniforms(seed: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return numbers from 0 to below 1, from the raw stream."""
    words = np.random.SFC64(seed).random_raw(int(np.prod(shape)))
    return np.asarray((words >> np.uint64(11)) * 2.0**-53).reshape(shape)


def random_bytes(seed: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return random bytes, eight from each word of the raw stream."""
    count = int(np.prod(shape))
    words = np.random.SFC64(seed).random_raw((count + 7) // 8)
    return np.asarray(words.view(np.uint8)[:count].reshape(shape))


@cache
def quantiles(count: int) -> NDArray[np.float64]:
    """Return ``count`` equally likely values of a standard normal, scaled to variance 1."""
    dist = NormalDist()
    values = np.array([dist.inv_cdf((at + 0.5) / count) for at in range(count)])
    return np.asarray(values / values.std())


def normal_table(std: float) -> NDArray[np.int16]:
    """Return whole numbers for each byte, normally distributed over random bytes."""
    return np.rint(quantiles(256) * std).astype(np.int16)


def lookup(index: NDArray[np.uint8], table: NDArray[np.int16]) -> Any:
    """Return the table's entry for every byte."""
    return cv2.LUT(index, table)


def normals(seed: int, shape: tuple[int, ...]) -> Field:
    """Return standard normal numbers, one for each 16 bits of the raw stream."""
    count = int(np.prod(shape))
    words = np.random.SFC64(seed).random_raw((count + 3) // 4).view(np.uint16)[:count]
    return np.asarray(quantiles(65536).astype(np.float32)[words].reshape(shape))


def clouds(seed: int, size: tuple[int, int], cells: float, octaves: int = 3) -> Field:
    """Return a smooth random field with mean 0 and standard deviation about 1, shape (H, W).

    A grid of normal values, ``cells`` of them along the longer side, is enlarged smoothly; further octaves
    add detail of half the size and half the height (value noise). Free of the picture's size otherwise: the
    same seed gives the same clouds on a larger picture.
    """
    w, h = size
    finest = max(w, h) / (cells * 2 ** (octaves - 1))
    # Where even the finest detail is wide, a smaller copy holds it all.
    less = max(1, int(finest / 8))
    small = (-(-w // less), -(-h // less))
    total = np.zeros((small[1], small[0]), np.float32)
    power = 0.0
    for octave in range(octaves):
        step = max(w, h) / (cells * 2**octave) / less
        if octave and step < 2:
            break
        nodes = _nodes(small[1], step), _nodes(small[0], step)
        grid = normals(seed + octave * 0x9E3779B1, (_GRID, _GRID))[: nodes[0], : nodes[1]]
        total += enlarged(grid, small, step) * np.float32(0.5**octave)
        power += 0.25**octave
    # Interpolation between nodes averages them: about a third of the variance is lost.
    total *= np.float32(1.2 / math.sqrt(power))
    return total if less == 1 else np.asarray(cv2.resize(total, size, interpolation=cv2.INTER_LINEAR))


_GRID = 192


def _nodes(side: int, step: float) -> int:
    return min(_GRID, int(np.ceil(side / step)) + 3)


def enlarged(grid: NDArray[Any], size: tuple[int, int], step: float) -> Field:
    """Return a grid of values interpolated smoothly to (H, W): node i lies at pixel (i - 1) * step."""
    w, h = size
    # For x' = s x + t in index coordinates, inverted by the flag: output pixel -> grid position.
    back = np.array([[1 / step, 0, 1.0], [0, 1 / step, 1.0]])
    smooth = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    grid = np.ascontiguousarray(grid, np.float32)
    return np.asarray(cv2.warpAffine(grid, back, (w, h), flags=smooth, borderMode=cv2.BORDER_REPLICATE))
