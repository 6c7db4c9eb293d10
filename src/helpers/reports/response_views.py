"""Tables and figures of notebook 20, the response analysis: analysis → Great Tables and matplotlib
figures, in Danish. Groups with fewer answers than the round's limit are marked, never printed, here too.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from great_tables import GT
from IPython.display import Markdown
from matplotlib.figure import Figure

from helpers.answers.responses import response_by
from helpers.common import printing
from helpers.common.markdown_text import literal, prose, trusted
from helpers.disclosure.release import preview
from helpers.estimation.analysis import Analysis
from helpers.estimation.nonresponse import conclusion, outcome_rates
from helpers.estimation.propensity import Propensity
from helpers.parameters.params import Round
from helpers.released.numbers import numbers_of, rows_of
from helpers.reports.internal_parts import heat_map, numbers, percents, table

STEP_LABELS = {
    "design_weight": "1. Designvægt",
    "nonresponse_weight": "2. Justeret for bortfald",
    "weight": "3. Kalibreret (raking)",
}
FEW = "under {least} svar"


def _hide_few(frame: pd.DataFrame, least: int) -> pd.DataFrame:
    """`answers` and `response_rate` as text; groups with few answers are marked."""
    few = frame["answers"] < least
    mark = FEW.format(least=least)
    return frame.assign(
        answers=np.where(few, mark, numbers(frame["answers"])),
        response_rate=np.where(few, "–", percents(frame["response_rate"].fillna(0))),
    )


def response_table(analysis: Analysis, round_: Round) -> GT:
    """Invited, answers and response rate in all and per target group, gender, age and duration."""
    parts, all_labels = [], round_.category_labels()
    asked = analysis.asked.assign(all="all")[[*all_labels, "responded"]]
    for breakdown, labels in all_labels.items():
        rates = response_by(asked, [breakdown]).set_index(breakdown)
        rates = rates.reindex([c for c in labels if c in rates.index])
        shown = _hide_few(rates, round_.settings.disclosure.min_answers)
        parts.append(
            pd.DataFrame(
                {
                    "Fordeling": round_.breakdown_label(breakdown),
                    "Gruppe": [labels[c] for c in shown.index],
                    "Inviterede": numbers(shown["invited"]),
                    "Svar": shown["answers"].to_numpy(),
                    "Svarprocent": shown["response_rate"].to_numpy(),
                }
            )
        )
    return table(pd.concat(parts), group="Fordeling")


def response_figure(analysis: Analysis, round_: Round) -> Figure:
    """Response rate per target group × gender × age; cells with few answers stay empty."""
    rates = response_by(analysis.asked, ["target_group", "gender", "age_band"])
    few = rates["answers"] < round_.settings.disclosure.min_answers
    rates["shown"] = rates["response_rate"].where(~few)
    return heat_map(rates, "shown", printing.percent, round_.category_labels(), "crest", (0, 0.7))


def response_conclusion(analysis: Analysis) -> Markdown:
    """AAPOR's rates with their names, and what the R-indicator says."""
    o = outcome_rates(analysis.asked)
    rates = {"RR1": o.rr1, "RR2": o.rr2, "RR2, designvægtet": o.rr2_weighted, "COOP2": o.coop2,
             "CON1": o.con1}  # fmt: skip
    rates_in_words = ", ".join(
        f"{name} {printing.percent(v, 1)}" for name, v in rates.items() if v == v
    )
    return prose(f"{rates_in_words}. {conclusion(analysis.r_indicator, o.rr2, None)}")


def propensity_sentence(propensity: Propensity) -> Markdown:
    """What the model can tell, or why there is none, in Danish."""
    if propensity.note:
        return prose(propensity.note)
    clear = propensity.terms[propensity.terms["p_value"] < 0.05]
    auc = printing.number(propensity.auc, 2)
    if clear.empty:
        return prose(f"Modellen finder ingen sikre forskelle i, hvem der svarer (AUC {auc}).")
    more = clear.loc[clear["odds_ratio"] > 1, "category"].tolist()
    less = clear.loc[clear["odds_ratio"] < 1, "category"].tolist()
    parts = [f"oftere: {', '.join(more)}"] if more else []
    parts += [f"sjældnere: {', '.join(less)}"] if less else []
    return prose(f"Svarer sikkert {'; '.join(parts)} (AUC {auc}).")


def propensity_table(propensity: Propensity) -> GT:
    """Odds ratios with intervals, a row a level."""
    t = propensity.terms
    if t.empty:
        return table(pd.DataFrame({"Model": [propensity.note or "Ingen led at vise."]}))
    frame = pd.DataFrame(
        {
            "Forhold": t["breakdown"],
            "Gruppe": t["category"],
            "Sammenlignet med": t["reference"],
            "Oddsratio": numbers(t["odds_ratio"], 2),
            "Interval (95 %)": [
                f"{printing.number(a, 2)}–{printing.number(b, 2)}"
                for a, b in zip(t["ci_low"], t["ci_high"])
            ],
            "p-værdi": numbers(t["p_value"], 3),
        }
    )
    return table(frame, group="Forhold")


def weight_steps(analysis: Analysis) -> GT:
    """Weights step by step with design effect and effective number of answers."""
    s = analysis.weighted.steps
    frame = pd.DataFrame(
        {
            "Trin": s["step"].map(STEP_LABELS),
            "Sum": numbers(s["sum"]),
            "Mindste": numbers(s["least"], 2),
            "Største": numbers(s["largest"], 2),
            "Designeffekt": numbers(s["design_effect"], 2),
            "Effektivt antal svar": numbers(s["effective_n"]),
        }
    )
    return table(frame)


def weighting_sentences(analysis: Analysis) -> Markdown:
    """What was covered and what was put together, in Danish Markdown."""
    covered = analysis.weighted.covered
    answers = len(analysis.weighted.respondents)
    text = (
        f"De {printing.number(answers)} svar står for **{printing.number(covered)}** borgere "
        "i målgrupperne."
    )
    if not analysis.weighted.collapsed:
        return trusted(text + " Ingen grupper er slået sammen.")
    notes = "".join(f"\n- {literal(note)}" for note in analysis.weighted.collapsed)
    return trusted(f"{text} Undervejs er dette slået sammen eller ikke dækket:\n{notes}\n")


def representativeness(analysis: Analysis, round_: Round) -> pd.DataFrame:
    """Shares of population, sample, answers unweighted and weighted: a row a group.

    Columns: breakdown, category, population, invited, unweighted, weighted (all 0–1), answers.
    """
    rows, labels = [], round_.category_labels()
    tables = analysis.frame, analysis.asked, analysis.weighted.respondents
    people = analysis.frame["population"].to_numpy()
    weight = analysis.weighted.respondents["weight"].to_numpy()
    for breakdown in ("target_group", "gender", "age_band", "duration_band"):
        of_frame, of_asked, of_answer = (t[breakdown].to_numpy(dtype=object) for t in tables)
        for category in labels[breakdown]:
            inside = of_answer == category
            rows.append(
                {
                    "breakdown": breakdown,
                    "category": category,
                    "population": people[of_frame == category].sum() / people.sum(),
                    "invited": (of_asked == category).mean(),
                    "unweighted": inside.mean(),
                    "weighted": weight[inside].sum() / weight.sum(),
                    "answers": int(inside.sum()),
                }
            )
    return pd.DataFrame(rows)


def representativeness_table(analysis: Analysis, round_: Round) -> GT:
    """Population beside sample and answers, before and after weighting."""
    shares = representativeness(analysis, round_)
    labels = round_.category_labels()
    few = shares["answers"] < round_.settings.disclosure.min_answers
    frame = pd.DataFrame(
        {
            "Fordeling": shares["breakdown"].map(round_.breakdown_label),
            "Gruppe": [labels[b][c] for b, c in zip(shares["breakdown"], shares["category"])],
            "Population": percents(shares["population"]),
            "Inviterede": percents(shares["invited"]),
            "Svar, uvægtet": np.where(few, "–", percents(shares["unweighted"])),
            "Svar, vægtet": np.where(few, "–", percents(shares["weighted"])),
        }
    )
    return table(frame, group="Fordeling")


def results_table(analysis: Analysis, round_: Round) -> GT:
    """Means of themes and questions, weighted and unweighted, with intervals."""
    estimates = analysis.estimates
    shown = preview(estimates[estimates["breakdown"] == "all"], round_)
    means = shown[shown["statistic"] == "mean"]
    labels = round_.item_labels(means["municipality"].iloc[0])
    of = dict(zip(rows_of(means, ["item", "weighting"]), numbers_of(means)))
    rows = []
    for item, label in labels.items():
        if (item, "weighted") not in of:
            continue
        w, u = of[item, "weighted"], of[item, "unweighted"]
        span = f"{printing.number(w.low, 2)}–{printing.number(w.high, 2)}"
        rows.append(
            {
                "Tema eller spørgsmål": label,
                "Svar": printing.number(w.n) if w.shown else w.words,
                "Vægtet": printing.number(w.value, 2),
                "Interval (95 %)": span if w.shown else "–",
                "Uvægtet": printing.number(u.value, 2),
                "Forskel": printing.signed(w.value - u.value, 2) if w.shown and u.shown else "–",
            }
        )
    return table(pd.DataFrame(rows))
