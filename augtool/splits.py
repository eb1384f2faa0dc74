"""Dividing a set that has no splits: which pictures go to train, val and test.

A group of pictures (those for which the recipe's ``group`` finds the same text in the path; without it, each
picture) goes where a hash of its name says. So frames of one scene stay together, and adding pictures moves
no other picture. The shares are met on average: the smaller the set, the further off they may be.
"""

from __future__ import annotations

import re
import signal
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from types import FrameType
from typing import TYPE_CHECKING

from augtool.errors import UsageError
from augtool.sample import Item

if TYPE_CHECKING:
    from augtool.formats.base import Dataset
    from augtool.recipe import Recipe

MAX_PATTERN = 200
"""Characters of a ``group``."""
MAX_PATH = 1024
"""Characters of a path that is searched; a picture with a longer one is its own group."""
MAX_SECONDS = 1.0
"""Processor time for one path, and ``MAX_WALK_SECONDS`` for one walk over all."""
MAX_WALK_SECONDS = 60.0

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Grouped:
    """What a walk found: how many pictures were in a group, in none, or have too long a path."""

    matched: int = 0
    alone: int = 0
    too_long: int = 0


class Divider:
    """Walks a data set and puts each item into a split."""

    def __init__(self, dataset: Dataset, recipe: Recipe) -> None:
        """Take the shares, the group and the seed from the recipe.

        Raises:
            UsageError: the format cannot lay out splits, or the group is not a regular expression.
        """
        place: Callable[[Item, str], Item] | None = getattr(dataset, "in_split", None)
        if place is None:
            raise UsageError(f"split: augtool cannot divide a set in the {dataset.name} format")
        self._place = place
        self._dataset = dataset
        self._shares = dict(recipe.split)
        self._seed = recipe.seed
        self._group = compiled(recipe.group) if recipe.group else None
        self.grouped = Grouped()

    def items(self) -> Iterator[Item]:
        """Yield the set's items, each in its split.

        Raises:
            UsageError: the set has splits of its own, or the group takes too long to find.
        """
        tally: Counter[str] = Counter()
        watch = Stopwatch()
        for item in self._dataset.items():
            if item.split is not None:
                raise UsageError(
                    f"split: the set has splits already ({item.key} is in {item.split}); "
                    "remove split: from the recipe, or give it a set without"
                )
            name, kind = self._named(item.key, watch)
            tally[kind] += 1
            yield self._place(item, split_of(name, self._shares, self._seed))
        self.grouped = Grouped(tally["group"], tally["alone"], tally["long"])

    def _named(self, key: str, watch: Stopwatch) -> tuple[str, str]:
        """Return the name that decides an item's split, and how it was found."""
        if self._group is None:
            return f"one\0{key}", "single"
        if len(key) > MAX_PATH:
            return f"one\0{key}", "long"
        found = watch.search(self._group, key)
        return (f"group\0{found}", "group") if found else (f"one\0{key}", "alone")

    def notes(self, sources: Mapping[tuple[str, str], int]) -> list[str]:
        """Say what came of it; ``sources`` counts (split, class) -> pictures of a complete walk."""
        total = max(1, sum(sources.values()))
        got = [
            (name, sum(count for (split, _), count in sources.items() if split == name))
            for name in ("train", *self._shares)
        ]
        notes = ["split: " + ", ".join(f"{name} {count:,} ({count / total:.1%})" for name, count in got)]
        for name in ("train", *self._shares):
            classes = sorted({label for _, label in sources if label})
            without = [label for label in classes if not sources.get((name, label))]
            if without:
                more = f" and {len(without) - _NAMED:,} more" if len(without) > _NAMED else ""
                notes.append(f"split: no picture in {name} of class {', '.join(without[:_NAMED])}{more}")
        if self._group is not None and self.grouped.alone + self.grouped.too_long:
            said = f"{self.grouped.alone:,} of {total:,} pictures match no group; each is its own"
            long = self.grouped.too_long
            notes.append(f"group: {said}" + (f" ({long:,} more have too long a path)" if long else ""))
        return notes


def split_of(name: str, shares: Mapping[str, float], seed: int) -> str:
    """Return the split of a group: of a number from 0 to 1 that its name decides, the first shares' part."""
    text = f"split\0{seed}\0{name}".encode(errors="surrogateescape")
    number = int.from_bytes(blake2b(text, digest_size=8).digest()) / 2**64
    for split, share in shares.items():
        if number < share:
            return split
        number -= share
    return "train"


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a group.

    Raises:
        UsageError: it is no regular expression, or too long.
    """
    if len(pattern) > MAX_PATTERN:
        raise UsageError(f"group: at most {MAX_PATTERN} characters, got {len(pattern)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"group: not a regular expression: {error}") from None


class _TooSlow(Exception):
    """The time for a search is over."""


class Stopwatch:
    """Searches with a bound on processor time.

    A recipe may come from a stranger, and a short expression such as ``(a+)+b`` takes years on a short
    path. Python's ``re`` has no limit of its own but looks for signals while it searches, so a timer ends
    it. Signals reach the main thread only; elsewhere no search is made.
    """

    def __init__(self) -> None:
        self._spent = 0.0
        self._running = False

    def search(self, pattern: re.Pattern[str], path: str) -> str:
        """Return the pattern's first group in the path, or the whole match; empty where there is none.

        Raises:
            UsageError: it takes longer than ``MAX_SECONDS``, or all searches than ``MAX_WALK_SECONDS``.
        """
        if threading.current_thread() is not threading.main_thread():
            raise UsageError("group: can be used in the main thread only, where a search can be ended")
        allowed = min(MAX_SECONDS, MAX_WALK_SECONDS - self._spent)
        started = time.process_time()
        before = signal.signal(signal.SIGVTALRM, self._ring)
        self._running = True
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, max(allowed, 1e-3))
            match = pattern.search(path)
        except _TooSlow:
            raise UsageError(
                f"group: {pattern.pattern!r} takes too long on {path!r}; "
                "avoid repeats inside repeats, and several '.*' in a row"
            ) from None
        finally:
            self._running = False
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)
        self._spent += time.process_time() - started
        if match is None:
            return ""
        return (match[1] if pattern.groups else match[0]) or ""

    def _ring(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signal module's form
        if self._running:
            raise _TooSlow
