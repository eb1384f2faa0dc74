"""maskpng: the numbers in a mask survive, whatever its layout."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from augtool.errors import ItemError
from augtool.formats import maskpng

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)
COLOR = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
PALETTE = bytes(range(63))  # 21 colours


def png(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", **options)
    return out.getvalue()


def indexed(pixels: np.ndarray = GREY, palette: bytes = PALETTE) -> bytes:
    image = Image.fromarray(pixels)
    image = image.copy()
    image.putpalette(palette)
    return png(image)


SAMPLES = {
    "L": (png(Image.fromarray(GREY)), GREY),
    "I;16": (png(Image.fromarray(GREY.astype(np.uint16) * 300)), GREY.astype(np.uint16) * 300),
    "RGB": (png(Image.fromarray(COLOR)), COLOR),
    "RGBA": (png(Image.fromarray(COLOR).convert("RGBA")), COLOR),
    "LA": (png(Image.fromarray(GREY).convert("LA")), GREY),
    "1": (png(Image.fromarray((GREY > 5).astype(np.uint8) * 255).convert("1")), (GREY > 5).astype(np.uint8)),
    "P": (indexed(), GREY),
}


@pytest.mark.parametrize("mode", SAMPLES)
def test_every_layout_comes_back_with_its_numbers_and_its_mode(mode):
    data, expected = SAMPLES[mode]
    mask = maskpng.load(data, "m.png", (4, 3))
    assert np.array_equal(mask.pixels, expected)
    assert maskpng.dump(mask, mask.pixels.copy()) == data
    turned = maskpng.dump(mask, np.ascontiguousarray(mask.pixels[:, ::-1]))
    assert Image.open(io.BytesIO(turned)).mode == mode
    assert np.array_equal(maskpng.load(turned, "m.png").pixels, expected[:, ::-1])


def test_a_palette_keeps_its_bytes_and_only_grows_for_the_ignore_index():
    mask = maskpng.load(indexed(), "m.png")
    moved = GREY[::-1].copy()
    assert Image.open(io.BytesIO(maskpng.dump(mask, moved))).palette.palette == PALETTE
    moved[0, 0] = 255
    image = Image.open(io.BytesIO(maskpng.dump(mask, moved)))
    assert image.palette.palette[:63] == PALETTE
    assert np.array_equal(np.asarray(image), moved)


def test_two_colours_and_an_ignore_index_do_not_fall_together_in_one_bit():
    mask = maskpng.load(indexed(GREY % 2, bytes(6)), "m.png")
    moved = (GREY % 2).copy()
    moved[0, 0] = 255
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(maskpng.dump(mask, moved)))), moved)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "m.png: is no readable PNG"),
        (SAMPLES["L"][0][:-20], "m.png: is no readable PNG"),
        (png(Image.fromarray(GREY.T.copy())), "m.png: is 3x4, but its picture is displayed as 4x3"),
        (png(Image.fromarray(np.dstack([COLOR, GREY]))), "m.png: a mask with transparency"),
    ],
)
def test_a_mask_that_cannot_be_trusted_is_refused(data, message):
    with pytest.raises(ItemError, match=message) as caught:
        maskpng.load(data, "m.png", (4, 3))
    assert caught.value.code == "label_invalid"
