"""``augtool replay`` for texts: a variant made again from its manifest row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augtool.errors import UsageError, VerifyFailed
from augtool.formats.delimited import decoded
from augtool.formats.textset import TextDataset, TextItem
from augtool.freeze import freeze
from augtool.storage import digest, read_bytes, shown
from augtool.text.compose import compose
from augtool.text.document import Document
from augtool.text.language import language

if TYPE_CHECKING:
    from augtool.recipe import Recipe


def find(rows: list[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """Return the row of ``train.csv:17#2``: the second variant of the record that begins in line 17."""
    source, _, number = name.rpartition("#")
    if not number.isdigit():
        return None
    return next((row for row in rows if row["source"] == source and row["variant"] == int(number)), None)


def rebuild_text(row: Mapping[str, Any], root: Path, recipe: Recipe, steps: Recipe) -> str:
    """Return the text a manifest row describes, from its source in the input.

    Args:
        row: the row of a variant.
        root: the input.
        recipe: the run's.
        steps: the row's steps, as a recipe.

    Raises:
        UsageError: the source is gone.
        VerifyFailed: the source has changed, or another text comes out.

    """
    item = next(
        (item for item in TextDataset(root, options=recipe.text).items() if shown(item.key) == row["source"]),
        None,
    )
    if not isinstance(item, TextItem) or item.problem:
        raise UsageError(f"{root}: holds no text {row['source']}; name the input's new place with --input")
    text = item.text if item.number else decoded(read_bytes(root / item.key)).removeprefix("\ufeff")
    if digest(text.encode("utf-8", "surrogatepass")) != row["source_sha256"]:
        raise VerifyFailed(f"{row['source']}: has changed since the run")
    document = Document(text, language(recipe.text), item.spans)
    # Frozen steps are constants: freezing them draws nothing.
    made = compose(document, freeze(steps.transforms, 0, "", 0))
    if made is None or digest(made.text.encode("utf-8", "surrogatepass")) != row["sha256"]:
        raise VerifyFailed(f"{row['source']}, variant {row['variant']}: another text than the run's")
    return made.text
