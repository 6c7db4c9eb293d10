"""The XML of a deck's bar chart, written whole.

python-pptx would build the same in a hundred calls a chart, each of which searches the XML again;
that was half of a deck's time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from helpers import style

SIZE = 1200  # hundredths of a point
_NAMESPACES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_CATEGORY_AXIS, _VALUE_AXIS = "-2068027336", "-2113994440"


@dataclass(frozen=True)
class ValueAxis:
    """Hidden, or with whole numbers and gridlines; None: the reading program's own limits."""

    low: float | None = None
    high: float | None = None
    visible: bool = False


@dataclass(frozen=True)
class PlotArea:
    """Shares of the chart: fixed, so that long labels wrap and nothing moves."""

    left: float
    top: float
    width: float
    height: float


def bar_chart(
    series: Sequence[str],
    area: PlotArea,
    axis: ValueAxis,
    *,
    gap: int,
    overlap: int | None = None,
    stacked: bool = False,
    labels: str = "",
    low_names: bool = False,
    legend: bool = False,
) -> bytes:
    """`series` as written by `bar_series`; `labels` for all of them, unless they have their own. The
    first category is on top; its names stand at the far left (`low_names`) or beside the axis."""
    place = (("x", area.left), ("y", area.top), ("w", area.width), ("h", area.height))
    layout = "".join(f'<c:{name} val="{value:.4f}"/>' for name, value in place)
    parts = [
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><c:chartSpace {_NAMESPACES}>'
        '<c:date1904 val="0"/><c:lang val="da-DK"/><c:chart><c:autoTitleDeleted val="1"/>'
        '<c:plotArea><c:layout><c:manualLayout><c:layoutTarget val="inner"/>'
        f'<c:xMode val="edge"/><c:yMode val="edge"/>{layout}</c:manualLayout></c:layout>'
        '<c:barChart><c:barDir val="bar"/>'
        f'<c:grouping val="{"percentStacked" if stacked else "clustered"}"/>',
        *series,
        labels,
        f'<c:gapWidth val="{gap}"/>',
        "" if overlap is None else f'<c:overlap val="{overlap}"/>',
        f'<c:axId val="{_CATEGORY_AXIS}"/><c:axId val="{_VALUE_AXIS}"/></c:barChart>',
        _category_axis("low" if low_names else "nextTo"),
        _value_axis(axis),
        "</c:plotArea>",
        f'<c:legend><c:legendPos val="t"/><c:overlay val="0"/>{_text()}</c:legend>' * legend,
        f'<c:dispBlanksAs val="gap"/></c:chart>{_text(style.INK, "en-US")}</c:chartSpace>',
    ]
    return "".join(parts).encode()


def bar_series(
    position: int,
    name: str,
    categories: Sequence[str],
    values: Sequence[Decimal | None],
    colour: str,
    number_format: str,
    *,
    labels: str = "",
    below: str | None = None,
) -> str:
    """One series, in column B, C … of the chart's workbook; `below` colours what is negative."""
    column, last, count = chr(ord("B") + position), len(categories) + 1, len(categories)
    names = [f'<c:pt idx="{i}"><c:v>{escape(c)}</c:v></c:pt>' for i, c in enumerate(categories)]
    known = [(i, v) for i, v in enumerate(values) if v is not None]
    points = [f'<c:pt idx="{i}"><c:v>{v}</c:v></c:pt>' for i, v in known]
    negative = [
        f'<c:dPt><c:idx val="{i}"/><c:spPr>{_fill(below)}</c:spPr></c:dPt>'
        for i, v in known
        if below and v < 0
    ]
    return "".join([
        f'<c:ser><c:idx val="{position}"/><c:order val="{position}"/><c:tx><c:strRef>'
        f'<c:f>Sheet1!${column}$1</c:f><c:strCache><c:ptCount val="1"/><c:pt idx="0">'
        f"<c:v>{escape(name)}</c:v></c:pt></c:strCache></c:strRef></c:tx>"
        f'<c:spPr>{_fill(colour)}</c:spPr><c:invertIfNegative val="0"/>',
        *negative,
        labels,
        f"<c:cat><c:strRef><c:f>Sheet1!$A$2:$A${last}</c:f><c:strCache>"
        f'<c:ptCount val="{count}"/>',
        *names,
        f"</c:strCache></c:strRef></c:cat><c:val><c:numRef><c:f>Sheet1!${column}$2:${column}${last}"
        f"</c:f><c:numCache><c:formatCode>{escape(number_format)}</c:formatCode>"
        f'<c:ptCount val="{count}"/>',
        *points,
        "</c:numCache></c:numRef></c:val></c:ser>",
    ])  # fmt: skip


def value_labels(number_format: str, colour: str, *, outside: bool) -> str:
    """A value at each bar, behind its end or within it."""
    return (
        f'<c:dLbls><c:numFmt formatCode={quoteattr(number_format)} sourceLinked="0"/>{_text(colour)}'
        + '<c:dLblPos val="outEnd"/>' * outside
        + '<c:showLegendKey val="0"/><c:showVal val="1"/><c:showCatName val="0"/>'
        '<c:showSerName val="0"/><c:showPercent val="0"/><c:showBubbleSize val="0"/>'
        '<c:showLeaderLines val="1"/></c:dLbls>'
    )


def _category_axis(names: str) -> str:
    return (
        f'<c:catAx><c:axId val="{_CATEGORY_AXIS}"/>'
        '<c:scaling><c:orientation val="maxMin"/></c:scaling><c:delete val="0"/>'
        '<c:axPos val="l"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="{names}"/><c:spPr><a:ln>{_fill(style.LIGHT_GREY)}</a:ln></c:spPr>'
        f'{_text()}<c:crossAx val="{_VALUE_AXIS}"/><c:crosses val="autoZero"/><c:auto val="1"/>'
        '<c:lblAlgn val="ctr"/><c:lblOffset val="100"/><c:noMultiLvlLbl val="0"/></c:catAx>'
    )


def _value_axis(axis: ValueAxis) -> str:
    """It crosses the turned category axis at its end, and so stays below."""
    limits = (("max", axis.high), ("min", axis.low))
    scaling = "".join(f'<c:{n} val="{float(v)}"/>' for n, v in limits if v is not None)
    lines = f'<a:ln w="6350">{_fill(style.LIGHT_GREY)}</a:ln>'
    return "".join([
        f'<c:valAx><c:axId val="{_VALUE_AXIS}"/><c:scaling>{scaling}</c:scaling>',
        '<c:delete val="0"/>' * axis.visible or "<c:delete/>",
        '<c:axPos val="b"/>',
        (f"<c:majorGridlines><c:spPr>{lines}</c:spPr></c:majorGridlines>"
         '<c:numFmt formatCode="0" sourceLinked="0"/>') * axis.visible,
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>',
        "<c:spPr><a:ln><a:noFill/></a:ln></c:spPr>" * axis.visible,
        f'<c:crossAx val="{_CATEGORY_AXIS}"/><c:crosses val="max"/>',
        '<c:majorUnit val="1.0"/>' * axis.visible,
        "</c:valAx>",
    ])  # fmt: skip


def _text(colour: str = "", language: str = "") -> str:
    """Size and colour of text."""
    end = f'<a:endParaRPr lang="{language}"/>' if language else ""
    return (
        f'<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr sz="{SIZE}">'
        f"{_fill(colour) if colour else ''}</a:defRPr></a:pPr>{end}</a:p></c:txPr>"
    )


def _fill(colour: str) -> str:
    return f'<a:solidFill><a:srgbClr val="{colour.lstrip("#")}"/></a:solidFill>'
