"""A data set's folders in memory, and which label file belongs to which picture.

Label files lie beside their pictures (``a.jpg``, ``a.xml``) or in a parallel tree: somewhere on the way to
the picture one folder is exchanged for another (``JPEGImages/a.jpg``, ``Annotations/a.xml``;
``train/images/a.png``, ``train/masks/a.png``; ``train/a.png``, ``trainannot/a.png``).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from augtool.errors import UsageError
from augtool.filenames import safe_name, safe_path
from augtool.formats.base import Fragment, Written
from augtool.formats.folder import FolderDataset
from augtool.formats.spool import Spool
from augtool.formats.stems import output_stems
from augtool.formats.walk import LINK_OUTSIDE, SPLITS, Way, check_top, hidden, inspect, is_split_level
from augtool.labels import Labels
from augtool.metadata import is_image_name
from augtool.naming import did_you_mean
from augtool.sample import Item

MAX_DEPTH = 64
_DIVIDED = "in_split"  # the key that marks the fragment of a divided set


class File(NamedTuple):
    """A picture's size in bytes and, where it cannot be used, (reason code, message)."""

    size: int
    problem: tuple[str, str] | None


# Label files are judged when they are read.
_OTHER = File(0, None)


@dataclass
class Folder:
    """One folder: its files and folders by name, in the order of the bytes of their names."""

    path: str
    """Below the root, ending with ``/``; empty for the root itself."""
    split: str | None
    files: dict[str, File] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    _folded: dict[str, list[str]] = field(default_factory=dict)

    def pictures(self) -> list[str]:
        """Return the names of the picture files."""
        return [name for name in self.files if is_image_name(name)]

    def folded(self, name: str) -> list[str]:
        """Return the files whose names are this one in any letter case."""
        if not self._folded:
            for own in self.files:
                self._folded.setdefault(own.casefold(), []).append(own)
        return self._folded.get(name.casefold(), [])


class Tree:
    """All folders below a root, in a fixed order: by path, whatever order the disk lists them in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folders: dict[str, Folder] = {}
        self.unusable: dict[str, tuple[str, str]] = {}
        """Folders that cannot be walked into -> (reason code, message)."""
        self._scan(root, "", None, Way.start(root))

    def _scan(self, place: Path, path: str, split: str | None, way: Way) -> None:
        if path.count("/") > MAX_DEPTH:
            self.unusable[path] = "unreadable", "folders are nested too deeply"
            return
        try:
            with os.scandir(place) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            self.unusable[path] = "unreadable", f"cannot be listed: {error.strerror}"
            return
        visible = [entry for entry in entries if not hidden(entry.name)]
        inner = [entry for entry in visible if way.leads_on(entry)]
        names = {entry.name for entry in inner}
        if not path:
            check_top(self.root, names)
        out = {entry.name for entry in visible if entry.name not in names and way.leads_out(entry)}
        folder = Folder(path, split, folders=tuple(entry.name for entry in inner))
        folder.files = {
            entry.name: File(*inspect(self.root, entry)) if is_image_name(entry.name) else _OTHER
            for entry in visible
            if entry.name not in names and entry.name not in out
        }
        self.unusable |= {f"{path}{name}/": LINK_OUTSIDE for name in sorted(out)}
        self.folders[path] = folder
        dividing = split is None and is_split_level(names)
        for entry in inner:
            own = SPLITS.get(entry.name.lower(), split) if dividing else split
            self._scan(Path(entry.path), f"{path}{entry.name}/", own, way.into(entry))

    def has(self, path: str) -> bool:
        """Return whether there is such a file."""
        folder, slash, name = path.rpartition("/")
        found = self.folders.get(folder + slash)
        return found is not None and name in found.files

    def files(self, *suffixes: str) -> Iterator[str]:
        """Yield the paths of all files with one of the suffixes (lower case), in order."""
        for path, folder in self.folders.items():
            yield from (path + name for name in folder.files if name.lower().endswith(suffixes))


_shared: dict[Path, Tree] | None = None


@contextmanager
def one_scan() -> Iterator[None]:
    """Let all that look at a data set's folders meanwhile share one scan of them."""
    global _shared  # noqa: PLW0603 - bounded by the block, and formats are asked by one process alone
    _shared = {}
    try:
        yield
    finally:
        _shared = None


def scanned(root: Path) -> Tree:
    """Return the folders below a root, scanned anew unless within :func:`one_scan`."""
    if _shared is None:
        return Tree(root)
    if root not in _shared:
        _shared[root] = Tree(root)
    return _shared[root]


def items(folder: Folder) -> Iterator[Item]:
    """Yield the pictures of one folder as items, not yet with labels."""
    names = folder.pictures()
    for name, stem in zip(names, output_stems(names, folder.folders), strict=True):
        size, problem = folder.files[name]
        suffix = safe_name(os.path.splitext(name)[1])  # noqa: PTH122
        yield Item(
            folder.path + name, safe_path(folder.path), stem, suffix, folder.split, None, size, problem
        )


def broken_folders(tree: Tree) -> Iterator[Item]:
    """Yield an item with a problem for each folder that could not be walked into."""
    for path, problem in tree.unusable.items():
        yield Item(path, path, "", "", problem=problem)


class Match(NamedTuple):
    """The label file of a picture; ``exact`` is False where only the letter case differs."""

    path: str
    exact: bool


class Pairing:
    """Finds the label files of pictures.

    Args:
        tree: the data set.
        parallel: names (lower case) of folders that hold labels.
        wanted: stem of a picture -> names its label file may have, the likeliest first.
        beside: whether labels may lie beside the pictures.
        tails: endings that make a label folder's name of a picture folder's (``train`` + ``annot``).
    """

    def __init__(
        self,
        tree: Tree,
        parallel: Collection[str],
        wanted: Callable[[str], Sequence[str]],
        *,
        beside: bool,
        tails: Sequence[str] = (),
    ) -> None:
        self._tree, self._parallel, self._wanted = tree, parallel, wanted
        self._beside, self._tails = beside, tails
        self._places: dict[str, list[Folder]] = {}
        self._claims: dict[str, set[str]] = {}

    def find(self, key: str) -> Match | None:
        """Return the label file of the picture at ``key``, or None.

        Letter case may differ where no other picture has the better claim.
        """
        folder, slash, name = key.rpartition("/")
        folder += slash
        if folder not in self._places:
            self._places[folder] = list(self._candidates(folder))
        stem = os.path.splitext(name)[0]  # noqa: PTH122
        names = self._wanted(stem)
        for place in self._places[folder]:
            for wanted in names:
                if wanted in place.files:
                    return Match(place.path + wanted, exact=True)
        for place in self._places[folder]:
            for wanted in names:
                near = [found for found in place.folded(wanted) if not self._claimed(folder, found)]
                if len(near) == 1:
                    return Match(place.path + near[0], exact=False)
        return None

    def _claimed(self, folder: str, label: str) -> bool:
        """Return whether a picture of this folder fits the label file to the letter."""
        if folder not in self._claims:
            stems = (os.path.splitext(name)[0] for name in self._tree.folders[folder].pictures())  # noqa: PTH122
            self._claims[folder] = {name for stem in stems for name in self._wanted(stem)}
        return label in self._claims[folder]

    def _candidates(self, folder: str) -> Iterator[Folder]:
        folders = self._tree.folders
        if self._beside and folder in folders:
            yield folders[folder]
        parts = folder.split("/")[:-1]
        for at in range(len(parts), -1, -1):
            above = "".join(f"{part}/" for part in parts[:at])
            if above not in folders:
                continue
            siblings = [name for name in folders[above].folders if name.lower() in self._parallel]
            if at < len(parts):
                tails = [parts[at] + tail for tail in self._tails]
                siblings += [name for name in folders[above].folders if name in tails]
            for sibling in siblings:
                if at < len(parts) and sibling == parts[at]:
                    continue
                # The folder is exchanged, put in between, or holds the labels of all folders below.
                for rest in (parts[at + 1 :], parts[at:], []):
                    place = "".join(f"{part}/" for part in [*parts[:at], sibling, *rest])
                    if place in folders:
                        yield folders[place]


@dataclass(frozen=True, slots=True)
class Divided:
    """What ``Item.ref`` is where a run divides the set: the split, and what it was."""

    split: str
    ref: Any


@dataclass
class TreeDataset(FolderDataset):
    """What the formats over a :class:`Tree` share. Workers get it without the tree.

    A run that divides a set writes one of the same format for each split, in folders of their names; the
    formats themselves see nothing of it. They implement the three methods below in place of the protocol's.
    """

    options: dict[str, Any] = field(default_factory=dict)
    _tree: Tree | None = None

    def read_labels(self, item: Item, size: tuple[int, int]) -> Labels:  # noqa: ARG002
        """Do what the protocol says of ``read``."""
        return Labels()

    def write_labels(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:  # noqa: ARG002
        """Do what the protocol says of ``write``."""
        return Written()

    def finish_set(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:  # noqa: ARG002
        """Do what the protocol says of ``finish``."""
        return iter(())

    def in_split(self, item: Item, split: str) -> Item:
        """Return an item put into a split of a set that has none."""
        return replace(item, split=split, folder=f"{split}/{item.folder}", ref=Divided(split, item.ref))

    def read(self, item: Item, size: tuple[int, int]) -> Labels:
        """Return a picture's labels; see the protocol."""
        return self.read_labels(_undivided(item), size)

    def write(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return a picture's files and fragment; see the protocol."""
        if not isinstance(item.ref, Divided):
            return self.write_labels(item, output, labels, size)
        home = f"{item.ref.split}/"
        written = self.write_labels(_undivided(item), output.removeprefix(home), labels, size)
        files = {home + path: data for path, data in written.files.items()}
        return Written(files, {_DIVIDED: item.ref.split, "data": written.fragment}, written.lost)

    def finish(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the data set's own files; see the protocol."""
        waiting = iter(fragments)
        first = next(waiting, None)
        rest = waiting if first is None else chain([first], waiting)
        if first is None or not isinstance(first.data, dict) or _DIVIDED not in first.data:
            yield from self.finish_set(rest)
            return
        spool = Spool(())
        for fragment in rest:
            home = f"{fragment.data[_DIVIDED]}/"
            inner = replace(fragment, output=fragment.output.removeprefix(home), data=fragment.data["data"])
            spool.add(home, json.dumps(asdict(inner)).encode() + b"\n")
        for home, lines in spool.drain_lines():
            for path, chunks in self.finish_set(Fragment(**json.loads(line)) for line in lines):
                yield home + path, chunks

    def tree(self) -> Tree:
        """Return the scanned folders."""
        if self._tree is None:
            self._tree = scanned(self.root)
        return self._tree

    def __getstate__(self) -> dict[str, Any]:
        """Leave the tree behind on the way to a worker."""
        return self.__dict__ | {"_tree": None, "ignored": Counter()}


def _undivided(item: Item) -> Item:
    """Return an item as it was before the run put it into a split."""
    if not isinstance(item.ref, Divided):
        return item
    return replace(item, folder=item.folder.removeprefix(f"{item.ref.split}/"), ref=item.ref.ref)


def chosen(
    options: Mapping[str, Any], known: Mapping[str, tuple[Any, ...] | type[str] | None], name: str
) -> dict[str, Any]:
    """Return the options of a format, checked.

    Args:
        options: as the recipe gives them.
        known: option -> the values it may have, ``str`` for any text, None for anything.
        name: the format.

    Raises:
        UsageError: an unknown option, or an unknown value.
    """
    for key, value in options.items():
        if key not in known:
            hint = did_you_mean(key, known)
            raise UsageError(
                f"format {name}: unknown option {key}{hint}; known are {', '.join(known) or 'none'}"
            )
        allowed = known[key]
        if isinstance(allowed, tuple) and (value not in allowed or isinstance(value, bool)):
            names = " or ".join(map(str, allowed))
            raise UsageError(f"format {name}: {key} is {value!r}, but must be {names}")
        if allowed is str and not isinstance(value, str):
            raise UsageError(f"format {name}: {key} is {value!r}, but must be a text")
    return dict(options)
