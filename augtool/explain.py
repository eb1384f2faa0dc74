"""``augtool explain``: the steps drawn for one variant and the passes over the pixels they became."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from augtool import codec
from augtool.effects import ColorMatrix, Lut, Stage, Warp
from augtool.errors import ItemError, UsageError
from augtool.freeze import FrozenStep, freeze
from augtool.recipe import Recipe
from augtool.render import frame_of, stages
from augtool.storage import read_bytes
from augtool.warp import Source


@dataclass(frozen=True, slots=True)
class Explanation:
    """One variant of one picture, in words and numbers."""

    image: str
    size: tuple[int, int]
    variant: int
    steps: tuple[FrozenStep, ...]
    stages: list[Stage]

    def data(self) -> dict[str, Any]:
        """Return the explanation as plain data."""
        return {
            "image": self.image,
            "size": list(self.size),
            "variant": self.variant,
            "steps": [step.plain() for step in self.steps],
            "passes": [_stage_data(stage) for stage in self.stages],
        }

    def lines(self) -> list[str]:
        """Return the explanation as lines for a person."""
        lines = [f"{self.image}, {self.size[0]} x {self.size[1]}, variant {self.variant}", "", "steps drawn:"]
        for step in self.steps:
            body = yaml.safe_dump(step.plain(), default_flow_style=True, sort_keys=False, width=10_000)
            lines.append(f"  - {body.strip().removeprefix('{').removesuffix('}')}")
        lines += ["", f"fused into {len(self.stages)} pass{'es' * (len(self.stages) != 1)} over the pixels:"]
        for at, stage in enumerate(self.stages, 1):
            lines.append(f"  {at}. {_kind(stage)}: {' + '.join(stage.steps)}")
            lines += [f"       {detail}" for detail in _details(stage)]
        return lines


def explain(recipe: Recipe, image: Path, variant: int, root: Path | None = None) -> Explanation:
    """Draw and fuse one variant of a picture.

    Args:
        recipe: what to apply.
        image: the picture.
        variant: its number, from 1.
        root: the input folder of the run meant: a picture's draws depend on its path below it. None
            stands for the picture's own folder.

    Raises:
        UsageError: the picture cannot be read.

    """
    source = open_picture(image)
    key = key_below(image, root)
    steps = freeze(recipe.transforms, recipe.seed, key, variant)
    planned = stages(steps, frame_of(source), recipe.output.size, recipe.border)
    return Explanation(key, source.size, variant, steps, planned)


def key_below(image: Path, root: Path | None) -> str:
    """Return a picture's identity in a run over ``root``.

    Raises:
        UsageError: it does not lie below ``root``.
    """
    if root is None:
        return image.name
    try:
        return image.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise UsageError(f"{image}: does not lie in the input {root}") from None


def open_picture(image: Path) -> Source:
    """Decode one picture that the person named.

    Raises:
        UsageError: it cannot be read or decoded.

    """
    try:
        return Source(codec.decode(read_bytes(image)).pixels)
    except ItemError as error:
        raise UsageError(f"{image}: {error}") from None


def _kind(stage: Stage) -> str:
    effect = stage.effect
    if isinstance(effect, Warp):
        return "one resample"
    if isinstance(effect, Lut):
        return "one table"
    if isinstance(effect, ColorMatrix):
        return "one colour matrix"
    return "filter"


def _details(stage: Stage) -> list[str]:
    effect = stage.effect
    if isinstance(effect, Warp):
        return [f"to {effect.size[0]} x {effect.size[1]}, matrix {_matrix(effect.matrix[:2])}"]
    if isinstance(effect, ColorMatrix):
        return [f"on blue, green, red: {_matrix(effect.matrix)}"]
    if isinstance(effect, Lut):
        shown = effect.table(5).mean(axis=1)
        return [
            f"black, quarter, half, three quarters, white -> {', '.join(f'{value:.2f}' for value in shown)}"
        ]
    return []


def _stage_data(stage: Stage) -> dict[str, Any]:
    effect = stage.effect
    data: dict[str, Any] = {"kind": type(effect).__name__, "steps": list(stage.steps)}
    if isinstance(effect, Warp):
        data |= {"size": list(effect.size), "matrix": effect.matrix.tolist()}
    elif isinstance(effect, ColorMatrix):
        data |= {"matrix": effect.matrix.tolist(), "offset": effect.offset.tolist()}
    elif isinstance(effect, Lut):
        data["table"] = np.rint(effect.table(256) * 255).astype(int).mean(axis=1).tolist()
    return data


def _matrix(values: Any) -> str:
    return "[" + "; ".join(" ".join(f"{value:.4g}" for value in row) for row in values) + "]"
