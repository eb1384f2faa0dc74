"""Sharpness: edges made stronger, by cameras, scanners and their software."""

from __future__ import annotations

import math
from typing import Annotated, Any

import cv2
import numpy as np

from augtool.effects import Filter, Pixels
from augtool.fields import Within, uniform
from augtool.painting import blended, depth, full_scale
from augtool.registry import transform
from augtool.sample import Frame


@transform
def sharpen(
    frame: Frame,  # noqa: ARG001 - every transform takes one
    *,
    factor: Annotated[
        float, Within(0, 20), "0 smooths, 1 changes nothing, 2 doubles the finest detail."
    ] = uniform(1.2, 2.0),
) -> Filter:
    """Strengthen or weaken the finest detail, as Pillow's and torchvision's sharpness does.

    A blend of the picture with its mean over 3 x 3 pixels, the middle one weighing five; the outermost
    pixels stay.
    """
    kernel = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13

    def change(pixels: Pixels) -> Pixels:
        if factor == 1 or min(pixels.shape[:2]) < 3:
            return pixels
        smooth: Any = cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
        result = blended(pixels, np.asarray(smooth), 1 - factor).copy()
        for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
            result[edge] = pixels[edge]
        return result

    return Filter(change)


@transform
def unsharp_mask(
    frame: Frame,  # noqa: ARG001
    *,
    amount: Annotated[float, Within(0, 10), "How much of the detail is added: 1 doubles it."] = uniform(
        0.3, 1.0
    ),
    sigma: Annotated[
        float, Within(0.1, 50), "What counts as detail: smaller than this blur, in pixels."
    ] = uniform(0.8, 2.0),
    threshold: Annotated[
        float, Within(0, 1), "Weaker detail than this share of full scale is left alone."
    ] = 0.0,
) -> Filter:
    """Add the difference from a blurred copy: crisper edges with halos."""

    def change(pixels: Pixels) -> Pixels:
        blurred = cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
        if threshold == 0:
            return blended(pixels, np.asarray(blurred), -amount)
        detail: Any = cv2.subtract(pixels, blurred, dtype=cv2.CV_32F)
        detail[np.abs(detail) < threshold * full_scale(pixels)] = 0
        return np.asarray(cv2.add(pixels, detail * np.float32(amount), dtype=depth(pixels)))

    return Filter(change)


@transform
def emboss(
    frame: Frame,  # noqa: ARG001
    *,
    strength: Annotated[
        float, Within(0, 5), "How deep the relief is; 0 changes nothing, 1 is a full slope per pixel."
    ] = uniform(0.2, 0.6),
    angle: Annotated[
        float, Within(-180, 180), "Where the light comes from, degrees counter-clockwise from the right."
    ] = uniform(-180, 180),
) -> Filter:
    """Light the picture as a relief: slopes towards the light brighten, those away from it darken."""
    # Sobel's smoothed derivative; brightness is height, so a slope that rises away from the light is lit.
    across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    toward = math.cos(math.radians(angle)) * across - math.sin(math.radians(angle)) * across.T
    kernel = -2 * strength * toward
    kernel[1, 1] += 1

    def change(pixels: Pixels) -> Pixels:
        return np.asarray(cv2.filter2D(pixels, -1, kernel, borderType=cv2.BORDER_REFLECT_101))

    return Filter(change)
