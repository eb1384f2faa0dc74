"""``augtool replay``: one file of a finished run, built again from its manifest row."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from augtool import codec, limits, salvage, storage
from augtool.errors import ItemError, UsageError, VerifyFailed
from augtool.identity import processor
from augtool.recipe import Recipe, from_plain
from augtool.render import render
from augtool.report import versions
from augtool.unit import original, output_format
from augtool.warp import Outside, Source


def replay(output: Path, file: str, to: Path | None, source: Path | None) -> str:
    """Rebuild ``file`` and return a sentence about it.

    Args:
        output: the output of a finished run.
        file: as the manifest names it, or any path to it.
        to: where to write it; None only compares.
        source: the input folder, if it is no longer where the run found it.

    Raises:
        UsageError: there is no such run or row, or the source is gone.
        VerifyFailed: the source has changed, or the bytes differ.

    """
    report = report_of(output)
    row = find_row(output, file)
    root = source or Path(storage.unshown(report["input"]))
    data = source_bytes(root, row)
    if storage.digest(data) != row["source_sha256"]:
        raise VerifyFailed(
            f"{root / row['source']}: has changed since the run; {row['output']} cannot be rebuilt"
        )
    encoded = rebuild(row, data, report)
    if to is not None:
        storage.write_durably(to, [encoded])
    if storage.digest(encoded) != row["sha256"]:
        raise VerifyFailed(f"{row['output']}: other bytes than the run's{why(report)}")
    return f"{row['output']}: the same bytes (sha256 {row['sha256'][:12]}...)" + (
        f", written to {to}" if to else ""
    )


def rebuild(row: dict[str, Any], data: bytes, report: dict[str, Any]) -> bytes:
    """Return the bytes that a manifest row describes.

    Args:
        row: of the manifest.
        data: the source's bytes.
        report: the run's ``report.json``.
    """
    recipe = recipe_of(report)
    limits.use_instructions(special=not report["environment"]["portable"])
    picture = salvage.decode(data, report["limits"]["max_pixels"], report["limits"]["fail_on"])
    source = Source(picture.pixels)
    outside = Outside(report["border"], recipe.fill)
    if row["kind"] == "original":
        return original(data, picture, source, recipe, outside)[0][0]
    steps = from_plain({"version": 1, "transforms": row["steps"]})
    from augtool.freeze import freeze

    # Frozen steps are constants: freezing them draws nothing.
    frozen = freeze(steps.transforms, 0, "", 0)
    pixels = render(source, frozen, outside, recipe.output.size)
    fmt = output_format(recipe.output, picture.format)
    return codec.encode(pixels, fmt, quality=recipe.output.quality, icc=picture.icc)[0]


def find_row(output: Path, file: str) -> dict[str, Any]:
    """Return the manifest row of a file, named as in the manifest or by a path into the output.

    Raises:
        UsageError: the manifest does not list it.

    """
    wanted = {file, file.removeprefix("./")}
    path = Path(file)
    for candidate in (path, output / path):
        if output.resolve() in candidate.resolve().parents:
            wanted.add(candidate.resolve().relative_to(output.resolve()).as_posix())
    for row in rows_of(output):
        if row["output"] in wanted:
            return row
    raise UsageError(f"{file}: is not in {output / storage.MANIFEST}")


def rows_of(output: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a manifest.

    Raises:
        UsageError: it is damaged.
    """
    try:
        with (output / storage.MANIFEST).open("rb") as lines:
            for line in lines:
                yield json.loads(line)
    except ValueError:
        raise UsageError(f"{output / storage.MANIFEST}: is damaged") from None


def recipe_of(report: dict[str, Any]) -> Recipe:
    """Return the recipe of a run, with its seed."""
    return replace(from_plain(report["recipe"]["source"]), seed=report["seed"])


def report_of(output: Path) -> dict[str, Any]:
    """Return the ``report.json`` of a finished run.

    Raises:
        UsageError: there is none.
    """
    try:
        report: dict[str, Any] = json.loads((output / storage.REPORT_JSON).read_bytes())
    except FileNotFoundError:
        raise UsageError(f"{output}: holds no finished run ({storage.REPORT_JSON} is missing)") from None
    except ValueError:
        raise UsageError(f"{output / storage.REPORT_JSON}: is damaged") from None
    if not (output / storage.MANIFEST).exists():
        raise UsageError(f"{output}: holds no finished run ({storage.MANIFEST} is missing)")
    return report


def source_bytes(root: Path, row: dict[str, Any]) -> bytes:
    """Return the bytes of a row's source.

    Raises:
        UsageError: it cannot be read.
    """
    name: str = row["source"]
    if name.startswith("/") or ".." in name.split("/"):
        raise UsageError(f"{name}: is no path below the input; the manifest was changed")
    if not os.path.lexists(root / name):
        name = storage.unshown(name)
    try:
        return storage.read_bytes(root / name)
    except ItemError as error:
        raise UsageError(
            f"{root / row['source']}: {error}; name the input's new place with --input"
        ) from None


def why(report: dict[str, Any]) -> str:
    """Say which versions have changed since a run, as the end of a sentence."""
    now = versions() | {"augtool": _augtool()}
    then = report["versions"] | {"augtool": report["augtool"]}
    changed = [f"{name} {then[name]} -> {now[name]}" for name in sorted(then) if then[name] != now.get(name)]
    if not report["environment"]["portable"] and report["environment"]["cpu"] != processor():
        changed.append("the processor's features")
    return f"; since then: {', '.join(changed)}" if changed else ""


def _augtool() -> str:
    from augtool import __version__

    return __version__
