"""Released numbers → tables for the reports, as Markdown that prints in HTML and PDF alike.

Numbers are printed the Danish way; a missing number prints as its mark, never as zero, and the
marks of a table are explained below it.
"""

from __future__ import annotations

from collections.abc import Sequence

from IPython.display import Markdown

from helpers.common import absent, printing
from helpers.common.markdown_text import Markup, literal, markdown_table, prose, trusted
from helpers.common.vocabulary import NATIONAL, NATIONAL_LABEL
from helpers.parameters.rounds import Round
from helpers.released import verdicts
from helpers.released.captions import reasons
from helpers.released.numbers import Number, ResponseGroup
from helpers.released.own_numbers import GROUPINGS
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
        for status, missing in absent.MISSING.items()
        # a dash is a mark where it stands alone; in »3,70–3,90« it is none
        if any(c == missing.mark or (len(missing.mark) > 1 and missing.mark in c) for c in cells)
    }
    if not found:
        return trusted(text)
    note = absent.legend(found, published.round.settings.disclosure)
    return trusted(f"{text}\n\n{literal(note)}\n")


def mean(number: Number) -> str:
    """The value, or the mark of why there is none."""
    return printing.number(number.value, 2) if number.shown else number.mark


def _percent(number: Number) -> str:
    return printing.percent(number.value) if number.shown else number.mark


def _interval(number: Number) -> str:
    return f"{mean(number)} ({_span(number)})" if number.shown else number.mark


def _span(number: Number) -> str:
    if not number.has_interval:
        return absent.MISSING[absent.NO_INTERVAL].mark
    return f"{printing.number(number.low, 2)}–{printing.number(number.high, 2)}"


def _n(number: Number) -> str:
    return printing.number(number.n) if number.n is not None else number.mark


def _labels(published: Published, code: str) -> dict[str, str]:
    return published.round.item_labels(code)


BESIDE = ["Kommunen (95 %)", "De øvrige", "Alle", "Mod de øvrige", "Svar"]


def _beside(published: Published, code: str, item: str, **where) -> list[str]:
    """A municipality's mean beside the others and all participating: the cells under BESIDE."""
    own = published.number(code, item, **where)
    others = mean(published.others(code, item, **where))
    country = mean(published.number(NATIONAL, item, **where))
    against = published.against_others(code, item, **where)
    return [_interval(own), others, country, against.said_in_cell, _n(own)]


def means(published: Published, code: str, items: Sequence[str]) -> Markdown:
    """Means with intervals; a municipality beside the others and all participating."""
    labels, rows = _labels(published, code), []
    for item in items:
        own = published.number(code, item)
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
    return [_percent(published.number(code, item, s, **where)) for s in statistics]


def questions(published: Published, code: str, items: Sequence[str]) -> Markdown:
    """Mean, satisfied, neutral, dissatisfied, *ved ikke* and number of answers per question."""
    labels, rows = _labels(published, code), []
    for item in items:
        own = published.number(code, item)
        unsure = _percent(published.number(code, item, "share_dont_know"))
        rows.append(
            [labels[item], mean(own), *_split_cells(published, code, item), unsure, _n(own)]
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
    """The labels of a scale's answers from 1 on: »Aldrig · Sjældent · Nogle gange · …«."""
    return " · ".join(round_.scale(scale, code).labels.values())


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
        cells = [mean(published.number(code, t, **where)) for t in themes]
        rows.append([label, *cells, _n(published.number(code, published.overall, **where))])
    return with_note(
        published, markdown_table([heading, *(labels[t] for t in themes), "Svar"], rows)
    )


def groups_beside(published: Published, code: str) -> Markdown:
    """Overall satisfaction of a municipality's groups beside the same groups of the others."""
    rows = []
    for breakdown in GROUPINGS:
        for category, label in _categories(published, code, breakdown).items():
            where = {"breakdown": breakdown, "category": category}
            rows.append([label, *_beside(published, code, published.overall, **where)])
    return with_note(published, markdown_table(["Gruppe", *BESIDE], rows))


def _categories(published: Published, code: str, breakdown: str) -> dict[str, str]:
    return published.round.category_labels(code)[breakdown]


def _heading(published: Published, code: str, breakdown: str) -> str:
    return published.round.breakdown_label(breakdown, code)


def group_split(published: Published, code: str, breakdown: str) -> Markdown:
    """Overall satisfaction by group: mean with interval, satisfied, neutral, dissatisfied."""
    rows = []
    for category, label in _categories(published, code, breakdown).items():
        where = {"breakdown": breakdown, "category": category}
        own = published.number(code, published.overall, **where)
        rows.append(
            [
                label,
                _interval(own),
                *_split_cells(published, code, published.overall, **where),
                _n(own),
            ]
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
        ("Samlet tilfredshed (1–5)", lambda c: _interval(published.number(c, published.overall))),
        ("Tilfredse", lambda c: _share(published, c, "share_satisfied")),
        ("Hverken eller", lambda c: _share(published, c, "share_neutral")),
        ("Utilfredse", lambda c: _share(published, c, "share_dissatisfied")),
    ):
        rows.append([label, *(text(c) for c in columns)])
    names = [NATIONAL_LABEL] if code == NATIONAL else ["Kommunen", NATIONAL_LABEL]
    return with_note(published, markdown_table(["Nøgletal", *names], rows))


def _share(published: Published, code: str, statistic: str) -> str:
    return _percent(published.number(code, published.overall, statistic))


def _count(group: ResponseGroup, column: str) -> str:
    count = getattr(group, column)
    return group.mark if count is None else printing.number(count)


def _rate(group: ResponseGroup) -> str:
    return printing.percent(group.response_rate, 1) if group.shown else group.mark


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
        w, u = (published.number(code, item, weighting=k) for k in ("weighted", "unweighted"))
        rows.append([labels[item], _interval(w), _interval(u), _n(w)])
    headings = ["Tema", "Vægtet (95 %)", "Uvægtet (95 %)", "Svar"]
    return with_note(published, markdown_table(headings, rows))


def municipalities(published: Published, region: str) -> Markdown:
    """The region's municipalities: answers, response rate, overall mean, satisfied, and the verdict on
    the mean against all the others."""
    rows = []
    of_region = [m for m in published.municipalities if m.region == region]
    for place in sorted(of_region, key=lambda m: printing.danish_sort_key(m.name)):
        whole, own = (
            published.responded(place.code),
            published.number(place.code, published.overall),
        )
        rows.append(
            [
                place.name,
                _count(whole, "answers"),
                _rate(whole),
                _interval(own),
                _share(published, place.code, "share_satisfied"),
                published.against_others(place.code, published.overall).said_in_cell,
            ]
        )
    if not rows:
        rows.append(["Ingen kommuner med resultater", *[""] * 5])
    headings = ["Kommune", "Svar", "Svarprocent", "Gennemsnit (95 %)", "Tilfredse", "Mod de øvrige"]
    return with_note(published, markdown_table(headings, rows))


def differences(published: Published, code: str) -> Markdown:
    """Every difference worth mentioning for the municipality as a whole, or a sentence that there
    is none."""
    items = distinct_items(published, [*published.theme_items, *published.question_items])
    compared = [published.against_others(code, i) for i in items]
    shown = [d for d in compared if d.shown]
    if not shown:
        return prose(f"Sammenligningen kan ikke vises: {reasons(compared)}.")
    notable = sorted((d for d in shown if d.notable), key=lambda d: -d.value)
    if not notable:
        found = [d.verdict for d in shown]
        where = "mellem kommunens gennemsnit og de øvrige kommuners"
        return prose(f"{verdicts.none_notable(found, verdicts.DIFFERENCE, where)}.")
    labels = _labels(published, code)
    rows = [
        [
            labels[d.item],
            printing.number(d.own, 2),
            printing.number(d.other, 2),
            f"{printing.signed(d.value, 2)} ({printing.signed(d.low, 2)} til {printing.signed(d.high, 2)})",
            d.said,
        ]
        for d in notable
    ]
    headings = ["Tema eller spørgsmål", "Kommunen", "De øvrige", "Forskel (95 %)", "Mod de øvrige"]
    return trusted(markdown_table(headings, rows))
