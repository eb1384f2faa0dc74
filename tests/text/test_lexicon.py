"""The built-in table, and a person's own."""

import gzip
import json
from pathlib import Path

import pytest

import augtool.text
from augtool.errors import UsageError
from augtool.text import lexicon
from augtool.text.lexicon import Candidate

FOLDER = Path(augtool.text.__file__).parent


def test_the_built_in_table_knows_common_words():
    entry = lexicon.built_in().entry("help", "v")
    assert entry is not None
    assert Candidate("assist", 1) in entry.senses[0]
    assert entry.prior > 5


def test_it_is_small_and_its_licence_lies_beside_it():
    assert (FOLDER / "lexicon.tsv.gz").stat().st_size <= 1_000_000
    assert "Permission to use, copy, modify and distribute" in (FOLDER / "WORDNET-LICENSE").read_text()
    assert "WordNet" in gzip.decompress((FOLDER / "lexicon.tsv.gz").read_bytes()).decode().partition("\n")[0]


def test_every_row_can_be_read():
    table = lexicon.built_in()
    words = {line.partition("\t")[0] for line in table._lines if line}
    assert len(words) > 50_000
    for word in words:
        for entry in table.entries(word):
            assert entry.pos in lexicon.POSES
            for sense in entry.senses:
                assert all(c.word.isalpha() and c.word.islower() and c.rank >= 1 for c in sense)


def test_multiwords_and_irregular_forms():
    table = lexicon.built_in()
    assert table.pair("exchange", "rate")
    assert not table.pair("rate", "exchange")
    assert table.irregular("wrote") == ("write/v",)


def test_an_own_table_replaces_or_extends(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text("# Deutsch\nHaus\tn\tGebäude,Heim|Zuhause\nhelp\tn\trelief\n", encoding="utf-8-sig")
    alone = lexicon.load(path, extend=False)
    assert [[c.word for c in sense] for sense in alone.entries("haus")[0].senses] == [
        ["Gebäude", "Heim"], ["Zuhause"],
    ]  # fmt: skip
    assert alone.entries("card") == ()
    both = lexicon.load(path, extend=True)
    assert [entry.pos for entry in both.entries("help")] == ["n"]
    assert both.entries("card")
    assert both.own("haus")
    assert not both.own("card")
    assert len({alone.digest, both.digest, lexicon.built_in().digest}) == 3


def test_json_says_the_same_as_lines(tmp_path):
    lines, data = tmp_path / "own.tsv", tmp_path / "own.json"
    lines.write_text("big\ta\tlarge,huge|grown\n")
    data.write_text(json.dumps({"big": {"a": [["large", "huge"], ["grown"]]}}))
    assert lexicon.load(lines, extend=False).entries("big") == lexicon.load(data, extend=False).entries("big")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", b"word\tx\tsynonym\n", "a.tsv:1: expected"),
        ("a.tsv", b"good\ta\tfine\nword only\n", "a.tsv:2: expected"),
        ("a.tsv", b"good\ta\tfine\n\xff\n", "a.tsv:2: the lexicon is not UTF-8"),
        ("a.json", b"{", "not JSON"),
        ("a.json", b"[1]", "expected {"),
        ("a.json", b'{"w": {"q": []}}', "w: expected"),
        ("a.json", b'{"w": {"n": [[1]]}}', "a synonym is a text"),
        ("a.json", b"[" * 100_000, "not JSON"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        lexicon.load(path, extend=False)
    assert message in str(caught.value)


def test_a_missing_table(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        lexicon.load(tmp_path / "none.tsv", extend=True)
