"""The map of the program: recipe -> scan -> plan -> execute -> report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from augtool import outputs, storage
from augtool.continuing import opened
from augtool.execute import default_workers, execute
from augtool.fitting import check_mirroring, context_of
from augtool.formats import Dataset, recognise
from augtool.options import Options
from augtool.plan import Job, Survey, plan, survey
from augtool.recipe import Recipe
from augtool.report import write_report
from augtool.unit import UnitResult


@dataclass(frozen=True, slots=True)
class Planned:
    """A data set and what a recipe will make of it."""

    dataset: Dataset
    survey: Survey
    recognised: str
    """How the format was told, in a few words."""
    jobs: Callable[[], Iterable[Job]]
    """Yields the plan, anew at each call."""
    done: int = 0
    """Jobs that an earlier run has done."""


def prepare(recipe: Recipe, source: Path, options: Options) -> Planned:
    """Scan the input and count the plan. Opens no picture, writes nothing."""
    form, recognised = recognise(source, options.format)
    dataset = form.open(source, recipe.format)
    check_mirroring(recipe, dataset)
    jobs = partial(_jobs, dataset, recipe, options)
    counted = survey(jobs(), recipe)
    dataset.require(counted, options.splits)
    return Planned(dataset, counted, recognised, jobs)


def _jobs(dataset: Dataset, recipe: Recipe, options: Options) -> Iterator[Job]:
    return plan(dataset.items(), recipe, options.splits)


def run(
    recipe: Recipe, source: Path, output: Path, options: Options,
    on_unit: Callable[[UnitResult], None] = lambda _: None,
    on_plan: Callable[[Planned], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Make the whole enlarged data set and return its report (the content of ``report.json``)."""
    started = time.monotonic()
    planned = prepare(recipe, source, options)
    outputs.check_apart(source, output)
    outputs.check_vacant(output, overwrite=options.overwrite, onward=options.onward)
    workers = default_workers() if options.workers is None else options.workers
    context = context_of(recipe, source, output, planned.dataset, options)
    with opened(context, options, planned.jobs) as earlier:
        on_plan(replace(planned, done=earlier.done))
        jobs, total = earlier.jobs(), planned.survey.jobs - earlier.done
        work = execute(jobs, earlier.context, workers=workers, timeout=options.timeout, total=total)
        with storage.Journal(output) as journal, closing(work) as results:
            for job, result in results:
                journal.append(earlier.record(job, result), len(result.rows))
                on_unit(result)
            earlier.settle(journal)
        seconds = time.monotonic() - started
        report = write_report(recipe, planned, earlier.context, workers, options, seconds)
        earlier.close(report)
        return report
