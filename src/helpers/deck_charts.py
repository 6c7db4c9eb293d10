"""Native, editable PowerPoint charts in the house's look.

A value that is None is a gap, never zero. Numbers are rounded to what is shown before they reach
the chart, since the chart carries its numbers along in a workbook.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.shapes.placeholder import ChartPlaceholder
from pptx.util import Inches

from helpers import style
from helpers.deck_chart_xml import PlotArea, ValueAxis, bar_chart, bar_series, value_labels

# 406: Danish, so that the comma does not hang on the reader's own settings
MEAN_FORMAT, MEAN_DECIMALS = "[$-406]0.00", 2
# whole per cent: a third decimal would be rounded twice, and 70,49 % shown as 71 %
SHARE_FORMAT, SHARE_DECIMALS = "0 %", 2
POINT_DECIMALS = 0
SMALLEST_LABEL = 0.34  # inches: a narrower piece of a stacked bar has no room for its label
DARK = {style.LIKERT[1], style.LIKERT[5], style.TEAL}


@dataclass(frozen=True)
class Series:
    name: str
    values: tuple[float | None, ...]
    colour: str


@dataclass(frozen=True)
class Box:
    """Inches on the slide."""

    left: float
    top: float
    width: float
    height: float


class DrawnData(CategoryChartData):
    """A chart's numbers, of which python-pptx makes the workbook, with its finished XML."""

    drawn: bytes

    def xml_bytes(self, chart_type) -> bytes:
        return self.drawn


def rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour.lstrip("#"))


def means_chart(
    slide,
    spot: int | Box,
    box: Box,
    categories: Sequence[str],
    series: Sequence[Series],
    alt: str,
    *,
    label_share: float = 0.3,
):
    """Clustered bars on the scale 1–5, from 1; the first category on top. The page has the legend:
    a chart's own runs backwards in LibreOffice when its categories read from the top."""
    area = _area(box, label_share, axis_room=0.32)
    drawn = bar_chart(
        _drawn(categories, series, MEAN_FORMAT, MEAN_DECIMALS), area,
        ValueAxis(1, 5, visible=True), gap=55, overlap=-4,
        labels=value_labels(MEAN_FORMAT, style.INK, outside=True),
    )  # fmt: skip
    _place(slide, spot, box, categories, series, alt, MEAN_FORMAT, MEAN_DECIMALS, drawn)


def shares_chart(
    slide,
    spot: int | Box,
    box: Box,
    categories: Sequence[str],
    series: Sequence[Series],
    alt: str,
    *,
    label_share: float = 0.3,
    legend: bool = True,
):
    """Stacked bars to 100 %; each category's shares are all there or the category is left out."""
    smallest = SMALLEST_LABEL / (box.width * (1 - label_share))
    # two sections: narrow pieces carry an empty label, and it stays editable
    label_format = f'[>={smallest:.3f}]{SHARE_FORMAT};""'
    labels = [
        value_labels(label_format, "#FFFFFF" if s.colour in DARK else style.INK, outside=False)
        for s in series
    ]
    drawn = bar_chart(
        _drawn(categories, series, SHARE_FORMAT, SHARE_DECIMALS, labels),
        _area(box, label_share, legend=legend), ValueAxis(), gap=45, overlap=100, stacked=True,
        legend=legend,
    )  # fmt: skip
    _place(slide, spot, box, categories, series, alt, SHARE_FORMAT, SHARE_DECIMALS, drawn)


def rate_chart(
    slide,
    spot: int | Box,
    box: Box,
    categories: Sequence[str],
    series: Sequence[Series],
    alt: str,
    *,
    label_share: float = 0.4,
):
    """Clustered bars of shares from 0 %."""
    largest = max((v for s in series for v in s.values if v is not None), default=0.5)
    drawn = bar_chart(
        _drawn(categories, series, SHARE_FORMAT, SHARE_DECIMALS), _area(box, label_share),
        ValueAxis(0, min(1.15, round(largest * 1.2 + 0.05, 1))), gap=40,
        labels=value_labels(SHARE_FORMAT, style.INK, outside=True),
    )  # fmt: skip
    _place(slide, spot, box, categories, series, alt, SHARE_FORMAT, SHARE_DECIMALS, drawn)


def difference_chart(
    slide,
    spot: int | Box,
    box: Box,
    categories: Sequence[str],
    values: Sequence[float],
    name: str,
    alt: str,
    *,
    shares: bool = False,
    label_share: float = 0.42,
):
    """Own minus the others, above in the own colour, below in that of the others: scale points, or
    percentage points (0–100) with `shares`."""
    number_format = '+0;"−"0' if shares else '[$-406]+0.00;[$-406]"−"0.00'
    decimals = POINT_DECIMALS if shares else MEAN_DECIMALS
    series = [Series(name, tuple(values), style.OWN)]
    # a whole tenth (or point), so that the axis tells no more than the labels
    step = 1 if shares else 10
    reach = math.ceil(1.5 * step * max(abs(v) for v in values)) / step
    drawn = bar_chart(
        _drawn(categories, series, number_format, decimals, below=style.OTHERS),
        _area(box, label_share),
        ValueAxis(-reach if min(values) < 0 else 0, reach if max(values) > 0 else 0), gap=40,
        labels=value_labels(number_format, style.INK, outside=True), low_names=True,
    )  # fmt: skip
    _place(slide, spot, box, categories, series, alt, number_format, decimals, drawn)


def _rounded(series: Series, decimals: int) -> list[Decimal | None]:
    return [None if v is None else style.exact(round(v, decimals)) for v in series.values]


def _drawn(
    categories: Sequence[str],
    series: Sequence[Series],
    number_format: str,
    decimals: int,
    labels: Sequence[str] = (),
    below: str | None = None,
) -> list[str]:
    """The series as XML."""
    return [
        bar_series(
            i, s.name, categories, _rounded(s, decimals), s.colour, number_format,
            labels=labels[i] if labels else "", below=below,
        )
        for i, s in enumerate(series)
    ]  # fmt: skip


def _area(
    box: Box, label_share: float, *, legend: bool = False, axis_room: float = 0.05
) -> PlotArea:
    """What labels, legend and axis leave of the chart."""
    top = 0.42 / box.height if legend else 0.02
    height = 1 - top - axis_room / box.height
    return PlotArea(label_share, top, 0.985 - label_share, height)


def _place(
    slide,
    spot: int | Box,
    box: Box,
    categories: Sequence[str],
    series: Sequence[Series],
    alt: str,
    number_format: str,
    decimals: int,
    drawn: bytes,
) -> None:
    """Put a chart on the slide, into the placeholder with the number `spot` or beside them."""
    data = DrawnData(number_format=number_format)
    data.drawn = drawn
    data.categories = list(categories)
    for s in series:
        data.add_series(s.name, _rounded(s, decimals))
    place = [Inches(v) for v in (box.left, box.top, box.width, box.height)]
    kind = XL_CHART_TYPE.BAR_CLUSTERED  # told already in what is drawn
    if isinstance(spot, int):
        holder = slide.placeholders[spot]
        # before the chart comes, or the layout is asked for the place
        holder.left, holder.top, holder.width, holder.height = place
        frame = ChartPlaceholder(holder._element, holder._parent).insert_chart(kind, data)
    else:
        frame = slide.shapes.add_chart(kind, *place, data)
    properties = frame._element.nvGraphicFramePr.cNvPr
    properties.set("descr", alt)
    properties.set("name", f"Diagram {properties.get('id')}")
