"""The synonym table: a compact one derived from WordNet 3.0, a person's own, or one extended by the other.

The built-in file is text in sections, sorted, and read by bisection, so that loading it is decompressing
and splitting it; a row is parsed when its word first comes up.
"""

from __future__ import annotations

import gzip
import json
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from augtool.errors import UsageError

POSES = ("n", "v", "a", "r")
_FILE = Path(__file__).with_name("lexicon.tsv.gz")
_LARGEST = 64_000_000  # bytes of a person's own table
_RANKED = re.compile(r"(.*?)(\d*)$")


class Candidate(NamedTuple):
    """A synonym; ``rank`` is the number of the shared sense among the synonym's own, from 1."""

    word: str
    rank: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A word as one part of speech.

    ``senses`` holds the attested synonyms of the first senses, most frequent sense first. ``prior`` (0 to 9)
    is the number of bits in the count of its tagged occurrences; ``share`` (0 to 9) is how many tenths of
    them were of the first sense.
    """

    pos: str
    senses: tuple[tuple[Candidate, ...], ...]
    prior: int
    share: int


class Lexicon:
    """Words with their parts of speech, synonyms, multiwords, irregular forms and polarity."""

    def __init__(self, text: str = "", extra: Mapping[str, tuple[Entry, ...]] | None = None) -> None:
        sections = dict(_sections(text))
        self._lines = sections.get("words", "").split("\n")
        self._pairs = _grouped(sections.get("pairs", ""))
        self._forms = _grouped(sections.get("forms", ""))
        self._signs = {
            word: sign
            for name, sign in (("positive", 1), ("negative", -1))
            for word in sections.get(name, "").split()
        }
        self._extra = dict(extra or {})
        self._known: dict[str, tuple[Entry, ...]] = {}
        self.english = bool(text)
        """Whether forms can be told by the rules of English; else words are matched as they are written."""
        self.digest = sha256(text.encode()).hexdigest()

    def entries(self, word: str) -> tuple[Entry, ...]:
        """Return what is known of a lower-case word, one entry per part of speech."""
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = self._extra.get(word) or self._find(word)
        return known

    def own(self, word: str) -> bool:
        """Return whether the word is from a person's own table, and so taken at its word."""
        return word in self._extra

    def entry(self, word: str, pos: str) -> Entry | None:
        """Return what is known of a word as one part of speech."""
        return next((entry for entry in self.entries(word) if entry.pos == pos), None)

    def pair(self, first: str, second: str) -> bool:
        """Return whether two neighbouring words (or their base forms) are part of a multiword."""
        return second in self._pairs.get(first, ())

    def irregular(self, form: str) -> tuple[str, ...]:
        """Return ``lemma/pos`` of which this is an irregular form."""
        return self._forms.get(form, ())

    def forms(self) -> Iterable[tuple[str, str, str]]:
        """Yield (form, lemma, pos) of all irregular forms."""
        for form, lemmas in self._forms.items():
            for lemma in lemmas:
                word, _, pos = lemma.partition("/")
                yield form, word, pos

    def sign(self, word: str) -> int:
        """Return 1 for a word of praise, -1 for one of blame, 0 for neither."""
        return self._signs.get(word, 0)

    def extended(self, entries: Mapping[str, tuple[Entry, ...]], digest: str) -> Lexicon:
        """Return a lexicon in which these entries stand in place of this one's."""
        other = Lexicon.__new__(Lexicon)
        other.__dict__.update(self.__dict__)
        other._extra = {**self._extra, **entries}
        other._known = {}
        other.digest = sha256(f"{self.digest} {digest}".encode()).hexdigest()
        return other

    def _find(self, word: str) -> tuple[Entry, ...]:
        key = word + "\t"
        at = bisect_left(self._lines, key)
        found = []
        while at < len(self._lines) and self._lines[at].startswith(key):
            _, pos, senses, counts = self._lines[at].split("\t")
            found.append(
                Entry(
                    pos,
                    tuple(tuple(_candidates(sense)) for sense in senses.split("|")),
                    int(counts[:1] or 0),
                    int(counts[1:] or 0),
                )
            )
            at += 1
        return tuple(found)


@cache
def built_in() -> Lexicon:
    """Return the table that comes with augtool, loaded at the first call."""
    return Lexicon(gzip.decompress(_FILE.read_bytes()).decode())


def load(path: Path, *, extend: bool) -> Lexicon:
    """Return a person's own table, in place of the built-in one or on top of it.

    In its place, words are matched as they are written, so that any language will do.

    The file holds lines ``word<TAB>pos<TAB>a,b|c`` (senses separated by ``|``; pos is n, v, a or r; empty
    lines and lines from ``#`` are skipped), or JSON ``{"word": {"n": [["a", "b"], ["c"]]}}``, where the
    senses may also be one text in the form above.

    Raises:
        UsageError: it cannot be read, or a line is not of that form.

    """
    return _load(path, path.stat().st_mtime_ns if path.exists() else 0, extend)


@cache
def _load(path: Path, _: int, extend: bool) -> Lexicon:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the lexicon cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise UsageError(f"{path}: the lexicon is larger than {_LARGEST // 1_000_000} MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UsageError(f"{path}:{line}: the lexicon is not UTF-8") from error
    entries = _from_json(path, text) if path.suffix.lower() == ".json" else _from_lines(path, text)
    base = built_in() if extend else Lexicon()
    return base.extended(entries, sha256(data).hexdigest())


def _from_lines(path: Path, text: str) -> dict[str, tuple[Entry, ...]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != 3 or cells[1].strip() not in POSES or not cells[0].strip():
            raise UsageError(f"{path}:{number}: expected word<TAB>n, v, a or r<TAB>synonyms such as a,b|c")
        found[cells[0].strip().lower()].append(_own(cells[1].strip(), cells[2]))
    return {word: tuple(entries) for word, entries in found.items()}


def _from_json(path: Path, text: str) -> dict[str, tuple[Entry, ...]]:
    form = '{"word": {"n": [["a", "b"], ["c"]]}}'
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: the lexicon is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected {form}")
    found = {}
    for word, poses in data.items():
        if not isinstance(poses, dict) or not poses or not set(poses) <= set(POSES):
            raise UsageError(f"{path}: {word}: expected {form}, with n, v, a or r")
        found[word.lower()] = tuple(_own(pos, _joined(path, word, senses)) for pos, senses in poses.items())
    return found


def _joined(path: Path, word: str, senses: object) -> str:
    if isinstance(senses, str):
        return senses
    if not isinstance(senses, list):
        raise UsageError(f"{path}: {word}: expected a list of senses, each a list of words")
    groups = [sense if isinstance(sense, list) else [sense] for sense in senses]
    if not all(isinstance(name, str) for group in groups for name in group):
        raise UsageError(f"{path}: {word}: a synonym is a text")
    return "|".join(",".join(group) for group in groups)


def _own(pos: str, senses: str) -> Entry:
    # A person's own table is taken at its word: every synonym counts as one in its first sense.
    groups = [[name.strip() for name in sense.split(",") if name.strip()] for sense in senses.split("|")]
    return Entry(pos, tuple(tuple(Candidate(name, 1) for name in group) for group in groups), 9, 9)


def _candidates(sense: str) -> Iterable[Candidate]:
    for name in filter(None, sense.split(",")):
        match = _RANKED.match(name)
        if match:
            yield Candidate(match[1], int(match[2] or 1))


def _sections(text: str) -> Iterable[tuple[str, str]]:
    # A section begins with a line "#name"; what stands before the first one is a comment.
    for part in ("\n" + text).split("\n#")[1:]:
        name, _, body = part.partition("\n")
        yield name, body


def _grouped(body: str) -> dict[str, tuple[str, ...]]:
    return {
        first: tuple(rest.split())
        for first, _, rest in (line.partition(" ") for line in body.split("\n"))
        if first
    }
