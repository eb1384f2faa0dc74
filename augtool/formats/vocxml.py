"""Pascal VOC annotations: XML from strangers, read with its lines and written back with all it held."""

from __future__ import annotations

import math
import re
from copy import deepcopy
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from augtool.formats.untrusted import fault

MAX_DEPTH = 32
SIDES = ("xmin", "ymin", "xmax", "ymax")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INTEGER = re.compile(r"[+-]?\d+")


class _TooDeep(Exception):
    pass


class _Parser(DefusedXMLParser):
    """Notes the line of each element and stops at deep nesting.

    What defusedxml refuses stays refused; only the handlers of elements and text, written in Python, give
    way to faster ones, since every annotation of a set comes by here.
    """

    def __init__(self) -> None:
        builder = TreeBuilder(insert_comments=True)
        super().__init__(target=builder, forbid_dtd=True)
        self.lines: dict[int, int] = {}
        self._depth = 0
        self._begin, self._close = builder.start, builder.end
        self.parser.StartElementHandler = self._started
        self.parser.EndElementHandler = self._ended
        self.parser.CharacterDataHandler = builder.data

    def _started(self, tag: str, attributes: list[str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooDeep
        # Expat gives names and values in turn, and namespaces before a closing brace.
        pairs = dict(zip(map(_named, attributes[::2]), attributes[1::2], strict=True)) if attributes else {}
        self.lines[id(self._begin(_named(tag), pairs))] = self.parser.CurrentLineNumber

    def _ended(self, tag: str) -> None:
        self._depth -= 1
        self._close(_named(tag))


def _named(name: str) -> str:
    return "{" + name if "}" in name else name


@dataclass
class Annotation:
    """One parsed annotation file.

    ``objects`` are its ``<object>`` elements in order. ``data`` is the file as it was.
    """

    file: str
    data: bytes
    root: Element
    lines: dict[int, int] = field(repr=False)
    objects: list[Element] = field(default_factory=list)

    def copy(self) -> Annotation:
        """Return an annotation that can be changed; its elements have no lines."""
        root = deepcopy(self.root)
        return Annotation(self.file, self.data, root, {}, root.findall("object"))

    def line(self, element: Element) -> int:
        """Return the line an element starts on."""
        return self.lines.get(id(element), 0)

    def text(self, element: Element, tag: str) -> str:
        """Return the text of a child, without outer blanks; empty where there is none."""
        return (element.findtext(tag) or "").strip()

    def box(self, parent: Element, origin: int) -> tuple[tuple[float, float, float, float], bool]:
        """Return (x0, y0, x1, y1) of the ``<bndbox>`` below ``parent``, and whether all sides are integers.

        Raises:
            ItemError: ``label_invalid``: a side is missing or no number, or the box is inside out.
        """
        bndbox = parent.find("bndbox")
        if bndbox is None:
            raise fault("label_invalid", self.file, self.line(parent), f"<{parent.tag}> without <bndbox>")
        texts = [self.text(bndbox, side) for side in SIDES]
        x0, y0, x1, y1 = (self.number(bndbox, side) for side in SIDES)
        if x1 < x0 or y1 < y0:
            spot = ", ".join(texts)
            raise fault("label_invalid", self.file, self.line(bndbox), f"a box inside out ({spot})")
        whole = all(_INTEGER.fullmatch(text) for text in texts)
        return (x0 - origin, y0 - origin, x1, y1), whole

    def number(self, parent: Element, tag: str) -> float:
        """Return a child's text as a finite number.

        Raises:
            ItemError: ``label_invalid``: it is missing or no finite number.
        """
        text = self.text(parent, tag)
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value):
            child = parent.find(tag)
            line = self.line(parent if child is None else child)
            raise fault("label_invalid", self.file, line, f"<{tag}> is {text[:40]!r}, not a usable number")
        return value

    def size(self) -> tuple[int, int] | None:
        """Return the (width, height) it states, or None where it states none that is usable."""
        element = self.root.find("size")
        if element is None:
            return None
        texts = self.text(element, "width"), self.text(element, "height")
        if not all(re.fullmatch(r"\d{1,9}", text) for text in texts):
            return None
        width, height = map(int, texts)
        return (width, height) if width and height else None

    def drop(self, element: Element) -> None:
        """Remove a child of the root; the indentation of what follows stays."""
        children = list(self.root)
        at = children.index(element)
        if at == len(children) - 1 and at:
            children[at - 1].tail = element.tail
        self.root.remove(element)

    def dump(self) -> bytes:
        """Return the file with the changes made to its elements."""
        text = tostring(self.root, "unicode", short_empty_elements=b"/>" in self.data)
        declared = re.match(rb"(?:\xef\xbb\xbf)?\s*(<\?xml[^>]*\?>)(\s*)", self.data)
        if declared:
            text = f'<?xml version="1.0" encoding="UTF-8"?>{declared[2].decode() and chr(10)}{text}'
        ending = b"\r\n" if b"\r\n" in self.data else b"\n"
        tail = ending if self.data.endswith(b"\n") else b""
        return text.encode("utf-8", "xmlcharrefreplace").replace(b"\n", ending) + tail


def parse(data: bytes, file: str) -> Annotation:
    """Parse an annotation file.

    Raises:
        ItemError: ``label_syntax``, with the line: no XML, a document type or entities (bombs, files of this
            machine), nested too deeply, or no ``<annotation>``.
    """
    parser = _Parser()
    try:
        parser.feed(data)
        root = parser.close()
    except ParseError as error:
        raise fault("label_syntax", file, error.position[0], f"is not valid XML: {error.msg}") from None
    except (DefusedXmlException, _TooDeep, ValueError, LookupError) as error:
        raise fault("label_syntax", file, parser.parser.CurrentLineNumber, _said(error)) from None
    if root.tag != "annotation":
        raise fault("label_syntax", file, parser.lines.get(id(root), 1), f"is <{root.tag}>, not <annotation>")
    return Annotation(file, data, root, parser.lines, root.findall("object"))


def _said(error: Exception) -> str:
    if isinstance(error, _TooDeep):
        return f"elements are nested deeper than {MAX_DEPTH} levels"
    if isinstance(error, DefusedXmlException):
        return "declares a document type or entities, which no annotation needs; refused"
    return f"is not valid XML: {error}"


def set_text(element: Element, tag: str, value: str) -> None:
    """Replace a child's text; its attributes and the blanks around the text stay. A missing child is left."""
    child = element.find(tag)
    if child is not None and (child.text or "").strip() != value:
        old = child.text or ""
        stripped = old.strip()
        child.text = old.replace(stripped, value, 1) if stripped else value


def set_box(
    parent: Element, box: tuple[float, float, float, float], origin: int, whole: bool, size: tuple[int, int]
) -> None:
    """Write a box that was moved, inside the picture: whole numbers where they were before."""
    bndbox = parent.find("bndbox")
    if bndbox is None:
        return
    for side, (low, high, limit) in enumerate(
        ((box[0], box[2], size[0]), (box[1], box[3], size[1])),
    ):
        start_edge, end_edge = max(low, 0.0), min(high, float(limit))
        if whole:
            start = min(round(start_edge), limit - 1)
            # Inclusive or not, the last number must not fall below the first.
            stop = max(round(end_edge), start + 1)
            texts = str(start + origin), str(stop)
        else:
            texts = _decimal(start_edge + origin), _decimal(max(end_edge, start_edge))
        set_text(bndbox, SIDES[side], texts[0])
        set_text(bndbox, SIDES[side + 2], texts[1])


def _decimal(value: float) -> str:
    return repr(round(value, 4))
