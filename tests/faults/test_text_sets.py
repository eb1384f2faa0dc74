"""Rows 3 and 23 for sets of texts: distinct variants stay distinct across a stop."""

from pathlib import Path
from typing import Any

import pytest
from making import made, run
from test_continuing import stopped

from augtool.recipe import parse_recipe
from augtool.verify import verify

RECIPE = parse_recipe(
    "version: 1\nseed: 4\nvariants: 3\ntext: {column: text, unique: dataset}\ntransforms:\n"
    "  - random_swap\n  - random_delete\n"
)
LINES = [f"the quick brown fox number {at % 4} jumps over a lazy dog" for at in range(9)]


def table(root: Path) -> Path:
    root.mkdir(exist_ok=True)
    (root / "texts.csv").write_text("text,label\n" + "".join(f"{line},a\n" for line in LINES))
    return root


def files(root: Path) -> Path:
    for at, line in enumerate(LINES):
        path = root / ("cat" if at % 2 else "dog") / f"{at}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line + "\n")
    return root


@pytest.mark.parametrize("make", [table, files])
def test_a_stopped_run_goes_on_and_an_update_equals_a_fresh_run(tmp_path: Path, make: Any) -> None:
    source = make(tmp_path / "in")
    run(source, tmp_path / "whole", RECIPE)
    stopped(source, tmp_path / "out", 4, RECIPE)
    run(source, tmp_path / "out", RECIPE, resume=True)
    assert made(tmp_path / "out") == made(tmp_path / "whole")
    assert verify(tmp_path / "out").whole, verify(tmp_path / "out").data()
    LINES.append("another text of some words that was not there before")
    try:
        make(source)
    finally:
        LINES.pop()
    run(source, tmp_path / "out", RECIPE, update=True, prune=True)
    run(source, tmp_path / "fresh", RECIPE)
    assert made(tmp_path / "out") == made(tmp_path / "fresh")
    changed = next(path for path in (tmp_path / "out").rglob("*") if path.suffix in (".csv", ".txt"))
    changed.write_text("spoilt")
    found = verify(tmp_path / "out", fix=True)
    assert found.changed
    assert found.unfixed
    run(source, tmp_path / "out", RECIPE, update=True)
    assert made(tmp_path / "out") == made(tmp_path / "fresh")
