"""Journal -> manifest, inputs list and summary. One streaming pass; memory does not grow with the run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from augtool import storage
from augtool.formats import Dataset, Fragment
from augtool.formats.textset import TextDataset
from augtool.report.texts import TextCounts
from augtool.unit import PLACES

REPORT_VERSION = 1
_INTERNAL = ("rows", "fragments", "places", "made")  # of a journal record, not for the list of inputs
_LISTED = 1000  # failures and warnings named one by one; the counts are always complete
_KEPT = 2048  # values kept per field for its distribution
_BINS = 20


class Distribution:
    """The distribution of one field's drawn values, from a bounded, evenly thinned sample."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.low: float | None = None
        self.high: float | None = None
        self.words: Counter[str] = Counter()
        self._values: list[float] = []
        self._stride = 1

    def add(self, value: Any) -> None:
        """Count one value. Numbers are summarised, anything else is counted by its text."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            if len(self.words) < 100 or str(value) in self.words:
                self.words[_word(value)] += 1
            return
        if self.count % self._stride == 0:
            self._values.append(value)
            if len(self._values) > _KEPT:
                # Keep every second one, and from now on half as many: the sample stays even.
                self._values = self._values[::2]
                self._stride *= 2
        self.count += 1
        self.total += value
        self.low = value if self.low is None else min(self.low, value)
        self.high = value if self.high is None else max(self.high, value)

    def summary(self) -> dict[str, Any]:
        """Return counts for words; least, mean, greatest, deciles and a histogram for numbers."""
        if self.words:
            return {"counts": dict(self.words.most_common())}
        if not self.count or self.low is None or self.high is None:
            return {"count": 0}
        ordered = sorted(self._values)
        last = len(ordered) - 1
        summary: dict[str, Any] = {
            "count": self.count,
            "min": self.low,
            "mean": round(self.total / self.count, 6),
            "max": self.high,
            "deciles": [round(ordered[round(last * at / 10)], 6) for at in range(11)],
        }
        width = (self.high - self.low) / _BINS
        bins = [0] * _BINS if width else [len(ordered)]
        for value in ordered if width else ():
            bins[min(int((value - self.low) / width), _BINS - 1)] += 1
        summary["histogram"] = {
            "from": self.low,
            "to": self.high,
            "share": [round(n / len(ordered), 4) for n in bins],
        }
        return summary


@dataclass
class Collector:
    """Counts what a run did, row by row, in plan order."""

    classes: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)
    transforms: dict[str, dict[str, Distribution]] = field(default_factory=dict)
    applied: Counter[str] = field(default_factory=Counter)
    failure_counts: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, str]] = field(default_factory=list)
    warning_counts: Counter[str] = field(default_factory=Counter)
    warnings: list[dict[str, str]] = field(default_factory=list)
    objects: dict[str, Counter[str]] = field(default_factory=dict)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    places: dict[str, Counter[int]] = field(default_factory=dict)
    manifest: str = ""
    """SHA-256 of ``manifest.jsonl``."""
    texts: TextCounts = field(default_factory=TextCounts)
    shown: Showcase = field(default_factory=lambda: Showcase(per_class=2))

    def add(self, record: dict[str, Any]) -> None:
        """Count one unit's journal record."""
        group = self.classes.setdefault((record.get("split") or "", record.get("label") or ""), Counter())
        self.totals["sources"] += 1
        self.totals["gone"] += record.get("gone", False)
        group["sources"] += 1
        if record["status"] != "ok":
            self.totals["failed"] += 1
            group["failed"] += 1
            self.failure_counts[record["reason"]] += 1
            if len(self.failures) < _LISTED:
                self.failures.append({key: record[key] for key in ("source", "reason", "message")})
        for warning in record.get("warnings", ()):
            self.warning_counts[warning.partition(":")[0]] += 1
            if len(self.warnings) < _LISTED:
                self.warnings.append({"source": record["source"], "warning": warning})
        for row in record["rows"]:
            self.totals[row["kind"] + "s"] += 1
            group[row["kind"] + "s"] += 1
            self._steps(row["steps"])
        self._labels(record)
        self.texts.add(record)
        self.shown.offer(record)

    def _labels(self, record: dict[str, Any]) -> None:
        for when, counts in record.get("objects", {}).items():
            self.objects.setdefault(when, Counter()).update(counts)
        for category, reason, count in record.get("dropped", ()):
            self.dropped[category, reason] += count
        self.skipped.update(record.get("skipped", {}).values())
        self.lost.update(record.get("lost", {}))
        for kind, cells in record.get("places", {}).items():
            known = self.places.setdefault(kind, Counter())
            for cell, count in cells:
                known[cell] += count

    def _steps(self, steps: list[dict[str, dict[str, Any]]]) -> None:
        for step in steps:
            ((name, fields),) = step.items()
            self.applied[name] += 1
            known = self.transforms.setdefault(name, {})
            for key, value in fields.items():
                if key not in ("seed", "p"):
                    known.setdefault(key, Distribution()).add(value)

    def summary(self) -> dict[str, Any]:
        """Return the counted part of ``report.json``."""
        variants = self.totals["variants"]
        return {
            "totals": {
                "sources": self.totals["sources"],
                "failed": self.totals["failed"],
                "originals": self.totals["originals"],
                "variants": variants,
                "files": self.totals["originals"] + variants,
                **({"gone": self.totals["gone"]} if self.totals["gone"] else {}),
            },
            "classes": [
                {
                    "split": split or None,
                    "label": label or None,
                    "before": counts["sources"],
                    "after": counts["originals"] + counts["variants"],
                    "originals": counts["originals"],
                    "variants": counts["variants"],
                    "failed": counts["failed"],
                }
                for (split, label), counts in sorted(self.classes.items())
            ],
            "transforms": {
                name: {
                    "applied": count,
                    "share": round(count / variants, 4) if variants else 0,
                    "fields": {key: known.summary() for key, known in self.transforms[name].items()},
                }
                for name, count in sorted(self.applied.items())
            },
            **self._label_summary(),
            **(self.texts.summary() if self.texts.seen or self.texts.short_sources else {}),
            "failure_counts": dict(self.failure_counts.most_common()),
            "failures": self.failures,
            "warning_counts": dict(self.warning_counts.most_common()),
            "warnings": self.warnings,
        }

    def _label_summary(self) -> dict[str, Any]:
        """Return the counts of objects, where the set has any; and of variants not made."""
        summary: dict[str, Any] = {}
        before, after = self.objects.get("before", Counter()), self.objects.get("after", Counter())
        if before or after:
            summary["objects"] = [
                {
                    "class": name,
                    "before": before[name],
                    "after": after[name],
                    "dropped": {
                        why: count for (who, why), count in sorted(self.dropped.items()) if who == name
                    },
                }
                for name in sorted(before | after)
            ]
            summary["object_places"] = {
                "side": PLACES,
                "before": [self.places.get("original", Counter())[at] for at in range(PLACES**2)],
                "variants": [self.places.get("variant", Counter())[at] for at in range(PLACES**2)],
            }
        if self.lost:
            summary["lost_in_format"] = dict(self.lost.most_common())
        if self.skipped:
            summary["variants_skipped"] = dict(self.skipped.most_common())
        return summary


@dataclass
class Showcase:
    """A few records to show as pictures: some from every class, spread over the run."""

    per_class: int = 2
    most: int = 24
    _kept: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    def offer(self, record: dict[str, Any]) -> None:
        """Consider one record; keeps the 1st, 2nd, 4th, 8th ... of a class, so late ones appear too."""
        if not any(row["kind"] == "variant" for row in record["rows"]):
            return
        group = record.get("split") or "", record.get("label") or ""
        if group not in self._kept and len(self._kept) >= self.most:
            return
        self._seen[group] += 1
        if self._seen[group] & (self._seen[group] - 1) == 0:
            kept = self._kept.setdefault(group, [])
            kept.append({key: record.get(key) for key in ("source", "split", "label", "rows")})
            del kept[: -self.per_class]

    def records(self) -> list[dict[str, Any]]:
        """Return the kept records, by class; one of each class first where there are many classes."""
        groups = sorted(self._kept.items())
        each = max(1, min(self.per_class, self.most // max(1, len(groups))))
        if len(groups) == 1:
            return groups[0][1][-each:]
        return [record for _, kept in groups for record in kept[-each:]][: self.most]


def collect(root: Path) -> Collector:
    """Turn the journal below ``root`` into ``manifest.jsonl`` and ``inputs.jsonl``, and count it."""
    collector = Collector()
    inputs = root / f"{storage.TMP_PREFIX}inputs"

    def manifest_lines() -> Iterator[bytes]:
        with inputs.open("wb") as status:
            for record in storage.read_journal(root):
                collector.add(record)
                told = {key: value for key, value in record.items() if key not in _INTERNAL}
                status.write(_line(told | {"files": len(record["rows"])}))
                for row in record["rows"]:
                    yield _line(row)

    sha = sha256()
    storage.write_durably(root / storage.MANIFEST, _hashed(manifest_lines(), sha))
    collector.manifest = sha.hexdigest()
    storage.write_durably(root / storage.INPUTS, _chunks(inputs))
    inputs.unlink()
    return collector


def finish_dataset(
    root: Path,
    dataset: Dataset,
    records: Iterable[dict[str, Any]] | None = None,
    *,
    originals: bool = True,
    splits: Collection[str] = ("train",),
    spare: bool = False,
) -> dict[str, str]:
    """Write the data set's own files (its list of classes, its one JSON, tables).

    Args:
        root: the output.
        dataset: says what they hold.
        records: the run's journal, where it is no longer below ``root``.
        originals: whether tables of texts hold their original records.
        splits: that were expanded.
        spare: leave a file alone that holds these bytes already.

    Returns:
        Path below ``root`` -> SHA-256.
    """
    written = {}
    journal = records or storage.read_journal(root)
    own: Iterable[tuple[str, Iterable[bytes]]]
    if isinstance(dataset, TextDataset):
        own = dataset.tables(iter(journal), originals=originals, splits=splits)
    else:
        own = dataset.finish(_fragments(journal))
    for relative, chunks in own:
        sha = sha256()
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        storage.write_durably(path, _hashed(chunks, sha), spare=spare)
        written[relative] = sha.hexdigest()
    return written


def _hashed(chunks: Iterable[bytes], sha: Any) -> Iterator[bytes]:
    for chunk in chunks:
        sha.update(chunk)
        yield chunk


def _fragments(records: Iterable[dict[str, Any]]) -> Iterator[Fragment]:
    for record in records:
        parts = record.get("fragments") or [None] * len(record["rows"])
        for row, data in zip(record["rows"], parts, strict=True):
            facts = {name: row[name] for name in ("output", "source", "kind", "split", "width", "height")}
            yield Fragment(**facts, data=data)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _word(value: Any) -> str:
    return "true" if value is True else "false" if value is False else "none" if value is None else str(value)
