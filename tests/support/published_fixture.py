"""A small invented `Published`: what the release hands to decks, workbooks and reports.

0707 Norddjurs is big and has local questions and groups, 0825 Læsø is mostly hidden, 0580 is
ordinary. Numbers hang together (shares add up, means follow from shares); no two are alike.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.common import vocabulary
from helpers.common.vocabulary import NATIONAL, NOT_JUDGED, OVER, UNDER, UNSURE
from helpers.estimation.comparability import comparability, empty
from helpers.parameters.params import load_round
from helpers.released.published import Published

ROOT = Path(__file__).resolve().parents[2]
BIG, SMALL, PLAIN = "0707", "0825", "0580"
ANSWERS = {BIG: 742, SMALL: 21, PLAIN: 731, NATIONAL: 33_412}
SHIFT = {BIG: 0.18, SMALL: 0.0, PLAIN: -0.02, NATIONAL: 0.0}
THEME_MEAN = {"moedet": 4.0, "maal": 3.65, "samtale": 3.9, "progression": 3.2, "samlet": 3.7}
GROUP_SHIFT = {"jobafklaring": 0.35, "job_uddannelsesparate": -0.4, "kvinde": 0.08, "mand": -0.08}
MIN_ANSWERS = 5
QUALITY = [
    "design_effect", "effective_n", "rr1", "cooperation_rate", "contact_rate", "r_indicator",
    "r_low", "r_high",
]  # fmt: skip


def _shares(mean: float, rng: np.random.Generator) -> np.ndarray:
    """Five shares of a rounded normal round `mean`, a little uneven."""
    weight = np.exp(-0.5 * ((np.arange(1, 6) - mean) / 1.05) ** 2) * rng.uniform(0.9, 1.1, 5)
    return weight / weight.sum()


def _item_rows(key: tuple, item: str, p: np.ndarray, n: int, status: str, dont_know: bool) -> list:
    mean = float(p @ np.arange(1, 6))
    spread = 1.96 * float(np.sqrt(p @ (np.arange(1, 6) - mean) ** 2 / max(n, 1)))
    values = {"mean": (mean, spread)}
    shares = {"satisfied": p[3] + p[4], "neutral": p[2], "dissatisfied": p[0] + p[1]}
    if dont_know:
        shares |= {str(k): p[k - 1] for k in range(1, 6)} | {"dont_know": 0.031 + p[0] / 10}
    for name, share in shares.items():
        half = 1.96 * float(np.sqrt(share * (1 - share) / max(n, 1)))
        values[f"share_{name}"] = (float(share), half)
    rows = []
    for statistic, (value, half) in values.items():
        for weighting, nudge in (("weighted", 0.0), ("unweighted", 0.003)):
            if status == "shown":
                v = value - nudge
                rows.append((*key, item, statistic, weighting, v, v - half, v + half, n, status))
            else:
                rows.append((*key, item, statistic, weighting, None, None, None, None, status))
    return rows


def _n(code: str, breakdown: str, categories: int, position: int) -> int:
    if breakdown == "all":
        return ANSWERS[code]
    tilt = 1 + 0.25 * np.sin(position + len(breakdown))
    return int(ANSWERS[code] * tilt / categories)


def make_published(
    round_id: str = "demo", codes: tuple[str, ...] = (BIG, SMALL, PLAIN), root: Path = ROOT
) -> Published:
    round_ = load_round(root, round_id)
    questions = {q.id: q.theme for q in round_.questionnaire.scaled}
    themes = [t.id for t in round_.questionnaire.themes]
    results: list[tuple] = []
    for code in (*codes, NATIONAL):
        rng = np.random.default_rng([7, int(code) if code != NATIONAL else 0])
        local = [] if code == NATIONAL else [q.id for q in round_.local_for(code).questions]
        labels = round_.category_labels(None if code == NATIONAL else code)
        for breakdown, categories in labels.items():
            for position, category in enumerate(categories):
                n = _n(code, breakdown, len(categories), position)
                status = "shown" if n >= MIN_ANSWERS else "few"
                if code == SMALL and breakdown != "all":
                    hidden = {0: "few", 1: "linked"} if breakdown != "age_band" else {}
                    status = hidden.get(position, status)
                    if breakdown == "duration_band":
                        status = "few"
                key = (code, breakdown, category)
                shift = SHIFT[code] + GROUP_SHIFT.get(category, 0.05 * np.sin(3 * position))
                by_theme: dict[str, list] = {t: [] for t in themes}
                for item in [*questions, *local]:
                    theme = questions.get(item, themes[0])
                    # the wobble keeps questions of one theme apart
                    wobble = 0.25 * np.sin(2.0 * int(item[-2:].strip("l")))
                    p = _shares(THEME_MEAN.get(theme, 3.5) + shift + wobble, rng)
                    by_theme[theme].append(p)
                    one = status
                    if code == SMALL and breakdown == "all" and item in ("q03", "q11", "q12"):
                        one = "few"
                    results += _item_rows(key, item, p, n - int(rng.integers(0, 3)), one, True)
                for theme in themes:
                    p = np.mean(by_theme[theme], axis=0)
                    results += _item_rows(key, theme, p, n, status, False)
    table = pd.DataFrame(
        results,
        columns=[
            "municipality", "breakdown", "category", "item", "statistic", "weighting",
            "value", "ci_low", "ci_high", "n", "status",
        ],
    )  # fmt: skip
    table["n"] = table["n"].astype("Int64")
    for column in ("value", "ci_low", "ci_high"):
        table[column] = table[column].astype(float)
    return Published(
        round_,
        table,
        _comparisons(table, codes),
        _response(round_, codes),
        _drivers(table, codes),
        _comparability(round_, root),
    )


def _comparability(round_, root: Path) -> pd.DataFrame:
    befores = [load_round(root, r) for r in round_.settings.earlier_rounds]
    tables = [comparability(round_, before, municipalities=1) for before in befores]
    return pd.concat([empty(), *tables], ignore_index=True)


def without_earlier(published: Published) -> Published:
    """As the first round of all."""
    others = ~published.comparisons["reference"].str.startswith("round:")
    return dataclasses.replace(
        published, comparisons=published.comparisons[others], comparability=empty()
    )


def with_mark(published: Published, mark: str) -> Published:
    """Another break mark between the rounds, or none."""
    return dataclasses.replace(
        published, comparability=published.comparability.assign(mark=mark, broken=bool(mark))
    )


def _drivers(results: pd.DataFrame, codes: tuple[str, ...]) -> pd.DataFrame:
    """Importance of the themes for all but the small municipality."""
    rows = []
    for code in (*codes, NATIONAL):
        if code == SMALL:
            continue
        for i, theme in enumerate(["moedet", "maal", "samtale", "progression"]):
            share = 0.25 + 0.02 * (i - 1.5)
            low, high = share - 0.03, share + 0.03
            rows.append(
                (code, theme, share, low, high, THEME_MEAN[theme], 0.47, ANSWERS[code] - 60)
            )
    columns = ["municipality", "theme", "importance", "ci_low", "ci_high", "performance"]
    return pd.DataFrame(rows, columns=[*columns, "r_squared", "n"])


def _comparisons(results: pd.DataFrame, codes: tuple[str, ...]) -> pd.DataFrame:
    """Own against others and the country, released only where both are shown."""
    key = ["breakdown", "category", "item", "statistic", "weighting"]
    compared = results[
        results["statistic"].isin(
            ["mean", "share_satisfied", "share_neutral", "share_dissatisfied"]
        )
        & (results["weighting"] == "weighted")
        & (results["status"] == "shown")
    ]
    national = compared[compared["municipality"] == NATIONAL].set_index(key)
    tables = []
    for code in codes:
        own = compared[compared["municipality"] == code].set_index(key)
        both = own.join(national, rsuffix="_national", how="inner").reset_index()
        for reference, nudge in (("others", 0.004), ("national", 0.0)):
            t = both[key].copy()
            t.insert(0, "municipality", code)
            t.insert(1, "reference", reference)
            t["own"] = both["value"]
            t["reference_value"] = both["value_national"] - nudge * (both["value"] - 0.9)
            t["difference"] = t["own"] - t["reference_value"]
            half = (both["ci_high"] - both["ci_low"]) / 2
            t["ci_low"], t["ci_high"] = t["difference"] - half, t["difference"] + half
            t["p_value"] = np.exp(-2 * (t["difference"].abs() / half).clip(0, 20))
            t["p_adjusted"] = (1.5 * t["p_value"]).clip(upper=1)
            least = np.where(t["statistic"] == "mean", 0.1, 0.05)
            large = t["difference"].abs() >= least
            t["verdict"] = verdict_of(t["difference"], t["p_adjusted"], large)
            t["status"] = "shown"
            if code == PLAIN:  # nothing sure differs here
                t["p_adjusted"], t["verdict"] = 0.6, UNSURE
            tables.append(t)
    tables.append(_groups(compared[compared["municipality"].isin([*codes, NATIONAL])]))
    tables += [_since_before(compared, codes), _against_expected(compared, codes)]
    table = pd.concat(tables, ignore_index=True)
    table["p_adjusted_in_list"] = table["p_adjusted"]
    table["note"] = np.where(table["reference"].str.startswith("round:"), BREAK, "")
    return table


BREAK = (  # between demo-2023 and demo, as `comparability` says it
    "Målgrupperne er afgrænset efter regelsættet 2024, før 2023-pilot. Uden sammenligning: "
    "Aktivitetsparate (omfatter ikke længere »ressourceforløbsydelse, jobafklaringsforløb«); "
    "Borgere i jobafklaringsforløb (var en del af »Aktivitetsparate«)."
)


def _difference(own: pd.DataFrame, reference, value, worth) -> pd.DataFrame:
    """Comparison rows of `own` (released rows) with `value`."""
    key = ["municipality", "breakdown", "category", "item", "statistic", "weighting"]
    half = (own["ci_high"] - own["ci_low"]).to_numpy() / 2
    difference = own["value"].to_numpy() - value
    return own[key].assign(
        reference=reference,
        own=own["value"],
        reference_value=value,
        difference=difference,
        ci_low=difference - half,
        ci_high=difference + half,
        p_value=0.01,
        p_adjusted=np.where(worth, 0.02, 0.4),
        p_adjusted_in_list=np.where(worth, 0.02, 0.4),
        verdict=verdict_of(difference, np.where(worth, 0.02, 0.4), worth),
        status="shown",
    )


def verdict_of(difference, p, large) -> np.ndarray:
    """As `estimation/comparisons.judge` decides it."""
    sides = np.where(np.asarray(difference) > 0, OVER, UNDER)
    sure = np.where(np.asarray(large), sides, vocabulary.SMALL)
    return np.where(np.isnan(p), NOT_JUDGED, np.where(np.asarray(p) < 0.05, sure, UNSURE))


def _groups(compared: pd.DataFrame) -> pd.DataFrame:
    """Category against category of the means; worth mentioning where the intervals do not overlap and
    the difference is at least a tenth."""
    means = compared[(compared["statistic"] == "mean") & (compared["breakdown"] != "all")]
    place = ["municipality", "breakdown", "item", "statistic", "weighting"]
    both = means.merge(means, on=place, suffixes=("", "_other"))
    both = both[both["category"] < both["category_other"]]
    apart = (both["ci_low"] > both["ci_high_other"]) | (both["ci_high"] < both["ci_low_other"])
    apart &= (both["value"] - both["value_other"]).abs() >= 0.0999
    rows = _difference(both, "group:" + both["category_other"], both["value_other"], apart)
    return rows.assign(p_adjusted_in_list=np.nan, note="")


def with_groups_of(published: Published, results: pd.DataFrame) -> Published:
    """`published` with other results, and the group comparisons that follow from them."""
    shown = results[(results["status"] == "shown") & (results["weighting"] == "weighted")]
    others = published.comparisons[~published.comparisons["reference"].str.startswith("group:")]
    comparisons = pd.concat([others, _groups(shown)], ignore_index=True)
    return dataclasses.replace(published, results=results, comparisons=comparisons)


def _since_before(compared: pd.DataFrame, codes: tuple[str, ...]) -> pd.DataFrame:
    """Against the earlier round: Progression up, q07 down, in the big municipality and the country."""
    chosen = compared[
        compared["municipality"].isin([BIG, NATIONAL])
        & (compared["statistic"] == "mean")
        & (compared["breakdown"] == "all")
    ]
    change = chosen["item"].map({"progression": 0.14, "q07": -0.15}).fillna(0.02).to_numpy()
    value = chosen["value"].to_numpy() - change
    return _difference(chosen, "round:demo-2023", value, np.abs(change) >= 0.1)


def _against_expected(compared: pd.DataFrame, codes: tuple[str, ...]) -> pd.DataFrame:
    chosen = compared[
        compared["municipality"].isin(codes)
        & (compared["statistic"] == "mean")
        & (compared["breakdown"] == "all")
        & (compared["item"] == "samlet")
    ]
    value = chosen["value"].to_numpy() - np.where(chosen["municipality"] == BIG, 0.2, 0.01)
    return _difference(chosen, "expected", value, (chosen["municipality"] == BIG).to_numpy())


def _response(round_, codes: tuple[str, ...]) -> pd.DataFrame:
    rows = []
    for code in (*codes, NATIONAL):
        labels = round_.category_labels(None if code == NATIONAL else code)
        for breakdown, categories in labels.items():
            for position, category in enumerate(categories):
                answers = _n(code, breakdown, len(categories), position)
                invited = int(answers / (0.388 + 0.03 * np.sin(position)))
                effect = (
                    (1.234, answers / 1.234, 0.36, 0.91, 0.42, 0.84, 0.79, 0.89)
                    if breakdown == "all"
                    else (None,) * 8
                )
                if answers < MIN_ANSWERS or (code == SMALL and breakdown == "target_group"):
                    rows.append((code, breakdown, category, *[None] * 12, "few"))
                else:
                    rate = answers / invited
                    row = (code, breakdown, category, invited * 2, invited, answers, rate, *effect)
                    rows.append((*row, "shown"))
    table = pd.DataFrame(
        rows,
        columns=[
            "municipality", "breakdown", "category", "population", "invited", "answers",
            "response_rate", *QUALITY, "status",
        ],
    )  # fmt: skip
    for column in ("population", "invited", "answers"):
        table[column] = table[column].astype("Int64")
    for column in ("response_rate", *QUALITY):
        table[column] = table[column].astype(float)
    return table
