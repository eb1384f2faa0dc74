import os
import unicodedata
from pathlib import Path

import pytest
from making import put

from augtool.errors import UsageError
from augtool.formats import open_dataset
from augtool.formats.folder import FolderDataset, is_split_level, output_stems, safe_name, safe_path
from augtool.sample import Item
from augtool.unit import variant_name


def items(root: Path) -> dict[str, Item]:
    found = list(FolderDataset(root).items())
    assert len({item.key for item in found}) == len(found)
    return {item.key: item for item in found}


def places(root: Path) -> dict[str, tuple[str | None, str | None]]:
    return {key: (item.split, item.label) for key, item in items(root).items()}


# --- splits and classes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a.jpg"], {"a.jpg": (None, None)}),
        (["cat/a.jpg", "dog/b.jpg"], {"cat/a.jpg": (None, "cat"), "dog/b.jpg": (None, "dog")}),
        (["cat/big/a.jpg"], {"cat/big/a.jpg": (None, "cat/big")}),
        (
            ["train/cat/a.jpg", "val/cat/b.jpg", "test/dog/c.jpg"],
            {"train/cat/a.jpg": ("train", "cat"), "val/cat/b.jpg": ("val", "cat"),
             "test/dog/c.jpg": ("test", "dog")},
        ),
        (
            ["Training/a.jpg", "valid/b.jpg", "Testing/c.jpg"],
            {"Training/a.jpg": ("train", None), "valid/b.jpg": ("val", None),
             "Testing/c.jpg": ("test", None)},
        ),
        (["train/cat/a.jpg"], {"train/cat/a.jpg": ("train", "cat")}),
        (["Dataset/train/cat/a.jpg", "Dataset/test/cat/b.jpg"],
         {"Dataset/train/cat/a.jpg": ("train", "cat"), "Dataset/test/cat/b.jpg": ("test", "cat")}),
        # Classes that happen to be called like splits.
        (["test/a.jpg", "exam/b.jpg"], {"test/a.jpg": (None, "test"), "exam/b.jpg": (None, "exam")}),
        (["train/a.jpg", "bus/b.jpg"], {"train/a.jpg": (None, "train"), "bus/b.jpg": (None, "bus")}),
        (["train/test/a.jpg", "train/exam/b.jpg", "val/test/c.jpg"],
         {"train/test/a.jpg": ("train", "test"), "train/exam/b.jpg": ("train", "exam"),
          "val/test/c.jpg": ("val", "test")}),
    ],
)  # fmt: skip
def test_splits_and_classes(
    tmp_path: Path, paths: list[str], expected: dict[str, tuple[str | None, str | None]]
) -> None:
    for path in paths:
        put(tmp_path / path)
    assert places(tmp_path) == expected


@pytest.mark.parametrize(
    ("names", "splits"),
    [({"train", "val"}, True), ({"train"}, True), ({"TRAIN", "Test", "extra"}, True),
     ({"val", "test"}, False), ({"train", "bus"}, False), (set(), False)],
)  # fmt: skip
def test_which_folders_divide_a_set(names: set[str], splits: bool) -> None:
    assert is_split_level(names) is splits


# --- what is a picture -----------------------------------------------------------------------------------


def test_other_files_are_counted_and_hidden_ones_are_not_seen(tmp_path: Path) -> None:
    put(tmp_path / "a.JPG")
    put(tmp_path / "no_suffix")
    put(tmp_path / ".hidden.png")
    put(tmp_path / ".git" / "x.png")
    put(tmp_path / "__MACOSX" / "x.png")
    for name in ("notes.txt", "more.TXT", "README", "Thumbs.db"):
        (tmp_path / name).write_text("text")
    data = FolderDataset(tmp_path)
    assert [item.key for item in data.items()] == ["a.JPG", "no_suffix"]
    assert data.ignored == {".txt": 2, "no suffix": 1}
    list(data.items())
    assert data.ignored == {".txt": 2, "no suffix": 1}


def test_the_order_is_by_path_whatever_the_disk_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b/2.png", "b/10.png", "a/1.png", "B/3.png"):
        put(tmp_path / name)
    forward = list(items(tmp_path))
    real = os.scandir

    class Backwards:
        def __init__(self, path: object) -> None:
            self.entries = sorted(real(path), key=lambda entry: entry.name, reverse=True)  # type: ignore[call-overload]

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self.entries

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(os, "scandir", Backwards)
    assert list(items(tmp_path)) == forward == ["B/3.png", "a/1.png", "b/10.png", "b/2.png"]


# --- links and special files -----------------------------------------------------------------------------


def test_links_out_of_the_set_are_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    put(outside / "secret.png")
    put(root / "cat" / "a.png")
    (root / "cat" / "link.png").symlink_to(outside / "secret.png")
    (root / "cat" / "relative.png").symlink_to("../../outside/secret.png")
    (root / "dog").symlink_to(outside)
    (root / "cat" / "dangling.png").symlink_to("nothing.png")
    (root / "cat" / "circle.png").symlink_to("circle.png")
    found = items(root)
    assert set(found) == {
        "cat/a.png",
        "cat/link.png",
        "cat/relative.png",
        "cat/dangling.png",
        "cat/circle.png",
    }
    reasons = {key: item.problem[0] for key, item in found.items() if item.problem}
    assert reasons == {
        "cat/link.png": "link_outside",
        "cat/relative.png": "link_outside",
        "cat/dangling.png": "unreadable",
        "cat/circle.png": "unreadable",
    }


def test_links_inside_the_set_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    put(tmp_path / "cat" / "a.png")
    (tmp_path / "cat" / "b.png").symlink_to("a.png")
    (tmp_path / "feline").symlink_to("cat")
    (tmp_path / "cat" / "up").symlink_to("..")
    found = items(tmp_path)
    assert set(found) == {"cat/a.png", "cat/b.png", "feline/a.png", "feline/b.png"}
    assert not any(item.problem for item in found.values())


def test_a_pipe_named_like_a_picture_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.jpg")
    os.mkfifo(tmp_path / "pipe")
    (item,) = items(tmp_path).values()
    assert item.problem is not None
    assert item.problem[0] == "special_file"


def test_folders_may_be_deep_but_not_bottomless(tmp_path: Path) -> None:
    put(tmp_path / Path(*["d"] * 30) / "a.png")
    assert not next(iter(items(tmp_path).values())).problem
    put(tmp_path / Path(*["e"] * 70) / "a.png")
    assert "too_deep" in [item.problem[0] for item in items(tmp_path).values() if item.problem]


# --- names of outputs ------------------------------------------------------------------------------------


def outputs(names: list[str], fmts: tuple[str, ...] = ("jpeg", "png"), variants: int = 3) -> list[str]:
    """Every path the pictures of one folder can come to, originals and variants in either format."""
    found = []
    for fmt in fmts:
        this = []
        for name, stem in zip(names, output_stems(names), strict=True):
            item = Item(name, "", stem, safe_name(Path(name).suffix))
            this.append(stem + item.suffix)
            this += [variant_name(item, number, fmt) for number in range(1, variants + 1)]
        assert len(set(this)) == len(this), f"collision in {sorted(this)}"
        assert len({unicodedata.normalize("NFC", name).casefold() for name in this}) == len(this), sorted(
            this
        )
        assert all(len(name.encode()) <= 255 for name in this)
        found += this
    return found


@pytest.mark.parametrize(
    "names",
    [
        ["a.jpg", "a.png"],
        ["a.jpg", "a.jpeg", "a.JPG", "A.jpg"],
        ["a", "a.jpg", "a.png"],
        ["caf\u00e9.jpg", "cafe\u0301.jpg", "CAF\u00c9.jpg"],
        ["stra\u00dfe.png", "strasse.png"],
        ["x.jpg", "x__aug1.jpg", "x__aug2.jpg", "x__aug1__aug1.jpg"],
        ["X.jpg", "x__aug1.jpg"],
        ["x.jpg", "X__AUG1.jpg"],
        ["x.png", "x_png.jpg"],
        ["x.png", "x_png__aug1.jpg"],
        ["x.jpg", "x_jpg.png", "x_jpg__aug2.png"],
        ["x.PNG", "X_png.jpg"],
        ["n" * 251 + ".jpg", "n" * 251 + ".png", "n" * 250 + "m.jpg"],
        ["\u65e5" * 83 + ".jpg", "\u65e5" * 82 + "\u672c.jpg"],
        ["a\udcff.jpg", "a\udcfe.jpg", "a_xff.jpg"],
        ["-rf.png", "a\nb.png", "a b.png", "\u202egpj.png", "'\"`$.png", "a\\b.png"],
    ],
    ids=ascii,
)
def test_no_two_outputs_share_a_name(names: list[str]) -> None:
    outputs(sorted(names, key=os.fsencode))


def test_a_name_that_collides_with_nothing_is_kept() -> None:
    assert output_stems(["IMG_5118.jpg", "IMG_5118.png", "Zo\u00eb.jpg"]) == [
        "IMG_5118",
        "IMG_5118",
        "Zo\u00eb",
    ]
    made = outputs(["IMG_5118.JPG"], ("jpeg",), 1)
    assert made == ["IMG_5118.JPG", "IMG_5118__aug1.JPG"]
    assert outputs(["a.gif"], ("png",), 1) == ["a.gif", "a_gif__aug1.png"]


def test_a_name_does_not_depend_on_the_order_or_the_neighbours_it_does_not_meet() -> None:
    names = ["a.jpg", "A.jpg", "b.png"]
    alone = dict(zip(names, output_stems(names), strict=True))
    more = ["z.jpg", *reversed(names), "c.png"]
    again = dict(zip(more, output_stems(more), strict=True))
    assert all(again[name] == stem for name, stem in alone.items())


def test_undecodable_names_become_text_and_stay_apart(tmp_path: Path) -> None:
    for folder in (b"caf\xe9", b"caf_xe9", b"caf\xc3\xa9"):
        put(tmp_path / os.fsdecode(folder) / "a.png")
    found = items(tmp_path).values()
    assert len({item.folder for item in found}) == 3
    for item in found:
        (item.folder + item.stem + (item.label or "")).encode()
    assert safe_path("a/b") == "a/b"


# --- what cannot be worked with --------------------------------------------------------------------------


def test_a_missing_folder_and_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        open_dataset(tmp_path / "absent")
    with pytest.raises(UsageError, match="is a file; the input is a folder of pictures"):
        open_dataset(put(tmp_path / "a.png"))
