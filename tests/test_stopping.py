import os
import signal
import threading
from concurrent.futures import Future

import pytest

from augtool.errors import Interrupted
from augtool.stopping import stoppable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_noted_and_raised_only_when_asked(number: int) -> None:
    before = signal.getsignal(number)
    with stoppable() as stop:
        stop.check()
        os.kill(os.getpid(), number)
        assert stop.number == number
        assert signal.getsignal(number) is signal.SIG_DFL  # a second one ends the process
        with pytest.raises(Interrupted) as caught:
            stop.check()
        assert caught.value.exit_code == 128 + number
    assert signal.getsignal(number) is before


def test_waiting_for_a_result_ends_with_a_signal() -> None:
    never: Future[int] = Future()
    with stoppable() as stop:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)).start()
        with pytest.raises(Interrupted):
            stop.result(never)


def test_a_result_comes_through_and_so_does_its_error() -> None:
    done: Future[int] = Future()
    done.set_result(7)
    broken: Future[int] = Future()
    broken.set_exception(ValueError("no"))
    with stoppable() as stop:
        assert stop.result(done) == 7
        with pytest.raises(ValueError, match="no"):
            stop.result(broken)


def test_elsewhere_than_in_the_main_thread_handlers_are_left_alone() -> None:
    seen: list[object] = []

    def look() -> None:
        with stoppable() as stop:
            seen.append(stop.number)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [None]
