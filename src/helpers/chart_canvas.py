"""What the reports' figures share: house style, canvas, axes, and words for hidden numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from importlib.resources import as_file, files

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers import style

WIDTH = 6.7  # inches
NICE_STEPS = (0.1, 0.2, 0.25, 0.5, 1.0)  # between the ticks of an axis of differences
ROW = 0.31  # inches a row of a horizontal chart


def use_house_style() -> None:
    """Fonts and colours of the house; SVG figures with the same bytes each time.

    Call once at the start of a notebook. Outside a kernel only matplotlib is set.
    """
    with as_file(files("helpers") / "assets" / "fonts") as folder:
        for path in sorted(folder.glob("*.ttf")):
            font_manager.fontManager.addfont(str(path))
    sns.set_theme(style="white", rc={"font.family": "Open Sans"})
    mpl.rcParams.update(
        {
            "font.size": 8.5,
            "axes.labelsize": 8.5,
            "xtick.labelsize": 8.5,
            "ytick.labelsize": 8.5,
            "legend.fontsize": 8.5,
            "text.color": style.INK,
            "axes.labelcolor": style.INK,
            "xtick.color": style.GREY,
            "ytick.color": style.INK,
            "axes.edgecolor": style.LIGHT_GREY,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.spines.left": False,
            "figure.dpi": 100,
            "svg.fonttype": "path",
            "svg.hashsalt": "jobcentre-survey",
        }
    )
    try:
        get_ipython  # noqa: B018  the name exists only inside a kernel
    except NameError:
        return
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("svg", metadata={"Date": None}, bbox_inches=None)


def canvas(rows: float, extra: float = 0.8) -> tuple[Figure, Axes]:
    fig, ax = plt.subplots(figsize=(WIDTH, rows * ROW + extra), layout="constrained")
    return fig, ax


def wrapped(labels: Sequence[str], width: int = 30) -> list[str]:
    return ["\n".join(textwrap.wrap(label, width)) for label in labels]


def label_rows(ax: Axes, labels: Sequence[str], width: int = 30) -> np.ndarray:
    """Put labels on the y axis from the top down; returns their places."""
    places = np.arange(len(labels))
    ax.set_yticks(places, wrapped(labels, width))
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    return places


def scale_axis(ax: Axes, values: Sequence[float]) -> None:
    """An axis of means: whole and half points around the values, within 1–5."""
    known = [v for v in values if v is not None and not np.isnan(v)]
    low = max(1.0, np.floor(2 * (min(known, default=2.5) - 0.1)) / 2)
    high = min(5.0, np.ceil(2 * (max(known, default=4.5) + 0.1)) / 2)
    ticks = np.arange(low, high + 0.01, 0.5)
    ax.set_xlim(low, high)
    ax.set_xticks(ticks, [style.number(t, 1) for t in ticks])
    ax.grid(axis="x", color=style.TINT, linewidth=1)
    ax.set_axisbelow(True)
    ax.set_xlabel("Gennemsnit på skalaen 1–5")


def no_data(text: str) -> Figure:
    fig, ax = plt.subplots(figsize=(WIDTH, 0.9), layout="constrained")
    ax.axis("off")
    ax.text(0, 0.5, text, va="center", fontsize=9, color=style.GREY)
    return fig


def is_shown(row) -> bool:
    """A released row of results or of response that is shown and has its value."""
    if row is None or row["status"] != "shown":
        return False
    return not pd.isna(row["value"] if "value" in row else row["response_rate"])


def hidden_mark(row) -> str:
    """Why a released row (or None) has no value to draw."""
    return style.why(None if row is None else row["status"]).words


def reasons(rows: Iterable) -> str:
    """»for få svar eller skjult for at beskytte andre«: why the missing ones of the rows are missing."""
    return " eller ".join(dict.fromkeys(hidden_mark(r) for r in rows if not is_shown(r)))


def even_ticks(widest: float) -> np.ndarray:
    """Ticks in round steps, as far to the left as to the right of zero, at most three each way."""
    step = next((s for s in NICE_STEPS if 3 * s >= widest), NICE_STEPS[-1])
    count = max(2, int(np.ceil(widest / step - 1e-9)))
    return step * np.arange(-count, count + 1)
