"""Citizens' own words, with what could point at a person taken out.

Free text stays in the house, per municipality, and only where enough have written. Scrubbing is a
safety net and no proof: a story can tell who somebody is without a name or a number.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xlsxwriter

from helpers.common.paths import Paths, write_atomically
from helpers.common.patterns import BETWEEN
from helpers.common.plain_text import clean, packed_in
from helpers.parameters.params import Round
from helpers.parameters.questionnaires import text_columns

NAME_MARK, NUMBER_MARK, MAIL_MARK = "[navn fjernet]", "[nummer fjernet]", "[e-mail fjernet]"
ADDRESS_MARK = "[adresse fjernet]"
_AT = r"(?:@|[(\[]\s?(?:at|snabel-?a)\s?[)\]]|\ssnabel-?a\s)"
_DOT = r"(?:\.|\s?[(\[]\s?(?:dot|punktum)\s?[)\]]\s?|\s(?:dot|punktum)\s)"
MAIL = re.compile(rf"[\w.+-]+\s?{_AT}\s?[\w-]+(?:{_DOT}[\w-]+)+", re.IGNORECASE)
# CPR and telephone numbers in any spelling: eight digits or more with little between them
NUMBER = re.compile(rf"(?<!\d)(?:\+\s?)?[(]?\d(?:[.{BETWEEN}]{{0,3}}\d){{7,}}(?!\d)")
# streets by how their names end: these in any case, the others with a capital letter alone
_STREET = r"vej|gade|all[eé]|boulevard|stræde|vænge|torv"
_THE_STREET = (
    r"vejen|gaden|all[eé]en|boulevarden|strædet|vænget|torvet|pladsen|kajen|parken|haven|toften|bakken"
    r"|vangen|marken|engen|lunden|dalen|højen|skoven|brinken|krogen|kvarteret|stien|gården"
)
_STREET_OR_WORD = (
    r"plads|kaj|park|have|toft|bakke|vang|ager|mark|lund|dal|høj|skov|brink|krog|gård|holm"
)
_NAMED = rf"(?:\b[A-ZÆØÅ][\w.'’-]*\s+){{1,3}}(?i:{_STREET}|plads|park)"
_STREETS = (
    rf"\b(?:[\w'’-]{{2,}}(?i:{_STREET}|vænget)|(?=[A-ZÆØÅ])(?:[\w'’-]*(?i:{_THE_STREET})"
    rf"|[\w'’-]{{2,}}(?i:{_STREET_OR_WORD})))"
)
_HOUSE = r"\s+(?:nr\.?\s?)?\d{1,3}(?!\d)(?:[a-zA-Z](?!\w)|\s[A-H](?!\w))?"
_SIDE = r"(?:tv|th|mf)\b\.?"
_FLOOR = rf",?\s*(?:st|kl|\d{{1,2}})\b\.?,?\s*(?:sal\b\.?(?:,?\s*{_SIDE})?|{_SIDE})"
_TOWN = r",?\s*(?:DK-)?\d{4}\s+[A-ZÆØÅ][\w.]*(?:\s[A-ZÆØÅ]{1,2}\b)?"
ADDRESS = re.compile(
    rf"(?:(?:{_NAMED}|(?:\b[A-ZÆØÅ][\w.'’-]*\s+){{0,3}}{_STREETS})\b{_HOUSE}(?:{_FLOOR})?"
    rf"|\b[A-ZÆØÅ][\w'’-]+{_HOUSE}{_FLOOR})(?:{_TOWN})?"
)
LONG_NUMBER = re.compile(r"(?<!\d)\d{5,}(?!\d)")
WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
SENTENCE_START = re.compile(r"(?:^|[.!?:»«\"\n])\s*$")
SHORTEST_NAME = 3  # »Bo« and »Ib« stay where they stand alone: too many words look like them


@dataclass(frozen=True)
class Names:
    """The vault's names, lower case: all words of full names, and which of them are given names."""

    words: frozenset[str]
    given: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        words, given = set(), set()
        for name in names:
            parts = [p.lower() for p in WORD.findall(name)]
            if parts:
                given.add(parts[0])
                words.update(parts)
        return cls(frozenset(words), frozenset(given))


def scrub(text: str, names: Names) -> str:
    """The text with numbers, e-mail and street addresses, and names replaced by marks.

    Numbers: eight digits or more with at most spaces, points, slashes, hyphens and brackets between
    (CPR and telephone numbers in any spelling), and every run of five digits or more; digits of other
    widths and scripts count too. Addresses: a street by how its name ends, with a house's number, and
    whatever has number, floor and side; with the postcode and town behind. Names: two or more words of
    the vault's names in a row, in any case, also with a comma, a point or a low line between; a single
    one where it is capitalised inside a sentence, and a given name also at its start. Base64 that
    holds any of these goes as a number.
    """
    text = clean(text)
    for start, end, within in reversed([*packed_in(text)]):
        if scrub(within, names) != within:
            text = text[:start] + NUMBER_MARK + text[end:]
    text = MAIL.sub(MAIL_MARK, text)
    text = NUMBER.sub(NUMBER_MARK, text)
    text = ADDRESS.sub(ADDRESS_MARK, text)
    text = LONG_NUMBER.sub(NUMBER_MARK, text)
    return _without_names(text, names)


def _without_names(text: str, names: Names) -> str:
    marks = {m.strip("[]").split()[0] for m in (NAME_MARK, NUMBER_MARK, ADDRESS_MARK)}
    words = [m for m in WORD.finditer(text) if m.group() not in marks | {"fjernet"}]
    known = [m.group().lower() in names.words for m in words]
    out, at, i = [], 0, 0
    while i < len(words):
        run = i
        while (
            run < len(words)
            and known[run]
            and (run == i or text[words[run - 1].end() : words[run].start()].strip(" .,_") == "")
        ):
            run += 1
        first = words[i]
        alone = run == i + 1 and _is_single_name(text, first, names)
        if run > i + 1 or alone:
            out += [text[at : first.start()], NAME_MARK]
            at = words[run - 1].end()
        i = max(run, i + 1)
    return "".join([*out, text[at:]])


def _is_single_name(text: str, word: re.Match, names: Names) -> bool:
    spelled = word.group()
    if len(spelled) < SHORTEST_NAME or not spelled[0].isupper():
        return False
    starts_sentence = SENTENCE_START.search(text[: word.start()]) is not None
    return not starts_sentence or spelled.lower() in names.given


def scrub_answers(answers: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """`answers` with all free texts scrubbed; a row an exported citizen."""
    known = Names.of(names)
    return answers.assign(
        **{
            c: answers[c].map(lambda t: scrub(t, known) if t else t).astype("str")
            for c in text_columns(answers)
        }
    )


def write_texts(paths: Paths, round_: Round, code: str, answers: pd.DataFrame) -> Path | None:
    """`data/<round>/texts/<code>.xlsx`: scrubbed texts for the municipality's own use, a column a
    question, without any other answer beside them. None where fewer than `disclosure.min_answers`
    citizens have written to a question; such a question is left out.
    """
    path, least = paths.texts(code), round_.settings.disclosure.min_answers
    columns = {}
    for question in (q for q in round_.questionnaire.questions if not q.is_scaled):
        texts = answers.get(question.column, pd.Series(dtype="str"))
        texts = sorted(t for t in texts if isinstance(t, str) and t.strip())  # no order of arrival
        if len(texts) >= least:
            columns[question.wording] = texts
    if not columns:
        path.unlink(missing_ok=True)
        return None
    day = (
        round_.settings.calendar.reporting.end
    )  # no time of writing: the same texts, the same bytes
    return write_atomically(path, lambda p: _write_workbook(p, columns, day))


def _write_workbook(path: Path, columns: dict[str, list[str]], day: dt.date) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(path, options) as book:
        book.set_properties({"created": dt.datetime.combine(day, dt.time())})
        sheet = book.add_worksheet("Fritekst")
        wrapped = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        head = book.add_format({"bold": True, "text_wrap": True})
        sheet.set_column(0, len(columns) - 1, 80, wrapped)
        for c, (wording, texts) in enumerate(columns.items()):
            sheet.write_string(0, c, wording, head)
            for r, text in enumerate(texts, start=1):
                sheet.write_string(r, c, text, wrapped)
        sheet.freeze_panes(1, 0)
