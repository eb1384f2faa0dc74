"""Policies: what they draw, how often, how strong, and that the result is plain steps."""

from collections import Counter
from typing import Any

import numpy as np
import oracles
import pytest

from augtool import policies, recipe, registry
from augtool.freeze import FrozenStep, freeze
from augtool.render import render
from augtool.warp import Outside, Source


def drawn(name: str, count: int = 400, **fields: Any) -> list[tuple[FrozenStep, ...]]:
    nodes = recipe.from_plain({"version": 1, "transforms": [{name: fields}]}).transforms
    return [freeze(nodes, 1, "k", variant) for variant in range(count)]


def test_there_are_three_of_them() -> None:
    assert [spec.name for spec in registry.policies()] == ["randaugment", "trivialaugment", "autoaugment"]
    assert not {spec.name for spec in registry.policies()} & set(registry.names())


@pytest.mark.parametrize("name", ["randaugment", "trivialaugment", "autoaugment"])
def test_it_becomes_plain_steps_that_are_frozen_already(name: str) -> None:
    names = set(registry.names())
    for steps in drawn(name, 60):
        assert {step.name for step in steps} <= names
        plain = {"version": 1, "transforms": [step.plain() for step in steps]}
        assert freeze(recipe.from_plain(plain).transforms, 5, "other", 9) == steps


@pytest.mark.parametrize("name", ["randaugment", "trivialaugment", "autoaugment"])
def test_it_renders(name: str) -> None:
    pixels = oracles.smooth("bgr8")
    for steps in drawn(name, 40):
        assert render(Source(pixels), steps, Outside()).shape == pixels.shape


def test_randaugment_applies_n_of_fourteen_all_equally_likely() -> None:
    lists = drawn("randaugment", 3000)
    counts = Counter(step.name for steps in lists for step in steps)
    # Identity is the fourteenth; shear and shift each stand for two axes.
    assert sum(counts.values()) == pytest.approx(3000 * 2 * 13 / 14, rel=0.02)
    for name, share in [("shear", 2), ("shift", 2), ("rotate", 1), ("equalize", 1), ("sharpen", 1)]:
        assert counts[name] == pytest.approx(share * 6000 / 14, rel=0.15)
    assert set(counts) == {"shear", "shift", "rotate", "brightness", "saturation", "contrast", "sharpen",
                           "posterize", "solarize", "auto_contrast", "equalize"}  # fmt: skip
    assert {len(steps) for steps in drawn("randaugment", 50, n=0)} == {0}


def values(name: str, transform: str, field: str, **fields: Any) -> set[float]:
    found = (step for steps in drawn(name, 2500, **fields) for step in steps if step.name == transform)
    return {step.values[field] for step in found}


# The paper's greatest magnitudes, with 30 of 30.
@pytest.mark.parametrize(
    ("transform", "field", "expected"),
    [
        ("rotate", "angle", [-30, 30]),
        ("shift", "x", [-150 / 331, 0, 150 / 331]),
        ("shear", "y", [-np.degrees(np.arctan(0.3)), 0, np.degrees(np.arctan(0.3))]),
        ("brightness", "factor", [0.1, 1.9]),
        ("sharpen", "factor", [0.1, 1.9]),
        ("posterize", "bits", [4]),
        ("solarize", "threshold", [0]),
    ],
)
def test_randaugments_greatest_strength(transform: str, field: str, expected: list[float]) -> None:
    assert sorted(values("randaugment", transform, field, magnitude=30)) == pytest.approx(expected, abs=1e-5)


def test_randaugments_usual_strength_is_nine_thirtieths() -> None:
    assert sorted(values("randaugment", "rotate", "angle")) == pytest.approx([-9, 9])
    assert sorted(values("randaugment", "saturation", "factor")) == pytest.approx([0.73, 1.27])
    assert values("randaugment", "posterize", "bits") == {7}  # 8 - round(4 * 9 / 30)
    assert sorted(values("randaugment", "solarize", "threshold")) == pytest.approx([0.7])


def test_trivialaugment_applies_one_at_any_of_31_strengths() -> None:
    lists = drawn("trivialaugment", 6000)
    assert {len(steps) for steps in lists} == {0, 1}
    angles = {abs(step.values["angle"]) for steps in lists for step in steps if step.name == "rotate"}
    assert len(angles) == 31 and max(angles) == 135
    assert min(values("trivialaugment", "posterize", "bits")) == 2
    assert max(values("trivialaugment", "shift", "x", shift=0.1)) == pytest.approx(0.1)


@pytest.mark.parametrize("table", ["imagenet", "cifar10", "svhn"])
def test_a_table_has_25_pairs_of_known_operations(table: str) -> None:
    pairs = policies._pairs(policies._TABLES[table])
    assert len(pairs) == 25 and all(len(pair) == 2 for pair in pairs)
    for pair in pairs:
        for name, p, level in pair:
            assert 0 <= p <= 1 and 0 <= level <= 9
            policies._operation(name, level / 9, False, policies._PAPER)


# Column sums of the published tables, taken from torchvision's copy: a mistyped number shows.
@pytest.mark.parametrize(
    ("table", "p", "levels", "most"),
    [
        ("imagenet", 31.0, 159, ("equalize", 17)),
        ("cifar10", 26.5, 187, ("equalize", 9)),
        ("svhn", 32.9, 143, ("invert", 12)),
    ],
)
def test_the_tables_add_up(table: str, p: float, levels: int, most: tuple[str, int]) -> None:
    entries = [entry for pair in policies._pairs(policies._TABLES[table]) for entry in pair]
    assert sum(entry[1] for entry in entries) == pytest.approx(p)
    assert sum(entry[2] for entry in entries) == levels
    assert Counter(entry[0] for entry in entries).most_common(1) == [most]


def test_autoaugment_applies_its_pairs_with_their_probabilities() -> None:
    lists = drawn("autoaugment", 5000, table="svhn")
    inverted = sum(any(step.name == "invert" for step in steps) for steps in lists) / 5000
    chances = [
        1 - np.prod([1 - p for name, p, _ in pair if name == "invert"])
        for pair in policies._pairs(policies._TABLES["svhn"])
    ]
    assert inverted == pytest.approx(np.mean(chances), abs=0.025)
    assert max(len(steps) for steps in lists) == 2
