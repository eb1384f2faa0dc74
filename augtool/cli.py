"""The command line: parse, one call, print, exit code. Nothing here decides anything.

Modules that load cv2, numpy or pydantic are imported inside the commands, so that ``--help`` is quick.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from augtool import __version__, terminal
from augtool.errors import AugtoolError, ExitCode, Interrupted, RecipeError, UsageError

# Loading makes many objects and no garbage: looking for some costs a tenth of the time to start.
gc.set_threshold(100_000, 20, 20)

F = TypeVar("F", bound=Callable[..., Any])

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def guarded(command: F) -> F:
    """Turn the program's errors into one line on stderr and the right exit code."""

    @wraps(command)
    def body(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except AugtoolError as error:
            terminal.fail(str(error))
            if isinstance(error, RecipeError) and len(error.problems) > 1:
                terminal.fail(f"{len(error.problems)} mistakes; nothing was written")
            sys.exit(error.exit_code)
        except KeyboardInterrupt as stop:
            terminal.fail("interrupted")
            sys.exit(stop.exit_code if isinstance(stop, Interrupted) else ExitCode.SIGINT)
        except ImportError as error:
            from augtool.environment import import_advice

            terminal.fail(import_advice(error))
            sys.exit(ExitCode.INTERNAL)
        except BrokenPipeError:
            # The reader (head, less) has gone; that is its right. Nothing more can be printed.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.exit(ExitCode.OK)
        except OSError as error:
            # What no module foresaw of files and disks: a full stdout, a name that is too long.
            terminal.fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.exit(ExitCode.IO)

    return body  # type: ignore[return-value]


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

    Exit status: 0 all done, 2 usage or recipe, 3 finished but some inputs failed, 5 input/output error,
    6 output in use by another run, 130/143 interrupted, 1 internal error.
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
@click.option(
    "--timeout", type=click.FloatRange(0.1), default=300.0, show_default=True, help="Seconds per picture."
)
@strict_option
@click.option("--overwrite", is_flag=True, help="Replace the output of an earlier run.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, as 'augtool plan' does, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON on stdout.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Name every warning.")
@guarded
def run(
    recipe: str, source: Path, output: Path, variants: int | None, seed: int | None, workers: int | None,
    splits: str, fmt: str | None, timeout: float, strict: bool, overwrite: bool, dry_run: bool,
    as_json: bool, quiet: bool, verbose: bool,
) -> None:  # fmt: skip
    """Expand INPUT into OUTPUT with RECIPE (a file, or the name of a built-in recipe)."""
    from augtool import pipeline

    loaded = _recipe(recipe, variants, seed)
    options = pipeline.Options(_splits(splits), workers, timeout, overwrite, fmt, strict)
    if dry_run:
        terminal.show_plan(pipeline.prepare(loaded, source, options), options, as_json=as_json)
        return
    with terminal.Progress(options.splits, quiet=quiet, verbose=verbose) as progress:
        report = pipeline.run(loaded, source, output, options, progress.unit, progress.plan, progress.leaks)
    terminal.show_report(report, output, as_json=as_json, quiet=quiet)
    if report["totals"]["failed"]:
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

    loaded = _recipe(recipe, variants, seed)
    options = pipeline.Options(_splits(splits), format=fmt)
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
@strict_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@guarded
def check(
    recipe: str, source: Path | None, splits: str, fmt: str | None, strict: bool, as_json: bool
) -> None:
    """Check RECIPE, and with INPUT every picture in it, without writing anything."""
    from augtool import checks

    findings = checks.check(_recipe(recipe, None, None), source, _splits(splits), fmt)
    terminal.show_check(findings, as_json=as_json)
    findings.leaks.check(strict=strict)
    if findings.failures:
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
