"""Words that hold other steps, and the condition every step takes."""

from collections import Counter
from math import comb
from pathlib import Path
from typing import Any

import making
import numpy as np
import oracles
import pytest

from augtool.errors import RecipeError
from augtool.freeze import Facts, freeze
from augtool.recipe import from_plain, parse_recipe
from augtool.render import render
from augtool.sample import Item
from augtool.warp import Outside, Source


def steps(*lines: str) -> Any:
    return parse_recipe("version: 1\ntransforms:\n" + "".join(f"  - {line}\n" for line in lines)).transforms


def names(nodes: Any, variant: int = 1, facts: Facts | None = None) -> list[str]:
    return [step.name for step in freeze(nodes, 1, "k", variant, facts=facts)]


def problem(*lines: str) -> str:
    with pytest.raises(RecipeError) as caught:
        steps(*lines)
    (only,) = caught.value.problems
    return str(only)


# --- words -----------------------------------------------------------------------------------------------


def test_some_of_takes_so_many_different_steps_in_their_order() -> None:
    nodes = steps("some_of: {n: 2, steps: [zoom, shear, hue, gamma]}")
    order = ["zoom", "shear", "hue", "gamma"]
    seen = Counter(tuple(names(nodes, at)) for at in range(3000))
    assert all(len(set(picked)) == 2 and list(picked) == sorted(picked, key=order.index) for picked in seen)
    assert len(seen) == comb(4, 2)
    assert min(seen.values()) > 0.8 * 3000 / 6


def test_some_of_draws_how_many() -> None:
    nodes = steps("some_of: {n: [1, 3], steps: [zoom, shear, hue]}")
    counts = Counter(len(names(nodes, at)) for at in range(1500))
    assert set(counts) == {1, 2, 3} and min(counts.values()) > 400
    assert names(steps("some_of: {n: 0, steps: [zoom]}")) == []
    assert {len(names(steps("some_of: [zoom, shear]"), at)) for at in range(40)} == {1, 2}
    assert names(steps("some_of: [zoom]")) == ["zoom"]


def test_random_order_applies_all_in_every_order() -> None:
    nodes = steps("random_order: [zoom, shear, hue]")
    seen = Counter(tuple(names(nodes, at)) for at in range(3000))
    assert len(seen) == 6 and min(seen.values()) > 0.8 * 3000 / 6
    draws = [{step.name: step.values for step in freeze(nodes, 1, "k", at)} for at in (1, 2)]
    assert draws[0]["zoom"] != draws[1]["zoom"]


def test_sequence_is_one_entry_of_a_choice() -> None:
    nodes = steps("one_of: [{sequence: [zoom, shear]}, hue]")
    assert {tuple(names(nodes, at)) for at in range(40)} == {("zoom", "shear"), ("hue",)}


def test_sometimes_is_all_or_nothing_half_the_time_unless_told() -> None:
    def share(line: str) -> float:
        drawn = [tuple(names(steps(line), at)) for at in range(1500)]
        assert set(drawn) == {("zoom", "shear"), ()}
        return sum(map(bool, drawn)) / 1500

    assert share("sometimes: [zoom, shear]") == pytest.approx(0.5, abs=0.04)
    assert share("sometimes: {p: 0.2, steps: [zoom, shear]}") == pytest.approx(0.2, abs=0.04)


def test_repeat_draws_anew_each_time() -> None:
    frozen = freeze(steps("repeat: {times: 3, steps: [zoom, {cutout: {holes: 1}}]}"), 1, "k", 1)
    assert [step.name for step in frozen] == ["zoom", "cutout"] * 3
    assert len({step.values["factor"] for step in frozen[::2]}) == 3
    assert len({step.values["seed"] for step in frozen[1::2]}) == 3
    assert {len(names(steps("repeat: {times: [0, 2], steps: [zoom]}"), at)) for at in range(40)} == {0, 1, 2}


def test_a_step_draws_the_same_whether_or_not_its_neighbours_are_picked() -> None:
    nodes = steps("some_of: {n: 1, steps: [zoom, shear]}")
    both = steps("some_of: {n: 2, steps: [zoom, shear]}")
    for at in range(20):
        (one,) = freeze(nodes, 1, "k", at)
        assert one in freeze(both, 1, "k", at)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("some_of: {n: 3, steps: [zoom, hue]}", "some_of.n: asks for more steps than the 2 there are"),
        ("some_of: {n: [1, 2], steps: [zoom]}", "some_of.n: asks for more steps than the 1 there is"),
        ("some_of: {n: -1, steps: [zoom]}", "-1 is out of bounds"),
        (
            "repeat: {steps: [{repeat: {times: 100, steps: [zoom]}}], times: 100}",
            "comes to more than 1000 steps",
        ),
        ("sometimes: {step: [zoom]}", "sometimes takes a list of steps, or {steps: [...], p: 0.5}"),
        ("repeat: {}", "repeat takes a list of steps, or {steps: [...], times: 2, p: 0.5}"),
        ("random_order: {steps: [zoom], weights: [1]}", "unknown field"),
        ("some_off: [zoom]", "did you mean 'some_of'"),
        ("hue: {when: {}}", "expected {class, split, min_size, max_size}"),
        ("hue: {when: {min_side: 3}}", "did you mean 'min_size'"),
        ("hue: {when: {split: validation}}", "split is train, val, test, got 'validation'"),
        ("hue: {when: {class: []}}", "class takes a name or a list of names"),
        ("hue: {when: {min_size: 0}}", "0 is out of bounds"),
        ("sequence: {steps: [hue], when: {class: {}}}", "class takes a name or a list of names"),
    ],
)
def test_mistakes_are_named(line: str, said: str) -> None:
    assert said in problem(line)


# --- conditions ------------------------------------------------------------------------------------------


def test_class_and_split_are_settled_by_what_the_scan_knows() -> None:
    nodes = steps("zoom: {when: {class: [cat, 7]}}", "shear: {when: {split: [train]}}",
                  "sequence: {when: {class: dog, split: val}, steps: [hue]}")  # fmt: skip
    assert names(nodes, facts=Facts(frozenset({"cat"}), "train")) == ["zoom", "shear"]
    assert names(nodes, facts=Facts(frozenset({"7", "bird"}), "val")) == ["zoom"]
    assert names(nodes, facts=Facts(frozenset({"dog"}), "val")) == ["hue"]
    assert names(nodes, facts=None) == ["zoom", "shear", "hue"]


def test_facts_are_the_class_of_the_picture_and_of_its_objects() -> None:
    item = Item("a.png", "", "a", ".png", label="cat", classes=("tail", "ear"))
    assert Facts.of(item) == Facts(frozenset({"cat", "tail", "ear"}), "train")
    assert Facts.of(Item("a.png", "", "a", ".png", split="val")) == Facts(frozenset(), "val")


def test_a_condition_moves_no_draw() -> None:
    plain = freeze(steps("zoom", "hue"), 1, "k", 1)
    here = freeze(steps("zoom: {when: {class: a}}", "hue"), 1, "k", 1, facts=Facts(frozenset({"a"})))
    elsewhere = freeze(steps("zoom: {when: {class: a}}", "hue"), 1, "k", 1, facts=Facts())
    assert here == plain and elsewhere == plain[1:]


def test_a_frozen_step_keeps_only_the_condition_on_size() -> None:
    inner = "{zoom: {when: {min_size: 20, max_size: 80}}}"
    nodes = steps(
        "hue: {when: {class: a, min_size: 64}}",
        f"sequence: {{when: {{min_size: 30, max_size: 90}}, steps: [{inner}]}}",
    )
    once = freeze(nodes, 1, "k", 1, facts=Facts(frozenset({"a"})))
    assert [dict(step.when) for step in once] == [{"min_size": 64}, {"min_size": 30, "max_size": 80}]
    again = from_plain({"version": 1, "transforms": [step.plain() for step in once]})
    assert freeze(again.transforms, 9, "other", 5, facts=Facts()) == once


def test_size_is_that_of_the_picture_at_that_step() -> None:
    def applied(size: tuple[int, int], *lines: str) -> bool:
        pixels = oracles.noise("bgr8", size)
        plain = render(Source(pixels), freeze(steps(*lines[:-1]) if lines[1:] else (), 1, "k", 1), Outside())
        return not np.array_equal(render(Source(pixels), freeze(steps(*lines), 1, "k", 1), Outside()), plain)

    assert applied((40, 30), "invert: {when: {min_size: 30}}")
    assert not applied((40, 30), "invert: {when: {min_size: 31}}")
    assert applied((40, 30), "invert: {when: {max_size: 40}}")
    assert not applied((40, 30), "invert: {when: {max_size: 39}}")
    assert applied((40, 30), "resize: {size: 80}", "invert: {when: {min_size: 60}}")
    assert not applied((40, 30), "resize: {size: 20}", "invert: {when: {min_size: 30}}")


def test_a_step_for_one_class_is_drawn_for_that_class_only(tmp_path: Path) -> None:
    text = "version: 1\nvariants: 2\ntransforms:\n  - invert: {when: {class: cat}}\n"
    making.run(making.dataset(tmp_path / "in"), tmp_path / "out", parse_recipe(text))
    made = [row for row in making.rows(tmp_path / "out") if row["kind"] == "variant"]
    assert {row["label"] for row in made} == {"cat", "dog"}
    assert all(row["steps"] == ([{"invert": {}}] if row["label"] == "cat" else []) for row in made)
