"""What the program needs from its surroundings, and what to say where it is missing."""

from __future__ import annotations

import ctypes
import importlib.metadata
import platform
import resource
import shutil
import struct
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The system libraries that the opencv-python wheel links against, by Debian package.
_DEBIAN = {"libGL.so": "libgl1", "libxcb": "libxcb1", "libgthread": "libglib2.0-0", "libglib": "libglib2.0-0"}
_LIBRARIES = {"libGL.so.1": "libgl1", "libxcb.so.1": "libxcb1", "libgthread-2.0.so.0": "libglib2.0-0"}
_WHEELS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
_OPEN_FILES = 256  # a worker needs a few dozen descriptors, the parent some for each worker


def import_advice(error: ImportError) -> str:
    """Say in one line what is missing for an import and how to get it."""
    text = str(error)
    if any(library in text for library in _DEBIAN) or (error.name or "").startswith("cv2"):
        packages = " ".join(dict.fromkeys(_DEBIAN.values()))
        return (
            f"OpenCV cannot be loaded ({text}). On Debian or Ubuntu: apt-get install {packages}. "
            "Or use the wheel that needs none of them: pip uninstall -y opencv-python; "
            "pip install --force-reinstall opencv-python-headless"
        )
    return f"a library is missing or damaged ({text}); try: pip install --force-reinstall augtool"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``state`` is ok, warning or error."""

    what: str
    state: str
    said: str


def examine() -> list[Finding]:
    """Look at what augtool needs from its surroundings. Nothing is changed."""
    return [_python(), _wheels(), *_opencv(), *_packages(), _open_files(), _memory(), _scratch()]


def examine_space(needed: int, output: Path) -> Finding:
    """Compare a plan's estimate, in bytes, with what is free where the output would be."""
    place = output.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    said = f"{free / 1e9:.1f} GB free at {place}, the plan is estimated at {needed / 1e9:.2f} GB"
    # Estimates come from file sizes and are off by a factor of two for some recipes.
    return Finding("disk", "error" if free < needed else "warning" if free < 2 * needed else "ok", said)


def worst(findings: list[Finding]) -> str:
    """Return the most serious state."""
    return next((state for state in ("error", "warning") if any(f.state == state for f in findings)), "ok")


def plain(findings: list[Finding]) -> dict[str, Any]:
    """Return findings as plain data."""
    listed = [{"what": one.what, "state": one.state, "said": one.said} for one in findings]
    return {"state": worst(findings), "findings": listed}


def _python() -> Finding:
    said = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    narrow = struct.calcsize("P") < 8
    return Finding("python", "error" if narrow else "ok", said + ("; 64 bits are needed" if narrow else ""))


def _wheels() -> Finding:
    found = [name for name in _WHEELS if _version(name)]
    said = ", ".join(f"{name} {_version(name)}" for name in found) or "no OpenCV wheel is installed"
    if len(found) > 1:
        # All of them own the folder cv2/, so whichever was installed last has overwritten the others.
        keep = "opencv-python-headless" if "opencv-python-headless" in found else found[0]
        said += (
            f". They overwrite each other's files; pip uninstall -y {' '.join(found)} and then "
            f"pip install --force-reinstall {keep}"
        )
    return Finding("wheels", "ok" if len(found) == 1 else "error", said)


def _opencv() -> list[Finding]:
    findings = []
    headless = all("headless" in name for name in _WHEELS if _version(name))
    missing = [] if headless or sys.platform != "linux" else [name for name in _LIBRARIES if not _loads(name)]
    if missing:
        packages = " ".join(_LIBRARIES[name] for name in missing)
        said = f"missing: {', '.join(missing)}. On Debian or Ubuntu: apt-get install {packages}"
        findings.append(Finding("libraries", "error", said))
    try:
        import cv2

        from augtool.identity import processor

        findings.append(Finding("opencv", "ok", f"{cv2.__version__}; {processor()}"))
    except (ImportError, AttributeError) as error:
        # What is left of cv2/ after one of two wheels was removed imports as an empty package.
        missed = error if isinstance(error, ImportError) else ImportError(str(error), name="cv2")
        findings.append(Finding("opencv", "error", import_advice(missed)))
    return findings


def _packages() -> list[Finding]:
    names = ("numpy", "pillow", "pydantic", "pebble", "filelock")
    found = ((name, _version(name)) for name in names)
    return [Finding(name, "ok" if has else "error", has or "is not installed") for name, has in found]


def _open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _OPEN_FILES:
        return Finding("open files", "warning", f"{soft} at once; raise it: ulimit -n 1024")
    return Finding("open files", "ok", f"{soft} at once")


def _memory() -> Finding:
    from augtool.execute import default_workers
    from augtool.options import Options

    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError, IndexError):
        return Finding("memory", "ok", "cannot be told here")
    workers, each = default_workers(), Options().worker_memory
    low = free < workers * 2**29
    said = f"{free / 1e9:.1f} GB for {workers} workers, each of which may use up to {each / 1e9:.1f} GB"
    return Finding("memory", "warning" if low else "ok", said + ("; use fewer: -w" if low else ""))


def _scratch() -> Finding:
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
    except OSError as error:
        return Finding("scratch", "error", f"no folder for temporary files: {error}; set TMPDIR")
    return Finding("scratch", "ok", tempfile.gettempdir())


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
