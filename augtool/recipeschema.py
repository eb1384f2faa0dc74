"""The JSON Schema of recipes, from the model of the top level, the registry and the words of flow."""

from __future__ import annotations

import json
from typing import Any

from augtool import flow, registry
from augtool.fields import Field
from augtool.flow import Word
from augtool.registry import Spec

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of recipes, from the model of the top level and the registry."""
    from augtool.recipemodel import RecipeModel

    whole = RecipeModel.model_json_schema(ref_template="#/$defs/{model}")
    whole = {"$schema": SCHEMA_ID, "$id": "recipe.schema.json"} | whole
    whole["title"] = "augtool recipe"
    whole["properties"]["transforms"]["items"] = {"$ref": "#/$defs/step"}
    whole.setdefault("$defs", {})["step"] = {
        "oneOf": [
            {"enum": [spec.name for spec in registry.everything()]},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {spec.name: _step_schema(spec) for spec in registry.everything()}
                | {word.name: _word_schema(word) for word in flow.WORDS.values()},
            },
        ]
    }
    whole["$defs"]["when"] = flow.when_schema()
    whole["$defs"] |= _value_schemas()
    return whole


def schema_text() -> str:
    """Return the schema as the file in ``schema/`` holds it."""
    return json.dumps(schema(), indent=1) + "\n"


def _step_schema(spec: Spec) -> dict[str, Any]:
    properties = {field.name: _field_schema(field) for field in spec.fields.values()}
    return {
        "description": spec.summary,
        "type": ["object", "null"],
        "properties": properties | _common_schema(spec.p),
        "additionalProperties": False,
    }


def _word_schema(word: Word) -> dict[str, Any]:
    steps = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}
    properties: dict[str, Any] = {"steps": steps}
    if word.weighted:
        properties["weights"] = {"type": "array", "items": {"type": "number", "minimum": 0}}
    if word.count:
        properties[word.count.name] = _field_schema(word.count)
    group = {
        "type": "object",
        "properties": properties | _common_schema(word.p),
        "required": ["steps"],
        "additionalProperties": False,
    }
    return {"description": word.summary, "oneOf": [steps, group]}


def _common_schema(p: float) -> dict[str, Any]:
    probability = {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": flow.COMMON["p"],
        "default": p,
    }
    return {"p": probability, "when": {"$ref": "#/$defs/when"}}


def _field_schema(field: Field) -> dict[str, Any]:
    result: dict[str, Any] = {"description": field.help, "$ref": f"#/$defs/{_value_name(field)}"}
    if field.default is not None:
        result["default"] = field.default
    return result


def _value_name(field: Field) -> str:
    """Name what a field takes, so that fields that take the same share one definition."""
    parts = ["odd" if field.odd else "", field.kind, "or_null" if field.optional else ""]
    if field.bounds:
        parts += [f"{field.bounds.low:g}", f"{field.bounds.high:g}"]
    if field.options:
        parts += field.options
    if field.length:
        parts.append(f"{field.length}")
    return "_".join(part for part in parts if part)


def _value_schemas() -> dict[str, Any]:
    """Return the definitions that fields refer to."""
    fields = [field for spec in registry.everything() for field in spec.fields.values()]
    fields += [word.count for word in flow.WORDS.values() if word.count]
    return {_value_name(field): {"anyOf": _forms(field)} for field in fields} | _SHARED


_POSITIVE = {"type": "number", "exclusiveMinimum": 0}
_SHARED: dict[str, Any] = {
    "normal": {
        "type": "object",
        "properties": {"mean": {"type": "number"}, "std": _POSITIVE},
        "required": ["mean", "std"],
        "additionalProperties": False,
    },
    "positive_range": {"type": "array", "items": _POSITIVE, "minItems": 2, "maxItems": 2},
}


def _forms(field: Field) -> list[dict[str, Any]]:
    """Return every form a field's value may take: constants, ranges, distributions."""
    constant = _constant_schema(field)
    forms = [constant]
    option = {"anyOf": [constant, {"type": "null"}]} if field.optional else constant
    choice = {"type": "array", "minItems": 1, "items": option}
    if field.kind in ("float", "int"):
        pair = {"type": "array", "items": constant, "minItems": 2, "maxItems": 2}
        named: dict[str, Any] = {"choice": choice, "uniform": pair}
        if not field.odd:
            named["normal"] = {"$ref": "#/$defs/normal"}
        if field.kind == "float":
            named |= {name: {"$ref": "#/$defs/positive_range"} for name in ("log_uniform", "reciprocal")}
        forms += [pair, *(_single(name, body) for name, body in named.items())]
    else:
        forms.append(_single("choice", choice))
    if field.kind == "seed":
        forms.append({"type": "array", "items": constant, "minItems": 2, "maxItems": 2})
    if field.optional or field.kind == "seed":
        forms.append({"type": "null"})
    return forms


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
