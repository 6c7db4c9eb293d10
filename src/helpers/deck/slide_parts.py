"""A deck's slides: the template's layouts filled with headline, text, cards, tables and notes."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from zipfile import BadZipFile

from pptx import Presentation
from pptx.enum.lang import MSO_LANGUAGE_ID
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.exc import PackageNotFoundError
from pptx.oxml import parse_xml
from pptx.util import Inches, Pt

from helpers.common import absent, style
from helpers.common.errors import ParameterError, Problem
from helpers.deck.charts import Box, paint

TITLE, SECTION, ONE, TWO = 0, 1, 2, 3  # the template's layouts
KICKER, NOTE, SOURCE, NUMBER = 14, 12, 13, 15  # placeholder numbers of the content layouts
LEFT, WIDTH, TOP, HEIGHT = 0.6, 12.133, 1.75, 4.55  # inches: the content's area
AREA = Box(LEFT, TOP, WIDTH, HEIGHT)
_REMEDY = (
    "Begin with the house's template (`survey deck --new-template FILE`), change its colours, type and "
    "logo in the slide master, and leave the layouts' placeholders."
)
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'


_NEEDED = {  # layout → placeholders that slides fill
    TITLE: {0, 1, 13},
    ONE: {0, 1, NOTE, SOURCE, KICKER},
    TWO: {0, 1, 2, NOTE, SOURCE, KICKER},
}


def open_template(path: Path | None = None):
    """The house's template, or a municipality's own made from it, without the slides that it has.

    Raises ParameterError where it cannot be read, is not 16:9, or lacks layouts or placeholders.
    """
    if path is None:
        with files("helpers").joinpath("assets/deck/template.pptx").open("rb") as f:
            return Presentation(f)
    try:
        deck = Presentation(str(path))
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError) as e:
        raise ParameterError(
            path.name, "cannot be read as a PowerPoint file", "a .pptx or .potx", _REMEDY
        ) from e
    problems = list(_problems(deck, path.name))
    if problems:
        raise ParameterError(problems=problems)
    for slide in list(deck.slides._sldIdLst):
        deck.part.drop_rel(slide.rId)
        deck.slides._sldIdLst.remove(slide)
    return deck


def _problems(deck, name: str) -> Iterator[Problem]:
    """What a template lacks, all at once."""
    ours = open_template()
    if (deck.slide_width, deck.slide_height) != (ours.slide_width, ours.slide_height):
        yield Problem(name, "its slides have another size", "13.33 × 7.5 inches (16:9)", _REMEDY)
    for layout, needed in _NEEDED.items():
        title = ours.slide_layouts[layout].name
        if layout >= len(deck.slide_layouts):
            yield Problem(name, f"layout {layout + 1} is missing", f"»{title}«", _REMEDY)
            continue
        there = {p.placeholder_format.idx for p in deck.slide_layouts[layout].placeholders}
        if needed - there:
            missing = ", ".join(map(str, sorted(needed - there)))
            what = f"layout {layout + 1} lacks the placeholders {missing}"
            yield Problem(name, what, f"those of »{title}«", _REMEDY)


def add_slide(
    deck, layout: int, kicker: str, headline: str, *, source: str, note: str = "", speaker: str
):
    """A content slide; its placeholders 1 (and 2) are still empty."""
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    write(slide.shapes.title.text_frame, [headline])
    texts = {KICKER: kicker, NOTE: note, SOURCE: source}
    for place in slide.placeholders:
        if text := texts.get(place.placeholder_format.idx):
            write(place.text_frame, [text])
    _number(slide, deck.slide_layouts[layout])
    slide.notes_slide.notes_text_frame.text = speaker
    return slide


def _number(slide, layout) -> None:
    """python-pptx leaves the slide number on the layout; a slide shows it only with its own."""
    for shape in layout.placeholders:
        if shape.placeholder_format.idx == NUMBER:
            element = copy.deepcopy(shape._element)
            slide.shapes._spTree.append(element)
            element.nvSpPr.cNvPr.set("id", str(len(slide.shapes) + 1))  # the tree itself is 1


def holder(slide, idx: int):
    return slide.placeholders[idx]


def remove_empty(slide) -> None:
    """An empty placeholder would show its prompt to whoever edits the deck."""
    for shape in list(slide.placeholders):
        if shape.has_text_frame and not shape.text_frame.text:
            shape._element.getparent().remove(shape._element)


def write(frame, paragraphs: Sequence[str], *, size: float | None = None, gap: float = 0) -> None:
    """Fill a text frame; `**so**` at a paragraph's start is bold."""
    frame.clear()
    for i, text in enumerate(paragraphs):
        paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
        if gap and i:
            paragraph.space_before = Pt(gap)
        bold, _, rest = text[2:].partition("**") if text.startswith("**") else ("", "", text)
        for part, heavy in ((bold, True), (rest, False)):
            if part:
                run = paragraph.add_run()
                run.text = part
                run.font.language_id = MSO_LANGUAGE_ID.DANISH
                if size:
                    run.font.size = Pt(size)
                if heavy:
                    run.font.bold = True


def add_text(
    slide,
    box: Box,
    paragraphs: Sequence[str],
    *,
    size: float = 14,
    gap: float = 6,
    colour: str = style.INK,
    bold: bool = False,
    align=PP_ALIGN.LEFT,
    anchor=MSO_ANCHOR.TOP,
):
    shape = slide.shapes.add_textbox(*_inches(box))
    frame = shape.text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.vertical_anchor = anchor
    write(frame, paragraphs, size=size, gap=gap)
    for paragraph in frame.paragraphs:
        paragraph.alignment = align
        for run in paragraph.runs:
            paint(run.font.color, colour)
            if bold:
                run.font.bold = True
    return shape


def put_text(
    slide, idx: int, paragraphs: Sequence[str], *, size: float = 16, gap: float = 9
) -> None:
    """Text in a content placeholder."""
    write(holder(slide, idx).text_frame, paragraphs, size=size, gap=gap)


def add_card(slide, box: Box, figure: str, caption: str, *, colour: str = style.TEAL) -> None:
    """A key figure: one big number (or a mark, set smaller) above what it is."""
    card = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *_inches(box))
    card.fill.solid()
    paint(card.fill.fore_color, style.TINT)
    card.line.fill.background()
    card._element.remove(card._element.find("{*}style"))  # the theme's shadow
    frame = card.text_frame
    frame.word_wrap = True
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    frame.margin_left = frame.margin_right = Inches(0.2)
    write(frame, [figure, caption])
    is_number = any(c.isdigit() for c in figure)
    for paragraph, size, tone in zip(
        frame.paragraphs, (36 if is_number else 18, 14), (colour, style.INK)
    ):
        paragraph.alignment = PP_ALIGN.LEFT
        run = paragraph.runs[0]
        run.font.size, run.font.bold = Pt(size), size != 14
        paint(run.font.color, tone)


def add_table(
    slide, box: Box, rows: Sequence[Sequence[str]], widths: Sequence[float], alt: str
) -> None:
    """A table whose first row is its head; marks of hidden numbers are set in grey italics."""
    frame = slide.shapes.add_table(len(rows), len(rows[0]), *_inches(box))
    frame._element.nvGraphicFramePr.cNvPr.set("descr", alt)
    table = frame.table
    table.horz_banding = False
    for column, width in zip(table.columns, widths):
        column.width = Inches(width)
    marks = set(absent.NOT_SHOWN.values())
    for r, row in enumerate(rows):
        table.rows[r].height = Inches(box.height / len(rows))
        for c, text in enumerate(row):
            cell = table.cell(r, c)
            cell.margin_left = cell.margin_right = Inches(0.05)
            cell.margin_top = cell.margin_bottom = Inches(0.03)
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            cell.fill.solid()
            paint(cell.fill.fore_color, style.TINT if r == 0 else "#FFFFFF")
            write(cell.text_frame, [text], size=12)
            paragraph = cell.text_frame.paragraphs[0]
            paragraph.alignment = PP_ALIGN.LEFT if c == 0 else PP_ALIGN.RIGHT
            for run in paragraph.runs:
                run.font.bold = r == 0
                run.font.italic = text in marks
                tone = style.TEAL if r == 0 else style.GREY if text in marks else style.INK
                paint(run.font.color, tone)
            _underline(cell)


def _underline(cell) -> None:
    """A thin line below the cell; python-pptx has no borders."""
    properties = cell._tc.get_or_add_tcPr()
    for place, side in enumerate(("lnL", "lnR", "lnT")):
        properties.insert(place, parse_xml(f'<a:{side} {_A} w="0"><a:noFill/></a:{side}>'))
    properties.insert(
        3,
        parse_xml(
            f'<a:lnB {_A} w="6350"><a:solidFill>'
            f'<a:srgbClr val="{style.LIGHT_GREY.lstrip("#")}"/></a:solidFill></a:lnB>'
        ),
    )


def add_legend(slide, box: Box, entries: Sequence[tuple[str, str]]) -> None:
    """A coloured square before each name; one legend serves all charts of a slide."""
    shape = add_text(slide, box, [" "], size=12)
    paragraph = shape.text_frame.paragraphs[0]
    paragraph._p.remove(paragraph.runs[0]._r)
    for name, colour in entries:
        # hard spaces keep a name together when the line breaks
        for text, tone in (("■\u00a0", colour), (name.replace(" ", "\u00a0") + "    ", style.INK)):
            run = paragraph.add_run()
            run.text, run.font.size = text, Pt(12)
            paint(run.font.color, tone)
            run.font.language_id = MSO_LANGUAGE_ID.DANISH


def _inches(box: Box) -> list[int]:
    return [Inches(v) for v in (box.left, box.top, box.width, box.height)]
