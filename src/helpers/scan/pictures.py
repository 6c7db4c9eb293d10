"""PNG, JPEG and GIF: the texts beside the picture; the picture itself is not read."""

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


def read_gif(content: bytes) -> Contents:
    """Comments, texts and what applications left (XMP), and what follows the end."""
    if content[:6] not in (b"GIF87a", b"GIF89a"):
        return Contents(unreadable=["no GIF picture"])
    contents = Contents()
    try:
        position = 13 + _colour_table(content[10])
        while (kind := content[position]) != _GIF_END:
            if kind == _GIF_PICTURE:
                position = _after_blocks(
                    content, position + 11 + _colour_table(content[position + 9])
                )
            elif kind == _GIF_EXTENSION:
                begin, position = position + 2, _after_blocks(content, position + 2)
                contents.texts.append(_gif_text(content[begin:position]))
            else:
                raise ValueError(kind)
    except (IndexError, ValueError):
        contents.unreadable.append("broken GIF picture")
        return contents
    contents.texts.append(Text(printable(content[position + 1 :]), "after the picture"))
    return contents


_GIF_PICTURE, _GIF_EXTENSION, _GIF_END = 0x2C, 0x21, 0x3B


def _colour_table(flags: int) -> int:
    """Bytes of the table that a screen's or picture's flags announce."""
    return 3 * 2 ** (flags % 8 + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, position: int) -> int:
    """Where a row of blocks ends: each begins with its size, the last is empty."""
    while size := content[position]:
        position += size + 1
    return position + 1


def _gif_text(blocks: bytes) -> Text:
    """What a row of blocks holds together, and once more as it stands, since XMP is not cut into blocks."""
    joined, position = b"", 0
    while size := blocks[position]:
        joined += blocks[position + 1 : position + 1 + size]
        position += size + 1
    return Text(printable(joined), "comment", again=printable(blocks))
