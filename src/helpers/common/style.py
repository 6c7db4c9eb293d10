"""The house's colours and type, for figures, pages, decks and workbooks."""

from __future__ import annotations

TEAL = "#14505B"
TEAL_MID = "#4F8A94"
TINT = "#EEF3F4"
ACCENT = "#C8553D"
ACCENT_DARK = "#A9442E"  # the accent in words: enough contrast on white and on the tint
GREY = "#5B6770"
LIGHT_GREY = "#C9D1D4"
INK = "#1D2A30"

# Five answers from the most negative (1) to the most positive (5); told apart in grey print and
# by readers who do not tell red from green. »Ved ikke« stands outside the scale.
LIKERT = {1: "#B4472F", 2: "#E3A08F", 3: "#D9DDDF", 4: "#7FB0B8", 5: "#14505B"}
DONT_KNOW = "#F1E9D2"
OWN, OTHERS, COUNTRY = TEAL, ACCENT, GREY


def answer_colours(points: int) -> list[str]:
    """Of so many answers from the most negative to the most positive: evenly along LIKERT."""
    ends, found = list(LIKERT.values()), []
    for k in range(points):
        at = k * (len(ends) - 1) / (points - 1)
        low = min(int(at), len(ends) - 2)
        pairs = zip(_channels(ends[low]), _channels(ends[low + 1]))
        mixed = (round(a + (at - low) * (b - a)) for a, b in pairs)
        found.append("#" + "".join(f"{c:02X}" for c in mixed))
    return found


def is_dark(colour: str) -> bool:
    """Whether white words on it can be read better than dark ones (relative luminance, WCAG 2)."""
    parts = [c / 255 for c in _channels(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < 0.225


def _channels(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


FONT = "Open Sans"  # ships with the project, licence beside it
FONT_STACK = f'"{FONT}", "Segoe UI", system-ui, sans-serif'
# name → colour, for all that is no Python: web pages, Quarto's theme, Typst
TOKENS = {
    "teal": TEAL, "teal-mid": TEAL_MID, "tint": TINT, "accent": ACCENT_DARK, "grey": GREY,
    "light-grey": LIGHT_GREY, "ink": INK, "dont-know": DONT_KNOW,
}  # fmt: skip
