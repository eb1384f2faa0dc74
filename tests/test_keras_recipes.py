"""The two Keras recipes against what Keras documents, computed here with SciPy from its own formulas."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from augtool.freeze import freeze
from augtool.recipe import Recipe, load_recipe
from augtool.render import render
from augtool.warp import Outside, Source


def picture() -> np.ndarray:
    """A smooth picture: two interpolators differ on it by rounding only."""
    rng = np.random.default_rng(3)
    rough = rng.uniform(0, 255, (90, 120, 3))
    return np.rint(ndimage.gaussian_filter(rough, (5, 5, 0)) * 3 % 256).clip(0, 255).astype(np.uint8)


@cache
def loaded(name: str) -> Recipe:
    return load_recipe(name)


def values(recipe_name: str, variant: int) -> dict[str, dict[str, float]]:
    recipe = loaded(recipe_name)
    steps = freeze(recipe.transforms, 0, "a.jpg", variant)
    return {step.name: dict(step.values) for step in steps}


def keras_generator(pixels: np.ndarray, drawn: dict[str, dict[str, float]]) -> np.ndarray:
    """ImageDataGenerator: output to input is C R T Z C^-1 on (row, column), then the flip."""
    h, w = pixels.shape[:2]
    theta = -np.deg2rad(drawn["rotate"]["angle"])
    turn = np.array([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])
    shift = np.array([[1, 0, -drawn["shift"]["y"] * h], [0, 1, -drawn["shift"]["x"] * w], [0, 0, 1]])
    zoom = np.diag([1 / drawn["scale"]["y"], 1 / drawn["scale"]["x"], 1])
    center = np.array([[1, 0, h / 2 - 0.5], [0, 1, w / 2 - 0.5], [0, 0, 1]])
    matrix = center @ turn @ shift @ zoom @ np.linalg.inv(center)
    result = np.stack(
        [
            ndimage.affine_transform(
                pixels[:, :, channel].astype(float), matrix[:2, :2], matrix[:2, 2], order=1, mode="nearest"
            )
            for channel in range(3)
        ],
        axis=2,
    )
    return result[:, ::-1] if "horizontal_flip" in drawn else result


@pytest.mark.parametrize("variant", range(1, 13))
def test_generator_recipe_gives_keras_pixels(variant: int) -> None:
    recipe = load_recipe("keras_image_data_generator")
    pixels = picture()
    ours = render(Source(pixels), freeze(recipe.transforms, 0, "a.jpg", variant), Outside(recipe.border))
    theirs = keras_generator(pixels, values("keras_image_data_generator", variant))
    difference = np.abs(ours.astype(float) - theirs)
    assert difference.mean() < 0.6
    assert np.quantile(difference, 0.999) <= 3


def test_generator_recipe_draws_keras_ranges() -> None:
    drawn = [values("keras_image_data_generator", variant) for variant in range(1, 4001)]
    angles = np.array([one["rotate"]["angle"] for one in drawn])
    assert angles.min() < -29.5
    assert angles.max() > 29.5
    assert np.abs(angles).max() <= 30
    for axis in ("x", "y"):
        shift = np.array([one["shift"][axis] for one in drawn])
        assert shift.min() == pytest.approx(-0.2, abs=0.005)
        assert shift.max() == pytest.approx(0.2, abs=0.005)
        zoom = np.array([1 / one["scale"][axis] for one in drawn])
        assert zoom.min() == pytest.approx(0.8, abs=0.005)
        assert zoom.max() == pytest.approx(1.2, abs=0.005)
        assert zoom.mean() == pytest.approx(1.0, abs=0.01)  # uniform in z, not in the magnification
    across = np.array([one["scale"]["x"] for one in drawn]), np.array([one["scale"]["y"] for one in drawn])
    assert abs(np.corrcoef(*across)[0, 1]) < 0.06
    assert np.mean(["horizontal_flip" in one for one in drawn]) == pytest.approx(0.5, abs=0.03)


def test_layers_recipe_gives_keras_pixels_and_ranges() -> None:
    recipe = load_recipe("keras_layers")
    pixels = picture()
    h, w = pixels.shape[:2]
    seen = []
    for variant in range(1, 9):
        drawn = values("keras_layers", variant)
        turned = pixels[:, ::-1] if "horizontal_flip" in drawn else pixels
        turned = turned[::-1] if "vertical_flip" in drawn else turned
        angle = np.deg2rad(drawn["rotate"]["angle"])
        # Counter-clockwise on the screen, about the middle; rows point down.
        matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        center = np.array([(h - 1) / 2, (w - 1) / 2])
        theirs = np.stack(
            [
                ndimage.affine_transform(
                    turned[:, :, channel].astype(float),
                    matrix,
                    center - matrix @ center,
                    order=1,
                    mode="reflect",
                )
                for channel in range(3)
            ],
            axis=2,
        )
        steps = freeze(recipe.transforms, 0, "a.jpg", variant)
        ours = render(Source(pixels), steps, Outside(recipe.border)).astype(float)
        assert np.abs(ours - theirs).mean() < 0.6
        seen.append(drawn["rotate"]["angle"])
    assert recipe.border == "reflect"
    angles = np.array([values("keras_layers", variant)["rotate"]["angle"] for variant in range(1, 2001)])
    assert angles.min() == pytest.approx(-72, abs=0.5)
    assert angles.max() == pytest.approx(72, abs=0.5)
