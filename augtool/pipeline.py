"""The map of the program: recipe -> scan -> plan -> execute -> report."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augtool import storage
from augtool.execute import execute, warm_up
from augtool.fitting import check_mirroring, outside_of
from augtool.formats import Dataset, recognise
from augtool.leaks import Leaks, find_leaks
from augtool.plan import Plan, Survey
from augtool.recipe import Recipe
from augtool.report import write_report
from augtool.text.run import distinct
from augtool.unit import Context, UnitResult


@dataclass(frozen=True, slots=True)
class Options:
    """How to run, as opposed to what: none of these changes a byte of a variant."""

    splits: Collection[str] = ("train",)
    workers: int | None = None
    timeout: float = 300.0
    overwrite: bool = False
    format: str | None = None
    strict: bool = False  # refuse a picture that is in two splits


@dataclass(frozen=True, slots=True)
class Planned:
    """A data set and what a recipe will make of it."""

    dataset: Dataset
    plan: Plan
    survey: Survey
    recognised: str  # how the format was told, in a few words


def prepare(recipe: Recipe, source: Path, options: Options) -> Planned:
    """Scan the input and count the plan. Opens no picture, writes nothing."""
    form, recognised = recognise(source, options.format, recipe.modality)
    dataset = form.open(source, recipe.dataset_options)
    check_mirroring(recipe, dataset)
    plan = Plan(dataset, recipe, options.splits)
    return Planned(dataset, plan, plan.survey(), recognised)


def run(
    recipe: Recipe, source: Path, output: Path, options: Options,
    on_unit: Callable[[UnitResult], None] = lambda _: None,
    on_plan: Callable[[Planned], None] = lambda _: None,
    on_leaks: Callable[[Leaks], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Make the whole enlarged data set and return its report (the content of ``report.json``)."""
    started = time.monotonic()
    workers = warm_up(options.workers, recipe.modality)
    planned = prepare(recipe, source, options)
    storage.check_apart(source, output)
    storage.check_vacant(output, overwrite=options.overwrite)
    on_plan(planned)
    outside = outside_of(recipe, planned.dataset)
    context = Context(recipe, recipe.seed, source, output, outside, planned.dataset)
    leaks = find_leaks(planned.plan, planned.survey, context, workers, options.timeout)
    on_leaks(leaks)
    leaks.check(strict=options.strict)
    with storage.opened(output, overwrite=options.overwrite):
        jobs, total = planned.plan, planned.survey.jobs
        work = execute(jobs, context, workers=workers, timeout=options.timeout, total=total)
        with storage.Journal(output) as journal, closing(work) as results:
            for result in distinct(results, context):
                journal.append(result.record(), len({row["output"] for row in result.rows}))
                on_unit(result)
        return write_report(recipe, planned, context, workers, options, time.monotonic() - started, leaks)
