"""The pictures that are measured, made once from photographs and kept beside the results.

Photographs come from ``$AUGTOOL_REAL_DATA/clothing`` where that is set, else from ``sample_data``, whose
pictures are smaller and are enlarged and grained, so that they cost a decoder what photographs do.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).parent.parent
PHOTOS, LARGE, TINY = 200, 20, 10_000


def photos(home: Path) -> Path:
    """Return the folder of 200 JPEG pictures of 500 x 375 or 375 x 500 pixels, two classes."""
    return _made(home / "photos", lambda at, picture: _fit(picture, 500, at), PHOTOS, "jpg")


def large(home: Path) -> Path:
    """Return the folder of 20 JPEG pictures of 4000 x 3000 pixels: mosaics of nine photographs, grained."""
    return _made(home / "large", _mosaic, LARGE, "jpg")


def tiny(home: Path) -> Path:
    """Return the folder of 10,000 PNG pictures of 32 x 32 pixels, two classes."""

    def cut(at: int, picture: Any) -> Any:
        small = cv2.resize(picture, (96, 96), interpolation=cv2.INTER_AREA)
        y, x = np.random.default_rng(at).integers(0, 64, 2)
        return small[y : y + 32, x : x + 32]

    return _made(home / "tiny", cut, TINY, "png")


def links(home: Path, count: int) -> Path:
    """Return a folder of ``count`` names for the tiny pictures (hard links), to plan large sets with."""
    folder = home / f"links-{count}"
    if not folder.exists():
        sources = sorted(tiny(home).rglob("*.png"))
        for at in range(count):
            place = folder / f"class{at % 2}" / f"{at // 2000:04d}"
            place.mkdir(parents=True, exist_ok=True)
            os.link(sources[at % len(sources)], place / f"{at:07d}.png")
    return folder


def _photographs() -> list[Path]:
    real = os.environ.get("AUGTOOL_REAL_DATA")
    folder = Path(real) / "clothing" if real else ROOT / "sample_data"
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not found:
        raise SystemExit(f"{folder}: no photographs")
    return found


def _made(folder: Path, make: Callable[[int, Any], Any], count: int, kind: str) -> Path:
    if not folder.exists():
        partial = folder.with_name(folder.name + ".partial")
        for at, picture in zip(range(count), _cycle(), strict=False):
            place = partial / f"class{at % 2}"
            place.mkdir(parents=True, exist_ok=True)
            settings = [cv2.IMWRITE_JPEG_QUALITY, 92] if kind == "jpg" else []
            done, data = cv2.imencode(f".{kind}", make(at, picture), settings)
            assert done
            (place / f"{at:05d}.{kind}").write_bytes(data.tobytes())
        partial.rename(folder)
    return folder


def _cycle() -> Iterator[Any]:
    paths = _photographs()
    kept = [cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR) for path in paths]
    while True:
        yield from kept


def _fit(picture: Any, longest: int, seed: int) -> Any:
    """Return a 4:3 or 3:4 part with this longest side; grained where it had to be enlarged."""
    h, w = picture.shape[:2]
    tall = h > w
    long, short = max(h, w), min(h, w)
    side = min(long, short * 4 // 3)
    part = picture[:side, : side * 3 // 4] if tall else picture[: side * 3 // 4, :side]
    size = (longest * 3 // 4, longest) if tall else (longest, longest * 3 // 4)
    how = cv2.INTER_AREA if side >= longest else cv2.INTER_CUBIC
    fitted = cv2.resize(part, size, interpolation=how)
    return fitted if side >= longest else _grained(fitted, seed)


def _grained(picture: Any, seed: int) -> Any:
    grain = np.random.default_rng(seed).normal(0, 4, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def _mosaic(at: int, picture: Any) -> Any:
    h, w = picture.shape[:2]
    side = min(h, w)
    tile = cv2.resize(picture[:side, :side], (1334, 1000), interpolation=cv2.INTER_CUBIC)
    turned = [tile, tile[:, ::-1], tile[::-1]]
    rows = [np.hstack([turned[(row + column) % 3] for column in range(3)]) for row in range(3)]
    return _grained(np.vstack(rows)[:, :4000], at)
