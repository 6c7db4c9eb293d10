"""The archive that a workbook is, unpacked within bounds before anything else reads it.

What is read afterwards is packed anew from the parts that were unpacked here, so that no other reader
finds other sizes, other parts or a second part of the same name.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from helpers.received.facts import NotReadable
from helpers.received.limits import MAX_PARTS

_UNREAD_FOLDERS = (  # of no use to a reader of cells, and often large
    "media", "drawings", "charts", "chartsheets", "pivotcache", "pivottables", "externallinks",
    "embeddings", "printersettings", "ctrlprops", "activex", "theme", "slicers", "slicercaches",
    "thumbnails", "pictures", "object", "configurations2", "docprops", "customxml",
)  # fmt: skip
_UNREAD_PARTS = ("vbaproject.bin", "calcchain.xml", "calcchain.bin", "settings.xml")


class NeedsPassword(Exception):
    """Parts of the archive are encrypted."""


class TooLarge(Exception):
    """The archive would unpack to `size` bytes, or has too many parts (`size` 0)."""

    def __init__(self, size: int = 0) -> None:
        super().__init__(size)
        self.size = size


def unpack(content: bytes, most: int) -> dict[str, bytes]:
    """Name → content of the parts that matter, in the archive's order.

    Raises TooLarge before unpacking where they hold more than `most` bytes, NeedsPassword, and
    NotReadable where the archive is broken. A part that holds more than it says is cut there, and
    then broken by its checksum.
    """
    if content.count(b"PK\x01\x02") > MAX_PARTS:
        raise TooLarge
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {p.filename: p for p in archive.infolist() if _is_read(p.filename)}
            size = sum(p.file_size for p in parts.values())
            if size > most:
                raise TooLarge(size)
            if any(p.flag_bits & 1 for p in parts.values()):
                raise NeedsPassword
            return {name: archive.read(part) for name, part in parts.items()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as e:
        raise NotReadable from e


def pack(parts: dict[str, bytes]) -> bytes:
    """The parts as an archive again, not compressed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _is_read(name: str) -> bool:
    folders = name.lower().split("/")
    return (
        folders[-1] not in ("", *_UNREAD_PARTS)
        and not any(f.startswith(_UNREAD_FOLDERS) for f in folders[:-1])
        and folders[-1].endswith((".xml", ".rels", ".bin", "mimetype"))
    )
