"""File names as text: the same text whatever the locale says, and names that every file system takes."""

from __future__ import annotations

import os
import unicodedata
from hashlib import blake2b


def text_of(name: str) -> str:
    """Return a name from the disk read as UTF-8, whatever encoding the locale made Python take it for.

    Bytes that are no UTF-8 stay lone surrogates. A name that is text already is returned as it is.
    """
    if name.isascii():
        return name
    try:
        return os.fsencode(name).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # characters that this locale's encoding lacks: it came from no disk
        return name


def on_disk(name: str) -> str:
    """Return a name as Python must be given it here for its UTF-8 bytes to reach the disk."""
    return name if name.isascii() else os.fsdecode(text_of(name).encode("utf-8", "surrogateescape"))


def safe_name(name: str) -> str:
    """Return a name that any file system and any JSON reader takes: undecodable bytes become ``_xff``."""
    if name.isascii():
        return name
    return "".join(
        f"_x{ord(char) - 0xDC00:02x}" if "\ud800" <= char <= "\udfff" else char for char in text_of(name)
    )


def safe_path(path: str) -> str:
    """Return a relative path in which every part is safe; a changed part says so by a hash of its name."""
    if path.isascii():
        return path
    return "/".join(safe_part(part) for part in path.split("/"))


def safe_part(name: str) -> str:
    """Return one part of a path as :func:`safe_path` does."""
    safe = safe_name(name)
    return safe if safe == text_of(name) else f"{safe}-{tag(name)}"


def fold(name: str) -> str:
    """Return what names have in common that some file systems take for one: letter case, Unicode form."""
    if name.isascii():
        return name if name.islower() else name.casefold()
    return unicodedata.normalize("NFC", text_of(name)).casefold()


def tag(name: str, attempt: int = 0) -> str:
    """Return hex digits of a hash of a name: six, or for a further ``attempt`` others, sixteen of them."""
    data = text_of(name).encode("utf-8", "surrogateescape")
    if attempt == 0:
        return blake2b(data, digest_size=3).hexdigest()
    return blake2b(data, digest_size=8, salt=attempt.to_bytes(8, "big")).hexdigest()
