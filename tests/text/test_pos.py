"""Parts of speech are told by neighbours, or not at all."""

import sys

import pytest

from augtool.errors import UsageError
from augtool.text import pos
from augtool.text.document import Document
from augtool.text.language import Language
from augtool.text.options import TextOptions


def reading(text, word, **options):
    document = Document(text, Language(TextOptions(**options)))
    at = document.lower.index(word)
    found = document.readings[at]
    return (found.pos, found.form) if found else None


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("I need help", "need", ("v", "")),
        ("the need is great", "need", ("n", "")),
        ("they want to purchase it", "purchase", ("v", "")),
        ("a purchase was refused", "purchase", ("n", "")),
        ("She has noticed it", "noticed", ("v", "part")),
        ("She noticed it", "noticed", ("v", "past")),
        ("my phones", "phones", ("n", "s")),
        ("a large dog", "large", ("a", "")),
        ("it arrived quickly", "quickly", ("r", "")),
        ("why is it here", "is", None),
        ("we do not know xqzzt", "xqzzt", None),
    ],
)
def test_readings_in_place(text, word, expected):
    assert reading(text, word) == expected


def test_punctuation_cuts_the_context():
    assert reading("to need", "need") == ("v", "")
    assert reading("to, need", "need") is None


def test_the_extra_says_how_to_install_it(monkeypatch):
    pos.pattern_tagger.cache_clear()
    monkeypatch.setitem(sys.modules, "textblob.en", None)
    monkeypatch.setitem(sys.modules, "textblob", None)
    with pytest.raises(UsageError, match=r"pip install 'augtool\[text\]'"):
        reading("I need help", "need", grammar="extra")


def test_the_extra_tags():
    pytest.importorskip("textblob", reason="needs the extra augtool[text]")
    pytest.importorskip("lemminflect", reason="needs the extra augtool[text]")
    pos.pattern_tagger.cache_clear()
    assert reading("the large dog noticed it", "large", grammar="extra") == ("a", "")
