"""The half of the codec that decodes with Pillow what OpenCV would get wrong; see :mod:`augtool.codec`."""

from __future__ import annotations

import io
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, TiffImagePlugin

from augtool.metadata import fault

_BITS = 0x0102  # a TIFF tag

Pixels = NDArray[np.uint8 | np.uint16]


def brightest(image: ImageFile.ImageFile, data: bytes) -> int:
    """Return the largest value a TIFF, PNM or JPEG 2000 file can state for a pixel."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return (1 << int(max(image.tag_v2.get(_BITS, (1,))))) - 1
    if image.format == "PPM":
        args = image.tile[0][3]
        return int(args[1]) if isinstance(args, tuple) and len(args) > 1 else 255
    start = data.find(b"\xff\x4f\xff\x51")  # the codestream's size segment: depth is in its 43rd byte
    return (1 << ((data[start + 42] & 0x7F) + 1)) - 1 if 0 <= start < len(data) - 42 else 255


def by_pillow(fmt: str, image: ImageFile.ImageFile, data: bytes, remarks: list[str]) -> Pixels:
    """Decode with Pillow, adding to ``remarks`` what was lost on the way."""
    deep = fmt in ("tiff", "pnm", "jp2") and brightest(image, data) > 255
    if deep and (image.tile[0][3] or " ")[0] == "R":
        raise fault("unsupported", "uncompressed 16-bit planes, which Pillow takes for 8-bit ones")
    image.load()
    mode = image.mode
    if mode.startswith("I") or mode == "F":
        values = np.array(image)
        if mode == "F" or values.min() < 0 or values.max() > 65535:
            raise fault("unsupported", "values that do not fit 16 bits")
        return values.astype(np.uint16)
    if deep:
        remarks.append("depth: reduced to 8 bits")
    flat: Image.Image = image
    if mode in ("CMYK", "LAB"):
        flat = _to_srgb(image)
        remarks.append(f"color: {mode} converted to sRGB")
    elif "transparency" in image.info or mode.endswith(("A", "a")):
        flat = image.convert("RGBA")
    elif mode in ("1", "L"):
        flat = image.convert("L")
    else:
        flat = image.convert("RGB")
    pixels: Any = np.array(flat)
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    return cast("Pixels", pixels)


def _to_srgb(image: Image.Image) -> Image.Image:
    """Convert CMYK or Lab by the file's profile, or without one as Pillow does for CMYK."""
    srgb = ImageCms.createProfile("sRGB")
    embedded = io.BytesIO(image.info.get("icc_profile") or b"")
    source: Any = ImageCms.createProfile("LAB") if image.mode == "LAB" else embedded
    try:
        converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
    except (OSError, TypeError, ValueError, ImageCms.PyCMSError):
        converted = None
    return converted or image.convert("RGB")
