"""JSON Lines, read without losing a byte: where each value of a line stands, so that one can be replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json.decoder import JSONDecoder, scanstring  # type: ignore[attr-defined]
from typing import Any

from augtool.errors import ItemError
from augtool.formats.delimited import decoded

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = JSONDecoder()


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its number from 1, its content and its line end."""

    number: int
    raw: bytes
    end: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """An object: its source text, its values, and the place of each value in the text."""

    text: str
    values: Mapping[str, Any]
    places: Mapping[str, tuple[int, int]]


def lines(data: bytes) -> Iterator[Line]:
    """Yield the lines of a file (without its BOM), from the first to the last byte."""
    for number, whole in enumerate(_split(data), 1):
        raw = whole.rstrip(b"\r\n")
        yield Line(number, raw, whole[len(raw) :])


def _split(data: bytes) -> list[bytes]:
    # A lone carriage return is white space to JSON, not the end of a line.
    return [part for part in re.split(rb"(?<=\n)", data) if part]


def parsed(raw: bytes) -> Parsed:
    """Return a line's object and where its values stand.

    Raises:
        ItemError: ``not_utf8``, ``nul``, ``not_json`` (with the column) or ``no_object``.

    """
    text = decoded(raw)
    try:
        at = _skip(text, 0)
        if text[at : at + 1] != "{":
            json.loads(text)
            raise ItemError("no_object", "is JSON, but no object")
        return _members(text, at + 1)
    except RecursionError:
        raise ItemError("not_json", "is nested too deeply") from None
    except ValueError as error:
        column = getattr(error, "colno", None)
        place = f" at column {column}" if column else ""
        raise ItemError("not_json", f"is not JSON{place}: {getattr(error, 'msg', error)}") from error


def _members(text: str, at: int) -> Parsed:
    values: dict[str, Any] = {}
    places: dict[str, tuple[int, int]] = {}
    at = _skip(text, at)
    while text[at : at + 1] != "}":
        if text[at : at + 1] != '"':
            raise json.JSONDecodeError("expected a key", text, at)
        key, at = scanstring(text, at + 1, True)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise json.JSONDecodeError("expected ':'", text, at)
        start = _skip(text, at + 1)
        values[key], end = _DECODER.raw_decode(text, start)
        places[key] = start, end
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
            if text[at : at + 1] == "}":
                raise json.JSONDecodeError("expected a key", text, at)
        elif text[at : at + 1] != "}":
            raise json.JSONDecodeError("expected ',' or '}'", text, at)
    if _skip(text, at + 1) != len(text):
        raise json.JSONDecodeError("expected the end of the line", text, at + 1)
    return Parsed(text, values, places)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def replaced(line: Parsed, new: Mapping[str, Any], added: Mapping[str, Any]) -> bytes:
    """Return the line with some values replaced and others added at its end; all else as it stands."""
    parts: list[str] = []
    at = 0
    for key, (start, end) in sorted(line.places.items(), key=lambda place: place[1]):
        if key in new:
            # A file that escapes everything beyond ASCII goes on doing so.
            parts += (line.text[at:start], json.dumps(new[key], ensure_ascii=line.text.isascii()))
            at = end
    close = line.text.rindex("}")
    parts.append(line.text[at:close].rstrip())
    members = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in added.items()]
    parts.append((", " if line.places else "") + ", ".join(members) + line.text[close:])
    return "".join(parts).encode("utf-8", "surrogatepass")
