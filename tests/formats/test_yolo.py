import pickle
from collections import Counter
from dataclasses import replace
from pathlib import Path

import making
import numpy as np
import pytest
import strict_yolo
import yaml
from carried import assert_same, carry, flipped, labels_of, plant, real

from augtool.errors import ItemError, UsageError
from augtool.formats import open_dataset, recognise, yolo_rows
from augtool.labels import Instance, Labels, Polygon

SIZE = (64, 48)
BOX = "0 0.5 0.5 0.25 0.125\n"
OUTLINE = "1 0.1 0.1 0.4 0.1 0.4 0.3\n"
YAML = "train: images/train\nval: images/val\nnc: 2\nnames: [cat, dog]\n"


def detect_set(root, **files):
    return plant(
        root,
        {
            "data.yaml": "# made by hand\n" + YAML + "roboflow:\n  version: 7\n",
            "images/train/a.png": SIZE,
            "labels/train/a.txt": BOX + "1 0.2500001 0.3 0.1 0.2\n",
            "images/train/empty.png": SIZE,
            "labels/train/empty.txt": "",
            "images/train/none.png": SIZE,
            "images/val/b.png": SIZE,
            "labels/val/b.txt": BOX,
        }
        | files,
    )


def files_below(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def codes(dataset):
    return Counter(problem["code"] for problem in dataset.problems())


def test_boxes_are_in_pixels_and_an_identity_run_writes_the_very_bytes(tmp_path):
    source = detect_set(tmp_path / "in")
    assert recognise(source)[0].name == "yolo"
    carried = carry(source, tmp_path / "out")
    assert files_below(tmp_path / "out") == files_below(source)
    assert not carried.lost
    labels = labels_of(source)["images/train/a.png"]
    assert (labels.instances[0].category, labels.instances[0].box) == ("cat", (24, 21, 40, 27))
    strict_yolo.check(tmp_path / "out")


def test_items_know_split_and_classes_and_travel_light(tmp_path):
    dataset = open_dataset(detect_set(tmp_path))
    items = list(dataset.items())
    assert [(item.key, item.split, item.classes) for item in items] == [
        ("images/train/a.png", "train", ("cat", "dog")),
        ("images/train/empty.png", "train", ()),
        ("images/train/none.png", "train", ()),
        ("images/val/b.png", "val", ("cat",)),
    ]
    assert items == list(dataset.items())
    assert b"empty.png" not in pickle.dumps(dataset)


def test_variants_are_mirrored_and_a_strict_reader_takes_them(tmp_path):
    source = detect_set(tmp_path / "in")
    carry(source, tmp_path / "out", variant=flipped())
    table = strict_yolo.check(tmp_path / "out")["images/train/a__aug1.png"]
    assert np.allclose(table, [[0, 0.5, 0.5, 0.25, 0.125], [1, 0.7499999, 0.3, 0.1, 0.2]], atol=1e-6)
    assert (tmp_path / "out/labels/train/empty__aug1.txt").read_bytes() == b""
    assert not (tmp_path / "out/labels/train/none__aug1.txt").exists()


def test_what_is_written_reads_back_within_a_hundredth_of_a_pixel(tmp_path):
    source = detect_set(tmp_path / "in")
    size, generator = (4000, 2250), np.random.default_rng(3)
    dataset = open_dataset(source)
    corners = np.sort(generator.random((50, 2, 2)) * size, axis=1)
    wanted = [Instance("dog", box=tuple(pair.ravel().tolist())) for pair in corners]
    text, lost = yolo_rows.write(Labels(tuple(wanted)), dataset.schema, size)
    rows = list(yolo_rows.rows(text, "x", dataset.schema))
    for row, one in zip(rows, wanted, strict=True):
        assert np.allclose(yolo_rows.instance(row, dataset.schema, size).box, one.box, atol=0.01)
    assert not lost


def test_what_reaches_out_of_the_picture_is_clipped_on_writing(tmp_path):
    dataset = open_dataset(detect_set(tmp_path))
    ring = np.array([[-30.0, -5], [90, 10], [30, 70]])
    for instance in (Instance("cat", box=(-10, -1e-12, 90, 20)), Instance("cat", polygons=(Polygon(ring),))):
        text, _ = yolo_rows.write(Labels((instance,)), dataset.schema, SIZE)
        values = [float(value) for value in text.split()[1:]]
        assert min(values) >= 0
        assert "-" not in text
        assert max(values) <= 1


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("0 0.5 0.5 0.1", "4 values"),
        ("0 0.5 0.5 0.1 0.1 0.9", "confidence"),
        ("0 .1 .1 .2 .2 .3 .3 .4", "8 values"),
        ("cat 0.5 0.5 0.1 0.1", "not a number"),
        ("0 0.5 0.5 0.1 0_1", "not a number"),
        ("0 nan 0.5 0.1 0.1", "not between"),
        ("0 inf 0.5 0.1 0.1", "not between"),
        ("0 1e999 0.5 0.1 0.1", "not between"),
        ("nan 0.5 0.5 0.1 0.1", "class"),
        ("-1 0.5 0.5 0.1 0.1", "class"),
        ("0.5 0.5 0.5 0.1 0.1", "class"),
        ("1e30 0.5 0.5 0.1 0.1", "class"),
        ("2 0.5 0.5 0.1 0.1", "unknown class"),
        ("0 1.02 0.5 0.1 0.1", "not between"),
        ("0 0.5 -0.02 0.1 0.1", "not between"),
        ("0 320 240 50 50", "not between"),
    ],
)
def test_a_row_that_breaks_the_rules_fails_its_picture_with_file_and_line(tmp_path, row, what):
    source = detect_set(tmp_path / "in", **{"labels/train/a.txt": f"{BOX}\n{row}\n"})
    carried = carry(source, tmp_path / "out")
    message = carried.failed["images/train/a.png"]
    assert message.startswith("label_invalid: labels/train/a.txt:3: ")
    assert what in message
    assert len(carried.outputs) == 3
    (problem,) = [p for p in carried.dataset.problems() if p["code"] == "label_invalid"]
    assert (problem["file"], problem["line"], problem["source"]) == (
        "labels/train/a.txt",
        3,
        "images/train/a.png",
    )


def test_label_files_that_are_no_text_or_lie_elsewhere_fail_their_picture(tmp_path):
    (tmp_path / "secret.txt").write_text(BOX)
    source = detect_set(tmp_path / "in", **{"labels/train/a.txt": b"0 0.5 \xff 0.1 0.1"})
    (source / "labels/train/none.txt").symlink_to(tmp_path / "secret.txt")
    failed = carry(source, tmp_path / "out").failed
    assert failed["images/train/a.png"].startswith("label_syntax: labels/train/a.txt:1: ")
    assert failed["images/train/none.png"].startswith("label_path: labels/train/none.txt: ")


def test_slight_overshoot_is_clipped(tmp_path):
    source = detect_set(tmp_path / "in", **{"labels/train/a.txt": "0 1.005 -0.005 0.1 0.1\n"})
    carried = carry(source, tmp_path / "out")
    assert carried.text("labels/train/a.txt").startswith("0 0.975 0.025 0.05 0.05")
    assert codes(carried.dataset)["outside"] == 1


def test_outlines_round_trip_and_boxes_beside_them_become_outlines(tmp_path):
    source = detect_set(tmp_path / "in", **{"labels/train/a.txt": OUTLINE + BOX, "labels/val/b.txt": OUTLINE})
    carried = carry(source, tmp_path / "out", variant=flipped())
    assert carried.text("labels/val/b.txt") == OUTLINE
    assert (
        carried.text("labels/train/a.txt")
        == OUTLINE + "0 0.375 0.4375 0.625 0.4375 0.625 0.5625 0.375 0.5625\n"
    )
    assert carried.lost == ["box beside outlines, written as an outline of 4 points"] * 2
    assert codes(carried.dataset)["mixed_rows"] == 1
    strict_yolo.check(tmp_path / "out")


def square(low, high):
    return np.array([[low, low], [high, low], [high, high], [low, high]], float)


@pytest.mark.parametrize("turn", [1, -1])
def test_holes_are_cut_open_and_parts_become_objects(tmp_path, turn):
    dataset = open_dataset(detect_set(tmp_path))
    parts = (Polygon(square(0, 20), (square(5, 15)[::turn],)), Polygon(square(30, 40)))
    text, lost = yolo_rows.write(Labels((Instance("cat", polygons=parts),)), dataset.schema, SIZE)
    assert len(lost) == 2
    rings = [yolo_rows.instance(r, dataset.schema, SIZE) for r in yolo_rows.rows(text, "x", dataset.schema)]
    x, y = rings[0].polygons[0].outer.T
    assert abs((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2) == pytest.approx(400 - 100, abs=0.01)
    assert len(rings) == 2


def test_an_outline_of_two_points_is_never_written_as_a_box(tmp_path):
    dataset = open_dataset(detect_set(tmp_path))
    ring = np.array([[1.0, 2], [3, 4]])
    text, lost = yolo_rows.write(Labels((Instance("cat", polygons=(Polygon(ring),)),)), dataset.schema, SIZE)
    assert text == ""
    assert lost


def test_a_renamed_class_gets_the_index_of_its_name_and_doubles_keep_theirs(tmp_path):
    names = YAML.replace("nc: 2", "nc: 4").replace("[cat, dog]", "[left, right, left, x]")
    source = detect_set(tmp_path / "in", **{"data.yaml": names, "labels/train/a.txt": "2 0.5 0.5 0.1 0.1\n"})

    def rename(labels, size):
        return Labels(tuple(replace(one, category="right") for one in labels.instances))

    carried = carry(source, tmp_path / "out", variant=rename)
    assert carried.text("labels/train/a.txt") == "2 0.5 0.5 0.1 0.1\n"
    assert carried.text("labels/train/a__aug1.txt") == "1 0.5 0.5 0.1 0.1\n"
    unknown = Labels((Instance("bird", box=(1, 1, 5, 5)),))
    assert yolo_rows.write(unknown, carried.dataset.schema, SIZE) == ("", ["class has no index"])


def pose_set(root, shape, rows, flip="flip_idx: [1, 0]\n"):
    text = f"train: images\nnames: {{0: face}}\nkpt_shape: {shape}\n{flip}"
    return plant(root, {"data.yaml": text, "images/a.png": SIZE, "labels/a.txt": rows})


@pytest.mark.parametrize(("shape", "flags"), [("[2, 3]", (" 2", " 1")), ("[2, 2]", ("", ""))])
def test_keypoints_round_trip_and_change_places_in_a_mirror(tmp_path, shape, flags):
    rows = f"0 0.5 0.5 0.5 0.5 0.3 0.4{flags[0]} 0.7 0.45{flags[1]}\n"
    source = pose_set(tmp_path / "in", shape, rows)
    dataset = open_dataset(source)
    assert dataset.flip_idx == (1, 0)
    assert dataset.keypoints
    carried = carry(source, tmp_path / "out", variant=flipped(dataset.flip_idx))
    assert carried.text("labels/a.txt") == rows
    assert (tmp_path / "out/data.yaml").read_bytes() == (source / "data.yaml").read_bytes()
    (made,) = labels_of(tmp_path / "out")["images/a__aug1.png"].instances
    assert np.allclose(made.keypoints.points, [[0.3 * 64, 0.45 * 48], [0.7 * 64, 0.4 * 48]], atol=0.01)
    assert made.keypoints.visible.tolist() == ([1, 2] if flags[0] else [2, 2])
    strict_yolo.check(tmp_path / "out", keypoints=(2, int(shape[4])))


def test_a_keypoint_without_a_place_is_zero_and_two_columns_say_so(tmp_path):
    source = pose_set(tmp_path / "in", "[2, 2]", "0 0.5 0.5 0.5 0.5 0.3 0.4 0.7 0.45\n")

    def hide(labels, size):
        (one,) = labels.instances
        points = replace(one.keypoints, visible=np.array([2, 0], np.uint8))
        return Labels((replace(one, keypoints=points),))

    carried = carry(source, tmp_path / "out", variant=hide)
    assert carried.text("labels/a__aug1.txt") == "0 0.5 0.5 0.5 0.5 0.3 0.4 0 0\n"
    assert carried.lost == ["keypoint that is not visible, written as 0 0"]


@pytest.mark.parametrize(
    ("shape", "flip"),
    [
        ("[2, 3]", "flip_idx: [0]\n"),
        ("[2, 3]", "flip_idx: [0, 0]\n"),
        ("[2, 3]", "flip_idx: [0, x]\n"),
        ("[2]", ""),
        ("[2, 4]", ""),
        ("[-1, 2]", ""),
    ],
)
def test_keypoint_fields_that_do_not_fit_stop_the_run(tmp_path, shape, flip):
    with pytest.raises(UsageError, match=r"data\.yaml"):
        open_dataset(pose_set(tmp_path, shape, "", flip))


def test_a_row_that_does_not_fit_kpt_shape_fails_its_picture(tmp_path):
    source = pose_set(tmp_path, "[2, 3]", BOX)
    with pytest.raises(ItemError, match=r"labels/a\.txt:1: has 5 values; kpt_shape asks for 11"):
        labels_of(source)


TURNED = "0 0.5 0.2 0.8 0.5 0.5 0.8 0.2 0.5\n"
QUAD = "1 0.1 0.1 0.9 0.1 0.5 0.5 0.1 0.4\n"


@pytest.mark.parametrize(
    ("rows", "task", "found"),
    [
        (TURNED * 9, None, "obb"),
        (TURNED * 9 + QUAD, None, "obb"),
        (QUAD, None, "segment"),
        (TURNED + OUTLINE, None, "segment"),
        (TURNED, "segment", "segment"),
        (QUAD, "obb", "obb"),
        (BOX, None, "detect"),
    ],
)
def test_the_task_is_told_by_all_rows_of_the_set(tmp_path, rows, task, found):
    source = plant(tmp_path, {"images/a.png": SIZE, "labels/a.txt": rows})
    dataset = open_dataset(source, "yolo", {"task": task} if task else {})
    assert dataset.schema.task == found
    (item,) = dataset.items()
    first = dataset.read(item, SIZE).instances[0]
    assert (first.corners is not None, first.polygons is not None) == (found == "obb", found == "segment")


def test_oriented_boxes_round_trip_in_their_order_and_are_mirrored(tmp_path):
    source = plant(tmp_path / "in", {"images/a.png": (60, 60), "labels/a.txt": TURNED})
    carried = carry(source, tmp_path / "out", variant=flipped())
    assert carried.text("labels/a.txt") == TURNED
    assert carried.text("labels/a__aug1.txt") == "0 0.5 0.2 0.2 0.5 0.5 0.8 0.8 0.5\n"


def test_unknown_options_are_refused(tmp_path):
    detect_set(tmp_path)
    with pytest.raises(UsageError, match="did you mean 'task'"):
        open_dataset(tmp_path, "yolo", {"taks": "obb"})
    with pytest.raises(UsageError, match="detect, segment"):
        open_dataset(tmp_path, "yolo", {"task": "classify"})


def roboflow(root, text):
    return plant(
        root,
        {
            "data.yaml": text,
            "train/images/a.png": SIZE,
            "train/labels/a.txt": BOX,
            "valid/images/b.png": SIZE,
            "valid/labels/b.txt": BOX,
            "test/images/c.png": SIZE,
            "test/labels/c.txt": BOX,
        },
    )


@pytest.mark.parametrize(
    "places",
    [
        "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n",
        "train: /home/x/set/train/images\nval: /home/x/set/valid/images\ntest: 'D:\\set\\test\\images'\n",
        "path: /home/x/set\ntrain: train/images\nval: valid/images\ntest: test/images\n",
        "path: ../datasets/set\ntrain: train/images\nval: [valid/images]\ntest: test\n",
        "",
    ],
)
def test_a_data_yaml_of_another_machine_is_found_out_and_written_to_work(tmp_path, places):
    source = roboflow(tmp_path / "in", f"{places}nc: 2\n\n# the classes\nnames: [cat, dog]\n")
    carried = carry(source, tmp_path / "out")
    assert {item.key: item.split for item in carried.dataset.items()} == {
        "train/images/a.png": "train",
        "valid/images/b.png": "val",
        "test/images/c.png": "test",
    }
    assert (codes(carried.dataset)["foreign_path"] > 0) == bool(places)
    assert "# the classes" in carried.text("data.yaml")
    assert "path:" not in carried.text("data.yaml")
    assert len(strict_yolo.check(tmp_path / "out")) == 3
    moved = (tmp_path / "out").rename(tmp_path / "elsewhere")
    assert len(strict_yolo.check(moved)) == 3


def test_a_path_that_leads_out_of_the_set_is_not_followed(tmp_path):
    plant(tmp_path / "private", {"images/p.png": SIZE, "labels/p.txt": BOX})
    source = roboflow(
        tmp_path / "in", f"train: {tmp_path}/private/images\nval: ../../private\nnames: [cat]\n"
    )
    dataset = open_dataset(source)
    assert not any("p.png" in item.key for item in dataset.items())
    assert codes(dataset)["missing_folder"] == 2
    listed = plant(
        tmp_path / "list",
        {
            "data.yaml": "train: train.txt\nnames: [cat]\n",
            "train.txt": "../private/images/p.png\n/etc/passwd.png\nimages/a.png\n",
            "images/a.png": SIZE,
            "labels/a.txt": BOX,
        },
    )
    dataset = open_dataset(listed)
    assert [item.key for item in dataset.items()] == ["images/a.png"]
    found = [(p["line"], p["code"]) for p in dataset.problems()]
    assert found == [(1, "label_path"), (2, "label_path")]


def test_pictures_outside_the_named_splits_are_no_part_of_the_set(tmp_path):
    source = detect_set(tmp_path, **{"spare/x.png": SIZE})
    dataset = open_dataset(source)
    assert len(list(dataset.items())) == 4
    assert dataset.ignored["picture outside the splits"] == 1
    assert codes(dataset)["image_not_listed"] == 1


@pytest.mark.parametrize("prefix", ["", "./", "data/", "/home/x/set/"])
def test_lists_of_pictures_are_followed_and_written_with_the_variants(tmp_path, prefix):
    source = plant(
        tmp_path / "in",
        {
            "data.yaml": "train: train.txt\nval: val.txt\nnames: [cat]\n",
            "train.txt": f"{prefix}images/b.png\n\n{prefix}images/a.png\n{prefix}images/gone.png\n",
            "val.txt": f"{prefix}images/c.png\n",
            **{f"images/{name}.png": SIZE for name in "abcd"},
            **{f"labels/{name}.txt": BOX for name in "abcd"},
        },
    )
    carried = carry(source, tmp_path / "out", variant=flipped())
    assert {item.key: item.split for item in carried.dataset.items()} == {
        "images/a.png": "train", "images/b.png": "train", "images/c.png": "val"}  # fmt: skip
    kept = "./" if prefix.startswith("/") else prefix
    names = ["a", "a__aug1", "b", "b__aug1"]
    assert carried.text("train.txt").split() == [f"{kept}images/{name}.png" for name in names]
    found = codes(carried.dataset)
    assert found["missing_image"] + found["label_path"] == 1
    assert found["image_not_listed"] == 1
    if kept == "./":
        assert len(strict_yolo.check(tmp_path / "out")) == 6


def test_darknets_flat_layout_keeps_its_files(tmp_path):
    source = plant(
        tmp_path / "in",
        {
            "obj.names": "cat\ndog\n",
            "obj.data": "classes = 2\ntrain = data/train.txt\nnames = data/obj.names\n",
            "train.txt": "data/obj_train_data/a.png\n",
            "obj_train_data/a.png": SIZE,
            "obj_train_data/a.txt": "1 0.5 0.5 0.25 0.125\n",
        },
    )
    assert recognise(source)[0].name == "yolo"
    assert labels_of(source)["obj_train_data/a.png"].instances[0].category == "dog"
    carry(source, tmp_path / "out")
    assert files_below(tmp_path / "out") == files_below(source)


def test_pictures_and_texts_side_by_side_without_names_get_a_data_yaml(tmp_path):
    source = plant(tmp_path / "in", {"a.png": SIZE, "a.txt": "3 0.5 0.5 0.25 0.125\n", "b.png": SIZE})
    carried = carry(source, tmp_path / "out")
    assert carried.text("a.txt") == "3 0.5 0.5 0.25 0.125\n"
    assert not (tmp_path / "out/b.txt").exists()
    assert labels_of(source)["a.png"].instances[0].category == "3"
    assert_same(labels_of(source), labels_of(tmp_path / "out"))
    assert len(strict_yolo.check(tmp_path / "out")) == 2


@pytest.mark.parametrize(
    "names", ["[cat, dog]", "{0: cat, 1: dog}", "{1: dog, 0: cat}", "\n- cat\n- dog", "['cat', 'dog']"]
)
def test_names_are_a_list_or_a_mapping(tmp_path, names):
    source = detect_set(tmp_path, **{"data.yaml": f"train: images/train\nval: images/val\nnames: {names}\n"})
    assert open_dataset(source).schema.names == ("cat", "dog")


@pytest.mark.parametrize(
    "names", ["{a: cat}", "{-1: cat}", "{999999999: cat}", "cat", "[[cat]]", "{0: {a: b}}"]
)
def test_names_of_another_form_stop_the_run(tmp_path, names):
    source = detect_set(tmp_path, **{"data.yaml": f"train: images/train\nnames: {names}\n"})
    if names == "{0: {a: b}}":
        assert open_dataset(source).schema.classes == 1
        return
    with pytest.raises(UsageError, match=r"data\.yaml:2: names"):
        open_dataset(source)


def test_a_data_yaml_in_one_line_is_rewritten_whole(tmp_path):
    text = "{path: /x/y, train: images/train, val: images/val, nc: 2, names: [cat, dog], note: 'a: b'}\n"
    carried = carry(detect_set(tmp_path / "in", **{"data.yaml": text}), tmp_path / "out")
    assert "a: b" in carried.text("data.yaml")
    assert len(strict_yolo.check(tmp_path / "out")) == 4


def test_two_pictures_of_one_stem_do_not_share_a_label_file(tmp_path):
    source = plant(
        tmp_path / "in",
        {"images/a.png": SIZE, "images/a.jpeg": SIZE, "labels/a.txt": BOX, "images/b.png": SIZE},
    )
    carried = carry(source, tmp_path / "out", variant=flipped())
    assert len({Path(output).stem for output in carried.outputs}) == 6
    assert sorted(len(labels.instances) for labels in labels_of(tmp_path / "out").values()) == [
        0,
        0,
        1,
        1,
        1,
        1,
    ]


def test_the_check_names_what_is_odd(tmp_path):
    source = detect_set(
        tmp_path,
        **{
            "labels/train/a.txt": f"{BOX}{BOX}0 0.5 0.5 0 0.1\n0 0.9 0.5 0.4 0.1\n",
            "labels/train/EMPTY.txt": "",
            "labels/train/orphan.txt": BOX,
            "labels/train/classes.txt": "cat\n",
        },
    )
    (source / "labels/train/empty.txt").unlink()
    found = {(p["code"], p["file"], p["line"]) for p in open_dataset(source).problems()}
    assert found == {
        ("duplicate_row", "labels/train/a.txt", 2),
        ("zero_area", "labels/train/a.txt", 3),
        ("box_outside", "labels/train/a.txt", 4),
        ("case_differs", "labels/train/EMPTY.txt", 0),
        ("no_label", "images/train/none.png", 0),
        ("orphan_label", "labels/train/orphan.txt", 0),
    }


@pytest.mark.parametrize(
    "files",
    [
        {"cat/a.png": SIZE, "README.txt": "0 1 2 3 4"},
        {"images/a.png": SIZE, "labels/a.txt": "a.png cat"},
        {"a.png": SIZE, "a.txt": "a caption of five words"},
        {"config.yaml": "lr: 0.1\n", "a.png": SIZE},
    ],
)
def test_other_sets_are_not_taken_for_yolo(tmp_path, files):
    assert recognise(plant(tmp_path, files))[0].name != "yolo"


def test_a_set_whose_labels_are_not_where_they_belong_is_refused(tmp_path):
    from augtool.plan import Survey

    source = plant(
        tmp_path, {"data.yaml": YAML, "images/train/a.png": SIZE, "labelTxt/a.txt": "0 0 2 2 2 2 0 a 0"}
    )
    dataset = open_dataset(source)
    with pytest.raises(UsageError, match="no picture has a YOLO label file"):
        dataset.require(Survey(sources=Counter({("train", ""): 1})), ("train",))


def test_a_yaml_bomb_is_refused(tmp_path):
    bomb = "names: &a [x, x]\ntrain: [*a, *a]\n"
    with pytest.raises(UsageError, match=r"data\.yaml:1"):
        open_dataset(detect_set(tmp_path, **{"data.yaml": bomb}))


@pytest.mark.parametrize(
    ("folder", "count"),
    [
        (("sharks", "yolov9"), 60),
        (("format_zoo", "yolo_dataset", "strict"), 2),
        (("format_zoo", "yolo_dataset", "labels"), 4),
        (("format_zoo", "yolo_dataset", "annotations"), 2),
        (("format_zoo", "roboflow_dataset", "yolo"), 4),
        (("format_zoo", "kaggle_dataset", "relaxed_yolo"), 4),
    ],
)
def test_real_sets_round_trip(tmp_path, folder, count):
    source = real(*folder)
    assert recognise(source)[0].name == "yolo"
    carried = carry(source, tmp_path)
    before, after = labels_of(source), labels_of(tmp_path)
    assert not carried.failed
    assert sum(len(labels.instances) for labels in before.values()) == count
    if folder[0] == "sharks":  # boxes beside outlines are all that changes
        assert Counter(carried.lost) == {"box beside outlines, written as an outline of 4 points": 23}
        assert len(strict_yolo.check(tmp_path)) == 10
        return
    assert not carried.lost
    assert_same(before, after, 0)


TWO = BOX + "1 0.25 0.3 0.1 0.2\n"
PLAIN = {
    "images/a.png": SIZE,
    "labels/a.txt": BOX,
    "images/deep/b.png": SIZE,
    "labels/deep/b.txt": TWO,
    "images/c.png": SIZE,
}
SIDE_BY_SIDE = {"a.png": SIZE, "a.txt": BOX, "deep/b.png": SIZE, "deep/b.txt": TWO, "c.png": SIZE}
UNDIVIDED = {
    "with data.yaml": PLAIN | {"data.yaml": "# kept\nnc: 2\nnames: [cat, dog]\n"},
    "without": PLAIN,
    "stale places": PLAIN
    | {"data.yaml": "path: /gone\ntrain: a/t\nval: a/v\ntest: ../q\nnc: 2\nnames: [cat, dog]\n"},
    "a folder down": {f"set/{key}": value for key, value in PLAIN.items()}
    | {"set/data.yaml": "names: [cat, dog]\n"},
    "side by side": SIDE_BY_SIDE | {"classes.txt": "cat\ndog\n"},
    "darknet": SIDE_BY_SIDE | {"obj.names": "cat\ndog\n", "obj.data": "classes = 2\ntrain = train.txt\n"},
    "capital letters": {
        "Images/a.png": SIZE,
        "annotations/a.txt": BOX,
        "Images/deep/b.png": SIZE,
        "annotations/deep/b.txt": TWO,
        "Images/c.png": SIZE,
    },
}


@pytest.mark.parametrize("kind", UNDIVIDED)
def test_a_divided_set_is_one_that_trainers_and_augtool_read(tmp_path, kind):
    source, out = plant(tmp_path / "in", UNDIVIDED[kind]), tmp_path / "out"
    carried = carry(source, out, variant=flipped(), splits=("train", "val"))
    assert not carried.failed
    home = "set/" if kind == "a folder down" else ""
    again = open_dataset(out)
    assert again.name == "yolo"
    splits = {item.key: item.split for item in again.items()}
    assert set(splits.values()) == {"train", "val"}
    assert splits[f"{home}images/train/a.png"] == "train"
    assert len(splits) == 6
    before, after = labels_of(source), labels_of(out)
    for output, key in carried.outputs.items():
        assert len(after[output].instances) == len(before[key].instances)
        if "__aug" not in output:
            assert_same({key: before[key]}, {key: after[output]})
    found = strict_yolo.check(out / home if home else out)
    assert len(found) == 6
    assert sorted(map(len, found.values())) == [0, 0, 1, 1, 2, 2]
    config = yaml.safe_load((out / home / "data.yaml").read_text())
    assert (config["train"], config["val"]) == ("images/train", "images/val")
    assert not {"path", "test"} & set(config)
    assert not list(out.rglob("*.data"))
    assert not [one for one in again.problems() if one["code"] != "no_label"]


def test_a_divided_set_of_several_folders_names_them_all(tmp_path):
    files = {f"{part}/images/{name}.png": SIZE for part in ("x", "y") for name in "ab"}
    files |= {f"{part}/labels/{name}.txt": BOX for part in ("x", "y") for name in "ab"}
    carry(plant(tmp_path / "in", files), tmp_path / "out", splits=("train", "test"))
    config = yaml.safe_load((tmp_path / "out/data.yaml").read_text())
    assert config["train"] == ["x/images/train", "y/images/train"]
    assert config["test"] == ["x/images/test", "y/images/test"]
    assert len(strict_yolo.check(tmp_path / "out")) == 4


def test_folders_that_would_become_one_are_not_divided(tmp_path):
    files = {"images/a.png": SIZE, "labels/a.txt": BOX, "IMAGES/b.png": SIZE, "labels/b.txt": BOX}
    dataset = open_dataset(plant(tmp_path, files))
    with pytest.raises(UsageError, match=r"split: .*would become one folder"):
        dataset.in_split(next(dataset.items()), "val")


def test_a_run_divides_a_set_and_keeps_scenes_together(tmp_path):
    files = {}
    for at in range(40):
        name = f"scene{at // 4:02}_{at % 4}"
        files |= {f"images/{name}.png": SIZE, f"labels/{name}.txt": BOX}
    source = plant(tmp_path / "in", files | {"data.yaml": "names: [cat, dog]\n"})
    what = making.recipe(
        "version: 1\nseed: 2\nvariants: 1\nsplit: {val: 0.3, test: 0.2}\n"
        "group: 'scene\\d+'\ntransforms: [horizontal_flip]\n"
    )
    making.run(source, tmp_path / "out", what)
    rows = making.rows(tmp_path / "out")
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    scenes = {}
    for row in rows:
        assert row["output"].startswith(f"images/{row['split']}/")
        assert row["kind"] == "original" or row["split"] == "train"
        scenes.setdefault(row["output"].partition("scene")[2][:2], set()).add(row["split"])
    assert len(scenes) == 10
    assert all(len(splits) == 1 for splits in scenes.values())
    assert len(strict_yolo.check(tmp_path / "out")) == len(rows)


def test_a_real_set_without_splits_is_divided(tmp_path):
    source = real("sharks", "yolov9", "train")
    labels = labels_of(source, "yolo")
    assert len(labels) == 7
    carried = carry(source, tmp_path, "yolo", variant=flipped(), splits=("train", "val", "test"))
    again = open_dataset(tmp_path)
    assert Counter(item.split for item in again.items()) == {"train": 6, "val": 4, "test": 4}
    after = labels_of(tmp_path)
    for output, key in carried.outputs.items():
        assert len(after[output].instances) == len(labels[key].instances)
    assert len(strict_yolo.check(tmp_path)) == 14
