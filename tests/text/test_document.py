"""What each word of a text may have done to it."""

import pytest

from augtool.text.document import Claims, Document, Draws, TextFrame, copy_case
from augtool.text.edits import Change, Edit
from augtool.text.language import Language
from augtool.text.options import TextOptions


def document(text, spans=(), **options):
    return Document(text, Language(TextOptions(**options)), spans)


def synonyms(text, word, **options):
    made = document(text, **options)
    return made.synonyms([token.word for token in made.tokens].index(word))


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("I tried it", "tried", {"attempted"}),
        ("two large dogs", "large", {"big"}),
        ("They purchased it", "purchased", {"bought"}),
        ("Help was requested", "requested", set()),
        ("my phone rings", "phone", {"telephone"}),
    ],
)
def test_synonyms_are_inflected(text, word, expected):
    assert expected <= set(synonyms(text, word))


def test_capitals_are_copied():
    assert "Immediately" not in synonyms("Immediately it rang", "Immediately")
    assert all(word[0].isupper() for word in synonyms("Immediately it rang", "Immediately"))
    assert all(word.isupper() for word in synonyms("I TRIED IT TWICE", "TRIED"))
    assert synonyms("I TRIED IT TWICE", "TRIED")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("I do not buy it", "not"),  # a negator
        ("my friend Phone rings", "Phone"),  # a name
        ("the exchange rate fell", "exchange"),  # part of a multiword
        ("they want to look into it", "look"),  # a verb with its particle
        ("the card", "the"),  # a function word
        ("call phone-1 now", "phone-1"),  # protected
    ],
)
def test_what_is_left_alone(text, word):
    assert synonyms(text, word) == ()


def test_words_of_the_recipe_are_left_alone():
    assert synonyms("my phone rings", "phone", protect=("Phone",)) == ()
    assert synonyms("my phone rings", "phone", patterns=(r"ph\w+",)) == ()
    assert synonyms("my phone rings", "phone", never_use=("telephone",)) == ()


def test_a_phrase_is_protected_whole():
    made = document("pay with apple  pay today", protect=("Apple Pay",))
    assert [token.word for token in made.tokens if token.kind == "protected"] == ["apple", "pay"]


def test_no_form_is_written_that_the_neighbours_leave_open(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text("purchase\tv\tdrink\n")
    options = {"lexicon": str(path), "lexicon_mode": "extend"}
    assert synonyms("She had purchased it", "purchased", **options) == ("drunk",)
    assert synonyms("She purchased it", "purchased", **options) == ("drank",)
    assert synonyms("goods purchased abroad", "purchased", **options) == ()  # drank or drunk?
    assert synonyms("to purchase it", "purchase", **options) == ("drink",)


def test_words_of_an_own_table_alone_are_matched_as_written(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text("purchase\tv\tdrink\n")
    options = {"lexicon": str(path), "lexicon_mode": "replace"}
    assert synonyms("to purchase it", "purchase", **options) == ("drink",)
    assert synonyms("She had purchased it", "purchased", **options) == ()


def test_other_languages(tmp_path):
    path = tmp_path / "de.tsv"
    path.write_text("haus\tn\tGebäude\nschnell\tr\trasch\n", encoding="utf-8")
    options = {"lexicon": str(path), "lexicon_mode": "replace"}
    assert synonyms("das Haus brennt", "Haus", **options) == ("Gebäude",)
    assert synonyms("er kam schnell", "schnell", **options) == ("rasch",)


def test_sentences_begin_after_stops_and_lines():
    made = document('One two. Three "four"\nFive')
    assert [made.tokens[at].word for at in sorted(made.starts)] == ["One", "Three", "Five"]


def test_names_are_told_by_capitals():
    made = document("Yesterday Anna paid. Apple Pay failed, I think. My ATM card")
    assert [made.tokens[at].word for at in sorted(made.proper)] == ["Anna", "Apple", "Pay", "ATM"]


def test_words_can_be_inserted_after_spaces_only():
    made = document("Well (he) came,quickly today", [(0, 4)])
    assert [made.tokens[at].word for at in made.gaps] == ["came", "today"]


def test_claims_that_belong_together_are_taken_together():
    claims = Claims(Edit((Change(4, 6, "x"),)))
    assert not claims.add(Change(0, 1, "a"), Change(5, 7, "b"))
    assert claims.add(Change(0, 1, "a"), Change(6, 7, "b"))
    assert claims.edit() == Edit((Change(0, 1, "a"), Change(6, 7, "b")))
    assert len(claims) == 2


def test_a_frame_knows_what_is_taken():
    frame = TextFrame(document("one two three"), Edit((Change(4, 7, "2"), Change(8, 8, "and "))))
    assert [frame.free(at) for at in range(3)] == [True, False, True]


def test_draws_come_in_an_order_of_their_seed():
    order = list(Draws.of(7).order(20))
    assert sorted(order) == list(range(20))
    assert order == list(Draws.of(7).order(20))
    assert order != list(Draws.of(8).order(20))
    assert order != sorted(order)


@pytest.mark.parametrize(
    ("source", "new", "expected"),
    [("Card", "money", "Money"), ("CARD", "money", "MONEY"), ("card", "money", "money"), ("I", "we", "We")],
)
def test_case(source, new, expected):
    assert copy_case(source, new) == expected
