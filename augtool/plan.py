"""Items x variants -> Jobs. Pure and lazy: no picture is opened, nothing is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from augtool.counts import Allotment, Goal, allot, is_expanded
from augtool.errors import UsageError
from augtool.fitting import remarks
from augtool.recipe import Recipe
from augtool.sample import Item
from augtool.splits import Divider

if TYPE_CHECKING:
    from augtool.formats.base import Dataset

UNLABELLED = ""  # the class of pictures that lie in no class folder


@dataclass(frozen=True, slots=True)
class Job:
    """The unit of work: one source with everything to be made from it."""

    item: Item
    copy: bool
    """Whether the original itself is written."""
    variants: int
    """Number of variants, from 1."""
    before: dict[str, Any] | None = None
    """What an earlier run's journal says of this source; see :mod:`augtool.revisit`."""

    @property
    def files(self) -> int:
        """How many files the job writes if all goes well."""
        return self.copy + self.variants


def plan(
    items: Iterable[Item],
    recipe: Recipe,
    splits: Collection[str] = ("train",),
    variants: Callable[[Item], int] | None = None,
) -> Iterator[Job]:
    """Yield a job per item.

    Args:
        items: what a format's scan found, in its order.
        recipe: says how many variants and whether the originals are copied.
        splits: the splits to expand. Items without a split are always expanded; those of other splits
            are copied untouched.
        variants: the number for each item to expand; needed where the recipe states a goal.

    Raises:
        UsageError: the recipe states a goal, and nothing says what it comes to for each item.
    """
    if variants is None:
        fixed = recipe.variants
        if isinstance(fixed, Goal):
            raise UsageError(f"{fixed}: needs a data set; give a number of variants with -n")
        variants = lambda _: fixed  # noqa: E731 - the constant beside the function it stands for
    for item in items:
        if item.problem:
            yield Job(item, copy=False, variants=0)
        elif is_expanded(item, splits):
            yield Job(item, copy=recipe.originals == "copy", variants=variants(item))
        else:
            yield Job(item, copy=True, variants=0)


class Plan:
    """The jobs of a run. Iterating walks the data set anew; nothing is held per picture."""

    def __init__(self, dataset: Dataset, recipe: Recipe, splits: Collection[str]) -> None:
        """Divide the set into splits and work out the counts, where the recipe asks for it.

        Raises:
            UsageError: the recipe's ``split:`` or ``variants:`` cannot be had from this set.
        """
        self.divider = Divider(dataset, recipe) if recipe.split else None
        self._walk = self.divider.items if self.divider else dataset.items
        self._dataset, self._recipe, self._splits = dataset, recipe, splits
        self.allotment: Allotment | None = None
        if isinstance(recipe.variants, Goal):
            copies = recipe.originals == "copy"
            self.allotment = allot(self._walk, recipe.variants, splits, seed=recipe.seed, copies=copies)

    def __iter__(self) -> Iterator[Job]:
        """Yield the jobs, in the order of the data set."""
        counter = self.allotment.counter() if self.allotment else None
        return plan(self._walk(), self._recipe, self._splits, counter)

    def survey(self) -> Survey:
        """Walk the plan once and count it, with what a person should know of its counts and splits.

        Raises:
            UsageError: the set has nothing to do.
        """
        counted = survey(self, self._recipe)
        self._dataset.require(counted, self._splits)
        if self.divider:
            counted.notes += self.divider.notes(counted.sources)
        if self.allotment:
            counted.notes += self.allotment.notes
        counted.notes += remarks(self._recipe, self._dataset)
        return counted


@dataclass
class Survey:
    """What a plan comes to: counts of sources and files by split and class, and bytes."""

    sources: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(split, class) -> sources that can be used; the empty text stands for none."""
    written: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(split, class) -> files that will be written."""
    object_classes: set[str] = field(default_factory=set)
    originals: int = 0
    variants: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    source_bytes: int = 0
    estimated_bytes: int = 0
    jobs: int = 0
    notes: list[str] = field(default_factory=list)
    """What a person should know before the run, a line each."""

    @property
    def files(self) -> int:
        """Files that will be written if nothing fails."""
        return self.originals + self.variants

    def classes(self) -> set[str]:
        """Return all classes, of pictures and of objects as far as the scan knows them."""
        return ({label for _, label in self.sources} | self.object_classes) - {UNLABELLED}

    @property
    def divided(self) -> bool:
        """Whether the usable sources are in more than one split."""
        return len({split for split, _ in self.sources}) > 1

    @property
    def usable(self) -> int:
        """Sources that can be used, as far as the scan can tell."""
        return sum(self.sources.values())


# Bytes per pixel of a photo at quality 95, for estimates where the recipe fixes the size.
_BYTES_PER_PIXEL = {"keep": 0.45, "jpeg": 0.45, "webp": 0.35, "png": 1.9}


def survey(jobs: Iterable[Job], recipe: Recipe) -> Survey:
    """Walk a plan once and count it. Opens nothing: bytes are estimated from file sizes."""
    result = Survey()
    fixed = _fixed_pixels(recipe)
    for job in jobs:
        item = job.item
        result.jobs += 1
        if item.problem:
            result.problems[item.problem[0]] += 1
            continue
        group = item.split or "", item.label or UNLABELLED
        result.sources[group] += 1
        result.written[group] += job.files
        result.object_classes.update(item.classes)
        result.source_bytes += item.size_bytes
        result.originals += job.copy
        result.variants += job.variants
        each = fixed * _BYTES_PER_PIXEL[recipe.output.format] if fixed else item.size_bytes
        result.estimated_bytes += int(job.copy * item.size_bytes + job.variants * each)
    return result


def _fixed_pixels(recipe: Recipe) -> int:
    """Return the area of the recipe's last fixed size, or 0 where the size follows the source."""
    if recipe.output.size and len(recipe.output.size) == 2:
        return recipe.output.size[0] * recipe.output.size[1]
    area = 0
    for node in recipe.transforms:
        values = getattr(node, "values", {})
        size = values["size"].quantile(0.5) if "size" in values else None
        if isinstance(size, list):
            area = size[0] * size[1]
    return area
