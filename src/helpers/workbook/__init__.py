"""A municipality's released numbers → `resultater.xlsx`."""
