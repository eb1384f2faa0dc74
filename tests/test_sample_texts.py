"""The sample texts are what their script writes, and make a good first run."""

import csv
import json
import subprocess
import sys
from pathlib import Path

from augtool.pipeline import Options, run
from augtool.recipe import load_recipe

ROOT = Path(__file__).parent.parent
DATA = ROOT / "sample_data" / "text"


def test_the_script_writes_these_bytes(tmp_path):
    script = ROOT / "scripts" / "render_sample_texts.py"
    subprocess.run([sys.executable, str(script), "--out", str(tmp_path)], check=True)
    for name in ("support.csv", "places.jsonl"):
        assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes()


def test_the_shipped_recipe_makes_all_variants(tmp_path):
    report = run(load_recipe("text"), DATA, tmp_path / "out", Options(workers=0))
    assert report["totals"]["failed"] == 0
    assert report["shortfalls"]["missing"] == 0
    with (tmp_path / "out/support.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5 * 60
    sources = {row["id"]: row for row in rows if not row["aug_of"]}
    for row in rows:
        assert row["intent"] == sources[row["id"]]["intent"]
        assert row["text"].count("https://") == sources[row["id"]]["text"].count("https://")
    for line in (tmp_path / "out/places.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for span in row["spans"]:
            place = row["text"][span["start"] : span["end"]]
            assert place == "the Black Forest" or place[0].isupper()
