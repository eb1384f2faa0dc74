"""Numbers and names as a person reads them: separators, few digits, nothing invisible, nothing endless."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_MINUS = "\N{MINUS SIGN}"


def number(value: Any) -> str:
    """Return a number with three or four telling digits: ``2,046``, ``12.35``, ``0.0183``.

    Whole numbers keep all digits and have thousands separators. Anything that is no number is its text.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return visible(str(value), 60)
    if not math.isfinite(value):
        return str(value)
    if value == int(value):
        text = f"{int(value):,}" if abs(value) < 1e15 else f"{value:.3g}"
    elif abs(value) >= 1000:
        text = f"{value:,.0f}"
    elif abs(value) < 0.0001:
        text = f"{value:.2e}"
    else:
        digits = 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3 if abs(value) >= 0.1 else 4
        text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return text.replace("-", _MINUS)


def percent(share: float) -> str:
    """Return a share, 0 to 1, as percent; small but not zero is never shown as 0."""
    value = 100 * share
    if 0 < value < 0.1:
        return "< 0.1 %"
    if 99.9 < value < 100:
        return "> 99.9 %"
    return f"{value:.{0 if value >= 10 or value == int(value) else 1}f} %"


def duration(seconds: float) -> str:
    """Return a span of time: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s" if seconds >= 0.05 else "under 0.1 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours:,} h" + (f" {minutes} min" if minutes else "")


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 picture``, ``2,046 pictures``, ``3 classes``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith('s') else 's'}"


def listed(names: list[str]) -> str:
    """Return names as a sentence has them: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def visible(text: str, limit: int = 200) -> str:
    """Return text in which everything can be seen, at most about ``limit`` characters long.

    Control characters, lone surrogates and marks that turn the reading direction become escapes, so that
    a file name cannot hide what it is. A long text loses its middle, since the end of a path tells most.
    """
    if len(text) > limit:
        text = f"{text[: limit // 3]} … {text[len(text) - (limit - limit // 3 - 3) :]}"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if _hidden(char) else char for char in text)


def _hidden(char: str) -> bool:
    return char in _BIDI or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()
