"""Bounds on received files: far above any true one, far below what exhausts a machine.

A large municipality's extract has up to some 60,000 rows of 20 columns; one export of a whole round's
answers has a row a citizen asked, 200,000 where all municipalities take part.
"""

from __future__ import annotations

MB = 1_000_000  # bytes
MAX_FILE_BYTES = 100 * MB  # as received; 60,000 × 20 are 4 MB as .xlsx, 10 MB as .csv
MAX_UNPACKED_BYTES = 400 * MB  # the parts of a workbook that are read; 60,000 × 20 are 65 MB
MAX_PARTS = 5_000  # files in a workbook's archive
MAX_ROWS = 250_000  # of a sheet, down to its last filled cell
MAX_COLUMNS = 1_000
MAX_CELLS = 6_000_000  # rows × columns; each takes about 100 bytes while it is read
MAX_LOST_CELLS = 500_000  # errors and formulas without a value, each kept with its place
MAX_SHEET_CHARACTERS = 1_000_000_000  # of all cells together, where many share one text
