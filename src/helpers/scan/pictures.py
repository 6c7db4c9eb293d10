"""PNG and JPEG: the texts beside the picture; the picture itself is not read."""

from __future__ import annotations

import struct
import zlib

from helpers.common.plain_text import BREAK
from helpers.scan.text import Contents, Text, decode, printable

_PNG = b"\x89PNG\r\n\x1a\n"


def read_png(content: bytes) -> Contents:
    """Text, compressed text, international text and Exif chunks, and what follows the end."""
    if not content.startswith(_PNG):
        return Contents(unreadable=["no PNG picture"])
    contents, position, kind = Contents(), len(_PNG), b""
    while kind != b"IEND":
        if position + 12 > len(content):
            contents.unreadable.append("broken PNG picture")
            return contents
        size, kind = struct.unpack_from(">I4s", content, position)
        data = content[position + 8 : position + 8 + size]
        position += size + 12
        try:
            if kind in (b"tEXt", b"zTXt", b"iTXt"):
                contents.texts.append(Text(_png_text(kind, data), f"chunk {kind.decode()}"))
            elif kind == b"eXIf":
                contents.texts.append(Text(printable(data), "chunk eXIf"))
        except (zlib.error, ValueError):
            contents.unreadable.append(f"chunk {kind.decode()}")
    contents.texts.append(Text(printable(content[position:]), "after the picture"))
    return contents


def _png_text(kind: bytes, data: bytes) -> str:
    keyword, _, rest = data.partition(b"\0")
    if kind == b"zTXt":
        rest = zlib.decompress(rest[1:])
    elif kind == b"iTXt":
        packed, rest = rest[0], rest[2:]
        language, translated, rest = rest.split(b"\0", 2)
        rest = zlib.decompress(rest) if packed else rest
        keyword = BREAK.encode().join((keyword, language, translated))
    return decode(keyword)[0] + BREAK + decode(rest)[0]


def read_jpeg(content: bytes) -> Contents:
    """The segments ahead of the picture: comments, Exif, XMP."""
    if not content.startswith(b"\xff\xd8"):
        return Contents(unreadable=["no JPEG picture"])
    return Contents([Text(printable(content.partition(b"\xff\xda")[0]), "metadata")])
