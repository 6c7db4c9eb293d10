"""Who answers, and what: response exports in the survey tool's form.

A graded response model: each answer is a latent normal score (general attitude, attitude to the
theme, noise) cut at four thresholds. Attitude and willingness to answer belong to the person: they
follow from seed, municipality and CPR number, not from the key, the order of the sample or what else
is asked. The same person always answers the same. What belongs to the municipality stays from round
to round, but for the change that `changes.py` tells.

Calibrated to published figures: 38.8 % response and 6 of 10 satisfied in spring 2024; theme means of
Norddjurs 2025; target groups, gender and the split of Aabenraa 2024. How an earlier round differed is
invented.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
from python_calamine import CalamineWorkbook

from simulator import texts
from simulator.changes import change_of
from simulator.draws import Draws
from simulator.persons import make_persons
from simulator.questionnaire import Scale
from simulator.setting import (
    Place,
    Setting,
    SimulationError,
    for_each,
    lasting_generator,
    read_setting,
)

QUESTIONS = [f"q{i:02d}" for i in range(1, 14)]  # those that are calibrated
LOCAL = ["lokal1", "lokal2", "lokal3"]
# Mean answer 1–5 of each question if all answered; those who do answer are some 0.03 above. Themes:
# Mødet > Samtalen > Mål > Progression (Norddjurs 2025). There q03 is a theme of its own with 3.34;
# it is kept higher here, so that Mødet with q03 (the themes of 2024) still comes first.
MEANS = dict(
    zip(QUESTIONS, (4.26, 4.17, 3.46, 3.70, 3.58, 3.68, 4.00, 3.88, 3.78, 3.86, 3.04, 3.36, 3.67))
)
THEMES = dict(zip(QUESTIONS, "aaabbbccccdde", strict=True)) | dict.fromkeys(LOCAL, "f")
DONT_KNOW = dict(zip(QUESTIONS, (3, 3, 8, 4, 5, 5, 3, 4, 3, 4, 7, 6, 3)))  # per cent
# shares of the answers 1–5 in Aabenraa 2024 (21.5 % dissatisfied, 20.7 % neutral, mean 3.5)
REFERENCE_SHARES = (0.10, 0.115, 0.207, 0.34, 0.238)
GENERAL, THEME, NOISE = 0.74, 0.35, 0.57  # loadings; squares sum to 1
GROUPS = {
    "a-dagpenge": "dagpenge", "sygedagpenge": "sygedagpenge", "kh_jobparat": "jobparat",
    "uh_aabenlyst": "jobparat", "uh_uddannelsesparat": "jobparat", "ledighedsydelse": "jobparat",
    "kh_aktivitetsparat": "aktivitetsparat", "uh_aktivitetsparat": "aktivitetsparat",
    "ressourceforloeb": "aktivitetsparat", "jobafklaring": "jobafklaring",
}  # fmt: skip
ATTITUDE = {"dagpenge": -0.05, "sygedagpenge": 0.09, "jobparat": -0.37, "aktivitetsparat": -0.03, "jobafklaring": 0.21}  # fmt: skip
WILLINGNESS = {"dagpenge": 0.26, "sygedagpenge": 0.26, "jobparat": -0.12, "aktivitetsparat": -0.36, "jobafklaring": 0.14}  # fmt: skip
RESPONSE_LOGIT = -0.42
PARTIAL_SHARE, OPENED_SHARE, TEXT_SHARE, SKIP_SHARE = 0.07, 0.06, 0.35, 0.01
WISH_SHARE = {True: 0.8, False: 0.11}  # of those who do, and do not, say why; 0.35 in all
MUNICIPALITY_SD, THEME_SD, RESPONSE_SD = 0.11, 0.06, 0.14
HOLISTIC_EFFECT = 0.25
SELECTIVE = 0.12  # logits of an answer a standard deviation of general attitude


def write_responses(
    root: Path,
    round_id: str,
    jobs: int = 1,
    progress: Callable[[str], None] | None = None,
    until: dt.date | None = None,
    folder: Path | None = None,
) -> list[Path]:
    """Write `<code>-svar.csv|xlsx` for each municipality with letters to `folder` (else to
    `data/<round>/responses/`): as the survey tool would export it at the end of the collection, or at
    the end of the day `until`.

    Raises SimulationError where letters were made for persons that the simulation does not know.
    """
    setting = read_setting(root, round_id)
    places = [p for p in setting.places if _letters(setting, p).is_file()]
    folder = folder or setting.data / "responses"
    folder.mkdir(parents=True, exist_ok=True)
    return for_each(
        partial(_write_export, folder=folder, until=until), setting, places, jobs, progress
    )


def _letters(setting: Setting, place: Place) -> Path:
    return setting.data / "sendout" / place.code / "flettebrev.xlsx"


def _write_export(setting: Setting, place: Place, folder: Path, until: dt.date | None) -> Path:
    export = export_of(_letters(setting, place), place, make_answers(setting, place))
    if until is not None:
        export = _as_of(export, until)
    path = folder / f"{place.code}-svar.{'xlsx' if int(place.code) % 4 == 1 else 'csv'}"
    beside = path.with_name(f".{path.name}")
    if path.suffix == ".csv":
        export.to_csv(beside, index=False, lineterminator="\n")
    else:
        _write_workbook(export, beside, setting.collection_end + dt.timedelta(days=1))
    os.replace(beside, path)
    return path


def _as_of(export: pd.DataFrame, day: dt.date) -> pd.DataFrame:
    """What had been submitted when `day` was over; who answers later has not opened the link yet."""
    later = export["submitted_at"].str[:10] > day.isoformat()
    early = export.copy()
    early.loc[later, early.columns != "key"] = ""
    early.loc[later, "status"] = "none"
    return early


def export_of(letters_path: Path, place: Place, answers: pd.DataFrame) -> pd.DataFrame:
    """The answers of those who have a letter, by the letter's key, as the survey tool exports them.

    Raises SimulationError where letters go to persons without `answers`.
    """
    rows = CalamineWorkbook.from_path(letters_path).get_sheet_by_index(0).to_python()
    letters = pd.DataFrame(rows[1:], columns=rows[0] if rows else [], dtype=str)
    missing = [c for c in ("Nøgle", "CPR-nr.") if c not in letters]
    if missing:
        raise SimulationError(
            f"{place.code} {place.name}: flettebrev.xlsx lacks the column {', '.join(missing)}. "
            "Make the letters again."
        )
    cpr = letters["CPR-nr."].str.replace("-", "", regex=False)
    answers = answers.set_index("cpr")
    unknown = int((~cpr.isin(answers.index)).sum())
    if unknown:
        raise SimulationError(
            f"{place.code} {place.name}: {unknown} letters go to persons that were not simulated. "
            "Simulate the extracts again, then draw and make the letters."
        )
    export = answers.loc[cpr].reset_index(drop=True)
    export.insert(0, "key", letters["Nøgle"].to_numpy())
    return export


def _write_workbook(export: pd.DataFrame, path: Path, made: dt.date) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties({"created": dt.datetime.combine(made, dt.time(8))})
        sheet = book.add_worksheet("Svar")
        sheet.write_row(0, 0, export.columns)
        for r, row in enumerate(export.itertuples(index=False), start=1):
            for c, cell in enumerate(row):
                if cell != "":
                    sheet.write(r, c, int(cell) if str(cell).isdigit() and c > 2 else cell)


def make_answers(setting: Setting, place: Place) -> pd.DataFrame:
    """What everybody in the municipality would answer if asked: a row a person with `cpr`, status,
    submitted_at, the common questions, texts and local questions, all as text."""
    return answers_of(make_persons(setting, place), place, setting)


def answers_of(
    persons: pd.DataFrame,
    place: Place,
    setting: Setting,
    tilt: float | np.ndarray = 0.0,
    selective: float = SELECTIVE,
) -> pd.DataFrame:
    """What these persons would answer, as `make_answers`; `tilt`: added to their general attitude;
    `selective`: how much likelier an answer is by attitude (logits a standard deviation)."""
    draws = Draws(setting.seed, place.code, persons["drawn"].to_numpy(dtype="uint64"))
    general = draws.normal("general")
    common = list(setting.asked.scales)
    asked = [*common, *place.questions]
    opinions = make_opinions(persons, place, setting, draws, general + tilt, asked)

    responds = draws.below(_propensity(persons, place, setting, selective * general), "responds")
    partial = responds & draws.below(PARTIAL_SHARE, "partial")
    most = max(len(common) - 2, 0)  # of the questions, never all
    stops_after = 2 + (draws.uniform("stops") * most).astype(int)
    opened = ~responds & draws.below(OPENED_SHARE, "opened")
    status = np.select([partial, responds, opened], ["partial", "completed", "opened"], "none")

    given = {}
    for i, question in enumerate(asked):
        stopped = partial & (i >= stops_after)
        unanswered = ~responds | stopped | draws.below(SKIP_SHARE, f"skip {question}")
        given[question] = np.where(unanswered, "", opinions[question].astype(str))
    moods = _moods(given[setting.asked.overall], setting.asked.scales[setting.asked.overall])
    written = _texts(draws, status, moods, setting.asked.texts)
    submitted = np.where(responds, _submitted(draws, setting), "")
    front = {"cpr": persons["cpr"], "status": status, "submitted_at": submitted}
    local = {q: given.get(q, "") for q in LOCAL}
    answers = {q: given[q] for q in common}
    return pd.DataFrame(front | answers | written | local)


def make_opinions(persons, place: Place, setting: Setting, draws: Draws, general, asked) -> dict:
    """Answer to each question, *ved ikke* among them, of everybody."""
    of_themes = setting.asked.themes | THEMES
    scales = setting.asked.scales | place.scales
    attitude = _attitude(persons, place, setting)
    change = change_of(setting.round_id)
    themes = sorted(set(THEMES.values()))
    themes += [t for t in dict.fromkeys(of_themes[q] for q in asked) if t not in themes]
    shifts = lasting_generator(place.code, "themes").normal(0, THEME_SD, len(themes))
    shift = dict(zip(themes, shifts))
    to_theme = {t: draws.normal(f"theme {t}") for t in themes}
    opinions = {}
    for question in asked:
        theme, scale = of_themes[question], scales.get(question, Scale())
        mean = MEANS.get(question, 3.7) + change.of_mean(question, theme)
        score = (
            attitude + shift[theme] + _location(mean)
            + GENERAL * general + THEME * to_theme[theme]
            + NOISE * draws.normal(f"noise {question}")
        )  # fmt: skip
        value = 1 + np.searchsorted(_thresholds(scale.points), score)
        unsure = draws.below(DONT_KNOW.get(question, 4) / 100, f"unsure {question}")
        opinions[question] = np.where(unsure, scale.dont_know, value)
    return opinions


def _moods(given: np.ndarray, scale: Scale) -> np.ndarray:
    """`glad`, `lunken` or `sur` by the answer on overall satisfaction; empty without one."""
    value = pd.to_numeric(pd.Series(given), errors="coerce").to_numpy()
    kinds = [value > scale.points, value >= scale.glad, value <= scale.sour, value > 0]
    return np.select(kinds, ["", "glad", "sur", "lunken"], "")


def _texts(
    draws: Draws, status: np.ndarray, moods: np.ndarray, columns: Mapping[str, bool]
) -> dict[str, np.ndarray]:
    """Free texts (column → whether it asks why), by some who completed and told how satisfied they are."""
    able = (status == "completed") & (moods != "")
    says_why = draws.below(TEXT_SHARE, "says why")
    first = {asks_why: column for column, asks_why in reversed(columns.items())}
    written = {}
    for column, asks_why in columns.items():
        more = "" if first[asks_why] == column else f" {column}"
        says, make, purposes = says_why, texts.why, ("opening", "closing", "slip in why")
        if not asks_why:
            share = np.where(says_why, WISH_SHARE[True], WISH_SHARE[False])
            says = draws.below(share, f"says wish{more}")
            make, purposes = texts.wish, ("wish", "slip in wish")
        says = able & says
        written[column] = np.full(len(moods), "", dtype=object)
        uniforms = (draws.uniform(f"{p}{more}")[says] for p in purposes)
        written[column][says] = make(moods[says], *uniforms)
    return written


@cache
def _thresholds(points: int = 5) -> list[float]:
    """Of five answers those of the reference; of others so many parts of the same distribution."""
    cumulative = np.cumsum(REFERENCE_SHARES)[:4]
    if points != 5:
        ends = np.arange(1, points) / points
        cumulative = np.interp(ends, np.arange(6) / 5, [0, *cumulative, 1])
    return [NormalDist().inv_cdf(float(c)) for c in cumulative]


@cache
def _location(mean: float) -> float:
    """Shift of the latent score that gives this mean answer."""
    shifts = np.linspace(-2, 2, 401)
    means = [1 + sum(1 - NormalDist().cdf(t - s) for t in _thresholds()) for s in shifts]
    return float(np.interp(mean, means, shifts))


def _attitude(persons: pd.DataFrame, place: Place, setting: Setting) -> np.ndarray:
    """Systematic part of a person's attitude, in latent standard deviations; no effect of duration."""
    group = persons["benefit"].map(GROUPS)
    effect = group.map(ATTITUDE).fillna(0).to_numpy()
    effect = effect + np.where(persons["woman"], 0.04, -0.04)
    effect = effect + 0.06 * (persons["age"].to_numpy() - 41) / 12
    effect = effect + place_effect(setting, place)
    if "local_indsats" in persons:
        effect = effect + HOLISTIC_EFFECT * (persons["local_indsats"] == "helhedsorienteret")
    return np.asarray(effect, dtype=float)


def place_effect(setting: Setting, place: Place) -> float:
    """What a municipality adds to its citizens' attitude, in latent standard deviations: its region
    and itself, the same in every round, and its own change in an earlier round."""
    region = {"Hovedstaden": -0.03, "Sjælland": -0.02}.get(place.region, 0.02)
    lasting = lasting_generator(place.code, "place").normal(0, MUNICIPALITY_SD)
    own_change_sd = change_of(setting.round_id).municipality_sd
    return region + lasting + setting.generator(place.code, "change").normal(0, own_change_sd)


def _propensity(persons, place: Place, setting: Setting, by_attitude: np.ndarray) -> np.ndarray:
    """Probability of an answer: by group, age and gender, a little by attitude, by municipality."""
    group = persons["benefit"].map(GROUPS)
    logit = (
        RESPONSE_LOGIT
        + change_of(setting.round_id).response_logit
        + group.map(WILLINGNESS).fillna(0).to_numpy()
        + 0.32 * (persons["age"].to_numpy() - 41) / 12
        + np.where(persons["woman"], 0.13, -0.13)
        + by_attitude
        + lasting_generator(place.code, "response").normal(0, RESPONSE_SD)
    )
    return 1 / (1 + np.exp(-logit))


def _submitted(draws: Draws, setting: Setting) -> np.ndarray:
    """Times within the collection period: most in the first days, again after the reminders."""
    length = (setting.collection_end - setting.collection_start).days + 1
    wave = np.searchsorted([0.5, 0.8], draws.uniform("wave")) * length / 3
    day = np.minimum(wave - np.log(draws.uniform("delay")) * length / 9, length - 0.01)
    start = np.datetime64(setting.collection_start, "s")
    waking = 8 * 3600 + (draws.uniform("hour") * 14 * 3600).astype(int)
    moments = start + np.floor(day).astype("timedelta64[D]") + waking.astype("timedelta64[s]")
    return moments.astype(str)
