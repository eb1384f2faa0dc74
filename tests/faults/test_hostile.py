"""Rows 7, 9, 15, 20, 25 and 26: what strangers send."""

import html
import json
import os
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest
from breaking import MAIN, Run
from making import encoded, put, recipe, rows, run

from augtool import storage
from augtool.metadata import is_image_name

DATA = os.environ.get("AUGTOOL_REAL_DATA")


def png_bomb(side: int) -> bytes:
    """A small PNG that unpacks to side x side pixels of nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + side // 8)) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_before_it_unpacks(tmp_path: Path) -> None:
    data = png_bomb(24_000)
    assert len(data) < 100_000
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bomb.png").write_bytes(data)
    put(tmp_path / "in" / "good.png")
    run(tmp_path / "in", tmp_path / "out", workers=1, memory=64_000_000)
    (failed,) = [row for row in rows(tmp_path / "out", "inputs.jsonl") if row["status"] != "ok"]
    assert (failed["source"], failed["reason"]) == ("bomb.png", "too_large")


@pytest.mark.skipif(not DATA, reason="AUGTOOL_REAL_DATA is not set")
def test_the_whole_corpus_twice(tmp_path: Path) -> None:
    # Every file is given a picture's name, so that none is passed over; what it is does not change.
    source = tmp_path / "in"
    source.mkdir()
    files = sorted(path for path in (Path(str(DATA)) / "hostile").rglob("*") if path.is_file())
    for number, path in enumerate(files):
        suffix = path.suffix if is_image_name(path.name) else ".png"
        shutil.copyfile(path, source / f"{number:04}{suffix}")
    what = recipe("version: 1\nvariants: 1\ntransforms:\n  - rotate: {angle: 5}\n  - hue\n")
    written = tmp_path / "r.yaml"
    written.write_text(json.dumps(what.source))
    listed = []
    for name in ("one", "two"):
        done = subprocess.run(
            [*MAIN, "run", str(written), str(source), str(tmp_path / name), "-q", "--format", "folder",
             "--max-pixels", "4"],
            capture_output=True, text=True, check=False, timeout=500,
        )  # fmt: skip
        assert done.returncode == 3
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1, done.stderr
        listed.append(rows(tmp_path / name, "inputs.jsonl"))
    assert listed[0] == listed[1]
    verdicts = listed[0]
    assert len({row["source"] for row in verdicts}) == len(verdicts) == len(files) > 1000
    reasons = {row.get("reason") for row in verdicts if row["status"] != "ok"}
    assert not reasons & {"internal_error", "crashed", "timeout"}
    assert not [row for row in verdicts if "Traceback" in json.dumps(row)]


ODD = [b"-rf.png", b"a\nb.png", b"\xff\xfe.png", "\u202egnp.png".encode(), b"::error::x.png", b"%s%n.png",
       b"a\x1b[31m.png", b"a\x07.png", b"$(id).png", b"a;b.png", b"'\".png", b" .png"]  # fmt: skip


def test_odd_names_are_worked_on_and_shown_as_they_are_not(place: Path, augtool: Run) -> None:
    for number, name in enumerate(ODD):
        put(place / "odd" / os.fsdecode(name), number)
        (place / "odd" / os.fsdecode(b"bad" + name)).write_bytes(encoded()[:-20])
    environment = os.environ | {"GITHUB_ACTIONS": "true"}
    done = augtool("run", "r.yaml", "odd", "out", "-w", 1, "-v", env=environment)
    assert done.returncode == 3
    for line in (done.stdout + done.stderr).splitlines():
        assert line.isprintable()
        assert not line.startswith("::") or line.startswith("::warning file=")
    assert len(rows(place / "out")) == len(ODD) * 4
    assert len({row["source"] for row in rows(place / "out", "inputs.jsonl")}) == len(ODD) * 2
    report = json.loads((place / "out" / "report.json").read_text())
    assert report["totals"]["failed"] == len(ODD)


def test_events_are_json_and_nothing_else_is_said(place: Path, augtool: Run) -> None:
    for number, name in enumerate(ODD):
        put(place / "in" / os.fsdecode(name), number)
    done = augtool("run", "r.yaml", "in", "out", "-w", 0, "--log-json", env=os.environ | {"CI": "1"})
    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert events[0]["event"] == "plan"
    assert sum(event["event"] == "source" for event in events) == 25 + len(ODD)
    (failed,) = [event for event in events if event.get("status") == "failed"]
    assert (failed["source"], failed["reason"]) == ("cat/bad.png", "truncated")
    wrong = augtool("run", "absent.yaml", "in", "out2", "--log-json")
    assert wrong.returncode == 2
    assert [json.loads(line)["event"] for line in wrong.stderr.splitlines()] == ["error"]


EVIL = "<img src=x onerror=document.title=1>"


def test_a_report_runs_nothing_that_a_name_says(place: Path, augtool: Run) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no Chromium is installed")
    put(place / "evil" / EVIL / "a.png")
    put(place / "evil" / '"><script>document.title=2<' / "b.png")
    (place / "evil" / EVIL / f"{EVIL}.png").write_bytes(b"x")
    (place / "evil.yaml").write_text(
        "version: 1\nname: '</title><script>document.title=3</script>'\n"
        "description: '<style>body{display:none}</style>'\ntransforms: [rotate]\n"
    )
    assert augtool("run", "evil.yaml", "evil", "out", "-w", 0, "-q").returncode == 3
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000",
         f"--user-data-dir={place / 'profile'}", "--dump-dom", (place / "out" / "report.html").as_uri()],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if done.returncode != 0 or "<html" not in done.stdout:
        pytest.skip(f"Chromium does not start here: {done.stderr[-200:]}")
    dom = done.stdout
    assert html.escape(EVIL, quote=False) in dom
    title = dom.partition("<title>")[2].partition("</title>")[0]
    assert title not in ("1", "2", "3")
    assert '<img src="x"' not in dom
    assert "document.title=3</script>" not in dom.replace("&lt;/script&gt;", "")


HOOK = """
import sys
from pathlib import Path
from augtool import pipeline
from augtool.options import Options
from augtool.recipe import load_recipe
recipe, source, warm, output = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
pipeline.run(load_recipe(recipe), source, warm, Options(workers=0))  # everything is imported now
allowed = [str(source), str(output), recipe, sys.prefix, sys.base_prefix, "/proc/", "/dev/null", "/tmp/",
           str(Path(pipeline.__file__).parents[1])]
refused = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "urllib.",
           "ctypes.dlopen", "exec", "compile")
def hook(event, arguments):
    if any(event == name or (name.endswith(".") and event.startswith(name)) for name in refused):
        if event == "ctypes.dlopen" and arguments[0] is None or event in ("exec", "compile") and on[0] > 1:
            return
        found.append(f"{event} {arguments!r}"[:200])
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = arguments[0] if isinstance(arguments[0], str) else arguments[0].decode()
        if not any(path.startswith(place) for place in allowed):
            found.append(f"open {path}")
found, on = [], [0]
sys.addaudithook(hook)
pipeline.run(load_recipe(recipe), source, output, Options(workers=0))
on[0] = 2
print("\\n".join(found))
"""


def test_a_recipe_is_data(place: Path) -> None:
    """No import, no code, no process, no network, no file outside the declared roots."""
    command = [MAIN[0], "-c", HOOK, place / "r.yaml", place / "in", place / "warm", place / "out"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=100,
        env=os.environ | {"TMPDIR": "/tmp/"},
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr + done.stdout


def test_what_descriptors_get(place: Path, augtool: Run) -> None:
    data = bytearray(encoded(fmt="jpeg", width=200, height=160))
    data[-400:-380] = bytes(20)
    (place / "in" / "noisy.jpg").write_bytes(data)
    for workers in (0, 2):
        done = augtool("run", "r.yaml", "in", f"out{workers}", "-w", workers, "--json")
        report: Any = json.loads(done.stdout)
        assert report["totals"]["failed"] == 1
        assert "Corrupt JPEG" not in done.stderr
        assert "\r" not in done.stderr
        (noisy,) = [r for r in rows(place / f"out{workers}", "inputs.jsonl") if r["source"] == "noisy.jpg"]
        assert noisy["warnings"][0].startswith("decoder: Corrupt JPEG data")
    one, two = (rows(place / f"out{workers}", "inputs.jsonl") for workers in (0, 2))
    assert one == two
    assert (place / "out0" / storage.MANIFEST).read_bytes() == (
        place / "out2" / storage.MANIFEST
    ).read_bytes()
