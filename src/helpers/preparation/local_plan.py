"""The local part of notebook 10: a municipality's own questions and groups, and whether its groups are
large enough to be reported.

Inside the house too, a group with fewer citizens than the round's least number of answers is marked and
not counted out.
"""

from __future__ import annotations

import pandas as pd
from great_tables import GT
from IPython.display import Markdown

from helpers.common.markdown_text import literal, prose, trusted
from helpers.parameters.params import Round
from helpers.parameters.questionnaires import LocalBackground
from helpers.released.captions import listed
from helpers.released.findings import counted
from helpers.reports.internal_parts import numbers, table
from helpers.sampling.plan import SamplingPlan

NOT_GIVEN = "Ikke oplyst"
UNDER = "under {least}"
TOO_SMALL = "Nej, for få svar ventes"
NO_VERDICT = "Ja, men forskelle kan ikke vurderes"
ENOUGH = "Ja"


def introduction(round_: Round, code: str) -> Markdown:
    """How many local questions and variables there are, or that there are none."""
    local = round_.local_for(code)
    if not local.questions and not local.background:
        return prose("Kommunen har ingen lokale spørgsmål eller lokale baggrundsoplysninger.")
    parts = []
    if n := len(local.questions):
        parts.append(f"stiller {counted(n)} {'lokalt' if n == 1 else 'lokale'} spørgsmål")
    if local.background:
        parts.append(
            f"inddeler borgerne efter {listed([f'»{b.label}«' for b in local.background])}"
        )
    return prose(
        f"Kommunen {' og '.join(parts)}. Svarene indgår kun i kommunens egen rapport, og de følger "
        "samme regel om få svar som alle andre tal."
    )


def questions_table(round_: Round, code: str) -> GT | None:
    """A row a local question: wording and what can be answered, the most negative first."""
    local, scales = round_.local_for(code), round_.answer_scales(code)
    if not local.questions:
        return None
    rows = [
        (f"Lokalt {i}", q.wording, " · ".join(scales[q.id].labels.values()))
        for i, q in enumerate(local.questions, start=1)
    ]
    return table(pd.DataFrame(rows, columns=["Nr.", "Spørgsmål", "Svar, det mest negative først"]))


def groups_by_category(plan: SamplingPlan, round_: Round, code: str) -> pd.DataFrame:
    """A row a local variable × category: population, invited, expected_answers (invited citizens times
    their target group's expected response, summed) and `given`, False for citizens without a value."""
    expected = round_.settings.sampling.expected_response
    rows = []
    for background in round_.local_for(code).background:
        column = f"local_{background.id}"
        answers = plan.sample["target_group"].map(expected).astype(float)
        for category, label in [*background.categories.items(), (None, NOT_GIVEN)]:
            people, drawn = (_inside(t[column], category) for t in (plan.eligible, plan.sample))
            if category is None and not people.any():
                continue
            named = (background.id, category, background.label, label)
            counts = (int(people.sum()), int(drawn.sum()), float(answers[drawn].sum()))
            rows.append((*named, *counts, category is not None))
    columns = ["variable", "category", "variable_label", "label", "population", "invited"]
    return pd.DataFrame(rows, columns=[*columns, "expected_answers", "given"])


def _inside(column: pd.Series, category: str | None) -> pd.Series:
    return column.isna() if category is None else column.eq(category).fillna(False).astype(bool)


def reportable(groups: pd.DataFrame, round_: Round) -> pd.Series:
    """Whether a group can be expected in print: fewer answers than `disclosure.min_answers` are never
    shown, and fewer than `comparison.min_answers` are never called different."""
    expected = groups["expected_answers"]
    outlook = pd.Series(ENOUGH, index=groups.index, dtype="str")
    outlook[expected < round_.settings.comparison.min_answers] = NO_VERDICT
    outlook[expected < round_.settings.disclosure.min_answers] = TOO_SMALL
    return outlook.where(groups["given"], "–")


def groups_table(plan: SamplingPlan, round_: Round, code: str) -> GT | None:
    """Citizens and expected answers in each local category, and whether it can be reported."""
    groups = groups_by_category(plan, round_, code)
    if groups.empty:
        return None
    least = round_.settings.disclosure.min_answers
    frame = pd.DataFrame(
        {
            "Baggrund": groups["variable_label"],
            "Gruppe": groups["label"],
            "Population": _counts(groups["population"], least),
            "Inviteres": _counts(groups["invited"], least),
            "Forventede svar": _counts(groups["expected_answers"], least),
            "Kan vises": reportable(groups, round_),
        }
    )
    return table(frame, group="Baggrund")


def _counts(values: pd.Series, least: int) -> list[str]:
    """Counts as text; few are marked, none is told as none."""
    texts = numbers(values)
    return [UNDER.format(least=least) if 0 < v < least else text for v, text in zip(values, texts)]


def warnings(plan: SamplingPlan, round_: Round, code: str) -> Markdown | None:
    """Which local groups are too small to be reported, and what can be done before the send-out."""
    groups = groups_by_category(plan, round_, code)
    small = groups[reportable(groups, round_) == TOO_SMALL]
    if small.empty:
        return None
    least = round_.settings.disclosure.min_answers
    named = listed(
        [f"»{literal(v)}: {literal(g)}«" for v, g in zip(small["variable_label"], small["label"])]
    )
    text = (
        f"**Advarsel:** {named} ventes at give færre end {least} svar og kan så ikke vises. "
        "Slå kategorien sammen med en anden, eller tag oplysningen ud af kommunens lokale fil, før "
        "brevene sendes."
    )
    left = [_left(b, small) for b in round_.local_for(code).background]
    if any(n == 1 for n in left):
        text += (
            " Hvor kun én gruppe er stor nok, er der intet at sammenligne med, og tallet for den kan "
            "også blive skjult."
        )
    return trusted(text)


def _left(background: LocalBackground, small: pd.DataFrame) -> int:
    """Categories of the variable that are large enough."""
    return len(background.categories) - int((small["variable"] == background.id).sum())
