import json
from pathlib import Path

import pytest
import yaml
from making import put, recipe, rows, run

from augtool.errors import UsageError
from augtool.explain import explain, open_picture
from augtool.freeze import freeze
from augtool.recipe import from_plain

FUSING = """\
version: 1
seed: 4
output: {size: [12, 8]}
transforms:
  - horizontal_flip: {p: 1}
  - rotate: {angle: [5, 9]}
  - brightness: {factor: 1.1}
  - contrast: {factor: 0.9}
  - hue: {degrees: 5}
  - saturation: {factor: 1.2}
  - gaussian_blur: {sigma: 1}
"""


def test_it_shows_what_was_drawn_and_what_it_fused_into(tmp_path: Path) -> None:
    explanation = explain(recipe(FUSING), put(tmp_path / "a.png"), 2)
    assert [(type(stage.effect).__name__, stage.steps) for stage in explanation.stages] == [
        ("Warp", ("horizontal_flip", "rotate")),
        ("Lut", ("brightness", "contrast")),
        ("ColorMatrix", ("hue", "saturation")),
        ("Filter", ("gaussian_blur",)),
        ("Warp", ("output.size",)),
    ]
    lines = explanation.lines()
    assert lines[0] == "a.png, 24 x 18, variant 2"
    assert "fused into 5 passes over the pixels:" in lines
    assert "  1. one resample: horizontal_flip + rotate" in lines
    assert "  2. one table: brightness + contrast" in lines
    assert "  3. one colour matrix: hue + saturation" in lines
    assert "  4. filter: gaussian_blur" in lines
    steps = yaml.safe_load("\n".join(line for line in lines if line.startswith("  - ")))
    assert steps == [step.plain() for step in explanation.steps]


def test_the_data_is_json_and_its_steps_are_a_frozen_recipe(tmp_path: Path) -> None:
    explanation = explain(recipe(FUSING), put(tmp_path / "a.png"), 1)
    data = json.loads(json.dumps(explanation.data(), allow_nan=False))
    again = from_plain({"version": 1, "transforms": data["steps"]})
    assert freeze(again.transforms, 0, "", 0) == explanation.steps
    assert [stage["kind"] for stage in data["passes"]] == ["Warp", "Lut", "ColorMatrix", "Filter", "Warp"]
    assert data["passes"][0]["size"] == [24, 18]
    assert len(data["passes"][1]["table"]) == 256
    assert len(data["passes"][2]["matrix"]) == 3


def test_the_draws_are_those_of_a_run_over_a_flat_folder(tmp_path: Path) -> None:
    image = put(tmp_path / "in" / "a.png")
    run(tmp_path / "in", tmp_path / "out")
    for row in rows(tmp_path / "out")[1:]:
        assert explain(recipe(), image, row["variant"]).data()["steps"] == row["steps"]


def test_a_recipe_that_does_nothing_is_no_pass(tmp_path: Path) -> None:
    explanation = explain(recipe("version: 1\ntransforms: []\n"), put(tmp_path / "a.png"), 1)
    assert explanation.lines()[-1] == "fused into 0 passes over the pixels:"


@pytest.mark.parametrize("name", ["absent.png", "folder", "text.png"])
def test_a_picture_that_cannot_be_read_is_a_usage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.png").write_text("text")
    with pytest.raises(UsageError, match=name):
        open_picture(tmp_path / name)
