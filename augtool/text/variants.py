"""N distinct variants of a text, or a shortfall with its reason. Never padded, never a repetition."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from augtool.fields import Const
from augtool.freeze import Facts, FrozenStep, Node, Step, freeze
from augtool.text.compose import compose
from augtool.text.document import Document
from augtool.text.edits import Change

TRIES = 10  # per wanted variant, at most
IDLE = 8  # tries in a row without a new variant (or twice the number wanted, if more) end the search


@dataclass(frozen=True, slots=True)
class TextVariant:
    """One variant: its number from 1, the try it came of, its text, the changes and the steps."""

    number: int
    attempt: int
    text: str
    changes: tuple[Change, ...]
    steps: tuple[FrozenStep, ...]


@dataclass(slots=True)
class Made:
    """The variants of a text; ``tries`` counts why others did not count, ``missing`` how many lack."""

    variants: list[TextVariant] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    missing: int = 0

    @property
    def reason(self) -> str:
        """The commonest reason for a shortfall, empty where there is none."""
        if not self.missing:
            return ""
        return max(sorted(self.tries), key=lambda reason: self.tries[reason], default="nothing_to_change")


REASONS = {
    "no_words": "holds no word that can be edited",
    "nothing_to_change": "the steps found nothing to change",
    "no_step": "no step was drawn",
    "duplicate": "the same variant came again",
    "like_source": "the variant equals its source",
    "in_data_set": "another text of the set reads the same",
    "article": "an article that no longer fits is protected",
}


def identity(text: str) -> bytes:
    """Return what makes two texts the same: Unicode form, letter case and spacing aside."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()
    return blake2b(" ".join(folded.split()).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def make_variants(
    document: Document,
    nodes: Sequence[Node],
    seed: int,
    key: str,
    count: int,
    forbidden: Collection[bytes] = (),
    facts: Facts | None = None,
) -> Made:
    """Make ``count`` distinct variants of a text, in at most ten tries for each.

    Args:
        document: the source.
        nodes: the recipe's steps.
        seed: the seed of the run.
        key: the source's identity; with the seed and the number of the try it settles every draw.
        count: how many are wanted.
        forbidden: identities of texts that must not come again.
        facts: of the source, for steps that say ``when``.

    """
    made = Made()
    if count and not document.words:
        made.tries["no_words"] += 1
    else:
        source = identity(document.text)
        seen = {source}
        idle = 0
        for attempt, result in _tries(document, nodes, seed, key, TRIES * count, facts):
            if len(made.variants) == count or idle > max(IDLE, 2 * count):
                break
            reason = result if isinstance(result, str) else _settle(result[0], source, seen, forbidden)
            if reason or isinstance(result, str):
                made.tries[reason] += 1
                idle += reason != "no_step"
                if reason == "nothing_to_change" and attempt == 1 and _alike(nodes):
                    break
                continue
            idle = 0
            text, changes, steps = result
            made.variants.append(TextVariant(len(made.variants) + 1, attempt, text, changes, steps))
    made.missing = count - len(made.variants)
    return made


def _alike(nodes: Sequence[Node]) -> bool:
    """Return whether what one try finds nothing to change in, the next ones will not change either."""
    counts = ("alpha", "n", "most", "seed")
    return all(
        isinstance(node, Step)
        and node.p == 1
        and all(isinstance(value, Const) for name, value in node.values.items() if name not in counts)
        for node in nodes
    )


_Try = tuple[str, tuple[Change, ...], tuple[FrozenStep, ...]]


def _tries(
    document: Document, nodes: Sequence[Node], seed: int, key: str, most: int, facts: Facts | None
) -> Iterator[tuple[int, _Try | str]]:
    for attempt in range(1, most + 1):
        steps = freeze(nodes, seed, key, attempt, facts=facts)
        if not steps:
            yield attempt, "no_step"
            continue
        composed = compose(document, steps)
        if composed is None:
            yield attempt, "article"
        elif not composed.changes:
            yield attempt, "nothing_to_change"
        else:
            yield attempt, (composed.text, composed.changes, composed.steps)


def _settle(text: str, source: bytes, seen: set[bytes], forbidden: Collection[bytes]) -> str:
    """Return why a text does not count; one that does joins ``seen``."""
    own = identity(text)
    if own == source:
        return "like_source"
    if own in seen:
        return "duplicate"
    if own in forbidden:
        return "in_data_set"
    seen.add(own)
    return ""
