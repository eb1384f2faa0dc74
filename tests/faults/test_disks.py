"""Rows 2, 4 and 10: disks that are full, fail, lose power, or may not be written."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from breaking import MAIN, Run, check_broken_off
from making import made, run, tree

from augtool import storage
from augtool.recipe import load_recipe

BIG = "version: 1\nvariants: 8\ntransforms:\n  - resize: {size: 160}\n  - gaussian_noise\n"


def test_a_full_disk_ends_the_run_in_order_and_it_goes_on_with_more_room(
    place: Path, augtool: Run, small_disk: Callable[[int], Path]
) -> None:
    (place / "r.yaml").write_text(BIG)
    output = small_disk(2_000_000) / "out"
    run(place / "in", place / "whole", load_recipe(str(place / "r.yaml")))
    for workers in (0, 2):
        done = augtool("run", "r.yaml", "in", output, "-w", workers, "-q", "--resume")
        assert done.returncode == 5
        assert done.stderr.count("\n") == 1
        assert "No space left on device" in done.stderr
        check_broken_off(output, place / "whole")
    small_disk(60_000_000)
    assert augtool("run", "r.yaml", "in", output, "-w", 0, "-q", "--resume").returncode == 3
    assert made(output) == made(place / "whole")


@pytest.mark.parametrize(
    "inject",
    [
        "fsync:error=EIO:when=1", "fsync:error=EIO:when=2", "syncfs:error=EIO:when=1",
        "rename:error=ENOSPC:when=7", "rename:error=EIO:when=60", "write:error=ENOSPC:when=90",
    ],
)  # fmt: skip
def test_a_failing_disk_ends_the_run_in_order(
    place: Path, augtool: Run, strace: list[str], inject: str
) -> None:
    recipe = load_recipe(str(place / "r.yaml"))
    run(place / "in", place / "whole", recipe)
    call = inject.partition(":")[0]
    under = [*strace, "-e", f"trace={call}", "-e", f"inject={inject}"]
    done = augtool("run", "r.yaml", "in", "out", "-w", 0, "-q", under=under)
    assert done.returncode == 5, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("augtool: ")
    check_broken_off(place / "out", place / "whole")
    assert not list((place / "out").rglob(f"{storage.TMP_PREFIX}*"))
    run(place / "in", place / "out", recipe, resume=True)
    assert made(place / "out") == made(place / "whole")


@contextmanager
def mounted(*what: object) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="augtool-mount-") as name:
        done = subprocess.run(
            ["mount", *map(str, what), name], capture_output=True, text=True, check=False
        )  # fmt: skip
        if done.returncode != 0:
            pytest.skip(f"cannot mount {what} here: {done.stderr.strip() or 'not allowed'}")
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=False)


def test_after_a_power_cut_the_journal_names_whole_files_only(place: Path) -> None:
    """An ext4 image is copied while the run writes to it: the copy is what the disk held just then."""
    if not shutil.which("mkfs.ext4"):
        pytest.skip("mkfs.ext4 is not installed")
    (place / "r.yaml").write_text(BIG)
    recipe = load_recipe(str(place / "r.yaml"))
    run(place / "in", place / "whole", recipe, workers=0)
    image = place / "disk.img"
    with image.open("wb") as file:
        file.truncate(48_000_000)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    cuts = []
    with mounted("-o", "loop", image) as disk:
        code = (
            "from augtool import storage; storage.Journal.EVERY_FILES = 20\n"
            "from augtool.cli import main; main()"
        )
        running = subprocess.Popen(
            [MAIN[0], "-c", code, "run", "r.yaml", "in", str(disk / "out"), "-w", "0", "-q"], cwd=place
        )
        try:
            while running.poll() is None and len(cuts) < 6:
                journal = disk / "out" / storage.JOURNAL
                if journal.exists() and journal.stat().st_size > 0:
                    cuts.append(place / f"cut{len(cuts)}.img")
                    subprocess.run(["cp", "--sparse=always", image, cuts[-1]], check=True)
                time.sleep(0.03)
        finally:
            running.kill()
            running.wait()
    assert cuts
    units = 0
    for cut in cuts:
        # Mounting replays ext4's own journal, as after a real cut.
        with mounted("-o", "loop", cut) as disk:
            for record in storage.read_journal(disk / "out"):
                units += 1
                for row in record["rows"]:
                    assert storage.intact(disk / "out" / row["output"], row["sha256"]), row["output"]
    assert units > 0
    with mounted("-o", "loop", cuts[-1]) as disk:
        run(place / "in", disk / "out", recipe, resume=True)
        assert made(disk / "out") == made(place / "whole")


def test_an_input_that_may_not_be_written_is_enough(place: Path, augtool: Run) -> None:
    before = tree(place / "in", times=True)
    with mounted("--bind", place / "in") as source:
        done = subprocess.run(["mount", "-o", "remount,ro,bind", source], check=False)
        if done.returncode != 0:
            pytest.skip("a mount cannot be made read-only here")
        with pytest.raises(OSError, match="Read-only"):
            (source / "x").touch()
        assert augtool("run", "r.yaml", source, "out", "-w", 2, "-q").returncode == 3
        refused = augtool("run", "r.yaml", place / "whole-new", source / "out", "-q")
        assert refused.returncode == 2
        unwritable = augtool("run", "r.yaml", "in", source / "out", "-w", 0, "-q")
        assert unwritable.returncode in (2, 5)
    assert tree(place / "in", times=True) == before
