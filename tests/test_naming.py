import pytest

from augtool.naming import did_you_mean, which_field


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("rotat", ["rotate", "shift"], "rotate"),
        ("Rotate", ["rotate", "shift"], "rotate"),
        ("flip", ["shift", "horizontal_flip"], "horizontal_flip"),
        ("horiz", ["shift", "horizontal_flip"], "horizontal_flip"),
        ("gausian_blur", ["gaussian_blur", "gaussian_noise"], "gaussian_blur"),
    ],
)
def test_the_nearest_name_is_suggested(word: str, known: list[str], meant: str) -> None:
    assert did_you_mean(word, known) == f", did you mean '{meant}'?"


@pytest.mark.parametrize("word", ["", "qqqq", "\n"])
def test_nothing_is_suggested_where_nothing_is_near(word: str) -> None:
    assert did_you_mean(word, ["rotate", "shift"]) == ""


def test_a_field_is_found_by_the_words_of_its_help() -> None:
    fields = {"angle": "Degrees; positive turns counter-clockwise.", "p": "Probability."}
    assert which_field("degres", fields) == ", did you mean 'angle'?"
    assert which_field("angel", fields) == ", did you mean 'angle'?"
    assert which_field("colour", fields) == ""
