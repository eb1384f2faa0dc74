"""Boxes in CSV: the usual headers mean the usual thing, and cells that do not change keep their bytes."""

from __future__ import annotations

import pytest
from labelled import boxes, codes, geometry, mirrored, plant, process
from samples import CSV_BOXES, PICTURES

from augtool.errors import UsageError
from augtool.formats import open_dataset
from augtool.matrix import translation

TWO = [("cat", (7, 6, 14, 10)), ("dog", (20, 10, 40, 30))]


def table(text: str) -> dict[str, bytes | str]:
    return PICTURES | {"boxes.csv": text}


@pytest.mark.parametrize("header", CSV_BOXES)
def test_every_header_gives_the_same_boxes(tmp_path, header):
    run = process(plant(tmp_path / "in", table(CSV_BOXES[header])), tmp_path / "out")
    assert [name for name, _ in boxes(run.labels["a.png"])] == ["cat", "dog"]
    for (_, box), (_, expected) in zip(boxes(run.labels["a.png"]), TWO, strict=True):
        assert box == pytest.approx(expected, abs=0.01)
    assert run.classes["a.png"] == ("cat", "dog")


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("corners", 'a__aug1.png,26,6,33,10,cat,"x, y"\n'),
        ("tensorflow", "a__aug1.png,40,30,cat,26,6,33,10\n"),
        ("sizes", "a__aug1;26;6;7;4;cat\r\n"),
        ("one_cell", 'a__aug1,40,30,"[26.0, 6.0, 7.0, 4.0]",arvalis,cat\n'),
        ("retinanet", "a__aug1.png,26,6,33,10,cat\n"),
        ("shares", "./a__aug1.png,cat,0.65,0.2,0.825,0.33333333\n"),
    ],
)
def test_a_variant_has_rows_of_its_own_in_the_same_dress(tmp_path, header, row):
    process(plant(tmp_path / "in", table(CSV_BOXES[header])), tmp_path / "out", variant=mirrored)
    written = (tmp_path / "out/boxes.csv").read_bytes().decode()
    assert row in written
    assert written.splitlines()[0] == CSV_BOXES[header].splitlines()[0]


def test_a_crop_rewrites_the_size_and_drops_rows(tmp_path):
    root = plant(tmp_path / "in", table(CSV_BOXES["tensorflow"]))
    process(root, tmp_path / "out", variant=lambda size: geometry(translation(-15, 0), size, (15, 30)))
    rows = [row for row in (tmp_path / "out/boxes.csv").read_text().splitlines() if row.startswith("a__aug1")]
    assert rows == ["a__aug1.png,15,30,dog,5,10,15,30"]


def test_without_a_header_an_empty_picture_has_an_empty_row(tmp_path):
    root = plant(tmp_path / "in", table(CSV_BOXES["retinanet"]))
    process(root, tmp_path / "out", variant=lambda size: geometry(translation(-100, 0), size, size))
    rows = (tmp_path / "out/boxes.csv").read_text().splitlines()
    assert [row for row in rows if "__aug1" in row] == [
        "a__aug1.png,,,,,",
        "b__aug1.png,,,,,",
        "c__aug1.png,,,,,",
    ]


def test_bytes_that_are_no_text_a_mark_and_a_missing_end_survive(tmp_path):
    text = b"\xef\xbb\xbffilename;xmin;ymin;xmax;ymax;class;x\r\na.png;7;6;14;10;c\xe4t;'=1+1"
    root = plant(tmp_path / "in", PICTURES | {"boxes.csv": text})
    process(root, tmp_path / "out", variant=mirrored)
    expected = text + b"\r\na__aug1.png;26;6;33;10;c\xe4t;'=1+1\r\n"
    assert (tmp_path / "out/boxes.csv").read_bytes() == expected


def test_a_table_per_split_and_names_with_folders(tmp_path):
    files = {f"{split}/images/a.png": PICTURES["a.png"] for split in ("train", "test")}
    files |= {
        f"{split}/boxes.csv": f"path,x,y,w,h,label\nimages/a.png,1,1,5,5,{split}\n"
        for split in ("train", "test")
    }
    run = process(plant(tmp_path / "in", files), tmp_path / "out", variant=mirrored)
    assert [run.splits[key] for key in sorted(run.splits)] == ["test", "train"]
    assert "images/a__aug1.png,34,1,5,5,train" in (tmp_path / "out/train/boxes.csv").read_text()


@pytest.mark.parametrize("cell", ["nan", "1e999", "inf", "", "x", "0x10", "1_0"])
def test_a_wrong_number_fails_its_picture_with_its_line(tmp_path, cell):
    text = f"filename,xmin,ymin,xmax,ymax,class\nb.png,1,1,5,5,cat\na.png,7,6,{cell},10,cat\n"
    run = process(plant(tmp_path / "in", table(text)), tmp_path / "out")
    assert {key: code for key, (code, _) in run.failed.items()} == {"a.png": "label_invalid"}
    assert run.failed["a.png"][1].startswith("boxes.csv:3: ")
    assert codes(run.dataset)["label_invalid"] == 1


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "C:\\a.png", "..\\a.png"])
def test_a_path_outside_is_refused_and_its_row_not_written(tmp_path, name):
    text = f"filename,xmin,ymin,xmax,ymax,class\nb.png,1,1,5,5,cat\n{name},1,1,5,5,cat\n"
    run = process(plant(tmp_path / "in", table(text)), tmp_path / "out")
    assert [code for code, _ in run.failed.values()] == ["label_path"]
    assert "boxes.csv:3: " in next(iter(run.failed.values()))[1]
    assert name not in (tmp_path / "out/boxes.csv").read_text()


def test_a_size_of_another_picture_is_refused(tmp_path):
    text = CSV_BOXES["tensorflow"].replace("a.png,40,30", "a.png,30,40")
    run = process(plant(tmp_path / "in", table(text)), tmp_path / "out")
    assert "is for a picture of 30x40" in run.failed["a.png"][1]


def test_one_cell_is_read_as_the_rows_or_the_option_say(tmp_path):
    text = "image,label,bbox\na.png,cat,1 2 3 4\n"
    for options, expected in (({}, (1, 2, 3, 4)), ({"bbox": "xywh"}, (1, 2, 4, 6))):
        root = plant(tmp_path / str(options), table(text))
        dataset = open_dataset(root, "csvboxes", options)
        item = next(dataset.items())
        assert boxes(dataset.read(item, (40, 30))) == [("cat", expected)]


def test_quirks_are_named(tmp_path):
    text = (
        "filename,xmin,ymin,xmax,ymax,class\nA.png,1,1,1,5,cat\ngone.png,1,1,5,5,cat\nb.png,1,1,50,5,Cat\n"
        "b.png,1,1,50,5,Cat\n"
    )
    dataset = open_dataset(plant(tmp_path, table(text)))
    assert codes(dataset) == {
        "case_differs": 1, "missing_image": 1, "duplicate": 2, "unlabelled": 1, "zero_area": 1, "outside": 2,
        "class_case": 1,
    }  # fmt: skip


def test_what_is_no_table_or_no_option_is_refused(tmp_path):
    root = plant(
        tmp_path, table('filename,xmin,ymin,xmax,ymax,class\na.png,1,1,5,5,cat\nb.png,1,1,5,5,"cat\n')
    )
    with pytest.raises(UsageError, match=r"boxes.csv:3: a quote that is never closed"):
        open_dataset(root, "csvboxes")
    with pytest.raises(UsageError, match="bbox is 'corners'"):
        open_dataset(root, "csvboxes", {"bbox": "corners"})
    with pytest.raises(UsageError, match="no CSV file with boxes"):
        open_dataset(root, "csvboxes", {"file": "other.csv"})
