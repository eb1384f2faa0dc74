import errno
import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import tree

from augtool import storage
from augtool.errors import ItemError, LockedError, StorageError, UsageError
from augtool.formats import recognise

# --- reading ---------------------------------------------------------------------------------------------


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0\xff")
    assert storage.read_bytes(tmp_path / "a") == b"\0\xff"


def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, code in (("pipe", "special_file"), ("folder", "special_file"), ("absent", "unreadable")):
        with pytest.raises(ItemError) as caught:
            storage.read_bytes(tmp_path / name)
        assert caught.value.code == code
    with pytest.raises(ItemError):
        storage.read_bytes("/dev/zero")


@given(st.binary(min_size=1, max_size=12).filter(lambda name: b"\\" not in name and b"\0" not in name))
def test_a_shown_name_is_text_and_leads_back(raw: bytes) -> None:
    name = os.fsdecode(raw)
    assert storage.shown(name).encode().decode() == storage.shown(name)
    assert storage.unshown(storage.shown(name)) == name


# --- batches ---------------------------------------------------------------------------------------------


def test_files_appear_under_their_names_only_when_committed(tmp_path: Path) -> None:
    batch = storage.Batch(tmp_path)
    batch.write("a/b.png", b"one")
    batch.write("a/c.png", b"two")
    names = [path.name for path in (tmp_path / "a").iterdir()]
    assert len(names) == 2
    assert all(name.startswith(storage.TMP_PREFIX) for name in names)
    batch.commit()
    assert {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()} == {
        "b.png": b"one",
        "c.png": b"two",
    }


def test_a_discarded_batch_leaves_no_file(tmp_path: Path) -> None:
    batch = storage.Batch(tmp_path)
    batch.write("a.png", b"one")
    batch.discard()
    batch.commit()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    batch = storage.Batch(tmp_path)
    batch.write("a.png", b"one")
    with pytest.raises(StorageError, match="No space left"):
        batch.commit()
    batch.discard()
    assert [path for path in tmp_path.iterdir() if not path.name.startswith(storage.NAMES_PREFIX)] == []


# --- the journal -----------------------------------------------------------------------------------------

ROW = {"source": "a", "status": "ok", "rows": [{"output": "a.png"}]}


def test_leaving_the_journal_commits_it(tmp_path: Path) -> None:
    with storage.Journal(tmp_path) as journal:
        journal.append(ROW, 1)
        assert journal.path.read_bytes() == b""
    assert list(storage.read_journal(tmp_path)) == [ROW]


def test_a_run_cut_short_leaves_a_journal_of_every_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), storage.Journal(tmp_path) as journal:
        journal.append(ROW, 1)
        raise KeyboardInterrupt
    assert list(storage.read_journal(tmp_path)) == [ROW]


def test_files_are_synced_before_the_line_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(storage, "sync_tree", lambda root: seen.append(journal.path.stat().st_size))
    monkeypatch.setattr(storage.Journal, "EVERY_FILES", 2)
    with storage.Journal(tmp_path) as journal:
        for _ in range(4):
            journal.append(ROW, 1)
        assert len(seen) == 2
    length = len(json.dumps(ROW, separators=(",", ":"))) + 1
    assert seen == [0, 2 * length]


def test_a_failing_disk_stops_the_journal_but_hides_no_earlier_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(storage, "sync_tree", failing)
    with pytest.raises(StorageError, match="Input/output error"), storage.Journal(tmp_path) as journal:
        journal.append(ROW, 1)
    with pytest.raises(ZeroDivisionError), storage.Journal(tmp_path) as journal:
        journal.append(ROW, 1)
        raise ZeroDivisionError


def test_a_last_line_cut_short_is_left_out(tmp_path: Path) -> None:
    (tmp_path / storage.JOURNAL).write_bytes(json.dumps(ROW).encode() + b'\n{"source": "b')
    assert list(storage.read_journal(tmp_path)) == [ROW]


def test_syncing_a_tree_works_on_this_system(tmp_path: Path) -> None:
    storage.sync_tree(tmp_path)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    storage.write_durably(target, [b"one", b"two"])
    assert target.read_bytes() == b"onetwo"

    def breaking() -> Any:
        yield b"half"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageError, match="No space left"):
        storage.write_durably(target, breaking())
    assert tree(tmp_path) == {"a.json": storage.digest(b"onetwo")}


# --- the lock --------------------------------------------------------------------------------------------


def _hold(root: Path, ready: Any, done: Any) -> None:
    with storage.locked(root):
        ready.set()
        done.wait(30)


def _die(root: Path, ready: Any) -> None:
    with storage.locked(root):
        ready.set()
        os.kill(os.getpid(), 9)


def test_a_second_run_is_refused_and_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    ready, done = spawn.Event(), spawn.Event()
    holder = spawn.Process(target=_hold, args=(tmp_path, ready, done))
    holder.start()
    assert ready.wait(30)
    (tmp_path / "half.png").write_bytes(b"")
    (tmp_path / storage.JOURNAL).write_bytes(b"")
    with pytest.raises(LockedError, match="another run is writing here"), storage.locked(tmp_path):
        pass
    for overwrite in (False, True):
        with pytest.raises(LockedError):
            storage.check_vacant(tmp_path, overwrite=overwrite)
    done.set()
    holder.join()
    ready = spawn.Event()
    killed = spawn.Process(target=_die, args=(tmp_path, ready))
    killed.start()
    killed.join()
    assert (tmp_path / storage.LOCK).exists()
    with storage.locked(tmp_path):
        pass
    assert not (tmp_path / storage.LOCK).exists()


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
        storage.check_apart(tmp_path / source, tmp_path / output)
    assert tree(tmp_path) == before


def test_a_link_in_a_circle_or_a_name_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    for bad, said in ((tmp_path / "circle", "in a circle"), (tmp_path / "circle" / "out", "in a circle"),
                      (tmp_path / ("n" * 300), "too long")):  # fmt: skip
        for source, output in ((tmp_path / "in", bad), (bad, tmp_path / "out")):
            with pytest.raises(UsageError, match=said) as caught:
                storage.check_apart(source, output)
            assert "\n" not in str(caught.value)
        with pytest.raises(UsageError, match=said):
            storage.check_vacant(bad, overwrite=False)
        with pytest.raises(UsageError, match=said):
            recognise(bad)


def test_a_link_to_nothing_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("absent")
    with pytest.raises(UsageError, match="is a link to a folder that is not there"):
        storage.check_vacant(tmp_path / "out", overwrite=False)


def test_neighbours_may_be_named_alike(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for output in ("in2", "in-out", "out/in", "out"):
        storage.check_apart(tmp_path / "in", tmp_path / output)


def test_an_output_must_be_vacant(tmp_path: Path) -> None:
    storage.check_vacant(tmp_path / "new", overwrite=False)
    storage.check_vacant(tmp_path, overwrite=False)
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        storage.check_vacant(tmp_path / "mine.txt", overwrite=False)
    with pytest.raises(UsageError, match="is not empty; choose a new folder"):
        storage.check_vacant(tmp_path, overwrite=False)
    with pytest.raises(UsageError, match="holds no manifest"):
        storage.check_vacant(tmp_path, overwrite=True)
    (tmp_path / storage.JOURNAL).write_text("")
    with pytest.raises(UsageError, match="unfinished run"):
        storage.check_vacant(tmp_path, overwrite=False)
    storage.check_vacant(tmp_path, overwrite=True)


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
    with storage.opened(root, overwrite=True):
        assert set(tree(root)) - {storage.LOCK} == {"dog", "dog/mine.txt", "notes.md"}
    assert outside.read_bytes() == b"precious"


def test_a_damaged_manifest_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / storage.MANIFEST).write_text('{"output": "a.png"}\nnonsense\n')
    before = tree(tmp_path)
    with pytest.raises(UsageError, match="is damaged"), storage.opened(tmp_path, overwrite=True):
        pass
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
    with pytest.raises(UsageError, match="is damaged"), storage.opened(tmp_path, overwrite=True):
        pass
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", [storage.MANIFEST, storage.JOURNAL])
def test_a_record_that_is_a_folder_is_damaged(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "mine.txt").write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(UsageError, match="is damaged"), storage.opened(tmp_path, overwrite=True):
        pass
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
    with storage.opened(root, overwrite=True):
        assert set(tree(root)) - {storage.LOCK} == {"cat", "cat/mine__aug1.png", "cat/a__aug9.png"}
    assert not list(root.glob(f"{storage.NAMES_PREFIX}*"))


def test_litter_of_a_killed_run_is_swept(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / f"{storage.TMP_PREFIX}12-0").write_bytes(b"half")
    (tmp_path / "a" / "whole.png").write_bytes(b"whole")
    assert storage.sweep(tmp_path) == 1
    assert set(tree(tmp_path)) == {"a", "a/whole.png"}


def test_an_output_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot create"), storage.opened(tmp_path / "file" / "out"):
        pass
