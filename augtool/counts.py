"""How many variants each picture gets where a recipe states a goal: in all, per class, or a balance.

A goal counts pictures after the run, in the splits that are expanded, with the originals where they are
copied. Within a class every picture gets as many variants as any other, or one more: who gets one more is
decided by a hash of its key, so that names early in the alphabet are not favoured.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from augtool.errors import UsageError
from augtool.sample import Item

_NAMED = 5  # classes named in a message; of the rest only the number is said


@dataclass(frozen=True, slots=True)
class Goal:
    """What ``variants:`` asks for where it is a mapping.

    Attributes:
        kind: ``total``, ``per_class`` or ``balance``.
        size: pictures; for a balance also ``max`` or ``mean``, of the classes' sizes before the run.
        max_factor: the most variants that may be made of one picture.
    """

    kind: str
    size: int | str
    max_factor: int = 20

    def __str__(self) -> str:
        """Return the goal as a recipe has it."""
        return f"variants: {{{self.kind}: {self.size}}}"

    def of(self, pictures: Mapping[str, int]) -> dict[str, int]:
        """Return for each class of so many pictures how many it shall have."""
        if self.kind != "balance":
            return dict.fromkeys(pictures, int(self.size))
        level = self.size
        if level == "max":
            level = max(pictures.values(), default=0)
        elif level == "mean":
            level = math.ceil(sum(pictures.values()) / max(1, len(pictures)))
        return {name: max(number, int(level)) for name, number in pictures.items()}


@dataclass(frozen=True, slots=True)
class _Share:
    """A class's part: ``base`` variants of each picture, one more of those whose hash is below ``limit``.

    Of pictures whose hash equals ``limit`` the first ``ties`` get one more.
    """

    base: int = 0
    limit: int = 0
    ties: int = 0


@dataclass(frozen=True)
class Allotment:
    """The number of variants for each picture. Holds a few numbers per class, and nothing per picture."""

    seed: int
    class_of: Callable[[Item], str]
    shares: Mapping[str, _Share]
    notes: list[str] = field(default_factory=list)
    """What a person should know: classes that are larger than the goal, pictures without a class."""

    def counter(self) -> Callable[[Item], int]:
        """Return a function that gives each item's number; it is to be called in the order of the walk."""
        ties = {name: share.ties for name, share in self.shares.items()}

        def number(item: Item) -> int:
            name = self.class_of(item)
            share = self.shares.get(name)
            if share is None:
                return 0
            place = _place(self.seed, item) if share.limit else share.limit
            if place < share.limit:
                return share.base + 1
            if ties[name] and place == share.limit:
                ties[name] -= 1
                return share.base + 1
            return share.base

        return number


def is_expanded(item: Item, splits: Collection[str]) -> bool:
    """Return whether variants are made of an item: it is usable, and of no split or of one of these."""
    return not item.problem and (item.split is None or item.split in splits)


def allot(
    walk: Callable[[], Iterable[Item]], goal: Goal, splits: Collection[str], *, seed: int, copies: bool
) -> Allotment:
    """Work out how many variants each picture gets, so that the goal is met exactly.

    Args:
        walk: gives all items anew; called two to three times.
        goal: what the recipe asks for.
        splits: the splits to expand.
        seed: the recipe's, which decides who gets one more.
        copies: whether originals are written, and so count.

    Raises:
        UsageError: a picture would get more than ``max_factor`` variants; or the set has no classes.
    """

    def expanded() -> Iterable[Item]:
        return (item for item in walk() if is_expanded(item, splits))

    class_of, pictures = _classes(expanded, goal)
    unclassed = pictures.pop("", 0) if goal.kind != "total" else 0
    if unclassed and not pictures:
        raise UsageError(f"{goal}: the set has no classes; write a number, or {{total: N}}")
    goals = goal.of(pictures)
    needed = {name: max(0, goals[name] - number * copies) for name, number in pictures.items()}
    _refuse_beyond_factor(goal, pictures, needed)
    notes = _notes(goal, pictures, goals, unclassed) if copies else _notes(goal, {}, {}, unclassed)
    return Allotment(seed, class_of, _shares(expanded, class_of, pictures, needed, seed), notes)


def _classes(
    expanded: Callable[[], Iterable[Item]], goal: Goal
) -> tuple[Callable[[Item], str], Counter[str]]:
    """Return what tells a picture's class, and the number of pictures of each."""
    if goal.kind == "total":
        return _any_class, Counter({"": sum(1 for _ in expanded())})
    labels: Counter[str] = Counter()
    holding: Counter[str] = Counter()
    for item in expanded():
        labels[item.label or ""] += 1
        if not item.label:
            holding.update(set(item.classes))
    if not holding:
        return _label, labels

    def rarest(item: Item) -> str:
        return item.label or min(item.classes, key=lambda name: (holding[name], name), default="")

    return rarest, Counter(rarest(item) for item in expanded())


def _any_class(item: Item) -> str:  # noqa: ARG001 - stands where a class is told
    return ""


def _label(item: Item) -> str:
    return item.label or ""


def _shares(
    expanded: Callable[[], Iterable[Item]],
    class_of: Callable[[Item], str],
    pictures: Mapping[str, int],
    needed: Mapping[str, int],
    seed: int,
) -> dict[str, _Share]:
    split = {name: divmod(needed[name], number) for name, number in pictures.items() if number}
    places = {name: array("Q") for name, (_, over) in split.items() if over}
    for item in expanded() if places else ():
        name = class_of(item)
        if name in places:
            places[name].append(_place(seed, item))
    shares = {}
    for name, (base, over) in split.items():
        if not over:
            shares[name] = _Share(base)
            continue
        first = sorted(places.pop(name))[:over]
        shares[name] = _Share(base, first[-1], first.count(first[-1]))
    return shares


def _place(seed: int, item: Item) -> int:
    """Return where an item stands in line, from 1: a number that its key decides, not its name's order."""
    text = f"count\0{seed}\0{item.key}".encode(errors="surrogateescape")
    return int.from_bytes(blake2b(text, digest_size=8).digest()) | 1


def _refuse_beyond_factor(goal: Goal, pictures: Mapping[str, int], needed: Mapping[str, int]) -> None:
    most = {name: math.ceil(needed[name] / number) for name, number in pictures.items() if number}
    over = sorted((name for name in most if most[name] > goal.max_factor), key=lambda name: -most[name])
    if not over:
        return
    named = []
    for name in over[:_NAMED]:
        noun = "picture" if pictures[name] == 1 else "pictures"
        named.append(f"{name or 'all'}: {pictures[name]:,} {noun}, {most[name]:,} variants each")
    rest = f" and {len(over) - _NAMED:,} more classes" if len(over) > _NAMED else ""
    raise UsageError(
        f"{goal} takes more than {goal.max_factor} variants of one picture ({'; '.join(named)}{rest}); "
        f"to allow it, write variants: {{{goal.kind}: {goal.size}, max_factor: {most[over[0]]}}}"
    )


def _notes(goal: Goal, pictures: Mapping[str, int], goals: Mapping[str, int], unclassed: int) -> list[str]:
    notes = []
    large = [name for name, number in pictures.items() if number > goals[name]]
    if large and goal.kind == "total":
        notes.append(
            f"{goal}: the set has {pictures['']:,} pictures already; no variants, nothing is removed"
        )
    elif large:
        large.sort(key=lambda name: (-pictures[name], name))
        named = ", ".join(f"{name} {pictures[name]:,}" for name in large[:_NAMED])
        more = f" and {len(large) - _NAMED:,} more" if len(large) > _NAMED else ""
        notes.append(f"{goal}: classes that are larger get no variants, and lose nothing: {named}{more}")
    if unclassed:
        noun = "picture" if unclassed == 1 else "pictures"
        notes.append(f"{goal}: {unclassed:,} {noun} without a class: no variants")
    return notes
