"""The known name that somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name most like `name`, whatever its case; None where none is."""
    lower = {k.lower(): k for k in known}
    found = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=0.5)
    return lower[found[0]] if found else None


def hint(name: str, known: Sequence[str]) -> str:
    """»Did you mean …?«, or all known names."""
    near = nearest(name, known)
    return f"Did you mean »{near}«?" if near else f"Known: {', '.join(known)}."
