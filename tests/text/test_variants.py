"""Distinct variants, or a shortfall with its reason."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augtool.recipe import parse_recipe
from augtool.text.document import Document
from augtool.text.edits import moved, splice
from augtool.text.english import negates
from augtool.text.language import language
from augtool.text.options import TextOptions
from augtool.text.variants import TRIES, identity, make_variants

ALL = parse_recipe(
    """
version: 1
transforms:
  - synonym_replace: {alpha: 0.3, strict: false, senses: 3, p: 0.7}
  - random_insert: {alpha: 0.2, phrases: [please, you know], p: 0.7}
  - random_swap: {alpha: 0.2, p: 0.5}
  - random_swap: {n: 1, unit: phrase, p: 0.2}
  - random_swap: {n: 1, reach: any, p: 0.2}
  - random_delete: {alpha: 0.2, p: 0.5}
  - punct_insert: {alpha: 0.2, p: 0.5}
  - typo: {alpha: 0.2, p: 0.5}
"""
).transforms


def make(text, recipe="- random_swap: {n: 1}", count=3, spans=(), forbidden=(), **options):
    nodes = parse_recipe(f"version: 1\ntransforms:\n  {recipe}\n").transforms
    source = Document(text, language(TextOptions(**options)), spans)
    return make_variants(source, nodes, 1, "key", count, forbidden)


def test_variants_are_distinct():
    made = make("we would like to see all of this today", count=6)
    assert len({identity(variant.text) for variant in made.variants}) == 6
    assert [variant.number for variant in made.variants] == [1, 2, 3, 4, 5, 6]
    assert made.missing == 0
    assert made.reason == ""


@pytest.mark.parametrize(
    ("text", "recipe", "reason"),
    [
        ("", "- random_swap", "no_words"),
        ("12345 678", "- random_swap", "no_words"),
        ("今天天气很好", "- random_swap", "no_words"),
        ("👍👍", "- random_swap", "no_words"),
        ("word", "- random_swap", "nothing_to_change"),
        ("the of", "- synonym_replace", "nothing_to_change"),
        ("big dogs", "- random_swap", "duplicate"),
        ("big big", "- random_delete", "duplicate"),
        ("so what", "- random_swap: {p: 0}", "no_step"),
    ],
)
def test_shortfalls_have_a_reason(text, recipe, reason):
    made = make(text, recipe, count=3)
    assert made.missing == 3 - len(made.variants)
    assert made.missing > 0
    assert made.reason == reason


def test_tries_are_bounded():
    made = make("big dogs", count=4)
    assert len(made.variants) + sum(made.tries.values()) <= TRIES * 4


def test_texts_of_the_set_do_not_come_again():
    first = make("big dogs bark", count=1).variants[0]
    other = make("big dogs bark", count=1, forbidden={identity(first.text)})
    assert [variant.text for variant in other.variants] != [first.text]
    assert other.tries["in_data_set"] == 1


def test_a_longer_list_begins_with_the_shorter_one():
    short, long = make("we like to see all of it", count=2), make("we like to see all of it", count=5)
    assert short.variants == long.variants[:2]


def test_identity_looks_past_form_case_and_space():
    assert identity("Caf\u00e9  au\nlait") == identity("cafe\u0301 AU lait ")
    assert identity("STRASSE") == identity("straße")
    assert identity("a b") != identity("ab")


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.sampled_from(
                [
                    "an",
                    "old",
                    "hour",
                    "not",
                    "don't",
                    "phone",
                    "error.",
                    "\n",
                    " ",
                    "http://x.y/z",
                    "Anna",
                    "12%",
                ]
            ),
        ),
        max_size=20,
    ),
    st.data(),
)
def test_splice_invariants_on_any_text(parts, data):
    text = " ".join(parts)
    ends = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=2)))
    spans = [(ends[0], ends[1])] if ends[0] < ends[1] else []
    source = Document(text, language(TextOptions()), spans)
    made = make_variants(source, ALL, data.draw(st.integers(0, 99)), "k", 3)
    assert len({identity(v.text) for v in made.variants} | {identity(text)}) == len(made.variants) + 1
    for variant in made.variants:
        assert variant.text == splice(text, variant.changes)
        for (start, end), (low, high) in zip(spans, moved(variant.changes, spans), strict=True):
            assert variant.text[low:high] == text[start:end]
        touched = [(c.start, c.end) for c in variant.changes]
        for token in source.tokens:
            kept = token.kind == "protected" or negates(token.word.lower())
            if kept:
                assert all(high <= token.start or low >= token.end for low, high in touched), token


def test_a_large_text_is_no_trouble():
    words = ["error", "phone", "the", "a", "of", "tried", "card", "not", "and", "large"]
    pick = random.Random(1)
    text = " ".join(pick.choice(words) for _ in range(180_000))
    made = make(text, "- synonym_replace\n  - random_swap\n  - random_delete\n  - punct_insert", count=2)
    assert len(made.variants) == 2


def banking():
    root = os.environ.get("AUGTOOL_REAL_DATA")
    if not root:
        pytest.skip("AUGTOOL_REAL_DATA is unset")
    import csv

    with (Path(root) / "banking77/banking_data/train.csv").open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)][::25]


def test_real_texts():
    short = 0
    for number, text in enumerate(banking()):
        source = Document(text, language(TextOptions()))
        made = make_variants(source, ALL, 1, str(number), 2)
        short += made.missing
        for variant in made.variants:
            assert variant.text == splice(text, variant.changes)
            assert [t.word for t in source.tokens if negates(t.word.lower())] == [
                t.word
                for t in Document(variant.text, language(TextOptions())).tokens
                if negates(t.word.lower())
            ]
    assert short < 10
