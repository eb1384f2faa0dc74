"""Small data sets, recipes and runs for the tests."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from augtool import codec, pipeline, storage
from augtool.options import Options
from augtool.recipe import Recipe, parse_recipe

# A bit of everything: fused geometry, a table, a matrix, a filter with a seed, a choice, a probability.
RECIPE = """\
version: 1
name: test
seed: 3
variants: 2
output: {format: FORMAT}
transforms:
  - horizontal_flip: {p: 0.5}
  - rotate: {angle: [-20, 20]}
  - shift: {x: [-0.1, 0.1], y: {normal: {mean: 0, std: 0.05}}}
  - brightness: {factor: [0.7, 1.3]}
  - hue: {degrees: [-10, 10]}
  - one_of:
      - gaussian_noise: {std: [0.01, 0.04]}
      - gaussian_blur: {sigma: [0.5, 1.5]}
"""


def recipe(text: str = RECIPE, fmt: str = "keep") -> Recipe:
    return parse_recipe(text.replace("FORMAT", fmt))


def pixels(number: int = 0, width: int = 24, height: int = 18, channels: int = 3, bits: int = 8) -> Any:
    """A gradient with a square in it, different for each number."""
    rows, columns = np.mgrid[0:height, 0:width]
    base = (rows * 5 + columns * 4 + number * 17) % 200 + 20
    base[height // 4 : height // 2, width // 4 : width // 2] = 250
    layers = [np.roll(base, at * 3, axis=1) for at in range(channels)]
    stacked = layers[0] if channels == 1 else np.dstack(layers)
    return stacked.astype(np.uint8) if bits == 8 else (stacked * 257).astype(np.uint16)


def encoded(number: int = 0, fmt: str = "png", **how: Any) -> bytes:
    return codec.encode(pixels(number, **how), fmt)[0]


def put(path: Path, number: int = 0, **how: Any) -> Path:
    """Write a small picture in the format its suffix names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(number, {"jpg": "jpeg"}.get(path.suffix[1:].lower(), "png"), **how))
    return path


def dataset(root: Path, classes: tuple[str, ...] = ("cat", "dog"), each: int = 2) -> Path:
    """Class folders with PNG and JPEG pictures."""
    for at, name in enumerate(classes):
        for number in range(each):
            put(root / name / f"{name}{number}.{'jpg' if number % 2 else 'png'}", at * 7 + number)
    return root


def run(source: Path, output: Path, what: Recipe | None = None, **options: Any) -> dict[str, Any]:
    """Run in this process unless ``workers`` says otherwise; return the report."""
    return pipeline.run(what or recipe(), source, output, Options(**({"workers": 0} | options)))


def rows(output: Path, name: str = "manifest.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (output / name).read_bytes().splitlines()]


def pictures(output: Path) -> set[str]:
    """Relative paths of all files but the run's own records."""
    own = {"manifest.jsonl", "inputs.jsonl", "report.json", "report.html", storage.CACHE, storage.RUN}
    return {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()} - own


def tree(root: Path, *, times: bool = False) -> dict[str, Any]:
    """Every path below ``root`` with a hash of its content and, if asked, its modification time.

    Workers' lists of names are left out: they are for a run that is killed, and gone when one has ended.
    """
    found: dict[str, Any] = {}
    for path in root.rglob("*"):
        if path.name.startswith(storage.NAMES_PREFIX):
            continue
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        entry = hashlib.sha256(data).hexdigest()
        found[path.relative_to(root).as_posix()] = (
            (entry, path.lstat().st_mtime_ns, path.lstat().st_mode) if times else entry
        )
    return found


def made(output: Path) -> dict[str, str]:
    """The tree without what holds times and the number of workers: the two reports and the cache."""
    return {name: sha for name, sha in tree(output).items() if not name.startswith(("report.", ".augtool-"))}


def turned_jpeg(orientation: int, *, gps: bool = False, icc: bytes | None = None) -> bytes:
    """A 32 x 20 JPEG as a camera writes it: left half red, EXIF orientation, maybe a position."""
    image = Image.new("RGB", (32, 20), (20, 40, 200))
    image.paste((220, 30, 30), (0, 0, 16, 20))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "A camera maker"
    if gps:
        exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    buffer = io.BytesIO()
    extra = {"icc_profile": icc} if icc else {}
    image.save(buffer, "JPEG", quality=95, exif=exif.tobytes(), **extra)
    return buffer.getvalue()
