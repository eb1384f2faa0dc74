"""LabelMe: every kind of shape moves, what it held besides stays."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from labelled import SIZE, codes, geometry, mirrored, picture, plant, process
from samples import ALL_SHAPES, PICTURES, labelme, shape

from augtool.formats import open_dataset
from augtool.matrix import rotation, scaling, translation

H = SIZE[1]


def written(tmp_path, variant, *shapes, name="a.png", text=None):
    """Return the variant's document and what was lost."""
    root = plant(tmp_path / "in", {"a.png": picture(), "a.json": text or labelme(name, *shapes)})
    run = process(root, tmp_path / "out", variant=variant)
    assert not run.failed
    return json.loads((tmp_path / "out/a__aug1.json").read_text()), run.lost


def test_a_mirrored_variant_keeps_everything_but_the_places(tmp_path):
    document, lost = written(tmp_path, mirrored, *ALL_SHAPES)
    assert not lost
    assert document["imagePath"] == "a__aug1.png"
    assert (document["odd"], document["flags"], document["version"]) == (
        [1, "two"],
        {"blurred": True},
        "5.4.1",
    )
    made = {each["label"]: each for each in document["shapes"]}
    assert [each["label"] for each in document["shapes"]] == [each["label"] for each in ALL_SHAPES]
    assert made["cat"]["points"][0] == [36.5, 5.25]
    assert made["cat"]["description"] == "left ear"
    assert made["dog"]["points"] == [[10, 6], [20, 16]]
    assert made["ball"]["shape_type"] == "circle"
    assert made["ball"]["points"] == [[25, 15], [22, 19]]
    assert made["path"]["points"] == [[39, 1], [35, 9], [31, 3]]
    assert made["eye"] == ALL_SHAPES[5] | {"points": [[32.5, 8.5]]}
    assert made["nose"]["points"] == [[26, 20], [29, 23]]


def test_the_mask_of_a_shape_moves_by_pixel(tmp_path):
    _, _ = written(tmp_path, mirrored, ALL_SHAPES[6])
    run = process(tmp_path / "out", tmp_path / "twice")
    assert np.array_equal(run.labels["a__aug1.png"].instances[0].mask.pixels, np.eye(4)[:, ::-1])


def test_a_circle_stays_one_only_where_it_is_one(tmp_path):
    turned, lost = written(
        tmp_path / "1", lambda size: geometry(rotation(30, (20, 15)), size, size), ALL_SHAPES[2]
    )
    assert not lost
    (x, y), (u, v) = turned["shapes"][0]["points"]
    assert math.hypot(u - x, v - y) == pytest.approx(5, abs=1e-3)
    pressed, lost = written(
        tmp_path / "2", lambda size: geometry(scaling(2, 1), size, (80, 30)), ALL_SHAPES[2]
    )
    assert pressed["shapes"][0]["shape_type"] == "polygon"
    assert list(lost) == ["circle: what is no longer a circle is written as a polygon"]


def test_parts_of_a_cut_polygon_share_a_group(tmp_path):
    horseshoe = shape(
        "cat", [[2, 2], [30, 2], [30, 20], [20, 20], [20, 8], [12, 8], [12, 20], [2, 20]], "polygon"
    )
    document, _ = written(
        tmp_path, lambda size: geometry(translation(0, -10), size, (40, 20)), horseshoe, ALL_SHAPES[5]
    )
    groups = [each["group_id"] for each in document["shapes"]]
    assert groups == [4, 4]


def test_lines_that_leave_the_picture_say_so(tmp_path):
    document, lost = written(
        tmp_path, lambda size: geometry(translation(-4, 0), size, size), *ALL_SHAPES[3:5]
    )
    assert [each["points"] for each in document["shapes"]] == [[[1, 9], [5, 3]]]
    assert sum(lost.values()) == 2


def test_a_picture_inside_the_json_is_left_out(tmp_path):
    text = labelme("a.png", ALL_SHAPES[0]).replace('"imageData": null', '"imageData": "aGVsbG8="')
    document, lost = written(tmp_path, mirrored, text=text)
    assert document["imageData"] is None
    assert "imageData" in next(iter(lost))
    assert json.loads((tmp_path / "out/a.json").read_text())["imageData"] is None


def test_the_path_keeps_leading_to_the_picture(tmp_path):
    files = {"images/a.png": picture(), "json/a.json": labelme("../images/a.png", ALL_SHAPES[0])}
    files |= {"images/b.png": picture(), "json/b.json": labelme("D.png", ALL_SHAPES[0])}
    process(plant(tmp_path / "in", files), tmp_path / "out", variant=mirrored)
    paths = [
        json.loads((tmp_path / "out/json" / name).read_text())["imagePath"]
        for name in ("a__aug1.json", "b.json")
    ]
    assert paths == ["../images/a__aug1.png", "../images/b.png"]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ('{"shapes": [\n], "imagePath": "a.png",}', "label_syntax", "a.json:2: is not valid JSON"),
        (
            labelme("a.png", shape("cat", [[1, math.nan], [1, 2], [3, 4]], "polygon")),
            "label_syntax",
            "a.json:12: 'NaN'",
        ),
        (labelme("a.png").replace('"two"', "1e999"), "label_syntax", "is not a usable number"),
        (labelme("a.png").replace('"two"', "[" * 99 + "]" * 99), "label_syntax", "nested deeper than 32"),
        (labelme("../../a.png"), "label_path", "a.json: imagePath '../../a.png' leads out of the data set"),
        (labelme("/etc/a.png"), "label_path", "leads out"),
        (labelme("C:\\a.png"), "label_path", "leads out"),
        (
            labelme("a.png", shape("cat", [[1, 2], [3, 4]], "polygon")),
            "label_invalid",
            "a.json:8: a polygon of 2 points",
        ),
        (labelme("a.png", shape("cat", [[1, "2"]], "point")), "label_invalid", "points must be pairs"),
        (
            labelme("a.png", shape("cat", [[1, 2], [3, 4]], "mask", mask="??")),
            "label_invalid",
            "cannot be read",
        ),
        (
            labelme("a.png", shape("cat", [[1, 2], [9, 9]], "mask", mask=ALL_SHAPES[6]["mask"])),
            "label_invalid",
            "is 4x4",
        ),
        (
            labelme("a.png").replace(f'"imageHeight": {H}', '"imageHeight": 31'),
            "label_invalid",
            "is for a picture of 40x31",
        ),
    ],
)
def test_a_file_that_cannot_be_trusted_fails_its_picture_only(tmp_path, text, code, message):
    files = PICTURES | {"a.json": text, "b.json": labelme("b.png", ALL_SHAPES[0])}
    run = process(plant(tmp_path / "in", files), tmp_path / "out", "labelme")
    assert set(run.failed) == {"a.png"}
    assert run.failed["a.png"][0] == code
    assert message in run.failed["a.png"][1]
    assert codes(run.dataset)[code] == 1


def test_quirks_are_named(tmp_path):
    flat = shape("cat", [[2, 2], [9, 2]], "rectangle")
    files = {
        "A.png": picture(),
        "a.json": labelme("other.png", flat, flat, shape("Cat", [[0, 0], [41, 9]], "rectangle")),
        "b.png": picture(), "orphan.json": labelme("orphan.png"),
    }  # fmt: skip
    dataset = open_dataset(plant(tmp_path, files))
    assert codes(dataset) == {
        "case_differs": 1, "filename_differs": 1, "unlabelled": 1, "missing_image": 1, "zero_area": 2,
        "duplicate": 1, "outside": 1, "class_case": 1,
    }  # fmt: skip
