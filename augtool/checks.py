"""``augtool check``: what is wrong with a recipe or an input, found without writing anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from augtool.execute import default_workers, execute
from augtool.fitting import context_of, sided_classes
from augtool.options import Options
from augtool.pipeline import prepare
from augtool.plan import plan
from augtool.recipe import Recipe

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

    @property
    def doubtful(self) -> bool:
        """Whether there is anything that a person should look at."""
        return bool(self.failures or self.labels or self.warnings)

    def data(self) -> dict[str, Any]:
        """Return the findings as plain data."""
        return {
            "recipe": self.recipe,
            "steps": self.steps,
            "pictures": self.pictures,
            "failures": self.failures,
            "labels": self.labels,
            "warnings": dict(self.warnings),
        }

    def lines(self) -> list[str]:
        """Return the findings as lines for a person."""
        lines = [f"recipe {self.recipe or '(no name)'}: ok, {self.steps} step{'s' * (self.steps != 1)}"]
        if self.pictures is not None:
            good = self.pictures - len(self.failures)
            lines.append(f"input: {good:,} of {self.pictures:,} pictures can be used")
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
        return lines


def check(recipe: Recipe, source: Path | None, options: Options) -> Findings:
    """Check a recipe, which was loaded and is therefore valid, and decode every picture of an input."""
    findings = Findings(recipe.name, len(recipe.transforms))
    if source is None:
        return findings
    # A run that makes nothing: every source is read and decoded in the isolated workers.
    nothing = replace(recipe, variants=0, originals="none")
    planned = prepare(nothing, source, options)
    context = context_of(nothing, source, Path(), planned.dataset, options)
    findings.pictures = planned.survey.jobs
    # Splits that a run would copy are only looked at, too.
    jobs = (replace(job, copy=False) for job in plan(planned.dataset.items(), nothing, options.splits))
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
