"""csvtext: whatever is not changed keeps its bytes."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.errors import UsageError
from augtool.formats import csvtext

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(st.lists(st.lists(TEXT, min_size=2, max_size=4), min_size=1, max_size=5), st.sampled_from(",;\t|"))
def test_it_reads_what_the_csv_module_writes_and_keeps_every_byte(table, delimiter):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(table)
    parsed = csvtext.parse(out.getvalue().encode(), "a.csv", delimiter)
    assert [list(row.cells) for row in parsed.rows] == table
    assert csvtext.encode("".join(row.text for row in parsed.rows)) == out.getvalue().encode()


def test_a_changed_cell_leaves_the_others_as_they_were():
    data = b'\xef\xbb\xbffile; "a ""q"""\r\n"x\ny.jpg";1 ;"2"\r\n\r\nz.jpg;\xff;3'
    table = csvtext.parse(data, "a.csv")
    assert (table.bom, table.delimiter, table.newline) == ("\ufeff", ";", "\r\n")
    assert [row.line for row in table.rows] == [1, 2, 5]
    assert table.rows[0].cells == ("file", 'a "q"')
    assert table.rows[1].replaced({0: "n;w", 2: '"'}, ";") == '"n;w";1 ;""""\r\n'
    assert csvtext.encode(table.rows[2].replaced({0: "y.jpg"}, ";")) == b"y.jpg;\xff;3"


@pytest.mark.parametrize(
    ("data", "delimiter"), [(b"a,b\n1,2\n", ","), (b"a\tb,c\n1\t2\n", "\t"), (b"a|b\n", "|"), (b"a\n", ",")]
)
def test_the_delimiter_is_the_one_the_rows_agree_on(data, delimiter):
    assert csvtext.parse(data, "a.csv").delimiter == delimiter


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'a,b\n"x,1\n2,3\n', "a.csv:2: a quote that is never closed"),
        (b"a,b\n1,\x002\n", "a.csv:2: holds a NUL byte"),
        ("a,b".encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_csv_is_refused_with_its_line(data, message):
    with pytest.raises(UsageError, match=message):
        csvtext.parse(data, "a.csv")


def test_text_made_here_is_no_formula_but_numbers_and_paths_stay_usable():
    assert csvtext.harmless("=1+1") == "'=1+1"
    assert csvtext.harmless("@x.jpg", path=True) == "./@x.jpg"
    assert [csvtext.harmless(text) for text in ("-3.5", "+1e-3", "cat", "")] == ["-3.5", "+1e-3", "cat", ""]
