"""CreateML: centres, per folder, in lists that look as they did."""

from __future__ import annotations

import json

import pytest
from labelled import boxes, codes, geometry, mirrored, plant, process
from samples import CREATEML, PICTURES

from augtool.errors import UsageError
from augtool.formats import open_dataset
from augtool.matrix import translation

FILE = "_annotations.createml.json"


def listed(value: object) -> dict[str, bytes | str]:
    return PICTURES | {FILE: value if isinstance(value, str) else json.dumps(value, indent=4)}


def test_boxes_are_given_by_their_centres(tmp_path):
    run = process(plant(tmp_path / "in", listed(CREATEML)), tmp_path / "out")
    assert boxes(run.labels["a.png"]) == [("cat", (7, 6, 14, 10)), ("dog", (20, 10, 40, 30))]
    assert run.classes["a.png"] == ("cat", "dog")


def test_a_variant_keeps_unknown_keys_and_the_file_its_looks(tmp_path):
    process(plant(tmp_path / "in", listed(CREATEML)), tmp_path / "out", variant=mirrored)
    text = (tmp_path / "out" / FILE).read_text()
    written = json.loads(text)
    assert [each["image"] for each in written] == ["a.png", "a__aug1.png", "b.png", "b__aug1.png"]
    spot = {"x": 29.5, "y": 8, "width": 7, "height": 4}
    assert written[1]["annotations"][0] == {"label": "cat", "coordinates": spot, "confidence": 1}
    assert written[1]["odd"] is True
    assert json.dumps(written, indent=4) == text


def test_what_a_crop_removes_is_gone(tmp_path):
    root = plant(tmp_path / "in", listed(CREATEML))
    process(root, tmp_path / "out", variant=lambda size: geometry(translation(-15, 0), size, (15, 30)))
    written = json.loads((tmp_path / "out" / FILE).read_text())[1]["annotations"]
    assert written == [{"label": "dog", "coordinates": {"x": 10, "y": 20, "width": 10, "height": 20}}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[\n{,}]", f"{FILE}:2: is not valid JSON"),
        ('[{"image": "a.png", "annotations": []},]', f"{FILE}:1: is not valid JSON"),
        (
            '[{"image": "a.png", "annotations": [\n{"coordinates": {"x": NaN}}]}]',
            f"{FILE}:2: 'NaN' is not a usable",
        ),
        ('[{"image": "a.png", "annotations": [{"coordinates": {"x": 1e999}}]}]', "1e999"),
        (
            '[{"image": "a.png", "annotations": ' + "[" * 4000 + "]" * 4000 + ', "coordinates": 1}]',
            "nested deeper",
        ),
        ('[\n{"image": 3, "annotations": [], "coordinates": 1}]', f"{FILE}:2: an element without a picture"),
    ],
)
def test_a_list_that_cannot_be_parsed_is_refused_with_its_line(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        open_dataset(plant(tmp_path, listed(text)), "createml")


@pytest.mark.parametrize("width", ['"4"', "-1", "true", "null"])
def test_a_wrong_box_fails_its_picture_only(tmp_path, width):
    spot = '{"x": 1, "y": 2, "height": 1, "width": %s}'
    text = '[{"image": "a.png", "annotations": [\n{"label": "cat", "coordinates": ' + spot + "}]}]"
    run = process(plant(tmp_path / "in", listed(text % width)), tmp_path / "out", "createml")
    assert run.failed["a.png"][0] == "label_invalid"
    assert run.failed["a.png"][1].startswith(f"{FILE}:2: ")
    assert set(run.labels) == {"b.png", "c.png"}


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "C:\\\\a.png", "x/../../a.png"])
def test_a_path_outside_is_refused_and_reported(tmp_path, name):
    text = f'[{{"image": "{name}", "annotations": [], "coordinates": 1}}]'
    run = process(plant(tmp_path / "in", listed(text)), tmp_path / "out", "createml")
    assert [code for code, _ in run.failed.values()] == ["label_path"]
    assert name.replace("\\\\", "\\") not in json.loads((tmp_path / "out" / FILE).read_text())


def test_quirks_are_named(tmp_path):
    box = {"label": "cat", "coordinates": {"x": 1, "y": 8, "width": 7, "height": 0}}
    value = [
        {"image": "A.png", "annotations": [box, box, box | {"label": "Cat"}]},
        {"image": "gone.png", "annotations": []},
        {"image": "b.png", "annotations": []},
        {"image": "b.png", "annotations": []},
    ]
    dataset = open_dataset(plant(tmp_path, listed(value)), "createml")
    assert codes(dataset) == {
        "case_differs": 1, "missing_image": 1, "duplicate": 2, "unlabelled": 1, "zero_area": 3, "outside": 3,
        "class_case": 1,
    }  # fmt: skip
