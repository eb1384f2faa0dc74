"""Each transform on words: what it changes, and what it never does."""

import pytest

from augtool import registry
from augtool.text.document import Document, TextFrame
from augtool.text.edits import splice
from augtool.text.language import Language
from augtool.text.options import TextOptions

NAMES = [spec.name for spec in registry.specs() if spec.modality == "text"]
TEXT = 'I tried to buy an "extra large" phone, and Anna did not help. It was an error!'


def apply(name, text, seed=1, spans=(), options=None, **fields):
    document = Document(text, Language(TextOptions(**(options or {}))), spans)
    spec = registry.get(name)
    values = {key: value.quantile(0.5) for key, value in spec.values.items()}
    edit = spec.function(TextFrame(document), **{**values, **fields, "seed": seed})
    return splice(text, edit.changes), edit


def outcomes(name, text, count=60, **fields):
    return {apply(name, text, seed, **fields)[0] for seed in range(count)}


def test_there_are_six():
    assert NAMES == [
        "synonym_replace", "random_insert", "random_swap", "random_delete", "punct_insert", "typo",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_edits(name):
    assert apply(name, TEXT, 5, alpha=0.3) == apply(name, TEXT, 5, alpha=0.3)
    assert len(outcomes(name, TEXT, alpha=0.3)) > 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", "   ", "word", "123", "今天很好", "👍", "שלום", "\x00", "a\n\nb"])
def test_odd_texts(name, text):
    made, edit = apply(name, text, alpha=1.0)
    assert made == splice(text, edit.changes)


@pytest.mark.parametrize("name", NAMES)
def test_names_negators_and_protected_parts_stay(name):
    text = "Today Anna does not pay http://a.b/c or £5 while Bob never sees @me"
    for seed in range(30):
        made, _ = apply(name, text, seed, alpha=1.0)
        for word in ("Anna", "not", "http://a.b/c", "£5", "Bob", "never", "@me"):
            assert word in made.split(), (name, made)


def test_synonyms_take_the_place_of_words():
    assert outcomes("synonym_replace", "I tried it", n=1) == {"I attempted it"}


def test_alpha_and_n_say_how_many():
    text = " ".join(["this is an odd sort of text"] * 10)
    assert len(apply("punct_insert", text, alpha=0.1)[1].changes) == 7
    assert len(apply("punct_insert", text, alpha=0.001)[1].changes) == 1
    assert len(apply("punct_insert", text, alpha=0.5, most=4)[1].changes) == 4
    assert len(apply("punct_insert", text, n=12)[1].changes) == 12


def test_insertions_come_from_a_list():
    found = outcomes("random_insert", "we will see (all) of it.", n=1, phrases=["you know"])
    assert found == {
        "we you know will see (all) of it.", "we will you know see (all) of it.",
        "we will see (all) you know of it.", "we will see (all) of you know it.",
    }  # fmt: skip


def test_what_must_not_be_used_is_not_inserted():
    made, edit = apply("random_insert", "we will see", options={"never_use": ("please",)}, phrases=["Please"])
    assert not edit.changes
    assert made == "we will see"


def test_insertions_are_synonyms_without_a_list():
    found = outcomes("random_insert", "I tried it now", n=1)
    assert found == {"I attempted tried it now", "I tried attempted it now", "I tried it attempted now"}


def test_neighbours_are_swapped():
    assert outcomes("random_swap", "one two  three", n=1) == {"two one  three", "one three  two"}


def test_swaps_stop_at_punctuation_and_lines():
    assert outcomes("random_swap", "one, two\nthree an four", n=5) == {"one, two\nthree an four"}


def test_the_capital_stays_at_the_beginning():
    assert outcomes("random_swap", "Dogs bark", n=1) == {"Bark dogs"}
    assert outcomes("random_swap", "I bark", n=1) == {"Bark I"}


def test_any_two_words_can_be_swapped():
    assert "three two one" in outcomes("random_swap", "one two three", n=1, reach="any")


def test_phrases_are_swapped_whole():
    assert outcomes("random_swap", "we paid with the card at the counter", n=1, unit="phrase") == {
        "we paid at the counter with the card", "with the card we paid at the counter",
    }  # fmt: skip


def test_words_are_deleted_with_a_gap():
    assert outcomes("random_delete", "so one two.", n=1) == {"one two.", "so two."}
    assert outcomes("random_delete", "one two, three", n=1) == {"two, three", "one, three"}


def test_the_last_word_and_a_capital_beginning_stay():
    assert outcomes("random_delete", "One two three", n=9) == {"One three"}


def test_marks_are_set_off_by_spaces():
    assert outcomes("punct_insert", "one two", n=1, marks=[";"]) == {"one ; two"}
    assert outcomes("punct_insert", "one two", n=1, marks=[]) == {"one two"}


def test_a_slip_hits_a_neighbouring_key_and_makes_no_other_word():
    for made in outcomes("typo", "telephone", n=1):
        wrong = [(a, b) for a, b in zip("telephone", made, strict=True) if a != b]
        assert len(wrong) == 1
        assert made[0] == "t"
    assert "cars" not in outcomes("typo", "card", n=1, count=300)
