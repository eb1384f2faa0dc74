import json
import random
from pathlib import Path
from typing import Any

import pytest

from augtool import storage
from augtool.report.collect import Collector, Distribution, Showcase, collect


def row(name: str, kind: str = "variant", **steps: dict[str, Any]) -> dict[str, Any]:
    return {"output": name, "kind": kind, "steps": [{step: fields} for step, fields in steps.items()]}


RECORDS = [
    {"source": "cat/a.png", "status": "ok", "label": "cat", "rows": [
        row("cat/a.png", "original"),
        row("cat/a__aug1.png", rotate={"angle": 5.0, "canvas": "keep"}),
        row("cat/a__aug2.png", rotate={"angle": -1.0, "canvas": "keep"}, horizontal_flip={"p": 1}),
    ]},
    {"source": "cat/b.png", "status": "failed", "reason": "truncated", "message": "cut", "label": "cat",
     "rows": []},
    {"source": "dog/c.gif", "status": "ok", "label": "dog", "warnings": ["animated: first of 3 frames used"],
     "rows": [row("dog/c.gif", "original"),
              row("dog/c_gif__aug1.png", rotate={"angle": 2.0, "canvas": "expand"})]},
]  # fmt: skip


def journal(root: Path, records: list[dict[str, Any]]) -> None:
    (root / storage.JOURNAL).write_text("".join(json.dumps(record) + "\n" for record in records))


def test_the_journal_becomes_a_manifest_and_a_list_of_inputs(tmp_path: Path) -> None:
    journal(tmp_path, RECORDS)
    collect(tmp_path)
    manifest = [json.loads(line) for line in (tmp_path / storage.MANIFEST).read_text().splitlines()]
    assert manifest == [one for record in RECORDS for one in record["rows"]]
    inputs = [json.loads(line) for line in (tmp_path / storage.INPUTS).read_text().splitlines()]
    assert [(one["source"], one["status"], one["files"]) for one in inputs] == [
        ("cat/a.png", "ok", 3), ("cat/b.png", "failed", 0), ("dog/c.gif", "ok", 2),
    ]  # fmt: skip
    assert inputs[1] | {"files": 0} == {key: value for key, value in RECORDS[1].items() if key != "rows"} | {
        "files": 0
    }
    assert {path.name for path in tmp_path.iterdir()} == {storage.JOURNAL, storage.MANIFEST, storage.INPUTS}


def test_a_summary_counts_files_classes_steps_and_failures(tmp_path: Path) -> None:
    journal(tmp_path, RECORDS)
    summary = collect(tmp_path).summary()
    assert summary["totals"] == {"sources": 3, "failed": 1, "originals": 2, "variants": 3, "files": 5}
    assert summary["classes"] == [
        {"split": None, "label": "cat", "before": 2, "after": 3, "originals": 1, "variants": 2, "failed": 1},
        {"split": None, "label": "dog", "before": 1, "after": 2, "originals": 1, "variants": 1, "failed": 0},
    ]
    rotate = summary["transforms"]["rotate"]
    assert (rotate["applied"], rotate["share"]) == (3, 1.0)
    assert rotate["fields"]["canvas"] == {"counts": {"keep": 2, "expand": 1}}
    angle = rotate["fields"]["angle"]
    assert (angle["count"], angle["min"], angle["mean"], angle["max"]) == (3, -1.0, 2.0, 5.0)
    assert summary["transforms"]["horizontal_flip"] == {"applied": 1, "share": 0.3333, "fields": {}}
    assert summary["failure_counts"] == {"truncated": 1}
    assert summary["failures"] == [{"source": "cat/b.png", "reason": "truncated", "message": "cut"}]
    assert summary["warning_counts"] == {"animated": 1}


def test_a_long_list_of_failures_is_cut_but_counted() -> None:
    collector = Collector()
    for number in range(1500):
        collector.add(RECORDS[1] | {"source": f"{number}.png"})
    summary = collector.summary()
    assert len(summary["failures"]) == 1000
    assert summary["failure_counts"] == {"truncated": 1500}


# --- distributions ---------------------------------------------------------------------------------------


def test_a_distribution_is_exact_where_it_is_small() -> None:
    known = Distribution()
    for value in range(101):
        known.add(value)
    summary = known.summary()
    assert summary["deciles"] == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert (summary["count"], summary["min"], summary["mean"], summary["max"]) == (101, 0, 50, 100)
    assert sum(summary["histogram"]["share"]) == pytest.approx(1, abs=0.002)


def test_a_distribution_stays_small_and_true_where_it_is_long() -> None:
    known, draw = Distribution(), random.Random(5)
    for _ in range(50_000):
        known.add(draw.uniform(-3, 7))
    summary = known.summary()
    assert len(known._values) <= 2048
    assert summary["count"] == 50_000
    assert summary["mean"] == pytest.approx(2, abs=0.05)
    assert summary["deciles"] == pytest.approx(range(-3, 8), abs=0.4)


def test_a_distribution_of_one_value_and_of_none() -> None:
    known = Distribution()
    assert known.summary() == {"count": 0}
    known.add(4)
    known.add(4)
    assert known.summary()["histogram"] == {"from": 4, "to": 4, "share": [1.0]}


def test_words_are_counted_by_what_a_recipe_calls_them() -> None:
    known = Distribution()
    for value in (True, True, False, None, [224, 224], "keep"):
        known.add(value)
    assert known.summary() == {"counts": {"true": 2, "false": 1, "none": 1, "[224, 224]": 1, "keep": 1}}


def test_words_without_end_do_not_pile_up() -> None:
    known = Distribution()
    for number in range(1000):
        known.add(f"word {number}")
    assert len(known.words) <= 101


# --- what is shown ---------------------------------------------------------------------------------------


def shown(labels: list[str], **how: int) -> list[str]:
    showcase = Showcase(**how)
    for number, label in enumerate(labels):
        showcase.offer({"source": f"{number}", "label": label, "rows": [row("x")]})
    return [f"{record['label']}{record['source']}" for record in showcase.records()]


def test_every_class_is_shown_and_not_only_by_its_first_pictures() -> None:
    records = shown(["cat"] * 40 + ["dog"] * 3, per_class=2)
    assert {name[:3] for name in records} == {"cat", "dog"}
    assert len(records) <= 4
    assert max(int(name[3:]) for name in records if name.startswith("cat")) >= 15


def test_the_number_shown_is_bounded_however_many_classes() -> None:
    assert len(shown([f"class{number}" for number in range(500)], per_class=2, most=24)) <= 24


def test_sources_without_a_variant_are_not_shown() -> None:
    showcase = Showcase()
    showcase.offer(RECORDS[1])
    showcase.offer({"source": "a", "rows": [row("a", "original")]})
    assert showcase.records() == []
