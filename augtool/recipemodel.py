"""The recipe's top level as pydantic sees it: types, bounds, help; also the source of its JSON Schema.

Imported only when a recipe is checked or the schema is printed: pydantic takes time to load.
The steps under ``transforms`` are checked by :mod:`augtool.recipe` against the registry.
"""

from __future__ import annotations

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
    variants: int = Field(5, ge=0, le=100_000, description="How many variants to make of each picture.")
    originals: Literal["copy", "none"] = Field(
        "copy", description="copy puts the originals beside their variants; none writes variants only."
    )
    border: Literal["auto", "constant", "replicate", "reflect", "reflect_101", "wrap"] = Field(
        "auto",
        description="What geometry shows beyond the picture's edge; auto is reflect_101, and constant "
        "for sets with boxes, polygons or keypoints.",
    )
    fill: Byte | Annotated[list[Byte], Field(min_length=3, max_length=3)] = Field(
        0,
        description="Colour beyond the edge where the border is constant: grey level or [red, green, blue].",
    )
    output: OutputModel = Field(default_factory=lambda: OutputModel.model_validate({}))
    text: TextModel = Field(
        default_factory=lambda: TextModel.model_validate({}), description="For recipes with steps on text."
    )
    transforms: list[Any] = Field(description="The steps, in order.")
