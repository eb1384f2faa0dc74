"""``augtool check``: what is wrong with a recipe or an input, found without writing anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from augtool.execute import default_workers, execute
from augtool.fitting import sided_classes
from augtool.leaks import Leaks, find_leaks
from augtool.options import Options
from augtool.pipeline import prepare
from augtool.recipe import Recipe
from augtool.unit import Context

_LISTED = 100  # label problems shown to a person


@dataclass
class Findings:
    """What a check found. ``failures`` are inputs that a run would leave out, with the reason."""

    recipe: str
    steps: int
    pictures: int | None = None
    failures: list[dict[str, str]] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)
    """What is wrong with the labels: file, line (0 where it has none), code, message."""
    warnings: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    leaks: Leaks = field(default_factory=Leaks)
    """Pictures that are in two splits."""

    @property
    def doubtful(self) -> bool:
        """Whether there is anything that a person should look at."""
        return bool(self.failures or self.labels or self.warnings or self.leaks)

    def data(self) -> dict[str, Any]:
        """Return the findings as plain data."""
        return {
            "recipe": self.recipe,
            "steps": self.steps,
            "pictures": self.pictures,
            "failures": self.failures,
            "labels": self.labels,
            "warnings": dict(self.warnings),
            "notes": self.notes,
            "leaks": self.leaks.data() if self.leaks.compared else None,
        }

    def lines(self) -> list[str]:
        """Return the findings as lines for a person."""
        lines = [f"recipe {self.recipe or '(no name)'}: ok, {self.steps} step{'s' * (self.steps != 1)}"]
        if self.pictures is not None:
            good = self.pictures - len(self.failures)
            lines.append(f"input: {good:,} of {self.pictures:,} pictures can be used")
        lines += self.notes
        lines += [
            f"{failure['source']}: {failure['message']} [{failure['reason']}]" for failure in self.failures
        ]
        for problem in self.labels[:_LISTED]:
            place = f"{problem['file']}:{problem['line']}" if problem["line"] else problem["file"]
            lines.append(f"{place}: {problem['message']} [{problem['code']}]")
        if len(self.labels) > _LISTED:
            lines.append(f"and {len(self.labels) - _LISTED:,} more; --json lists all")
        counts = Counter(problem["code"] for problem in self.labels)
        lines += [f"labels: {count:,} x {code}" for code, count in counts.most_common()]
        lines += [f"warning: {count:,} x {text}" for text, count in self.warnings.most_common()]
        return lines + [f"warning: {line}" for line in self.leaks.lines()]


def check(recipe: Recipe, source: Path | None, options: Options) -> Findings:
    """Check a recipe, which was loaded and is therefore valid, and decode every picture of an input."""
    findings = Findings(recipe.name, len(recipe.transforms))
    if source is None:
        return findings
    findings.notes = prepare(recipe, source, options).survey.notes
    # A run that makes nothing: every source is read and decoded in the isolated workers.
    nothing = replace(recipe, variants=0, originals="none")
    planned = prepare(nothing, source, options)
    context = Context.of(nothing, source, Path(), planned.dataset, options)
    findings.leaks = find_leaks(planned.plan, planned.survey, context, default_workers(), options.timeout)
    findings.pictures = planned.survey.jobs
    # Splits that a run would copy are only looked at, too.
    jobs = (replace(job, copy=False) for job in planned.plan)
    done = execute(
        jobs, context, workers=default_workers(), timeout=options.timeout, total=planned.survey.jobs
    )
    for _, result in done:
        record = result.record()
        if result.status != "ok":
            findings.failures.append({key: record[key] for key in ("source", "reason", "message")})
        findings.warnings.update(record.get("warnings", ()))
    findings.labels = list(planned.dataset.problems())
    findings.warnings.update(sided_classes(recipe, planned.survey.classes()))
    return findings
