"""Runs over texts, from the command line's entry to the files."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from augtool import pipeline
from augtool.cli import main
from augtool.errors import RecipeError, UsageError
from augtool.pipeline import Options
from augtool.recipe import parse_recipe
from augtool.text.edits import Change, splice
from augtool.text.variants import identity

STEPS = """
transforms:
  - synonym_replace: {alpha: 0.2, p: 0.8}
  - random_insert: {n: 1, phrases: [please, now], p: 0.5}
  - random_swap: {n: 1, p: 0.5}
"""
TEXTS = [
    ("I tried to buy a large phone", "buy"),
    ('They said "help me", again\nand again', "ask"),
    ("an error came up, and I do not know why", "ask"),
    ("", "none"),
    ("请帮我", "ask"),
]


def recipe(extra="", steps=STEPS):
    return parse_recipe(f"version: 1\nvariants: 3\nseed: 5\n{extra}\n{steps}")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "set.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "label"])
        writer.writerows([number, *row] for number, row in enumerate(TEXTS))
    return path


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(loaded, source, out, **options):
    return pipeline.run(loaded, source, out, Options(**{"workers": 0, **options}))


def test_a_table_comes_out_whole(tmp_path, table):
    report = run(recipe(), table, tmp_path / "out")
    rows = read(tmp_path / "out/set.csv")
    originals = [(row["text"], row["label"]) for row in rows if not row["aug_of"]]
    assert originals == TEXTS
    for row in rows:
        if row["aug_of"]:
            source = TEXTS[int(row["aug_of"]) - 1]
            assert row["label"] == source[1]
            assert row["id"] == str(int(row["aug_of"]) - 1)
            assert identity(row["text"]) != identity(source[0])
            assert row["aug_ops"]
    assert report["totals"]["variants"] == 9
    assert report["shortfalls"] == {"missing": 6, "sources": 2, "reasons": {"no_words": 6}}
    assert {c["label"]: (c["before"], c["after"]) for c in report["classes"]} == {
        "buy": (1, 4), "ask": (3, 9), "none": (1, 1),
    }  # fmt: skip
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "<ins>" in page
    assert "5 texts became 14" in page


def test_the_manifest_replays(tmp_path, table):
    run(recipe(), table, tmp_path / "out")
    written = [row["text"] for row in read(tmp_path / "out/set.csv")]
    rows = [json.loads(line) for line in (tmp_path / "out/manifest.jsonl").open()]
    texts = {f"set.csv:{line}": text for line, (text, _) in zip((2, 3, 5, 6, 7), TEXTS, strict=True)}
    made = []
    for row in rows:
        source = texts[row["source"]]
        changes = [Change(start, end, new) for start, end, _, new in row.get("changes", ())]
        assert all(source[start:end] == old for start, end, old, _ in row.get("changes", ()))
        made.append(splice(source, changes))
        assert hashlib.sha256(made[-1].encode()).hexdigest() == row["sha256"]
    assert made == written
    result = CliRunner().invoke(main, ["replay", str(tmp_path / "out"), "set.csv:2#2"])
    assert result.exit_code == 0, result.output
    table.write_text(table.read_text(encoding="utf-8").replace("tried", "cried"), encoding="utf-8")
    assert CliRunner().invoke(main, ["replay", str(tmp_path / "out"), "set.csv:2#2"]).exit_code == 4
    assert CliRunner().invoke(main, ["replay", str(tmp_path / "out"), "set.csv:99#1"]).exit_code == 2


def tree(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith("report.")
    }


def test_workers_and_hash_seed_change_no_byte(tmp_path):
    source = tmp_path / "big.csv"
    lines = [f"I tried to buy an extra {word} phone in a store,buy" for word in "abcdefgh" for _ in range(9)]
    source.write_text("text,label\n" + "\n".join(lines) + "\n")
    plan = tmp_path / "recipe.yaml"
    plan.write_text("version: 1\nvariants: 3\ntext: {unique: dataset}\n" + STEPS)
    trees = []
    for workers, hash_seed in (("1", "0"), ("2", "1"), ("8", "2")):
        out = tmp_path / f"out{workers}"
        code = "from augtool.cli import main; main()"
        subprocess.run(
            [sys.executable, "-c", code, "run", str(plan), str(source), str(out), "-w", workers, "-q"],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        trees.append(tree(out))
    assert trees[0] == trees[1] == trees[2]
    texts = [row["text"] for row in read(tmp_path / "out1/big.csv") if row["aug_of"]]
    assert len({identity(text) for text in texts}) == len(texts)


def test_folders_of_texts(tmp_path):
    for name in ("train/pos", "train/neg", "test/pos"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "a.txt").write_bytes(b"\xef\xbb\xbfI tried to buy it\r\nin the store")
    (tmp_path / "in/train/pos/bad.txt").write_bytes(b"\xff\xfe")
    report = run(recipe(), tmp_path / "in", tmp_path / "out")
    assert sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.txt")) == [
        "test/pos/a.txt", "train/neg/a.txt", "train/neg/a__aug1.txt", "train/neg/a__aug2.txt",
        "train/neg/a__aug3.txt", "train/pos/a.txt", "train/pos/a__aug1.txt", "train/pos/a__aug2.txt",
        "train/pos/a__aug3.txt",
    ]  # fmt: skip
    data = (tmp_path / "out/train/pos/a__aug1.txt").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in data
    assert [(f["source"], f["reason"]) for f in report["failures"]] == [("train/pos/bad.txt", "not_utf8")]


def test_parallel_files_of_tags(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("please fly to New York now and then")
    (tmp_path / "in/a.tags").write_text("O O O B-c I-c O O O")
    run(recipe("text: {tags: .tags}"), tmp_path / "in", tmp_path / "out")
    for number in (1, 2, 3):
        words = (tmp_path / f"out/a__aug{number}.txt").read_text().split()
        tags = (tmp_path / f"out/a__aug{number}.tags").read_text().split()
        assert len(words) == len(tags)
        assert [word for word, tag in zip(words, tags, strict=True) if tag != "O"] == ["New", "York"]


def test_only_the_training_table_is_expanded(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("train", "test"):
        (tmp_path / f"in/{name}.csv").write_text("text,label\nI tried to buy it,a\n")
    run(recipe(), tmp_path / "in", tmp_path / "out")
    assert (tmp_path / "out/test.csv").read_bytes() == (tmp_path / "in/test.csv").read_bytes()
    assert len(read(tmp_path / "out/train.csv")) == 4
    run(recipe(), tmp_path / "in/test.csv", tmp_path / "alone")
    assert len(read(tmp_path / "alone/test.csv")) == 4


def test_variants_alone(tmp_path, table):
    run(recipe("originals: none"), table, tmp_path / "out")
    assert all(row["aug_of"] for row in read(tmp_path / "out/set.csv"))


def test_overwriting_removes_the_table(tmp_path, table):
    run(recipe(), table, tmp_path / "out")
    table.rename(tmp_path / "other.csv")
    run(recipe(), tmp_path / "other.csv", tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out/set.csv").exists()


def test_bad_records_are_listed_with_file_and_line(tmp_path):
    source = tmp_path / "set.csv"
    source.write_bytes(b"text,label\nI tried to buy it,a\nx\xffy,b\nto,o,many\nI tried to help,a\n")
    report = run(recipe(), source, tmp_path / "out")
    assert [(f["source"], f["reason"]) for f in report["failures"]] == [
        ("set.csv:3", "not_utf8"), ("set.csv:4", "ragged"),
    ]  # fmt: skip
    data = (tmp_path / "out/set.csv").read_bytes()
    assert b"x\xffy,b,,\nto,o,many\nI tried to help,a,,\n" in data
    assert (
        CliRunner().invoke(main, ["run", "text", str(source), str(tmp_path / "o2"), "-w", "0"]).exit_code == 3
    )


def test_pictures_and_text_do_not_mix():
    with pytest.raises(RecipeError, match="rotate is for pictures, typo for text"):
        parse_recipe("version: 1\ntransforms: [rotate, typo]\n")
    with pytest.raises(RecipeError, match="make two recipes"):
        parse_recipe(
            "version: 1\ntransforms: [typo, {one_of: [blur, horizontal_flip]}]\n".replace("blur", "typo")
        )


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{column: [a]}", "text.column"),
        ("{patterns: ['(']}", "is no regular expression"),
        ("{protekt: [a]}", "did you mean 'protect'"),
        ("{unique: all}", "expected 'source' or 'dataset'"),
    ],
)
def test_the_text_section_is_checked(section, message):
    with pytest.raises(RecipeError) as caught:
        recipe(f"text: {section}")
    assert message in str(caught.value)


def test_inputs_of_the_wrong_sort(tmp_path):
    (tmp_path / "a.xyz").write_text("x")
    with pytest.raises(UsageError, match="is no table of texts"):
        run(recipe(), tmp_path / "a.xyz", tmp_path / "out")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no text"):
        run(recipe(), tmp_path / "empty", tmp_path / "out")


def test_preview(tmp_path, table):
    result = CliRunner().invoke(main, ["preview", "text", str(table), "-n", "2"])
    assert result.exit_code == 0, result.output
    assert "{+" in result.output
    assert "I tried to buy a large phone" in result.output
    page = tmp_path / "page.html"
    assert (
        CliRunner().invoke(main, ["preview", "text", str(table), "-o", str(page), "--grid", "3x5"]).exit_code
        == 0
    )
    assert "<ins>" in page.read_text()
    assert "&#34;help me&#34;" in page.read_text()


def test_a_missing_extra_is_told_before_anything_is_written(tmp_path, table, monkeypatch):
    monkeypatch.setitem(sys.modules, "lemminflect", None)
    with pytest.raises(UsageError, match=r"pip install 'augtool\[text\]'"):
        run(recipe("text: {grammar: extra}"), table, tmp_path / "out")


def test_real_tables(tmp_path):
    root = os.environ.get("AUGTOOL_REAL_DATA")
    if not root:
        pytest.skip("AUGTOOL_REAL_DATA is unset")
    source = Path(root) / "banking77/banking_data/test.csv"
    report = run(recipe("text: {unique: dataset}"), source, tmp_path / "out")
    before, after = read(source), read(tmp_path / "out/test.csv")
    kept = [{key: row[key] for key in ("text", "category")} for row in after if not row["aug_of"]]
    assert kept == before
    texts = [row["text"] for row in after if row["aug_of"]]
    assert len({identity(text) for text in texts} | {identity(row["text"]) for row in before}) == len(
        texts
    ) + len({identity(row["text"]) for row in before})
    assert len(texts) == report["totals"]["variants"] > 2.9 * len(before)
    assert all(
        row["category"] == before[int(row["aug_of"]) - 1]["category"] for row in after if row["aug_of"]
    )
