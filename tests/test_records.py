import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from making import dataset, made, pictures, recipe, run

from augtool import records, storage

KILLED = """
import os, sys
from pathlib import Path
from augtool import storage
from making import recipe, run
whole = storage.Journal.append
def append(journal, record, files):
    if record["source"].endswith(sys.argv[1]):
        os._exit(9)  # as SIGKILL would: nothing is handed in, nothing cleaned up
    whole(journal, record, files)
    journal.commit()
storage.Journal.append = append
run(Path("in"), Path("out"), recipe(), workers=int(sys.argv[2]))
"""


@pytest.mark.parametrize("workers", [0, 1])
def test_overwriting_a_killed_run_leaves_nothing_of_it_and_all_that_is_not_its(
    tmp_path: Path, workers: int
) -> None:
    dataset(tmp_path / "in")
    script = tmp_path / "killed.py"
    script.write_text("if __name__ == '__main__':\n" + KILLED.replace("\n", "\n    "))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(script), "cat1.jpg", str(workers)],
        env=environment, cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 9, done.stderr
    output = tmp_path / "out"
    journalled = {row["output"] for record in storage.read_journal(output) for row in record["rows"]}
    unlisted = {name for name in pictures(output) if "/" in name} - journalled
    assert "cat/cat1__aug1.jpg" in unlisted
    assert list(output.glob(f"{storage.NAMES_PREFIX}*"))
    foreign = output / "cat" / "mine__aug1.png"
    foreign.write_bytes(b"mine")
    fewer = replace(recipe(), variants=1)
    run(tmp_path / "in", output, fewer, overwrite=True)
    assert foreign.read_bytes() == b"mine"
    assert not list(output.glob(f"{storage.NAMES_PREFIX}*"))
    foreign.unlink()
    run(tmp_path / "in", tmp_path / "fresh", fewer)
    assert made(output) == made(tmp_path / "fresh")


def test_all_records_are_read(tmp_path: Path) -> None:
    (tmp_path / storage.MANIFEST).write_text(json.dumps({"output": "a", "label_files": {"l": "0"}}) + "\n")
    (tmp_path / storage.JOURNAL).write_text(json.dumps({"rows": [{"output": "b"}]}) + "\n")
    (tmp_path / f"{storage.NAMES_PREFIX}1").write_text('["c", "d"]\n["cut')
    (tmp_path / storage.REPORT_JSON).write_text(json.dumps({"dataset_files": {"e": "0"}}))
    assert list(records.listed(tmp_path)) == ["a", "l", "b", "c", "d", "e"]
    assert list(records.listed(tmp_path / "absent")) == []
