"""Published policies: a name in a recipe that becomes plain, recorded steps for each variant.

A policy is a function of ``draw`` and fields. ``draw(name)`` returns the number, strictly between 0 and 1,
that belongs to ``name`` for this variant. Magnitudes are those of the papers, on our transforms: shear and
rotation turn about the centre, and what they uncover shows the recipe's border.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeAlias

from augtool import registry
from augtool.fields import Const, Within
from augtool.freeze import Step
from augtool.registry import policy

Draw: TypeAlias = Callable[[str], float]

# Largest magnitudes in the AutoAugment paper (its table 6), which RandAugment took over.
_PAPER = {
    "shear": 0.3, "shift": 150 / 331, "rotate": 30.0, "color": 0.9, "posterize": 4.0, "solarize": 1.0,
}  # fmt: skip
_WIDE = {"shear": 0.99, "shift": 32 / 224, "rotate": 135.0, "color": 0.99, "posterize": 6.0, "solarize": 1.0}

# RandAugment's and TrivialAugment's fourteen operations.
_FOURTEEN = (
    "identity", "shear_x", "shear_y", "shift_x", "shift_y", "rotate", "brightness", "color", "contrast",
    "sharpness", "posterize", "solarize", "auto_contrast", "equalize",
)  # fmt: skip
_SIGNED = frozenset(_FOURTEEN[1:10])


@policy
def randaugment(
    draw: Draw,
    *,
    n: Annotated[int, Within(0, 14), "How many operations, drawn with replacement."] = 2,
    magnitude: Annotated[
        float, Within(0, 30), "Strength of all of them: 0 is none, 30 the paper's greatest."
    ] = 9.0,
) -> Sequence[Step]:
    """Apply n of fourteen operations, all at one strength (Cubuk et al. 2020).

    The operations: identity, shear and shift along either axis, rotation, brightness, colour, contrast,
    sharpness, posterize, solarize, auto-contrast and equalize, each with a sign drawn where it has one.
    """
    drawn = (_drawn(draw, f"{at}/", magnitude / 30, _PAPER) for at in range(n))
    return [step for step in drawn if step is not None]


@policy
def trivialaugment(
    draw: Draw,
    *,
    shift: Annotated[
        float, Within(0, 1), "Greatest shift, share of the side; the paper's 32 pixels are 0.143 of 224."
    ] = 32 / 224,
) -> Sequence[Step]:
    """Apply one of fourteen operations at a strength drawn anew each time (Muller & Hutter 2021).

    The wide search space of the paper: shear to 0.99, rotation to 135 degrees, colour factors 0.01 to 1.99,
    posterize down to 2 bits. Strong for files that are kept: check with ``augtool preview``.
    """
    # The paper has 31 strengths, both ends included.
    strength = int(draw("strength") * 31) / 30
    step = _drawn(draw, "", strength, _WIDE | {"shift": shift})
    return [] if step is None else [step]


@policy
def autoaugment(
    draw: Draw,
    *,
    table: Annotated[Literal["imagenet", "cifar10", "svhn"], "The data set whose policy it is."] = "imagenet",
) -> Sequence[Step]:
    """Apply one of 25 pairs of operations that were learned on a data set (Cubuk et al. 2019).

    The tables of the paper's appendix, as torchvision's ``AutoAugment`` holds them; magnitudes 0 to 9 from
    none to the greatest. Each of the two operations comes with its own probability.
    """
    pairs = _pairs(_TABLES[table])
    pair = pairs[int(draw("pair") * len(pairs))]
    steps = []
    for at, (name, p, level) in enumerate(pair):
        step = _operation(name, level / 9, draw(f"{at}/sign") < 0.5, _PAPER)
        if step is not None:
            steps.append(Step(step.name, step.values, p))
    return steps


def _drawn(draw: Draw, path: str, strength: float, most: dict[str, float]) -> Step | None:
    name = _FOURTEEN[int(draw(f"{path}operation") * len(_FOURTEEN))]
    return _operation(name, strength, draw(f"{path}sign") < 0.5, most)


def _operation(name: str, strength: float, negative: bool, most: dict[str, float]) -> Step | None:
    """Return an operation of the papers at a share of its greatest strength; None where it does nothing."""
    sign = -1 if negative and name in _SIGNED else 1
    kind, _, axis = name.partition("_")
    if kind in ("shear", "shift") and axis:
        along = sign * strength * most[kind]
        value = _digits(math.degrees(math.atan(along)) if kind == "shear" else along)
        return _step(kind, **{axis: value, "y" if axis == "x" else "x": 0})
    factor = _digits(1 + sign * strength * most["color"])
    steps: dict[str, Callable[[], Step | None]] = {
        "identity": lambda: None,
        "rotate": lambda: _step("rotate", angle=_digits(sign * strength * most["rotate"])),
        "brightness": lambda: _step("brightness", factor=factor),
        "color": lambda: _step("saturation", factor=factor),
        "contrast": lambda: _step("contrast", factor=factor),
        "sharpness": lambda: _step("sharpen", factor=factor),
        "posterize": lambda: _step("posterize", bits=8 - round(strength * most["posterize"])),
        "solarize": lambda: _step("solarize", threshold=_digits(1 - strength * most["solarize"])),
        "auto_contrast": lambda: _step("auto_contrast", cutoff=0, by="channels", amount=1),
        "equalize": lambda: _step("equalize", by="channels", amount=1),
        "invert": lambda: _step("invert"),
    }
    return steps[name]()


def _step(name: str, **values: Any) -> Step:
    """Return a step with these constants, and the transform's own defaults for the rest."""
    spec = registry.get(name)
    constants = {field: Const(spec.fields[field].check(value)) for field, value in values.items()}
    return Step(name, {**spec.values, **constants}, 1.0)


def _digits(value: float) -> float:
    return float(f"{value:.7g}")


def _pairs(table: str) -> list[list[tuple[str, float, int]]]:
    """Parse a table: pairs between semicolons, operations between commas: name, probability, level."""
    rows = (row.split(",") for row in table.split(";"))
    return [[_entry(operation.split()) for operation in row] for row in rows]


def _entry(words: list[str]) -> tuple[str, float, int]:
    return words[0], float(words[1]), int(words[2]) if len(words) > 2 else 0


_TABLES = {
    "imagenet": """
        posterize 0.4 8, rotate 0.6 9; solarize 0.6 5, auto_contrast 0.6; equalize 0.8, equalize 0.6;
        posterize 0.6 7, posterize 0.6 6; equalize 0.4, solarize 0.2 4; equalize 0.4, rotate 0.8 8;
        solarize 0.6 3, equalize 0.6; posterize 0.8 5, equalize 1.0; rotate 0.2 3, solarize 0.6 8;
        equalize 0.6, posterize 0.4 6; rotate 0.8 8, color 0.4 0; rotate 0.4 9, equalize 0.6;
        equalize 0.0, equalize 0.8; invert 0.6, equalize 1.0; color 0.6 4, contrast 1.0 8;
        rotate 0.8 8, color 1.0 2; color 0.8 8, solarize 0.8 7; sharpness 0.4 7, invert 0.6;
        shear_x 0.6 5, equalize 1.0; color 0.4 0, equalize 0.6; equalize 0.4, solarize 0.2 4;
        solarize 0.6 5, auto_contrast 0.6; invert 0.6, equalize 1.0; color 0.6 4, contrast 1.0 8;
        equalize 0.8, equalize 0.6""",
    "cifar10": """
        invert 0.1, contrast 0.2 6; rotate 0.7 2, shift_x 0.3 9; sharpness 0.8 1, sharpness 0.9 3;
        shear_y 0.5 8, shift_y 0.7 9; auto_contrast 0.5, equalize 0.9; shear_y 0.2 7, posterize 0.3 7;
        color 0.4 3, brightness 0.6 7; sharpness 0.3 9, brightness 0.7 9; equalize 0.6, equalize 0.5;
        contrast 0.6 7, sharpness 0.6 5; color 0.7 7, shift_x 0.5 8; equalize 0.3, auto_contrast 0.4;
        shift_y 0.4 3, sharpness 0.2 6; brightness 0.9 6, color 0.2 8; solarize 0.5 2, invert 0.0;
        equalize 0.2, auto_contrast 0.6; equalize 0.2, equalize 0.6; color 0.9 9, equalize 0.6;
        auto_contrast 0.8, solarize 0.2 8; brightness 0.1 3, color 0.7 0; solarize 0.4 5, auto_contrast 0.9;
        shift_y 0.9 9, shift_y 0.7 9; auto_contrast 0.9, solarize 0.8 3; equalize 0.8, invert 0.1;
        shift_y 0.7 9, auto_contrast 0.9""",
    "svhn": """
        shear_x 0.9 4, invert 0.2; shear_y 0.9 8, invert 0.7; equalize 0.6, solarize 0.6 6;
        invert 0.9, equalize 0.6; equalize 0.6, rotate 0.9 3; shear_x 0.9 4, auto_contrast 0.8;
        shear_y 0.9 8, invert 0.4; shear_y 0.9 5, solarize 0.2 6; invert 0.9, auto_contrast 0.8;
        equalize 0.6, rotate 0.9 3; shear_x 0.9 4, solarize 0.3 3; shear_y 0.8 8, invert 0.7;
        equalize 0.9, shift_y 0.6 6; invert 0.9, equalize 0.6; contrast 0.3 3, rotate 0.8 4;
        invert 0.8, shift_y 0.0 2; shear_y 0.7 6, solarize 0.4 8; invert 0.6, rotate 0.8 4;
        shear_y 0.3 7, shift_x 0.9 3; shear_x 0.1 6, invert 0.6; solarize 0.7 2, shift_y 0.6 7;
        shear_y 0.8 4, invert 0.8; shear_x 0.7 9, shift_y 0.8 3; shear_y 0.8 5, auto_contrast 0.7;
        shear_x 0.7 2, invert 0.1""",
}
