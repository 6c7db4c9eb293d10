"""Released numbers as every product reads them: tables, a municipality's own numbers, captions, findings.

Nothing that was not released may be read here.
"""
