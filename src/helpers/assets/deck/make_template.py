"""Make `template.pptx`, the deck's master and layouts: run once after a change here.

    python src/helpers/assets/deck/make_template.py

Starts from python-pptx's empty file and writes the house's slide size (16:9), theme colours and
fonts, one master and four layouts with Danish names. Arial: it is on every Windows and Mac, and
LibreOffice has a font of the same widths, so what fits here fits there.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path

from lxml import etree
from pptx import Presentation
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.oxml import parse_xml
from pptx.util import Inches

from helpers.common import style
from helpers.deck.deck import settled

MADE = dt.datetime(2024, 1, 1)
TARGET = Path(__file__).with_name("template.pptx")
FONT = "Arial"
WIDTH, HEIGHT = 13.333, 7.5
LEFT, RIGHT = 0.6, 12.733  # inches: the margins that every slide keeps
FULL = RIGHT - LEFT
NS = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
COLOURS = {
    "dk1": style.INK, "lt1": "#FFFFFF", "dk2": style.TEAL, "lt2": style.TINT,
    "accent1": style.TEAL, "accent2": style.ACCENT, "accent3": style.GREY,
    "accent4": style.TEAL_MID, "accent5": style.LIKERT[2], "accent6": style.LIGHT_GREY,
    "hlink": style.TEAL, "folHlink": style.GREY,
}  # fmt: skip


def placeholder(number, name, kind, box, prompt, *, size, colour="tx1", bold=False, anchor="t"):
    """One placeholder's XML; `box` is left, top, width, height in inches, None: as the master."""
    xfrm = ""
    if box:
        x, y, w, h = (int(Inches(v)) for v in box)
        xfrm = f'<a:xfrm><a:off x="{x}" y="{y}"/><a:ext cx="{w}" cy="{h}"/></a:xfrm>'
    weight = ' b="1"' if bold else ' b="0"'
    run = (
        '<a:fld id="{C1FF6DA9-008F-8B48-92A6-B652298478BF}" type="slidenum">'
        '<a:rPr lang="da-DK"/><a:t>‹#›</a:t></a:fld>'
        if 'type="sldNum"' in kind
        else f'<a:r><a:rPr lang="da-DK"/><a:t>{prompt}</a:t></a:r>'
    )
    align = ' algn="r"' if 'type="sldNum"' in kind else ' algn="l"'
    return (
        f'<p:sp {NS}><p:nvSpPr><p:cNvPr id="{number}" name="{name}"/>'
        f'<p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph {kind}/></p:nvPr></p:nvSpPr>'
        f'<p:spPr>{xfrm}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
        f'<p:txBody><a:bodyPr vert="horz" wrap="square" lIns="0" tIns="0" rIns="0" bIns="0" '
        f'anchor="{anchor}"><a:noAutofit/></a:bodyPr><a:lstStyle>'
        f'<a:lvl1pPr marL="0" indent="0"{align}><a:buNone/>'
        f'<a:defRPr lang="da-DK" sz="{size * 100}"{weight}>'
        f'<a:solidFill><a:schemeClr val="{colour}"/></a:solidFill></a:defRPr></a:lvl1pPr>'
        f"</a:lstStyle><a:p>{run}</a:p></p:txBody></p:sp>"
    )


KICKER_BOX = (LEFT, 0.38, FULL, 0.28)
TITLE_BOX = (LEFT, 0.68, FULL, 0.9)
CONTENT = (1.75, 4.55)  # top and height
NOTE_BOX = (LEFT, 6.38, FULL, 0.46)
SOURCE_BOX = (LEFT, 6.98, 11.2, 0.22)
NUMBER_BOX = (RIGHT - 0.8, 6.98, 0.8, 0.22)

HEADLINE = ("Overskrift", 'type="title"', TITLE_BOX, "Overskriften siger, hvad tallene viser")
NUMBER = ("Sidetal", 'type="sldNum" sz="quarter" idx="15"', NUMBER_BOX, "")


def furniture(first: int) -> list[str]:
    """Kicker, headline, note, source line and slide number: the same on every content slide."""
    return [
        placeholder(first, *HEADLINE, size=24, colour="tx2", bold=True),
        placeholder(first + 1, "Emne", 'type="body" sz="quarter" idx="14"', KICKER_BOX, "Emne",
                    size=13, colour="accent4", bold=True),
        placeholder(first + 2, "Bemærkning", 'type="body" sz="quarter" idx="12"', NOTE_BOX,
                    "Bemærkning", size=12, colour="accent3", anchor="b"),
        placeholder(first + 3, "Kilde", 'type="body" sz="quarter" idx="13"', SOURCE_BOX,
                    "Kilde", size=10, colour="accent3"),
        placeholder(first + 4, *NUMBER, size=10, colour="accent3"),
    ]  # fmt: skip


def content(number: int, idx: int, left: float, width: float) -> str:
    box = (left, CONTENT[0], width, CONTENT[1])
    return placeholder(number, f"Indhold {idx}", f'idx="{idx}"', box, "Diagram, tabel eller tekst",
                       size=16)  # fmt: skip


def layouts() -> dict[str, tuple[str, list[str]]]:
    """Name → background, placeholders."""
    half = (FULL - 0.4) / 2
    return {
        "Titel": ("tx2", [
            placeholder(2, "Titel", 'type="ctrTitle"', (0.9, 2.3, 11.0, 1.5), "Titel", size=40,
                        colour="bg1", bold=True, anchor="b"),
            placeholder(3, "Undertitel", 'type="subTitle" idx="1"', (0.9, 4.05, 11.0, 1.0),
                        "Undertitel", size=22, colour="bg1"),
            placeholder(4, "Dato", 'type="body" sz="quarter" idx="13"', (0.9, 6.55, 11.0, 0.5),
                        "Runde og dato", size=14, colour="bg1"),
        ]),
        "Afsnit": ("bg2", [
            placeholder(2, "Titel", 'type="title"', (0.9, 2.6, 11.0, 1.2), "Afsnit", size=32,
                        colour="tx2", bold=True, anchor="b"),
            placeholder(3, "Tekst", 'type="body" idx="1"', (0.9, 4.0, 11.0, 1.5), "Tekst", size=18),
            placeholder(4, *NUMBER, size=10, colour="accent3"),
        ]),
        "Overskrift og indhold": ("bg1", [*furniture(2), content(7, 1, LEFT, FULL)]),
        "Overskrift og to indhold": ("bg1", [
            *furniture(2), content(7, 1, LEFT, half), content(8, 2, LEFT + half + 0.4, half),
        ]),
    }  # fmt: skip


def background(colour: str):
    return parse_xml(
        f'<p:bg {NS}><p:bgPr><a:solidFill><a:schemeClr val="{colour}"/></a:solidFill>'
        "<a:effectLst/></p:bgPr></p:bg>"
    )


def fill(slide_like, colour: str, shapes: list[str]) -> None:
    """Replace a master's or layout's background and shapes."""
    c_sld = slide_like._element.cSld
    for old in c_sld.findall("{*}bg") + c_sld.findall("{*}extLst"):
        c_sld.remove(old)
    c_sld.insert(0, background(colour))
    tree = c_sld.spTree
    for shape in list(tree.iter_shape_elms()):
        tree.remove(shape)
    for xml in shapes:
        tree.append(parse_xml(xml))


def theme_xml(blob: bytes) -> bytes:
    text = blob.decode("utf-8")
    colours = "".join(
        f'<a:{slot}><a:srgbClr val="{colour.lstrip("#")}"/></a:{slot}>'
        for slot, colour in COLOURS.items()
    )
    text = re.sub(
        r"<a:clrScheme.*?</a:clrScheme>",
        f'<a:clrScheme name="Borgerundersøgelse">{colours}</a:clrScheme>', text, flags=re.S,
    )  # fmt: skip
    fonts = "".join(
        f'<a:{kind}><a:latin typeface="{FONT}"/><a:ea typeface=""/><a:cs typeface=""/></a:{kind}>'
        for kind in ("majorFont", "minorFont")
    )
    text = re.sub(
        r"<a:fontScheme.*?</a:fontScheme>",
        f'<a:fontScheme name="Borgerundersøgelse">{fonts}</a:fontScheme>', text, flags=re.S,
    )  # fmt: skip
    text = re.sub(r'(<a:theme [^>]*?)name="[^"]*"', r'\1name="Borgerundersøgelse"', text)
    return text.encode("utf-8")


def drop(rels, kind: str) -> None:
    for rel_id, rel in list(rels.items()):
        if rel.reltype == kind:
            rels.pop(rel_id)


def make(target: Path = TARGET) -> None:
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
    deck.element.find("{*}sldSz").attrib.pop("type", None)
    master = deck.slide_master
    wanted = layouts()
    for layout in list(deck.slide_layouts)[len(wanted) :]:
        deck.slide_layouts.remove(layout)
    for layout, (name, (colour, shapes)) in zip(deck.slide_layouts, wanted.items()):
        layout._element.cSld.set("name", name)
        layout._element.attrib.pop("type", None)
        layout._element.set("preserve", "1")
        fill(layout, colour, shapes)
    fill(master, "bg1", [
        placeholder(2, *HEADLINE, size=24, colour="tx2", bold=True),
        placeholder(3, "Tekst", 'type="body" idx="1"', (LEFT, CONTENT[0], FULL, CONTENT[1]),
                    "Tekst", size=16),
        placeholder(4, "Sidetal", 'type="sldNum" sz="quarter" idx="4"', NUMBER_BOX, "",
                    size=10, colour="accent3"),
    ])  # fmt: skip
    for element in (master._element, deck.element):
        for node in element.iter("{*}defRPr"):
            node.set("lang", "da-DK")
    for node in master._element.iter("{*}titleStyle"):
        for level in node:
            level.set("algn", "l")
    theme = master.part.part_related_by(RT.THEME)
    theme._blob = theme_xml(theme.blob)
    package = deck.part.package
    drop(package._rels, RT.THUMBNAIL)
    drop(deck.part.rels, RT.PRINTER_SETTINGS)
    for rel in package._rels.values():
        if rel.reltype == RT.EXTENDED_PROPERTIES:
            root = etree.fromstring(rel.target_part.blob)
            for child in list(root):
                if etree.QName(child).localname != "AppVersion":
                    root.remove(child)
            rel.target_part._blob = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    deck.core_properties.title = "Borgerundersøgelse på beskæftigelsesområdet"
    deck.core_properties.author = ""
    deck.core_properties.language = "da-DK"
    deck.core_properties.created = deck.core_properties.modified = MADE
    buffer = io.BytesIO()
    deck.save(buffer)
    target.write_bytes(settled(buffer.getvalue(), MADE))


if __name__ == "__main__":
    make()
