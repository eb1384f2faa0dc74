"""The last steps of a photograph: lens, sensor and file. Pictures are RGB, as everywhere in this package."""

from __future__ import annotations

import struct

import cv2
import numpy as np

from .field import Array, Bytes, grid, srgb


def develop(linear: Array, rng: np.random.Generator, grain: float = 1.0, soft: float = 0.45) -> Bytes:
    """Return a linear picture (height, width, 3) as 8-bit RGB with lens softness, vignette and noise.

    ``grain`` is the noise's standard deviation in grey levels, ``soft`` the blur's sigma in pixels.
    """
    high, wide = linear.shape[:2]
    xs, ys = grid(wide, high)
    off = ((xs - wide / 2) ** 2 + (ys - high / 2) ** 2) / (wide**2 + high**2) * 4
    shown = srgb(linear * (1 - 0.22 * off[..., None])) * 255
    if soft > 0:
        shown = np.asarray(cv2.GaussianBlur(shown, (0, 0), soft), np.float32)
    speckle = rng.normal(0, grain, (high, wide, 1)) + rng.normal(0, grain * 0.4, (high, wide, 3))
    return np.clip(shown + speckle + 0.5, 0, 255).astype(np.uint8)


def grey(picture: Bytes) -> Bytes:
    """Return an RGB picture as one grey channel."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _encode(kind: str, picture: np.ndarray, options: list[int]) -> bytes:
    if picture.ndim == 3:
        picture = np.ascontiguousarray(picture[..., [2, 1, 0, 3][: picture.shape[2]]])
    good, data = cv2.imencode(kind, picture, options)
    if not good:
        raise RuntimeError(f"OpenCV could not encode a {kind} of shape {picture.shape}")
    return bytes(data.tobytes())


def jpeg(picture: Bytes, quality: int = 85) -> bytes:
    """Return a JPEG file of a grey or RGB picture."""
    return _encode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])


def png(picture: np.ndarray) -> bytes:
    """Return a PNG file of a grey (8 or 16 bits), RGB or RGBA picture."""
    return _encode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])


def turned_jpeg(picture: Bytes) -> bytes:
    """Return a JPEG stored lying on its side, whose EXIF orientation (6) makes viewers show it upright."""
    data = jpeg(np.ascontiguousarray(np.rot90(picture)))
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    exif = b"Exif\0\0" + b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
