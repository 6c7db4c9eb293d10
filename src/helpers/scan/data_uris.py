"""`data:` URIs: what they hold, as parts of the file that they stand in."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

from helpers.scan.text import Contents, Part

_DATA_URI = re.compile(
    r"data:([a-z]+/[\w.+-]+)?((?:;[\w-]+(?:=[\w.-]+)?)*),([^\"'\s)<>]*)", re.IGNORECASE
)
_SUBTYPES = {
    "svg+xml": ".svg", "plain": ".txt", "javascript": ".js", "x-javascript": ".js",
    "markdown": ".md", "latex": ".txt", "jpeg": ".jpg",
    "vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}  # fmt: skip


def ending_of(mime: str) -> str:
    """File ending of a MIME type; fonts have `.ttf` and JSON dialects `.json`."""
    major, _, minor = mime.lower().partition("/")
    if major == "font" or "font" in minor:
        return ".ttf"
    return ".json" if minor.endswith("json") else _SUBTYPES.get(minor, f".{minor or 'txt'}")


def take_out_data_uris(text: str, contents: Contents) -> str:
    """The text with `data:` URIs emptied; what they hold becomes parts."""
    if "data:" not in text:
        return text

    def take(match: re.Match) -> str:
        mime, options, data = match[1] or "text/plain", match[2], match[3]
        if not match[1] and not options and "%" not in data:
            return match[0]  # prose such as »data:,«
        inner = f"data-{len(contents.parts) + 1}{ending_of(mime)}"
        try:
            packed = unquote_to_bytes(data)
            padded = packed + b"=="[: -len(packed) % 4]
            whole = base64.b64decode(padded) if "base64" in options else packed
        except binascii.Error:
            contents.unreadable.append("a data: URI is broken")
            return "data:"
        contents.parts.append(Part(inner, whole))
        return "data:"

    return _DATA_URI.sub(take, text)
