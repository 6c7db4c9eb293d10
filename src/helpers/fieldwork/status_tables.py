"""The rows of the status page, in Danish as they are printed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from helpers.answers.mailing_record import read_mailings
from helpers.common import printing
from helpers.common.paths import Paths
from helpers.common.vocabulary import NATIONAL
from helpers.extracts.intake_record import found_at_intake
from helpers.fieldwork.effort import COLUMNS as EFFORT_COLUMNS
from helpers.fieldwork.hotline import calls_so_far
from helpers.fieldwork.round_status import RoundStatus
from helpers.fieldwork.status_curves import MAILINGS, short
from helpers.parameters.params import Municipality, Round

STEPS = {  # heading of `survey status` → heading here
    "extract": "Udtræk", "intake": "Indlæst", "sample": "Stikprøve", "letters": "Breve",
    "answers": "Svar hentet", "estimates": "Analyse", "report": "Rapport",
}  # fmt: skip
STATES = {"✓": ("ja", "klar"), "!": ("gammel", "skal laves igen"), "·": ("nej", "mangler")}
CHANNELS = {"reminder": "påmindelse", "sms": "sms", "telephone": "opkald"}
LIKELY, POSSIBLE = 0.5, 0.05  # chances of missing the least number


def ordered(round_: Round) -> list[Municipality]:
    return sorted(round_.participants, key=lambda m: printing.danish_sort_key(m.name))


def municipality_rows(
    round_: Round, status: RoundStatus | None, steps: Mapping[str, Mapping[str, str]]
) -> list[dict]:
    """A row a participant: numbers (with what to sort by), chance of too few, steps."""
    numbers = {}
    if status is not None:
        table = status.forecast.municipalities
        miss = status.forecast.miss(round_.settings.sampling.min_answers)
        numbers = {r["municipality"]: r for r in table.assign(miss=miss).to_dict("records")}
    rows = []
    for place in ordered(round_):
        found = numbers.get(place.code)
        states = [(*STATES[steps[place.code][h]], title) for h, title in STEPS.items()]
        row = {"code": place.code, "name": place.name, "region": place.region, "steps": states}
        rows.append(row | _numbers(found) | _risk(found))
    return rows


def _numbers(found: Mapping | None) -> dict:
    if found is None:
        return {"cells": [("", "–")] * 5}
    return {
        "cells": [
            (found["answers"], printing.number(found["answers"])),
            (found["invited"], printing.number(found["invited"])),
            (_share(found), printing.percent(_share(found), 1)),
            (round(found["forecast"], 1), printing.number(found["forecast"])),
            (
                found["ci_low"],
                f"{printing.number(found['ci_low'])}–{printing.number(found['ci_high'])}",
            ),
        ]
    }


def _share(found: Mapping) -> float:
    return round(found["answers"] / found["invited"], 4) if found["invited"] else 0.0


def _risk(found: Mapping | None) -> dict:
    if found is None:
        return {"risk": ("", "–", "")}
    chance = float(found["miss"])
    words = chance_in_words(chance)
    state = "late" if chance >= LIKELY else "unsure" if chance >= POSSIBLE else ""
    return {"risk": (round(chance, 4), words, state)}


def at_risk(rows: list[dict]) -> list[str]:
    """»Dragør ventes at få 207 svar (183–232), risiko 29 %«, the greatest risk first."""
    risky = [r for r in rows if r["risk"][0] != "" and r["risk"][0] >= POSSIBLE]
    risky.sort(key=lambda r: (-r["risk"][0], r["cells"][3][0]))
    return [
        f"{r['name']} ventes at få {r['cells'][3][1]} svar ({r['cells'][4][1]}), risiko {r['risk'][1]}"
        for r in risky
    ]


def chance_in_words(chance: float) -> str:
    """»under 1 %«, »12 %«, »over 99 %«: a forecast knows no certainty."""
    if chance < 0.01:
        return "under 1\u00a0%"
    return "over 99\u00a0%" if chance > 0.99 else printing.percent(chance)


def extract_rows(paths: Paths, round_: Round) -> list[dict]:
    """A row a participant of whose extract there is something to tell: what stops it, what is worth a
    look, and what was let pass by whom and why."""
    found = found_at_intake(paths, round_)
    return [
        {
            "code": place.code,
            "name": place.name,
            "stopped": [one["da"] for one in found[place.code].get("stopped", ())],
            "look": [one["da"] for one in found[place.code].get("look", ())],
            "decided": [
                f"{one['da']} ({one['by']}, {printing.date(dt.date.fromisoformat(one['date']))}: {one['reason']})"
                for one in found[place.code].get("decided", ())
            ],
        }
        for place in ordered(round_)
        if place.code in found
    ]


def group_rows(round_: Round, status: RoundStatus) -> list[dict]:
    """A row a municipality (the country first) × target group."""
    labels = round_.category_labels()["target_group"]
    table = status.forecast.groups
    order = {NATIONAL: -1} | {p.code: i for i, p in enumerate(ordered(round_))}
    place = {"groups": list(labels)}
    table = table.assign(
        _place=table["municipality"].map(order),
        _group=table["target_group"].map(place["groups"].index),
    ).sort_values(["_place", "_group"])
    return [
        {
            "code": r["municipality"],
            "name": _name(round_, r["municipality"]),
            "group": labels[r["target_group"]],
            **_numbers(r),
        }
        for r in table.to_dict("records")
    ]


def _name(round_: Round, code: str) -> str:
    return "Alle kommuner" if code == NATIONAL else round_.municipalities[code].name


def effort_rows(paths: Paths, round_: Round) -> list[dict]:
    """The plan's chosen rows, the best first; none where no plan has been made."""
    if not paths.effort.is_file():
        return []
    plan = pd.read_parquet(paths.effort, columns=EFFORT_COLUMNS)
    labels = round_.category_labels()["target_group"]
    return [
        {
            "code": r.municipality,
            "name": _name(round_, r.municipality),
            "group": labels.get(r.target_group, r.target_group),
            "channel": CHANNELS[r.channel],
            "rank": r.rank,
            "persons": printing.number(r.persons),
            "answers": (round(r.expected_answers, 1), printing.number(r.expected_answers, 1)),
            "gain": (round(r.gain, 1), printing.number(r.gain, 1)),
        }
        for r in plan[plan["chosen"]].sort_values("rank").itertuples()
    ]


def hotline_tables(paths: Paths, round_: Round) -> dict | None:
    """Calls by topic and day, and by municipality and topic; None where there are none."""
    calls = calls_so_far(paths)
    if calls.empty:
        return None
    day = calls["when"].dt.date
    by_day = calls.groupby(["topic", day]).size().unstack(fill_value=0).sort_index(axis=1)
    by_day = by_day.loc[by_day.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    minutes = calls.groupby("topic")["minutes"].sum()
    by_place = (
        calls.groupby(["municipality", "topic"])["minutes"].agg(["size", "sum"]).reset_index()
    )
    order = {p.code: i for i, p in enumerate(ordered(round_))}
    by_place = by_place.assign(_at=by_place["municipality"].map(order)).sort_values(
        ["_at", "topic"]
    )
    return {
        "days": [short(d) for d in by_day.columns],
        "topics": [
            (topic, [int(v) for v in row], int(sum(row)), printing.number(minutes[topic]))
            for topic, row in zip(by_day.index, by_day.to_numpy())
        ],
        "calls": printing.number(len(calls)),
        "minutes": printing.number(calls["minutes"].sum()),
        "places": [
            (
                r["municipality"],
                _name(round_, r["municipality"]),
                r["topic"],
                printing.number(r["size"]),
                printing.number(r["sum"]),
            )
            for r in by_place.to_dict("records")
        ],
    }


def mailing_rows(paths: Paths, round_: Round) -> list[dict]:
    """A row a mailing that has been made, as `sendout/<code>/mailings.json` tells; those without a
    record are left out. Raises SurveyError where a record cannot be read."""
    words = MAILINGS | {"sms": "sms", "invitation_added": "supplerende invitation"}
    return [
        {
            "code": place.code,
            "name": place.name,
            "mailing": words.get(m.mailing, m.mailing),
            "made_on": printing.date(dt.date.fromisoformat(m.made_on)),
            "letters": printing.number(m.letters),
            "paper": printing.number(m.paper),
            "sms": printing.number(m.sms),
            "answered": printing.number(m.left_out_answered),
            "others": printing.number(m.left_out_opted_out + m.left_out_unreachable),
        }
        for place in ordered(round_)
        for m in read_mailings(paths, place.code).values()
    ]
