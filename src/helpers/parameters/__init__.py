"""`params/` → frozen, validated objects, or a list of all that is wrong with it.

Uses `common`, `faults` and the readers of `received`. Nothing about a round's data may be in it.
"""
