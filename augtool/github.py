"""Annotations of GitHub's checks: messages that it shows beside the line of a file.

They are lines on stderr that begin with two colons, printed only where ``GITHUB_ACTIONS`` is ``true``.
Because any line may be such a command, what is printed there must not look like one by accident or malice.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress

MOST = 50  # annotations of one command; GitHub shows ten of a kind per step
_printed = 0


def wanted() -> bool:
    """Return whether a GitHub workflow is reading."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotate(level: str, message: str, file: str = "", line: int = 0, column: int = 0) -> None:
    """Annotate a file, or a line of it, where a workflow is reading.

    Args:
        level: ``error``, ``warning`` or ``notice``.
        message: one line or several.
        file: relative to the repository, or as the command line names it.
        line: from 1; 0 where there is none.
        column: from 1; 0 where there is none.
    """
    global _printed  # noqa: PLW0603 - counted for the whole process
    if not wanted() or _printed >= MOST:
        return
    _printed += 1
    places = {"file": file, "line": line or "", "col": column or ""}
    told = ",".join(f"{name}={_property(str(value))}" for name, value in places.items() if value)
    with suppress(OSError, ValueError, AttributeError):  # nobody may be listening
        sys.stderr.write(f"::{level} {told}::{_data(message)}\n")


def disarmed(text: str) -> str:
    """Return text in which no line is a command to the workflow's runner."""
    return re.sub(r"(?m)^(\s*):(?=:)", r"\1\\x3a", text).replace("##[", "#\\x23[")


def _data(text: str) -> str:
    safe = text.encode(errors="backslashreplace").decode()
    safe = "".join(char if char.isprintable() or char in "\r\n" else repr(char)[1:-1] for char in safe)
    return safe.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
