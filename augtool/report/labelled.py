"""The labels of the pictures a report shows, found again from the manifest rows' own steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from augtool import codec
from augtool.errors import ItemError
from augtool.freeze import freeze
from augtool.geometry import covered_by, geometry_of, resized
from augtool.labels import KEEP_ALL, Labels
from augtool.moving import move_labels
from augtool.recipe import from_plain
from augtool.render import stages
from augtool.sample import Frame, Item
from augtool.storage import read_bytes, shown
from augtool.unit import Context


def labels_of(records: list[dict[str, Any]], context: Context) -> dict[str, Labels]:
    """Return the labels of some records' pictures: by a row's ``output``, and the source's own by ``source``.

    Args:
        records: journal records with ``source`` and manifest ``rows``.
        context: of the run.
    """
    wanted = {record["source"]: record for record in records}
    found: dict[str, Labels] = {}
    for item in context.dataset.items():
        record = wanted.pop(shown(item.key), None)
        if record is None:
            continue
        try:
            found |= labels_in(record, item, context)
        except ItemError:
            continue  # it was readable a moment ago; the report does without it
        if not wanted:
            break
    return {name: labels for name, labels in found.items() if labels.instances or labels.semantic is not None}


def labels_in(record: dict[str, Any], item: Item, context: Context) -> dict[str, Labels]:
    """Return the labels of a source and of the rows made from it, as :func:`labels_of` does."""
    header = codec.probe(read_bytes(Path(context.source) / item.key))
    size = header.width, header.height
    labels = context.dataset.read(item, size)
    if not labels.instances and labels.semantic is None:
        return {}
    found = {record["source"]: labels}
    rules, flip_idx = context.recipe.labels, context.dataset.flip_idx
    for row in record["rows"]:
        target = row["width"], row["height"]
        if row["kind"] == "original":
            same = target == size
            found[row["output"]] = (
                labels if same else move_labels(labels, resized(size, target), KEEP_ALL).labels
            )
            continue
        steps = from_plain({"version": 1, "transforms": row["steps"]}).transforms
        # The steps are constants; freezing draws nothing.
        frozen = freeze(steps, 0, "", 0)
        planned = stages(frozen, Frame(size), context.recipe.output.size, context.outside.border)
        found[row["output"]] = move_labels(
            labels, geometry_of(planned, size), rules, flip_idx, covered_by(planned, size)
        ).labels
    return found
