"""Work that goes wrong on purpose, for tests of the worker pool. Workers import this module by name."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from augtool import execute
from augtool.plan import Job


def faulty_batch(batch: list[Job]) -> Any:
    """Like ``execute.run_batch``, but a source's name may ask for a fault."""
    for job in batch:
        name = Path(job.item.key).name
        if name.startswith("abort"):
            os.abort()
        if name.startswith("killed"):
            os.kill(os.getpid(), signal.SIGKILL)
        if name.startswith("exits"):
            os._exit(3)
        if name.startswith("hangs"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(600)
        if name.startswith("raises"):
            raise ValueError("first line\nsecond line")
        if name.startswith("once"):
            assert execute._context is not None
            mark = execute._context.source.parent / f"{name}.mark"
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGSEGV)
    return execute.run_batch(batch)


def dies_at_first(context: Any, work: Any) -> None:
    """Like ``execute.start_worker``, but the first two workers of a run end before they are at any task."""
    for at in range(2):
        try:
            (context.source.parent / f"died.{at}").touch(exist_ok=False)
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)
    execute.start_worker(context, work)


def always_dies(context: Any, work: Any) -> None:
    """A worker that cannot be started at all."""
    os._exit(1)


class FaultyPool(execute._Pool):
    """The pool under test with that function in place of its own."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._function = faulty_batch
