"""What decides the bytes of a run, as facts that can be compared and named.

Three digests come of it. ``run`` covers every fact: a unit made under the same one, from the same files, is
the same. ``settings`` leaves out what a manifest row's own steps tell (transforms, seed, counts): where only
those differ, a variant whose frozen steps are the same is the same. ``item`` covers what a scan says of one
source.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augtool import __version__, registry
from augtool.freeze import step_names

if TYPE_CHECKING:
    from augtool.options import Options
    from augtool.plan import Job
    from augtool.recipe import Recipe
    from augtool.sample import Item
    from augtool.unit import Context

# Fields of a recipe that do not touch a variant whose steps are known.
_APART = ("name", "description", "seed", "variants", "originals", "transforms", "source")

LIST_CHANGED = "the list of sources has changed"

_WORDS = {
    "augtool": "augtool",
    "opencv": "OpenCV",
    "numpy": "NumPy",
    "pillow": "Pillow",
    "cpu": "the processor's features",
    "portable": "--portable",
    "seed": "seed",
    "variants": "number of variants",
    "splits": "--splits",
    "format": "format",
    "max_pixels": "--max-pixels",
    "fail_on": "--fail-on",
    "border": "border",
    "revisions": "transforms",
    "set": "the data set's own files",
    "sources": "the sources",
}


@dataclass(frozen=True, slots=True)
class Identity:
    """The facts of one run, plain JSON data by name."""

    facts: Mapping[str, Any]
    settings: str
    """Digest of the facts that reach beyond a variant's own steps."""

    @property
    def run(self) -> str:
        """Digest of everything but the list of sources, which a unit does not depend on."""
        return digest_of({name: value for name, value in self.facts.items() if name != "sources"})


def identify(recipe: Recipe, context: Context, options: Options, jobs: Iterable[Job]) -> Identity:
    """Collect the facts of a run. Walks the plan once; opens nothing."""
    environment = {
        "augtool": __version__,
        **libraries(),
        "cpu": "any" if options.portable else processor(),
        "portable": options.portable,
    }
    border = context.outside.border
    chosen = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    apart = {name: value for name, value in chosen.items() if name not in _APART}
    limits = {"max_pixels": context.max_pixels, "fail_on": context.fail_on}
    facts = {
        **environment,
        **limits,
        "border": border,
        "recipe": recipe.source,
        "seed": recipe.seed,
        "variants": plain(recipe.variants),
        "splits": sorted(options.splits),
        "format": context.dataset.name,
        "revisions": revisions(step_names(recipe.transforms)),
        "set": _set_digest(context.dataset),
        "sources": _sources(jobs),
    }
    return Identity(facts, digest_of([environment, limits, border, apart, context.dataset.name]))


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that make pixels and bytes."""
    import cv2
    import numpy as np

    return {"opencv": cv2.__version__, "numpy": np.__version__, "pillow": version("pillow")}


def processor() -> str:
    """Return which of the processor's instructions OpenCV uses; other ones may change a value by 1."""
    import platform

    import cv2

    ipp = cv2.ipp.getIppVersion() if cv2.ipp.useIPP() else "no IPP"
    return f"{platform.machine()}: {cv2.getCPUFeaturesLine()}; {ipp}"


def revisions(names: Iterable[str]) -> dict[str, int]:
    """Return the revisions of some transforms, by name, where they are not the first."""
    known = {name: getattr(registry.get(name), "revision", 1) for name in set(names)}
    return {name: revision for name, revision in sorted(known.items()) if revision != 1}


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Name, for a person, what differs between two runs' facts."""
    found = []
    for name in [*_WORDS, "recipe"]:
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if name == "recipe":
            found.append(_recipe_difference(old, new))
        elif name in ("set", "cpu"):
            found.append(f"{_WORDS[name]} have changed")
        elif name == "sources":
            count_before, count_now = (str((facts or "?").partition(" ")[0]) for facts in (old, new))
            counts = f": {count_before} before, {count_now} now" if count_before != count_now else ""
            found.append(f"{LIST_CHANGED}{counts}")
        else:
            found.append(f"{_WORDS[name]}: {_said(old)} before, {_said(new)} now")
    return found


def _recipe_difference(old: Any, new: Any) -> str:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return "the recipe has changed"
    keys = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
    return f"the recipe has changed ({', '.join(keys)})"


def _said(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def item_digest(item: Item) -> str:
    """Return a digest of what a scan says of a source."""
    return digest_of(plain(item))


def _sources(jobs: Iterable[Job]) -> str:
    count, state = 0, blake2b(digest_size=8)
    for job in jobs:
        count += 1
        state.update(f"{item_digest(job.item)}{job.copy}{job.variants}".encode())
    return f"{count} {state.hexdigest()}"


def _set_digest(dataset: Any) -> str:
    """Digest what a data set tells every worker: its classes, names, options."""
    state = dataset.__getstate__()
    known = state if isinstance(state, dict) else {}
    return digest_of({name: known[name] for name in sorted(known) if name not in ("root", "ignored")})


def digest_of(value: Any) -> str:
    """Return a short digest of plain data, data classes and collections."""
    text = json.dumps(value, default=plain, separators=(",", ":"), sort_keys=False)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def plain(value: Any) -> Any:
    """Return a data class, collection or path as plain data, the same in every process."""
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, *(getattr(value, field.name) for field in fields(value))]
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, Path):
        return os.fspath(value)
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | float | list | tuple | dict | None) else repr(value)
