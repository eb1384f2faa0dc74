"""Semantic masks: the same numbers, the right fill, and names that trainers find."""

from __future__ import annotations

import io

import numpy as np
import pytest
from labelled import SIZE, codes, geometry, mirrored, picture, plant, process, tree
from PIL import Image
from samples import CLASSES, COLORS, MASKS, ONE, PICTURES, SAMPLES, png, under

from augtool.errors import UsageError
from augtool.formats import open_dataset
from augtool.matrix import translation

BASE = under("images", PICTURES) | under("masks", MASKS)


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def shifted(size: tuple[int, int]):
    return geometry(translation(5, 0), size, size)


def left_edge(tmp_path, files, options=None, name="masks/a__aug1.png"):
    """Return what a variant shows where the source shows nothing."""
    run = process(plant(tmp_path / "in", files), tmp_path / "out", "masks", options, variant=shifted)
    assert not run.failed
    return pixels((tmp_path / "out" / name).read_bytes())[0, 0].tolist()


def test_a_mask_moves_with_its_picture(tmp_path):
    process(plant(tmp_path / "in", BASE), tmp_path / "out", variant=mirrored)
    assert np.array_equal(pixels((tmp_path / "out/masks/a__aug1.png").read_bytes()), CLASSES[:, ::-1])
    assert "masks/c__aug1.png" not in tree(tmp_path / "out")  # c has none


@pytest.mark.parametrize(
    ("mask", "options", "expected"),
    [
        (CLASSES, None, 255),
        (CLASSES, {"ignore": 9}, 9),
        (ONE, None, 0),  # 255 is the object here
        (ONE, {"ignore": 255}, 255),
        (CLASSES.astype(np.uint16) * 1000, None, 0),  # instance numbers
        (COLORS, None, [0, 0, 0]),
        (COLORS, {"ignore": [1, 2, 3]}, [1, 2, 3]),
    ],
)
def test_what_the_source_does_not_show_is_ignored_unless_that_value_means_something(
    tmp_path, mask, options, expected
):
    files = under("images", {"a.png": picture()}) | {"masks/a.png": png(mask)}
    assert left_edge(tmp_path, files, options) == expected


def test_the_colour_of_nothing_comes_from_the_label_map(tmp_path):
    files = SAMPLES["masks_rgb"][1]
    assert left_edge(tmp_path, files, name="labels/train/a__aug1.png") == [9, 8, 7]


def test_a_palette_stays(tmp_path):
    process(plant(tmp_path / "in", SAMPLES["masks_palette"][1]), tmp_path / "out", variant=mirrored)
    turned = Image.open(tmp_path / "out/SegmentationClass/a__aug1.png")
    assert (turned.mode, turned.palette.palette) == ("P", bytes(range(63)))


def test_cityscapes_variants_end_as_their_readers_expect(tmp_path):
    run = process(plant(tmp_path / "in", SAMPLES["masks_cityscapes"][1]), tmp_path / "out", variant=shifted)
    out = tree(tmp_path / "out")
    assert "leftImg8bit/train/x/x_1__aug1_leftImg8bit.png" in out
    ids = pixels(out["gtFine/train/x/x_1__aug1_gtFine_instanceIds.png"])
    assert np.array_equal(ids[:, 5:], CLASSES[:, :-5].astype(int) * 1000)
    assert ids[0, 0] == 0
    assert run.lost == {"color.png: is not moved; variants have none": 1}
    assert list(run.splits.values()) == ["train"]


def test_lists_of_pictures_and_masks_gain_the_variants(tmp_path):
    files = under("train", PICTURES) | under("trainannot", MASKS)
    files["train.txt"] = "/train/a.png /trainannot/a.png\n/train/b.png /trainannot/b.png\n"
    process(plant(tmp_path / "in", files), tmp_path / "out", variant=mirrored)
    lines = (tmp_path / "out/train.txt").read_text().splitlines()
    assert lines[:2] == ["/train/a.png /trainannot/a.png", "/train/a__aug1.png /trainannot/a__aug1.png"]
    assert len(lines) == 4


def test_a_mask_must_have_the_size_of_the_picture_as_displayed(tmp_path):
    turned = picture(SIZE[::-1], orientation=6, fmt="JPEG")  # stored 30x40, shown 40x30
    plant(tmp_path / "in", {"images/a.jpg": turned, "masks/a.png": png(CLASSES)})
    plant(tmp_path / "in", {"images/b.jpg": turned, "masks/b.png": png(CLASSES.T.copy())})
    run = process(tmp_path / "in", tmp_path / "out")
    assert set(run.labels) == {"images/a.jpg"}
    assert run.failed["images/b.jpg"] == (
        "label_invalid", "masks/b.png: is 30x40, but its picture is displayed as 40x30",
    )  # fmt: skip


def test_a_broken_or_linked_mask_fails_its_picture_only(tmp_path):
    root = plant(tmp_path / "in", BASE | {"masks/a.png": png(CLASSES)[:-30]})
    (root / "masks/b.png").unlink()
    (root / "masks/b.png").symlink_to(plant(tmp_path, {"far.png": png(CLASSES)}) / "far.png")
    run = process(root, tmp_path / "out", "masks")
    assert {key: code for key, (code, _) in run.failed.items()} == {
        "images/a.png": "label_invalid", "images/b.png": "label_path",
    }  # fmt: skip


def test_problems_are_named(tmp_path):
    files = BASE | {"masks/orphan.png": png(CLASSES), "images/D.png": picture(), "masks/d.png": png(CLASSES)}
    dataset = open_dataset(plant(tmp_path, files), "masks")
    assert codes(dataset) == {"unlabelled": 1, "missing_image": 1, "case_differs": 1}


@pytest.mark.parametrize("ignore", [-1, 70000, True, "255", [1, 2], [1, 2, 256]])
def test_an_impossible_ignore_value_is_refused(tmp_path, ignore):
    with pytest.raises(UsageError, match="ignore"):
        open_dataset(plant(tmp_path, BASE), "masks", {"ignore": ignore})
