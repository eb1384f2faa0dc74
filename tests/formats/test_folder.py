import os
import unicodedata
from pathlib import Path

import pytest
from making import put

from augtool.errors import UsageError
from augtool.filenames import safe_name, safe_path
from augtool.formats import open_dataset
from augtool.formats.folder import FolderDataset
from augtool.formats.stems import output_stems
from augtool.formats.tree import Tree, broken_folders
from augtool.formats.walk import is_split_level, text_files
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
        "dog/",
    }
    reasons = {key: item.problem[0] for key, item in found.items() if item.problem}
    assert reasons == {
        "cat/link.png": "link_outside",
        "cat/relative.png": "link_outside",
        "cat/dangling.png": "unreadable",
        "cat/circle.png": "unreadable",
        "dog/": "link_outside",
    }


def test_links_inside_the_set_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    put(tmp_path / "cat" / "a.png")
    (tmp_path / "cat" / "b.png").symlink_to("a.png")
    (tmp_path / "feline").symlink_to("cat")
    (tmp_path / "cat" / "up").symlink_to("..")
    found = items(tmp_path)
    assert set(found) == {"cat/a.png", "cat/b.png", "feline/a.png", "feline/b.png"}
    assert not any(item.problem for item in found.values())


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    for name in ("a", "b"):
        put(tmp_path / name / f"{name}.png")
    (tmp_path / "a" / "l").symlink_to("../b")
    (tmp_path / "b" / "l").symlink_to("../a")
    expected = {"a/a.png", "a/l/b.png", "b/b.png", "b/l/a.png"}
    assert set(items(tmp_path)) == expected
    assert set(text_files(tmp_path, (".png",))) == expected
    assert {path + name for path, folder in Tree(tmp_path).folders.items() for name in folder.files
            if name.endswith(".png")} == expected  # fmt: skip


def test_a_folder_linked_twice_beside_itself_is_followed_each_time(tmp_path: Path) -> None:
    put(tmp_path / "cat" / "a.png")
    for name in ("feline", "pet"):
        (tmp_path / name).symlink_to("cat")
    assert set(items(tmp_path)) == {"cat/a.png", "feline/a.png", "pet/a.png"}


def test_folders_that_all_link_to_each_other_do_not_multiply_without_bound(tmp_path: Path) -> None:
    names = "abcdefgh"
    for name in names:
        put(tmp_path / name / "x.png")
        for other in names.replace(name, ""):
            (tmp_path / name / other).symlink_to(f"../{other}")
    assert len(items(tmp_path)) == 8 + 8 * 7 + 8 * 7 * 6


def test_a_class_folder_linked_to_outside_gets_a_row(tmp_path: Path) -> None:
    put(tmp_path / "far" / "secret.png")
    put(tmp_path / "in" / "cat" / "a.png")
    (tmp_path / "in" / "dog").symlink_to(tmp_path / "far")
    expected = {"cat/a.png": None, "dog/": "link_outside"}
    for found in (FolderDataset(tmp_path / "in").items(), broken_folders(Tree(tmp_path / "in"))):
        for item in found:
            assert expected[item.key] == (item.problem[0] if item.problem else None)
            assert item.key != "dog/" or "a link to a folder outside the input" in str(item.problem)
    assert set(items(tmp_path / "in")) == set(expected)
    assert [item.key for item in broken_folders(Tree(tmp_path / "in"))] == ["dog/"]


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
        ["A.jpg", "a.jpg", "A-4d68a6.jpg", "a-4d68a6__aug1.jpg", "a-4d68a6_jpg.png"],
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


def test_a_name_made_distinct_is_not_one_that_is_there_already() -> None:
    names = ["a.png", "a__aug1.png"]
    made = output_stems(names)[1]
    assert made.startswith("a__aug1-")
    for other in (f"{made}.png", f"{made.upper()}.png", f"{made}__aug1.png", f"{made}_png.jpg"):
        outputs(sorted([*names, other], key=os.fsencode))
        assert output_stems([*names, other])[1] != made


def test_a_file_is_not_named_like_a_folder_beside_it(tmp_path: Path) -> None:
    for name in ("x/a.jpg", "x/b.jpg", "x/c.png", "x/D.jpg", "x/free.png"):
        put(tmp_path / name)
    for folder in ("a__aug1.jpg", "B__AUG2.JPG", "c_png__aug1.jpg", "d.jpg", "free__aug1", "v1.0"):
        put(tmp_path / "x" / folder / "inner.png")
    found = {key: item for key, item in items(tmp_path).items() if key.count("/") == 1}
    assert {key: item.stem for key, item in found.items() if "-" not in item.stem} == {"x/free.png": "free"}
    folders = {item.folder[2:-1].casefold() for key, item in items(tmp_path).items() if key.count("/") == 2}
    for item in found.values():
        for fmt in ("jpeg", "png"):
            files = {variant_name(item, number, fmt)[2:].casefold() for number in (1, 2)}
            assert not files & folders


@pytest.mark.parametrize("name", ["manifest.jsonl", "Report.HTML", "inputs.jsonl", "report.json"])
def test_a_folder_named_like_a_file_of_the_run_is_refused(tmp_path: Path, name: str) -> None:
    put(tmp_path / "cat" / name / "a.png")
    assert len(items(tmp_path)) == 1
    put(tmp_path / name / "a.png")
    for scan in (items, Tree):
        with pytest.raises(UsageError, match="has the name of a file the run writes") as caught:
            scan(tmp_path)
        assert "\n" not in str(caught.value)


def test_folders_that_other_file_systems_would_merge_are_kept_apart(tmp_path: Path) -> None:
    for folder in ("C", "c", "caf\u00e9", "cafe\u0301", "Alone", "deep/X", "deep/x"):
        put(tmp_path / folder / "a.jpg")
    found = items(tmp_path)
    folders = {key: item.folder for key, item in found.items()}
    assert len({unicodedata.normalize("NFC", folder).casefold() for folder in folders.values()}) == 7
    kept = {"c/a.jpg", "caf\u00e9/a.jpg", "Alone/a.jpg", "deep/x/a.jpg"}
    assert {key for key, folder in folders.items() if f"{folder}a.jpg" == key} == kept
    assert folders["C/a.jpg"].startswith("C-")
    assert found["C/a.jpg"].label == "C"
    taken = folders["C/a.jpg"][:-1]
    put(tmp_path / taken / "a.jpg")
    assert items(tmp_path)["C/a.jpg"].folder not in (f"{taken}/", "c/")


# --- what cannot be worked with --------------------------------------------------------------------------


def test_a_missing_folder_and_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        open_dataset(tmp_path / "absent")
    with pytest.raises(UsageError, match="is a file; the input is a folder of pictures"):
        open_dataset(put(tmp_path / "a.png"))
