"""JSON written the way it was found: indented or not, and values with their places."""

from __future__ import annotations

import json
import re
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")


def indent_of(text: str) -> int | None:
    """Return by how many blanks a JSON text is indented; None where it stands on one line."""
    hit = re.match(r"\s*[\[{]\r?\n( +)", text)
    return len(hit[1]) if hit else None


def spelled(value: Any, indent: int | None = None, *, compact: bool = False) -> str:
    """Return a value as JSON; texts keep their letters."""
    separators = (",", ":") if compact else None
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)


def elements(text: str, decoder: json.JSONDecoder) -> list[tuple[int, int, Any]] | None:
    """Return (start, end, value) of the elements of a list, or None where the text is no list.

    Raises:
        ValueError: it is no JSON.
    """
    at = _skip(text, 0)
    if not text.startswith("[", at):
        return None
    found: list[tuple[int, int, Any]] = []
    at = _skip(text, at + 1)
    while not text.startswith("]", at):
        value, end = decoder.raw_decode(text, at)
        found.append((at, end, value))
        at = _skip(text, end)
        if text.startswith(",", at):
            at = _skip(text, at + 1)
            if text.startswith("]", at):
                raise json.JSONDecodeError("Illegal trailing comma", text, at)
        elif not text.startswith("]", at):
            raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
    if _skip(text, at + 1) != len(text):
        raise json.JSONDecodeError("Extra data", text, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    hit = _SPACE.match(text, at)
    return hit.end() if hit else at
