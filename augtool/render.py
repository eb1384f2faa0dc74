"""Frozen steps + a picture -> a new picture. Pure: no randomness, no files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from augtool import registry
from augtool.cover import cover
from augtool.effects import ColorMatrix, Filter, Lut, Pixels, Stage, Warp, fuse
from augtool.freeze import FrozenStep
from augtool.matrix import scaling
from augtool.sample import Frame
from augtool.warp import Outside, Source, warp


def frame_of(source: Source) -> Frame:
    """Return what a transform may know about an untouched source."""
    pixels = source.pixels
    return Frame(
        size=source.size,
        channels=1 if pixels.ndim == 2 else pixels.shape[2],
        bits=16 if pixels.dtype == np.uint16 else 8,
        mean_of=lambda: source.mean,
    )


def stages(
    steps: Sequence[FrozenStep],
    frame: Frame,
    size: tuple[int, ...] | None = None,
    border: str = "reflect_101",
) -> list[Stage]:
    """Turn frozen steps into passes over the pixels, fused wherever that is exact.

    Each transform sees the frame as the steps before it leave it. With ``border`` cover, fused geometry
    zooms in until no border is seen.
    """
    source = frame.size
    planned = []
    for step in steps:
        if not step.fits(frame.size):
            continue
        made = registry.get(step.name).function(frame, **step.values)
        for effect in made if isinstance(made, tuple) else (made,):
            planned.append(Stage(effect, (step.name,)))
            if isinstance(effect, Warp):
                frame = replace(frame, size=effect.size)
    target = _target(frame.size, size)
    if target != frame.size:
        onto = scaling(target[0] / frame.size[0], target[1] / frame.size[1])
        planned.append(Stage(Warp(onto, target), ("output.size",)))
    fused = fuse(planned)
    return _covered(fused, source) if border == "cover" else fused


def _covered(planned: list[Stage], size: tuple[int, int]) -> list[Stage]:
    covered = []
    for stage in planned:
        effect = stage.effect
        if isinstance(effect, Warp):
            covered.append(Stage(cover(effect, size), stage.steps))
            size = effect.size
        else:
            covered.append(stage)
    return covered


def _target(now: tuple[int, int], size: tuple[int, ...] | None) -> tuple[int, int]:
    """Return the size to write: one number bounds the longest side, two are exact."""
    if size is None:
        return now
    if len(size) == 2:
        return size[0], size[1]
    share = min(1.0, size[0] / max(now))
    return max(1, round(now[0] * share)), max(1, round(now[1] * share))


def render(
    source: Source, steps: Sequence[FrozenStep], outside: Outside, size: tuple[int, ...] | None = None
) -> Pixels:
    """Apply frozen steps to a picture.

    Args:
        source: the decoded picture; not changed.
        steps: as :func:`augtool.freeze.freeze` gives them.
        outside: what geometry shows beyond the picture's edge.
        size: of the result, as in :class:`augtool.recipe.Output`; None leaves what the steps give.

    Returns:
        New pixels (a view of the source's where there are no steps), same dtype and channels.
    """
    return apply(stages(steps, frame_of(source), size, outside.border), source, outside)


def apply(planned: Sequence[Stage], source: Source, outside: Outside) -> Pixels:
    """Do the passes that :func:`stages` planned."""
    pixels = source.pixels
    at_source = True
    for stage in planned:
        effect = stage.effect
        if isinstance(effect, Warp):
            pixels = warp(source if at_source else Source(pixels), effect, outside)
        elif isinstance(effect, Lut):
            pixels = _table(pixels, effect)
        elif isinstance(effect, ColorMatrix):
            pixels = _colors(pixels, effect)
        else:
            pixels = _filter(pixels, effect)
        at_source = False
    return pixels


def _table(pixels: Pixels, lut: Lut) -> Pixels:
    full = 65535 if pixels.dtype == np.uint16 else 255
    table = np.rint(lut.table(full + 1) * full).astype(pixels.dtype)
    if pixels.ndim == 2:
        grey = np.rint(table.mean(axis=1, keepdims=True)).astype(pixels.dtype)
        return np.asarray(cv2.LUT(pixels, grey)) if full == 255 else grey[:, 0][pixels]
    colors = np.broadcast_to(table, (full + 1, 3))
    if pixels.shape[2] == 4:
        identity = np.arange(full + 1, dtype=pixels.dtype).reshape(-1, 1)
        colors = np.concatenate([colors, identity], axis=1)
    elif table.shape[1] == 1 and full == 255:
        return np.asarray(cv2.LUT(pixels, table))
    if full == 255:
        return np.asarray(cv2.LUT(pixels, np.ascontiguousarray(colors).reshape(1, 256, -1)))
    return np.stack([colors[:, at][pixels[:, :, at]] for at in range(pixels.shape[2])], axis=2)


def _colors(pixels: Pixels, effect: ColorMatrix) -> Pixels:
    if pixels.ndim == 2:
        return pixels
    channels = pixels.shape[2]
    full = 65535 if pixels.dtype == np.uint16 else 255
    kernel = np.zeros((channels, channels + 1))
    kernel[:3, :3] = effect.matrix
    kernel[:3, channels] = effect.offset * full
    if channels == 4:
        kernel[3, 3] = 1
    return np.asarray(cv2.transform(pixels, kernel))


def _filter(pixels: Pixels, effect: Filter) -> Pixels:
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        color = effect.function(np.ascontiguousarray(pixels[:, :, :3]))
        return np.dstack([color, pixels[:, :, 3]])
    return effect.function(pixels)
