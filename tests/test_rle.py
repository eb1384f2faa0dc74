import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from augtool import rle
from augtool.errors import ItemError
from augtool.labels import Mask


def blob(seed=0, size=(37, 23)):
    generator = np.random.default_rng(seed)
    return (generator.random((size[1], size[0])) > 0.6).astype(np.uint8)


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("pixels", [blob(), np.zeros((5, 7), np.uint8), np.ones((5, 7), np.uint8)])
def test_a_mask_comes_back_and_pycocotools_agrees(pixels, compressed):
    size = pixels.shape[1], pixels.shape[0]
    encoded = rle.encode(Mask(pixels), size, compressed=compressed)
    assert isinstance(encoded["counts"], str if compressed else list)
    assert np.array_equal(rle.decode(encoded, size), pixels)
    theirs = encoded if compressed else coco.frPyObjects(encoded, size[1], size[0])
    assert np.array_equal(coco.decode(theirs), pixels)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_any_mask_comes_back(width, height, seed):
    pixels = blob(seed, (width, height))
    encoded = rle.encode(Mask(pixels), (width, height), compressed=True)
    assert np.array_equal(rle.decode(encoded, (width, height)), pixels)


def test_long_runs_come_back():
    pixels = np.zeros((2000, 3000), np.uint8)
    pixels[:, 1000:2500] = 1
    encoded = rle.encode(Mask(pixels), (3000, 2000), compressed=True)
    assert np.array_equal(rle.decode(encoded, (3000, 2000)), pixels)


@pytest.mark.parametrize(
    "segmentation",
    [
        {},
        {"size": [2, 3]},
        {"size": [3, 2], "counts": [6]},
        {"size": [2, 3], "counts": [5]},
        {"size": [2, 3], "counts": [7]},
        {"size": [2, 3], "counts": [-1, 7]},
        {"size": [2, 3], "counts": [2.0, 4]},
        {"size": [2, 3], "counts": [True, 5]},
        {"size": [2, 3], "counts": {"a": 1}},
        {"size": [2, 3], "counts": "\x00\x01"},
        {"size": [2, 3], "counts": "é"},
        {"size": [2, 3], "counts": "o" * 500},
        {"size": [2, 3], "counts": "P"},
        {"size": [2, 3], "counts": "@"},
        {"size": 6, "counts": [6]},
    ],
)
def test_damaged_runs_are_refused(segmentation):
    with pytest.raises(ItemError) as caught:
        rle.decode(segmentation, (3, 2))
    assert caught.value.code == "label_invalid"


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=30))
def test_any_text_is_read_or_refused(counts):
    try:
        mask = rle.decode({"size": [4, 5], "counts": counts}, (5, 4))
    except ItemError:
        return
    assert mask.shape == (4, 5)


def test_a_window_is_placed_where_it_was_and_cut_at_the_border():
    full = np.zeros((10, 12), np.uint8)
    full[3:6, 4:9] = 1
    cut = rle.window(full)
    assert (cut.left, cut.top, cut.pixels.shape) == (4, 3, (3, 5))
    assert np.array_equal(rle.place(cut, (12, 10)), full)
    assert rle.place(Mask(np.ones((4, 4), np.uint8), -2, 8), (12, 10)).sum() == 4
    assert rle.place(Mask(np.ones((4, 4), np.uint8), 50, 50), (12, 10)).sum() == 0
    assert rle.window(np.zeros((3, 3), np.uint8)).pixels.sum() == 0


def test_holes_are_cut_out_and_parts_joined():
    def square(low, high):
        return np.array([[low, low], [high, low], [high, high], [low, high]], float)

    mask = rle.fill([(square(0, 10), [square(2, 4)]), (square(12, 15), [])], (20, 20))
    assert mask.sum() == 100 - 4 + 9
    assert mask[3, 3] == 0
    assert mask[13, 13] == 1
