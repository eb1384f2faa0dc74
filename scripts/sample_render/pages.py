"""Paper pages photographed on a desk: a receipt, a letter and a form."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .field import Array, fbm, grid, roll_off
from .grounds import wood

_INK = (38, 38, 46)
_LETTER = """Dear Mrs Carter,

thank you for your order of the fourth of March. The six
oak chairs left our workshop this morning and should
reach you on Thursday between nine and noon. The driver
will ring you half an hour before he arrives.

You asked whether the seats can be oiled at home. They
can: rub them with a soft cloth and a little linseed oil
twice a year, and keep them away from the heater. Small
scratches disappear if you sand along the grain first.

The round table needs another week, because the second
coat of varnish has to dry. We will write again as soon
as it is ready, and we will not charge you a second time
for delivery. If the date does not suit you, please call
the office any weekday before five.

We hope that you will enjoy the chairs for many years.

With kind regards,"""
_GOODS = [
    ("Wholemeal bread", "2.80"),
    ("Milk 1 l         2 x 1.15", "2.30"),
    ("Apples 1.2 kg", "3.48"),
    ("Tomatoes 0.5 kg", "1.95"),
    ("Butter 250 g", "2.49"),
    ("Coffee beans", "7.90"),
    ("Orange juice", "2.20"),
    ("Eggs, ten", "3.15"),
]
_ROWS = [
    ("1", "Desk lamp, brass", "2", "34.00", "68.00"),
    ("2", "Notebook A5, lined", "12", "3.50", "42.00"),
    ("3", "Pencils, box of ten", "4", "5.20", "20.80"),
    ("4", "Paper clips, large", "3", "1.90", "5.70"),
    ("5", "Envelopes, white", "5", "4.10", "20.50"),
]


def _font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=points)


def receipt() -> Image.Image:
    """Return a till receipt, 620 x 1400."""
    page = Image.new("RGB", (620, 1400), (250, 249, 246))
    pen = ImageDraw.Draw(page)
    for text, points, y in (
        ("CORNER MARKET", 58, 90),
        ("14 Mill Lane, Ashford", 32, 155),
        ("Tel. 555 0142", 32, 198),
    ):
        pen.text((310, y), text, fill=_INK, font=_font(points), anchor="mm")
    y = 270
    pen.line((40, y, 580, y), fill=_INK, width=3)
    for name, price in _GOODS:
        y += 66
        pen.text((44, y), name, fill=_INK, font=_font(34), anchor="lm")
        pen.text((576, y), price, fill=_INK, font=_font(34), anchor="rm")
    pen.line((40, y + 48, 580, y + 48), fill=_INK, width=3)
    for name, price, points in (("TOTAL", "26.27", 52), ("Cash", "30.00", 34), ("Change", "3.73", 34)):
        y += 92 if points == 52 else 66
        pen.text((44, y), name, fill=_INK, font=_font(points), anchor="lm")
        pen.text((576, y), price, fill=_INK, font=_font(points), anchor="rm")
    pen.text((310, y + 90), "12 March  10:42  till 3", fill=_INK, font=_font(30), anchor="mm")
    pen.text((310, y + 140), "Thank you, come again!", fill=_INK, font=_font(36), anchor="mm")
    x = 90
    for k, code in enumerate("21312213112321221313212211323121"):
        if k % 2 == 0:
            pen.rectangle((x, y + 190, x + 6 * int(code), y + 290), fill=_INK)
        x += 7 * int(code)
    return page


def letter() -> Image.Image:
    """Return a typed letter, 1100 x 1480."""
    page = Image.new("RGB", (1100, 1480), (248, 246, 238))
    pen = ImageDraw.Draw(page)
    pen.text((100, 120), "Hollis & Sons, Joiners", fill=(120, 40, 30), font=_font(54), anchor="lm")
    pen.line((100, 168, 1000, 168), fill=(120, 40, 30), width=4)
    pen.text((1000, 222), "Ashford, 12 March", fill=_INK, font=_font(32), anchor="rm")
    for k, line in enumerate(_LETTER.splitlines()):
        pen.text((100, 310 + 47 * k), line, fill=_INK, font=_font(35), anchor="lm")
    curve = [(110 + 5 * k, 1360 - 26 * np.sin(k * 0.42) - 14 * np.sin(k * 0.9)) for k in range(60)]
    pen.line(curve, fill=(30, 48, 120), width=5, joint="curve")
    pen.text((110, 1425), "Martin Hollis", fill=_INK, font=_font(32), anchor="lm")
    return page


def _table(pen: ImageDraw.ImageDraw, blue: tuple[int, int, int]) -> None:
    edges = (70, 150, 600, 720, 870, 1030)
    rows = [
        ("No.", "Article", "Pieces", "Price", "Sum"),
        *_ROWS,
        ("", "", "", "", ""),
        ("", "Total", "", "", "157.00"),
    ]
    for r, row in enumerate(rows):
        y = 650 + 72 * r
        for c, cell in enumerate(row):
            shade = (206, 216, 224) if r in {0, len(rows) - 1} else (252, 252, 252)
            pen.rectangle((edges[c], y, edges[c + 1], y + 72), outline=_INK, width=3, fill=shade)
            pen.text(
                (edges[c] + 14, y + 36),
                cell,
                fill=_INK if r == 0 or c < 2 else blue,
                font=_font(32),
                anchor="lm",
            )


def form() -> Image.Image:
    """Return an order form with fields, boxes to tick and a table, 1100 x 1480."""
    page = Image.new("RGB", (1100, 1480), (244, 246, 246))
    pen, blue = ImageDraw.Draw(page), (28, 52, 140)
    pen.rectangle((70, 70, 1030, 160), fill=(44, 74, 104))
    pen.text((550, 115), "ORDER FORM", fill=(250, 250, 250), font=_font(56), anchor="mm")
    fields = (
        ("Name", "Helen Carter"),
        ("Street", "27 River Road"),
        ("Town", "Ashford"),
        ("Date", "12 March"),
    )
    for k, (name, value) in enumerate(fields):
        y = 230 + 78 * k
        pen.text((80, y), name, fill=_INK, font=_font(34), anchor="lm")
        pen.line((240, y + 22, 1020, y + 22), fill=_INK, width=2)
        pen.text((260, y), value, fill=blue, font=_font(40), anchor="lm")
    for k, name in enumerate(("Collect", "Post", "Courier")):
        x = 90 + 300 * k
        pen.rectangle((x, 545, x + 40, 585), outline=_INK, width=4)
        pen.text((x + 60, 565), name, fill=_INK, font=_font(36), anchor="lm")
        if k == 1:
            pen.line((x + 4, 560, x + 18, 582, x + 48, 530), fill=blue, width=7, joint="curve")
    _table(pen, blue)
    pen.text((80, 1310), "Signature", fill=_INK, font=_font(34), anchor="lm")
    pen.line((260, 1332, 700, 1332), fill=_INK, width=2)
    curve = [(290 + 5 * k, 1310 - 22 * np.sin(k * 0.5) - 10 * np.cos(k * 1.1)) for k in range(64)]
    pen.line(curve, fill=blue, width=5, joint="curve")
    return page


def photograph(page: Image.Image, rng: np.random.Generator, width: int, height: int) -> Array:
    """Return a page lying a little askew on a wooden desk, in linear light, lit from one side."""
    wide, high = width * 2, height * 2
    xs, ys = grid(wide, high)
    desk = wood(rng)(xs.ravel() / 300, ys.ravel() / 300).T.reshape(high, wide, 3) * 0.8
    paper = (np.asarray(page, np.float32) / 255) ** np.float32(2.2)
    h, w = paper.shape[:2]
    px, py = grid(w, h)
    crease = 1 - 0.05 * np.exp(-(((py - h * 0.5) / 5) ** 2)) + 0.025 * np.tanh((py - h * 0.5) / 90)
    paper = paper * (crease * (0.96 + 0.08 * fbm(px / 16, py / 16, 3)))[..., None]
    scale = min(wide * 0.9 / w, high * 0.92 / h)
    box = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    angle = np.radians(float(rng.uniform(1, 3)) * float(rng.choice([-1, 1])))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = (
        (box - (w / 2, h / 2)) * scale * 0.97 @ turn.T + (wide / 2, high / 2) + rng.uniform(-14, 14, (4, 2))
    )
    warp = cv2.getPerspectiveTransform(box, corners.astype(np.float32))
    laid = cv2.warpPerspective(paper, warp, (wide, high), flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.ones((h, w), np.float32), warp, (wide, high), flags=cv2.INTER_LINEAR)
    cast = cv2.GaussianBlur(np.roll(cover, (14, 12), (0, 1)), (0, 0), 12)
    picture = desk * (1 - 0.65 * cast[..., None]) * (1 - cover[..., None]) + laid * cover[..., None]
    slope = float(rng.uniform(0.25, 0.4))
    light = 1.18 - slope * (xs / wide * 0.6 + ys / high * 0.5) + 0.06 * fbm(xs / 500, ys / 500, 2)
    lit = roll_off(picture * light[..., None] * np.array([1.0, 0.97, 0.91]))
    return np.asarray(cv2.resize(lit, (width, height), interpolation=cv2.INTER_AREA), np.float32)
