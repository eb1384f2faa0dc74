"""The map of the program: recipe -> scan -> plan -> execute -> report."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from augtool import outputs, storage
from augtool.continuing import opened
from augtool.execute import execute, warm_up
from augtool.fitting import check_mirroring
from augtool.formats import Dataset, recognise
from augtool.leaks import Leaks, find_leaks
from augtool.options import Options
from augtool.plan import Plan, Survey
from augtool.recipe import Recipe
from augtool.report import write_report
from augtool.text.run import distinct
from augtool.unit import Context, UnitResult


@dataclass(frozen=True, slots=True)
class Planned:
    """A data set and what a recipe will make of it."""

    dataset: Dataset
    plan: Plan
    survey: Survey
    recognised: str  # how the format was told, in a few words
    done: int = 0  # jobs that an earlier run has done


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
    workers = warm_up(options.workers, recipe.modality, options.max_pixels)
    planned = prepare(recipe, source, options)
    outputs.check_apart(source, output)
    outputs.check_vacant(output, overwrite=options.overwrite, onward=options.onward)
    context = Context.of(recipe, source, output, planned.dataset, options)
    leaks = find_leaks(planned.plan, planned.survey, context, workers, options.timeout)
    leaks.check(strict=options.strict)
    with opened(context, options, planned.plan) as earlier:
        on_plan(replace(planned, done=earlier.done))
        on_leaks(leaks)
        jobs, total = earlier.jobs(), planned.survey.jobs - earlier.done
        work = execute(jobs, earlier.context, workers=workers, timeout=options.timeout, total=total)
        with storage.Journal(output) as journal, closing(work) as results:
            for job, result in distinct(results, earlier.context, earlier.finished()):
                journal.append(earlier.record(job, result), len({row["output"] for row in result.rows}))
                on_unit(result)
            earlier.settle(journal)
        seconds = time.monotonic() - started
        report = write_report(recipe, planned, earlier.context, workers, options, seconds, leaks)
        earlier.close(report)
        return report
