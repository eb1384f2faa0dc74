"""What holds for every transform, those not yet written included."""

import math

import numpy as np
import oracles
import pytest
from oracles import LAYOUTS, frozen, step

from augtool import recipe, registry
from augtool.effects import ColorMatrix, Filter, Lut, Warp
from augtool.freeze import freeze
from augtool.render import frame_of, render, stages
from augtool.sample import Frame
from augtool.warp import Outside, Source

SPECS = [pytest.param(spec, id=spec.name) for spec in registry.specs("image")]


def covers(spec: registry.Spec) -> bool:
    effect = spec.function(
        Frame((9, 9)), **{name: value.quantile(0.5) for name, value in spec.values.items()}
    )
    return isinstance(effect, Filter) and effect.covers is not None


KINDS = {"Warp": Warp, "Lut": Lut, "ColorMatrix": ColorMatrix, "Filter": Filter}

# Values with which a transform does nothing.
IDENTITY = {
    "rotate": {"angle": 0},
    "shift": {"x": 0, "y": 0},
    "zoom": {"factor": 1},
    "scale": {"x": 1, "y": 1},
    "shear": {"x": 0, "y": 0},
    "affine": {
        "angle": 0,
        "scale_x": 1,
        "scale_y": 1,
        "shear_x": 0,
        "shear_y": 0,
        "shift_x": 0,
        "shift_y": 0,
    },
    "random_resized_crop": {"area": 1, "aspect": 23 / 17},
    "random_crop": {"width": 1, "height": 1},
    "crop_to_aspect": {"aspect": 23 / 17},
    "resize": {"size": [23, 17]},
    "brightness": {"factor": 1},
    "contrast": {"factor": 1},
    "gamma": {"gamma": 1},
    "hue": {"degrees": 0},
    "saturation": {"factor": 1},
    "gaussian_noise": {"std": 0},
    "speckle_noise": {"std": 0},
    "salt_pepper": {"amount": 0},
    "gaussian_blur": {"sigma": 0},
    "box_blur": {"size": 1},
    "median_blur": {"size": 1},
    "color_jitter": {"brightness": 1, "contrast": 1, "saturation": 1, "hue": 0},
    "rgb_shift": {"red": 0, "green": 0, "blue": 0},
    "channel_shuffle": {"order": "rgb"},
    "grayscale": {"amount": 0},
    "sepia": {"amount": 0},
    "pca_color": {"first": 0, "second": 0, "third": 0},
    "exposure": {"stops": 0},
    "tone_curve": {"shadows": 0, "highlights": 0},
    "equalize": {"amount": 0},
    "auto_contrast": {"amount": 0},
    "clahe": {"amount": 0},
    "color_temperature": {"kelvin": 6504},
    "white_balance": {"amount": 0},
    "film_grain": {"strength": 0},
    "downscale": {"factor": 1},
    "pixelate": {"size": 1},
    "ringing": {"cutoff": 1},
    "defocus": {"radius": 0},
    "zoom_blur": {"amount": 0},
    "glass_blur": {"reach": 0, "sigma": 0},
    "sharpen": {"factor": 1},
    "unsharp_mask": {"amount": 0},
    "emboss": {"strength": 0},
    "grid_mask": {"hole": 0},
    "pixel_dropout": {"amount": 0},
    "stripes": {"width": 0},
    "rain": {"drops": 0, "haze": 0},
    "snow": {"flakes": 0, "haze": 0},
    "fog": {"density": 0},
    "spatter": {"amount": 0},
    "vignette": {"strength": 0},
    "uneven_illumination": {"strength": 0},
    "shadow": {"strength": 0},
    "sun_flare": {"strength": 0},
    "chromatic_aberration": {"red": 0, "blue": 0},
    "crease": {"strength": 0},
    "fold_shadow": {"strength": 0},
    "bleed_through": {"strength": 0},
    "ink_fade": {"strength": 0},
}


def test_the_registry_is_not_empty_and_names_are_plain() -> None:
    names = registry.names()
    assert len(names) == len(set(names)) >= 20
    assert all(name.isidentifier() and name == name.lower() for name in names)
    assert set(IDENTITY) <= set(names)


@pytest.mark.parametrize("spec", SPECS)
def test_it_is_documented(spec: registry.Spec) -> None:
    assert spec.summary.endswith((".", ":")) and len(spec.summary) > 10
    assert 0 <= spec.p <= 1 and spec.revision >= 1
    assert set(spec.kind.split("+")) <= set(KINDS)
    for name, field in spec.fields.items():
        assert len(field.help) > 5, f"{name} has no help"
        assert field.expects()


@pytest.mark.parametrize("spec", SPECS)
def test_its_numbers_have_bounds_and_its_defaults_fit(spec: registry.Spec) -> None:
    for name, field in spec.fields.items():
        if field.kind in ("float", "int", "size", "numbers"):
            assert field.bounds is not None, f"{name} has no bounds"
            assert math.isfinite(field.bounds.low) and math.isfinite(field.bounds.high)
        value = field.parse(field.default)
        for u in (1e-9, 0.5, 1 - 1e-9):
            drawn = value.quantile(u)
            assert field.check(drawn) == drawn, f"{name} draws {drawn}, which it does not take"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("spec", SPECS)
def test_it_runs_at_the_ends_of_its_ranges(spec: registry.Spec, layout: str) -> None:
    pixels = oracles.noise(layout)
    before = pixels.copy()
    for values in oracles.extremes(spec):
        steps = frozen(step(spec.name, **values))
        source = Source(pixels)
        planned = stages(steps, frame_of(source))
        result = render(source, steps, Outside())
        assert [type(stage.effect) for stage in planned] == [KINDS[kind] for kind in spec.kind.split("+")], (
            values
        )
        assert result.dtype == pixels.dtype, values
        assert result.shape[2:] == pixels.shape[2:], values
        last = planned[-1].effect
        size = last.size if isinstance(last, Warp) else source.size
        assert (result.shape[1], result.shape[0]) == size, values
        assert np.array_equal(pixels, before), f"{values} changed the source"


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 5)])
def test_it_runs_on_tiny_pictures(spec: registry.Spec, size: tuple[int, int]) -> None:
    for border in ("reflect_101", "wrap"):
        for values in oracles.extremes(spec):
            assert oracles.run(
                oracles.noise("bgr8", size), step(spec.name, **values), outside=Outside(border)
            ).size


@pytest.mark.parametrize("spec", [param for param in SPECS if param.values[0].kind != "Warp"])
def test_only_geometry_touches_transparency(spec: registry.Spec) -> None:
    pixels = oracles.noise("bgra8")
    for values in oracles.extremes(spec):
        result = oracles.run(pixels, step(spec.name, **values))
        assert np.array_equal(result[:, :, 3], pixels[:, :, 3]), values


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", IDENTITY)
def test_the_neutral_value_changes_nothing(name: str, layout: str) -> None:
    pixels = oracles.noise(layout)
    assert np.array_equal(oracles.run(pixels, step(name, **IDENTITY[name])), pixels)


@pytest.mark.parametrize("spec", SPECS)
def test_freezing_the_frozen_changes_nothing(spec: registry.Spec) -> None:
    for raw in ({}, oracles.wide(spec), *oracles.extremes(spec)):
        for variant in (1, 2):
            once = frozen(step(spec.name, **raw), variant=variant)
            assert len(once) == 1
            again = recipe.from_plain({"version": 1, "transforms": [each.plain() for each in once]})
            assert freeze(again.transforms, 999, "another.jpg", 77) == once


@pytest.mark.parametrize("spec", SPECS)
def test_variants_differ_where_something_is_drawn(spec: registry.Spec) -> None:
    drawn = {name for name, value in spec.values.items() if value.quantile(0.1) != value.quantile(0.9)}
    one, other = (frozen(step(spec.name), variant=variant)[0].values for variant in (1, 2))
    assert all(one[name] != other[name] for name in drawn if spec.fields[name].kind in ("float", "seed"))


HIDING = [param for param in SPECS if covers(param.values[0])]


def test_every_occlusion_says_what_it_covers() -> None:
    names = {spec.name for spec in registry.specs() if spec.category == "occlusion"}
    assert names <= {param.values[0].name for param in HIDING}


@pytest.mark.parametrize("size", [(23, 17), (200, 120), (1, 9)])
@pytest.mark.parametrize("spec", HIDING)
def test_what_a_step_says_it_covers_is_gone_and_nothing_else(
    spec: registry.Spec, size: tuple[int, int]
) -> None:
    steps = frozen(step(spec.name))
    one, other = oracles.noise("bgr8", size, seed=1), oracles.noise("bgr8", size, seed=2)
    (stage,) = stages(steps, frame_of(Source(one)))
    assert isinstance(stage.effect, Filter) and stage.effect.covers is not None
    mask = stage.effect.covers(size)
    assert (mask.shape, mask.dtype) == ((size[1], size[0]), np.uint8)
    assert set(np.unique(mask)) <= {0, 255}
    seen = mask == 0
    results = [render(Source(pixels), steps, Outside()) for pixels in (one, other)]
    assert np.array_equal(results[0][seen], one[seen])
    hidden = [result[~seen].astype(int) for result in results]
    # What is put there may know the picture's mean colour, and nothing else of it.
    assert len(np.unique(hidden[0] - hidden[1], axis=0)) <= 1
