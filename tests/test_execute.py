import os
from pathlib import Path
from typing import Any

import faults
import pytest
from faults import FaultyPool
from making import encoded, put, recipe, tree

from augtool import execute as executing
from augtool.errors import AugtoolError, StorageError
from augtool.execute import batches, default_workers, execute
from augtool.formats.folder import FolderDataset
from augtool.plan import Job, plan
from augtool.sample import Item
from augtool.stopping import Stop
from augtool.unit import Context, UnitResult
from augtool.warp import Outside


def context(tmp_path: Path) -> Context:
    (tmp_path / "out").mkdir()
    return Context(
        recipe(fmt="png"), 3, tmp_path / "in", tmp_path / "out", Outside(), FolderDataset(tmp_path / "in")
    )


def jobs(tmp_path: Path) -> list[Job]:
    return list(plan(FolderDataset(tmp_path / "in").items(), recipe()))


def job(number: int, size: int = 1, variants: int = 1) -> Job:
    return Job(Item(f"{number}.png", "", str(number), ".png", size_bytes=size), copy=True, variants=variants)


@pytest.mark.parametrize(("size", "largest", "lengths"), [
    (1, 4, [4, 4, 2]), (1, 1, [1] * 10), (10**6, 64, [1] * 10), (300_000, 64, [3, 3, 3, 1]),
])  # fmt: skip
def test_batches_are_bounded_in_number_and_in_work(size: int, largest: int, lengths: list[int]) -> None:
    made = list(batches((job(number, size) for number in range(10)), largest))
    assert [len(batch) for batch in made] == lengths
    assert [one.item.key for batch in made for one in batch] == [f"{number}.png" for number in range(10)]


def test_there_is_at_least_one_worker() -> None:
    assert 1 <= default_workers() <= (os.cpu_count() or 1)


def test_results_come_in_order_and_agree_with_and_without_workers(tmp_path: Path) -> None:
    for number in range(30):
        put(tmp_path / "in" / f"{number}.png", number)
    (tmp_path / "in" / "5.png").write_bytes(b"broken")
    shared = context(tmp_path)
    here = list(execute(jobs(tmp_path), shared, workers=0, timeout=60, total=30))
    files = tree(tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        path.unlink()
    there = list(execute(jobs(tmp_path), shared, workers=2, timeout=60, total=30))
    assert here == there
    assert [one.item.key for one, _ in here] == [one.item.key for one in jobs(tmp_path)]
    assert sum(result.status == "failed" for _, result in here) == 1
    assert tree(tmp_path / "out") == files


def test_no_more_work_is_in_flight_than_the_window(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.png")
    shared = context(tmp_path)
    (one,) = jobs(tmp_path)
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield one

    running = execute(endless(), shared, workers=1, timeout=60, total=1)
    for _ in range(3):
        next(running)
    running.close()
    assert taken <= 3 + executing._WINDOW + 1


def test_a_fault_costs_the_unit_it_happens_in_and_no_other(tmp_path: Path) -> None:
    good = [f"good{number}" for number in range(6)]
    bad = ["abort", "exits", "hangs", "killed", "once", "raises"]
    for number, name in enumerate(good + bad):
        put(tmp_path / "in" / f"{name}.png", number)
    work = jobs(tmp_path)
    pool = FaultyPool(context(tmp_path), 2, 2.0, Stop())
    # 40 units make batches of five: what shares a batch with a fault must survive it.
    results: dict[str, UnitResult] = {one.item.stem: result for one, result in pool.run(iter(work), 40)}
    assert list(results) == sorted(good + bad)
    assert {name: result.reason for name, result in results.items() if result.status != "ok"} == {
        "abort": "crashed",
        "exits": "crashed",
        "hangs": "timeout",
        "killed": "crashed",
        "raises": "internal_error",
    }
    assert results["abort"].message == "ended its worker process (SIGABRT)"
    assert results["exits"].message == "ended its worker process (exit status 3)"
    assert results["hangs"].message == "took longer than 2 s"
    assert results["raises"].message == "ValueError: first line"
    assert results["once"].warnings == []
    assert all(len(results[name].rows) == 3 for name in [*good, "once"])
    assert len(tree(tmp_path / "out")) == 3 * 7


def test_workers_that_end_at_no_task_cost_no_unit(tmp_path: Path) -> None:
    for at in range(6):
        put(tmp_path / "in" / f"{at}.png", at)
    pool = executing._Pool(context(tmp_path), 2, 60.0, Stop())
    pool._initializer = faults.dies_at_first
    results = [result for _, result in pool.run(jobs(tmp_path), 6)]
    assert [result.status for result in results] == ["ok"] * 6
    assert (tmp_path / "died.1").exists()


def test_workers_that_never_start_end_the_run_with_a_reason(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.png")
    pool = executing._Pool(context(tmp_path), 1, 60.0, Stop())
    pool._initializer = faults.always_dies
    with pytest.raises(AugtoolError, match="end before they do anything"):
        list(pool.run(jobs(tmp_path), 1))


def test_a_unit_alone_in_its_batch_is_tried_once_more(tmp_path: Path) -> None:
    put(tmp_path / "in" / "once.png")
    pool = FaultyPool(context(tmp_path), 1, 60.0, Stop())
    ((_, result),) = pool.run(iter(jobs(tmp_path)), 1)
    assert result.status == "ok"
    assert result.warnings == ["retried: the first try ended with: ended its worker process (SIGSEGV)"]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_failing_disk_ends_the_run(tmp_path: Path, workers: int) -> None:
    put(tmp_path / "in" / "cat" / "a.png")
    shared = context(tmp_path)
    (tmp_path / "out" / "cat").write_text("a file where a folder must be")
    with pytest.raises(StorageError, match="cannot write"):
        list(execute(jobs(tmp_path), shared, workers=workers, timeout=60, total=1))


def test_a_fault_in_this_process_costs_its_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from augtool import unit

    for name in ("a", "b"):
        put(tmp_path / "in" / f"{name}.png")
    real = unit.process

    def failing(one: Job, shared: Context) -> UnitResult:
        if one.item.stem == "a":
            raise ValueError("a fault")
        return real(one, shared)

    monkeypatch.setattr(unit, "process", failing)
    results = [
        result for _, result in execute(jobs(tmp_path), context(tmp_path), workers=0, timeout=60, total=2)
    ]
    assert [(result.status, result.reason) for result in results] == [
        ("failed", "internal_error"),
        ("ok", ""),
    ]
    assert results[0].message == "ValueError: a fault"


def test_what_a_decoder_prints_goes_into_the_record_of_its_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    # Bits flipped inside the scan: the JPEG library complains on descriptor 2 and decodes on.
    data = bytearray(encoded(fmt="jpeg", width=200, height=160))
    data[-400:-380] = bytes(20)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(data)
    put(tmp_path / "in" / "b.jpg")
    results = [
        result for _, result in execute(jobs(tmp_path), context(tmp_path), workers=1, timeout=60, total=2)
    ]
    assert [result.status for result in results] == ["ok", "ok"]
    assert results[0].warnings
    assert all(warning.startswith("decoder: ") for warning in results[0].warnings)
    assert results[1].warnings == []
    assert capfd.readouterr().err == ""


def look(one: Job, given: Context) -> UnitResult:
    """Work other than making files, as a worker imports it."""
    result = UnitResult(one.item.key, "ok")
    result.found = one.item.key.upper()
    return result


@pytest.mark.parametrize("workers", [0, 2])
def test_the_pool_does_other_work_and_writes_nothing_for_it(tmp_path: Path, workers: int) -> None:
    given = context(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    done = execute(map(job, range(5)), given, workers=workers, timeout=60, total=5, work=look)
    assert [result.found for _, result in done] == [f"{number}.PNG" for number in range(5)]
    assert sorted(tmp_path.rglob("*")) == before
