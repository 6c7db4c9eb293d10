"""Who stayed away, and what it means: outcome rates, R-indicator, likeness, a conclusion."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from helpers.common import printing
from helpers.common.errors import SurveyError
from helpers.common.printing import capital
from helpers.estimation.propensity import MIN_EACH, TERMS

LEAST_ASKED = 5  # fewer asked in a level give a propensity that is mostly chance
# Levels where all or nobody answered go to the reference, which hides that they differ; where they
# hold more of those asked than this, R would look better than it is, so there is none.
MOST_SEPARATED = 0.10
CERTAIN = 1e-6  # a fitted propensity nearer to 0 or 1 comes from levels that only together separate
# R = 0.90 is a standard deviation of 5 percentage points in the propensities, R = 0.80 is 10. No
# standard sets limits; these are the house's.
R_GOOD, R_FAIR = 0.90, 0.80
# With one in five answering, the model knows so little of the other four that even a high R, which
# sees only the background it is given, is no comfort.
LOW_RATE = 0.20
ALL_ANSWERED = (
    "Alle spurgte har svaret, så intet frafald kan gøre svarene skæve: ingen R-indikator."
)
ONE_GROUP = "Færre end to grupper med både svar og frafald: ingen R-indikator."
SEPARATED = "For mange er i grupper, hvor alle eller ingen har svaret: ingen R-indikator."


@dataclass(frozen=True)
class Outcomes:
    """Counts of citizens asked and rates 0–1 by AAPOR's letters; NaN where a rate divides by 0."""

    complete: int
    partial: int
    break_off: int
    no_contact: int
    rr1: float
    rr2: float
    coop1: float
    coop2: float
    ref1: float
    con1: float
    rr2_weighted: float


def outcome_rates(asked: pd.DataFrame) -> Outcomes:
    """AAPOR outcome rates of a survey of named persons by mail and internet.

    `asked`: a row a citizen asked with status, responded, design_weight. I (1.1): completed with
    enough answers; P (1.2): partial with enough; R (2.10, 2.12 break-off): opened, or handed in
    without enough; NC (2.20): nothing came back. RR1 = I/(I+P+R+NC), RR2 = (I+P)/(I+P+R+NC),
    COOP1 = I/(I+P+R), COOP2 = (I+P)/(I+P+R), REF1 = R/(I+P+R+NC), CON1 = (I+P+R)/(I+P+R+NC).
    Everyone is drawn from a register and known to be eligible; no case has unknown eligibility, so
    RR1 = RR3 = RR5 and RR2 = RR4 = RR6. `rr2_weighted` counts citizens by design weight: where
    groups are oversampled the unweighted rates depend on the allocation.
    Worked: I 4, P 2, R 1, NC 3 give RR1 0.4, RR2 0.6, COOP1 4/7, COOP2 6/7, REF1 0.1, CON1 0.7.
    Source: AAPOR, Standard Definitions, 10th ed. 2023. Raises SurveyError where nobody was asked.
    """
    if asked.empty:
        raise SurveyError(
            "outcome rates", "nobody was asked", "a row a citizen asked", "Draw the sample first."
        )
    answered = asked["responded"].astype(bool)
    i = int((answered & (asked["status"] == "completed")).sum())
    p = int(answered.sum()) - i
    nc = int((~answered & (asked["status"] == "none")).sum())
    total = len(asked)
    r = total - i - p - nc
    reached = i + p + r
    return Outcomes(
        complete=i,
        partial=p,
        break_off=r,
        no_contact=nc,
        rr1=i / total,
        rr2=(i + p) / total,
        coop1=i / reached if reached else math.nan,
        coop2=(i + p) / reached if reached else math.nan,
        ref1=r / total,
        con1=reached / total,
        rr2_weighted=float(np.average(answered, weights=asked["design_weight"])),
    )


@dataclass(frozen=True)
class RIndicator:
    """R from 0 (as unlike as can be) to 1 (all equally likely to answer) with its interval; all NaN
    where there is none, and then `note` is the Danish reason, else »«."""

    value: float
    ci_low: float
    ci_high: float
    note: str


def r_indicator(
    asked: pd.DataFrame,
    frame: pd.DataFrame,
    *,
    confidence: float,
    min_each: int = MIN_EACH,
    terms: Sequence[str] = TERMS,
) -> RIndicator:
    """Representativity R = 1 − 2·S(ρ), S the standard deviation of propensities in the population.

    `asked`: a row a citizen asked with `terms`, responded, design_weight; `frame`: the population's
    cell counts. ρ is a logit of `responded` on main effects of `terms` (of a country the municipality is
    one: those that answer seldom make it unlike its citizens), design-weighted, covariance V
    by the sandwich over citizens. The population's cells are known: S² = Σ_c q_c(ρ_c − ρ̄)² with
    q_c = N_c/N, so only the coefficients are uncertain. With J = ∂ρ/∂β, Q = diag(q) − qq' and
    A = J'QJ: estimation adds Σ_c q_c·var(ρ_c − ρ̄) = tr(AV) to S², which is taken off (floor 0);
    var(S²) = g'Vg + 2·tr((AV)²), g = 2J'Qρ, the second as the first vanishes at S² = 0.
    Normal interval of `confidence` on S², floor 0, turned into R.

    A level where all or nobody answered, with under LEAST_ASKED asked, missing or unseen among
    those asked is put with the reference (the largest other level). No R, but a note: under
    `min_each` answers or non-answers, all answered, no two levels left to compare, over
    MOST_SEPARATED of those asked in levels where all or nobody answered, or levels that together
    tell for certain who answers.
    Source: Schouten, Cobben & Bethlehem 2009 (Survey Methodology 35); bias and variance after
    Shlomo, Skinner & Schouten 2012 (Journal of Statistical Planning and Inference 142).
    Raises nothing of its own.
    """
    answers = int(asked["responded"].sum())
    if answers == len(asked) > 0:
        return _no_value(ALL_ANSWERED)
    if min(answers, len(asked) - answers) < min_each:
        return _no_value(
            f"Færre end {min_each} svar eller {min_each} uden svar: ingen R-indikator."
        )
    cells = _collapsed(asked, terms)
    levels, separated = _levels(cells, terms)
    if separated > MOST_SEPARATED:
        return _no_value(SEPARATED)
    if not levels:
        return _no_value(ONE_GROUP)
    x = _design(cells, levels)
    w, share = cells["w"].to_numpy(), (cells["wy"] / cells["w"]).to_numpy()
    # Separation is judged below, by the fitted propensities; a saturated model has no residual
    # degrees of freedom, which only touches the scale that a binomial model does not use.
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        fit = sm.GLM(share, x, family=sm.families.Binomial(), freq_weights=w).fit()
    p = fit.fittedvalues
    if not fit.converged or min(p.min(), 1 - p.max()) < CERTAIN:
        return _no_value(SEPARATED)
    bread = np.linalg.pinv((x.T * (w * p * (1 - p))) @ x)
    squares = cells["wwy"] * (1 - p) ** 2 + (cells["ww"] - cells["wwy"]) * p**2
    v = bread @ ((x.T * squares.to_numpy()) @ x) @ bread

    known = _design(frame, levels)
    q = (frame["population"] / frame["population"].sum()).to_numpy(float)
    rho = 1 / (1 + np.exp(-known @ fit.params))
    jacobian = known * (rho * (1 - rho))[:, None]
    centred = jacobian - q @ jacobian
    av = (centred.T * q) @ centred @ v
    gradient = 2 * centred.T @ (q * (rho - q @ rho))
    variance = _variance(q, rho) - np.trace(av)
    error = math.sqrt(gradient @ v @ gradient + 2 * np.trace(av @ av))
    half = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return RIndicator(_r(variance), _r(variance + half), _r(variance - half), "")


def _no_value(note: str) -> RIndicator:
    return RIndicator(math.nan, math.nan, math.nan, note)


def _r(variance: float) -> float:
    return max(0.0, 1 - 2 * math.sqrt(max(0.0, variance)))


def _variance(q: np.ndarray, rho: np.ndarray) -> float:
    """Population variance Σ q(ρ − ρ̄)² of propensities over cells with shares `q` that sum to 1."""
    return float(q @ (rho - q @ rho) ** 2)


def _collapsed(asked: pd.DataFrame, terms: Sequence[str]) -> pd.DataFrame:
    """A row a cell of `terms`: n, Σy, Σw, Σwy, Σw², Σw²y; y answered, w design weight of mean 1."""
    w = asked["design_weight"] / asked["design_weight"].mean()
    y = asked["responded"].astype(float)
    sums = asked[list(terms)].assign(n=1, y=y, w=w, wy=w * y, ww=w * w, wwy=w * w * y)
    return sums.groupby(list(terms), dropna=False, observed=True).sum().reset_index()


def _levels(cells: pd.DataFrame, terms: Sequence[str]) -> tuple[list[tuple[str, str]], float]:
    """(term, level) that get a coefficient, and the largest share asked in separated levels."""
    found, worst = [], 0.0
    n, y = cells["n"].to_numpy(float), cells["y"].to_numpy()
    for term in terms:
        code, names = pd.factorize(cells[term], sort=True)
        known = code >= 0  # a missing level has none
        size = np.bincount(code[known], n[known], len(names))
        answers = np.bincount(code[known], y[known], len(names))
        enough, mixed = size >= LEAST_ASKED, (answers > 0) & (answers < size)
        worst = max(worst, size[enough & ~mixed].sum() / n.sum())
        usable = np.flatnonzero(enough & mixed)
        if len(usable):
            reference = usable[size[usable].argmax()]
            found += [(term, names[i]) for i in usable if i != reference]
    return found, float(worst)


def _design(cells: pd.DataFrame, levels: list[tuple[str, str]]) -> np.ndarray:
    columns = [(cells[term] == level).to_numpy(float) for term, level in levels]
    return np.column_stack([np.ones(len(cells)), *columns])


def representativeness(
    asked: pd.DataFrame, frame: pd.DataFrame, breakdowns: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """Population, invited and respondents side by side: a row a breakdown × category.

    `breakdowns`: breakdown → category → label, in printing order; those that `frame` does not hold
    are left out, as their population is not known. Shares 0–1 of those with one of the categories:
    population_share, invited_share_weighted (design weights), invited_share, respondent_share
    (unweighted); difference = respondent_share − population_share. `dissimilarity`: Duncan's index
    ½·Σ|difference| of the breakdown, repeated on its rows: the share of the answers that would have
    to change category to match. NaN where there is nobody to share. Worked: population 60/40 and
    answers 50/50 give differences −0.1, +0.1 and dissimilarity 0.1.
    Source: Duncan & Duncan 1955 (American Sociological Review 20). Raises nothing of its own.
    """
    counted = {
        "population_share": (frame, "population"),
        "invited_share_weighted": (asked, "design_weight"),
        "invited_share": (asked.assign(_one=1), "_one"),
        "respondent_share": (asked[asked["responded"].astype(bool)].assign(_one=1), "_one"),
    }
    tables = []
    for breakdown, labels in breakdowns.items():
        if breakdown not in frame:
            continue
        table = pd.DataFrame({"breakdown": breakdown, "label": pd.Series(labels, dtype="str")})
        for name, (rows, weight) in counted.items():
            sums = rows.groupby(breakdown, observed=True)[weight].sum()
            sums = sums.reindex(table.index, fill_value=0).astype(float)
            table[name] = sums / sums.sum() if sums.sum() else np.nan
        table["difference"] = table["respondent_share"] - table["population_share"]
        table["dissimilarity"] = table["difference"].abs().sum(skipna=False) / 2
        tables.append(table.rename_axis("category").reset_index())
    columns = ["breakdown", "category", "label", *counted, "difference", "dissimilarity"]
    return (
        pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)
    )


def conclusion(r: RIndicator, rate: float, largest_gap: tuple[str, float] | None) -> str:
    """One to three Danish sentences: do the answers look like the citizens, and what if not.

    `rate`: response rate 0–1; `largest_gap`: label of the group that is furthest off before
    weighting, and its share of the answers less its share of the population (0–1). R is judged as
    printed, with two decimals, so that no »0,90« gets another verdict than 0.90, and not at all
    where its interval reaches from below R_FAIR to R_GOOD; a gap that prints
    as 0 percentage points is not told. Limits: R_GOOD, R_FAIR, LOW_RATE. Raises nothing of its own.
    """
    if r.note == ALL_ANSWERED:
        return f"{ALL_ANSWERED.split(':')[0]}."
    sentences = [_verdict(r)]
    if 0 < rate < LOW_RATE:
        sentences.append(
            f"Kun {printing.percent(rate, 1)} har svaret, så det kan ikke udelukkes, at de, der ikke "
            "har svaret, mener noget andet."
        )
    if largest_gap is not None:
        label, gap = largest_gap
        points = printing.number(abs(100 * gap))
        if points not in ("0", "–"):
            sentences.append(
                f"{capital(label)} udgør {points} procentpoint {'færre' if gap < 0 else 'flere'} "
                "af svarene end af borgerne, før der vægtes."
            )
    return " ".join(sentences)


def _verdict(r: RIndicator) -> str:
    if math.isnan(r.value):
        reason = r.note.split(":")[0]
        return (
            f"Det kan ikke vurderes, om svarene ligner borgerne: {reason[:1].lower()}{reason[1:]}."
        )
    value, low, high = (printing.number(v, 2) for v in (r.value, r.ci_low, r.ci_high))
    shown = f"(R-indikator {value}; usikkerhed {low}–{high})"
    printed = round(r.value, 2)
    if round(r.ci_low, 2) < R_FAIR and round(r.ci_high, 2) >= R_GOOD:
        return f"Det er for usikkert til at afgøre, om svarene ligner borgerne {shown}."
    if printed >= R_GOOD:
        return f"Svarene ligner borgerne godt {shown}."
    if printed >= R_FAIR:
        return f"Svarene ligner borgerne nogenlunde {shown}."
    return (
        f"Svarene ligner ikke borgerne godt {shown}: resultaterne skal læses med forbehold, også "
        "efter vægtning."
    )
