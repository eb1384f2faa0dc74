import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from making import RECIPE, dataset, encoded, pictures, put, rows, tree

from augtool import __version__, flow, recipeschema, registry, storage
from augtool.cli import main
from augtool.errors import AugtoolError


def augtool(*arguments: Any) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a recipe ``r.yaml`` and a set ``in``, which is the working directory."""
    (tmp_path / "r.yaml").write_text(RECIPE.replace("FORMAT", "keep"))
    dataset(tmp_path / "in")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def one_line(text: str) -> str:
    assert text.endswith("\n")
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text.rstrip("\n")


# --- the whole -------------------------------------------------------------------------------------------


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys\nfrom augtool.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'cv2', 'numpy', 'pydantic', 'PIL', 'yaml', 'jinja2', 'pebble', 'tqdm', 'filelock'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Commands:" in done.stdout


def test_every_command_and_option_has_help() -> None:
    assert sorted(main.commands) == [
        "check", "doctor", "explain", "init", "plan", "preview", "recipes", "replay", "run", "schema",
        "transforms", "verify",
    ]  # fmt: skip
    for name, command in main.commands.items():
        assert command.help, name
        page = augtool(name, "--help")
        assert page.exit_code == 0
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name not in ("output", "to"):
                assert parameter.help, f"{name} {parameter.name}"
                assert parameter.opts[-1] in page.stdout


def test_version() -> None:
    assert augtool("--version").stdout == f"augtool, version {__version__}\n"


def test_every_error_has_an_exit_code_that_help_states() -> None:
    def below(kind: type[AugtoolError]) -> set[type[AugtoolError]]:
        return {kind}.union(*(below(sub) for sub in kind.__subclasses__()))

    page = augtool("--help").stdout.partition("Exit status")[2]
    for kind in below(AugtoolError):
        assert re.search(rf"\b{int(kind.exit_code)}\b", page) or kind.exit_code == 4


# --- run -------------------------------------------------------------------------------------------------


def test_run_talks_on_stderr_and_answers_on_stdout(place: Path) -> None:
    done = augtool("run", "r.yaml", "in", "out", "-w", 0)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].startswith("12 files: 4 originals + 8 variants (")
    assert done.stdout.splitlines()[1] == "report: out/report.html"
    assert done.stderr == "format: folder (pictures in folders)\n4 pictures -> 12 files\n"
    assert len(pictures(place / "out")) == 12
    assert (place / "out" / "report.html").stat().st_size < 5_000_000


def test_run_json_is_all_there_is_on_stdout(place: Path) -> None:
    done = augtool("run", "r.yaml", "in", "out", "-w", 0, "-n", 1, "--json")
    data = json.loads(done.stdout)
    assert data["totals"] == {"sources": 4, "failed": 0, "originals": 4, "variants": 4, "files": 8}
    assert data["output"] == "out"
    assert done.stderr


def test_run_quiet_says_nothing(place: Path) -> None:
    done = augtool("run", "r.yaml", "in", "out", "-w", 0, "-q")
    assert (done.exit_code, done.output) == (0, "")


def test_run_with_failures_exits_3_and_names_them(place: Path) -> None:
    (place / "in" / "cat" / "bad\x1b[31m.png").write_bytes(encoded()[:-20])
    done = augtool("run", "r.yaml", "in", "out", "-w", 0)
    assert done.exit_code == 3
    assert "[truncated]" in done.stderr
    assert "1 input failed (1 truncated); out/inputs.jsonl says why" in done.stderr
    quiet = augtool("run", "r.yaml", "in", "out", "-w", 0, "-q", "--overwrite")
    assert quiet.stderr == "warning: 1 input failed (1 truncated); out/inputs.jsonl says why\n"
    assert "\x1b" not in done.output
    assert "bad\\x1b[31m.png" in done.stderr
    (failed,) = [row for row in rows(place / "out", "inputs.jsonl") if row["status"] != "ok"]
    assert (failed["source"], failed["reason"]) == ("cat/bad\x1b[31m.png", "truncated")


def test_run_verbose_names_warnings(place: Path) -> None:
    put(place / "in" / "cat" / "deep.png", bits=16, channels=4)
    (place / "r.yaml").write_text(RECIPE.replace("FORMAT", "jpeg"))
    done = augtool("run", "r.yaml", "in", "out", "-w", 0, "-v")
    assert "warning: cat/deep.png: depth: 16 bits reduced to 8" in done.stderr
    assert "1 warning: alpha" in done.stdout
    assert done.exit_code == 0


def test_options_override_the_recipe(place: Path) -> None:
    assert augtool("run", "r.yaml", "in", "a", "-w", 0, "-n", 1, "--seed", 5, "-q").exit_code == 0
    assert augtool("run", "r.yaml", "in", "b", "-w", 0, "-n", 1, "--seed", 6, "-q").exit_code == 0
    a, b = rows(place / "a"), rows(place / "b")
    assert [row["output"] for row in a] == [row["output"] for row in b]
    assert len(a) == 8
    assert all((one["sha256"] == other["sha256"]) == (one["kind"] == "original")
               for one, other in zip(a, b, strict=True))  # fmt: skip
    assert json.loads((place / "a" / "report.json").read_text())["seed"] == 5


def test_splits_are_told_and_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("train/cat/a.png", "valid/cat/b.png", "test/cat/c.png"):
        put(tmp_path / "in" / name)
    done = augtool("run", "quickstart", "in", "a", "-w", 0, "-n", 1)
    assert done.stderr.splitlines()[0] == "splits: train expanded; test, val copied untouched"
    assert pictures(tmp_path / "a") == {"train/cat/a.png", "train/cat/a__aug1.png", "valid/cat/b.png",
                                        "test/cat/c.png"}  # fmt: skip
    augtool("run", "quickstart", "in", "b", "-w", 0, "-n", 1, "--splits", "valid, TEST")
    assert {name for name in pictures(tmp_path / "b") if "__aug" in name} == {
        "valid/cat/b__aug1.png", "test/cat/c__aug1.png",
    }  # fmt: skip
    refused = augtool("run", "quickstart", "in", "c", "--splits", "trian")
    assert refused.exit_code == 2
    assert "expected train, val or test" in one_line(refused.stderr)


def test_dry_run_and_plan_say_the_same_and_write_nothing(place: Path) -> None:
    before = tree(place)
    dry = augtool("run", "r.yaml", "in", "out", "--dry-run")
    planned = augtool("plan", "r.yaml", "in")
    assert dry.exit_code == planned.exit_code == 0
    assert dry.stdout == planned.stdout
    assert "4 pictures (" in planned.stdout
    assert "4 originals + 8 variants = 12 files" in planned.stdout
    data = json.loads(augtool("plan", "r.yaml", "in", "-n", 3, "--json").stdout)
    assert (data["pictures"], data["variants"], data["files"]) == (4, 12, 16)
    assert [(row["label"], row["files"]) for row in data["classes"]] == [("cat", 8), ("dog", 8)]
    assert tree(place) == before


def test_plan_shows_splits_problems_and_what_is_ignored(place: Path) -> None:
    put(place / "set" / "train" / "a.png")
    put(place / "set" / "val" / "b.png")
    os.mkfifo(place / "set" / "train" / "x.png")
    (place / "set" / "train" / "notes.txt").write_text("")
    said = augtool("plan", "r.yaml", "set").stdout
    assert "splits: train expanded; val copied untouched" in said
    assert "1 input cannot be used: special_file" in said
    assert "ignored: 1 x .txt" in said


# --- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["absent.yaml", "in", "out"], "absent.yaml: "),
        (["absent", "in", "out"], "no such file, and no built-in recipe of that name"),
        (["empty.yaml", "in", "out"], "empty.yaml: is empty"),
        (["list.yaml", "in", "out"], "list.yaml:1:1: a recipe is a mapping"),
        (["unknown.yaml", "in", "out"], "unknown.yaml:3:5: transforms[0].rotat: unknown transform, did"),
        (["r.yaml", "absent", "out"], "absent: no such folder"),
        (["r.yaml", "r.yaml", "out"], "r.yaml: is a file; the input is a folder of pictures"),
        (["r.yaml", "nothing", "out"], "nothing: holds no picture"),
        (["r.yaml", "in", "full"], "full: is not empty"),
        (["r.yaml", "in", "r.yaml"], "r.yaml: is a file; the output is a folder"),
        (["r.yaml", "in", "in"], "in: output and input are the same folder"),
        (["r.yaml", "in", "in/out"], "in/out: the output lies inside the input"),
        (["r.yaml", "in", "link/out"], "link/out: the output lies inside the input"),
        (["r.yaml", "in/cat", "in"], "in: the input in/cat lies inside the output"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_2_and_nothing_is_written(
    place: Path, arguments: list[str], said: str
) -> None:
    (place / "empty.yaml").write_text("")
    (place / "list.yaml").write_text("- rotate\n")
    (place / "unknown.yaml").write_text("version: 1\ntransforms:\n  - rotat\n")
    (place / "nothing").mkdir()
    put(place / "full" / "mine.png")
    (place / "link").symlink_to("in")
    before = tree(place, times=True)
    done = augtool("run", *arguments, "-w", 0)
    assert done.exit_code == 2
    assert done.stdout == ""
    line = one_line(done.stderr)
    assert line.startswith("augtool: ")
    assert said in line
    assert tree(place, times=True) == before


def test_every_mistake_in_a_recipe_is_printed(place: Path) -> None:
    (place / "bad.yaml").write_text("version: 1\nsed: 3\ntransforms:\n  - rotate: {degres: 1}\n")
    done = augtool("run", "bad.yaml", "in", "out")
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "augtool: bad.yaml:2:1: sed: unknown field, did you mean 'seed'?",
        "bad.yaml:4:14: transforms[0].rotate.degres: unknown field, did you mean 'angle'?",
        "augtool: 2 mistakes; nothing was written",
    ]
    assert not (place / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [["run"], ["run", "r.yaml", "in", "out", "-n", "-1"], ["run", "r.yaml", "in", "out", "-w", "many"],
     ["nonsense"], ["preview", "r.yaml", "in", "--grid", "3"], ["preview", "r.yaml", "in", "--grid", "0x3"],
     ["explain", "r.yaml", "in/cat/cat0.png", "--variant", "0"], ["transforms", "rotat"],
     ["recipes", "absent"], ["explain", "r.yaml", "in"], ["replay", "in", "cat/cat0.png"]],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_command_line_exits_2(place: Path, arguments: list[str]) -> None:
    before = tree(place)
    done = augtool(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr
    assert tree(place) == before


def test_a_second_run_exits_6(place: Path) -> None:
    (place / "out").mkdir()
    with storage.locked(place / "out"):
        for more in ([], ["--overwrite"]):
            done = augtool("run", "r.yaml", "in", "out", "-w", 0, *more)
            assert done.exit_code == 6
            assert "another run is writing here" in one_line(done.stderr)


def test_overwrite_replaces_an_earlier_run(place: Path) -> None:
    assert augtool("run", "r.yaml", "in", "out", "-w", 0).exit_code == 0
    (place / "out" / "mine.txt").write_text("mine")
    assert augtool("run", "r.yaml", "in", "out", "-w", 0).exit_code == 2
    assert augtool("run", "r.yaml", "in", "out", "-w", 0, "-n", 1, "--overwrite").exit_code == 0
    assert len(pictures(place / "out")) == 8 + 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_signal_ends_the_run_in_order(place: Path, number: int, code: int, workers: int) -> None:
    (place / "slow.yaml").write_text(
        "version: 1\nvariants: 2\ntransforms:\n  - resize: {size: 300}\n  - gaussian_noise\n"
    )
    for at in range(800):
        put(place / "many" / f"{at}.jpg", at)
    running = subprocess.Popen(
        [sys.executable, "-c", "from augtool.cli import main; main()",
         "run", "slow.yaml", "many", "out", "-w", str(workers)],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        give_up = time.monotonic() + 60
        while not list((place / "out").glob("*.jpg")) and time.monotonic() < give_up:
            time.sleep(0.02)
        running.send_signal(number)
        _, said = running.communicate(timeout=30)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == code
    assert said.splitlines()[-1] == "augtool: interrupted"
    assert "Traceback" not in said
    listed = {row["output"] for unit in storage.read_journal(place / "out") for row in unit["rows"]}
    assert all((place / "out" / name).exists() for name in listed)
    assert not any(row["status"] != "ok" for row in storage.read_journal(place / "out"))
    # No worker is left behind. The last ones may take a moment to go.
    gone = False
    while not gone and time.monotonic() < give_up:
        try:
            os.killpg(running.pid, 0)
            time.sleep(0.02)
        except ProcessLookupError:
            gone = True
    assert gone


# --- the other commands ----------------------------------------------------------------------------------


def test_preview_writes_a_sheet(place: Path) -> None:
    done = augtool("preview", "r.yaml", "in/cat/cat0.png", "-o", "sheet.png", "--grid", "2x2")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "sheet.png: 4 pictures\n")
    assert (place / "sheet.png").read_bytes().startswith(b"\x89PNG")
    folder = augtool("preview", "quickstart", "in", "-o", "folder.jpg", "-n", 1)
    assert folder.exit_code == 0
    assert (place / "folder.jpg").exists()


def test_check_finds_what_a_run_would_leave_out(place: Path) -> None:
    alone = augtool("check", "r.yaml")
    assert (alone.exit_code, alone.stdout) == (0, "recipe test: ok, 6 steps\n")
    assert augtool("check", "r.yaml", "in").exit_code == 0
    (place / "in" / "cat" / "bad.png").write_bytes(b"")
    before = tree(place)
    done = augtool("check", "r.yaml", "in", "--json")
    assert done.exit_code == 3
    assert [failure["source"] for failure in json.loads(done.stdout)["failures"]] == ["cat/bad.png"]
    assert "cat/bad.png: " in augtool("check", "r.yaml", "in").stdout
    assert tree(place) == before


def test_explain_in_words_and_in_json(place: Path) -> None:
    done = augtool("explain", "r.yaml", "in/cat/cat0.png")
    assert done.exit_code == 0
    assert done.stdout.startswith("cat0.png, 24 x 18, variant 1\n")
    assert "fused into" in done.stdout
    one = json.loads(augtool("explain", "r.yaml", "in/cat/cat0.png", "--json").stdout)
    other = json.loads(augtool("explain", "r.yaml", "in/cat/cat0.png", "--json", "--variant", 2).stdout)
    seeded = json.loads(augtool("explain", "r.yaml", "in/cat/cat0.png", "--json", "--seed", 9).stdout)
    assert one["steps"] != other["steps"]
    assert one["steps"] != seeded["steps"]


def test_replay_rebuilds_one_file(place: Path) -> None:
    augtool("run", "r.yaml", "in", "out", "-w", 0, "--seed", 11)
    done = augtool("replay", "out", "cat/cat0__aug2.png", "-o", "again.png")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "the same bytes" in done.stderr
    assert (place / "again.png").read_bytes() == (place / "out/cat/cat0__aug2.png").read_bytes()
    put(place / "in" / "cat" / "cat0.png", 99)
    changed = augtool("replay", "out", "cat/cat0__aug2.png")
    assert changed.exit_code == 4
    assert "has changed since the run" in one_line(changed.stderr)


def test_transforms_are_listed_and_shown() -> None:
    listed = augtool("transforms").stdout
    assert all(name in listed for name in registry.names())
    assert "angle: a number from -360 to 360" in augtool("transforms", "rotate").stdout
    assert "magnitude: a number from 0 to 30" in augtool("transforms", "randaugment").stdout
    assert "n: a whole number from 0" in augtool("transforms", "some_of").stdout
    data = json.loads(augtool("transforms", "--json").stdout)
    assert [entry["name"] for entry in data] == [*(spec.name for spec in registry.everything()), *flow.WORDS]
    assert [entry["name"] for entry in json.loads(augtool("transforms", "hue", "--json").stdout)] == ["hue"]
    assert "did you mean 'rotate'" in one_line(augtool("transforms", "rotat").stderr)


def test_schema_is_printed() -> None:
    printed = augtool("schema").stdout
    assert printed == recipeschema.schema_text()
    Draft202012Validator.check_schema(json.loads(printed))


def test_recipes_are_listed_and_printed() -> None:
    assert "quickstart" in augtool("recipes").stdout
    assert augtool("recipes", "quickstart").stdout.startswith("# yaml-language-server: $schema=")
    data = json.loads(augtool("recipes", "--json").stdout)
    assert {"name", "path", "description"} == set(data[0])
    assert [row["name"] for row in json.loads(augtool("recipes", "quickstart", "--json").stdout)] == [
        "quickstart"
    ]


def test_init_writes_a_recipe_that_runs_and_keeps_what_is_there(place: Path) -> None:
    assert augtool("init").exit_code == 0
    assert augtool("check", "recipe.yaml").exit_code == 0
    assert augtool("run", "recipe.yaml", "in", "out", "-w", 0, "-n", 1).exit_code == 0
    again = augtool("init")
    assert again.exit_code == 2
    assert "is there already" in one_line(again.stderr)
