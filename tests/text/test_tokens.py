"""What is a word, what is punctuation, and what no edit may touch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.text.tokens import tokenize


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world!", [("Hello", "w"), (",", "p"), ("world", "w"), ("!", "p")]),
        ("I don't", [("I", "w"), ("don't", "w")]),
        ("I don’t", [("I", "w"), ("don’t", "w")]),
        ("(see https://a.b/c?d=1).", [("(", "p"), ("see", "w"), ("https://a.b/c?d=1", "x"), (").", "p")]),
        ("mail me@example.com, ok", [("mail", "w"), ("me@example.com", "x"), (",", "p"), ("ok", "w")]),
        ("@anna #fun", [("@anna", "x"), ("#fun", "x")]),
        ("pay £20.50 now", [("pay", "w"), ("£20.50", "x"), ("now", "w")]),
        ("the U.S. too", [("the", "w"), ("U.S.", "x"), ("too", "w")]),
        ("at 5 p.m.", [("at", "w"), ("5", "x"), ("p.m.", "x")]),
        ("<b>bold</b> text", [("<b>bold</b>", "x"), ("text", "w")]),
        ("a {name} b", [("a", "w"), ("{name}", "x"), ("b", "w")]),
        ("well-known café", [("well-known", "w"), ("café", "w")]),
        ("今天很好", [("今天很好", "x")]),
        ("नमस्ते दुनिया", [("नमस्ते", "w"), ("दुनिया", "w")]),
        ("שלום עולם", [("שלום", "w"), ("עולם", "w")]),
        ("👍🏽 great", [("👍🏽", "p"), ("great", "w")]),
        ("", []),
    ],
)
def test_tokens(text, expected):
    found = [(token.word, token.kind) for token in tokenize(text)]
    names = {"w": "word", "p": "punct", "x": "protected"}
    assert found == [(word, names[kind]) for word, kind in expected]


def test_whatever_meets_a_protected_interval_is_protected():
    assert [token.kind for token in tokenize("fly to New York today", [(7, 15)])] == [
        "word", "word", "protected", "protected", "word",
    ]  # fmt: skip


def test_nested_intervals_protect_all_they_cover():
    text = "one two three four five"
    protected = [token.word for token in tokenize(text, [(0, 18), (4, 7)]) if token.kind == "protected"]
    assert protected == ["one", "two", "three", "four"]


@given(st.text())
def test_tokens_and_gaps_make_up_the_text(text):
    end = 0
    for token in tokenize(text):
        assert token.start >= end
        assert not text[end : token.start].strip()
        assert text[token.start : token.end] == token.word
        assert token.word
        end = token.end
    assert not text[end:].strip()
