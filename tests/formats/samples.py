# ruff: noqa: E501  the lines of the tables below are their point
"""A small set of each format, in files: what a walk of them finds is in the tests of each."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
from labelled import SIZE, picture
from PIL import Image

W, H = SIZE


def png(pixels: np.ndarray, palette: bytes | None = None) -> bytes:
    image = Image.fromarray(pixels)
    if palette:
        image = image.copy()
        image.putpalette(palette)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


CLASSES = np.zeros((H, W), np.uint8)
CLASSES[5:12, 3:9] = 1
CLASSES[20:, 30:] = 2
COLORS = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0]], np.uint8)[CLASSES]
ONE = np.zeros((H, W), np.uint8)
ONE[5:12, 3:9] = 255
OTHER = np.zeros((H, W), np.uint8)
OTHER[20:, 30:] = 255

POLYGON = [[3.5, 5.25], [10.0, 5.0], [10.0, 12.0], [4.0, 13.5]]
SHAPE_MASK = base64.b64encode(png(np.eye(4, dtype=np.uint8) * 255)).decode()


def shape(label: str, points: list[list[float]], kind: str, **more: object) -> dict[str, object]:
    return {"label": label, "points": points, "group_id": None, "shape_type": kind, "flags": {}} | more


def labelme(name: str, *shapes: dict[str, object]) -> str:
    document = {
        "version": "5.4.1", "flags": {"blurred": True}, "shapes": list(shapes), "imagePath": name,
        "imageData": None, "imageHeight": H, "imageWidth": W, "odd": [1, "two"],
    }  # fmt: skip
    return json.dumps(document, indent=2)


ALL_SHAPES = (
    shape("cat", POLYGON, "polygon", description="left ear"),
    shape("dog", [[20, 6], [30, 16]], "rectangle"),
    shape("ball", [[15, 15], [18, 19]], "circle"),
    shape("edge", [[1, 1], [5, 9]], "line"),
    shape("path", [[1, 1], [5, 9], [9, 3]], "linestrip"),
    shape("eye", [[7.5, 8.5]], "point", group_id=3),
    shape("nose", [[10, 20], [13, 23]], "mask", mask=SHAPE_MASK),
)
CREATEML = [
    {
        "image": "a.png",
        "annotations": [
            {"label": "cat", "coordinates": {"x": 10.5, "y": 8, "width": 7, "height": 4}, "confidence": 1},
            {"label": "dog", "coordinates": {"x": 30, "y": 20, "width": 20, "height": 20}},
        ],
        "odd": True,
    },
    {"image": "b.png", "annotations": []},
]
OBJECTS = {
    "bbox": [[7, 6, 7, 4], [20, 10, 20, 20]],
    "categories": ["cat", "dog"],
    "area": [28, 400],
    "id": [4, 9],
}

CSV_BOXES = {
    "corners": "filename,xmin,ymin,xmax,ymax,class,note\na.png,7,6,14,10,cat,\"x, y\"\na.png,20,10,40,30,dog,-\nb.png,1,1,5,5,cat,\n",
    "tensorflow": "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,40,30,cat,7,6,14,10\na.png,40,30,dog,20,10,40,30\nb.png,40,30,cat,1,1,5,5\n",
    "sizes": "image_id;x;y;w;h;label\r\na;7;6;7;4;cat\r\na;20;10;20;20;dog\r\nb;1;1;4;4;cat\r\n",
    "one_cell": "image_id,width,height,bbox,source,class\na,40,30,\"[7.0, 6.0, 7.0, 4.0]\",arvalis,cat\na,40,30,\"[20.0, 10.0, 20.0, 20.0]\",x,dog\nb,40,30,\"[10.0, 1.0, 4.0, 4.0]\",x,cat\n",
    "retinanet": "a.png,7,6,14,10,cat\na.png,20,10,40,30,dog\nb.png,1,1,5,5,cat\nc.png,,,,,\n",
    "shares": "path,class,x1,y1,x2,y2\n./a.png,cat,0.175,0.2,0.35,0.33333333\n./a.png,dog,0.5,0.33333333,1.0,1.0\n./b.png,cat,0.1,0.1,0.2,0.2\n",
}  # fmt: skip

PICTURES = {"a.png": picture(), "b.png": picture(), "c.png": picture()}


def under(folder: str, files: dict[str, bytes | str]) -> dict[str, bytes | str]:
    return {f"{folder}/{name}": content for name, content in files.items()}


VOC = (
    "<annotation><filename>a.png</filename><size><width>40</width><height>30</height></size><object><name>cat</name>"
    "<bndbox><xmin>8</xmin><ymin>7</ymin><xmax>14</xmax><ymax>10</ymax></bndbox></object></annotation>\n"
)
MASKS = {"a.png": png(CLASSES), "b.png": png(CLASSES)}

# Sample -> (the format that must claim it, files).
SAMPLES: dict[str, tuple[str, dict[str, bytes | str]]] = {
    "voc_folders": ("voc", under("JPEGImages", PICTURES) | {"Annotations/a.xml": VOC}),
    "voc_flat": ("voc", PICTURES | {"a.xml": VOC}),
    "voc_splits": ("voc", under("train", PICTURES | {"a.xml": VOC}) | under("valid", PICTURES | {"a.xml": VOC})),
    "masks_index": ("masks", under("images", PICTURES) | under("masks", MASKS)),
    "masks_palette": (
        "masks",
        under("JPEGImages", PICTURES) | {"SegmentationClass/a.png": png(CLASSES, bytes(range(63)))},
    ),
    "masks_rgb": (
        "masks",
        under("images/train", PICTURES)
        | under("images/val", PICTURES)
        | {"labels/train/a.png": png(COLORS), "labels/val/b.png": png(COLORS), "labelmap.txt": "void:9,8,7::\n"},
    ),
    "masks_camvid": ("masks", under("train", PICTURES) | under("trainannot", MASKS)),
    "masks_cityscapes": (
        "masks",
        {
            "leftImg8bit/train/x/x_1_leftImg8bit.png": picture(),
            "gtFine/train/x/x_1_gtFine_labelIds.png": png(CLASSES),
            "gtFine/train/x/x_1_gtFine_instanceIds.png": png(CLASSES.astype(np.uint16) * 1000),
            "gtFine/train/x/x_1_gtFine_color.png": png(COLORS),
        },
    ),
    "masks_beside": ("masks", {"a.jpg": picture(fmt="JPEG"), "a_mask.png": png(CLASSES)}),
    "instance_masks": (
        "instance_masks",
        {"a/images/a.png": picture(), "a/masks/one.png": png(ONE), "a/masks/other.png": png(OTHER)},
    ),
    "labelme": ("labelme", PICTURES | {"a.json": labelme("a.png", *ALL_SHAPES), "b.json": labelme("b.png")}),
    "labelme_folders": (
        "labelme",
        under("images", PICTURES) | {"json/a.json": labelme("../images/a.png", *ALL_SHAPES)},
    ),
    "createml": (
        "createml",
        under("train", PICTURES | {"_annotations.createml.json": json.dumps(CREATEML, indent=4)})
        | under("valid", PICTURES | {"_annotations.createml.json": json.dumps(CREATEML)}),
    ),
    **{f"csvboxes_{name}": ("csvboxes", PICTURES | {"boxes.csv": text}) for name, text in CSV_BOXES.items()},
    "csvlabels_one": ("csvlabels", under("images", PICTURES) | {"train.csv": "id,label\na,cat\nb,dog\nc,cat\n"}),
    "csvlabels_many": ("csvlabels", PICTURES | {"_classes.csv": "filename, cat, dog\na.png, 1, 0\nb.png, 1, 1\nc.png, 0, 0\n"}),
    "csvlabels_bare": ("csvlabels", under("images", PICTURES) | {"list.txt": "a.png cat\nb.png dog\nc.png cat\n"}),
    "imagefolder_csv": (
        "imagefolder",
        under("train", PICTURES | {"metadata.csv": "file_name,text\na.png,=1+1\nb.png,\"two, three\"\nc.png,x\n"}),
    ),
    "imagefolder_jsonl": (
        "imagefolder",
        PICTURES
        | {
            "metadata.jsonl": json.dumps({"file_name": "a.png", "objects": OBJECTS, "odd": None})
            + '\n{"file_name": "b.png"}\n{"file_name": "c.png", "label": 3}\n'
        },
    ),
    "folder_flat": ("folder", PICTURES),
    "folder_classes": ("folder", under("train/cat", PICTURES) | under("train/dog", PICTURES)),
}  # fmt: skip
