"""Texts that spreadsheets open as texts: in a CSV file that leaves the house no text is a formula.

Workbooks need no mark: their cells say that they hold text (`strings_to_formulas` off).
"""

from __future__ import annotations

import datetime as dt
import io

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# OWASP, CSV Injection: what a spreadsheet reads as the beginning of a formula
BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")
OTHER_WIDTHS = ("\uff1d", "\uff0b", "\uff0d", "\uff20")  # read alike by some
MARK = "'"
_BEGINS = "^\\s*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]"


def inert(text: str) -> str:
    """The text, with a mark in front where a spreadsheet would take it for a formula."""
    begins = text.lstrip(" ")[:1] in (*BEGINS, *OTHER_WIDTHS) and text.strip(" ") != ""
    return f"{MARK}{text}" if begins else text


def inert_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every text column inert; the same frame where all texts are."""
    marked = {}
    for name in frame.select_dtypes(["object", "string", "category"]).columns:
        texts = {t: inert(t) for t in frame[name].dropna().unique() if isinstance(t, str)}
        changed = {t: marked_text for t, marked_text in texts.items() if t != marked_text}
        if changed:
            marked[name] = frame[name].astype("object").replace(changed)
    return frame.assign(**marked) if marked else frame


def inert_table(table: pa.Table) -> pa.Table:
    """The table with every text column, and every heading, inert."""
    columns = [
        pc.if_else(
            pc.match_substring_regex(c, _BEGINS), pc.binary_join_element_wise(MARK, c, ""), c
        )
        if pa.types.is_string(c.type)
        else c
        for c in table.columns
    ]
    return pa.table(columns, [inert(name) for name in table.column_names])


COLUMN_WIDTH = 26
CREATED = dt.datetime(2000, 1, 1)  # the same rows, the same bytes


def text_workbook(rows: pd.DataFrame, sheet_name: str) -> bytes:
    """One sheet with the columns' names on top. CPR numbers keep their leading zero, and no name is
    a formula or a link."""
    import xlsxwriter  # read by few

    buffer = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": CREATED})
        sheet = book.add_worksheet(sheet_name)
        text = book.add_format({"num_format": "@"})
        sheet.set_column(0, len(rows.columns) - 1, COLUMN_WIDTH, text)
        for column, name in enumerate(rows.columns):
            sheet.write_string(0, column, name)
            for row, value in enumerate(rows[name], start=1):
                sheet.write_string(row, column, value, text)
        sheet.freeze_panes(1, 0)
    return buffer.getvalue()
