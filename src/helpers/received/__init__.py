"""A received file of any table kind → rows of cells: what is found out about it first, sheets, encodings, cells.

Uses `common` and `faults`. What the rows mean (an extract, an export, a sign-up) is not known here.
"""
