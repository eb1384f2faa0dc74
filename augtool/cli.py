"""The command line: parse, one call, print, exit code. Nothing here decides anything.

Modules that load cv2, numpy or pydantic are imported inside the commands, so that ``--help`` is quick.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import click

from augtool import __version__, terminal
from augtool.clibase import (
    F,
    guarded,
    limit_options,
    limits_of,
    log_json_option,
    tolerance,
)
from augtool.errors import ExitCode, UsageError
from augtool.upkeep import doctor, verify

# Loading makes many objects and no garbage: looking for some costs a tenth of the time to start.
gc.set_threshold(100_000, 20, 20)

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def recipe_options(command: F) -> F:
    """Add the options that change what a recipe says, to every command that runs one."""
    for option in (
        click.option("-n", "--variants", type=click.IntRange(0, 100_000), help="Variants per picture."),
        click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Another seed, other variants."),
    ):
        command = option(command)
    return command


def splits_option(command: F) -> F:
    """Add ``--splits``, to every command that plans."""
    text = "Splits to expand, separated by commas."
    return click.option("--splits", default="train", show_default=True, help=text)(command)


def strict_option(command: F) -> F:
    """Add ``--strict``, to every command that compares splits."""
    text = "Refuse a set with the same picture in two splits."
    return click.option("--strict", is_flag=True, help=text)(command)


def format_option(command: F) -> F:
    """Add ``--format``, to every command that opens a data set."""
    return click.option(
        "--format", "fmt", metavar="NAME", help="The data set's format; default: recognised."
    )(command)


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, prog_name="augtool")
def main() -> None:
    """Turn a small data set into a larger, varied, correctly labelled one.

    A YAML recipe says what to do to each picture; augtool walks INPUT, writes N variants of every
    picture to OUTPUT, and reports what it made. Start with: augtool recipes, augtool init.

    Exit status: 0 all done, 2 usage or recipe, 3 finished but some inputs failed, 4 verify found
    differences, 5 input/output error, 6 output in use by another run, 130/143 interrupted, 1 internal error.
    """


@main.command()
@click.argument("recipe")
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.argument("output", metavar="OUTPUT", type=click.Path(path_type=Path))
@recipe_options
@click.option(
    "-w", "--workers", type=click.IntRange(0, 1024), help="Processes; default all cores, 0 this one."
)
@splits_option
@format_option
@limit_options
@strict_option
@click.option("--resume", is_flag=True, help="Go on with an unfinished run.")
@click.option("--update", is_flag=True, help="Redo what is affected by changes since a run.")
@click.option("--prune", is_flag=True, help="With --update: remove what was made of sources that are gone.")
@click.option("--overwrite", is_flag=True, help="Replace the output of an earlier run.")
@click.option(
    "--max-failures", metavar="N|P%", default="0", help="Failed inputs that still give exit status 0."
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, as 'augtool plan' does, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON on stdout.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Name every warning.")
@log_json_option
@guarded
def run(
    recipe: str, source: Path, output: Path, variants: int | None, seed: int | None, workers: int | None,
    splits: str, fmt: str | None, strict: bool, resume: bool, update: bool, prune: bool, overwrite: bool,
    max_failures: str, dry_run: bool, as_json: bool, quiet: bool, verbose: bool,
    **limits: Any,
) -> None:  # fmt: skip
    """Expand INPUT into OUTPUT with RECIPE (a file, or the name of a built-in recipe)."""
    from augtool import pipeline
    from augtool.options import Options

    loaded = _recipe(recipe, variants, seed)
    if resume + update + overwrite > 1 or (prune and not update):
        raise UsageError("choose one of --resume, --update and --overwrite; --prune goes with --update")
    tolerated = tolerance(max_failures)
    options = Options(
        _splits(splits), workers, overwrite=overwrite, format=fmt, strict=strict, resume=resume,
        update=update, prune=prune, **limits_of(limits),
    )  # fmt: skip
    if dry_run:
        terminal.show_plan(pipeline.prepare(loaded, source, options), options, as_json=as_json)
        return
    with terminal.Progress(options.splits, source, quiet=quiet, verbose=verbose) as progress:
        report = pipeline.run(loaded, source, output, options, progress.unit, progress.plan, progress.leaks)
    terminal.show_report(report, output, as_json=as_json, quiet=quiet)
    if report["totals"]["failed"] > tolerated(report["totals"]["sources"]):
        sys.exit(ExitCode.PARTIAL)


@main.command()
@click.argument("recipe")
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@recipe_options
@splits_option
@format_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@guarded
def plan(
    recipe: str,
    source: Path,
    variants: int | None,
    seed: int | None,
    splits: str,
    fmt: str | None,
    as_json: bool,
) -> None:
    """Say what a run would make: counts by split and class, and bytes. Opens and writes nothing."""
    from augtool import pipeline
    from augtool.options import Options

    loaded = _recipe(recipe, variants, seed)
    options = Options(_splits(splits), format=fmt)
    terminal.show_plan(pipeline.prepare(loaded, source, options), options, as_json=as_json)


@main.command()
@click.argument("recipe")
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@recipe_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Sheet of pictures (default sheet.png), or HTML of texts.",
)
@click.option("--grid", default="3x3", show_default=True, help="Columns x rows, the original included.")
@format_option
@guarded
def preview(
    recipe: str,
    source: Path,
    variants: int | None,
    seed: int | None,
    output: Path | None,
    grid: str,
    fmt: str | None,
) -> None:
    """Draw a contact sheet: the original and variants, labelled with what was applied.

    For a folder, pictures are taken from all over it, each original followed by variants (-n of them).
    Texts are printed above their variants, with the edits marked, or written as HTML.
    """
    loaded = _recipe(recipe, None, seed)
    if loaded.modality == "text":
        _preview_texts(loaded, source, output, variants, _grid(grid)[1])
        return
    from augtool import preview as sheets

    output = output or Path("sheet.png")
    shown = sheets.write_sheet(loaded, source, output, _grid(grid), variants, fmt)
    terminal.say(f"{output}: {shown} pictures")


@main.command()
@click.argument("recipe")
@click.argument("source", metavar="[INPUT]", required=False, type=click.Path(path_type=Path))
@splits_option
@format_option
@limit_options
@strict_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@log_json_option
@guarded
def check(
    recipe: str, source: Path | None, splits: str, fmt: str | None, strict: bool, as_json: bool, **limits: Any
) -> None:
    """Check RECIPE, and with INPUT every picture in it, without writing anything."""
    from augtool import checks
    from augtool.options import Options

    options = Options(_splits(splits), format=fmt, **limits_of(limits))
    findings = checks.check(_recipe(recipe, None, None), source, options)
    terminal.show_check(findings, source, as_json=as_json)
    findings.leaks.check(strict=strict)
    if findings.failures or (strict and findings.doubtful):
        sys.exit(ExitCode.PARTIAL)


@main.command()
@click.argument("recipe")
@click.argument("image", type=click.Path(path_type=Path))
@click.option("--variant", type=click.IntRange(1), default=1, show_default=True, help="Which variant.")
@click.option("--input", "root", type=click.Path(path_type=Path), help="The input folder of the run meant.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Another seed, other variants.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@guarded
def explain(
    recipe: str, image: Path, variant: int, root: Path | None, seed: int | None, as_json: bool
) -> None:
    """Show the steps drawn for one variant of IMAGE, and what they were fused into.

    A picture's draws depend on its path below the input folder: name that with --input to see those of
    a run. Without it, they are those of a run over the picture's own folder.
    """
    from augtool import explain as explaining

    terminal.show_explanation(
        explaining.explain(_recipe(recipe, None, seed), image, variant, root), as_json=as_json
    )


@main.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.argument("file")
@click.option("-o", "--to", type=click.Path(path_type=Path), help="Where to write it; default: only check.")
@click.option(
    "--input", "source", type=click.Path(path_type=Path), help="Where the input is now, if it moved."
)
@guarded
def replay(output: Path, file: str, to: Path | None, source: Path | None) -> None:
    """Build one FILE of a finished run in OUTPUT again from its manifest row, to the same bytes."""
    from augtool import replay as replaying

    terminal.say(replaying.replay(output, file, to, source))


@main.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@guarded
def transforms(name: str | None, as_json: bool) -> None:
    """List all transforms, or show the fields of one."""
    from augtool import docs

    if as_json:
        terminal.result_json(docs.catalogue(name))
    else:
        terminal.result(docs.listing() if name is None else docs.page_of(name))


@main.command()
@guarded
def schema() -> None:
    """Print the JSON Schema (2020-12) of recipes."""
    from augtool import recipeschema

    terminal.result(recipeschema.schema_text().rstrip("\n"))


@main.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@guarded
def recipes(name: str | None, as_json: bool) -> None:
    """List the built-in recipes, or print one. A built-in name works wherever a recipe file does."""
    from augtool import docs

    terminal.result_json(docs.recipe_table(name)) if as_json else terminal.result(docs.recipe_listing(name))


@main.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path("recipe.yaml"))
@guarded
def init(path: Path) -> None:
    """Write a commented starter recipe to PATH (default recipe.yaml)."""
    from augtool import docs

    docs.write_starter(path)
    terminal.say(f"{path}: written. Try it: augtool preview {path} YOUR_PICTURES, then augtool run")


def _preview_texts(recipe: Any, source: Path, output: Path | None, variants: int | None, rows: int) -> None:
    from augtool.text.preview import preview_texts

    made = preview_texts(recipe, source, rows, recipe.variants if variants is None else variants)
    if output is None:
        terminal.show_texts(made)
    else:
        made.write(output)
        terminal.say(f"{output}: {len(made.pairs)} texts")


for command in (verify, doctor):
    main.add_command(command)


def _recipe(reference: str, variants: int | None, seed: int | None) -> Any:
    from dataclasses import replace

    from augtool.recipe import load_recipe

    recipe = load_recipe(reference)
    if variants is not None:
        recipe = replace(recipe, variants=variants)
    return recipe if seed is None else replace(recipe, seed=seed)


def _splits(text: str) -> tuple[str, ...]:
    from augtool.formats.walk import SPLITS

    named = [part.strip().lower() for part in text.split(",") if part.strip()]
    unknown = [part for part in named if part not in SPLITS]
    if unknown or not named:
        raise UsageError(f"--splits {text}: expected train, val or test, separated by commas")
    return tuple(dict.fromkeys(SPLITS[part] for part in named))


def _grid(text: str) -> tuple[int, int]:
    columns, _, rows = text.lower().partition("x")
    if not (columns.isdecimal() and rows.isdecimal() and 1 <= int(columns) <= 20 and 1 <= int(rows) <= 50):
        raise UsageError(f"--grid {text}: expected columns x rows, such as 3x3 (at most 20x50)")
    return int(columns), int(rows)
