"""Labels drawn over pictures, for contact sheets and the report."""

from __future__ import annotations

import colorsys
from hashlib import blake2b

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from augtool.labels import Instance, Labels
from augtool.matrix import Points
from augtool.moving import box_of

RGB = tuple[int, int, int]
_TINT = 0.45  # how much of a mask's colour covers the picture


def class_color(name: str) -> RGB:
    """Return the colour of a class: the same on every sheet and in every report."""
    number = int.from_bytes(blake2b(name.encode(errors="replace"), digest_size=4).digest(), "big")
    red, green, blue = colorsys.hsv_to_rgb(number % 360 / 360, 0.85, 0.95 - 0.2 * (number // 360 % 2))
    return round(red * 255), round(green * 255), round(blue * 255)


def draw_labels(picture: NDArray[np.uint8], labels: Labels, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture with its labels drawn on it.

    Args:
        picture: (H, W, 3) red-green-blue, possibly smaller than the labelled one.
        labels: in the frame of the labelled picture.
        size: (width, height) of the labelled picture.
    """
    if not labels.instances and labels.semantic is None:
        return picture
    scale = np.array([picture.shape[1] / size[0], picture.shape[0] / size[1]])
    tinted = _tint(picture, labels, size)
    canvas = Image.fromarray(tinted)
    draw = ImageDraw.Draw(canvas)
    for instance in labels.instances:
        _outline(draw, instance, scale)
    for instance in labels.instances:
        _name(draw, instance, scale)
    return np.asarray(canvas)


def _tint(picture: NDArray[np.uint8], labels: Labels, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Lay each mask and polygon over the picture in its class's colour."""
    h, w = picture.shape[:2]
    color = np.zeros((h, w, 3), np.float32)
    share = np.zeros((h, w, 1), np.float32)
    if labels.semantic is not None:
        color, share = _semantic(labels, (w, h))
    for instance in labels.instances:
        covered = _covered(instance, (w, h), size)
        if covered is not None:
            color[covered] = class_color(instance.category)
            share[covered] = _TINT
    return np.rint(picture * (1 - share) + color * share).astype(np.uint8)


def _semantic(labels: Labels, target: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    classes = np.asarray(labels.semantic)
    small = cv2.resize(classes, target, interpolation=cv2.INTER_NEAREST_EXACT)
    if small.ndim == 3:
        color = small.astype(np.float32)
        nothing = np.all(small == np.asarray(labels.semantic_fill), axis=2)
    else:
        # Golden-angle steps: neighbouring class numbers get colours far apart.
        table = [colorsys.hsv_to_rgb(at * 0.381966 % 1, 0.8, 0.95) for at in range(256)]
        color = np.asarray(table, np.float32)[small.astype(np.int64) % 256] * 255
        nothing = (small == labels.semantic_fill) | (small == 0)
    share = np.where(nothing, 0, _TINT).astype(np.float32)[:, :, None]
    return np.asarray(color, np.float32), share


def _covered(instance: Instance, target: tuple[int, int], size: tuple[int, int]) -> NDArray[np.bool_] | None:
    w, h = target
    scale = np.array([w / size[0], h / size[1]])
    if instance.mask is not None:
        x0, y0 = np.floor(np.array([instance.mask.left, instance.mask.top]) * scale).astype(int)
        wide = max(1, round(instance.mask.pixels.shape[1] * scale[0]))
        tall = max(1, round(instance.mask.pixels.shape[0] * scale[1]))
        window = cv2.resize(instance.mask.pixels, (wide, tall), interpolation=cv2.INTER_NEAREST_EXACT) > 0
        covered = np.zeros((h, w), bool)
        place = covered[y0 : y0 + tall, x0 : x0 + wide]
        place |= window[: place.shape[0], : place.shape[1]]
        return covered
    if instance.polygons:
        filled = np.zeros((h, w), np.uint8)
        for polygon in instance.polygons:
            rings = [_fixed(ring * scale) for ring in (polygon.outer, *polygon.holes)]
            cv2.fillPoly(filled, rings, 1, shift=4)
        return filled > 0
    return None


def _fixed(points: Points) -> NDArray[np.int32]:
    return np.rint((points - 0.5) * 16).astype(np.int32)


def _outline(draw: ImageDraw.ImageDraw, instance: Instance, scale: Points) -> None:
    color = class_color(instance.category)
    for polygon in instance.polygons or ():
        for ring in (polygon.outer, *polygon.holes):
            _line(draw, ring * scale, color, 1)
    if instance.corners is not None:
        _line(draw, instance.corners * scale, color, 2)
    elif instance.box is not None:
        x0, y0, x1, y1 = instance.box
        _line(draw, np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]]) * scale, color, 2)
    if instance.keypoints is not None:
        places, seen = instance.keypoints.points * scale, instance.keypoints.visible
        for one, other in instance.keypoints.edges:
            if seen[one] and seen[other]:
                draw.line([*map(float, places[one]), *map(float, places[other])], color, 1)
        for (x, y), visible in zip(
            instance.keypoints.points * scale, instance.keypoints.visible, strict=True
        ):
            if visible:
                draw.ellipse((x - 2.5, y - 2.5, x + 2.5, y + 2.5), color if visible == 2 else None, color)


def _line(draw: ImageDraw.ImageDraw, points: Points, color: RGB, width: int) -> None:
    closed = [(float(x), float(y)) for x, y in np.vstack([points, points[:1]])]
    draw.line(closed, color, width)


def _name(draw: ImageDraw.ImageDraw, instance: Instance, scale: Points) -> None:
    box = box_of(instance)
    if box is None or (box[2] - box[0]) * scale[0] < 22:
        return  # the name would hide the object
    font = ImageFont.load_default(size=10)
    text = instance.category.encode("ascii", "replace").decode()[:24]
    x, y = box[0] * scale[0], max(0.0, box[1] * scale[1] - 12)
    draw.rectangle((x, y, x + font.getlength(text) + 4, y + 12), class_color(instance.category))
    draw.text((x + 2, y), text, (0, 0, 0), font)
