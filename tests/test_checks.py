import os
from pathlib import Path

import pytest
from making import encoded, put, recipe, tree

from augtool.checks import check
from augtool.options import Options


def test_a_recipe_alone() -> None:
    findings = check(recipe(), None, Options())
    assert findings.data() == {
        "recipe": "test",
        "steps": 6,
        "pictures": None,
        "failures": [],
        "labels": [],
        "warnings": {},
        "notes": [],
        "leaks": None,
    }
    assert findings.lines() == ["recipe test: ok, 6 steps"]


def test_every_picture_is_decoded_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in"
    for name in ("train/cat/a.png", "val/cat/b.png", "test/dog/c.jpg"):
        put(source / name)
    (source / "val" / "cat" / "cut.png").write_bytes(encoded()[:-30])
    (source / "train" / "cat" / "text.jpg").write_text("text")
    os.mkfifo(source / "train" / "cat" / "pipe.jpg")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    before = tree(tmp_path, times=True)
    findings = check(recipe(), source, Options())
    assert tree(tmp_path, times=True) == before
    assert findings.pictures == 6
    assert [(failure["source"], failure["reason"]) for failure in findings.failures] == [
        ("train/cat/pipe.jpg", "special_file"),
        ("train/cat/text.jpg", "not_an_image"),
        ("val/cat/cut.png", "truncated"),
    ]
    assert findings.lines()[1] == "input: 3 of 6 pictures can be used"
    (cut,) = (line for line in findings.lines() if line.startswith("val/cat/cut.png: "))
    assert cut.endswith("[truncated]")


def test_warnings_are_counted(tmp_path: Path) -> None:
    from PIL import Image

    frames = [Image.new("RGB", (20, 16), color) for color in ("red", "green")]
    for name in ("a.gif", "b.gif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    findings = check(recipe(), tmp_path, Options())
    assert findings.warnings == {"animated: first of 2 frames used": 2}
    assert findings.lines()[-1] == "warning: 2 x animated: first of 2 frames used"
