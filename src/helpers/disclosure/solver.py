"""The largest whole-number solution of a linear system within bounds, many times over (HiGHS).

A reader of a table asks hundreds of questions of one system: the same relations, other bounds and
another objective. The model is therefore built once and every question starts from the last answer,
which is ten times as fast as `scipy.optimize.milp` each time. The fractional answer
is a whole-number one nearly always; where it is not, `milp` searches.
"""

from __future__ import annotations

import highspy
import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

OTHER_CORNERS = 4  # of the largest fractional answers, before the whole-number search
NUDGE = 1e-3
WHOLE = 1e-6  # a value this near to a whole number is it


class System:
    """relations @ x = right, x whole.

    same_bounds: questions differ in their objective mostly, so the last answer remains a possible
    one (primal simplex, a quarter faster then); else the other way round (dual simplex).
    """

    def __init__(
        self, relations: sparse.csr_array, right: np.ndarray, *, same_bounds: bool = False
    ) -> None:
        self.relations, self.right = sparse.csc_array(relations), np.asarray(right, dtype=float)
        n_rows, n = self.relations.shape
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = n, n_rows
        lp.col_cost_ = np.zeros(n)
        lp.col_lower_, lp.col_upper_ = np.zeros(n), np.zeros(n)
        lp.row_lower_ = lp.row_upper_ = self.right
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = self.relations.indptr
        lp.a_matrix_.index_ = self.relations.indices
        lp.a_matrix_.value_ = self.relations.data
        self.model = highspy.Highs()
        options: dict[str, bool | int | str] = {
            "output_flag": False,
            "threads": 1,
            "presolve": "off",
            "simplex_strategy": 4 if same_bounds else 1,
        }
        for name, value in options.items():
            self.model.setOptionValue(name, value)
        self.model.passModel(lp)
        self.random = np.random.default_rng(0)
        self.columns = np.arange(n, dtype=np.int32)

    def largest(
        self, objective: np.ndarray, low: np.ndarray, high: np.ndarray, *, search: bool = True
    ) -> np.ndarray | None:
        """The solution with the largest objective; None if there is none. Unless `search`, None also
        where the fractional answer is not whole."""
        if len(self.columns) == 0:
            return np.empty(0)
        n = len(self.columns)
        x = self.largest_fractional(objective, low, high)
        if x is None:
            return None
        largest = objective @ x
        for _ in range(OTHER_CORNERS):
            if x is None:  # not found, though there is one
                break
            whole = np.round(x)
            is_whole = (abs(x - whole) < WHOLE).all() and self._holds(whole)
            if is_whole and objective @ whole >= largest - WHOLE:
                return whole
            x = self._fractional(objective + NUDGE * self.random.standard_normal(n))
        return self._search(objective, low, high) if search else None

    def largest_fractional(
        self, objective: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> np.ndarray | None:
        """As `largest`, in fractions too."""
        n = len(self.columns)
        self.model.changeColsBounds(n, self.columns, low.astype(float), high.astype(float))
        return self._fractional(objective)

    def _fractional(self, objective: np.ndarray) -> np.ndarray | None:
        n = len(self.columns)
        self.model.changeColsCost(n, self.columns, -objective.astype(float))
        self.model.run()
        if self.model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(self.model.getSolution().col_value)

    def _holds(self, x: np.ndarray) -> bool:
        return bool((self.relations @ x == self.right).all())

    def _search(
        self, objective: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> np.ndarray | None:
        constraints = LinearConstraint(self.relations, self.right, self.right)
        solved = milp(
            -objective,
            constraints=constraints if len(self.right) else [],
            integrality=np.ones(len(objective)),
            bounds=Bounds(low, high),
        )
        if solved.x is None:
            return None
        x = np.round(solved.x)
        return x if self._holds(x) else None
