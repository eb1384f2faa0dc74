"""What can be kept of an earlier run's work on a source. Runs inside a worker.

A journal record's ``made`` says what the unit was made from and under which facts:

==========  ==========================================================================
run         digest of everything that decides the bytes (:mod:`augtool.identity`)
settings    digest of what reaches beyond a variant's own steps
item        digest of what the scan said of the source
job         [whether the original was written, number of variants]
reads       the files read: path -> size, time of modification, SHA-256
revisions   of the transforms applied, where they are not the first
remarks     for each row the warnings of its encoder, where there are any
==========  ==========================================================================

If all of that is as it was and the files are there with their bytes, the unit is kept whole. Otherwise the
source is decoded and its variants drawn again, but a file is rendered only if its own steps, or what they
work on, have changed.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augtool import reading
from augtool.filenames import on_disk
from augtool.identity import item_digest, revisions
from augtool.outputs import row_files
from augtool.storage import intact

if TYPE_CHECKING:
    from augtool.plan import Job
    from augtool.reading import Notes
    from augtool.unit import Context


@dataclass(frozen=True, slots=True)
class File:
    """A picture of the output: its SHA-256, (width, height), and what its encoder had to change."""

    name: str
    sha256: str
    size: tuple[int, int]
    warnings: tuple[str, ...]


def unchanged(job: Job, context: Context) -> dict[str, Any] | None:
    """Return the earlier record, with the times of its files as they are now, if all of it still holds."""
    before = job.before
    if before is None or before["status"] != "ok" or not context.update:
        return None
    made = before.get("made", {})
    same = made.get("run") == context.keys[0] and made.get("job") == [job.copy, job.variants]
    if not same or made.get("item") != item_digest(job.item) or not made.get("reads"):
        return None
    now, changed = reading.compare(context.source, made["reads"])
    files = {name: sha for row in before["rows"] for name, sha in row_files(row).items()}
    if changed or not all(intact(context.output / on_disk(name), sha) for name, sha in files.items()):
        return None
    return before | {"made": made | {"reads": now}}


def facts(rows: list[dict[str, Any]], remarks: list[tuple[str, ...]]) -> dict[str, Any]:
    """Return the part of ``made`` that the rows give."""
    found: dict[str, Any] = {}
    if applied := revisions(name for row in rows for step in row["steps"] for name in step):
        found["revisions"] = applied
    if any(remarks):
        found["remarks"] = [list(lines) for lines in remarks]
    return found


class Old:
    """The pictures an earlier run made of a source, for a unit whose inputs and settings are the same."""

    def __init__(self, job: Job, context: Context, notes: Notes) -> None:
        self._root = context.output
        self._rows: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {}
        self._revisions: dict[str, int] = {}
        before = job.before
        if before is None or not context.update:
            return
        made = before.get("made", {})
        read = {name: stamp[2] for name, stamp in notes.stamps(context.source).items()}
        then = {name: stamp[2] for name, stamp in made.get("reads", {}).items()}
        if made.get("settings") != context.keys[1] or made.get("item") != item_digest(job.item):
            return
        if read == then:
            self._revisions = made.get("revisions", {})
            remarks = made.get("remarks") or [()] * len(before["rows"])
            self._rows = {
                row["output"]: (row, tuple(lines)) for row, lines in zip(before["rows"], remarks, strict=True)
            }

    def original(self) -> File | None:
        """Return the original's copy, if there is one and it is intact."""
        names = (name for name, (row, _) in self._rows.items() if row["kind"] == "original")
        name = next(names, None)
        return None if name is None else self.find("original", name, [])

    def find(self, kind: str, name: str, steps: list[dict[str, Any]]) -> File | None:
        """Return the file of this name if the same steps made it and it is intact, else None."""
        row, remarks = self._rows.get(name, (None, ()))
        if row is None or row["kind"] != kind or row["steps"] != json.loads(json.dumps(steps)):
            return None
        applied = {name for step in steps for name in step}
        then = {name: revision for name, revision in self._revisions.items() if name in applied}
        if then != revisions(applied) or not intact(os.path.join(self._root, on_disk(name)), row["sha256"]):  # noqa: PTH118
            return None
        return File(name, row["sha256"], (row["width"], row["height"]), remarks)
