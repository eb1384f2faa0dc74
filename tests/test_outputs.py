import json
from pathlib import Path

import pytest
from making import tree

from augtool import outputs, storage
from augtool.errors import StorageError, UsageError

# --- where a run may write -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("in", "in"), ("in", "in/out"), ("in", "in/cat/deep/out"), ("in/cat", "in"), ("in", "."),
        ("in", "link"), ("in", "link/out"), ("link", "in/out"), ("link", "in"), ("in", "in/../in/out"),
        ("in/cat", "link"), ("in", "other/back/in/out"),
    ],
)  # fmt: skip
def test_input_and_output_may_not_overlap_through_links_either(
    tmp_path: Path, source: str, output: str
) -> None:
    (tmp_path / "in" / "cat").mkdir(parents=True)
    (tmp_path / "link").symlink_to("in")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "back").symlink_to(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(UsageError):
        outputs.check_apart(tmp_path / source, tmp_path / output)
    assert tree(tmp_path) == before


def test_neighbours_may_be_named_alike(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for output in ("in2", "in-out", "out/in", "out"):
        outputs.check_apart(tmp_path / "in", tmp_path / output)


def test_an_output_must_be_vacant(tmp_path: Path) -> None:
    outputs.check_vacant(tmp_path / "new", overwrite=False)
    outputs.check_vacant(tmp_path, overwrite=False)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        outputs.check_vacant(tmp_path / "mine.txt", overwrite=False)
    with pytest.raises(UsageError, match="is not empty; choose a new folder"):
        outputs.check_vacant(tmp_path, overwrite=False)
    with pytest.raises(UsageError, match="holds no manifest"):
        outputs.check_vacant(tmp_path, overwrite=True)
    (tmp_path / storage.JOURNAL).write_text("")
    with pytest.raises(UsageError, match="unfinished run"):
        outputs.check_vacant(tmp_path, overwrite=False)
    outputs.check_vacant(tmp_path, overwrite=True)


def test_overwriting_removes_what_the_records_list_and_nothing_else(tmp_path: Path) -> None:
    root, outside = tmp_path / "out", tmp_path / "outside.png"
    outside.write_bytes(b"precious")
    for name in ("cat/a.png", "cat/b.png", "dog/c.png", "dog/mine.txt", "notes.md", "cat/.augtool-tmp-1-0"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    listed = ["cat/a.png", "gone.png", "../outside.png", str(outside), "dog/../../outside.png"]
    (root / storage.MANIFEST).write_text("".join(json.dumps({"output": name}) + "\n" for name in listed))
    journal = {"rows": [{"output": "cat/b.png"}, {"output": "dog/c.png"}]}
    (root / storage.JOURNAL).write_text(json.dumps(journal) + "\n")
    with outputs.held(root):
        outputs.remove_run(root)
        assert set(tree(root)) - {storage.LOCK} == {"dog", "dog/mine.txt", "notes.md"}
    assert outside.read_bytes() == b"precious"


def test_a_damaged_manifest_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / storage.MANIFEST).write_text('{"output": "a.png"}\nnonsense\n')
    before = tree(tmp_path)
    with pytest.raises(UsageError, match="is damaged"):
        outputs.remove_run(tmp_path)
    assert tree(tmp_path) == before


def test_litter_of_a_killed_run_is_swept(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / f"{storage.TMP_PREFIX}12-0").write_bytes(b"half")
    (tmp_path / "a" / "whole.png").write_bytes(b"whole")
    assert outputs.sweep(tmp_path) == 1
    assert set(tree(tmp_path)) == {"a", "a/whole.png"}


def test_an_output_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot create"), outputs.held(tmp_path / "file" / "out"):
        pass
