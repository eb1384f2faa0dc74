import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making import RECIPE, dataset, encoded, made, put, recipe, rows, run, tree

from augtool import pipeline, storage
from augtool.errors import UsageError
from augtool.options import Options
from augtool.recipe import Recipe


def stopped(source: Path, output: Path, after: int, what: Recipe | None = None, **options: Any) -> None:
    """Run and stop after some units, as a signal would."""
    seen = []

    def stop(result: Any) -> None:
        seen.append(result)
        if len(seen) == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.run(what or recipe(), source, output, Options(**({"workers": 0} | options)), stop)


def times(root: Path) -> dict[str, int]:
    return {
        path.relative_to(root).as_posix(): path.stat().st_mtime_ns
        for path in root.rglob("*")
        if path.is_file() and path.suffix in (".png", ".jpg")
    }


def backdate(root: Path) -> None:
    """Give every file an old time, so that a file written again can be told."""
    for path in root.rglob("*"):
        if path.is_file():
            os.utime(path, ns=(10**18, 10**18))


def rewritten(root: Path) -> set[str]:
    return {name for name, time in times(root).items() if time != 10**18}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    dataset(tmp_path / "in", each=4)
    (tmp_path / "in" / "cat" / "broken.png").write_bytes(encoded()[:-30])
    return tmp_path / "in"


# --- resume ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_resumed_run_ends_as_one_that_was_never_stopped(tmp_path: Path, source: Path, after: int) -> None:
    run(source, tmp_path / "whole")
    stopped(source, tmp_path / "out", after)
    backdate(tmp_path / "out")
    before = times(tmp_path / "out")
    told: list[Any] = []
    options = Options(workers=0, resume=True)
    report = pipeline.run(recipe(), source, tmp_path / "out", options, on_plan=told.append)
    assert told[0].done == after
    assert made(tmp_path / "out") == made(tmp_path / "whole")
    assert {name for name in before if name not in rewritten(tmp_path / "out")} == set(before)
    whole = json.loads((tmp_path / "whole" / "report.json").read_text())
    timed = ("duration_seconds", "variants_per_second")
    assert {k: v for k, v in report.items() if k not in timed} == {
        k: v for k, v in whole.items() if k not in timed
    }
    assert (tmp_path / "out" / storage.CACHE).read_bytes() == (
        tmp_path / "whole" / storage.CACHE
    ).read_bytes()


def test_resuming_where_nothing_is_begins_and_where_all_is_done_changes_nothing(
    tmp_path: Path, source: Path
) -> None:
    run(source, tmp_path / "out", resume=True)
    backdate(tmp_path / "out")
    before = made(tmp_path / "out")
    run(source, tmp_path / "out", resume=True)
    assert made(tmp_path / "out") == before
    assert rewritten(tmp_path / "out") == set()


def test_a_torn_line_and_litter_and_a_missing_file_are_mended(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "whole")
    stopped(source, tmp_path / "out", 5)
    journal = tmp_path / "out" / storage.JOURNAL
    with journal.open("ab") as file:
        file.write(b'{"source": "dog/do')
    (tmp_path / "out" / "cat" / f"{storage.TMP_PREFIX}1-0").write_bytes(b"half")
    third = json.loads(journal.read_bytes().splitlines()[2])
    (tmp_path / "out" / third["rows"][1]["output"]).unlink()
    run(source, tmp_path / "out", resume=True)
    assert made(tmp_path / "out") == made(tmp_path / "whole")


def test_a_journal_that_the_disk_has_spoilt_is_used_as_far_as_it_goes(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "whole")
    stopped(source, tmp_path / "out", 5)
    journal = tmp_path / "out" / storage.JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:2]) + bytes(50) + b"\n" + b"".join(lines[3:]))
    run(source, tmp_path / "out", resume=True)
    assert made(tmp_path / "out") == made(tmp_path / "whole")


def test_a_failed_source_stays_failed(tmp_path: Path, source: Path) -> None:
    stopped(source, tmp_path / "out", 6)
    run(source, tmp_path / "out", resume=True)
    failed = [row["source"] for row in rows(tmp_path / "out", "inputs.jsonl") if row["status"] != "ok"]
    assert failed == ["cat/broken.png"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("recipe", r"the recipe has changed \(transforms\)"),
        ("seed", "seed: 3 before, 4 now"),
        ("variants", "number of variants: 2 before, 1 now"),
        ("splits", "--splits"),
        ("max_pixels", "--max-pixels"),
        ("opencv", "OpenCV: "),
        ("augtool", "augtool: "),
        ("source", "cat/cat0.png"),
        ("mended", "cat/broken.png"),
        ("added", r"the list of sources has changed: 9 before, 10 now"),
        ("removed", r"the list of sources has changed: 9 before, 8 now"),
    ],
)
def test_resuming_is_refused_naming_what_differs(
    tmp_path: Path, source: Path, change: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from augtool import identity

    stopped(source, tmp_path / "out", 6)
    what, options = recipe(), {"workers": 0, "resume": True}
    if change == "recipe":
        what = recipe(RECIPE.replace("-20, 20", "-21, 20"))
    elif change in ("seed", "variants"):
        what = replace(what, **{change: {"seed": 4, "variants": 1}[change]})
    elif change == "splits":
        options["splits"] = ("val",)
    elif change == "max_pixels":
        options["max_pixels"] = 1000
    elif change == "opencv":
        monkeypatch.setattr(
            identity, "libraries", lambda: {"opencv": "0", "numpy": identity_numpy(), "pillow": "0"}
        )
    elif change == "augtool":
        monkeypatch.setattr(identity, "__version__", "9")
    elif change == "source":
        put(source / "cat" / "cat0.png", 77)
    elif change == "mended":
        put(source / "cat" / "broken.png", 77)
    elif change == "added":
        put(source / "eel" / "new.png", 77)
    else:
        (source / "dog" / "dog3.jpg").unlink()
    before = tree(tmp_path / "out", times=True)
    with pytest.raises(UsageError, match=said) as caught:
        run(source, tmp_path / "out", what, **options)
    assert "--update" in str(caught.value)
    assert "--overwrite" in str(caught.value)
    assert tree(tmp_path / "out", times=True) == before


def identity_numpy() -> str:
    import numpy as np

    return str(np.__version__)


def test_a_touched_source_is_compared_by_content(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "whole")
    stopped(source, tmp_path / "out", 6)
    backdate(source)
    run(source, tmp_path / "out", resume=True)
    assert made(tmp_path / "out") == made(tmp_path / "whole")


def test_an_unfinished_run_is_refused_with_both_ways_on(tmp_path: Path, source: Path) -> None:
    stopped(source, tmp_path / "out", 2)
    with pytest.raises(UsageError, match="--resume goes on with it, --overwrite starts it again"):
        run(source, tmp_path / "out")


def test_what_is_no_run_is_not_resumed(tmp_path: Path, source: Path) -> None:
    put(tmp_path / "out" / "mine.png")
    for how in ("resume", "update"):
        with pytest.raises(UsageError, match="holds no run to go on with"):
            run(source, tmp_path / "out", **{how: True})


# --- update ----------------------------------------------------------------------------------------------


def updated(tmp_path: Path, source: Path, what: Recipe | None = None, **options: Any) -> set[str]:
    """Update ``out``, check that it equals a fresh run, and return which pictures were written again."""
    backdate(tmp_path / "out")
    run(source, tmp_path / "out", what, update=True, **options)
    again = rewritten(tmp_path / "out")
    run(source, tmp_path / "fresh", what, overwrite=True)
    assert made(tmp_path / "out") == made(tmp_path / "fresh")
    return again


def test_an_update_of_nothing_writes_no_picture(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "out")
    assert updated(tmp_path, source) == set()
    backdate(source)
    assert updated(tmp_path, source) == set()


def test_an_update_redoes_a_changed_source_and_adds_a_new_one(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "out")
    put(source / "cat" / "cat0.png", 77)
    put(source / "ant" / "new.png", 78)
    put(source / "cat" / "broken.png", 79)
    assert updated(tmp_path, source) == {
        f"{name}{end}.png"
        for name in ("cat/cat0", "ant/new", "cat/broken")
        for end in ("", "__aug1", "__aug2")
    }


def test_an_update_redoes_the_variants_that_a_changed_step_touches(tmp_path: Path, source: Path) -> None:
    text = (
        "version: 1\nseed: 1\nvariants: 4\ntransforms:\n"
        "  - horizontal_flip: {p: 0.5}\n  - rotate: {p: 0.4, angle: [-20, %s]}\n"
    )
    old, new = recipe(text % 20), recipe(text % 10)
    run(source, tmp_path / "out", old)
    then = {row["output"]: row["steps"] for row in rows(tmp_path / "out")}
    again = updated(tmp_path, source, new)
    now = {row["output"]: row["steps"] for row in rows(tmp_path / "out")}
    assert again == {name for name in now if now[name] != then[name]}
    assert 0 < len(again) < len(now)


def test_an_update_follows_seed_number_and_format(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "out")
    assert all("__aug" in name for name in updated(tmp_path, source, replace(recipe(), seed=9)))
    nine = replace(recipe(), seed=9)
    assert all("__aug3" in name for name in updated(tmp_path, source, replace(nine, variants=3)))
    assert updated(tmp_path, source, replace(nine, variants=1)) == set()
    updated(tmp_path, source, replace(recipe(fmt="png"), seed=9))
    updated(tmp_path, source, replace(recipe(), originals="none"))


def test_an_update_after_another_version_redoes_what_comes_out_differently(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from augtool import identity

    run(source, tmp_path / "out")
    monkeypatch.setattr(identity, "__version__", "9")
    assert updated(tmp_path, source) == set()
    changed = replace_function(monkeypatch, "hue")
    again = updated(tmp_path, source)
    monkeypatch.undo()
    assert again == {
        row["output"] for row in rows(tmp_path / "out") if any(changed in step for step in row["steps"])
    }


def replace_function(monkeypatch: pytest.MonkeyPatch, name: str) -> str:
    """Raise a transform's revision and change what it does, as a new version of the tool would."""
    from augtool import registry

    spec = registry.get(name)

    def other(frame: Any, **fields: Any) -> Any:
        return spec.function(frame, **{**fields, "degrees": fields["degrees"] + 40})

    newer = replace(spec, revision=spec.revision + 1, function=other)
    monkeypatch.setitem(registry._declared, name, (registry._declared[name][0], lambda: newer))
    return name


def test_sources_that_are_gone_stay_until_they_are_pruned(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "out")
    (source / "cat" / "cat0.png").unlink()
    (source / "dog" / "dog1.jpg").unlink()
    report = run(source, tmp_path / "out", update=True)
    assert report["totals"]["gone"] == 2
    names = {row["output"] for row in rows(tmp_path / "out")}
    assert {"cat/cat0.png", "cat/cat0__aug2.png", "dog/dog1__aug1.jpg"} <= names
    gone = [row["source"] for row in rows(tmp_path / "out", "inputs.jsonl") if row.get("gone")]
    assert gone == ["cat/cat0.png", "dog/dog1.jpg"]
    assert updated(tmp_path, source, prune=True) == set()
    assert not (tmp_path / "out" / "cat" / "cat0.png").exists()
    put(source / "cat" / "cat0.png", 0)
    assert "cat/cat0.png" in updated(tmp_path, source)


def test_an_update_mends_what_was_changed_or_lost_and_spares_other_files(
    tmp_path: Path, source: Path
) -> None:
    run(source, tmp_path / "out")
    (tmp_path / "out" / "cat" / "cat0__aug1.png").write_bytes(b"changed")
    (tmp_path / "out" / "cat" / "cat1__aug2.jpg").unlink()
    assert updated(tmp_path, source) == {"cat/cat0__aug1.png", "cat/cat1__aug2.jpg"}
    (tmp_path / "out" / "mine.txt").write_text("mine")
    run(source, tmp_path / "out", update=True, prune=True)
    assert (tmp_path / "out" / "mine.txt").exists()


@pytest.mark.parametrize("how", ["resume", "update"])
def test_an_update_that_was_stopped_goes_on(tmp_path: Path, source: Path, how: str) -> None:
    run(source, tmp_path / "out")
    put(source / "cat" / "cat1.jpg", 77)
    (source / "dog" / "dog2.png").unlink()
    other = replace(recipe(), seed=9)
    stopped(source, tmp_path / "out", 3, other, update=True, prune=True)
    run(source, tmp_path / "out", other, prune=how == "update", **{how: True})
    run(source, tmp_path / "fresh", other)
    assert made(tmp_path / "out") == made(tmp_path / "fresh")


def test_an_unfinished_run_can_be_updated(tmp_path: Path, source: Path) -> None:
    stopped(source, tmp_path / "out", 6)
    put(source / "cat" / "cat0.png", 77)
    again = updated(tmp_path, source)
    assert "cat/cat0.png" in again
    assert "cat/cat1.jpg" not in again


def test_without_its_cache_a_finished_run_is_not_updated(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "out")
    (tmp_path / "out" / storage.CACHE).write_bytes(b"nonsense")
    with pytest.raises(UsageError, match="--overwrite"):
        run(source, tmp_path / "out", update=True)
    (tmp_path / "out" / storage.CACHE).unlink()
    with pytest.raises(UsageError, match="missing or damaged"):
        run(source, tmp_path / "out", update=True)


def test_updating_works_in_worker_processes(tmp_path: Path, source: Path) -> None:
    run(source, tmp_path / "out", workers=2)
    put(source / "cat" / "cat0.png", 77)
    again = updated(tmp_path, source, workers=2)
    assert again == {"cat/cat0.png", "cat/cat0__aug1.png", "cat/cat0__aug2.png"}
