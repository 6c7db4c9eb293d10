"""The default letters as Word templates with merge fields, the same bytes each time they are made.

`python -m helpers.fieldwork.letter_default` writes them to `assets/letters/`, where they lie as
package data; a test holds that they are what this module makes.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from helpers.common import style
from helpers.fieldwork.letter_texts import (
    CLOSING,
    LETTERS,
    LINK_LEAD,
    LINK_NOTE,
    PRIVACY,
    PRIVACY_HEADING,
)

FONT = "Arial"  # on every machine of a municipality
ASSETS = Path(__file__).resolve().parents[1] / "assets" / "letters"
BOX_INDENT_TWIPS = 150  # of a point, twentieths
_DAY = dt.datetime(2024, 1, 1)
_PIECE = re.compile(r"(\*\*|«\w+»)")


def default_template(mailing: str) -> bytes:
    """The DOCX of one mailing: letterhead with the municipality's name, text, link in a box."""
    text = LETTERS[mailing]
    doc = Document()
    _page(doc, text.heading)
    head = _paragraph(doc, "**«kommune»**", size=16, colour=style.TEAL, after=2)
    _line_below(head)
    _paragraph(doc, "«dato»", align=WD_ALIGN_PARAGRAPH.RIGHT, colour=style.GREY, before=3, after=3)
    _paragraph(doc, "Til «navn»", after=14)
    _write(doc.add_heading(level=1), text.heading)
    for line in text.opening:
        _paragraph(doc, line)
    _link_box(doc)
    for number, line in enumerate(text.points):
        _paragraph(doc, line, before=8 if number == 0 else 0)
    for number, line in enumerate(CLOSING):
        _paragraph(doc, line, before=4 if number == 0 else 0, after=0)
    _write(doc.add_heading(level=2), PRIVACY_HEADING)
    for line in PRIVACY:
        _paragraph(doc, line, size=9, colour=style.GREY, after=3)
    buffer = io.BytesIO()
    doc.save(buffer)
    return _without_clock(buffer.getvalue())


def _page(doc, title: str) -> None:
    section = doc.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin, section.bottom_margin = Cm(1.8), Cm(1.5)
    core = doc.core_properties
    core.title, core.author, core.comments, core.language = title, "", "", "da-DK"
    core.last_modified_by, core.created, core.modified, core.revision = "", _DAY, _DAY, 1
    normal = doc.styles["Normal"]
    _font(normal, 11, style.INK)
    normal.paragraph_format.space_after = Pt(6)
    normal.paragraph_format.line_spacing = 1.1
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "da-DK")
    normal.element.get_or_add_rPr().append(language)
    for name, size, before in (("Heading 1", 17, 0), ("Heading 2", 11, 12)):
        heading = doc.styles[name]
        _font(heading, size, style.TEAL)
        heading.font.bold = True
        heading.paragraph_format.space_before = Pt(before)
        heading.paragraph_format.space_after = Pt(6 if before == 0 else 3)


def _font(of, size: float, colour: str) -> None:
    of.font.name, of.font.size = FONT, Pt(size)
    of.font.color.rgb = RGBColor.from_string(colour[1:])
    fonts = of.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        if "heme" in name:  # a theme's font would go before the named one
            del fonts.attrib[name]
    for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(script), FONT)


def _paragraph(
    at,
    text: str,
    *,
    size: float | None = None,
    colour: str | None = None,
    align=None,
    before: float = 0,
    after: float | None = None,
):
    made = at.add_paragraph()
    made.paragraph_format.space_before = Pt(before)
    if after is not None:
        made.paragraph_format.space_after = Pt(after)
    made.alignment = align
    _write(made, text, size, colour)
    return made


def _write(paragraph, text: str, size: float | None = None, colour: str | None = None) -> None:
    """Runs and merge fields of a text."""
    bold = False
    for piece in _PIECE.split(text):
        if piece == "**":
            bold = not bold
        elif piece:
            runs = _field(paragraph, piece[1:-1]) if piece[0] == "«" else [paragraph.add_run(piece)]
            for run in runs:
                run.bold = bold or None
                run.font.size = Pt(size) if size else None
                if colour:
                    run.font.color.rgb = RGBColor.from_string(colour[1:])


def _field(paragraph, name: str) -> list:
    """A MERGEFIELD as Word writes it: begin, instruction, separator, shown text, end."""
    runs = []
    for kind in ("begin", "instruction", "separate", "shown", "end"):
        run = paragraph.add_run("«" + name + "»" if kind == "shown" else "")
        if kind == "instruction":
            element = OxmlElement("w:instrText")
            element.set(qn("xml:space"), "preserve")
            element.text = f" MERGEFIELD {name} "
            run._r.append(element)
        elif kind != "shown":
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
            run._r.append(element)
        runs.append(run)
    return runs


def _line_below(paragraph) -> None:
    borders = OxmlElement("w:pBdr")
    borders.append(_border("w:bottom", style.TEAL, 12))
    properties = paragraph._p.get_or_add_pPr()
    properties.insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _border(side: str, colour: str, eighths_of_a_point: int):
    border = OxmlElement(side)
    for name, value in (
        ("val", "single"),
        ("sz", eighths_of_a_point),
        ("space", 6),
        ("color", colour[1:]),
    ):
        border.set(qn(f"w:{name}"), str(value))
    return border


def _link_box(doc) -> None:
    """A table of one cell, shaded, with a thick line on its left."""
    table = doc.add_table(1, 1)
    indent = OxmlElement("w:tblInd")  # the line on the left stands at the text's edge
    indent.set(qn("w:w"), str(BOX_INDENT_TWIPS))
    indent.set(qn("w:type"), "dxa")
    table._tbl.tblPr.append(indent)
    for look in table._tbl.tblPr.findall(qn("w:tblLook")):  # no row of headings
        table._tbl.tblPr.remove(look)
    cell = table.cell(0, 0)
    cell.width = Cm(16)
    properties = cell._tc.get_or_add_tcPr()
    borders = OxmlElement("w:tcBorders")
    borders.append(_border("w:left", style.ACCENT, 36))
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", style.TINT[1:])):
        shade.set(qn(f"w:{name}"), value)
    properties.append(borders)
    properties.append(shade)
    lead = cell.paragraphs[0]
    lead.paragraph_format.space_before, lead.paragraph_format.space_after = Pt(6), Pt(3)
    _write(lead, LINK_LEAD)
    _paragraph(cell, "**«link»**", size=11, colour=style.TEAL, after=3)
    _paragraph(cell, LINK_NOTE, size=9, colour=style.GREY, after=6)


def _without_clock(content: bytes) -> bytes:
    """The same parts in the same order, with one date: a ZIP keeps the time of writing otherwise."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as made, zipfile.ZipFile(buffer, "w") as out:
        for name in made.namelist():
            if name == "docProps/thumbnail.jpeg":
                continue
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            part = made.read(name)
            if name == "_rels/.rels":
                part = re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", part)
            out.writestr(entry, part)
    return buffer.getvalue()


if __name__ == "__main__":
    ASSETS.mkdir(parents=True, exist_ok=True)
    for mailing in LETTERS:
        (ASSETS / f"{mailing}.docx").write_bytes(default_template(mailing))
