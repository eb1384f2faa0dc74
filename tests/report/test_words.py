from __future__ import annotations

import pytest

from augtool.report import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2046, "2,046"),
        (5.0, "5"),
        (-12, "\N{MINUS SIGN}12"),
        (12.3456, "12.35"),
        (139.84, "139.8"),
        (0.93123, "0.931"),
        (0.00502, "0.005"),
        (0.00001234, "1.23e\N{MINUS SIGN}05"),
        (12345.6, "12,346"),
        (float("inf"), "inf"),
        ("keep", "keep"),
        (True, "True"),
    ],
)
def test_number(value: object, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0 %"), (0.0001, "< 0.1 %"), (0.067, "6.7 %"), (0.5, "50 %"), (0.9999, "> 99.9 %"), (1, "100 %")],
)
def test_percent(share: float, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.001, "under 0.1 s"),
        (2.24, "2.2 s"),
        (9.97, "10 s"),
        (59.7, "1 min"),
        (263.4, "4 min 23 s"),
        (3600, "1 h"),
        (7530, "2 h 6 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_plural_and_lists() -> None:
    assert words.plural(1, "class") == "1 class"
    assert words.plural(2046, "class") == "2,046 classes"
    assert words.plural(0, "picture") == "0 pictures"
    assert words.listed([]) == ""
    assert words.listed(["a"]) == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"


def test_visible_shows_what_is_hidden_and_keeps_what_is_text() -> None:
    assert words.visible("größe 图 é.png") == "größe 图 é.png"
    assert words.visible("a\u202eb\nc\x7f\udcff") == "a\\u202eb\\nc\\x7f\\udcff"


def test_visible_cuts_the_middle() -> None:
    cut = words.visible("start" + "x" * 5000 + "end.jpg", 60)
    assert len(cut) == 60
    assert cut.startswith("start")
    assert cut.endswith("end.jpg")
