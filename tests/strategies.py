"""Hypothesis strategies for valid recipes, made from the registry."""

from typing import Any

from hypothesis import strategies as st

from augtool import registry
from augtool.fields import Field


def constants(field: Field) -> st.SearchStrategy[Any]:
    low, high = (field.bounds.low, field.bounds.high) if field.bounds else (-1e6, 1e6)
    whole = st.integers(int(low), int(min(high, 10**6)))
    kinds: dict[str, Any] = {
        "float": lambda: st.floats(low, high),
        "int": lambda: whole.filter(lambda n: n % 2 == 1) if field.odd else whole,
        "bool": st.booleans,
        "option": lambda: st.sampled_from(field.options),
        "size": lambda: whole | st.lists(whole, min_size=2, max_size=2),
        "color": lambda: st.integers(0, 255) | st.lists(st.integers(0, 255), min_size=3, max_size=3),
        "seed": lambda: st.integers(0, 2**32 - 1),
        "numbers": lambda: st.lists(st.floats(low, high), min_size=field.length, max_size=field.length),
        "text": lambda: st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=9),
    }
    return kinds[field.kind]()  # type: ignore[no-any-return]


def values(field: Field) -> st.SearchStrategy[Any]:
    one = constants(field)
    forms = [one, st.lists(one, min_size=1, max_size=3).map(lambda options: {"choice": options})]
    if field.optional or field.kind == "seed":
        forms.append(st.none())
    if field.kind in ("float", "int"):
        pair = st.lists(one, min_size=2, max_size=2).map(sorted)
        forms += [pair, pair.map(lambda ends: {"uniform": ends})]
        if not field.odd:
            spread = {"mean": one, "std": st.floats(1e-3, 1e3)}
            forms.append(st.fixed_dictionaries(spread).map(lambda given: {"normal": given}))
        if field.kind == "float":
            positive = pair.filter(lambda ends: ends[0] > 0)
            if field.bounds and field.bounds.high > 0:
                forms.append(positive.map(lambda ends: {"log_uniform": ends}))
    return st.one_of(forms)


NAME = st.text("abc xyz-", min_size=1, max_size=3)
WHEN = st.fixed_dictionaries(
    {"class": NAME | st.integers(0, 9) | st.lists(NAME, min_size=1, max_size=2)},
    optional={
        "split": st.sampled_from(["train", "val", ["train", "test"]]),
        "min_size": st.integers(1, 65535),
        "max_size": st.integers(1, 65535),
    },
)
STEP = st.sampled_from([spec for spec in registry.everything() if spec.modality == "image"]).flatmap(
    lambda spec: st.fixed_dictionaries(
        {},
        optional={name: values(field) for name, field in spec.fields.items()}
        | {"p": st.floats(0, 1), "when": WHEN},
    ).map(lambda fields: {spec.name: fields})
)
STEPS = st.lists(STEP, min_size=1, max_size=3)
GROUP = STEPS.map(lambda steps: {"one_of": steps}) | STEPS.flatmap(
    lambda steps: st.fixed_dictionaries(
        {"steps": st.just(steps)},
        optional={"p": st.floats(0, 1), "weights": st.just([1.5] * len(steps))},
    ).map(lambda group: {"one_of": group})
)
COUNT = {"some_of": {"n": st.just(1)}, "repeat": {"times": st.integers(0, 3) | st.just([1, 2])}}
FLOW = st.sampled_from(["some_of", "repeat", "sequence", "sometimes", "random_order"]).flatmap(
    lambda word: st.fixed_dictionaries(
        {"steps": STEPS | st.lists(GROUP, min_size=1, max_size=2)},
        optional={"p": st.floats(0, 1), "when": WHEN} | COUNT.get(word, {}),
    ).map(lambda group: {word: group})
)
VALID = st.fixed_dictionaries(
    {"version": st.just(1), "transforms": st.lists(STEP | GROUP | FLOW, max_size=3)},
    optional={
        "name": st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
        "seed": st.integers(0, 2**63 - 1),
        "variants": st.integers(0, 100_000),
        "originals": st.sampled_from(["copy", "none"]),
        "border": st.sampled_from(["auto", "constant", "wrap"]),
        "fill": st.integers(0, 255) | st.lists(st.integers(0, 255), min_size=3, max_size=3),
        "output": st.fixed_dictionaries(
            {},
            optional={
                "format": st.sampled_from(["keep", "jpeg", "png", "webp"]),
                "quality": st.integers(1, 100),
                "size": st.none() | st.integers(1, 65535) | st.just([64, 48]),
            },
        ),
    },
)
