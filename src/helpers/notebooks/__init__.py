"""Notebooks executed by papermill in warm kernels, and typeset: executed notebook → HTML and PDF."""
