"""What ``augtool check`` says about COCO files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from augtool.errors import ItemError
from augtool.formats.coco_files import Placed, Record, SetFile
from augtool.formats.coco_shapes import Category, is_object, read
from augtool.formats.walk import found
from augtool.sample import Item


def of_file(file: SetFile) -> Iterator[dict[str, Any]]:
    """Yield what is odd about a file as a whole: ids given twice or not at all, annotations of no picture."""
    known = {image["id"] for _, image in file.images}
    for records, what in ((file.images, "image"), (file.annotations, "annotation")):
        lines: dict[Any, int] = {}
        for line, record in records:
            name = record.get("id")
            if not isinstance(name, int | str):
                message = f"an {what} has no id; the output gives it one"
                yield found(file.key, line, "missing_id", message)
            elif name in lines:
                message = f"{what} id {name!r} stands twice, first on line {lines[name]}"
                yield found(file.key, line, "duplicate_id", message)
            else:
                lines[name] = line
    for line, annotation in file.annotations:
        if annotation["image_id"] not in known:
            message = f"annotation {annotation.get('id')!r} is of image {annotation['image_id']!r}, unknown"
            yield found(file.key, line, "orphan_label", message)


def of_part(
    item: Item,
    line: int,
    image: Record,
    annotations: Sequence[Placed],
    file: str,
    categories: Mapping[int | str, Category],
) -> Iterator[dict[str, Any]]:
    """Yield what is wrong or odd about the annotations of one picture."""
    size = image.get("width"), image.get("height")
    if not all(type(side) is int and side > 0 for side in size):
        yield found(
            file, line, "missing_size", "no width and height; the picture's own are written", item.key
        )
        size = (0, 0)
    for at, annotation in annotations:
        name = f"annotation {annotation.get('id')!r}"
        if not is_object(annotation):
            continue
        try:
            # Without the size of the picture its runs cannot be checked.
            plain = annotation if all(size) else {**annotation, "segmentation": []}
            box = read(plain, categories, size).box  # type: ignore[arg-type]
        except ItemError as error:
            unknown = "is no category" in str(error)
            yield found(file, at, "unknown_class" if unknown else error.code, f"{name}: {error}", item.key)
            continue
        if box is not None and (box[0] == box[2] or box[1] == box[3]):
            yield found(file, at, "zero_area", f"{name}: the box has no area", item.key)
        if box is not None and all(size) and _outside(box, size):
            yield found(file, at, "box_outside", f"{name}: the box reaches out of the picture", item.key)


def _outside(box: tuple[float, float, float, float], size: tuple[Any, Any]) -> bool:
    return min(box[:2]) < -1e-3 or box[2] > size[0] + 1e-3 or box[3] > size[1] + 1e-3
