"""How to run, as opposed to what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from augtool.sample import MAX_PIXELS

FAIL_ON = ("none", "truncated", "error", "warning")


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: none of these changes a byte of a variant, but some decide which pictures are used.

    Attributes:
        splits: to expand.
        workers: processes; None is one per processor, 0 runs in this one.
        timeout: seconds for one source.
        overwrite: replace the output of an earlier run.
        format: of the data set; None looks.
        strict: refuse a set in which a picture is in two splits.
        resume: go on with an unfinished run.
        update: redo what is affected by what has changed since a run.
        prune: with ``update``, remove what was made of sources that are gone.
        max_pixels: width times height that a picture may have, read or written.
        memory: bytes a worker may use beyond what it starts with; None follows from ``max_pixels``.
        fail_on: how much trouble makes a picture fail; see :func:`augtool.salvage.decode`.
        portable: give up the processor's special instructions, so that every processor gives the same bytes.
    """

    splits: Collection[str] = ("train",)
    workers: int | None = None
    timeout: float = 300.0
    overwrite: bool = False
    format: str | None = None
    strict: bool = False
    resume: bool = False
    update: bool = False
    prune: bool = False
    max_pixels: int = MAX_PIXELS
    memory: int | None = None
    fail_on: str = "error"
    portable: bool = False

    @property
    def onward(self) -> bool:
        """Whether an output that holds a run is welcome."""
        return self.resume or self.update

    @property
    def worker_memory(self) -> int:
        """Bytes a worker may use: six copies of the largest 8-bit colour picture, and half a gigabyte.

        The picture itself, its half-size copies, what is being rendered, OpenCV's own and the encoder's
        buffers come to less than that for 8 bits.
        """
        return self.memory or 6 * 3 * self.max_pixels + 2**29
