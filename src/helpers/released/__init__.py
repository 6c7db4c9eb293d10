"""Released numbers as every product reads them: tables, the one reader of their rows (`numbers.py`), the words
of a verdict (`verdicts.py`), a municipality's own numbers, captions, findings.

Nothing that was not released may be read here, and nothing is judged here.
"""
