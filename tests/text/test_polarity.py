"""Praise is not replaced by blame."""

import pytest

from augtool.text.document import Document
from augtool.text.language import Language
from augtool.text.lexicon import built_in
from augtool.text.options import TextOptions
from augtool.text.polarity import flips, sign_of


@pytest.mark.parametrize(("word", "sign"), [("excellent", 1), ("awful", -1), ("refund", 0), ("childish", -1)])
def test_signs(word, sign):
    assert sign_of(built_in(), word) == sign


def test_a_form_has_the_sign_of_its_lemma():
    assert sign_of(built_in(), "xqzzt", "awful") == -1


def test_signs_reach_words_that_are_no_seeds():
    signs = built_in()._signs
    assert sum(sign > 0 for sign in signs.values()) > 500
    assert sum(sign < 0 for sign in signs.values()) > 500


def test_flips():
    assert flips(built_in(), "childlike", "childlike", "childish")
    assert not flips(built_in(), "excellent", "excellent", "superb")
    assert not flips(built_in(), "refund", "refund", "bad")


def test_a_synonym_that_turns_praise_to_blame_is_not_offered(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text("thrifty\ta\tstingy,frugal\n")
    document = Document("a thrifty man", Language(TextOptions(lexicon=str(path))))
    assert document.synonyms(1) == ("frugal",)
