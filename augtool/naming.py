"""Names people type: suggestions for mistyped ones."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``", did you mean 'x'?"`` for the nearest known name, or an empty text if none is near."""
    names = list(known)
    near = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.55)
    if not near:
        near = [name for name in names if word and (name.startswith(word) or word in name.split("_"))][:1]
    return f", did you mean '{near[0]}'?" if near else ""


def which_field(word: str, fields: Mapping[str, str]) -> str:
    """Like :func:`did_you_mean` over the names in ``fields``, and failing that over their help texts.

    People write what they would call a field: ``degrees`` for an angle. The help says it in such words.
    """
    hint = did_you_mean(word, fields)
    if hint:
        return hint
    for name, help_text in fields.items():
        words = re.findall(r"[a-z]{4,}", help_text.lower())
        if difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.8):
            return f", did you mean '{name}'?"
    return ""
