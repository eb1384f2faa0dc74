"""Pixels and points obey one matrix: measured for every transform that is a Warp, alone and in chains."""

from typing import Any

import numpy as np
import oracles
import pytest
from oracles import frozen, fused_warp, step

from augtool import matrix as mx
from augtool.freeze import FrozenStep
from augtool.matrix import is_projective
from augtool.render import render
from augtool.warp import Outside, Source

SIZE = (201, 160)
WARPS = [pytest.param(spec.name, id=spec.name) for spec in oracles.warps()]
BLACK = Outside("constant")


def draws(name: str) -> list[tuple[FrozenStep, ...]]:
    spec = next(spec for spec in oracles.warps() if spec.name == name)
    # What surrounds the picture must be black, or it would weigh in the centroid.
    own = {"fill": 0, "border": "constant"} if "fill" in spec.fields else {}
    wide = oracles.wide(spec) | own
    plain = [frozen(step(name, **own), variant=variant) for variant in range(1, 5)]
    far = [frozen(step(name, **wide), variant=variant) for variant in range(1, 9)]
    sized = [
        frozen(step(name, **wide, **{key: [90, 70]}), variant=variant)
        for key, field in spec.fields.items()
        if field.kind == "size"
        for variant in (1, 2)
    ]
    return plain + far + sized


def blob_error(steps: tuple[FrozenStep, ...]) -> float | None:
    """How far the blob's centroid is from where the matrix says, in pixels; None where it is cut off."""
    effect = fused_warp(steps, SIZE)
    sigma = max(2.0, 1.5 * oracles.shrink(effect.matrix, SIZE))
    reach = 4.6 * sigma
    middle = np.array([[effect.size[0] / 2 + 0.37, effect.size[1] / 2 - 0.21]])
    at = np.clip(mx.apply(np.linalg.inv(effect.matrix), middle), reach, np.array(SIZE) - reach)
    around = at + reach * np.stack([np.cos(np.arange(32) / 5), np.sin(np.arange(32) / 5)], axis=1)
    seen = mx.apply(effect.matrix, around)
    inside = (
        (around > 0).all()
        and (around < SIZE).all()
        and (seen > 1).all()
        and (seen < np.array(effect.size) - 1).all()
    )
    if not inside:
        return None
    result = render(Source(oracles.blob(SIZE, at, sigma)), steps, BLACK)
    expected = mx.apply(effect.matrix, at)[0]
    if is_projective(effect.matrix):  # the image of a round blob is not centred on its centre's image
        ideal = oracles.gauss(mx.apply(np.linalg.inv(effect.matrix), oracles.centres(effect.size)), at, sigma)
        expected = oracles.centroid(ideal.reshape(effect.size[1], effect.size[0]))
    return float(np.hypot(*(oracles.centroid(result) - expected)))


@pytest.mark.parametrize("name", WARPS)
def test_a_blob_lands_where_the_matrix_says(name: str) -> None:
    errors = [error for steps in draws(name) if (error := blob_error(steps)) is not None]
    assert len(errors) >= 3, "too few draws could be measured"
    assert max(errors) < 0.05


@pytest.mark.parametrize("length", [2, 3, 4])
def test_a_blob_lands_where_the_fused_matrix_of_a_chain_says(length: int) -> None:
    rng = np.random.default_rng(length)
    specs = [spec for spec in oracles.warps() if "fill" not in spec.fields]  # those do not fuse
    errors = []
    for number in range(30):
        chain: list[dict[str, Any]] = []
        for pick in rng.integers(0, len(specs), length):
            field = specs[pick].fields.get("size")
            size = {"size": [120, 100] if field.kind == "size" else 110} if field else {}
            chain.append(step(specs[pick].name, **(oracles.wide(specs[pick]) if number % 2 else {}), **size))
        error = blob_error(frozen(*chain, variant=number))
        errors += [] if error is None else [error]
    assert len(errors) >= 8, "too few chains could be measured"
    assert max(errors) < 0.05


@pytest.mark.parametrize("name", WARPS)
def test_a_ramp_reads_back_the_source_coordinates(name: str) -> None:
    measured = 0
    for steps in draws(name):
        effect = fused_warp(steps, SIZE)
        back = mx.apply(np.linalg.inv(effect.matrix), oracles.centres(effect.size))
        pixel = max(1.0, oracles.shrink(effect.matrix, SIZE))  # an output pixel, in source pixels
        margin = 2 + 4 * pixel
        inside = ((back > margin) & (back < np.array(SIZE) - margin)).all(axis=1)
        measured += int(inside.sum())
        for axis in (0, 1):
            read = render(Source(oracles.ramp(SIZE, axis)), steps, BLACK).ravel() / oracles.RAMP_SCALE
            assert np.abs(read - back[:, axis])[inside].max(initial=0) < 0.05 * pixel, steps
    assert measured > 10_000
