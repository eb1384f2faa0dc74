"""Pictures whose content says where it is, and recipes in one line. What the pixel tests measure with."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from augtool import matrix as mx
from augtool import recipe, registry
from augtool.effects import Warp
from augtool.freeze import FrozenStep, freeze
from augtool.render import frame_of, render, stages
from augtool.warp import Outside, Source

LAYOUTS = {
    "grey8": (np.uint8, ()),
    "bgr8": (np.uint8, (3,)),
    "bgra8": (np.uint8, (4,)),
    "grey16": (np.uint16, ()),
    "bgr16": (np.uint16, (3,)),
}
RAMP_SCALE = 100


def noise(layout: str = "bgr8", size: tuple[int, int] = (23, 17), seed: int = 0) -> Any:
    """Every value of the type, at random."""
    dtype, channels = LAYOUTS[layout]
    shape = (size[1], size[0], *channels)
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def smooth(layout: str = "grey8", size: tuple[int, int] = (64, 48)) -> Any:
    """Waves of 20 pixels and more: any decent interpolation gives the same."""
    dtype, channels = LAYOUTS[layout]
    y, x = np.mgrid[: size[1], : size[0]]
    wave = 0.5 + 0.25 * np.sin(x / 5 + y / 9) + 0.2 * np.cos(y / 4 - x / 11)
    picture = np.rint(wave * np.iinfo(dtype).max).astype(dtype)
    return np.repeat(picture[:, :, None], channels[0], axis=2) if channels else picture


def centres(size: tuple[int, int]) -> Any:
    """The pixel centres of a picture, shape (h * w, 2), row by row."""
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    return np.stack([x.ravel(), y.ravel()], axis=1)


def gauss(points: Any, at: Any, sigma: float) -> Any:
    return np.exp(-((points - at) ** 2).sum(axis=1) / (2 * sigma**2))


def blob(size: tuple[int, int], at: Any, sigma: float) -> Any:
    """A bright spot of normal shape about a point, on black, 16 bits grey."""
    return np.rint(60000 * gauss(centres(size), at, sigma)).astype(np.uint16).reshape(size[1], size[0])


def centroid(pixels: Any) -> Any:
    """The centre of gravity (x, y) of a grey picture."""
    weights = pixels.astype(np.float64).ravel()
    return weights @ centres((pixels.shape[1], pixels.shape[0])) / weights.sum()


def ramp(size: tuple[int, int], axis: int) -> Any:
    """A 16-bit grey picture whose values are the x (axis 0) or y coordinates, times RAMP_SCALE."""
    values = np.rint(centres(size)[:, axis] * RAMP_SCALE)
    return values.astype(np.uint16).reshape(size[1], size[0])


def frozen(*steps: Mapping[str, Any] | str, variant: int = 1, seed: int = 0) -> tuple[FrozenStep, ...]:
    """Steps as a recipe writes them -> frozen steps."""
    nodes = recipe.from_plain({"version": 1, "transforms": list(steps)}).transforms
    return freeze(nodes, seed, "a.png", variant)


def step(name: str, **values: Any) -> dict[str, Any]:
    return {name: {"p": 1, **values}}


def run(pixels: Any, *steps: Mapping[str, Any] | str, outside: Outside | None = None) -> Any:
    """Render steps, as a recipe writes them, on a picture."""
    return render(Source(pixels), frozen(*steps), outside or Outside())


def fused_warp(steps: tuple[FrozenStep, ...], size: tuple[int, int]) -> Warp:
    """The one warp that geometric steps make on a picture of ``size``."""
    (stage,) = stages(steps, frame_of(Source(np.zeros((size[1], size[0]), np.uint8))))
    assert isinstance(stage.effect, Warp)
    return stage.effect


def warps() -> list[registry.Spec]:
    return [spec for spec in registry.specs() if spec.kind == "Warp"]


def wide(spec: registry.Spec) -> dict[str, Any]:
    """Ranges for all numbers of a transform that leave something of the picture to be seen."""
    ranges = {}
    for name, field in spec.fields.items():
        if field.kind == "float" and field.bounds:
            low, high = field.bounds.low, field.bounds.high
            reach = [max(low, 0.4), min(high, 2.5)] if low > 0 else [low / 2, high / 2]
            ranges[name] = reach if reach[0] <= reach[1] else [low, high]
        elif field.kind == "option":
            ranges[name] = {"choice": list(field.options)}
    return ranges


def extremes(spec: registry.Spec) -> Iterator[dict[str, Any]]:
    """Constants for one field at a time: both bounds, every option; and the defaults alone."""
    yield {}
    for name, field in spec.fields.items():
        for value in _extremes(field):
            yield {name: value}


def _extremes(field: Any) -> list[Any]:
    if field.kind == "size":
        return [[1, 1], [40, 7], 9]
    if field.kind == "numbers":
        return []
    if field.bounds:
        return [field.bounds.low, field.bounds.high]
    fixed = {"bool": [False, True], "seed": [0, 2**32 - 1], "color": [0, 255, [255, 0, 7]]}
    return list(field.options) or fixed.get(field.kind, [])


def shrink(matrix: Any, size: tuple[int, int]) -> float:
    """How many source pixels meet in an output pixel along the direction that shrinks most."""
    jacobian = mx.local_linear(matrix, (size[0] / 2, size[1] / 2))
    return float(1 / np.linalg.svd(jacobian, compute_uv=False)[-1])
