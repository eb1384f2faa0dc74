"""Labels read off a rendered scene: exact boxes and outlines, and the YOLO and COCO files made of them.

Coordinates are pixels in the continuous frame, where pixel i spans [i, i + 1).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from .engine import SAMPLES, Render

Polygon = list[tuple[float, float]]
_SPECK = 40.0  # square pixels; anything smaller that peeps out is not labelled


@dataclass(frozen=True)
class Label:
    """One visible object: its class, its box (x0, y0, x1, y1), its outlines and the area they enclose."""

    name: str
    box: tuple[float, float, float, float]
    polygons: list[Polygon]
    area: float


def _edges(mask: np.ndarray) -> list[np.ndarray]:
    """Return the outer outlines of a mask along the edges of its samples, each (n, 2), in samples."""
    # Tripled, a sample's outline passes the middles of its outer thirds: half a third inside its edge.
    big = cv2.resize(mask.astype(np.uint8), None, fx=3, fy=3, interpolation=cv2.INTER_NEAREST)
    found, _ = cv2.findContours(big, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outlines = []
    for outline in found:
        smooth = cv2.approxPolyDP(outline, 2.0, closed=True)[:, 0, :]
        if len(smooth) >= 3:
            outlines.append((smooth + 0.5) / 3)
    return outlines


def _shoelace(points: np.ndarray) -> float:
    x, y = points[:, 0], points[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def read_off(picture: Render) -> list[Label]:
    """Return the labels of every thing that shows, each box exactly as large as its visible samples."""
    labels = []
    for k, name in enumerate(picture.names):
        mask = picture.mask(k)
        if mask.sum() < _SPECK * SAMPLES**2:
            continue
        ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        corners = (xs[0], ys[0], xs[-1] + 1, ys[-1] + 1)
        x0, y0, x1, y1 = (float(c) / SAMPLES for c in corners)
        rings = [np.round(ring / SAMPLES, 2) for ring in _edges(mask)]
        rings = [ring for ring in rings if _shoelace(ring) > 4]
        polygons = [[(float(x), float(y)) for x, y in ring] for ring in rings]
        labels.append(Label(name, (x0, y0, x1, y1), polygons, sum(_shoelace(ring) for ring in rings)))
    return labels


def yolo(labels: list[Label], classes: tuple[str, ...], width: int, height: int) -> bytes:
    """Return a YOLO label file: one row ``class cx cy w h`` per object, as fractions of the picture."""
    rows = []
    for label in labels:
        x0, y0, x1, y1 = label.box
        numbers = ((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height)
        rows.append(f"{classes.index(label.name)} " + " ".join(f"{n:.6f}" for n in numbers))
    return ("\n".join(rows) + "\n").encode()


def data_yaml(classes: tuple[str, ...]) -> bytes:
    """Return the YOLO description of the set, with a path relative to itself."""
    names = "".join(f"  {k}: {name}\n" for k, name in enumerate(classes))
    return f"path: .\ntrain: images/train\nval: images/val\nnames:\n{names}".encode()


def coco(pictures: list[tuple[str, int, int, list[Label]]], classes: tuple[str, ...]) -> bytes:
    """Return COCO instances of (file name, width, height, labels); box and area are those of the polygons."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, (name, width, height, labels) in enumerate(pictures, 1):
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for label in labels:
            points = np.array([point for polygon in label.polygons for point in polygon])
            (x0, y0), (x1, y1) = points.min(0), points.max(0)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": classes.index(label.name) + 1,
                    "bbox": [round(float(c), 2) for c in (x0, y0, x1 - x0, y1 - y0)],
                    "area": round(label.area, 2),
                    "iscrowd": 0,
                    "segmentation": [[c for point in polygon for c in point] for polygon in label.polygons],
                }
            )
    categories = [{"id": k, "name": name, "supercategory": "object"} for k, name in enumerate(classes, 1)]
    parts = {"images": images, "categories": categories, "annotations": annotations}
    rows = [
        f'"{key}": [\n' + ",\n".join(json.dumps(item) for item in part) + "\n]" for key, part in parts.items()
    ]
    return ("{\n" + ",\n".join(rows) + "\n}\n").encode()
