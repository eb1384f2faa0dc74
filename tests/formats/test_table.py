"""Tables lose no byte: what is not a variant's text stands as it stood."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.errors import ItemError, UsageError
from augtool.formats import delimited, jsonlines
from augtool.formats.delimited import Dialect
from augtool.formats.table import open_table
from augtool.text.edits import Change
from augtool.text.options import TextOptions

COMMA = Dialect(b",", quoting=True)


def table(tmp_path, data, name="set.csv", **options):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return open_table(path, TextOptions(**options))


def rows(made):
    return [row for row in made.rows() if not row.blank]


@given(st.binary(max_size=80), st.booleans())
def test_cells_and_ends_make_up_the_file(data, quoting):
    found = delimited.records(data, Dialect(b",", quoting))
    assert b"".join(b",".join(record.cells) + record.end for record in found) == data


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), min_size=2, max_size=4
        ),
        min_size=1,
        max_size=5,
    )
)
def test_values_agree_with_the_csv_module(listed):
    file = io.StringIO(newline="")
    csv.writer(file).writerows(listed)
    data = file.getvalue().encode()
    found = [[delimited.value(raw, COMMA) for raw in r.cells] for r in delimited.records(data, COMMA)]
    assert found == listed


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20))
def test_a_written_cell_reads_back(text):
    assert delimited.value(delimited.encoded(text, b"", COMMA), COMMA) == text
    assert delimited.encoded("plain", b'"quoted"', COMMA) == b'"plain"'


def test_lines_are_those_of_the_file():
    data = b'a,b\r\n"x\ny",1\r\n\r\nz,2'
    assert [(r.line, r.cells, r.end) for r in delimited.records(data, COMMA)] == [
        (1, (b"a", b"b"), b"\r\n"),
        (2, (b'"x\ny"', b"1"), b"\r\n"),
        (4, (b"",), b"\r\n"),
        (5, (b"z", b"2"), b""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "delimiter", "quoting"),
    [
        (b"text,label\nhi; you,1\n", b",", True),
        (b"text;label\nhi, you;1\n", b";", True),
        (b'text\tlabel\n"so\t1\nand "so" on\t2\n', b"\t", False),
        (b'text\tlabel\n"so ""it"" is"\t1\n', b"\t", True),
    ],
)
def test_dialects(data, delimiter, quoting):
    assert delimited.sniff(data, (b",", b";", b"\t")) == Dialect(delimiter, quoting)


def test_other_cells_are_kept_as_they_stand(tmp_path):
    data = b'\xef\xbb\xbfid,text,label\r\n"007","an ""odd"", text",\xe9\xff"x"\r\n'
    made = table(tmp_path, data)
    (row,) = rows(made)
    assert row.text == 'an "odd", text'
    assert made.head() == b"\xef\xbb\xbfid,text,label,aug_of,aug_ops\r\n"
    assert made.original(row) == b'"007","an ""odd"", text",\xe9\xff"x",,\r\n'
    assert made.variant(row, [Change(0, 2, "the")], ["random_swap", "typo"]) == (
        b'"007","the ""odd"", text",\xe9\xff"x",1,random_swap+typo\r\n'
    )


def test_a_last_line_without_an_end_gets_one(tmp_path):
    made = table(tmp_path, b"text,label\r\nhi you,a")
    (row,) = rows(made)
    assert made.original(row) == b"hi you,a,,\r\n"


def test_records_that_cannot_be_used_are_listed_and_kept(tmp_path):
    data = b"text,label\nfine,a\nbro\xffken,b\nwith\0nul,c\nragged,d,e\nshort\n\nfine too,f\n"
    made = table(tmp_path, data)
    found = list(made.rows())
    assert [(row.line, row.problem and row.problem[0]) for row in found] == [
        (2, None), (3, "not_utf8"), (4, "nul"), (5, "ragged"), (6, "ragged"), (7, None), (8, None),
    ]  # fmt: skip
    assert b"".join(made.original(row) for row in found) == (
        b"fine,a,,\nbro\xffken,b,,\nwith\0nul,c,,\nragged,d,e\nshort\n\nfine too,f,,\n"
    )
    assert [row.number for row in found if not row.blank] == [1, 2, 3, 4, 5, 6]


def test_utf16_is_refused_as_a_whole(tmp_path):
    with pytest.raises(ItemError, match="UTF-16"):
        table(tmp_path, "text,label\nhi,a\n".encode("utf-16"))


def test_empty_tables(tmp_path):
    assert rows(table(tmp_path, b"")) == []
    assert rows(table(tmp_path, b"text,label\n")) == []
    assert rows(table(tmp_path, b"", "set.jsonl")) == []


@pytest.mark.parametrize(
    ("head", "options", "text", "label"),
    [
        ("id,Text,Category", {}, "b", "c"),
        ("id,what they say to us,n", {}, "a b c d e", None),
        ("text,label,intent", {"labels": ("intent",)}, "a", "c"),
        ("text,label,intent", {"labels": ()}, "a", None),
        ("text,label,intent", {}, "a", "b / c"),
        ("text,body,label", {"column": "body"}, "b", "c"),
        ("text,body,label", {"column": 2}, "b", "c"),
    ],
)
def test_columns_are_found_or_named(tmp_path, head, options, text, label):
    cells = "a,b,c" if "they" not in head else "1,a b c d e,2"
    (row,) = rows(table(tmp_path, f"{head}\n{cells}\n", **options))
    assert (row.text, row.label) == (text, label)


def test_a_table_without_a_header(tmp_path):
    (one, two) = rows(
        table(tmp_path, "good thing,pos\nbad thing,neg\n", header=False, column=1, labels=("2",))
    )
    assert (one.text, one.label, two.line) == ("good thing", "pos", 2)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ("a,b\nx y z,u v w\n", {}, "which column is the text"),
        ("a,b\nx,y\n", {"column": "txt"}, "has no column 'txt'; there are 'a', 'b'"),
        ("text,aug_of\nx,y\n", {}, "the output of an earlier run"),
    ],
)
def test_tables_that_cannot_be_told(tmp_path, data, options, message):
    with pytest.raises(UsageError, match=message):
        table(tmp_path, data, **options)


def test_rows_of_other_splits(tmp_path):
    made = table(tmp_path, "text,split\na,train\nb,Test\nc,valid\nd,\n")
    assert [row.split for row in rows(made)] == ["train", "test", "val", None]


def test_json_lines_keep_unknown_keys_as_they_stand(tmp_path):
    line = '{"id": 1.50, "text":"pay \\u00a35 now" , "x": {"b":[1,  2]}, "label": "p"}'
    made = table(tmp_path, f"\ufeff{line}\r\n\n", "set.jsonl")
    row = rows(made)[0]
    assert row.text == "pay £5 now"
    assert made.head() == b"\xef\xbb\xbf"
    assert made.original(row) == line.encode() + b"\r\n"
    written = made.variant(row, [Change(7, 10, "today")], ["typo"])
    assert written == (
        b'{"id": 1.50, "text":"pay \\u00a35 today" , "x": {"b":[1,  2]}, "label": "p", '
        b'"aug_of": 1, "aug_ops": ["typo"]}\r\n'
    )


def test_spans_are_shifted(tmp_path):
    data = {"text": "fly to New York now", "spans": [{"start": 7, "end": 15, "label": "city"}], "n": 1}
    made = table(tmp_path, json.dumps(data), "set.jsonl")
    (row,) = rows(made)
    assert row.spans == ((7, 15),)
    found = json.loads(made.variant(row, [Change(0, 3, "travel"), Change(7, 7, "big ")], []))
    assert found["text"] == "travel to big New York now"
    assert found["spans"] == [{"start": 14, "end": 22, "label": "city"}]
    assert found["text"][14:22] == "New York"


def test_tags_stay_aligned(tmp_path):
    data = json.dumps({"tokens": ["fly", "to", "New", "York"], "tags": ["O", "O", "B-c", "I-c"]})
    made = table(tmp_path, data, "set.jsonl", tags="tags", column="tokens")
    (row,) = rows(made)
    assert (row.text, row.spans) == ("fly to New York", ((7, 15),))
    found = json.loads(made.variant(row, [Change(0, 4, ""), Change(7, 7, "big ")], []))
    assert found["tokens"] == ["to", "big", "New", "York"]
    assert found["tags"] == ["O", "O", "B-c", "I-c"]
    both = table(tmp_path, "text,tags\nto Oslo,O B-c\nto,O O\n", tags="tags")
    one, two = rows(both)
    assert both.variant(one, [Change(0, 0, "go ")], ["x"]) == b"go to Oslo,O O B-c,1,x\n"
    assert two.problem == ("tags_mismatch", "has 1 tokens but 2 tags")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "not_json"), ("[1]", "no_object"), ('{"text": 5}', "no_text"), ('{"other": "x"}', "no_text"),
        ('{"text": "a", "spans": [{"start": 0, "end": 2}]}', "bad_spans"),
        ('{"text": "a", "spans": 7}', "bad_spans"), ('{"text": "a", "spans": [3]}', "bad_spans"),
        ('{"text": "a\\u0000"}', "nul"), ('{"text": "a",}', "not_json"), ('{"text": "a"} x', "not_json"),
        ("{" + '"a":[' * 5000, "not_json"),
    ],
)  # fmt: skip
def test_lines_that_cannot_be_used(tmp_path, line, code):
    made = table(tmp_path, f'{{"text": "fine"}}\n{line}\n', "set.jsonl")
    good, bad = rows(made)
    assert good.problem is None
    assert bad.problem is not None
    assert bad.problem[0] == code
    assert made.original(bad) == f"{line}\n".encode()


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4), st.booleans())
def test_replacing_leaves_the_rest(data, escaped):
    data["text"] = "old"
    raw = json.dumps(data, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    try:
        parsed = jsonlines.parsed(raw)
    except ItemError as error:
        assert error.code in ("not_utf8", "nul")
        return
    found = json.loads(
        jsonlines.replaced(parsed, {"text": "new"}, {"aug_of": 1}).decode("utf-8", "surrogatepass")
    )
    assert found == {**data, "text": "new", "aug_of": 1}
