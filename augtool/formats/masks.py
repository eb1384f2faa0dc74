"""Semantic masks: a PNG per picture in a parallel tree, or beside it, as index, palette or RGB.

``images/a.jpg`` goes with ``masks/a.png``, ``train/a.png`` with ``trainannot/a.png``, Cityscapes'
``leftImg8bit/.../a_leftImg8bit.png`` with ``gtFine/.../a_gtFine_labelIds.png`` and its like. What the
source does not show gets the ``ignore`` value: 255, or 0 where 255 or numbers beyond it mean objects.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from augtool.errors import ItemError, UsageError
from augtool.filenames import safe_path
from augtool.formats import findings, maskpng, maskset
from augtool.formats.base import Fragment, Written
from augtool.formats.imagesets import ImageSets
from augtool.formats.maskset import Fill
from augtool.formats.spool import Spool
from augtool.formats.stems import own_stems
from augtool.formats.tree import Folder, Match, Pairing, Tree, TreeDataset, broken_folders, chosen, items
from augtool.formats.untrusted import read_label
from augtool.labels import Labels
from augtool.metadata import PNG_SIGNATURE
from augtool.sample import Item

NAME = "masks"
FOLDERS = (
    "masks", "mask", "labels", "label", "annotations", "annotation", "annots", "segmentationclass",
    "segmentation", "segmentations", "ground_truth", "groundtruth", "gt", "seg", "semantic", "gtfine",
    "gtcoarse", "labelimages",
)  # fmt: skip
NOT_MOVED = ("panoptic", "polygons", "semantic_rgb")
SECOND = ("segmentationobject", "instance", "instances")
TAILS = ("annot", "annots", "_annot", "_masks", "_mask", "_labels", "_label", "_gt", "_annotations")
# How a mask is named after its picture: what the picture's stem loses in front, what is put in front, and
# what follows.
ENDINGS = ("", "_mask", "_masks", "_label", "_labels", "_gt", "_seg", "_segmentation", "_L", "_labelids")
RULES = (
    *(("", "", ending) for ending in ENDINGS),
    *((image, mask, "") for image in ("", "image_", "img_") for mask in ("gt_", "mask_", "label_")),
)
CITY = "_leftImg8bit"
CITY_KINDS = ("labelIds", "instanceIds", "labelTrainIds")
CITY_OTHERS = ("_color.png", "_polygons.json")
OPTIONS: dict[str, Any] = {"ignore": None}
_LOOK = 60  # pictures a look at the format tries to pair, and masks that decide the fill
_VOID = re.compile(
    r"^\s*(?:ignored?|void|unlabell?ed)\s*:\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)", re.MULTILINE | re.IGNORECASE
)


def detect(root: Path) -> str | None:
    """Recognise pictures that have a mask of their own name."""
    dataset = MasksDataset(root)
    pictures = islice(dataset.pictures(), _LOOK)
    found = [match for key in pictures for match in dataset.match(key)[:1]]
    if not found or not any(_is_png(root, match.path) for match in found[:3]):
        return None
    folder = found[0].path.rpartition("/")[0].split("/")[0] or "the pictures' own folder"
    return f"pictures with segmentation masks in {folder}"


def open(root: Path, options: Mapping[str, Any]) -> MasksDataset:  # noqa: A001 - the name formats share
    """Open a data set; looks into its first masks for the value that may mean ``ignore``.

    Raises:
        UsageError: an option is unknown, or ``ignore`` is no number from 0 to 65535 and no [r, g, b].
    """
    checked = chosen(options, OPTIONS, NAME)
    dataset = MasksDataset(root, name=NAME, spatial=False, options=checked)
    dataset.fill = _asked(checked["ignore"]) if "ignore" in checked else dataset.found_fill()
    return dataset


def _asked(value: Any) -> Fill:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 65535:
        return value
    if (
        isinstance(value, list)
        and len(value) == 3
        and all(type(part) is int and 0 <= part <= 255 for part in value)
    ):
        return (value[0], value[1], value[2])
    raise UsageError(
        f"format {NAME}: ignore is {value!r}, but must be a number up to 65535 or [red, green, blue]"
    )


def _is_png(root: Path, path: str) -> bool:
    try:
        return read_label(root, path, maskset.MAX_BYTES).startswith(PNG_SIGNATURE)
    except ItemError:
        return False


Rule = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Ref:
    """A picture's masks, how they are named after it (see RULES), files that do not move, places in lists."""

    masks: tuple[str, ...]
    rules: tuple[Rule, ...]
    others: tuple[str, ...] = ()
    exact: bool = True
    lists: tuple[tuple[str, str, bool], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass
class MasksDataset(TreeDataset):
    """A scanned set of pictures and masks."""

    fill: Fill = 255
    _pairings: list[Pairing] = field(default_factory=list)
    _sets: ImageSets | None = None
    _pairs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Leave what was scanned behind on the way to a worker."""
        return super().__getstate__() | {"_pairings": [], "_sets": None, "_pairs": {}}

    def items(self) -> Iterator[Item]:
        """Yield every picture that is no mask itself, with its masks."""
        self.ignored.clear()
        tree = self.tree()
        self._sets = ImageSets(tree)
        self._pairs = {}
        for file, lines in _pair_lists(tree):
            for key, line in lines.items():
                self._pairs.setdefault(key, []).append((file, line))
        yield from broken_folders(tree)
        for folder in tree.folders.values():
            if self._holds_masks(folder):
                continue
            kept = Folder(folder.path, folder.split, {name: folder.files[name] for name in self._own(folder)})
            self._count_ignored(folder, kept)
            for item in own_stems(items(kept)):
                yield self._with_masks(item)

    def pictures(self) -> Iterator[str]:
        """Yield the paths of the pictures."""
        for folder in self.tree().folders.values():
            if not self._holds_masks(folder):
                yield from (folder.path + name for name in self._own(folder))

    def match(self, key: str) -> list[Match]:
        """Return the masks of a picture, those of classes first."""
        tree = self.tree()
        stem = os.path.splitext(key.rpartition("/")[2])[0]  # noqa: PTH122
        if stem.endswith(CITY):
            return self._cityscapes(key, stem.removesuffix(CITY))
        if not self._pairings:
            self._pairings = [
                Pairing(tree, FOLDERS, lambda stem: _names(stem, RULES), beside=False, tails=TAILS),
                Pairing(tree, SECOND, lambda stem: _names(stem, RULES[:1]), beside=False),
                Pairing(tree, (), lambda stem: _names(stem, RULES[1 : len(ENDINGS)]), beside=True),
            ]
        first, second = self._pairings[0].find(key), self._pairings[1].find(key)
        found = [match for match in (first, second) if match]
        beside = None if found else self._pairings[2].find(key)
        return [beside] if beside else found

    def read_labels(self, item: Item, size: tuple[int, int]) -> Labels:
        """Return the masks of a picture; see the protocol."""
        ref: Ref = item.ref
        if not ref.masks:
            return Labels(extra={"size": size})
        fills = [self._fill_of(ending) for _, _, ending in ref.rules]
        kept, fill = maskset.read(self.root, ref.masks, size, fills)
        return Labels(semantic=kept.semantic, semantic_fill=fill, extra={"masks": kept, "size": size})

    def write_labels(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return a picture's masks; those of an original are the very files."""
        ref: Ref = item.ref
        if labels.semantic is None:
            return Written()
        stem = os.path.splitext(output.rpartition("/")[2])[0]  # noqa: PTH122
        stem = stem.removesuffix(CITY) if CITY in item.suffix else stem
        contents = maskset.write(labels.extra["masks"], labels.semantic)
        paths = [_target(path, _named(stem, rule)) for path, rule in zip(ref.masks, ref.rules, strict=True)]
        files = dict(zip(paths, contents, strict=True))
        original = item.output(item.stem, item.suffix) == output and labels.extra["size"] == size
        lost = []
        for path in ref.others:
            if original:
                files[path] = read_label(self.root, path, maskset.MAX_BYTES)
            else:
                kind = path.rpartition("_")[2]
                lost.append(f"{kind}: is not moved; variants have none")
        listed = {"lists": [list(entry) for entry in ref.lists], "classes": []}
        listed |= {
            "pairs": [[file, _listed(line, item.key, output, ref.masks, paths)] for file, line in ref.pairs]
        }
        return Written(files, listed if ref.lists or ref.pairs else None, tuple(lost))

    def finish_set(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the lists of pictures with the variants in them, and those of classes as they were."""
        for name in ("labelmap.txt", "labelmap.csv", "dataset_meta.json", "label_colors.txt", "classes.txt"):
            if self.tree().has(name):
                yield name, [read_label(self.root, name)]
        tree = self.tree()
        spool = Spool(name for name, _ in _pair_lists(tree))

        def passed() -> Iterator[Fragment]:
            for fragment in fragments:
                for file, line in (fragment.data or {}).get("pairs", ()):
                    spool.add(file, line.encode(errors="surrogateescape") + b"\n")
                yield fragment

        yield from ImageSets(tree).written(passed())
        yield from spool.drain()

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield pictures and masks without each other, and masks that cannot be used."""
        tree = self.tree()
        used: set[str] = set()
        for item in self.items():
            if item.ref is None:
                continue
            used.update(item.ref.masks, item.ref.others)
            if not item.ref.masks:
                yield findings.problem(item.key, 0, "unlabelled", "has no mask", item.key)
            elif not item.ref.exact:
                text = "belongs to its picture only if letter case is ignored"
                yield findings.problem(item.ref.masks[0], 0, "case_differs", text, item.key)
        for folder in tree.folders.values():
            if self._holds_masks(folder):
                for name in folder.files:
                    if name.endswith(".png") and folder.path + name not in used:
                        text = "is the mask of a picture that is not there"
                        yield findings.problem(folder.path + name, 0, "missing_image", text)
        yield from findings.of_items(self)

    def found_fill(self) -> Fill:
        """Return what means ``ignore`` in this set, as its first masks and ``labelmap.txt`` tell."""
        values: set[int] = set()
        for key in islice(self.pictures(), _LOOK):
            for match in self.match(key)[:1]:
                try:
                    mask = maskpng.load(read_label(self.root, match.path, maskset.MAX_BYTES), match.path)
                except ItemError:
                    continue
                if mask.pixels.ndim == 3:
                    return self._void_color()
                values.update(set(mask.pixels.ravel().tolist()))
            if len(values) > 3:
                break
        binary = values == {0, 255}  # then 255 is the object, and there is nothing to ignore
        return 0 if binary or max(values, default=0) > 255 else 255

    def _void_color(self) -> Fill:
        if self.tree().has("labelmap.txt"):
            hit = _VOID.search(read_label(self.root, "labelmap.txt").decode(errors="replace"))
            if hit:
                return (int(hit[1]), int(hit[2]), int(hit[3]))
        return (0, 0, 0)

    def _fill_of(self, ending: str) -> Fill:
        if "ignore" in self.options or not ending.startswith("_gt"):
            return self.fill
        return 255 if ending.endswith("labelTrainIds") else 0

    def _with_masks(self, item: Item) -> Item:
        found = self.match(item.key)
        stem = os.path.splitext(item.key.rpartition("/")[2])[0]  # noqa: PTH122
        city = stem.endswith(CITY)
        base = stem.removesuffix(CITY)
        rules = tuple(_rule(base, match.path.rpartition("/")[2]) for match in found)
        others: tuple[str, ...] = ()
        if city:
            item = replace(item, stem=item.stem.removesuffix(CITY), suffix=CITY + item.suffix)
            if found:
                kind = re.sub(r"_[^_]*$", "", found[0].path)
                others = tuple(kind + end for end in CITY_OTHERS if self.tree().has(kind + end))
        exact = all(match.exact for match in found)
        paths = tuple(match.path for match in found)
        sets = self._sets or ImageSets(self.tree())
        places = sets.of(item.key)
        if sets.root_of(item.key) is not None:
            item = replace(item, split=sets.split(places))
        lists = tuple((place.file, place.flag, place.suffixed) for place in places)
        return replace(
            item, ref=Ref(paths, rules, others, exact, lists, tuple(self._pairs.get(item.key, ())))
        )

    def _cityscapes(self, key: str, stem: str) -> list[Match]:
        found = []
        for truth in ("gtFine", "gtCoarse"):
            place = re.sub(r"(^|/)leftImg8bit/", rf"\1{truth}/", key).rpartition("/")[0]
            for kind in CITY_KINDS:
                path = f"{place}/{stem}_{truth}_{kind}.png"
                if self.tree().has(path):
                    found.append(Match(path, exact=True))
            if found:
                break
        return found

    def _holds_masks(self, folder: Folder) -> bool:
        parts = folder.path.split("/")[:-1]
        for at, part in enumerate(parts):
            above = "".join(f"{name}/" for name in parts[:at])
            siblings = self.tree().folders[above].folders
            if part.lower() in (*FOLDERS, *SECOND, *NOT_MOVED):
                return True
            if any(part == other + tail for other in siblings for tail in TAILS):
                return True
        return False

    def _own(self, folder: Folder) -> list[str]:
        """Return the pictures of a folder that are not the masks of others in it."""
        names = folder.pictures()
        stems = {os.path.splitext(name)[0] for name in names}  # noqa: PTH122
        masks = {f"{stem}{end}.png" for stem in stems for end in ENDINGS[1:]}
        return [name for name in names if name not in masks]

    def _count_ignored(self, folder: Folder, kept: Folder) -> None:
        for name in folder.files:
            if name not in kept.files and not name.endswith(".png"):
                self.ignored[os.path.splitext(name)[1].lower() or "no suffix"] += 1  # noqa: PTH122


def _names(stem: str, rules: Sequence[Rule]) -> list[str]:
    return [_named(stem, rule) + ".png" for rule in rules if stem.startswith(rule[0])]


def _named(stem: str, rule: Rule) -> str:
    dropped, before, after = rule
    return f"{before}{stem.removeprefix(dropped)}{after}"


def _rule(stem: str, name: str) -> Rule:
    """Return how a mask got its name; letter case aside."""
    for rule in RULES:
        if stem.startswith(rule[0]) and f"{_named(stem, rule)}.png".casefold() == name.casefold():
            return rule
    return "", "", name[len(stem) : -len(".png")]


def _target(path: str, stem: str) -> str:
    folder, slash, _ = path.rpartition("/")
    return f"{safe_path(folder)}{slash}{stem}.png"


def _pair_lists(tree: Tree) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (file, picture -> line) of each list in the root whose lines are a picture and its mask."""
    for name in tree.folders.get("", Folder("", None)).files:
        if not name.endswith(".txt"):
            continue
        try:
            text = read_label(tree.root, name).decode(errors="surrogateescape")
        except ItemError:
            continue
        lines = {}
        for line in re.split(r"\r\n|\r|\n", text):
            words = line.split()
            if len(words) == 2 and all(tree.has(word.lstrip("./")) for word in words):
                lines[words[0].lstrip("./")] = line
        if lines:
            yield name, lines


def _listed(line: str, key: str, output: str, before: Sequence[str], after: Sequence[str]) -> str:
    """Return a line of a list with the picture and its masks under their new names."""
    new = dict(zip(before, after, strict=True)) | {key: output}
    return re.sub(
        r"\S+", lambda word: word[0].replace(bare := word[0].lstrip("./"), new.get(bare, bare)), line
    )
