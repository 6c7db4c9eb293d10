"""The numbers of a figure, for those who cannot see it and those who want to go on with them: a table
that opens where it stands, and a file in a link that carries it, so that the page asks nobody.

In HTML alone: on paper both would be dead. The file has semicolons, decimal commas and a byte order
mark, as Excel in Denmark reads CSV.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import pandas as pd
from IPython.display import Markdown

from helpers.common import printing
from helpers.common.markdown_text import prose, trusted
from helpers.common.spreadsheets import inert
from helpers.parameters.scales import MAX_POINTS
from helpers.released.numbers import numbers_of, rows_of
from helpers.released.own_numbers import GROUPINGS, SPLIT
from helpers.released.published import Published
from helpers.released.scale_words import statistic_labels

HEAD = (
    "Område", "Opdeling", "Kategori", "Tema eller spørgsmål", "Mål", "Værdi", "Nedre grænse",
    "Øvre grænse", "Antal svar", "Status",
)  # fmt: skip
Cell = str | float | None
MEANS, SPLITS = ("mean",), SPLIT
ANSWERS = ("mean", *(f"share_{k}" for k in range(1, MAX_POINTS + 1)), "share_dont_know")


class _Share(float):
    """0–1 in the file, per cent where people read it."""

    decimals = 0


class _Rate(_Share):
    decimals = 1


def results(
    published: Published,
    code: str,
    items: Sequence[str],
    statistics: Sequence[str] = MEANS,
    *,
    breakdown: str = "all",
    areas: Sequence[str] = (),
) -> Markdown:
    """Link to the weighted numbers of `items` in the area and those it is read beside, or in `areas`."""
    t = published.results
    areas = list(areas) or published.areas.with_sums(code)
    kept = t[
        t["municipality"].isin(areas)
        & t["item"].isin(list(items))
        & (t["breakdown"] == breakdown)
        & t["statistic"].isin(list(statistics))
        & (t["weighting"] == "weighted")
    ]
    labels, names = published.round.item_labels(code), published.round.category_labels(code)
    called = statistic_labels(published.round, code)
    columns = ["municipality", "category", "item", "statistic"]
    rows = [
        [
            published.area_name(area),
            published.round.breakdown_label(breakdown, code),
            names[breakdown].get(category, category),
            labels.get(item, item),
            called[statistic],
            *(_shares(values, 3) if statistic.startswith("share") else values),
            status,
        ]
        for (area, category, item, statistic), (*values, status) in zip(
            rows_of(kept, columns), _values(kept)
        )
    ]
    return _link(HEAD, rows, f"{items[0]}-{breakdown}")


def compared(published: Published, code: str, reference: str, items: Sequence[str]) -> Markdown:
    """Link to the differences of the municipality as a whole from `reference`."""
    labels = published.round.item_labels(code)
    found = published.differences(
        municipality=code, reference=reference, breakdown="all", statistic="mean"
    )
    rows = [
        [labels.get(d.item, d.item), d.own, d.other, d.value, d.low, d.high, d.said]
        for d in found
        if d.item in set(items)
    ]
    head = (
        "Tema eller spørgsmål", "Kommunen", "Sammenligningstal", "Forskel", "Nedre grænse",
        "Øvre grænse", "Vurdering",
    )  # fmt: skip
    return _link(head, rows, reference)


def regional(published: Published, region: str) -> Markdown:
    """Link to overall satisfaction in each municipality of a region."""
    codes = [m.code for m in published.municipalities if m.region == region]
    return results(published, codes[0], [published.overall], areas=codes) if codes else prose("")


def since_before(published: Published, code: str, items: Sequence[str]) -> Markdown:
    """Link to the changes since the latest earlier round; nothing where there is none."""
    if not published.earlier_rounds:
        return prose("")
    return compared(published, code, f"round:{published.earlier_rounds[0]}", items)


def drivers(published: Published, code: str) -> Markdown:
    """Link to each theme's mean and its share of what goes with overall satisfaction; nothing where
    they are not shown."""
    d = published.drivers
    columns = ["theme", "performance", "importance", "ci_low", "ci_high", "n"]
    labels = published.round.item_labels()
    rows = [
        [labels[theme], mean, *_shares(numbers, 3)]
        for theme, mean, *numbers in rows_of(d[d["municipality"] == code], columns)
    ]
    head = (
        "Tema", "Gennemsnit", "Andel af sammenhængen", "Nedre grænse", "Øvre grænse",
        "Svar på alle temaer",
    )  # fmt: skip
    return _link(head, rows, "temaernes-betydning")


def response(published: Published, code: str) -> Markdown:
    """Link to citizens, invited and answers of every group."""
    labels = published.round.category_labels(code)
    rows = []
    for breakdown in ("all", *GROUPINGS):
        for category, label in labels[breakdown].items():
            group = published.responded(code, breakdown, category)
            rate = None if group.response_rate is None else _Rate(group.response_rate)
            counts = (group.population, group.invited, group.answers)
            heading = published.round.breakdown_label(breakdown)
            rows.append([heading, label, *counts, rate, group.label])
    head = (
        "Opdeling",
        "Kategori",
        "Borgere i målgrupperne",
        "Inviterede",
        "Svar",
        "Svarprocent",
        "Status",
    )
    return _link(head, rows, "svarprocent")


def _values(table: pd.DataFrame) -> list[list[Cell]]:
    """Value, limits and answers of each row, and that it is shown, or why it is not."""
    return [[x.value, x.low, x.high, x.n, x.label] for x in numbers_of(table)]


def _shares(numbers: Sequence[Cell], count: int) -> list[Cell]:
    """The first `count` as shares."""
    shares = [None if x is None else _Share(x) for x in numbers[:count]]
    return [*shares, *numbers[count:]]


def _in_file(cell: Cell) -> str:
    if isinstance(cell, str):
        return _quoted(cell)
    return "" if cell is None else f"{cell}".replace(".", ",")


def _to_read(cell: Cell) -> str:
    if isinstance(cell, str):
        return escape(cell)
    if cell is None:
        return ""
    if isinstance(cell, _Share):
        return printing.percent(cell, cell.decimals)
    return printing.number(cell, 0 if isinstance(cell, int) else 2)


def _link(head: Sequence[str], rows: Sequence[Sequence[Cell]], name: str) -> Markdown:
    """Nothing where there are no rows."""
    if not rows:
        return prose("")
    lines = [";".join(map(_in_file, line)) for line in (head, *rows)]
    content = base64.b64encode(("\ufeff" + "\r\n".join(lines) + "\r\n").encode("utf-8")).decode()
    address = f"data:text/csv;charset=utf-8;base64,{content}"
    return trusted(
        ':::: {.content-visible when-format="html"}\n::: {.download}\n'
        f"````{{=html}}\n{_opened(head, rows)}\n````\n\n"
        f'[Hent figurens tal (CSV)]({address}){{download="{name.replace(":", "-")}.csv"}}\n:::\n::::'
    )


def _opened(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """The rows as a table that a reader opens; what is the same in all of them stands above it once."""
    varies = [i for i in range(len(head)) if len({row[i] for row in rows}) > 1]
    varies = varies or list(range(len(head)))
    same = [_to_read(rows[0][i]) for i in range(len(head)) if i not in varies]
    first, *others = varies
    lines = [
        f'<tr><th scope="row">{_to_read(row[first])}</th>'
        + "".join(f"<td>{_to_read(row[i])}</td>" for i in others)
        for row in rows
    ]
    return (
        "<details><summary>Vis figurens tal</summary>"
        '<div class="table-scroll" tabindex="0">'
        '<table data-quarto-disable-processing="true">'
        f"<caption>{' · '.join(filter(None, same)) or 'Figurens tal'}</caption><thead><tr>"
        + "".join(f'<th scope="col">{escape(head[i])}</th>' for i in varies)
        + f"</tr></thead><tbody>{'</tr>'.join(lines)}</tr></tbody></table></div></details>"
    )


def _quoted(cell: str) -> str:
    """A cell for CSV, no formula whatever it holds."""
    text = inert(cell)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(c in text for c in ';"\n') else text
