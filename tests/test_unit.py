import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import encoded, pixels, put, recipe, tree, turned_jpeg
from PIL import Image, ImageCms, features

from augtool import codec
from augtool.formats.folder import FolderDataset
from augtool.formats.stems import output_stems
from augtool.plan import Job
from augtool.recipe import Output, Recipe
from augtool.sample import Item
from augtool.unit import Context, UnitResult, output_format, process, variant_name
from augtool.warp import Outside

NOTHING = "version: 1\nvariants: 1\noutput: {format: FORMAT}\ntransforms: []\n"
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def unit(
    tmp_path: Path, name: str, data: bytes, what: Recipe | None = None, **item: Any
) -> tuple[UnitResult, Path]:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir(exist_ok=True)
    output.mkdir(exist_ok=True)
    (source / name).write_bytes(data)
    what = what or recipe()
    known = Item(name, "", Path(name).stem, Path(name).suffix, size_bytes=len(data), **item)
    context = Context(what, what.seed, source, output, Outside(), FolderDataset(source))
    return process(Job(known, copy=True, variants=what.variants), context), output


def opened(path: Path) -> Any:
    image = Image.open(path)
    image.load()
    return image


def test_a_unit_writes_the_original_and_its_variants(tmp_path: Path) -> None:
    result, output = unit(tmp_path, "a.png", encoded(), split="train", label="cat")
    assert (result.status, result.warnings) == ("ok", [])
    assert [row["output"] for row in result.rows] == ["a.png", "a__aug1.png", "a__aug2.png"]
    assert [row["kind"] for row in result.rows] == ["original", "variant", "variant"]
    assert [row["variant"] for row in result.rows] == [0, 1, 2]
    assert result.rows[0]["steps"] == []
    assert list(result.rows[0]) == ["output", "source", "kind", "variant", "split", "label", "steps",
                                    "width", "height", "sha256", "source_sha256"]  # fmt: skip
    assert set(tree(output)) == {"a.png", "a__aug1.png", "a__aug2.png"}
    assert (output / "a.png").read_bytes() == encoded()
    assert len({row["sha256"] for row in result.rows}) == 3


# --- broken sources --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not_an_image"),
        (encoded()[:-20], "truncated"),
        (encoded(fmt="jpeg")[:-200], "truncated"),
        (encoded(fmt="jpeg")[:-200] + b"\0" * 200, "truncated"),
        (encoded()[:40] + b"\xff" * 60 + encoded()[100:], "corrupt"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "unsupported"),
    ],
)
def test_a_broken_source_writes_nothing_and_says_why(tmp_path: Path, data: bytes, reason: str) -> None:
    result, output = unit(tmp_path, "a.jpg", data, label="cat")
    assert (result.status, result.reason, result.rows) == ("failed", reason, [])
    assert result.message
    assert "\n" not in result.message
    assert tree(output) == {}
    assert result.record()["label"] == "cat"


def test_a_picture_beyond_the_limit_is_not_decoded(tmp_path: Path) -> None:
    put(tmp_path / "a.png", width=40, height=30)
    item = Item("a.png", "", "a", ".png")
    context = Context(
        recipe(), 1, tmp_path, tmp_path / "out", Outside(), FolderDataset(tmp_path), max_pixels=1199
    )
    result = process(Job(item, copy=True, variants=1), context)
    assert result.reason == "too_large"


def test_a_variant_that_cannot_be_written_leaves_no_original_either(tmp_path: Path) -> None:
    wide = "version: 1\nvariants: 1\noutput: {format: webp}\ntransforms:\n  - resize: {size: [17000, 4]}\n"
    result, output = unit(tmp_path, "a.png", encoded(), recipe(wide))
    assert (result.status, result.reason) == ("failed", "too_large")
    assert tree(output) == {}


def test_what_the_scan_found_is_passed_on(tmp_path: Path) -> None:
    result, _ = unit(tmp_path, "a.png", encoded(), problem=("link_outside", "is a link"))
    assert (result.reason, result.message) == ("link_outside", "is a link")


# --- orientation and metadata ----------------------------------------------------------------------------


@pytest.mark.parametrize("fmt", ["keep", "png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once_and_the_tag_not_carried(
    tmp_path: Path, orientation: int, fmt: str
) -> None:
    data = turned_jpeg(orientation, gps=True, icc=SRGB)
    from PIL import ImageOps

    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"), np.int16)
    result, output = unit(tmp_path, "a.jpg", data, recipe(NOTHING, fmt))
    assert result.status == "ok"
    for row in result.rows:
        image = opened(output / row["output"])
        assert image.getexif().get(0x0112, 1) == 1
        assert dict(image.getexif()) == {}
        assert image.info["icc_profile"] == SRGB
        assert (row["width"], row["height"]) == image.size == upright.shape[1::-1]
        shown = np.asarray(image.convert("RGB"), np.int16)
        assert np.abs(shown - upright).mean() < 3
        assert b"camera" not in (output / row["output"]).read_bytes()


def test_an_upright_original_is_not_recompressed(tmp_path: Path) -> None:
    data = turned_jpeg(1, gps=True)
    _, output = unit(tmp_path, "a.jpg", data, recipe(NOTHING))
    copy = (output / "a.jpg").read_bytes()
    assert len(copy) < len(data)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(copy))), np.asarray(Image.open(io.BytesIO(data))))


# --- depth, channels, formats ----------------------------------------------------------------------------


@pytest.mark.parametrize(("channels", "mode"), [(1, "I;16"), (3, "RGB"), (4, "RGBA")])
def test_sixteen_bits_stay_sixteen_bits(tmp_path: Path, channels: int, mode: str) -> None:
    data = encoded(channels=channels, bits=16)
    result, output = unit(tmp_path, "a.png", data)
    for row in result.rows:
        written = codec.decode((output / row["output"]).read_bytes()).pixels
        assert written.dtype == np.uint16
        assert written.ndim == (2 if channels == 1 else 3)
        assert opened(output / row["output"]).mode == mode
    assert result.warnings == []


def test_what_a_format_cannot_hold_is_a_warning(tmp_path: Path) -> None:
    result, output = unit(tmp_path, "a.png", encoded(channels=4, bits=16), recipe(fmt="jpeg"))
    assert [warning.partition(":")[0] for warning in result.warnings] == ["depth", "alpha"]
    assert opened(output / "a_png__aug1.jpg").format == "JPEG"
    assert opened(output / "a.png").mode == "RGBA"


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_grey_colour_and_alpha_keep_their_channels(tmp_path: Path, channels: int) -> None:
    result, output = unit(tmp_path, "a.png", encoded(channels=channels))
    shapes = {codec.decode((output / row["output"]).read_bytes()).pixels.shape for row in result.rows}
    assert shapes == {pixels(channels=channels).shape}


@pytest.mark.parametrize(
    ("name", "fmt", "written", "variant", "kind"),
    [
        ("a.JPG", "jpeg", "keep", "a__aug1.JPG", "JPEG"),
        ("a.jpeg", "jpeg", "keep", "a__aug1.jpeg", "JPEG"),
        ("wrong.jpg", "png", "keep", "wrong_jpg__aug1.png", "PNG"),
        ("wrong.png", "jpeg", "keep", "wrong_png__aug1.jpg", "JPEG"),
        ("no_suffix", "png", "keep", "no_suffix__aug1.png", "PNG"),
        ("a.png", "png", "jpeg", "a_png__aug1.jpg", "JPEG"),
        ("a.png", "png", "webp", "a_png__aug1.webp", "WEBP"),
        ("a.bmp", "bmp", "keep", "a__aug1.bmp", "BMP"),
        ("a.tif", "tiff", "keep", "a__aug1.tif", "TIFF"),
    ],
)
def test_content_decides_and_the_name_says_the_format(
    tmp_path: Path, name: str, fmt: str, written: str, variant: str, kind: str
) -> None:
    result, output = unit(tmp_path, name, encoded(fmt=fmt), recipe(NOTHING, written))
    assert [row["output"] for row in result.rows] == [name, variant]
    assert opened(output / variant).format == kind


def test_of_an_animation_the_first_frame_is_used_with_a_warning(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 16), color) for color in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    result, output = unit(tmp_path, "a.gif", buffer.getvalue(), recipe(NOTHING))
    assert result.warnings == ["animated: first of 3 frames used"]
    variant = opened(output / "a_gif__aug1.png").convert("RGB")
    assert variant.getpixel((5, 5)) == (255, 0, 0)
    assert opened(output / "a.gif").n_frames == 3


def test_palettes_become_colours(tmp_path: Path) -> None:
    image = Image.new("P", (20, 16))
    image.putpalette([0, 0, 0, 200, 30, 40] + [0] * 762)
    image.paste(1, (0, 0, 10, 16))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    _, output = unit(tmp_path, "a.png", buffer.getvalue(), recipe(NOTHING))
    assert opened(output / "a__aug1.png").convert("RGB").getpixel((5, 5)) == (200, 30, 40)


@pytest.mark.parametrize(
    ("size", "expected"), [((16,), (16, 12)), ((500,), (24, 18)), ((20, 30), (20, 30)), (None, (24, 18))]
)
def test_output_size_holds_for_originals_and_variants(
    tmp_path: Path, size: tuple[int, ...] | None, expected: tuple[int, int]
) -> None:
    what = replace(recipe(), output=Output("keep", 95, size))
    result, output = unit(tmp_path, "a.png", encoded(), what)
    assert {opened(output / row["output"]).size for row in result.rows} == {expected}
    assert {(row["width"], row["height"]) for row in result.rows} == {expected}


def test_the_format_that_is_written() -> None:
    assert output_format(Output("keep"), "jpeg") == "jpeg"
    assert output_format(Output("keep"), "gif") == "png"
    assert output_format(Output("webp"), "jpeg") == "webp"
    assert variant_name(Item("d/a.jpg", "d/", "a", ".jpg"), 12, "png") == "d/a_jpg__aug12.png"


def avif(gps: bool = True) -> bytes:
    exif = Image.Exif()
    if gps:
        exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    buffer = io.BytesIO()
    Image.fromarray(pixels()).save(buffer, "AVIF", exif=exif.tobytes())
    return buffer.getvalue()


@pytest.mark.skipif(not features.check("avif"), reason="this build of Pillow has no AVIF")
def test_a_copy_that_is_written_in_another_format_is_named_by_it(tmp_path: Path) -> None:
    result, output = unit(tmp_path, "a.avif", avif(), recipe(NOTHING, "keep"))
    assert [row["output"] for row in result.rows] == ["a_avif.png", "a_avif__aug1.png"]
    assert opened(output / "a_avif.png").format == "PNG"
    assert result.warnings == ["reencoded: written as png, as avif is only read; the copy is a_avif.png"]
    result, output = unit(tmp_path, "b.avif", avif(gps=False), recipe(NOTHING, "keep"))
    assert result.rows[0]["output"] == "b.avif"
    assert (output / "b.avif").read_bytes() == avif(gps=False)


def test_a_resized_copy_is_named_by_its_format_and_meets_no_other(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(pixels()).save(buffer, "GIF")
    what = replace(recipe(NOTHING, "keep"), output=Output("keep", size=(8,)))
    result, output = unit(tmp_path, "a.gif", buffer.getvalue(), what)
    assert [row["output"] for row in result.rows] == ["a_gif.png", "a_gif__aug1.png"]
    assert any("the copy is a_gif.png" in warning for warning in result.warnings)
    assert opened(output / "a_gif.png").size == (8, 6)
    assert output_stems(["a.gif", "a_gif.png"])[1] != "a_gif"


def test_a_wrong_suffix_is_kept_where_the_bytes_are(tmp_path: Path) -> None:
    result, _ = unit(tmp_path, "a.jpg", encoded(), recipe(NOTHING, "keep"))
    assert result.rows[0]["output"] == "a.jpg"
    assert result.warnings == []
