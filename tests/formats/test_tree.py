"""tree: which label file belongs to which picture."""

from __future__ import annotations

import pytest
from labelled import plant

from augtool.errors import UsageError
from augtool.formats.tree import Pairing, Tree, chosen, one_scan, scanned


def find(tmp_path, key, label, *, beside=True):
    plant(tmp_path, {key: b"", label: b""})
    pairing = Pairing(
        Tree(tmp_path), ("labels",), lambda stem: [f"{stem}.xml"], beside=beside, tails=("annot",)
    )
    found = pairing.find(key)
    return found and tuple(found)


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("a.jpg", "a.xml"),
        ("images/a.jpg", "labels/a.xml"),
        ("images/train/a.jpg", "labels/train/a.xml"),
        ("train/images/a.jpg", "train/labels/a.xml"),
        ("train/images/a.jpg", "train/Labels/a.xml"),
        ("x/train/a.jpg", "x/trainannot/a.xml"),
        ("train/a.jpg", "labels/train/a.xml"),
        ("images/a.jpg", "images/labels/a.xml"),
        ("images/x/y/a.jpg", "labels/a.xml"),
        ("a.jpg", "labels/a.xml"),
    ],
)
def test_labels_lie_beside_or_in_a_parallel_tree(tmp_path, key, label):
    assert find(tmp_path, key, label) == (label, True)


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("images/a.jpg", "other/a.xml"),
        ("images/a.jpg", "labels/b.xml"),
        ("train/images/a.jpg", "test/labels/a.xml"),
    ],
)
def test_others_do_not_belong(tmp_path, key, label):
    assert find(tmp_path, key, label) is None


def test_beside_counts_only_where_it_may(tmp_path):
    assert find(tmp_path, "a.jpg", "a.xml", beside=False) is None


def test_letter_case_is_forgiven_but_not_if_two_could_be_meant(tmp_path):
    assert find(tmp_path / "1", "A.jpg", "a.XML") == ("a.XML", False)
    plant(tmp_path / "2", {"aA.xml": b""})
    assert find(tmp_path / "2", "AA.jpg", "aa.xml") is None


def test_folders_are_walked_in_order_links_out_are_not(tmp_path):
    root = plant(
        tmp_path / "in",
        {"b/x.jpg": b"1", "a/y.jpg": b"22", ".git/z.jpg": b"", "train/q.jpg": b"", "val/q.jpg": b""},
    )
    plant(tmp_path / "far", {"secret.jpg": b""})
    (root / "c").symlink_to(tmp_path / "far")
    (root / "a/loop").symlink_to(root)
    tree = Tree(root)
    assert list(tree.folders) == ["", "a/", "b/", "train/", "val/"]
    assert tree.folders["a/"].files["y.jpg"].size == 2
    assert [folder.split for folder in tree.folders.values()] == [None, None, None, "train", "val"]
    assert (
        Tree(plant(tmp_path / "split", {"train/q.jpg": b"", "val/q.jpg": b""})).folders["val/"].split == "val"
    )


def test_one_scan_is_shared_only_inside_its_block(tmp_path):
    with one_scan():
        first = scanned(tmp_path)
        plant(tmp_path, {"a.jpg": b""})
        assert scanned(tmp_path) is first
    assert scanned(tmp_path).has("a.jpg")


def test_options_name_what_they_may_be():
    known = {"origin": (1, 0), "file": str, "any": None}
    assert chosen({"origin": 0, "file": "a", "any": [1]}, known, "x") == {
        "origin": 0,
        "file": "a",
        "any": [1],
    }
    for options, message in (
        ({"orgin": 1}, "did you mean 'origin'"),
        ({"origin": 2}, "origin is 2, but must be 1 or 0"),
        ({"file": 3}, "file is 3, but must be a text"),
    ):
        with pytest.raises(UsageError, match=message):
            chosen(options, known, "x")
