"""What the tables and figures of the two internal notebooks are made of."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import seaborn as sns
from great_tables import GT, loc, style
from matplotlib.figure import Figure

from helpers.common import printing
from helpers.common import style as house


def table(frame: pd.DataFrame, *, group: str | None = None) -> GT:
    """A frame of ready texts and numbers → a table in the house style; numbers to the right."""
    gt = GT(frame, groupname_col=group) if group else GT(frame)
    right = [c for c in frame.columns if c != group and _is_numeric_text(frame[c])]
    return (
        gt.cols_align("left")
        .cols_align("right", columns=right)
        .tab_style(style.text(weight="bold"), loc.column_labels())
        .tab_options(table_font_size="14px", data_row_padding="4px", table_margin_left="0")
    )


def _is_numeric_text(column: pd.Series) -> bool:
    return column.astype(str).str.match(r"^[+−–]?[\d.,]*(\u00a0%)?( .*)?$|^under").all()


def numbers(values: pd.Series, decimals: int = 0) -> list[str]:
    return [printing.number(float(v), decimals) for v in values]


def percents(values: pd.Series, decimals: int = 1) -> list[str]:
    return [printing.percent(float(v), decimals) for v in values]


def heat_map(
    cells: pd.DataFrame,
    value: str,
    text: Callable[[float], str],
    labels: dict[str, dict[str, str]],
    colours: str,
    limits: tuple[float, float],
) -> Figure:
    """`value` per target group (down) and gender × age (across), coloured within `limits` and told by
    `text`; a cell without a value is grey. `cells`: a row a target group × gender × age.

    Margins are fixed, for JupyterLab crops a figure to what stands in it.
    """
    columns = (
        cells["gender"].map(labels["gender"]) + "\n" + cells["age_band"].map(labels["age_band"])
    )
    order = [f"{g}\n{a}" for g in labels["gender"].values() for a in labels["age_band"].values()]
    grid = cells.assign(column=columns).pivot(index="target_group", columns="column", values=value)
    groups = [g for g in labels["target_group"] if g in grid.index]
    grid = grid.reindex(index=groups, columns=[c for c in order if c in grid.columns]).astype(float)
    height = 0.55 * len(grid)
    fig = Figure(figsize=(7.6, height + 0.6))
    ax = fig.add_axes((0.24, 0.5 / (height + 0.6), 0.75, height / (height + 0.6)))
    sns.heatmap(
        grid,
        vmin=limits[0],
        vmax=limits[1],
        cmap=colours,
        ax=ax,
        linewidths=1,
        cbar=False,
        fmt="",
        annot=grid.map(lambda v: "" if pd.isna(v) else text(v)),
        annot_kws={"fontsize": 8},
        yticklabels=[labels["target_group"][g] for g in groups],
    )
    ax.set(facecolor=house.TINT, xlabel="", ylabel="")
    ax.tick_params(labelsize=8, rotation=0)
    return fig
