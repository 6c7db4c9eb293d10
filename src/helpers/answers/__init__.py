"""The survey tool's exports → one answer a citizen: which submission counts, theme scores, free text, digests.

Weights and estimates must not be in it.
"""
