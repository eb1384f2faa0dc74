"""Where units run: in this process, or in a pool whose workers may crash or hang without harm.

Results come back in plan order. A bounded window of work is in flight, so neither the plan nor the
results pile up however large the set is. Tiny sources travel in batches; if a batch is lost with its
worker, its units are tried once more one by one, and only the one that does it again is given up.
"""

from __future__ import annotations

import gc
import math
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from augtool import limits, noise
from augtool.errors import AugtoolError
from augtool.plan import Job
from augtool.stopping import Stop, stoppable

if TYPE_CHECKING:
    from augtool.unit import Context, UnitResult

# A batch is closed at this much encoded work (source bytes x files to write) or this many units.
_BATCH_BYTES = 2_000_000
_BATCH_UNITS = 64
_WINDOW = 4  # batches in flight per worker
_REOPENED = 10  # times that a pool without workers is replaced in a run

_METHOD = "forkserver" if hasattr(os, "fork") else "spawn"

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of mallopt(3)

Batch: TypeAlias = Sequence[Job]
Work: TypeAlias = "Callable[[Job, Context], UnitResult]"


def default_workers() -> int:
    """Return the number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def execute(
    jobs: Iterable[Job],
    context: Context,
    *,
    workers: int,
    timeout: float,
    total: int,
    work: Work | None = None,
) -> Generator[tuple[Job, UnitResult]]:
    """Run all jobs and yield each with its result, in the order of ``jobs``.

    Args:
        jobs: from :func:`augtool.plan.plan`.
        context: what all units share.
        workers: processes; 0 runs in this process, where a crash or a hang ends the run.
        timeout: seconds one unit may take before its worker is ended.
        total: number of jobs, to size the batches.
        work: what to do with each job; a function of a module. By default, make its files
            (:func:`augtool.unit.process`).

    Raises:
        StorageError: the output cannot be written.
        Interrupted: SIGINT or SIGTERM came; workers are gone and what they finished is yielded.
    """
    with stoppable() as stop:
        if workers == 0:
            limits.prepare_here(context)
            for job in jobs:
                stop.check()
                with noise.captured():
                    result = _here(job, context, timeout, work)
                yield job, result
        else:
            yield from _Pool(context, workers, timeout, stop, work).run(jobs, total)


def _here(job: Job, context: Context, timeout: float, work: Work | None) -> UnitResult:
    from augtool.unit import failed, process

    try:
        return (work or process)(job, context)
    except AugtoolError:
        raise
    except Exception as error:  # noqa: BLE001 - as in a worker: a fault costs the unit it happens in
        return failed(job.item, *_verdict(error, timeout))


def batches(jobs: Iterable[Job], largest: int) -> Iterator[list[Job]]:
    """Group jobs so that a task is worth its dispatch, yet none is large."""
    batch: list[Job] = []
    work = 0
    for job in jobs:
        batch.append(job)
        work += max(job.item.size_bytes, 1) * (job.files + 1)
        if work >= _BATCH_BYTES or len(batch) >= largest:
            yield batch
            batch, work = [], 0
    if batch:
        yield batch


def warm_up(workers: int | None, modality: str, max_pixels: int) -> int:
    """Start loading what workers need, in a process of its own, while this one plans.

    Workers are forked from that process: the libraries are loaded once, not by each worker and each
    replacement of a crashed one. Nothing runs in it, so no thread and no lock is caught by a fork.

    Returns:
        The number of workers; None asked for the default.
    """
    workers = default_workers() if workers is None else workers
    if _METHOD != "forkserver" or not workers:
        return workers
    from multiprocessing import forkserver, set_forkserver_preload

    # Both are read once, when the libraries are loaded: before the first line of a worker runs.
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2 * max_pixels))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    unit = "augtool.text.unit" if modality == "text" else "augtool.unit"
    set_forkserver_preload(["augtool.preload", unit, "pebble"])
    # Workers inherit what signals their parent has blocked, see _submit.
    with _blocked(signal.SIGINT):
        forkserver.ensure_running()
    return workers


class _Pool:
    """The local pool: processes that share nothing with this one, each able to die alone."""

    def __init__(
        self, context: Context, workers: int, timeout: float, stop: Stop, work: Work | None = None
    ) -> None:
        self._stop = stop
        self._context = context
        self._work = work
        self._workers = workers
        self._timeout = timeout
        self._function: Callable[[list[Job]], list[UnitResult]] = run_batch
        self._initializer: Callable[..., None] = start_worker
        self._pool: Any = None
        self._reopened = 0

    def run(self, jobs: Iterable[Job], total: int) -> Iterator[tuple[Job, UnitResult]]:
        limits.before_import(self._context)
        largest = max(1, min(_BATCH_UNITS, math.ceil(total / (self._workers * _WINDOW))))
        waiting = batches(jobs, largest)
        pending: deque[tuple[list[Job], Future[Any]]] = deque()
        finished = False
        try:
            while True:
                while len(pending) < self._workers * _WINDOW and (batch := next(waiting, None)):
                    pending.append((batch, self._submit(batch)))
                if not pending:
                    break
                batch, future = pending.popleft()
                yield from zip(batch, self._results(batch, future), strict=True)
            finished = True
        finally:
            self._close(at_once=not finished)

    def _open(self) -> Any:
        from multiprocessing import get_context

        from pebble import ProcessPool

        warm_up(self._workers, self._context.recipe.modality, self._context.max_pixels)
        return ProcessPool(
            max_workers=self._workers,
            context=get_context(_METHOD),
            initializer=self._initializer,
            initargs=(self._context, self._work),
        )

    def _close(self, *, at_once: bool) -> None:
        if self._pool is not None:
            (self._pool.stop if at_once else self._pool.close)()
            self._pool.join()
            self._pool = None

    def _submit(self, batch: list[Job]) -> Future[Any]:
        # A batch gets the time of one unit: it is small; if it does take longer, its units are done alone.
        while True:
            if self._pool is None:
                self._pool = self._open()
            try:
                # Ctrl-C reaches the whole process group. What starts while it is blocked never sees it:
                # the pool's threads and, through them, its workers, however late they are started.
                with _blocked(signal.SIGINT):
                    future: Future[Any] = self._pool.schedule(
                        self._function, args=(batch,), timeout=self._timeout
                    )
            except RuntimeError:
                self._reopen()
            else:
                return future

    def _reopen(self) -> None:
        """Replace a pool that has given up, as it does when a worker ends that was at no task."""
        self._reopened += 1
        if self._reopened > _REOPENED:
            raise AugtoolError(
                "worker processes end before they do anything; is memory short? try fewer --workers"
            )
        self._close(at_once=True)

    def _results(self, batch: list[Job], future: Future[Any]) -> list[UnitResult]:
        while True:
            try:
                return list(self._stop.result(future))
            except AugtoolError:
                raise
            except BrokenProcessPool:
                future = self._submit(batch)  # none of its units' doing, so it is no try of theirs
            except Exception as error:  # noqa: BLE001 - whatever ended the worker, it costs one unit only
                why = error
                break
        if len(batch) > 1:
            return [self._alone(job) for job in batch]
        result = self._alone(batch[0])
        if result.status == "ok":
            result.warnings.append(f"retried: the first try ended with: {_verdict(why, self._timeout)[1]}")
        return [result]

    def _alone(self, job: Job) -> UnitResult:
        from augtool.unit import failed

        while True:
            try:
                results: list[UnitResult] = self._stop.result(self._submit([job]))
            except AugtoolError:
                raise
            except BrokenProcessPool:
                continue
            except Exception as error:  # noqa: BLE001 - this unit has ended its worker by itself
                return failed(job.item, *_verdict(error, self._timeout))
            return results[0]


@contextmanager
def _blocked(number: signal.Signals) -> Iterator[None]:
    """Keep a signal back in this thread, and in what it starts, for a moment; it is delivered after."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _verdict(error: Exception, timeout: float) -> tuple[str, str]:
    """Return the reason code and the sentence for a unit whose worker did not come back."""
    from pebble import ProcessExpired

    if isinstance(error, FutureTimeoutError | TimeoutError):
        return "timeout", f"took longer than {timeout:g} s"
    if isinstance(error, ProcessExpired):
        return "crashed", f"ended its worker process ({_ending(error.exitcode)})"
    return "internal_error", f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit status {code}"


_context: Context | None = None
_work: Work | None = None


def start_worker(context: Context, work: Work | None = None) -> None:
    """Prepare a worker process: no signals of the terminal, C noise kept aside, limits set."""
    global _context, _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    noise.capture()
    limits.prepare(context)
    _keep_memory()
    gc.freeze()  # what is loaded stays: looking through it for garbage again and again is for nothing
    gc.enable()
    _context, _work = context, work


def run_batch(batch: list[Job]) -> list[UnitResult]:
    """Process a batch of jobs in a worker."""
    from augtool.unit import process

    if _context is None:
        raise RuntimeError("worker was not started")
    return [(_work or process)(job, _context) for job in batch]


def _keep_memory() -> None:
    """Let the C library reuse the memory of pictures instead of returning it to the system after each.

    Every page that comes back costs a fault: a tenth of all processor time on small photographs.
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # GNU's; others have their own ways
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 32 << 20)
        mallopt(_M_TRIM_THRESHOLD, 64 << 20)
