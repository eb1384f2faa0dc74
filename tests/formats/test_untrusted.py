import os

import pytest

from augtool.errors import ItemError, UsageError
from augtool.formats import untrusted


@pytest.mark.parametrize(
    ("text", "clean"),
    [("a.jpg", "a.jpg"), ("./x//y.jpg", "x/y.jpg"), ("x\\y.jpg", "x/y.jpg"), ("..a/b", "..a/b")],
)
def test_paths_that_stay_inside_are_tidied(text, clean):
    assert untrusted.relative_path(text, "labels.json", 3) == clean


@pytest.mark.parametrize(
    "text",
    [
        "../a",
        "a/../../b",
        "a\\..\\b",
        "/etc/passwd",
        "\\\\host\\x",
        "C:\\a",
        "c:a",
        "a\0b",
        "",
        ".",
        "./",
        None,
        7,
    ],
)
def test_paths_that_could_leave_are_refused_with_file_and_line(text):
    with pytest.raises(ItemError, match=r"^labels\.json:3: ") as caught:
        untrusted.relative_path(text, "labels.json", 3)
    assert caught.value.code == "label_path"


def test_links_are_followed_inside_the_set_only(tmp_path):
    root = tmp_path / "set"
    root.mkdir()
    (root / "a.txt").write_bytes(b"inside")
    (tmp_path / "secret.txt").write_bytes(b"outside")
    (root / "good.txt").symlink_to("a.txt")
    (root / "bad.txt").symlink_to("../secret.txt")
    (root / "up").symlink_to("..")
    (root / "loop.txt").symlink_to("loop.txt")
    assert untrusted.read_label(root, "good.txt") == b"inside"
    for name in ("bad.txt", "up/secret.txt"):
        with pytest.raises(ItemError, match="leads out") as caught:
            untrusted.read_label(root, name)
        assert caught.value.code == "label_path"
    with pytest.raises(ItemError):
        untrusted.read_label(root, "loop.txt")


def test_a_set_reached_through_a_link_is_inside_itself(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    assert untrusted.read_label(tmp_path / "link", "a.txt") == b"x"


def test_a_neighbour_with_the_same_beginning_is_outside(tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / "set2").mkdir()
    (tmp_path / "set" / "x").symlink_to("../set2")
    with pytest.raises(ItemError, match="leads out"):
        untrusted.inside(tmp_path / "set", "x")


def test_label_files_are_regular_readable_and_bounded(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "big.txt").write_bytes(b"x" * 11)
    for name, code in (
        ("pipe.txt", "label_unreadable"),
        ("none.txt", "label_unreadable"),
        ("big.txt", "label_size"),
    ):
        with pytest.raises(ItemError) as caught:
            untrusted.read_label(tmp_path, name, limit=10)
        assert caught.value.code == code
        assert str(caught.value).startswith(name)


def test_plain_json_is_read_with_or_without_a_byte_order_mark():
    assert untrusted.parse_json(b'\xef\xbb\xbf{"a": [1, 2.5, "NaN 1e999 [[["]}', "x.json") == {
        "a": [1, 2.5, "NaN 1e999 [[["]
    }
    assert (
        untrusted.parse_json(b'[1e200, 9007199254740993, "\\\\", "\\"[", 0.12345678901234567890123]', "x")[0]
        == 1e200
    )


@pytest.mark.parametrize(
    "value",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "-1e999",
        "1" + "0" * 400,
        "9" * 20,
        "9" * 5000,
        "1" * 310 + ".5",
    ],
)
def test_numbers_that_no_computation_can_use_are_refused_with_their_line(value):
    data = '{"note": "NaN and 1e999",\n "ok": 1.5,\n "bbox": [1, ' + value + "]}"
    with pytest.raises(ItemError, match=r"^x\.json:3: .* is not a usable number") as caught:
        untrusted.parse_json(data.encode(), "x.json")
    assert caught.value.code == "label_syntax"


@pytest.mark.parametrize(
    ("data", "line"), [(b"{", 1), (b"", 1), (b"[1,\n2,\n]", 3), (b'{"a":1}\n{"b":2}', 2), (b"[\n'a']", 2)]
)
def test_what_is_not_json_is_refused_with_its_line(data, line):
    with pytest.raises(ItemError, match=rf"^x\.json:{line}: is not valid JSON"):
        untrusted.parse_json(data, "x.json")


def test_text_that_is_not_utf8_is_refused_with_its_line():
    with pytest.raises(ItemError, match=r"^x\.json:2: .*not UTF-8"):
        untrusted.parse_json(b'[1,\n"\xff"]', "x.json")
    with pytest.raises(ItemError, match="UTF-16"):
        untrusted.parse_json('["a"]'.encode("utf-16"), "x.json")


def test_half_characters_are_refused_with_their_line():
    assert untrusted.parse_json(rb'["\ud83d\ude00", "\\ud800"]', "x.json") == ["\U0001f600", "\\ud800"]
    for half in (rb"\ud83d", rb"\uDE00", rb"\ud83d \ude00", rb"\\\ud800"):
        with pytest.raises(ItemError, match=r"^x\.json:2: .*half a character"):
            untrusted.parse_json(b'[1,\n"' + half + b'"]', "x.json")


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'["]]]]", '])
def test_deep_nesting_is_refused_before_it_is_read(opening):
    with pytest.raises(ItemError, match=r"^x\.json:2: .*nested deeper than 32"):
        untrusted.parse_json(b"\n" + opening * 100_000, "x.json")


def test_brackets_in_texts_are_no_nesting():
    text = "[" * 100 + '\\"' + "{" * 100 + "\\\\"
    assert len(untrusted.parse_json(f'["{text}"]'.encode(), "x")[0]) == 202
    deep = b"[" * 32 + b"]" * 32
    assert untrusted.parse_json(deep, "x")
    with pytest.raises(ItemError, match="nested"):
        untrusted.parse_json(b"[" + deep + b"]", "x")


def test_a_fault_of_a_file_for_the_whole_set_stops_the_run():
    with pytest.raises(UsageError, match=r"^x\.json:1: "), untrusted.whole_set():
        untrusted.parse_json(b"{", "x.json")


def test_places_stay_on_one_line():
    assert untrusted.place("a\nb\udcff.txt", 4) == "a\\x0ab\\udcff.txt:4"
