"""Frozen steps on a source text -> the edited text: a union of edits, articles mended, one splice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from augtool import registry
from augtool.freeze import FrozenStep
from augtool.text.document import Document, TextFrame, copy_case
from augtool.text.edits import Change, Edit, splice
from augtool.text.english import ARTICLES, article_for

_NEXT_WORD = re.compile(r"""[^\S\n]+["'“‘«(\[*]*([^\W_]+)""")


@dataclass(frozen=True, slots=True)
class Composed:
    """What a variant is made of: its text, the changes to the source, the steps that made any."""

    text: str
    changes: tuple[Change, ...]
    steps: tuple[FrozenStep, ...]


def compose(document: Document, steps: Sequence[FrozenStep]) -> Composed | None:
    """Apply frozen steps to a text.

    Returns:
        The variant, or None where an article that must be mended is protected.

    """
    taken = Edit()
    applied = []
    for step in steps:
        effect: Edit = registry.get(step.name).function(TextFrame(document, taken), **step.values)
        merged = taken.then(effect)
        if effect.changes and merged is not None:
            taken = merged
            applied.append(step)
    mended = mend_articles(document, taken)
    if mended is None:
        return None
    return Composed(splice(document.text, mended.changes), mended.changes, tuple(applied))


def mend_articles(document: Document, edit: Edit) -> Edit | None:
    """Make ``a`` and ``an`` fit the words that now follow them; None where one is out of reach."""
    if not edit.changes:
        return edit
    added: list[Change] = []
    for at, lower in enumerate(document.lower):
        if lower not in ARTICLES:
            continue
        token = document.tokens[at]
        if any(change.start < token.end and change.end > token.start for change in edit.changes):
            continue  # a step has moved or replaced the article itself
        before = _NEXT_WORD.match(document.text, token.end)
        after = _NEXT_WORD.match(_following(document.text, token.end, edit.changes))
        if after is None or (before and before[1] == after[1]):
            continue
        wanted = article_for(after[1])
        if wanted == lower:
            continue
        if token.kind == "protected":
            return None
        added.append(Change(token.start, token.end, copy_case(token.word, wanted, shouted=document.shouted)))
    return edit.then(Edit(tuple(added))) if added else edit


def _following(text: str, at: int, changes: Sequence[Change]) -> str:
    """Return the start of the edited text behind position ``at`` of the source."""
    window = text[at : at + 400]
    inside = [
        Change(change.start - at, change.end - at, change.new)
        for change in changes
        if change.start >= at and change.end <= at + len(window)
    ]
    return splice(window, inside)
