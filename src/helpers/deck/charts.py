"""Native, editable PowerPoint charts in the house's look.

A value that is None is a gap, never zero. Numbers are rounded to what is shown before they reach
the chart, since the chart carries its numbers along in a workbook.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pptx.chart.data import CategoryChartData
from pptx.chart.xlsx import CategoryWorkbookWriter
from pptx.dml.color import RGBColor
from pptx.enum.chart import (
    XL_CHART_TYPE,
    XL_LABEL_POSITION,
    XL_LEGEND_POSITION,
    XL_TICK_LABEL_POSITION,
    XL_TICK_MARK,
)
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.oxml import parse_xml
from pptx.shapes.placeholder import ChartPlaceholder
from pptx.util import Inches, Pt
from xlsxwriter import Workbook

from helpers.common import printing, style

# 406: Danish, so that the comma does not hang on the reader's own settings
MEAN_FORMAT, MEAN_DECIMALS = "[$-406]0.00", 2
# whole per cent: a third decimal would be rounded twice, and 70,49 % shown as 71 %
SHARE_FORMAT, SHARE_DECIMALS = "0 %", 2
POINT_DECIMALS = 0
SMALLEST_LABEL = 0.34  # inches: a narrower piece of a stacked bar has no room for its label
TEXT = Pt(12)
_C = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'


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


def rgb(colour: str) -> RGBColor:
    return RGBColor.from_string(colour.lstrip("#"))


# the house's colours as places in the template's theme: a municipality's own template gives its own
_THEME = {
    style.TEAL: MSO_THEME_COLOR.ACCENT_1,
    style.ACCENT: MSO_THEME_COLOR.ACCENT_2,
    style.GREY: MSO_THEME_COLOR.ACCENT_3,
    style.TEAL_MID: MSO_THEME_COLOR.ACCENT_4,
    style.LIGHT_GREY: MSO_THEME_COLOR.ACCENT_6,
    style.INK: MSO_THEME_COLOR.TEXT_1,
    style.TINT: MSO_THEME_COLOR.BACKGROUND_2,
}


def paint(target, colour: str) -> None:
    """Give a colour its place in the theme, where it has one."""
    if colour in _THEME:
        target.theme_color = _THEME[colour]
    else:
        target.rgb = rgb(colour)


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
    """Clustered bars on the scale 1–5, from 1; the first category on top. The slide has the legend:
    a chart's own runs backwards in LibreOffice when its categories read from the top."""
    chart = _chart(
        slide,
        spot,
        box,
        XL_CHART_TYPE.BAR_CLUSTERED,
        categories,
        series,
        alt,
        MEAN_FORMAT,
        MEAN_DECIMALS,
    )
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 55, -4
    _data_labels(plot, MEAN_FORMAT, XL_LABEL_POSITION.OUTSIDE_END)
    axis = chart.value_axis
    axis.minimum_scale, axis.maximum_scale, axis.major_unit = 1, 5, 1
    axis.tick_labels.number_format, axis.tick_labels.number_format_is_linked = "0", False
    axis.format.line.fill.background()
    paint(axis.major_gridlines.format.line.color, style.LIGHT_GREY)
    axis.major_gridlines.format.line.width = Pt(0.5)
    _finish(chart, box, label_share, legend=False, axis_room=0.32)
    return chart


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
    chart = _chart(
        slide,
        spot,
        box,
        XL_CHART_TYPE.BAR_STACKED_100,
        categories,
        series,
        alt,
        SHARE_FORMAT,
        SHARE_DECIMALS,
    )
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 45, 100
    smallest = SMALLEST_LABEL / (box.width * (1 - label_share))
    for drawn, given in zip(plot.series, series):
        labels = drawn.data_labels
        labels.show_value = True
        # two sections: narrow pieces carry an empty label, and it stays editable
        labels.number_format = f'[>={smallest:.3f}]{SHARE_FORMAT};""'
        labels.number_format_is_linked = False
        labels.font.size = TEXT
        labels.font.color.rgb = rgb("#FFFFFF" if style.is_dark(given.colour) else style.INK)
    chart.value_axis.visible = False
    chart.value_axis.has_major_gridlines = False
    _finish(chart, box, label_share, legend=legend, axis_room=0.05)
    return chart


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
    chart = _chart(
        slide,
        spot,
        box,
        XL_CHART_TYPE.BAR_CLUSTERED,
        categories,
        series,
        alt,
        SHARE_FORMAT,
        SHARE_DECIMALS,
    )
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 40, 0
    _data_labels(plot, SHARE_FORMAT, XL_LABEL_POSITION.OUTSIDE_END)
    largest = max((v for s in series for v in s.values if v is not None), default=0.5)
    chart.value_axis.minimum_scale = 0
    chart.value_axis.maximum_scale = min(1.15, round(largest * 1.2 + 0.05, 1))
    chart.value_axis.visible = False
    chart.value_axis.has_major_gridlines = False
    _finish(chart, box, label_share, legend=False, axis_room=0.05)
    return chart


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
    series = [Series(name, tuple(values), style.OWN)]
    chart = _chart(
        slide,
        spot,
        box,
        XL_CHART_TYPE.BAR_CLUSTERED,
        categories,
        series,
        alt,
        number_format,
        POINT_DECIMALS if shares else MEAN_DECIMALS,
    )
    plot = chart.plots[0]
    plot.gap_width = 40
    _data_labels(plot, number_format, XL_LABEL_POSITION.OUTSIDE_END)
    drawn = plot.series[0]
    drawn.invert_if_negative = False
    for i, value in enumerate(values):
        if value < 0:
            fill = drawn.points[i].format.fill
            fill.solid()
            paint(fill.fore_color, style.OTHERS)
    # a whole tenth (or point), so that the axis tells no more than the labels
    step = 1 if shares else 10
    reach = math.ceil(1.5 * step * max(abs(v) for v in values)) / step
    axis = chart.value_axis
    axis.minimum_scale = -reach if min(values) < 0 else 0
    axis.maximum_scale = reach if max(values) > 0 else 0
    axis.visible = False
    axis.has_major_gridlines = False
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    _finish(chart, box, label_share, legend=False, axis_room=0.05)
    return chart


class _TextWorkbook(CategoryWorkbookWriter):
    """The workbook behind a chart; a label that begins as a formula does stays a text."""

    @contextmanager
    def _open_worksheet(self, xlsx_file):
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with Workbook(xlsx_file, options) as workbook:
            yield workbook, workbook.add_worksheet()


class TextChartData(CategoryChartData):
    """Chart data whose labels are texts in the workbook too."""

    @property
    def _workbook_writer(self):
        return _TextWorkbook(self)


def _chart(slide, spot, box, kind, categories, series, alt, number_format, decimals):
    data = TextChartData(number_format=number_format)
    data.categories = list(categories)
    for s in series:
        rounded = [None if v is None else printing.exact(round(v, decimals)) for v in s.values]
        data.add_series(s.name, rounded)
    place = [Inches(v) for v in (box.left, box.top, box.width, box.height)]
    if isinstance(spot, int):
        holder = next(p for p in slide.placeholders if p.placeholder_format.idx == spot)
        frame = ChartPlaceholder(holder._element, holder._parent).insert_chart(kind, data)
        frame.left, frame.top, frame.width, frame.height = place
    else:
        frame = slide.shapes.add_chart(kind, *place, data)
    properties = frame._element.nvGraphicFramePr.cNvPr
    properties.set("descr", alt)
    properties.set("name", f"Diagram {properties.get('id')}")
    chart = frame.chart
    for drawn, s in zip(chart.plots[0].series, series):
        drawn.format.fill.solid()
        if kind == XL_CHART_TYPE.BAR_STACKED_100:  # the scale's colours mean something: no theme's
            drawn.format.fill.fore_color.rgb = rgb(s.colour)
        else:
            paint(drawn.format.fill.fore_color, s.colour)
        drawn.invert_if_negative = False
    return chart


def _data_labels(plot, number_format: str, position) -> None:
    plot.has_data_labels = True
    labels = plot.data_labels
    labels.number_format, labels.number_format_is_linked = number_format, False
    labels.position, labels.show_value = position, True
    labels.font.size = TEXT
    paint(labels.font.color, style.INK)


def _finish(chart, box: Box, label_share: float, *, legend: bool, axis_room: float) -> None:
    """Fonts, category axis and a fixed plot area, so that long labels wrap and nothing moves."""
    chart.has_title = False
    chart.font.size = TEXT
    paint(chart.font.color, style.INK)
    chart.has_legend = legend
    if legend:
        chart.legend.position = XL_LEGEND_POSITION.TOP
        chart.legend.include_in_layout = False
        chart.legend.font.size = TEXT
    axis = chart.category_axis
    axis.reverse_order = True
    # keeps the value axis below although the order turns; python-pptx has this for value axes only
    chart.value_axis._element.find("{*}crosses").set("val", "max")
    axis.major_tick_mark = XL_TICK_MARK.NONE
    paint(axis.format.line.color, style.LIGHT_GREY)
    axis.tick_labels.font.size = TEXT
    axis.has_major_gridlines = False
    chart.value_axis.major_tick_mark = XL_TICK_MARK.NONE
    top = 0.42 / box.height if legend else 0.02
    height = 1 - top - axis_room / box.height
    space = chart._chartSpace
    area = space.chart.plotArea
    for old in area.findall("{*}layout"):
        area.remove(old)
    area.insert(
        0,
        parse_xml(
            f'<c:layout {_C}><c:manualLayout><c:layoutTarget val="inner"/><c:xMode val="edge"/>'
            f'<c:yMode val="edge"/><c:x val="{label_share:.4f}"/><c:y val="{top:.4f}"/>'
            f'<c:w val="{0.985 - label_share:.4f}"/><c:h val="{height:.4f}"/></c:manualLayout>'
            "</c:layout>"
        ),
    )
    after = space.find("{*}date1904")
    language = parse_xml(f'<c:lang {_C} val="da-DK"/>')
    if after is None:
        space.insert(0, language)
    else:
        after.addnext(language)
