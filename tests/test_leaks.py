"""The same picture in two splits: found, told before anything is written, refused where asked."""

import json
import os
from pathlib import Path

import cv2
import making
import numpy as np
import pytest
from click.testing import CliRunner

from augtool import codec, pipeline
from augtool.checks import check
from augtool.cli import main
from augtool.errors import UsageError
from augtool.leaks import find_leaks, print_of
from augtool.options import Options
from augtool.recipe import parse_recipe
from augtool.unit import Context

RECIPE = parse_recipe("version: 1\nvariants: 1\ntransforms: [horizontal_flip]\n")


def picture(seed, width=160, height=120):
    """Blobs of many sizes, as a photo's thumbnail has: no two alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def save(path, pixels, fmt="png", quality=95):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(codec.encode(np.ascontiguousarray(pixels), fmt, quality=quality)[0])


@pytest.fixture
def leaking(tmp_path):
    root = tmp_path / "in"
    for at in range(6):
        save(root / "train" / "cat" / f"{at}.png", picture(at))
    val = root / "val" / "cat"
    save(val / "exact.png", picture(0))
    save(val / "again.jpg", picture(1), "jpeg", 40)
    save(val / "half.png", cv2.resize(picture(2), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    save(val / "mirror.png", picture(3)[:, ::-1])
    save(val / "other.png", picture(50))
    save(root / "test" / "cat" / "bright.png", np.clip(picture(4) * 1.1 + 5, 0, 255).astype(np.uint8))
    (val / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    return root


def find(root, workers=0, recipe=RECIPE):
    planned = pipeline.prepare(recipe, root, Options())
    context = Context.of(recipe, root, Path(), planned.dataset, Options())
    return find_leaks(planned.plan, planned.survey, context, workers, 60)


def test_copies_near_and_mirrored_ones_are_found_and_nothing_else(leaking):
    leaks = find(leaking)
    assert {(pair["source"], pair["same_as"], pair["kind"]) for pair in leaks.pairs} == {
        ("val/cat/exact.png", "train/cat/0.png", "exact"),
        ("val/cat/again.jpg", "train/cat/1.png", "near"),
        ("val/cat/half.png", "train/cat/2.png", "near"),
        ("val/cat/mirror.png", "train/cat/3.png", "mirrored"),
        ("test/cat/bright.png", "train/cat/4.png", "near"),
    }
    assert leaks.total == 5
    assert (leaks.compared, leaks.unreadable, leaks.complete) == (12, 1, True)


def test_workers_find_the_same(leaking):
    assert find(leaking, workers=2).data() == find(leaking).data()


def test_flat_pictures_match_by_their_bytes_only(tmp_path):
    white = np.full((40, 40, 3), 255, np.uint8)
    for split, value in (("train", 255), ("val", 255), ("test", 250)):
        save(tmp_path / split / "a.png", white * 0 + np.uint8(value))
    leaks = find(tmp_path)
    assert [(pair["source"], pair["kind"]) for pair in leaks.pairs] == [("val/a.png", "exact")]


def test_copies_within_a_split_are_no_leak(tmp_path):
    for split, seed in (("train", 1), ("val", 2)):
        for name in "ab":
            save(tmp_path / split / f"{name}.png", picture(seed))
    assert not find(tmp_path)


def test_the_print_of_a_mirror_image_is_the_mirrored_print():
    small = cv2.resize(picture(9)[:, :, 0], (32, 32), interpolation=cv2.INTER_AREA)
    here, there = print_of(b"a", small), print_of(b"b", np.ascontiguousarray(small[:, ::-1]))
    assert (here.mirrored ^ there.hash).bit_count() <= 2
    assert (here.hash ^ there.hash).bit_count() > 6
    assert here.content != there.content


def test_turned_by_exif_is_still_the_same(tmp_path):
    upright = codec.decode(making.turned_jpeg(6)).pixels
    save(tmp_path / "train" / "a.png", upright)
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / "b.jpg").write_bytes(making.turned_jpeg(6))
    assert [pair["kind"] for pair in find(tmp_path).pairs] == ["near"]


def test_a_run_reports_them(leaking, tmp_path):
    told = []
    report = pipeline.run(
        RECIPE,
        leaking,
        tmp_path / "out",
        pipeline.Options(workers=0),
        on_leaks=lambda found: told.extend(found.lines()),
    )
    assert report["leaks"]["total"] == len(report["leaks"]["pairs"]) == 5
    assert json.loads((tmp_path / "out" / "report.json").read_text())["leaks"] == report["leaks"]
    assert told[:2] == [
        "val has pictures that are also in train: 1 exactly, 2 nearly, 1 mirrored",
        "test has pictures that are also in train: 1 nearly",
    ]


def test_strict_refuses_before_anything_is_written(leaking, tmp_path):
    with pytest.raises(UsageError, match="5 pictures are in two splits"):
        pipeline.run(RECIPE, leaking, tmp_path / "out", pipeline.Options(workers=0, strict=True))
    assert not (tmp_path / "out").exists()


def test_a_set_without_splits_is_not_compared(tmp_path):
    report = making.run(making.dataset(tmp_path / "in"), tmp_path / "out")
    assert "leaks" not in report


def test_splits_made_by_the_tool_are_compared_too(tmp_path):
    for at in range(12):
        for name in ("a", "b"):
            save(tmp_path / "in" / f"{at:02}{name}.png", picture(at))
    text = "version: 1\nvariants: 0\nsplit: {{val: 0.5}}\n{}\ntransforms: []\n"
    assert find(tmp_path / "in", recipe=parse_recipe(text.format("")))
    assert not find(tmp_path / "in", recipe=parse_recipe(text.format("group: '[0-9]+'")))


def test_check_tells_and_strict_exits_with_2(leaking, tmp_path):
    findings = check(RECIPE, leaking, Options())
    assert findings.data()["leaks"]["total"] == 5
    assert any("also in train: 1 exactly" in line for line in findings.lines())
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("version: 1\ntransforms: []\n")
    result = CliRunner().invoke(main, ["check", str(recipe), str(leaking), "--strict"])
    assert result.exit_code == 2
    assert "two splits" in result.output
    result = CliRunner().invoke(
        main, ["run", str(recipe), str(leaking), str(tmp_path / "o"), "-w", "0", "--strict"]
    )
    assert result.exit_code == 2
    assert not (tmp_path / "o").exists()


@pytest.mark.skipif("AUGTOOL_REAL_DATA" not in os.environ, reason="AUGTOOL_REAL_DATA is not set")
@pytest.mark.parametrize("name", ["sign_digits/Dataset", "clothing"])
def test_different_photos_of_real_sets_are_not_taken_for_the_same(name):
    recipe = parse_recipe("version: 1\nvariants: 0\nsplit: {val: 0.5}\ntransforms: []\n")
    leaks = find(Path(os.environ["AUGTOOL_REAL_DATA"]) / name, recipe=recipe)
    assert leaks.compared > 300
    assert leaks.pairs == []
