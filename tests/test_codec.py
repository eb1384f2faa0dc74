"""codec: what comes out is upright, whole and of the stated layout, or an ItemError says why not."""

from __future__ import annotations

import csv
import io
import os
import random
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from augtool import codec, metadata
from augtool.errors import ItemError

RGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREY_PROFILE = RGB_PROFILE[:16] + b"GRAY" + RGB_PROFILE[20:]


def noise(*shape: int, dtype: type = np.uint8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def smooth(height: int, width: int, channels: int = 3) -> np.ndarray:
    small = np.random.default_rng(1).integers(0, 256, (4, 4, channels), dtype=np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def saved(image: Image.Image, fmt: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, fmt, **options)
    return out.getvalue()


def rgb_of(data: bytes, mode: str = "RGB") -> np.ndarray:
    """Pillow's view of a file, in OpenCV's channel order."""
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert(mode))
    return pixels if pixels.ndim == 2 else pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]]


def refusal(data: bytes, **options: int) -> str:
    with pytest.raises(ItemError) as caught:
        codec.decode(data, **options)
    assert caught.value.code in codec.REASONS
    assert str(caught.value).startswith(codec.REASONS[caught.value.code])
    return caught.value.code


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_add(data: bytes, kind: bytes, body: bytes) -> bytes:
    """Put a chunk before IEND."""
    return data[:-12] + png_chunk(kind, body) + data[-12:]


def exif_block(orientation: int = 1, *, gps: bool = False) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    if gps:
        exif.get_ifd(0x8825)[1] = "N"
        exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    return exif.tobytes()


# --- names and formats ---------------------------------------------------------------------------------


def test_names_and_writable_formats():
    assert (
        codec.is_image_name("a.JPG")
        and codec.is_image_name("x/y.b.tiff")
        and codec.is_image_name("\udcff.png")
    )
    assert not any(codec.is_image_name(name) for name in ("jpg", "a.txt", "", "a.jpg.bak", "png."))
    assert [codec.writable(f) for f in ("jpeg", "png", "webp", "bmp", "tiff")] == [
        "jpeg",
        "png",
        "webp",
        "bmp",
        "tiff",
    ]
    assert {codec.writable(f) for f in ("gif", "avif", "jp2", "pnm")} == {"png"}
    every = [ext for extensions in codec.EXTENSIONS.values() for ext in extensions]
    assert len(every) == len(set(every)) and all(e == e.lower() and e.startswith(".") for e in every)


FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "bmp": "BMP", "tiff": "TIFF", "gif": "GIF"} | {
    "jp2": "JPEG2000", "avif": "AVIF", "pnm": "PPM"
}  # fmt: skip


@pytest.mark.parametrize("fmt", FORMATS)
def test_content_decides_the_format(fmt):
    data = saved(Image.fromarray(smooth(20, 30)), FORMATS[fmt])
    header, picture = codec.probe(data), codec.decode(data)
    assert header.format == picture.format == fmt == codec.sniff(data)
    assert (header.width, header.height, header.frames, header.orientation) == (30, 20, 1, 1)
    assert picture.pixels.shape == (20, 30, 3) and picture.pixels.dtype == np.uint8 and picture.warnings == ()
    assert np.abs(picture.pixels.astype(int) - rgb_of(data)).max() <= 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"hello, this is text", "not_an_image"),
        (b"\0" * 100, "not_an_image"),
        (b"\0\0\0\x18ftypheic" + bytes(20), "unsupported"),
        (b"8BPS" + bytes(40), "unsupported"),
        (b"\xff\xd8\xff", "truncated"),
        (b"BM" + bytes(60), "unsupported"),
        (b"II*\0\x08\0\0\0\0\0", "corrupt"),
    ],
)
def test_refusals(data, code):
    assert refusal(data) == code


# --- layouts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(7, 11), (7, 11, 3), (7, 11, 4)])
@pytest.mark.parametrize("fmt", ["png", "tiff", "bmp"])
def test_lossless_round_trip(fmt, shape, dtype):
    pixels = noise(*shape, dtype=dtype)
    data, remarks = codec.encode(pixels, fmt)
    back = codec.decode(data)
    if fmt == "bmp" and dtype == np.uint16:
        assert [r.split(":")[0] for r in remarks] == ["depth"]
        pixels = np.rint(pixels / 257).astype(np.uint8)
    else:
        assert remarks == ()
    assert back.pixels.dtype == pixels.dtype and np.array_equal(back.pixels, pixels)
    assert back.pixels.flags.c_contiguous and back.warnings == ()


@pytest.mark.parametrize("fmt", ["PNG", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_modes_against_pillow(fmt, mode):
    data = saved(Image.fromarray(noise(9, 13, 3)).convert(mode), fmt)
    pixels = codec.decode(data).pixels
    stored = Image.open(io.BytesIO(data)).mode
    assert pixels.ndim == (2 if stored in ("1", "L") else 3)
    assert np.array_equal(pixels, rgb_of(data, "L" if pixels.ndim == 2 else "RGB"))


@pytest.mark.parametrize("fmt", ["PNG", "TIFF"])
def test_grey_with_alpha_becomes_bgra(fmt):
    data = saved(Image.fromarray(noise(9, 13, 2), "LA"), fmt)
    assert np.array_equal(codec.decode(data).pixels, rgb_of(data, "RGBA"))


@pytest.mark.parametrize("fmt", ["PNG", "GIF"])
def test_transparent_palette_becomes_bgra(fmt):
    image = Image.fromarray(noise(9, 13) % 4, "P")
    image.putpalette(bytes(range(12)))
    data = saved(image, fmt, transparency=2)
    pixels = codec.decode(data).pixels
    assert np.array_equal(pixels, rgb_of(data, "RGBA")) and (pixels[:, :, 3] == 0).any()


@pytest.mark.parametrize(
    ("depth", "key", "value"), [(8, 200, 200), (4, 15, 255), (1, 1, 255), (16, 513, 513)]
)
def test_grey_png_with_a_transparent_value(depth, key, value):
    rows = b"".join(
        b"\0" + {8: b"\xc8\x05", 4: b"\xf5", 1: b"\x80", 16: b"\x02\x01\x00\x05"}[depth] for _ in range(2)
    )
    data = (
        metadata.PNG_SIGNATURE
        + png_chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, depth, 0, 0, 0, 0))
        + png_chunk(b"tRNS", struct.pack(">H", key))
        + png_chunk(b"IDAT", zlib.compress(rows))
        + png_chunk(b"IEND", b"")
    )
    pixels = codec.decode(data).pixels
    assert pixels.shape == (2, 2, 4) and (pixels[:, 0, :3] == value).all()
    assert (pixels[:, 0, 3] == 0).all() and (pixels[:, 1, 3] == np.iinfo(pixels.dtype).max).all()


def test_grey_jpeg_stays_grey():
    data = saved(Image.fromarray(smooth(20, 30)).convert("L"), "JPEG")
    assert np.array_equal(codec.decode(data).pixels, np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("fmt", ["JPEG", "TIFF"])
def test_cmyk_is_converted_by_pillow(fmt):
    data = saved(Image.fromarray(smooth(20, 30)).convert("CMYK"), fmt)
    picture = codec.decode(data)
    assert np.array_equal(picture.pixels, rgb_of(data)) and picture.icc is None
    assert [w.split(":")[0] for w in picture.warnings] == ["color"]


def test_lab_is_converted():
    grey = Image.frombytes("LAB", (4, 4), bytes([128, 0, 0] * 16))
    pixels = codec.decode(saved(grey, "TIFF")).pixels
    assert np.ptp(pixels) <= 2 and 110 < pixels.mean() < 130


@pytest.mark.parametrize("multiplied", [False, True])
def test_tiff_alpha_is_never_premultiplied(multiplied):
    # OpenCV multiplies declared alpha into the colours of 8-bit files, and leaves multiplied ones so.
    color = (100, 50, 25, 128) if multiplied else (200, 100, 50, 128)
    data = saved(Image.fromarray(np.full((4, 4, 4), color, np.uint8), "RGBA"), "TIFF")
    if multiplied:
        entry = struct.pack("<HHI", 338, 3, 1)
        data = data.replace(entry + b"\2", entry + b"\1")
    assert Image.open(io.BytesIO(data)).tag_v2[338] == (1 if multiplied else 2,)
    assert np.abs(codec.decode(data).pixels.astype(int) - (50, 100, 200, 128)).max() <= 1


def rgb16_tiff(values: np.ndarray, *, planar: bool, compressed: bool) -> bytes:
    """A TIFF by hand from (3, H, W) planes: neither library writes separate ones."""
    _, height, width = values.shape
    strips = [plane.astype("<u2").tobytes() for plane in values]
    if not planar:
        strips = [values.transpose(1, 2, 0).astype("<u2").tobytes()]
    if compressed:
        strips = [zlib.compress(strip) for strip in strips]
    body, offsets = b"", []
    for strip in strips:
        offsets.append(8 + len(body))
        body += strip + bytes(len(strip) % 2)
    single = len(strips) == 1
    at = 8 + len(body)  # of three lists: bit depths, offsets and lengths of the strips
    lists = struct.pack(f"<3H2x{len(strips)}I{len(strips)}I", 16, 16, 16, *offsets, *map(len, strips))
    where = (offsets[0], len(strips[0])) if single else (at + 8, at + 20)
    tags = [(256, 1, width), (257, 1, height), (258, 3, at), (259, 1, 8 if compressed else 1), (262, 1, 2)]
    tags += [(273, len(strips), where[0]), (277, 1, 3), (278, 1, height), (279, len(strips), where[1])]
    tags += [(284, 1, 2 if planar else 1)]
    entries = b"".join(struct.pack("<HHII", tag, 3 if tag == 258 else 4, *rest) for tag, *rest in tags)
    return (
        b"II*\0"
        + struct.pack("<I", at + len(lists))
        + body
        + lists
        + struct.pack("<H", len(tags))
        + entries
        + bytes(4)
    )


def test_16_bit_tiff_with_separate_planes():
    # OpenCV mixes the planes up; Pillow reads compressed ones at 8 bits and takes plain ones for 8-bit data.
    values = noise(3, 4, 5, dtype=np.uint16)
    upright = values.transpose(1, 2, 0)[:, :, ::-1]
    for compressed in (False, True):
        picture = codec.decode(rgb16_tiff(values, planar=False, compressed=compressed))
        assert np.array_equal(picture.pixels, upright) and picture.warnings == ()
    picture = codec.decode(rgb16_tiff(values, planar=True, compressed=True))
    assert np.abs(picture.pixels - upright / 257).max() < 1 and picture.warnings[0].startswith("depth:")
    assert refusal(rgb16_tiff(values, planar=True, compressed=False)) == "unsupported"


def test_int32_that_fits_16_bits_and_values_that_do_not():
    values = noise(5, 6, dtype=np.uint16).astype(np.int32)
    assert np.array_equal(codec.decode(saved(Image.fromarray(values), "TIFF")).pixels, values)
    assert refusal(saved(Image.fromarray(values + 65536), "TIFF")) == "unsupported"
    assert refusal(saved(Image.fromarray(values.astype(np.float32)), "TIFF")) == "unsupported"


def test_pnm_values_span_the_whole_range():
    deep = codec.decode(b"P6 1 1 65535\n" + struct.pack(">3H", 65535, 256, 0))
    assert deep.pixels.tolist() == [[[0, 256, 65535]]] and deep.warnings == ()
    odd = codec.decode(b"P6 1 1 1023\n" + struct.pack(">3H", 1023, 0, 0))
    assert odd.pixels.tolist() == [[[0, 0, 255]]] and odd.warnings[0].startswith("depth")
    assert codec.decode(b"P5 1 1 100\n" + bytes([100])).pixels.tolist() == [[255]]


# --- orientation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_applied_once(fmt, orientation):
    image = Image.fromarray(smooth(20, 30))
    if fmt == "TIFF":
        data = saved(image, fmt, tiffinfo={0x0112: orientation})
    else:
        data = saved(
            image, fmt, exif=exif_block(orientation), **({"lossless": True} if fmt == "WEBP" else {})
        )
    oracle = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    header, picture = codec.probe(data), codec.decode(data)
    assert (header.width, header.height) == oracle.size and header.orientation == orientation
    assert np.abs(picture.pixels.astype(int) - np.asarray(oracle)[:, :, ::-1]).max() <= 1
    assert picture.pixels.flags.c_contiguous
    again = codec.decode(codec.clean_copy(data)[0])
    assert again.format == picture.format and again.pixels.shape == picture.pixels.shape
    difference = np.abs(again.pixels.astype(int) - picture.pixels)
    assert difference.mean() < 8 if fmt in ("JPEG", "WEBP") else not difference.any()


def test_png_orientation_counts_after_the_pixels_too():
    data = png_add(saved(Image.fromarray(smooth(20, 30)), "PNG"), b"eXIf", exif_block(6)[6:])
    assert codec.decode(data).pixels.shape == (30, 20, 3)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_senseless_orientation_is_ignored(value):
    data = saved(Image.fromarray(smooth(20, 30)), "JPEG", exif=exif_block(value))
    assert codec.probe(data).orientation == 1 and codec.decode(data).pixels.shape == (20, 30, 3)


# --- frames --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fmt", "code"), [("GIF", "animated"), ("WEBP", "animated"), ("PNG", "animated"), ("TIFF", "multipage")]
)
def test_first_frame_with_a_warning(fmt, code):
    frames = [Image.fromarray(np.full((8, 9, 3), shade, np.uint8)) for shade in (40, 120, 200)]
    options = {"lossless": True} if fmt == "WEBP" else {}
    data = saved(frames[0], fmt, save_all=True, append_images=frames[1:], **options)
    picture = codec.decode(data)
    assert codec.probe(data).frames == 3
    assert picture.warnings == (f"{code}: first of 3 {'pages' if code == 'multipage' else 'frames'} used",)
    assert (picture.pixels == 40).all()
    assert codec.clean_copy(data) == (data, ())


def test_apng_with_transparent_frames_shows_its_first():
    frames = [Image.fromarray(noise(8, 9, 4, seed=s), "RGBA") for s in range(3)]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], blend=1, disposal=1)
    assert np.array_equal(codec.decode(data).pixels[:, :, [2, 1, 0, 3]], np.asarray(frames[0]))


def test_second_frame_of_an_mpo_is_no_warning_and_is_cut_off():
    first, second = (Image.fromarray(smooth(20, 30)[:, :, order]) for order in ([0, 1, 2], [2, 1, 0]))
    data = saved(first, "MPO", save_all=True, append_images=[second])
    header, picture = codec.probe(data), codec.decode(data)
    assert (header.format, header.frames) == ("jpeg", 2) and picture.warnings == ()
    clean, _ = codec.clean_copy(data)
    assert codec.probe(clean).frames == 1 and b"MPF\0" not in clean and clean.count(b"\xff\xd8\xff") == 1
    assert np.array_equal(codec.decode(clean).pixels, picture.pixels)


# --- damage --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"])
def test_cut_at_every_twentieth(fmt):
    data = saved(Image.fromarray(noise(40, 50, 3)), fmt)
    for part in range(1, 20):
        assert refusal(data[: len(data) * part // 20]) in ("truncated", "corrupt", "unsupported"), part


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_cut_and_filled_with_zeros(progressive):
    thumbnail = saved(Image.fromarray(smooth(8, 8)), "JPEG")
    data = saved(Image.fromarray(noise(40, 50, 3)), "JPEG", progressive=progressive, exif=exif_block())
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + data[2:]
    assert codec.decode(data).pixels.shape == (40, 50, 3)
    start = data.rindex(b"\xff\xda") if not progressive else data.index(b"\xff\xda", 4 + len(thumbnail))
    for part in range(1, 20):
        cut = start + 20 + (len(data) - start - 22) * part // 20
        assert refusal(data[:cut] + bytes(len(data) - cut)) == "truncated"


@pytest.mark.parametrize("size", [(50_000, 50_000), (2**31 - 1, 1000), (100_000_001, 1)])
def test_bombs_are_refused_by_their_header(size):
    pixels = png_chunk(b"IDAT", zlib.compress(bytes(1000)))
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    data = metadata.PNG_SIGNATURE + header + pixels + png_chunk(b"IEND", b"")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refusal(data) == "too_large"
        assert (codec.probe(data).width, codec.probe(data).height) == size


def test_the_cap_is_the_callers():
    data = saved(Image.fromarray(smooth(20, 30)), "PNG")
    assert codec.decode(data, max_pixels=600).pixels.shape == (20, 30, 3)
    assert refusal(data, max_pixels=599) == "too_large"


def test_opencv_and_pillow_are_silent():
    data = saved(Image.fromarray(smooth(20, 30)), "TIFF")[:-40]
    script = (
        "import sys; from augtool import codec; from augtool.errors import ItemError\n"
        "try: codec.decode(sys.stdin.buffer.read())\n"
        "except ItemError as error: sys.stdout.write(error.code)"
    )
    run = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=True)
    assert run.stdout in (b"truncated", b"corrupt")
    assert b"WARN" not in run.stderr and b"ERROR" not in run.stderr and b"Warning" not in run.stderr


# --- encode --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", ["jpeg", "png", "webp", "tiff", "bmp"])
def test_encode_is_deterministic_and_without_exif(fmt):
    pixels = smooth(20, 30)
    data, remarks = codec.encode(pixels, fmt, icc=None if fmt == "bmp" else RGB_PROFILE)
    assert (
        codec.encode(pixels.copy(), fmt, icc=None if fmt == "bmp" else RGB_PROFILE)
        == (data, remarks)
        == (data, ())
    )
    image = Image.open(io.BytesIO(data))
    assert "exif" not in image.info and 0x8825 not in image.getexif()
    assert np.abs(rgb_of(data).astype(int) - pixels).mean() < 8


def test_jpeg_reduces_16_bits_by_rounding_not_by_clipping():
    data, remarks = codec.encode(np.full((16, 16), 40_000, np.uint16), "jpeg")
    assert abs(int(codec.decode(data).pixels.mean()) - round(40_000 / 257)) <= 1
    assert [r.split(":")[0] for r in remarks] == ["depth"]


def test_jpeg_composites_alpha_over_white():
    pixels = np.zeros((16, 32, 4), np.uint8)
    pixels[:, 16:, 3] = 255
    data, remarks = codec.encode(pixels, "jpeg")
    back = codec.decode(data).pixels
    assert back[:, :12].min() > 245 and back[:, 20:].max() < 10
    assert [r.split(":")[0] for r in remarks] == ["alpha"]


def test_quality_matters_and_jpeg_colour_is_sampled_as_cameras_do():
    opened = Image.open(io.BytesIO(codec.encode(noise(64, 64, 3), "jpeg")[0]))
    assert [layer[1:3] for layer in opened.layer] == [(2, 2), (1, 1), (1, 1)]
    for fmt in ("jpeg", "webp"):
        sizes = [len(codec.encode(noise(64, 64, 3), fmt, quality=q)[0]) for q in (20, 60, 95)]
        assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("fmt", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize("channels", [None, 3, 4])
def test_profile_is_embedded_where_it_belongs(fmt, channels):
    shape = (21, 31) if channels is None else (21, 31, channels)
    pixels = noise(*shape)
    right, wrong = (GREY_PROFILE, RGB_PROFILE) if channels is None else (RGB_PROFILE, GREY_PROFILE)
    plain = codec.encode(pixels, fmt)
    refused = codec.encode(pixels, fmt, icc=wrong)
    assert refused[0] == plain[0] and refused[1][-1].startswith("profile:")
    data, remarks = codec.encode(pixels, fmt, icc=right)
    if fmt == "webp" and channels is None:  # WebP holds no grey
        assert data == plain[0] and remarks[-1].startswith("profile:")
        return
    assert remarks == plain[1]
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == right
    Image.open(io.BytesIO(data)).verify()
    with_profile, without = codec.decode(data), codec.decode(plain[0])
    assert with_profile.icc == codec.probe(data).icc == right and without.icc is None
    assert np.array_equal(with_profile.pixels, without.pixels)


@pytest.mark.parametrize("fmt", ["jpeg", "png"])
def test_long_profile_in_several_pieces(fmt):
    long = RGB_PROFILE + noise(200_000).tobytes()
    data, _ = codec.encode(smooth(20, 30), fmt, icc=long)
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == long and codec.decode(data).icc == long


@pytest.mark.parametrize(
    ("shape", "fmt", "code"),
    [
        ((1, 65_536), "jpeg", "too_large"),
        ((16_384, 1), "webp", "too_large"),
        ((4, 4, 2), "png", "unsupported"),
        ((0, 4, 3), "png", "unsupported"),
        ((4, 4, 3), "gif", "unsupported"),
    ],
)
def test_what_cannot_be_encoded(shape, fmt, code):
    with pytest.raises(ItemError) as caught:
        codec.encode(np.zeros(shape, np.uint8), fmt)
    assert caught.value.code == code


def test_floats_are_not_cast():
    with pytest.raises(ItemError) as caught:
        codec.encode(np.zeros((4, 4)), "png")
    assert caught.value.code == "unsupported"


def test_views_are_encoded_like_copies():
    pixels = noise(20, 30, 3)[::-1, ::2]
    assert codec.encode(pixels, "png") == codec.encode(pixels.copy(), "png")


# --- clean copies --------------------------------------------------------------------------------------


def private(fmt: str) -> tuple[bytes, bytes]:
    """A file full of secrets, and the same pixels without."""
    image = Image.fromarray(smooth(20, 30))
    if fmt == "JPEG":
        data = saved(image, fmt, icc_profile=RGB_PROFILE, exif=exif_block(gps=True), comment=b"Secret note")
        secret = b"\xff\xed" + struct.pack(">H", 22) + b"Photoshop 3.0\0Secret"
        data = data[:2] + secret + data[2:]
    elif fmt == "PNG":
        data = saved(image, fmt, icc_profile=RGB_PROFILE, exif=exif_block(gps=True))
        for kind in (b"tEXt", b"tIME", b"prVt"):
            data = png_add(data, kind, b"Secret\0note")
    else:
        data = saved(
            image,
            fmt,
            icc_profile=RGB_PROFILE,
            exif=exif_block(gps=True),
            xmp=b"<x>Secret</x>",
            lossless=True,
        )
    return data + b"Secret trailer", saved(image, fmt, icc_profile=RGB_PROFILE)


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_clean_copy_drops_secrets_and_keeps_pixels(fmt):
    data, _ = private(fmt)
    assert b"Secret" in data and 0x8825 in Image.open(io.BytesIO(data)).getexif()
    clean, remarks = codec.clean_copy(data)
    assert b"Secret" not in clean and remarks == () and len(clean) < len(data)
    image = Image.open(io.BytesIO(clean))
    assert not dict(image.getexif()) and not {"exif", "xmp", "comment", "photoshop"} & set(image.info)
    assert image.info["icc_profile"] == RGB_PROFILE
    assert np.array_equal(rgb_of(clean), rgb_of(data))
    for flag in (cv2.IMREAD_COLOR, cv2.IMREAD_UNCHANGED):
        before, after = (cv2.imdecode(np.frombuffer(d, np.uint8), flag) for d in (data, clean))
        assert np.array_equal(before, after)
    assert codec.clean_copy(clean)[0] is clean


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"restart_marker_rows": 1}, {"mode": "CMYK"}, {"mode": "L"}]
)
def test_clean_jpeg_keeps_what_decoding_needs(options):
    image = Image.fromarray(noise(40, 50, 3)).convert(options.pop("mode", "RGB"))
    data = saved(image, "JPEG", exif=exif_block(), **options)
    clean, _ = codec.clean_copy(data)
    assert b"SecretCamera" not in clean and np.array_equal(
        codec.decode(clean).pixels, codec.decode(data).pixels
    )


def test_clean_webp_states_its_size_and_flags():
    clean, _ = codec.clean_copy(private("WEBP")[0])
    assert struct.unpack_from("<I", clean, 4)[0] == len(clean) - 8
    assert clean[12:16] == b"VP8X" and clean[20] & 0x0C == 0 and clean[20] & 0x20


def test_clean_animation_keeps_its_frames():
    frames = [Image.fromarray(noise(8, 9, 3, seed=s)) for s in range(3)]
    for fmt in ("WEBP", "PNG"):
        data = saved(frames[0], fmt, save_all=True, append_images=frames[1:], exif=exif_block())
        clean = codec.clean_copy(data)[0]
        assert codec.probe(clean).frames == 3 and b"SecretCamera" not in clean


def test_clean_copy_of_a_turned_picture_is_upright_with_profile():
    data = saved(
        Image.fromarray(smooth(20, 30)), "JPEG", exif=exif_block(6, gps=True), icc_profile=RGB_PROFILE
    )
    clean, _ = codec.clean_copy(data)
    header = codec.probe(clean)
    assert (header.format, header.width, header.height, header.orientation) == ("jpeg", 20, 30, 1)
    assert header.icc == RGB_PROFILE and b"SecretCamera" not in clean


def test_clean_tiff_is_rewritten_only_for_a_position():
    image = Image.fromarray(noise(8, 9, 3))
    plain = saved(image, "TIFF")
    assert codec.clean_copy(plain)[0] is plain
    placed = saved(image, "TIFF", exif=exif_block(gps=True))
    clean, _ = codec.clean_copy(placed)
    assert 0x8825 not in Image.open(io.BytesIO(clean)).getexif()
    assert codec.probe(clean).format == "tiff" and np.array_equal(
        codec.decode(clean).pixels, codec.decode(placed).pixels
    )


def test_clean_copy_of_a_format_that_is_only_read_says_so():
    data = saved(Image.fromarray(smooth(20, 30)), "AVIF", exif=exif_block(gps=True))
    clean, remarks = codec.clean_copy(data)
    assert codec.sniff(clean) == "png" and remarks[0].startswith("reencoded:")


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP"])
def test_clean_copy_of_a_cut_file_is_refused(fmt):
    data = saved(Image.fromarray(noise(40, 50, 3)), fmt)
    with pytest.raises(ItemError) as caught:
        codec.clean_copy(data[: len(data) // 2])
    assert caught.value.code == "truncated"


# --- anything at all -----------------------------------------------------------------------------------

SEEDS = [private(fmt)[part] for fmt in ("JPEG", "PNG", "WEBP") for part in (0, 1)]
SEEDS += [saved(Image.fromarray(smooth(6, 7)), fmt) for fmt in ("GIF", "TIFF", "BMP", "PPM", "JPEG2000")]
HEADS = [seed[:12] for seed in SEEDS] + [b""]


def survives(data: bytes) -> None:
    for use in (codec.probe, lambda d: codec.decode(d, max_pixels=1_000_000), codec.clean_copy):
        try:
            use(data)
        except ItemError as error:
            assert error.code in codec.REASONS


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(HEADS), st.binary(max_size=300))
@example(b"", b"\xff\xd8\xff\xe1\x00\x00")
@example(b"", b"\xff\xd8\xff\xda\x00\x02\xff")
@example(b"", b"RIFF\xff\xff\xff\xffWEBPVP8X\xff\xff\xff\xff")
def test_random_bytes_raise_nothing_else(head, tail):
    survives(head + tail)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS), st.integers(0, 2**32), st.integers(1, 12))
def test_mutated_files_raise_nothing_else(seed, entropy, count):
    rng = random.Random(entropy)
    data = bytearray(seed)
    for _ in range(count):
        at = rng.randrange(len(data))
        action = rng.randrange(3)
        if action == 0:
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        elif action == 1 and len(data) > 20:
            del data[at : at + rng.randrange(1, 9)]
        else:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
    survives(bytes(data))


# --- real files ----------------------------------------------------------------------------------------


@pytest.fixture
def real() -> Path:
    folder = os.environ.get("AUGTOOL_REAL_DATA")
    if not folder:
        pytest.skip("AUGTOOL_REAL_DATA is not set")
    return Path(folder)


def test_every_hostile_file_is_a_picture_or_a_reason(real):
    folder = real / "hostile"
    with (folder / "manifest.tsv").open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert len(rows) > 1000
    pictures = 0
    for row in rows:
        data = (folder / row["file"]).read_bytes()
        try:
            picture = codec.decode(data)
        except ItemError as error:
            assert error.code in codec.REASONS, row["file"]
            assert row["category"] != "exif-orientation", row["file"]
            continue
        pictures += 1
        assert picture.pixels.dtype in (np.uint8, np.uint16) and picture.pixels.flags.c_contiguous
        assert row["category"] not in ("yaml-hostile", "naughty-strings"), row["file"]
    assert pictures > 700


def test_exif_examples_come_upright(real):
    # The set holds one landscape and one portrait scene, each stored in every orientation.
    folder = real / "hostile" / "recurser+exif-orientation-examples"
    for scene in ("Landscape", "Portrait"):
        one = codec.decode((folder / f"{scene}_1.jpg").read_bytes()).pixels
        for orientation in range(2, 9):
            other = codec.decode((folder / f"{scene}_{orientation}.jpg").read_bytes()).pixels
            assert other.shape == one.shape
            small = [
                cv2.resize(p, (60, 60), interpolation=cv2.INTER_AREA).astype(int)[:45] for p in (one, other)
            ]
            assert np.abs(small[0] - small[1]).mean() < 12, (scene, orientation)


def test_large_signs_come_upright(real):
    turned = 0
    for path in sorted((real / "sign_digits" / "Dataset" / "7").iterdir()):
        data = path.read_bytes()
        if len(data) > 100_000:
            header, picture = codec.probe(data), codec.decode(data)
            assert header.orientation == 6 and picture.pixels.shape == (3024, 3024, 3) and picture.icc
            oracle = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
            assert np.abs(picture.pixels[:, :, ::-1].astype(int) - np.asarray(oracle)).max() <= 2
            turned += 1
    assert turned == 3


def test_drone_pictures_lose_their_position(real):
    paths = sorted((real / "drone").rglob("*.JPG"))
    assert paths
    for path in paths:
        data = path.read_bytes()
        assert 0x8825 in Image.open(io.BytesIO(data)).getexif() and codec.probe(data).frames == 2
        picture = codec.decode(data)
        assert picture.pixels.shape == (2250, 4000, 3) and picture.warnings == ()
        clean, _ = codec.clean_copy(data)
        assert not dict(Image.open(io.BytesIO(clean)).getexif()) and codec.probe(clean).frames == 1
        assert np.array_equal(codec.decode(clean).pixels, picture.pixels)


@pytest.mark.parametrize("fmt", ["jpeg", "png", "webp", "tiff", "bmp"])
def test_a_thumbnail_is_the_picture_small_and_grey(fmt):
    rows, columns = np.mgrid[0:600, 0:900]
    pixels = np.dstack([rows // 4, columns // 4, (rows + columns) // 8]).astype(np.uint8)
    small = codec.thumbnail(codec.encode(pixels, fmt, quality=95)[0], 32)
    grey = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), (32, 32), interpolation=cv2.INTER_AREA)
    assert small.shape == (32, 32)
    assert small.dtype == np.uint8
    assert np.abs(small.astype(int) - grey).max() <= 4


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_thumbnail_of_any_layout_is_grey(channels, bits):
    top = 255 if bits == 8 else 65535
    layers = [np.full((70, 50), top // 2)] * min(channels, 3) + [np.full((70, 50), top)] * (channels == 4)
    pixels = np.dstack(layers).squeeze().astype(np.uint8 if bits == 8 else np.uint16)
    assert np.abs(codec.thumbnail(codec.encode(pixels, "png")[0], 16).astype(int) - 127).max() <= 1


@pytest.mark.parametrize("damage", [b"", b"nothing", b"\xff\xd8\xff"])
def test_a_thumbnail_of_what_is_no_picture_is_refused(damage):
    with pytest.raises(ItemError):
        codec.thumbnail(damage, 32)


def test_a_thumbnail_heeds_the_limit_on_pixels():
    data = codec.encode(np.zeros((50, 50, 3), np.uint8), "png")[0]
    with pytest.raises(ItemError, match="limit 100 pixels"):
        codec.thumbnail(data, 32, max_pixels=100)
