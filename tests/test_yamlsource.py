import json
import math
import os
import pathlib
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augtool import yamlsource
from augtool.errors import Problem, RecipeError, UsageError
from augtool.yamlsource import MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_PROBLEMS, format_path, load, parse


def problems(source: str | bytes) -> list[Problem]:
    with pytest.raises(RecipeError) as caught:
        parse(source, "r.yaml")
    assert caught.value.problems
    assert all("\n" not in str(problem) for problem in caught.value.problems)
    return caught.value.problems


def places(source: str | bytes) -> list[tuple[int, int, str]]:
    return [(problem.line, problem.column, problem.where) for problem in problems(source)]


# --- scalars: the tables of section 10.3.2 of YAML 1.2.2 -------------------------------------------------

SCALARS = [
    ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"),
    ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False),
    ("tRUE", "tRUE"), ("y", "y"), ("n", "n"), ("yes", "yes"), ("No", "No"), ("no", "no"), ("on", "on"),
    ("off", "off"), ("OFF", "OFF"),
    ("0", 0), ("-0", 0), ("+12", 12), ("-19", -19), ("010", 10), ("-007", -7), ("0o17", 15), ("0xFF", 255),
    ("0xff", 255), ("-0x10", "-0x10"), ("0b101", "0b101"), ("0o8", "0o8"), ("0x", "0x"), ("1_000", "1_000"),
    ("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63)), ("0" * 5000 + "7", 7),
    ("0x" + "0" * 40 + "1", 1), ("0x7fffffffffffffff", 2**63 - 1), ("0o777777777777777777777", 2**63 - 1),
    ("1e-3", 0.001), ("1E3", 1000.0), (".5", 0.5), ("-.5", -0.5), ("1.", 1.0), ("+12e03", 12000.0),
    ("0.", 0.0), ("-2E+05", -200000.0), ("12.3", 12.3), ("1.e1", 10.0), ("1e-999", 0.0), ("1e", "1e"),
    (".", "."), ("+", "+"), ("e3", "e3"), ("1.2.3", "1.2.3"), ("inf", "inf"), ("NaN", "NaN"),
    ("Infinity", "Infinity"), ("12:30:45", "12:30:45"), ("2001-01-01", "2001-01-01"), ("=", "="),
    ("1 2", "1 2"), ("\u0661", "\u0661"), ("'1'", "1"), ('"true"', "true"), ("''", ""), ('"null"', "null"),
    ('"1e999"', "1e999"), ("'.nan'", ".nan"), ("|\n  1\n", "1\n"), (">-\n  a\n  b\n", "a b"),
    ('"\\t\\n\\x41\\u00e9\\L\\/"', "\t\nAé\u2028/"), ("a # no", "a"), ("a#b", "a#b"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), SCALARS)
def test_a_scalar_follows_the_core_schema(source: str, expected: object) -> None:
    value = parse(f"k: {source}", "r.yaml").data["k"]
    assert value == expected
    assert type(value) is type(expected)


def test_minus_zero_keeps_its_sign_as_a_float() -> None:
    assert math.copysign(1, parse("-0.0", "r.yaml").data) == -1


@pytest.mark.parametrize(
    "number",
    [
        *[".inf", "-.inf", "+.Inf", ".INF", ".nan", ".NaN", ".NAN", "1e999", "-1e999", "9" * 5000],
        *[
            "9223372036854775808",
            "-9223372036854775809",
            "0x" + "f" * 16,
            "0o1" + "0" * 21,
            "0x" + "f" * 9000,
        ],
    ],
)
def test_numbers_no_field_can_use_are_refused(number: str) -> None:
    assert places(f"a:\n  - 1\n  - {number}\n") == [(3, 5, "a[1]")]


# --- structure and places --------------------------------------------------------------------------------

RECIPE = """\
# a comment
seed: 7
transforms:
- rotate: {angle: [-15, 15], "fill mode": edge}
  p: 0.5
-
  blur:
    sigma: >
      two
empty:
"""


def test_block_and_flow_styles_give_plain_data() -> None:
    assert parse(RECIPE, "r.yaml").data == {
        "seed": 7,
        "transforms": [
            {"rotate": {"angle": [-15, 15], "fill mode": "edge"}, "p": 0.5},
            {"blur": {"sigma": "two\n"}},
        ],
        "empty": None,
    }


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), (2, 1), (2, 1)),
        (("seed",), (2, 7), (2, 1)),
        (("transforms",), (4, 1), (3, 1)),
        (("transforms", 0), (4, 3), (4, 3)),
        (("transforms", 0, "rotate"), (4, 11), (4, 3)),
        (("transforms", 0, "rotate", "angle", 1), (4, 25), (4, 25)),
        (("transforms", 0, "rotate", "fill mode"), (4, 43), (4, 30)),
        (("transforms", 1, "blur", "sigma"), (8, 12), (8, 5)),
        (("empty",), (10, 7), (10, 1)),
        (("transforms", 1, "blur", "missing", 3), (8, 5), (7, 3)),
        (("nothing", "here"), (2, 1), (2, 1)),
        (("transforms", 9), (4, 1), (3, 1)),
    ],
)
def test_places(path: yamlsource.Path, value: tuple[int, int], key: tuple[int, int]) -> None:
    document = parse(RECIPE, "r.yaml")
    assert document.place(path) == value
    assert document.key_place(path) == key


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_places_do_not_depend_on_line_ends_or_a_byte_order_mark(newline: str) -> None:
    document = parse(b"\xef\xbb\xbf" + newline.join(["a: 1", "é: [ü, 2]"]).encode(), "r.yaml")
    assert document.data == {"a": 1, "é": ["ü", 2]}
    assert document.key_place(("a",)) == (1, 1)
    assert document.place(("é", 1)) == (2, 8)
    assert document.text == newline.join(["a: 1", "é: [ü, 2]"])


def test_a_problem_names_file_place_and_path() -> None:
    document = parse("transforms:\n- rotate: {degres: 5}\n", "my.yaml")
    path = ("transforms", 0, "rotate", "degres")
    assert str(document.problem(path, "no", at_key=True)) == "my.yaml:2:12: transforms[0].rotate.degres: no"
    assert str(document.problem(path, "no")) == "my.yaml:2:20: transforms[0].rotate.degres: no"
    missing = document.problem(("transforms", 0, "rotate", "angle"), "missing")
    assert (missing.line, missing.column, missing.where) == (2, 11, "transforms[0].rotate.angle")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), ""),
        (("a",), "a"),
        ((0, "a"), "[0].a"),
        (("a", "0", 0), "a.0[0]"),
        (("a", "b c", "d-e"), "a['b c'].d-e"),
        (("x\n\x1b[0m",), "['x\\n\\x1b[0m']"),
        (("",), "['']"),
        (("k" * 1000,), "k" * 57 + "..."),
    ],
)
def test_format_path(path: yamlsource.Path, expected: str) -> None:
    assert format_path(path) == expected


def test_keys_are_always_text() -> None:
    source = "0: a\nno: b\nnull: c\n1.5: d\n~: e\n'': f\n'<<': g\n? h\n: i\n0x1: j\n"
    data = parse(source, "r.yaml").data
    assert data == dict(zip(["0", "no", "null", "1.5", "~", "", "<<", "h", "0x1"], "abcdefgij", strict=True))


# --- refusals --------------------------------------------------------------------------------------------

REFUSED = [
    ("a: &x 1", [(1, 4, "a")], "anchors"),
    ("- &x [1]", [(1, 3, "[0]")], "anchors"),
    ("&x a: 1", [(1, 1, "")], "anchors"),
    ("a: *x", [(1, 4, "a")], "aliases"),
    ("*x : 1", [(1, 1, "")], "aliases"),
    ("b:\n  <<: {a: 1}", [(2, 3, "b")], "merge keys"),
    ("a: !!str 1", [(1, 4, "a")], "tags"),
    ("a: !foo {b: 1}", [(1, 4, "a")], "tags"),
    ("a: ! 1", [(1, 4, "a")], "tags"),
    ("!!python/object/apply:os.system ['true']", [(1, 1, "")], "tags"),
    ("a: !e!x 1", [(1, 4, "")], "tags"),
    ("!!null : 1", [(1, 1, ""), (1, 1, "")], "tags"),
    ("a: 1\n---\nb: 2", [(2, 1, "")], "second document"),
    ("a: 1\n---\n", [(2, 1, "")], "second document"),
    ("%YAML 1.2\n---\na: 1", [(1, 1, "")], "directives"),
    ("# c\n%FOO bar\n%TAG ! x\n---\na: 1", [(2, 1, ""), (3, 1, "")], "directives"),
    ("a: 1\nb: 2\n'a': 3", [(3, 1, "a")], "first at line 1, column 1;"),
    ("x: [{k: 1, k: 2}]", [(1, 12, "x[0].k")], "first at line 1, column 6;"),
    ("[a]: 1", [(1, 1, "")], "key must be a text"),
    ("? {a: 1}\n: 2", [(1, 3, "")], "key must be a text"),
    ("{: 1}", [(1, 2, "")], "key is missing"),
    ("a: 1\n: 2", [(2, 1, "")], "key is missing"),
    ("a:\n  ? \n  : 1", [(2, 4, "a")], "key is missing"),
    ("a: x\x07y", [(1, 5, "")], "U+0007"),
    ("a: 1\r\nb\x00: \x85", [(2, 2, ""), (2, 5, "")], "U+0000"),
    ("a: \ufeff1", [(1, 4, "")], "U+FEFF"),
    ("a: '\u2028'", [(1, 5, "")], "U+2028"),
    ("a: \ud800", [(1, 4, "")], "U+D800"),
    ('a: "x\\0"', [(1, 4, "a")], "U+0000"),
    ('"\\e": 1', [(1, 1, "")], "U+001B"),
    ('- "\\ud83d"', [(1, 3, "[0]")], "U+D83D"),
    ("", [(0, 0, "")], "is empty"),
    ("\n# only a comment\n", [(0, 0, "")], "is empty"),
    ("---\n", [(0, 0, "")], "is empty"),
    ("\ufeff", [(0, 0, "")], "is empty"),
    (b"a: 1\nbc: \xff", [(2, 5, "")], "not UTF-8"),
    ("a: 1".encode("utf-16"), [(1, 1, "")], "UTF-16"),
]


@pytest.mark.parametrize(("source", "expected", "words"), REFUSED)
def test_what_is_refused_and_where(source: str | bytes, expected: list[object], words: str) -> None:
    assert places(source) == expected
    assert words in problems(source)[0].message


SYNTAX = [
    ("a:\n\tb: 1", (2, 1), "a tab is used for indentation; use spaces"),
    ("a:\n  b: 1\n  \tc: 2", (3, 3), "a tab is used for indentation; use spaces"),
    ('{\n\t"a": 1}', (2, 1), "a tab is used for indentation; use spaces"),
    ("a: 1\t# c", (1, 5), "a tab stands between two words or at the end of a line"),
    ("a: x: y", (1, 5), "a ':' cannot stand here"),
    ("a: 1\n b: 2", (2, 3), "fix the indentation"),
    ("- a\nb: 1", (2, 1), "does not line up"),
    ("a: 1\nbcd\ne: 2", (2, 1), "a ':' is missing after this key"),
    ("a: [1, 2\nb: 3", (2, 2), "expected ',' or ']' but found ':'"),
    ("a: [1, 2\nb: 3", (2, 2), "(the list starts at line 1, column 4)"),
    ("a: {b: 1", (1, 9), "but found the end of the file"),
    ("a: 'x", (1, 6), "add the closing quote (the text starts at line 1, column 4)"),
    ("a: ]", (1, 4), "a value is missing before ']'"),
    ("a: @x", (1, 4), "a value cannot begin with '@'; put it in quotes"),
    ("a: *.jpg", (1, 5), "must be put in quotes"),
    ('a: "\\q"', (1, 6), "a backslash before 'q'"),
    ("[1]\n[2]", (2, 1), "'[' follows after the end of the data"),
    ("a: |x\n b", (1, 5), "this is not valid YAML: "),
    ('a: "\\UFFFFFFFF"', (1, 7), "out of range"),
]


@pytest.mark.parametrize(("source", "place", "words"), SYNTAX)
def test_a_syntax_error_is_told_in_plain_words(source: str, place: tuple[int, int], words: str) -> None:
    (problem,) = problems(source)
    assert (problem.line, problem.column) == place
    assert words in problem.message
    assert "<" not in problem.message


def test_every_mistake_is_reported_in_the_order_of_the_file() -> None:
    source = "%YAML 1.1\n---\na: &x .nan\nb: {<<: *x, c: !!int 1}\na: 1e999\n? [k]\n: 1\nd: [\n"
    assert places(source) == [
        (1, 1, ""),
        (3, 4, "a"),
        (3, 4, "a"),
        (4, 5, "b"),
        (4, 9, "b['<<']"),
        (4, 16, "b.c"),
        (5, 1, "a"),
        (5, 4, "a"),
        (6, 3, ""),
        (9, 1, ""),
    ]


def test_a_syntax_error_behind_a_control_character_is_not_reported() -> None:
    assert places("a: 1\n\x00b\nc: 2\n") == [(2, 1, "")]


def test_the_number_of_problems_is_bounded() -> None:
    found = problems("\x01\n" * 1000)
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1].message.startswith("there are more")


# --- bombs: no timing, but each ends only if the work is bounded ------------------------------------------

LAUGHS = "l0: &l0 [ha]\n" + "".join(f"l{n}: &l{n} [{f'*l{n - 1},' * 9}]\n" for n in range(1, 12))
MERGES = "- &m0 {k: v}\n" + "".join(f"- &m{n} {{<<: [{f'*m{n - 1}, ' * 2}]}}\n" for n in range(1, 22))


def test_billion_laughs_is_refused() -> None:
    assert places(LAUGHS)[:3] == [(1, 5, "l0"), (2, 5, "l1"), (2, 10, "l1[0]")]


def test_a_chain_of_merges_is_refused() -> None:
    assert len(MERGES) < 600
    assert places(MERGES)[:3] == [(1, 3, "[0]"), (2, 3, "[1]"), (2, 8, "[1]")]


@pytest.mark.parametrize(("opening", "column"), [("[", 33), ("{a: ", 129), ("- ", 65)])
def test_deep_nesting_is_refused_where_it_becomes_too_deep(opening: str, column: int) -> None:
    (problem,) = problems(opening * (100_000 if len(opening) == 1 else 60_000))
    assert (problem.line, problem.column) == (1, column)
    assert f"deeper than {MAX_DEPTH} levels" in problem.message


def test_nesting_up_to_the_limit_is_read() -> None:
    data = parse("[" * MAX_DEPTH + "]" * MAX_DEPTH, "r.yaml").data
    for _ in range(MAX_DEPTH - 1):
        (data,) = data
    assert data == []


def test_size_limit() -> None:
    (problem,) = problems("#" * 300_000)
    assert "larger than 256 KiB" in problem.message
    assert "larger than" in problems(b"a: 1\n" + b" " * MAX_BYTES)[0].message
    assert "larger than" in problems("é" * (MAX_BYTES // 2 + 1))[0].message
    assert parse("a: 1 #" + "x" * (MAX_BYTES - 6), "r.yaml").data == {"a": 1}


def test_node_limit() -> None:
    assert len(parse("[" + "0," * (MAX_NODES - 1) + "]", "r.yaml").data) == MAX_NODES - 1
    assert places("[" + "0," * MAX_NODES + "]") == [(1, 2 * MAX_NODES, f"[{MAX_NODES - 1}]")]


@pytest.mark.parametrize("line", ["%\n", "&a ", "? ", "a:\n", "\x01\n", "---\n", "!a "])
def test_a_file_full_of_mistakes_ends(line: str) -> None:
    assert problems(line * (MAX_BYTES // len(line)))


# --- files -----------------------------------------------------------------------------------------------


def test_load_reads_a_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    document = load(path)
    assert (document.data, document.text, document.file) == ({"a": 1}, "a: 1\n", str(path))
    assert load(path, display="shown").file == "shown"


def test_load_reports_mistakes_under_the_name_shown(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("a: *b\n")
    with pytest.raises(RecipeError, match=r"^shown:1:4: a: aliases"):
        load(path, display="shown")
    path.write_bytes(b"\n" * 10_000_000)
    with pytest.raises(RecipeError, match="larger than 256 KiB"):
        load(path)


def test_load_refuses_what_is_no_readable_file(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    cases = {
        "missing.yaml": "No such file",
        "": "Is a directory",
        "fifo": "not a regular file",
        "loop": "cannot be read",
        "a\0b": "cannot be read",
        "n" * 5000: "cannot be read",
    }
    for name, words in cases.items():
        with pytest.raises(UsageError, match=words) as caught:
            load(tmp_path / name)
        assert not isinstance(caught.value, RecipeError)
        assert str(caught.value).isprintable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read any file")
def test_load_refuses_a_file_without_permission(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "r.yaml"
    path.touch(mode=0)
    with pytest.raises(UsageError, match="Permission denied"):
        load(path)


def test_load_shows_an_odd_name_on_one_line(tmp_path: pathlib.Path) -> None:
    path = tmp_path / os.fsdecode(b"a\n\xff.yaml")
    path.write_text("")
    with pytest.raises(RecipeError) as caught:
        load(path)
    assert str(caught.value).isprintable()


def test_importing_the_module_does_not_import_yaml() -> None:
    code = "import sys, augtool.yamlsource; sys.exit('yaml' in sys.modules or 'pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- properties ------------------------------------------------------------------------------------------

SIGNS = [*"ab01 \n\t:-?,[]{}#&*!|>'\"%@`~\\.\r\x85\u2028\ufeff\x00"]
SNIPPETS = ["\n  ", ": ", "- ", "---\n", "...\n", "<<: ", "!!str ", "%YAML ", "\\U", "\\x", "ud800", "9" * 30]
YAMLISH = st.lists(st.sampled_from(SIGNS + SNIPPETS), max_size=40).map("".join)


def assert_document_or_recipe_error(source: str | bytes) -> None:
    try:
        document = parse(source, "r.yaml")
    except RecipeError as error:
        assert error.problems
        assert all(problem.line >= 0 and "\n" not in str(problem) for problem in error.problems)
    else:
        assert_plain(document, document.data, ())


def assert_plain(document: yamlsource.Document, value: object, path: yamlsource.Path) -> None:
    """Only the types promised, and a place inside the text for each of them."""
    lines = document.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line, column in (document.place(path), document.key_place(path)):
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1
    if isinstance(value, dict):
        for key, child in value.items():
            assert type(key) is str
            assert_plain(document, child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            assert_plain(document, child, (*path, index))
    else:
        assert value is None or type(value) in (str, int, float, bool)
        assert not isinstance(value, float) or math.isfinite(value)


@given(st.one_of(st.text(), YAMLISH, st.text(st.characters(codec=None))))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_document_or_a_recipe_error(source: str) -> None:
    assert_document_or_recipe_error(source)


@given(st.one_of(st.binary(), YAMLISH.map(lambda text: text.encode("utf-8", "surrogatepass"))))
@settings(deadline=None)
def test_any_bytes_give_a_document_or_a_recipe_error(source: bytes) -> None:
    assert_document_or_recipe_error(source)


# Control characters are refused on purpose; JSON escapes them, YAML source may not hold the rest.
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n\t\r"), max_size=30)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXT, children, max_size=4),
    max_leaves=15,
)


@given(JSON, st.sampled_from([None, 2]))
@settings(deadline=None)
def test_json_means_the_same_when_read_as_yaml(data: object, indent: int | None) -> None:
    source = json.dumps(data, indent=indent)
    document = parse(source, "r.json")
    assert document.data == data
    assert json.dumps(document.data, indent=indent) == source


# --- real files ------------------------------------------------------------------------------------------


@pytest.mark.skipif("AUGTOOL_REAL_DATA" not in os.environ, reason="AUGTOOL_REAL_DATA is not set")
def test_every_real_yaml_file_gives_a_document_or_an_error() -> None:
    root = pathlib.Path(os.environ["AUGTOOL_REAL_DATA"])
    hostile = [path for path in (root / "hostile" / "yaml+pyyaml").rglob("*") if path.is_file()]
    ordinary = [path for suffix in ("*.yaml", "*.yml") for path in root.rglob(suffix)]
    assert hostile
    for path in hostile:
        assert path.stat().st_size <= MAX_BYTES  # so the limits bound the work
        assert_document_or_recipe_error(path.read_bytes())
    for path in ordinary:
        assert "names" in load(path).data
