"""The calendar of a round as a picture."""

from __future__ import annotations

import datetime as dt

from helpers import style
from helpers.params import Round

LEFT, WIDTH, ROW = 190, 560, 24


def gantt_svg(round_: Round, today: dt.date | None) -> str:
    """Bars of the calendar's steps in the round's period, with a line at `today`."""
    period = round_.settings.period
    days = (period.end - period.start).days + 1

    def x(day: dt.date) -> float:
        return round(LEFT + WIDTH * (day - period.start).days / days, 1)

    steps = list(round_.settings.calendar.steps())
    height = ROW * len(steps) + 8
    parts = [
        f'<text x="0" y="{ROW * i + 17}" font-size="13" fill="{style.INK}">{name.replace("_", " ")}</text>'
        f'<rect x="{x(p.start)}" y="{ROW * i + 6}" width="{x(p.end + dt.timedelta(days=1)) - x(p.start):.1f}" '
        f'height="13" fill="{style.TEAL}"/>'
        for i, (name, p) in enumerate(steps)
    ]
    if today is not None and period.start <= today <= period.end:
        parts.append(
            f'<line x1="{x(today)}" x2="{x(today)}" y1="0" y2="{height}" stroke="{style.ACCENT}"/>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH} {height}" role="img" '
        f'aria-label="Tidsplan">{"".join(parts)}</svg>'
    )
