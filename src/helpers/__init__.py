"""Helpers of the jobcentre survey: one module, one job; nothing loads at import."""
