"""`params/` → frozen, validated objects, or a list of all that is wrong with it.

The models are closed and frozen: an unknown key is an error, and units stand in the name
(`least_spell_unit`, `price_dkk`).

Uses `common`, `faults` and the readers of `received`. Nothing about a round's data may be in it.
"""
