"""What a person sees: results on stdout, talk on stderr, a progress bar only on a terminal."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from augtool import github

if TYPE_CHECKING:
    from augtool.checks import Findings
    from augtool.errors import RecipeError
    from augtool.explain import Explanation
    from augtool.leaks import Leaks
    from augtool.options import Options
    from augtool.pipeline import Planned
    from augtool.text.preview import Preview
    from augtool.unit import UnitResult

_PLAIN_EVERY = 5.0  # seconds between progress lines where there is no terminal


def clean(text: str) -> str:
    """Return text that cannot steer a terminal: control characters become visible escapes."""
    safe = text.encode(errors="backslashreplace").decode()
    safe = "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in safe)
    return github.disarmed(safe) if github.wanted() else safe


def result(text: str) -> None:
    """Print a result on stdout."""
    click.echo(clean(text))


def result_json(data: Any) -> None:
    """Print a result as JSON on stdout."""
    click.echo(
        json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False).encode(errors="backslashreplace")
    )


_events = False


def speak_json(*, on: bool) -> None:
    """Talk on stderr in events, one JSON object per line, instead of words."""
    global _events  # noqa: PLW0603 - set once, when a command begins
    _events = on


def event(kind: str, **facts: Any) -> bool:
    """Write an event if events are wanted; return whether they are."""
    if _events:
        _talk(json.dumps({"event": kind, "time": round(time.time(), 3), **facts}))
    return _events


def say(text: str) -> None:
    """Tell the person something, on stderr."""
    if not event("note", message=clean(text)):
        _talk(clean(text))


def fail(text: str) -> None:
    """Tell the person what went wrong, on stderr."""
    if not event("error", message=clean(text)):
        _talk(_styled("augtool: ", fg="red") + clean(text))


def fail_recipe(error: RecipeError) -> None:
    """Tell the person every mistake in a recipe, on stderr, and mark its place in a pull request."""
    count = len(error.problems)
    if _events:
        for problem in error.problems:
            event("error", message=clean(str(problem)), file=clean(problem.file), line=problem.line)
        return
    fail(str(error))
    for problem in error.problems:
        github.annotate("error", problem.message, problem.file, problem.line, problem.column)
    if count > 1:
        fail(f"{count} mistakes; nothing was written")


def warn(text: str) -> None:
    """Warn the person, on stderr."""
    if not event("warning", message=clean(text)):
        _talk(_styled("warning: ", fg="yellow") + clean(text))


def _talk(text: str) -> None:
    # Nobody may be listening: stderr closed, its reader gone, its disk full. The work goes on.
    with suppress(OSError, ValueError):
        if sys.stderr is not None:
            click.echo(text, err=True, color=_color())


def _color() -> bool | None:
    return False if os.environ.get("NO_COLOR") else None


def _styled(text: str, **style: Any) -> str:
    return click.style(text, **style)


class Progress:
    """Follows a run on stderr: a bar with rate and time left on a terminal, else a line now and then."""

    def __init__(self, splits: Collection[str], source: Path, *, quiet: bool, verbose: bool) -> None:
        self._splits, self._source = splits, source
        self._quiet, self._verbose = quiet, verbose
        self._bar: Any = None
        self._noun = "picture"
        self._total = self._done = self._files = self._failed = 0
        self._started = self._spoke = time.monotonic()

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal tidy."""
        if self._bar is not None:
            self._bar.close()

    def plan(self, planned: Planned) -> None:
        """Announce what is about to happen."""
        survey = planned.survey
        self._total = survey.jobs - planned.done
        if self._quiet or event(
            "plan", format=planned.dataset.name, sources=survey.jobs, files=survey.files, done=planned.done
        ):
            return
        for line in split_notes(survey.sources, self._splits) + survey.notes:
            say(line)
        say(f"format: {planned.dataset.name} ({planned.recognised})")
        self._noun = planned.dataset.noun
        made = count(survey.files, "text" if self._noun == "text" else "file")
        say(f"{count(survey.usable, self._noun)} -> {made}")
        if planned.done:
            say(f"going on after {planned.done:,} of {count(survey.jobs, 'input')}")
        # A terminal without a width (in some recorders) would make the bar invisible.
        if sys.stderr is not None and sys.stderr.isatty() and shutil.get_terminal_size((0, 0)).columns > 0:
            from tqdm import tqdm

            self._bar = tqdm(
                total=self._total, unit=f" {self._noun}s", file=sys.stderr, dynamic_ncols=True, leave=False
            )

    def leaks(self, leaks: Leaks) -> None:
        """Warn of pictures that are in two splits."""
        if not self._quiet:
            for line in leaks.lines():
                self._line(line)

    def unit(self, result: UnitResult) -> None:
        """Count one finished source."""
        self._done += 1
        self._files += len(result.rows)
        if self._tell(result):
            return
        if self._bar is not None:
            self._bar.update()
        if result.status != "ok":
            self._failed += 1
            if not self._quiet and self._failed <= 20:
                self._line(f"{result.source}: {result.message} [{result.reason}]")
        elif self._verbose:
            for warning in result.warnings:
                self._line(f"{result.source}: {warning}")
        now = time.monotonic()
        if self._bar is None and not self._quiet and now - self._spoke >= _PLAIN_EVERY:
            self._spoke = now
            rate = self._done / (now - self._started)
            left = (self._total - self._done) / rate
            done = f"{self._done:,} of {self._total:,} {self._noun}s, {self._files:,} files"
            # The first units carry the start of the workers: an estimate from them would mislead.
            said = f", {_span(left)} left" if self._done >= min(20, self._total // 10) else ""
            say(f"{done}, {rate:.1f}/s{said}")

    def _tell(self, result: UnitResult) -> bool:
        """Say in other ways than to a person what became of a source; return whether that is all."""
        if result.status != "ok":
            message = f"{result.source}: {result.message} [{result.reason}]"
            github.annotate("warning", message, str(self._source / result.source))
        facts = {"files": len(result.rows), "status": result.status, "warnings": result.warnings}
        if result.status != "ok":
            facts |= {"reason": result.reason, "message": clean(result.message)}
        return not self._quiet and event("source", source=clean(result.source), **facts)

    def _line(self, text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        warn(text)


def show_plan(planned: Planned, options: Options, *, as_json: bool) -> None:
    """Print what a run would do."""
    survey, noun = planned.survey, planned.dataset.noun
    rows: list[dict[str, Any]] = []
    for (split, label), pictures in sorted(survey.sources.items()):
        files = survey.written[split, label]
        rows.append({"split": split or None, "label": label or None, "pictures": pictures, "files": files})
    if as_json:
        result_json(
            {
                "pictures": survey.usable,
                "originals": survey.originals,
                "variants": survey.variants,
                "files": survey.files,
                "problems": dict(survey.problems),
                "ignored": dict(planned.dataset.ignored),
                "input_bytes": survey.source_bytes,
                "estimated_bytes": survey.estimated_bytes,
                "classes": rows,
                "notes": survey.notes,
            }
        )
        return
    for note in split_notes(survey.sources, options.splits) + survey.notes:
        result(note)
    result(
        table(
            ("split", "class", f"{noun}s", "texts made" if noun == "text" else "files"),
            [
                (row["split"] or "-", row["label"] or "-", f"{row['pictures']:,}", f"{row['files']:,}")
                for row in rows
            ],
        )
    )
    made = f"{count(survey.originals, 'original')} + {count(survey.variants, 'variant')}"
    total = f"{count(survey.files, 'file')}, about {_bytes(survey.estimated_bytes)}"
    result(f"\n{count(survey.usable, noun)} ({_bytes(survey.source_bytes)}) -> {made} = {total}")
    for code, number in survey.problems.items():
        result(f"{count(number, 'input')} cannot be used: {code}")
    for suffix, number in planned.dataset.ignored.most_common(5):
        result(f"ignored: {number:,} x {suffix}")


def show_report(report: dict[str, Any], output: Path, *, as_json: bool, quiet: bool) -> None:
    """Print a run's summary."""
    if as_json:
        listed = (
            "totals",
            "classes",
            "failure_counts",
            "warning_counts",
            "duration_seconds",
            "variants_per_second",
        )
        result_json({name: report[name] for name in listed} | {"output": str(output)})
        return
    totals = report["totals"]
    failed = ", ".join(f"{number:,} {code}" for code, number in report["failure_counts"].items())
    if failed:
        warn(f"{count(totals['failed'], 'input')} failed ({failed}); {output / 'inputs.jsonl'} says why")
    if quiet:
        return
    made = f"{count(totals['originals'], 'original')} + {count(totals['variants'], 'variant')}"
    speed = f"{report['duration_seconds']:.1f} s, {report['variants_per_second']:,} variants/s"
    result(f"{count(totals['files'], 'text' if report['unit'] == 'text' else 'file')}: {made} ({speed})")
    short = report.get("shortfalls", {"missing": 0})
    if short["missing"]:
        reasons = ", ".join(f"{reason} {number:,}" for reason, number in short["reasons"].items())
        result(f"{count(short['missing'], 'variant')} could not be made: {reasons}")
    for code, number in report["warning_counts"].items():
        result(f"{count(number, 'warning')}: {code}")
    result(f"report: {output / 'report.html'}")


def show_check(findings: Findings, source: Path | None, *, as_json: bool) -> None:
    """Print what a check found, and mark it in a pull request."""
    base = source or Path()
    for failure in findings.failures:
        github.annotate("warning", failure["message"], str(base / failure["source"]))
    for problem in findings.labels:
        github.annotate("warning", problem["message"], str(base / problem["file"]), problem["line"])
    if as_json:
        result_json(findings.data())
        return
    for line in findings.lines():
        result(line)


def show_explanation(explanation: Explanation, *, as_json: bool) -> None:
    """Print the drawn steps and the passes they became."""
    if as_json:
        result_json(explanation.data())
        return
    for line in explanation.lines():
        result(line)


def show_texts(preview: Preview) -> None:
    """Print texts above their variants; on a terminal, colour marks what went and what came."""
    styles: dict[str, dict[str, Any]] = {
        "old": {"fg": "red", "strikethrough": True},
        "new": {"fg": "green", "bold": True},
        "head": {"bold": True},
        "note": {"dim": True},
    }
    marks = {"old": ("[-", "-]"), "new": ("{+", "+}")}
    colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in preview.lines():
        parts = []
        for kind, text in line:
            shown = clean(text).replace("\n", " ") if kind != "same" else clean(text)
            before, after = ("", "") if colored else marks.get(kind, ("", ""))
            parts.append(_styled(shown, **styles.get(kind, {})) if colored else f"{before}{shown}{after}")
        click.echo("".join(parts), color=colored)


def split_notes(sources: Iterable[tuple[str, str]], splits: Collection[str]) -> list[str]:
    """Say which splits are expanded and which are copied, where there are splits."""
    found = sorted({split for split, _ in sources} - {""})
    if not found:
        return []
    expanded = [split for split in found if split in splits]
    copied = [split for split in found if split not in splits]
    note = f"splits: {', '.join(expanded) or 'none'} expanded"
    return [note + (f"; {', '.join(copied)} copied untouched" if copied else "")]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned text table; columns of numbers are flush right."""
    lines = [head, *rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    numeric = [
        all(row[at].replace(",", "").replace("-", "").isdigit() or row[at] == "-" for row in rows)
        for at in range(len(head))
    ]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    )


def count(number: int, noun: str) -> str:
    """Return ``1 picture``, ``2,000 pictures``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _bytes(number: int) -> str:
    value = float(number)
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if value >= 100 or unit == "bytes" else f"{value:.1f} {unit}"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
