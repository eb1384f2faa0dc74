"""Articles go by sound, negators by meaning."""

import pytest

from augtool.text.english import article_for, negates


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("card", "a"), ("apple", "an"), ("hour", "an"), ("honest", "an"), ("house", "a"), ("user", "a"),
        ("unit", "a"), ("universal", "a"), ("unique", "a"), ("uninteresting", "an"), ("unimportant", "an"),
        ("umbrella", "an"), ("urgent", "an"), ("usual", "a"), ("useful", "a"), ("European", "a"),
        ("one", "a"), ("once", "a"), ("only", "an"), ("onion", "an"), ("ATM", "an"), ("PIN", "a"),
        ("SMS", "an"), ("UK", "a"), ("NASA", "a"), ("8", "an"), ("11", "an"), ("18th", "an"), ("110", "a"),
        ("80", "an"), ("utterance", "an"), ("utility", "a"), ("unhappy", "an"), ("union", "a"),
        ("heir", "an"), ("ubiquitous", "a"), ("upset", "an"), ("uncle", "an"), ("unanimous", "a"),
        ("unidentified", "an"), ("uniform", "a"),
    ],
)  # fmt: skip
def test_articles(word, expected):
    assert article_for(word) == expected


@pytest.mark.parametrize("word", ["not", "never", "don't", "won’t", "cannot", "without", "isnt"])
def test_negators(word):
    assert negates(word)


@pytest.mark.parametrize("word", ["knot", "want", "note", "nothings"])
def test_others_do_not_negate(word):
    assert not negates(word)
