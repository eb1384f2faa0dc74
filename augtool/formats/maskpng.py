"""Mask PNGs, read and written with Pillow so that the numbers in them stay what they are.

OpenCV turns palette indices into colours and stretches some grey depths. Pixels leave here as palette
indices (mode P), grey or 16-bit numbers, or colours in red, green, blue order; the palette travels along.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augtool.errors import ItemError
from augtool.metadata import check_end

# Pillow's name of a layout -> (what it is worked on as, the highest value a pixel can have).
_LAYOUTS = {
    "1": ("L", 1),
    "P": ("P", 255),
    "L": ("L", 255),
    "LA": ("LA", 255),
    "RGB": ("RGB", 255),
    "RGBA": ("RGBA", 255),
    "I;16": ("I;16", 65535),
    "I;16B": ("I;16", 65535),
    "I": ("I;16", 65535),
}


@dataclass(frozen=True, slots=True)
class MaskPng:
    """A mask: (H, W) indices or numbers (uint8, uint16) or (H, W, 3) RGB, and what it is written back with.

    ``mode`` is Pillow's name of the file's layout. ``palette`` holds the file's own bytes. ``data`` is the
    file as read, returned by :func:`dump` for unchanged pixels.
    """

    pixels: NDArray[Any]
    mode: str
    palette: bytes | None = None
    transparency: Any = None
    data: bytes = b""

    @property
    def top(self) -> int:
        """The highest value that a pixel of this layout can hold."""
        return _LAYOUTS[self.mode][1]

    def without_pixels(self) -> MaskPng:
        """Return everything but the pixels and the file, to carry from read to write."""
        return replace(self, pixels=np.empty((0, 0), np.uint8), data=b"")


def load(data: bytes, name: str, size: tuple[int, int] | None = None) -> MaskPng:
    """Decode a mask.

    Args:
        data: the file.
        name: what messages call it.
        size: (width, height) it must have, that of the displayed picture; checked before decoding.

    Raises:
        ItemError: ``label_invalid``: no PNG, damaged, of another size, or half-transparent.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sizes are compared here, so Pillow's bomb warning adds nothing
            image = Image.open(io.BytesIO(data), formats=("PNG",))
            if size is not None and image.size != size:
                raise ItemError(
                    "label_invalid",
                    f"{name}: is {image.width}x{image.height}, but its picture is displayed as "
                    f"{size[0]}x{size[1]}",
                )
            check_end("png", data)
            image.load()
    except ItemError as error:
        if error.code == "label_invalid":
            raise
        raise ItemError("label_invalid", f"{name}: is no readable PNG: {error}") from error
    except Exception as error:
        detail = " ".join(str(error).split())[:120] or type(error).__name__
        raise ItemError("label_invalid", f"{name}: is no readable PNG: {detail}") from error
    return _unpacked(image, data, name)


def _unpacked(image: Image.Image, data: bytes, name: str) -> MaskPng:
    mode = image.mode
    if mode not in _LAYOUTS:
        raise ItemError("label_invalid", f"{name}: masks of kind {mode} are not supported")
    pixels = np.asarray(image).astype(np.uint16 if _LAYOUTS[mode][0] == "I;16" else np.uint8)
    if mode in ("LA", "RGBA"):
        if (pixels[..., -1] != 255).any():
            raise ItemError("label_invalid", f"{name}: a mask with transparency; save it without")
        pixels = pixels[..., 0] if mode == "LA" else pixels[..., :3]
    palette = bytes(image.palette.palette) if mode == "P" and image.palette else None
    return MaskPng(np.ascontiguousarray(pixels), mode, palette, image.info.get("transparency"), data)


def dump(mask: MaskPng, pixels: NDArray[Any]) -> bytes:
    """Encode pixels in the layout of ``mask``; those it was read with give the very same file.

    A palette keeps its bytes; it is made longer only where a pixel (the ignore index) lies beyond it.
    """
    if mask.data and pixels.shape == mask.pixels.shape and np.array_equal(pixels, mask.pixels):
        return mask.data
    out = io.BytesIO()
    options: dict[str, Any] = {} if mask.transparency is None else {"transparency": mask.transparency}
    _packed(mask, np.ascontiguousarray(pixels)).save(out, "PNG", **options)
    return out.getvalue()


def _packed(mask: MaskPng, pixels: NDArray[Any]) -> Image.Image:
    if mask.mode == "1":
        return Image.fromarray((pixels > 0).astype(np.uint8) * 255).convert("1", dither=Image.Dither.NONE)
    if mask.mode in ("LA", "RGBA"):
        opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
        colors = pixels[..., None] if pixels.ndim == 2 else pixels
        return Image.fromarray(np.concatenate([colors.astype(np.uint8), opaque], axis=2))
    if _LAYOUTS[mask.mode][0] == "I;16":
        return Image.fromarray(pixels.astype(np.uint16))
    image = Image.fromarray(pixels.astype(np.uint8))
    if mask.mode == "P":
        palette = mask.palette or b""
        needed = 3 * (int(pixels.max(initial=0)) + 1)
        image = image.copy()
        image.putpalette(palette + bytes(max(needed - len(palette), 0)))
    return image
