"""Hugging Face ImageFolder: every picture is listed, every key stays."""

from __future__ import annotations

import json

import pytest
from labelled import boxes, codes, geometry, mirrored, plant, process
from samples import OBJECTS, PICTURES, SAMPLES, under

from augtool.errors import UsageError
from augtool.formats import open_dataset
from augtool.matrix import translation


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_rows_of_variants_follow_their_source(tmp_path):
    run = process(plant(tmp_path / "in", SAMPLES["imagefolder_csv"][1]), tmp_path / "out", variant=mirrored)
    text = (tmp_path / "out/train/metadata.csv").read_text()
    assert text == (
        'file_name,text\na.png,=1+1\na__aug1.png,=1+1\nb.png,"two, three"\nb__aug1.png,"two, three"\n'
        "c.png,x\nc__aug1.png,x\n"
    )
    assert run.dataset.spatial is False


def test_boxes_in_objects_move_and_lists_beside_them_are_cut_alike(tmp_path):
    root = plant(tmp_path / "in", SAMPLES["imagefolder_jsonl"][1])
    run = process(root, tmp_path / "out", variant=lambda size: geometry(translation(-15, 0), size, (15, 30)))
    assert run.dataset.spatial
    assert boxes(run.labels["a.png"]) == [("cat", (7, 6, 14, 10)), ("dog", (20, 10, 40, 30))]
    made = {line["file_name"]: line for line in lines(tmp_path / "out/metadata.jsonl")}
    assert made["a.png"]["objects"] == OBJECTS
    assert made["a__aug1.png"]["objects"] == {
        "bbox": [[5, 10, 10, 20]], "categories": ["dog"], "area": [200], "id": [9],
    }  # fmt: skip
    assert made["c__aug1.png"] == {"file_name": "c__aug1.png", "label": 3}


def test_a_picture_without_a_row_gets_one(tmp_path):
    files = {"=d.png": PICTURES["a.png"], **PICTURES}
    for name, first in (
        ("metadata.csv", "file_name,text\na.png,x\n"),
        ("metadata.jsonl", '{"file_name": "a.png"}\n'),
    ):
        process(plant(tmp_path / name / "in", files | {name: first}), tmp_path / name / "out", "imagefolder")
    text = (tmp_path / "metadata.csv/out/metadata.csv").read_text()
    # Made here, so no spreadsheet may take it for a formula; it still names the file.
    assert text == "file_name,text\n./=d.png,\na.png,x\nb.png,\nc.png,\n"
    names = [line["file_name"] for line in lines(tmp_path / "metadata.jsonl/out/metadata.jsonl")]
    assert names == ["./=d.png", "a.png", "b.png", "c.png"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("metadata.csv", "file_name,x\ncat/a.png,1\n"), ("metadata.jsonl", '{"file_name": "cat/a.png"}\n')],
)
def test_classes_that_only_folders_name_are_written_down(tmp_path, name, text):
    files = (
        under("cat", {"a.png": PICTURES["a.png"]})
        | under("=dog", {"b.png": PICTURES["b.png"]})
        | {name: text}
    )
    process(plant(tmp_path / "in", files), tmp_path / "out", variant=mirrored)
    out = tmp_path / "out" / name
    if name.endswith(".csv"):
        assert out.read_text().splitlines() == [
            "file_name,x,label", "./=dog/b.png,,'=dog", "./=dog/b__aug1.png,,'=dog", "cat/a.png,1,cat",
            "cat/a__aug1.png,1,cat",
        ]  # fmt: skip
    else:
        assert [line["label"] for line in lines(out)] == ["=dog", "=dog", "cat", "cat"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("metadata.csv", "name,text\na.png,x\n", "metadata.csv:1: has no column file_name"),
        ("metadata.csv", 'file_name,text\n"a.png,x\n', "metadata.csv:2: a quote"),
        (
            "metadata.jsonl",
            '{"file_name": "a.png"}\n{"file_name": "b.png",}\n',
            "metadata.jsonl:2: is not valid JSON",
        ),
        ("metadata.jsonl", '{"file_name": "a.png", "x": NaN}\n', "metadata.jsonl:1: 'NaN'"),
        ("metadata.jsonl", '\n{"file_name": "a.png", "x": 1e999}\n', "metadata.jsonl:2: '1e999'"),
        ("metadata.jsonl", '{"file_name": "a.png", "x": ' + "[" * 99 + "]" * 99 + "}\n", "nested deeper"),
        ("metadata.jsonl", '{"name": "a.png"}\n', "metadata.jsonl:1: a line without file_name"),
    ],
)
def test_metadata_that_cannot_be_parsed_is_refused_with_its_line(tmp_path, name, text, message):
    with pytest.raises(UsageError, match=message):
        open_dataset(plant(tmp_path, PICTURES | {name: text}), "imagefolder")


def test_wrong_boxes_fail_their_picture_and_paths_outside_are_refused(tmp_path):
    rows = [
        {"file_name": "a.png", "objects": {"bbox": [[1, 2, -3, 4]]}},
        {"file_name": "b.png", "objects": {"bbox": [[1, 2, 3, 4]], "categories": []}},
        {"file_name": "../c.png"},
        {"file_name": "gone.png"},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    root = plant(tmp_path / "in", PICTURES | {"metadata.jsonl": text})
    run = process(root, tmp_path / "out")
    assert sorted(message.partition(": ")[0] for _, message in run.failed.values()) == [
        "metadata.jsonl:1", "metadata.jsonl:2", "metadata.jsonl:3",
    ]  # fmt: skip
    assert [line["file_name"] for line in lines(tmp_path / "out/metadata.jsonl")] == ["c.png"]
    assert codes(open_dataset(root)) == {
        "label_invalid": 2,
        "label_path": 1,
        "missing_image": 1,
        "unlabelled": 1,
    }
