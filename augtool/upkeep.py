"""The commands that look after a set and its surroundings: verify, doctor."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from augtool import terminal
from augtool.clibase import guarded
from augtool.errors import ExitCode, RecipeError, UsageError


@click.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Rebuild what is missing or changed; leave extra files alone.")
@click.option(
    "--input", "source", type=click.Path(path_type=Path), help="Where the input is now, if it moved."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@guarded
def verify(output: Path, fix: bool, source: Path | None, as_json: bool) -> None:
    """Compare the pictures, labels and data set files in OUTPUT with its manifest."""
    from augtool import verify as verifying

    found = verifying.verify(output, fix=fix, source=source)
    if as_json:
        terminal.result_json(found.data())
    else:
        for line in found.lines():
            terminal.result(line)
    if not found.whole:
        sys.exit(ExitCode.VERIFY)


@click.command()
@click.argument("recipes", nargs=-1)
@guarded
def check_recipes(recipes: tuple[str, ...]) -> None:
    """Check RECIPES; every mistake in any of them is printed. For pre-commit."""
    from augtool.recipe import load_recipe

    wrong = 0
    for recipe in recipes:
        try:
            load_recipe(recipe)
        except RecipeError as error:
            wrong += 1
            terminal.fail_recipe(error)
    if wrong:
        sys.exit(ExitCode.USAGE)


@click.command()
@click.argument("recipe", required=False)
@click.argument("source", metavar="[INPUT]", required=False, type=click.Path(path_type=Path))
@click.argument("output", metavar="[OUTPUT]", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@guarded
def doctor(recipe: str | None, source: Path | None, output: Path | None, as_json: bool) -> None:
    """Look at what augtool needs: libraries, limits and, for a RECIPE and INPUT, room on the disk."""
    from augtool import environment

    findings = environment.examine()
    if recipe is not None:
        if source is None:
            raise UsageError("doctor takes nothing, or RECIPE and INPUT (and OUTPUT)")
        if environment.worst(findings) != "error":
            from augtool import pipeline
            from augtool.options import Options
            from augtool.recipe import load_recipe

            planned = pipeline.prepare(load_recipe(recipe), source, Options())
            needed = planned.survey.estimated_bytes
            findings.append(environment.examine_space(needed, output or Path()))
    if as_json:
        terminal.result_json(environment.plain(findings))
    else:
        for finding in findings:
            terminal.result(f"{finding.state:8}{finding.what}: {finding.said}")
    if environment.worst(findings) == "error":
        sys.exit(ExitCode.INTERNAL)
