"""What a run says about itself: ``report.json``, ``report.html``, and the manifest made from the journal."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from augtool import __version__, noise, storage
from augtool.formats.textset import TextDataset
from augtool.identity import processor
from augtool.report.collect import REPORT_VERSION, collect, finish_dataset

if TYPE_CHECKING:
    from augtool.leaks import Leaks
    from augtool.options import Options
    from augtool.pipeline import Planned
    from augtool.recipe import Recipe
    from augtool.unit import Context


def write_report(
    recipe: Recipe,
    planned: Planned,
    context: Context,
    workers: int,
    options: Options,
    seconds: float,
    leaks: Leaks,
) -> dict[str, Any]:
    """Write manifest, inputs list and both reports; return ``report.json``'s content."""
    from augtool.report.html import render_html
    from augtool.report.labelled import labels_of

    source, output = context.source, context.output
    dataset_files = finish_dataset(
        output,
        planned.dataset,
        originals=recipe.originals == "copy",
        splits=options.splits,
        spare=context.update,
    )
    collector = collect(output)
    counted = collector.summary()
    report: dict[str, Any] = {
        "report_version": REPORT_VERSION,
        "augtool": __version__,
        "versions": versions(),
        "recipe": {
            "name": recipe.name,
            "description": recipe.description,
            "sha256": recipe.digest(),
            "source": recipe.source,
        },
        "seed": recipe.seed,
        "border": context.outside.border,
        "environment": {
            "cpu": "any" if context.portable else processor(),
            "portable": context.portable,
        },
        "limits": {"max_pixels": context.max_pixels, "fail_on": context.fail_on},
        "input": storage.shown(str(source.absolute())),
        "format": planned.dataset.name,
        "unit": planned.dataset.noun,
        "expanded_splits": list(options.splits),
        **counted,
        "notes": planned.survey.notes,
        **({"leaks": leaks.data()} if leaks.compared else {}),
        **({"dataset_files": dataset_files} if dataset_files else {}),
        "manifest_sha256": collector.manifest,
        "ignored": dict(planned.dataset.ignored.most_common()),
        "workers": workers,
        "duration_seconds": round(seconds, 3),
        "variants_per_second": round(counted["totals"]["variants"] / seconds, 1) if seconds else None,
    }
    text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False)
    storage.write_durably(output / storage.REPORT_JSON, [text.encode() + b"\n"])
    records = collector.shown.records()
    with noise.captured():  # a source that a decoder complains of does so again for its thumbnail
        if isinstance(planned.dataset, TextDataset):
            texts = planned.dataset.texts([record["source"] for record in records])
            page = render_html(report, records, source, output, texts=texts)
        else:
            page = render_html(report, records, source, output, labels_of(records, context))
    storage.write_durably(output / storage.REPORT_HTML, [page.encode()])
    return report


def versions() -> dict[str, str]:
    """Return the versions of everything that can change a byte of the output."""
    import cv2
    import numpy as np

    return {
        "python": platform.python_version(),
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "pillow": version("pillow"),
        "machine": platform.machine(),
    }
