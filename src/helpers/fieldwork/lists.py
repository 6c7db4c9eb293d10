"""Workbooks of rows for a mail merge or a text message: every cell is text."""

from __future__ import annotations

import datetime as dt
import io

import pandas as pd
import xlsxwriter

COLUMN_WIDTH = 26
CREATED = dt.datetime(2000, 1, 1)  # the same rows, the same bytes


def workbook(rows: pd.DataFrame, sheet_name: str) -> bytes:
    """One sheet with the columns' names on top. CPR numbers keep their leading zero, and no name is
    a formula or a link."""
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
