"""Rounds over time: what was released of each, side by side, with breaks marked."""
