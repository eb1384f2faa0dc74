import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import dataset, encoded, made, pictures, put, recipe, rows, run, tree
from PIL import Image

from augtool import __version__, storage
from augtool.errors import LockedError, UsageError
from augtool.fitting import outside_of
from augtool.formats import open_dataset
from augtool.options import Options
from augtool.pipeline import prepare


def wild(root: Path) -> Path:
    """A set with something of everything: splits, odd names, formats, depths, and files that fail."""
    for name in ("train/cat/a.png", "train/cat/a.jpg", "train/dog/-rf.PNG", "train/dog/a\nb.png"):
        put(root / name, len(name))
    put(root / "train" / "dog" / os.fsdecode(b"\xff\xfe.png"), 5)
    put(root / "train" / "cat" / "grey16.png", 6, channels=1, bits=16)
    put(root / "train" / "cat" / "alpha.png", 7, channels=4)
    put(root / "val" / "cat" / "v.png", 8)
    put(root / "test" / "dog" / "t.jpg", 9)
    (root / "train" / "dog" / "broken.jpg").write_bytes(encoded(fmt="jpeg")[:300])
    (root / "train" / "dog" / "empty.png").write_bytes(b"")
    (root / "train" / "dog" / "notes.txt").write_text("no picture")
    os.mkfifo(root / "train" / "dog" / "x.jpg")
    (root / "train" / "dog" / "away.png").symlink_to("/etc/passwd")
    return root


# --- the output tree -------------------------------------------------------------------------------------


def test_the_whole_set_is_made_and_counted(tmp_path: Path) -> None:
    report = run(wild(tmp_path / "in"), tmp_path / "out")
    listed, inputs = rows(tmp_path / "out"), rows(tmp_path / "out", "inputs.jsonl")
    assert {row["output"] for row in listed} == pictures(tmp_path / "out")
    assert len(listed) == report["totals"]["files"] == 7 * 3 + 2
    assert report["totals"] == {"sources": 13, "failed": 4, "originals": 9, "variants": 14, "files": 23}
    assert sum(row["files"] for row in inputs) == len(listed)
    assert len(inputs) == 13
    assert report["expanded_splits"] == ["train"]
    assert report["ignored"] == {".txt": 1}
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == report
    assert [path.name for path in (tmp_path / "out").rglob(".*")] == [storage.CACHE]


def test_every_row_says_what_its_file_is(tmp_path: Path) -> None:
    source = wild(tmp_path / "in")
    run(source, tmp_path / "out")
    for row in rows(tmp_path / "out"):
        data = (tmp_path / "out" / row["output"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        with Image.open(tmp_path / "out" / row["output"]) as image:
            assert image.size == (row["width"], row["height"])
        original = (source / storage.unshown(row["source"])).read_bytes()
        assert row["source_sha256"] == hashlib.sha256(original).hexdigest()
        split, label = row["output"].split("/")[:2]
        assert (row["split"], row["label"]) == (split, label)
        assert row["output"].startswith(f"{split}/{label}/")
        assert (row["kind"] == "original") == (row["variant"] == 0) == ("__aug" not in row["output"])
        assert split == "train" or row["kind"] == "original"


def test_rows_are_in_plan_order_and_hold_no_time(tmp_path: Path) -> None:
    run(wild(tmp_path / "in"), tmp_path / "out")
    listed = rows(tmp_path / "out")
    sources = [os.fsencode(storage.unshown(row["source"])) for row in listed]
    assert sources == sorted(sources)
    assert set(listed[0]) == {"output", "source", "kind", "variant", "split", "label", "steps", "width",
                              "height", "sha256", "source_sha256"}  # fmt: skip


def test_the_report_counts_what_is_on_the_disk(tmp_path: Path) -> None:
    report = run(wild(tmp_path / "in"), tmp_path / "out")
    for group in report["classes"]:
        folder = tmp_path / "out" / group["split"] / group["label"]
        on_disk = [path.name for path in folder.iterdir()]
        assert group["after"] == len(on_disk)
        assert group["variants"] == sum("__aug" in name for name in on_disk)
        assert group["before"] == group["originals"] + group["failed"]
    assert sum(group["after"] for group in report["classes"]) == report["totals"]["files"]
    applied = sum(len(row["steps"]) for row in rows(tmp_path / "out"))
    assert sum(entry["applied"] for entry in report["transforms"].values()) == applied
    assert report["augtool"] == __version__
    assert {"opencv", "numpy", "python"} <= set(report["versions"])
    assert report["recipe"]["source"] == recipe().source
    assert report["duration_seconds"] >= 0


def test_a_broken_picture_costs_itself_and_says_why(tmp_path: Path) -> None:
    run(wild(tmp_path / "in"), tmp_path / "out")
    failed = {row["source"].rpartition("/")[2]: row for row in rows(tmp_path / "out", "inputs.jsonl")
              if row["status"] == "failed"}  # fmt: skip
    assert {name: row["reason"] for name, row in failed.items()} == {
        "away.png": "link_outside", "broken.jpg": "truncated", "empty.png": "empty", "x.jpg": "special_file",
    }  # fmt: skip
    assert all(row["message"] and row["files"] == 0 for row in failed.values())


def find_classes(root: Path) -> dict[str, list[str]]:
    """What torchvision's ImageFolder does: every folder in the root is a class and must hold a picture."""
    classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
    found: dict[str, list[str]] = {}
    for name in classes:
        for folder, _, files in sorted(os.walk(root / name, followlinks=True)):
            for file in sorted(files):
                if file.lower().endswith((".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".tif", ".tiff", ".webp")):
                    found.setdefault(name, []).append(str(Path(folder, file)))
    if set(found) != set(classes):
        raise FileNotFoundError(f"Found no valid file for the classes {set(classes) - set(found)}")
    return found


def test_a_loader_of_class_folders_finds_exactly_the_classes(tmp_path: Path) -> None:
    dataset(tmp_path / "in", ("cat", "dog", "elk"))
    (tmp_path / "in" / "broken").mkdir()
    (tmp_path / "in" / "broken" / "a.png").write_bytes(b"no picture")
    run(tmp_path / "in", tmp_path / "out")
    found = find_classes(tmp_path / "out")
    assert {name: len(files) for name, files in found.items()} == {"cat": 6, "dog": 6, "elk": 6}
    for file in (file for files in found.values() for file in files):
        with Image.open(file) as image:
            assert np.asarray(image.convert("RGB")).shape == (18, 24, 3)


def test_inputs_are_never_modified(tmp_path: Path) -> None:
    source = wild(tmp_path / "in")
    for path in source.rglob("*.png"):
        if not path.is_symlink():
            path.chmod(0o444)
    before = tree(source, times=True)
    run(source, tmp_path / "out")
    assert tree(source, times=True) == before


def test_names_that_meet_stay_apart(tmp_path: Path) -> None:
    names = ["x.jpg", "x.png", "x__aug1.jpg", "x_png.jpg", "X.jpg", "caf\u00e9.png", "cafe\u0301.png"]
    for number, name in enumerate(names):
        put(tmp_path / "in" / name, number)
    report = run(tmp_path / "in", tmp_path / "out", recipe(fmt="jpeg"))
    assert report["totals"]["files"] == len(pictures(tmp_path / "out")) == 3 * len(names)


# --- determinism -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A set and the tree that one process makes of it."""
    root = tmp_path_factory.mktemp("reference")
    source = wild(root / "in")
    for number in range(12):
        put(source / "train" / "elk" / f"{number}.jpg", number)
    run(source, root / "out")
    return source, made(root / "out")


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_bytes_do_not_depend_on_the_number_of_workers(
    tmp_path: Path, reference: tuple[Path, dict[str, str]], workers: int
) -> None:
    source, expected = reference
    run(source, tmp_path / "out", workers=workers)
    assert made(tmp_path / "out") == expected


def test_bytes_do_not_depend_on_the_order_of_the_directory(
    tmp_path: Path, reference: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, expected = reference
    real = os.scandir
    turned = []

    class Backwards:
        def __init__(self, path: Any) -> None:
            with real(path) as listing:
                self.entries = sorted(listing, key=lambda entry: entry.name, reverse=True)
            turned.append(path)

        def __enter__(self) -> Any:
            return iter(self.entries)

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(os, "scandir", Backwards)
    run(source, tmp_path / "out")
    monkeypatch.undo()
    assert turned
    assert made(tmp_path / "out") == expected


def test_bytes_do_not_depend_on_where_the_set_lies(
    tmp_path: Path, reference: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, expected = reference
    monkeypatch.chdir(source.parent)
    run(Path("in"), tmp_path / "out")
    assert made(tmp_path / "out") == expected


def test_an_added_picture_changes_no_other_variant(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in")
    run(source, tmp_path / "before")
    put(source / "cat" / "a_new_one.png", 50)
    put(source / "ant" / "first.png", 51)
    run(source, tmp_path / "after")
    before, after = made(tmp_path / "before"), made(tmp_path / "after")
    del before["manifest.jsonl"], before["inputs.jsonl"]
    assert before.items() <= after.items()
    old = {row["output"]: row for row in rows(tmp_path / "before")}
    new = {row["output"]: row for row in rows(tmp_path / "after")}
    assert all(new[name] == row for name, row in old.items())


def test_another_seed_changes_the_variants_and_only_them(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in")
    run(source, tmp_path / "a")
    run(source, tmp_path / "b", replace(recipe(), seed=4))
    a, b = made(tmp_path / "a"), made(tmp_path / "b")
    assert set(a) == set(b)
    assert all((a[name] != b[name]) == ("__aug" in name) for name in pictures(tmp_path / "a"))


def test_more_variants_leave_the_first_ones_alone(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in")
    run(source, tmp_path / "a", replace(recipe(), variants=1))
    run(source, tmp_path / "b", replace(recipe(), variants=3))
    a, b = made(tmp_path / "a"), made(tmp_path / "b")
    assert all(b[name] == a[name] for name in pictures(tmp_path / "a"))


# --- refusals: nothing is written ------------------------------------------------------------------------


def test_nothing_to_work_on_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("text")
    before = tree(tmp_path)
    for name, said in (("absent", "no such folder"), ("empty", "holds no picture"),
                       ("other", r"holds no picture \(only 1 x .txt\)")):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            run(tmp_path / name, tmp_path / "out")
    assert tree(tmp_path) == before


def test_a_set_without_the_split_to_expand_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "in" / "train" / "cat" / "a.png")
    put(tmp_path / "in" / "val" / "cat" / "a.png")
    with pytest.raises(UsageError, match="has no pictures in the split to expand"):
        run(tmp_path / "in", tmp_path / "out", splits=("test",))
    assert not (tmp_path / "out").exists()
    report = run(tmp_path / "in", tmp_path / "out", splits=("val",))
    assert [(group["split"], group["after"]) for group in report["classes"]] == [("train", 1), ("val", 3)]


@pytest.mark.parametrize("output", ["in", "in/out", "in/cat/out", ".", "link/out"])
def test_overlapping_folders_are_refused(tmp_path: Path, output: str) -> None:
    dataset(tmp_path / "in")
    (tmp_path / "link").symlink_to("in")
    before = tree(tmp_path)
    with pytest.raises(UsageError):
        run(tmp_path / "in", tmp_path / output)
    with pytest.raises(UsageError):
        run(tmp_path / "in", tmp_path / output, overwrite=True)
    assert tree(tmp_path) == before


def test_an_output_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    dataset(tmp_path / "in")
    put(tmp_path / "out" / "precious.png")
    before = tree(tmp_path)
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="is not empty"):
            run(tmp_path / "in", tmp_path / "out", overwrite=overwrite)
    assert tree(tmp_path) == before


def test_an_output_in_use_is_refused(tmp_path: Path) -> None:
    dataset(tmp_path / "in")
    (tmp_path / "out").mkdir()
    with storage.locked(tmp_path / "out"), pytest.raises(LockedError):
        run(tmp_path / "in", tmp_path / "out")
    run(tmp_path / "in", tmp_path / "out")


# --- overwriting and interruption ------------------------------------------------------------------------


def test_overwriting_replaces_the_run_and_spares_what_is_not_its_own(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in", ("cat", "dog"))
    run(source, tmp_path / "out", replace(recipe(), variants=3))
    (tmp_path / "out" / "cat" / "mine.png").write_bytes(b"mine")
    dataset(tmp_path / "in2", ("cat",))
    with pytest.raises(UsageError, match="--overwrite"):
        run(tmp_path / "in2", tmp_path / "out")
    run(tmp_path / "in2", tmp_path / "out", replace(recipe(), variants=1), overwrite=True)
    run(tmp_path / "in2", tmp_path / "fresh", replace(recipe(), variants=1))
    after = made(tmp_path / "out")
    assert after.pop("cat/mine.png")
    assert after == made(tmp_path / "fresh")


def test_what_a_broken_off_run_wrote_is_listed_and_can_be_replaced(tmp_path: Path) -> None:
    source = dataset(tmp_path / "in", each=4)
    seen = []

    def stop(result: Any) -> None:
        seen.append(result)
        if len(seen) == 3:
            raise KeyboardInterrupt

    from augtool import pipeline

    with pytest.raises(KeyboardInterrupt):
        pipeline.run(recipe(), source, tmp_path / "out", Options(workers=0), stop)
    written = {path for path in pictures(tmp_path / "out") if not path.startswith(".")}
    listed = {row["output"] for unit in storage.read_journal(tmp_path / "out") for row in unit["rows"]}
    assert written == listed
    assert len(written) == 9
    with pytest.raises(UsageError, match="unfinished run"):
        run(source, tmp_path / "out")
    run(source, tmp_path / "out", replace(recipe(), variants=1), overwrite=True)
    assert {row["output"] for row in rows(tmp_path / "out")} == pictures(tmp_path / "out")


# --- preparing -------------------------------------------------------------------------------------------


def test_preparing_opens_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = dataset(tmp_path / "in")
    monkeypatch.setattr("augtool.codec.decode", None)
    planned = prepare(recipe(), source, Options())
    assert planned.survey.files == 12


def test_beyond_the_edge_lies_a_mirror_unless_labels_have_places(tmp_path: Path) -> None:
    folder = open_dataset(dataset(tmp_path / "in"))
    assert outside_of(recipe(), folder).border == "reflect_101"
    assert outside_of(replace(recipe(), border="wrap"), folder).border == "wrap"
    spatial = replace(folder, spatial=True)  # type: ignore[type-var]
    assert outside_of(recipe(), spatial).border == "constant"


def test_the_map_of_the_program_fits_on_a_screen() -> None:
    from augtool import pipeline

    assert len(Path(pipeline.__file__).read_text().splitlines()) <= 80
