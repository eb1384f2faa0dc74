import json
import os
from pathlib import Path

import pytest
from making import dataset, made, put, rows, run, tree
from test_continuing import stopped

from augtool import storage
from augtool.errors import LockedError, UsageError
from augtool.verify import verify


@pytest.fixture
def output(tmp_path: Path) -> Path:
    run(dataset(tmp_path / "in"), tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """A finished run over a YOLO set, with label files and files of the whole set."""
    for number in range(3):
        put(tmp_path / "in" / "images" / "train" / f"{number}.png", number)
        label = tmp_path / "in" / "labels" / "train" / f"{number}.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text(f"{number % 2} 0.5 0.5 0.25 0.5\n")
    (tmp_path / "in" / "data.yaml").write_text("path: .\ntrain: images/train\nnames: [cat, dog]\n")
    run(tmp_path / "in", tmp_path / "out")
    return tmp_path / "out"


def test_an_untouched_output_is_whole(output: Path) -> None:
    found = verify(output)
    assert found.whole
    assert found.data() == {
        "whole": True, "files": 12, "missing": [], "changed": [], "extra": [], "fixed": [], "unfixed": {},
    }  # fmt: skip


def test_one_flipped_bit_a_lost_file_and_a_strange_one_are_named_and_mended(output: Path) -> None:
    before = made(output)
    flipped = output / "cat" / "cat0__aug1.png"
    data = bytearray(flipped.read_bytes())
    data[len(data) // 2] ^= 1
    flipped.write_bytes(data)
    (output / "dog" / "dog1.jpg").unlink()
    (output / "dog" / "strange.txt").write_text("mine")
    found = verify(output)
    assert (found.changed, found.missing, found.extra) == (
        ["cat/cat0__aug1.png"], ["dog/dog1.jpg"], ["dog/strange.txt"],
    )  # fmt: skip
    assert not found.whole
    fixed = verify(output, fix=True)
    assert sorted(fixed.fixed) == ["cat/cat0__aug1.png", "dog/dog1.jpg"]
    assert (output / "dog" / "strange.txt").read_text() == "mine"
    (output / "dog" / "strange.txt").unlink()
    assert made(output) == before
    assert verify(output).whole


def test_labels_and_the_files_of_the_set_are_mended_too(labelled: Path) -> None:
    before = made(labelled)
    report = json.loads((labelled / "report.json").read_text())
    (own,) = [name for name in report["dataset_files"] if name.endswith(".yaml")]
    names = sorted(name for row in rows(labelled) for name in row["label_files"])
    (labelled / names[0]).write_text("0 0 0 0 0\n")
    (labelled / names[-1]).unlink()
    (labelled / own).unlink()
    found = verify(labelled)
    assert (found.changed, sorted(found.missing)) == ([names[0]], sorted([names[-1], own]))
    assert verify(labelled, fix=True).whole
    assert made(labelled) == before


def test_what_cannot_be_rebuilt_says_why(tmp_path: Path, output: Path) -> None:
    put(tmp_path / "in" / "cat" / "cat0.png", 99)
    (output / "cat" / "cat0__aug1.png").unlink()
    (tmp_path / "in" / "dog" / "dog0.png").unlink()
    (output / "dog" / "dog0.png").unlink()
    found = verify(output, fix=True)
    assert not found.whole
    assert "has changed since the run" in found.unfixed["cat/cat0__aug1.png"]
    assert "cannot be read" in found.unfixed["dog/dog0.png"]
    assert not (output / "cat" / "cat0__aug1.png").exists()


def test_an_input_that_moved_is_named(tmp_path: Path, output: Path) -> None:
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    (output / "cat" / "cat0.png").unlink()
    assert not verify(output, fix=True).whole
    assert verify(output, fix=True, source=tmp_path / "elsewhere").whole


def test_a_changed_manifest_is_noticed_and_leads_nowhere(tmp_path: Path, output: Path) -> None:
    manifest = output / storage.MANIFEST
    listed = rows(output)
    listed[0]["output"] = "../outside.png"
    listed[1]["source"] = "../../etc/passwd"
    listed[1]["output"] = "absent.png"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in listed))
    before = tree(tmp_path, times=True)
    found = verify(output, fix=True)
    assert storage.MANIFEST in found.changed
    assert "leads out of the output" in found.unfixed["../outside.png"]
    assert "no path below the input" in found.unfixed["absent.png"]
    after = tree(tmp_path, times=True)
    assert before.keys() == after.keys()
    assert not (tmp_path / "outside.png").exists()


def test_a_link_in_place_of_a_file_is_a_change(output: Path) -> None:
    path = output / "cat" / "cat0.png"
    path.rename(output / "cat" / "moved.png")
    path.symlink_to("moved.png")
    found = verify(output)
    assert found.changed == ["cat/cat0.png"]
    assert found.extra == ["cat/moved.png"]


def test_only_a_finished_run_is_verified(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        verify(tmp_path / "absent")
    with pytest.raises(UsageError, match="holds no finished run"):
        verify(tmp_path)
    stopped(dataset(tmp_path / "in"), tmp_path / "out", 2)
    with pytest.raises(UsageError, match="finish it with --resume"):
        verify(tmp_path / "out")
    with storage.locked(tmp_path / "out"), pytest.raises(LockedError):
        verify(tmp_path / "out")


def test_odd_names_are_verified(tmp_path: Path) -> None:
    put(tmp_path / "in" / os.fsdecode(b"a\xff\n.png"))
    put(tmp_path / "in" / "\u202egnp.png")
    run(tmp_path / "in", tmp_path / "out")
    found = verify(tmp_path / "out")
    assert found.whole, found.data()
