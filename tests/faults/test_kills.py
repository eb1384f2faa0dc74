"""Rows 1 and 3: killed at any time, a run goes on and ends as one that was never touched."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from breaking import MAIN, Run, check_broken_off, named
from making import made

from augtool import pipeline, storage
from augtool.options import Options
from augtool.recipe import load_recipe

KILLS = 50


def forked(work: Callable[[], None]) -> int:
    """Do something in a child process that has everything imported already; return its id."""
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            work()
            os._exit(0)
        finally:
            os._exit(9)
    return child


def test_fifty_kills_and_the_bytes_are_the_same(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Small batches, so that the journal grows between the kills.
    monkeypatch.setattr(storage.Journal, "EVERY_FILES", 4)
    recipe = load_recipe(str(place / "r.yaml"))
    begun = time.monotonic()
    pipeline.run(recipe, place / "in", place / "whole", Options(workers=0))
    length = time.monotonic() - begun

    def go_on() -> None:
        pipeline.run(recipe, place / "in", place / "out", Options(workers=0, resume=True))

    draw = random.Random(20)
    reached = []
    for at in range(KILLS):
        child = forked(go_on)
        # Later kills come later in the run; the last ones mostly find it finished and begin anew.
        time.sleep(draw.uniform(0, length / 3))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if (place / "out" / storage.MANIFEST).exists() and os.WIFEXITED(status):
            assert made(place / "out") == made(place / "whole"), at
            shutil.rmtree(place / "out")
        elif (place / "out").exists():
            reached.append(check_broken_off(place / "out", place / "whole"))
    assert len({*reached}) > 5, "the kills did not come at different moments"
    go_on()
    assert made(place / "out") == made(place / "whole")
    assert not list((place / "out").rglob(f"{storage.TMP_PREFIX}*"))


@pytest.mark.parametrize("number", [1, 6, 40, 70, 99, 100, 101, 104])
def test_killed_at_a_certain_rename(place: Path, augtool: Run, strace: list[str], number: int) -> None:
    from making import run

    recipe = load_recipe(str(place / "r.yaml"))
    run(place / "in", place / "whole", recipe)
    arguments = ("run", "r.yaml", "in", "out", "-w", 0, "-q")
    inject = ["-e", "trace=rename", "-e", f"inject=rename:signal=KILL:when={number}"]
    done = augtool(*arguments, under=[*strace, *inject])
    assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL, 3), done.stderr
    check_broken_off(place / "out", place / "whole")
    run(place / "in", place / "out", recipe, resume=True)
    assert made(place / "out") == made(place / "whole")


def test_a_group_of_workers_killed_at_once(place: Path, augtool: Run) -> None:
    assert augtool("run", "r.yaml", "in", "whole", "-w", 0, "-q").returncode == 3
    for _ in range(2):
        running = subprocess.Popen(
            [*MAIN, "run", "r.yaml", "in", "out", "-w", "2", "-q", "--resume"],
            cwd=place, start_new_session=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        give_up = time.monotonic() + 60
        while not (place / "out").exists() or not named(place / "out"):
            assert time.monotonic() < give_up
            if running.poll() is not None:
                break
            time.sleep(0.01)
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        check_broken_off(place / "out", place / "whole")
    assert augtool("run", "r.yaml", "in", "out", "-w", 2, "-q", "--resume").returncode == 3
    assert made(place / "out") == made(place / "whole")


def test_one_worker_killed_costs_no_picture(place: Path, augtool: Run) -> None:
    """Row 5: what the kernel does when memory runs out."""
    (place / "slow.yaml").write_text(
        "version: 1\nvariants: 6\ntransforms:\n  - resize: {size: 700}\n  - gaussian_noise\n"
    )
    running = subprocess.Popen(
        [*MAIN, "run", "slow.yaml", "in", "out", "-w", "2", "-q"], cwd=place, stderr=subprocess.PIPE
    )
    try:
        give_up = time.monotonic() + 60
        while not (place / "out").exists() or not named(place / "out"):
            assert time.monotonic() < give_up
            time.sleep(0.01)
        os.kill(_workers(running.pid)[-1], signal.SIGKILL)
        _, said = running.communicate(timeout=100)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 3
    assert said.count(b"\n") == 1
    assert len(named(place / "out")) == 24 * 7
    assert augtool("verify", "out").returncode == 0


def _workers(parent: int) -> list[int]:
    """Return the processes that work on pictures, in order: forked from a server, or started by the run."""

    def children(process: int) -> list[int]:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]

    def says(process: int, word: bytes) -> bool:
        return word in Path(f"/proc/{process}/cmdline").read_bytes()

    found = []
    for child in children(parent):
        if says(child, b"forkserver"):
            found += children(child)
        elif says(child, b"spawn_main") and not says(child, b"resource_tracker"):
            found.append(child)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_is_gone_soon_and_goes_on(place: Path, augtool: Run, number: int) -> None:
    """Row 24. A slow machine is given longer than the five seconds."""
    assert augtool("run", "r.yaml", "in", "whole", "-w", 0, "-q", "-n", 40).returncode == 3
    running = subprocess.Popen(
        [*MAIN, "run", "r.yaml", "in", "out", "-w", "2", "-n", "40"],
        cwd=place, start_new_session=True, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    give_up = time.monotonic() + 60
    while not (place / "out").exists() or not named(place / "out"):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    running.send_signal(number)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 128 + number
    assert said.splitlines()[-1] == "augtool: interrupted"
    assert "Traceback" not in said
    assert augtool("run", "r.yaml", "in", "out", "-w", 0, "-q", "-n", 40, "--resume").returncode == 3
    assert made(place / "out") == made(place / "whole")
