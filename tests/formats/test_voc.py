"""Pascal VOC: boxes where the standard says, everything else as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from labelled import SIZE, boxes, codes, geometry, mirrored, picture, plant, process, real, tree
from PIL import Image

from augtool.errors import UsageError
from augtool.formats import open_dataset
from augtool.formats.voc import detect
from augtool.matrix import translation

OBJECT = """\
	<object>
		<name>{name}</name>
		<pose>Left</pose>
		<truncated>0</truncated>
		<difficult>1</difficult>
		<odd key="1">kept</odd>
		<bndbox>
			<xmin>{0}</xmin>
			<xmax>{2}</xmax>
			<ymin>{1}</ymin>
			<ymax>{3}</ymax>
		</bndbox>
	</object>
"""


def annotation(*objects: tuple[str, tuple[object, ...]], name: str = "a.png", size=SIZE) -> str:
    body = "".join(OBJECT.format(*box, name=label) for label, box in objects)
    return (
        f"<annotation>\n\t<!-- by hand -->\n\t<filename>{name}</filename>\n\t<path>C:\\data\\{name}</path>\n"
        f"\t<size>\n\t\t<width>{size[0]}</width>\n\t\t<height>{size[1]}</height>\n\t</size>\n{body}</annotation>\n"
    )


CAT = ("cat", (1, 1, 10, 20))
DOG = ("dog & pup".replace("&", "&amp;"), (11, 6, 40, 30))
SET = {
    "JPEGImages/a.png": picture(),
    "JPEGImages/b.png": picture(),
    "JPEGImages/c.png": picture(),
    "Annotations/a.xml": annotation(CAT, DOG),
    "Annotations/b.xml": annotation(("cat", (2.5, 3.0, 7.25, 9.0)), name="b.png"),
    "ImageSets/Main/train.txt": "a\n",
    "ImageSets/Main/val.txt": "b\n",
    "ImageSets/Main/trainval.txt": "a\nb\n",
    "ImageSets/Main/cat_train.txt": "a  1\n",
    "labelmap.txt": "cat:1,2,3::\n",
}


def test_an_identity_run_gives_the_same_bytes(tmp_path):
    root = plant(tmp_path / "in", SET)
    run = process(root, tmp_path / "out")
    assert tree(tmp_path / "out") == tree(root)
    assert run.dataset.name == "voc"
    assert run.splits == {
        "JPEGImages/a.png": "train",
        "JPEGImages/b.png": "val",
        "JPEGImages/c.png": "unlisted",
    }
    assert run.classes["JPEGImages/a.png"] == ("cat", "dog & pup")


def test_corners_count_from_one_and_include_the_last_pixel(tmp_path):
    root = plant(tmp_path / "in", SET)
    labels = process(root, tmp_path / "out").labels["JPEGImages/a.png"]
    assert boxes(labels) == [("cat", (0, 0, 10, 20)), ("dog & pup", (10, 5, 40, 30))]
    labels = process(root, tmp_path / "other", options={"origin": 0}).labels["JPEGImages/a.png"]
    assert boxes(labels)[0] == ("cat", (1, 1, 10, 20))


def test_a_mirrored_variant_keeps_everything_but_the_places(tmp_path):
    root = plant(tmp_path / "in", SET)
    process(root, tmp_path / "out", variant=mirrored)
    written = (tmp_path / "out/Annotations/a__aug1.xml").read_text()
    expected = annotation(("cat", (31, 1, 40, 20)), ("dog &amp; pup", (1, 6, 30, 30)), name="a__aug1.png")
    assert written == expected
    assert "<xmin>33.75</xmin>" in (tmp_path / "out/Annotations/b__aug1.xml").read_text()


def test_lists_name_the_variants_with_their_flags(tmp_path):
    process(plant(tmp_path / "in", SET), tmp_path / "out", variant=mirrored)
    lists = tmp_path / "out/ImageSets/Main"
    assert (lists / "train.txt").read_text() == "a\na__aug1\n"
    assert (lists / "trainval.txt").read_text() == "a\na__aug1\nb\nb__aug1\n"
    assert (lists / "cat_train.txt").read_text() == "a  1\na__aug1  1\n"


def test_what_a_crop_cuts_is_truncated_and_what_it_removes_is_gone(tmp_path):
    root = plant(tmp_path / "in", SET)
    process(root, tmp_path / "out", variant=lambda size: geometry(translation(-12, 0), size, (24, 30)))
    again = process(tmp_path / "out", tmp_path / "twice")
    assert boxes(again.labels["JPEGImages/a__aug1.png"]) == [("dog & pup", (0, 5, 24, 30))]
    text = (tmp_path / "out/Annotations/a__aug1.xml").read_text()
    assert "<width>24</width>" in text
    assert (tmp_path / "out/ImageSets/Main/cat_train.txt").read_text() == "a  1\na__aug1 -1\n"
    # It touched the edge before, so its flag is the annotator's to judge.
    assert "<truncated>0</truncated>" in text
    inner = plant(tmp_path / "inner", {"a.png": picture(), "a.xml": annotation(("cat", (5, 5, 20, 20)))})
    process(inner, tmp_path / "cut", variant=lambda size: geometry(translation(-12, 0), size, (24, 30)))
    assert "<truncated>1</truncated>" in (tmp_path / "cut/a__aug1.xml").read_text()


def test_masks_and_parts_move_along(tmp_path):
    mask = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    mask[5:10, :7] = 3
    image = Image.fromarray(mask)
    image.putpalette(bytes(range(30)))
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax><ymax>4</ymax></bndbox>"
    part = f"<part><name>head</name>{box}</part>"
    files = {
        "JPEGImages/a.png": picture(),
        "Annotations/a.xml": annotation(CAT).replace("\t</object>", f"\t{part}</object>"),
    }
    root = plant(tmp_path / "in", files)
    for folder in ("SegmentationClass", "SegmentationObject"):
        (root / folder).mkdir()
        image.save(root / folder / "a.png")
    process(root, tmp_path / "out", variant=mirrored)
    turned = Image.open(tmp_path / "out/SegmentationObject/a__aug1.png")
    assert turned.mode == "P"
    assert np.array_equal(np.asarray(turned), mask[:, ::-1])
    again = process(tmp_path / "out", tmp_path / "twice")
    assert boxes(again.labels["JPEGImages/a__aug1.png"])[1] == ("head", (36, 0, 40, 4))
    assert (tmp_path / "out/SegmentationClass/a.png").read_bytes() == (
        root / "SegmentationClass/a.png"
    ).read_bytes()


BOMB = '<!DOCTYPE x [<!ENTITY a "{}">]><annotation><filename>&a;</filename></annotation>'
OUTER = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<annotation>&a;</annotation>'


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (BOMB.format("x" * 100), "label_syntax", "a.xml:1: declares a document type or entities"),
        (OUTER, "label_syntax", "a.xml:1: declares a document type"),
        (
            "<annotation>" + "<a>" * 5000 + "</a>" * 5000 + "</annotation>",
            "label_syntax",
            "a.xml:1: elements are nested",
        ),
        ("<annotation>\n<object>\n</annotation>", "label_syntax", "a.xml:3: is not valid XML"),
        ("", "label_syntax", "a.xml:1: is not valid XML"),
        (annotation(("cat", ("nan", 1, 10, 20))), "label_invalid", "a.xml:16: <xmin> is 'nan'"),
        (annotation(("cat", (1, 1, "1e999", 20))), "label_invalid", "a.xml:17: <xmax> is '1e999'"),
        (annotation(("cat", (30, 1, 10, 20))), "label_invalid", "a.xml:15: a box inside out (30, 1, 10, 20)"),
        (annotation(("", (1, 1, 10, 20))), "label_invalid", "a.xml:9: <object> without <name>"),
        (annotation(CAT, size=SIZE[::-1]), "label_invalid", "a.xml:5: is for a picture of 30x40, but"),
    ],
)
def test_an_annotation_that_cannot_be_trusted_fails_its_picture_only(tmp_path, text, code, message):
    root = plant(tmp_path / "in", SET | {"Annotations/a.xml": text})
    run = process(root, tmp_path / "out")
    assert set(run.failed) == {"JPEGImages/a.png"}
    assert run.failed["JPEGImages/a.png"][0] == code
    assert run.failed["JPEGImages/a.png"][1].startswith("Annotations/" + message)
    assert "JPEGImages/b.png" in run.labels
    assert codes(run.dataset)[code] == 1


def test_an_annotation_linked_in_from_elsewhere_is_refused(tmp_path):
    root = plant(tmp_path / "in", SET)
    outside = plant(tmp_path, {"secret.xml": annotation(CAT)}) / "secret.xml"
    (root / "Annotations/a.xml").unlink()
    (root / "Annotations/a.xml").symlink_to(outside)
    assert process(root, tmp_path / "out").failed["JPEGImages/a.png"][0] == "label_path"


def test_quirks_are_lived_with_and_named(tmp_path):
    files = {
        "A1.png": picture(),
        "a1.xml": annotation(
            ("cat", (5, 5, 5, 9)), ("Cat", (0, 3, 9, 9)), ("Cat", (0, 3, 9, 9)), name="gone.png"
        ),
        "b.png": picture(),
        "orphan.xml": annotation(CAT, name="orphan.png"),
        "far.png": picture(),
        "far.xml": annotation(("cat", (1, 1, 90, 9)), name="far.png"),
    }
    root = plant(tmp_path / "in", files)
    run = process(root, tmp_path / "out")
    assert (tmp_path / "out/A1.xml").read_text() == files["a1.xml"].replace("gone.png", "A1.png")
    assert codes(run.dataset) == {
        "case_differs": 1, "filename_differs": 1, "unlabelled": 1, "missing_image": 1, "zero_area": 1,
        "class_case": 1, "duplicate": 1, "origin": 1, "outside": 3,
    }  # fmt: skip
    place = next(each for each in run.dataset.problems() if each["code"] == "zero_area")
    assert (place["file"], place["line"], place["source"]) == ("a1.xml", 9, "A1.png")


def test_another_picture_with_the_better_claim_keeps_its_annotation(tmp_path):
    root = plant(tmp_path / "in", {"A.png": picture(), "a.png": picture(), "a.xml": annotation(CAT)})
    run = process(root, tmp_path / "out")
    assert [len(run.labels[name].instances) for name in ("A.png", "a.png")] == [0, 1]


@pytest.mark.parametrize("options", [{"origin": 2}, {"origin": True}, {"orgin": 1}])
def test_options_are_checked(tmp_path, options):
    root = plant(tmp_path / "in", SET)
    with pytest.raises(UsageError, match="format voc"):
        open_dataset(root, "voc", options)


def test_other_xml_is_not_taken_for_annotations(tmp_path):
    plant(tmp_path, {"a.png": picture(), "a.xml": "<annotations><image/></annotations>"})
    plant(tmp_path, {"b.xml": "<annotation><object><polygon><pt/></polygon></object></annotation>"})
    assert detect(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("bccd_voc/BCCD", 4888), ("chess_voc_messy", 180), ("format_zoo/voc_dataset/voc_dataset1", 3),
        ("format_zoo/voc_dataset/voc_dataset3", 1), ("format_zoo/kaggle_dataset/relaxed_voc1", 2),
        ("format_zoo/kaggle_dataset/relaxed_voc2", 2), ("format_zoo/roboflow_dataset/voc", 4),
    ],
)  # fmt: skip
def test_real_sets_come_back_as_they_were(tmp_path, name, count):
    root = Path(shutil.copytree(real(name), tmp_path / "in"))
    run = process(root, tmp_path / "out")
    assert run.dataset.name == "voc"
    assert not run.failed
    assert sum(len(labels.instances) for labels in run.labels.values()) == count
    again = process(tmp_path / "out", tmp_path / "twice")
    assert [boxes(labels) for labels in again.labels.values()] == [
        boxes(labels) for labels in run.labels.values()
    ]
    # Lists lose comments, 0af.xml is renamed to fit its picture, and texts that are no labels stay behind.
    before, after = tree(root), tree(tmp_path / "out")
    spared = [path for path in before if path.endswith((".xml", ".png", ".jpg")) and path != "0af.xml"]
    assert {path: after.get(path) for path in spared} == {path: before[path] for path in spared}
