"""The table of formats: each set is claimed by its own format, comes back, and survives a mirror."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import making
import pytest
from labelled import boxes, mirrored, picture, plant, process, real, tree
from samples import SAMPLES, VOC

from augtool.errors import UsageError
from augtool.formats import FORMATS, Dataset, Format, open_dataset, recognise


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_set_is_claimed_by_its_own_format_only(tmp_path, sample):
    name, files = SAMPLES[sample]
    root = plant(tmp_path, files)
    entry, words = recognise(root)
    assert (entry.name, bool(words)) == (name, True)
    claiming = {entry.name for entry in FORMATS if entry.detect(root)}
    # Tables of boxes are tables of pictures too, and metadata.csv is one; both are asked first.
    allowed = {name, "folder"} | ({"csvlabels"} if name in ("csvboxes", "imagefolder") else set())
    assert claiming <= allowed


@pytest.mark.parametrize("sample", SAMPLES)
def test_an_identity_run_changes_no_byte(tmp_path, sample):
    name, files = SAMPLES[sample]
    root = plant(tmp_path / "in", files)
    run = process(root, tmp_path / "out", name)
    assert not run.failed
    assert tree(tmp_path / "out") == tree(root)


@pytest.mark.parametrize("sample", SAMPLES)
def test_twice_mirrored_is_the_set_again(tmp_path, sample):
    name, files = SAMPLES[sample]
    root = plant(tmp_path / "in", files)
    first = process(root, tmp_path / "out", name, variant=mirrored, tag="-m")
    second = process(tmp_path / "out", tmp_path / "twice", name, variant=mirrored, tag="-n")
    third = process(tmp_path / "twice", tmp_path / "thrice", name)
    assert not (first.failed or second.failed or third.failed)
    # A picture in a folder of its own name has the tags in both.
    twice = [key for key in third.labels if "-m-n" in key.rpartition("/")[2]]
    assert len(twice) == len(first.labels)
    for key in twice:
        labels, source = third.labels[key], first.labels[key.replace("-m-n", "")]
        assert [each.category for each in labels.instances] == [each.category for each in source.instances]
        for (_, box), (_, before) in zip(boxes(labels), boxes(source), strict=True):
            assert box == pytest.approx(before, abs=1e-3)
        for one, other in zip(labels.instances, source.instances, strict=True):
            assert (one.mask is None) == (other.mask is None)
            assert one.mask is None or (one.mask.pixels == other.mask.pixels).all()
            for part, before in zip(one.polygons or (), other.polygons or (), strict=True):
                assert part.outer == pytest.approx(before.outer, abs=1e-3)
            assert one.keypoints is None or one.keypoints.points == pytest.approx(
                other.keypoints.points, abs=1e-3
            )
        if source.semantic is not None:
            assert (labels.semantic == source.semantic).all()
        assert third.classes[key] == first.classes[key.replace("-m-n", "")]


WITHOUT_SPLITS = [
    name
    for name, (_, files) in SAMPLES.items()
    if not any(path.startswith("train/") or "/train/" in path for path in files)
]


@pytest.mark.parametrize("sample", WITHOUT_SPLITS)
def test_a_divided_set_is_a_whole_set_per_split(tmp_path, sample):
    name, files = SAMPLES[sample]
    root = plant(tmp_path / "in", files)
    whole = process(root, tmp_path / "whole", name)
    process(root, tmp_path / "out", name, variant=mirrored, divide=True)
    again = process(tmp_path / "out", tmp_path / "again")
    assert again.dataset.name == name
    assert not again.failed
    assert set(again.splits.values()) <= {"train", "val"}
    sources = {key: again.labels[key] for key in again.labels if "__aug1" not in key}
    assert len(again.labels) == 2 * len(sources)
    assert {key.partition("/")[2] for key in sources} == set(whole.labels)
    for key, labels in sources.items():
        before = whole.labels[key.partition("/")[2]]
        assert boxes(labels) == boxes(before)
        assert again.classes[key] == whole.classes[key.partition("/")[2]]
        assert (labels.semantic is None) == (before.semantic is None)


# Real folder -> the format that claims it.
REAL = {
    "bccd_voc/BCCD": "voc",
    "chess_voc_messy": "voc",
    "dsb2018/stage1_train": "instance_masks",
    "sharks/createml": "createml",
    "sign_digits/Dataset": "folder",
    "clothing": "folder",
    "drone": "folder",
    "format_zoo/camvid_dataset": "masks",
    "format_zoo/cityscapes_dataset/dataset": "masks",
    "format_zoo/cityscapes_dataset/train_dataset": "masks",
    "format_zoo/common_semantic_segmentation_dataset/dataset": "masks",
    "format_zoo/common_semantic_segmentation_dataset/non_standard_dataset": "masks",
    "format_zoo/image_dir_dataset": "folder",
    "format_zoo/imagenet_dataset": "folder",
    "format_zoo/imagenet_subsets_dataset": "folder",
    "format_zoo/kaggle_dataset/image_csv": "csvlabels",
    "format_zoo/kaggle_dataset/image_csv_det": "csvboxes",
    "format_zoo/kaggle_dataset/image_csv_multi_label": "csvlabels",
    "format_zoo/kaggle_dataset/image_mask": "masks",
    "format_zoo/kaggle_dataset/image_mask_with_labelmap": "masks",
    "format_zoo/kaggle_dataset/image_txt": "csvlabels",
    "format_zoo/kaggle_dataset/image_txt_det": "csvboxes",
    "format_zoo/kaggle_dataset/relaxed_voc1": "voc",
    "format_zoo/kaggle_dataset/relaxed_voc2": "voc",
    "format_zoo/kitti_dataset/kitti_segmentation": "masks",
    "format_zoo/mvtec_dataset/category_0": "masks",
    "format_zoo/roboflow_dataset/createml": "createml",
    "format_zoo/roboflow_dataset/multiclass": "csvlabels",
    "format_zoo/roboflow_dataset/voc": "voc",
    "format_zoo/voc_dataset/voc_dataset1": "voc",
    "format_zoo/voc_dataset/voc_dataset3": "voc",
    "format_zoo/vott_csv_dataset/dataset": "csvboxes",
    "format_zoo/vott_csv_dataset/dataset_with_meta_file": "csvboxes",
}


@pytest.mark.parametrize("folder", REAL)
def test_real_sets_are_claimed_and_come_back(tmp_path, folder):
    root: Path = real(folder)
    assert recognise(root)[0].name == REAL[folder]
    if REAL[folder] == "folder":
        return
    run = process(root, tmp_path / "out")
    again = process(tmp_path / "out", tmp_path / "twice")
    assert not run.failed
    # 0af.xml comes back beside 0AF.jpg under that name.
    assert again.labels.keys() == run.labels.keys()
    for key, labels in run.labels.items():
        assert boxes(again.labels[key]) == boxes(labels)
        assert [each.category for each in again.labels[key].instances] == [
            each.category for each in labels.instances
        ]
        if labels.semantic is not None:
            assert (again.labels[key].semantic == labels.semantic).all()
    assert again.splits == run.splits


PICTURE = picture()
WITHOUT_TRAIN = {
    "folder": ({"test/cat/a.png": PICTURE, "val/cat/b.png": PICTURE, "train/x.txt": ""}, "test and val"),
    "yolo": (
        {
            "data.yaml": "val: images/val\nnames: [cat]\n",
            "images/val/a.png": PICTURE,
            "labels/val/a.txt": "0 0.5 0.5 0.2 0.2\n",
        },
        "val",
    ),
    "coco": (
        {
            "test/_annotations.coco.json": '{"images": [{"id": 1, "file_name": "a.png"}],'
            ' "annotations": [], "categories": []}',
            "test/a.png": PICTURE,
        },
        "test",
    ),
    "voc": (
        {"JPEGImages/a.png": PICTURE, "Annotations/a.xml": VOC, "ImageSets/Main/val.txt": "a\n"},
        "val",
    ),
    "createml": (
        {
            "valid/a.png": PICTURE,
            "valid/_a.createml.json": '[{"image": "a.png", "annotations": []}]',
            "train/x.txt": "",
        },
        "val",
    ),
}


@pytest.mark.parametrize("name", WITHOUT_TRAIN)
def test_a_set_without_train_is_refused_with_the_option_that_helps(tmp_path, name):
    files, splits = WITHOUT_TRAIN[name]
    source = plant(tmp_path / "in", files)
    recipe = making.recipe("version: 1\nvariants: 1\ntransforms: [{brightness: {factor: 1.2}}]\n")
    wanted = f"the set has {splits}; choose with --splits {splits.replace(' and ', ',')}"
    with pytest.raises(UsageError, match=f"split to expand \\(train\\); {wanted}$"):
        making.run(source, tmp_path / "out", recipe, format=name)
    making.run(source, tmp_path / "out", recipe, format=name, splits=tuple(splits.split(" and ")))
    assert any(row["kind"] == "variant" for row in making.rows(tmp_path / "out"))


DOCUMENT = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
WITHOUT_TABLE = {"yolo": {"task"}, "coco": {"keypoint_convention", "flip_idx"}}


def table(text: str) -> list[list[str]]:
    rows = [line.strip("|").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in row] for row in rows[2:]]


def test_the_document_has_a_full_row_for_every_format_in_the_order_they_are_asked():
    rows = table(DOCUMENT.partition("## Options")[0])
    assert [row[0] for row in rows] == [entry.name for entry in FORMATS]
    assert all(len(row) == 4 and all(row) for row in rows)


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: entry.name)
def test_the_document_names_every_option_and_no_other(entry):
    rows = table(DOCUMENT.partition("## Options")[2])
    known = set(getattr(import_module(entry.module), "OPTIONS", WITHOUT_TABLE.get(entry.name, ())))
    assert {row[1] for row in rows if row[0] == entry.name} == known


@pytest.mark.parametrize("name", ["yolo", "coco"])
def test_options_that_the_document_names_are_taken(tmp_path, name):
    files, _ = WITHOUT_TRAIN[name]
    source = plant(tmp_path, files)
    rows = table(DOCUMENT.partition("## Options")[2])
    values = {"task": "detect", "keypoint_convention": "center", "flip_idx": [1, 0]}
    options = {row[1]: values[row[1]] for row in rows if row[0] == name}
    assert open_dataset(source, name, options).name == name
    with pytest.raises(UsageError, match="unknown field"):
        open_dataset(source, name, options | {"other": 1})


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: entry.name)
def test_a_format_has_all_that_the_program_asks_of_one(entry: Format) -> None:
    kinds = [
        kind
        for _, kind in inspect.getmembers(import_module(entry.module), inspect.isclass)
        if hasattr(kind, "items") and hasattr(kind, "finish")
    ]
    asked = [*Dataset.__annotations__, *(name for name in vars(Dataset) if not name.startswith("_"))]
    for kind in kinds:
        # Attributes that __init__ sets are no class attributes; what a class inherits is in its bases.
        known = (
            set(dir(kind))
            | set().union(*(vars(base).get("__annotations__", {}) for base in kind.__mro__))
            | set(getattr(kind, "__dataclass_fields__", {}))
        )
        assert set(asked) <= known
    assert kinds
