"""Released numbers → tables for the reports, as Markdown that prints in HTML and PDF alike.

Numbers are printed the Danish way; a hidden number prints as its mark, never as zero.
"""

from __future__ import annotations

from collections.abc import Sequence

from IPython.display import Markdown

from helpers import style
from helpers.published import NATIONAL, Published

SHORT_MARK = {"few": "(få)", "linked": "(skjult)", "not_asked": "–"}
MARK_NOTE = (
    "(få): for få svar til at blive vist. (skjult): skjult, fordi et andet skjult tal ellers kunne "
    "regnes ud."
)


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A pipe table; the first `left` columns to the left, the rest to the right."""
    rule = [":---" if i < left else "---:" for i in range(len(headings))]
    lines = [headings, rule, *rows]
    return "\n".join("| " + " | ".join(str(c) for c in line) + " |" for line in lines)


def _with_note(text: str) -> Markdown:
    """The table, with what its marks mean where it has any."""
    return Markdown(f"{text}\n\n{MARK_NOTE}\n" if "(få)" in text or "(skjult)" in text else text)


def _cell(row, decimals: int = 2, *, share: bool = False) -> str:
    if row is None:
        return "–"
    if row["status"] != "shown":
        return SHORT_MARK[row["status"]]
    return style.percent(row["value"]) if share else style.number(row["value"], decimals)


def _interval(row) -> str:
    if row is None or row["status"] != "shown":
        return _cell(row)
    span = f"{style.number(row['ci_low'], 2)}–{style.number(row['ci_high'], 2)}"
    return f"{style.number(row['value'], 2)} ({span})"


def _n(row) -> str:
    return "–" if row is None or row["status"] != "shown" else style.number(int(row["n"]))


def _labels(published: Published, code: str) -> dict[str, str]:
    return published.round.item_labels(None if code == NATIONAL else code)


def _against(row) -> str:
    """»over«, »under« or »på niveau« (no sure and notable difference)."""
    if row is None:
        return "kan ikke vises"
    if not row["worth_mentioning"]:
        return "på niveau"
    return "over" if row["difference"] > 0 else "under"


def means(published: Published, code: str, items: Sequence[str]) -> Markdown:
    """Means with intervals; a municipality beside the others and all participating."""
    labels, rows = _labels(published, code), []
    for item in items:
        own = published.value(code, item)
        if code == NATIONAL:
            rows.append(
                [labels[item], _interval(own), *_split_cells(published, code, item), _n(own)]
            )
            continue
        against = published.against_others(code, item)
        others = "–" if against is None else style.number(against["reference_value"], 2)
        country = _cell(published.value(NATIONAL, item))
        rows.append([labels[item], _interval(own), others, country, _against(against), _n(own)])
    if code == NATIONAL:
        headings = ["", "Gennemsnit (95 %)", "Tilfredse", "Hverken eller", "Utilfredse", "Svar"]
    else:
        headings = ["", "Kommunen (95 %)", "De øvrige", "Alle", "Mod de øvrige", "Svar"]
    return _with_note(markdown_table(headings, rows))


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
    return _with_note(markdown_table(headings, rows))


def wordings(published: Published, code: str = NATIONAL) -> Markdown:
    """Each question's number, full wording and theme."""
    themes = {t.id: t.label for t in published.round.questionnaire.themes}
    rows = [
        [f"{q.order}. {q.wording}", themes.get(q.theme, "Fritekst")]
        for q in published.round.questionnaire.questions
    ]
    if code != NATIONAL:
        local = published.round.local_for(code).questions
        rows += [[f"Lokalt {i}. {q.wording}", "Lokalt"] for i, q in enumerate(local, start=1)]
    return Markdown(markdown_table(["Spørgsmål", "Tema"], rows, left=2))


def groups(published: Published, code: str, breakdown: str) -> Markdown:
    """Means of the themes by the categories of a breakdown, with answers to the overall question."""
    themes = published.theme_items
    labels = _labels(published, code)
    categories = published.round.category_labels(None if code == NATIONAL else code)[breakdown]
    rows = []
    for category, label in categories.items():
        where = {"breakdown": breakdown, "category": category}
        cells = [_cell(published.value(code, t, **where)) for t in themes]
        rows.append([label, *cells, _n(published.value(code, "samlet", **where))])
    return _with_note(markdown_table(["", *(labels[t] for t in themes), "Svar"], rows))


def group_split(published: Published, code: str, breakdown: str) -> Markdown:
    """Overall satisfaction by group: mean with interval, satisfied, neutral, dissatisfied."""
    categories = published.round.category_labels(None if code == NATIONAL else code)[breakdown]
    rows = []
    for category, label in categories.items():
        where = {"breakdown": breakdown, "category": category}
        own = published.value(code, "samlet", **where)
        rows.append(
            [label, _interval(own), *_split_cells(published, code, "samlet", **where), _n(own)]
        )
    headings = ["", "Gennemsnit (95 %)", "Tilfredse", "Hverken eller", "Utilfredse", "Svar"]
    return _with_note(markdown_table(headings, rows))


def key_figures(published: Published, code: str) -> Markdown:
    """Invited, answers, response rate, overall mean and satisfied, beside all participating."""
    columns = [code] if code == NATIONAL else [code, NATIONAL]
    rows = []
    for label, text in (
        ("Borgere i målgrupperne", lambda c: _count(_whole(published, c), "population")),
        ("Inviterede", lambda c: _count(_whole(published, c), "invited")),
        ("Svar", lambda c: _count(_whole(published, c), "answers")),
        ("Svarprocent", lambda c: _rate(_whole(published, c))),
        ("Samlet tilfredshed (1–5)", lambda c: _interval(published.value(c, "samlet"))),
        ("Tilfredse eller meget tilfredse", lambda c: _share(published, c, "share_satisfied")),
        ("Utilfredse eller meget utilfredse", lambda c: _share(published, c, "share_dissatisfied")),
    ):
        rows.append([label, *(text(c) for c in columns)])
    names = (
        ["Alle deltagende kommuner"]
        if code == NATIONAL
        else ["Kommunen", "Alle deltagende kommuner"]
    )
    return _with_note(markdown_table(["", *names], rows))


def _share(published: Published, code: str, statistic: str) -> str:
    return _cell(published.value(code, "samlet", statistic), share=True)


def _whole(published: Published, code: str):
    t = published.response
    return t[(t["municipality"] == code) & (t["breakdown"] == "all")].iloc[0]


def _count(row, column: str) -> str:
    return SHORT_MARK[row["status"]] if row["status"] != "shown" else style.number(int(row[column]))


def _rate(row) -> str:
    return (
        SHORT_MARK[row["status"]]
        if row["status"] != "shown"
        else style.percent(row["response_rate"], 1)
    )


def response(published: Published, code: str) -> Markdown:
    """Population, invited, answers and response rate per group."""
    table = published.response[published.response["municipality"] == code]
    labels = published.round.category_labels()
    rows = []
    for breakdown in ("all", "target_group", "gender", "age_band", "duration_band"):
        of_breakdown = table[table["breakdown"] == breakdown].set_index("category")
        for category, label in labels[breakdown].items():
            row = of_breakdown.loc[category]
            cells = [_count(row, c) for c in ("population", "invited", "answers")]
            rows.append([label, *cells, _rate(row)])
    headings = ["", "Population", "Inviterede", "Svar", "Svarprocent"]
    return _with_note(markdown_table(headings, rows))


def unweighted(published: Published, code: str) -> Markdown:
    """Weighted beside unweighted means of the themes."""
    labels, rows = _labels(published, code), []
    for item in published.theme_items:
        w, u = (published.value(code, item, weighting=k) for k in ("weighted", "unweighted"))
        rows.append([labels[item], _interval(w), _interval(u), _n(w)])
    headings = ["Tema", "Vægtet (95 %)", "Uvægtet (95 %)", "Svar"]
    return _with_note(markdown_table(headings, rows))


def municipalities(published: Published, region: str) -> Markdown:
    """The region's municipalities: answers, response rate, overall mean, satisfied, and whether the
    mean differs from all the others after correction for the many comparisons."""
    rows = []
    of_region = [m for m in published.municipalities if m.region == region]
    for place in sorted(of_region, key=lambda m: style.danish_sort_key(m.name)):
        whole, own = _whole(published, place.code), published.value(place.code, "samlet")
        rows.append(
            [
                place.name,
                _count(whole, "answers"),
                _rate(whole),
                _interval(own),
                _share(published, place.code, "share_satisfied"),
                _against(published.against_others(place.code, "samlet")),
            ]
        )
    if not rows:
        rows.append(["Ingen kommuner med resultater", *["–"] * 5])
    headings = ["Kommune", "Svar", "Svarprocent", "Gennemsnit (95 %)", "Tilfredse", "Mod de øvrige"]
    return _with_note(markdown_table(headings, rows))


def differences(published: Published, code: str) -> Markdown:
    """Every difference worth mentioning for the municipality as a whole, or a sentence that there
    is none."""
    t = published.comparisons
    found = t[
        (t["municipality"] == code) & (t["reference"] == "others") & (t["breakdown"] == "all")
        & (t["statistic"] == "mean") & (t["weighting"] == "weighted") & t["worth_mentioning"]
    ]  # fmt: skip
    if found.empty:
        return Markdown(
            "Ingen af kommunens gennemsnit adskiller sig både sikkert og nævneværdigt fra de øvrige "
            "kommuner."
        )
    labels = _labels(published, code)
    rows = [
        [
            labels.get(r.item, r.item),
            style.number(r.own, 2),
            style.number(r.reference_value, 2),
            f"{style.signed(r.difference, 2)} ({style.signed(r.ci_low, 2)} til {style.signed(r.ci_high, 2)})",
            "over" if r.difference > 0 else "under",
        ]
        for r in found.sort_values("difference", ascending=False).itertuples()
    ]
    headings = ["", "Kommunen", "De øvrige", "Forskel (95 %)", ""]
    return Markdown(markdown_table(headings, rows))


def local(published: Published, code: str) -> Markdown:
    """Local questions, and the themes by local groups; empty where there are none."""
    file, parts = published.round.local_for(code), []
    if file.questions:
        parts.append(questions(published, code, [q.id for q in file.questions]).data)
    parts += [groups(published, code, f"local:{b.id}").data for b in file.background]
    return Markdown("\n\n".join(parts))
