"""spool: several files at once, in order, without holding them."""

from __future__ import annotations

from augtool.formats import spool


def test_files_come_out_whole_in_the_order_they_were_named(monkeypatch):
    monkeypatch.setattr(spool, "_IN_MEMORY", 4)
    monkeypatch.setattr(spool, "_CHUNK", 3)
    files = spool.Spool(["b", "a"])
    for name in "abab":
        files.add(name, name.encode() * 5)
    assert files.length("a") == 10
    assert [(name, b"".join(chunks)) for name, chunks in files.drain()] == [
        ("b", b"b" * 10),
        ("a", b"a" * 10),
    ]


def test_lines_come_out_as_they_went_in():
    files = spool.Spool(())
    files.add("a", b"1\n2\n")
    assert [(name, list(lines)) for name, lines in files.drain_lines()] == [("a", [b"1\n", b"2\n"])]
