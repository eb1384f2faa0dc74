"""Registry -> JSON Schema, Markdown reference, help pages. Nothing here is stated a second time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from augtool import recipe as recipes
from augtool import registry
from augtool.errors import UsageError
from augtool.fields import Field
from augtool.naming import did_you_mean
from augtool.registry import Spec

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"

_STARTER = """\
version: 1
name: my-data
seed: 0                  # another seed gives other variants
variants: 5              # per picture
originals: copy          # none writes the variants only
output: {format: keep, quality: 95}

# Steps run in this order. 'augtool transforms' lists all of them, 'augtool transforms rotate' shows one.
# A value is a number, a range [lowest, highest], {choice: [...]} or {normal: {mean: 0, std: 3}}.
transforms:
  - horizontal_flip: {p: 0.5}                        # remove it where left and right differ: text, digits
  - rotate: {angle: [-10, 10]}                       # degrees, counter-clockwise
  - shift: {x: [-0.05, 0.05], y: [-0.05, 0.05]}      # share of width and height
  - zoom: {factor: [0.95, 1.1]}
  - brightness: {factor: [0.85, 1.15]}
  - contrast: {factor: [0.85, 1.15]}
  - one_of:                                          # exactly one of these
      - gaussian_noise: {std: [0.005, 0.02]}         # share of full scale
      - gaussian_blur: {sigma: [0.3, 1.0]}           # pixels
"""


def write_starter(path: Path) -> None:
    """Write the commented starter recipe.

    Raises:
        UsageError: the file is there already, or cannot be written.

    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_STARTER)
    except FileExistsError:
        raise UsageError(f"{path}: is there already; give another name") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of recipes, from the model of the top level and the registry."""
    from augtool.recipemodel import RecipeModel

    whole = RecipeModel.model_json_schema(ref_template="#/$defs/{model}")
    whole = {"$schema": SCHEMA_ID, "$id": "recipe.schema.json"} | whole
    whole["title"] = "augtool recipe"
    whole["properties"]["transforms"]["items"] = {"$ref": "#/$defs/step"}
    definitions = whole.setdefault("$defs", {})
    steps = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}
    probability = {"type": "number", "minimum": 0, "maximum": 1, "description": recipes.COMMON["p"]}
    group = {
        "type": "object",
        "properties": {
            "steps": steps,
            "weights": {"type": "array", "items": {"type": "number", "minimum": 0}},
            "p": probability,
        },
        "required": ["steps"],
        "additionalProperties": False,
    }
    definitions["step"] = {
        "oneOf": [
            {"enum": registry.names()},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {spec.name: _step_schema(spec, probability) for spec in registry.specs()}
                | {"one_of": {"description": "Exactly one of several steps.", "oneOf": [steps, group]}},
            },
        ]
    }
    return whole


def schema_text() -> str:
    """Return the schema as the file in ``schema/`` holds it."""
    return json.dumps(schema(), indent=1) + "\n"


def _step_schema(spec: Spec, probability: dict[str, Any]) -> dict[str, Any]:
    properties = {field.name: _field_schema(field) for field in spec.fields.values()}
    return {
        "description": spec.summary,
        "type": ["object", "null"],
        "properties": properties | {"p": probability | {"default": spec.p}},
        "additionalProperties": False,
    }


def _field_schema(field: Field) -> dict[str, Any]:
    constant = _constant_schema(field)
    forms = [constant]
    option = {"anyOf": [constant, {"type": "null"}]} if field.optional else constant
    choice = {"type": "array", "minItems": 1, "items": option}
    if field.kind in ("float", "int"):
        pair = {"type": "array", "items": constant, "minItems": 2, "maxItems": 2}
        normal = {
            "type": "object",
            "properties": {"mean": {"type": "number"}, "std": {"type": "number", "exclusiveMinimum": 0}},
            "required": ["mean", "std"],
            "additionalProperties": False,
        }
        named: dict[str, Any] = {"choice": choice, "uniform": pair}
        if not field.odd:
            named["normal"] = normal
        if field.kind == "float":
            positive = {
                "type": "array",
                "items": {"type": "number", "exclusiveMinimum": 0},
                "minItems": 2,
                "maxItems": 2,
            }
            named |= {"log_uniform": positive, "reciprocal": positive}
        forms += [pair, *(_single(name, body) for name, body in named.items())]
    else:
        forms.append(_single("choice", choice))
    if field.kind == "seed":
        forms.append({"type": "array", "items": constant, "minItems": 2, "maxItems": 2})
    if field.optional or field.kind == "seed":
        forms.append({"type": "null"})
    result: dict[str, Any] = {"description": field.help, "anyOf": forms}
    if field.default is not None:
        result["default"] = field.default
    return result


def _single(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: body}, "required": [name], "additionalProperties": False}


def _constant_schema(field: Field) -> dict[str, Any]:
    number: dict[str, Any] = {"type": "integer" if field.kind in ("int", "size") else "number"}
    if field.bounds:
        number |= {"minimum": field.bounds.low, "maximum": field.bounds.high}
    byte = {"type": "integer", "minimum": 0, "maximum": 255}
    several = {"type": "array", "items": number, "minItems": field.length, "maxItems": field.length}
    pair = {"type": "array", "items": number, "minItems": 2, "maxItems": 2}
    odd = {"not": {"multipleOf": 2}} if field.odd else {}
    return {
        "float": number,
        "int": number | odd,
        "bool": {"type": "boolean"},
        "option": {"enum": list(field.options)},
        "size": {"anyOf": [number, pair]},
        "color": {"anyOf": [byte, {"type": "array", "items": byte, "minItems": 3, "maxItems": 3}]},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
        "numbers": several,
        "text": {"type": "string"},
        "texts": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
    }[field.kind]


def as_data(spec: Spec) -> dict[str, Any]:
    """Return a transform's declaration as plain data."""
    return {
        "name": spec.name,
        "category": spec.category,
        "kind": spec.kind,
        "summary": spec.summary,
        "p": spec.p,
        "fields": [
            {
                "name": field.name,
                "kind": field.kind,
                "bounds": [field.bounds.low, field.bounds.high] if field.bounds else None,
                "options": list(field.options) or None,
                "default": field.default,
                "help": field.help,
            }
            for field in spec.fields.values()
        ],
    }


def example(spec: Spec) -> str:
    """Return a recipe line that uses the transform with its defaults spelled out."""
    shown = {
        field.name: field.default
        for field in spec.fields.values()
        if field.default is not None and field.kind != "seed"
    }
    if spec.p != 1:
        shown["p"] = spec.p
    body = yaml.safe_dump(shown, default_flow_style=True, sort_keys=False, width=10_000).strip()
    return f"- {spec.name}: {body}" if shown else f"- {spec.name}"


def listing() -> str:
    """Return all transforms by category, one line each."""
    wide = max(len(name) for name in registry.names())
    lines: list[str] = []
    category = ""
    for spec in registry.specs():
        if spec.category != category:
            category = spec.category
            lines += ["", category] if lines else [category]
        lines.append(f"  {spec.name:<{wide}}  {spec.summary}")
    return "\n".join(lines)


def page(spec: Spec) -> str:
    """Return a transform's help page for a terminal."""
    lines = [f"{spec.name}  ({spec.category})", "", spec.doc, ""]
    for field in spec.fields.values():
        lines.append(f"  {field.name}: {field.expects()}, default {shown_default(field)}")
        lines.append(f"      {field.help}")
    lines.append(f"  p: a number from 0 to 1, default {spec.p:g}")
    lines.append(f"      {recipes.COMMON['p']}")
    return "\n".join([*lines, "", "example:", f"  {example(spec)}"])


def shown_default(field: Field) -> str:
    """Return a default as a recipe would write it."""
    if field.kind == "seed":
        return "drawn"
    if field.default is None:
        return "null"
    return yaml.safe_dump(field.default, default_flow_style=True, width=10_000).strip().removesuffix("\n...")


def reference() -> str:
    """Return ``docs/transforms.md``."""
    return "\n".join(_reference()) + "\n"


def _reference() -> Iterator[str]:
    yield """# Transforms

Generated by `python -m augtool.docs` from the declarations in `augtool/transforms/`.

A value is a constant, a range `[lowest, highest]`, `{choice: [a, b]}`, `{normal: {mean: 0, std: 1}}`,
`{log_uniform: [lowest, highest]}` or `{reciprocal: [lowest, highest]}`. Every step also takes `p`, the
probability that it is applied. Steps that draw inside a picture take a `seed`, drawn and recorded."""
    category = ""
    for spec in registry.specs():
        if spec.category != category:
            category = spec.category
            yield from ("", f"## {category.capitalize()}")
        yield from ("", f"### {spec.name}", "", spec.doc, "")
        if spec.fields:
            yield "| field | takes | default | meaning |"
            yield "|---|---|---|---|"
        for field in spec.fields.values():
            yield f"| `{field.name}` | {field.expects()} | `{shown_default(field)}` | {field.help} |"
        if spec.p != 1:
            yield from ("", f"Applied with probability {spec.p:g} where `p` is not given.")
        yield from ("", "```yaml", example(spec), "```")


def recipe_table(only: str | None = None) -> list[dict[str, str]]:
    """Return name, path and description of every built-in recipe, or of the one named.

    Raises:
        UsageError: there is none of that name.

    """
    known = recipes.builtin_recipes()
    if only is not None:
        known = {only: _builtin(only)}
    table = []
    for name, path in known.items():
        recipe = recipes.load_recipe(str(path))
        table.append({"name": name, "path": str(path), "description": recipe.description})
    return table


def recipe_listing(name: str | None) -> str:
    """Return the list of built-in recipes, or the text of one.

    Raises:
        UsageError: there is none of that name.

    """
    if name is not None:
        return _builtin(name).read_text(encoding="utf-8").rstrip("\n")
    table = recipe_table()
    wide = max(len(row["name"]) for row in table)
    return "\n".join(f"{row['name']:<{wide}}  {row['description']}" for row in table)


def _builtin(name: str) -> Path:
    known = recipes.builtin_recipes()
    if name not in known:
        raise UsageError(f"{name}: no built-in recipe of that name{did_you_mean(name, known)}")
    return known[name]


def generated(root: Path) -> dict[Path, str]:
    """Return every generated file of the repository below ``root`` and what it must hold."""
    return {
        root / "schema" / "recipe.schema.json": schema_text(),
        root / "docs" / "transforms.md": reference(),
    }


if __name__ == "__main__":
    for target, text in generated(Path(__file__).parents[1]).items():
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
