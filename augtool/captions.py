"""Frozen steps in a few words, for contact sheets and the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# Fields that say how, not how much: left out of a caption unless nothing else is said.
_QUIET = frozenset({"seed", "p", "when", "canvas", "pivot", "size"})
# Fields whose name tells their unit. A plain x: the sheets' font has no multiplication sign.
_UNITS = {"angle": "{}\N{DEGREE SIGN}", "degrees": "{}\N{DEGREE SIGN}", "factor": "x{}"}


def caption(steps: Iterable[Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """Return one short text per step of a manifest row, such as ``brightness x0.93``.

    A step with one telling field shows its value; one with several names them.
    """
    return [_one(name, fields) for step in steps for name, fields in step.items()]


def _one(name: str, fields: Mapping[str, Any]) -> str:
    loud = {key: value for key, value in fields.items() if key not in _QUIET and value is not None}
    words = name.replace("_", " ")
    if not loud:
        return words
    if len(loud) == 1:
        return f"{words} {_valued(*next(iter(loud.items())))}"
    return f"{words} " + " ".join(f"{key} {_valued(key, value)}" for key, value in loud.items())


def _valued(key: str, value: Any) -> str:
    return _UNITS.get(key, "{}").format(_short(value))


def _short(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    size = abs(value)
    text = f"{value:.{0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
