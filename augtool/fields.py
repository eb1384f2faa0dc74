"""The value grammar of recipe fields: what a person may write where a transform wants a number.

=============================  =====================================================================
``12``                         exactly this
``[lo, hi]``                   uniform between the two (whole numbers: both ends included)
``{choice: [a, b, c]}``        one of these, all equally likely
``{normal: {mean, std}}``      normally distributed, kept inside the field's bounds
``{log_uniform: [lo, hi]}``    uniform in the logarithm: as often twice as large as half as large
``{reciprocal: [lo, hi]}``     1/u for a uniform u (how Keras states a zoom)
=============================  =====================================================================

Every distribution is defined by its quantile function alone, so that drawing from it takes one number
between 0 and 1 and no random generator: :mod:`augtool.freeze` supplies that number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Protocol

from augtool.naming import did_you_mean

Scalar = float | int | bool | str | None
Plain = Any  # JSON-like data: what a constant may be, and what a recipe is made of

SEED_LIMIT = 2**32


class FieldError(ValueError):
    """A value that a field does not take; the message says what it takes instead."""


@dataclass(frozen=True, slots=True)
class Within:
    """Inclusive bounds of a number; ``log`` draws a ``[lo, hi]`` range uniformly in the logarithm."""

    low: float
    high: float
    log: bool = False

    def __str__(self) -> str:
        """Read as a person would write it."""
        return f"{_show(self.low)} to {_show(self.high)}"


@dataclass(frozen=True, slots=True)
class Odd:
    """A whole number that has a middle: kernel sizes."""


class Value(Protocol):
    """A constant or a distribution. ``quantile`` is its inverse distribution function on (0, 1)."""

    def quantile(self, u: float) -> Plain:
        """Return the drawn value for ``u``."""


@dataclass(frozen=True, slots=True)
class Const:
    """Exactly one value."""

    value: Plain

    def quantile(self, u: float) -> Plain:  # noqa: ARG002 - the protocol's signature
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Uniform:
    """Uniform on [low, high]; ``whole`` draws integers with both ends included."""

    low: float
    high: float
    whole: bool = False
    step: int = 1

    def quantile(self, u: float) -> Plain:
        """Return the drawn number."""
        if self.whole:
            steps = int(self.high - self.low) // self.step + 1
            return int(self.low) + self.step * min(int(u * steps), steps - 1)
        return _within(self.low + u * (self.high - self.low), self.low, self.high)


@dataclass(frozen=True, slots=True)
class LogUniform:
    """Uniform in the logarithm on [low, high], both positive."""

    low: float
    high: float

    def quantile(self, u: float) -> Plain:
        """Return the drawn number."""
        low, high = math.log(self.low), math.log(self.high)
        return _within(math.exp(low + u * (high - low)), self.low, self.high)


@dataclass(frozen=True, slots=True)
class Reciprocal:
    """1/u for u uniform on [low, high], both positive."""

    low: float
    high: float

    def quantile(self, u: float) -> Plain:
        """Return the drawn number."""
        return _within(1 / (self.high - u * (self.high - self.low)), 1 / self.high, 1 / self.low)


@dataclass(frozen=True, slots=True)
class Normal:
    """Normal distribution truncated to [low, high]; ``whole`` rounds to integers."""

    mean: float
    std: float
    low: float
    high: float
    whole: bool = False

    def quantile(self, u: float) -> Plain:
        """Return the drawn number, by inversion inside the truncated range."""
        dist = NormalDist(self.mean, self.std)
        at_low, at_high = dist.cdf(self.low), dist.cdf(self.high)
        inside = min(max(at_low + u * (at_high - at_low), 1e-12), 1 - 1e-12)
        value = _within(dist.inv_cdf(inside), self.low, self.high)
        return round(value) if self.whole else value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several constants, all equally likely."""

    options: tuple[Plain, ...]

    def quantile(self, u: float) -> Plain:
        """Return the drawn option."""
        return self.options[min(int(u * len(self.options)), len(self.options) - 1)]


@dataclass(frozen=True, slots=True)
class DrawnSeed:
    """A fresh seed for whatever is random inside one picture; the frozen step records the number."""

    def quantile(self, u: float) -> Plain:
        """Return a 32-bit seed."""
        return min(int(u * SEED_LIMIT), SEED_LIMIT - 1)


# What a transform writes as a default. ``Any``, because the annotation states the type the function is
# called with, and a default is a distribution over that type.
def uniform(low: float, high: float) -> Any:
    """Default: uniform on [low, high] (logarithmically where the field says so)."""
    return [low, high]


def choice(*options: Plain) -> Any:
    """Default: one of ``options``."""
    return {"choice": list(options)}


def normal(mean: float, std: float) -> Any:
    """Default: normally distributed, kept inside the field's bounds."""
    return {"normal": {"mean": mean, "std": std}}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a transform: its type, its bounds, its help and its default.

    ``kind`` is ``float``, ``int``, ``bool``, ``option`` (one of ``options``), ``size`` (pixels: one
    number or [width, height]), ``color`` (0-255: one number or [red, green, blue]), ``seed``,
    ``numbers`` (a list of ``length`` numbers), ``text`` or ``texts`` (a list of them).
    """

    name: str
    kind: str
    help: str
    default: Plain
    bounds: Within | None = None
    options: tuple[str, ...] = ()
    optional: bool = False
    odd: bool = False
    length: int = 0

    def parse(self, raw: Plain) -> Value:
        """Turn what a recipe says into a value.

        Raises:
            FieldError: the value is not one this field takes.

        """
        if raw is None and self.kind == "seed":
            return DrawnSeed()
        if isinstance(raw, Mapping):
            return self._parse_mapping(raw)
        if isinstance(raw, list) and self.kind in ("float", "int", "seed"):
            low, high = self._pair(raw, "[lowest, highest]")
            if self.bounds and self.bounds.log:
                return LogUniform(low, high)
            return Uniform(low, high, whole=self.kind != "float", step=2 if self.odd else 1)
        return Const(self.check(raw))

    def check(self, raw: Plain) -> Plain:
        """Check one constant and return it in its canonical form.

        Raises:
            FieldError: it is of another type or out of bounds.

        """
        if raw is None:
            if self.optional:
                return None
            raise FieldError(f"is empty; give {self.expects()}")
        return _CHECKS[self.kind](self, raw)

    def expects(self) -> str:
        """Say in a few words what this field takes."""
        range_text = f" from {self.bounds}" if self.bounds else ""
        return {
            "float": f"a number{range_text}",
            "int": f"{'an odd' if self.odd else 'a'} whole number{range_text}",
            "bool": "true or false",
            "option": " or ".join(self.options),
            "size": f"a size in pixels ({self.bounds}), one number or [width, height]",
            "color": "a colour, one number from 0 to 255 or [red, green, blue]",
            "seed": f"a whole number from 0 to {SEED_LIMIT - 1}",
            "numbers": f"a list of {self.length} numbers{range_text}",
            "text": "a text",
            "texts": "a list of texts",
        }[self.kind]

    def _parse_mapping(self, raw: Mapping[str, Plain]) -> Value:
        if len(raw) != 1 or next(iter(raw)) not in _MAPPINGS:
            name = next(iter(raw), "")
            hint = did_you_mean(str(name), _MAPPINGS) if len(raw) == 1 else ""
            raise FieldError(f"expected one of {', '.join(_MAPPINGS)}{hint}")
        ((name, body),) = raw.items()
        if name == "choice":
            if not isinstance(body, list) or not body:
                raise FieldError("choice takes a list of at least one value")
            return Choice(tuple(self.check(option) for option in body))
        if self.kind not in ("float", "int"):
            raise FieldError(f"{name} is for numbers; this field takes {self.expects()}")
        if name == "normal":
            return self._normal(body)
        if not isinstance(body, list):
            raise FieldError(f"{name} takes [lowest, highest]")
        return self._spread(name, body)

    def _spread(self, name: str, body: list[Plain]) -> Value:
        if name == "uniform":
            low, high = self._pair(body, "uniform: [lowest, highest]")
            return Uniform(low, high, whole=self.kind == "int", step=2 if self.odd else 1)
        if self.kind == "int":
            raise FieldError(f"{name} is for numbers with decimals; this field takes {self.expects()}")
        if name == "log_uniform":
            low, high = self._pair(body, "log_uniform: [lowest, highest]")
            if low <= 0:
                raise FieldError("log_uniform needs numbers above 0")
            return LogUniform(low, high)
        if len(body) != 2 or not all(_is_number(n) and n > 0 for n in body) or body[0] > body[1]:
            raise FieldError("reciprocal takes [lowest, highest], both above 0")
        self.check(1 / body[0])
        self.check(1 / body[1])
        return Reciprocal(float(body[0]), float(body[1]))

    def _normal(self, body: Plain) -> Value:
        if not isinstance(body, Mapping) or set(body) != {"mean", "std"}:
            raise FieldError("normal takes {mean: ..., std: ...}")
        mean, std = body["mean"], body["std"]
        if not _is_number(mean) or not _is_number(std) or std <= 0:
            raise FieldError("normal takes a number for mean and one above 0 for std")
        self.check(round(mean) if self.kind == "int" else mean)
        if self.odd:
            raise FieldError("normal is not for odd whole numbers; use choice")
        low, high = (self.bounds.low, self.bounds.high) if self.bounds else (-math.inf, math.inf)
        return Normal(float(mean), float(std), low, high, whole=self.kind == "int")

    def _pair(self, raw: Sequence[Plain], form: str) -> tuple[float, float]:
        if len(raw) != 2:
            raise FieldError(f"a range is {form}; {len(raw)} values given")
        low, high = self.check(raw[0]), self.check(raw[1])
        if low is None or high is None:
            raise FieldError(f"a range is {form}, both numbers")
        if low > high:
            raise FieldError(f"the range is the wrong way round; write [{_show(high)}, {_show(low)}]")
        return low, high


_MAPPINGS = ("choice", "normal", "uniform", "log_uniform", "reciprocal")


def _is_number(raw: Plain) -> bool:
    return isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw)


def _number(field: Field, raw: Plain) -> float:
    if not _is_number(raw):
        raise FieldError(f"expected {field.expects()}, got {describe(raw)}")
    if field.bounds and not field.bounds.low <= raw <= field.bounds.high:
        raise FieldError(f"{_show(raw)} is out of bounds; expected {field.expects()}")
    return float(raw)


def _whole(field: Field, raw: Plain) -> int:
    if not _is_number(raw) or raw != int(raw) or (field.odd and int(raw) % 2 == 0):
        raise FieldError(f"expected {field.expects()}, got {describe(raw)}")
    return int(_number(field, int(raw)))


def _boolean(field: Field, raw: Plain) -> bool:
    if not isinstance(raw, bool):
        raise FieldError(f"expected {field.expects()}, got {describe(raw)}")
    return raw


def _option(field: Field, raw: Plain) -> str:
    if not isinstance(raw, str) or raw not in field.options:
        hint = did_you_mean(raw, field.options) if isinstance(raw, str) else ""
        raise FieldError(f"expected {field.expects()}, got {describe(raw)}{hint}")
    return raw


def _several(field: Field, raw: Plain, length: int, each: Within | None, *, whole: bool) -> list[Plain]:
    part = Field(field.name, "int" if whole else "float", field.help, None, each)
    if not isinstance(raw, list) or len(raw) != length:
        raise FieldError(f"expected {field.expects()}, got {describe(raw)}")
    return [part.check(number) for number in raw]


def _size(field: Field, raw: Plain) -> list[int]:
    return _several(field, raw if isinstance(raw, list) else [raw, raw], 2, field.bounds, whole=True)


def _color(field: Field, raw: Plain) -> list[int]:
    return _several(field, raw if isinstance(raw, list) else [raw] * 3, 3, Within(0, 255), whole=True)


def _seed(field: Field, raw: Plain) -> int:
    if not _is_number(raw) or raw != int(raw) or not 0 <= raw < SEED_LIMIT:
        raise FieldError(f"expected {field.expects()}, got {describe(raw)}")
    return int(raw)


def _numbers(field: Field, raw: Plain) -> list[float]:
    return _several(field, raw, field.length, field.bounds, whole=False)


def _text(field: Field, raw: Plain) -> str:
    if not isinstance(raw, str):
        raise FieldError(f"expected {field.expects()}, got {describe(raw)}")
    return raw


def _texts(field: Field, raw: Plain) -> list[str]:
    listed = [raw] if isinstance(raw, str) else raw
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
        raise FieldError(f"expected {field.expects()}, got {describe(raw)}")
    return list(listed)


_CHECKS = {
    "float": _number,
    "int": _whole,
    "bool": _boolean,
    "option": _option,
    "size": _size,
    "color": _color,
    "seed": _seed,
    "numbers": _numbers,
    "text": _text,
    "texts": _texts,
}


def describe(raw: Plain) -> str:
    """Name a value in an error message: short, on one line."""
    if raw is None:
        return "nothing"
    if isinstance(raw, Mapping):
        return "a mapping"
    if isinstance(raw, list):
        return f"a list of {len(raw)}"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    text = repr(raw)
    return text if len(text) <= 40 else text[:37] + "..."


def _within(value: float, low: float, high: float) -> float:
    # Seven significant digits: 0.001 px on a 10,000 px picture, and a manifest a person can read.
    return min(max(float(f"{value:.7g}"), low), high)


def _show(value: float) -> str:
    return f"{value:g}"
