"""Released numbers → facts and dimensions for BI tools and databases."""
