"""The sampling design of one municipality's respondents, and variances of weighted totals in it.

Respondents are taken as a simple random sample within stratum. Every variance and covariance is an
inner product of the columns that `Design.residuals` gives, so ratios, domains and their
differences need no other formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from helpers.common.errors import Problem, WeightError


@dataclass(frozen=True, eq=False)
class Design:
    """Respondents with weights; arrays have a row a respondent.

    `weight`: final weights. `strata`: stratum numbers 0 … H−1. `population`: N_h, persons per
    stratum; None where the sample is drawn with replacement (no fpc). `base`: weights before
    calibration, and `calibration`: the columns whose totals the final weights reproduce (level
    indicators of the margins); both None where weights were not calibrated.

    `jackknife`: calibration residuals are divided by 1 − h, so that few answers do not make the
    variance too small (the delete-one jackknife in closed form), and degrees of freedom follow
    Satterthwaite; else residuals and degrees of freedom as R survey has them.

    Raises WeightError where there are no respondents, lengths differ, a weight is missing, not
    positive or infinite, or a stratum has more respondents than persons.
    """

    weight: np.ndarray
    strata: np.ndarray
    population: np.ndarray | None = None
    base: np.ndarray | None = None
    calibration: np.ndarray | None = None
    jackknife: bool = False

    def __post_init__(self) -> None:
        problems = []
        n = len(self.weight)
        if n == 0:
            problems.append(Problem("design", "there are no respondents", "at least one"))
        for name in ("strata", "base", "calibration"):
            column = getattr(self, name)
            if column is not None and len(column) != n:
                what = f"{name} has {len(column)} rows for {n} weights"
                problems.append(Problem("design", what, "a row a respondent", "Align them."))
        for name in ("weight", "base"):
            w = getattr(self, name)
            if w is not None and not np.all(np.isfinite(w) & (np.asarray(w) > 0)):
                what = f"{name}: some are missing, zero, negative or infinite"
                problems.append(Problem("design", what, "positive weights", "Check the weights."))
        if (self.base is None) != (self.calibration is None):
            what = "base weights and calibration columns come together"
            problems.append(Problem("design", what, "both, or neither"))
        if not problems and self.population is not None:
            if len(self.population) < self.n_strata:
                what = f"{self.n_strata} strata, {len(self.population)} populations"
                problems.append(Problem("design", what, "N_h for each stratum"))
            elif not np.all(self.stratum_size <= np.asarray(self.population)[: self.n_strata]):
                bad = np.flatnonzero(self.stratum_size > self.population[: self.n_strata])
                what = f"strata {', '.join(map(str, bad))}: more respondents than persons"
                problems.append(
                    Problem("design", what, "m_h ≤ N_h", "Check the population counts.")
                )
        if problems:
            raise WeightError(problems=problems)

    @cached_property
    def n_strata(self) -> int:
        return int(np.max(self.strata)) + 1

    @cached_property
    def stratum_size(self) -> np.ndarray:
        """m_h, respondents per stratum."""
        return np.bincount(self.strata, minlength=self.n_strata)

    @cached_property
    def open_fraction(self) -> np.ndarray:
        """1 − m_h/N_h per stratum: the finite population correction; 0 in a full census."""
        if self.population is None:
            return np.ones(self.n_strata)
        population = np.asarray(self.population, dtype=float)[: self.n_strata]
        return np.where(self.stratum_size > 0, 1 - self.stratum_size / population, 1.0)

    @cached_property
    def _indicator(self) -> np.ndarray:
        return np.eye(self.n_strata)[self.strata]

    @property
    def _calibrated(self) -> tuple[np.ndarray, np.ndarray]:
        """Base weights and calibration columns of a design that has them."""
        if self.base is None or self.calibration is None:
            raise AssertionError("residuals of a design without calibration need no projection")
        return self.base, self.calibration

    @cached_property
    def _projection(self) -> np.ndarray:
        """Base-weighted least-squares coefficients of a column on the calibration columns."""
        base, columns = self._calibrated
        root = np.sqrt(base)
        return np.linalg.pinv(columns * root[:, None]) * root

    @cached_property
    def _leverage(self) -> np.ndarray:
        """h of each respondent on the calibration columns."""
        return np.einsum("ij,ji->i", self._calibrated[1], self._projection)

    def residuals(self, z: np.ndarray) -> np.ndarray:
        """Columns u with u'u the covariance matrix of the weighted totals Σ w·z.

        `z`: a row a respondent, a column a variable, zero outside its domain. u is w times the
        calibration (GREG) residual of z, regressed with the base weights, centred in the stratum and
        scaled by √((1 − m_h/N_h)·m_h/(m_h − 1)) (Särndal, Swensson & Wretman 1992, ch. 5–6;
        Deville & Särndal 1992). A stratum with one respondent is not centred, which for a ratio is
        a deviation from the whole's ratio (R survey's `lonely.psu = "adjust"`).
        """
        if self.calibration is not None and self.jackknife:
            return self._deleted(z)
        if self.calibration is not None:
            z = z - self.calibration @ (self._projection @ z)
        u = self.weight[:, None] * z
        size = self.stratum_size[:, None]
        means = (self._indicator.T @ u) / np.maximum(size, 1)
        means[self.stratum_size == 1] = 0.0
        u -= means[self.strata]
        m = self.stratum_size
        scale = np.sqrt(self.open_fraction * np.where(m > 1, m / np.maximum(m - 1, 1), 1.0))
        u *= scale[self.strata][:, None]
        return u

    def _deleted(self, z: np.ndarray) -> np.ndarray:
        """u as in `residuals` with residual/(1 − h)·√(1 − 1/m_h), h the respondent's leverage on the
        calibration: what leaving the respondent out would change (stratified jackknife JKn). A
        respondent that decides its own fitted value (h = 1) has z itself, which for a ratio is a
        deviation from the whole's ratio. In a stratum that the calibration does not hold by itself (it
        was joined with another) u is centred and scaled as without calibration."""
        leverage, m = self._leverage, self.stratum_size
        decides = leverage > 1 - 1e-9
        own = np.where(m > 1, 1 - 1 / np.maximum(m, 1), 1.0)
        centred = self._not_calibrated & (m > 1)
        scale = np.sqrt(self.open_fraction * np.where(centred, 1 / own, own))
        factor = self.weight / np.where(decides, 1.0, 1 - leverage)
        u = self.calibration @ (self._projection @ z)
        np.subtract(z, u, out=u)  # in place: large temporaries cost more than the sums
        u[decides] = z[decides]
        if centred.any():
            u *= factor[:, None]
            means = (self._indicator.T @ u) / np.maximum(m, 1)[:, None]
            means[~centred] = 0.0
            u -= means[self.strata]
            factor = np.ones(len(u))
        u *= (factor * scale[self.strata])[:, None]
        return u

    @cached_property
    def _not_calibrated(self) -> np.ndarray:
        """Which strata are no combination of the calibration's columns."""
        fitted = self.calibration @ (self._projection @ self._indicator)
        return np.abs(fitted - self._indicator).max(axis=0) > 1e-6

    def satterthwaite_sums(
        self, u_y: np.ndarray, u_x: np.ndarray, inside: np.ndarray
    ) -> np.ndarray:
        """Coefficients d_0 … d_4 of D(R) = Σ_h V_h(R)²/(m_h − 1), a row each, a column a column of `u_y`.

        V_h(R) = Σ(u_y − R·u_x)² over stratum h is the variance that it adds to a ratio R, m_h its
        respondents in the domain (at least 2). V(R)²/D(R) are Satterthwaite's degrees of freedom
        (Satterthwaite 1946; Cochran 1977, 5.4); V and D add over municipalities, degrees do not.
        """
        indicator = self._indicator.T
        free = np.maximum(indicator @ (inside > 0).astype(float) - 1, 1)
        a = indicator @ np.square(u_y)
        b = indicator @ (u_y * u_x)
        c = indicator @ np.square(u_x)
        terms = (a * a, -4 * a * b, 4 * b * b + 2 * a * c, -4 * b * c, c * c)
        return np.stack([(term / free).sum(axis=0) for term in terms])

    def degrees_of_freedom(self, inside: np.ndarray) -> np.ndarray:
        """Respondents less strata, both counted inside each domain; `inside`: 0/1 columns."""
        inside = inside > 0
        strata = (self._indicator.T @ inside.astype(float) > 0).sum(axis=0)
        return np.maximum(inside.sum(axis=0) - strata, 0)


def kish_design_effect(weights: np.ndarray) -> float:
    """Kish's design effect of weighting n·Σw²/(Σw)², at least 1 (Kish 1965).

    Worked: weights 1, 1, 2 give 3·6/16 = 1.125. Raises WeightError where a weight is not positive.
    """
    w = np.asarray(weights, dtype=float)
    if w.size == 0 or not np.all(np.isfinite(w) & (w > 0)):
        raise WeightError("weights", "not all positive", "positive weights", "Check the margins.")
    return float(w.size * np.square(w).sum() / w.sum() ** 2)
