"""The unit of work of a set of texts: one text and its variants. Runs inside a worker."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augtool.errors import ItemError
from augtool.formats.delimited import BOM, decoded
from augtool.formats.table import tag_spans
from augtool.formats.textset import TextItem
from augtool.freeze import Facts
from augtool.storage import Batch, digest, read_bytes, shown
from augtool.text.document import Document
from augtool.text.edits import retag
from augtool.text.language import language
from augtool.text.variants import REASONS, Made, identity, make_variants

if TYPE_CHECKING:
    from augtool.plan import Job
    from augtool.unit import Context, UnitResult


@dataclass(frozen=True, slots=True)
class _Source:
    text: str
    spans: tuple[tuple[int, int], ...]
    bom: bytes = b""
    tags: tuple[str, ...] | None = None


def process_text(
    job: Job, context: Context, forbidden: Collection[bytes] = (), *, write: bool = True
) -> UnitResult:
    """Make the variants of one text. A fault of the text is a result, not an exception.

    Args:
        job: what to make of which text.
        context: what all units share.
        forbidden: identities of texts that must not come again.
        write: whether files are written; records of tables never are, here.

    Raises:
        StorageError: the output cannot be written; the run must stop.

    """
    from augtool.unit import UnitResult, failed

    item = job.item
    if item.problem or not isinstance(item, TextItem):
        return failed(item, *(item.problem or ("no_text", "is no text")))
    try:
        source = _read(item, context)
    except ItemError as error:
        return failed(item, error.code, str(error))
    document = Document(source.text, language(context.recipe.text), source.spans)
    made = make_variants(
        document, context.recipe.transforms, context.seed, item.key, job.variants, forbidden, Facts.of(item)
    )
    result = UnitResult(item.key, "ok", split=item.split, label=item.label)
    result.rows = _rows(job, item, source, made, unique=context.recipe.text.unique == "dataset")
    if made.missing:
        result.shortfall = {"missing": made.missing, "reason": made.reason}
        result.warnings.append(
            f"{made.reason}: {made.missing} of {job.variants} variants; {REASONS[made.reason]}"
        )
    if write and not item.number:
        _write(job, item, source, made, context)
    return result


def _read(item: TextItem, context: Context) -> _Source:
    if item.number:
        return _Source(item.text, item.spans)
    data = read_bytes(os.path.join(context.source, item.key))  # noqa: PTH118 - a hot path
    bom = BOM if data.startswith(BOM) else b""
    text = decoded(data[len(bom) :])
    suffix = context.recipe.text.tags
    if suffix is None:
        return _Source(text, (), bom)
    path = os.path.splitext(os.path.join(context.source, item.key))[0] + suffix  # noqa: PTH118, PTH122
    tags = decoded(read_bytes(path)).split()
    return _Source(text, tag_spans(text, tags), bom, tuple(tags))


def _rows(job: Job, item: TextItem, source: _Source, made: Made, *, unique: bool) -> list[dict[str, Any]]:
    common = {"split": item.split, "label": item.label}
    own = digest(source.text.encode("utf-8", "surrogatepass"))
    rows: list[dict[str, Any]] = []

    def add(kind: str, variant: int, text: str, rest: dict[str, Any]) -> None:
        row = {"output": _output(item, variant), "source": shown(item.key), "kind": kind, "variant": variant}
        sha = digest(text.encode("utf-8", "surrogatepass"))
        rows.append(row | common | rest | {"sha256": sha, "source_sha256": own})

    if job.copy:
        add("original", 0, source.text, {"steps": []})
    for variant in made.variants:
        # The old text is there to be read; replaying takes the place and the new one.
        changes = [[c.start, c.end, source.text[c.start : c.end], c.new] for c in variant.changes]
        steps = [step.plain() for step in variant.steps]
        rest: dict[str, Any] = {"steps": steps, "attempt": variant.attempt, "changes": changes}
        if unique:
            rest["identity"] = identity(variant.text).hex()
        add("variant", variant.number, variant.text, rest)
    return rows


def _output(item: TextItem, variant: int) -> str:
    if item.number:
        return item.table
    return f"{item.folder}{item.stem}{f'__aug{variant}' if variant else ''}{item.suffix}"


def _write(job: Job, item: TextItem, source: _Source, made: Made, context: Context) -> None:
    batch = Batch(context.output)
    suffix = context.recipe.text.tags
    try:
        texts = [(0, source.text, ())] if job.copy else []
        for number, text, changes in [*texts, *((v.number, v.text, v.changes) for v in made.variants)]:
            name = _output(item, number)
            batch.write(name, source.bom + text.encode())
            if source.tags is not None and suffix is not None:
                tags = retag(source.text, changes, source.tags)
                beside = os.path.splitext(name)[0] + suffix  # noqa: PTH122
                batch.write(beside, (" ".join(tags) + "\n").encode())
        batch.commit()
    finally:
        batch.discard()
