"""The files that other tools read: the action, the hooks, the container."""

import re
from pathlib import Path

import yaml
from click.testing import CliRunner

from augtool.cli import main
from augtool.upkeep import check_recipes

ROOT = Path(__file__).parents[1]


def test_the_action_calls_commands_and_options_that_exist() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert action["runs"]["using"] == "composite"
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert all(step.get("shell") for step in action["runs"]["steps"] if "run" in step)
    # Inputs are variables of the environment: as text of the script they would be code.
    assert not any("${{" in script for script in scripts)
    calls = re.findall(r"augtool (\w+)((?: --[\w-]+)*)", "\n".join(scripts))
    assert {name for name, _ in calls} == {"doctor", "check", "run"}
    for name, options in calls:
        known = {option for parameter in main.commands[name].params for option in parameter.opts}
        assert set(options.split()) <= known | {"--"}


def test_the_hook_finds_recipes_and_reports_every_mistake(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"] in (ROOT / "pyproject.toml").read_text()
    for name in ("recipe.yaml", "configs/quickstart.yaml", "a/recipes/x.yml"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "docs/data.yaml")
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("version: 1\ntransforms: [rotate]\n")
    bad.write_text("version: 2\nsed: 1\ntransforms: [rotate]\n")
    done = CliRunner().invoke(check_recipes, [str(good), str(bad), str(bad)])
    assert done.exit_code == 2
    assert done.stderr.count("sed: unknown field, did you mean 'seed'?") == 2
    assert CliRunner().invoke(check_recipes, [str(good)]).exit_code == 0


def test_the_container_copies_what_is_there_and_is_not_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    copied = [word for line in lines if line.startswith("COPY") and "--from" not in line
              for word in line.split()[1:-1]]  # fmt: skip
    assert copied
    allowed = (ROOT / ".dockerignore").read_text().split()
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name.removeprefix('./')}" in allowed
    assert next(line for line in lines if line.startswith("USER")) != "USER root"
    assert "opencv-python-headless" in "".join(lines)


def test_every_test_that_the_contract_names_exists() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    assert [int(line.split("|")[1]) for line in rows] == list(range(1, 27))
    for line in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", line)
        assert named or line.endswith("| none needed |"), line
        for file, test in named:
            assert f"def {test}(" in (ROOT / file).read_text(), test
