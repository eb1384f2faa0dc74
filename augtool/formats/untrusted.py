"""Label files come from strangers: their paths, their JSON and their size are checked here.

Everything raises ItemError with a ``label_*`` code and a message that begins with ``file:line:``. Where the
file describes the whole set, and not one picture, wrap the call in :func:`whole_set`.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from augtool import reading
from augtool.errors import ItemError, UsageError

MAX_TEXT = 16 * 2**20
"""Bytes of a label file of one picture."""
MAX_SET = 2**30
"""Bytes of a label file of a whole set."""
MAX_DEPTH = 32
_INT64 = 2**63

_DRIVE = re.compile(r"[A-Za-z]:")
# Every digit becomes 0; only what holds one of these can overflow a float or 64 bits. A search for plain
# bytes is thirty times faster than a pattern, and a file without them needs no look at each number.
_DIGITS = bytes.maketrans(b"123456789E", b"000000000e")
_POWER, _LONG = b"0e000", b"0" * 19
# Escapes: an escaped backslash, a whole character in two halves, or half a character alone.
_HALVES = re.compile(rb"\\\\|\\u[dD][89aAbB]..\\u[dD][c-fC-F]..|(\\u[dD][89a-fA-F])")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_CONSTANT = re.compile(r"-?\b(?:NaN|Infinity)\b")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def place(file: str, line: int = 0) -> str:
    """Spell where something is: ``file:line``, or ``file`` alone where there is no line."""
    shown = file.encode("utf-8", "backslashreplace").decode()
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in shown)
    return f"{shown}:{line}" if line else shown


def fault(code: str, file: str, line: int, message: str) -> ItemError:
    """Return the error for one line of a label file; ``code`` begins with ``label_``."""
    return ItemError(code, f"{place(file, line)}: {message}")


@contextmanager
def whole_set() -> Iterator[None]:
    """Turn faults of a label file into UsageError: without it nothing of the set can be used."""
    try:
        yield
    except ItemError as error:
        raise UsageError(str(error)) from None


def relative_path(text: Any, file: str, line: int = 0) -> str:
    """Return a path a label file names, with ``/`` and without ``.`` parts; it stays below where it starts.

    Backslashes count as separators, since labels are written on Windows too.

    Raises:
        ItemError: ``label_path``: not a text, empty, absolute, with a drive letter, ``..`` or NUL.

    """
    if not isinstance(text, str):
        raise fault("label_path", file, line, "a path must be a text")
    parts = [part for part in text.replace("\\", "/").split("/") if part not in ("", ".")]
    reason = ""
    if "\0" in text:
        reason = "holds a NUL character"
    elif text.startswith(("/", "\\")):
        reason = "is absolute"
    elif _DRIVE.match(text):
        reason = "names a drive"
    elif ".." in parts:
        reason = "leads out of the data set ('..')"
    elif not parts:
        reason = "is empty"
    if reason:
        raise fault("label_path", file, line, f"the path {_short(text)} {reason}; it is not followed")
    return "/".join(parts)


def inside(root: Path, path: str, file: str = "", line: int = 0) -> Path:
    """Return ``root / path`` with every link followed, which must lie in ``root``; it need not exist.

    Args:
        root: the data set.
        path: relative, as :func:`relative_path` returns it or as a directory listing gave it.
        file: the label file that names it, for the message; by default the path itself.
        line: its line.

    Raises:
        ItemError: ``label_path``: a link on the way leads out of the set, or in a circle.

    """
    try:
        real = os.path.realpath(root / path)
        base = os.path.realpath(root)
    except (OSError, ValueError):
        real, base = "", "/"
    if real != base and not real.startswith(base.rstrip("/") + "/"):
        raise fault("label_path", file or path, line, "a link leads out of the data set; it is not followed")
    return Path(real)


def read_label(root: Path, path: str, limit: int = MAX_TEXT) -> bytes:
    """Return the bytes of a label file, ``path`` below ``root``.

    Raises:
        ItemError: ``label_path`` for a link out of the set, ``label_unreadable`` where it is missing, no
            regular file or cannot be read, ``label_size`` where it is larger than ``limit`` bytes.

    """
    real = inside(root, path)
    # Opening a FIFO that has no writer would otherwise block for ever.
    try:
        with open(real, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise fault("label_unreadable", path, 0, "is not a regular file")
            data = stream.read(limit + 1)
        reading.note(os.path.join(root, path), status, data)  # noqa: PTH118 - once per picture; Path is slow
    except OSError as error:
        raise fault("label_unreadable", path, 0, f"cannot be read: {error.strerror}") from None
    if len(data) > limit:
        raise fault("label_size", path, 0, f"is larger than {limit // 2**20} MiB")
    return data


def decode_text(data: bytes, file: str) -> str:
    """Return UTF-8 text without its byte order mark.

    Raises:
        ItemError: ``label_syntax``, with the line of the first byte that is no UTF-8.

    """
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        kind = "is UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "is not UTF-8"
        line = data.count(b"\n", 0, error.start) + 1
        raise fault("label_syntax", file, line, f"the text {kind}; save the file as UTF-8") from None


def parse_json(data: bytes, file: str, depth: int = MAX_DEPTH) -> Any:
    """Read strict JSON.

    Args:
        data: UTF-8, with or without a byte order mark.
        file: its name in messages.
        depth: how deep lists and objects may be nested.

    Raises:
        ItemError: ``label_syntax``, with the line: no JSON, NaN or Infinity, a number that fits no 64-bit
            float or integer, nested too deeply.

    """
    text, decoder = json_decoder(data, file, depth)
    try:
        return decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise json_fault(error, text, file) from None


def json_decoder(data: bytes, file: str, depth: int = MAX_DEPTH) -> tuple[str, json.JSONDecoder]:
    """Return the text and a strict decoder for it, for readers that want the place of each value.

    What the decoder raises goes through :func:`json_fault`.

    Raises:
        ItemError: ``label_syntax``: no UTF-8, half a character in a text, or nested deeper than ``depth``.

    """
    _check_depth(data, file, depth)
    text = decode_text(data, file)
    if b"\\ud" in data or b"\\uD" in data:
        _check_halves(data, file)
    zeros = data.translate(_DIGITS, delete=b"+-")
    long = _LONG in zeros
    huge = _POWER in zeros or (long and _LONG * 10 in zeros)
    decoder = json.JSONDecoder(
        parse_constant=_refuse,
        parse_float=_finite if huge else None,
        parse_int=_small if long else None,
    )
    return text, decoder


def json_fault(error: Exception, text: str, file: str) -> ItemError:
    """Put what a decoder of :func:`json_decoder` raised into an ItemError with the line."""
    if isinstance(error, json.JSONDecodeError):
        return fault("label_syntax", file, error.lineno, f"is not valid JSON: {error.msg}")
    if isinstance(error, RecursionError):
        return fault("label_syntax", file, 0, "is nested too deeply")
    # Texts cannot hold line breaks, so blanking them leaves every number on its line.
    bare = _STRING.sub('""', text)
    for number in sorted([*_CONSTANT.finditer(bare), *_NUMBER.finditer(bare)], key=lambda hit: hit.start()):
        if not _usable(number[0]):
            line = bare.count("\n", 0, number.start()) + 1
            return fault("label_syntax", file, line, f"{_short(number[0])} is not a usable number")
    return fault("label_syntax", file, 0, f"is not valid JSON: {error}")


def _check_depth(data: bytes, file: str, limit: int) -> None:
    import numpy as np

    # Escaped quotes go, then all but quotes and brackets; what stands between two quotes is text.
    bare = data.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, delete=_NOT_STRUCTURE)
    codes = np.frombuffer(bare, np.uint8)
    outside = np.cumsum(codes == ord('"'), dtype=np.uint8) & 1 == 0
    codes = codes[outside & (codes != ord('"'))]
    opens = (codes == ord("[")) | (codes == ord("{"))
    deepest = int(np.cumsum(np.where(opens, 1, -1)).max(initial=0))
    if deepest > limit:
        line = _line_of_depth(data, limit)
        raise fault("label_syntax", file, line, f"lists and objects are nested deeper than {limit} levels")


def _check_halves(data: bytes, file: str) -> None:
    # Half a character cannot be written to any file or report.
    for hit in _HALVES.finditer(data):
        if hit[1]:
            line = data.count(b"\n", 0, hit.start()) + 1
            raise fault("label_syntax", file, line, f"{hit[1].decode()}.. is half a character")


def _line_of_depth(data: bytes, limit: int) -> int:
    bare = _STRING.sub('""', data.decode("utf-8", "replace"))
    depth = line = 0
    for number, text in enumerate(bare.split("\n"), 1):
        for char in re.findall(r"[\[\]{}]", text):
            depth += 1 if char in "[{" else -1
            if depth > limit:
                return number
    return line


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def _small(text: str) -> int:
    if len(text) > 20 or not -_INT64 <= (value := int(text)) < _INT64:
        raise ValueError(text)
    return value


def _usable(text: str) -> bool:
    try:
        if text.lstrip("-").isdigit():
            _small(text)
        elif text.endswith(("N", "y")):
            return False
        else:
            _finite(text)
    except ValueError:
        return False
    return True


def _short(text: str) -> str:
    shown = ascii(text)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
