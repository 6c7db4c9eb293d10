"""Tables and figures of notebook 10, the sampling plan: plan → Great Tables and matplotlib figures, in
Danish."""

from __future__ import annotations

import pandas as pd
from great_tables import GT, loc, style
from IPython.display import Markdown
from matplotlib.figure import Figure

from helpers.common import printing
from helpers.common.markdown_text import literal, trusted
from helpers.extracts.classify import reason_labels
from helpers.parameters.params import Round
from helpers.released.captions import listed
from helpers.reports.internal_parts import heat_map, numbers, percents, table
from helpers.sampling.plan import SamplingPlan
from helpers.sampling.sampling import likeness, unmet


def population_overview(plan: SamplingPlan, round_: Round) -> GT:
    """Who is in the extract: eligible persons and reasons left out, in the order they apply."""
    left_out = plan.population["left_out"].value_counts()
    labels = reason_labels(round_.settings.age_limits)
    rows = [("Personer i udtrækket", len(plan.population))]
    rows += [(f"– {label}", int(left_out.get(reason, 0))) for reason, label in labels.items()]
    rows.append(("Personer i målgrupperne", len(plan.eligible)))
    frame = pd.DataFrame(rows, columns=["", "Antal"])
    return table(frame.assign(Antal=numbers(frame["Antal"])))


def eligible_by_background(plan: SamplingPlan, round_: Round) -> GT:
    """Eligible population by target group, gender, age and duration."""
    persons, parts = plan.eligible, []
    for breakdown, labels in round_.category_labels().items():
        if breakdown == "all":
            continue
        sizes = persons[breakdown].value_counts().reindex(list(labels), fill_value=0)
        parts.append(
            pd.DataFrame(
                {
                    "Fordeling": round_.breakdown_label(breakdown),
                    "Gruppe": list(labels.values()),
                    "Antal": numbers(sizes),
                    "Andel": percents(sizes / max(len(persons), 1)),
                }
            )
        )
    return table(pd.concat(parts), group="Fordeling")


def allocation_table(plan: SamplingPlan, round_: Round) -> GT:
    """The plan that an official signs: a row a target group and a sum."""
    labels = round_.category_labels()["target_group"]
    a = plan.allocation
    frame = pd.DataFrame(
        {
            "Målgruppe": a["target_group"].map(labels),
            "Population": numbers(a["population"]),
            "Inviteres": numbers(a["invited"]),
            "Udtræksandel": percents(a["sampling_fraction"]),
            "Overrepræsentation": numbers(a["oversampling"], 2),
            "Forventet svarprocent": percents(a["expected_response"], 0),
            "Forventede svar": numbers(a["expected_answers"]),
        }
    )
    total = {
        "Målgruppe": "I alt",
        "Population": printing.number(int(a["population"].sum())),
        "Inviteres": printing.number(int(a["invited"].sum())),
        "Udtræksandel": printing.percent(a["invited"].sum() / max(a["population"].sum(), 1), 1),
        "Overrepræsentation": "1,00",
        "Forventet svarprocent": printing.percent(
            a["expected_answers"].sum() / max(a["invited"].sum(), 1), 0
        ),
        "Forventede svar": printing.number(a["expected_answers"].sum()),
    }
    frame = pd.concat([frame, pd.DataFrame([total])], ignore_index=True)
    return table(frame).tab_style(style.text(weight="bold"), loc.body(rows=[len(frame) - 1]))


def plan_sentences(plan: SamplingPlan, round_: Round) -> Markdown:
    """What the plan means, in two or three sentences of Danish Markdown."""
    wanted = round_.settings.sampling.min_answers
    expected = plan.allocation["expected_answers"].sum()
    how = (
        "Alle i målgrupperne inviteres, fordi populationen ikke er større end stikprøven skulle være."
        if plan.is_census
        else f"Der udtrækkes **{printing.number(len(plan.sample))}** af "
        f"**{printing.number(len(plan.eligible))}** borgere."
    )
    reach = (
        f"Det når målet på {wanted} svar."
        if expected >= wanted
        else f"Det er under målet på {wanted} svar; flere kan ikke inviteres. "
        "Rykkere og SMS er særligt vigtige her."
    )
    rules = round_.settings.sampling
    labels = round_.category_labels()["target_group"]
    few = [literal(labels[g]) for g in unmet(plan.allocation, rules)["target_group"]]
    groups = (
        f" Mindst {rules.min_answers_per_group} svar kan ikke ventes fra {listed(few)}."
        if few
        else f" Hver målgruppe ventes at give mindst {rules.min_answers_per_group} svar."
    )
    return trusted(
        f"{how} Der ventes omkring **{printing.number(expected)}** svar. {reach}{groups}"
    )


def likeness_figure(plan: SamplingPlan, round_: Round) -> Figure:
    """Drawn less proportional count in each target group × gender × age cell; all lie within ±1."""
    cells, labels = likeness(plan.sample, plan.eligible), round_.category_labels()
    return heat_map(cells, "difference", lambda v: printing.signed(v, 1), labels, "vlag", (-1, 1))
