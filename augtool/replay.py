"""``augtool replay``: one file of a finished run, built again from its manifest row."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from augtool import codec, storage
from augtool.errors import ItemError, UsageError, VerifyFailed
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
    report = _report(output)
    root = source or Path(storage.unshown(report["input"]))
    if report.get("unit") == "text":
        return _replay_text(report, output, root, file, to)
    row = find_row(output, file)
    data = _source_bytes(root, row)
    if storage.digest(data) != row["source_sha256"]:
        raise VerifyFailed(
            f"{root / row['source']}: has changed since the run; {row['output']} cannot be rebuilt"
        )
    encoded = rebuild(
        row, data, replace(from_plain(report["recipe"]["source"]), seed=report["seed"]), report["border"]
    )
    if to is not None:
        storage.write_durably(to, [encoded])
    if storage.digest(encoded) != row["sha256"]:
        raise VerifyFailed(f"{row['output']}: other bytes than the run's{_why(report)}")
    on_disk = output / row["output"]
    if on_disk.exists() and storage.digest(on_disk.read_bytes()) != row["sha256"]:
        raise VerifyFailed(
            f"{on_disk}: is not what the run wrote; rebuilt as the manifest has it"
            + (f" to {to}" if to else f", -o {on_disk} puts it there")
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


def rebuild(row: dict[str, Any], data: bytes, recipe: Recipe, border: str) -> bytes:
    """Return the bytes that a manifest row describes, from its source's bytes."""
    picture = codec.decode(data)
    source = Source(picture.pixels)
    outside = Outside(border, recipe.fill)
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
    elsewhere = ""
    with (output / storage.MANIFEST).open("rb") as rows:
        for line in rows:
            row: dict[str, Any] = json.loads(line)
            if row["output"] in wanted:
                return row
            if not elsewhere and row["output"].rpartition("/")[2] == path.name:
                elsewhere = f", did you mean '{row['output']}'?"
    raise UsageError(f"{file}: is not in {output / storage.MANIFEST}{elsewhere}")


def _report(output: Path) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads((output / storage.REPORT_JSON).read_bytes())
    except FileNotFoundError:
        raise UsageError(f"{output}: holds no finished run ({storage.REPORT_JSON} is missing)") from None
    except ValueError:
        raise UsageError(f"{output / storage.REPORT_JSON}: is damaged") from None
    if not (output / storage.MANIFEST).exists():
        raise UsageError(f"{output}: holds no finished run ({storage.MANIFEST} is missing)")
    return report


def _source_bytes(root: Path, row: dict[str, Any]) -> bytes:
    name: str = row["source"]
    if not os.path.lexists(root / name):
        name = storage.unshown(name)
    try:
        return storage.read_bytes(root / name)
    except ItemError as error:
        raise UsageError(
            f"{root / row['source']}: {error}; name the input's new place with --input"
        ) from None


def _why(report: dict[str, Any]) -> str:
    now = versions() | {"augtool": _augtool()}
    then = report["versions"] | {"augtool": report["augtool"]}
    changed = [f"{name} {then[name]} -> {now[name]}" for name in sorted(then) if then[name] != now.get(name)]
    return (
        f"; since then: {', '.join(changed)}"
        if changed
        else "; is it another processor? linear resampling may differ by 1"
    )


def _augtool() -> str:
    from augtool import __version__

    return __version__
