"""Goals for the number of pictures: exact, fair, and refused where they ask too much of a picture."""

from collections import Counter
from dataclasses import replace

import pytest

from augtool.counts import Goal, allot
from augtool.errors import UsageError
from augtool.sample import Item

SIZES = {"ant": 7, "bee": 3, "cat": 40}


def items(sizes=SIZES, split=None):
    return [
        Item(f"{name}/{at:03}.jpg", f"{name}/", f"{at:03}", ".jpg", split, name or None)
        for name, number in sizes.items()
        for at in range(number)
    ]


def numbers(found, goal, *, splits=("train",), seed=0, copies=True):
    counter = allot(lambda: found, goal, splits, seed=seed, copies=copies).counter()
    return {item.key: counter(item) for item in found}


def after(found, goal, *, copies=True, **more):
    made = numbers(found, goal, copies=copies, **more)
    total = Counter()
    for item in found:
        total[item.label] += made[item.key] + copies
    return dict(total)


def test_total_is_met_exactly():
    assert sum(after(items(), Goal("total", 347)).values()) == 347
    assert sum(after(items(), Goal("total", 347), copies=False).values()) == 347


def test_per_class_is_met_exactly_whether_originals_count_or_not():
    goal = Goal("per_class", 101, 100)
    assert after(items(), goal) == dict.fromkeys(SIZES, 101)
    assert after(items(), goal, copies=False) == dict.fromkeys(SIZES, 101)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("max", {"ant": 40, "bee": 40, "cat": 40}),
        ("mean", {"ant": 17, "bee": 17, "cat": 40}),  # 50 / 3, up
        (10, {"ant": 10, "bee": 10, "cat": 40}),
    ],
)
def test_balance_raises_smaller_classes(size, expected):
    assert after(items(), Goal("balance", size)) == expected
    assert after(items(), Goal("balance", size), copies=False) == expected


def test_pictures_of_a_class_differ_by_one_variant_at_most():
    made = numbers(items(), Goal("per_class", 45))
    for name in SIZES:
        of_class = {count for key, count in made.items() if key.startswith(name)}
        assert max(of_class) - min(of_class) <= 1


def test_one_more_does_not_go_to_the_first_names_and_moves_with_the_seed():
    found = items({"cat": 400})
    extra = [key for key, count in numbers(found, Goal("total", 500)).items() if count]
    assert len(extra) == 100
    early = sum(key < "cat/200" for key in extra)
    assert 30 < early < 70
    assert extra != [key for key, count in numbers(found, Goal("total", 500), seed=1).items() if count]


def test_order_of_items_decides_nothing():
    found = items()
    backwards = numbers(found[::-1], Goal("total", 347))
    assert numbers(found, Goal("total", 347)) == backwards


def test_items_with_the_same_key_are_counted_each():
    twice = items({"cat": 10}) * 2
    counter = allot(lambda: twice, Goal("total", 33), ("train",), seed=0, copies=True).counter()
    assert sum(counter(item) for item in twice) == 13


def test_a_large_factor_is_refused_with_the_numbers_and_what_to_write():
    with pytest.raises(UsageError, match="max_factor: 166") as caught:
        numbers(items(), Goal("per_class", 500))
    assert "bee: 3 pictures, 166 variants each" in str(caught.value)
    assert "ant: 7 pictures, 71 variants each" in str(caught.value)
    assert "cat" not in str(caught.value)
    assert after(items(), Goal("per_class", 500, 166)) == dict.fromkeys(SIZES, 500)


def test_the_factor_counts_the_picture_that_gets_most():
    with pytest.raises(UsageError, match="21 variants"):
        numbers(items({"a": 2}), Goal("per_class", 2 * 20 + 2 + 1))
    assert after(items({"a": 2}), Goal("per_class", 42)) == {"a": 42}


def test_larger_classes_keep_all_and_are_named():
    allotment = allot(items, Goal("per_class", 20), ("train",), seed=0, copies=True)
    assert after(items(), Goal("per_class", 20)) == {"ant": 20, "bee": 20, "cat": 40}
    assert allotment.notes == [
        "variants: {per_class: 20}: classes that are larger get no variants, and lose nothing: cat 40"
    ]
    assert "50 pictures already" in allot(items, Goal("total", 9), ("train",), seed=0, copies=True).notes[0]


def test_other_splits_and_problems_do_not_count():
    found = items(split="train") + items(split="val") + [replace(items()[0], problem=("unreadable", "x"))]
    train = [item for item in found if item.split == "train" and not item.problem]
    allotment = allot(lambda: found, Goal("per_class", 60), ("train",), seed=0, copies=True)
    counter = allotment.counter()
    assert sum(counter(item) for item in train) == 180 - len(train)
    both = allot(lambda: found, Goal("per_class", 60), ("train", "val"), seed=0, copies=False).counter()
    assert sum(both(item) for item in found[:-1]) == 180


def test_a_picture_with_objects_counts_for_its_rarest_class():
    found = [
        Item(f"{at}.jpg", "", str(at), ".jpg", classes=("car", "car", "bus")[: 2 + (at < 4)])
        for at in range(20)
    ]
    made = numbers(found, Goal("balance", "max"))
    assert sum(made[item.key] for item in found if "bus" in item.classes) == 12  # 4 -> 16, the cars' number
    assert sum(made.values()) == 12


def test_pictures_without_a_class_get_none_and_are_counted():
    found = [*items(), *items({"": 5})]
    allotment = allot(lambda: found, Goal("per_class", 40), ("train",), seed=0, copies=True)
    counter = allotment.counter()
    assert [counter(item) for item in found if not item.label] == [0] * 5
    assert allotment.notes == ["variants: {per_class: 40}: 5 pictures without a class: no variants"]


def test_a_set_without_classes_is_told_so():
    with pytest.raises(UsageError, match="no classes"):
        numbers(items({"": 5}), Goal("balance", "max"))
    assert sum(after(items({"": 5}), Goal("total", 12)).values()) == 12


def test_an_empty_set_asks_for_nothing():
    assert numbers([], Goal("balance", "max")) == numbers([], Goal("total", 5)) == {}
