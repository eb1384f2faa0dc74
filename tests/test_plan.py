from dataclasses import replace

from making import recipe

from augtool.plan import Job, plan, survey
from augtool.sample import Item

TRAIN = Item("train/cat/a.jpg", "train/cat/", "a", ".jpg", "train", "cat", 1000)
VAL = Item("val/cat/b.jpg", "val/cat/", "b", ".jpg", "val", "cat", 500)
FLAT = Item("c.jpg", "", "c", ".jpg", None, None, 200)
BROKEN = Item("d.jpg", "", "d", ".jpg", None, None, 0, ("unreadable", "cannot be read"))
ITEMS = [TRAIN, VAL, FLAT, BROKEN]


def test_only_the_named_splits_are_expanded_and_the_others_copied() -> None:
    assert list(plan(ITEMS, recipe())) == [
        Job(TRAIN, copy=True, variants=2),
        Job(VAL, copy=True, variants=0),
        Job(FLAT, copy=True, variants=2),
        Job(BROKEN, copy=False, variants=0),
    ]
    both = list(plan(ITEMS, recipe(), ("train", "val")))
    assert [job.variants for job in both] == [2, 2, 2, 0]


def test_without_originals_other_splits_are_copied_all_the_same() -> None:
    jobs = list(plan(ITEMS, replace(recipe(), originals="none")))
    assert [(job.copy, job.variants) for job in jobs] == [(False, 2), (True, 0), (False, 2), (False, 0)]
    assert [job.files for job in jobs] == [2, 1, 2, 0]


def test_a_plan_is_lazy() -> None:
    endless = (replace(FLAT, key=f"{number}.jpg") for number in iter(int, 1))
    assert next(plan(endless, recipe())).item == replace(FLAT, key="0.jpg")


def test_a_survey_counts_what_a_run_would_make() -> None:
    counted = survey(plan(ITEMS, recipe()), recipe())
    assert counted.sources == {("train", "cat"): 1, ("val", "cat"): 1, ("", ""): 1}
    assert (counted.originals, counted.variants, counted.files) == (3, 4, 7)
    assert (counted.jobs, counted.usable, counted.problems) == (4, 3, {"unreadable": 1})
    assert counted.source_bytes == 1700
    assert counted.estimated_bytes == 1700 + 2 * 1000 + 2 * 200


def test_a_fixed_size_sets_the_estimate() -> None:
    fixed = recipe("version: 1\nvariants: 1\noriginals: none\noutput: {format: png}\n"
                   "transforms:\n  - resize: {size: [100, 50]}\n")  # fmt: skip
    assert survey(plan([FLAT], fixed), fixed).estimated_bytes == 100 * 50 * 1.9
