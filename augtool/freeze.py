"""Where all randomness lives: a recipe, a seed, an item and a number become plain, fixed steps.

The random stream is a function, not a state: a draw is BLAKE2b of (seed, item key, variant, path of the
field). So the worker, the order and a resume do not matter, adding a file moves no other file's draws,
and changing one step's range moves no other step's. A hash costs a microsecond, where building one of
NumPy's counter-based generators for each draw costs twenty; the properties are the same.

A frozen recipe is a recipe: constants draw themselves, so freezing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, ClassVar, TypeAlias

from augtool import registry
from augtool.fields import Const, Plain, Value
from augtool.filenames import text_of
from augtool.sample import Item


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an item before any picture is opened."""

    classes: frozenset[str] = frozenset()
    """Its own class and those of the objects on it."""
    split: str = "train"
    """A set without splits is one to train on."""

    @classmethod
    def of(cls, item: Item) -> Facts:
        """Return what a scan knows of an item."""
        own = () if item.label is None else (item.label,)
        return cls(frozenset((*own, *item.classes)), item.split or "train")


@dataclass(frozen=True, slots=True)
class When:
    """A condition on a step: empty parts always hold.

    Class and split are known when a plan is made and are settled by :func:`freeze`. The size is known only
    where the picture is: it stays in the frozen step, and :func:`augtool.render.stages` settles it.
    """

    classes: frozenset[str] = frozenset()
    splits: frozenset[str] = frozenset()
    size: Mapping[str, int] = field(default_factory=dict)
    """``min_size``: least length of the shorter side; ``max_size``: greatest of the longer, in pixels."""

    def holds(self, facts: Facts | None) -> bool:
        """Tell whether class and split fit. A picture of which nothing is known fits."""
        if facts is None:
            return True
        return (not self.classes or bool(self.classes & facts.classes)) and (
            not self.splits or facts.split in self.splits
        )


ALWAYS = When()


@dataclass(frozen=True, slots=True)
class Step:
    """A transform or policy as a recipe names it: every field has a value; applied with probability p."""

    name: str
    values: Mapping[str, Value]
    p: float
    when: When = ALWAYS


@dataclass(frozen=True, slots=True)
class OneOf:
    """Exactly one of several nodes, picked by weight, with probability p."""

    nodes: tuple[Node, ...]
    weights: tuple[float, ...]
    p: float
    when: When = ALWAYS
    name: ClassVar[str] = "one_of"


@dataclass(frozen=True, slots=True)
class Group:
    """Another word for several nodes, see :mod:`augtool.flow`; ``count`` is its number, where it has one."""

    name: str
    nodes: tuple[Node, ...]
    p: float
    when: When = ALWAYS
    count: Value | None = None


Node: TypeAlias = Step | OneOf | Group


@dataclass(frozen=True, slots=True)
class FrozenStep:
    """A transform with every field a constant: what the manifest records and ``render`` applies."""

    name: str
    values: Mapping[str, Plain]
    when: Mapping[str, int] = field(default_factory=dict)
    """The condition on the picture's size, as in :class:`When`."""

    def fits(self, size: tuple[int, int]) -> bool:
        """Tell whether the step is for pictures of this (width, height)."""
        least, most = self.when.get("min_size", 0), self.when.get("max_size", max(size))
        return least <= min(size) and max(size) <= most

    def plain(self) -> dict[str, Any]:
        """Return the step as a recipe writes it; parsing that and freezing it gives the step back."""
        certain = {} if registry.get(self.name).p == 1 else {"p": 1}
        when = {"when": dict(self.when)} if self.when else {}
        return {self.name: {**self.values, **certain, **when}}


def step_names(nodes: Iterable[Node]) -> Iterator[str]:
    """Yield the name of every step that a recipe can apply."""
    for node in nodes:
        if isinstance(node, Step):
            yield node.name
        else:
            yield from step_names(node.nodes)


class Stream:
    """The random numbers of one variant of one item; a pure function of where they are used."""

    def __init__(self, seed: int, key: str, variant: int, attempt: int = 0) -> None:
        again = f".{attempt}" if attempt else ""
        # surrogatepass: a file name need not be text.
        head = f"{seed}\0{variant}{again}\0{text_of(key)}\0".encode("utf-8", "surrogatepass")
        self._state = blake2b(head, digest_size=8)

    def at(self, path: str) -> float:
        """Return the number, strictly between 0 and 1, that belongs to ``path``."""
        state = self._state.copy()
        state.update(path.encode())
        return ((int.from_bytes(state.digest(), "big") >> 11) + 0.5) * 2.0**-53


def freeze(
    nodes: Sequence[Node], seed: int, key: str, variant: int, attempt: int = 0, facts: Facts | None = None
) -> tuple[FrozenStep, ...]:
    """Draw everything a recipe leaves open, for one variant of one item.

    Args:
        nodes: the recipe's ``transforms``.
        seed: the recipe's or the command line's seed.
        key: the item's identity (its relative path).
        variant: number of the variant, from 1.
        attempt: above 0 when the variant is drawn again because an earlier draw was refused.
        facts: of the item, for steps that say ``when``; None where nothing is known of it.

    Returns:
        The steps that are applied, in order, with constants only.

    """
    return tuple(_freeze(nodes, _Draw(Stream(seed, key, variant, attempt), facts), ""))


@dataclass(frozen=True, slots=True)
class _Draw:
    """What freezing goes by, with the size condition of the groups around."""

    stream: Stream
    facts: Facts | None
    size: Mapping[str, int] = field(default_factory=dict)

    def within(self, when: When) -> _Draw:
        """Add a group's own condition: the narrower one of each kind."""
        if not when.size:
            return self
        both = {**self.size, **when.size}
        for key, narrower in (("min_size", max), ("max_size", min)):
            if key in self.size and key in when.size:
                both[key] = narrower(self.size[key], when.size[key])
        return _Draw(self.stream, self.facts, both)


def _freeze(nodes: Sequence[Node], draw: _Draw, prefix: str) -> Iterator[FrozenStep]:
    seen: dict[str, int] = {}
    for node in nodes:
        # A path counts steps of the same name only, so that inserting another step moves no draw.
        seen[node.name] = at = seen.get(node.name, -1) + 1
        path = f"{prefix}{node.name}#{at}/"
        if node.p < 1 and draw.stream.at(path + "p") >= node.p:
            continue
        if not node.when.holds(draw.facts):
            continue
        inner = draw.within(node.when)
        if isinstance(node, Step):
            yield from _freeze_step(node, inner, path)
        else:
            for steps, at_path in _chosen(node, draw.stream, path):
                yield from _freeze(steps, inner, at_path)


def _freeze_step(step: Step, draw: _Draw, path: str) -> Iterator[FrozenStep]:
    stream = draw.stream
    values = {
        name: value.value if isinstance(value, Const) else value.quantile(stream.at(path + name))
        for name, value in step.values.items()
    }
    spec = registry.get(step.name)
    if spec.kind == registry.POLICY:
        steps = spec.function(lambda name: stream.at(f"{path}draw/{name}"), **values)
        yield from _freeze(steps, draw, path)
    else:
        yield FrozenStep(step.name, values, draw.size)


def _chosen(group: OneOf | Group, stream: Stream, path: str) -> Iterator[tuple[tuple[Node, ...], str]]:
    """Yield the nodes of a group that are applied, in order, each lot with the path of its draws."""
    nodes = group.nodes
    if isinstance(group, OneOf):
        pick = _pick(group.weights, stream.at(path + "pick"))
        yield nodes[pick : pick + 1], f"{path}{pick}/"
        return
    count = int(group.count.quantile(stream.at(path + "count"))) if group.count else 0
    if group.name == "repeat":
        yield from ((nodes, f"{path}{time}/") for time in range(count))
        return
    if group.name not in ("some_of", "random_order"):
        yield nodes, path
        return
    picks = sorted(range(len(nodes)), key=lambda at: stream.at(f"{path}rank{at}"))
    if group.name == "some_of":
        picks = sorted(picks[:count])
    yield from ((nodes[at : at + 1], f"{path}{at}/") for at in picks)


def _pick(weights: Sequence[float], u: float) -> int:
    target = u * sum(weights)
    for at, weight in enumerate(weights):
        target -= weight
        if target < 0:
            return at
    return len(weights) - 1
