"""Rows 3 and 23 for sets with labels: going on and updating keep label files and set files right."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making import made, put, recipe, run
from test_continuing import backdate, stopped

from augtool.errors import UsageError


def yolo(root: Path) -> Path:
    for number in range(5):
        put(root / "images" / "train" / f"{number}.png", number, width=40, height=30)
        label = root / "labels" / "train" / f"{number}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text(f"{number % 2} 0.5 0.5 0.25 0.5\n")
    (root / "data.yaml").write_text("path: .\ntrain: images/train\nnames: [cat, dog]\n")
    return root


def coco(root: Path) -> Path:
    images, boxes = [], []
    for number in range(5):
        put(root / f"{number}.png", number, width=40, height=30)
        images.append({"id": number, "file_name": f"{number}.png", "width": 40, "height": 30})
        box = {"bbox": [5, 5, 10 + number, 12], "area": 120, "iscrowd": 0}
        boxes.append({"id": number, "image_id": number, "category_id": 1, **box})
    data = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "cat"}]}
    (root / "annotations.json").write_text(json.dumps(data))
    return root


def relabel_yolo(root: Path) -> None:
    (root / "labels" / "train" / "2.txt").write_text("1 0.5 0.5 0.5 0.5\n0 0.2 0.2 0.1 0.1\n")


def relabel_coco(root: Path) -> None:
    data = json.loads((root / "annotations.json").read_text())
    data["annotations"][2]["bbox"] = [1, 1, 30, 20]
    (root / "annotations.json").write_text(json.dumps(data))


SETS: Any = pytest.mark.parametrize(("make", "relabel"), [(yolo, relabel_yolo), (coco, relabel_coco)])


@SETS
@pytest.mark.parametrize("after", [1, 3, 5])
def test_a_resumed_run_is_that_of_one_go(tmp_path: Path, make: Any, relabel: Any, after: int) -> None:
    source = make(tmp_path / "in")
    run(source, tmp_path / "whole")
    stopped(source, tmp_path / "out", after)
    run(source, tmp_path / "out", resume=True)
    assert made(tmp_path / "out") == made(tmp_path / "whole")


@SETS
def test_changed_labels_are_seen(tmp_path: Path, make: Any, relabel: Any) -> None:
    source = make(tmp_path / "in")
    stopped(source, tmp_path / "out", 4)
    relabel(source)
    with pytest.raises(UsageError, match="cannot be resumed"):
        run(source, tmp_path / "out", resume=True)
    run(source, tmp_path / "out", update=True)
    run(source, tmp_path / "fresh")
    assert made(tmp_path / "out") == made(tmp_path / "fresh")


@SETS
def test_an_update_writes_no_picture_whose_labels_only_have_changed(
    tmp_path: Path, make: Any, relabel: Any
) -> None:
    source = make(tmp_path / "in")
    run(source, tmp_path / "out")
    backdate(tmp_path / "out")
    relabel(source)
    run(source, tmp_path / "out", update=True)
    run(source, tmp_path / "fresh")
    assert made(tmp_path / "out") == made(tmp_path / "fresh")
    assert all(path.stat().st_mtime_ns == 10**18 for path in (tmp_path / "out").rglob("*.png"))


@SETS
def test_sources_come_and_go(tmp_path: Path, make: Any, relabel: Any) -> None:
    source = make(tmp_path / "in")
    run(source, tmp_path / "out")
    for path in sorted(source.rglob("3.*")):
        path.unlink()
    run(source, tmp_path / "out", update=True, prune=True)
    run(source, tmp_path / "fresh")
    assert made(tmp_path / "out") == made(tmp_path / "fresh")
    other = replace(recipe(), seed=8, variants=1)
    make(source)
    run(source, tmp_path / "out", other, update=True)
    run(source, tmp_path / "fresh", other, overwrite=True)
    assert made(tmp_path / "out") == made(tmp_path / "fresh")
