"""Deleting identities, and whatever leads to them, when their time is over."""
