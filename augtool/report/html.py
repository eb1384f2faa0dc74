"""``report.html``: one self-contained page. No script, no request; what it shows is in ``report.json``.

Everything a person did not write here (names, messages, the recipe) passes through the template's
autoescape, and every list is bounded, so the page stays below 5 MB whatever the run was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from augtool.captions import caption
from augtool.labels import Labels
from augtool.report import words
from augtool.report.texts import pairs
from augtool.report.thumbnails import Strip, Thumbnail, strips

_LIMIT = 4_900_000  # bytes of the page
_BARS = 40  # classes drawn; the rest go into a table
_ROWS = 1000  # classes named at all
_SPLITS = 20  # charts; a folder has at most three splits, but a report can come from anywhere
_FAULTS = 200  # failures and warnings named one by one
_OPEN = 20  # longer lists are folded
_STRIPS_OPEN = 8
_STEPS = 12  # of a variant, in its caption
_RECIPE = 60_000  # characters


def render_html(
    report: dict[str, Any],
    records: list[dict[str, Any]],
    source: Path,
    output: Path,
    labels: Mapping[str, Labels] | None = None,
    texts: Mapping[str, str] | None = None,
) -> str:
    """Return the page for a run.

    Args:
        report: the content of ``report.json``.
        records: some journal records, to be shown as pictures.
        source: the input folder.
        output: the folder with the written pictures.
        labels: what to draw on the pictures, see :func:`augtool.report.thumbnails.strips`.
        texts: the source texts of the records, by key, where the run was over texts.

    Pictures that cannot be read are left out. The page is below 5 MB and is valid UTF-8.

    """
    view = _view(report) | {"pairs": pairs(records, texts or {})}
    shown = strips(records, source, output, labels) if texts is None else []
    pictures = [_shown(strip) for strip in shown]
    page = _page(view, pictures)
    while len(page) > _LIMIT and pictures:
        # Only absurdly long names get here: thumbnails alone have their own, lower bound.
        pictures = pictures[: len(pictures) * 3 // 4]
        page = _page(view, pictures)
    return page.decode()


def _page(view: dict[str, Any], pictures: list[dict[str, Any]]) -> bytes:
    # A lone surrogate has no UTF-8; it is escaped rather than lose the report.
    return _template().render(view | {"strips": pictures}).encode("utf-8", "backslashreplace")


@cache
def _template() -> Template:
    loader = PackageLoader("augtool.report", "")
    # The suffix .j2 would switch the usual autoescape off: it is on for everything, always.
    env = Environment(
        autoescape=True, loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters |= {"n": words.number, "percent": words.percent, "name": words.visible}
    env.globals |= {"plural": words.plural, "duration": words.duration}
    return env.get_template("report.html.j2")


def _view(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything the template shows but the pictures."""
    return {
        "report": report,
        "noun": report.get("unit", "picture"),
        "shortfalls": report.get("shortfalls", {"missing": 0}),
        "replaced": report.get("replaced_words", []),
        "headline": headline(report),
        "lead": _lead(report),
        "notes": report.get("notes", [])[:_OPEN],
        "totals": report["totals"],
        "strips_open": _STRIPS_OPEN,
        "open": _OPEN,
        "charts": _charts(report["classes"]),
        "splits": _splits(report),
        "leaks": _leaks(report.get("leaks")),
        "objects": _objects(report.get("objects", [])),
        "places": _places(report.get("object_places")),
        "lost": list(report.get("lost_in_format", {}).items())[:_OPEN],
        "skipped": report.get("variants_skipped", {}),
        "transforms": [_transform(name, known) for name, known in report["transforms"].items()],
        "failures": report["failures"][:_FAULTS],
        "failure_total": sum(report["failure_counts"].values()),
        "warnings": report["warnings"][:_FAULTS],
        "warning_total": sum(report["warning_counts"].values()),
        "ignored": list(report["ignored"].items())[:_OPEN],
        "ignored_total": sum(report["ignored"].values()),
        "ignored_kinds": len(report["ignored"]),
        "recipe": _recipe_text(report["recipe"]["source"]),
    }


def headline(report: Mapping[str, Any]) -> str:
    """Return the run in one sentence: ``341 pictures became 2,046 in 12 s``."""
    totals, spent = report["totals"], words.duration(report["duration_seconds"])
    noun = report.get("unit", "picture")
    usable = totals["sources"] - totals["failed"]
    if not totals["sources"]:
        return "There was nothing to work on"
    if not usable:
        if totals["sources"] == 1:
            return f"The only {noun} could not be used"
        return f"None of {words.plural(totals['sources'], noun)} could be used"
    if not totals["variants"]:
        return f"{words.plural(usable, noun)} {'was' if usable == 1 else 'were'} copied in {spent}"
    ending = "" if totals["originals"] else " new ones" if totals["files"] > 1 else " new one"
    return f"{words.plural(usable, noun)} became {totals['files']:,}{ending} in {spent}"


def _lead(report: Mapping[str, Any]) -> list[str]:
    """Return the sentences below the headline: what became of each split, and of the originals."""
    sentences = []
    named = sorted({group["split"] for group in report["classes"]} - {None})
    expanded = [split for split in named if split in report["expanded_splits"]]
    kept = [split for split in named if split not in report["expanded_splits"]]
    if expanded and kept:
        resized = _output(report).get("size") is not None
        how = "copied at the recipe's size" if resized else "copied untouched"
        done = f"Only {words.listed(expanded)} {_was(expanded)} expanded"
        sentences.append(f"{done}; {words.listed(kept)} {_was(kept)} {how}.")
    elif expanded:
        sentences.append(f"{words.listed(expanded)} {_was(expanded)} expanded.".capitalize())
    if not report["totals"]["originals"] and report["totals"]["variants"]:
        sentences.append("The originals were not copied, as the recipe asks.")
    return sentences


def _was(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"


def _output(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe's ``output`` as its author wrote it."""
    recipe = report["recipe"]["source"]
    value = recipe.get("output") if isinstance(recipe, dict) else None
    return value if isinstance(value, dict) else {}


def _splits(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per split, or none where the set has no splits."""
    rows = []
    for split, groups in _by_split(report["classes"]):
        total = {
            key: sum(group[key] for group in groups) for key in ("before", "after", "variants", "failed")
        }
        rows.append({"name": split or "no split", "classes": len(groups), **total})
    return [] if [row["name"] for row in rows] in ([], ["no split"]) else rows[:_SPLITS]


def _leaks(leaks: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what to say of pictures in two splits; None where none was found or nothing was compared."""
    if not leaks or not leaks["total"]:
        return None
    return {
        "total": leaks["total"],
        "complete": leaks["complete"],
        "counts": [row | {"how": _KINDS.get(row["kind"], row["kind"])} for row in leaks["counts"]][:_OPEN],
        "pairs": [row | {"how": _KINDS.get(row["kind"], row["kind"])} for row in leaks["pairs"][:_OPEN]],
    }


_KINDS = {"exact": "the same bytes", "near": "nearly the same", "mirrored": "mirrored"}


def _by_split(classes: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    def split(group: Mapping[str, Any]) -> str:
        return group["split"] or ""

    found = [(key, list(groups)) for key, groups in groupby(sorted(classes, key=split), split)]
    # Expanded splits first: they are what the run was for.
    return sorted(found, key=lambda pair: not any(group["variants"] for group in pair[1]))


def _charts(classes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the class balance of each split; nothing for a set without classes."""
    if not any(group["label"] for group in classes):
        return []
    room, charts = _ROWS, []
    for split, groups in _by_split(classes)[:_SPLITS]:
        ordered = sorted(groups, key=lambda group: (-group["after"], -group["before"], group["label"] or ""))
        shown, room = ordered[:room], max(0, room - len(ordered))
        most = max([max(group["after"], group["before"]) for group in groups] + [1])
        rows = [
            {
                "label": group["label"],
                "before": group["before"],
                "after": group["after"],
                "failed": group["failed"],
                "before_width": round(100 * group["before"] / most, 2),
                "after_width": round(100 * group["after"] / most, 2),
            }
            for group in shown
        ]
        charts.append(
            {
                "split": split,
                "expanded": any(group["variants"] for group in groups),
                "count": len(groups),
                "bars": rows[:_BARS],
                "rest": rows[_BARS:],
                "unnamed": len(groups) - len(shown),
                "balance": _balance(groups),
            }
        )
    return charts


def _objects(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row per class of objects: how many before and after, and how many were dropped and why."""
    most = max((max(row["before"], row["after"]) for row in rows), default=0) or 1
    return [
        {
            "name": row["class"],
            "before": row["before"],
            "after": row["after"],
            "before_width": round(100 * row["before"] / most, 2),
            "after_width": round(100 * row["after"] / most, 2),
            "dropped": [(_REASONS.get(why, why), count) for why, count in row["dropped"].items()],
        }
        for row in sorted(rows, key=lambda row: -row["after"])[:_ROWS]
    ]


_REASONS = {
    "outside": "left the picture",
    "covered": "covered",
    "min_visibility": "too little seen",
    "min_size": "too small",
    "min_keypoints": "too few keypoints",
}


def _places(places: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return the cells of the two maps of where objects lie: originals, variants."""
    if not places:
        return []
    side = places["side"]
    maps = []
    for name, key in (("originals", "before"), ("variants", "variants")):
        most = max(places[key])
        if most:
            cells = [
                {"x": at % side, "y": at // side, "share": round(count / most, 3)}
                for at, count in enumerate(places[key])
                if count
            ]
            maps.append({"name": name, "side": side, "cells": cells})
    return maps


def _balance(groups: Sequence[Mapping[str, Any]]) -> str:
    """Return how uneven the classes are, in a sentence; nothing for a single one."""
    counts = [group["after"] for group in groups if group["label"] is not None]
    if len(counts) < 2:
        return ""
    if min(counts) == 0:
        empty = sum(count == 0 for count in counts)
        return f"{words.plural(empty, 'class')} ended up without any picture."
    ratio = max(counts) / min(counts)
    if ratio < 1.05:
        return "The classes are balanced."
    return f"The largest class has {words.number(round(ratio, 1))} times as many pictures as the smallest."


def _transform(name: str, known: Mapping[str, Any]) -> dict[str, Any]:
    share = known["share"]
    return {
        "name": name.replace("_", " "),
        "applied": known["applied"],
        "share": words.percent(share) if share <= 1 else f"{words.number(share)} per variant",
        "width": round(min(share, 1) * 100, 2),
        "fields": [
            _field(key, summary) for key, summary in known["fields"].items() if summary.get("count", 1)
        ],
    }


def _field(key: str, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the transforms table: words in one text, numbers as a histogram with three figures."""
    row: dict[str, Any] = {"name": key.replace("_", " "), "text": "", "path": ""}
    if "counts" in summary:
        counts = summary["counts"]
        total = sum(counts.values()) or 1
        told = [
            f"{words.visible(word, 40)} {words.percent(count / total)}"
            for word, count in list(counts.items())[:6]
        ]
        more = f" and {len(counts) - 6} more" if len(counts) > 6 else ""
        only = words.visible(next(iter(counts)), 40) if len(counts) == 1 else ""
        return row | {"text": f"always {only}" if only else ", ".join(told) + more}
    if summary["min"] == summary["max"]:
        return row | {"text": f"always {words.number(summary['min'])}"}
    figures = {key: words.number(summary[key]) for key in ("min", "mean", "max")}
    return row | figures | {"path": _bars(summary["histogram"]["share"])}


def _bars(shares: Sequence[float]) -> str:
    """Return a histogram as one SVG path in a box of 100 x 24."""
    most, width = max(shares, default=0) or 1, 100 / max(1, len(shares))
    parts = []
    for at, share in enumerate(shares):
        if share:
            height = max(1.0, 23 * share / most)
            parts.append(f"M{at * width:.4g} 24v{-height:.3g}h{width * 0.82:.3g}v{height:.3g}z")
    return "".join(parts)


def _shown(strip: Strip) -> dict[str, Any]:
    """Return what the template says about a source and its variants."""
    return {
        "source": strip.source,
        "where": " / ".join(part for part in (strip.split, strip.label) if part),
        "original": _figure(strip.original) if strip.original else None,
        "variants": [_figure(picture) for picture in strip.variants],
        "hidden": strip.hidden,
        "gain": strip.gain,
    }


def _figure(picture: Thumbnail) -> dict[str, Any]:
    steps = picture.row.get("steps") or []
    return {
        "uri": picture.uri,
        "width": picture.width,
        "height": picture.height,
        "tiny": picture.tiny,
        "size": f"{picture.full[0]:,} \N{MULTIPLICATION SIGN} {picture.full[1]:,}",
        "variant": picture.row.get("variant", 0),
        "caption": _said(steps),
        "title": "\n".join(
            words.visible(json.dumps(step, ensure_ascii=False), 300) for step in steps[:_STEPS]
        ),
    }


def _said(steps: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what was applied, a line per step."""
    lines = [words.visible(line, 80) for line in caption(steps[:_STEPS])] or ["unchanged"]
    more = [f"and {words.plural(len(steps) - _STEPS, 'more step')}"] if len(steps) > _STEPS else []
    return [_typeset(line) for line in lines] + more


def _typeset(line: str) -> str:
    """Give numbers their own minus and times signs; a hyphen or an x in a word stays what it is."""
    line = re.sub(r"(?<= )x(?=\d)", "\N{MULTIPLICATION SIGN}", line)
    return re.sub(r"(?<= )-(?=[\d.])", "\N{MINUS SIGN}", line)


def _recipe_text(recipe: Any) -> dict[str, Any] | None:
    if not recipe:
        return None
    text = yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, default_flow_style=None, width=96)
    return {"text": text[:_RECIPE], "cut": len(text) > _RECIPE}
