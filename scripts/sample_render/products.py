"""Products for the studio: a bottle with a label, a printed box and a wooden chair."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .engine import Thing
from .field import Array, F, blend, fbm, rgb, step
from .things import box3, rotation


def _printed(
    size: tuple[int, int],
    paper: tuple[int, int, int],
    lines: list[tuple[str, int, int]],
    ink: tuple[int, int, int],
) -> Array:
    """Return a label in linear light (height, width, 3): centred lines of (text, font size, y)."""
    image = Image.new("RGB", size, paper)
    pen = ImageDraw.Draw(image)
    for text, points, y in lines:
        pen.text((size[0] / 2, y), text, fill=ink, font=ImageFont.load_default(size=points), anchor="mm")
    return (np.asarray(image, np.float32) / 255) ** F(2.2)


def _look_up(texture: Array, u: Array, v: Array) -> Array:
    """Return the texture's colour at u (right) and v (down), both in [0, 1], shape (3, N)."""
    high, wide = texture.shape[:2]
    xs = np.clip(u * wide - 0.5, 0, wide - 1).astype(np.float32).reshape(1, -1)
    ys = np.clip(v * high - 0.5, 0, high - 1).astype(np.float32).reshape(1, -1)
    # cv2.remap takes at most 32767 columns, so long lists go through it in rows.
    columns = 8192
    pad = -xs.size % columns
    shape = (-1, columns)
    xs, ys = (np.pad(c[0], (0, pad)).reshape(shape) for c in (xs, ys))
    found = cv2.remap(texture, xs, ys, cv2.INTER_LINEAR).reshape(-1, 3)
    return np.ascontiguousarray(found[: found.shape[0] - pad].T)


def _sticker() -> Array:
    """Return the bottle's label, with a red rule above and below."""
    label = _printed(
        (600, 360),
        (244, 238, 222),
        [("ORCHARD", 84, 110), ("pressed apple juice", 38, 190), ("750 ml", 30, 290)],
        (44, 84, 50),
    )
    label[30:36], label[-36:-30] = rgb(170, 60, 40).T, rgb(170, 60, 40).T
    return label


def bottle(rng: np.random.Generator) -> Thing:
    """Return a green glass bottle with a paper label and a cap."""
    label = _sticker()

    def profile(z: Array) -> Array:
        return np.asarray(0.25 - 0.165 * step(0.72, 1.02, z) + 0.012 * step(1.2, 1.21, z), np.float32)

    def distance(x: Array, y: Array, z: Array) -> Array:
        r = np.hypot(x, y)
        side = (r - profile(z)) * F(0.7)
        ends = np.abs(z - F(0.67)) - F(0.67)
        qa, qb = side + F(0.03), ends + F(0.03)
        return np.asarray(
            np.hypot(np.maximum(qa, 0), np.maximum(qb, 0)) + np.minimum(np.maximum(qa, qb), 0) - F(0.03),
            np.float32,
        )

    def paint(x: Array, y: Array, z: Array) -> Array:
        angle = np.arctan2(x, -y)
        glow = step(0.2, 1.0, np.abs(np.sin(angle))) * 0.7
        glass = blend(rgb(28, 62, 30), rgb(120, 168, 84), glow)
        glass = blend(glass, rgb(72, 120, 52), step(0.86, 0.84, z) * 0.4)
        sticker = _look_up(label, angle / 2.6 + 0.5, (0.62 - z) / 0.42)
        on = (np.abs(angle) < 1.3) & (z > 0.2) & (z < 0.62)
        cap = rgb(176, 60, 44) * (0.8 + 0.2 * np.sin(angle * 40) ** 2)
        return np.asarray(np.where(z > 1.2, cap, np.where(on, sticker, glass)), np.float32)

    return Thing(
        "bottle",
        distance,
        paint,
        (0.0, 0.0, 0.67, 0.73),
        gloss=0.95,
        turn=rotation(float(rng.uniform(-16, 16))),
    )


def box(rng: np.random.Generator) -> Thing:
    """Return a carton of tea, printed on its front and side."""
    front = _printed(
        (420, 560),
        (40, 108, 96),
        [("GREEN TEA", 66, 110), ("with lemon", 40, 175), ("20 bags", 36, 500)],
        (246, 238, 214),
    )
    leaf = np.zeros((560, 420), np.uint8)
    for turn in (-50, 0, 50):
        cv2.ellipse(leaf, (210 + turn, 335), (38, 105), turn * 0.7, 0, 360, 255, -1, cv2.LINE_AA)
    front = np.asarray(front + (rgb(196, 214, 92).T - front) * (leaf[..., None] / F(255)), np.float32)
    side = _printed(
        (240, 560),
        (32, 90, 80),
        [
            ("INGREDIENTS", 26, 120),
            ("green tea 92 %", 22, 170),
            ("lemon peel 8 %", 22, 205),
            ("Steep 3 minutes", 22, 300),
            ("at 80 degrees", 22, 335),
        ],
        (230, 226, 206),
    )

    def distance(x: Array, y: Array, z: Array) -> Array:
        return box3((x, y, z - F(0.6)), (0.45, 0.26, 0.6), 0.018)

    def paint(x: Array, y: Array, z: Array) -> Array:
        down = (1.2 - z) / 1.2
        on_front, on_side = y < -0.2595 + 0.004, np.abs(x) > 0.4465
        faces = np.where(on_side, _look_up(side, (y * np.sign(x) + 0.26) / 0.52, down), rgb(32, 90, 80))
        faces = np.where(on_front, _look_up(front, (x + 0.45) / 0.9, down), faces)
        flap = np.exp(-((y / 0.006) ** 2)) * (z > 1.19)
        return np.asarray(faces * (1 - 0.6 * flap), np.float32)

    return Thing(
        "box", distance, paint, (0.0, 0.0, 0.6, 0.80), gloss=0.35, turn=rotation(float(rng.uniform(24, 34)))
    )


def chair(rng: np.random.Generator) -> Thing:
    """Return a wooden chair with a slatted back and a red cushion."""
    legs = ((-0.34, -0.32, 0.32), (0.34, -0.32, 0.32), (-0.34, 0.32, 0.72), (0.34, 0.32, 0.72))

    def parts(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        lean = y - F(0.16) * np.maximum(z - F(0.62), 0)
        frame = box3((x, y, z - F(0.62)), (0.40, 0.38, 0.03), 0.02)
        for lx, ly, half in legs:
            frame = np.minimum(
                frame, box3((x - F(lx), lean - F(ly), z - F(half)), (0.035, 0.035, half), 0.012)
            )
        for height in (0.92, 1.12, 1.34):
            bar = box3((x, lean - F(0.32), z - F(height)), (0.34, 0.018, 0.06), 0.015)
            frame = np.minimum(frame, bar)
        for side in (-0.32, 0.32):
            frame = np.minimum(frame, box3((x, y - F(side), z - F(0.26)), (0.32, 0.016, 0.022), 0.01))
            frame = np.minimum(frame, box3((x - F(side * 1.06), y, z - F(0.34)), (0.016, 0.3, 0.022), 0.01))
        return frame * F(0.92), box3((x, y + F(0.02), z - F(0.685)), (0.34, 0.32, 0.045), 0.044)

    def distance(x: Array, y: Array, z: Array) -> Array:
        return np.minimum(*parts(x, y, z))

    def paint(x: Array, y: Array, z: Array) -> Array:
        frame, cushion = parts(x, y, z)
        grain = fbm((x + y) * 16, z * 3 + x * 4, 4)
        timber = blend(rgb(176, 122, 72), rgb(120, 76, 42), step(0.3, 0.75, grain))
        weave = 0.85 + 0.15 * np.sin(x * 130) * np.sin(y * 130)
        return np.asarray(np.where(cushion < frame, rgb(178, 54, 48) * weave, timber), np.float32)

    return Thing(
        "chair",
        distance,
        paint,
        (0.0, 0.08, 0.72, 0.95),
        gloss=0.3,
        size=0.9,
        turn=rotation(float(rng.uniform(-38, -28))),
    )
