"""What pydantic finds wrong with a recipe's top level, said in our own words at its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from augtool.errors import Problem
from augtool.fields import Plain, describe
from augtool.naming import which_field
from augtool.yamlsource import Document

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

YamlPath = tuple[str | int, ...]


def translate_all(document: Document, details: Sequence[ErrorDetails]) -> list[Problem]:
    """Translate pydantic's findings; of a value that may take several forms, one finding is enough."""
    found: dict[YamlPath, Problem] = {}
    for detail in details:
        path = _real_path(document.data, detail["loc"], missing=detail["type"] == "missing")
        # The branch that got furthest into the value is the form the person meant.
        for other in [known for known in found if known != path and path[: len(known)] == known]:
            del found[other]
        if not any(known[: len(path)] == path for known in found):
            found[path] = _translate(document, path, detail)
    return list(found.values())


def _translate(document: Document, path: YamlPath, detail: ErrorDetails) -> Problem:
    """Say in our own words, at its place, what pydantic found."""
    from augtool.recipemodel import (
        LabelsModel,
        OutputModel,
        RecipeModel,
        SplitModel,
        TextModel,
        VariantsModel,
    )  # fmt: skip

    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "extra_forbidden":
        sections: dict[str, Any] = {
            "output": OutputModel, "labels": LabelsModel, "variants": VariantsModel, "split": SplitModel,
            "text": TextModel,
        }  # fmt: skip
        model = sections.get(str(path[0]), RecipeModel)
        known = {name: info.description or "" for name, info in model.model_fields.items()}
        hint = which_field(str(path[-1]), known) or f"; known are {', '.join(known)}"
        return document.problem(path, f"unknown field{hint}", at_key=True)
    if kind == "missing":
        needed = {"version": "missing; write 'version: 1'", "transforms": "missing; list the steps under it"}
        return document.problem(path, needed.get(str(path[-1]), "missing"))
    if path in _FORMS:
        return document.problem(path, f"expected {_FORMS[path]}, got {describe(value)}")
    words = {
        "literal_error": f"expected {context.get('expected')}",
        "greater_than_equal": f"must be at least {context.get('ge')}",
        "less_than": f"must be less than {context.get('lt')}",
        "less_than_equal": f"must be at most {context.get('le')}",
        "list_type": "expected a list",
        "string_type": "expected a text",
        "int_type": "expected a whole number",
        "model_type": "expected a mapping",
    }
    return document.problem(path, f"{words.get(kind, detail['msg'].lower())}, got {describe(value)}")


# Fields that take several forms, said in one go.
_FORMS: dict[YamlPath, str] = {
    ("version",): "1",
    ("variants",): "a number from 0 to 100000, {total: N}, {per_class: N} or {balance: max, mean or N}",
    ("variants", "balance"): "max, mean or a number of pictures",
    ("split",): "shares of the pictures, such as {val: 0.2, test: 0.1}",
    ("output", "size"): "the longest side in pixels, or [width, height]",
    ("fill",): "a grey level from 0 to 255, or [red, green, blue]",
}


def _real_path(data: Plain, location: YamlPath, *, missing: bool) -> YamlPath:
    """Return pydantic's location without the entries it adds for the branches of a union.

    Where a field is ``missing``, the last part names it.
    """
    path: YamlPath = ()
    for at, part in enumerate(location):
        if isinstance(data, dict) and (part in data or (missing and at == len(location) - 1)):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            continue
        path = (*path, part)
    return path
