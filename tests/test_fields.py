import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

from augtool import registry
from augtool.fields import (
    Choice,
    Const,
    DrawnSeed,
    Field,
    FieldError,
    LogUniform,
    Normal,
    Reciprocal,
    Uniform,
    Within,
    describe,
)

UNIT = st.floats(0, 1, exclude_min=True, exclude_max=True)
NUMBER = Field("n", "float", "", 0.0, Within(-10, 10))
WHOLE = Field("w", "int", "", 1, Within(1, 9))
ODD = Field("o", "int", "", 3, Within(1, 9), odd=True)
POSITIVE = Field("g", "float", "", 1.0, Within(0.05, 20, log=True))
SIZE = Field("s", "size", "", None, Within(1, 65535), optional=True)
COLOR = Field("c", "color", "", 0)
SEED = Field("seed", "seed", "", None)
OPTION = Field("b", "option", "", "keep", options=("keep", "expand"))
FLAG = Field("f", "bool", "", default=True)
FIVE = Field("k", "numbers", "", [0.0] * 5, Within(-1, 1), length=5)
TEXT = Field("t", "text", "", "")

ACCEPTED = [
    (NUMBER, 5, Const(5.0)),
    (NUMBER, -10, Const(-10.0)),
    (NUMBER, [-1, 2.5], Uniform(-1, 2.5)),
    (NUMBER, [2, 2], Uniform(2, 2)),
    (NUMBER, {"uniform": [0, 1]}, Uniform(0, 1)),
    (NUMBER, {"choice": [1, 2]}, Choice((1.0, 2.0))),
    (NUMBER, {"normal": {"mean": 0, "std": 2}}, Normal(0, 2, -10, 10)),
    (NUMBER, {"log_uniform": [0.1, 10]}, LogUniform(0.1, 10)),
    (NUMBER, {"reciprocal": [0.5, 2]}, Reciprocal(0.5, 2)),
    (POSITIVE, [0.5, 2], LogUniform(0.5, 2)),
    (POSITIVE, {"uniform": [0.5, 2]}, Uniform(0.5, 2)),
    (WHOLE, 3.0, Const(3)),
    (WHOLE, [1, 9], Uniform(1, 9, whole=True)),
    (WHOLE, {"normal": {"mean": 4.5, "std": 1}}, Normal(4.5, 1, 1, 9, whole=True)),
    (ODD, [3, 7], Uniform(3, 7, whole=True, step=2)),
    (ODD, {"choice": [1, 9]}, Choice((1, 9))),
    (SIZE, 224, Const([224, 224])),
    (SIZE, [320, 240], Const([320, 240])),
    (SIZE, None, Const(None)),
    (SIZE, {"choice": [64, [96, 64], None]}, Choice(([64, 64], [96, 64], None))),
    (COLOR, 7, Const([7, 7, 7])),
    (COLOR, [255, 0, 10], Const([255, 0, 10])),
    (SEED, None, DrawnSeed()),
    (SEED, 2**32 - 1, Const(2**32 - 1)),
    (OPTION, "expand", Const("expand")),
    (OPTION, {"choice": ["keep", "expand"]}, Choice(("keep", "expand"))),
    (FLAG, False, Const(False)),
    (FIVE, [0, 1, -1, 0.5, 0], Const([0.0, 1.0, -1.0, 0.5, 0.0])),
    (TEXT, "hello", Const("hello")),
]


@pytest.mark.parametrize(("field", "raw", "value"), ACCEPTED)
def test_what_a_field_takes(field: Field, raw: Any, value: Any) -> None:
    parsed = field.parse(raw)
    assert parsed == value
    assert type(parsed) is type(value)
    if isinstance(parsed, Const):
        assert type(parsed.value) is type(value.value)


REFUSED = [
    (NUMBER, None, "is empty; give a number from -10 to 10"),
    (NUMBER, 11, "11 is out of bounds; expected a number from -10 to 10"),
    (NUMBER, "5", "expected a number from -10 to 10, got '5'"),
    (NUMBER, True, "expected a number from -10 to 10, got true"),
    (NUMBER, math.nan, "expected a number from -10 to 10, got nan"),
    (NUMBER, math.inf, "expected a number from -10 to 10, got inf"),
    (NUMBER, [1], "a range is [lowest, highest]; 1 values given"),
    (NUMBER, [1, 2, 3], "a range is [lowest, highest]; 3 values given"),
    (NUMBER, [3, 1], "the range is the wrong way round; write [1, 3]"),
    (NUMBER, [0, 99], "99 is out of bounds"),
    (NUMBER, [[0], 1], "expected a number from -10 to 10, got a list of 1"),
    (NUMBER, {}, "expected one of choice, normal"),
    (NUMBER, {"choise": [1]}, "did you mean 'choice'?"),
    (NUMBER, {"choice": [1], "normal": 2}, "expected one of choice, normal"),
    (NUMBER, {"choice": []}, "choice takes a list of at least one value"),
    (NUMBER, {"choice": 3}, "choice takes a list of at least one value"),
    (NUMBER, {"choice": [1, 11]}, "11 is out of bounds"),
    (NUMBER, {"normal": 3}, "normal takes {mean: ..., std: ...}"),
    (NUMBER, {"normal": {"mean": 1}}, "normal takes {mean: ..., std: ...}"),
    (NUMBER, {"normal": {"mean": 1, "std": 0}}, "above 0 for std"),
    (NUMBER, {"normal": {"mean": 20, "std": 1}}, "20 is out of bounds"),
    (NUMBER, {"uniform": 3}, "uniform takes [lowest, highest]"),
    (NUMBER, {"log_uniform": [-1, 1]}, "log_uniform needs numbers above 0"),
    (NUMBER, {"reciprocal": [0, 1]}, "both above 0"),
    (NUMBER, {"reciprocal": [0.01, 1]}, "100 is out of bounds"),
    (WHOLE, 2.5, "expected a whole number from 1 to 9, got 2.5"),
    (WHOLE, 0, "0 is out of bounds"),
    (WHOLE, {"log_uniform": [1, 2]}, "log_uniform is for numbers with decimals"),
    (ODD, 4, "expected an odd whole number from 1 to 9, got 4"),
    (ODD, {"normal": {"mean": 3, "std": 1}}, "normal is not for odd whole numbers; use choice"),
    (SIZE, 0, "0 is out of bounds"),
    (SIZE, [1, 2, 3], "expected a size in pixels (1 to 65535), one number or [width, height]"),
    (SIZE, {"normal": {"mean": 3, "std": 1}}, "normal is for numbers"),
    (COLOR, 256, "256 is out of bounds"),
    (COLOR, [1, 2], "a colour, one number from 0 to 255 or [red, green, blue]"),
    (SEED, 2**32, "expected a whole number from 0 to 4294967295"),
    (SEED, -1, "expected a whole number from 0 to 4294967295"),
    (OPTION, "expnd", "expected keep or expand, got 'expnd', did you mean 'expand'?"),
    (OPTION, 3, "expected keep or expand, got 3"),
    (FLAG, 1, "expected true or false, got 1"),
    (FIVE, [0, 0], "expected a list of 5 numbers from -1 to 1, got a list of 2"),
    (FIVE, [0, 0, 0, 0, 2], "2 is out of bounds"),
    (TEXT, 3, "expected a text, got 3"),
]


@pytest.mark.parametrize(("field", "raw", "message"), REFUSED)
def test_what_a_field_refuses_and_says(field: Field, raw: Any, message: str) -> None:
    with pytest.raises(FieldError) as caught:
        field.parse(raw)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_long_values_are_cut_in_messages() -> None:
    assert len(describe("x" * 1000)) <= 40


# --- distributions --------------------------------------------------------------------------------------

SPREADS = [
    (Uniform(-3, 5), -3, 5),
    (Uniform(0.123456789, 0.1234567891), 0.123456789, 0.1234567891),
    (LogUniform(0.01, 100), 0.01, 100),
    (Reciprocal(0.8, 1.2), 1 / 1.2, 1 / 0.8),
    (Normal(2, 3, 0, 10), 0, 10),
    (Normal(0, 0.001, -10, 10), -10, 10),
    (Normal(0, 1e6, -1, 1), -1, 1),
    (Uniform(-2, 9, whole=True), -2, 9),
    (Uniform(3, 9, whole=True, step=2), 3, 9),
    (Normal(4, 2, 1, 9, whole=True), 1, 9),
]


@pytest.mark.parametrize(("spread", "low", "high"), SPREADS)
@given(u=UNIT, v=UNIT)
def test_a_quantile_is_monotone_and_stays_within_its_bounds(
    spread: Any, low: float, high: float, u: float, v: float
) -> None:
    least, greatest = sorted((u, v))
    assert low <= spread.quantile(least) <= spread.quantile(greatest) <= high


@pytest.mark.parametrize(("spread", "low", "high"), SPREADS[:4])
def test_a_range_is_used_to_its_ends(spread: Any, low: float, high: float) -> None:
    assert spread.quantile(1e-12) == pytest.approx(low, rel=1e-6)
    assert spread.quantile(1 - 1e-12) == pytest.approx(high, rel=1e-6)


def _shares(value: Any, draws: int = 9000) -> dict[Any, float]:
    counts = Counter(value.quantile((at + 0.5) / draws) for at in range(draws))
    return {key: count / draws for key, count in counts.items()}


@pytest.mark.parametrize(
    ("value", "options"),
    [
        (Uniform(1, 6, whole=True), [1, 2, 3, 4, 5, 6]),
        (Uniform(3, 7, whole=True, step=2), [3, 5, 7]),
        (Uniform(2, 2, whole=True), [2]),
        (Choice(("a", "b", "c")), ["a", "b", "c"]),
    ],
)
def test_whole_numbers_and_options_are_equally_likely(value: Any, options: list[Any]) -> None:
    shares = _shares(value)
    assert sorted(shares) == options
    assert all(share == pytest.approx(1 / len(options), abs=1e-3) for share in shares.values())
    assert all(type(key) is type(options[0]) for key in shares)


def test_log_uniform_is_even_in_the_logarithm() -> None:
    assert LogUniform(0.5, 2).quantile(0.5) == pytest.approx(1)
    assert LogUniform(0.01, 100).quantile(0.75) == pytest.approx(10)


def test_reciprocal_is_one_over_a_uniform() -> None:
    assert Reciprocal(0.8, 1.2).quantile(0.5) == pytest.approx(1)
    assert Reciprocal(0.5, 1.5).quantile(0.25) == pytest.approx(1 / 1.25)


@pytest.mark.parametrize(
    ("mean", "std", "low", "high"), [(0, 1, -10, 10), (0, 5, -10, 10), (9, 4, -10, 10), (-10, 2, -10, 10)]
)
@given(u=st.floats(0.001, 0.999))
def test_a_normal_is_truncated_as_scipy_truncates_it(
    mean: float, std: float, low: float, high: float, u: float
) -> None:
    expected = truncnorm.ppf(u, (low - mean) / std, (high - mean) / std, loc=mean, scale=std)
    assert Normal(mean, std, low, high).quantile(u) == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_an_unbounded_normal_has_its_own_median_and_spread() -> None:
    value = Field("n", "float", "", 0.0).parse({"normal": {"mean": 3, "std": 2}})
    assert value.quantile(0.5) == 3
    assert value.quantile(0.841344746) == pytest.approx(5, abs=1e-5)


@given(u=UNIT)
def test_a_drawn_seed_is_one_the_field_takes(u: float) -> None:
    assert SEED.check(DrawnSeed().quantile(u)) == DrawnSeed().quantile(u)


CASES = [(spec, field) for spec in registry.specs() for field in spec.fields.values()]


@pytest.mark.parametrize(("spec", "field"), CASES, ids=[f"{s.name}.{f.name}" for s, f in CASES])
@given(u=UNIT)
def test_every_default_draws_what_its_own_field_takes(spec: registry.Spec, field: Field, u: float) -> None:
    drawn = spec.values[field.name].quantile(u)
    assert field.check(drawn) == drawn
    assert field.parse(drawn) == Const(drawn)
