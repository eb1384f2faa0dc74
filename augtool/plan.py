"""Items x variants -> Jobs. Pure and lazy: no picture is opened, nothing is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from augtool.recipe import Recipe
from augtool.sample import Item

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


def plan(items: Iterable[Item], recipe: Recipe, splits: Collection[str] = ("train",)) -> Iterator[Job]:
    """Yield a job per item.

    Args:
        items: what a format's scan found, in its order.
        recipe: says how many variants and whether the originals are copied.
        splits: the splits to expand. Items without a split are always expanded; those of other splits
            are copied untouched.

    """
    for item in items:
        if item.problem:
            yield Job(item, copy=False, variants=0)
        elif item.split is None or item.split in splits:
            yield Job(item, copy=recipe.originals == "copy", variants=recipe.variants)
        else:
            yield Job(item, copy=True, variants=0)


@dataclass
class Survey:
    """What a plan comes to: counts of sources and files by split and class, and bytes."""

    sources: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(split, class) -> sources that can be used; the empty text stands for none."""
    object_classes: set[str] = field(default_factory=set)
    originals: int = 0
    variants: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    source_bytes: int = 0
    estimated_bytes: int = 0
    jobs: int = 0

    @property
    def files(self) -> int:
        """Files that will be written if nothing fails."""
        return self.originals + self.variants

    def classes(self) -> set[str]:
        """Return all classes, of pictures and of objects as far as the scan knows them."""
        return ({label for _, label in self.sources} | self.object_classes) - {UNLABELLED}

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
        result.sources[item.split or "", item.label or UNLABELLED] += 1
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
