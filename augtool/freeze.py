"""Where all randomness lives: a recipe, a seed, an item and a number become plain, fixed steps.

The random stream is a function, not a state: a draw is BLAKE2b of (seed, item key, variant, path of the
field). So the worker, the order and a resume do not matter, adding a file moves no other file's draws,
and changing one step's range moves no other step's. A hash costs a microsecond, where building one of
NumPy's counter-based generators for each draw costs twenty; the properties are the same.

A frozen recipe is a recipe: constants draw themselves, so freezing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias

from augtool import registry
from augtool.fields import Plain, Value


@dataclass(frozen=True, slots=True)
class Step:
    """A transform as a recipe names it: every field has a value, and it is applied with probability p."""

    name: str
    values: Mapping[str, Value]
    p: float


@dataclass(frozen=True, slots=True)
class OneOf:
    """Exactly one of several nodes, picked by weight, with probability p."""

    nodes: tuple[Node, ...]
    weights: tuple[float, ...]
    p: float


Node: TypeAlias = Step | OneOf


@dataclass(frozen=True, slots=True)
class FrozenStep:
    """A transform with every field a constant: what the manifest records and ``render`` applies."""

    name: str
    values: Mapping[str, Plain]

    def plain(self) -> dict[str, Any]:
        """Return the step as a recipe writes it; parsing that and freezing it gives the step back."""
        certain = {} if registry.get(self.name).p == 1 else {"p": 1}
        return {self.name: {**self.values, **certain}}


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
        head = f"{seed}\0{variant}{again}\0{key}\0".encode("utf-8", "surrogatepass")
        self._state = blake2b(head, digest_size=8)

    def at(self, path: str) -> float:
        """Return the number, strictly between 0 and 1, that belongs to ``path``."""
        state = self._state.copy()
        state.update(path.encode())
        return ((int.from_bytes(state.digest(), "big") >> 11) + 0.5) * 2.0**-53


def freeze(
    nodes: Sequence[Node], seed: int, key: str, variant: int, attempt: int = 0
) -> tuple[FrozenStep, ...]:
    """Draw everything a recipe leaves open, for one variant of one item.

    Args:
        nodes: the recipe's ``transforms``.
        seed: the recipe's or the command line's seed.
        key: the item's identity (its relative path).
        variant: number of the variant, from 1.
        attempt: above 0 when the variant is drawn again because an earlier draw was refused.

    Returns:
        The steps that are applied, in order, with constants only.

    """
    return tuple(_freeze(nodes, Stream(seed, key, variant, attempt), ""))


def _freeze(nodes: Sequence[Node], stream: Stream, prefix: str) -> Iterator[FrozenStep]:
    seen: dict[str, int] = {}
    for node in nodes:
        # A path counts steps of the same name only, so that inserting another step moves no draw.
        name = node.name if isinstance(node, Step) else "one_of"
        seen[name] = at = seen.get(name, -1) + 1
        path = f"{prefix}{name}#{at}/"
        if node.p < 1 and stream.at(path + "p") >= node.p:
            continue
        if isinstance(node, Step):
            yield FrozenStep(
                name, {field: value.quantile(stream.at(path + field)) for field, value in node.values.items()}
            )
        else:
            pick = _pick(node.weights, stream.at(path + "pick"))
            yield from _freeze(node.nodes[pick : pick + 1], stream, f"{path}{pick}/")


def _pick(weights: Sequence[float], u: float) -> int:
    target = u * sum(weights)
    for at, weight in enumerate(weights):
        target -= weight
        if target < 0:
            return at
    return len(weights) - 1
