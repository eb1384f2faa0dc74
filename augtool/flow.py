"""The words that hold other steps, and the condition every step takes; each declared once.

Checking a recipe, its JSON Schema, ``augtool transforms`` and the reference all read it here. What a word
does is in :mod:`augtool.freeze`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from augtool.fields import Field, FieldError, Plain, Within, describe
from augtool.freeze import Node, OneOf, Step, When
from augtool.naming import did_you_mean

MOST_STEPS = 1000  # that a variant may get: a recipe may come from a stranger


@dataclass(frozen=True, slots=True)
class Word:
    """A word that stands where a transform's name can and holds ``steps``.

    ``count`` is its number, given in a field of that name; ``p`` its probability where none is given.
    """

    name: str
    summary: str
    p: float = 1.0
    count: Field | None = None
    weighted: bool = False


WORDS: Mapping[str, Word] = {
    word.name: word
    for word in (
        Word("one_of", "Exactly one of the steps, by weight.", weighted=True),
        Word(
            "some_of", "Several of the steps, each at most once, in their order.",
            count=Field("n", "int", "How many of them.", [1, 2], Within(0, MOST_STEPS)),
        ),
        Word("random_order", "All of the steps, in an order drawn for each variant."),
        Word("sequence", "All of the steps, in their order: one entry for one_of and its like."),
        Word("sometimes", "All of the steps or none.", p=0.5),
        Word(
            "repeat", "All of the steps several times, drawn anew each time.",
            count=Field("times", "int", "How often.", 2, Within(0, 100)),
        ),
    )
}  # fmt: skip

# Fields that every step and word has beside its own.
COMMON = {
    "p": "Probability that the step is applied, from 0 to 1.",
    "when": "Which pictures it is for: {class, split, min_size, max_size}; without it, all.",
}
CONDITIONS = {
    "class": "Classes: the picture's own, or that of any object on it.",
    "split": "train, val or test; a set without splits counts as train.",
    "min_size": "Least length of the shorter side at this point of the recipe, in pixels.",
    "max_size": "Greatest length of the longer side at this point of the recipe, in pixels.",
}
SPLITS = ("train", "val", "test")
SIDE = Within(1, 65535)


def parse_when(raw: Plain) -> When:
    """Check a condition.

    Raises:
        FieldError: it is not one.

    """
    if not isinstance(raw, Mapping) or not raw:
        raise FieldError(f"expected {{{', '.join(CONDITIONS)}}}, at least one, got {describe(raw)}")
    for key in raw:
        if key not in CONDITIONS:
            hint = did_you_mean(str(key), CONDITIONS) or f"; known are {', '.join(CONDITIONS)}"
            raise FieldError(f"unknown condition {describe(key)}{hint}")
    splits = _texts(raw, "split")
    for split in splits - set(SPLITS):
        raise FieldError(f"split is {', '.join(SPLITS)}, got {describe(split)}{did_you_mean(split, SPLITS)}")
    sizes = {key: raw[key] for key in ("min_size", "max_size") if key in raw}
    field = Field("size", "int", "", None, SIDE)
    return When(_texts(raw, "class"), splits, {key: field.check(value) for key, value in sizes.items()})


def _texts(raw: Mapping[str, Plain], key: str) -> frozenset[str]:
    if key not in raw:
        return frozenset()
    listed = raw[key] if isinstance(raw[key], list) else [raw[key]]
    # A class folder may be called 7: YAML gives a number.
    proper = [str(one) for one in listed if isinstance(one, str | int) and not isinstance(one, bool)]
    if not listed or len(proper) < len(listed):
        raise FieldError(f"{key} takes a name or a list of names, got {describe(raw[key])}")
    return frozenset(proper)


def when_schema() -> dict[str, Any]:
    """Return the JSON Schema of a condition."""
    side = {"type": "integer", "minimum": SIDE.low, "maximum": SIDE.high}
    name: dict[str, Any] = {"type": ["string", "integer"]}
    kinds = {"class": name, "split": {"enum": list(SPLITS)}}
    properties = {
        key: {
            "description": text,
            "anyOf": [kinds[key], {"type": "array", "minItems": 1, "items": kinds[key]}],
        }
        if key in kinds
        else {"description": text} | side
        for key, text in CONDITIONS.items()
    }
    return {
        "type": "object",
        "description": COMMON["when"],
        "minProperties": 1,
        "properties": properties,
        "additionalProperties": False,
    }


def most_steps(node: Node) -> int:
    """Return how many steps a node can come to at most, policies as one each."""
    if isinstance(node, Step):
        return 1
    parts = [most_steps(inner) for inner in node.nodes]
    if isinstance(node, OneOf):
        return max(parts, default=0)
    times = int(node.count.quantile(1 - 1e-12)) if node.count and node.name == "repeat" else 1
    return times * sum(parts)
