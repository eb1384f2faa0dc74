"""The map of the program: recipe -> scan -> plan -> execute -> report."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augtool import registry, storage
from augtool.errors import UsageError
from augtool.execute import default_workers, execute
from augtool.formats import Dataset, recognise
from augtool.freeze import step_names
from augtool.leaks import Leaks, find_leaks
from augtool.plan import Plan, Survey
from augtool.recipe import Recipe
from augtool.report import write_report
from augtool.unit import Context, UnitResult
from augtool.warp import Outside


@dataclass(frozen=True, slots=True)
class Options:
    """How to run, as opposed to what: none of these changes a byte of a variant."""

    splits: Collection[str] = ("train",)
    workers: int | None = None
    timeout: float = 300.0
    overwrite: bool = False
    format: str | None = None
    strict: bool = False
    """Whether a picture that is in two splits stops the run."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A data set and what a recipe will make of it."""

    dataset: Dataset
    plan: Plan
    survey: Survey
    recognised: str
    """How the format was told, in a few words."""

    @property
    def divided(self) -> bool:
        """Whether there is more than one split."""
        return len({split for split, _ in self.survey.sources}) > 1


def prepare(recipe: Recipe, source: Path, options: Options) -> Planned:
    """Scan the input and count the plan. Opens no picture, writes nothing."""
    form, recognised = recognise(source, options.format)
    dataset = form.open(source, recipe.format)
    check_mirroring(recipe, dataset)
    plan = Plan(dataset, recipe, options.splits)
    counted = plan.survey()
    dataset.require(counted, options.splits)
    return Planned(dataset, plan, counted, recognised)


def run(
    recipe: Recipe,
    source: Path,
    output: Path,
    options: Options,
    on_unit: Callable[[UnitResult], None] = lambda _: None,
    on_plan: Callable[[Planned], None] = lambda _: None,
    on_leaks: Callable[[Leaks], None] = lambda _: None,
) -> dict[str, Any]:
    """Make the whole enlarged data set and return its report (the content of ``report.json``)."""
    started = time.monotonic()
    planned = prepare(recipe, source, options)
    storage.check_apart(source, output)
    storage.check_vacant(output, overwrite=options.overwrite)
    on_plan(planned)
    workers = default_workers() if options.workers is None else options.workers
    dataset = planned.dataset
    context = Context(recipe, recipe.seed, source, output, outside_of(recipe, dataset), dataset)
    leaks = compare_splits(planned, context, workers, options)
    if leaks is not None:
        on_leaks(leaks)
        if leaks and options.strict:
            raise UsageError(f"{leaks.said()}; --strict refuses that, and nothing was written")
    with storage.opened(output, overwrite=options.overwrite):
        total = planned.survey.jobs
        work = execute(planned.plan, context, workers=workers, timeout=options.timeout, total=total)
        with storage.Journal(output) as journal, closing(work) as results:
            for _, result in results:
                journal.append(result.record(), len(result.rows))
                on_unit(result)
        return write_report(recipe, planned, context, workers, options, time.monotonic() - started, leaks)


def compare_splits(planned: Planned, context: Context, workers: int, options: Options) -> Leaks | None:
    """Look for the same picture in two splits, where there is more than one."""
    if not planned.divided:
        return None
    total = planned.survey.jobs
    return find_leaks(planned.plan, context, workers=workers, timeout=options.timeout, total=total)


def check_mirroring(recipe: Recipe, dataset: Dataset) -> None:
    """Refuse to mirror keypoints whose left and right counterparts are not known.

    Raises:
        UsageError: the recipe holds a step that mirrors.
    """
    if not dataset.keypoints or dataset.flip_idx is not None:
        return
    mirroring = [name for name in step_names(recipe.transforms) if registry.get(name).mirrors]
    if mirroring:
        raise UsageError(
            f"{mirroring[0]} mirrors the keypoints of {dataset.root}, and which of them are each other's "
            "mirror image is not known; add flip_idx to its data.yaml (for each keypoint the index of its "
            "counterpart), or remove the step"
        )


def outside_of(recipe: Recipe, dataset: Dataset) -> Outside:
    """Return what geometry shows beyond the edge: ``auto`` mirrors, unless labels would be missing."""
    border = recipe.border
    if border == "auto":
        border = "constant" if dataset.spatial else "reflect_101"
    return Outside(border, recipe.fill)
