"""Everything augtool raises on purpose, and the exit codes, in one place.

::

    AugtoolError                 1  a fault of the tool itself
    +-- UsageError               2  wrong arguments, or nothing to work on
    |   +-- RecipeError          2  one or more mistakes in a recipe, each with its place
    +-- ItemError                3  one input cannot be used; the run goes on without it
    +-- VerifyFailed             4  an output tree does not match its manifest
    +-- StorageError             5  reading or writing failed (disk full, I/O error)
    +-- LockedError              6  another run is writing to the same output
    KeyboardInterrupt          130  SIGINT where no run is going on
    +-- Interrupted        130/143  SIGINT or SIGTERM
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means. The only list of them."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    PARTIAL = 3
    VERIFY = 4
    IO = 5
    LOCKED = 6
    SIGINT = 130
    SIGTERM = 143


class AugtoolError(Exception):
    """Root of all errors augtool raises on purpose. ``str()`` of one is a single line for a person."""

    exit_code: ExitCode = ExitCode.INTERNAL


class UsageError(AugtoolError):
    """The command line, or what it points at, cannot be worked with."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file a person wrote.

    ``where`` names the place in the file's own terms (``transforms[0].rotate.degres``); ``line`` and
    ``column`` count from 1, and are 0 where the mistake has no place (an empty file).
    """

    file: str
    line: int
    column: int
    where: str
    message: str

    def __str__(self) -> str:
        """Format as ``file:line:col: where: message``, which editors and CI logs turn into links."""
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return ": ".join(part for part in (place, self.where, self.message) if part)


class RecipeError(UsageError):
    """A recipe that cannot be used, with every mistake found in it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class ItemError(AugtoolError):
    """One input cannot be used. ``code`` is a stable reason code; the run continues without it."""

    exit_code = ExitCode.PARTIAL

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type[ItemError], tuple[str, str]]:
        """Survive the trip from a worker process."""
        return type(self), (self.code, str(self))


class VerifyFailed(AugtoolError):
    """An output tree does not match its manifest."""

    exit_code = ExitCode.VERIFY


class StorageError(AugtoolError):
    """Reading or writing failed for a reason that concerns the whole run."""

    exit_code = ExitCode.IO


class LockedError(AugtoolError):
    """Another run holds the output."""

    exit_code = ExitCode.LOCKED


class Interrupted(KeyboardInterrupt):
    """The run was asked to stop by a signal; what is finished is kept.

    Like SIGINT's own exception it is no ``Exception``: what takes any fault of a decoder or a worker for a
    fault of the picture must not take this for one.
    """

    def __init__(self, number: int) -> None:
        super().__init__("interrupted")
        self.exit_code = ExitCode(128 + number)
