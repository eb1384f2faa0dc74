"""SIGINT and SIGTERM during a run: noted at once, acted on between results, where nothing is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from types import FrameType
from typing import Any

from augtool.errors import Interrupted

_POLL = 0.2  # seconds between looks while a result is awaited


class Stop:
    """Whether the run was asked to stop."""

    def __init__(self) -> None:
        self.number: int | None = None

    def check(self) -> None:
        """Raise Interrupted if a signal has come."""
        if self.number is not None:
            raise Interrupted(self.number)

    def result(self, future: Future[Any]) -> Any:
        """Return a future's result, or raise Interrupted as soon as a signal has come."""
        while not future.done():
            self.check()
            wait([future], timeout=_POLL)
        self.check()
        return future.result()


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Note the first SIGINT or SIGTERM instead of acting on it; a second one ends the process at once."""
    stop = Stop()

    def note(number: int, _: FrameType | None) -> None:
        stop.number = number
        signal.signal(number, signal.SIG_DFL)

    if threading.current_thread() is not threading.main_thread():
        yield stop  # handlers belong to the main thread; whoever runs this elsewhere has its own
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
