"""Going on from what an earlier run left: nothing, a part (``--resume``), or a whole set (``--update``).

A run says in ``.augtool-run.json`` what it is (:mod:`augtool.identity`) before it writes anything else, and
appends a line per finished unit to its journal, in plan order. So an unfinished output holds a prefix of the
plan. A finished one keeps its journal, compressed, as ``.augtool-cache.jsonl.gz``; without it the next
``--update`` has nothing to go by, and nothing else needs it.

Resuming drops a last line that was cut short, checks that run and sources are still the same, and does the
rest of the plan. Updating begins a new journal; each source goes to its worker with its earlier record, and
:mod:`augtool.revisit` decides there what is kept.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augtool import outputs, reading, records, storage
from augtool.errors import UsageError
from augtool.filenames import on_disk
from augtool.identity import LIST_CHANGED, Identity, differences, identify, item_digest
from augtool.past import Past
from augtool.storage import shown

if TYPE_CHECKING:
    from augtool.options import Options
    from augtool.plan import Job
    from augtool.unit import Context, UnitResult

_NAMED = 5  # changed sources that a refusal names
_REPORTS = (storage.MANIFEST, storage.INPUTS, storage.REPORT_JSON, storage.REPORT_HTML)


@dataclass
class Earlier:
    """What this run found, and what it adds to each record so that the next one finds it."""

    context: Context
    identity: Identity
    plan: Iterable[Job]
    done: int = 0
    """Units that need not be done: the first ones of the plan."""
    past: Past | None = None
    """Records of an earlier run, where this one updates it."""
    prune: bool = False
    old_files: list[str] = field(default_factory=list)
    """The data set's own files that the earlier run wrote."""
    gone: int = 0
    """Sources of the earlier run that are no longer there."""

    def jobs(self) -> Iterator[Job]:
        """Yield what is left to do, in plan order."""
        for job in islice(self.plan, self.done, None):
            before = self.past.get(shown(job.item.key)) if self.past else None
            yield replace(job, before=before) if before else job

    def finished(self) -> Iterator[dict[str, Any]]:
        """Yield the records of the units that need not be done."""
        yield from islice(storage.read_journal(self.context.output), self.done)

    def record(self, job: Job, result: UnitResult) -> dict[str, Any]:
        """Return the journal record of a result."""
        record = result.record()
        if result.kept is None:
            made: dict[str, Any] = {"run": self.context.keys[0], "settings": self.context.keys[1]}
            made |= {"item": item_digest(job.item), "job": [job.copy, job.variants]}
            record["made"] = made | record.get("made", {})
        return record

    def settle(self, journal: storage.Journal) -> None:
        """Remove files that this run would not have made; list what remains of sources that are gone."""
        if self.past is None:
            return
        journal.commit()
        sources, names = set(), set()
        for record in storage.read_journal(self.context.output):
            sources.add(record["source"])
            names.update(_files(record))
        stale: set[str] = set()
        for record in self.past.records():
            files = _files(record)
            if record["source"] in sources:
                stale |= files
                continue
            self.gone += 1
            if self.prune or not files or files & names:
                stale |= files
            else:
                journal.append(record | {"gone": True}, len(files))
        outputs.remove(self.context.output, stale - names)

    def close(self, report: dict[str, Any]) -> None:
        """Keep the journal for the next run; the output is finished."""
        output = self.context.output
        dropped = set(self.old_files) - report.get("dataset_files", {}).keys()
        if dropped:
            listed = {name for record in storage.read_journal(output) for name in _files(record)}
            outputs.remove(output, dropped - listed)
        _write_cache(output, _run_data(self), (output / storage.JOURNAL).open("rb"))
        if self.past:
            self.past.close()
        _tidy(output, report)
        for name in (storage.RUN, storage.JOURNAL):
            with suppress(FileNotFoundError):
                (output / name).unlink()


def _tidy(output: Path, report: dict[str, Any]) -> None:
    """Remove what killed workers left: half-written files, and files of units that then failed."""
    outputs.sweep(output)
    named = set(records.named(output))
    if named:
        kept = {name for record in storage.read_journal(output) for name in _files(record)}
        outputs.remove(output, named - kept - report.get("dataset_files", {}).keys())
    outputs.forget_names(output)


@contextmanager
def opened(context: Context, options: Options, plan: Iterable[Job]) -> Iterator[Earlier]:
    """Make the output ready: created, locked, and as an earlier run left it or free of its files.

    Args:
        context: of the run.
        options: say whether to resume, update or overwrite.
        plan: all jobs; it is walked more than once.

    Raises:
        LockedError: another run holds it.
        StorageError: it cannot be created.
        UsageError: it is not vacant, or what it holds cannot be gone on with.
    """
    output = context.output
    identity = identify(context.recipe, context, options, plan)
    context = replace(context, keys=(identity.run, identity.settings))
    with outputs.held(output):
        # Once more: another run may have just finished.
        outputs.check_content(output, overwrite=options.overwrite, onward=options.onward)
        run = _read_run(output)
        earlier = Earlier(context, identity, plan)
        if options.onward and (run or (output / storage.MANIFEST).exists()):
            run = run or _finished(output)
            found = differences(run.get("facts", {}), identity.facts) if options.resume else []
            if options.update or run.get("update"):
                if found:
                    raise _refusal(output, found)
                _begin_update(earlier, run, prune=options.prune or (options.resume and run["prune"]))
            else:
                _begin_resume(earlier, run, found)
        else:
            outputs.remove_run(output)
            _write_run(earlier)
        try:
            yield earlier
        finally:
            if earlier.past:
                earlier.past.close()


def _begin_resume(earlier: Earlier, run: dict[str, Any], found: list[str]) -> None:
    output = earlier.context.output
    outputs.sweep(output)
    journal = output / storage.JOURNAL
    if not journal.exists() and (output / storage.CACHE).exists():
        # A finished run: its journal is taken up again, and all of it proves to be done.
        lines = (_line(record) for record in storage.read_cache(output))
        storage.write_durably(journal, lines)
    earlier.done, end, changed = _agreement(earlier, journal)
    if changed:
        more = f" and {len(changed) - _NAMED:,} more" if len(changed) > _NAMED else ""
        found = [*(said for said in found if said != LIST_CHANGED), ", ".join(changed[:_NAMED]) + more]
    if found:
        raise _refusal(output, found)
    with journal.open("ab") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    earlier.old_files = run.get("dataset_files", [])
    _write_run(earlier)
    for name in (*_REPORTS, storage.CACHE):
        with suppress(FileNotFoundError):
            (output / name).unlink()


def _agreement(earlier: Earlier, journal: Path) -> tuple[int, int, list[str]]:
    """Return how many units are done, where the journal ends after them, and which sources have changed."""
    if not journal.exists():
        return 0, 0, []
    changed: list[str] = []
    done = end = 0
    with journal.open("rb") as file:
        for job, line in zip(earlier.plan, file, strict=False):
            record = _parsed(line)
            if record is None:
                break
            if record["source"] != shown(job.item.key):
                changed.append(f"{shown(job.item.key)} was not there or {record['source']} is gone")
                break
            made = record.get("made", {})
            files = reading.compare(earlier.context.source, made.get("reads", {}))[1]
            if not files and made.get("item") != item_digest(job.item):
                files = [f"{record['source']} (or its labels)"]
            changed += files
            if not all(os.path.lexists(earlier.context.output / on_disk(name)) for name in _files(record)):
                break
            done, end = done + 1, end + len(line)
    return done, end, changed


def _begin_update(earlier: Earlier, run: dict[str, Any], *, prune: bool) -> None:
    output = earlier.context.output
    earlier.old_files = run.get("dataset_files", [])
    with suppress(OSError, ValueError):
        report = json.loads((output / storage.REPORT_JSON).read_bytes())
        earlier.old_files = [*{*earlier.old_files, *report.get("dataset_files", {})}]
    outputs.sweep(output)
    earlier.past, earlier.prune = Past(output), prune
    if (output / storage.JOURNAL).exists():
        _write_cache(output, run, map(_line, earlier.past.records()))
    _write_run(earlier)
    for name in (*_REPORTS, storage.JOURNAL):
        with suppress(FileNotFoundError):
            (output / name).unlink()
    earlier.context = replace(earlier.context, update=True)


def _finished(output: Path) -> dict[str, Any]:
    try:
        with gzip.open(output / storage.CACHE, "rb") as file:
            run: dict[str, Any] = json.loads(file.readline())
            return run | {"update": False}
    except (OSError, EOFError, ValueError):
        raise UsageError(
            f"{output}: {storage.CACHE} of the earlier run is missing or damaged, so what has changed since "
            "cannot be told; use --overwrite to start again"
        ) from None


def _refusal(output: Path, found: list[str]) -> UsageError:
    return UsageError(
        f"{output}: cannot be resumed, because since it was begun there are changes: {'; '.join(found)}. "
        "--update redoes what is affected, --overwrite starts again"
    )


def _run_data(earlier: Earlier) -> dict[str, Any]:
    return {
        "facts": dict(earlier.identity.facts),
        "update": earlier.past is not None,
        "prune": earlier.prune,
        "dataset_files": sorted(earlier.old_files),
    }


def _write_run(earlier: Earlier) -> None:
    storage.write_durably(earlier.context.output / storage.RUN, [json.dumps(_run_data(earlier)).encode()])


def _read_run(output: Path) -> dict[str, Any] | None:
    try:
        run: dict[str, Any] = json.loads((output / storage.RUN).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise UsageError(f"{output / storage.RUN}: is damaged; use --overwrite to start again") from None
    return run


def _write_cache(output: Path, run: dict[str, Any], lines: Iterable[bytes]) -> None:
    with gzip.GzipFile("", "wb", 3, _Buffer(), 0) as packed:
        buffer = packed.fileobj
        assert isinstance(buffer, _Buffer)  # noqa: S101 - for the type checker

        def chunks() -> Iterator[bytes]:
            packed.write(json.dumps(run).encode() + b"\n")
            for line in lines:
                packed.write(line)
                yield buffer.take()
            packed.close()
            yield buffer.take()

        storage.write_durably(output / storage.CACHE, chunks())


class _Buffer:
    """Takes what is written to it and gives it away."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: there is nowhere further to go."""

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _files(record: dict[str, Any]) -> set[str]:
    return {name for row in record["rows"] for name in outputs.row_names(row)}


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return a journal line's record, or None where a crash or the disk left something else."""
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and {"source", "rows", "status"} <= record.keys() else None


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"
