"""`data/<round>/status.html`: how the collection goes, for those who run it. It stays in the house:
counts of few persons stand on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from markupsafe import Markup

from helpers.common import printing, theme
from helpers.common.paths import Paths, write_private
from helpers.common.vocabulary import NATIONAL
from helpers.fieldwork.round_status import RoundStatus
from helpers.fieldwork.status_curves import curve_svg, curves_by_place, pages
from helpers.fieldwork.status_tables import (
    LIKELY,
    STEPS,
    at_risk,
    effort_rows,
    extract_rows,
    group_rows,
    hotline_tables,
    mailing_rows,
    municipality_rows,
    ordered,
)
from helpers.parameters.params import Round
from helpers.preparation.gantt import gantt_svg


def write_status_page(
    paths: Paths,
    round_: Round,
    status: RoundStatus | None,
    steps: Mapping[str, Mapping[str, str]],
    conflicts: Mapping[str, list[list[str]]],
    today: dt.date,
) -> Path:
    """Write the page. `status`: None before a sample has been drawn; `steps`: municipality → heading
    → mark, as `survey status` prints them; `conflicts`: of the step collect."""
    rules = round_.settings
    least = rules.sampling.min_answers
    rows = municipality_rows(round_, status, steps)
    page = (
        pages()
        .get_template("status.html")
        .render(
            title=rules.title[0].upper() + rules.title[1:],
            round_id=round_.id,
            simulated=rules.simulated,
            css=Markup(theme.css_variables() + theme.font_faces()),
            least=printing.number(least),
            confidence=printing.percent(rules.comparison.confidence),
            rows=rows,
            steps=list(STEPS.values()),
            late=sum(1 for r in rows if r["risk"][0] != "" and r["risk"][0] >= LIKELY),
            at_risk=at_risk(rows),
            extracts=extract_rows(paths, round_),
            effort=effort_rows(paths, round_),
            hotline=hotline_tables(paths, round_),
            mailings=mailing_rows(paths, round_),
            conflicts=[
                (c, round_.municipalities[c].name, findings) for c, findings in conflicts.items()
            ],
            gantt=Markup(gantt_svg(round_, today)),
            today=printing.date(today),
            version=version("jobcentre-survey"),
            response=None if status is None else _response(round_, status, least),
        )
    )
    return write_private(paths.data / "status.html", page.encode("utf-8"))


def _response(round_: Round, status: RoundStatus, least: int) -> dict:
    """What the page tells of the answers."""
    whole = status.forecast.country
    curves = curves_by_place(status, least)
    basis = [round_.earlier_titles[r] for r in status.curves.rounds]
    return {
        "moment": f"{printing.date(status.moment.date())} kl. {status.moment:%H.%M}",
        "none_yet": int(whole["answers"]) == 0,
        "undated": status.undated,
        "invited": printing.number(whole["invited"]),
        "answers": printing.number(whole["answers"]),
        "rate": printing.percent(whole["answers"] / max(whole["invited"], 1), 1),
        "forecast": printing.number(whole["forecast"]),
        "low": printing.number(whole["ci_low"]),
        "high": printing.number(whole["ci_high"]),
        "basis": " og ".join(basis),
        "curve": curve_svg(curves[NATIONAL], "Alle kommuner", "kurve-alle", wide=True),
        "days": _days(curves[NATIONAL]),
        "curves": [
            (p.code, p.name, curve_svg(curves[p.code], p.name, f"kurve-{p.code}"))
            for p in ordered(round_)
            if p.code in curves
        ],
        "groups": group_rows(round_, status),
    }


def _days(curve) -> list[tuple[str, str, str, str]]:
    """Day, new and all answers so far; forecast with interval for the days to come."""
    rows, before = [], 0
    for day, seen in zip(curve.days, curve.seen):
        rows.append((printing.date(day), printing.number(seen - before), printing.number(seen), ""))
        before = seen
    for r in curve.fan.itertuples():
        forecast = f"{printing.number(r.forecast)} ({printing.number(r.ci_low)}–{printing.number(r.ci_high)})"
        if rows and rows[-1][0] == printing.date(r.day):
            rows[-1] = (*rows[-1][:3], forecast)
        else:
            rows.append((printing.date(r.day), "", "", forecast))
    return rows
