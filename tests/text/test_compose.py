"""Steps join into one splice; articles fit what follows them."""

import pytest

from augtool.freeze import FrozenStep
from augtool.text.compose import compose, mend_articles
from augtool.text.document import Document
from augtool.text.edits import Change, Edit, splice
from augtool.text.language import Language
from augtool.text.options import TextOptions


def document(text, spans=(), **options):
    return Document(text, Language(TextOptions(**options)), spans)


@pytest.mark.parametrize(
    ("text", "change", "expected"),
    [
        ("an error came", Change(3, 8, "mistake"), "a mistake came"),
        ("A mistake came", Change(2, 9, "error"), "An error came"),
        ("a (big) apple", Change(3, 6, "old"), "an (old) apple"),
        ("an old car", Change(3, 7, ""), "a car"),
        ("a car", Change(2, 2, "old "), "an old car"),
        ("a hour", Change(0, 0, "in "), "in a hour"),  # what followed it still does
        ("A MISTAKE CAME NOW", Change(2, 9, "ERROR"), "AN ERROR CAME NOW"),
        ("an error. Mistake", Change(10, 17, "Fault"), "an error. Fault"),
    ],
)
def test_articles_are_mended(text, change, expected):
    made = mend_articles(document(text), Edit((change,)))
    assert made is not None
    assert splice(text, made.changes) == expected


def test_an_article_out_of_reach_spoils_the_variant():
    assert mend_articles(document("an error", [(0, 2)]), Edit((Change(3, 8, "mistake"),))) is None


def test_steps_claim_different_parts():
    source = document("I tried to buy a large phone yesterday and it was incorrect")
    steps = [
        FrozenStep("random_delete", {"alpha": 0.2, "n": 2, "most": 9, "seed": 5}),
        FrozenStep("random_swap", {"n": 3, "unit": "word", "reach": "adjacent", "seed": 5}),
        FrozenStep("punct_insert", {"alpha": 0.2, "n": 4, "most": 9, "marks": [","], "seed": 5}),
    ]  # fmt: skip
    made = compose(source, steps)
    assert made is not None
    assert made.text == splice(source.text, made.changes)
    assert [step.name for step in made.steps] == ["random_delete", "random_swap", "punct_insert"]
    assert made == compose(source, steps)


def test_a_step_that_changes_nothing_is_not_named():
    made = compose(
        document("the of and"),
        [
            FrozenStep(
                "synonym_replace",
                {"alpha": 1.0, "n": None, "most": 9, "senses": 1, "strict": True, "seed": 1},
            )
        ],
    )
    assert made is not None
    assert made.steps == ()
    assert made.text == "the of and"
