import json
import os
from pathlib import Path

import pytest
from making import tree

from augtool import outputs, storage
from augtool.errors import StorageError, UsageError
from augtool.formats import recognise

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


def test_a_link_in_a_circle_or_a_name_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    for bad, said in ((tmp_path / "circle", "in a circle"), (tmp_path / "circle" / "out", "in a circle"),
                      (tmp_path / ("n" * 300), "too long")):  # fmt: skip
        for source, output in ((tmp_path / "in", bad), (bad, tmp_path / "out")):
            with pytest.raises(UsageError, match=said) as caught:
                outputs.check_apart(source, output)
            assert "\n" not in str(caught.value)
        with pytest.raises(UsageError, match=said):
            outputs.check_vacant(bad, overwrite=False)
        with pytest.raises(UsageError, match=said):
            recognise(bad)


def test_a_link_to_nothing_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("absent")
    with pytest.raises(UsageError, match="is a link to a folder that is not there"):
        outputs.check_vacant(tmp_path / "out", overwrite=False)


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


ROWS = (
    '{"output": "d"}', '{"output": 5}', '{"output": "a\\u0000b"}', '{"output": ""}', "[]", "{}", "null",
    '{"output": "a.png", "label_files": 5}', '{"output": "' + "n" * 300 + '"}', "[" * 100_000,
)  # fmt: skip


@pytest.mark.parametrize(
    ("where", "line"),
    [
        *((storage.MANIFEST, row) for row in ROWS),
        *((storage.JOURNAL, f'{{"rows": [{row}]}}') for row in ROWS),
        (storage.JOURNAL, "{}"),
        *((storage.NAMES_PREFIX + "7", line) for line in ('["d"]', "[5]", '["a\\u0000b"]', "5", "nonsense")),
        *((storage.REPORT_JSON, text) for text in ("[]", '{"dataset_files": 5}', '{"dataset_files": ["d"]}')),
    ],
    ids=map(str, range(29)),
)
def test_records_of_another_shape_remove_nothing(tmp_path: Path, where: str, line: str) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "mine.txt").write_text("mine")
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / storage.MANIFEST).write_text('{"output": "a.png"}\n')
    with (tmp_path / where).open("a") as file:
        file.write(line + "\n")
    before = tree(tmp_path)
    with pytest.raises(UsageError, match="is damaged"):
        outputs.remove_run(tmp_path)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", [storage.MANIFEST, storage.JOURNAL])
def test_a_record_that_is_a_folder_is_damaged(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine.txt").write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(UsageError, match="is damaged"):
        outputs.remove_run(tmp_path)
    assert tree(tmp_path) == before


def test_overwriting_a_killed_run_removes_what_no_journal_names(tmp_path: Path) -> None:
    root = tmp_path / "out"
    for name in ("cat/mine__aug1.png", "cat/a__aug9.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"of another")
    (root / storage.JOURNAL).write_bytes(b"")
    batch = storage.Batch(root)
    names = ["cat/a.png", "cat/a__aug1.png", "dog/Zo\u00eb.png"]
    for name in names:
        batch.write(name, b"ours")
    batch.commit()
    assert set(names) < set(tree(root))
    with (root / f"{storage.NAMES_PREFIX}{os.getpid()}").open("ab") as file:
        file.write(b'["cat/mine__aug1.png')  # killed before any rename
    with outputs.held(root):
        outputs.remove_run(root)
        assert set(tree(root)) - {storage.LOCK} == {"cat", "cat/mine__aug1.png", "cat/a__aug9.png"}
    assert not list(root.glob(f"{storage.NAMES_PREFIX}*"))


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
