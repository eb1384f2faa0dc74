"""Things to photograph: distance functions and paint, in local units, standing on z = 0."""

from __future__ import annotations

import numpy as np

from .engine import Thing
from .field import Array, F, blend, fbm, noise, rgb, step


def rotation(yaw: float, tilt: float = 0.0, roll: float = 0.0) -> Array:
    """Return a rotation matrix: roll about x, then tilt about y, then yaw about z, in degrees."""
    (cy, sy), (ct, st), (cr, sr) = ((np.cos(a), np.sin(a)) for a in np.radians([yaw, tilt, roll]))
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    about_y = np.array([[ct, 0, st], [0, 1, 0], [-st, 0, ct]])
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    return np.asarray(about_z @ about_y @ about_x, np.float32)


def join(a: Array, b: Array, k: float) -> Array:
    """Return the union of two distances with a fillet of radius about ``k``."""
    h = np.clip(0.5 + 0.5 * (b - a) / F(k), 0, 1)
    return np.asarray(b + (a - b) * h - F(k) * h * (1 - h), np.float32)


def box2(a: Array, b: Array, half_a: float, half_b: float, edge: float) -> Array:
    """Return the distance to a flat rectangle of the given half sides with rounded corners."""
    qa, qb = np.abs(a) - F(half_a - edge), np.abs(b) - F(half_b - edge)
    outside = np.hypot(np.maximum(qa, 0), np.maximum(qb, 0))
    return np.asarray(outside + np.minimum(np.maximum(qa, qb), 0) - F(edge), np.float32)


def box3(p: tuple[Array, Array, Array], half: tuple[float, float, float], edge: float) -> Array:
    """Return the distance to a block of the given half sides with rounded edges."""
    q = [np.abs(a) - F(h - edge) for a, h in zip(p, half, strict=True)]
    outside = np.sqrt(sum(np.maximum(a, 0) ** 2 for a in q))
    return np.asarray(outside + np.minimum(np.maximum(q[0], np.maximum(q[1], q[2])), 0) - F(edge), np.float32)


def stick(p: tuple[Array, Array, Array], a: tuple[float, ...], b: tuple[float, ...], radius: float) -> Array:
    """Return the distance to a round stick from ``a`` to ``b``."""
    d = [y - x for x, y in zip(a, b, strict=True)]
    q = [c - F(x) for c, x in zip(p, a, strict=True)]
    h = np.clip((q[0] * d[0] + q[1] * d[1] + q[2] * d[2]) / F(sum(x * x for x in d)), 0, 1)
    return np.asarray(
        np.sqrt(sum((c - h * F(x)) ** 2 for c, x in zip(q, d, strict=True))) - F(radius), np.float32
    )


def mug(rng: np.random.Generator) -> Thing:
    """Return a glazed mug with a handle towards +x, sometimes banded, sometimes full of coffee."""
    glazes = [(186, 52, 44), (42, 92, 150), (232, 226, 214), (60, 128, 108), (222, 160, 48), (84, 84, 98)]
    glaze = rgb(*glazes[int(rng.integers(len(glazes)))])
    band = rgb(*glazes[int(rng.integers(len(glazes)))])
    style, full = int(rng.integers(3)), bool(rng.random() < 0.6)

    def distance(x: Array, y: Array, z: Array) -> Array:
        r = np.hypot(x, y)
        outer = box2(r, z - F(0.5), 0.42, 0.5, 0.05)
        hollow = box2(r, z - F(0.86), 0.37, 0.80, 0.05)
        wall = -join(-outer, hollow, 0.02)
        ring = np.hypot(x - F(0.44), np.maximum(np.abs(z - F(0.52)) - F(0.1), 0)) - F(0.2)
        handle = np.maximum(np.hypot(ring, y * F(0.72)) - F(0.05), F(0.385) - r)
        body = join(wall, handle, 0.03)
        if full:
            body = np.minimum(body, np.maximum(r - F(0.372), np.abs(z - F(0.82)) - F(0.012)))
        return body * F(0.95)

    def paint(x: Array, y: Array, z: Array) -> Array:
        r = np.hypot(x, y)
        speck = 0.92 + 0.14 * noise(x * 40 + z * 31, y * 40 + z * 17)
        colour = np.broadcast_to(glaze, (3, x.size))
        if style == 0:
            colour = blend(
                colour, band, step(0.3, 0.31, z) * (1 - step(0.62, 0.63, z)) * (1 - step(0.43, 0.44, r))
            )
        elif style == 1:
            colour = blend(colour, rgb(214, 196, 168), 1 - step(0.24, 0.26, z + 0.03 * noise(x * 9, y * 9)))
        inside = (r < 0.385) & (z > 0.05)
        colour = np.where(inside, rgb(240, 234, 222), colour * speck)
        coffee = inside & (np.abs(z - 0.82) < 0.02) & (r < 0.364) & full
        brown = blend(rgb(58, 30, 16), rgb(150, 98, 56), step(0.30, 0.36, r))
        return np.asarray(np.where(coffee, brown, colour), np.float32)

    return Thing("mug", distance, paint, (0.1, 0.0, 0.5, 0.79), gloss=0.9)


def apple(rng: np.random.Generator) -> Thing:
    """Return an apple: red, green or yellow with streaks, freckles and a bent stem."""
    kinds = [
        ((178, 24, 30), (222, 150, 60)),
        ((120, 164, 44), (176, 190, 70)),
        ((214, 176, 52), (216, 126, 52)),
        ((150, 16, 34), (196, 60, 44)),
    ]
    main, blush = (rgb(*c) for c in kinds[int(rng.integers(len(kinds)))])
    lean_x, lean_y = rng.uniform(-0.08, 0.08, 2)
    shift = float(rng.uniform(0, 200))

    def parts(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        angle, h = np.arctan2(y, x), z - F(0.347)
        r = np.hypot(x, y) * (1 - F(0.36) * h) * (1 - F(0.012) * np.cos(5 * angle) * (h - F(0.3)))
        body = (np.hypot(r - F(0.15), h * F(0.92)) - F(0.32)) * F(0.8)
        return body, stick((x, y, z), (0, 0, 0.5), (lean_x, lean_y, 0.86), 0.017)

    def distance(x: Array, y: Array, z: Array) -> Array:
        body, stem = parts(x, y, z)
        return np.minimum(body, stem)

    def paint(x: Array, y: Array, z: Array) -> Array:
        body, stem = parts(x, y, z)
        angle, r = np.arctan2(y, x), np.hypot(x, y)
        streak = fbm(np.cos(angle) * 9 + F(shift), np.sin(angle) * 9 + z, 4)
        colour = blend(
            main, blush, step(0.45, 1.15, streak + 0.36 * np.cos(angle + F(shift)) + 0.3 * (z - 0.4))
        )
        colour = blend(colour, rgb(190, 180, 80), (1 - step(0.02, 0.17, r)) * 0.8)
        freckle = step(0.86, 0.97, noise(angle * 26, z * 52 + F(shift)))
        colour = blend(colour, rgb(230, 205, 150), freckle * 0.45)
        bark = rgb(86, 58, 34) * (0.7 + 0.6 * noise(z * 60, x * 60))
        return np.asarray(np.where(stem < body, bark, colour), np.float32)

    return Thing("apple", distance, paint, (0.0, 0.0, 0.38, 0.60), gloss=0.55)


# A leaf's blade and its veins, summer and autumn.
_FOLIAGE = (
    ((58, 112, 40), (150, 176, 92)),
    ((84, 140, 48), (178, 196, 110)),
    ((196, 112, 30), (240, 190, 80)),
    ((168, 46, 28), (226, 130, 60)),
    ((206, 168, 50), (238, 216, 130)),
)


def leaf(rng: np.random.Generator) -> Thing:
    """Return a pointed, toothed, slightly curled leaf lying along x, in summer or autumn colours."""
    blade, vein = (rgb(*c) for c in _FOLIAGE[int(rng.integers(len(_FOLIAGE)))])
    curl, fold, broad = (float(c) for c in rng.uniform((0.12, 0.15, 0.27), (0.4, 0.4, 0.37)))
    shift = float(rng.uniform(0, 200))

    def half(s: Array) -> Array:
        t = np.clip(s, 1e-4, 1)
        tooth = 0.022 * (1 - np.mod(t * 17, 1)) * np.sin(np.pi * t)
        return np.asarray(broad * np.maximum(np.sin(np.pi * t ** F(0.72)), 0) ** F(0.85) + tooth, np.float32)

    def height(x: Array, y: Array) -> Array:
        bent = 0.03 + 0.6 * curl * x * x + 0.8 * fold * np.abs(y)
        return np.asarray(bent + 0.02 * np.sin(x * 11 + shift), np.float32)

    def distance(x: Array, y: Array, z: Array) -> Array:
        rise = np.abs(z - height(np.clip(x, -0.7, 0.7), np.clip(y, -0.5, 0.5)))
        edge = np.maximum(np.abs(y) - half((x + F(0.6)) / F(1.2)), np.abs(x) - F(0.6))
        flat = np.maximum(edge * F(0.55), (rise - F(0.008)) * F(0.75))
        end = 0.03 + curl * 0.25
        stalk = stick((x, y, z), (-0.98, 0.05, 0.03), (-0.58, 0, end), 0.017)
        return np.asarray(np.minimum(flat, stalk), np.float32)

    def paint(x: Array, y: Array, _: Array) -> Array:
        s = (x + 0.6) / 1.2
        across = np.abs(y)
        phase = np.mod((x - across * 0.75) * 8.5 + F(shift), 1)
        side = np.exp(-(((phase - 0.5) / 0.07) ** 2)) * 0.75
        rib = np.exp(-((across / (0.008 + 0.014 * (1 - s))) ** 2))
        blotch = fbm(x * 5 + F(shift), y * 5, 4)
        colour = blade * (0.65 + 0.75 * blotch)
        colour = blend(colour, rgb(150, 92, 38), step(0.6, 0.8, blotch) * 0.55)
        colour = blend(colour, blade * 0.5, step(-0.05, 0.0, across - half(s)) * 0.6)
        return blend(colour, vein, np.clip(np.maximum(side, rib), 0, 1))

    return Thing("leaf", distance, paint, (-0.18, 0.0, 0.1, 0.85), gloss=0.35)


def key(rng: np.random.Generator) -> Thing:
    """Return a metal key lying flat along x, with a bow, cut teeth, a groove and a ring."""
    metal = rgb(*[(214, 168, 84), (200, 202, 208), (196, 130, 92)][int(rng.integers(3))])
    cuts = rng.uniform(0.02, 0.085, 6)
    square, ring_turn = bool(rng.random() < 0.4), float(rng.uniform(-0.5, 0.5))

    def outline(x: Array, y: Array) -> Array:
        bow = box2(x, y, 0.25, 0.25, 0.1) if square else np.hypot(x, y * F(0.88)) - F(0.26)
        bow = np.maximum(bow, F(0.085) - np.hypot(x + F(0.1), y))
        blade = box2(x - F(0.62), y - F(0.01), 0.42, 0.075, 0.02)
        for k, depth in enumerate(cuts):
            notch = np.abs(x - F(0.45 + 0.09 * k)) * F(0.75) + (y + F(0.065 - depth)) * F(0.66)
            blade = np.maximum(blade, -notch)
        return np.minimum(join(bow, box2(x - F(0.28), y, 0.06, 0.12, 0.02), 0.03), blade)

    def parts(x: Array, y: Array, z: Array) -> tuple[Array, Array]:
        d2, thick = outline(x, y), np.abs(z - F(0.05)) - F(0.032)
        qa, qb = d2 + F(0.012), thick + F(0.012)
        body = np.hypot(np.maximum(qa, 0), np.maximum(qb, 0)) + np.minimum(np.maximum(qa, qb), 0) - F(0.012)
        groove = np.maximum(box2(x - F(0.66), y - F(0.025), 0.34, 0.014, 0.01), F(0.068) - z)
        body = np.maximum(body, -groove)
        u, v = x + F(0.33), y - F(ring_turn * 0.1)
        tilt = z - F(0.075) - F(0.06) * u
        loop = np.hypot(np.hypot(u, v) - F(0.22), tilt) - F(0.019)
        return body * F(0.9), loop * F(0.9)

    def distance(x: Array, y: Array, z: Array) -> Array:
        return np.minimum(*parts(x, y, z))

    def paint(x: Array, y: Array, z: Array) -> Array:
        worn = 0.62 + 0.3 * fbm(x * 6, y * 6, 3) + 0.2 * noise(x * 8, y * 130)
        body, loop = parts(x, y, z)
        steel = np.where(loop < body, rgb(190, 192, 196), metal)
        return np.asarray(steel * worn, np.float32)

    return Thing("key", distance, paint, (0.24, 0.0, 0.05, 0.88), gloss=1.0, metal=True)
