"""``augtool replay``: one file of a finished run, built again from its manifest row."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from augtool import codec, limits, salvage, storage
from augtool.errors import ItemError, UsageError, VerifyFailed
from augtool.filenames import on_disk
from augtool.identity import processor
from augtool.recipe import Recipe, from_plain
from augtool.render import render
from augtool.report import versions
from augtool.unit import original, output_format
from augtool.warp import Outside, Source

_REPORT = {"input": str, "seed": int, "border": str, "recipe": dict, "versions": dict, "augtool": str}
_ROW = {"output": str, "source": str, "kind": str, "steps": list, "sha256": str, "source_sha256": str}


def replay(output: Path, file: str, to: Path | None, source: Path | None) -> str:
    """Rebuild ``file`` and return a sentence about it.

    Args:
        output: the output of a finished run.
        file: as the manifest names it, or any path to it.
        to: where to write it, if it comes out with the same bytes; None only compares.
        source: the input folder, if it is no longer where the run found it.

    Raises:
        UsageError: there is no such run or row, its records are damaged, or the source is gone.
        VerifyFailed: the source has changed, or the bytes differ; nothing is written then.

    """
    report = report_of(output)
    root = source or Path(storage.unshown(report["input"]))
    if report.get("unit") == "text":
        return _replay_text(report, output, root, file, to)
    row = find_row(output, file)
    data = source_bytes(root, row)
    if storage.digest(data) != row["source_sha256"]:
        raise VerifyFailed(
            f"{root / row['source']}: has changed since the run; {row['output']} cannot be rebuilt"
        )
    encoded = rebuild(row, data, report)
    if storage.digest(encoded) != row["sha256"]:
        unwritten = f"; {to} was not written" if to else ""
        raise VerifyFailed(f"{row['output']}: other bytes than the run's{why(report)}{unwritten}")
    if to is not None:
        storage.write_durably(to, [encoded])
    there = output / on_disk(row["output"])
    if os.path.lexists(there) and not storage.intact(there, row["sha256"]):
        raise VerifyFailed(
            f"{there}: is not what the run wrote; rebuilt as the manifest has it"
            + (f" to {to}" if to else f", -o {there} puts it there")
        )
    said = f", written to {to}" if to else ""
    return f"{row['output']}: the same bytes (sha256 {row['sha256'][:12]}...){said}"


def _replay_text(report: dict[str, Any], output: Path, root: Path, name: str, to: Path | None) -> str:
    from augtool.text.replay import find, rebuild_text

    with (output / storage.MANIFEST).open("rb") as rows:
        row = find([json.loads(line) for line in rows], name)
    if row is None:
        raise UsageError(f"{name}: is not in {output / storage.MANIFEST}; a text is named SOURCE#VARIANT")
    text = rebuild_text(
        row,
        root,
        from_plain(report["recipe"]["source"]),
        from_plain({"version": 1, "transforms": row["steps"]}),
    )
    if to is not None:
        storage.write_durably(to, [text.encode("utf-8", "surrogatepass")])
    return f"{name}: the same text: {text}" if to is None else f"{name}: the same text, written to {to}"


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
        UsageError: the manifest does not list it, or is damaged.

    """
    wanted = {file, file.removeprefix("./")}
    path = Path(file)
    for candidate in (path, output / path):
        with suppress(OSError, RuntimeError):  # a link in a circle leads to no row
            if output.resolve() in candidate.resolve().parents:
                wanted.add(candidate.resolve().relative_to(output.resolve()).as_posix())
    elsewhere = ""
    for row in rows_of(output):
        if row["output"] in wanted:
            return row
        if not elsewhere and row["output"].rpartition("/")[2] == path.name:
            elsewhere = f", did you mean '{row['output']}'?"
    raise UsageError(f"{file}: is not in {output / storage.MANIFEST}{elsewhere}")


def rows_of(output: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a manifest.

    Raises:
        UsageError: it is damaged.
    """
    manifest = output / storage.MANIFEST
    try:
        with manifest.open("rb") as lines:
            for line in lines:
                row = json.loads(line)
                if not _has(row, _ROW) or "\0" in row["output"] + row["source"]:
                    raise ValueError
                yield row
    except (ValueError, OSError, RecursionError):
        raise UsageError(f"{manifest}: is damaged") from None


def _has(record: Any, fields: Mapping[str, type]) -> bool:
    """Return whether a JSON value is an object with fields of these types."""
    return isinstance(record, dict) and all(
        isinstance(record.get(name), kind) for name, kind in fields.items()
    )


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
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{output}: holds no finished run ({storage.REPORT_JSON} is missing)") from None
    except (ValueError, RecursionError, IsADirectoryError):
        raise UsageError(f"{output / storage.REPORT_JSON}: is damaged") from None
    except OSError as error:
        raise UsageError(f"{output / storage.REPORT_JSON}: cannot be read: {error.strerror}") from None
    if not (_has(report, _REPORT) and _has(report["recipe"], {"source": dict})):
        raise UsageError(f"{output / storage.REPORT_JSON}: is damaged")
    if not (output / storage.MANIFEST).exists():
        raise UsageError(f"{output}: holds no finished run ({storage.MANIFEST} is missing)")
    return report


def source_bytes(root: Path, row: dict[str, Any]) -> bytes:
    """Return the bytes of a row's source.

    Raises:
        UsageError: it cannot be read.
    """
    if row["source"].startswith("/") or ".." in row["source"].split("/"):
        raise UsageError(f"{row['source']}: is no path below the input; the manifest was changed")
    name = on_disk(row["source"])
    if not os.path.lexists(root / name):
        name = on_disk(storage.unshown(row["source"]))
    try:
        return storage.read_bytes(root / name)
    except ItemError as error:
        raise UsageError(
            f"{root / row['source']}: {error}; name the input's new place with --input"
        ) from None


def why(report: dict[str, Any]) -> str:
    """Say which versions have changed since a run, as the end of a sentence."""
    now = versions() | {"augtool": _augtool()}
    then: dict[str, Any] = report["versions"] | {"augtool": report["augtool"]}
    changed = [f"{name} {then[name]} -> {now[name]}" for name in sorted(then) if then[name] != now.get(name)]
    if not report["environment"]["portable"] and report["environment"]["cpu"] != processor():
        changed.append("the processor's features")
    return f"; since then: {', '.join(changed)}" if changed else ""


def _augtool() -> str:
    from augtool import __version__

    return __version__
