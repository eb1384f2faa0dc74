"""What a worker may use: pixels, memory, and which of the processor's instructions."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

from augtool.errors import ItemError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from augtool.effects import Stage
    from augtool.unit import Context


def before_import(context: Context) -> None:
    """Set what libraries read once, when a worker imports them."""
    # Twice the cap: augtool's own, by the header, comes first and says more.
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2 * context.max_pixels))


def prepare(context: Context) -> None:
    """Set up a worker process: one OpenCV thread, its memory, its instructions."""
    prepare_here(context)
    if context.recipe.modality == "image":
        import cv2

        cv2.setNumThreads(1)
    if context.memory:
        limit_memory(context.memory)


def prepare_here(context: Context) -> None:
    """Set up whichever process works on pictures."""
    if context.recipe.modality == "image":
        use_instructions(special=not context.portable)


def use_instructions(*, special: bool) -> None:
    """Let OpenCV use what this very processor has, or only what every processor of its family has."""
    import cv2

    cv2.setUseOptimized(special)
    cv2.ipp.setUseIPP(special)


def limit_memory(size: int) -> None:
    """Let this process take ``size`` bytes beyond what it has; more is a MemoryError, not a dead machine."""
    total = _address_space() + size
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        total = min(total, hard)
    resource.setrlimit(resource.RLIMIT_AS, (total, hard))


def _address_space() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 2**30
    return pages * resource.getpagesize()


def check_size(stages: Sequence[Stage], max_pixels: int) -> None:
    """Refuse a variant that would be larger than a picture may be.

    Raises:
        ItemError: ``output_too_large``, naming the step.
    """
    for stage in stages:
        width, height = getattr(stage.effect, "size", (0, 0))
        if width * height > max_pixels:
            name = " and ".join(dict.fromkeys(stage.steps))
            raise ItemError(
                "output_too_large",
                f"{name} would make {width:,} x {height:,} pixels; --max-pixels allows "
                f"{max_pixels / 1e6:g} million",
            )


def require_memory(width: int, height: int) -> None:
    """Raise MemoryError if a decoded picture of this size would not fit (some decoders hide it)."""
    import numpy as np

    np.empty((height, width, 4), np.uint16)
