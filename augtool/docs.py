"""Registry -> Markdown reference, help pages, generated files. Nothing here is stated a second time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from augtool import flow, registry
from augtool import recipe as recipes
from augtool.errors import UsageError
from augtool.fields import Field
from augtool.flow import Word
from augtool.naming import did_you_mean
from augtool.recipeschema import schema_text
from augtool.registry import Spec

_STARTER = """\
version: 1
name: my-data
seed: 0                  # another seed gives other variants
variants: 5              # per picture
originals: copy          # none writes the variants only
border: cover            # zoom in until nothing beyond the edge is seen; or reflect_101, replicate, constant
output: {format: keep, quality: 95}

# Steps run in this order. 'augtool transforms' lists all of them, 'augtool transforms rotate' shows one.
# A value is a number, a range [lowest, highest], {choice: [...]} or {normal: {mean: 0, std: 3}}.
transforms:
  - horizontal_flip: {p: 0.5}                        # remove it where left and right differ: text, digits
  - rotate: {angle: [-8, 8]}                         # degrees, counter-clockwise
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


def as_data(spec: Spec) -> dict[str, Any]:
    """Return a transform's declaration as plain data."""
    return {
        "name": spec.name,
        "category": spec.category,
        "kind": spec.kind,
        "summary": spec.summary,
        "p": spec.p,
        "fields": [_field_data(field) for field in spec.fields.values()],
    }


def _field_data(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "kind": field.kind,
        "bounds": [field.bounds.low, field.bounds.high] if field.bounds else None,
        "options": list(field.options) or None,
        "default": field.default,
        "help": field.help,
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


def catalogue(name: str | None) -> list[dict[str, Any]]:
    """Return the declarations of all transforms, policies and words, or of the one named, as plain data.

    Raises:
        UsageError: there is none of that name.

    """
    if name is not None:
        page_of(name)
    words = [
        {"name": word.name, "category": "flow", "kind": "flow", "summary": word.summary, "p": word.p}
        | {"fields": [_field_data(word.count)] if word.count else []}
        for word in flow.WORDS.values()
    ]
    data = [as_data(spec) for spec in registry.everything()] + words
    return [entry for entry in data if name in (None, entry["name"])]


def listing() -> str:
    """Return all that can stand where a step stands, by category, one line each."""
    rows = [(spec.category, spec.name, spec.summary) for spec in registry.everything()]
    rows += [("flow", word.name, word.summary) for word in flow.WORDS.values()]
    wide = max(len(name) for _, name, _ in rows)
    lines: list[str] = []
    for category, name, summary in rows:
        if category not in lines:
            lines += ["", category] if lines else [category]
        lines.append(f"  {name:<{wide}}  {summary}")
    return "\n".join(lines)


def page_of(name: str) -> str:
    """Return the help page of a transform, a policy or a word.

    Raises:
        UsageError: there is none of that name.

    """
    if name in flow.WORDS:
        return _word_page(flow.WORDS[name])
    known = [spec.name for spec in registry.everything()]
    if name not in known:
        raise UsageError(f"{name}: unknown transform{did_you_mean(name, [*known, *flow.WORDS])}")
    return page(registry.get(name))


def _word_page(word: Word) -> str:
    lines = [f"{word.name}  (flow)", "", word.summary, "", "  steps: a list of steps"]
    for name, takes, default, meaning in _word_rows(word):
        lines += [f"  {name}: {takes}, default {default}", f"      {meaning}"]
    return "\n".join([*lines, "", "example:", *(f"  {line}" for line in _word_example(word))])


def _word_rows(word: Word) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, what it takes, default and meaning of the fields that a word has beside its steps."""
    if word.weighted:
        yield "weights", "a list of numbers from 0", "all 1", "One for each step, how likely it is."
    if word.count:
        yield word.count.name, word.count.expects(), shown_default(word.count), word.count.help
    yield "p", "a number from 0 to 1", f"{word.p:g}", flow.COMMON["p"]
    yield "when", "a condition", "none", flow.COMMON["when"]


def _word_example(word: Word) -> list[str]:
    lines = [f"- {word.name}:"]
    if word.count:
        lines.append(f"    {word.count.name}: {shown_default(word.count)}")
    if word.p != 1:
        lines.append(f"    p: {word.p:g}")
    return [*lines, "    steps:", "      - brightness", "      - gaussian_blur: {sigma: [0.3, 1]}"]


def page(spec: Spec) -> str:
    """Return a transform's help page for a terminal."""
    lines = [f"{spec.name}  ({spec.category})", "", spec.doc, ""]
    for field in spec.fields.values():
        lines.append(f"  {field.name}: {field.expects()}, default {shown_default(field)}")
        lines.append(f"      {field.help}")
    lines.append(f"  p: a number from 0 to 1, default {spec.p:g}")
    lines += [
        f"      {flow.COMMON['p']}",
        "  when: a condition, default none",
        f"      {flow.COMMON['when']}",
    ]
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
probability that it is applied, and `when`, which pictures it is for. Steps that draw inside a picture take a
`seed`, drawn and recorded."""
    category = ""
    for spec in registry.everything():
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
    yield from ("", "## Flow", "", "Words that hold other steps, written as a list or with fields.")
    for word in flow.WORDS.values():
        yield from ("", f"### {word.name}", "", word.summary, "")
        yield "| field | takes | default | meaning |"
        yield "|---|---|---|---|"
        for name, takes, default, meaning in _word_rows(word):
            yield f"| `{name}` | {takes} | `{default}` | {meaning} |"
        yield from ("", "```yaml", *_word_example(word), "```")
    yield from ("", "### when", "", flow.COMMON["when"], "")
    yield "| condition | meaning |"
    yield "|---|---|"
    yield from (f"| `{name}` | {meaning} |" for name, meaning in flow.CONDITIONS.items())


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
