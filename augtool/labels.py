"""Labels in memory, and how they follow the geometry.

Everything lives in the continuous frame: pixel *i* spans [i, i+1), so a box over the whole picture is
(0, 0, W, H). A label goes through the composed map of all steps once; nothing is re-boxed in between.
What is seen of an object is what lies in the picture *and* in the source's own frame: mirrored or filled
borders show no object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from augtool.matrix import Points

Ring: TypeAlias = Points
"""A closed polygon outline, shape (n, 2), without its first point repeated."""


@dataclass(frozen=True, slots=True)
class Polygon:
    """One part of an outline: the outer ring and the holes in it."""

    outer: Ring
    holes: tuple[Ring, ...] = ()


@dataclass(frozen=True, slots=True)
class Mask:
    """The pixels of one object: a window of the picture, non-zero where the object is.

    ``left`` and ``top`` place the window's first pixel; nothing outside it belongs to the object.
    """

    pixels: NDArray[np.uint8]
    left: int = 0
    top: int = 0


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Named points of one object. ``visible`` is COCO's: 0 not labelled, 1 hidden, 2 visible.

    ``edges`` are the pairs of points that a skeleton joins, for drawing.
    """

    points: Points
    visible: NDArray[np.uint8]
    edges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """One labelled object, in whatever shapes its format holds; shapes it lacks are None.

    Attributes:
        category: the class name.
        box: (x0, y0, x1, y1), axis-aligned.
        corners: (4, 2), an oriented box, in the order the format gives them.
        polygons: the parts of the outline.
        mask: the object's own pixels.
        keypoints: its points.
        crowd: a region of many objects or to be ignored.
        extra: what the format holds besides and wants back (ids, attributes, flags), untouched.
    """

    category: str
    box: tuple[float, float, float, float] | None = None
    corners: Points | None = None
    polygons: tuple[Polygon, ...] | None = None
    mask: Mask | None = None
    keypoints: Keypoints | None = None
    crowd: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels of one picture.

    Attributes:
        instances: its objects, in the format's order.
        semantic: (H, W) or (H, W, 3) class map, the size of the picture; moved by nearest neighbour.
        semantic_fill: its value where the source shows nothing (the ignore index, or a colour).
        extra: what the format holds about the picture besides, untouched.
    """

    instances: tuple[Instance, ...] = ()
    semantic: NDArray[Any] | None = None
    semantic_fill: int | tuple[int, int, int] = 255
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelRules:
    """The recipe's ``labels:``.

    Attributes:
        min_visibility: least share of an object's own area, as it was in the source, that must be seen.
        min_size: least width and height of what is seen of it, in pixels.
        min_keypoints: least number of its keypoints that must be seen, where it has any.
        below: what becomes of an object below these: drop, keep, ignore (mark as crowd or difficult where
            the format can) or redraw (draw the variant again).
        box_method: how a box without outline turns: corners (its corners' hull), ellipse (the hull of the
            ellipse in it), auto (of the outline or mask where there is one, else corners).
        flip_classes: classes that change their name when the picture is mirrored left to right.
    """

    min_visibility: float = 0.1
    min_size: float = 2.0
    min_keypoints: int = 0
    below: str = "drop"
    box_method: str = "auto"
    flip_classes: Mapping[str, str] = field(default_factory=dict)


KEEP_ALL = LabelRules(min_visibility=0, min_size=0, below="keep")
"""For a plain change of size: whatever an original holds stays."""
