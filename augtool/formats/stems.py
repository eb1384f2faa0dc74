"""Names of outputs: as the sources are named, made distinct only where two would fall together."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from augtool.filenames import fold, safe_name, safe_part, tag, text_of
from augtool.metadata import is_image_name
from augtool.sample import Item

_LONGEST_STEM = 200  # bytes; leaves room for a tag, __aug12345, a suffix and the 255 bytes of a file name
_VARIANT = re.compile(r"(.+)__aug\d+$")


def output_stems(names: Sequence[str], folders: Collection[str] = ()) -> list[str]:
    """Return, for the pictures of one folder, the stem that each one's outputs are named from.

    It is the picture's own stem, made distinct (by six hex digits of a hash of the name) only where two
    names would fall together: in letter case, in Unicode form, or because a source is named like
    another's variant, or like another with its suffix in the name (``a_png.jpg`` beside ``a.png``), or
    because a folder beside it has the name of one of its files (``a__aug1.jpg/``). Stems that are too
    long are cut.

    Args:
        names: the pictures' file names.
        folders: the names of the folders beside them.
    """
    texts = [text_of(name) for name in names]
    parts = [os.path.splitext(name) for name in texts]  # noqa: PTH122
    folded = Counter(fold(name) for name in texts)
    suffixed = {fold(_suffixed(stem, suffix)) for stem, suffix in parts if suffix}
    stems = {fold(stem) for stem, suffix in parts if suffix}
    taken = suffixed | {fold(stem) for stem, _ in parts}
    whole, heads = _of_folders(folders)
    clashes = []
    for name, (stem, suffix) in zip(texts, parts, strict=True):
        own = fold(stem)
        like_variant = _VARIANT.match(own)
        clashes.append(
            (folded[fold(name)] > 1 and name != fold(name))
            or safe_name(stem) != stem
            or len(stem.encode("utf-8", "surrogateescape")) > _LONGEST_STEM
            or own in suffixed
            or (not suffix and own in stems)
            or (like_variant is not None and like_variant[1] in taken)
            or fold(name) in whole
            or own in heads
            or fold(_suffixed(stem, suffix)) in heads
        )
    if not any(clashes):
        return [stem for stem, _ in parts]
    likened = (_VARIANT.match(stem) for stem in taken)
    occupied = taken | whole | heads | {match[1] for match in likened if match}
    result = [stem for stem, _ in parts]
    # In the order of the names, so that it does not matter which of them the caller has first.
    for at in sorted((at for at, clash in enumerate(clashes) if clash), key=texts.__getitem__):
        stem, suffix = parts[at]
        result[at] = _distinct(_cut(safe_name(stem)), texts[at], suffix, occupied)
    return result


def folder_names(names: Sequence[str]) -> dict[str, str]:
    """Return what each of the folders beside each other is called in the output.

    That is its own name, made safe, with a hash of the name only where a file system that does not tell
    letter case or Unicode forms apart would merge it with another: all but the one in lower case and
    composed form, if there is one.
    """
    folded = Counter(fold(name) for name in names)
    result, occupied = {}, {fold(safe_part(name)) for name in names}
    for name in sorted(names, key=text_of):
        safe = safe_part(name)
        clash = folded[fold(name)] > 1 and text_of(name) != fold(name)
        result[name] = _distinct(_cut(safe), name, "", occupied) if clash else safe
    return result


def own_stems(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items with stems of which no two of a folder are the same.

    ``a.jpg`` and ``a.png`` may both be called ``a`` as long as their suffixes tell them apart. A format
    that names a label file after the picture needs more: here the second one's stem gets six hex digits
    of a hash of its name.
    """
    taken: set[tuple[str, str]] = set()
    for item in items:
        name = item.key.rpartition("/")[2]
        if not item.stem or (item.folder, fold(item.stem)) not in taken:
            taken.add((item.folder, fold(item.stem)))
            yield item
        else:
            yield replace(item, stem=f"{item.stem}-{tag(name)}")


def _suffixed(stem: str, suffix: str) -> str:
    return f"{stem}_{suffix[1:]}"


def _of_folders(folders: Collection[str]) -> tuple[set[str], set[str]]:
    """Return the folded names of folders, and the stems of pictures whose files could be called so."""
    whole = {fold(name) for name in folders}
    heads = set()
    for name in whole:
        if is_image_name(name):
            stem = os.path.splitext(name)[0]  # noqa: PTH122
            like_variant = _VARIANT.match(stem)
            heads.add(like_variant[1] if like_variant else stem)
    return whole, heads


def _cut(name: str) -> str:
    return name.encode()[:_LONGEST_STEM].decode(errors="ignore")


def _distinct(clean: str, name: str, suffix: str, occupied: set[str]) -> str:
    """Return a name with a hash to it that is not occupied, with the suffix in it neither; occupy it."""
    made: Callable[[int], str] = lambda attempt: f"{clean}-{tag(name, attempt)}"  # noqa: E731
    for attempt in count():
        forms = {fold(made(attempt)), fold(_suffixed(made(attempt), suffix))}
        if not forms & occupied:
            occupied |= forms
            return made(attempt)
    raise AssertionError("unreachable")
