"""references: the picture a label file means, and no other."""

from __future__ import annotations

import pytest
from labelled import plant

from augtool.errors import ItemError
from augtool.formats.references import References, renamed
from augtool.formats.tree import Tree

FILES = [
    "a.jpg",
    "images/b.jpg",
    "train/images/c.jpg",
    "test/images/c.jpg",
    "x/d.png",
    "y/d.png",
    "E.jpg",
    "f.v1.jpg",
]


@pytest.mark.parametrize(
    ("text", "file", "expected"),
    [
        ("a.jpg", "l.csv", "a.jpg"),
        ("./a.jpg", "l.csv", "a.jpg"),
        ("a", "l.csv", "a.jpg"),
        ("b.jpg", "labels/l.csv", "images/b.jpg"),
        ("c.jpg", "train/l.csv", "train/images/c.jpg"),
        ("c.jpg", "test/l.csv", "test/images/c.jpg"),
        ("images\\c.jpg", "test/l.csv", "test/images/c.jpg"),
        ("x/d.png", "l.csv", "x/d.png"),
        ("e.JPG", "l.csv", "E.jpg"),
        ("f.v1", "l.csv", "f.v1.jpg"),
        ("c.jpg", "l.csv", None),  # which of the two?
        ("d", "l.csv", None),
        ("gone.jpg", "l.csv", None),
        ("z/a.jpg", "l.csv", None),
        ("a.png", "l.csv", None),
    ],
)
def test_a_name_means_one_picture_or_none(tmp_path, text, file, expected):
    plant(tmp_path, dict.fromkeys(FILES, b""))
    assert References(Tree(tmp_path)).find(text, file, 1) == expected


@pytest.mark.parametrize("text", ["../a.jpg", "/a.jpg", "C:/a.jpg", "x/../../a.jpg", "a\0.jpg", ""])
def test_a_path_outside_is_refused(tmp_path, text):
    with pytest.raises(ItemError, match=r"l\.csv:7") as caught:
        References(Tree(tmp_path)).find(text, "l.csv", 7)
    assert caught.value.code == "label_path"


@pytest.mark.parametrize(
    ("text", "output", "expected"),
    [
        ("a.jpg", "a__aug1.jpg", "a__aug1.jpg"),
        ("a", "a__aug1.jpg", "a__aug1"),
        ("x\\a.jpg", "images/a__aug1.jpg", "x\\a__aug1.jpg"),
        ("./img/a.jpg", "img/a_jpg__aug1.png", "./img/a_jpg__aug1.png"),
        ("A.jpg", "a.jpg", "A.jpg"),
    ],
)
def test_a_written_picture_is_named_as_its_source_was(text, output, expected):
    assert renamed(text, "images/a.jpg", output) == expected
