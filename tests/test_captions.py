from typing import Any

import pytest

from augtool import registry
from augtool.captions import caption
from augtool.freeze import freeze
from augtool.recipe import parse_recipe


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"rotate": {"angle": -7.31, "canvas": "keep"}}, "rotate -7.31°"),
        ({"horizontal_flip": {"p": 1}}, "horizontal flip"),
        ({"shift": {"x": 0.051234, "y": -0.1}}, "shift x 0.051 y -0.1"),
        ({"gaussian_noise": {"std": 0.0212, "seed": 12345}}, "gaussian noise 0.021"),
        ({"resize": {"size": [224, 224]}}, "resize"),
        ({"rotate": {"angle": 123.456}}, "rotate 123°"),
        ({"rotate": {"angle": 100.0}}, "rotate 100°"),
        ({"rotate": {"angle": -0.00001}}, "rotate 0°"),
        ({"rotate": {"angle": 12.0}}, "rotate 12°"),
    ],
)
def test_a_step_in_a_few_words(step: dict[str, dict[str, Any]], said: str) -> None:
    assert caption([step]) == [said]


def test_every_transform_has_a_caption_of_one_short_line() -> None:
    said: list[str] = []
    for modality in ("image", "text"):
        lines = "".join(f"  - {spec.name}: {{p: 1}}\n" for spec in registry.specs(modality))
        steps = freeze(parse_recipe(f"version: 1\ntransforms:\n{lines}").transforms, 1, "k", 1)
        said += caption(step.plain() for step in steps)
    assert len(said) == len(registry.names())
    for name, text in zip(registry.names(), said, strict=True):
        assert text.startswith(name.replace("_", " "))
        assert len(text) < 130
        assert "\n" not in text
