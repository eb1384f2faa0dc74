"""How much of a labelled object something painted over it leaves to be seen."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from augtool.labels import Instance, Keypoints
from augtool.matrix import Points
from augtool.polygons import bounds


def share_seen(instance: Instance, hidden: NDArray[np.uint8]) -> float:
    """Return the share of an object's pixels, as far as they are in the picture, that is not hidden.

    Args:
        instance: in the frame of ``hidden``.
        hidden: (H, W), non-zero where nothing of the picture is seen.
    """
    if instance.mask is not None:
        mask = instance.mask
        h, w = mask.pixels.shape
        window = hidden[mask.top : mask.top + h, mask.left : mask.left + w]
        return _share(window, mask.pixels[: window.shape[0], : window.shape[1]] > 0)
    rings: list[Points] = []
    for polygon in instance.polygons or ():
        rings += [polygon.outer, *polygon.holes]
    if not rings and instance.corners is not None:
        rings = [instance.corners]
    if not rings and instance.box is not None:
        x0, y0, x1, y1 = instance.box
        rings = [np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])]
    if not rings:
        return 1.0
    x0, y0, x1, y1 = bounds(np.concatenate(rings))
    left, top = max(0, int(x0)), max(0, int(y0))
    window = hidden[top : int(np.ceil(y1)), left : int(np.ceil(x1))]
    if window.size == 0:
        return 1.0
    inside = np.zeros(window.shape, np.uint8)
    places = [np.rint((ring - (left + 0.5, top + 0.5)) * 16).astype(np.int32) for ring in rings]
    cv2.fillPoly(inside, places, 1, shift=4)
    return _share(window, inside > 0)


def hide_keypoints(instance: Instance, hidden: NDArray[np.uint8]) -> Instance:
    """Return the object with the keypoints that are painted over marked as labelled but not visible."""
    if instance.keypoints is None:
        return instance
    keypoints = instance.keypoints
    points, visible = keypoints.points, keypoints.visible
    h, w = hidden.shape
    x = np.clip(points[:, 0].astype(int), 0, w - 1)
    y = np.clip(points[:, 1].astype(int), 0, h - 1)
    covered = (hidden[y, x] > 0) & (visible == 2)
    seen = np.where(covered, 1, visible).astype(np.uint8)
    return replace(instance, keypoints=Keypoints(points, seen, keypoints.edges))


def _share(window: NDArray[np.uint8], inside: NDArray[np.bool_]) -> float:
    total = int(inside.sum())
    return 1.0 - int((inside & (window > 0)).sum()) / total if total else 1.0
