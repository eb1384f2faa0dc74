"""What a report says of texts: replaced words, shortfalls, and pairs of a source and its variants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_ARTICLES = ("a", "an")
TOP_WORDS = 50
_SHOWN = 600  # characters of a text on the page
_AROUND = 80  # characters kept around an edit of a longer text


@dataclass
class TextCounts:
    """Counts what a run over texts did, record by record."""

    replaced: Counter[str] = field(default_factory=Counter)
    by: dict[str, Counter[str]] = field(default_factory=dict)
    shortfalls: Counter[str] = field(default_factory=Counter)
    short_sources: int = 0
    seen: bool = False

    def add(self, record: Mapping[str, Any]) -> None:
        """Count one journal record."""
        short = record.get("shortfall")
        if short:
            self.short_sources += 1
            self.shortfalls[short["reason"]] += short["missing"]
        for row in record["rows"]:
            changes = row.get("changes", ())
            came = Counter(new.lower() for _, _, _, new in changes)
            for _, _, old, new in changes:
                self.seen = True
                if old.lower() in came or old.lower() in _ARTICLES:
                    continue  # moved, not replaced; or mended to fit a replaced word
                if old.isalpha() and new.isalpha():
                    self.replaced[old.lower()] += 1
                    self.by.setdefault(old.lower(), Counter())[new.lower()] += 1

    def summary(self) -> dict[str, Any]:
        """Return this part of ``report.json``."""
        return {
            "shortfalls": {
                "missing": sum(self.shortfalls.values()),
                "sources": self.short_sources,
                "reasons": dict(self.shortfalls.most_common()),
            },
            "replaced_words": [
                {"word": word, "count": count, "by": dict(self.by[word].most_common(5))}
                for word, count in sorted(self.replaced.items(), key=lambda pair: (-pair[1], pair[0]))[
                    :TOP_WORDS
                ]
            ],
        }


Piece = tuple[str, str]  # kind ("same", "old", "new", "gap") and text


def pieces(text: str, changes: Sequence[Sequence[Any]]) -> list[Piece]:
    """Return a variant as pieces to mark: what stayed, what went, what came; long sameness is cut."""
    found: list[Piece] = []
    at = 0
    for start, end, *_, new in changes:
        found += [("same", text[at:start]), ("old", text[start:end]), ("new", new)]
        at = end
    found.append(("same", text[at:]))
    found = [piece for piece in found if piece[1]]
    return _cut(found) if len(text) > _SHOWN else found


def _cut(found: list[Piece]) -> list[Piece]:
    result: list[Piece] = []
    for number, (kind, text) in enumerate(found):
        if kind == "same" and len(text) > 2 * _AROUND:
            head = text[:_AROUND] if number else ""
            tail = text[-_AROUND:] if number < len(found) - 1 else ""
            result += [("same", head), ("gap", "…"), ("same", tail)]
        else:
            result.append((kind, text))
    return [piece for piece in result if piece[1]][:60]


@dataclass(frozen=True, slots=True)
class Pair:
    """A source and its variants, each as pieces, with the names of the steps."""

    source: str
    where: str
    text: str
    variants: list[tuple[list[Piece], str]]


def pairs(records: Sequence[Mapping[str, Any]], texts: Mapping[str, str]) -> list[Pair]:
    """Return the pairs for some records; ``texts`` holds their sources' texts by key."""
    result = []
    for record in records:
        text = texts.get(record["source"])
        if text is None:
            continue
        variants = [
            (pieces(text, row["changes"]), step_names(row["steps"]))
            for row in record["rows"]
            if row["kind"] == "variant"
        ]
        where = " / ".join(part for part in (record.get("split"), record.get("label")) if part)
        shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        result.append(Pair(record["source"], where, shown, variants[:8]))
    return result


def step_names(steps: Iterable[Mapping[str, Any]]) -> str:
    """Return the names of a row's steps in plain words."""
    return ", ".join(name.replace("_", " ") for step in steps for name in step)
