"""The lists of Pascal VOC: ``ImageSets/Main/train.txt`` and its like, read and written again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from augtool.errors import ItemError, UsageError
from augtool.formats import findings
from augtool.formats.base import Fragment
from augtool.formats.spool import Spool
from augtool.formats.tree import Tree
from augtool.formats.untrusted import MAX_SET, decode_text, read_label, relative_path
from augtool.sample import Item

_SPLITS = {"train": "train", "val": "val", "test": "test"}
UNLISTED = "unlisted"


class Place(NamedTuple):
    """A picture's line in a list: the list, what follows the name, and whether the name had a suffix."""

    file: str
    flag: str
    suffixed: bool
    line: int


class ImageSets:
    """All lists of a tree. Pictures are known by their names without suffix, below the set's folder.

    Raises:
        UsageError: a list is no text.
    """

    def __init__(self, tree: Tree) -> None:
        self._lists: dict[str, list[str]] = {}
        self._places: dict[str, dict[str, list[Place]]] = {}
        for path in tree.folders:
            above, found, _ = f"/{path}".rpartition("/ImageSets/")
            if found:
                self._read(tree, path, f"{above}/"[1:])

    def _read(self, tree: Tree, folder: str, root: str) -> None:
        for name in tree.folders[folder].files:
            if not name.endswith(".txt"):
                continue
            file = folder + name
            try:
                text = decode_text(read_label(tree.root, file, MAX_SET), file)
            except ItemError as error:
                raise UsageError(str(error)) from None
            self._lists[file] = []
            for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
                words = re.fullmatch(r"\s*(\S.*?)(\s+-?\d+)?\s*", line)
                if words and not words[1].startswith("#"):
                    self._add(root, file, number, words[1], words[2] or "")

    def _add(self, root: str, file: str, number: int, name: str, flag: str) -> None:
        stem, suffix = os.path.splitext(name)  # noqa: PTH122
        image = suffix.lower() in (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
        key = (stem if image else name).rpartition("/")[2]
        self._places.setdefault(root, {}).setdefault(key, []).append(Place(file, flag, image, number))

    def root_of(self, key: str) -> str | None:
        """Return the folder (ending with ``/``, or empty) whose lists are about a picture; None without."""
        fitting = [root for root in self._places if key.startswith(root)]
        return max(fitting, key=len, default=None)

    def of(self, key: str) -> tuple[Place, ...]:
        """Return a picture's lines in the lists."""
        root = self.root_of(key)
        if root is None:
            return ()
        stem = os.path.splitext(key.rpartition("/")[2])[0]  # noqa: PTH122
        return tuple(self._places[root].get(stem, ()))

    def split(self, places: Sequence[Place]) -> str | None:
        """Return the split that lists put a picture in; one that only ``trainval`` names is for training."""
        names = {os.path.splitext(place.file.rpartition("/")[2])[0] for place in places if _listed(place)}  # noqa: PTH122
        for name in ("train", "val", "test"):
            if name in names or any(other.endswith(f"_{name}") for other in names):
                return name
        return "train" if places else UNLISTED

    def written(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield every list with a line for each picture written, in the order of the plan."""
        spool = Spool(self._lists)
        for fragment in fragments:
            if not fragment.data:
                continue
            name = fragment.output.rpartition("/")[2]
            stem = os.path.splitext(name)[0]  # noqa: PTH122
            for file, flag, suffixed in fragment.data["lists"]:
                cls = os.path.splitext(file.rpartition("/")[2])[0].rpartition("_")[0]  # noqa: PTH122
                # A class that a crop left nothing of is no longer in the picture.
                gone = cls and flag.strip() == "1" and cls not in fragment.data["classes"]
                own = flag.replace(" 1", "-1") if gone and fragment.kind == "variant" else flag
                spool.add(file, f"{name if suffixed else stem}{own}\n".encode())
        return spool.drain()

    def problems(self, items: Iterable[Item]) -> Iterator[dict[str, Any]]:
        """Yield names that no picture has, names listed twice, and pictures of more than one split."""
        known: dict[str | None, set[str]] = {}
        for item in items:
            stem = os.path.splitext(item.key.rpartition("/")[2])[0]  # noqa: PTH122
            known.setdefault(self.root_of(item.key), set()).add(stem)
        for root, names in self._places.items():
            for name, places in names.items():
                yield from self._of_name(name, places, name in known.get(root, set()))

    def _of_name(self, name: str, places: list[Place], there: bool) -> Iterator[dict[str, Any]]:
        seen: set[str] = set()
        for place in places:
            if not there:
                yield findings.problem(
                    place.file, place.line, "missing_image", f"lists {name!r}, which is not there"
                )
            if place.file in seen:
                yield findings.problem(place.file, place.line, "duplicate", f"lists {name!r} again")
            seen.add(place.file)
            try:
                relative_path(name, place.file, place.line)
            except ItemError as error:
                yield findings.of_error(error)
        main = {file.rpartition("/")[2] for file in seen if "/Main/" in f"/{file}"}
        both = sorted(main & {f"{split}.txt" for split in _SPLITS})
        if len(both) > 1:
            text = f"{name!r} is in {' and '.join(both)}; it is taken for the first of train, val, test"
            yield findings.problem(places[0].file, places[0].line, "leak", text)


def _listed(place: Place) -> bool:
    # A class list names the negative pictures too, with -1; they belong to the split all the same.
    return bool(place.file)
