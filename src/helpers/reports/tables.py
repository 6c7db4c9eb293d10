"""Released numbers → tables for the reports, as Markdown that prints in HTML and PDF alike.

Numbers are printed the Danish way; a missing number prints as its mark, never as zero, and the
marks of a table are explained below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd
from IPython.display import Markdown

from helpers.common import style
from helpers.common.markdown_text import Markup, literal, markdown_table, prose, trusted
from helpers.common.vocabulary import NATIONAL
from helpers.parameters.models import ANSWERS, Round
from helpers.released.own_numbers import (
    GROUPINGS,
    NATIONAL_LABEL,
    OVERALL,
    why_no_others,
    why_not_compared,
)
from helpers.released.published import Published


def distinct_items(published: Published, items: Sequence[str]) -> list[str]:
    """The items without the questions that make a theme of their own beside it: same numbers twice."""
    questionnaire = published.round.questionnaire
    of_themes = [questionnaire.theme_questions(t.id) for t in questionnaire.themes if t.id in items]
    alone = {questions[0].id for questions in of_themes if len(questions) == 1}
    return [i for i in items if i not in alone]


def round_title(published: Published, round_id: str) -> str:
    """Title of an earlier round, as it stood in its own reports."""
    return published.round.earlier_titles[round_id]


def with_note(published: Published, text: Markup) -> Markdown:
    """The table (or tables), with what its marks mean below where it has any."""
    cells = [
        c.strip() for line in text.splitlines() if line.startswith("|") for c in line.split("|")
    ]
    found = {
        status
        for status, missing in style.MISSING.items()
        # a dash is a mark where it stands alone; in »3,70–3,90« it is none
        if any(c == missing.mark or (len(missing.mark) > 1 and missing.mark in c) for c in cells)
    }
    if not found:
        return trusted(text)
    note = style.legend(found, published.round.settings.disclosure)
    return trusted(f"{text}\n\n{literal(note)}\n")


def has_value(row) -> bool:
    """A released row (or None) that is shown and has its value."""
    return row is not None and row["status"] == "shown" and not pd.isna(row["value"])


def mark(row) -> str:
    """What stands in the cell of a released row (or None) without a value."""
    return style.why(_status(row)).mark


def _status(row) -> str:
    return style.NOT_POSSIBLE if row is None else row["status"]


def _cell(row, decimals: int = 2, *, share: bool = False) -> str:
    if not has_value(row):
        return mark(row)
    return style.percent(row["value"]) if share else style.number(row["value"], decimals)


def _interval(row) -> str:
    if not has_value(row):
        return mark(row)
    return f"{style.number(row['value'], 2)} ({_span(row)})"


def _span(row) -> str:
    if pd.isna(row["ci_low"]) or pd.isna(row["ci_high"]):
        return style.MISSING[style.NO_INTERVAL].mark
    return f"{style.number(row['ci_low'], 2)}–{style.number(row['ci_high'], 2)}"


def _n(row) -> str:
    return style.number(int(row["n"])) if has_value(row) and not pd.isna(row["n"]) else mark(row)


def _labels(published: Published, code: str) -> dict[str, str]:
    return published.round.item_labels(None if code == NATIONAL else code)


def _against(
    published: Published, code: str, item: str, flag: str = "worth_mentioning", **where
) -> str:
    """The mean against all the others: »over«, »under«, »på niveau« (no sure and notable difference),
    or why it is not there, or that it rests on too few answers to be judged. `flag`: corrected
    within the municipality's own table, or `worth_mentioning_in_list`."""
    row = published.against_others(code, item, **where)
    if row is None:
        return style.why(why_not_compared(*_both(published, code, item, **where))).mark
    if pd.isna(row["p_adjusted"]):
        return style.MISSING[style.NOT_JUDGED].mark
    if row[flag]:
        return "over" if row["difference"] > 0 else "under"
    return "på niveau"


def _both(published: Published, code: str, item: str, **where) -> list[str]:
    """The statuses of the own number and of the country's."""
    return [_status(published.value(c, item, **where)) for c in (code, NATIONAL)]


BESIDE = ["Kommunen (95 %)", "De øvrige", "Alle", "Mod de øvrige", "Svar"]


def _beside(published: Published, code: str, item: str, **where) -> list[str]:
    """A municipality's mean beside the others and all participating: the cells under BESIDE."""
    own, against = (
        published.value(code, item, **where),
        published.against_others(code, item, **where),
    )
    if against is None:
        others = style.why(why_no_others(*_both(published, code, item, **where))).mark
    else:
        others = style.number(against["reference_value"], 2)
    country = _cell(published.value(NATIONAL, item, **where))
    return [_interval(own), others, country, _against(published, code, item, **where), _n(own)]


def means(published: Published, code: str, items: Sequence[str]) -> Markdown:
    """Means with intervals; a municipality beside the others and all participating."""
    labels, rows = _labels(published, code), []
    for item in items:
        own = published.value(code, item)
        cells = (
            [_interval(own), *_split_cells(published, code, item), _n(own)]
            if code == NATIONAL
            else _beside(published, code, item)
        )
        rows.append([labels[item], *cells])
    split = ["Gennemsnit (95 %)", "Tilfredse", "Hverken eller", "Utilfredse", "Svar"]
    headings = [_kind(published, items), *(split if code == NATIONAL else BESIDE)]
    return with_note(published, markdown_table(headings, rows))


def _kind(published: Published, items: Sequence[str]) -> str:
    """Heading over the names of items."""
    themes = [i in published.theme_items for i in items]
    return "Tema" if all(themes) else "Tema eller spørgsmål" if any(themes) else "Spørgsmål"


def _split_cells(published: Published, code: str, item: str, **where) -> list[str]:
    statistics = ("share_satisfied", "share_neutral", "share_dissatisfied")
    return [_cell(published.value(code, item, s, **where), share=True) for s in statistics]


def questions(published: Published, code: str, items: Sequence[str]) -> Markdown:
    """Mean, satisfied, neutral, dissatisfied, *ved ikke* and number of answers per question."""
    labels, rows = _labels(published, code), []
    for item in items:
        own = published.value(code, item)
        unsure = _cell(published.value(code, item, "share_dont_know"), share=True)
        rows.append(
            [labels[item], _cell(own), *_split_cells(published, code, item), unsure, _n(own)]
        )
    headings = ["Spørgsmål", "Gns.", "Tilfredse", "Hverken eller", "Utilfredse", "Ved ikke", "Svar"]
    return with_note(published, markdown_table(headings, rows))


def wordings(published: Published, code: str = NATIONAL) -> Markdown:
    """Each question's number, full wording and theme."""
    themes = {t.id: t.label for t in published.round.questionnaire.themes}
    rows = [
        [f"{q.order}. {q.wording}", themes.get(q.theme, "Fritekst")]
        for q in published.round.questionnaire.questions
    ]
    if code != NATIONAL:
        local = published.round.local_for(code)
        for i, q in enumerate(local.questions, start=1):
            own = (
                f" ({answers_of(published.round, code, q.scale)})"
                if q.scale in local.scales
                else ""
            )
            rows.append([f"Lokalt {i}. {q.wording}{own}", "Lokalt"])
    return trusted(markdown_table(["Spørgsmål", "Tema"], rows, left=2))


def answers_of(round_: Round, code: str, scale: str) -> str:
    """The labels of a scale's answers from 1 to 5: »Aldrig · Sjældent · Nogle gange · …«."""
    labels = round_.scales_for(code)[scale]
    return " · ".join(labels[k] for k in ANSWERS)


def groups(published: Published, code: str, breakdown: str) -> Markdown:
    """Means of the themes by the categories of a breakdown, with answers to the overall question."""
    categories = _categories(published, code, breakdown)
    groups = [(label, breakdown, category) for category, label in categories.items()]
    return group_rows(published, code, _heading(published, code, breakdown), groups)


def group_rows(
    published: Published, code: str, heading: str, groups: Sequence[tuple[str, str, str]]
) -> Markdown:
    """Means of the themes in `groups` (label, breakdown, category), with answers to the overall
    question."""
    themes = published.theme_items
    labels, rows = _labels(published, code), []
    for label, breakdown, category in groups:
        where = {"breakdown": breakdown, "category": category}
        cells = [_cell(published.value(code, t, **where)) for t in themes]
        rows.append([label, *cells, _n(published.value(code, OVERALL, **where))])
    return with_note(
        published, markdown_table([heading, *(labels[t] for t in themes), "Svar"], rows)
    )


def groups_beside(published: Published, code: str) -> Markdown:
    """Overall satisfaction of a municipality's groups beside the same groups of the others."""
    rows = []
    for breakdown in GROUPINGS:
        for category, label in _categories(published, code, breakdown).items():
            where = {"breakdown": breakdown, "category": category}
            rows.append([label, *_beside(published, code, OVERALL, **where)])
    return with_note(published, markdown_table(["Gruppe", *BESIDE], rows))


def _categories(published: Published, code: str, breakdown: str) -> dict[str, str]:
    return published.round.category_labels(None if code == NATIONAL else code)[breakdown]


def _heading(published: Published, code: str, breakdown: str) -> str:
    return published.round.breakdown_label(breakdown, None if code == NATIONAL else code)


def group_split(published: Published, code: str, breakdown: str) -> Markdown:
    """Overall satisfaction by group: mean with interval, satisfied, neutral, dissatisfied."""
    rows = []
    for category, label in _categories(published, code, breakdown).items():
        where = {"breakdown": breakdown, "category": category}
        own = published.value(code, OVERALL, **where)
        rows.append(
            [label, _interval(own), *_split_cells(published, code, OVERALL, **where), _n(own)]
        )
    headings = ["Gennemsnit (95 %)", "Tilfredse", "Hverken eller", "Utilfredse", "Svar"]
    headings = [_heading(published, code, breakdown), *headings]
    return with_note(published, markdown_table(headings, rows))


def key_figures(published: Published, code: str) -> Markdown:
    """Invited, answers, response rate, overall mean and satisfied, beside all participating."""
    columns = [code] if code == NATIONAL else [code, NATIONAL]
    rows = []
    for label, text in (
        ("Borgere i målgrupperne", lambda c: _count(published.responded(c), "population")),
        ("Inviterede", lambda c: _count(published.responded(c), "invited")),
        ("Svar", lambda c: _count(published.responded(c), "answers")),
        ("Svarprocent", lambda c: _rate(published.responded(c))),
        ("Samlet tilfredshed (1–5)", lambda c: _interval(published.value(c, OVERALL))),
        ("Tilfredse eller meget tilfredse", lambda c: _share(published, c, "share_satisfied")),
        ("Hverken tilfredse eller utilfredse", lambda c: _share(published, c, "share_neutral")),
        ("Utilfredse eller meget utilfredse", lambda c: _share(published, c, "share_dissatisfied")),
    ):
        rows.append([label, *(text(c) for c in columns)])
    names = [NATIONAL_LABEL] if code == NATIONAL else ["Kommunen", NATIONAL_LABEL]
    return with_note(published, markdown_table(["Nøgletal", *names], rows))


def _share(published: Published, code: str, statistic: str) -> str:
    return _cell(published.value(code, OVERALL, statistic), share=True)


def _count(row, column: str) -> str:
    return style.number(int(row[column])) if _has(row, column) else mark(row)


def _rate(row) -> str:
    return style.percent(row["response_rate"], 1) if _has(row, "response_rate") else mark(row)


def _has(row, column: str) -> bool:
    return row is not None and row["status"] == "shown" and not pd.isna(row[column])


def response(published: Published, code: str) -> Markdown:
    """Population, invited, answers and response rate per group."""
    labels = published.round.category_labels()
    rows = []
    for breakdown in ("all", "target_group", "gender", "age_band", "duration_band"):
        for category, label in labels[breakdown].items():
            row = published.responded(code, breakdown, category)
            cells = [_count(row, c) for c in ("population", "invited", "answers")]
            rows.append([label, *cells, _rate(row)])
    headings = ["Gruppe", "Population", "Inviterede", "Svar", "Svarprocent"]
    return with_note(published, markdown_table(headings, rows))


def unweighted(published: Published, code: str) -> Markdown:
    """Weighted beside unweighted means of the themes."""
    labels, rows = _labels(published, code), []
    for item in published.theme_items:
        w, u = (published.value(code, item, weighting=k) for k in ("weighted", "unweighted"))
        rows.append([labels[item], _interval(w), _interval(u), _n(w)])
    headings = ["Tema", "Vægtet (95 %)", "Uvægtet (95 %)", "Svar"]
    return with_note(published, markdown_table(headings, rows))


def municipalities(published: Published, region: str) -> Markdown:
    """The region's municipalities: answers, response rate, overall mean, satisfied, and whether the
    mean differs from all the others after correction for the many comparisons."""
    rows = []
    of_region = [m for m in published.municipalities if m.region == region]
    for place in sorted(of_region, key=lambda m: style.danish_sort_key(m.name)):
        whole, own = published.responded(place.code), published.value(place.code, OVERALL)
        rows.append(
            [
                place.name,
                _count(whole, "answers"),
                _rate(whole),
                _interval(own),
                _share(published, place.code, "share_satisfied"),
                _against(published, place.code, OVERALL, "worth_mentioning_in_list"),
            ]
        )
    if not rows:
        rows.append(["Ingen kommuner med resultater", *[""] * 5])
    headings = ["Kommune", "Svar", "Svarprocent", "Gennemsnit (95 %)", "Tilfredse", "Mod de øvrige"]
    return with_note(published, markdown_table(headings, rows))


def why_words(statuses: Iterable[str]) -> str:
    """»for få svar eller skjult for at beskytte andre«."""
    return " eller ".join(dict.fromkeys(style.why(s).words for s in statuses))


def differences(published: Published, code: str) -> Markdown:
    """Every difference worth mentioning for the municipality as a whole, or a sentence that there
    is none."""
    t = published.comparisons
    items = distinct_items(published, [*published.theme_items, *published.question_items])
    found = t[
        (t["municipality"] == code) & (t["reference"] == "others") & (t["breakdown"] == "all")
        & (t["statistic"] == "mean") & (t["weighting"] == "weighted") & t["item"].isin(items)
    ]  # fmt: skip
    if found.empty:
        words = why_words(why_not_compared(*_both(published, code, i)) for i in items)
        return prose(f"Sammenligningen kan ikke vises: {words}.")
    if found["p_adjusted"].isna().all():
        return prose(
            "Det kan ikke vurderes, om kommunen adskiller sig fra de øvrige: forskellene hviler på for "
            "få svar."
        )
    found = found[found["worth_mentioning"]]
    if found.empty:
        return prose(
            "Ingen af kommunens gennemsnit adskiller sig både sikkert og nævneværdigt fra de øvrige "
            "kommuner."
        )
    labels = _labels(published, code)
    rows = [
        [
            labels[r.item],
            style.number(r.own, 2),
            style.number(r.reference_value, 2),
            f"{style.signed(r.difference, 2)} ({style.signed(r.ci_low, 2)} til {style.signed(r.ci_high, 2)})",
            "over" if r.difference > 0 else "under",
        ]
        for r in found.sort_values("difference", ascending=False).itertuples()
    ]
    headings = ["Tema eller spørgsmål", "Kommunen", "De øvrige", "Forskel (95 %)", "Mod de øvrige"]
    return trusted(markdown_table(headings, rows))
