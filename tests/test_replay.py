import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making import dataset, put, recipe, rows, run, tree, turned_jpeg

from augtool import storage
from augtool.errors import UsageError, VerifyFailed
from augtool.recipe import Output
from augtool.replay import find_row, replay


def finished(tmp_path: Path, what: Any = None) -> Path:
    source = dataset(tmp_path / "in")
    put(source / "cat" / "deep.png", 5, bits=16)
    put(source / "cat" / "clear.png", 6, channels=4)
    put(source / "dog" / os.fsdecode(b"\xff.png"), 7)
    put(source / "dog" / "back\\xe9.png", 8)
    (source / "dog" / "turned.jpg").write_bytes(turned_jpeg(6, gps=True))
    run(source, tmp_path / "out", what)
    return tmp_path / "out"


@pytest.mark.parametrize(
    "what",
    [
        recipe(),
        recipe(fmt="jpeg"),
        replace(recipe(), seed=99, variants=1),
        replace(recipe(), border="constant", fill=(200, 10, 10),
                source=recipe().source | {"border": "constant", "fill": [200, 10, 10]}),
        replace(recipe(), output=Output("webp", 80, (16,)),
                source=recipe().source | {"output": {"format": "webp", "quality": 80, "size": 16}}),
    ],
    ids=["keep", "jpeg", "seed", "border", "size"],
)  # fmt: skip
def test_every_row_of_a_run_comes_back_to_the_same_bytes(tmp_path: Path, what: Any) -> None:
    output = finished(tmp_path, what)
    listed = rows(output)
    assert len(listed) == 9 * (what.variants + 1)
    before = tree(output)
    for row in listed:
        target = tmp_path / "again"
        said = replay(output, row["output"], target, None)
        assert said.startswith(f"{row['output']}: the same bytes")
        assert storage.digest(target.read_bytes()) == row["sha256"]
    assert tree(output) == before


def test_a_file_may_be_named_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = finished(tmp_path)
    name = rows(output)[1]["output"]
    monkeypatch.chdir(tmp_path)
    for form in (name, f"./{name}", str(output / name), f"out/{name}", f"out/../out/{name}"):
        assert find_row(output, form)["output"] == name
    monkeypatch.chdir(output / "cat")
    assert find_row(output, Path(name).name)["output"] == name


@pytest.mark.parametrize("name", ["absent.png", "../in/cat/cat0.png", "report.json", ""])
def test_what_the_manifest_does_not_list_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is not in"):
        replay(finished(tmp_path), name, None, None)


def test_a_changed_source_is_told_apart_from_other_bytes(tmp_path: Path) -> None:
    output = finished(tmp_path)
    put(tmp_path / "in" / "cat" / "cat0.png", 77)
    with pytest.raises(VerifyFailed, match="has changed since the run"):
        replay(output, "cat/cat0__aug1.png", None, None)
    manifest = output / storage.MANIFEST
    edited = rows(output)
    for row in edited:
        row["steps"] = [step for step in row["steps"] if "brightness" not in step]
    manifest.write_text("".join(json.dumps(row) + "\n" for row in edited))
    with pytest.raises(VerifyFailed, match="other bytes than the run's"):
        replay(output, "dog/dog0__aug1.png", None, None)


def test_other_versions_are_named_where_the_bytes_differ(tmp_path: Path) -> None:
    output = finished(tmp_path)
    report = json.loads((output / storage.REPORT_JSON).read_text())
    report["versions"]["opencv"] = "4.0.0"
    report["border"] = "constant"
    report["recipe"]["source"]["fill"] = 255
    (output / storage.REPORT_JSON).write_text(json.dumps(report))
    changed = [row["output"] for row in rows(output) if "rotate" in str(row["steps"])]
    with pytest.raises(VerifyFailed, match=r"opencv 4\.0\.0 -> "):
        for name in changed:
            replay(output, name, None, None)


def test_a_moved_input_can_be_named(tmp_path: Path) -> None:
    output = finished(tmp_path)
    shutil.move(tmp_path / "in", tmp_path / "moved")
    with pytest.raises(UsageError, match="--input"):
        replay(output, "cat/cat0__aug1.png", None, None)
    assert "the same bytes" in replay(output, "cat/cat0__aug1.png", None, tmp_path / "moved")


@pytest.mark.parametrize("missing", [storage.REPORT_JSON, storage.MANIFEST])
def test_a_folder_without_a_finished_run_is_refused(tmp_path: Path, missing: str) -> None:
    output = finished(tmp_path)
    (output / missing).unlink()
    with pytest.raises(UsageError, match="holds no finished run"):
        replay(output, "cat/cat0__aug1.png", None, None)


def test_a_damaged_report_is_said_so(tmp_path: Path) -> None:
    output = finished(tmp_path)
    (output / storage.REPORT_JSON).write_text("{")
    with pytest.raises(UsageError, match="is damaged"):
        replay(output, "cat/cat0__aug1.png", None, None)


@pytest.mark.parametrize("text", ["{}", "[]", '{"recipe": {}}', "nonsense", "5"])
@pytest.mark.parametrize("name", [storage.REPORT_JSON, storage.MANIFEST])
def test_records_of_another_shape_are_damaged(tmp_path: Path, name: str, text: str) -> None:
    output = finished(tmp_path)
    (output / name).write_text(text + "\n")
    with pytest.raises(UsageError, match=f"{name}: is damaged"):
        replay(output, "cat/cat0__aug1.png", None, None)


@pytest.mark.parametrize("field", ["source", "source_sha256", "sha256", "kind", "steps"])
def test_a_row_with_a_field_missing_is_damaged(tmp_path: Path, field: str) -> None:
    output = finished(tmp_path)
    listed = [{name: value for name, value in row.items() if name != field} for row in rows(output)]
    (output / storage.MANIFEST).write_text("".join(json.dumps(row) + "\n" for row in listed))
    with pytest.raises(UsageError, match=r"manifest\.jsonl: is damaged"):
        replay(output, "cat/cat0__aug1.png", None, None)


def test_records_that_are_folders_are_damaged(tmp_path: Path) -> None:
    output = finished(tmp_path)
    for name in (storage.MANIFEST, storage.REPORT_JSON):
        (output / name).unlink()
        (output / name).mkdir()
        with pytest.raises(UsageError, match=f"{name}: is damaged"):
            replay(output, "cat/cat0__aug1.png", None, None)


def test_a_file_that_comes_out_otherwise_is_not_written(tmp_path: Path) -> None:
    output = finished(tmp_path)
    listed = [row | {"sha256": "0" * 64} for row in rows(output)]
    (output / storage.MANIFEST).write_text("".join(json.dumps(row) + "\n" for row in listed))
    target = tmp_path / "again.png"
    with pytest.raises(VerifyFailed, match=r"other bytes than the run's.*again\.png was not written"):
        replay(output, "cat/cat0__aug1.png", target, None)
    assert not target.exists()
    target.write_bytes(b"mine")
    with pytest.raises(VerifyFailed):
        replay(output, "cat/cat0__aug1.png", target, None)
    assert target.read_bytes() == b"mine"


def test_a_folder_in_the_place_of_a_file_is_not_what_the_run_wrote(tmp_path: Path) -> None:
    output = finished(tmp_path)
    (output / "cat" / "cat0__aug1.png").unlink()
    (output / "cat" / "cat0__aug1.png").mkdir()
    with pytest.raises(VerifyFailed, match="is not what the run wrote"):
        replay(output, "cat/cat0__aug1.png", None, None)


def test_a_place_without_a_run_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "circle").symlink_to("circle")
    for name, said in (("file", "holds no finished run"), ("circle", "cannot be read")):
        with pytest.raises(UsageError, match=said):
            replay(tmp_path / name, "a.png", None, None)
