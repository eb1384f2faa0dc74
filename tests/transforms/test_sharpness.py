"""sharpness: Pillow's enhancer, the formula of unsharp masking, where the light on a relief comes from."""

from typing import Any

import cv2
import numpy as np
import oracles
import pytest
from oracles import run, step
from PIL import Image, ImageEnhance


@pytest.mark.parametrize("layout", ["grey8", "bgr8"])
@pytest.mark.parametrize("factor", [0, 0.5, 1.5, 2, 4])
def test_sharpen_is_pillows_enhancer(layout: str, factor: float) -> None:
    pixels = oracles.noise(layout, (40, 30))
    expected = np.asarray(ImageEnhance.Sharpness(Image.fromarray(pixels)).enhance(factor)).astype(int)
    # Pillow truncates the smoothed picture where we round it, and the factor carries that over.
    result = run(pixels, step("sharpen", factor=factor)).astype(int)
    assert np.abs(result - expected)[1:-1, 1:-1].max() <= 1 + abs(1 - factor)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert np.array_equal(result[edge], pixels[edge])


@pytest.mark.parametrize("layout", ["grey8", "bgr16"])
def test_unsharp_mask_adds_what_a_blur_takes_away(layout: str) -> None:
    pixels = oracles.smooth(layout)
    full = np.iinfo(pixels.dtype).max
    blurred = cv2.GaussianBlur(pixels.astype(np.float64), (0, 0), 3, borderType=cv2.BORDER_REFLECT_101)
    expected = np.clip(pixels + 2 * (pixels - blurred), 0, full)
    assert np.abs(run(pixels, step("unsharp_mask", amount=2, sigma=3)) - expected).max() <= 3


def test_unsharp_mask_leaves_weak_detail_alone() -> None:
    pixels = np.full((40, 40), 100, np.uint8)
    pixels[10, 10], pixels[30, 30] = 108, 250
    result = run(pixels, step("unsharp_mask", amount=1, sigma=2, threshold=0.1))
    assert result[10, 10] == 108
    assert result[30, 30] == 255


@pytest.mark.parametrize(("angle", "lit"), [(0, "right"), (90, "top"), (180, "left"), (-90, "bottom")])
def test_emboss_lights_the_side_it_names(angle: float, lit: str) -> None:
    pixels: Any = np.full((60, 60), 100, np.uint8)
    pixels[20:40, 20:40] = 150
    result = run(cv2.GaussianBlur(pixels, (0, 0), 2), step("emboss", strength=1, angle=angle)).astype(int)
    sides = {
        "left": result[30, 15:25],
        "right": result[30, 35:45],
        "top": result[15:25, 30],
        "bottom": result[35:45, 30],
    }
    brightest = {name: int((side - side[[0, -1]].mean()).sum()) for name, side in sides.items()}
    assert max(brightest, key=lambda name: brightest[name]) == lit
    assert result[5, 5] == 100 and abs(result[30, 30] - 150) <= 1
