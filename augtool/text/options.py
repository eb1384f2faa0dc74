"""The ``text`` section of a recipe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augtool import registry
from augtool.errors import Problem

if TYPE_CHECKING:
    from augtool.yamlsource import Document


@dataclass(frozen=True, slots=True)
class TextOptions:
    """The section, checked. Names of columns are those of tables and JSON keys.

    ``column`` is a name or, from 1, a number, and None where it is to be found; so are ``labels`` names of
    columns. ``spans`` and ``tags`` name the column of spans and of BIO tags. ``lexicon`` is a file that
    replaces the built-in table, or extends it. ``unique`` says among what variants are distinct.
    """

    column: str | int | None = None
    labels: tuple[str, ...] | None = None
    spans: str = "spans"
    tags: str | None = None
    split: str = "split"
    header: bool = True
    protect: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    never_use: tuple[str, ...] = ()
    lexicon: str = ""
    lexicon_mode: str = "extend"
    grammar: str = "built_in"
    unique: str = "source"


def as_options(section: Mapping[str, Any], folder: Path) -> TextOptions:
    """Return the options a checked section states; ``folder`` is the recipe's own."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in section.items()
    }
    if isinstance(values["labels"], str):
        values["labels"] = (values["labels"],)
    if values["lexicon"]:
        values["lexicon"] = str(folder / values["lexicon"])
    return TextOptions(**values)


def modality_of(document: Document, steps: Iterable[str], problems: list[Problem]) -> str:
    """Return what a recipe's steps work on; one that mixes pictures and text gets a problem."""
    found = {registry.get(name).modality: name for name in steps}
    if len(found) > 1:
        one, other = found["image"], found["text"]
        message = f"{one} is for pictures, {other} for text; a recipe has steps of one sort: make two recipes"
        problems.append(document.problem(("transforms",), message, at_key=True))
    return next(iter(found), "text" if "text" in document.data else "image")


def check_options(document: Document, modality: str) -> list[Problem]:
    """Return what is wrong with a section beyond its types, and what a recipe for text cannot say."""
    section = document.data.get("text")
    patterns = section.get("patterns") if isinstance(section, dict) else None
    problems = []
    if modality == "text" and "split" in document.data:
        message = "divides sets of pictures; a table says in a column which split a row is of"
        problems.append(document.problem(("split",), message, at_key=True))
    for at, pattern in enumerate(patterns if isinstance(patterns, list) else ()):
        try:
            re.compile(pattern if isinstance(pattern, str) else "")
        except (re.error, OverflowError, RecursionError) as error:
            problems.append(document.problem(("text", "patterns", at), f"is no regular expression: {error}"))
    return problems
