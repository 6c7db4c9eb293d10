"""PDF: the pages, and what lies behind them."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator

import pypdf
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    StreamObject,
    TextStringObject,
)
from pypdfium2 import PdfDocument, PdfiumError

from helpers.scan.markup import read_xml
from helpers.scan.text import Contents, Part, Text, decode

# pdfium's signs for a hyphen that ends a line
DIVIDED = str.maketrans({"\ufffe": "-\n", "\x02": "-\n"})


def read_pdf(content: bytes) -> Contents:
    """Pages' text, every string object (titles, alternative texts, links), XMP, attached files."""
    contents = Contents()
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            return Contents(unreadable=["protected by a password"])
        contents.texts += _pages(content)
        _pdf_objects(reader, contents)
    except (
        PyPdfError,
        PdfiumError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OSError,
        NotImplementedError,
        IndexError,
        zlib.error,
    ) as e:
        contents.unreadable.append(f"broken PDF ({type(e).__name__})")
    return contents


def _pages(content: bytes) -> Iterator[Text]:
    """What stands on each page, also beside it and invisible; read again with divided words whole."""
    with PdfDocument(content) as document:
        for number, page in enumerate(document, 1):
            text = page.get_textpage().get_text_range()
            text = text.replace("\r\n", "\n").translate(DIVIDED)
            again = text.replace("-\n", "") if "-\n" in text else ""
            yield Text(text, f"page {number}", again=again)


def _pdf_objects(reader: pypdf.PdfReader, contents: Contents) -> None:
    seen: set[int] = set()
    waiting: list[tuple[object, str]] = [
        (v, "document information" if k == "/Info" else "document")
        for k, v in reader.trailer.items()
        if k != "/ID"
    ]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, IndirectObject):
            if value.idnum in seen:
                continue
            seen.add(value.idnum)
            value = value.get_object()
        if isinstance(value, TextStringObject):
            contents.texts.append(Text(str(value), place))
        elif isinstance(value, ByteStringObject):
            contents.texts.append(Text(decode(bytes(value))[0], place))
        elif isinstance(value, ArrayObject):
            waiting += [(v, place) for v in value]
        elif isinstance(value, DictionaryObject):
            waiting += [(v, place) for v in value.values()]
            if isinstance(value, StreamObject) and value.get("/Type") == "/Metadata":
                contents.add(read_xml(value.get_data()), "XMP metadata")
            if "/EF" in value:
                _attachment(value, contents)


def _attachment(specification: dict, contents: Contents) -> None:
    name = str(specification.get("/UF", specification.get("/F", "attachment")))
    file = specification["/EF"].get_object()
    stream = file.get("/F", file.get("/UF"))
    if stream is not None:
        contents.parts.append(Part(name, stream.get_object().get_data()))
