"""Which picture a label file means by a name: paths are checked, and missing suffixes and case forgiven."""

from __future__ import annotations

import os

from augtool.formats.tree import Tree
from augtool.formats.untrusted import relative_path
from augtool.metadata import is_image_name


class References:
    """Finds pictures by the names that label files give them."""

    def __init__(self, tree: Tree) -> None:
        self._names: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        self.keys: set[str] = set()
        for folder in tree.folders.values():
            for name in folder.pictures():
                key = folder.path + name
                self.keys.add(key)
                self._names.setdefault(name.casefold(), []).append(key)
                self._stems.setdefault(os.path.splitext(name)[0].casefold(), []).append(key)  # noqa: PTH122

    def find(self, text: str, file: str, line: int = 0) -> str | None:
        """Return the key of the picture that a label file names; None where there is none, or several.

        Looked for below the label file's own folder first, then in the whole set.

        Raises:
            ItemError: ``label_path``: the name leads out of the data set.
        """
        path = relative_path(text, file, line)
        home = file.rpartition("/")[0] + "/" if "/" in file else ""
        for place in dict.fromkeys((home + path, path)):
            if place in self.keys:
                return place
        last = path.rpartition("/")[2].casefold()
        found = self._names.get(last, []) if is_image_name(last) else self._stems.get(last, [])
        bare = not is_image_name(last)
        exact = [key for key in found if _ends(_bare(key) if bare else key, path)]
        folded = [key for key in found if _ends((_bare(key) if bare else key).casefold(), path.casefold())]
        for candidates in (exact, folded):
            near = [key for key in candidates if key.startswith(home)]
            for some in (near, candidates):
                if len(some) == 1:
                    return some[0]
        return None


def renamed(text: str, key: str, output: str) -> str:
    """Return how a label file names the written picture, in the way it named its source.

    Folders before the name stay, and a name without suffix stays without.
    """
    last = text.replace("\\", "/").rpartition("/")[2]
    source, name = key.rpartition("/")[2], output.rpartition("/")[2]
    if source == name:
        return text
    new = name if is_image_name(last) else os.path.splitext(name)[0]  # noqa: PTH122
    return text[: len(text) - len(last)] + new


def _ends(key: str, path: str) -> bool:
    return key == path or key.endswith(f"/{path}")


def _bare(key: str) -> str:
    return os.path.splitext(key)[0]  # noqa: PTH122
