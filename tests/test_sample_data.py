"""The committed sample pictures: what they promise, and that the script still draws them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "sample_data"
SCRIPT = ROOT / "scripts" / "render_sample_data.py"
CLASSES = ["apple", "ball", "key", "leaf", "mug"]
PICTURES = {".jpg", ".png"}


def pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)


def pixels(data: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return image


# One unit of every kind of drawing; the whole set takes half a minute.
UNITS = [
    "classification/val/*_01",
    "classification/train/leaf/leaf_05",
    "classification/train/apple/apple_03",
    "classification/train/ball/ball_02",
    "classification/train/key/key_04",
    "documents/*",
    "aerial/houses",
    "microscopy/*",
    "products/*",
    "detection/*1",
    "detection/data",
]


@pytest.mark.parametrize("unit", UNITS)
def test_rendering_again_gives_the_committed_files(unit: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(SCRIPT), "--out", str(tmp_path), "--only", unit], check=True)
    rendered = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert rendered
    for path in rendered:
        new, kept = path.read_bytes(), (DATA / path.relative_to(tmp_path)).read_bytes()
        if new == kept:
            continue
        # Encoders, fonts and vector instructions differ between versions and machines by a little.
        if path.suffix.lower() in PICTURES:
            a, b = pixels(new), pixels(kept)
            assert a.shape == b.shape
            assert a.dtype == b.dtype
            full = np.iinfo(a.dtype).max / 255
            assert np.abs(a.astype(float) - b.astype(float)).mean() / full < 2
        elif path.suffix == ".txt":
            a, b = np.loadtxt(path, ndmin=2), np.loadtxt(DATA / path.relative_to(tmp_path), ndmin=2)
            assert a.shape == b.shape
            assert np.abs(a - b).max() < 0.01
        else:
            assert new.splitlines() == kept.splitlines()


def test_every_picture_is_drawn_by_the_script() -> None:
    listing = "from render_sample_data import makers; print('\\n'.join(makers()))"
    done = subprocess.run(
        [sys.executable, "-c", listing], cwd=SCRIPT.parent, check=True, capture_output=True, text=True
    )
    units = done.stdout.split()
    for path in pictures(DATA):
        name = path.relative_to(DATA).with_suffix("").as_posix()
        name = name.replace("images/train/", "").replace("images/val/", "")
        assert name in units or name.startswith("segmentation_coco/images/"), path


def test_the_set_stays_small() -> None:
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 2_000_000


def test_every_picture_opens_whole_and_is_not_flat() -> None:
    found = pictures(DATA)
    assert len(found) == 76
    for path in found:
        image = pixels(path.read_bytes())
        assert min(image.shape[:2]) >= 240, path
        assert image.std() > 8, path


def test_class_folders_and_their_imbalance() -> None:
    for split in ("train", "val"):
        folders = sorted((DATA / "classification" / split).iterdir())
        assert [folder.name for folder in folders] == CLASSES
        counts = {folder.name: len(pictures(folder)) for folder in folders}
        expected = {"mug": 10, "apple": 8, "leaf": 8, "key": 6, "ball": 4} if split == "train" else None
        assert counts == (expected or dict.fromkeys(CLASSES, 2))


def test_the_odd_ones_are_odd() -> None:
    train = DATA / "classification" / "train"
    assert Image.open(train / "apple" / "apple_03.jpg").mode == "L"
    cut_out = Image.open(train / "ball" / "ball_02.png")
    assert cut_out.mode == "RGBA"
    assert cut_out.getchannel("A").getextrema() == (0, 255)
    assert Image.open(train / "leaf" / "leaf_05.jpg").getexif()[0x0112] == 6
    assert (train / "key" / "key_04.JPG").is_file()
    deep = pixels((DATA / "microscopy" / "living_cells.png").read_bytes())
    assert deep.dtype == np.uint16
    assert deep.ndim == 2
    assert deep.max() > 40_000


@pytest.mark.parametrize(
    ("folder", "count"), [("documents", 3), ("aerial", 3), ("microscopy", 3), ("products", 3)]
)
def test_flat_folders(folder: str, count: int) -> None:
    assert len(list((DATA / folder).iterdir())) == len(pictures(DATA / folder)) == count


def test_yolo_rows_are_valid_and_every_picture_has_its_file() -> None:
    root = DATA / "detection"
    assert (root / "data.yaml").read_text().startswith("path: .\n")
    images = pictures(root / "images")
    assert len(images) == 12
    seen = set()
    for image in images:
        label = root / "labels" / image.parent.name / f"{image.stem}.txt"
        rows = np.loadtxt(label, ndmin=2)
        assert rows.shape[1] == 5
        assert 2 <= len(rows) <= 5, label
        seen |= {int(row[0]) for row in rows}
        low, high = rows[:, 1:3] - rows[:, 3:5] / 2, rows[:, 1:3] + rows[:, 3:5] / 2
        assert low.min() > -1e-6, label
        assert high.max() < 1 + 1e-6, label
        assert rows[:, 3:5].min() > 0.01, label
    assert seen == {0, 1, 2}


def test_coco_boxes_and_areas_are_those_of_the_polygons() -> None:
    root = DATA / "segmentation_coco"
    data = json.loads((root / "instances.json").read_text())
    sizes = {image["id"]: (image["width"], image["height"]) for image in data["images"]}
    assert sorted(image["file_name"] for image in data["images"]) == [
        p.name for p in pictures(root / "images")
    ]
    assert len({item["id"] for item in data["annotations"]}) == len(data["annotations"])
    categories = {item["id"] for item in data["categories"]}
    assert len(data["annotations"]) >= 2 * len(sizes)
    for item in data["annotations"]:
        assert item["category_id"] in categories
        rings = [np.array(ring).reshape(-1, 2) for ring in item["segmentation"]]
        assert all(len(ring) >= 3 for ring in rings)
        points = np.concatenate(rings)
        assert points.min() >= 0
        assert (points.max(0) <= sizes[item["image_id"]]).all()
        x, y, w, h = item["bbox"]
        assert np.allclose([*points.min(0), *points.max(0)], [x, y, x + w, y + h], atol=0.011)
        area = sum(cv2.contourArea(ring.astype(np.float32)) for ring in rings)
        assert item["area"] == pytest.approx(area, rel=1e-3)


def test_coco_outlines_follow_the_objects_edges() -> None:
    """Colour changes more across an outline than across the same outline moved away from the object."""
    root = DATA / "segmentation_coco"
    data = json.loads((root / "instances.json").read_text())
    names = {image["id"]: image["file_name"] for image in data["images"]}
    on, off = [], []
    for item in data["annotations"]:
        grey = cv2.cvtColor(
            pixels((root / "images" / names[item["image_id"]]).read_bytes()), cv2.COLOR_BGR2GRAY
        )
        steep = cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
        ring = np.floor(np.array(item["segmentation"][0]).reshape(-1, 2)).astype(int)
        for shift, into in ((0, on), (6, off)):
            x = np.clip(ring[:, 0] + shift, 0, grey.shape[1] - 1)
            y = np.clip(ring[:, 1] + shift, 0, grey.shape[0] - 1)
            into.append(steep[y, x].mean())
    assert np.mean(on) > 1.5 * np.mean(off)
