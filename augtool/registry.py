"""Where transforms are declared: once, as a function.

A transform is a function of a :class:`~augtool.sample.Frame` and keyword-only fields that returns an
effect, or a tuple of effects done one after the other. Its signature *is* its recipe surface: annotations
give type, bounds and help; defaults give the range drawn when a recipe names no value; the return type gives
its kind; the docstring gives its help. Validation, JSON Schema, ``augtool transforms``, the reference and the
contract tests all read it here.
"""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar

from augtool.fields import Field, FieldError, Odd, Value, Within

F = TypeVar("F", bound=Callable[..., Any])

# Modules that declare transforms, in the order the reference lists them. A category is a module.
MODULES = (
    "geometry", "crop", "canvas", "color", "tone", "noise", "degrade", "blur", "sharpness",
    "occlusion", "weather", "light", "paper", "text",
)  # fmt: skip

POLICY = "policy"  # the kind of a policy

Size = typing.NewType("Size", tuple[int, int])  # (width, height) in pixels
Color = typing.NewType("Color", tuple[int, int, int])  # red, green, blue, 0..255
Texts: typing.TypeAlias = tuple[str, ...]  # words, phrases, marks
Seed = typing.NewType("Seed", int)  # drawn at freeze, recorded, 0 <= seed < 2**32


@dataclass(frozen=True, slots=True)
class Numbers:
    """A list of exactly ``length`` numbers, not a range."""

    length: int


@dataclass(frozen=True, slots=True)
class Spec:
    """A declared transform: everything the rest of the program knows about it."""

    name: str
    category: str
    kind: str
    summary: str
    doc: str
    fields: Mapping[str, Field]
    p: float
    revision: int
    mirrors: bool
    function: Callable[..., Any]
    values: Mapping[str, Value]
    """The defaults, parsed: what an unnamed field draws from."""
    modality: str = "image"
    """``image`` or ``text``: what the transform looks at. A recipe holds steps of one modality."""


# What is declared, by name: its function, and its specification, worked out when it is first asked for.
# Annotations are text until then, and reading those of a hundred transforms takes longer than a small run.
_declared: dict[str, tuple[Callable[..., Any], Callable[[], Spec]]] = {}


@typing.overload
def transform(function: F) -> F: ...
@typing.overload
def transform(*, p: float = 1.0, revision: int = 1, mirrors: bool = False) -> Callable[[F], F]: ...
def transform(
    function: F | None = None, *, p: float = 1.0, revision: int = 1, mirrors: bool = False
) -> F | Callable[[F], F]:
    """Declare a transform.

    Args:
        function: the transform itself, when used without arguments.
        p: probability when the recipe gives none.
        revision: raised whenever the same fields give other pixels than before, so that ``replay`` can
            tell that a picture was made by another version.
        mirrors: whether it can turn a picture into its mirror image.

    """

    def declare(body: F) -> F:
        name = body.__name__
        if name in _declared and _declared[name][0].__module__ != body.__module__:
            raise ValueError(f"transform {name} is declared twice")
        _declared[name] = body, cache(lambda: _spec(body, p, revision, mirrors=mirrors))
        return body

    return declare(function) if function is not None else declare


def policy(function: F) -> F:
    """Declare a policy: a function of a random stream and fields that returns the steps of one variant.

    It is used where a transform is, and its fields are declared the same way; its kind is ``policy``.
    """

    def spec() -> Spec:
        return replace(_spec(function, 1.0, 1, mirrors=False), category="policies", kind=POLICY)

    _declared[function.__name__] = function, cache(spec)
    return function


_SOURCES = (*(f"augtool.transforms.{module}" for module in MODULES), "augtool.policies")


@cache
def _loaded() -> tuple[Spec, ...]:
    for module in _SOURCES:
        importlib.import_module(module)
    return tuple(spec() for _, spec in _declared.values())


def get(name: str) -> Spec:
    """Return a transform or policy by name.

    Raises:
        KeyError: there is none of that name.

    """
    if name not in _declared:
        for module in _SOURCES:
            importlib.import_module(module)
            if name in _declared:
                break
    return _declared[name][1]()


def names() -> list[str]:
    """Return the names of all transforms, in reference order."""
    return [spec.name for spec in specs()]


def specs(modality: str | None = None) -> Iterator[Spec]:
    """Yield all transforms, by category as in ``MODULES``, in the order their module declares them.

    Args:
        modality: only those on ``image`` or on ``text``.

    """
    order = {module: at for at, module in enumerate(MODULES)}
    known = sorted(
        (spec for spec in _loaded() if spec.kind != POLICY),
        key=lambda spec: order.get(spec.category, len(order)),
    )
    yield from (spec for spec in known if modality in (None, spec.modality))


def policies() -> Iterator[Spec]:
    """Yield all policies, in the order they are declared."""
    yield from (spec for spec in _loaded() if spec.kind == POLICY)


def everything() -> Iterator[Spec]:
    """Yield all that a recipe can name as a step: transforms, then policies."""
    yield from specs()
    yield from policies()


def _spec(function: Callable[..., Any], p: float, revision: int, *, mirrors: bool) -> Spec:
    hints = typing.get_type_hints(function, include_extras=True)
    doc = inspect.getdoc(function) or ""
    parameters = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    fields = {
        parameter.name: _field(parameter.name, hints[parameter.name], parameter.default)
        for parameter in parameters
    }
    name = function.__name__
    try:
        values = {key: field.parse(field.default) for key, field in fields.items()}
    except FieldError as error:
        raise ValueError(f"transform {name}: the default does not fit its own field: {error}") from error
    return Spec(
        name=name,
        category=function.__module__.rsplit(".", 1)[-1],
        kind="+".join(effect.__name__ for effect in _effects(hints["return"])),
        summary=doc.partition("\n")[0],
        doc=doc,
        fields=fields,
        p=p,
        revision=revision,
        mirrors=mirrors,
        function=function,
        values=values,
        modality=_modality(function, hints),
    )


def _modality(function: Callable[..., Any], hints: Mapping[str, Any]) -> str:
    first = next(iter(inspect.signature(function).parameters), "")
    return "text" if getattr(hints.get(first), "__name__", "") == "TextFrame" else "image"


def _effects(hint: Any) -> tuple[Any, ...]:
    """Return the effect types of a return annotation: one, or those of a tuple."""
    return typing.get_args(hint) if typing.get_origin(hint) is tuple else (hint,)


def _field(name: str, hint: Any, default: Any) -> Field:
    if default is inspect.Parameter.empty and hint is not Seed:
        raise ValueError(f"field {name} has no default")
    notes: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Annotated:
        hint, *rest = typing.get_args(hint)
        notes = tuple(rest)
    optional = False
    if typing.get_origin(hint) in (typing.Union, UnionType):
        inner = [part for part in typing.get_args(hint) if part is not NoneType]
        optional, hint = len(inner) < len(typing.get_args(hint)), inner[0]
    text = next((note for note in notes if isinstance(note, str)), "")
    numbers = next((note for note in notes if isinstance(note, Numbers)), None)
    kind = _kind(hint, numbered=numbers is not None)
    if kind == "seed":
        text = text or "What is random inside the picture; drawn for each variant where not given."
        default = None
    return Field(
        name=name,
        kind=kind,
        help=text,
        default=list(default) if isinstance(default, tuple) else default,
        bounds=next((note for note in notes if isinstance(note, Within)), _default_bounds(kind)),
        options=typing.get_args(hint) if kind == "option" else (),
        optional=optional,
        odd=any(isinstance(note, Odd) for note in notes),
        length=numbers.length if numbers else 0,
    )


def _default_bounds(kind: str) -> Within | None:
    return Within(1, 65535) if kind == "size" else None


def _kind(hint: Any, *, numbered: bool) -> str:
    if numbered:
        return "numbers"
    if typing.get_origin(hint) is Literal:
        return "option"
    kinds = {
        Size: "size",
        Color: "color",
        Texts: "texts",
        Seed: "seed",
        float: "float",
        int: "int",
        bool: "bool",
        str: "text",
    }
    return kinds[hint]
