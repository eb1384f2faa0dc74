r"""Text -> tokens, once. Words can be edited; what is protected never is; the gaps are what lies between.

Protected are URLs, e-mail addresses, @names and #tags, whatever holds a digit or one of ``_ \ / < > { } =``
(amounts, paths, markup, placeholders), dotted abbreviations, words of scripts that are written without
spaces, and what a recipe or a label protects.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["word", "punct", "protected"]
Interval: TypeAlias = tuple[int, int]  # [start, end) in code points


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text: ``text[start:end]``, in code points. ``word`` is its own text."""

    start: int
    end: int
    kind: Kind
    word: str


_CHUNK = re.compile(r"\S+")
_SPECIAL = re.compile(r"[\d_\\/<>{}=]|^[@#]\w|\w@\w|^www\.|^(?:[^\W\d_]\.){2,}|[^\W\d_]\.[^\W\d_]")
_ASCII = re.compile(r"(?P<word>[A-Za-z]+(?:['-][A-Za-z]+)*)|(?P<punct>[^A-Za-z]+)")
_OPENING = re.compile(r"""^["'“‘«(\[¿¡*]+""")
_CLOSING = re.compile(r"""[.,!?;:"'”’»)\]*…]+$""")
_DOTTED = re.compile(r"^(?:[^\W\d_]\.){2,}$")


def tokenize(text: str, protected: Sequence[Interval] = ()) -> tuple[Token, ...]:
    """Return the tokens of ``text`` in order; whitespace lies in the gaps between them.

    Args:
        text: any text.
        protected: intervals no edit may touch (labelled spans, matches of the recipe's patterns); a token
            that meets one becomes protected.

    """
    tokens: list[Token] = []
    for chunk in _CHUNK.finditer(text):
        tokens += _chunk(chunk.group(), chunk.start())
    return _protect(tokens, sorted(protected)) if protected else tuple(tokens)


def _chunk(chunk: str, at: int) -> Iterator[Token]:
    if not _SPECIAL.search(chunk):
        yield from _plain(chunk, at)
        return
    opening = _OPENING.match(chunk)
    start = opening.end() if opening else 0
    closing = _CLOSING.search(chunk, start)
    end = closing.start() if closing and closing.start() > start else len(chunk)
    # The last dot of "U.S." is its own; the one after "example.com" ends the sentence.
    if end < len(chunk) and chunk[end] == "." and _DOTTED.match(chunk[start : end + 1]):
        end += 1
    for low, high, kind in ((0, start, "punct"), (start, end, "protected"), (end, len(chunk), "punct")):
        if high > low:
            yield Token(at + low, at + high, kind, chunk[low:high])  # type: ignore[arg-type]


def _plain(chunk: str, at: int) -> Iterator[Token]:
    if chunk.isascii():
        for match in _ASCII.finditer(chunk):
            kind: Kind = "word" if match.lastgroup == "word" else "punct"
            yield Token(at + match.start(), at + match.end(), kind, match.group())
        return
    start, current = 0, _class(chunk, 0)
    for position in range(1, len(chunk)):
        kind = _class(chunk, position, current)
        if kind != current:
            yield Token(at + start, at + position, current, chunk[start:position])
            start, current = position, kind
    yield Token(at + start, at + len(chunk), current, chunk[start:])


def _class(chunk: str, at: int, before: Kind = "punct") -> Kind:
    char = chunk[at]
    if char.isalpha():
        return "protected" if _spaceless(char) else "word"
    if unicodedata.category(char)[0] == "M" or char in "\u200c\u200d\ufe0e\ufe0f":
        return before  # combining marks and joiners belong to what they follow
    inside = 0 < at < len(chunk) - 1 and chunk[at - 1].isalpha() and chunk[at + 1].isalpha()
    return before if inside and char in "'’-‐‑" else "punct"


# Scripts written without spaces between words: Thai, Lao, Myanmar, Khmer, Tibetan, kana, Han.
_SPACELESS = ((0x0E00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x31F0, 0x31FF),
              (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))  # fmt: skip


def _spaceless(char: str) -> bool:
    point = ord(char)
    return point >= 0x0E00 and any(low <= point <= high for low, high in _SPACELESS)


def _protect(tokens: list[Token], intervals: Sequence[Interval]) -> tuple[Token, ...]:
    result: list[Token] = []
    at = 0
    for token in tokens:
        while at < len(intervals) and intervals[at][1] <= token.start:
            at += 1
        # Intervals may nest, so the ones after ``at`` that start before the token's end all count.
        near = at
        meets = False
        while near < len(intervals) and intervals[near][0] < token.end and not meets:
            meets = intervals[near][1] > token.start
            near += 1
        result.append(Token(token.start, token.end, "protected", token.word) if meets else token)
    return tuple(result)
