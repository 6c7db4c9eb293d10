"""What the reports' figures share: house style, canvas, axes, and words for hidden numbers."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import LoadFlags
from matplotlib.transforms import ScaledTranslation

from helpers.common import printing, style

WIDTH = 6.7  # inches
NICE_STEPS = (0.1, 0.2, 0.25, 0.5, 1.0)  # between the ticks of an axis of differences
ROW = 0.31  # inches a row of a horizontal chart
# Points
TEXT, PAD = 8.5, 3.0
LABEL_GAP, ROW_GAP = 3.5, 6.0  # between a row and its label, and what stands at its right end
TICK_LABELS, AXIS_TITLE = 18.0, 12.6  # below the axes
TITLE_DROP = 22.0  # from the axes to the axis title's top
LEGEND, LEGEND_LINE, ABOVE = 19.6, 12.8, 9.5  # above the axes


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
            "font.size": TEXT,
            "axes.labelsize": TEXT,
            "xtick.labelsize": TEXT,
            "ytick.labelsize": TEXT,
            "legend.fontsize": TEXT,
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
            "text.parse_math": False,  # a label with two »$« is no formula
        }
    )
    try:
        get_ipython  # noqa: B018  the name exists only inside a kernel
    except NameError:
        return
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("svg", metadata={"Date": None}, bbox_inches=None)


def canvas(rows: float, extra: float = 0.8) -> tuple[Figure, Axes]:
    """A figure as high as its rows and `extra` inches.

    The axes reach its edges until what stands beside them makes room for itself. That takes some
    sums; a layout engine measures everything twice and draws it twice. Pyplot knows nothing of the
    figure: it would draw it once for itself before it is shown.
    """
    fig = Figure(figsize=(WIDTH, rows * ROW + extra))
    ax = fig.add_subplot()
    fig.subplots_adjust(0, 0, 1, 1)
    make_room(ax, left=0, right=0, top=0, bottom=0)
    return fig, ax


def make_room(ax: Axes, **sides: float) -> None:
    """So many points beside the axes (left, right, top, bottom); the most that is asked for counts."""
    width, height = 72 * ax.figure.get_size_inches()
    now, asked = ax.figure.subplotpars, {}
    for side, points in sides.items():
        share = (points + PAD) / (width if side in ("left", "right") else height)
        asked[side] = max(now.left if side == "left" else now.bottom, share)
        if side in ("right", "top"):
            asked[side] = min(getattr(now, side), 1 - share)
    ax.figure.subplots_adjust(**asked)


def text_width(text: str, weight: str = "normal") -> float:
    """Points of the widest line in the figures' size."""
    path = font_manager.findfont(FontProperties(weight=weight))
    return TEXT * max(sum(_advance(path, c) for c in line) for line in text.split("\n"))


@cache
def _advance(font: str, character: str) -> float:
    """Width in units of the size; small differences between pairs of letters are left out."""
    face = font_manager.get_font(font)
    return face.load_char(ord(character), LoadFlags.NO_SCALE).horiAdvance / face.units_per_EM


def wrapped(labels: Sequence[str], width: int = 30) -> list[str]:
    return ["\n".join(textwrap.wrap(label, width)) for label in labels]


def label_rows(ax: Axes, labels: Sequence[str], width: int = 30) -> np.ndarray:
    """Put labels left of the axes from the top down; returns their places.

    Texts, not ticks: a tick is five artists, of which only the label would be seen.
    """
    places, texts = np.arange(len(labels)), wrapped(labels, width)
    ax.set_yticks([])
    ax.set_ylim(len(labels) - 0.4, -0.6)
    place = _beside(ax, -LABEL_GAP)
    for y, text in zip(places, texts):
        ax.text(0, y, text, transform=place, ha="right", va="center_baseline")
    make_room(ax, left=LABEL_GAP + max(text_width(t) for t in texts))
    return places


def right_of_rows(
    ax: Axes, places, texts: Sequence[str], colours: Sequence[str], weights: Sequence[str]
) -> None:
    """A text at the right end of each row."""
    place = _beside(ax, ROW_GAP)
    for y, text, colour, weight in zip(places, texts, colours, weights):
        ax.text(1, y, text, transform=place, va="center", color=colour, fontweight=weight)
    make_room(ax, right=ROW_GAP + max(map(text_width, texts, weights), default=0))


def _beside(ax: Axes, points: float):
    """Rows up and down; from the left (0) to the right (1), and so many points further."""
    return ax.get_yaxis_transform() + ScaledTranslation(points / 72, 0, ax.figure.dpi_scale_trans)


def above(ax: Axes, x: float, text: str) -> None:
    """A text above the axes beside `x` (of the data); their limits are set before."""
    low, high = ax.get_xlim()
    left = (x - low) / (high - low) > 0.8  # no room to the right
    ax.annotate(
        text,
        (x, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if left else 4, 3),
        textcoords="offset points",
        ha="right" if left else "left",
        color=style.ACCENT,
    )
    make_room(ax, top=ABOVE)


def x_axis(
    ax: Axes, ticks: Sequence[float], labels: Sequence[str], title: str = "", *, grid: bool = True
) -> None:
    """Ticks below the axes, lines behind the drawing, and the axis title."""
    ax.set_xticks(ticks, labels)
    if grid:
        ax.grid(axis="x", color=style.TINT, linewidth=1)
        ax.set_axisbelow(True)
    half = text_width(labels[-1]) / 2
    make_room(ax, right=half, bottom=TICK_LABELS)
    if title:
        ax.set_xlabel(title)
        drop = ScaledTranslation(0, -TITLE_DROP / 72, ax.figure.dpi_scale_trans)
        ax.xaxis.set_label_coords(0.5, 0, transform=ax.transAxes + drop)
        make_room(ax, bottom=TICK_LABELS + AXIS_TITLE)


def legend_above(ax: Axes, columns: int, *, x: float = 0.4, lines: int = 1, **look) -> None:
    """The legend over the axes, its middle at `x` of their width."""
    ax.legend(loc="lower center", bbox_to_anchor=(x, 1.0), ncols=columns, frameon=False, **look)
    make_room(ax, top=LEGEND + (lines - 1) * LEGEND_LINE)


def scale_axis(ax: Axes, values: Sequence[float]) -> None:
    """An axis of means: whole and half points around the values, within 1–5."""
    known = [v for v in values if v is not None and not np.isnan(v)]
    low = max(1.0, np.floor(2 * (min(known, default=2.5) - 0.1)) / 2)
    high = min(5.0, np.ceil(2 * (max(known, default=4.5) + 0.1)) / 2)
    ticks = np.arange(low, high + 0.01, 0.5)
    ax.set_xlim(low, high)
    x_axis(ax, ticks, [printing.number(t, 1) for t in ticks], "Gennemsnit på skalaen 1–5")


def no_data(text: str) -> Figure:
    fig, ax = canvas(0, 0.9)
    ax.axis("off")
    ax.text(0, 0.5, text, va="center", fontsize=9, color=style.GREY)
    return fig


def even_ticks(widest: float) -> np.ndarray:
    """Ticks in round steps, as far to the left as to the right of zero, at most three each way."""
    step = next((s for s in NICE_STEPS if 3 * s >= widest), NICE_STEPS[-1])
    count = max(2, int(np.ceil(widest / step - 1e-9)))
    return step * np.arange(-count, count + 1)
