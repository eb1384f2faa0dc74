"""YAML -> Recipe. Every mistake is reported at once, as ``file:line:col: path: message``."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augtool import registry
from augtool.counts import Goal
from augtool.errors import Problem, RecipeError, UsageError
from augtool.fields import FieldError, Plain, Value, describe
from augtool.flow import COMMON, MOST_STEPS, WORDS, Word, most_steps, parse_when
from augtool.freeze import ALWAYS, Group, Node, OneOf, Step, When, step_names
from augtool.labels import LabelRules
from augtool.naming import did_you_mean, which_field
from augtool.recipefaults import translate_all
from augtool.text.options import TextOptions, as_options, check_options, modality_of
from augtool.yamlsource import Document, load, parse

if TYPE_CHECKING:
    from augtool.recipemodel import LabelsModel, RecipeModel

YamlPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """How pictures are written. ``size`` is None, (longest side,) or (width, height) in pixels."""

    format: str = "keep"
    quality: int = 95
    size: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """A checked recipe."""

    name: str = ""
    description: str = ""
    seed: int = 0
    variants: int | Goal = 5
    """Variants of each picture, or what the number of pictures shall be after the run."""
    split: tuple[tuple[str, float], ...] = ()
    """Shares of the splits to make, beside train."""
    group: str = ""
    """Regular expression over paths: what it finds stays in one split."""
    originals: str = "copy"
    border: str = "auto"
    fill: tuple[int, int, int] = (0, 0, 0)
    output: Output = field(default_factory=Output)
    labels: LabelRules = field(default_factory=LabelRules)
    format: Plain = field(default_factory=dict)
    transforms: tuple[Node, ...] = ()
    source: Plain = None
    """The recipe as plain data, for the record."""
    text: TextOptions = field(default_factory=TextOptions)
    modality: str = "image"
    """``image`` or ``text``: what the steps work on."""

    @property
    def dataset_options(self) -> dict[str, Any]:
        """What the data set's format is opened with."""
        return {"text": self.text} if self.modality == "text" else dict(self.format)

    def digest(self) -> str:
        """Return a SHA-256 over what the recipe says, independent of comments and layout."""
        text = json.dumps(self.source, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def load_recipe(reference: str) -> Recipe:
    """Load a recipe from a file or, by name, one of those that come with augtool.

    Raises:
        RecipeError: the recipe has mistakes; all of them are listed.
        UsageError: there is no such recipe.

    """
    path = Path(reference)
    if not path.exists() and "/" not in reference:
        bare = reference.removesuffix(".yaml")
        known = builtin_recipes()
        if bare in known:
            return from_document(load(known[bare], display=f"{bare}.yaml"))
        if not reference.endswith((".yaml", ".yml")):
            raise UsageError(
                f"{reference}: no such file, and no built-in recipe of that name{did_you_mean(bare, known)}; "
                f"'augtool recipes' lists them"
            )
    if not path.exists():
        near = [other.name for other in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise UsageError(f"{reference}: no such file{did_you_mean(path.name, near)}")
    return from_document(load(path))


def builtin_recipes() -> dict[str, Path]:
    """Return the recipes that come with augtool: name -> file."""
    package = Path(__file__).parent
    folder = next(
        (place for place in (package / "configs", package.parent / "configs") if place.is_dir()), None
    )
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))} if folder else {}


def parse_recipe(text: str, file: str = "recipe.yaml") -> Recipe:
    """Check a recipe given as text; ``file`` names it in messages."""
    return from_document(parse(text, file))


def from_plain(data: Plain) -> Recipe:
    """Check a recipe given as plain data, such as the one a run has recorded."""
    return parse_recipe(json.dumps(data), "recorded recipe")


def from_document(document: Document) -> Recipe:
    """Check a parsed YAML document and build the recipe it describes."""
    if not isinstance(document.data, dict):
        what = describe(document.data)
        raise RecipeError(
            [
                document.problem(
                    (), f"a recipe is a mapping with 'version: 1' and 'transforms:'; this is {what}"
                )
            ]
        )
    from pydantic import ValidationError

    from augtool.recipemodel import RecipeModel

    problems: list[Problem] = []
    model = None
    try:
        model = RecipeModel.model_validate(document.data)
    except ValidationError as error:
        problems += translate_all(document, error.errors())
    else:
        problems += _mistakes(document, model)
    listed = document.data.get("transforms")
    nodes: tuple[Node, ...] = ()
    if isinstance(listed, list):
        nodes = parse_nodes(document, listed, ("transforms",), problems)
    modality = modality_of(document, step_names(nodes), problems)
    problems += check_options(document, modality)
    if problems or model is None:
        raise RecipeError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    size = model.output.size
    return Recipe(
        name=model.name,
        description=model.description,
        seed=model.seed,
        variants=_variants(model),
        split=tuple((name, share) for name, share in model.split or () if share),
        group=model.group,
        originals=model.originals,
        border=model.border,
        fill=_three(model.fill),
        output=Output(
            model.output.format,
            model.output.quality,
            (size,) if isinstance(size, int) else tuple(size) if size else None,
        ),
        labels=_label_rules(model.labels),
        format=model.format,
        transforms=nodes,
        source=document.data,
        text=as_options(model.text.model_dump(), Path(document.file).parent),
        modality=modality,
    )


def _mistakes(document: Document, model: RecipeModel) -> list[Problem]:
    from augtool.splits import compiled

    problems = [document.problem(path, message) for path, message in model.mistakes()]
    try:
        compiled(model.group)
    except UsageError as error:
        problems.append(document.problem(("group",), str(error).removeprefix("group: ")))
    return problems


def _variants(model: RecipeModel) -> int | Goal:
    if isinstance(model.variants, int):
        return model.variants
    ((kind, size),) = model.variants.goals.items()
    return Goal(kind, size, model.variants.max_factor)


def _label_rules(model: LabelsModel) -> LabelRules:
    fields = model.model_dump()
    pairs = fields.pop("flip_classes")
    return LabelRules(**fields, flip_classes={new: old for old, new in pairs.items()} | pairs)


def _three(fill: int | list[int]) -> tuple[int, int, int]:
    red, green, blue = [fill] * 3 if isinstance(fill, int) else fill
    return red, green, blue


def parse_nodes(
    document: Document, listed: Sequence[Plain], path: YamlPath, problems: list[Problem]
) -> tuple[Node, ...]:
    """Check a list of steps; mistakes are added to ``problems``."""
    nodes = (_parse_node(document, raw, (*path, at), problems) for at, raw in enumerate(listed))
    return tuple(node for node in nodes if node is not None)


def _parse_node(document: Document, raw: Plain, path: YamlPath, problems: list[Problem]) -> Node | None:
    if isinstance(raw, str):
        raw = {raw: None}
    if not isinstance(raw, dict) or len(raw) != 1:
        what = (
            f"a mapping with several names ({', '.join(list(raw)[:3])}); start each step with '- ', "
            "and indent its fields deeper than its name or put them in braces"
            if isinstance(raw, dict)
            else describe(raw)
        )
        problems.append(document.problem(path, f"a step is 'name' or 'name: {{fields}}'; this is {what}"))
        return None
    ((name, body),) = raw.items()
    inner = (*path, name)
    if name in WORDS:
        return _parse_group(document, WORDS[name], body, inner, problems)
    try:
        registry.get(name)
    except KeyError:
        known = [*(spec.name for spec in registry.everything()), *WORDS]
        problems.append(document.problem(inner, f"unknown transform{did_you_mean(name, known)}", at_key=True))
        return None
    if body is not None and not isinstance(body, dict):
        fields = ", ".join(registry.get(name).fields) or "none but p"
        problems.append(
            document.problem(inner, f"expected fields in braces ({fields}), got {describe(body)}")
        )
        return None
    return _parse_step(document, name, body or {}, inner, problems)


def _parse_step(
    document: Document, name: str, body: dict[str, Plain], path: YamlPath, problems: list[Problem]
) -> Step:
    spec = registry.get(name)
    values = dict(spec.values)
    for key, raw in body.items():
        if key in COMMON:
            continue
        if key not in spec.fields:
            hint = which_field(key, {name: known.help for name, known in spec.fields.items()} | COMMON)
            if not hint:
                hint = f"; it takes {', '.join([*spec.fields, *COMMON])}"
            problems.append(document.problem((*path, key), f"unknown field{hint}", at_key=True))
            continue
        try:
            values[key] = spec.fields[key].parse(raw)
        except FieldError as error:
            problems.append(document.problem((*path, key), str(error)))
    p = _probability(document, body, path, spec.p, problems)
    return Step(name, values, p, _condition(document, body, path, problems))


def _parse_group(
    document: Document, word: Word, body: Plain, path: YamlPath, problems: list[Problem]
) -> Node | None:
    if isinstance(body, list):
        body, at = {"steps": body}, path
    else:
        at = (*path, "steps")
    extra = [*(["weights"] if word.weighted else []), *([word.count.name] if word.count else [])]
    known = ["steps", *extra, *COMMON]
    if not isinstance(body, dict) or not isinstance(body.get("steps"), list) or not body["steps"]:
        shown = "".join(f", {name}: {_EXAMPLES[name]}" for name in extra)
        problems.append(
            document.problem(path, f"{word.name} takes a list of steps, or {{steps: [...]{shown}, p: 0.5}}")
        )
        return None
    for key in set(body) - set(known):
        hint = did_you_mean(key, known)
        problems.append(document.problem((*path, key), f"unknown field{hint}", at_key=True))
    nodes = parse_nodes(document, body["steps"], at, problems)
    p = _probability(document, body, path, word.p, problems)
    when = _condition(document, body, path, problems)
    if word.weighted:
        weights = _weights(document, body, path, problems)
        return OneOf(nodes, weights, p, when) if weights and len(weights) == len(nodes) else None
    group = Group(word.name, nodes, p, when, _count(document, word, body, path, problems))
    if most_steps(group) > MOST_STEPS:
        problems.append(document.problem(path, f"comes to more than {MOST_STEPS} steps"))
    return group


_EXAMPLES = {"weights": "[...]", "n": "2", "times": "2"}


def _weights(
    document: Document, body: dict[str, Plain], path: YamlPath, problems: list[Problem]
) -> tuple[float, ...] | None:
    count = len(body["steps"])
    weights = body.get("weights", [1] * count)
    proper = isinstance(weights, list) and all(
        isinstance(weight, int | float) and not isinstance(weight, bool) and weight >= 0 for weight in weights
    )
    if proper and len(weights) == count and 0 < sum(weights) < math.inf:
        return tuple(float(weight) for weight in weights)
    message = f"weights takes {count} number{'s' * (count != 1)} from 0, one for each step, not all 0"
    problems.append(document.problem((*path, "weights"), message))
    return None


def _count(
    document: Document, word: Word, body: dict[str, Plain], path: YamlPath, problems: list[Problem]
) -> Value | None:
    if word.count is None:
        return None
    steps, field = len(body["steps"]), word.count
    given = field.name in body
    # The default [1, 2] of some_of is for two steps and more.
    default = 1 if word.name == "some_of" and steps == 1 else field.default
    try:
        value = field.parse(body[field.name] if given else default)
        if word.name == "some_of" and value.quantile(1 - 1e-12) > steps:
            raise FieldError(f"asks for more steps than the {steps} there {'is' if steps == 1 else 'are'}")
    except FieldError as error:
        problems.append(document.problem((*path, field.name), str(error)))
        return field.parse(1)
    return value


def _condition(document: Document, body: dict[str, Plain], path: YamlPath, problems: list[Problem]) -> When:
    if "when" not in body:
        return ALWAYS
    try:
        return parse_when(body["when"])
    except FieldError as error:
        problems.append(document.problem((*path, "when"), str(error)))
        return ALWAYS


def _probability(
    document: Document, body: dict[str, Plain], path: YamlPath, default: float, problems: list[Problem]
) -> float:
    p = body.get("p", default)
    if isinstance(p, bool) or not isinstance(p, int | float) or not 0 <= p <= 1:
        problems.append(
            document.problem((*path, "p"), f"a probability is a number from 0 to 1, got {describe(p)}")
        )
        return 1.0
    return float(p)
