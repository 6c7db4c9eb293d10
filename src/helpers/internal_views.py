"""Tables and figures of the two notebooks that stay in the house (10 and 20).

Tables from plan and analysis → Great Tables and matplotlib figures, in Danish. Groups with fewer
answers than the round's limit are marked, never printed, here too.
"""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from great_tables import GT, loc, style
from matplotlib.figure import Figure

from helpers import style as house
from helpers.analysis import Analysis
from helpers.captions import listed
from helpers.classify import reasons
from helpers.disclosure import preview
from helpers.nonresponse import conclusion, outcome_rates, r_indicator
from helpers.params import Round
from helpers.plan import SamplingPlan
from helpers.propensity import Propensity
from helpers.responses import response_by
from helpers.sampling import likeness, unmet

REASON_LABELS = {
    "passive": "Passiv",
    "benefit outside the target groups": "Ydelse uden for målgrupperne",
    "too short a spell": "For kort tid på ydelsen",
}
STEP_LABELS = {
    "design_weight": "1. Designvægt",
    "nonresponse_weight": "2. Justeret for bortfald",
    "weight": "3. Kalibreret (raking)",
}
FEW = "under {least} svar"


def table(frame: pd.DataFrame, *, group: str | None = None) -> GT:
    """A frame of ready texts and numbers → a table in the house style; numbers to the right."""
    gt = GT(frame, groupname_col=group) if group else GT(frame)
    right = [c for c in frame.columns if c != group and _is_numeric_text(frame[c])]
    return (
        gt.cols_align("left")
        .cols_align("right", columns=right)
        .tab_style(style.text(weight="bold"), loc.column_labels())
        .tab_options(table_font_size="14px", data_row_padding="4px", table_margin_left="0")
    )


def _is_numeric_text(column: pd.Series) -> bool:
    return column.astype(str).str.match(r"^[+−–]?[\d.,]*(\u00a0%)?( .*)?$|^under").all()


def _n(values: pd.Series, decimals: int = 0) -> list[str]:
    return [house.number(float(v), decimals) for v in values]


def _pct(values: pd.Series, decimals: int = 1) -> list[str]:
    return [house.percent(float(v), decimals) for v in values]


# ------------------------------------------------------------------------------------ plan (10)


def population_overview(plan: SamplingPlan, round_: Round) -> GT:
    """Who is in the extract: eligible persons and reasons left out, in the order they apply."""
    left_out = plan.population["left_out"].value_counts()
    limits = round_.settings.age_limits
    labels = REASON_LABELS | {
        reasons(limits)[2]: f"Alder uden for {limits.youngest}–{limits.oldest} år"
    }
    rows = [("Personer i udtrækket", len(plan.population))]
    rows += [(f"– {labels[r]}", int(left_out.get(r, 0))) for r in reasons(limits)]
    rows.append(("Personer i målgrupperne", len(plan.eligible)))
    frame = pd.DataFrame(rows, columns=["", "Antal"])
    return table(frame.assign(Antal=_n(frame["Antal"])))


def eligible_by_background(plan: SamplingPlan, round_: Round, code: str) -> GT:
    """Eligible population by target group, gender, age and duration, and local background."""
    persons, parts = plan.eligible, []
    for breakdown, labels in round_.category_labels(code).items():
        if breakdown == "all":
            continue
        column = breakdown.replace("local:", "local_")
        sizes = persons[column].value_counts().reindex(list(labels), fill_value=0)
        parts.append(
            pd.DataFrame(
                {
                    "Fordeling": round_.breakdown_label(breakdown, code),
                    "Gruppe": list(labels.values()),
                    "Antal": _n(sizes),
                    "Andel": _pct(sizes / max(len(persons), 1)),
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
            "Population": _n(a["population"]),
            "Inviteres": _n(a["invited"]),
            "Udtræksandel": _pct(a["sampling_fraction"]),
            "Overrepræsentation": _n(a["oversampling"], 2),
            "Forventet svarprocent": _pct(a["expected_response"], 0),
            "Forventede svar": _n(a["expected_answers"]),
        }
    )
    total = {
        "Målgruppe": "I alt",
        "Population": house.number(int(a["population"].sum())),
        "Inviteres": house.number(int(a["invited"].sum())),
        "Udtræksandel": house.percent(a["invited"].sum() / max(a["population"].sum(), 1), 1),
        "Overrepræsentation": "1,00",
        "Forventet svarprocent": house.percent(
            a["expected_answers"].sum() / max(a["invited"].sum(), 1), 0
        ),
        "Forventede svar": house.number(a["expected_answers"].sum()),
    }
    frame = pd.concat([frame, pd.DataFrame([total])], ignore_index=True)
    return table(frame).tab_style(style.text(weight="bold"), loc.body(rows=[len(frame) - 1]))


def plan_sentences(plan: SamplingPlan, round_: Round) -> str:
    """What the plan means, in two or three sentences of Danish Markdown."""
    wanted = round_.settings.sampling.min_answers
    expected = plan.allocation["expected_answers"].sum()
    how = (
        "Alle i målgrupperne inviteres, fordi populationen ikke er større end stikprøven skulle være."
        if plan.is_census
        else f"Der udtrækkes **{house.number(len(plan.sample))}** af "
        f"**{house.number(len(plan.eligible))}** borgere."
    )
    reach = (
        f"Det når målet på {wanted} svar."
        if expected >= wanted
        else f"Det er under målet på {wanted} svar; flere kan ikke inviteres. "
        "Rykkere og SMS er særligt vigtige her."
    )
    rules = round_.settings.sampling
    labels = round_.category_labels()["target_group"]
    few = [labels[g] for g in unmet(plan.allocation, rules)["target_group"]]
    groups = (
        f" Mindst {rules.min_answers_per_group} svar kan ikke ventes fra {listed(few)}."
        if few
        else f" Hver målgruppe ventes at give mindst {rules.min_answers_per_group} svar."
    )
    return f"{how} Der ventes omkring **{house.number(expected)}** svar. {reach}{groups}"


def likeness_figure(plan: SamplingPlan, round_: Round) -> Figure:
    """Drawn less proportional count in each target group × gender × age cell; all lie within ±1."""
    cells = likeness(plan.sample, plan.eligible)
    labels = round_.category_labels()
    cells["column"] = (
        cells["gender"].map(labels["gender"]) + "\n" + cells["age_band"].map(labels["age_band"])
    )
    order = [f"{g}\n{a}" for g in labels["gender"].values() for a in labels["age_band"].values()]
    grid = cells.pivot(index="target_group", columns="column", values="difference")
    grid = grid.reindex(index=[g for g in labels["target_group"] if g in grid.index])
    grid = grid.reindex(columns=[c for c in order if c in grid.columns])
    texts = grid.map(lambda v: "" if pd.isna(v) else house.signed(v, 1))
    return _heatmap(grid, texts, labels["target_group"], "vlag", (-1, 1))


def _heatmap(
    grid: pd.DataFrame,
    texts: pd.DataFrame,
    row_labels: Mapping[str, str],
    colours: str,
    limits: tuple[float, float],
) -> Figure:
    """Cells coloured by `grid` within `limits` and labelled by `texts`; missing ones are grey.

    Drawn once: margins are fixed, for JupyterLab crops a figure to what stands in it.
    """
    height = 0.55 * len(grid)
    fig = plt.figure(figsize=(7.6, height + 0.6))
    ax = fig.add_axes((0.24, 0.5 / (height + 0.6), 0.75, height / (height + 0.6)))
    mesh = ax.pcolormesh(
        np.ma.masked_invalid(grid.to_numpy(float)), cmap=sns.color_palette(colours, as_cmap=True),
        vmin=limits[0], vmax=limits[1], edgecolors="white", linewidths=1,
    )  # fmt: skip
    shades = mesh.to_rgba(mesh.get_array()).reshape(-1, 4)[:, :3]
    for place, (text, shade) in enumerate(zip(texts.to_numpy().ravel(), shades)):
        row, column = divmod(place, grid.shape[1])
        dark = shade @ (0.299, 0.587, 0.114) < 0.5
        ax.text(
            column + 0.5, row + 0.5, text, color="white" if dark else house.INK, fontsize=8,
            ha="center", va="center",
        )  # fmt: skip
    ax.set_facecolor(house.TINT)
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)
    ax.set_xticks(np.arange(grid.shape[1]) + 0.5, list(grid.columns), fontsize=8)
    ax.set_yticks(np.arange(len(grid)) + 0.5, [row_labels[g] for g in grid.index], fontsize=8)
    ax.grid(False)
    return fig


# -------------------------------------------------------------------------------- analysis (20)


def _hide_few(frame: pd.DataFrame, least: int) -> pd.DataFrame:
    """`answers` and `response_rate` as text; groups with few answers are marked."""
    few = frame["answers"] < least
    mark = FEW.format(least=least)
    return frame.assign(
        answers=np.where(few, mark, _n(frame["answers"])),
        response_rate=np.where(few, "–", _pct(frame["response_rate"].fillna(0))),
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
                    "Inviterede": _n(shown["invited"]),
                    "Svar": shown["answers"].to_numpy(),
                    "Svarprocent": shown["response_rate"].to_numpy(),
                }
            )
        )
    return table(pd.concat(parts), group="Fordeling")


def response_figure(analysis: Analysis, round_: Round) -> Figure:
    """Response rate per target group × gender × age; cells with few answers stay empty."""
    labels = round_.category_labels()
    rates = response_by(analysis.asked, ["target_group", "gender", "age_band"])
    few = rates["answers"] < round_.settings.disclosure.min_answers
    rates["shown"] = rates["response_rate"].where(~few)
    rates["column"] = (
        rates["gender"].map(labels["gender"]) + "\n" + rates["age_band"].map(labels["age_band"])
    )
    order = [f"{g}\n{a}" for g in labels["gender"].values() for a in labels["age_band"].values()]
    grid = rates.pivot(index="target_group", columns="column", values="shown")
    grid = grid.reindex(
        index=[g for g in labels["target_group"] if g in grid.index],
        columns=[c for c in order if c in grid.columns],
    )
    texts = grid.map(lambda v: "" if pd.isna(v) else house.percent(v))
    return _heatmap(grid, texts, labels["target_group"], "crest", (0, 0.7))


def response_conclusion(analysis: Analysis, round_: Round) -> str:
    """AAPOR's rates with their names, and what the R-indicator says."""
    o = outcome_rates(analysis.asked)
    r = r_indicator(
        analysis.asked, analysis.frame, confidence=round_.settings.comparison.confidence
    )
    rates = {"RR1": o.rr1, "RR2": o.rr2, "RR2, designvægtet": o.rr2_weighted, "COOP2": o.coop2,
             "CON1": o.con1}  # fmt: skip
    told = ", ".join(f"{name} {house.percent(v, 1)}" for name, v in rates.items() if v == v)
    return f"{told}. {conclusion(r, o.rr2, None)}"


def propensity_sentence(propensity: Propensity) -> str:
    """What the model can tell, or why there is none, in Danish."""
    if propensity.note:
        return propensity.note
    clear = propensity.terms[propensity.terms["p_value"] < 0.05]
    auc = house.number(propensity.auc, 2)
    if clear.empty:
        return f"Modellen finder ingen sikre forskelle i, hvem der svarer (AUC {auc})."
    more = clear.loc[clear["odds_ratio"] > 1, "category"].tolist()
    less = clear.loc[clear["odds_ratio"] < 1, "category"].tolist()
    parts = [f"oftere: {', '.join(more)}"] if more else []
    parts += [f"sjældnere: {', '.join(less)}"] if less else []
    return f"Svarer sikkert {'; '.join(parts)} (AUC {auc})."


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
            "Oddsratio": _n(t["odds_ratio"], 2),
            "Interval (95 %)": [
                f"{house.number(a, 2)}–{house.number(b, 2)}"
                for a, b in zip(t["ci_low"], t["ci_high"])
            ],
            "p-værdi": _n(t["p_value"], 3),
        }
    )
    return table(frame, group="Forhold")


def weight_steps(analysis: Analysis) -> GT:
    """Weights step by step with design effect and effective number of answers."""
    s = analysis.weighted.steps
    frame = pd.DataFrame(
        {
            "Trin": s["step"].map(STEP_LABELS),
            "Sum": _n(s["sum"]),
            "Mindste": _n(s["least"], 2),
            "Største": _n(s["largest"], 2),
            "Designeffekt": _n(s["design_effect"], 2),
            "Effektivt antal svar": _n(s["effective_n"]),
        }
    )
    return table(frame)


def weighting_sentences(analysis: Analysis) -> str:
    """What was covered and what was put together, in Danish Markdown."""
    covered = analysis.weighted.covered
    answers = len(analysis.weighted.respondents)
    text = (
        f"De {house.number(answers)} svar står for **{house.number(covered)}** borgere "
        "i målgrupperne."
    )
    if not analysis.weighted.collapsed:
        return text + " Ingen grupper er slået sammen."
    notes = "".join(f"\n- {note}" for note in analysis.weighted.collapsed)
    return f"{text} Undervejs er dette slået sammen eller ikke dækket:\n{notes}\n"


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
            "Population": _pct(shares["population"]),
            "Inviterede": _pct(shares["invited"]),
            "Svar, uvægtet": np.where(few, "–", _pct(shares["unweighted"])),
            "Svar, vægtet": np.where(few, "–", _pct(shares["weighted"])),
        }
    )
    return table(frame, group="Fordeling")


def results_table(analysis: Analysis, round_: Round) -> GT:
    """Means of themes and questions, weighted and unweighted, with intervals."""
    estimates = analysis.estimates
    shown = preview(estimates[estimates["breakdown"] == "all"], round_)
    means = shown[shown["statistic"] == "mean"].to_dict("records")
    labels = round_.item_labels(means[0]["municipality"])
    of = {(row["item"], row["weighting"]): row for row in means}
    rows = []
    for item, label in labels.items():
        if (item, "weighted") not in of:
            continue
        w, u = of[item, "weighted"], of[item, "unweighted"]
        hidden = w["status"] != "shown"
        mark = house.NOT_SHOWN.get(w["status"], "")
        rows.append(
            {
                "Tema eller spørgsmål": label,
                "Svar": mark if hidden else house.number(w["n"]),
                "Vægtet": "–" if hidden else house.number(w["value"], 2),
                "Interval (95 %)": "–"
                if hidden
                else f"{house.number(w['ci_low'], 2)}–{house.number(w['ci_high'], 2)}",
                "Uvægtet": "–" if hidden else house.number(u["value"], 2),
                "Forskel": "–" if hidden else house.signed(w["value"] - u["value"], 2),
            }
        )
    return table(pd.DataFrame(rows))
