"""Write the texts of ``sample_data/text`` from nothing but this code and one fixed seed.

    python scripts/render_sample_texts.py [--out DIR]

``support.csv`` holds messages to a bicycle shop's help desk, each with its intent; ``places.jsonl`` holds
sentences with the places named in them as spans. All sentences were written for this project.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path

OPENINGS = ("", "", "", "Hello, ", "Good morning. ", "Hi there! ", "Dear team,\n")
ITEMS = (
    "an old city bike",
    "a racing bike",
    "a child's bike",
    "an electric bike",
    "a folding bike",
    "a cargo bike",
)
PARTS = ("brake", "chain", "saddle", "front light", "gear lever", "back wheel")
TROUBLE = (
    "makes a strange noise",
    "does not work",
    "broke after an hour",
    "is loose",
    "was damaged when it arrived",
)
SINCE = ("since yesterday", "after only 3 rides", "for two weeks", "although it is new")
SENTENCES = {
    "repair": (
        "The {part} of my bike {trouble} {since}. Can you repair it quickly?",
        "I need an appointment: the {part} {trouble}.",
        "My {part} {trouble} and I don't know why. Please help me.",
        "How much would it cost to fix a {part} that {trouble}?",
    ),
    "order": (
        "I want to buy {item}. Do you have one in your shop?",
        "I would like to order {item} and an extra {part}, to be sent to my house.",
        "Is it possible to purchase {item} online and try it first?",
        "We are looking for {item} for about €{price}.",
    ),
    "delivery": (
        "I bought {item} last week and it has not arrived yet. Order A-{number}.",
        "When will you send {item} that I ordered on 12/{day}?",
        "The courier brought {item} to a neighbour, but nobody told me!",
        "Tracking says order A-{number} is still at https://track.example/{number}, is that right?",
    ),
    "return": (
        "I am not happy with {item}, it is too heavy. How can I return it?",
        "{item_capital} was a bad choice; I want my money back.",
        "Never again! The {part} {trouble}, so I am sending the bike back.",
        "Can I exchange {item} for a larger one within 30 days?",
    ),
}
PLACES = ("Oslo", "New Bridge Street", "Lake Constance", "the Black Forest", "Porto", "Saint Anne's Square")
TRIPS = (
    "We rode from {} to {} and back, an easy trip of an hour.",
    "Is there a safe way to cycle from {} to {} in winter?",
    "{} has a large bike park, but {} does not.",
    "I lost an old helmet somewhere between {} and {}.",
)
EACH = 15


def messages() -> Iterator[tuple[str, str]]:
    """Yield (text, intent), in a fixed order, no text twice."""
    draw = random.Random(77)
    seen: set[str] = set()
    for intent, forms in SENTENCES.items():
        made = 0
        while made < EACH:
            item = draw.choice(ITEMS)
            text = draw.choice(OPENINGS) + forms[made % len(forms)].format(
                item=item, item_capital=item[0].upper() + item[1:], part=draw.choice(PARTS),
                trouble=draw.choice(TROUBLE), since=draw.choice(SINCE), price=draw.randrange(200, 900, 50),
                number=draw.randrange(1000, 9999), day=draw.randrange(1, 29),
            )  # fmt: skip
            if text not in seen:
                seen.add(text)
                made += 1
                yield text, intent


def trips() -> Iterator[dict[str, object]]:
    """Yield sentences with the places in them as spans."""
    draw = random.Random(78)
    for number in range(24):
        form = TRIPS[number % len(TRIPS)]
        text, spans = "", []
        names = draw.sample(PLACES, 2)
        for piece, name in zip(form.split("{}"), [*names, ""], strict=True):
            text += piece
            if name:
                shown = name[0].upper() + name[1:] if not text else name
                spans.append({"start": len(text), "end": len(text) + len(shown), "label": "place"})
                text += shown
        yield {"id": f"trip-{number:02d}", "text": text, "spans": spans}


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(__file__).resolve().parent.parent / "sample_data" / "text"
    parser.add_argument("--out", type=Path, default=default)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["id", "text", "intent"])
    writer.writerows([number, *row] for number, row in enumerate(messages(), 1))
    (out / "support.csv").write_bytes(table.getvalue().encode())
    lines = "".join(json.dumps(trip, ensure_ascii=False) + "\n" for trip in trips())
    (out / "places.jsonl").write_bytes(lines.encode())


if __name__ == "__main__":
    main()
