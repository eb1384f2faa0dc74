"""What the program asks of a data set format. A format is a module with a class that does this."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from augtool.labels import Labels
from augtool.sample import Item

if TYPE_CHECKING:
    from augtool.plan import Survey


IGNORED = "ignore: the format cannot mark an object to be ignored; it is kept as it is"
"""For ``Written.lost``, where an object below the bounds should be marked."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a format makes of one picture's labels.

    Attributes:
        files: files beside the picture: path below the output (with ``/``) -> bytes.
        fragment: plain JSON data for the data set's own files, handed to ``finish`` in plan order.
        lost: what the format could not hold, one short text each; counted in the report.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    fragment: Any = None
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fragment:
    """A fragment on its way to ``finish``, with the picture it belongs to."""

    output: str
    source: str
    kind: str
    split: str | None
    width: int
    height: int
    data: Any


class Dataset(Protocol):
    """A data set on disk, opened by a format.

    It is sent to every worker once; what it holds per picture must travel in ``Item.ref`` instead
    (see ``__getstate__`` of the COCO format).
    """

    name: str
    root: Path
    noun: str
    """What one item is called: a picture, a text."""
    spatial: bool
    """Whether labels have places in the picture (boxes, polygons, keypoints)."""
    keypoints: bool
    """Whether objects may have keypoints."""
    flip_idx: tuple[int, ...] | None
    """For each keypoint the index of its mirror image; None where there are none or it is not known."""
    ignored: Counter[str]
    """Files that are no part of the set, by suffix; complete after a full walk of ``items``."""

    def items(self) -> Iterator[Item]:
        """Yield the set's items in a fixed order, anew at each call; no picture is opened."""

    def require(self, survey: Survey, splits: Collection[str]) -> None:
        """Refuse a set with nothing to do, saying why (UsageError)."""

    def read(self, item: Item, size: tuple[int, int]) -> Labels:
        """Return the labels of an item whose displayed picture has ``size`` (width, height).

        Runs in a worker. Raises ItemError with a ``label_*`` code, naming file and line, where the
        labels cannot be trusted: the picture is then not written.
        """

    def write(self, item: Item, output: str, labels: Labels, size: tuple[int, int]) -> Written:
        """Return the files and the fragment for a picture written to ``output``. Runs in a worker."""

    def finish(self, fragments: Iterable[Fragment]) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield the data set's own files (path below the output, chunks) after all pictures.

        ``fragments`` may be walked once, in plan order; a large one must be streamed, not collected.
        """

    def problems(self) -> Iterator[dict[str, Any]]:
        """Yield what ``augtool check`` should say of the labels: file, line, code, message."""
