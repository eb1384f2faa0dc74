"""Which column of a table holds the text and which ones its labels: as a recipe says, or found."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from augtool.errors import UsageError
from augtool.text.options import TextOptions

AUG_OF, AUG_OPS = "aug_of", "aug_ops"
_TEXTS = """
text sentence utterance content message review comment question query body tweet document description
headline title tokens
"""
_LABELS = """
label labels category categories class intent intents sentiment target topic emotion stars rating polarity
"""


@dataclass
class Columns:
    """Where a table keeps what: names of keys, or numbers of columns from 0."""

    text: Any = None
    labels: list[Any] = field(default_factory=list)
    split: Any = None
    tags: Any = None


def find_columns(
    path: Path,
    names: Sequence[str],
    values: Mapping[str, Sequence[str]],
    options: TextOptions,
    places: Sequence[Any],
) -> Columns:
    """Return where the text and its labels are, as the recipe says or as names and content tell.

    Raises:
        UsageError: a named column is not there, or the text's cannot be told.

    """
    where = dict(zip(names, places, strict=True))

    def named(name: str | int) -> Any:
        if isinstance(name, int) and 1 <= name <= len(names):
            return places[name - 1]
        if name not in where:
            raise UsageError(f"{path}: has no column {name!r}; there are {', '.join(map(repr, names))}")
        return where[str(name)]

    text = named(options.column) if options.column is not None else where[_text_name(path, names, values)]
    lowered = {name.strip().lower(): name for name in reversed(names)}
    tags = named(options.tags) if options.tags is not None else None
    split = where.get(lowered.get(options.split.lower(), ""))
    if options.labels is not None:
        return Columns(text, [named(name) for name in options.labels], split, tags)
    found = [where[lowered[name]] for name in _LABELS.split() if name in lowered]
    return Columns(text, [place for place in found if place not in (text, split, tags)], split, tags)


def _text_name(path: Path, names: Sequence[str], values: Mapping[str, Sequence[str]]) -> str:
    lowered = {name.strip().lower(): name for name in reversed(names)}
    for name in _TEXTS.split():
        if name in lowered:
            return lowered[name]
    # No telling name: the one column that holds sentences.
    length = {
        name: sum(len(re.findall(r"\w+", value)) for value in values[name]) / max(1, len(values[name]))
        for name in names
    }
    ranked = sorted(names, key=lambda name: -length[name])
    if ranked and (
        len(ranked) == 1 or (length[ranked[0]] >= 3 and length[ranked[0]] > 2 * length[ranked[1]])
    ):
        return ranked[0]
    raise UsageError(
        f"{path}: which column is the text? Name it in the recipe, such as text: {{column: {names[0]!r}}}; "
        f"there are {', '.join(map(repr, names))}"
    )


def check_unused(path: Path, names: Sequence[str]) -> None:
    """Refuse a table that has the columns this program adds.

    Raises:
        UsageError: it has one of them.

    """
    taken = [name for name in (AUG_OF, AUG_OPS) if name in names]
    if taken:
        raise UsageError(f"{path}: has a column {taken[0]} already: it is the output of an earlier run")
