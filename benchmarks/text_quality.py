"""Quality and speed of text variants, on texts of a CSV table.

    python benchmarks/text_quality.py TABLE [--column text] [--rows 1000] [--json]

Judges other than the tool itself: lemminflect for inflection, the package `inflect` for a/an, textblob's
sentiment lexicon for opinion words. Each is optional; what cannot be judged is said to be so.
A second table can be named in AUGTOOL_TEXT_DATA.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augtool.recipe import parse_recipe
from augtool.text.document import Document
from augtool.text.edits import splice
from augtool.text.english import negates
from augtool.text.language import language
from augtool.text.options import TextOptions
from augtool.text.variants import Made, identity, make_variants

RECIPES = {
    "synonyms": "- synonym_replace: {alpha: 0.1}",
    "synonyms, loose": "- synonym_replace: {alpha: 0.1, senses: 2, strict: false}",
    "swap": "- random_swap: {alpha: 0.1}",
    "insert from a list": "- random_insert: {alpha: 0.1, phrases: [please, now, really, you know]}",
    "delete": "- random_delete: {alpha: 0.1}",
}


def texts(path: Path, column: str, rows: int) -> list[str]:
    """Return `rows` texts spread over the table."""
    with path.open(encoding="utf-8", newline="") as file:
        found = [row[column] for row in csv.DictReader(file) if row.get(column)]
    step = max(1, len(found) // rows)
    return found[::step][:rows]


def made_of(sources: list[str], recipe: str, count: int) -> tuple[list[tuple[Document, Made]], float]:
    """Return the variants of all sources, and the seconds they took."""
    nodes = parse_recipe(f"version: 1\ntransforms:\n  {recipe}\n").transforms
    speech = language(TextOptions())
    speech.check()
    start = time.perf_counter()
    result = []
    for number, text in enumerate(sources):
        document = Document(text, speech)
        result.append((document, make_variants(document, nodes, 1, str(number), count)))
    return result, time.perf_counter() - start


def replacements(done: list[tuple[Document, Made]]) -> Iterator[tuple[str, str]]:
    """Yield (old, new) of every replaced word, articles aside."""
    for document, made in done:
        for variant in made.variants:
            for change in variant.changes:
                old = document.text[change.start : change.end]
                if old.isalpha() and change.new.isalpha() and old.lower() not in ("a", "an"):
                    yield old.lower(), change.new.lower()


def inflection(pairs: list[tuple[str, str]]) -> float | None:
    """Return the share of replacements that share a Penn tag with what they replace, by lemminflect."""
    try:
        from lemminflect import getAllInflections, getAllLemmas
    except ImportError:
        return None

    def tags(word: str) -> set[str]:
        found = set()
        for pos, lemmas in getAllLemmas(word).items():
            for lemma in lemmas:
                found |= {tag for tag, forms in getAllInflections(lemma, upos=pos).items() if word in forms}
        return found

    judged = [bool(tags(old) & tags(new)) for old, new in pairs]
    return sum(judged) / len(judged) if judged else None


def articles(done: list[tuple[Document, Made]]) -> float | None:
    """Return wrong a/an per 1,000 variants that the source did not have, by the package inflect."""
    try:
        import inflect
    except ImportError:
        return None
    engine = inflect.engine()

    def wrong(text: str) -> int:
        found = re.findall(r"\b([Aa]n?) ([A-Za-z]\w*)", text)
        return sum(engine.a(word).split()[0] != article.lower() for article, word in found)

    made = [(document.text, variant.text) for document, made in done for variant in made.variants]
    return 1000 * sum(max(0, wrong(new) - wrong(old)) for old, new in made) / max(1, len(made))


def flipped(pairs: list[tuple[str, str]]) -> tuple[float, int] | None:
    """Return the share of replaced opinion words whose sign turned, and their number, by textblob."""
    try:
        from textblob.en import sentiment
    except ImportError:
        return None
    # Below 0.3 that lexicon gives signs to "usually" and "highly", which are no opinions.
    signs = {word: sentiment(word)[0] for pair in set(pairs) for word in pair}
    opinions = [(old, new) for old, new in pairs if abs(signs[old]) >= 0.3]
    return sum(signs[old] * signs[new] < 0 for old, new in opinions) / max(1, len(opinions)), len(opinions)


def measure(sources: list[str], recipe: str, count: int = 4) -> dict[str, Any]:
    """Return the figures of one recipe."""
    done, seconds = made_of(sources, recipe, count)
    variants = [(document, variant) for document, made in done for variant in made.variants]
    pairs = list(replacements(done))
    missing: Counter[str] = Counter()
    for _, made in done:
        if made.missing:
            missing[made.reason] += made.missing
    same = sum(variant.text == splice(document.text, variant.changes) for document, variant in variants)
    negators = sum(
        [t for t in document.lower if negates(t)]
        != [t for t in Document(variant.text, document.language).lower if negates(t)]
        for document, variant in variants
    )
    own = [{identity(v.text) for v in made.variants} | {identity(d.text)} for d, made in done]
    agree, opinion = inflection(pairs), flipped(pairs)
    return {
        "variants": len(variants),
        "missing": dict(missing),
        "text between edits identical": same / max(1, len(variants)),
        "replaced words": len(pairs),
        "inflection agrees": agree,
        "wrong a/an per 1,000": articles(done),
        "negators edited": negators,
        "opinion words flipped": opinion and opinion[0],
        "opinion words": opinion and opinion[1],
        "duplicates": len(variants) + len(own) - sum(map(len, own)),
        "variants per second": round(len(variants) / seconds),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Measure all recipes on the named table, and on a second one where there is one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--column", default="text")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tables = [options.table, *map(Path, filter(None, [os.environ.get("AUGTOOL_TEXT_DATA")]))]
    figures = {
        str(table): {name: measure(sources, recipe) for name, recipe in RECIPES.items()}
        for table in tables
        for sources in [texts(table, options.column, options.rows)]
    }
    if options.json:
        print(json.dumps(figures, indent=1))
        return
    for table, found in figures.items():
        print(table)
        for name, row in found.items():
            print(f"  {name}")
            for key, value in row.items():
                told = (
                    "not judged" if value is None else f"{value:.4g}" if isinstance(value, float) else value
                )
                print(f"    {key:<30} {told}")


if __name__ == "__main__":
    main()
