"""Image folders: a flat folder, or class folders at any depth, with or without train/val/test.

The class of a picture is its folder below the split. A level of folders is read as splits when one of
them is ``train`` (or ``training``) and all others are split names too, or another split stands beside it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augtool.errors import UsageError
from augtool.filenames import safe_name, safe_path
from augtool.formats.base import Fragment, Written
from augtool.formats.stems import folder_names, output_stems
from augtool.formats.walk import (
    LINK_OUTSIDE,
    MAX_DEPTH,
    SPLITS,
    Way,
    check_top,
    hidden,
    inspect,
    is_split_level,
    looks_like_picture,
)
from augtool.labels import Labels
from augtool.metadata import is_image_name
from augtool.sample import Item

if TYPE_CHECKING:
    from augtool.plan import Survey

NAME = "folder"


def detect(root: Path) -> str | None:  # noqa: ARG001 - any folder will do
    """Take any folder: this format is asked last."""
    return "pictures in folders"


def open(root: Path, options: Mapping[str, Any]) -> FolderDataset:  # noqa: A001, ARG001 - the name formats share
    """Open a folder."""
    return FolderDataset(root)


@dataclass
class FolderDataset:
    """A scanned folder. ``items`` walks it anew each time; nothing is kept but the counters."""

    root: Path
    ignored: Counter[str] = field(default_factory=Counter)
    """Files passed over because they are no pictures, by suffix; filled by a full walk."""
    name: str = NAME
    spatial: bool = False
    noun: str = "picture"
    keypoints: bool = False
    flip_idx: tuple[int, ...] | None = None

    def require(self, survey: Survey, splits: Collection[str]) -> None:
        """Refuse a folder in which nothing can be expanded.

        Raises:
            UsageError: it holds no picture, or none in the splits to expand.

        """
        if survey.usable == 0 and not survey.problems:
            others = ", ".join(f"{count} x {suffix}" for suffix, count in self.ignored.most_common(3))
            raise UsageError(f"{self.root}: holds no picture" + (f" (only {others})" if others else ""))
        found = {split for split, _ in survey.sources}
        if found and "" not in found and not found & set(splits):
            raise UsageError(
                f"{self.root}: has no pictures in the split to expand ({', '.join(splits)}); "
                f"the set has {' and '.join(sorted(found))}; choose with --splits {','.join(sorted(found))}"
            )

    def items(self) -> Iterator[Item]:
        """Yield every picture file in a fixed order (by path), whatever order the disk lists them in."""
        self.ignored.clear()
        yield from self._walk(self._start())

    def in_split(self, item: Item, split: str) -> Item:
        """Return an item put into a split of a set that has none: its class folder lies below the split's."""
        return replace(item, split=split, folder=f"{split}/{item.folder}")

    def read(self, item: Item, size: tuple[int, int]) -> Labels:  # noqa: ARG002 - the protocol's signature
        """Return nothing: the class is the folder."""
        return Labels()

    def write(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:  # noqa: ARG002
        """Return nothing to write: the folder is the class."""
        return Written()

    def finish(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:  # noqa: ARG002
        """Yield no file: the set has none of its own."""
        return iter(())

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield nothing: there are no labels to be wrong."""
        return iter(())

    def _start(self) -> Place:
        return Place(self.root, "", "", None, "", Way.start(self.root))

    def _walk(self, at: Place) -> Iterator[Item]:
        try:
            with os.scandir(at.folder) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            yield at.broken(at.rel, ("unreadable", f"cannot be listed: {error.strerror}"))
            return
        visible = [entry for entry in entries if not hidden(entry.name)]
        folders = [entry for entry in visible if at.way.leads_on(entry)]
        names = {entry.name for entry in folders}
        if not at.rel:
            check_top(self.root, names)
        rest = [entry for entry in visible if entry.name not in names]
        out = {entry.name for entry in rest if at.way.leads_out(entry)}
        yield from self._files([entry for entry in rest if entry.name not in out], at, names)
        for name in sorted(out, key=os.fsencode):
            yield at.broken(f"{at.rel}{name}/", LINK_OUTSIDE)
        splitting = at.split is None and is_split_level(names)
        called = folder_names([entry.name for entry in folders]) if self.name == NAME else {}
        for entry in folders:
            if at.rel.count("/") >= MAX_DEPTH:
                yield at.broken(f"{at.rel}{entry.name}/", ("too_deep", "folders are nested too deeply"))
            else:
                home = called.get(entry.name) or safe_path(entry.name)
                yield from self._walk(at.below(entry, home, splitting=splitting))

    def _files(
        self, entries: Sequence[os.DirEntry[str]], at: Place, folders: Collection[str]
    ) -> Iterator[Item]:
        pictures = []
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1]  # noqa: PTH122 - a million calls; Path costs 5 us each
            if is_image_name(entry.name) or (not suffix and looks_like_picture(entry)):
                pictures.append(entry)
            else:
                self.ignored[safe_name(suffix.lower()) or "no suffix"] += 1
        stems = output_stems([entry.name for entry in pictures], folders)
        for entry, stem in zip(pictures, stems, strict=True):
            size, problem = inspect(self.root, entry)
            yield Item(
                key=at.rel + entry.name,
                folder=at.home,
                stem=stem,
                suffix=safe_name(os.path.splitext(entry.name)[1]),  # noqa: PTH122
                split=at.split,
                label=safe_path(at.label) or None,
                size_bytes=size,
                problem=problem,
            )


@dataclass(frozen=True, slots=True)
class Place:
    """A folder on the walk: where it is, its path below the root and below the output, split and class."""

    folder: Path
    rel: str
    home: str
    split: str | None
    label: str
    way: Way

    def below(self, entry: os.DirEntry[str], home: str, *, splitting: bool) -> Place:
        """Return the place of a folder in this one, which is called ``home`` in the output."""
        split, label = self.split, f"{self.label}/{entry.name}" if self.label else entry.name
        if splitting and entry.name.lower() in SPLITS:
            split, label = SPLITS[entry.name.lower()], ""
        return Place(
            Path(entry.path),
            f"{self.rel}{entry.name}/",
            f"{self.home}{home}/",
            split,
            label,
            self.way.into(entry),
        )

    def broken(self, path: str, problem: tuple[str, str]) -> Item:
        """Return the item for a folder here that cannot be walked into."""
        return Item(path, path, "", "", self.split, safe_path(self.label) or None, 0, problem)
