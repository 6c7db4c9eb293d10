"""Cells that hold more than their own: another row's cells, or a CPR number.

A quotation mark that is not closed takes the rows below into one cell. The reader of files refuses
that; this is the net below it, for whatever reaches a letter.
"""

from __future__ import annotations

import re

import pandas as pd

from helpers.received.cells import plain_text

_BETWEEN = r"[ \x{a0}\t.\-–/]*"
_TEN_DIGITS = rf"(?:[0-9]{_BETWEEN}){{10}}"
_TWO_DELIMITERS = r"(?s)[;\t|].*[;\t|]"
_TWO_COMMAS, _SIX_DIGITS = r"(?s),.*,", r"(?s)(?:[0-9][^0-9]*){6}"
_LETTERS = r"\pL"
# six digits that can be a day and month, with a hyphen before the last four
_HYPHENED = r"\b(?:[06][1-9]|[1278][0-9]|[39][01])(?:0[1-9]|1[0-2])[0-9]{2}[-–][0-9]{4}\b"
_CPR = re.compile(r"(?<![0-9])([0-9]{6})[ .–-]?([0-9]{4})(?![0-9])")


def names_with_more(names: pd.Series) -> pd.Series:
    """True where a name holds ten digits in a row, two delimiters, or two commas and six digits.

    »Holm, Anne«, a line break and a semicolon are in names; a CPR number is not.
    """
    texts = plain_text(names)
    row = texts.str.contains(_TWO_COMMAS) & texts.str.contains(_SIX_DIGITS)
    return row | texts.str.contains(_TEN_DIGITS) | texts.str.contains(_TWO_DELIMITERS)


def phones_with_more(phones: pd.Series, cpr: pd.Series) -> pd.Series:
    """True where a telephone cell holds the CPR number of one of `cpr` or one with its hyphen, or two
    delimiters and words.

    Several numbers in a cell, and foreign ones of ten digits, are telephone numbers.
    """
    texts = plain_text(phones)
    row = texts.str.contains(f"{_TWO_DELIMITERS}|{_TWO_COMMAS}") & texts.str.contains(_LETTERS)
    row |= texts.str.contains(_HYPHENED)
    known = set(cpr[cpr != ""])
    long = texts.str.contains(_TEN_DIGITS).to_numpy(bool)
    row.loc[long] |= texts[long].map(lambda text: not known.isdisjoint(_numbers(text))).astype(bool)
    return row


def _numbers(text: str) -> set[str]:
    """What in a text could be a CPR number: six digits and four, and parts that are ten digits in all."""
    parts = (re.sub(r"[^0-9]", "", part) for part in re.split(r"[;,|/\n]", text))
    return {"".join(found) for found in _CPR.findall(text)} | set(parts)
