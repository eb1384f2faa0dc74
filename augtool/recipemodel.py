"""The recipe's top level as pydantic sees it: types, bounds, help; also the source of its JSON Schema.

Imported only when a recipe is checked or the schema is printed: pydantic takes time to load.
The steps under ``transforms`` are checked by :mod:`augtool.recipe` against the registry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Byte = Annotated[int, Field(ge=0, le=255)]
Side = Annotated[int, Field(ge=1, le=65535)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class OutputModel(_Strict):
    """How pictures are written."""

    format: Literal["keep", "jpeg", "png", "webp"] = Field(
        "keep", description="File format of the variants; keep takes that of the source."
    )
    quality: int = Field(95, ge=1, le=100, description="Quality of JPEG and WebP files.")
    size: Side | Annotated[list[Side], Field(min_length=2, max_length=2)] | None = Field(
        None,
        description="Size of every written picture, originals too: one number bounds the longest side "
        "(nothing is enlarged), [width, height] is exact.",
    )


class LabelsModel(_Strict):
    """How boxes, polygons, keypoints and masks follow the picture."""

    min_visibility: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Least share of an object's own area, as in the source, that must be seen.",
    )
    min_size: float = Field(
        2.0, ge=0, le=10_000, description="Least width and height of what is seen, in pixels."
    )
    min_keypoints: int = Field(
        0, ge=0, le=1000, description="Least number of an object's keypoints to be seen."
    )
    below: Literal["drop", "keep", "ignore", "redraw"] = Field(
        "drop",
        description="What becomes of an object below these: drop it, keep it, mark it to be ignored where "
        "the format can, or redraw the variant.",
    )
    box_method: Literal["auto", "corners", "ellipse"] = Field(
        "auto",
        description="How a box turns: around its corners, around the ellipse in it (tighter on round "
        "things), or auto: around the object's outline or mask where there is one, else its corners.",
    )
    flip_classes: dict[str, str] = Field(
        default_factory=dict,
        description="Classes that change their name when the picture is mirrored: {left_arrow: right_arrow}; "
        "both ways are meant.",
    )


_GOALS = ("total", "per_class", "balance")


class VariantsModel(_Strict):
    """A goal for the number of pictures, instead of a number of variants for each."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in _GOALS]})

    total: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(
        None, description="Pictures in all, after the run, in the splits that are expanded."
    )
    per_class: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(
        None, description="Pictures of each class after the run."
    )
    balance: Literal["max", "mean"] | Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(
        None,
        description="Raise smaller classes to the largest class's size (max), the mean size, or a number.",
    )
    max_factor: int = Field(
        20, ge=1, le=100_000, description="Most variants of one picture; a goal that takes more is refused."
    )

    @property
    def goals(self) -> dict[str, int | str]:
        """The goals that are given; a correct recipe has one."""
        given = {name: getattr(self, name) for name in _GOALS}
        return {name: size for name, size in given.items() if size is not None}


class SplitModel(_Strict):
    """How to divide a set that has no splits; what is left goes to train."""

    val: float = Field(0, ge=0, lt=1, description="Share of the pictures for validation.")
    test: float = Field(0, ge=0, lt=1, description="Share of the pictures for the test.")


Words = list[Annotated[str, Field(min_length=1, max_length=1000)]]


class TextModel(_Strict):
    """What a table's columns are, and what transforms on text must leave alone."""

    column: str | Annotated[int, Field(ge=1)] | None = Field(
        None, description="The text: name of a column or key, or number of a column, from 1; else found."
    )
    labels: str | list[str] | None = Field(
        None, description="Columns or keys of class labels, for the report; else found. [] for none."
    )
    spans: str = Field("spans", description="JSONL key of labelled spans, a list of {start, end, ...}.")
    tags: str | None = Field(None, description="Column or key of BIO tags, one for each token of the text.")
    split: str = Field("split", description="Column or key that names a row's split, where there is one.")
    header: bool = Field(True, description="Whether the first row of a table names its columns.")
    protect: Words = Field([], description="Words and phrases that stay, in any letter case.")
    patterns: Words = Field([], description="Regular expressions; what they match stays.")
    never_use: Words = Field([], description="Words that are never written in place of another.")
    lexicon: str = Field("", description="Synonyms of your own: a file, relative to the recipe.")
    lexicon_mode: Literal["extend", "replace"] = Field(
        "extend", description="Whether that file goes on top of the built-in table or in its place."
    )
    grammar: Literal["built_in", "extra"] = Field(
        "built_in", description="extra tags and inflects with textblob and lemminflect (augtool[text])."
    )
    unique: Literal["source", "dataset"] = Field(
        "source", description="Variants differ from their source and each other, or from all of the set."
    )


class RecipeModel(_Strict):
    """A recipe for augtool: what to do to every picture or text, and how to write the result."""

    # Literal[1] would take true and 1.0, which equal 1.
    version: int = Field(ge=1, le=1, description="Version of the recipe language: 1.")
    name: str = Field("", max_length=200, description="What the report calls this recipe.")
    description: str = Field("", max_length=4000, description="What the recipe is for.")
    seed: int = Field(0, ge=0, le=2**63 - 1, description="Another seed gives other variants.")
    variants: Annotated[int, Field(ge=0, le=100_000)] | VariantsModel = Field(
        5, description="How many variants to make of each picture, or a goal for the number of pictures."
    )
    split: SplitModel | None = Field(
        None, description="Divide a set without splits: {val: 0.2, test: 0.1}; only train is expanded."
    )
    group: str = Field(
        "",
        max_length=200,
        description="With split: a regular expression, searched in each picture's path. Pictures for which "
        "its first group (or the whole match) is the same text stay in one split.",
    )
    originals: Literal["copy", "none"] = Field(
        "copy", description="copy puts the originals beside their variants; none writes variants only."
    )
    border: Literal["auto", "cover", "constant", "replicate", "reflect", "reflect_101", "wrap"] = Field(
        "auto",
        description="What geometry shows beyond the picture's edge; cover zooms in until nothing is; auto is "
        "reflect_101, and constant for sets with boxes, polygons or keypoints.",
    )
    fill: Byte | Annotated[list[Byte], Field(min_length=3, max_length=3)] = Field(
        0,
        description="Colour beyond the edge where the border is constant: grey level or [red, green, blue].",
    )
    output: OutputModel = Field(default_factory=lambda: OutputModel.model_validate({}))
    labels: LabelsModel = Field(default_factory=lambda: LabelsModel.model_validate({}))
    format: dict[str, Any] = Field(
        default_factory=dict,
        description="Options of the data set's format, such as {origin: 0} for Pascal VOC.",
    )
    text: TextModel = Field(
        default_factory=lambda: TextModel.model_validate({}), description="For recipes with steps on text."
    )
    transforms: list[Any] = Field(description="The steps, in order.")

    def mistakes(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield (path, message) of what is wrong though each field by itself is right."""
        if isinstance(self.variants, VariantsModel) and len(self.variants.goals) != 1:
            yield (
                ("variants",),
                f"expected one of {', '.join(_GOALS)}, got {len(self.variants.goals)} of them",
            )
        if self.split is not None and not 0 < self.split.val + self.split.test < 1:
            yield ("split",), "the shares of val and test together must be more than 0 and less than 1"
        if self.group and self.split is None:
            yield ("group",), "has a meaning only beside split: {val: 0.2, test: 0.1}"
