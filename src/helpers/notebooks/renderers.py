"""Which program typesets which report: Quarto, or the embedded renderer (pandoc and Typst).

A setting of the machine, `SURVEY_RENDERER`, or `--renderer` of one call: `auto` (the national report and
the method by Quarto where it is found, municipal reports by the embedded renderer, which takes a tenth of
the time), `quarto` (all), `embedded` (all).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Literal

from helpers.common.errors import ParameterError

VARIABLE = "SURVEY_RENDERER"
AUTO, QUARTO, EMBEDDED = RENDERERS = ("auto", "quarto", "embedded")
Kind = Literal["national", "municipal"]
NATIONAL: Kind = "national"
MUNICIPAL: Kind = "municipal"
VERSION_SECONDS = 60


def find_quarto() -> Path | None:
    """The `quarto` program on the path or beside the running Python, if there is one that answers."""
    beside = Path(sys.executable).parent
    found = shutil.which("quarto") or shutil.which("quarto", path=str(beside))
    return Path(found) if found and quarto_version(Path(found)) else None


@cache
def quarto_version(program: Path) -> str:
    """»1.10.18«; empty where the program does not answer."""
    try:
        asked = subprocess.run(
            [str(program), "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def setting() -> str:
    """The machine's choice. Raises ParameterError where it is none of RENDERERS."""
    chosen = os.environ.get(VARIABLE) or AUTO
    if chosen not in RENDERERS:
        raise ParameterError(
            VARIABLE,
            f"is »{chosen}«",
            f"one of {', '.join(RENDERERS)}",
            "Set it anew, or unset it.",
        )
    return chosen


def quarto_for(kind: Kind) -> Path | None:
    """The Quarto that typesets reports of the kind; None: the embedded renderer does.

    Raises ParameterError where Quarto is asked for and not found, or the setting is unknown.
    """
    chosen = setting()
    if chosen == EMBEDDED or (chosen == AUTO and kind == MUNICIPAL):
        return None
    found = find_quarto()
    if found is None and chosen == QUARTO:
        raise ParameterError(
            VARIABLE,
            "is »quarto«, and there is no Quarto that answers",
            "`quarto` on the path or beside the running Python",
            "Install Quarto (docs/setting-up.md), or set »auto« or »embedded«.",
        )
    return found


def described(kind: Kind) -> str:
    """»Quarto 1.10.18«, or »the embedded renderer«. Raises as `quarto_for`."""
    found = quarto_for(kind)
    return f"Quarto {quarto_version(found)}" if found else "the embedded renderer"
