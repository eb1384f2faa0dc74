"""The search for the nearest hash, against comparing each with each."""

import numpy as np

from augtool import lookalike
from augtool.lookalike import NEAR_BITS, NEAR_LIKENESS, Search


def hashes(rng, number):
    return rng.integers(0, 2**63, number, dtype=np.uint64)


def flipped(value, bits):
    for bit in bits:
        value ^= np.uint64(1) << np.uint64(bit)
    return value


def frequencies(rng, number):
    return rng.integers(-127, 128, (number, 144), dtype=np.int8)


def test_the_search_finds_what_comparing_all_finds():
    rng = np.random.default_rng(1)
    known, looks = hashes(rng, 400), frequencies(rng, 400)
    wanted, seen = hashes(rng, 90), frequencies(rng, 90)
    for at in range(60):  # near by 0 to 9 bits, anywhere in the hash
        other = int(rng.integers(400))
        wanted[at] = flipped(known[other], rng.choice(64, at % 10, replace=False))
        noise = rng.normal(0, 30 if at % 3 else 2, 144)
        seen[at] = np.clip(looks[other] + noise, -127, 127).astype(np.int8)
    match, bits = Search(known, looks).nearest(wanted, seen)
    found = 0
    for at in range(90):
        apart = np.array([int(one ^ wanted[at]).bit_count() for one in known])
        a, b = looks.astype(float), seen[at].astype(float)
        like = a @ b / np.linalg.norm(a, axis=1) / np.linalg.norm(b)
        good = np.flatnonzero((apart <= NEAR_BITS) & (like >= NEAR_LIKENESS))
        if len(good) == 0:
            assert match[at] == -1
            continue
        found += 1
        best = min(good, key=lambda row: (apart[row], -like[row], row))
        assert (match[at], bits[at]) == (best, apart[best])
    assert 10 < found < 60


def test_every_way_to_differ_by_six_bits_is_found():
    rng = np.random.default_rng(2)
    known, looks = hashes(rng, 500), frequencies(rng, 500)
    wanted = np.array([flipped(one, rng.choice(64, 6, replace=False)) for one in known])
    match, bits = Search(known, looks).nearest(wanted, looks)
    assert (match == np.arange(500)).all()
    assert (bits == 6).all()


def test_the_first_of_several_as_near_is_taken():
    rng = np.random.default_rng(3)
    known, looks = np.repeat(hashes(rng, 1), 5), np.repeat(frequencies(rng, 1), 5, axis=0)
    match, _ = Search(known, looks).nearest(known, looks)
    assert (match == 0).all()


def test_a_set_that_looks_all_alike_ends_and_says_so(monkeypatch):
    monkeypatch.setattr(lookalike, "_MOST_CHECKED", 1000)
    rng = np.random.default_rng(4)
    known = np.repeat(hashes(rng, 1), 200)
    search = Search(known, frequencies(rng, 200))
    search.nearest(known, frequencies(rng, 200))
    assert not search.complete
    monkeypatch.setattr(lookalike, "_MOST_CHECKED", 10**9)
    monkeypatch.setattr(lookalike, "_MOST_COMPARED", 1000)
    search = Search(known, frequencies(rng, 200))
    search.nearest(known, frequencies(rng, 200))
    assert not search.complete


def test_chunks_change_nothing(monkeypatch):
    rng = np.random.default_rng(5)
    known, looks = np.repeat(hashes(rng, 40), 5), frequencies(rng, 200)
    whole = Search(known, looks).nearest(known, looks)
    monkeypatch.setattr(lookalike, "_CHUNK", 7)
    parts = Search(known, looks).nearest(known, looks)
    assert (whole[0] == parts[0]).all()
    assert (whole[0] == np.arange(200)).all()


def test_empty_sides():
    rng = np.random.default_rng(6)
    some, looks = hashes(rng, 3), frequencies(rng, 3)
    none, blank = some[:0], looks[:0]
    assert (Search(none, blank).nearest(some, looks)[0] == -1).all()
    assert len(Search(some, looks).nearest(none, blank)[0]) == 0
