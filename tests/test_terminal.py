import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from making import RECIPE, dataset

from augtool import terminal
from augtool.cli import main


def test_colour_is_left_out_where_it_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    styled = CliRunner().invoke(main, ["transforms", "absent"], color=True)
    assert "\x1b[31m" in styled.stderr
    monkeypatch.setenv("NO_COLOR", "1")
    plain = CliRunner().invoke(main, ["transforms", "absent"], color=True)
    assert "\x1b" not in plain.stderr
    assert plain.stderr == click.unstyle(styled.stderr)


def test_nothing_a_file_is_called_can_steer_a_terminal() -> None:
    hostile = "a\x1b]0;title\x07\r\u202e\udcff\u0085b\nc"
    cleaned = terminal.clean(hostile)
    assert all(char.isprintable() or char == "\n" for char in cleaned)
    assert cleaned.startswith("a\\x1b]0;title\\x07\\r\\u202e")


def test_progress_is_a_line_now_and_then_where_there_is_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.yaml").write_text(RECIPE.replace("FORMAT", "keep"))
    dataset(tmp_path / "in")
    monkeypatch.setattr(terminal, "_PLAIN_EVERY", 0.0)
    said = CliRunner().invoke(main, ["run", "r.yaml", "in", "out", "-w", "0"]).stderr.splitlines()
    assert re.fullmatch(r"1 of 4 pictures, 3 files, [0-9.]+/s, \d+ s left", said[2])
    assert len(said) == 6


def test_a_table_is_aligned() -> None:
    assert terminal.table(("name", "n"), [("a", "1,000"), ("long", "2")]) == (
        "name      n\na     1,000\nlong      2"
    )
    assert terminal.count(1, "picture") == "1 picture"
    assert terminal.count(2000, "picture") == "2,000 pictures"


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "2> >(true)"])
def test_a_run_goes_on_when_nobody_listens(tmp_path: Path, redirection: str) -> None:
    (tmp_path / "r.yaml").write_text(RECIPE.replace("FORMAT", "keep"))
    dataset(tmp_path / "in")
    command = (
        f"{sys.executable} -c 'from augtool.cli import main; main()' run r.yaml in out -w 0 {redirection}"
    )
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 0
    assert "report: out/report.html" in done.stdout


def test_a_full_stdout_is_an_error_of_output(tmp_path: Path) -> None:
    command = f"{sys.executable} -c 'from augtool.cli import main; main()' schema >/dev/full"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 5
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr
