import os
import subprocess
import sys
from pathlib import Path

from making import put

from augtool.filenames import fold, on_disk, safe_name, safe_part, tag, text_of

RUN = """
import sys
from pathlib import Path
from making import recipe, run
print(sys.getfilesystemencoding())
run(Path("in"), Path(sys.argv[1]), recipe())
"""


def test_the_locale_changes_no_name_and_no_draw(tmp_path: Path) -> None:
    """A run under the C locale, where Python takes names for ASCII, has the same manifest."""
    for name in ("Zo\u00eb.png", "caf\u00e9/a.png", "plain.png", os.fsdecode(b"\xff/\xfe.png")):
        put(tmp_path / "in" / name, 3)
    put(tmp_path / "in" / "cafe\u0301" / "A.png", 4)
    seen = {}
    for locale, extra in (("C.UTF-8", {}), ("C", {"LC_ALL": "C", "PYTHONUTF8": "0"})):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
        environment |= {"LANG": locale, "PYTHONPATH": os.pathsep.join(sys.path)} | extra
        done = subprocess.run(
            [sys.executable, "-c", RUN, locale],
            check=False,
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        manifest = (tmp_path / locale / "manifest.jsonl").read_bytes()
        seen[done.stdout.strip()] = manifest
    assert "utf-8" in seen
    assert len(seen) == 2, "both runs used one encoding"
    assert len(set(seen.values())) == 1


def test_names_are_read_as_utf8_and_lead_back_to_the_disk() -> None:
    for raw in (b"a", "\u00e9".encode(), b"\xe9", b"a\xff\xc3\xa9"):
        name = os.fsdecode(raw)
        assert text_of(text_of(name)) == text_of(name) == raw.decode(errors="surrogateescape")
        assert os.fsencode(on_disk(name)) == raw


def test_unsafe_parts_are_spelt_out_and_tagged() -> None:
    name = os.fsdecode(b"caf\xe9")
    assert safe_name(name) == "caf_xe9"
    assert safe_part(name) == f"caf_xe9-{tag(name)}"
    assert safe_part("caf\u00e9") == "caf\u00e9"
    assert len({tag("a"), tag("a", 1), tag("a", 2)}) == 3


def test_case_and_form_fold() -> None:
    assert fold("CAF\u00c9") == fold("cafe\u0301") == "caf\u00e9"
    assert fold("a1") == "a1"
