"""Output that never ends a run: signs that the terminal or file does not have, a pipe that is closed
(`survey status demo | head`), a drive that is full."""

from __future__ import annotations

import codecs
import errno
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

READABLE = "survey-readable"  # name of the error handler below
# signs of our own messages that stand in no code page of Windows, or not in ASCII
LIKE = {
    "✓": "v", "·": ".", "→": "->", "–": "-", "—": "-", "−": "-", "…": "...", "»": '"', "«": '"',
    "≥": ">=", "≤": "<=", "×": "x", "’": "'", "“": '"', "”": '"',
    "æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa",
}  # fmt: skip


def _readable(error: UnicodeError) -> tuple[str, int]:
    """What to write for signs that an encoding lacks: their like, else the letter without its mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    likes = (LIKE.get(sign) or unicodedata.normalize("NFKD", sign) for sign in lacking)
    written = (like.encode(error.encoding, "ignore").decode(error.encoding) for like in likes)
    return "".join(text or "?" for text in written), error.end


class Lasting:
    """A stream whose writer goes on where nobody reads any more, or where there is no room: the rest goes
    nowhere, which is told on stderr, but for a pipe that was closed on purpose."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._going_on():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._going_on():
            self._stream.flush()

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        try:
            yield
        except OSError as e:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())  # what is buffered goes there too
            os.close(nowhere)
            if e.errno not in (errno.EPIPE, errno.EINVAL):  # a closed pipe, here and on Windows
                with suppress(OSError):
                    lost = f"Output is lost from here on ({e.strerror}); the command goes on."
                    print(lost, file=sys.__stderr__)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def lasting_output() -> Iterator[None]:
    """stdout and stderr such that no sign, closed pipe or full drive ends what the command does."""
    codecs.register_error(READABLE, _readable)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (stream and _lasting(stream) for stream in before)  # None: closed
    try:
        yield
    finally:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        sys.stdout, sys.stderr = before


def _lasting(stream: TextIO) -> Lasting:
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors=READABLE)
    return Lasting(stream)
