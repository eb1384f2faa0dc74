import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from augtool import docs, flow, recipeschema, registry
from augtool.errors import UsageError
from augtool.recipe import from_plain, load_recipe, parse_recipe

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", docs.generated(ROOT), ids=lambda path: path.name)
def test_a_generated_file_is_fresh(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == docs.generated(ROOT)[path], "run: python -m augtool.docs"


def test_the_schema_is_a_schema_of_its_draft() -> None:
    Draft202012Validator.check_schema(recipeschema.schema())
    assert recipeschema.schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_default_in_the_schema_is_valid_by_itself() -> None:
    schema = recipeschema.schema()
    choices = schema["$defs"]["step"]["oneOf"][1]["properties"]
    for spec in registry.specs():
        for name, field in choices[spec.name]["properties"].items():
            if "default" in field:
                Draft202012Validator(field | {"$defs": schema["$defs"]}).validate(field["default"])
                assert field["description"], f"{spec.name}.{name}"


@pytest.mark.parametrize("spec", list(registry.everything()), ids=lambda spec: spec.name)
def test_every_example_parses_to_the_defaults(spec: registry.Spec) -> None:
    (line,) = yaml.safe_load(docs.example(spec))
    written = from_plain({"version": 1, "transforms": [line]})
    bare = from_plain({"version": 1, "transforms": [spec.name]})
    assert written.transforms == bare.transforms


@pytest.mark.parametrize("spec", list(registry.everything()), ids=lambda spec: spec.name)
def test_every_page_and_the_reference_name_every_field(spec: registry.Spec) -> None:
    page, reference = docs.page(spec), docs.reference()
    section = reference.split(f"### {spec.name}\n")[1].split("\n### ")[0]
    for field in spec.fields.values():
        assert f"  {field.name}: {field.expects()}" in page
        assert field.help in page
        assert f"| `{field.name}` |" in section
    assert spec.doc in page
    json.dumps(docs.as_data(spec), allow_nan=False)


def test_the_listing_names_every_transform_once() -> None:
    names = [line.split()[0] for line in docs.listing().splitlines() if line.startswith("  ")]
    assert names == [*(spec.name for spec in registry.everything()), *flow.WORDS]


@pytest.mark.parametrize("word", list(flow.WORDS))
def test_every_word_of_flow_has_a_page_whose_example_is_valid(word: str) -> None:
    page = docs.page_of(word)
    step = yaml.safe_load(page.split("example:\n")[1])[0]
    data = {"version": 1, "transforms": [step]}
    assert from_plain(data).transforms[0].name == word
    Draft202012Validator(recipeschema.schema()).validate(data)
    section = docs.reference().split(f"### {word}\n")[1].split("\n### ")[0]
    assert all(f"| `{name}` |" in section for name in step[word] if name != "steps")


def test_the_starter_recipe_is_valid_and_never_overwrites(tmp_path: Path) -> None:
    docs.write_starter(tmp_path / "r.yaml")
    recipe = load_recipe(str(tmp_path / "r.yaml"))
    assert len(recipe.transforms) == 7
    Draft202012Validator(recipeschema.schema()).validate(recipe.source)
    assert "#" in (tmp_path / "r.yaml").read_text()
    with pytest.raises(UsageError, match="is there already"):
        docs.write_starter(tmp_path / "r.yaml")
    with pytest.raises(UsageError, match="cannot be written"):
        docs.write_starter(tmp_path / "absent" / "r.yaml")


def test_built_in_recipes_are_listed_with_what_they_are_for() -> None:
    table = docs.recipe_table()
    assert "quickstart" in [row["name"] for row in table]
    assert all(row["description"] for row in table)
    assert parse_recipe(docs.recipe_listing("quickstart")).name == "quickstart"
    assert docs.recipe_table("quickstart") == [row for row in table if row["name"] == "quickstart"]
    for call in (docs.recipe_listing, docs.recipe_table):
        with pytest.raises(UsageError, match="did you mean 'quickstart'"):
            call("quickstat")
