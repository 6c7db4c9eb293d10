"""A citizen's letter: merged into one Word file for all, and as HTML for Digital Post."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable, Mapping, Sequence

import pypandoc
from mailmerge import MailMerge

from helpers.common import style
from helpers.fieldwork.letter_fields import LINK, NAME
from helpers.fieldwork.letter_templates import Template

SECTION = "nextPage_section"  # each letter begins a page of its own, numbered from 1
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MARKS = {NAME: "\ue000navn\ue001", LINK: "\ue000link\ue001"}  # private use: in no text
_CSS = f"""body{{font-family:Arial,Helvetica,sans-serif;color:{style.INK};max-width:42em;
margin:2em auto;padding:0 1em;line-height:1.5}}h1{{color:{style.TEAL};font-size:1.5em}}
h2{{color:{style.TEAL};font-size:1.05em}}a{{color:{style.TEAL}}}table{{width:100%}}
th,td{{background:{style.TINT};padding:.4em 1em;text-align:left;font-weight:normal}}"""


def merged_letters(
    template: Template, values: Mapping[str, str], people: Iterable[tuple[str, str]]
) -> bytes:
    """One DOCX with a letter a citizen, each on a page of its own; `people`: name and link."""
    rows = [{**values, NAME: name, LINK: link} for name, link in people]
    with MailMerge(io.BytesIO(template.content)) as document:
        document.merge_templates(rows, SECTION)
        for part in document.docx.get_parts("main"):
            _put_types_in_place(part["part"].getroot())
        buffer = io.BytesIO()
        document.write(buffer)
    return buffer.getvalue()


def _put_types_in_place(root) -> None:
    """A section's type stands before its page size (ECMA-376, CT_SectPr); the merge puts it last."""
    for section in root.iter(f"{_W}sectPr"):
        kind, size = section.find(f"{_W}type"), section.find(f"{_W}pgSz")
        if kind is not None and size is not None:
            size.addprevious(kind)


class HtmlLetter:
    """The letter as a page without script, picture or request; made once, filled for each citizen.

    Text, headings, lists and tables come along; what a template draws beside its text (logos, text
    boxes, headers and footers) does not.
    """

    def __init__(self, template: Template, values: Mapping[str, str], title: str) -> None:
        one = merged_letters(template, values, [(_MARKS[NAME], _MARKS[LINK])])
        body = pypandoc.convert_text(
            one, "html5", format="docx", extra_args=["--wrap=none"], sandbox=True
        )
        body = re.sub(r"<img\b[^>]*>", "", body)  # they would lie in files that nobody gets
        link = _MARKS[LINK]
        body = body.replace(link, f'<a href="{link}">{link}</a>')
        page = (
            '<!DOCTYPE html>\n<html lang="da">\n<head>\n<meta charset="utf-8"/>\n'
            f"<title>{html.escape(title)}</title>\n<style>{_CSS}</style>\n</head>\n"
            f"<body>\n{body}</body>\n</html>\n"
        )
        self._parts: Sequence[str] = page.split("\ue000")

    def of(self, name: str, link: str) -> str:
        """The page of one citizen."""
        fields = {"navn": html.escape(name), "link": html.escape(link, quote=True)}
        first, *rest = self._parts
        filled = [first]
        for part in rest:
            mark, text = part.split("\ue001", 1)
            filled += [fields[mark], text]
        return "".join(filled)
