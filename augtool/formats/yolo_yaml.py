"""Writing ``data.yaml``: only the lines that must change are touched, so comments and unknown fields stay."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from augtool.filenames import safe_path
from augtool.formats.yolo_layout import DataYaml

_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"}
_PLAIN = re.compile(r"[A-Za-z_./][\w./-]*")


def rewrite(yaml: DataYaml, folders: Mapping[str, Sequence[str]], gone: Sequence[str] = ()) -> str:
    """Return the text of ``data.yaml`` as it must be in the output.

    ``path`` is left out, so that the places are relative to the file itself wherever it lies.

    Args:
        yaml: the source's.
        folders: split -> folders and lists, below the data set.
        gone: splits that the output does not have, whatever the source names.

    """
    changes: dict[str, str | None] = {split: None for split in gone if split in yaml.data}
    if "path" in yaml.data:
        changes["path"] = None
    for split, places in folders.items():
        value = value_of(yaml.key, places)
        if yaml.data.get(split) != value or "path" in yaml.data:
            changes[split] = f"{split}: {spell(value)}"
    return _replace(yaml, changes)


def value_of(key: str, places: Sequence[str]) -> str | list[str]:
    """Return what stands for the places in a YAML file at ``key``."""
    start = posixpath.dirname(key) or "."
    paths = [posixpath.relpath(safe_path(place) or ".", start) for place in places]
    return paths[0] if len(paths) == 1 else paths


def spell(value: str | list[str]) -> str:
    """Spell a text or a list of texts in YAML."""
    if isinstance(value, list):
        return f"[{', '.join(map(spell, value))}]"
    return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS else json.dumps(value)


def _replace(yaml: DataYaml, changes: dict[str, str | None]) -> str:
    """Replace the lines of top-level keys; None takes them out, a new key goes to the end."""
    keys = list(yaml.data)
    starts = [yaml.document.key_place((key,)) for key in keys]
    lines = yaml.document.text.split("\n")
    if (
        "\r" in yaml.document.text.replace("\r\n", "")
        or any(column != 1 for _, column in starts)
        or len({line for line, _ in starts}) < len(starts)
    ):
        return _dump(yaml.data, changes)
    result = lines[: starts[0][0] - 1] if starts else lines
    for key, (start, _), following in zip(keys, starts, [*starts[1:], (len(lines) + 1, 1)], strict=True):
        block = lines[start - 1 : following[0] - 1]
        if key not in changes:
            result += block
            continue
        behind = len(block)
        while behind > 1 and (not block[behind - 1].strip() or block[behind - 1].startswith("#")):
            behind -= 1
        new = changes.pop(key)
        result += [*([new] if new is not None else []), *block[behind:]]
    added = [text for text in changes.values() if text is not None]
    if added:
        while result and not result[-1].strip():
            result.pop()
        result += [*added, ""]
    return "\n".join(result)


def _dump(data: Mapping[str, Any], changes: Mapping[str, str | None]) -> str:
    kept = {key: value for key, value in data.items() if key not in changes}
    added = [text for text in changes.values() if text is not None]
    # JSON is YAML; one line per field stays readable.
    return "\n".join(
        [*added, *(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in kept.items()), ""]
    )


def new(key: str, folders: Mapping[str, Sequence[str]], names: Sequence[str], classes: int) -> str:
    """Return a ``data.yaml`` for a set that has none."""
    lines = [f"{split}: {spell(value_of(key, places))}" for split, places in folders.items()]
    known = [*names, *map(str, range(len(names), classes))]
    return "\n".join(
        [*lines, f"nc: {len(known)}", "names:" if known else "names: []"]
        + [f"  {index}: {json.dumps(name)}" for index, name in enumerate(known)]
        + [""]
    )
