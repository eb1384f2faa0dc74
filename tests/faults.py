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


class FaultyPool(execute._Pool):
    """The pool under test with that function in place of its own."""

    def _submit(self, pool: Any, batch: list[Job]) -> Any:
        return pool.schedule(faulty_batch, args=(batch,), timeout=self._timeout)
