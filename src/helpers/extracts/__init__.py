"""A municipality's extract → population and vault: read, classified, checked for plausibility, recorded.

Uses what is below it in the order of `docs/decisions/0020-packages.md`. Samples and answers are not known here.
"""
