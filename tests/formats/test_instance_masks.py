"""One mask per object: each variant in a folder of its own, each object in a file of its own."""

from __future__ import annotations

import io

import numpy as np
from labelled import codes, geometry, mirrored, picture, plant, process, real, tree
from PIL import Image
from samples import ONE, OTHER, SAMPLES, png

from augtool.formats import open_dataset
from augtool.matrix import translation

FILES = SAMPLES["instance_masks"][1]


def test_every_object_moves_in_its_own_file(tmp_path):
    run = process(plant(tmp_path / "in", FILES), tmp_path / "out", variant=mirrored)
    out = tree(tmp_path / "out")
    assert set(out) == set(FILES) | {
        "a__aug1/images/a__aug1.png", "a__aug1/masks/one.png", "a__aug1/masks/other.png",
    }  # fmt: skip
    turned = np.asarray(Image.open(io.BytesIO(out["a__aug1/masks/one.png"])))
    assert np.array_equal(turned, ONE[:, ::-1])
    assert run.classes["a/images/a.png"] == ("object", "object")


def test_an_object_that_left_the_picture_has_no_file(tmp_path):
    process(
        plant(tmp_path / "in", FILES),
        tmp_path / "out",
        variant=lambda size: geometry(translation(-15, 0), size, size),
    )
    out = tree(tmp_path / "out")
    assert "a__aug1/masks/one.png" not in out
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(out["a__aug1/masks/other.png"])))[:, :25], OTHER[:, 15:]
    )


def test_a_folder_not_named_after_its_picture_keeps_its_name(tmp_path):
    files = {"s/case 7/images/x.png": picture(), "s/case 7/masks/1.png": png(ONE)}
    process(plant(tmp_path / "in", files), tmp_path / "out", variant=mirrored)
    assert "s/case 7-x__aug1/masks/1.png" in tree(tmp_path / "out")


def test_empty_broken_and_missing_masks_are_named(tmp_path):
    files = FILES | {
        "a/masks/empty.png": png(ONE * 0),
        "b/images/b.png": picture(),
        "b/masks/x.png": b"no picture",
        "c/images/c.png": picture(),
        "c/masks/readme.txt": "none yet",
        "d/masks/x.png": png(ONE),
    }
    root = plant(tmp_path / "in", files)
    run = process(root, tmp_path / "out")
    assert run.failed["b/images/b.png"][0] == "label_invalid"
    assert codes(open_dataset(root)) == {"label_invalid": 1, "unlabelled": 1, "missing_image": 1}


def test_the_real_set_has_its_objects_and_long_names(tmp_path):
    root = real("dsb2018/stage1_train")
    run = process(root, tmp_path / "out")
    assert sum(len(labels.instances) for labels in run.labels.values()) == 629
    assert tree(tmp_path / "out") == tree(root)
