"""A reader of YOLO label files by the rules Ultralytics publishes; it shares nothing with augtool's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from PIL import Image


def check(
    root: Path, data: str = "data.yaml", keypoints: tuple[int, int] | None = None
) -> dict[str, np.ndarray]:
    """Load a set as a trainer does; raise AssertionError where it would drop a picture or find none."""
    config = yaml.safe_load((root / data).read_text())
    base = Path(config.get("path") or (root / data).parent)
    assert base.exists()
    names = config["names"]
    classes = len(names)
    assert config.get("nc", classes) == classes
    result = {}
    for split in ("train", "val", "test"):
        places = config.get(split)
        for place in [places] if isinstance(places, str) else places or []:
            for path in _pictures((base / place).resolve()):
                result[path.relative_to(root.resolve()).as_posix()] = _labels(path, classes, keypoints)
    assert result, "no picture found"
    return result


def _pictures(place: Path) -> list[Path]:
    assert place.exists(), place
    if place.is_file():
        lines = place.read_text().split()
        return [place.parent / line[2:] if line.startswith("./") else Path(line) for line in lines]
    return sorted(path for path in place.rglob("*") if path.suffix.lower() in (".jpg", ".png", ".jpeg"))


def _labels(path: Path, classes: int, keypoints: tuple[int, int] | None) -> np.ndarray:
    with Image.open(path) as image:
        assert min(image.size) >= 10, "picture under 10 pixels"
    before, _, after = path.as_posix().rpartition("/images/")
    label = Path(f"{before}/labels/{after}" if before else path).with_suffix(".txt")
    if not label.exists():
        return np.zeros((0, 5))
    rows = [line.split() for line in label.read_text().strip().splitlines() if line]
    if any(len(row) > 6 for row in rows) and not keypoints:
        assert all(len(row) > 6 and len(row) % 2 for row in rows), f"{label}: boxes among segments"
        points = [np.array(row[1:], np.float32).reshape(-1, 2) for row in rows]
        boxes = [[*(p.min(0) + p.max(0)) / 2, *np.ptp(p, axis=0)] for p in points]
        rows = [[row[0], *box] for row, box in zip(rows, boxes, strict=True)]
        for part in points:
            assert part.min() >= 0
            assert part.max() <= 1.01
    table = np.array(rows, np.float32)
    if not len(table):
        return np.zeros((0, 5))
    columns = 5 + keypoints[0] * keypoints[1] if keypoints else 5
    assert table.shape[1] == columns, f"{label}: {table.shape[1]} columns"
    places = table[:, 5:].reshape(-1, keypoints[1])[:, :2] if keypoints else table[:, 1:]
    assert places.max() <= 1.01, f"{label}: not normalised"
    assert table.min() >= 0, f"{label}: negative"
    assert table[:, 0].max() < classes, f"{label}: class"
    return table
