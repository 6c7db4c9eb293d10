"""The mail-merge basis of the letters: names and unique links of the citizens drawn."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pandas as pd
import xlsxwriter

from helpers.errors import SurveyError
from helpers.identities import send_out_list
from helpers.params import Round
from helpers.paths import Paths, write_atomically
from helpers.vault import read_vault
from helpers.vault_key import key_of_round

FILE_NAME = "flettebrev.xlsx"


def write_sendout(paths: Paths, round_: Round, code: str) -> Path:
    """Write `sendout/<code>/flettebrev.xlsx`; from then on the sample is frozen.

    Every cell is text, so that CPR numbers keep their leading zero and no name is a formula.
    """
    if not paths.sample(code).is_file():
        raise SurveyError(
            str(paths.sample(code)),
            "no sample has been drawn",
            "the result of the step plan",
            f"Run `survey run {round_.id} --stage plan --only {code}`.",
        )
    rows = send_out_list(
        pd.read_parquet(paths.sample(code)),
        read_vault(paths.vault(code), key_of_round(round_.settings, paths.root), round_.id, code),
        round_.settings.link_base,
    )
    return write_atomically(
        paths.sendout(code) / FILE_NAME, lambda p: p.write_bytes(letters_content(rows))
    )


def letters_content(rows: pd.DataFrame) -> bytes:
    """A send-out list as a workbook, every cell as text."""
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(content, options) as book:
        book.set_properties(
            {"created": dt.datetime(2000, 1, 1)}
        )  # the same letters, the same bytes
        sheet = book.add_worksheet("Flettebrev")
        text = book.add_format({"num_format": "@"})
        sheet.set_column(0, len(rows.columns) - 1, 26, text)
        for column, name in enumerate(rows.columns):
            sheet.write_string(0, column, name)
            for row, value in enumerate(rows[name], start=1):
                sheet.write_string(row, column, value, text)
        sheet.freeze_panes(1, 0)
    return content.getvalue()
