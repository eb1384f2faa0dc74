"""Build augtool/text/lexicon.tsv.gz from WordNet 3.0 as Debian's package wordnet-base installs it.

Usage: apt-get install wordnet-base; python scripts/build_lexicon.py [/usr/share/wordnet]

What goes in, and how it is found:

words     Every single word of lower-case letters, as each of its parts of speech, with the synonyms of its
          first three senses. A synonym is kept if it is such a word itself and *attested*: WordNet's
          sense-tagged texts (cntlist.rev) use it in that very sense. The digit after a synonym is the rank
          of that sense among the synonym's own, where it is not its first. The last column holds the
          number of bits in the count of the word's tagged occurrences, and tenths of its first sense.
pairs     Neighbours within WordNet's multiwords ("credit card", "sign up"), where one of both has synonyms.
forms     Irregular forms (*.exc) of these words.
positive, negative
          Words of praise and blame. Starting from the seeds in polarity_seeds.txt, the sign goes to the
          words of the same sense, to similar adjectives and derived words, and turned round to antonyms,
          three steps far at most; a word gets the sign of the majority of what reaches it, nearer steps
          first, and seeds keep theirs.

The result depends on nothing but these files, byte for byte.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "augtool" / "text"
FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
SENSE_TYPES = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
SENSES, CANDIDATES, RANKS = 3, 4, 3
STEPS = 3
# Multiwords that are names of plants, animals or body parts are many and rare.
RARE_TOPICS = {"05", "08", "20"}
SINGLE = re.compile(r"[a-z]{2,}")
MULTI = re.compile(r"[a-z]+(?:_[a-z]+){1,3}")
MARKER = re.compile(r"\([a-z]+\)$")  # (a), (p), (ip): where an adjective stands


class Sense(NamedTuple):
    """A synset: the words in it, its topic file, and its pointers (symbol, synset, source, target word)."""

    words: tuple[str, ...]
    topic: str
    pointers: tuple[tuple[str, str, int, int], ...]


class WordNet:
    """The parts of WordNet the table is made of."""

    def __init__(self, root: Path) -> None:
        self.senses: dict[str, Sense] = {}
        self.index: dict[tuple[str, str], list[str]] = {}
        self.counts: dict[tuple[str, str, int], int] = {}
        self.forms: list[tuple[str, str, str]] = []
        for pos, name in FILES.items():
            self._data(pos, root / f"data.{name}")
            self._index(pos, root / f"index.{name}")
            for line in (root / f"{name}.exc").read_text().splitlines():
                form, *lemmas = line.split()
                self.forms += [(form, lemma, pos) for lemma in lemmas]
        for line in (root / "cntlist.rev").read_text().splitlines():
            key, number, count = line.split()
            word, _, rest = key.partition("%")
            self.counts[word, SENSE_TYPES[rest[0]], int(number)] = int(count)

    def _data(self, pos: str, path: Path) -> None:
        for line in path.read_text().splitlines():
            if line.startswith(" "):
                continue
            cells = line.partition(" | ")[0].split()
            count = int(cells[3], 16)
            words = tuple(MARKER.sub("", cells[4 + 2 * at]) for at in range(count))
            at = 4 + 2 * count
            pointers = []
            for start in range(at + 1, at + 1 + 4 * int(cells[at]), 4):
                symbol, offset, other, ends = cells[start : start + 4]
                target = ("a" if other == "s" else other) + offset
                pointers.append((symbol, target, int(ends[:2], 16), int(ends[2:], 16)))  # noqa: FURB166 - both halves are bare hexadecimal
            self.senses[pos + cells[0]] = Sense(words, cells[1], tuple(pointers))

    def _index(self, pos: str, path: Path) -> None:
        for line in path.read_text().splitlines():
            if not line.startswith(" "):
                cells = line.split()
                self.index[cells[0], pos] = [pos + offset for offset in cells[-int(cells[2]) :]]

    def tagged(self, word: str, pos: str) -> list[int]:
        """Return how often each sense of a word was tagged, in sense order."""
        senses = self.index[word, pos]
        return [self.counts.get((word, pos, number), 0) for number in range(1, len(senses) + 1)]


def synonyms(net: WordNet, word: str, sense: str) -> str:
    """Return the attested single-word synonyms in one sense, most frequent first."""
    pos = sense[0]
    found = []
    for other in net.senses[sense].words:
        if other == word or not SINGLE.fullmatch(other):
            continue
        rank = net.index[other, pos].index(sense) + 1
        count = net.counts.get((other, pos, rank), 0)
        if count and rank <= RANKS:
            found.append((-count, other, rank))
    return ",".join(f"{other}{rank if rank > 1 else ''}" for _, other, rank in sorted(found)[:CANDIDATES])


def word_rows(net: WordNet) -> dict[tuple[str, str], str]:
    """Return (word, pos) -> 'senses<TAB>counts'."""
    rows = {}
    for (word, pos), senses in net.index.items():
        if SINGLE.fullmatch(word):
            listed = "|".join(synonyms(net, word, sense) for sense in senses[:SENSES]).rstrip("|")
            tagged = net.tagged(word, pos)
            total = sum(tagged)
            counts = f"{min(9, total.bit_length())}{min(9, 10 * tagged[0] // total)}" if total else ""
            rows[word, pos] = f"{listed}\t{counts}"
    return rows


def pair_rows(net: WordNet, replaceable: set[str]) -> list[str]:
    """Return lines 'first second second ...' of neighbours within multiwords."""
    pairs: dict[str, set[str]] = defaultdict(set)
    for sense in net.senses.values():
        for word in sense.words:
            if sense.topic in RARE_TOPICS or not MULTI.fullmatch(word):
                continue
            parts = word.split("_")
            for first, second in pairwise(parts):
                if first in replaceable or second in replaceable:
                    pairs[first].add(second)
    return [" ".join([first, *sorted(seconds)]) for first, seconds in sorted(pairs.items())]


def form_rows(net: WordNet) -> list[str]:
    """Return lines 'form lemma/pos ...'."""
    forms: dict[str, set[str]] = defaultdict(set)
    for form, lemma, pos in net.forms:
        if SINGLE.fullmatch(form) and SINGLE.fullmatch(lemma) and (lemma, pos) in net.index and form != lemma:
            forms[form].add(f"{lemma}/{pos}")
    return [" ".join([form, *sorted(lemmas)]) for form, lemmas in sorted(forms.items())]


def seeds() -> dict[str, int]:
    """Return the seed words with their signs."""
    signs: dict[str, int] = {}
    sign = 0
    for line in (HERE / "polarity_seeds.txt").read_text().splitlines():
        if line.startswith("["):
            sign = {"[positive]": 1, "[negative]": -1}[line.strip()]
        elif not line.startswith("#"):
            signs |= dict.fromkeys(line.split(), sign)
    return signs


def polarity(net: WordNet) -> dict[str, int]:
    """Return word -> sign, spread from the seeds over first senses, similar words and antonyms."""
    signs = seeds()
    frontier = dict(signs)
    for _ in range(STEPS):
        votes: Counter[str] = Counter()
        for word, sign in sorted(frontier.items()):
            for pos in FILES:
                for sense in net.index.get((word, pos), [])[:1]:
                    _vote(net, word, sense, sign, votes)
        frontier = {
            word: 1 if vote > 0 else -1
            for word, vote in votes.items()
            if vote and word not in signs and SINGLE.fullmatch(word)
        }
        signs |= frontier
    return signs


def _vote(net: WordNet, word: str, sense: str, sign: int, votes: Counter[str]) -> None:
    found = net.senses[sense]
    own = [at for at, other in enumerate(found.words, 1) if other.lower() == word]
    for other in found.words:
        votes[other] += sign
    for symbol, target, source_word, target_word in found.pointers:
        words = net.senses[target].words
        if symbol == "&":
            for other in words:
                votes[other] += sign
        elif source_word in own and symbol in ("!", "+", "\\"):
            votes[words[target_word - 1]] += -sign if symbol == "!" else sign


def licence(root: Path) -> str:
    """Return WordNet's licence as the head of its data files states it."""
    lines = []
    for line in (root / "data.noun").read_text().splitlines():
        if not line.startswith("  "):
            break
        lines.append(re.sub(r"^\s+\d+ ?", "", line).rstrip())
    return "\n".join(lines).strip() + "\n"


def main(root: Path) -> None:
    """Write the table and the licence."""
    net = WordNet(root)
    rows = word_rows(net)
    replaceable = {word for (word, _), row in rows.items() if not row.startswith("\t")}
    signs = {word: sign for word, sign in polarity(net).items() if any((word, pos) in rows for pos in FILES)}
    lines = ["Derived from WordNet 3.0 by scripts/build_lexicon.py; see WORDNET-LICENSE.", "#words"]
    lines += [f"{word}\t{pos}\t{row}" for (word, pos), row in sorted(rows.items())]
    lines += ["#pairs", *pair_rows(net, replaceable), "#forms", *form_rows(net)]
    for name, sign in (("positive", 1), ("negative", -1)):
        lines += [f"#{name}", " ".join(sorted(word for word, found in signs.items() if found == sign))]
    data = gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0)
    TARGET.joinpath("lexicon.tsv.gz").write_bytes(data)
    TARGET.joinpath("WORDNET-LICENSE").write_text(licence(root))
    print(f"{len(rows):,} rows, {len(signs):,} signed words, {len(data):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/wordnet"))
