import json
import pickle
from collections import Counter
from dataclasses import replace

import making
import numpy as np
import pytest
from carried import assert_same, carry, flipped, labels_of, plant, real
from pycocotools import mask as masks
from pycocotools.coco import COCO

from augtool.errors import ItemError, UsageError
from augtool.formats import open_dataset, recognise
from augtool.formats.coco_files import split_of
from augtool.formats.coco_shapes import flip_pairs
from augtool.labels import Labels, Polygon

SIZE = (64, 48)
RING = [10.5, 5, 30, 5.25, 30, 20, 10, 20]


def rle(compressed):
    pixels = np.zeros((48, 64), np.uint8, order="F")
    pixels[10:20, 5:15] = 1
    encoded = masks.encode(pixels)
    if compressed:
        return {"size": [48, 64], "counts": encoded["counts"].decode()}
    return {"size": [48, 64], "counts": [250, 10] + [38, 10] * 9 + [64 * 48 - 250 - 10 - 48 * 9]}


def annotation(number, image=1, category=3, **fields):
    base = {"id": number, "image_id": image, "category_id": category, "bbox": [10, 5, 20, 15], "area": 300}
    return base | {"iscrowd": 0} | fields


def document(**changes):
    base = {
        "info": {"year": 2020, "note": "ünï"},
        "licenses": [{"id": 7, "name": "x"}],
        "images": [
            {"id": 1, "file_name": "a.png", "width": 64, "height": 48, "license": 7, "own": {"x": [1]}},
            {"id": 40, "file_name": "b.png", "width": 64, "height": 48},
            {"id": 9, "file_name": "c.png", "width": 64, "height": 48},
        ],
        "annotations": [
            annotation(5, segmentation=[], attributes={"occluded": True}),
            annotation(
                17, segmentation=[RING, [40, 40, 50, 40, 45, 47]], bbox=[10, 5, 40, 42], area=328.8125
            ),
            annotation(18, segmentation=rle(True), bbox=[5, 10, 10, 10], area=100),
            annotation(2, image=40, segmentation=rle(False), bbox=[5, 10, 10, 10], area=100, iscrowd=1),
        ],
        "categories": [{"id": 0, "name": "unused"}, {"id": 3, "name": "cat", "supercategory": "pet"}],
        "extra": [1, {"z": None}],
    }
    return base | changes


def coco_set(root, data=None, name="annotations.json", **files):
    pictures = {f"{letter}.png": SIZE for letter in "abc"}
    return plant(root, pictures | {name: json.dumps(data or document(), indent=1)} | files)


def loaded(path):
    return json.loads(path.read_text())


def codes(dataset):
    return Counter(problem["code"] for problem in dataset.problems())


def test_an_identity_run_writes_the_same_data_and_pycocotools_loads_it(tmp_path):
    source = coco_set(tmp_path / "in")
    assert recognise(source)[0].name == "coco"
    carried = carry(source, tmp_path / "out")
    before, after = loaded(source / "annotations.json"), loaded(tmp_path / "out/annotations.json")
    assert list(after) == list(before)
    for name in ("images", "annotations"):  # in the order of the pictures
        before[name].sort(key=lambda one: one["id"])
        after[name].sort(key=lambda one: one["id"])
    assert after == before
    assert not carried.lost
    theirs = COCO(str(tmp_path / "out/annotations.json"))
    assert theirs.annToMask(theirs.anns[18]).sum() == 100
    assert_same(labels_of(source), labels_of(tmp_path / "out"), 0)


def test_objects_are_read_with_every_shape(tmp_path):
    labels = labels_of(coco_set(tmp_path))
    boxed, outlined, masked = labels["a.png"].instances
    assert (boxed.category, boxed.box, boxed.polygons, boxed.mask) == ("cat", (10, 5, 30, 20), None, None)
    assert [len(part.outer) for part in outlined.polygons] == [4, 3]
    assert (masked.mask.left, masked.mask.top, masked.mask.pixels.sum()) == (5, 10, 100)
    assert labels["b.png"].instances[0].crowd
    assert labels["c.png"].instances == ()


def test_variants_get_new_ids_moved_shapes_and_the_source_form_of_rle(tmp_path):
    source = coco_set(tmp_path / "in")
    carry(source, tmp_path / "out", variant=flipped())
    theirs = COCO(str(tmp_path / "out/annotations.json"))
    assert sorted(theirs.imgs) == [1, 9, 40, 41, 42, 43]
    assert theirs.imgs[41] == theirs.imgs[1] | {"id": 41, "file_name": "a__aug1.png"}
    boxed, outlined, masked = theirs.loadAnns(theirs.getAnnIds(imgIds=[41]))
    assert [one["id"] for one in (boxed, outlined, masked)] == [19, 20, 21]
    assert (boxed["bbox"], boxed["area"], boxed["segmentation"]) == ([34, 5, 20, 15], 300, [])
    assert boxed["attributes"] == {"occluded": True}
    assert outlined["segmentation"][0] == [53.5, 5, 34, 5.25, 34, 20, 54, 20]
    # The source states the area of its box in one and of its shape in the other; so do the variants.
    assert outlined["area"] == pytest.approx(shoelace(RING) + 35)
    assert isinstance(masked["segmentation"]["counts"], str)
    (crowd,) = theirs.loadAnns(theirs.getAnnIds(imgIds=[42], iscrowd=1))
    assert isinstance(crowd["segmentation"]["counts"], list)
    for one in (masked, crowd):
        pixels = theirs.annToMask(one)
        assert one["area"] == pixels.sum() == pixels[10:20, 49:59].sum() == 100


def shoelace(ring):
    x, y = np.array(ring).reshape(-1, 2).T
    return abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def test_areas_of_boxes_beside_outlines_stay_areas_of_boxes(tmp_path):
    data = document(annotations=[annotation(1, segmentation=[[10, 5, 30, 5, 30, 20]], area=300)])
    carry(coco_set(tmp_path / "in", data), tmp_path / "out", variant=flipped())
    assert [one["area"] for one in loaded(tmp_path / "out/annotations.json")["annotations"]] == [300, 300]


def test_holes_are_kept_as_rle(tmp_path):
    def hollow(labels, size):
        if not labels.instances:
            return labels
        square = np.array([[10, 10], [30, 10], [30, 30], [10, 30.0]])
        part = Polygon(square, ((square - 20) / 2 + 20,))
        return Labels((replace(labels.instances[1], polygons=(part,), box=(10, 10, 30, 30)),))

    data = document(images=document()["images"][:1], annotations=document()["annotations"][:2])
    carried = carry(coco_set(tmp_path / "in", data), tmp_path / "out", variant=hollow)
    theirs = COCO(str(tmp_path / "out/annotations.json"))
    (made,) = theirs.loadAnns(theirs.getAnnIds(imgIds=[2]))
    assert theirs.annToMask(made).sum() == 400 - 100 == made["area"]
    assert carried.lost == ["outline with holes, written as RLE"]


PERSON = ["nose", "left_eye", "right_eye"]


def keypoint_set(root, names=PERSON, points=(20, 10, 2, 24, 9, 1, 0, 0, 0)):
    category = {"id": 1, "name": "person", "keypoints": names, "skeleton": [[1, 2]]}
    one = annotation(1, category=1, keypoints=list(points), num_keypoints=2)
    return coco_set(root, document(categories=[category], annotations=[one]))


def test_keypoints_round_trip_and_change_places_by_their_names(tmp_path):
    source = keypoint_set(tmp_path / "in")
    dataset = open_dataset(source)
    assert dataset.keypoints
    assert dataset.flip_idx == (0, 2, 1)
    carry(source, tmp_path / "out", variant=flipped(dataset.flip_idx))
    first, second = loaded(tmp_path / "out/annotations.json")["annotations"]
    assert first["keypoints"] == [20, 10, 2, 24, 9, 1, 0, 0, 0]
    assert second["keypoints"] == [44, 10, 2, 0, 0, 0, 40, 9, 1]
    assert second["num_keypoints"] == 2


def test_keypoints_that_name_pixels_are_taken_at_their_centres(tmp_path):
    source = keypoint_set(tmp_path / "in")
    options = {"keypoint_convention": "center"}
    carried = carry(source, tmp_path / "out", variant=flipped((0, 2, 1)), options=options)
    first, second = loaded(tmp_path / "out/annotations.json")["annotations"]
    assert first["keypoints"][:2] == [20, 10]
    assert second["keypoints"][:2] == [64 - 1 - 20, 10]
    assert carried.dataset.shift == 0.5


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["left_eye", "right_eye"], (1, 0)),
        (["nose", "Right Ear", "Left Ear"], (0, 2, 1)),
        (["nose", "tail"], None),
        (["left_eye", "nose"], None),
        (["left_eye", "left_eye", "right_eye"], None),
    ],
)
def test_pairs_of_keypoints_are_known_only_where_all_names_agree(names, pairs):
    assert flip_pairs(names) == pairs


def test_pairs_of_keypoints_can_be_given(tmp_path):
    source = keypoint_set(tmp_path, ["a", "b", "c"])
    assert open_dataset(source).flip_idx is None
    assert open_dataset(source, "coco", {"flip_idx": [0, 2, 1]}).flip_idx == (0, 2, 1)
    for wrong in ([0, 1, 1], [1, 2, 3], "x", [0.5, 1, 2]):
        with pytest.raises(UsageError, match="flip_idx"):
            open_dataset(source, "coco", {"flip_idx": wrong})


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"bbox": [1, 2, 3]}, "3 values"),
        ({"bbox": [1, 2, -3, 4]}, "negative"),
        ({"bbox": [1, 2, "3", 4]}, "numbers"),
        ({"bbox": [1, 2, True, 4]}, "numbers"),
        ({"bbox": [1, 2, 1e12, 4]}, "numbers"),
        ({"bbox": {"x": 1}}, "numbers"),
        ({"category_id": 99}, "no category"),
        ({"category_id": [3]}, "no category"),
        ({"segmentation": [[1, 2, 3, 4]]}, "three pairs"),
        ({"segmentation": [[1, 2, 3, 4, 5, 6, 7]]}, "three pairs"),
        ({"segmentation": [1, 2, 3, 4, 5, 6]}, "numbers"),
        ({"segmentation": "x"}, "neither"),
        ({"segmentation": {"size": [64, 48], "counts": [3072]}}, "size"),
        ({"segmentation": {"size": [48, 64], "counts": [3071]}}, "3071 pixels"),
        ({"segmentation": {"size": [48, 64], "counts": "zzz"}}, "RLE"),
        ({"keypoints": [1, 2]}, "multiple of 3"),
        ({"keypoints": [1, 2, 3]}, "visibility"),
        ({"iscrowd": 2}, "iscrowd"),
    ],
)
def test_an_annotation_that_cannot_be_used_fails_its_picture_with_file_and_line(tmp_path, fields, what):
    data = document(annotations=[annotation(1, image=40), annotation(2) | fields])
    text = "{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in data.items()) + "}"
    text = text.replace('{"id": 2', '\n\n{"id": 2')
    line = text[: text.index('{"id": 2')].count("\n") + 1
    source = coco_set(tmp_path / "in", **{"annotations.json": text})
    carried = carry(source, tmp_path / "out")
    assert list(carried.failed) == ["a.png"]
    message = carried.failed["a.png"]
    assert message.startswith(f"label_invalid: annotations.json:{line}: annotation 2: ")
    assert what in message
    assert [one["file_name"] for one in loaded(tmp_path / "out/annotations.json")["images"]] == [
        "b.png",
        "c.png",
    ]
    (found,) = list(carried.dataset.problems())
    assert (found["line"], found["source"]) == (line, "a.png")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"year": 2020', '"year": NaN'),
        ('"year": 2020', '"year": 1e999'),
        ('"extra": [', '"extra": [' + "[" * 5000),
        ('"info"', "info"),
        ('"license": 7', '"license": '),
        ('"id": 40', '"id": {}'),
        ('"image_id": 1', '"image_id": []'),
    ],
)
def test_a_file_that_cannot_be_trusted_stops_the_run_with_its_line(tmp_path, old, new):
    text = json.dumps(document(), indent=1)
    assert old in text
    broken = text.replace(old, new, 1)
    line = broken[: broken.index(new)].count("\n") + 1
    with pytest.raises(UsageError, match=r"^annotations\.json:(\d+): ") as caught:
        open_dataset(coco_set(tmp_path, **{"annotations.json": broken}), "coco")
    assert abs(int(str(caught.value).split(":")[1]) - line) < 30


@pytest.mark.parametrize(
    "changes",
    [
        {"images": [5]},
        {"annotations": 3},
        {"categories": [{"name": "x"}]},
        {"categories": [{"id": 1, "name": 5}]},
    ],
)
def test_a_file_of_another_form_stops_the_run(tmp_path, changes):
    good = json.dumps(document())
    text = json.dumps(document(**changes))
    source = coco_set(tmp_path, **{"annotations.json": text, "good.json": good})
    with pytest.raises(UsageError, match=r"^annotations\.json") as caught:
        open_dataset(source, "coco")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/x.png", "C:\\a.png", "a\0.png", "", 5, None])
def test_a_path_out_of_the_set_is_refused_and_listed(tmp_path, name):
    plant(tmp_path, {"secret.png": SIZE})
    images = document()["images"]
    images[0]["file_name"] = name
    carried = carry(coco_set(tmp_path / "in", document(images=images)), tmp_path / "out")
    ((key, message),) = carried.failed.items()
    assert key.startswith("annotations.json:")
    assert message.startswith(f"label_path: {key}: ")
    assert sorted(carried.outputs) == ["b.png", "c.png"]


def test_a_picture_of_another_size_than_stated_is_refused(tmp_path):
    images = document()["images"]
    images[0] |= {"width": 48, "height": 64}
    images[1] |= {"width": 0, "height": None}
    carried = carry(coco_set(tmp_path / "in", document(images=images)), tmp_path / "out")
    assert "label_size: annotations.json:" in carried.failed["a.png"]
    written = {one["id"]: one for one in loaded(tmp_path / "out/annotations.json")["images"]}
    assert (written[40]["width"], written[40]["height"]) == SIZE


def layout(kind):
    data = document(images=document()["images"][:1], annotations=document()["annotations"][:1])
    text, other = json.dumps(data), json.dumps(data | {"annotations": []})
    return {
        "standard": {"annotations/instances_train.json": text, "images/train/a.png": SIZE,
                     "annotations/instances_val.json": other, "images/val/a.png": SIZE},
        "years": {"annotations/instances_train2017.json": text, "train2017/a.png": SIZE,
                  "annotations/instances_val2017.json": other, "val2017/a.png": SIZE},
        "mmdet": {"annotations/instances_train.json": text, "train/a.png": SIZE,
                  "annotations/instances_val.json": other, "val/a.png": SIZE},
        "roboflow": {"train/_annotations.coco.json": text, "train/a.png": SIZE,
                     "valid/_annotations.coco.json": other, "valid/a.png": SIZE},
    }[kind]  # fmt: skip


@pytest.mark.parametrize("kind", ["standard", "years", "mmdet", "roboflow"])
def test_each_layout_is_found_and_written_as_it_was(tmp_path, kind):
    source = plant(tmp_path / "in", layout(kind))
    assert recognise(source)[0].name == "coco"
    carried = carry(source, tmp_path / "out", variant=flipped())
    items = list(carried.dataset.items())
    assert sorted(item.split for item in items) == ["train", "val"]
    assert {item.split: item.classes for item in items} == {"train": ("cat",), "val": ()}
    for key in layout(kind):
        if key.endswith(".json"):
            written = loaded(tmp_path / "out" / key)
            assert [one["file_name"] for one in written["images"]] == ["a.png", "a__aug1.png"]
            assert [one["id"] for one in written["images"]] == [1, 2]
    assert_same(labels_of(source), {key: labels_of(tmp_path / "out")[key] for key in labels_of(source)})


def test_a_single_file_takes_splits_from_the_folders(tmp_path):
    images = [{"id": n, "file_name": f"{split}/{n}.png"} for n, split in enumerate(("train", "val"))]
    data = json.dumps(document(images=images, annotations=[annotation(1, image=0)]))
    source = plant(
        tmp_path / "in", {"annotations.json": data, "images/train/0.png": SIZE, "images/val/1.png": SIZE}
    )
    carried = carry(source, tmp_path / "out")
    assert [item.split for item in carried.dataset.items()] == ["train", "val"]
    names = [one["file_name"] for one in loaded(tmp_path / "out/annotations.json")["images"]]
    assert names == ["train/0.png", "val/1.png"]


def test_files_about_the_same_pictures_are_kept_together(tmp_path):
    images = document()["images"][:1]
    both = annotation(4, category=1, segmentation=[RING])
    person = {"id": 1, "name": "person"}
    instances = {"images": images, "annotations": [both, annotation(6, category=1)], "categories": [person]}
    keypoints = {
        "images": images,
        "annotations": [both | {"keypoints": [20, 10, 2] * 3, "num_keypoints": 3}],
        "categories": [person | {"keypoints": PERSON}],
    }
    captions = {"images": images, "annotations": [{"id": 4, "image_id": 1, "caption": "a cat"}]}
    panoptic = {
        "images": images,
        "annotations": [{"image_id": 1, "segments_info": []}],
        "categories": [person],
    }
    files = {
        "instances": instances,
        "person_keypoints": keypoints,
        "captions": captions,
        "panoptic": panoptic,
    }
    source = plant(
        tmp_path / "in",
        {f"annotations/{name}_train.json": json.dumps(data) for name, data in files.items()}
        | {"images/train/a.png": SIZE},
    )
    (item,) = open_dataset(source).items()
    assert item.classes == ("person", "person")
    assert len(labels_of(source)["images/train/a.png"].instances) == 2
    carried = carry(source, tmp_path / "out", variant=flipped((0, 2, 1)))
    assert codes(carried.dataset) == {"not_handled": 1}
    written = {name: tmp_path / f"out/annotations/{name}_train.json" for name in files}
    assert not written["panoptic"].exists()
    ids = {
        name: [one["id"] for one in loaded(path)["annotations"]]
        for name, path in written.items()
        if path.exists()
    }
    assert ids == {"instances": [4, 6, 8, 9], "person_keypoints": [4, 8], "captions": [4, 7]}
    first, second = loaded(written["person_keypoints"])["annotations"]
    assert first == keypoints["annotations"][0]
    assert second["bbox"] == loaded(written["instances"])["annotations"][2]["bbox"] == [34, 5, 20, 15]
    assert second["keypoints"][:3] == [44, 10, 2]
    assert loaded(written["captions"])["annotations"][1]["caption"] == "a cat"
    assert "keypoints" not in loaded(written["instances"])["annotations"][2]


def test_a_renamed_class_gets_the_id_of_its_name(tmp_path):
    data = document(categories=[{"id": 3, "name": "left"}, {"id": 8, "name": "right"}])

    def rename(labels, size):
        return Labels(tuple(replace(one, category="right") for one in labels.instances[:1]))

    carry(coco_set(tmp_path / "in", data), tmp_path / "out", variant=rename)
    written = loaded(tmp_path / "out/annotations.json")["annotations"]
    assert [one["category_id"] for one in written if one["image_id"] == 41] == [8]


def test_records_without_a_picture_and_pictures_without_a_record(tmp_path):
    images = [*document()["images"], {"id": 77, "file_name": "gone.png"}, {"id": 78, "file_name": "D.PNG"}]
    annotations = [
        *document()["annotations"],
        annotation(5),
        annotation(99, image=555),
        annotation(100, image=77),
    ]
    source = coco_set(
        tmp_path / "in",
        document(images=images, annotations=annotations),
        **{"d.png": SIZE, "other.png": SIZE},
    )
    carried = carry(source, tmp_path / "out")
    assert codes(carried.dataset) == {
        "missing_image": 1, "case_differs": 1, "image_not_listed": 1, "duplicate_id": 1, "orphan_label": 1,
        "missing_size": 1}  # fmt: skip
    assert carried.dataset.ignored["picture in no JSON file"] == 1
    assert "other.png" not in carried.outputs
    written = loaded(tmp_path / "out/annotations.json")
    assert [one["file_name"] for one in written["images"]] == ["a.png", "b.png", "c.png", "d.png"]
    ids = [one["id"] for one in written["annotations"]]
    assert len(ids) == len(set(ids)) == 5
    assert all(
        problem["line"] > 1 for problem in carried.dataset.problems() if problem["file"].endswith("json")
    )


def test_odd_boxes_are_named_and_kept(tmp_path):
    annotations = [annotation(1, bbox=[10, 10, 0, 5]), annotation(2, bbox=[60, 10, 20, 5])]
    source = coco_set(tmp_path / "in", document(annotations=annotations))
    assert codes(open_dataset(source)) == {"zero_area": 1, "box_outside": 1}
    carry(source, tmp_path / "out")
    assert loaded(tmp_path / "out/annotations.json")["annotations"] == annotations


def test_annotations_do_not_travel_with_the_data_set(tmp_path):
    annotations = [annotation(number, segmentation=[RING]) for number in range(1000)]
    dataset = open_dataset(coco_set(tmp_path, document(annotations=annotations)))
    assert len(pickle.dumps(dataset)) < 5000
    by_key = {item.key: item for item in dataset.items()}
    assert len(pickle.dumps(by_key["c.png"])) < 1000


@pytest.mark.parametrize(
    ("key", "split"),
    [
        ("annotations/instances_train2017.json", "train"),
        ("annotations/person_keypoints_val.json", "val"),
        ("valid/_annotations.coco.json", "val"),
        ("training/coco.json", "train"),
        ("annotations.json", None),
        ("contest.json", None),
    ],
)
def test_the_split_is_in_the_name_or_the_folder(key, split):
    assert split_of(key) == split


@pytest.mark.parametrize(
    "text", ['{"shapes": []}', '[{"image": "a.png"}]', '{"images": [], "x": 1}', '{"images": [']
)
def test_other_json_is_not_taken_for_coco(tmp_path, text):
    assert recognise(plant(tmp_path, {"a.png": SIZE, "a.json": text}))[0].name != "coco"


def test_a_set_of_which_nothing_is_there_is_refused(tmp_path):
    from augtool.plan import Survey

    source = plant(tmp_path, {"annotations.json": json.dumps(document())})
    with pytest.raises(UsageError, match="none of the 3 pictures"):
        open_dataset(source).require(Survey(), ("train",))
    with pytest.raises(UsageError, match="no JSON file"):
        open_dataset(plant(tmp_path / "x", {"a.png": SIZE}), "coco")


def test_reading_names_the_line_of_a_fault(tmp_path):
    source = coco_set(tmp_path, document(annotations=[annotation(1, category=4)]))
    with pytest.raises(ItemError, match=r"annotations\.json:\d+: annotation 1: category_id 4 is no category"):
        labels_of(source)


ZOO = ("coco", "coco_captions", "coco_image_info", "coco_instances", "coco_labels", "coco_person_keypoints",
       "coco_roboflow", "coco_stuff", "mmdet_coco")  # fmt: skip


@pytest.mark.parametrize(
    "folder",
    [("sharks", "coco"), ("chess_coco",), ("format_zoo", "kaggle_dataset", "relaxed_coco"),
     ("format_zoo", "roboflow_dataset", "coco"), *(("format_zoo", "coco_dataset", name) for name in ZOO)],
)  # fmt: skip
def test_real_sets_round_trip(tmp_path, folder):
    source = real(*folder)
    assert recognise(source)[0].name == "coco"
    carried = carry(source, tmp_path)
    assert not carried.failed
    assert not carried.lost
    assert_same(labels_of(source), labels_of(tmp_path), 0)
    for path in tmp_path.rglob("*.json"):
        before, after = loaded(source / path.relative_to(tmp_path)), loaded(path)
        for name in ("images", "annotations"):
            key = "id" if name == "images" else "image_id"
            before[name].sort(key=lambda one, key=key: (str(one[key]), str(one.get("id"))))
            after[name].sort(key=lambda one, key=key: (str(one[key]), str(one.get("id"))))
        assert after == before
        COCO(str(path))


def undivided(kind):
    names = {"images": "images/{}.png", "beside": "{}.png", "folders": "pictures/{}/1.png"}[kind]
    images = [
        {"id": n, "file_name": names.format(x), "width": 64, "height": 48} for n, x in enumerate("abcd")
    ]
    if kind == "images":
        images = [image | {"file_name": image["file_name"][7:]} for image in images]
    rows = [annotation(n + 10, image=n) for n in (0, 1, 3)]
    name = {"beside": "_annotations.coco.json", "folders": "annotations/instances_default.json"}
    data = document(images=images, annotations=rows)
    return {name.get(kind, "annotations.json"): json.dumps(data)} | {names.format(x): SIZE for x in "abcd"}


UNDIVIDED = {
    "images": ("annotations/instances_{}.json", "{}/{}.png"),
    "beside": ("{}/_annotations.coco.json", "{}/{}.png"),
    "folders": ("annotations/instances_{}.json", "{}/pictures/{}/1.png"),
}


@pytest.mark.parametrize("kind", UNDIVIDED)
def test_a_divided_set_has_a_file_per_split_and_is_read_back(tmp_path, kind):
    source, out = plant(tmp_path / "in", undivided(kind)), tmp_path / "out"
    file, picture = UNDIVIDED[kind]
    carried = carry(source, out, variant=flipped(), splits=("train", "val"))
    assert not carried.failed
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.json")} == {
        file.format("train"),
        file.format("val"),
    }
    ids = []
    for split, letters in (("train", "ac"), ("val", "bd")):
        written = loaded(out / file.format(split))
        assert written["categories"] == document()["categories"]
        assert written["extra"] == document()["extra"]
        kept = [image["id"] for image in written["images"] if "__aug" not in image["file_name"]]
        assert kept == ["abcd".index(letter) for letter in letters]
        ids += [row["id"] for row in written["annotations"]]
        for image in written["images"]:  # as torchvision's CocoDetection(split folder, file) looks for them
            assert (out / split / image["file_name"]).is_file()
        assert COCO(str(out / file.format(split))).getImgIds()
    assert sorted(ids)[:3] == [10, 11, 13]
    assert len(set(ids)) == 6
    again = open_dataset(out)
    assert again.name == "coco"
    splits = {item.key: item.split for item in again.items()}
    assert len(splits) == 8
    assert all(key.startswith(f"{split}/") for key, split in splits.items())
    assert splits[picture.format("val", "b")] == "val"
    before, after = labels_of(source), labels_of(out)
    for output, key in carried.outputs.items():
        assert len(after[output].instances) == len(before[key].instances)
        if "__aug" not in output:
            assert_same({key: before[key]}, {key: after[output]}, 0)
    assert not list(again.problems())


def test_pictures_of_one_name_in_a_divided_set_are_told_apart(tmp_path):
    names = ["1.png", "deep/1.png", "deep/er/1.png", "2.png"]
    images = [{"id": n, "file_name": name} for n, name in enumerate(names)]
    rows = [annotation(n, image=n, bbox=[n, n, 5 + n, 5]) for n in range(4)]
    data = json.dumps(document(images=images, annotations=rows))
    source = plant(tmp_path / "in", {"instances.json": data} | {f"images/{name}": SIZE for name in names})
    carried = carry(source, tmp_path / "out", splits=("val",))
    before, after = labels_of(source), labels_of(tmp_path / "out")
    assert_same({output: before[key] for output, key in carried.outputs.items()}, after, 0)
    assert len(after) == 4


def test_files_about_the_same_pictures_are_divided_together(tmp_path):
    images = [{"id": n, "file_name": f"{x}.png"} for n, x in enumerate("ab")]
    rows = [annotation(n, image=n) for n in range(2)]
    captions = [{"id": n, "image_id": n, "caption": x} for n, x in enumerate("ab")]
    source = plant(
        tmp_path / "in",
        {
            "annotations/instances.json": json.dumps(document(images=images, annotations=rows)),
            "annotations/captions.json": json.dumps({"images": images, "annotations": captions}),
            "annotations/more.json": json.dumps(document(images=images[:1], annotations=[])),
            "images/a.png": SIZE,
            "images/b.png": SIZE,
        },
    )
    carry(source, tmp_path / "out", splits=("train", "test"))
    names = sorted(path.name for path in (tmp_path / "out/annotations").iterdir())
    kinds = ("captions", "instances", "instances2")
    assert names == sorted(f"{kind}_{split}.json" for kind in kinds for split in ("test", "train"))
    assert [
        row["caption"] for row in loaded(tmp_path / "out/annotations/captions_test.json")["annotations"]
    ] == ["b"]
    again = open_dataset(tmp_path / "out")
    assert {item.key: (item.split, item.classes) for item in again.items()} == {
        "test/b.png": ("test", ("cat",)),
        "train/a.png": ("train", ("cat",)),
    }


RUN = "version: 1\nseed: 1\nvariants: 1\n{}transforms: [horizontal_flip]\n"


def test_a_run_divides_a_set_and_keeps_scenes_together(tmp_path):
    names = [f"scene{at // 4:02}_{at % 4}.png" for at in range(40)]
    images = [{"id": n, "file_name": name} for n, name in enumerate(names)]
    data = json.dumps(document(images=images, annotations=[annotation(n, image=n) for n in range(40)]))
    source = plant(tmp_path / "in", {"a.json": data} | {f"images/{name}": SIZE for name in names})
    what = making.recipe(RUN.format("split: {val: 0.3, test: 0.2}\ngroup: 'scene\\d+'\n"))
    making.run(source, tmp_path / "out", what)
    scenes = {}
    for row in making.rows(tmp_path / "out"):
        assert row["kind"] == "original" or row["split"] == "train"
        scenes.setdefault(row["output"].partition("scene")[2][:2], set()).add(row["split"])
    assert len(scenes) == 10
    assert all(len(splits) == 1 for splits in scenes.values())
    assert set().union(*scenes.values()) == {"train", "val", "test"}
    for split in ("train", "val", "test"):
        coco = COCO(str(tmp_path / f"out/annotations/instances_{split}.json"))
        assert len(coco.getImgIds()) == len(coco.getAnnIds()) > 0


@pytest.mark.parametrize("folder", [("chess_coco", "valid"), ("sharks", "coco", "train")])
def test_a_real_set_without_splits_is_divided(tmp_path, folder):
    source = real(*folder)
    carried = carry(source, tmp_path, splits=("train", "val", "test"))
    assert not carried.failed
    before, after = labels_of(source), labels_of(tmp_path)
    assert_same({output: before[key] for output, key in carried.outputs.items()}, after, 0)
    assert {item.split for item in open_dataset(tmp_path).items()} == {"train", "val", "test"}
    whole = loaded(source / "_annotations.coco.json")
    parts = [loaded(tmp_path / split / "_annotations.coco.json") for split in ("train", "val", "test")]
    for name in ("images", "annotations"):
        ids = sorted(one["id"] for part in parts for one in part[name])
        assert ids == sorted(one["id"] for one in whole[name])
    assert all(part["categories"] == whole["categories"] for part in parts)
    for split in ("train", "val", "test"):
        COCO(str(tmp_path / split / "_annotations.coco.json"))


@pytest.mark.parametrize("name", ["val/_annotations.coco.json", "annotations/instances_val2017.json"])
def test_a_set_without_train_names_its_splits_and_runs_with_them(tmp_path, name):
    files = {f"val/{letter}.png": SIZE for letter in "abc"} | {name: json.dumps(document())}
    source = plant(tmp_path / "in", files)
    what = making.recipe(RUN.format(""))
    with pytest.raises(
        UsageError, match=r"split to expand \(train\); the set has val; choose with --splits val$"
    ):
        making.run(source, tmp_path / "out", what)
    assert not (tmp_path / "out").exists()
    making.run(source, tmp_path / "out", what, splits=("val",))
    assert {row["kind"] for row in making.rows(tmp_path / "out")} == {"original", "variant"}


def test_a_real_set_without_train_names_its_split(tmp_path):
    with pytest.raises(UsageError, match=r"choose with --splits val$"):
        making.run(real("chess_coco"), tmp_path / "out", making.recipe(RUN.format("")))
