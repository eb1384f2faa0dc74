"""The same step on the same picture gives the same bytes, and leaves nothing behind."""

import random

import cv2
import numpy as np
import oracles
import pytest
from oracles import LAYOUTS, frozen, step

from augtool import registry
from augtool.render import render
from augtool.warp import Outside, Source

SPECS = [pytest.param(spec, id=spec.name) for spec in registry.specs("image")]


def opencv_draw() -> bytes:
    drawn = np.zeros(16, np.uint8)
    cv2.randu(drawn, 0, 255)
    return drawn.tobytes()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("spec", SPECS)
def test_same_in_same_out_and_the_source_stays(spec: registry.Spec, layout: str) -> None:
    pixels = oracles.noise(layout)
    before = pixels.copy()
    pixels.flags.writeable = False
    steps = frozen(step(spec.name, **oracles.wide(spec)))
    shared = Source(pixels)
    first = render(shared, steps, Outside())
    assert np.array_equal(render(shared, steps, Outside()), first)
    assert np.array_equal(render(Source(before), steps, Outside()), first)
    assert np.array_equal(pixels, before)


@pytest.mark.parametrize("spec", SPECS)
def test_what_it_returns_is_not_shared_with_the_copies_variants_read(spec: registry.Spec) -> None:
    source = Source(oracles.noise("bgr8", (32, 24)))
    halves = source.level(1, 1), source.level(2, 2)
    for values in oracles.extremes(spec):
        result = render(source, frozen(step(spec.name, **values)), Outside())
        assert not any(np.shares_memory(result, half) for half in halves), values


@pytest.mark.parametrize("spec", SPECS)
def test_no_global_random_state_is_read_or_moved(spec: registry.Spec) -> None:
    steps = frozen(step(spec.name))
    pixels = oracles.noise("bgr8")
    results = []
    for seed in (1, 2):
        np.random.seed(seed)
        random.seed(seed)
        cv2.setRNGSeed(seed)
        expected = opencv_draw()
        cv2.setRNGSeed(seed)
        states = np.random.get_state()[1].tobytes(), random.getstate()
        results.append(render(Source(pixels), steps, Outside()).tobytes())
        assert (np.random.get_state()[1].tobytes(), random.getstate()) == states
        assert opencv_draw() == expected
    assert results[0] == results[1]
