"""What flows through the program: an Item on disk, the Frame a transform may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_PIXELS = 100_000_000
"""A picture of more pixels is refused."""
OUTPUT = "\0"
"""Stands in ``Item.folder`` for the stem of the written picture, where each has a folder of its own."""


@dataclass(frozen=True, slots=True)
class Item:
    """One input on disk, as a format's scan finds it. No pixels, no open file.

    ``key`` is the path relative to the input, with ``/``; it identifies the item in the random stream
    and the manifest. ``stem`` and ``suffix`` are what its outputs are named from; ``folder`` is where
    they go (see ``OUTPUT``). A suffix may hold more than the extension, where a name must end with it
    (``_leftImg8bit.png``). ``split`` is None where the set has none. ``problem`` is set (reason code,
    message) where the scan already knows that the input cannot be used. ``classes`` are the classes of its
    objects, for balancing; ``ref`` is what the format needs to read its labels, small and picklable.
    """

    key: str
    folder: str
    stem: str
    suffix: str
    split: str | None = None
    label: str | None = None
    size_bytes: int = 0
    problem: tuple[str, str] | None = None
    classes: tuple[str, ...] = ()
    ref: Any = None

    def output(self, stem: str, suffix: str) -> str:
        """Return the path of a picture made from this one, below the output."""
        return f"{self.folder.replace(OUTPUT, stem)}{stem}{suffix}"


@dataclass(frozen=True, slots=True)
class Frame:
    """What a transform may know about the picture it works on.

    Attributes:
        size: (width, height) in pixels at this point of the recipe.
        channels: 1 grey, 3 colour, 4 colour with transparency.
        bits: 8 or 16.
        mean_of: gives ``mean``; asked only by a transform that needs it, since it reads every pixel.

    """

    size: tuple[int, int]
    channels: int = 3
    bits: int = 8
    mean_of: Callable[[], float] = lambda: 0.5

    @property
    def mean(self) -> float:
        """Mean grey level of the source picture as a share of full scale, 0 to 1."""
        return self.mean_of()

    @property
    def center(self) -> tuple[float, float]:
        """The middle of the picture, in pixels."""
        return self.size[0] / 2, self.size[1] / 2
