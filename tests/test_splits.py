"""Making splits: scenes stay together, nothing moves, and a hostile group ends."""

import re
import threading
from collections import Counter

import making
import pytest

from augtool import pipeline, splits
from augtool.errors import UsageError
from augtool.formats import open_dataset
from augtool.recipe import parse_recipe
from augtool.splits import Divider, Stopwatch, compiled, split_of

TEXT = (
    "version: 1\nseed: 3\nvariants: 1\nsplit: {{val: 0.25, test: 0.15}}\n{}\ntransforms: [horizontal_flip]\n"
)


def recipe(more=""):
    return parse_recipe(TEXT.format(more))


def scenes(root, number=40, frames=3):
    for scene in range(number):
        for frame in range(frames):
            path = root / ("cat", "dog")[scene % 2] / f"scene{scene:02}_frame{frame}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
    return root


def divided(root, what):
    divider = Divider(open_dataset(root), what)
    return {item.key: item.split for item in divider.items()}, divider


def test_frames_of_a_scene_stay_together(tmp_path):
    found, _ = divided(scenes(tmp_path), recipe("group: '(scene[0-9]+)_'"))
    by_scene = {}
    for key, split in found.items():
        by_scene.setdefault(re.search(r"scene\d+", key)[0], set()).add(split)
    assert all(len(split) == 1 for split in by_scene.values())
    assert Counter(found.values()).keys() == {"train", "val", "test"}


def test_without_a_group_frames_are_parted(tmp_path):
    found, _ = divided(scenes(tmp_path), recipe())
    by_scene = {}
    for key, split in found.items():
        by_scene.setdefault(key.partition("_")[0], set()).add(split)
    assert any(len(split) > 1 for split in by_scene.values())


def test_adding_pictures_moves_none(tmp_path):
    before, _ = divided(scenes(tmp_path, 20), recipe("group: '(scene[0-9]+)_'"))
    after, _ = divided(scenes(tmp_path, 60, 4), recipe("group: '(scene[0-9]+)_'"))
    assert len(after) > len(before)
    assert all(after[key] == split for key, split in before.items())


def test_shares_are_met_on_average():
    got = Counter(split_of(f"{at}", {"val": 0.2, "test": 0.1}, 7) for at in range(20_000))
    assert got["val"] == pytest.approx(4000, abs=200)
    assert got["test"] == pytest.approx(2000, abs=150)


def test_a_further_split_leaves_the_first_as_it_is():
    names = [str(at) for at in range(500)]
    one = {name for name in names if split_of(name, {"val": 0.2}, 1) == "val"}
    two = {name for name in names if split_of(name, {"val": 0.2, "test": 0.3}, 1) == "val"}
    assert one == two
    assert one != {name for name in names if split_of(name, {"val": 0.2}, 2) == "val"}


def test_pictures_without_a_group_are_counted_and_named(tmp_path):
    root = scenes(tmp_path)
    for name in "ab":
        (root / "cat" / f"{name}.png").write_bytes(b"")
    what = recipe("group: '(scene[0-9]+)_'")
    found, divider = divided(root, what)
    assert divider.grouped == splits.Grouped(matched=120, alone=2)
    counts = Counter((split, key.split("/")[0]) for key, split in found.items())
    notes = divider.notes(counts)
    assert "group: 2 of 122 pictures match no group; each is its own" in notes
    train = sum(number for (split, _), number in counts.items() if split == "train")
    assert notes[0].startswith(f"split: train {train} ({train / 122:.1%}), val ")


def test_a_class_that_a_split_lacks_is_named(tmp_path):
    _, divider = divided(scenes(tmp_path), recipe())
    notes = divider.notes({("train", "cat"): 5, ("train", "dog"): 2, ("val", "cat"): 3, ("test", "cat"): 1})
    assert "split: no picture in val of class dog" in notes


def test_the_whole_match_stands_where_there_is_no_parenthesis():
    watch = Stopwatch()
    assert watch.search(compiled(r"scene\d+"), "a/scene12_3.jpg") == "scene12"
    assert watch.search(compiled(r"(?:a|b)/(s)cene"), "a/scene12_3.jpg") == "s"
    assert watch.search(compiled(r"(x)?scene"), "a/scene12_3.jpg") == ""
    assert watch.search(compiled(r"nothing"), "a/scene12_3.jpg") == ""


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(.*)*(.*)*(.*)*!", "(a|aa)+$b"])
def test_a_hostile_group_ends(monkeypatch, pattern):
    monkeypatch.setattr(splits, "MAX_SECONDS", 0.1)
    with pytest.raises(UsageError, match="takes too long"):
        Stopwatch().search(compiled(pattern), "a" * 60 + ".jpg")
    assert Stopwatch().search(compiled("a+"), "aaa") == "aaa"  # and no timer is left behind


def test_many_slow_searches_end_too(monkeypatch):
    monkeypatch.setattr(splits, "MAX_WALK_SECONDS", 0.0)
    watch = Stopwatch()
    with pytest.raises(UsageError, match="takes too long"):
        watch.search(compiled("(a+)+b"), "a" * 60)


def test_a_search_outside_the_main_thread_is_refused():
    caught = []

    def search():
        try:
            Stopwatch().search(compiled("a"), "a")
        except UsageError as error:
            caught.append(str(error))

    thread = threading.Thread(target=search)
    thread.start()
    thread.join()
    assert "main thread" in caught[0]


def test_long_paths_are_not_searched(tmp_path, monkeypatch):
    monkeypatch.setattr(splits, "MAX_PATH", 10)
    _, divider = divided(scenes(tmp_path, 2), recipe("group: scene"))
    assert divider.grouped == splits.Grouped(too_long=6)


@pytest.mark.parametrize("pattern", ["(", "a" * 201, "(?P<x", "[", "a{99999999999999999999}"])
def test_what_is_no_group_is_refused(pattern):
    with pytest.raises(UsageError, match="group"):
        compiled(pattern)


def test_a_set_with_splits_is_refused(tmp_path):
    for split in ("train", "val"):
        making.put(tmp_path / split / "cat" / "a.png")
    with pytest.raises(UsageError, match="has splits already"):
        pipeline.prepare(recipe(), tmp_path, pipeline.Options())


def test_a_format_that_cannot_is_refused():
    class Other:
        name = "other"

    with pytest.raises(UsageError, match="other format"):
        Divider(Other(), recipe())


def test_a_run_lays_out_splits_and_expands_train_only(tmp_path):
    source = making.dataset(tmp_path / "in", each=12)
    making.run(source, tmp_path / "out", recipe())
    rows = making.rows(tmp_path / "out")
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    for row in rows:
        assert row["output"].startswith(f"{row['split']}/{row['label']}/")
        assert row["kind"] == "original" or row["split"] == "train"
    assert len(rows) == 24 + sum(row["split"] == "train" and row["kind"] == "original" for row in rows)
    again = making.run(
        tmp_path / "out", tmp_path / "again", making.recipe()
    )  # it is read as a set with splits
    assert {group["split"] for group in again["classes"]} == {"train", "val", "test"}


def test_variants_do_not_depend_on_the_split(tmp_path):
    source = making.dataset(tmp_path / "in", each=6)
    what = making.RECIPE.replace("variants: 2", "variants: 2\nsplit: {val: 0.3}")
    making.run(source, tmp_path / "plain")
    making.run(source, tmp_path / "split", making.recipe(what))
    plain = {row["output"]: row["sha256"] for row in making.rows(tmp_path / "plain")}
    for row in making.rows(tmp_path / "split"):
        assert plain[row["output"].partition("/")[2]] == row["sha256"]
