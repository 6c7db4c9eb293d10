"""Facts of an .xls workbook: a compound file (MS-CFB) with a stream of records (MS-XLS 2.4)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from helpers.received.archive import NeedsPassword
from helpers.received.facts import (
    ERROR_CODES,
    NOT_COMPUTED,
    UNKNOWN_ERROR,
    NotReadable,
    SheetFacts,
    WorkbookFacts,
)

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode(
    "utf-16-le"
)  # the stream that a workbook of today is kept in
_LAST_SECTOR = 0xFFFFFFFA  # from here on a number is no sector
_BEGIN, _END, _CONTINUED = (0x0809, 0x0009, 0x0209, 0x0409), 0x000A, 0x003C
_SHEET_OF_BOOK, _EPOCH, _PASSWORD, _ROW = 0x0085, 0x0022, 0x002F, (0x0208, 0x0008)
_ERROR_OR_TRUTH, _FORMULA = (0x0205, 0x0005), (0x0006, 0x0206, 0x0406)
_TEXT_RESULT, _BETWEEN = (0x0207, 0x0007), (0x04BC, 0x0221, 0x0021, 0x0236, 0x0036, _CONTINUED)
_MANY_NUMBERS = 0x00BD
_FILLED = (0x0203, 0x0003, 0x0002, 0x0204, 0x0004, 0x027E, 0x00FD, 0x00D6)
_HIDDEN_ROW = 0x20


def read_facts(content: bytes) -> WorkbookFacts:
    """Raises NotReadable where the file is not built as an .xls, NeedsPassword where it is encrypted."""
    if _ENCRYPTED in content:
        raise NeedsPassword
    try:
        return _facts(_workbook_stream(content))
    except (struct.error, IndexError, ValueError) as e:
        raise NotReadable from e


# ------------------------------------------------------------------------------- the compound file


class _CompoundFile:
    """The sectors of a compound file, and which sector follows which."""

    def __init__(self, content: bytes) -> None:
        sector_bits, mini_bits = struct.unpack_from("<HH", content, 30)
        self.content, self.size = content, 1 << min(sector_bits, 16)
        self.mini_size = 1 << min(mini_bits, 16)
        self.count = len(content) // self.size
        self.following = self._allocation_table()

    def sector(self, number: int) -> bytes:
        return self.content[(number + 1) * self.size : (number + 2) * self.size]

    def read(self, at: int) -> bytes:
        """The sectors from the one `at` to the end of its chain."""
        return b"".join(map(self.sector, _chain(at, self.following, self.count)))

    def _allocation_table(self) -> list[int]:
        """For each sector the number of the next (FAT); its own sectors are listed in the header and in
        a chain (DIFAT)."""
        fat_at = list(struct.unpack_from("<109I", self.content, 76))
        (difat_at,) = struct.unpack_from("<I", self.content, 68)
        for _ in range(self.count):
            if difat_at >= _LAST_SECTOR:
                break
            *more, difat_at = _numbers(self.sector(difat_at))
            fat_at += more
        return [n for at in fat_at if at < _LAST_SECTOR for n in _numbers(self.sector(at))]


def _numbers(raw: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])


def _chain(at: int, following: Sequence[int], most: int) -> Iterator[int]:
    """The sectors of a chain; raises NotReadable where it is longer than `most`, and so a circle."""
    for _ in range(most + 1):
        if at >= _LAST_SECTOR:
            return
        yield at
        at = following[at]
    raise NotReadable


def streams(content: bytes) -> dict[str, bytes]:
    """Name → content of the streams in the compound file's folders, whatever the folder."""
    file = _CompoundFile(content)
    directory, _, cutoff, mini_fat_at = struct.unpack_from("<IIII", content, 48)
    entries, root = _directory(file, directory)
    mini_fat = _numbers(file.read(mini_fat_at)) if mini_fat_at < _LAST_SECTOR else ()
    mini, found = file.mini_size, {}
    for name, start, length in entries:
        if length < cutoff:  # a small stream lies in pieces of the root's
            pieces = _chain(start, mini_fat, len(mini_fat))
            found[name] = b"".join(root[n * mini : (n + 1) * mini] for n in pieces)[:length]
        else:
            found[name] = file.read(start)[:length]
    return found


def _directory(file: _CompoundFile, at: int) -> tuple[list[tuple[str, int, int]], bytes]:
    """(name, first sector, length) of each stream, and the root's content."""
    entries, root = [], b""
    listing = file.read(at)
    for begin in range(0, len(listing) - 127, 128):
        entry = listing[begin : begin + 128]
        name = entry[: max(0, min(struct.unpack_from("<H", entry, 64)[0], 64) - 2)]
        start, length = struct.unpack_from("<II", entry, 116)
        if entry[66] == 5:
            root = file.read(start)
        elif entry[66] == 2:
            entries.append((name.decode("utf-16-le"), start, length))
    return entries, root


def _workbook_stream(content: bytes) -> bytes:
    found = {name.lower(): stream for name, stream in streams(content).items()}
    for name in ("workbook", "book"):
        if name in found:
            return found[name]
    raise NotReadable


# -------------------------------------------------------------------------------------- its records


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _facts(stream: bytes) -> WorkbookFacts:
    places, epoch_1904, unicode = [], False, True
    for kind, record in _records(stream, 0):
        if kind in _BEGIN:
            unicode = record[:2] == b"\x00\x06"
        elif kind == _PASSWORD:
            raise NeedsPassword
        elif kind == _EPOCH:
            epoch_1904 = record[:2] == b"\x01\x00"
        elif kind == _SHEET_OF_BOOK:
            places.append((_name(record, unicode), struct.unpack_from("<I", record)[0]))
        elif kind == _END:
            break
    return WorkbookFacts({name: _sheet(stream, at) for name, at in places}, epoch_1904)


def _name(record: bytes, unicode: bool) -> str:
    signs = record[6]
    if not unicode:
        return record[7 : 7 + signs].decode("cp1252")
    if record[7] & 1:
        return record[8 : 8 + 2 * signs].decode("utf-16-le")
    return record[8 : 8 + signs].decode("latin-1")


def _sheet(stream: bytes, at: int) -> SheetFacts:
    facts, depth = SheetFacts(), 0
    awaited: tuple[int, int] | None = None  # a formula whose result is the text that follows
    for kind, record in _records(stream, at):
        if awaited and kind not in _BETWEEN:
            if kind not in _TEXT_RESULT:
                facts.lose(*awaited, NOT_COMPUTED)
            awaited = None
        if kind in _BEGIN:
            depth += 1
        elif kind == _END:
            depth -= 1
            if depth == 0:
                return facts
        elif depth > 1:  # a chart in the sheet
            continue
        elif kind in _ROW:
            if struct.unpack_from("<H", record, 12)[0] & _HIDDEN_ROW:
                facts.hidden_rows.add(struct.unpack_from("<H", record)[0] + 1)
        elif kind in _ERROR_OR_TRUTH:
            row, column = _place(record)
            if record[7]:
                facts.lose(row, column, ERROR_CODES.get(record[6], UNKNOWN_ERROR))
            else:
                facts.fill(row, column)
        elif kind in _FORMULA:
            row, column = _place(record)
            facts.fill(row, column)
            result = record[6:14]
            if result[6:] == b"\xff\xff":
                if result[0] == 2:
                    facts.lose(row, column, ERROR_CODES.get(result[2], UNKNOWN_ERROR))
                elif result[0] == 0:
                    awaited = row, column
        elif kind == _MANY_NUMBERS:
            row, _ = _place(record)
            facts.fill(row, struct.unpack_from("<H", record, len(record) - 2)[0] + 1)
        elif kind in _FILLED:
            facts.fill(*_place(record))
    return facts


def _place(record: bytes) -> tuple[int, int]:
    row, column = struct.unpack_from("<HH", record)
    return row + 1, column + 1
