"""The unit of work of a set of texts: one text and its variants. Runs inside a worker."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

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


_Beside: TypeAlias = dict[int, tuple[str, bytes]]


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
    beside = _beside(item, source, made, context.recipe.text.tags)
    result.rows = _rows(job, item, source, made, beside, unique=context.recipe.text.unique == "dataset")
    if made.missing:
        result.shortfall = {"missing": made.missing, "reason": made.reason}
        result.warnings.append(
            f"{made.reason}: {made.missing} of {job.variants} variants; {REASONS[made.reason]}"
        )
    if write and not item.number:
        _write(job, item, source, made, beside, context)
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


def _rows(
    job: Job, item: TextItem, source: _Source, made: Made, beside: _Beside, *, unique: bool
) -> list[dict[str, Any]]:
    common = {"split": item.split, "label": item.label}
    own = digest(source.text.encode("utf-8", "surrogatepass"))
    rows: list[dict[str, Any]] = []

    def add(kind: str, variant: int, text: str, rest: dict[str, Any]) -> None:
        if variant in beside:
            name, content = beside[variant]
            rest = rest | {"label_files": {name: digest(content)}}
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


def _beside(item: TextItem, source: _Source, made: Made, suffix: str | None) -> _Beside:
    """Return, by variant (0 is the original), the file of tags beside the text: its name and its bytes."""
    if item.number or source.tags is None or suffix is None:
        return {}
    files = {}
    for number, changes in [(0, ()), *((variant.number, variant.changes) for variant in made.variants)]:
        tags = retag(source.text, changes, source.tags)
        name = os.path.splitext(_output(item, number))[0] + suffix  # noqa: PTH122
        files[number] = name, (" ".join(tags) + "\n").encode()
    return files


def _write(job: Job, item: TextItem, source: _Source, made: Made, beside: _Beside, context: Context) -> None:
    batch = Batch(context.output, spare=context.update)
    try:
        texts = [(0, source.text)] if job.copy else []
        for number, text in [*texts, *((variant.number, variant.text) for variant in made.variants)]:
            batch.write(_output(item, number), source.bom + text.encode())
            if number in beside:
                batch.write(*beside[number])
        batch.commit()
    finally:
        batch.discard()
