"""CSV of pictures and labels: a variant has its source's row, cell by cell."""

from __future__ import annotations

import pytest
from labelled import codes, mirrored, plant, process
from samples import PICTURES, SAMPLES

from augtool.formats import open_dataset


@pytest.mark.parametrize(
    ("sample", "file", "row", "classes"),
    [
        ("csvlabels_one", "train.csv", "b__aug1,dog\n", ("dog",)),
        ("csvlabels_many", "_classes.csv", "b__aug1.png, 1, 1\n", ("cat", "dog")),
        ("csvlabels_bare", "list.txt", "b__aug1.png dog\n", ("dog",)),
    ],
)
def test_variants_have_a_row_like_their_source(tmp_path, sample, file, row, classes):
    run = process(plant(tmp_path / "in", SAMPLES[sample][1]), tmp_path / "out", variant=mirrored)
    text = (tmp_path / "out" / file).read_text()
    assert row in text
    assert text.splitlines()[0] == SAMPLES[sample][1][file].splitlines()[0]
    assert len(text.splitlines()) == 6 + (sample != "csvlabels_bare")
    assert next(value for key, value in run.classes.items() if key.endswith("b.png")) == classes


def test_other_cells_keep_their_bytes_even_if_they_look_like_formulas(tmp_path):
    text = b'image,label,note\r\na.png,cat,"=HYPERLINK(1)"\r\nb.png,dog,"two\r\nlines \x85"\r\nc.png,dog,\xff'
    root = plant(tmp_path / "in", PICTURES | {"labels.csv": text})
    process(root, tmp_path / "out", "csvlabels", variant=mirrored)
    written = (tmp_path / "out/labels.csv").read_bytes()
    assert b'\r\na__aug1.png,cat,"=HYPERLINK(1)"\r\n' in written
    assert b'\r\nb__aug1.png,dog,"two\r\nlines \x85"\r\n' in written
    assert written.endswith(b"\r\nc__aug1.png,dog,\xff\r\n")


def test_a_label_of_several_classes_counts_for_each(tmp_path):
    text = "file;labels\na.png;cat, dog\nb.png;['cat']\nc.png;\n"
    run = process(plant(tmp_path / "in", PICTURES | {"l.csv": text}), tmp_path / "out")
    assert list(run.classes.values()) == [("cat", "dog"), ("cat",), ()]


def test_quirks_are_named_and_paths_outside_refused(tmp_path):
    text = "file,label\na.png,cat\na.png,cat\nB.png,dog\ngone.png,dog\n../x.png,dog\n"
    root = plant(tmp_path / "in", PICTURES | {"l.csv": text})
    run = process(root, tmp_path / "out")
    assert [message for _, message in run.failed.values()] == [
        "l.csv:6: the path '../x.png' leads out of the data set ('..'); it is not followed"
    ]
    assert codes(open_dataset(root)) == {
        "duplicate": 1, "case_differs": 1, "missing_image": 1, "unlabelled": 1, "label_path": 1,
    }  # fmt: skip


def test_tables_about_something_else_are_not_taken(tmp_path):
    plant(tmp_path, PICTURES | {"prices.csv": "id,price\n1,2\n", "notes.csv": "a.png\nb.png\n"})
    from augtool.formats.csvlabels import detect

    assert detect(tmp_path) is None
