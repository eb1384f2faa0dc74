"""How much damage a picture may have: decoded as a whole, or refused, or used as far as it goes.

=========  ============================================================================
warning    refused too: pictures over which the decoder complained
error      refused: cut short, damaged (the default)
truncated  refused: cut short; a damaged picture is used as far as it decodes
none       refused only where nothing can be decoded
=========  ============================================================================

What is used although it is damaged has a ``damaged`` warning in its record.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, ImageFile

from augtool import codec, metadata, noise
from augtool.codec import Picture
from augtool.errors import ItemError

_TOLERATED = {"none": ("truncated", "corrupt"), "truncated": ("corrupt",), "error": (), "warning": ()}


def decode(data: bytes, max_pixels: int, fail_on: str = "error") -> Picture:
    """Decode an image file held in memory, with as much damage as ``fail_on`` lets pass.

    Raises:
        ItemError: as :func:`augtool.codec.decode`; with ``warning`` also ``complaint``.
    """
    try:
        picture = codec.decode(data, max_pixels=max_pixels)
    except ItemError as error:
        if error.code not in _TOLERATED[fail_on]:
            raise
        return _salvaged(data, max_pixels, error)
    if fail_on == "warning" and (lines := noise.take()):
        raise ItemError("complaint", f"the decoder complained: {lines[0]}")
    return picture


def _salvaged(data: bytes, max_pixels: int, reason: ItemError) -> Picture:
    """Decode what there is; where Pillow cannot either, the first reason stands."""
    header = codec.probe(data)
    if header.width * header.height > max_pixels:
        raise metadata.fault("too_large", f"{header.width}x{header.height}, limit {max_pixels} pixels")
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=(codec.pillow_name(header.format),))
            image.load()
            grey = image.mode in ("1", "L")
            pixels = np.array(image.convert("L" if grey else "RGB"))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - parsers raise anything at all on damaged bytes
        raise reason from None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    upright = codec.turned(pixels if grey else pixels[:, :, ::-1], header.orientation)
    remark = f"damaged: used as far as it goes; {reason}"
    return Picture(np.ascontiguousarray(upright), header.format, None, (remark,))
