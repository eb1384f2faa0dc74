import resource
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from augtool import environment
from augtool.environment import examine, examine_space, import_advice, plain, worst


def of(what: str) -> environment.Finding:
    return next(finding for finding in examine() if finding.what == what)


def test_everything_is_looked_at() -> None:
    listed = [finding.what for finding in examine()]
    assert {"python", "wheels", "opencv", "numpy", "open files", "memory", "scratch"} <= set(listed)
    assert set(plain(examine())) == {"state", "findings"}


def test_two_wheels_are_an_error_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_version", lambda name: "5.0")
    found = of("wheels")
    assert found.state == "error"
    assert "pip uninstall -y opencv-python opencv-python-headless" in found.said
    assert "--force-reinstall opencv-python-headless" in found.said
    monkeypatch.setattr(environment, "_version", lambda name: "")
    assert of("wheels").said == "no OpenCV wheel is installed"
    assert worst(examine()) == "error"


def test_missing_system_libraries_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_version", lambda name: "" if "headless" in name else "5.0")
    monkeypatch.setattr(environment, "_loads", lambda library: library != "libGL.so.1")
    assert "apt-get install libgl1" in of("libraries").said


def test_a_low_limit_of_open_files_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 4096))
    assert of("open files").state == "warning"


@pytest.mark.parametrize(("free", "state"), [(50, "error"), (150, "warning"), (500, "ok")])
def test_room_is_compared_with_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(free))
    assert examine_space(100, tmp_path / "not" / "yet").state == state


def test_an_import_that_fails_names_the_cure() -> None:
    lost = import_advice(ImportError("libGL.so.1: cannot open shared object file", name="cv2"))
    assert "apt-get install libgl1 libxcb1 libglib2.0-0" in lost
    assert "opencv-python-headless" in lost
    assert "pip install --force-reinstall augtool" in import_advice(ImportError("No module named 'yaml'"))
