"""What a run over texts does beside the units: distinct in the whole set, and the tables at the end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from augtool import storage
from augtool.formats.delimited import decoded
from augtool.formats.textset import TextDataset, TextItem
from augtool.text.language import language
from augtool.text.unit import process_text
from augtool.text.variants import identity

if TYPE_CHECKING:
    from augtool.formats import Dataset
    from augtool.plan import Job
    from augtool.unit import Context, UnitResult


Results: TypeAlias = "Iterable[tuple[Job, UnitResult]]"


def hooks(
    dataset: Dataset, context: Context, splits: Collection[str]
) -> tuple[Callable[[Results], Iterator[UnitResult]], Callable[[], None]]:
    """Return what :func:`augtool.pipeline.run` does with the results, in plan order, and at the end.

    For pictures, nothing: they are written by the units.

    Raises:
        UsageError: the recipe's lexicon cannot be used, or an extra it asks for is not installed.

    """
    if not isinstance(dataset, TextDataset):
        return (lambda results: (result for _, result in results)), lambda: None
    language(context.recipe.text).check()
    return Distinct(dataset, context).settled, lambda: write_tables(dataset, context, splits)


class Distinct:
    """Keeps the variants of a whole set apart: results pass through it in plan order.

    Where a variant reads like a text of the set or like an earlier variant, its source is done again here,
    with those texts forbidden. Plan order does not depend on workers, so neither does the result.
    """

    def __init__(self, dataset: TextDataset, context: Context) -> None:
        self._context = context
        self._active = context.recipe.text.unique == "dataset"
        self._seen = set(_identities(dataset)) if self._active else set()

    def settled(self, results: Results) -> Iterator[UnitResult]:
        """Yield the results, each distinct from all before it."""
        return (self.settle(job, result) for job, result in results)

    def settle(self, job: Job, result: UnitResult) -> UnitResult:
        """Return the result, or that of another try if it repeats a text."""
        if not self._active or result.status != "ok":
            return result
        own = _own(result)
        if own & self._seen:
            stale = {row["output"] for row in result.rows}
            result = process_text(job, self._context, self._seen)
            if isinstance(job.item, TextItem) and not job.item.number:
                for name in stale - {row["output"] for row in result.rows}:
                    (self._context.output / name).unlink(missing_ok=True)
            own = _own(result)
        self._seen |= own
        return result


def _own(result: UnitResult) -> set[bytes]:
    return {bytes.fromhex(row["identity"]) for row in result.rows if row["kind"] == "variant"}


def _identities(dataset: TextDataset) -> Iterator[bytes]:
    for item in dataset.items():
        if isinstance(item, TextItem) and not item.problem:
            if item.number:
                yield identity(item.text)
            else:
                yield from _file_identity(dataset, item)


def _file_identity(dataset: TextDataset, item: TextItem) -> Iterator[bytes]:
    from augtool.errors import ItemError

    try:
        yield identity(decoded(storage.read_bytes(dataset.root / item.key)).removeprefix("\ufeff"))
    except ItemError:
        return  # the worker will say what is wrong with it


def write_tables(dataset: TextDataset, context: Context, splits: Collection[str]) -> None:
    """Write the tables of the output from the journal.

    Raises:
        StorageError: the disk is full or fails.

    """
    originals = context.recipe.originals == "copy"
    records = storage.read_journal(context.output)
    for name, chunks in dataset.finish(records, originals=originals, splits=splits):
        target = context.output / name
        target.parent.mkdir(parents=True, exist_ok=True)
        storage.write_durably(target, chunks)
