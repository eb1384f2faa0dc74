"""Rows 8, 17, 18 and 19: spoilt bytes end in an error of ours, whatever they are.

The targets are those of ``fuzz/``, which run for as long as one likes; here they get a few examples each.
"""

import io
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import RECIPE, encoded
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "fuzz"))
import targets

LABELS = {
    "yolo": b"0 0.5 0.5 0.25 0.5\n1 0.1 0.1 0.2 0.1 0.3 0.3\n",
    "coco": b'{"images":[{"id":1,"file_name":"a.png","width":24,"height":18}],"annotations":[{"id":1,'
    b'"image_id":1,"category_id":1,"bbox":[1,2,3,4],"segmentation":[[1,2,3,4,5,6]]}],'
    b'"categories":[{"id":1,"name":"cat"}]}',
}
WORDS = [b"NaN", b"1e999", b"-1", b"\0", b"\xff", b"[" * 200, b"{", b'"\\ud800"', b"../", b"&a *a",
         b"!!python/", b"9" * 400, b"\n", b"<!ENTITY", b": ", b"true"]  # fmt: skip
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def spoilt(data: bytes) -> st.SearchStrategy[bytes]:
    """Bytes with some places cut out, replaced or stuffed."""
    places = st.integers(0, len(data))
    edits = st.tuples(places, st.integers(0, 12), st.one_of(st.binary(max_size=6), st.sampled_from(WORDS)))

    def apply(changes: list[tuple[int, int, bytes]]) -> bytes:
        result = data
        for at, length, new in changes:
            result = result[:at] + new + result[at + length :]
        return result

    return st.lists(edits, min_size=1, max_size=4).map(apply)


@quick
@given(spoilt(RECIPE.replace("FORMAT", "png").encode()))
def test_recipes(data: bytes) -> None:
    targets.recipe(data)


@pytest.mark.parametrize("name", LABELS)
def test_labels(name: str) -> None:
    @quick
    @given(spoilt(LABELS[name]))
    def check(data: bytes) -> None:
        targets.labels(name, data)

    check()


def _pictures() -> dict[str, bytes]:
    found = {fmt: encoded(fmt=fmt) for fmt in ("png", "jpeg", "webp", "tiff", "bmp")}
    for fmt in ("GIF", "PPM"):
        buffer = io.BytesIO()
        Image.new("RGB", (24, 18), (200, 30, 40)).save(buffer, fmt)
        found[fmt.lower()] = buffer.getvalue()
    return found


PICTURES = _pictures()


@pytest.mark.parametrize("fmt", PICTURES)
def test_pictures(fmt: str) -> None:
    @quick
    @given(spoilt(PICTURES[fmt]))
    def check(data: bytes) -> None:
        targets.picture(data)

    check()
