"""CPR numbers, telephone numbers and e-mail addresses, known by their form alone.

What counts, and what does not, so that a run is stopped for citizens and not for decimals:

- **CPR number**: ten digits with a birth date by the rule of the seventh digit (day + 60 in
  replacement numbers, no modulus 11), bare or as DDMMYY SSSS, DDMMYY-SSSS, DD.MM.YY-SSSS; in text
  also with every part apart by space, hyphen, point or slash (17 03 84 55 12), with another sign before
  the last four (170384_5512, 170384--5512), and with the whole year; one of this century must be the seventh digit's, or it is a date and a time. Not inside a longer run of letters and digits, nor
  as part of a decimal number or of a longer row of numbers; a bare number after the word *time* or
  the like is a timestamp. Nine digits, the leading zero lost, only where they are the whole of a
  cell, value, line or text node. Six digits and four in two columns beside each other, where at
  least every other row holds such a number.
- **Telephone number**: +45 or 0045 and eight digits; four pairs with one separator throughout
  (not in a longer row of numbers, not in square brackets as NumPy prints them);
  eight bare digits, the first 2–9, that stand alone and are no date (YYYYMMDD, DDMMYYYY), amount
  or part of code.
- **E-mail address**; endings of files (`logo@2x.png`) are none.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import numpy as np

from helpers.common.birth_dates import REPLACEMENT_DAY_OFFSET, century
from helpers.common.plain_text import BREAK, CODE, IDS, TEXT, TIME_WORD

CPR, PHONE, EMAIL = "cpr number", "telephone number", "e-mail address"
Span = tuple[int, int, str]  # start, end and kind of what is found in a text

# what may stand between the parts of a number, for a character class
BETWEEN = r"\s/()_:+·~|\u2010-\u2015\u2212-"
GAP = r"[ \u00a0\u2007\u2009\u202f]"
DASH = r"[-\u2010-\u2015\u2212]"
# No letter or digit ahead (but »cpr« may be), no decimal point; a comma only after a long number.
_LEFT = (
    r"(?:(?<=[Cc][Pp][Rr])|(?<![^\W_]))(?<![0-9]\.)(?<![\s(\[]\.)(?<!(?<![0-9]{9})[0-9],)(?<![#&])"
)
_RIGHT = r"(?:\.0+(?![0-9]))?(?![^\W_]|\.[0-9])"
_DAY = r"(?:[0-2][0-9]|3[01]|6[1-9]|[78][0-9]|9[01])"
_CPR_BARE = re.compile(_LEFT + rf"({_DAY}(?:0[1-9]|1[0-2])[0-9]{{6}})" + _RIGHT)
_CPR_APART = re.compile(
    _LEFT
    + rf"({_DAY}([ ./]?)(?:0[1-9]|1[0-2])\2[0-9]{{2}}(?:{GAP}?{DASH}\s?[0-9]{{4}})"
    + rf"|(?<![0-9]{GAP}){_DAY}(?:0[1-9]|1[0-2])[0-9]{{2}}{GAP}[0-9]{{4}})"
    + _RIGHT
    + rf"(?!{DASH}[0-9])"
)
# other signs that people and programs put between the date and the rest, in text alone
_ODD = r"(?:[_:+·~|]|[-\u2010-\u2015\u2212]{2})"
_CPR_ODD = re.compile(
    r"(?<![^\W_])(?<![0-9]\.)"
    + rf"({_DAY}(?:0[1-9]|1[0-2])[0-9]{{2}}{GAP}?{_ODD}{GAP}?[0-9]{{4}})(?![^\W_]|\.[0-9]|{_ODD}[0-9])"
)
_APART = rf"(?:{GAP}?(?:{DASH}|[./])\s?|{GAP})"
_CPR_PARTS = re.compile(
    _LEFT
    + rf"(?<![0-9]{GAP})({_DAY}{_APART}?(?:0[1-9]|1[0-2]){_APART}?((?:1[89]|20)?)([0-9]{{2}})"
    + rf"{_APART}[0-9]{{2}}{_APART}?[0-9]{{2}})"
    + _RIGHT
    + rf"(?!{GAP}?[0-9%]|(?:{DASH}|[/,])[0-9])"
)
_DECIMAL = re.compile(r"[0-9]{6,}\.[0-9]{4}")
_HALVES = re.compile(rf"{BREAK}(?=([0-9]{{4}})(?:[\n{BREAK}]|\Z))(?<=[0-9]{{6}}{BREAK})")
_FIRST_HALF = re.compile(r"\s*([0-9]{5,6}|[0-9]{2}[-./ ][0-9]{2}[-./ ][0-9]{2})\s*")
_CPR_NINE = re.compile(_LEFT + r"([1-9](?:0[1-9]|1[0-2])[0-9]{6})" + _RIGHT)
_SCIENTIFIC = re.compile(_LEFT + r"([1-9]\.[0-9]{6,9}[eE]\+0?[789])(?![^\W_])")
_PHONE_ABROAD = re.compile(
    rf"(?<![\w.,/])\(?(?:\+|00)45\)?(?:{GAP}|-)?([0-9](?:(?:{GAP}|[-.])?[0-9]){{7}})" + _RIGHT
)
_PHONE_PAIRS = re.compile(
    _LEFT
    + rf"(?<![0-9]{GAP})(?<![0-9][-,.])([1-9][0-9]({GAP}|[-.])[0-9]{{2}}\2[0-9]{{2}}\2[0-9]{{2}})"
    + rf"(?!{GAP}?[0-9%]|[-.,][0-9]|[^\W_])"
)
_PHONE_BARE = re.compile(
    r"(?<![^\s(\"'>»:;=,\[|\ue000])(?<![0-9],)([2-9][0-9]{7})(?:[.,]0+(?![0-9]))?"
    rf"(?=[\s)\"'<«:;,.!?\]|\ue000]|$)(?![.,:][0-9])"
    rf"(?!{GAP}?(?:%|kr\b|kroner|DKK|[kKM]?[bB](?:ytes)?\b|ms\b))"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}([a-zA-Z]{2,18})(?![\w-])")
_FILE_ENDINGS = {"png", "jpg", "jpeg", "svg", "gif", "webp", "css", "js", "html", "json", "ttf"}
_BLOB = re.compile(r"[A-Za-z0-9+/]{64,}={0,2}")
# Eight digits or more with at most small gaps: only around these do the patterns look.
_NUMBERISH = re.compile(
    r"[0-9](?<![0-9]{2})(?<![0-9\s(\[]\.[0-9])"
    rf"(?:(?:[{BETWEEN}]|(?<=[0-9]{{2}})\.(?=[0-9]{{2}}(?:[0-9]{{2}})?(?![0-9]))){{0,3}}[0-9]){{7,}}+"
)


@cache
def _year(seventh: int, yy: int) -> int:
    return yy + int(century(np.array([seventh]), np.array([yy]))[0])


def is_cpr(digits: str) -> bool:
    """True where ten digits hold a birth date, by the rules of `extracts/cpr.py`."""
    day, month, yy = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    day -= REPLACEMENT_DAY_OFFSET if day > REPLACEMENT_DAY_OFFSET else 0
    return _is_day(_year(int(digits[6]), yy), month, day)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def is_compact_date(digits: str) -> bool:
    """True for YYYYMMDD and DDMMYYYY in the years 1900–2099."""
    forms = (digits[:4], digits[4:6], digits[6:]), (digits[4:], digits[2:4], digits[:2])
    return any(1900 <= int(y) <= 2099 and _is_day(int(y), int(m), int(d)) for y, m, d in forms)


def only_digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def windows(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of a text with eight digits or more and what surrounds them, none over another."""
    start = end = 0
    for m in _NUMBERISH.finditer(text):
        if m.start() - 8 > end:
            if end:
                yield start, end
            start = max(0, m.start() - 8)
        end = min(len(text), m.end() + 16)
    if end:
        yield start, end


def numbers_in(text: str, trust: str, start: int, end: int) -> Iterator[Span]:
    """CPR and telephone numbers in one window; the less a text is trusted, the fewer forms count."""
    for m in _CPR_APART.finditer(text, start, end):
        if is_cpr(only_digits(m[1])):
            yield *m.span(1), CPR
    if trust != IDS:
        for m in _CPR_BARE.finditer(text, start, end):
            if is_cpr(m[1]) and not _is_machine_made(text, *m.span(1)):
                yield *m.span(1), CPR
    if trust == TEXT:
        for m in _CPR_PARTS.finditer(text, start, end):
            if _is_apart(m):
                yield *m.span(1), CPR
        for m in _CPR_ODD.finditer(text, start, end):
            if is_cpr(only_digits(m[1])):
                yield *m.span(1), CPR
        for m in _CPR_NINE.finditer(text, start, end):
            if is_cpr("0" + m[1]) and _alone(text, *m.span()):
                yield *m.span(1), CPR
    if trust != CODE:
        for m in _PHONE_ABROAD.finditer(text, start, end):
            yield *m.span(), PHONE
    if trust == TEXT:
        for m in _PHONE_PAIRS.finditer(text, start, end):
            if not _is_array(text, *m.span(1)):
                yield *m.span(1), PHONE
        for m in _PHONE_BARE.finditer(text, start, end):
            if not is_compact_date(m[1]):
                yield *m.span(1), PHONE


def scientific_in(text: str) -> Iterator[Span]:
    """Whole numbers that a spreadsheet or a program wrote as 1.703845512e+09."""
    if "e+" not in text and "E+" not in text:
        return
    for m in _SCIENTIFIC.finditer(text):
        number = float(m[1])
        digits = str(int(number)) if number.is_integer() else ""
        if len(digits) == 8 and digits[0] > "1" and not is_compact_date(digits):
            yield *m.span(1), PHONE
        elif len(digits) in (9, 10) and is_cpr(digits.zfill(10)) and _alone(text, *m.span(1)):
            yield *m.span(1), CPR


def emails_in(text: str) -> Iterator[Span]:
    """Addresses whose ending is no file's."""
    if "@" in text:
        for m in _EMAIL.finditer(text):
            if m[1].lower() not in _FILE_ENDINGS:
                yield *m.span(), EMAIL


def _is_apart(m: re.Match) -> bool:
    """True for a birth date; a decimal number is none, nor a date of this century and a time."""
    digits = only_digits(m[1])
    number = digits[:4] + digits[-6:]
    if _DECIMAL.fullmatch(m[1]) or not is_cpr(number):
        return False
    return m[2] != "20" or 2000 + int(m[3]) == _year(int(number[6]), int(m[3]))


def is_first_half(cell: str) -> bool:
    """True for a cell that holds a birth date as the first half of a CPR number does."""
    found = _FIRST_HALF.fullmatch(cell)
    day = only_digits(found[1]).zfill(6) if found else ""
    return bool(day) and any(is_cpr(f"{day}{seventh}000") for seventh in (0, 4, 5))


def halves_in(rows: str) -> Iterator[Span]:
    """CPR numbers in two neighbouring columns of a table, its cells apart by BREAK, a row a line."""
    hits: dict[int, list[Span]] = defaultdict(list)
    for m in _HALVES.finditer(rows):
        first = m.start() - 6
        apart = first == 0 or rows[first - 1] in ("\n", BREAK)
        if apart and is_cpr(rows[first : m.start()] + m[1]):
            column = rows.count(BREAK, rows.rfind("\n", 0, first) + 1, first)
            hits[column].append((first, m.end(1), CPR))
    if not hits:
        return
    lines = [line.split(BREAK) for line in rows.split("\n")]
    for column, spans in hits.items():
        filled = sum(1 for line in lines[1:] if "".join(line[column : column + 2]).strip())
        if 2 * len(spans) >= filled:
            yield from spans


def _alone(text: str, start: int, end: int) -> bool:
    """True where nothing else stands in the cell, value, line or text node; »key: « may lead."""
    before = text[max(0, start - 8) : start].rstrip(" \t\u00a0\"'")
    after = text[end : end + 8].lstrip(" \u00a0\"'")
    edges = ("", "\n", "\r", "|", BREAK)
    return before[-1:] in edges and after[:1] in (*edges, "\t")


def _is_machine_made(text: str, start: int, end: int) -> bool:
    """True for a timestamp named as such ahead, and for digits within a Base64 blob."""
    ahead = text[max(0, start - 24) : start].rpartition("\n")[2].rpartition(BREAK)[2]
    if text[start] == "1" and TIME_WORD.search(ahead):
        return True
    window = max(0, start - 80)
    around = text[window : end + 80]
    return any(
        b.start() < start - window < b.end()
        and re.search("[+=]", b[0])
        and re.search("[a-z]", b[0])
        for b in _BLOB.finditer(around)
    )


def _is_array(text: str, start: int, end: int) -> bool:
    """True for four numbers in square brackets, as NumPy prints an array."""
    return text[start - 1 : start] == "[" and text[end : end + 1] == "]"
