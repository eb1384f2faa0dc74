"""The map of the program: recipe -> scan -> plan -> execute -> report."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augtool import storage
from augtool.execute import default_workers, execute
from augtool.formats import Dataset, open_dataset
from augtool.plan import Survey, plan, survey
from augtool.recipe import Recipe
from augtool.report import write_report
from augtool.text.run import hooks
from augtool.unit import Context, UnitResult
from augtool.warp import Outside


@dataclass(frozen=True, slots=True)
class Options:
    """How to run, as opposed to what: none of these changes a byte of a variant."""

    splits: Collection[str] = ("train",)
    workers: int | None = None
    timeout: float = 300.0
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A data set and what a recipe will make of it."""

    dataset: Dataset
    survey: Survey


def prepare(recipe: Recipe, source: Path, options: Options) -> Planned:
    """Scan the input and count the plan. Opens no picture, writes nothing."""
    dataset = open_dataset(source, recipe)
    counted = survey(plan(dataset.items(), recipe, options.splits), recipe)
    dataset.require(counted, options.splits)
    return Planned(dataset, counted)


def run(
    recipe: Recipe,
    source: Path,
    output: Path,
    options: Options,
    on_unit: Callable[[UnitResult], None] = lambda _: None,
    on_plan: Callable[[Planned], None] = lambda _: None,
) -> dict[str, Any]:
    """Make the whole enlarged data set and return its report (the content of ``report.json``)."""
    started = time.monotonic()
    planned = prepare(recipe, source, options)
    storage.check_apart(source, output)
    storage.check_vacant(output, overwrite=options.overwrite)
    on_plan(planned)
    workers = default_workers() if options.workers is None else options.workers
    context = Context(recipe, recipe.seed, source, output, outside_of(recipe, planned.dataset))
    with storage.opened(output, overwrite=options.overwrite):
        settled, finish = hooks(planned.dataset, context, options.splits)
        jobs = plan(planned.dataset.items(), recipe, options.splits)
        work = execute(jobs, context, workers=workers, timeout=options.timeout, total=planned.survey.jobs)
        with storage.Journal(output) as journal, closing(work) as results:
            for result in settled(results):
                journal.append(result.record(), len({row["output"] for row in result.rows}))
                on_unit(result)
        finish()
        return write_report(recipe, planned, context, workers, options, time.monotonic() - started)


def outside_of(recipe: Recipe, dataset: Dataset) -> Outside:
    """Return what geometry shows beyond the edge: ``auto`` mirrors, unless labels would be missing."""
    auto = "constant" if dataset.spatial else "reflect_101"
    return Outside(auto if recipe.border == "auto" else recipe.border, recipe.fill)
