"""The plan: what is expanded and copied, and a survey that tells the truth."""

from collections import Counter
from dataclasses import replace

import making
import pytest
from making import recipe as usual

from augtool import pipeline
from augtool.errors import RecipeError, UsageError
from augtool.plan import Job, plan, survey
from augtool.recipe import parse_recipe
from augtool.sample import Item

TEXT = "version: 1\nseed: 3\n{}\ntransforms: [horizontal_flip]\n"
GOALS = [
    "variants: 3",
    "variants: {total: 31}",
    "variants: {per_class: 9}",
    "variants: {balance: max}",
    "variants: {balance: mean}",
    "variants: {balance: 6, max_factor: 30}",
    "variants: {per_class: 9}\noriginals: none",
    "variants: {total: 40}\nsplit: {val: 0.2, test: 0.2}",
]


def recipe(body):
    return parse_recipe(TEXT.format(body))


def unequal(root):
    for name, number in {"cat": 6, "dog": 2, "owl": 3}.items():
        for at in range(number):
            making.put(root / name / f"{at}.png", at)
    (root / "cat" / "link.png").symlink_to("/nowhere.png")
    return root


@pytest.mark.parametrize("body", GOALS)
def test_the_survey_is_what_the_plan_yields(tmp_path, body):
    planned = pipeline.prepare(recipe(body), unequal(tmp_path), pipeline.Options())
    jobs = list(planned.plan)
    survey = planned.survey
    assert survey.jobs == len(jobs) == 12
    assert survey.files == sum(job.files for job in jobs)
    assert survey.variants == sum(job.variants for job in jobs)
    assert survey.originals == sum(job.copy for job in jobs)
    by_class = Counter()
    for job in jobs:
        if not job.item.problem:
            by_class[job.item.split or "", job.item.label] += job.files
    assert survey.written == by_class
    assert list(planned.plan) == jobs


@pytest.mark.parametrize("body", GOALS)
def test_a_run_writes_what_the_survey_said(tmp_path, body):
    root = unequal(tmp_path / "in")
    planned = pipeline.prepare(recipe(body), root, pipeline.Options())
    report = making.run(root, tmp_path / "out", recipe(body))
    assert report["totals"]["files"] == planned.survey.files == len(making.pictures(tmp_path / "out"))
    assert report["totals"]["variants"] == planned.survey.variants


def test_per_class_counts_are_exact_on_disk(tmp_path):
    making.run(unequal(tmp_path / "in"), tmp_path / "out", recipe("variants: {per_class: 9}"))
    counts = {
        folder.name: len(list(folder.iterdir())) for folder in (tmp_path / "out").iterdir() if folder.is_dir()
    }
    assert counts == {"cat": 9, "dog": 9, "owl": 9}


def test_a_goal_needs_a_data_set():
    with pytest.raises(UsageError, match="per_class: 9"):
        list(plan([], recipe("variants: {per_class: 9}")))


def test_the_notes_of_the_counts_reach_the_report(tmp_path):
    report = making.run(unequal(tmp_path / "in"), tmp_path / "out", recipe("variants: {per_class: 4}"))
    assert any("cat 6" in note for note in report["notes"])


@pytest.mark.parametrize(
    ("body", "place", "said"),
    [
        ("variants: {balance: mx}", ":3:21: variants.balance", "max, mean or a number"),
        ("variants: {totl: 9}", ":3:12: variants.totl", "did you mean 'total'"),
        ("variants: {total: 9, per_class: 3}", ":3:11: variants", "one of total, per_class, balance"),
        ("variants: {max_factor: 3}", ":3:11: variants", "one of total, per_class, balance"),
        ("variants: {total: 0}", ":3:19: variants.total", "at least 1"),
        ("variants: 1.5", ":3:11: variants", "{total: N}"),
        ("split: {val: 0.7, test: 0.3}", ":3:8: split", "less than 1"),
        ("split: {vl: 0.2}", ":3:9: split.vl", "did you mean 'val'"),
        ("group: scene", ":3:8: group", "beside split"),
        ("split: {val: 0.2}\ngroup: '(a'", ":4:8: group", "not a regular expression"),
    ],
)
def test_mistakes_are_said_once_at_their_place(body, place, said):
    with pytest.raises(RecipeError) as caught:
        recipe(body)
    (problem,) = caught.value.problems
    assert place in str(problem)
    assert said in str(problem)


TRAIN = Item("train/cat/a.jpg", "train/cat/", "a", ".jpg", "train", "cat", 1000)
VAL = Item("val/cat/b.jpg", "val/cat/", "b", ".jpg", "val", "cat", 500)
FLAT = Item("c.jpg", "", "c", ".jpg", None, None, 200)
BROKEN = Item("d.jpg", "", "d", ".jpg", None, None, 0, ("unreadable", "cannot be read"))
ITEMS = [TRAIN, VAL, FLAT, BROKEN]


def test_only_the_named_splits_are_expanded_and_the_others_copied() -> None:
    assert list(plan(ITEMS, usual())) == [
        Job(TRAIN, copy=True, variants=2),
        Job(VAL, copy=True, variants=0),
        Job(FLAT, copy=True, variants=2),
        Job(BROKEN, copy=False, variants=0),
    ]
    both = list(plan(ITEMS, usual(), ("train", "val")))
    assert [job.variants for job in both] == [2, 2, 2, 0]


def test_without_originals_other_splits_are_copied_all_the_same() -> None:
    jobs = list(plan(ITEMS, replace(usual(), originals="none")))
    assert [(job.copy, job.variants) for job in jobs] == [(False, 2), (True, 0), (False, 2), (False, 0)]
    assert [job.files for job in jobs] == [2, 1, 2, 0]


def test_a_plan_is_lazy() -> None:
    endless = (replace(FLAT, key=f"{number}.jpg") for number in iter(int, 1))
    assert next(plan(endless, usual())).item == replace(FLAT, key="0.jpg")


def test_a_survey_counts_what_a_run_would_make() -> None:
    counted = survey(plan(ITEMS, usual()), usual())
    assert counted.sources == {("train", "cat"): 1, ("val", "cat"): 1, ("", ""): 1}
    assert (counted.originals, counted.variants, counted.files) == (3, 4, 7)
    assert (counted.jobs, counted.usable, counted.problems) == (4, 3, {"unreadable": 1})
    assert counted.source_bytes == 1700
    assert counted.estimated_bytes == 1700 + 2 * 1000 + 2 * 200


def test_a_fixed_size_sets_the_estimate() -> None:
    fixed = usual("version: 1\nvariants: 1\noriginals: none\noutput: {format: png}\n"
                   "transforms:\n  - resize: {size: [100, 50]}\n")  # fmt: skip
    assert survey(plan([FLAT], fixed), fixed).estimated_bytes == 100 * 50 * 1.9
