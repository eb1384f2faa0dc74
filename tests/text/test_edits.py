"""Changes compose as a union, apply as one splice, and carry spans and tags along."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augtool.text.edits import (
    Change,
    Edit,
    OverlapError,
    apart,
    chunks,
    edit,
    moved,
    retag,
    splice,
    token_intervals,
)


@st.composite
def texts_with_changes(draw):
    text = draw(st.text(max_size=60))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    changes = [Change(start, end, draw(st.text(max_size=5))) for start, end in pairs]
    kept = []
    for change in sorted(changes):
        if apart([*kept, change]):
            kept.append(change)
    return text, kept


def test_splice():
    assert (
        splice("a cat sat", [Change(0, 0, "so "), Change(2, 5, "dog"), Change(9, 9, "!")]) == "so a dog sat!"
    )


@given(texts_with_changes())
def test_what_lies_outside_the_changes_stays(made):
    text, changes = made
    result = splice(text, changes)
    at = source = 0
    for change in changes:
        kept = text[source : change.start]
        assert result[at : at + len(kept)] == kept
        at += len(kept)
        assert result[at : at + len(change.new)] == change.new
        at += len(change.new)
        source = change.end
    assert result[at:] == text[source:]


@given(texts_with_changes(), st.data())
def test_spans_hold_the_same_text(made, data):
    text, changes = made
    ends = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=2)))
    span = ends[0], ends[1]
    try:
        ((start, end),) = moved(changes, [span])
    except OverlapError:
        assert any(c.start < span[1] and c.end > span[0] for c in changes)
        return
    assert splice(text, changes)[start:end] == text[slice(*span)]


def test_an_insertion_at_a_span_stays_outside_it():
    assert moved([Change(4, 4, "new "), Change(8, 8, "!")], [(4, 8)]) == [(8, 12)]


def test_a_change_inside_a_span_is_refused():
    with pytest.raises(OverlapError):
        moved([Change(5, 6, "x")], [(4, 8)])


def test_edits_of_two_steps_join_unless_they_meet():
    one = Edit((Change(0, 3, "x"),))
    assert one.then(Edit((Change(4, 5, "y"),))) == Edit((Change(0, 3, "x"), Change(4, 5, "y")))
    assert one.then(Edit((Change(2, 5, "y"),))) is None
    assert one.then(one) is None
    with pytest.raises(OverlapError):
        edit([Change(2, 5, "y"), Change(0, 3, "x")])


def test_tags_follow_their_tokens():
    text, tags = "fly to New York today", ["O", "O", "B-city", "I-city", "O"]
    changes = [Change(4, 4, "please "), Change(16, 21, "tomorrow then"), Change(0, 4, "")]
    changes = sorted(changes)
    assert splice(text, changes).split() == ["please", "to", "New", "York", "tomorrow", "then"]
    assert retag(text, changes, tags) == ["O", "O", "B-city", "I-city", "O", "O"]


def test_tags_must_match_the_tokens():
    with pytest.raises(ValueError, match=r"zip\(\)"):
        retag("two words", [], ["O"])


def test_an_entity_runs_from_its_b_through_its_i():
    text = "from New York to Oslo Bergen"
    tags = ["O", "B-city", "I-city", "O", "B-city", "B-city"]
    assert [text[a:b] for a, b in chunks(token_intervals(text), tags)] == ["New York", "Oslo", "Bergen"]
