from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augtool import codec
from augtool.report.html import headline, render_html

EVIL = "<img src=x onerror=alert(1)>\"'&</style></title><script>"
VOID = {"meta", "img", "br", "link", "input", "hr", "col"}


def fields(low: float = -12.0, high: float = 12.0) -> dict[str, Any]:
    shares = [round((at + 1) / 210, 4) for at in range(20)]
    histogram = {"from": low, "to": high, "share": shares}
    mean = (low + high) / 2
    return {"count": 1705, "min": low, "mean": mean, "max": high, "deciles": [], "histogram": histogram}


def group(label: str | None, before: int, variants: int, split: str | None = None) -> dict[str, Any]:
    return {
        "split": split,
        "label": label,
        "before": before,
        "after": before + variants,
        "originals": before,
        "variants": variants,
        "failed": 0,
    }


def report(**changes: Any) -> dict[str, Any]:
    return {
        "report_version": 1,
        "augtool": "0.1.0",
        "versions": {"python": "3.12.3", "opencv": "5.0.0"},
        "recipe": {
            "name": "gentle",
            "description": "",
            "sha256": "ab" * 32,
            "source": {"version": 1, "variants": 5, "transforms": [{"rotate": {"angle": [-12, 12]}}]},
        },
        "seed": 1234567,
        "border": "reflect_101",
        "input": "/data/clothes",
        "format": "folder",
        "expanded_splits": ["train"],
        "totals": {"sources": 341, "failed": 0, "originals": 341, "variants": 1705, "files": 2046},
        "classes": [group("dress", 100, 500), group("hat", 241, 1205)],
        "transforms": {
            "rotate": {
                "applied": 1705,
                "share": 1.0,
                "fields": {"angle": fields(), "canvas": {"counts": {"keep": 1500, "crop": 205}}},
            }
        },
        "failure_counts": {},
        "failures": [],
        "warning_counts": {},
        "warnings": [],
        "ignored": {},
        "workers": 8,
        "duration_seconds": 12.2,
        "variants_per_second": 139.8,
    } | changes


def record(name: str = "a", variants: int = 2, label: str | None = "dress", **row: Any) -> dict[str, Any]:
    common = {"source": f"{name}.png", "width": 40, "height": 30} | row
    rows = [{"output": f"{name}.png", "kind": "original", "variant": 0, "steps": []} | common]
    for number in range(1, variants + 1):
        steps = [{"rotate": {"angle": -7.3, "canvas": "keep"}}, {"brightness": {"factor": 0.93}}]
        output = f"{name}__aug{number}.png"
        rows.append({"output": output, "kind": "variant", "variant": number, "steps": steps} | common)
    return {"source": f"{name}.png", "split": None, "label": label, "rows": rows}


def picture(path: Path, pixels: Any = None) -> None:
    value = np.full((30, 40, 3), 120, np.uint8) if pixels is None else pixels
    path.write_bytes(codec.encode(value, "png")[0])


def draw(root: Path, *records: dict[str, Any]) -> None:
    for one in records:
        for row in one["rows"]:
            picture(root / row["output"])


class Reader(HTMLParser):
    """Checks that tags are balanced, and keeps elements, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, key, value or "") for key, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, key, value or "") for key, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += data

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def render(tmp_path: Path, data: dict[str, Any], records: list[dict[str, Any]] | None = None) -> Reader:
    return Reader(render_html(data, records or [], tmp_path, tmp_path))


def test_the_figures_are_on_the_page_with_separators(tmp_path: Path) -> None:
    text = render(tmp_path, report()).words
    assert "341 pictures became 2,046 in 12 s" in text
    for part in ("1,705 · 100 %", "139.8", "100 → 600", "241 → 1,446", "keep 88 %, crop 12 %", "1234567"):
        assert part in text
    assert "angle: [-12, 12]" in text  # the recipe
    assert "reflect_101" in text


def test_nothing_is_loaded_and_no_script_can_run(tmp_path: Path) -> None:
    draw(tmp_path, record())
    page = render_html(report(), [record()], tmp_path, tmp_path)
    reader = Reader(page)
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    assert policy
    assert page.index(policy[0]) < page.index("<style>")
    assert {"default-src 'none'", "img-src data:", "style-src 'unsafe-inline'"} <= set(policy[1].split("; "))
    assert not {"script", "link", "iframe", "object", "base"} & set(reader.tags)
    loading = [
        value for _, key, value in reader.attributes if key in ("src", "href", "srcset", "data", "action")
    ]
    assert len(loading) >= 3
    assert all(value.startswith(("data:image/jpeg;base64,", "#")) for value in loading)
    assert not re.search(r"url\(|@import|https?:", page)


def test_hostile_names_and_messages_are_only_text(tmp_path: Path) -> None:
    shown = record("a", label=EVIL)
    shown["source"] = EVIL
    draw(tmp_path, shown)
    shown["rows"][1]["steps"] = [{EVIL: {EVIL: EVIL}}]
    data = report(
        classes=[group(EVIL, 1, 5, EVIL), group("a", 1, 0, "val")],
        transforms={EVIL: {"applied": 1, "share": 0.1, "fields": {EVIL: {"counts": {EVIL: 3, "b": 1}}}}},
        failures=[{"source": EVIL, "reason": EVIL, "message": EVIL}],
        failure_counts={EVIL: 1},
        warnings=[{"source": EVIL, "warning": EVIL}],
        warning_counts={EVIL: 1},
        ignored={EVIL: 2},
        input=EVIL,
        format=EVIL,
        border=EVIL,
        versions={EVIL: EVIL},
        expanded_splits=[EVIL],
        recipe={"name": EVIL, "description": EVIL, "sha256": EVIL, "source": {EVIL: EVIL}},
    )
    reader = render(tmp_path, data, [shown])
    assert not {"script"} & set(reader.tags)
    assert reader.tags.count("img") == 3
    assert not [key for _, key, _ in reader.attributes if key.startswith("on")]
    assert reader.words.count("<img src=x onerror=alert(1)>") > 10


def test_names_cannot_hide_what_they_are_nor_break_the_encoding(tmp_path: Path) -> None:
    rows = [{"source": "b\u202egpj.exe\n\udcff.png", "reason": "corrupt", "message": "x\x00y"}]
    page = render_html(report(failures=rows, failure_counts={"corrupt": 1}), [], tmp_path, tmp_path)
    assert "b\\u202egpj.exe\\n\\udcff.png" in page
    assert "x\\x00y" in page
    page.encode("utf-8")


def test_a_split_that_was_not_expanded_is_said_to_be_copied(tmp_path: Path) -> None:
    classes = [group("a", 3, 15, "train"), group("a", 2, 0, "val"), group("a", 1, 0, "test")]
    text = render(tmp_path, report(classes=classes)).words
    assert "Only train was expanded; test and val were copied untouched." in text
    assert "Classes of val" in text
    resized = report(classes=classes)
    resized["recipe"]["source"]["output"] = {"size": 224}
    assert "copied at the recipe's size" in render(tmp_path, resized).words


def test_captions_tell_what_was_applied(tmp_path: Path) -> None:
    draw(tmp_path, record())
    reader = render(tmp_path, report(), [record()])
    assert "rotate \N{MINUS SIGN}7.3" in reader.words
    assert "brightness" in reader.words
    alts = [value for tag, key, value in reader.attributes if (tag, key) == ("img", "alt")]
    assert len(alts) == reader.tags.count("img") == 3
    assert alts[0] == "Original a.png"
    assert alts[1].startswith("Variant 1: rotate")
    titles = [value for tag, key, value in reader.attributes if (tag, key) == ("figure", "title")]
    assert '{"rotate": {"angle": -7.3, "canvas": "keep"}}' in titles[0]


def test_missing_and_broken_pictures_are_left_out(tmp_path: Path) -> None:
    gone, broken = record("gone"), record("broken", 3)
    draw(tmp_path, broken)
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    (tmp_path / "broken__aug2.png").write_bytes(b"")
    reader = render(tmp_path, report(), [gone, broken])
    assert reader.tags.count("img") == 2
    assert "gone.png" not in reader.words
    assert "1 more variant not shown" in reader.words


def test_originals_come_from_the_input_where_none_were_written(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    output.mkdir()
    one = record()
    draw(output, one)
    (output / "a.png").rename(source / "a.png")
    del one["rows"][0]
    reader = Reader(render_html(report(), [one], source, output))
    assert ("img", "alt", "Original a.png") in reader.attributes


def test_no_empty_sections(tmp_path: Path) -> None:
    data = report(classes=[group(None, 3, 15)], transforms={}, variants_per_second=None)
    reader = render(tmp_path, data)
    assert reader.tags.count("section") == 1  # how to make it again
    assert reader.tags.count("h2") == 1
    for word in ("Classes", "Failures", "Warnings", "None", "per second"):
        assert word not in reader.words


@pytest.mark.parametrize("count", [1, 40, 41, 500, 1200])
def test_any_number_of_classes(tmp_path: Path, count: int) -> None:
    classes = [group(f"kind-{at:04d}", at + 1, 5 * (at + 1)) for at in range(count)]
    reader = render(tmp_path, report(classes=classes))
    assert sum(pair[1:] == ("class", "bars") for pair in reader.attributes) == min(count, 40)
    named = set(re.findall(r"kind-\d{4}", reader.text))
    assert len(named) == min(count, 1000)
    assert f"kind-{count - 1:04d}" in named
    assert ("200 more classes: see report.json" in reader.words) == (count == 1200)
    assert ("smaller class" in reader.words) == (count > 40)


def test_long_lists_are_folded_and_bounded(tmp_path: Path) -> None:
    rows = [
        {"source": f"p{at:04d}.jpg", "reason": "truncated", "message": "ends early"} for at in range(1000)
    ]
    few = render(tmp_path, report(failures=rows[:20], failure_counts={"truncated": 20}))
    many = render(tmp_path, report(failures=rows, failure_counts={"truncated": 5000}))
    assert few.tags.count("details") == 1  # the recipe
    assert many.tags.count("details") == 2
    assert "The first 200 of 5,000" in many.words
    assert "5,000 sources could not be used" in many.words
    assert "p0199.jpg" in many.words
    assert "p0200.jpg" not in many.words


def test_a_page_is_below_five_megabytes_whatever_the_run_was(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (360, 360, 3), dtype=np.uint8)
    picture(tmp_path / "noise.png", noise)
    quotes = '"' * 4000
    records = []
    for at in range(40):
        one = record(f"n{at}", 9, f"class {at}", output="noise.png")
        one["rows"] = [
            row | {"output": "noise.png", "steps": [{"rotate": {"angle": quotes}}] * 50}
            for row in one["rows"]
        ]
        records.append(one | {"source": quotes, "label": quotes})
    rows = [{"source": quotes, "reason": quotes, "message": quotes, "warning": quotes}] * 1000
    data = report(
        classes=[group(quotes + str(at), 1, 5, f"split {at % 50}") for at in range(3000)],
        failures=rows,
        failure_counts={"corrupt": 1000},
        warnings=rows,
        warning_counts={quotes: 1000},
        ignored={quotes + str(at): 1 for at in range(500)},
        recipe={"name": quotes, "description": quotes, "sha256": "", "source": {"name": quotes * 60}},
    )
    page = render_html(data, records, tmp_path, tmp_path)
    assert len(page.encode()) < 5_000_000
    assert page.count("<img") > 30
    Reader(page)


def test_headline_for_every_kind_of_run() -> None:
    def said(sources: int, failed: int, originals: int, variants: int) -> str:
        counts = {"sources": sources, "failed": failed, "originals": originals, "variants": variants}
        return headline(report(totals=counts | {"files": originals + variants}))

    assert said(10, 2, 8, 40) == "8 pictures became 48 in 12 s"
    assert said(10, 0, 0, 50) == "10 pictures became 50 new ones in 12 s"
    assert said(1, 0, 1, 0) == "1 picture was copied in 12 s"
    assert said(3, 3, 0, 0) == "None of 3 pictures could be used"
    assert said(0, 0, 0, 0) == "There was nothing to work on"


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    draw(tmp_path, record())
    first, second = (render_html(report(), [record()], tmp_path, tmp_path) for _ in range(2))
    assert first == second


def leaks(pairs: int, total: int | None = None, *, complete: bool = True, **changes: Any) -> dict[str, Any]:
    pair = {"split": "val", "source": "val/{0}.png", "in_split": "train", "same_as": "train/x{0}.png"}
    return {
        "compared": 900,
        "unreadable": 0,
        "complete": complete,
        "total": pairs if total is None else total,
        "counts": [
            {"split": "test", "in_split": "train", "kind": "exact", "pictures": 1},
            {"split": "val", "in_split": "train", "kind": "near", "pictures": 1211},
        ],
        "pairs": [
            {key: value.format(at) for key, value in pair.items()} | {"kind": "mirrored", "bits": 2} | changes
            for at in range(pairs)
        ],
    }


def test_notes_of_the_plan_are_listed_below_the_lead(tmp_path: Path) -> None:
    notes = ["split: train 70 (70.0%), val 30 (30.0%)", "split: no picture in val of class cat"]
    reader = render(tmp_path, report(notes=notes))
    assert all(note in reader.words for note in notes)
    assert reader.words.index(notes[1]) < reader.words.index("variants made")
    assert ("ul", "class", "lead notes") in reader.attributes
    assert ("ul", "class", "lead notes") not in render(tmp_path, report(notes=[])).attributes
    many = render(tmp_path, report(notes=[f"note-{at}-" for at in range(50)])).words
    assert "note-19-" in many
    assert "note-20-" not in many


def test_pictures_in_two_splits_are_counted_and_named(tmp_path: Path) -> None:
    words = render(tmp_path, report(leaks=leaks(3))).words
    assert "The same picture in two splits" in words
    assert "3 times, a picture was found again in an earlier split" in words
    assert "1 test in train, the same bytes" in words
    assert "1,211 val in train, nearly the same" in words
    assert "valval/2.pngtraintrain/x2.pngmirrored" in words  # a cell each
    assert "not all pairs were compared" not in words
    assert "1 time, a picture" in render(tmp_path, report(leaks=leaks(1))).words


def test_at_most_twenty_pairs_are_shown(tmp_path: Path) -> None:
    words = render(tmp_path, report(leaks=leaks(1000, 1212, complete=False))).words
    assert "The first 20 of 1,212" in words
    assert "val/19.png" in words
    assert "val/20.png" not in words
    assert "not all pairs were compared" in words


def test_nothing_is_said_where_no_picture_is_in_two_splits(tmp_path: Path) -> None:
    assert "two splits" not in render(tmp_path, report(leaks=leaks(0))).words
    assert "two splits" not in render(tmp_path, report()).words


def test_hostile_notes_and_pairs_are_only_text(tmp_path: Path) -> None:
    found = leaks(2, split=EVIL, in_split=EVIL, source=EVIL, same_as="a\u202egpj.exe", kind=EVIL)
    found["counts"] = [{"split": EVIL, "in_split": EVIL, "kind": EVIL, "pictures": 1}]
    page = render_html(report(notes=[EVIL, "x\x00y"], leaks=found), [], tmp_path, tmp_path)
    reader = Reader(page)
    assert not {"script", "img"} & set(reader.tags)
    assert not [key for _, key, _ in reader.attributes if key.startswith("on")]
    assert reader.words.count("<img src=x onerror=alert(1)>") == 12
    assert "a\\u202egpj.exe" in page
    assert "x\\x00y" in page
    assert "\u202e" not in page
