"""sample: where the files made from a picture go."""

from __future__ import annotations

import pytest

from augtool.sample import OUTPUT, Item
from augtool.unit import variant_name


@pytest.mark.parametrize(
    ("item", "fmt", "expected"),
    [
        (Item("a.JPG", "x/", "a", ".JPG"), "jpeg", "x/a__aug2.JPG"),
        (Item("a.png", "", "a", ".png"), "jpeg", "a_png__aug2.jpg"),
        (Item("a", "", "a", ""), "png", "a__aug2.png"),
        (Item("k", f"s/{OUTPUT}/images/", "k", ".png"), "png", "s/k__aug2/images/k__aug2.png"),
        (Item("c", "c/", "c", "_leftImg8bit.png"), "png", "c/c__aug2_leftImg8bit.png"),
        (Item("c", "c/", "c", "_leftImg8bit.png"), "jpeg", "c/c_png__aug2_leftImg8bit.jpg"),
    ],
)
def test_a_variant_is_named_after_its_source(item, fmt, expected):
    assert variant_name(item, 2, fmt) == expected


def test_a_folder_of_ones_own_follows_the_name():
    assert Item("k", f"{OUTPUT}/images/", "k", ".png").output("k", ".png") == "k/images/k.png"
