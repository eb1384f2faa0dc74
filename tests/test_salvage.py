import io

import numpy as np
import pytest
from making import encoded, turned_jpeg
from PIL import Image

from augtool import noise, salvage
from augtool.errors import ItemError

JPEG = encoded(fmt="jpeg", width=200, height=160)


@pytest.mark.parametrize("share", range(0, 100, 5))
def test_a_jpeg_cut_anywhere_has_a_verdict_at_every_level(share: int) -> None:
    cut = JPEG[: len(JPEG) * share // 100]
    for level in ("truncated", "error", "warning"):
        with pytest.raises(ItemError) as caught:
            salvage.decode(cut, 10**6, level)
        assert caught.value.code in ("empty", "truncated", "not_an_image")
    try:
        picture = salvage.decode(cut, 10**6, "none")
    except ItemError as error:
        assert share < 30, "the header is gone"
        assert error.code in ("empty", "truncated", "not_an_image")
    else:
        assert picture.pixels.shape == (160, 200, 3)
        assert picture.warnings[0].startswith("damaged: used as far as it goes; the file ends before")


def test_what_is_there_of_a_cut_picture_is_right() -> None:
    whole = salvage.decode(JPEG, 10**6).pixels
    half = salvage.decode(JPEG[: len(JPEG) // 2], 10**6, "none").pixels
    assert np.abs(whole[:40].astype(int) - half[:40]).max() <= 3
    assert (half[-8:] == half[-1, -1]).all()


def test_a_turned_picture_is_turned_all_the_same() -> None:
    data = turned_jpeg(6)
    picture = salvage.decode(data[:-40], 10**6, "none")
    assert picture.pixels.shape[:2] == (32, 20)


def test_complaints_fail_only_where_they_are_to(capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(JPEG)
    data[-400:-380] = bytes(20)
    with noise.captured():
        assert salvage.decode(bytes(data), 10**6, "error").pixels.shape == (160, 200, 3)
        assert noise.take()
        with pytest.raises(ItemError) as caught:
            salvage.decode(bytes(data), 10**6, "warning")
        assert caught.value.code == "complaint"
        assert salvage.decode(JPEG, 10**6, "warning").warnings == ()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("level", ["none", "truncated", "error", "warning"])
def test_the_cap_holds_at_every_level(level: str) -> None:
    buffer = io.BytesIO()
    Image.new("L", (1000, 1001)).save(buffer, "PNG")
    for data in (buffer.getvalue(), buffer.getvalue()[:-30]):
        with pytest.raises(ItemError) as caught:
            salvage.decode(data, 10**6, level)
        assert caught.value.code == "too_large"
