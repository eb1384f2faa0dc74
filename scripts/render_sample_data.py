"""Render the pictures and labels of ``sample_data`` from nothing but this code and one fixed seed.

    python scripts/render_sample_data.py [--out DIR] [--only PATTERN]

Every picture has a random stream of its own, named after its file, so one can be changed or added
without moving another. With the same versions of OpenCV, NumPy and Pillow the files come out byte
for byte the same; other versions may encode the same pixels differently.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import cv2
import numpy as np
from sample_render import aerial, cells, labels, pages, photo, staging
from sample_render.engine import Render, render
from sample_render.field import stream

Files = dict[str, bytes]
Maker = Callable[[], Files]

TRAIN = {"mug": 10, "apple": 8, "leaf": 8, "key": 6, "ball": 4}
SIZES = ((320, 240), (400, 300), (240, 320), (320, 240), (360, 270), (300, 400), (320, 320), (320, 240))
CLASSES = ("mug", "apple", "ball")
SCENES = 12
VALIDATION = 3
OUTLINED = 6
SCENE_SIZE = (384, 288)

# The pictures that are not plain colour JPEGs, so that a run over the set meets them.
ODD = {
    "train/apple/apple_03": "grey",
    "train/leaf/leaf_05": "turned",
    "train/ball/ball_02": "cut out",
    "train/key/key_04": "upper case",
}


def _single(split: str, name: str, number: int) -> Files:
    stem = f"{split}/{name}/{name}_{number:02d}"
    oddity = ODD.get(stem, "")
    rng = stream(f"classification/{stem}")
    width, height = (240, 240) if oddity == "cut out" else SIZES[int(rng.integers(len(SIZES)))]
    shot = render(staging.portrait(name, rng, width, height, plain=oddity == "cut out"))
    path = f"classification/{stem}"
    if oddity == "cut out":
        clean = photo.develop(shot.linear, rng, grain=0.0, soft=0.0)
        alpha = np.round(shot.alpha() * 255).astype(np.uint8)
        clean[alpha == 0] = 0
        return {f"{path}.png": photo.png(np.dstack([clean, alpha]))}
    picture = photo.develop(shot.linear, rng)
    if oddity == "grey":
        return {f"{path}.jpg": photo.jpeg(photo.grey(picture))}
    if oddity == "turned":
        return {f"{path}.jpg": photo.turned_jpeg(picture)}
    return {f"{path}.JPG" if oddity == "upper case" else f"{path}.jpg": photo.jpeg(picture)}


def _page(name: str) -> Files:
    rng = stream(f"documents/{name}")
    sheet = {"receipt": pages.receipt, "letter": pages.letter, "form": pages.form}[name]()
    width, height = (480, 800) if name == "receipt" else (600, 800)
    picture = photo.develop(pages.photograph(sheet, rng, width, height), rng, grain=1.2, soft=0.3)
    return {f"documents/{name}.jpg": photo.jpeg(photo.grey(picture) if name == "letter" else picture, 80)}


def _from_above(name: str) -> Files:
    rng = stream(f"aerial/{name}")
    linear = {"fields": aerial.fields, "road": aerial.road, "houses": aerial.houses}[name](rng, 512)
    return {f"aerial/{name}.jpg": photo.jpeg(photo.develop(linear, rng, grain=1.2, soft=0.5), 80)}


def _microscope(name: str) -> Files:
    rng = stream(f"microscopy/{name}")
    if name == "living_cells":
        return {f"microscopy/{name}.png": photo.png(cells.living(rng, 320).astype(np.uint16))}
    linear = {"blood_smear": cells.blood, "epithelium": cells.epithelium}[name](rng, 400)
    return {f"microscopy/{name}.jpg": photo.jpeg(photo.develop(linear, rng, grain=1.0), 88)}


def _product(name: str) -> Files:
    rng = stream(f"products/{name}")
    shot = render(staging.studio(name, rng, 400))
    return {f"products/{name}.jpg": photo.jpeg(photo.develop(shot.linear, rng, grain=0.8, soft=0.3), 90)}


def _group(name: str) -> tuple[Render, bytes]:
    rng = stream(name)
    shot = render(staging.group(CLASSES, rng, *SCENE_SIZE))
    return shot, photo.jpeg(photo.develop(shot.linear, rng), 82)


def _detection(number: int) -> Files:
    split, stem = "val" if number > SCENES - VALIDATION else "train", f"scene_{number:02d}"
    shot, data = _group(f"detection/{stem}")
    rows = labels.yolo(labels.read_off(shot), CLASSES, *SCENE_SIZE)
    return {f"detection/images/{split}/{stem}.jpg": data, f"detection/labels/{split}/{stem}.txt": rows}


def _segmentation() -> Files:
    files: Files = {}
    found = []
    for number in range(1, OUTLINED + 1):
        name = f"table_{number:02d}.jpg"
        shot, files[f"segmentation_coco/images/{name}"] = _group(f"segmentation_coco/{name}")
        found.append((name, *SCENE_SIZE, labels.read_off(shot)))
    files["segmentation_coco/instances.json"] = labels.coco(found, CLASSES)
    return files


def _bind(maker: Callable[..., Files], *arguments: object) -> Maker:
    return lambda: maker(*arguments)


def makers() -> dict[str, Maker]:
    """Return what can be rendered: a name for each unit, and the function that returns its files."""
    units: dict[str, Maker] = {}
    for name, count in TRAIN.items():
        for split, total in (("train", count), ("val", 2)):
            for k in range(1, total + 1):
                units[f"classification/{split}/{name}/{name}_{k:02d}"] = _bind(_single, split, name, k)
    for name in ("receipt", "letter", "form"):
        units[f"documents/{name}"] = _bind(_page, name)
    for name in ("fields", "road", "houses"):
        units[f"aerial/{name}"] = _bind(_from_above, name)
    for name in ("blood_smear", "epithelium", "living_cells"):
        units[f"microscopy/{name}"] = _bind(_microscope, name)
    for name in ("bottle", "box", "chair"):
        units[f"products/{name}"] = _bind(_product, name)
    for k in range(1, SCENES + 1):
        units[f"detection/scene_{k:02d}"] = _bind(_detection, k)
    units["detection/data"] = lambda: {"detection/data.yaml": labels.data_yaml(CLASSES)}
    units["segmentation_coco"] = _segmentation
    return units


def main() -> None:
    """Render the units whose names match ``--only`` and write their files below ``--out``."""
    parser = argparse.ArgumentParser(description="Render the pictures of sample_data.")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "sample_data")
    parser.add_argument("--only", default="*", help="a pattern such as 'classification/*/mug/*'")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    total = 0
    for name, maker in makers().items():
        if not fnmatch(name, arguments.only):
            continue
        for path, data in maker().items():
            target = arguments.out / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            total += len(data)
    print(f"{total / 1e6:.2f} MB written to {arguments.out}")


if __name__ == "__main__":
    main()
