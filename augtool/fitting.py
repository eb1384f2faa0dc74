"""Whether a recipe fits a data set, and what follows from the set: refusals, warnings, the border."""

from __future__ import annotations

import re
from collections.abc import Iterable

from augtool import registry
from augtool.errors import UsageError
from augtool.fields import Const
from augtool.formats import Dataset
from augtool.freeze import Step, step_names
from augtool.metadata import UNREAD
from augtool.recipe import Recipe
from augtool.storage import MANIFEST, REPORT_JSON
from augtool.warp import Outside


def check_mirroring(recipe: Recipe, dataset: Dataset) -> None:
    """Refuse to mirror keypoints whose left and right counterparts are not known.

    Raises:
        UsageError: the recipe holds a step that mirrors.
    """
    if not dataset.keypoints or dataset.flip_idx is not None:
        return
    mirroring = [name for name in step_names(recipe.transforms) if registry.get(name).mirrors]
    if mirroring:
        raise UsageError(
            f"{mirroring[0]} mirrors the keypoints of {dataset.root}, and which of them are each other's "
            "mirror image is not known; name them left_... and right_..., or give flip_idx (for each "
            "keypoint the index of its counterpart) in YOLO's data.yaml or the recipe's format: {flip_idx: "
            "[...]}, or remove the step"
        )


def outside_of(recipe: Recipe, dataset: Dataset) -> Outside:
    """Return what geometry shows beyond the edge: ``auto`` mirrors, unless labels would be missing."""
    border = recipe.border
    if border == "auto":
        border = "constant" if dataset.spatial else "reflect_101"
    return Outside(border, recipe.fill)


def remarks(recipe: Recipe, dataset: Dataset) -> list[str]:
    """Return what a person should know before a run, in a line each; after a full walk of the set."""
    said = []
    unread = {suffix: count for suffix, count in dataset.ignored.items() if suffix in UNREAD}
    if unread:
        named = ", ".join(f"{count:,} {suffix}" for suffix, count in sorted(unread.items()))
        said.append(f"left out: {named}: a kind of picture that is not read; convert to JPEG or PNG")
    if (dataset.root / MANIFEST).is_file() and (dataset.root / REPORT_JSON).is_file():
        said.append(f"{dataset.root} is the output of an earlier run: variants will be made of variants")
    if dataset.spatial and recipe.border in ("reflect", "reflect_101", "wrap"):
        said.append(
            f"border: {recipe.border} shows objects beyond the edge that carry no label; constant, replicate "
            "and cover do not"
        )
    if recipe.originals == "copy" and recipe.output.size is None and resizes(recipe):
        said.append(
            "variants get a size of their own and originals keep theirs; output: {size: [width, height]} "
            "gives all of them one, originals: none leaves the originals out"
        )
    return said


def resizes(recipe: Recipe) -> bool:
    """Return whether a step gives pictures a fixed size."""
    return any(
        isinstance(node, Step) and node.values.get("size", Const(None)).quantile(0.5) is not None
        and registry.get(node.name).fields["size"].kind == "size"
        for node in recipe.transforms
        if isinstance(node, Step) and "size" in node.values
    )  # fmt: skip


def sided_classes(recipe: Recipe, classes: Iterable[str]) -> list[str]:
    """Warn of classes that name a side, where the recipe mirrors pictures and does not swap them."""
    names = set(classes)
    mirroring = [name for name in step_names(recipe.transforms) if registry.get(name).mirrors]
    if not mirroring:
        return []
    swapped = recipe.labels.flip_classes
    found = []
    for name in sorted(names):
        counterpart = _mirror_name(name)
        if counterpart is None or name in swapped:
            continue
        hint = (
            f"write labels: {{flip_classes: {{{name}: {counterpart}}}}}"
            if counterpart in names
            else f"remove {mirroring[0]}"
        )
        found.append(f"class {name} names a side and {mirroring[0]} mirrors it; {hint}")
    return found


def _mirror_name(name: str) -> str | None:
    """Return the name with left and right exchanged, or None where it has neither as a word."""
    parts = re.split(r"([^A-Za-z]+|(?<=[a-z])(?=[A-Z]))", name)
    sides = {"left": "right", "right": "left", "l": "r", "r": "l"}
    swapped = [sides.get(part.lower(), "") for part in parts]
    if not any(swapped) or (len(parts) == 1 and len(name) == 1):
        return None
    return "".join(
        (new.capitalize() if part[:1].isupper() else new) if new else part
        for part, new in zip(parts, swapped, strict=True)
    )
