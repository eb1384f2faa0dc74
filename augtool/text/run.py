"""What a run over texts does beside the units: distinct in the whole set, and the tables at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from augtool import storage
from augtool.formats.delimited import decoded
from augtool.formats.textset import TextDataset, TextItem
from augtool.text.unit import process_text
from augtool.text.variants import identity

if TYPE_CHECKING:
    from augtool.plan import Job
    from augtool.unit import Context, UnitResult


Results: TypeAlias = "Iterable[tuple[Job, UnitResult]]"


def distinct(results: Results, context: Context, done: Iterable[dict[str, Any]] = ()) -> Results:
    """Yield the results in plan order; variants of texts pass only if the recipe's ``unique`` allows.

    Args:
        results: jobs, each with its result.
        context: of the run.
        done: journal records of the units before them, where an earlier run made those.
    """
    if not isinstance(context.dataset, TextDataset):
        return results
    return Distinct(context.dataset, context, done).settled(results)


class Distinct:
    """Keeps the variants of a whole set apart: results pass through it in plan order.

    Where a variant reads like a text of the set or like an earlier variant, its source is done again here,
    with those texts forbidden. Plan order does not depend on workers, so neither does the result.
    """

    def __init__(self, dataset: TextDataset, context: Context, done: Iterable[dict[str, Any]] = ()) -> None:
        self._context = context
        self._active = context.recipe.text.unique == "dataset"
        self._seen = set(_identities(dataset)) if self._active else set()
        if self._active:
            for record in done:
                self._seen |= _own(record["rows"])

    def settled(self, results: Results) -> Results:
        """Yield the results, each distinct from all before it."""
        return ((job, self.settle(job, result)) for job, result in results)

    def settle(self, job: Job, result: UnitResult) -> UnitResult:
        """Return the result, or that of another try if it repeats a text."""
        if not self._active or result.status != "ok":
            return result
        own = _own(result.rows)
        if own & self._seen:
            stale = {row["output"] for row in result.rows}
            result = process_text(job, self._context, self._seen)
            if isinstance(job.item, TextItem) and not job.item.number:
                for name in stale - {row["output"] for row in result.rows}:
                    (self._context.output / name).unlink(missing_ok=True)
            own = _own(result.rows)
        self._seen |= own
        return result


def _own(rows: Iterable[dict[str, Any]]) -> set[bytes]:
    return {bytes.fromhex(row["identity"]) for row in rows if row["kind"] == "variant"}


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
