"""A round's calendar: weeks, order, days off, `.ics` and Gantt picture."""

import datetime as dt
import re
from itertools import pairwise

import icalendar
import pytest
from dateutil.easter import easter
from lxml import etree, html
from test_params import edit, refuse
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common import printing
from helpers.common.paths import PROJECT, Paths
from helpers.parameters.calendar_rules import week_day, week_name
from helpers.parameters.params import load_round
from helpers.parameters.round_settings import Calendar
from helpers.pipeline.steps import STEPS, parameter_digests
from helpers.preparation.calendar_rows import LABELS, calendar_rows, calendar_warnings
from helpers.preparation.gantt import DIAMOND, LEFT, WIDTH, gantt_svg
from helpers.preparation.ics import calendar_ics, write_ics
from helpers.preparation.working_days import (
    day_off,
    holiday,
    nearest_working_days,
    often_closed,
    working_days,
)
from helpers.scan.scan import scan

SHIPPED = ("2023-pilot", "2024-foraar", "demo-2023", "demo")
FILE = "rounds/2024-foraar.yml"


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def with_calendar(round_, **steps):
    """The round with steps of its calendar changed: name → »start/end« or one day."""
    content = round_.settings.calendar.model_dump()
    for name, text in steps.items():
        start, _, end = text.partition("/")
        content[name] = {"start": start, "end": end or start} if text else None
    settings = round_.settings.model_copy(update={"calendar": Calendar.model_validate(content)})
    return round_.model_copy(update={"settings": settings})


# -------------------------------------------------------------------------------------------- weeks


@pytest.mark.parametrize(
    "week, monday, sunday",
    [("2023-W35", "2023-08-28", "2023-09-03"), ("2020-W53", "2020-12-28", "2021-01-03"),
     ("2025-W01", "2024-12-30", "2025-01-05")],
)  # fmt: skip
def test_a_week_starts_on_its_monday_and_ends_on_its_sunday(week, monday, sunday):
    assert (week_day(week, 1), week_day(week, 7)) == (day(monday), day(sunday))
    assert week_name(day(monday)) == week_name(day(sunday)) == week


@pytest.mark.parametrize("text", ["2023-35", "2023-08-28", "W35", "2023-W5", "2023-W355"])
def test_what_is_no_week_is_left_to_the_dates(text):
    assert week_day(text, 1) is None


def test_a_week_that_the_year_does_not_have(root):
    edit(root, FILE, "start: 2024-03-11, end: 2024-03-31", "start: 2024-W11, end: 2024-W53")
    told = refuse(root)
    assert "calendar.collection.end" in told
    assert "no week of 2024, which has the weeks 01–52" in told


def test_weeks_and_days_say_the_same(root):
    edit(root, FILE, "start: 2024-03-11, end: 2024-03-31", "start: 2024-W11, end: 2024-W13")
    before = load_round(PROJECT, "2024-foraar").settings.calendar
    assert load_round(root, "2024-foraar").settings.calendar == before


def test_the_pilot_keeps_its_days():
    calendar = load_round(PROJECT, "2023-pilot").settings.calendar
    assert (calendar.sampling.start, calendar.sampling.end) == (
        day("2023-08-07"),
        day("2023-08-27"),
    )
    assert (calendar.collection.start, calendar.collection.end) == (
        day("2023-08-28"), day("2023-09-17"),
    )  # fmt: skip
    assert (calendar.reporting.start, calendar.reporting.end) == (
        day("2023-09-18"), day("2023-10-08"),
    )  # fmt: skip
    first = calendar.collection.start
    assert list(calendar.mailings().values()) == [first + dt.timedelta(weeks=i) for i in range(3)]


def test_the_simulation_reads_weeks_as_the_analysis_does(root):
    from simulator.setting import read_setting

    for round_id in ("demo-2023", "demo"):
        collection = load_round(root, round_id).settings.calendar.collection
        setting = read_setting(root, round_id)
        assert (setting.collection_start, setting.collection_end) == (
            collection.start, collection.end,
        )  # fmt: skip


# -------------------------------------------------------------------------------------------- order


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("sign_up: {start: 2024-01-04", "sign_up: {start: 2024-01-27",
         "processing_agreements: starts 2024-01-26, before sign_up starts (2024-01-27)"),
        ("sign_up: {start: 2024-01-04, end: 2024-02-09", "sign_up: {start: 2024-01-04, end: 2024-02-26",
         "processing_agreements: ends 2024-02-25, before sign_up ends (2024-02-26)"),
        ("2024-01-26, end: 2024-02-25", "2024-02-17, end: 2024-02-25",
         "sampling: starts 2024-02-16, before processing_agreements starts"),
        ("2024-01-26, end: 2024-02-25", "2024-01-26, end: 2024-03-09",
         "sampling: ends 2024-03-08, before processing_agreements ends"),
        ("sampling: {start: 2024-02-16", "sampling: {start: 2024-03-11",
         "sampling: end 2024-03-08 lies before"),
        ("2024-02-16, end: 2024-03-08", "2024-03-11, end: 2024-03-12",
         "collection: starts 2024-03-11, on the day when sampling starts"),
        ("2024-02-16, end: 2024-03-08", "2024-02-16, end: 2024-04-01",
         "collection: ends 2024-03-31, before sampling ends (2024-04-01)"),
        ("reporting: {start: 2024-04-05, end: 2024-04-05", "reporting: {start: 2024-03-10, end: 2024-04-05",
         "reporting: starts 2024-03-10, before collection starts"),
        ("reporting: {start: 2024-04-05, end: 2024-04-05", "reporting: {start: 2024-03-30, end: 2024-03-30",
         "reporting: ends 2024-03-30, before collection ends (2024-03-31)"),
        ("kick_off: {start: 2024-02-07, end: 2024-02-07", "kick_off: {start: 2024-03-12, end: 2024-03-12",
         "collection: starts 2024-03-11, before kick_off ends (2024-03-12)"),
        ("status_meeting: {start: 2024-03-05", "status_meeting: {start: 2024-02-15",
         "status_meeting: starts 2024-02-15, before sampling starts"),
        ("2024-01-26, end: 2024-02-25}", "2024-01-26, end: 2024-03-12}",
         "collection: starts 2024-03-11, before processing_agreements ends (2024-03-12)"),
        ("status_meeting: {start: 2024-03-05, end: 2024-03-05", "status_meeting: {start: 2024-04-06, end: 2024-04-06",
         "reporting: ends 2024-04-05, before status_meeting ends (2024-04-06)"),
        ("kick_off: {start: 2024-02-07", "kick_off: {start: 2024-01-03",
         "kick_off: starts 2024-01-03, before sign_up starts (2024-01-04)"),
        ("press: {start: 2024-04-15", "press: {start: 2024-04-04",
         "press: starts 2024-04-04, before reporting starts (2024-04-05)"),
        ("launch_meeting: {start: 2024-04-10, end: 2024-04-10", "launch_meeting: {start: 2024-04-04, end: 2024-04-04",
         "launch_meeting: starts 2024-04-04, before reporting starts"),
        ("press: {start: 2024-04-15", "press: {start: 2024-04-09",
         "press: starts 2024-04-09, before launch_meeting starts (2024-04-10)"),
    ],
)  # fmt: skip
def test_a_step_before_what_it_builds_on(root, old, new, told):
    edit(root, FILE, old, new)
    found = refuse(root)
    if "lies before" in told:
        assert "lies before start" in found
    else:
        assert told in found
    assert "2024-foraar.yml" in found


@pytest.mark.parametrize(
    "name, old, new",
    [("sign_up ends with the agreements", "end: 2024-02-09", "end: 2024-02-25"),
     ("agreements end with sampling", "end: 2024-02-25", "end: 2024-03-08"),
     ("sampling starts a day before collection", "start: 2024-02-16", "start: 2024-03-08"),
     ("sampling ends with collection", "end: 2024-03-08", "end: 2024-03-31"),
     ("reporting ends with collection", r"2024-04-05, end: 2024-04-05", "2024-03-31, end: 2024-03-31")],
)  # fmt: skip
def test_steps_may_overlap_and_meet(root, name, old, new):
    edit(root, FILE, "  status_meeting: .*\n", "")
    edit(root, FILE, old, new)
    load_round(root, "2024-foraar")


def test_steps_that_are_left_out_do_not_break_the_chain(root):
    edit(root, FILE, "  processing_agreements: .*\n", "")
    edit(root, FILE, "end: 2024-02-09", "end: 2024-03-09")
    assert "sampling: ends 2024-03-08, before sign_up ends (2024-03-09)" in refuse(root)


@pytest.mark.parametrize("round_id", SHIPPED)
def test_the_shipped_calendars_pass(round_id):
    load_round(PROJECT, round_id)


MAILING = "  collection: {{start: 2024-03-11, end: 2024-03-31}}\n  {}: {{start: {}, end: {}}}"


@pytest.mark.parametrize(
    "name, start, end, told",
    [
        ("invitation", "2024-03-10", "2024-03-11", "lies outside the collection"),
        ("invitation", "2024-03-11", "2024-03-17", None),
        ("invitation", "2024-03-11", "2024-03-18", "first_reminder: goes out 2024-03-18 (the usual day"),
        ("first_reminder", "2024-03-11", "2024-03-11", "not after invitation (2024-03-11)"),
        ("first_reminder", "2024-03-12", "2024-03-12", None),
        ("first_reminder", "2024-03-18", "2024-03-25", "second_reminder: goes out 2024-03-25 (the usual"),
        ("second_reminder", "2024-03-18", "2024-03-18", "not after first_reminder (2024-03-18)"),
        ("second_reminder", "2024-03-31", "2024-03-31", None),
        ("second_reminder", "2024-03-31", "2024-04-01", "lies outside the collection"),
    ],
)  # fmt: skip
def test_mailings_lie_in_the_collection_one_after_another(root, name, start, end, told):
    edit(root, FILE, "  collection: .*", MAILING.format(name, start, end))
    if told is None:
        load_round(root, "2024-foraar")
    else:
        found = refuse(root)
        assert told in found
        assert f"calendar.{name}" in found or "usual" in found


# ------------------------------------------------------------------------------------- working days


@pytest.mark.parametrize("year", range(2019, 2036))
def test_holidays_beside_easter_as_dateutil_has_it(year):
    sunday = easter(year)
    moving = {-3: "Skærtorsdag", -2: "Langfredag", 0: "Påskedag", 1: "Anden påskedag",
              39: "Kristi himmelfartsdag", 49: "Pinsedag", 50: "Anden pinsedag"}  # fmt: skip
    for days, name in moving.items():
        assert name in holiday(sunday + dt.timedelta(days))
    assert bool(holiday(sunday + dt.timedelta(26))) == (year <= 2023)  # store bededag
    expected = {sunday + dt.timedelta(d) for d in moving} | {
        dt.date(year, 1, 1), dt.date(year, 12, 25), dt.date(year, 12, 26),
    }  # fmt: skip
    expected |= {sunday + dt.timedelta(26)} if year <= 2023 else set()
    every = (dt.date(year, 1, 1) + dt.timedelta(i) for i in range(365))
    assert {d for d in every if holiday(d)} == expected


@pytest.mark.parametrize(
    "date, why",
    [("2024-03-27", None), ("2024-03-28", "Skærtorsdag"), ("2024-03-30", "lørdag"),
     ("2024-03-31", "søndag, Påskedag"), ("2024-04-01", "Anden påskedag"), ("2024-04-02", None),
     ("2023-05-05", "Store bededag"), ("2024-04-26", None), ("2024-06-05", None)],
)  # fmt: skip
def test_why_a_day_is_off(date, why):
    assert day_off(day(date)) == why


def test_nearest_working_days_round_easter():
    around = (day("2024-03-27"), day("2024-04-02"))
    for date in ("2024-03-28", "2024-03-30", "2024-03-31", "2024-04-01"):
        assert nearest_working_days(day(date)) == around
    assert nearest_working_days(around[0]) == (around[0], around[0])


@pytest.mark.parametrize(
    "start, end, count",
    [("2024-03-25", "2024-03-31", 3), ("2024-03-25", "2024-04-02", 4), ("2024-03-31", "2024-03-31", 0),
     ("2024-04-02", "2024-04-02", 1), ("2024-01-01", "2024-12-31", 366 - 104 - 8)],
)  # fmt: skip
def test_working_days_between(start, end, count):
    """2024: 366 days, 104 in weekends, and eight public holidays from Monday to Friday."""
    assert working_days(day(start), day(end)) == count


def test_half_days_are_named_and_count_as_working_days():
    assert often_closed(day("2024-06-05")) == "Grundlovsdag"
    assert often_closed(day("2024-06-06")) is None
    assert working_days(day("2024-06-05"), day("2024-06-05")) == 1


# ----------------------------------------------------------------------------------------- warnings


def test_the_published_calendar_is_warned_of_two_sundays(round_2024):
    assert [str(w) for w in calendar_warnings(round_2024)] == [
        "processing_agreements: ends 2024-02-25 (søndag); working days: 2024-02-23 before, 2024-02-26 after",
        "collection: ends 2024-03-31 (søndag, Påskedag); working days: 2024-03-27 before, 2024-04-02 after",
    ]


@pytest.mark.parametrize(
    "steps, told",
    [
        ({"collection": "2024-03-11/2024-03-27"}, None),
        ({"collection": "2024-03-09/2024-03-27"}, "invitation: is on 2024-03-09 (lørdag)"),
        ({"second_reminder": "2024-03-28"}, "second_reminder: is on 2024-03-28 (Skærtorsdag)"),
        ({"press": "2024-04-14/2024-04-26"}, "press: starts 2024-04-14 (søndag)"),
        ({"press": "2024-05-01"}, "press: is on 2024-05-01 (Arbejdernes kampdag), when many offices"),
        ({"sampling": "2024-02-16/2024-03-11"}, "sampling: ends 2024-03-11, not before the invitation"),
        ({"sampling": "2024-02-16/2024-03-08"}, None),
        ({"collection": "2024-03-11/2024-03-24"}, "second_reminder: the file names no day, and the usual one, 2024-03-25"),
        ({"collection": "2024-03-11/2024-03-25"}, None),
    ],
)  # fmt: skip
def test_what_is_warned_of(round_2024, steps, told):
    usual = {
        "processing_agreements": "2024-01-26/2024-02-23",
        "collection": "2024-03-11/2024-03-27",
    }
    warnings = [str(w) for w in calendar_warnings(with_calendar(round_2024, **(usual | steps)))]
    if told is None:
        assert warnings == []
    else:
        assert any(told in w for w in warnings), warnings


# --------------------------------------------------------------------------------------------- rows


def test_every_step_has_a_danish_name():
    assert list(LABELS) == list(Calendar.model_fields)


def test_rows_with_weeks(round_2024):
    rows = {r.step: r for r in calendar_rows(round_2024)}
    assert rows["collection"].weeks == "2024-W11–W13"
    assert rows["kick_off"].weeks == "2024-W06"
    assert rows["collection"].working_days == 13
    assert [r for r in rows if rows[r].usual] == ["invitation", "first_reminder", "second_reminder"]
    turn = with_calendar(round_2024, press="2024-12-27/2025-01-03")
    assert calendar_rows(turn)[-1].weeks == "2024-W52–2025-W01"


# ---------------------------------------------------------------------------------------------- ics


@pytest.mark.parametrize("round_id", SHIPPED)
def test_ics_says_what_the_rows_say(round_id):
    round_ = load_round(PROJECT, round_id)
    content = calendar_ics(round_)
    read = icalendar.Calendar.from_ical(content)
    assert not read.errors
    events = read.walk("VEVENT")
    rows = calendar_rows(round_)
    for event, row in zip(events, rows, strict=True):
        assert event["dtstart"].params["VALUE"] == event["dtend"].params["VALUE"] == "DATE"
        assert event["dtstart"].dt == row.start
        assert event["dtend"].dt == row.end + dt.timedelta(1)  # exclusive
        assert str(event["summary"]).startswith(row.label)
        assert round_.settings.title in str(event["summary"])
        assert ("Vejledende" in str(event["description"])) == row.usual
        assert event["dtstamp"].dt.date() == round_.settings.period.start
    uids = [str(e["uid"]) for e in events]
    assert len(set(uids)) == len(uids)
    assert "@" not in content.decode("utf-8")  # an address would be a finding of the scan
    lines = content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_ics_is_the_same_each_time_and_a_changed_day_keeps_its_name(round_2024):
    assert calendar_ics(round_2024) == calendar_ics(load_round(PROJECT, "2024-foraar"))
    moved = calendar_ics(with_calendar(round_2024, kick_off="2024-02-08"))
    names = [re.findall(rb"^UID:(.*)\r$", c, re.M) for c in (moved, calendar_ics(round_2024))]
    assert names[0] == names[1]
    assert moved != calendar_ics(round_2024)


def test_ics_may_leave_the_house(tmp_path, round_2024):
    path = write_ics(Paths(tmp_path, round_2024.id), round_2024)
    assert path == tmp_path / "build/2024-foraar/kalender.ics"
    assert scan(path.parent) == []


def test_what_the_step_is_blind_to_changes_no_byte(round_2024, root):
    before = parameter_digests(STEPS["calendar"], round_2024, "runden")
    edit(root, FILE, "^  min_answers: 200", "  min_answers: 100")
    edit(root, FILE, r'^questionnaire: "2024"', 'questionnaire: "2025"')
    edit(root, FILE, '^  - "0825".*\n', "")
    edit(root, FILE, "^seed: .*", "seed: 1")
    edit(root, "municipalities.csv", "Læsø", "Laesoe")
    other = load_round(root, "2024-foraar")
    assert parameter_digests(STEPS["calendar"], other, "runden") == before
    assert calendar_ics(other) == calendar_ics(round_2024)
    moved = with_calendar(round_2024, kick_off="2024-02-08")
    assert parameter_digests(STEPS["calendar"], moved, "runden") != before


# -------------------------------------------------------------------------------------------- gantt

SVG = "{http://www.w3.org/2000/svg}"


def picture(markup: str):
    return etree.fromstring(re.search(r"<svg.*?</svg>", markup, re.S)[0])


def place(scale, date: dt.date) -> float:
    first, last = scale
    return LEFT + WIDTH * (date - first).days / ((last - first).days + 1)


@pytest.mark.parametrize("round_id", SHIPPED)
def test_bars_lie_where_their_days_do(round_id):
    """An independent sum of each mark's place, from the first Monday to the last Sunday."""
    round_ = load_round(PROJECT, round_id)
    rows = calendar_rows(round_)
    first, last = min(r.start for r in rows), max(r.end for r in rows)
    scale = first - dt.timedelta(first.weekday()), last + dt.timedelta(6 - last.weekday())
    marks = [e for e in picture(gantt_svg(round_, None)).iter() if e.get("class") == "gantt-mark"]
    for mark, row in zip(marks, rows, strict=True):
        start, end = place(scale, row.start), place(scale, row.end + dt.timedelta(1))
        if mark.tag == f"{SVG}rect":
            assert not row.one_day
            found = float(mark.get("x")), float(mark.get("x")) + float(mark.get("width"))
            assert found == pytest.approx((start, end), abs=0.11)
        else:
            corner = float(re.match(r"M([\d.]+)", mark.get("d"))[1])
            assert corner + DIAMOND == pytest.approx((start + end) / 2, abs=0.06)


@pytest.mark.parametrize("round_id", SHIPPED)
def test_every_date_stands_within_the_picture_beside_its_mark(round_id):
    root = picture(gantt_svg(load_round(PROJECT, round_id), None))
    width = float(root.get("viewBox").split()[2])
    for text in (e for e in root.iter(f"{SVG}text") if e.get("class", "").startswith("dates")):
        x, long = float(text.get("x")), 6.3 * len(text.text)
        left, right = (x - long, x) if text.get("text-anchor") == "end" else (x, x + long)
        assert LEFT <= left < right <= width


def test_picture_is_told_in_words(round_2024):
    markup = gantt_svg(round_2024, None)
    root = picture(markup)
    ids = root.get("aria-labelledby").split()
    assert root.get("role") == "img"
    told = {e.get("id"): e.text for e in root.iter() if e.get("id")}
    assert told[ids[0]] == "Tidsplan for foråret 2024"
    assert told[ids[1]].startswith("12 trin fra 4. januar–26. april 2024.")
    table = html.fragment_fromstring(markup).find(".//table")
    rows = [[c.text for c in tr] for tr in table.iter("tr")]
    assert rows[0] == ["Trin", "Dage", "Uge"]
    assert ["Indsamling af svar", "11.–31. marts 2024", "uge 11–13"] in rows
    assert ["Invitation", "11. marts 2024 (vejledende)", "uge 11"] in rows
    assert len(rows) == 13
    assert not re.search(r"(src|href|url\()", markup)  # asks nobody for anything


def test_holidays_are_named_in_the_picture(round_2024):
    found = [e[0].text for e in picture(gantt_svg(round_2024, None)) if e.get("class") == "holiday"]
    assert found == ["Nytårsdag", "Skærtorsdag", "Langfredag", "Påskedag", "Anden påskedag"]


@pytest.mark.parametrize(
    "today, shown, state",
    [("2023-12-31", False, "kommer"), ("2024-01-01", True, "kommer"), ("2024-03-10", True, "kommer"),
     ("2024-03-11", True, "i gang"), ("2024-03-31", True, "i gang"), ("2024-04-01", True, "afsluttet"),
     ("2024-04-28", True, "afsluttet"), ("2024-04-29", False, "afsluttet")],
)  # fmt: skip
def test_today(round_2024, today, shown, state):
    markup = gantt_svg(round_2024, day(today))
    lines = [e for e in picture(markup).iter() if e.get("class") == "today"]
    assert len(lines) == shown
    if shown:
        scale = day("2024-01-01"), day("2024-04-28")
        middle = place(scale, day(today)) + WIDTH / 119 / 2
        assert float(lines[0].get("x1")) == pytest.approx(middle, abs=0.06)
    rows = html.fragment_fromstring(markup).findall(".//tbody/tr")
    states = {tr[0].text: tr[3].text for tr in rows}
    assert states["Indsamling af svar"] == state
    assert printing.date(day(today)) in markup


def test_picture_is_the_same_for_the_same_day_and_escapes_its_title(round_2024):
    assert gantt_svg(round_2024, day("2024-03-12")) == gantt_svg(round_2024, day("2024-03-12"))
    settings = round_2024.settings.model_copy(update={"title": "<b>& år"})
    markup = gantt_svg(round_2024.model_copy(update={"settings": settings}), None)
    assert "<b>" not in markup and "&lt;b&gt;&amp; år" in markup


def test_a_long_calendar_has_room_for_its_weeks(round_2024):
    root = picture(gantt_svg(with_calendar(round_2024, press="2024-04-15/2025-11-30"), None))
    quiet = [e for e in root.iter(f"{SVG}text") if e.get("class") == "quiet" and e.text != "uge"]
    places = [float(e.get("x")) for e in quiet]
    assert all(b - a >= 24 for a, b in pairwise(places))
    names = [e.text for e in root.iter(f"{SVG}text") if e.text and "2025" in e.text]
    assert len(names) <= 1


# ------------------------------------------------------------------------------------------ command


def test_command(root):
    result = CliRunner().invoke(app, ["--root", str(root), "calendar", "2024-foraar"])
    told = " ".join(result.output.split())
    assert result.exit_code == 0
    assert "collection !" in told and "2024-W11–W13" in told
    assert "collection: ends 2024-03-31 (søndag, Påskedag)" in told
    written = (root / "build/2024-foraar/kalender.ics").read_bytes()
    assert written == calendar_ics(load_round(root, "2024-foraar"))
    assert sorted(p.name for p in (root / "build/2024-foraar").iterdir()) == ["kalender.ics"]


def test_command_with_a_wrong_order_writes_nothing(root):
    edit(root, FILE, "end: 2024-03-31", "end: 2024-03-01")
    result = CliRunner().invoke(app, ["--root", str(root), "calendar", "2024-foraar"])
    assert result.exit_code == 2
    assert "nothing was written" in result.output
    assert not (root / "build").exists()
