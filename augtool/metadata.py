"""The bytes around the pixels: what a file is, where it ends, what in it is private, where its profile goes.

Nothing here decodes a pixel. JPEG is a list of segments, PNG a list of chunks, WebP a list of RIFF chunks
and TIFF a linked list of directories; each is walked once, forwards, so damaged input ends the walk with an
``ItemError`` and never loops. Kept parts are copied byte for byte.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from augtool.errors import ItemError

#: Every reason code a file can be refused with. A code, once published, keeps its meaning.
REASONS = {
    "empty": "the file has no bytes",
    "not_an_image": "the content is not an image in any known format",
    "truncated": "the file ends before the picture does",
    "corrupt": "the content is damaged",
    "too_large": "the picture is larger than allowed",
    "unsupported": "a kind of picture that cannot be worked with",
}

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

#: Format name to its file extensions, the one to write first. The only such table.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "png": (".png", ".apng"),
    "webp": (".webp",),
    "bmp": (".bmp", ".dib"),
    "tiff": (".tif", ".tiff"),
    "gif": (".gif",),
    "jp2": (".jp2", ".j2k", ".j2c", ".jpc", ".jpx", ".jpf"),
    "avif": (".avif", ".avifs"),
    "pnm": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
}
_BY_EXTENSION = {ext: fmt for fmt, extensions in EXTENSIONS.items() for ext in extensions}
#: Extensions of pictures that people have and no decoder here reads.
UNREAD = frozenset({".heic", ".heif", ".jxl", ".svg", ".psd", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf"})
#: The formats that can be written.
WRITABLE = ("jpeg", "png", "webp", "bmp", "tiff")

# Offset, first bytes, format.
_SIGNATURES = (
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, PNG_SIGNATURE, "png"),
    (8, b"WEBP", "webp"),
    (0, b"BM", "bmp"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"II+\0", "tiff"),
    (0, b"MM\0+", "tiff"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "jp2"),
    (0, b"\xff\x4f\xff\x51", "jp2"),
    (4, b"ftypavif", "avif"),
    (4, b"ftypavis", "avif"),
    *((0, b"P" + kind, "pnm") for kind in (b"1", b"2", b"3", b"4", b"5", b"6", b"f", b"F")),
)
# Pictures, but of a kind nobody trains on or OpenCV and Pillow do not both read. Named, to be helpful.
_FOREIGN = (
    (4, b"ftyphei", "HEIC: convert it to JPEG first"),
    (4, b"ftypmif1", "HEIF: convert it to JPEG first"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"8BPS", "Photoshop document"),
    (0, b"\0\0\1\0", "icon"),
    (0, b"\0\0\2\0", "cursor"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"qoif", "QOI"),
    (0, b"DDS ", "DirectDraw surface"),
    (0, b"\x01\xda", "SGI image"),
    (0, b"<svg", "SVG"),
    (0, b"%PDF", "PDF"),
)

# What a decoder needs, or what changes how the pixels are shown. A list of what stays, so that a private
# chunk nobody has heard of goes. Critical chunks (capital first letter) stay whatever they are.
_PNG_SHOWN = frozenset(
    b"tRNS gAMA cHRM sRGB iCCP sBIT cICP mDCV cLLI bKGD pHYs hIST sPLT acTL fcTL fdAT".split()
)
_WEBP_SHOWN = frozenset([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"])
_WEBP_ICC, _WEBP_ALPHA, _WEBP_PRIVATE = 0x20, 0x10, 0x08 | 0x04  # VP8X flag bits; private: EXIF, XMP

_JPEG_MARKER = re.compile(rb"\xff([^\x00\xff])")
_JPEG_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # in a scan, FF00 is a stuffed FF and D0..D7 go on
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_STANDALONE = frozenset([0x01, *range(0xD0, 0xD9)])  # markers without a length
_ICC_TAG = b"ICC_PROFILE\0"
_ICC_PART = 65533 - len(_ICC_TAG) - 2
_ICC_MAX = 255 * _ICC_PART


class Part(NamedTuple):
    """A segment or chunk: its kind and its half-open byte range, marker and length field included."""

    kind: bytes
    start: int
    end: int


def fault(code: str, detail: str = "") -> ItemError:
    """Make the error for reason ``code``: its sentence from ``REASONS``, then the detail."""
    return ItemError(code, f"{REASONS[code]}: {detail}" if detail else REASONS[code])


def is_image_name(name: str) -> bool:
    """Tell whether a file name has the extension of a format in ``EXTENSIONS``, in any case."""
    return name[name.rfind(".") :].lower() in _BY_EXTENSION if "." in name else False


def writable(fmt: str) -> str:
    """Return the format to write for a picture read as ``fmt``: itself, or png if it is only read."""
    return fmt if fmt in WRITABLE else "png"


def sniff(data: bytes) -> str:
    """Return the format name of a file by its first bytes.

    Raises ItemError: empty, unsupported (a known kind of picture outside ``EXTENSIONS``), not_an_image.
    """
    if not data:
        raise fault("empty")
    for at, signature, fmt in _SIGNATURES:
        if data.startswith(signature, at):
            return fmt
    for at, signature, name in _FOREIGN:
        if data.startswith(signature, at):
            raise fault("unsupported", name)
    raise fault("not_an_image")


def jpeg_parts(data: bytes) -> Iterator[Part]:
    """Yield the segments of the first JPEG in ``data``, from SOI to EOI, each scan with its coded data.

    Stray bytes between segments belong to none, as decoders skip them. Raises ItemError (truncated,
    corrupt) where the next segment should begin, after yielding those before.
    """
    at = 0
    while marker := _JPEG_MARKER.search(data, at):
        kind, start, end = marker[1], marker.start(), marker.end()
        if kind[0] not in _STANDALONE and kind[0] != _EOI:
            if end + 2 > len(data):
                break
            length = int.from_bytes(data[end : end + 2], "big")
            if length < 2:
                raise fault("corrupt", "a JPEG segment with an impossible length")
            end += length
            if kind[0] == _SOS:
                after = _JPEG_SCAN_END.search(data, end)
                end = after.start() if after else len(data) + 1
            if end > len(data):
                break
        yield Part(kind, start, end)
        if kind[0] == _EOI:
            return
        at = end
    raise fault("truncated", "no end-of-image marker")


def png_parts(data: bytes) -> Iterator[Part]:
    """Yield the chunks of a PNG up to IEND. Raises ItemError (truncated, corrupt) after the good ones."""
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if not kind.isalpha():
            raise fault("corrupt", "a PNG chunk with an impossible name")
        end = at + 12 + length
        if end > len(data):
            break
        yield Part(kind, at, end)
        if kind == b"IEND":
            return
        at = end
    raise fault("truncated", "no IEND chunk")


def webp_parts(data: bytes) -> Iterator[Part]:
    """Yield the top-level chunks of a WebP. Raises ItemError (truncated, corrupt) after the good ones."""
    stop = int.from_bytes(data[4:8], "little") + 8
    at = 12
    while at + 8 <= min(stop, len(data)):
        kind, length = struct.unpack_from("<4sI", data, at)
        end = at + 8 + length
        if end > len(data):
            break
        if end > stop:
            raise fault("corrupt", "a WebP chunk that reaches beyond its container")
        yield Part(kind, at, end)
        at = end + length % 2
    if at < stop and stop - at != 1:  # some encoders count, but do not write, the last padding byte
        raise fault("truncated", "the WebP container is cut")


def check_end(kind: str, data: bytes) -> None:
    """Raise ItemError (truncated) if a JPEG, PNG or WebP stops before its own end mark; others pass.

    A decoder does not always notice: a JPEG cut short and filled up with zeros decodes without complaint,
    with a grey bottom. Such files are what a crashed download leaves behind.
    """
    if kind == "jpeg":
        scan = 0  # where the first scan starts: the marker may also end a thumbnail in the header
        for part in _lenient(jpeg_parts(data)):
            if part.kind[0] == _SOS:
                break
            scan = part.end
        if data.rfind(b"\xff\xd9", scan) < 0:
            raise fault("truncated", "no end-of-image marker")
    if kind in ("png", "webp"):
        for _ in png_parts(data) if kind == "png" else webp_parts(data):
            pass


def _lenient(parts: Iterator[Part]) -> Iterator[Part]:
    """Pass the parts on and end quietly where the structure breaks."""
    try:
        yield from parts
    except ItemError:
        return


def png_exif(data: bytes) -> bytes:
    """Return the EXIF block of a PNG (a TIFF structure), wherever in the file it stands; empty if none."""
    for part in _lenient(png_parts(data)):
        if part.kind == b"eXIf":
            return data[part.start + 8 : part.end - 4]
    return b""


def png_still(data: bytes) -> bytes:
    """Return an APNG without its animation: the picture that a viewer without APNG support shows."""
    kept = (data[p.start : p.end] for p in png_parts(data) if p.kind not in (b"acTL", b"fcTL", b"fdAT"))
    return PNG_SIGNATURE + b"".join(kept)


def strip_jpeg(data: bytes) -> bytes:
    """Return a JPEG without EXIF, XMP, IPTC, comments, thumbnails, further frames and trailing bytes.

    Kept: all that decodes or colours the picture, which of the application segments is JFIF (APP0), the
    ICC profile (APP2) and Adobe's colour transform (APP14). Raises ItemError (truncated, corrupt).
    """
    return b"".join(data[part.start : part.end] for part in jpeg_parts(data) if _jpeg_keeps(data, part))


def _jpeg_keeps(data: bytes, part: Part) -> bool:
    marker, body = part.kind[0], part.start + 4
    if marker == 0xE0:
        return not data.startswith(b"JFXX\0", body)  # the JFIF extension that holds a thumbnail
    if marker == 0xE2:
        return data.startswith(_ICC_TAG, body)
    if marker == 0xEE:
        return data.startswith(b"Adobe", body)
    return marker != _COM and not 0xE1 <= marker <= 0xEF


def strip_png(data: bytes) -> bytes:
    """Return a PNG (or APNG) without text, EXIF, time, unknown extra chunks and trailing bytes.

    Raises ItemError (truncated, corrupt).
    """
    kept = (data[p.start : p.end] for p in png_parts(data) if p.kind[:1].isupper() or p.kind in _PNG_SHOWN)
    return PNG_SIGNATURE + b"".join(kept)


def strip_webp(data: bytes) -> bytes:
    """Return a WebP (animated too) without EXIF, XMP, unknown chunks and trailing bytes.

    Raises ItemError (truncated, corrupt).
    """
    chunks = []
    for part in webp_parts(data):
        chunk = data[part.start : part.end]
        if part.kind == b"VP8X" and len(chunk) >= 9:
            chunk = chunk[:8] + bytes([chunk[8] & ~_WEBP_PRIVATE]) + chunk[9:]
        if part.kind in _WEBP_SHOWN:
            chunks.append(chunk)
    return _riff(chunks)


def _riff(chunks: list[bytes]) -> bytes:
    body = b"WEBP" + b"".join(chunk + b"\0" * (len(chunk) % 2) for chunk in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


#: Format to the function that drops private metadata from its bytes.
STRIPPERS = {"jpeg": strip_jpeg, "png": strip_png, "webp": strip_webp}


def fits_profile(icc: bytes, *, grey: bool) -> bool:
    """Tell whether an ICC profile describes grey (else RGB) pixels and can be stored in a file."""
    return icc[16:20] == (b"GRAY" if grey else b"RGB ") and 128 <= len(icc) <= _ICC_MAX


def with_profile(data: bytes, fmt: str, icc: bytes | None, shape: tuple[int, ...]) -> bytes:
    """Return encoded jpeg, png, webp or tiff bytes with the profile in them.

    ``shape`` is that of the pixels, ``(height, width[, channels])``. ``data`` is fresh from the encoder.
    """
    if not icc:
        return data
    if fmt == "tiff":
        return _tiff_with_icc(data, icc)
    if fmt == "webp":
        return _webp_with_icc(data, icc, (shape[1], shape[0]), alpha=shape[2:] == (4,))
    return _jpeg_with_icc(data, icc) if fmt == "jpeg" else _png_with_icc(data, icc)


def _jpeg_with_icc(data: bytes, icc: bytes) -> bytes:
    """Return a JPEG with the profile added in as many APP2 segments as it needs, after JFIF's APP0."""
    head = next(p.end for p in jpeg_parts(data) if p.kind[0] in (0xE0, _SOI) and data[p.end + 1] != 0xE0)
    pieces = [icc[at : at + _ICC_PART] for at in range(0, len(icc), _ICC_PART)]
    segments = (
        struct.pack(">HH", 0xFFE2, len(_ICC_TAG) + 4 + len(piece))
        + (_ICC_TAG + bytes([number, len(pieces)]) + piece)
        for number, piece in enumerate(pieces, 1)
    )
    return data[:head] + b"".join(segments) + data[head:]


def _png_with_icc(data: bytes, icc: bytes) -> bytes:
    """Return a PNG with the profile in an iCCP chunk right after IHDR."""
    head = next(png_parts(data)).end
    chunk = b"iCCP" + b"icc\0\0" + _stored(icc)
    framed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return data[:head] + framed + data[head:]


def _stored(raw: bytes) -> bytes:
    """Wrap as a zlib stream without compression: zlib builds differ in their output, and bytes must not."""
    pieces = [raw[at : at + 65535] for at in range(0, len(raw), 65535)]
    blocks = (
        struct.pack("<BHH", at == len(pieces) - 1, len(piece), len(piece) ^ 0xFFFF) + piece
        for at, piece in enumerate(pieces)
    )
    return b"\x78\x01" + b"".join(blocks) + struct.pack(">I", zlib.adler32(raw))


def _webp_with_icc(data: bytes, icc: bytes, size: tuple[int, int], *, alpha: bool) -> bytes:
    """Return a still WebP of ``size`` (width, height) in the extended layout, with the profile."""
    chunks = [data[p.start : p.end] for p in webp_parts(data) if p.kind != b"VP8X"]
    flags = _WEBP_ICC | (_WEBP_ALPHA if alpha else 0)
    width, height = ((side - 1).to_bytes(3, "little") for side in size)
    extended = b"VP8X" + struct.pack("<II", 10, flags) + width + height
    return _riff([extended, b"ICCP" + struct.pack("<I", len(icc)) + icc, *chunks])


def _tiff_with_icc(data: bytes, icc: bytes) -> bytes:
    """Return a little-endian, one-page TIFF with the profile.

    The directory is written anew at the end, since entries must stand in order of their tag. A fourth
    channel stays undeclared, as OpenCV writes it: OpenCV multiplies declared alpha in when it reads 8 bits.
    """
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    entries = [data[at : at + 12] for at in range(start + 2, start + 2 + 12 * count, 12)]
    base = len(data) + len(data) % 2
    entries.append(struct.pack("<HHII", 34675, 7, len(icc), base))
    entries.sort(key=lambda entry: entry[1::-1])
    directory = struct.pack("<H", len(entries)) + b"".join(entries)
    body = data[8:] + b"\0" * (len(data) % 2) + icc + b"\0" * (len(icc) % 2)
    return data[:4] + struct.pack("<I", 8 + len(body)) + body + directory + b"\0\0\0\0"
