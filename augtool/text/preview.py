"""``augtool preview`` for texts: originals above their variants, with the edits marked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from augtool.errors import UsageError
from augtool.fitting import outside_of
from augtool.formats import open_dataset
from augtool.formats.textset import TextDataset, TextItem
from augtool.plan import Job, plan
from augtool.report.texts import Pair, Piece, pairs
from augtool.storage import shown, write_durably
from augtool.text.unit import process_text
from augtool.unit import Context

if TYPE_CHECKING:
    from jinja2 import Template

    from augtool.recipe import Recipe

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} – augtool preview</title>
<style>
:root { color-scheme: light dark; }
body { max-width: 46em; margin: 3em auto; padding: 0 1.5em; font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.4rem; }
article { margin-top: 2.2em; }
h2 { margin: 0 0 .4em; font-size: .875rem; font-weight: 600; opacity: .7; overflow-wrap: anywhere; }
p { margin: .45em 0; padding-left: .9em; border-left: 2px solid #8886; white-space: pre-wrap;
  overflow-wrap: anywhere; unicode-bidi: plaintext; }
p.original { border-color: #1f8a8c; font-weight: 560; }
small { display: block; opacity: .65; }
ins { text-decoration: none; background: #1f8a8c40; border-radius: 3px; padding: 0 2px; }
del { color: #c2410c; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
{% for pair in pairs %}
<article>
<h2><bdi>{{ pair.source }}</bdi>{% if pair.where %} · <bdi>{{ pair.where }}</bdi>{% endif %}</h2>
<p class="original">{{ pair.text }}</p>
{% for parts, steps in pair.variants %}
<p>{% for kind, text in parts %}{% if kind == "old" %}<del>{{ text }}</del>{% elif kind == "new" %}<ins>{{ text }}</ins>{% else %}{{ text }}{% endif %}{% endfor %}<small>{{ steps }}</small></p>
{% endfor %}
</article>
{% endfor %}
</body>
</html>
"""  # noqa: E501 - white space between the marks would show


@dataclass(frozen=True, slots=True)
class Preview:
    """Some texts of a set with their variants."""

    title: str
    pairs: list[Pair]

    def lines(self) -> Iterator[list[Piece]]:
        """Yield lines for a terminal, each as pieces; kinds are those of pieces, ``head`` and ``note``."""
        for number, pair in enumerate(self.pairs):
            if number:
                yield []
            where = f"  {pair.where}" if pair.where else ""
            yield [("note", f"{pair.source}{where}")]
            yield [("head", pair.text.strip())]
            for parts, steps in pair.variants:
                yield [("same", "  "), *parts, ("note", f"  {steps}")]

    def write(self, target: Path) -> None:
        """Write the preview as one self-contained HTML page.

        Raises:
            StorageError: it cannot be written.

        """
        page = _template().render(title=self.title, pairs=self.pairs)
        write_durably(target, [page.encode("utf-8", "backslashreplace")])


def preview_texts(recipe: Recipe, source: Path, count: int, variants: int) -> Preview:
    """Return texts from all over a set, each with variants as a run would make them.

    Args:
        recipe: what to apply.
        source: a table or a folder.
        count: how many texts.
        variants: how many variants of each.

    Raises:
        UsageError: the set holds no text to expand.

    """
    dataset = open_dataset(source, None, recipe.dataset_options, recipe.modality)
    if not isinstance(dataset, TextDataset):
        raise UsageError(f"{source}: holds no texts")
    usable = [job.item for job in plan(dataset.items(), recipe) if job.variants and job.item.problem is None]
    if not usable:
        raise UsageError(f"{source}: holds no text to expand")
    chosen = [usable[round((at + 0.5) * len(usable) / count - 0.5)] for at in range(min(count, len(usable)))]
    if len(usable) <= count:
        chosen = usable
    context = Context(recipe, recipe.seed, source, Path(), outside_of(recipe, dataset), dataset)
    records, texts = [], {}
    for item in chosen:
        if isinstance(item, TextItem):
            result = process_text(Job(item, copy=False, variants=variants), context, write=False)
            records.append(result.record())
    texts = dataset.texts([shown(item.key) for item in chosen])
    return Preview(recipe.name or "texts", pairs(records, texts))


@cache
def _template() -> Template:
    from jinja2 import Environment

    return Environment(autoescape=True, trim_blocks=True).from_string(_PAGE)
