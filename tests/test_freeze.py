from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making import recipe
from scipy.stats import kstest

from augtool.freeze import Stream, freeze
from augtool.recipe import from_plain, parse_recipe


def steps(*lines: str) -> Any:
    return parse_recipe("version: 1\ntransforms:\n" + "".join(f"  - {line}\n" for line in lines)).transforms


def drawn(nodes: Any, seed: int = 1, key: str = "a/b.jpg", variant: int = 1) -> dict[str, Any]:
    return {step.name: dict(step.values) for step in freeze(nodes, seed, key, variant)}


ALL = steps(
    "rotate: {angle: [-20, 20]}", "shift", "horizontal_flip: {p: 0.5}", "brightness", "gaussian_noise",
    "one_of: [zoom, shear, median_blur]",
)  # fmt: skip


# --- a frozen recipe is a recipe -------------------------------------------------------------------------


@given(seed=st.integers(0, 2**63 - 1), key=st.text(max_size=20), variant=st.integers(0, 10**6))
@settings(max_examples=50)
def test_freezing_what_is_frozen_changes_nothing(seed: int, key: str, variant: int) -> None:
    once = freeze(recipe(fmt="png").transforms, seed, key, variant)
    plain = {"version": 1, "transforms": [step.plain() for step in once]}
    again = from_plain(plain)
    assert freeze(again.transforms, 999, "other", 7) == once
    assert [step.plain() for step in freeze(again.transforms, 0, "", 0)] == plain["transforms"]


def test_a_frozen_step_is_applied_for_certain() -> None:
    frozen = freeze(steps("horizontal_flip: {p: 1}"), 1, "a", 1)
    assert [step.plain() for step in frozen] == [{"horizontal_flip": {"p": 1}}]


# --- draws depend on where they are used and on nothing else ---------------------------------------------


def test_inserting_or_removing_a_step_moves_no_other_draw() -> None:
    less = steps("rotate: {angle: [-20, 20]}", "brightness", "gaussian_noise")
    more = steps("vertical_flip: {p: 1}", "rotate: {angle: [-20, 20]}", "zoom", "brightness",
                 "one_of: [shear, hue]", "gaussian_noise")  # fmt: skip
    before, after = drawn(less), drawn(more)
    assert all(after[name] == values for name, values in before.items())


def test_changing_one_range_moves_no_other_draw() -> None:
    before = drawn(steps("shift: {x: [0, 0.1]}", "rotate: {angle: [-20, 20]}", "gaussian_noise"))
    after = drawn(steps("shift: {x: [0, 0.9]}", "rotate: {angle: [-20, 20]}", "gaussian_noise"))
    assert before["shift"]["x"] != after["shift"]["x"]
    assert before["shift"]["y"] == after["shift"]["y"]
    assert before["rotate"] == after["rotate"]
    assert before["gaussian_noise"] == after["gaussian_noise"]


def test_changing_a_probability_moves_no_draw() -> None:
    sure = drawn(steps("rotate: {p: 1}", "zoom: {p: 1}"))
    likely = [drawn(steps("rotate: {p: 0.5}", "zoom: {p: 1}"), variant=number) for number in range(1, 9)]
    certain = [drawn(steps("rotate: {p: 1}", "zoom: {p: 1}"), variant=number) for number in range(1, 9)]
    assert {len(one) for one in likely} == {1, 2}
    for some, every in zip(likely, certain, strict=True):
        assert all(every[name] == values for name, values in some.items())
    assert set(sure) == {"rotate", "zoom"}


def test_swapping_steps_keeps_their_draws_and_changes_the_order() -> None:
    one = freeze(steps("rotate", "zoom"), 1, "k", 1)
    other = freeze(steps("zoom", "rotate"), 1, "k", 1)
    assert [step.name for step in one] == ["rotate", "zoom"]
    assert one == other[::-1]


def test_two_steps_of_one_name_draw_apart() -> None:
    first, second = freeze(steps("rotate", "rotate"), 1, "k", 1)
    assert first.values["angle"] != second.values["angle"]


@pytest.mark.parametrize(
    "other", [{"seed": 2}, {"key": "a/c.jpg"}, {"variant": 2}, {"key": "a\0b.jpg"}, {"key": "a/b.jpg\udcff"}]
)
def test_another_seed_key_or_variant_gives_other_draws(other: dict[str, Any]) -> None:
    assert drawn(ALL) == drawn(ALL)
    assert drawn(ALL)["rotate"]["angle"] != drawn(ALL, **other)["rotate"]["angle"]
    assert drawn(ALL)["gaussian_noise"]["seed"] != drawn(ALL, **other)["gaussian_noise"]["seed"]


def test_neighbouring_seeds_and_variants_do_not_meet() -> None:
    # What "seed + variant" would do: seed 0 variant 1 is seed 1 variant 0.
    grid = {(seed, at): Stream(seed, "k", at).at("x") for seed in range(30) for at in range(30)}
    assert len(set(grid.values())) == len(grid)


# --- distribution ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("vary", ["variant", "key", "seed", "path"])
def test_draws_are_uniform_along_every_axis(vary: str) -> None:
    where = {"seed": 5, "key": "k", "variant": 1, "path": "p"}
    values = []
    for number in range(4000):
        here = where | {vary: number if vary in ("seed", "variant") else f"{vary}{number}"}
        values.append(Stream(here["seed"], here["key"], here["variant"]).at(here["path"]))
    assert 0 < min(values) < max(values) < 1
    assert kstest(values, "uniform").pvalue > 0.001


def test_draws_of_two_fields_are_independent() -> None:
    pairs = [(Stream(1, "k", at).at("rotate#0/angle"), Stream(1, "k", at).at("zoom#0/factor"))
             for at in range(4000)]  # fmt: skip
    assert kstest([(a + b) % 1 for a, b in pairs], "uniform").pvalue > 0.001
    assert kstest([(a - b) % 1 for a, b in pairs], "uniform").pvalue > 0.001


def test_a_probability_is_kept() -> None:
    nodes = steps("rotate: {p: 0.3}")
    share = sum(len(freeze(nodes, 1, "k", at)) for at in range(5000)) / 5000
    assert share == pytest.approx(0.3, abs=0.02)
    assert not any(freeze(steps("rotate: {p: 0}"), 1, "k", at) for at in range(500))
    assert all(freeze(steps("rotate: {p: 1}"), 1, "k", at) for at in range(500))


def test_one_of_picks_exactly_one_by_weight() -> None:
    nodes = steps("one_of: {steps: [zoom, shear, hue], weights: [1, 3, 0]}")
    names = []
    for at in range(4000):
        (step,) = freeze(nodes, 1, "k", at)
        names.append(step.name)
    assert "hue" not in names
    assert names.count("shear") / len(names) == pytest.approx(0.75, abs=0.03)


def test_one_of_may_be_left_out_and_may_hold_another() -> None:
    nodes = steps("one_of: {steps: [{one_of: [zoom, shear]}, hue], p: 0.5}")
    names = [[step.name for step in freeze(nodes, 1, "k", at)] for at in range(2000)]
    assert sum(not one for one in names) / 2000 == pytest.approx(0.5, abs=0.04)
    assert {name for one in names for name in one} == {"zoom", "shear", "hue"}
    assert max(len(one) for one in names) == 1


def test_draws_are_the_same_on_every_machine_and_in_every_release() -> None:
    # A change here makes every recipe give other pictures than before. It needs a very good reason.
    assert Stream(7, "cat/a.jpg", 3).at("rotate#0/angle") == 0.6510250132135738
