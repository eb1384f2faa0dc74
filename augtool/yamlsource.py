"""A YAML file written by anyone, as plain Python data that remembers where each value stood.

The file is read as a stream of PyYAML *events*; PyYAML never builds an object. What makes a YAML file
dangerous or ambiguous (anchors, merge keys, tags, a second document, duplicate keys, great size or depth)
is refused on the way, each with its place, and as many mistakes as can be found are reported at once.
Plain values mean what the YAML 1.2 core schema says, so ``1e-3`` is a number and ``no`` is a text.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from augtool.errors import Problem, RecipeError, UsageError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_NODES = 20_000
MAX_PROBLEMS = 100  # a binary file would otherwise fill the terminal

Path = tuple[str | int, ...]
Place = tuple[int, int]

_BREAK = re.compile(r"\r\n|\r|\n")
# What PyYAML calls unprintable, and what is invisible and would move its line count away from an editor's.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029\ufeff]"
)
_BAD_ESCAPE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BARE_KEY = re.compile(r"[\w-]+")

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}

# How PyYAML's complaint begins, and what to tell a person instead.
_SYNTAX = (
    ("mapping values are not allowed", "a ':' cannot stand here; fix the indentation, or quote the value"),
    ("could not find expected ':'", "a ':' is missing after this key (a key has at most 1024 characters)"),
    ("expected <block end>, but found ':'", "a key is missing before this ':'; write one"),
    ("expected <block end>", "this does not line up with what is above it; fix the indentation or the '-'"),
    ("expected ',' or ']'", "expected ',' or ']' but found FOUND; close the list or add a comma"),
    ("expected ',' or '}'", "expected ',' or '}' but found FOUND; close the mapping or add a comma"),
    ("found unexpected end of stream", "the file ends inside a quoted text; add the closing quote"),
    (
        "found unknown escape character",
        "a backslash before FOUND means nothing; double it or use single quotes",
    ),
    ("sequence entries are not allowed", "a '-' cannot start a list here; put it on its own line"),
    ("expected the node content, but found ':'", "a key is missing before this ':'; write one"),
    ("expected the node content", "a value is missing before FOUND; write one"),
    ("expected '<document start>'", "FOUND follows after the end of the data; remove it or indent it"),
    ("found undefined tag handle", "tags such as FOUND are not allowed; remove it"),
    ("expected alphabetic or numeric", "a value that begins with '*' or '&' must be put in quotes"),
    ("found character", "a value cannot begin with FOUND; put it in quotes"),
)
_REFUSED_KEYS = {
    "<<": "merge keys (<<) are not allowed; write the fields out",
    "": "a key is missing here; write one before the ':'",
}
_TOKENS = {"'<stream end>'": "the end of the file", "'\\x00'": "the end of the file", "'?'": "a key"}
_CONTEXTS = {"mapping": "the mapping", "sequence": "the list", "collection": "the list", "quoted": "the text"}


@dataclass(frozen=True)
class Document:
    """What one file says, and where it says it.

    ``data`` holds dict (keys are str), list, str, int (64 bits), float (finite), bool and None, nothing
    else. ``text`` is the decoded source without a byte order mark. Lines and columns count from 1, columns
    in characters. Paths are tuples of keys and list indexes; ``()`` is the whole document.
    """

    file: str
    data: Any
    text: str = field(repr=False)
    _values: Mapping[Path, Place] = field(repr=False, compare=False)
    _keys: Mapping[Path, Place] = field(repr=False, compare=False)

    def place(self, path: Path) -> Place:
        """Line and column of the value at ``path``, or of its nearest parent that exists."""
        return self._values[self._existing(path)]

    def key_place(self, path: Path) -> Place:
        """Line and column of the key that leads to ``path``; for a list item, of the item itself."""
        existing = self._existing(path)
        return self._keys.get(existing, self._values[existing])

    def problem(self, path: Path, message: str, *, at_key: bool = False) -> Problem:
        """Report a mistake in the value at ``path`` (or in its key); ``path`` itself need not exist."""
        line, column = self.key_place(path) if at_key else self.place(path)
        return Problem(self.file, line, column, format_path(path), message)

    def _existing(self, path: Path) -> Path:
        while path not in self._values:
            path = path[:-1]
        return path


def format_path(path: Path) -> str:
    """Spell a path as ``transforms[0].rotate.angle``; a key that is no plain word becomes ``['a b']``."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif _BARE_KEY.fullmatch(step):
            parts.append(f".{_short(step)}" if parts else _short(step))
        else:
            parts.append(f"[{_short(step)!r}]")
    return "".join(parts)


def load(path: FilePath, *, display: str | None = None) -> Document:
    """Read the file at ``path``; messages call it ``display`` (default: the path itself).

    At most ``MAX_BYTES`` + 1 bytes are read, and only from a regular file. Raises UsageError where there is
    no such file or it cannot be read, RecipeError for what is wrong inside it.
    """
    name = display if display is not None else repr(str(path))[1:-1]
    # Opening a FIFO that has no writer would otherwise block for ever.
    try:
        with open(path, "rb", opener=lambda file, flags: os.open(file, flags | os.O_NONBLOCK)) as stream:
            regular = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
            source = stream.read(MAX_BYTES + 1) if regular else b""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{name}: cannot be read ({reason}); name a YAML file that may be read") from None
    if not regular:
        raise UsageError(f"{name}: is not a regular file; save its content to a file and name that")
    return parse(source, name)


def parse(text_or_bytes: str | bytes, file: str) -> Document:
    """Read YAML from text or UTF-8 bytes; ``file`` is its name in messages.

    Raises RecipeError with every structural mistake found, in the order of the file, at most
    ``MAX_PROBLEMS`` of them. A syntax error, too many values and too deep nesting end the search.
    """
    text = _decode(text_or_bytes, file)
    report = _Report(file)
    cleaned = _check_characters(text, report)
    builder = _Builder(_blank_directives(cleaned, report), report)
    data: Any = None
    try:
        data = builder.document()
    except _UnreadableError as stop:
        # Behind a forbidden character a syntax error may be an echo of it.
        if cleaned == text:
            report.add(*stop.args)
    report.finish()
    return Document(file, data, text, builder.values, builder.keys)


class _UnreadableError(Exception):
    """A mistake behind which nothing more can be read; its arguments are those of _Report.add."""


class _Report:
    """The mistakes found so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(self, place: Place, path: Path, message: str) -> None:
        self.problems.append(Problem(self.file, *place, format_path(path), message))

    def finish(self) -> None:
        """Raise RecipeError if there was any mistake."""
        self.problems.sort(key=lambda problem: (problem.line, problem.column))
        if len(self.problems) > MAX_PROBLEMS:
            self.problems[MAX_PROBLEMS:] = [Problem(self.file, 0, 0, "", "there are more; fix these first")]
        if self.problems:
            raise RecipeError(self.problems)


def _decode(source: str | bytes, file: str) -> str:
    size = len(source) if isinstance(source, bytes) else len(source.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        message = f"is larger than {MAX_BYTES // 1024} KiB; make it shorter or split it"
        raise RecipeError([Problem(file, 0, 0, "", message)])
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        return source.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        lines = _BREAK.split(source[: error.start].decode("utf-8").removeprefix("\ufeff"))
        kind = "UTF-16" if source[:2] in (b"\xff\xfe", b"\xfe\xff") else "not UTF-8"
        message = f"the text is {kind}; save the file as UTF-8"
        raise RecipeError([Problem(file, len(lines), len(lines[-1]) + 1, "", message)]) from None


def _check_characters(text: str, report: _Report) -> str:
    """Report characters that may not stand in the file; return the text with stand-ins of equal length."""
    for number, line in enumerate(_BREAK.split(text), 1):
        for match in _FORBIDDEN.finditer(line):
            message = f"the invisible character U+{ord(match[0]):04X} is not allowed here; remove it"
            report.add((number, match.start() + 1), (), message)
    return _FORBIDDEN.sub("\ufffd", text)


def _blank_directives(text: str, report: _Report) -> str:
    """Report ``%`` lines before the data and turn them into comments, so that reading can go on."""
    # splitlines() knows more line breaks than YAML does, but none of those are left by now.
    lines = text.splitlines(keepends=True)
    for index, line in enumerate(lines):
        if line.startswith("%"):
            report.add((index + 1, 1), (), "directives (%NAME) are not allowed; remove the line")
            lines[index] = f"#{line[1:]}"
        elif line.strip(" \r\n") and not line.lstrip(" ").startswith("#"):
            break
    return "".join(lines)


class _Event(NamedTuple):
    """One PyYAML event, stripped to what is needed here."""

    kind: str
    place: Place
    text: str
    plain: bool
    anchor: str | None
    tag: str | None


def _at(mark: Any) -> Place:
    return mark.line + 1, mark.column + 1


def _events(text: str) -> Iterator[_Event]:
    """Yield what PyYAML finds; nothing else here touches PyYAML. Raises _UnreadableError."""
    import yaml

    loader: Any = yaml.BaseLoader(text)
    try:
        while loader.check_event():
            event = loader.get_event()
            kind = type(event).__name__.removesuffix("Event")
            value, style = getattr(event, "value", ""), getattr(event, "style", None)
            anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
            if kind not in ("StreamStart", "StreamEnd", "DocumentEnd"):
                yield _Event(kind, _at(event.start_mark), value, style is None, anchor, tag)
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, text) from None
    except (ValueError, OverflowError):
        # PyYAML hands escapes such as \UFFFFFFFF and version numbers to chr() and int() unchecked.
        message = "this escape or number is out of range; use a smaller one"
        raise _UnreadableError(_at(loader.get_mark()), (), message) from None


def _syntax(error: Any, text: str) -> _UnreadableError:
    """Put a yaml.MarkedYAMLError into plain words on one line."""
    problem, mark = str(error.problem), error.problem_mark
    if problem.startswith("could not find expected ':'"):
        mark = error.context_mark  # the key itself; PyYAML notices only lines later
    if problem.startswith("found character '\\t'"):
        indents = not _BREAK.split(text[: mark.index])[-1].strip(" ")
        use = "is used for indentation" if indents else "stands between two words or at the end of a line"
        return _UnreadableError(_at(mark), (), f"a tab {use}; use spaces, or quote a text that holds a tab")
    match = re.search(r"(?:found|got|character|handle) ('.*'|\".*\")", problem)
    found = match[1] if match else "something else"
    found = _TOKENS.get(found, re.sub(r"'<(.*)>'", r"the \1", found).replace("the scalar", "more text"))
    known = (sentence for start, sentence in _SYNTAX if problem.startswith(start))
    message = next(known, f"this is not valid YAML: {problem}; correct it").replace("FOUND", found)
    for word, thing in _CONTEXTS.items():
        if word in str(error.context) and error.context_mark:
            message += " ({} starts at line {}, column {})".format(thing, *_at(error.context_mark))
            break
    return _UnreadableError(_at(mark), (), message)


class _Builder:
    """Builds the data of one document and notes where each value and key stood."""

    def __init__(self, text: str, report: _Report) -> None:
        self.values: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self._events = _events(text)
        self._report = report
        self._nodes = 0

    def document(self) -> Any:
        first = next(self._events, None)
        root = next(self._events) if first else None
        blank = root is None or (root.kind == "Scalar" and root.plain and not root.text and not root.tag)
        data = self._node(root, ()) if root else None
        second = next(self._events, None)
        if second:
            message = "a second document starts here; keep one document in a file"
            raise _UnreadableError(second.place, (), message)
        if blank and not self._report.problems:
            self._report.add((0, 0), (), "is empty; write at least one 'key: value' line")
        return data

    def _node(self, event: _Event, path: Path) -> Any:
        self._enter(event, path)
        self.values[path] = event.place
        if event.kind in ("Scalar", "Alias"):
            try:
                return _plain(event.text) if event.plain else self._text(event, path)
            except ValueError as error:
                self._report.add(event.place, path, str(error))
                return None
        if len(path) >= MAX_DEPTH:
            message = f"lists and mappings are nested deeper than {MAX_DEPTH} levels; make it flatter"
            raise _UnreadableError(event.place, path, message)
        if event.kind == "MappingStart":
            return self._mapping(path)
        items: list[Any] = []
        while (event := next(self._events)).kind != "SequenceEnd":
            items.append(self._node(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while (event := next(self._events)).kind != "MappingEnd":
            key = self._key(event, path)
            if key is None:
                self._node(next(self._events), (*path, event.text or "?"))
                continue
            child = (*path, key)
            line, column = self.keys.setdefault(child, event.place)
            if key in data:
                message = f"this key stands twice, first at line {line}, column {column}; remove one of them"
                self._report.add(event.place, child, message)
            data[key] = self._node(next(self._events), child)
        return data

    def _key(self, event: _Event, path: Path) -> str | None:
        """Return the text of a key, or None where it was refused."""
        if event.kind in ("SequenceStart", "MappingStart"):
            self._report.add(event.place, path, "a key must be a text, not a list or mapping; quote it")
            self._node(event, (*path, "?"))
            return None
        self._enter(event, path)
        if event.kind == "Alias":
            return None
        if event.plain and event.text in _REFUSED_KEYS:
            self._report.add(event.place, path, _REFUSED_KEYS[event.text])
            return None
        return self._text(event, path)

    def _enter(self, event: _Event, path: Path) -> None:
        """Count a node and refuse what hangs on it."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            message = f"the file holds more than {MAX_NODES:,} keys and values; make it shorter or split it"
            raise _UnreadableError(event.place, path, message)
        if event.kind == "Alias":
            self._report.add(event.place, path, "aliases (*name) are not allowed; write the value out")
        elif event.anchor is not None:
            self._report.add(event.place, path, "anchors (&name) are not allowed; remove it")
        if event.tag is not None:
            self._report.add(event.place, path, "tags (!name) are not allowed; remove it, or quote a text")

    def _text(self, event: _Event, path: Path) -> str:
        """Return the text of a scalar; escapes must not smuggle in what may not stand in the file."""
        text = event.text
        if not text.isascii():
            # JSON writes one character beyond U+FFFF as two escapes.
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        if bad := _BAD_ESCAPE.search(text):
            message = f"the escaped character U+{ord(bad[0]):04X} is not allowed; remove it"
            self._report.add(event.place, path, message)
        return text


def _plain(text: str) -> Any:
    """Read an unquoted value by the YAML 1.2 core schema. Raises ValueError for what is refused."""
    if text in _NULLS or text in _BOOLS:
        return _BOOLS.get(text)
    if _INT.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        digits = (text.lstrip("+-") if base == 10 else text[2:]).lstrip("0") or "0"
        # 22 octal digits are the longest spelling of 64 bits; int() refuses thousands of decimal ones.
        number = int(digits, base) if len(digits) <= 22 else 2**64
        number = -number if text[0] == "-" else number
        if not -(2**63) <= number < 2**63:
            raise ValueError(f"the number {_short(text)} does not fit in 64 bits; write a smaller one")
        return number
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a usable number; write a finite one, or quote it if text is meant")
    if _FLOAT.fullmatch(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ValueError(f"the number {_short(text)} is too large; write a smaller one")
        return value
    return text


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
