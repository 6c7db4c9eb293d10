"""`index.html` of a rolling round: the development from window to window, and where each municipality
stands. Made of what has been released, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from helpers.common import absent, printing, theme
from helpers.common.paths import write_text
from helpers.common.vocabulary import NATIONAL
from helpers.disclosure.suppression import SHOWN
from helpers.rolling.months import danish, danish_period, name, parse_month
from helpers.rolling.places import Places
from helpers.rolling.settings import Rolling
from helpers.rolling.windows import NOT_YET, TOO_FEW_MONTHS, WINDOWS

CHART, SPARK = (680, 190), (110, 26)  # width and height in pixels
MARGIN, SPARK_MARGIN = 44, 4
LEAST_SPAN = 0.4  # scale points from bottom to top: small changes shall look small


@dataclass(frozen=True)
class Point:
    """One window's overall satisfaction: the period it covers, value and interval (1–5)."""

    period: str
    value: float
    low: float
    high: float


def write_page(places: Places, rolling: Rolling) -> Path:
    """Write `build/<id>/index.html` from all releases."""
    series: dict[str, list[Point]] = {}
    for month in (months := places.releases()):
        latest = pd.read_parquet(places.release(month) / "released.parquet")
        latest = latest[latest["item"] == rolling.round.questionnaire.overall]
        windows = pd.read_parquet(places.release(month) / WINDOWS).set_index("municipality")
        _add_points(series, latest, windows, danish(month))
    whole = latest[latest["municipality"] == NATIONAL]
    limits = _limits([p.value for points in series.values() for p in points])
    rows = [
        _row(rolling, code, windows.loc[code], latest, series.get(code, []), limits)
        for code in sorted(
            windows.index,
            key=lambda c: printing.danish_sort_key(rolling.round.municipalities[c].name),
        )
    ]
    country = series.get(NATIONAL, [])
    templates = Environment(
        loader=PackageLoader("helpers", "assets/pages"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    page = templates.get_template("rolling.html").render(
        title=rolling.settings.title,
        simulated=rolling.settings.simulated,
        month=danish(months[-1]),
        latest=name(months[-1]),
        window=rolling.settings.window_months,
        min_answers=rolling.settings.disclosure.min_answers,
        css=Markup(theme.css_variables() + theme.font_faces()),
        chart=Markup(_chart(country)) if len(country) > 1 else "",
        points=[
            (p.period, *(printing.number(v, 2) for v in (p.value, p.low, p.high))) for p in country
        ],
        mean=_value(whole, "mean", lambda v: printing.number(v, 2)),
        satisfied=_value(whole, "share_satisfied", printing.percent),
        answers=_count(whole),
        rows=rows,
        ready=sum(bool(r["period"]) for r in rows),
    )
    return write_text(places.build / "index.html", page)


def _overall(rows: pd.DataFrame, statistic: str) -> pd.Series | None:
    """The weighted row of everybody; None where there is none. `rows`: of the overall satisfaction."""
    found = rows[
        (rows["breakdown"] == "all")
        & (rows["statistic"] == statistic)
        & (rows["weighting"] == "weighted")
    ]
    return found.iloc[0] if len(found) else None


def _value(rows: pd.DataFrame, statistic: str, form) -> str:
    row = _overall(rows, statistic)
    if row is None:
        return ""
    return form(row["value"]) if row["status"] == SHOWN else absent.why(row["status"]).words


def _count(rows: pd.DataFrame) -> str:
    row = _overall(rows, "mean")
    return printing.number(int(row["n"])) if row is not None and row["status"] == SHOWN else ""


def _add_points(
    series: dict[str, list[Point]], released: pd.DataFrame, windows: pd.DataFrame, month: str
) -> None:
    """A point a municipality for each window that it has not had before; the country's goes by month."""
    for code, rows in released.groupby("municipality", sort=False):
        row = _overall(rows, "mean")
        if row is None or row["status"] != SHOWN:
            continue
        period = f"til og med {month}" if code == NATIONAL else _period(windows.loc[code])
        points = series.setdefault(str(code), [])
        values = (float(row["value"]), float(row["ci_low"]), float(row["ci_high"]))
        if (
            not points
            or (points[-1].period != period and code != NATIONAL)
            or (code == NATIONAL and (points[-1].value, points[-1].low, points[-1].high) != values)
        ):
            points.append(Point(period, *values))


def _period(window: pd.Series) -> str:
    return danish_period(parse_month(window["first_month"]), parse_month(window["last_month"]))


def _row(
    rolling: Rolling,
    code: str,
    window: pd.Series,
    latest: pd.DataFrame,
    points: list[Point],
    limits: tuple[float, float],
) -> dict[str, object]:
    place = rolling.round.municipalities[code]
    own = latest[latest["municipality"] == code]
    missing = [danish(parse_month(m)) for m in window["missing"].split(",") if m]
    notes = {
        NOT_YET: "ingen resultater endnu",
        TOO_FEW_MONTHS: f"udtræk for kun {window['months']} måneder",
    }
    state = notes.get(window["state"], "")
    if missing and not state:
        state = f"uden udtræk fra {style_list(missing)}"
    return {
        "code": code,
        "name": place.name,
        "region": place.region,
        "period": "" if window["state"] in notes else _period(window),
        "moves": _every(int(window["block_months"])),
        "state": state,
        "answers": _count(own),
        "mean": _value(own, "mean", lambda v: printing.number(v, 2)),
        "satisfied": _value(own, "share_satisfied", printing.percent),
        "spark": Markup(_spark(points, limits)) if len(points) > 1 else "",
        "told": "; ".join(f"{p.period}: {printing.number(p.value, 2)}" for p in points),
    }


def style_list(words: list[str]) -> str:
    """»a, b og c«."""
    return " og ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _every(months: int) -> str:
    return {1: "hver måned", 3: "hvert kvartal", 6: "hvert halve år", 12: "hvert år"}.get(
        months, f"hver {months}. måned"
    )


def _limits(values: list[float]) -> tuple[float, float]:
    """Bottom and top of the value axis, at least LEAST_SPAN apart."""
    if not values:
        return 1.0, 5.0
    low, high = min(values), max(values)
    more = max(0.0, LEAST_SPAN - (high - low)) / 2 + 0.05
    return low - more, high + more


def _places(points: list[Point], size: tuple[int, int], margin: int, limits) -> list[tuple]:
    width, height = size
    low, high = limits
    step = (width - 2 * margin) / max(len(points) - 1, 1)

    def y(value: float) -> float:
        return height - margin - (height - 2 * margin) * (value - low) / (high - low)

    return [
        (round(margin + i * step, 1), *(round(y(v), 1) for v in (p.value, p.low, p.high)))
        for i, p in enumerate(points)
    ]


def _spark(points: list[Point], limits: tuple[float, float]) -> str:
    at = _places(points, SPARK, SPARK_MARGIN, limits)
    line = " ".join(f"{x},{y}" for x, y, _, _ in at)
    x, y = at[-1][:2]
    return (
        f'<svg class="spark" viewBox="0 0 {SPARK[0]} {SPARK[1]}" aria-hidden="true">'
        f'<polyline points="{line}"/><circle cx="{x}" cy="{y}" r="2.5"/></svg>'
    )


def _chart(points: list[Point]) -> str:
    """The country's mean from window to window, with its interval."""
    limits = _limits([v for p in points for v in (p.low, p.high)])
    at = _places(points, CHART, MARGIN, limits)
    width, height = CHART
    parts = [
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="Samlet tilfredshed fra vindue til vindue; tallene står i tabellen nedenfor">',
        f'<line class="axis" x1="{MARGIN}" x2="{width - MARGIN}" y1="{height - MARGIN}" y2="{height - MARGIN}"/>',
        f'<polyline points="{" ".join(f"{x},{y}" for x, y, _, _ in at)}"/>',
    ]
    for (x, y, low, high), p in zip(at, points):
        parts.append(f'<line class="interval" x1="{x}" x2="{x}" y1="{low}" y2="{high}"/>')
        parts.append(f'<circle cx="{x}" cy="{y}" r="4"/>')
        parts.append(f'<text x="{x + 7}" y="{y - 8}">{printing.number(p.value, 2)}</text>')
        words = p.period.removeprefix("til og med ")
        parts.append(
            f'<text class="month" x="{x}" y="{height - MARGIN + 18}" text-anchor="middle">{words}</text>'
        )
    return "".join([*parts, "</svg>"])
