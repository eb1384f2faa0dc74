"""Forms are recognised and made, or refused where they would be a guess."""

import pytest

from augtool.errors import UsageError
from augtool.text import inflect
from augtool.text.inflect import Grammar
from augtool.text.lexicon import built_in


@pytest.fixture(scope="module")
def grammar():
    return Grammar(built_in())


@pytest.mark.parametrize(
    ("lemma", "pos", "form", "expected"),
    [
        ("card", "n", "s", "cards"), ("box", "n", "s", "boxes"), ("city", "n", "s", "cities"),
        ("day", "n", "s", "days"), ("child", "n", "s", "children"), ("hero", "n", "s", "heroes"),
        ("photo", "n", "s", "photos"), ("business", "n", "s", "businesses"), ("information", "n", "s", None),
        ("happiness", "n", "s", None), ("try", "v", "s", "tries"), ("pass", "v", "s", "passes"),
        ("buy", "v", "s", "buys"), ("make", "v", "ing", "making"), ("see", "v", "ing", "seeing"),
        ("lie", "v", "ing", "lying"), ("stop", "v", "ing", "stopping"), ("visit", "v", "ing", "visiting"),
        ("admit", "v", "ed", "admitted"), ("try", "v", "ed", "tried"), ("agree", "v", "ed", "agreed"),
        ("play", "v", "ed", "played"), ("fix", "v", "ed", "fixed"), ("buy", "v", "ed", "bought"),
        ("write", "v", "past", "wrote"), ("write", "v", "part", "written"), ("write", "v", "ed", None),
        ("big", "a", "er", "bigger"), ("easy", "a", "est", "easiest"), ("large", "a", "er", "larger"),
        ("good", "a", "est", "best"), ("expensive", "a", "er", None), ("quickly", "r", "er", None),
        ("show", "v", "", "show"), ("quit", "v", "ing", "quitting"), ("seek", "v", "ing", "seeking"),
    ],
)  # fmt: skip
def test_forms(grammar, lemma, pos, form, expected):
    assert grammar.inflect(lemma, pos, form) == expected


@pytest.mark.parametrize(
    ("word", "lemma", "pos", "form"),
    [
        ("cards", "card", "n", "s"), ("countries", "country", "n", "s"), ("children", "child", "n", "s"),
        ("tried", "try", "v", "ed"), ("stopping", "stop", "v", "ing"), ("making", "make", "v", "ing"),
        ("wrote", "write", "v", "past"), ("written", "write", "v", "part"), ("bought", "buy", "v", "ed"),
        ("bigger", "big", "a", "er"), ("easiest", "easy", "a", "est"), ("card", "card", "n", ""),
    ],
)  # fmt: skip
def test_readings(grammar, word, lemma, pos, form):
    assert (lemma, pos, form) in [(r.lemma, r.pos, r.form) for r in grammar.readings(word)]


def test_what_is_no_word_has_no_reading(grammar):
    assert grammar.readings("xqzzt") == ()


def test_every_form_of_a_word_is_read_back(grammar):
    for lemma, pos in (("carry", "v"), ("plan", "v"), ("bus", "n"), ("hot", "a")):
        for form in {"v": ("s", "ing", "ed"), "n": ("s",), "a": ("er", "est")}[pos]:
            made = grammar.inflect(lemma, pos, form)
            if made:
                assert any(r.lemma == lemma and r.form == form for r in grammar.readings(made)), made


def test_the_extra_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lemminflect", None)
    with pytest.raises(UsageError, match=r"pip install 'augtool\[text\]'"):
        inflect.lemminflect()


def test_the_extra_inflects():
    pytest.importorskip("lemminflect", reason="needs the extra augtool[text]")
    grammar = Grammar(built_in(), extra=True)
    assert grammar.inflect("buy", "v", "ed") == "bought"
    assert grammar.inflect("write", "v", "ed") is None
    assert grammar.inflect("child", "n", "s") == "children"
