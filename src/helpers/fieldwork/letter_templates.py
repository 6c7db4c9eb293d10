"""Which Word template a municipality's letters are made from, and whether it can be used.

`params/letters/<round>/<code>-<mailing>.docx` is a municipality's own, `<mailing>.docx` beside it one
for all; without them the default is taken.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from lxml import etree
from mailmerge import MailMerge

from helpers.common.errors import ParameterError, Problem
from helpers.common.labels import hint
from helpers.fieldwork.letter_fields import FIELDS, OF_CITIZEN, REQUIRED
from helpers.fieldwork.mailing_kinds import MAILINGS, Mailing
from helpers.parameters.params import Round

TYPED_FIELD = re.compile(r"«\s*(\w+)\s*»|\{\{\s*(\w+)\s*\}\}")
PARAMETER_OF = {"hotline": "letters.hotline", "hotline_tid": "letters.hotline_hours"}
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PRINTED_SO = "is typed as text and would be printed so"
_ASK = "Insert it in Word with Insert, Quick Parts, Field, MergeField."


@dataclass(frozen=True)
class Template:
    """A Word template: `where` it lies, for messages, and its content."""

    where: str
    content: bytes

    @cached_property
    def fields(self) -> frozenset[str]:
        """Merge fields in all its parts. Raises ParameterError where it is no Word file."""
        return frozenset(self._read[0])

    @cached_property
    def _read(self) -> tuple[set[str], set[str], list[str]]:
        """Merge fields in all parts, those in headers, footers and notes, and names typed as text."""
        try:
            with MailMerge(io.BytesIO(self.content)) as document:
                every = document.get_merge_fields()
                other_parts = [
                    p for p in document.docx.get_parts() if p not in document.docx.get_parts("main")
                ]
                around = document._get_merge_fields(other_parts) if other_parts else set()
                typed = [
                    name
                    for part in document.docx.get_parts()
                    for name in _typed(part["part"].getroot())
                ]
        except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError, ValueError, IndexError):
            raise ParameterError(
                self.where,
                "is no Word template, or broken",
                "a Word file (.docx)",
                "Save it in Word as .docx; begin with `survey sendout --new-template FILE`.",
            ) from None
        return every, around, typed

    def problems(self, values: Mapping[str, str]) -> list[Problem]:
        """What must be mended before letters are made with these values."""
        try:
            every, around, typed = self._read
        except ParameterError as e:
            return list(e.problems)
        found = [
            Problem(self.where, f"has the unknown field »{name}«", remedy=hint(name, list(FIELDS)))
            for name in sorted(every - FIELDS.keys())
        ]
        found += [
            Problem(self.where, f"»{name}« {_PRINTED_SO}", "a merge field", _ASK)
            for name in sorted(set(typed))
        ]
        found += [
            Problem(self.where, f"lacks the field »{name}«", "each citizen's own link", _ASK)
            for name in REQUIRED
            if name not in every
        ]
        found += [
            Problem(
                self.where,
                f"has the field »{name}« in a header, footer or note",
                "fields of a citizen in the text itself",
                "Move it into the text.",
            )
            for name in sorted(around & set(OF_CITIZEN))
        ]
        found += [
            Problem(
                self.where,
                f"has the field »{name}«, and the round's file does not fill it",
                f"the key `{PARAMETER_OF[name]}`",
                "Add it, or take the field out.",
            )
            for name in sorted(every & PARAMETER_OF.keys())
            if not values.get(name)
        ]
        return found


def _typed(root) -> list[str]:
    """Names that somebody typed between « » or {{ }} where a merge field should be."""
    paragraphs = ("".join(t.text or "" for t in p.iter(f"{_W}t")) for p in root.iter(f"{_W}p"))
    return [a or b for text in paragraphs for a, b in TYPED_FIELD.findall(text)]


def default(mailing: Mailing) -> bytes:
    return files("helpers").joinpath(f"assets/letters/{mailing.id}.docx").read_bytes()


def templates(
    root: Path, round_: Round, codes: Iterable[str], mailing: Mailing, given: Path | None = None
) -> dict[str, Template]:
    """Code → its template: `given`, else the municipality's own, else the round's, else the default.

    Raises ParameterError where `given` is missing, or a file in the round's folder is named after no
    participant and mailing, and so would silently not be used.
    """
    folder = root / "params" / "letters" / round_.id
    if given is not None:
        if not given.is_file():
            raise ParameterError(
                f"--template {given}", "does not exist", "a Word file (.docx)", "Check the path."
            )
        same = Template(str(given), given.read_bytes())
        return dict.fromkeys(codes, same)
    strangers = _strangers(folder, round_)
    if strangers:
        raise ParameterError(problems=strangers)
    found: dict[str, Template] = {}
    shared: dict[Path, Template] = {}
    for code in codes:
        for path in (folder / f"{code}-{mailing.id}.docx", folder / f"{mailing.id}.docx"):
            if path.is_file():
                found[code] = shared.setdefault(path, Template(str(path), path.read_bytes()))
                break
        else:
            usual = Path("default")
            found[code] = shared.setdefault(
                usual, Template(f"default letter {mailing.id}", default(mailing))
            )
    return found


def _strangers(folder: Path, round_: Round) -> Sequence[Problem]:
    if not folder.is_dir():
        return []
    codes = [*round_.settings.participants, *round_.withdrawn]
    names = [*MAILINGS, *(f"{c}-{m}" for c in codes for m in MAILINGS)]
    return [
        Problem(
            str(path),
            "is the letter of no participant and mailing",
            "<code>-<mailing>.docx or <mailing>.docx",
            hint(path.stem, names) if _near(path.stem, names) else "Rename it.",
        )
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith((".", "~$"))
        if path.stem not in names or path.suffix != ".docx"
    ]


def _near(stem: str, names: Sequence[str]) -> bool:
    return "Did you mean" in hint(stem, names)
