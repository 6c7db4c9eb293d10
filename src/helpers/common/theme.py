"""The house's look for web pages: colours and type of `common/style.py` as CSS, fonts inside the page."""

from __future__ import annotations

import base64
from functools import cache
from importlib.resources import files

from helpers.common import style

# weight → file of the type family, subset to the letters of European languages
WEB_FONTS = {400: "OpenSans-Regular", 600: "OpenSans-Semibold", 700: "OpenSans-Bold"}


def css_variables() -> str:
    """`:root { --teal: …; }`, so that a page's own CSS names no colour."""
    lines = [f"--{name}: {colour};" for name, colour in style.TOKENS.items()]
    return f":root {{ {' '.join(lines)} --font: {style.FONT_STACK}; color-scheme: light; }}\n"


@cache
def font_faces() -> str:
    """The type family as data addresses: the page asks nobody for anything."""
    folder = files("helpers") / "assets" / "fonts"
    faces = []
    for weight, name in WEB_FONTS.items():
        content = base64.b64encode((folder / f"{name}.woff").read_bytes()).decode("ascii")
        faces.append(
            f'@font-face {{ font-family: "{style.FONT}"; font-weight: {weight}; font-display: swap; '
            f"src: url(data:font/woff;base64,{content}) format('woff'); }}\n"
        )
    return "".join(faces)
