# The tables hold whole messages, as they are printed.
# ruff: noqa: E501, ISC004
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from strategies import VALID

from augtool import recipeschema, registry
from augtool.errors import RecipeError, UsageError
from augtool.flow import WORDS as WORDS_OF_FLOW
from augtool.freeze import OneOf, Step, freeze
from augtool.recipe import Output, Recipe, builtin_recipes, from_plain, load_recipe, parse_recipe

# The recipe of the issue, whose names and fields are the surface that recipes in the wild use.
PRODUCTS = """\
# yaml-language-server: $schema=../schema/recipe.schema.json
version: 1
name: products
seed: 7
variants: 5
originals: copy
output: {format: jpeg, quality: 95}
transforms:
  - horizontal_flip: {p: 0.5}
  - rotate: {angle: [-15, 15]}                       # degrees, counter-clockwise
  - shift: {x: [-0.1, 0.1], y: [-0.1, 0.1]}          # share of width and height
  - random_resized_crop: {size: 224, area: [0.5, 1.0], aspect: [0.75, 1.333]}
  - brightness: {factor: [0.8, 1.2]}
  - contrast: {factor: [0.8, 1.2]}
  - hue: {degrees: [-10, 10]}
  - saturation: {factor: [0.8, 1.2]}
  - one_of:
      - gaussian_noise: {std: [0.01, 0.04]}          # share of full scale
      - gaussian_blur: {sigma: [0.5, 1.5]}           # pixels
"""
SCHEMA = Draft202012Validator(recipeschema.schema())


def problems(text: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text)
    return [str(problem) for problem in caught.value.problems]


def body(*lines: str) -> str:
    return "version: 1\ntransforms:\n" + "".join(f"  - {line}\n" for line in lines)


# --- what a recipe says ----------------------------------------------------------------------------------


def test_every_part_of_a_recipe_arrives() -> None:
    recipe = parse_recipe(PRODUCTS)
    assert (recipe.name, recipe.seed, recipe.variants, recipe.originals) == ("products", 7, 5, "copy")
    assert recipe.output == Output("jpeg", 95, None)
    assert [getattr(node, "name", "one_of") for node in recipe.transforms] == [
        "horizontal_flip", "rotate", "shift", "random_resized_crop", "brightness", "contrast", "hue",
        "saturation", "one_of",
    ]  # fmt: skip
    flip, last = recipe.transforms[0], recipe.transforms[-1]
    assert isinstance(flip, Step)
    assert flip.p == 0.5
    assert isinstance(last, OneOf)
    assert (len(last.nodes), last.weights, last.p) == (2, (1.0, 1.0), 1.0)


def test_what_is_not_said_has_a_default() -> None:
    assert parse_recipe("version: 1\ntransforms: []\n") == Recipe(source={"version": 1, "transforms": []})


@pytest.mark.parametrize("step", ["rotate", "rotate:", "rotate: {}", "rotate: null"])
def test_a_bare_step_has_all_defaults(step: str) -> None:
    (node,) = parse_recipe(body(step)).transforms
    assert isinstance(node, Step)
    assert node.values == registry.get("rotate").values


@pytest.mark.parametrize(("size", "means"), [("640", (640,)), ("[640, 480]", (640, 480)), ("null", None)])
def test_output_size_takes_one_number_or_two(size: str, means: Any) -> None:
    recipe = parse_recipe(f"version: 1\noutput: {{size: {size}}}\ntransforms: []\n")
    assert recipe.output.size == means


@pytest.mark.parametrize(("fill", "means"), [("9", (9, 9, 9)), ("[1, 2, 3]", (1, 2, 3))])
def test_fill_takes_grey_or_a_colour(fill: str, means: tuple[int, int, int]) -> None:
    assert parse_recipe(f"version: 1\nfill: {fill}\ntransforms: []\n").fill == means


def test_the_digest_ignores_comments_and_layout_but_no_value() -> None:
    plain = parse_recipe(PRODUCTS)
    terse = parse_recipe(json.dumps(plain.source))
    assert plain.digest() == terse.digest()
    assert plain.digest() != parse_recipe(PRODUCTS.replace("0.333", "0.34").replace("-15", "-16")).digest()


# --- mistakes --------------------------------------------------------------------------------------------

MISTAKES = """\
version: 2
nam: x
variants: "5"
seed: -1
originals: yes
border: mirror
output: {format: gif, quality: 101, size: [0, 1], q: 3}
fill: [1, 2]
transforms:
  - rotate: {degres: 3}
  - rotat
  - shift: {x: [3, 1], y: no}
  - one_of: {stps: []}
  - gaussian_blur: 3
  - a: 1
    b: 2
  - horizontal_flip: {p: 2}
  - zoom: {factor: {normal: {mean: 1}}}
  - median_blur: {size: 4}
  - one_of: {steps: [{zoom: {facto: 1}}, shear], weights: [1], p: true, q: 1}
  - one_of:
      - {one_of: [{hue: {degrees: 900}}]}
  - 7
  - rotate: {angle: [5, -5]}
"""
FOUND = """\
recipe.yaml:1:10: version: expected 1, got 2
recipe.yaml:2:1: nam: unknown field, did you mean 'name'?
recipe.yaml:3:11: variants: expected a number from 0 to 100000, {total: N}, {per_class: N} or {balance: max, mean or N}, got '5'
recipe.yaml:4:7: seed: must be at least 0, got -1
recipe.yaml:5:12: originals: expected 'copy' or 'none', got 'yes'
recipe.yaml:6:9: border: expected 'auto', 'cover', 'constant', 'replicate', 'reflect', 'reflect_101' or 'wrap', got 'mirror'
recipe.yaml:7:18: output.format: expected 'keep', 'jpeg', 'png' or 'webp', got 'gif'
recipe.yaml:7:32: output.quality: must be at most 100, got 101
recipe.yaml:7:44: output.size[0]: must be at least 1, got 0
recipe.yaml:7:51: output.q: unknown field, did you mean 'quality'?
recipe.yaml:8:7: fill: expected a grey level from 0 to 255, or [red, green, blue], got a list of 2
recipe.yaml:10:14: transforms[0].rotate.degres: unknown field, did you mean 'angle'?
recipe.yaml:11:5: transforms[1].rotat: unknown transform, did you mean 'rotate'?
recipe.yaml:12:16: transforms[2].shift.x: 3 is out of bounds; expected a number from -1 to 1
recipe.yaml:12:27: transforms[2].shift.y: expected a number from -1 to 1, got 'no'
recipe.yaml:13:13: transforms[3].one_of: one_of takes a list of steps, or {steps: [...], weights: [...], p: 0.5}
recipe.yaml:14:20: transforms[4].gaussian_blur: expected fields in braces (sigma), got 3
recipe.yaml:15:5: transforms[5]: a step is 'name' or 'name: {fields}'; this is a mapping with several names \
(a, b); start each step with '- ', and indent its fields deeper than its name or put them in braces
recipe.yaml:17:26: transforms[6].horizontal_flip.p: a probability is a number from 0 to 1, got 2
recipe.yaml:18:20: transforms[7].zoom.factor: normal takes {mean: ..., std: ...}
recipe.yaml:19:25: transforms[8].median_blur.size: expected an odd whole number from 1 to 31, got 4
recipe.yaml:20:30: transforms[9].one_of.steps[0].zoom.facto: unknown field, did you mean 'factor'?
recipe.yaml:20:59: transforms[9].one_of.weights: weights takes 2 numbers from 0, one for each step, not all 0
recipe.yaml:20:67: transforms[9].one_of.p: a probability is a number from 0 to 1, got true
recipe.yaml:20:73: transforms[9].one_of.q: unknown field
recipe.yaml:22:35: transforms[10].one_of[0].one_of[0].hue.degrees: 900 is out of bounds; \
expected a number from -180 to 180
recipe.yaml:23:5: transforms[11]: a step is 'name' or 'name: {fields}'; this is 7
recipe.yaml:24:21: transforms[12].rotate.angle: the range is the wrong way round; write [-5, 5]
"""


def test_every_mistake_is_reported_at_once_with_its_place() -> None:
    assert "\n".join(problems(MISTAKES)) + "\n" == FOUND


def test_the_example_of_the_issue() -> None:
    text = PRODUCTS.replace("angle", "degres")
    assert problems(text) == [
        "recipe.yaml:10:14: transforms[1].rotate.degres: unknown field, did you mean 'angle'?"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "recipe.yaml: is empty; write at least one 'key: value' line"),
        ("# only a comment\n", "recipe.yaml: is empty; write at least one 'key: value' line"),
        ("- rotate\n", "recipe.yaml:1:1: a recipe is a mapping with 'version: 1' and 'transforms:'; "
         "this is a list of 1"),
        ("rotate", "recipe.yaml:1:1: a recipe is a mapping with 'version: 1' and 'transforms:'; "
         "this is 'rotate'"),
        ("transforms: []", "recipe.yaml:1:1: version: missing; write 'version: 1'"),
        ("version: 1", "recipe.yaml:1:1: transforms: missing; list the steps under it"),
        ("version: 1\ntransforms:\n", "recipe.yaml:2:12: transforms: expected a list, got nothing"),
        ("version: 1\ntransforms: rotate\n", "recipe.yaml:2:13: transforms: expected a list, got 'rotate'"),
        ("version: true\ntransforms: []\n", "recipe.yaml:1:10: version: expected 1, got true"),
        ("version: 1.0\ntransforms: []\n", "recipe.yaml:1:10: version: expected 1, got 1.0"),
        ("version: 1\nseed: 1.5\ntransforms: []\n", "recipe.yaml:2:7: seed: expected a whole number, got 1.5"),
        ("version: 1\nseed: true\ntransforms: []\n",
         "recipe.yaml:2:7: seed: expected a whole number, got true"),
        ("version: 1\noutput: jpeg\ntransforms: []\n",
         "recipe.yaml:2:9: output: expected a mapping, got 'jpeg'"),
        (body("rotate: {angle: .nan}"), "recipe.yaml:3:21: transforms[0].rotate.angle: .nan is not a usable "
         "number; write a finite one, or quote it if text is meant"),
        (body("rotate: {angle: 1, angle: 2}"), "recipe.yaml:3:24: transforms[0].rotate.angle: this key stands "
         "twice, first at line 3, column 14; remove one of them"),
        (body("qqqq"), "recipe.yaml:3:5: transforms[0].qqqq: unknown transform"),
        (body("horizontal_flip: {how: 1}"),
         "recipe.yaml:3:23: transforms[0].horizontal_flip.how: unknown field; it takes p, when"),
        (body("one_of"), "recipe.yaml:3:5: transforms[0].one_of: one_of takes a list of steps, "
         "or {steps: [...], weights: [...], p: 0.5}"),
        (body("one_of: {steps: [zoom, hue], weights: [0, 0]}"), "recipe.yaml:3:43: transforms[0].one_of.weights: "
         "weights takes 2 numbers from 0, one for each step, not all 0"),
        (body("one_of: {steps: [zoom], weights: [1e308, 1e308]}"), "recipe.yaml:3:38: transforms[0].one_of."
         "weights: weights takes 1 number from 0, one for each step, not all 0"),
    ],
)  # fmt: skip
def test_a_mistake_alone(text: str, said: str) -> None:
    assert problems(text) == [said]


# --- where recipes come from -----------------------------------------------------------------------------


def test_a_built_in_name_works_with_and_without_its_suffix() -> None:
    assert load_recipe("quickstart") == load_recipe("quickstart.yaml")
    assert load_recipe(str(builtin_recipes()["quickstart"])) == load_recipe("quickstart")


def test_a_file_is_taken_before_a_built_in_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("quickstart").write_text("version: 1\nname: mine\ntransforms: []\n")
    assert load_recipe("quickstart").name == "mine"


@pytest.mark.parametrize("name", ["quickstar", "nowhere/recipe.yaml", "absent.yaml"])
def test_a_missing_recipe_is_a_usage_error_in_one_line(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_recipe(name)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)


def test_a_mistyped_built_in_name_is_recognised() -> None:
    with pytest.raises(UsageError, match="did you mean 'quickstart'"):
        load_recipe("quickstrat")


# --- anything at all -------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["version", "transforms", "rotate", "angle", "one_of", "some_of", "repeat", "times", "n", "when", "class",
     "split", "min_size", "randaugment", "steps", "weights", "p", "choice", "normal", "mean",
     "std", "seed", "output", "size", "format", "fill", "random_resized_crop", "median_blur", "gaussian_noise"]
)  # fmt: skip
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5) | WORDS
    | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-3, 300)
)  # fmt: skip
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = sorted({name for spec in registry.everything() for name in spec.fields} | {"p", "when", "steps"})
NEAR_STEPS = st.lists(
    st.dictionaries(
        st.sampled_from([*(spec.name for spec in registry.everything()), *WORDS_OF_FLOW]),
        ANYTHING | st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=3),
        min_size=1,
        max_size=1,
    ),
    max_size=3,
)


def parsed(text: str) -> Recipe | None:
    """A recipe, or None and well-formed complaints; anything else fails."""
    try:
        return parse_recipe(text)
    except RecipeError as error:
        assert error.problems
        for problem in error.problems:
            assert re.fullmatch(r"recipe\.yaml(:\d+:\d+)?: \S.*", str(problem)), str(problem)
        return None


@given(st.text())
def test_any_text_is_a_recipe_or_a_list_of_mistakes(text: str) -> None:
    assert parsed(text) is None or "version" in text


@given(st.text(alphabet="version: 1\ntransforms[]{}-,'\"#&*!|>%?rotate"))
def test_any_near_yaml_is_a_recipe_or_a_list_of_mistakes(text: str) -> None:
    parsed(text)
    parsed(f"version: 1\ntransforms:\n  - {text}")


@given(ANYTHING)
def test_any_data_is_a_recipe_or_a_list_of_mistakes(data: Any) -> None:
    parsed(json.dumps(data))


@given(NEAR_STEPS)
@settings(max_examples=300)
def test_what_the_parser_takes_the_schema_takes_and_freeze_too(steps: list[Any]) -> None:
    data = {"version": 1, "transforms": steps}
    recipe = parsed(json.dumps(data))
    if recipe is not None:
        SCHEMA.validate(data)
        freeze(recipe.transforms, 1, "k", 1)


# --- valid recipes, made from the registry ---------------------------------------------------------------


@given(VALID)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_every_valid_recipe_parses_and_validates_and_freezes_into_one(data: dict[str, Any]) -> None:
    SCHEMA.validate(data)
    recipe = from_plain(data)
    assert recipe.source == data
    frozen = freeze(recipe.transforms, 1, "k", 1)
    plain = {"version": 1, "transforms": [step.plain() for step in frozen]}
    SCHEMA.validate(plain)
    assert freeze(from_plain(plain).transforms, 2, "other", 3) == frozen


@given(VALID, st.sampled_from(["version", "transforms"]))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_schema_and_parser_agree_on_what_may_not_be_missing(data: dict[str, Any], key: str) -> None:
    del data[key]
    assert not SCHEMA.is_valid(data)
    assert parsed(json.dumps(data)) is None


REFUSED_BY_BOTH = [
    {"rotate": {"degres": 1}}, {"rotat": {}}, {"rotate": {"angle": 361}}, {"rotate": {"angle": "3"}},
    {"rotate": {"angle": [1]}}, {"rotate": {"angle": {"choose": [1]}}}, {"rotate": {"p": 2}}, {"rotate": 3},
    {"rotate": {"canvas": "wide"}}, {"median_blur": {"size": 4}}, {"one_of": []}, {"one_of": {"p": 1}},
    {"one_of": {"steps": ["zoom"], "q": 1}}, {"gaussian_noise": {"seed": -1}}, "rotat", 3, {}, None,
    {"rotate": {}, "zoom": {}}, {"rotate": {"angle": {"normal": {"mean": 0, "std": 0}}}},
    {"rotate": {"when": {}}}, {"rotate": {"when": "train"}}, {"rotate": {"when": {"clas": "a"}}},
    {"rotate": {"when": {"split": "valid"}}}, {"rotate": {"when": {"class": []}}}, {"randaugment": {"n": 15}},
    {"rotate": {"when": {"class": [True]}}}, {"rotate": {"when": {"min_size": 0}}}, {"some_of": {"n": 1}},
    {"sequence": {"steps": ["zoom"], "n": 1}}, {"repeat": {"steps": ["zoom"], "times": 101}},
    {"sometimes": "zoom"}, {"random_order": {"steps": ["zoom"], "weights": [1]}},
    {"autoaugment": {"table": "mnist"}},
]  # fmt: skip


@pytest.mark.parametrize("step", REFUSED_BY_BOTH, ids=json.dumps)
def test_schema_and_parser_refuse_alike(step: Any) -> None:
    data = {"version": 1, "transforms": [step]}
    assert not SCHEMA.is_valid(data)
    assert parsed(json.dumps(data)) is None
