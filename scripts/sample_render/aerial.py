"""The ground from above, the sun in the upper left: fields, a road with cars, houses among trees."""

from __future__ import annotations

import cv2
import numpy as np

from .field import Array, fbm, grid, noise

SCALE = 2  # drawn this much larger, then averaged down
_FADE = np.float32(2.2)

_CROPS = np.array(
    [
        (142, 152, 70),
        (96, 132, 62),
        (196, 176, 108),
        (122, 96, 68),
        (170, 164, 84),
        (78, 112, 56),
        (208, 192, 128),
        (150, 120, 84),
    ],
    np.float32,
)


def _blank(side: int, colour: tuple[float, float, float], rough: float = 0.35) -> Array:
    """Return textured open ground in display values 0 to 255, shape (side, side, 3)."""
    xs, ys = grid(side, side)
    cloud = fbm(xs / 120, ys / 120, 5) + 0.5 * (noise(xs / 3, ys / 3) - 0.5)
    return np.asarray(np.array(colour, np.float32) * (1 - rough / 2 + rough * cloud[..., None]), np.float32)


def _finish(canvas: Array, shade: Array, side: int) -> Array:
    """Darken by the shadow layer (0 none, 1 full), average down and return linear light."""
    dark = cv2.GaussianBlur(shade, (0, 0), 2.0)[..., None]
    lit = canvas * (1 - dark * np.array([0.62, 0.58, 0.5], np.float32))
    linear = (np.clip(lit, 0, 255) / 255).astype(np.float32) ** _FADE
    return np.asarray(cv2.resize(linear, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def _tree(
    canvas: Array, shade: Array, at: tuple[float, float], radius: float, rng: np.random.Generator
) -> None:
    x, y = at
    cv2.ellipse(
        shade,
        (int(x + radius * 0.7), int(y + radius * 0.7)),
        (int(radius * 1.15), int(radius * 0.9)),
        45,
        0,
        360,
        1.0,
        -1,
    )
    tone = rng.uniform(0.8, 1.15)
    clumps = int(34 + radius)
    for k in range(clumps):
        angle, reach = (
            rng.uniform(0, 2 * np.pi),
            radius * 0.85 * np.sqrt(rng.random()) * (1 - 0.35 * k / clumps),
        )
        dx, dy = reach * np.cos(angle), reach * np.sin(angle)
        lit = tone * (0.62 + 0.5 * k / clumps - 0.32 * (dx + dy) / radius)
        colour = (66 * lit, 96 * lit, 44 * lit)
        size = max(2, int(radius * rng.uniform(0.14, 0.3)))
        cv2.circle(canvas, (int(x + dx), int(y + dy)), size, colour, -1, cv2.LINE_AA)
        # A crown stands above the shadows on the ground.
        cv2.circle(shade, (int(x + dx), int(y + dy)), size, 0.0, -1)


def _corners(cx: float, cy: float, half: tuple[float, float], degrees: float) -> Array:
    a = np.radians(degrees)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    box = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    return np.asarray(box @ turn + (cx, cy), np.float32)


def _fill(canvas: Array, points: Array, colour: tuple[float, ...] | float) -> None:
    cv2.fillPoly(canvas, [np.round(points * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)


def fields(rng: np.random.Generator, side: int) -> Array:
    """Return a patchwork of crops with tractor tracks, hedges, a lane and a pond."""
    full = side * SCALE
    xs, ys = grid(full, full)
    a = np.radians(rng.uniform(12, 24))
    wob = 26 * (fbm(xs / 170, ys / 170, 3) - 0.5)
    u, v = xs * np.cos(a) + ys * np.sin(a) + wob, -xs * np.sin(a) + ys * np.cos(a) + wob
    column = np.floor(u / 262)
    cut = v / (190 + 90 * np.mod(column * 0.618, 1)) + column * 0.37
    row = np.floor(cut)
    ident = (np.mod(column * 5 + row * 3, 8)).astype(int)
    canvas = _CROPS[ident] * (0.84 + 0.32 * fbm(xs / 60, ys / 60, 5))[..., None]
    along = np.where(ident % 2 == 0, u, v)
    canvas *= (1 + 0.07 * np.sin(along * (0.5 + 0.1 * (ident % 3))))[..., None]
    canvas *= (1 - 0.22 * (np.mod(along, 58) < 3.4))[..., None]
    edge_u, edge_v = u / 262 - column, cut - row
    hedge = (np.minimum(edge_u, 1 - edge_u) * 262 < 5) | (np.minimum(edge_v, 1 - edge_v) * 220 < 4)
    canvas[hedge] = np.array([70, 92, 48]) * (0.7 + 0.5 * noise(xs / 5, ys / 5)[hedge])[:, None]
    lane = np.abs(v - 520 - 30 * np.sin(u / 160)) < 11
    canvas[lane] = np.array([196, 182, 156]) * (0.85 + 0.25 * noise(xs / 6, ys / 6)[lane])[:, None]
    shade = np.zeros((full, full), np.float32)
    pond = np.hypot((xs - 760) / 1.5, ys - 250) + 34 * (fbm(xs / 60, ys / 60, 3) - 0.5)
    canvas[pond < 62] = (112, 124, 84)
    canvas[pond < 54] = (62, 92, 106) + 14 * noise(xs / 9, ys / 30)[pond < 54][:, None]
    canvas = np.ascontiguousarray(canvas, np.float32)
    spots = np.argwhere(hedge & ~lane & (pond > 96))
    for k in rng.integers(0, len(spots), 46):
        _tree(canvas, shade, (float(spots[k][1]), float(spots[k][0])), float(rng.uniform(9, 22)), rng)
    return _finish(canvas, shade, side)


def _car(
    canvas: Array, shade: Array, at: tuple[float, float], heading: float, rng: np.random.Generator
) -> None:
    paints = ((188, 40, 38), (236, 236, 232), (40, 44, 52), (54, 92, 158), (170, 174, 178), (216, 180, 60))
    colour = paints[int(rng.integers(len(paints)))]
    a = np.radians(heading)
    ahead = np.array([np.cos(a), -np.sin(a)])
    x, y = at
    long = float(rng.uniform(25, 30))
    _fill(shade, _corners(x + 6, y + 6, (long, 12), heading), 1.0)
    _fill(shade, _corners(x, y, (long, 12), heading), 0.0)
    _fill(canvas, _corners(x, y, (long, 10), heading), tuple(0.86 * c for c in colour))
    _fill(canvas, _corners(x, y, (long - 3, 12), heading), colour)
    for shift, half in ((0.26 * long, 4.5), (-0.62 * long, 3.5)):
        _fill(
            canvas, _corners(x + ahead[0] * shift, y + ahead[1] * shift, (half, 9.5), heading), (34, 40, 50)
        )
    roof = tuple(min(255, 1.12 * c + 8) for c in colour)
    _fill(
        canvas,
        _corners(x - ahead[0] * 0.17 * long, y - ahead[1] * 0.17 * long, (0.3 * long, 9), heading),
        roof,
    )


def road(rng: np.random.Generator, side: int) -> Array:
    """Return a four-lane road with cars, a side road, verges and trees."""
    full = side * SCALE
    xs, ys = grid(full, full)
    canvas, shade = _blank(full, (112, 134, 72)), np.zeros((full, full), np.float32)
    heading = float(rng.uniform(18, 28))
    a = np.radians(heading)
    along, off = (
        (xs - 512) * np.cos(a) - (ys - 540) * np.sin(a),
        (xs - 512) * np.sin(a) + (ys - 540) * np.cos(a),
    )
    asphalt = (
        np.array([104, 104, 108])
        * (0.86 + 0.24 * fbm(xs / 30, ys / 30, 4) + 0.1 * noise(xs / 2, ys / 2))[..., None]
    )
    branch = (np.abs(along + 150) < 44) & (off < 0)
    canvas[(np.abs(off) < 128) | ((np.abs(along + 150) < 56) & (off < 0))] = (168, 158, 134)
    tar = (np.abs(off) < 114) | branch
    canvas[tar] = asphalt[tar]
    line = (np.abs(np.abs(off) - 106) < 2.5) & ~(branch & (off < -90))
    line |= (np.abs(np.abs(off) - 54) < 2.2) & (np.mod(along, 74) < 36)
    line |= np.abs(np.abs(off) - 4.5) < 2
    line |= (np.abs(along + 150) < 2) & (off < -124) & (np.mod(off, 60) < 30)
    canvas[line & tar] = (232, 230, 222)
    canvas = np.ascontiguousarray(canvas, np.float32)
    for lane in (-81, -29, 29, 81):
        start = float(rng.uniform(-560, -430))
        while start < 560:
            at = (512 + start * np.cos(a) + lane * np.sin(a), 540 - start * np.sin(a) + lane * np.cos(a))
            _car(canvas, shade, at, heading + (0 if lane > 0 else 180) + float(rng.uniform(-1.5, 1.5)), rng)
            start += float(rng.uniform(130, 330))
    for _ in range(64):
        x, y = (float(c) for c in rng.uniform(0, full, 2))
        if abs(off[int(y), int(x)]) > 178 and not (
            abs(along[int(y), int(x)] + 150) < 100 and off[int(y), int(x)] < 0
        ):
            _tree(canvas, shade, (x, y), float(rng.uniform(20, 46)), rng)
    return _finish(canvas, shade, side)


def _house(
    canvas: Array, shade: Array, at: tuple[float, float], heading: float, rng: np.random.Generator
) -> None:
    tiles = ((172, 92, 66), (150, 76, 60), (116, 108, 106), (186, 120, 84))
    base = np.array(tiles[int(rng.integers(len(tiles)))], np.float32)
    half = (float(rng.uniform(66, 84)), float(rng.uniform(44, 54)))
    body = _corners(*at, half, heading)
    for k in range(0, 26, 2):
        _fill(shade, body + k, 1.0)
    a = np.radians(heading)
    side = np.array([np.sin(a), np.cos(a)])
    side *= np.sign(side.sum())
    for sign, lit in ((-1, 1.18), (1, 0.72)):
        middle = np.array(at) + side * sign * half[1] / 2
        plane = _corners(float(middle[0]), float(middle[1]), (half[0], half[1] / 2), heading)
        _fill(canvas, plane, tuple(float(c) for c in base * lit))
        for t in np.linspace(0.1, 0.95, 8):
            ends = (
                np.array(at)
                + side * sign * half[1] * t
                + np.array([[np.cos(a), -np.sin(a)]]) * [[-half[0]], [half[0]]]
            )
            line = np.round(ends * 16).astype(int)
            cv2.line(
                canvas,
                tuple(map(int, line[0])),
                tuple(map(int, line[1])),
                tuple(float(c) for c in base * lit * 0.86),
                2,
                cv2.LINE_AA,
                4,
            )
    _fill(shade, body, 0.0)
    stack = np.array(at) + np.array([np.cos(a), -np.sin(a)]) * half[0] * 0.5 - side * 12
    _fill(shade, _corners(float(stack[0] + 8), float(stack[1] + 8), (10, 8), heading), 0.9)
    _fill(shade, _corners(float(stack[0]), float(stack[1]), (8, 8), heading), 0.0)
    _fill(canvas, _corners(float(stack[0]), float(stack[1]), (8, 8), heading), (150, 132, 122))


def houses(rng: np.random.Generator, side: int) -> Array:
    """Return a street of houses with drives, lawns, a pool and trees."""
    full = side * SCALE
    canvas, shade = _blank(full, (118, 144, 76)), np.zeros((full, full), np.float32)
    xs, ys = grid(full, full)
    bend = 512 + 46 * np.sin(xs / 300)
    gap = np.abs(ys - bend)
    canvas[gap < 74] = np.array([186, 180, 170])
    tar = gap < 54
    canvas[tar] = np.array([116, 116, 120]) * (0.85 + 0.25 * fbm(xs / 24, ys / 24, 4)[tar])[:, None]
    canvas[(gap < 2.5) & (np.mod(xs, 70) < 34)] = (226, 224, 216)
    canvas = np.ascontiguousarray(canvas, np.float32)
    taken: list[tuple[float, float]] = []
    for k in range(8):
        x = 130.0 + 254 * (k % 4) + float(rng.uniform(-16, 16))
        up = -1 if k < 4 else 1
        y = 512 + 46 * np.sin(x / 300) + up * float(rng.uniform(226, 250))
        _fill(
            canvas,
            np.array([[x + 30, y], [x + 62, y], [x + 62, y - up * 180], [x + 30, y - up * 180]], np.float32),
            (190, 178, 160),
        )
        _house(canvas, shade, (x, y), float(rng.uniform(-9, 9)) + 90 * int(rng.random() < 0.2), rng)
        if rng.random() < 0.6:
            _car(canvas, shade, (x + 46, y - up * 132), 90.0, rng)
        taken.append((x, y))
    _fill(canvas, _corners(190, 84, (66, 34), 8), (222, 214, 200))
    _fill(canvas, _corners(190, 84, (56, 25), 8), (84, 178, 200))
    for x in (90.0, 420.0, 700.0):
        _car(canvas, shade, (x, float(512 + 46 * np.sin(x / 300) + 27)), -8.0 * float(np.cos(x / 300)), rng)
    for _ in range(110):
        x, y = (float(c) for c in rng.uniform(0, full, 2))
        clear = all(abs(x - a) > 104 or abs(y - b) > 88 for a, b in [*taken, (190.0, 84.0)])
        drive = any(30 < x - a + 20 < 112 and abs(y - 512) < abs(b - 512) for a, b in taken)
        if clear and not drive and abs(y - 512 - 46 * np.sin(x / 300)) > 106:
            _tree(canvas, shade, (x, y), float(rng.uniform(16, 38)), rng)
    return _finish(canvas, shade, side)
