"""Bytes to pixels and pixels to bytes. With its half ``codec_pillow``, all that calls an image codec.

Pixels leave :func:`decode` upright, in one of three layouts, and :func:`encode` takes the same three::

    (H, W)      grey
    (H, W, 3)   BGR
    (H, W, 4)   BGR and alpha, not premultiplied          all uint8 or uint16

OpenCV decodes where it is exact (and it is fast); Pillow reads the header first, and decodes what OpenCV
would get wrong: CMYK, Lab, BMP, GIF, AVIF, TIFF with a palette, alpha or separate planes, odd bit depths.
Both are fed bytes from memory: given a path or a text string, OpenCV crashes on some of them.

Undetectable: damage inside BMP, WebP, LZW-coded TIFF and JPEG 2000 data mostly decodes to a wrong picture
without complaint. Flipped bits in a JPEG make the C library print a line, which is not seen here.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import (
    Image,
    ImageFile,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401  registers itself; otherwise Pillow loads all of its 45 plugins
)

from augtool import metadata
from augtool.codec_pillow import brightest, by_pillow
from augtool.errors import ItemError
from augtool.limits import require_memory
from augtool.metadata import EXTENSIONS, REASONS, WRITABLE, fault, is_image_name, sniff, writable

__all__ = [
    "EXTENSIONS",
    "REASONS",
    "Header",
    "Picture",
    "clean_copy",
    "decode",
    "encode",
    "is_image_name",
    "probe",
    "sniff",
    "thumbnail",
    "writable",
]

_PILLOW_NAME = {"jp2": "JPEG2000", "pnm": "PPM"}

# How many channels OpenCV must return for a file of this Pillow mode, or it has lost or made up some.
_CHANNELS = {"1": 1, "L": 1, "I;16": 1, "I;16B": 1, "LA": 4, "RGB": 3, "RGBA": 4, "YCbCr": 3}
_TURNS: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.rotate(cv2.transpose(pixels), cv2.ROTATE_180),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
# What Pillow's messages say, where it is more than "corrupt".
_SAID = {
    "truncated": ("truncated",),
    "too_large": ("too large",),
    "unsupported": ("unsupported", "unknown pixel mode", "cannot handle"),
}
# Grey decoding at a fraction of the size, which JPEG makes cheap.
_REDUCED = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
_ORIENTATION, _GPS = 0x0112, 0x8825  # EXIF tags
_PLANAR, _EXTRA_SAMPLES = 0x011C, 0x0152  # TIFF tags
_SIDE_LIMIT = {"jpeg": 65_535, "webp": 16_383}

Pixels = NDArray[np.uint8 | np.uint16]

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
# Pillow's own limit is a warning, and then an error that is not ours; the cap in decode() stands in for it.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself before any pixel is decoded.

    ``width`` and ``height`` are as displayed, after EXIF orientation (1 to 8; 1 is upright). ``mode`` is
    Pillow's name for the pixel layout in the file. ``frames`` counts pages and animation frames too.
    """

    format: str
    width: int
    height: int
    frames: int
    mode: str
    orientation: int
    icc: bytes | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: upright, C-contiguous pixels in a layout of this module, and what came with them.

    ``icc`` is the file's colour profile if it describes these pixels. ``warnings`` are lines of
    ``code: text`` with the codes animated, multipage, color and depth.
    """

    pixels: Pixels
    format: str
    icc: bytes | None
    warnings: tuple[str, ...]


def probe(data: bytes) -> Header:
    """Read the header of an image file held in memory; no pixel is decoded.

    Raises ItemError: empty, not_an_image, truncated, corrupt, unsupported.
    """
    fmt = sniff(data)
    with _hostile(fmt, data):
        return _header(fmt, _open(fmt, data), data)


def decode(data: bytes, *, max_pixels: int = 100_000_000) -> Picture:
    """Decode an image file held in memory to upright pixels.

    Grey stays grey, 16 bits stay 16 bits, palettes become BGR (BGRA if transparent), CMYK and Lab become
    sRGB. Of several frames or pages the first is used, with a warning. The further frames of a camera's
    JPEG (MPO) are previews and depth maps that every viewer ignores: no warning. ``max_pixels`` bounds
    width times height before anything is decoded.

    Raises ItemError: empty, not_an_image, truncated, corrupt, too_large, unsupported.
    """
    fmt = sniff(data)
    with _hostile(fmt, data):
        image = _open(fmt, data)
        header = _header(fmt, image, data)
        if header.width * header.height > max_pixels:
            raise fault("too_large", f"{header.width}x{header.height}, limit {max_pixels} pixels")
        metadata.check_end(fmt, data)
        remarks = []
        if header.frames > 1 and fmt != "jpeg":
            code = "multipage" if fmt == "tiff" else "animated"
            remarks.append(f"{code}: first of {header.frames} {'pages' if fmt == 'tiff' else 'frames'} used")
        pixels = _by_cv2(fmt, image, data)
        if pixels is None:
            pixels = by_pillow(fmt, image, data, remarks)
        if header.orientation != 1 and fmt != "tiff":  # both libraries turn a TIFF themselves
            pixels = _TURNS[header.orientation](pixels)
        if pixels.shape[:2] != (header.height, header.width):
            raise fault("corrupt", "the pixels do not have the size that the header states")
    icc = header.icc if header.icc and metadata.fits_profile(header.icc, grey=pixels.ndim == 2) else None
    return Picture(np.ascontiguousarray(pixels), fmt, icc, tuple(remarks))


def thumbnail(data: bytes, side: int, *, max_pixels: int = 100_000_000) -> NDArray[np.uint8]:
    """Decode an image file held in memory to a small grey square, upright, as quickly as its format allows.

    The picture is squeezed to ``side`` x ``side`` pixels of its area's mean; 8 bits, shape (side, side). It
    is meant for comparing pictures, not for looking at: transparency is left out.

    Raises ItemError as decode() does.
    """
    fmt = sniff(data)
    with _hostile(fmt, data):
        image = _open(fmt, data)
        header = _header(fmt, image, data)
        if header.width * header.height > max_pixels:
            raise fault("too_large", f"{header.width}x{header.height}, limit {max_pixels} pixels")
        if (
            fmt not in ("jpeg", "png", "webp")
            or image.mode == "CMYK"
            or (fmt != "jpeg" and header.frames > 1)
        ):
            pixels: Any = decode(data, max_pixels=max_pixels).pixels
            deep = pixels.dtype == np.uint16
            pixels = (pixels >> 8).astype(np.uint8) if deep else pixels
            grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels[:, :, :3], cv2.COLOR_BGR2GRAY)
            return cast("NDArray[np.uint8]", cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA))
        metadata.check_end(fmt, data)
        shrunk = max(by for by in _REDUCED if by == 1 or min(header.width, header.height) >= 2 * side * by)
        flags = _REDUCED[shrunk] | cv2.IMREAD_IGNORE_ORIENTATION
        grey = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        if grey is None:
            raise fault("corrupt", "OpenCV cannot decode it")
        small: Any = cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA)
        upright = small if header.orientation == 1 else _TURNS[header.orientation](small)
        return cast("NDArray[np.uint8]", upright)


def encode(
    pixels: Pixels, fmt: str, *, quality: int = 95, icc: bytes | None = None
) -> tuple[bytes, tuple[str, ...]]:
    """Encode pixels in a layout of this module as jpeg, png, webp, tiff or bmp.

    ``quality`` (1 to 100) applies to jpeg and webp. What a format cannot hold is changed, and each change
    gives a warning line: ``depth`` (16 bits rounded to 8), ``alpha`` (composited over white) and
    ``profile`` (``icc`` left out because the format or the pixels do not go with it). No EXIF is written.
    Equal arguments give equal bytes.

    Raises ItemError: unsupported (another shape, type or format), too_large (a side beyond the format's).
    """
    shaped = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    if fmt not in WRITABLE or not shaped or not pixels.size or pixels.dtype not in (np.uint8, np.uint16):
        raise fault("unsupported", f"{pixels.dtype} pixels of shape {pixels.shape} as {fmt}")
    if max(pixels.shape[:2]) > _SIDE_LIMIT.get(fmt, 1 << 24):
        raise fault("too_large", f"a {fmt} side ends at {_SIDE_LIMIT.get(fmt, 1 << 24)} pixels")
    remarks = []
    if pixels.dtype == np.uint16 and fmt in ("jpeg", "webp", "bmp"):
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
        remarks.append(f"depth: 16 bits reduced to 8, as {fmt} holds no more")
    if pixels.ndim == 3 and pixels.shape[2] == 4 and fmt == "jpeg":
        pixels = _over_white(pixels)
        remarks.append("alpha: transparency composited over white, as jpeg has none")
    grey = pixels.ndim == 2
    if icc and (fmt == "bmp" or (grey and fmt == "webp") or not metadata.fits_profile(icc, grey=grey)):
        remarks.append(f"profile: left out, as it does not go with {'grey' if grey else 'RGB'} {fmt}")
        icc = None
    with _hostile("", b""):
        done, buffer = cv2.imencode(
            EXTENSIONS[fmt][0], np.ascontiguousarray(pixels), _parameters(fmt, quality)
        )
        if not done:
            raise fault("unsupported", f"OpenCV cannot write this picture as {fmt}")
        return metadata.with_profile(buffer.tobytes(), fmt, icc, pixels.shape), tuple(remarks)


def clean_copy(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return the bytes of an image file without private metadata, and warnings as those of encode().

    An upright JPEG, PNG or WebP loses EXIF, XMP, IPTC, comments, unknown chunks, previews and bytes after
    its end, and is not recompressed: it decodes to the same pixels, all frames of an animation included.
    A file of another format is returned as it is unless it carries a GPS position. That one, and any
    picture that is not upright, is decoded and encoded again (quality 95, first frame only), in its own
    format or, if that is only read, as png. Without anything to remove, the very same bytes come back.

    Raises ItemError with any of the codes in ``REASONS``.
    """
    fmt = sniff(data)
    with _hostile(fmt, data):
        image = _open(fmt, data)
        header = _header(fmt, image, data)
        if header.orientation == 1:
            if fmt in metadata.STRIPPERS:
                cleaned = metadata.STRIPPERS[fmt](data)
                return (data if cleaned == data else cleaned), ()
            if _GPS not in image.getexif():
                return data, ()
    picture = decode(data)
    target = writable(fmt)
    cleaned, remarks = encode(picture.pixels, target, icc=picture.icc)
    if target != fmt:
        remarks = (f"reencoded: written as {target}, as {fmt} is only read", *remarks)
    return cleaned, picture.warnings + remarks


def pillow_name(fmt: str) -> str:
    """Return what Pillow calls a format."""
    return _PILLOW_NAME.get(fmt, fmt.upper())


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Return pixels upright that are stored with an EXIF orientation, 1 to 8."""
    return pixels if orientation == 1 else cast("Pixels", _TURNS[orientation](np.ascontiguousarray(pixels)))


@contextmanager
def _hostile(fmt: str, data: bytes) -> Iterator[None]:
    """Let nothing but ItemError out of the libraries, and no warning of Pillow's."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ItemError:
        raise
    except MemoryError:
        raise  # says something of this machine, not of the picture
    except Exception as error:  # parsers raise anything at all on hostile bytes
        metadata.check_end(fmt, data)  # a better reason, where it applies
        detail = " ".join(str(error).split())[:200] or type(error).__name__
        said = (code for code, words in _SAID.items() if any(word in detail.lower() for word in words))
        raise fault(next(said, "corrupt"), detail) from error


def _open(fmt: str, data: bytes) -> ImageFile.ImageFile:
    """Open lazily with the one Pillow plugin for the format. Pillow raises as it likes."""
    name = pillow_name(fmt)
    try:
        return Image.open(io.BytesIO(data), formats=(name,))
    except KeyError as error:
        raise fault("unsupported", f"this build of Pillow does not read {fmt}") from error
    except UnidentifiedImageError as error:
        metadata.check_end(fmt, data)
        if fmt == "tiff":
            TiffImagePlugin.TiffImageFile(io.BytesIO(data))  # fails again, with its own words
        raise fault("corrupt", f"the {fmt} header is damaged or of a kind that is not supported") from error


def _header(fmt: str, image: ImageFile.ImageFile, data: bytes) -> Header:
    orientation = _orientation(fmt, image, data)
    width, height = image.size
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        # Pillow's releases disagree on whether size is already turned; the tags are plain.
        width, height = image.tag_v2[256], image.tag_v2[257]
    if orientation >= 5:
        width, height = height, width
    icc = image.info.get("icc_profile") or None
    return Header(fmt, width, height, getattr(image, "n_frames", 1), image.mode, orientation, icc)


def _orientation(fmt: str, image: ImageFile.ImageFile, data: bytes) -> int:
    """Return how the stored pixels are turned, 1 to 8; 1 where it is not stated or makes no sense."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        value = image.tag_v2.get(_ORIENTATION, 1)
    elif fmt == "avif":
        value = image.getexif().get(_ORIENTATION, 1)  # Pillow puts the file's own rotation boxes there
    else:
        block = metadata.png_exif(data) if fmt == "png" else image.info.get("exif")
        if not block:
            return 1
        exif = Image.Exif()
        try:
            exif.load(block)
            value = exif.get(_ORIENTATION, 1)
        except Exception:  # noqa: BLE001  as in _hostile, but a broken tag leaves a good picture
            return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def _by_cv2(fmt: str, image: ImageFile.ImageFile, data: bytes) -> Pixels | None:
    """Decode with OpenCV; None where Pillow is to do it. For the fast formats OpenCV's refusal is final."""
    fast = fmt in ("jpeg", "png", "webp") and image.mode != "CMYK"
    if not fast and (fmt not in ("tiff", "jp2", "pnm") or image.mode not in _CHANNELS):
        return None
    if fmt == "png" and data.find(b"acTL", 0, data.find(b"IDAT")) > 0:
        data = metadata.png_still(data)  # OpenCV would put the frames of an APNG together
    pixels: Any
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if fast:
        if pixels is None:
            require_memory(*image.size)
            raise fault("corrupt", "OpenCV cannot decode it")
        key = image.info.get("transparency") if fmt == "png" and pixels.ndim == 2 else None
        return cast("Pixels", pixels) if key is None else _with_key(pixels, key, data[24])
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        return None
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    exact = channels == _CHANNELS[image.mode] and _is_exact(image, data, pixels)
    return cast("Pixels", pixels) if exact else None


def _with_key(grey: Pixels, key: int, depth: int) -> Pixels:
    """Add the alpha of a grey PNG with one transparent value, which OpenCV drops."""
    if depth in (2, 4):
        key *= 255 // ((1 << depth) - 1)
    alpha = np.where(grey == key, 0, np.iinfo(grey.dtype).max).astype(grey.dtype)
    return np.dstack([grey, grey, grey, alpha])


def _is_exact(image: ImageFile.ImageFile, data: bytes, pixels: Pixels) -> bool:
    """Tell whether OpenCV's values can be trusted, where it is known to go wrong on valid files."""
    full = np.iinfo(pixels.dtype).max
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        planes_apart = image.tag_v2.get(_PLANAR) == 2  # wrong colours from 16 bits
        multiplied = image.tag_v2.get(_EXTRA_SAMPLES) == (1,) or full == 255  # 8 bits: always multiplies
        return not planes_apart and not (image.mode == "RGBA" and multiplied)
    return brightest(image, data) == full  # depths other than 8 and 16 bits come unscaled


def _over_white(pixels: Pixels) -> Pixels:
    alpha = pixels[:, :, 3:].astype(np.uint16)
    return ((pixels[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _parameters(fmt: str, quality: int) -> list[int]:
    """Return OpenCV's encoder settings.

    JPEG colour is stored at half resolution (4:2:0), as cameras and other tools do: full resolution costs a
    fifth more bytes and a third more time for what no model at these strengths of augmentation will see.
    """
    if fmt == "jpeg":
        return [cv2.IMWRITE_JPEG_QUALITY, quality]
    return [cv2.IMWRITE_WEBP_QUALITY, quality] if fmt == "webp" else []
