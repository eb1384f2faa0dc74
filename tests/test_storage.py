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

from augtool import outputs, storage
from augtool.errors import ItemError, LockedError, StorageError

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
            outputs.check_vacant(tmp_path, overwrite=overwrite)
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
