from pathlib import Path

import pytest
from making import dataset, put, recipe, tree
from PIL import Image

from augtool.errors import UsageError
from augtool.preview import write_sheet


def test_a_picture_and_its_variants_fill_the_grid(tmp_path: Path) -> None:
    image = put(tmp_path / "a.png", width=200, height=120)
    assert write_sheet(recipe(), image, tmp_path / "sheet.png", (3, 2), None) == 6
    sheet = Image.open(tmp_path / "sheet.png")
    assert sheet.format == "PNG"
    assert sheet.width >= 3 * 200
    assert sheet.height >= 2 * 120
    # The original stands unchanged in the first cell: its brightest square is there.
    colours = sheet.crop((0, 0, sheet.width // 3, sheet.height // 2)).getcolors(1 << 20) or []
    assert any(colour == (250, 250, 250) or colour[0] == 250 for _, colour in colours)


@pytest.mark.parametrize(("variants", "shown"), [(0, 1), (1, 2), (4, 5), (99, 9), (None, 9)])
def test_variants_bound_what_is_shown_of_one_picture(
    tmp_path: Path, variants: int | None, shown: int
) -> None:
    assert write_sheet(recipe(), put(tmp_path / "a.png"), tmp_path / "s.png", (3, 3), variants) == shown


@pytest.mark.parametrize(("suffix", "fmt"), [(".png", "PNG"), (".JPG", "JPEG"), (".webp", "WEBP")])
def test_the_suffix_gives_the_format(tmp_path: Path, suffix: str, fmt: str) -> None:
    target = tmp_path / f"sheet{suffix}"
    write_sheet(recipe(), put(tmp_path / "a.png"), target, (2, 1), None)
    assert Image.open(target).format == fmt


@pytest.mark.parametrize("name", ["sheet.gif", "sheet", "sheet.pdf"])
def test_another_format_is_refused(tmp_path: Path, name: str) -> None:
    image = put(tmp_path / "a.png")
    before = tree(tmp_path)
    with pytest.raises(UsageError, match=r"a sheet is a \.png, \.jpg or \.webp file"):
        write_sheet(recipe(), image, tmp_path / name, (2, 1), None)
    assert tree(tmp_path) == before


@pytest.mark.parametrize(("grid", "variants"), [((3, 2), None), ((3, 2), 1), ((3, 2), 0), ((1, 3), None)])
def test_a_folder_is_shown_from_all_over(tmp_path: Path, grid: tuple[int, int], variants: int | None) -> None:
    source = dataset(tmp_path / "in", ("cat", "dog", "elk"), 2)
    (source / "elk" / "elk1.jpg").write_bytes(b"broken")
    before = tree(source)
    assert write_sheet(recipe(), source, tmp_path / "sheet.png", grid, variants) == grid[0] * grid[1]
    assert tree(source) == before


def test_every_kind_of_picture_can_be_shown(tmp_path: Path) -> None:
    source = tmp_path / "in"
    for number, (channels, bits) in enumerate([(1, 8), (1, 16), (3, 16), (4, 8), (4, 16)]):
        put(source / f"{number}.png", number, channels=channels, bits=bits)
    put(source / "long.png", 9, width=900, height=3)
    put(source / "caf\u00e9 with a long name in it \u65e5\u672c\n.png", 9)
    assert write_sheet(recipe(), source, tmp_path / "sheet.png", (2, 7), None) == 14


def test_nothing_to_show_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(UsageError, match="holds no picture"):
        write_sheet(recipe(), tmp_path / "in", tmp_path / "sheet.png", (2, 2), None)
    with pytest.raises(UsageError, match="absent"):
        write_sheet(recipe(), tmp_path / "absent.png", tmp_path / "sheet.png", (2, 2), None)
    assert not (tmp_path / "sheet.png").exists()
