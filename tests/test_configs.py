from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from augtool import recipeschema
from augtool.freeze import freeze
from augtool.recipe import builtin_recipes, load_recipe

CONFIGS = Path(__file__).parents[1] / "configs"
RECIPES = sorted(CONFIGS.glob("*.yaml"))


def test_there_are_recipes_and_all_are_built_in() -> None:
    assert "quickstart" in [path.stem for path in RECIPES]
    # An installed augtool has its own copies of them.
    built_in = {name: path.read_bytes() for name, path in builtin_recipes().items()}
    assert built_in == {path.stem: path.read_bytes() for path in RECIPES}
    assert [path.name for path in CONFIGS.iterdir() if path.suffix != ".yaml"] == []


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_shipped_recipe_is_valid_and_says_what_it_is_for(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schema/recipe.schema.json"
    assert (path.parent / first.partition("=")[2]).resolve().is_file()
    recipe = load_recipe(str(path))
    assert recipe.name == path.stem
    assert recipe.description
    Draft202012Validator(recipeschema.schema()).validate(recipe.source)
    assert freeze(recipe.transforms, recipe.seed, "a.jpg", 1) or recipe.transforms
