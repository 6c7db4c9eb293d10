"""Calibration of weights to population margins by raking, and strict trimming.

Raking works on the collapsed table: respondents with the same levels share one factor, so the
iteration runs over occupied cells, and each respondent is touched twice (once to add up, once to be
given the factor), in blocks that stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from helpers.common.errors import Problem, WeightError

BLOCK = 1 << 15  # rows at a time: codes, cells and weights of a block stay in cache
DENSE_CELLS = 1 << 22  # a margin table beyond this is held as a list of occupied cells
SUM_TOLERANCE = 1e-9  # relative; margins of one population have one sum
PLAIN = 50  # iterations of multiplying to one margin after the other, before Newton steps
NEWTON, NEAR = 100, 0.1  # steps before margins count as those that no weights hold; a short step
ROUNDING = 1e-12  # relative, of sums over persons in another order than over cells

Totals = Sequence["np.ndarray | pd.Series"]


def rake(
    codes: Sequence[np.ndarray],
    start: np.ndarray,
    totals: Totals,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 1000,
    names: Sequence[str] = (),
) -> np.ndarray:
    """Raking ratio weights of respondents with start weights.

    `codes`: per margin an integer array, a level number (0, 1 …) a respondent. `start`: positive
    weights, a row a respondent. `totals`: per margin the population of each level, in units of
    persons; a Series names its levels in errors. `names`: the margins' names, for errors.

    Returns w_i = start_i · Π_m f_m(level of i), the weights nearest to `start` in the sense of
    Σ w·log(w/start) − w + start, such that Σ_{i in level} w_i equals the level's total within
    `tolerance`, relative (Deming & Stephan 1940; Deville, Särndal & Sautory 1993). Equal to
    R survey's `calibrate(calfun = "raking")`. Memory above the input: the weights returned, and
    the cell of each row in two bytes (more where the table is larger).

    Raises WeightError, naming margin and level, where a code, start weight or total is missing,
    negative or infinite, margins have different sums, a populated level has no respondents, an
    empty level has some, or no positive weights hold the margins: the iteration does not converge.
    """
    names = list(names) or [f"margin {m + 1}" for m in range(len(codes))]
    levels = [list(t.index) if isinstance(t, pd.Series) else list(range(len(t))) for t in totals]
    margins = [np.asarray(t, dtype=float) for t in totals]
    codes, start = [np.asarray(c) for c in codes], np.asarray(start, dtype=float)
    _check_input(codes, start, margins, names, levels)
    cells = _Cells(codes, [len(t) for t in margins])
    table = cells.sum(start)
    _check_levels(table, cells, margins, names, levels)
    factor = _fit(table, cells, margins, names, levels, tolerance, max_iterations)
    weights = cells.spread(factor, start)
    _check_weights(weights, cells, margins, names, levels, tolerance)
    return weights


def _fit(
    start: np.ndarray,
    cells: _Cells,
    totals: list[np.ndarray],
    names: list[str],
    levels: list[list],
    tolerance: float,
    max_iterations: int,
) -> np.ndarray:
    """Factor of each cell by iterative proportional fitting, and Newton steps where that is slow; 1 where
    nobody is in it.

    Where margins cannot be met, factors run off to 0 and infinity: that ends it as well.
    """
    occupied = np.flatnonzero(start > 0)
    level_of = [level[occupied] for level in cells.levels]
    now, what = start[occupied], ""
    newton = None
    for iteration in range(max_iterations):
        if (
            iteration >= PLAIN
            and newton is None
            and len(now) * sum(map(len, totals)) <= DENSE_CELLS
        ):
            newton = _Newton(level_of, totals)
        now = newton.step(now) if newton else _one_by_one(now, level_of, totals)
        off, m, at = _worst(now, level_of, totals)
        what = f"level »{levels[m][at]}« of {names[m]} is off by {off:.2g}"
        if not (now.min() > 0 and now.max() < np.inf):
            raise _no_fit(f"weights run off to 0 or infinity: {what}", tolerance)
        if off < tolerance:
            factor = np.ones(len(start))
            factor[occupied] = now / start[occupied]
            return factor
        if newton and not newton.left:
            raise _no_fit(f"no weights hold the margins: {what}", tolerance)
    raise _no_fit(f"no convergence after {max_iterations} iterations: {what}", tolerance)


def _one_by_one(
    now: np.ndarray, level_of: Sequence[np.ndarray], totals: list[np.ndarray]
) -> np.ndarray:
    """Each margin in its turn multiplied to its totals."""
    for total, level in zip(totals, level_of):
        have = np.bincount(level, weights=now, minlength=len(total))
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            now = now * np.where(total > 0, total / have, 1.0)[level]
    return now


class _Newton:
    """All margins at once: damped Newton steps on the convex dual Σ w·exp(x'λ) − t'λ of the same weights.
    Where margins overlap, multiplying to one after the other comes near only slowly."""

    def __init__(self, level_of: Sequence[np.ndarray], totals: list[np.ndarray]) -> None:
        self.columns = np.column_stack(
            [np.eye(len(t))[level] for level, t in zip(level_of, totals)]
        )
        self.totals = np.concatenate(totals)
        self.left = NEWTON

    def step(self, now: np.ndarray) -> np.ndarray:
        off = self.totals - now @ self.columns
        hessian = (self.columns * now[:, None]).T @ self.columns
        direction = np.linalg.lstsq(hessian, off, rcond=None)[0]
        exponent, gain, length = self.columns @ direction, off @ direction, 1.0
        self.left -= 1
        while True:
            with np.errstate(over="ignore"):
                moved = now * np.exp(length * exponent)
            change = (moved - now).sum() - length * (self.totals @ direction)
            near = length * np.abs(exponent).max() < NEAR  # and the change may be rounding
            if near or change <= -0.25 * length * gain:
                return moved
            length /= 2


def _worst(
    now: np.ndarray, level_of: Sequence[np.ndarray], totals: list[np.ndarray]
) -> tuple[float, int, int]:
    """(largest relative deviation of a level's sum from its total, its margin, the level)."""
    worst = (0.0, 0, 0)
    for m, (total, level) in enumerate(zip(totals, level_of)):
        have = np.bincount(level, weights=now, minlength=len(total))
        off = np.abs(np.divide(have, total, out=np.ones(len(total)), where=total > 0) - 1)
        at = int(np.argmax(off))
        worst = max(worst, (float(off[at]), m, at))
    return worst


def _check_weights(
    weights: np.ndarray,
    cells: _Cells,
    totals: list[np.ndarray],
    names: list[str],
    levels: list[list],
    tolerance: float,
) -> None:
    """Add the weights returned up again: whatever the iteration believed, they are positive and hold
    every margin."""
    off, m, at = _worst(cells.sum(weights), cells.levels, totals)
    if not (weights.min() > 0 and weights.max() < np.inf and off < tolerance + ROUNDING):
        what = f"level »{levels[m][at]}« of {names[m]} is off by {off:.2g}"
        raise _no_fit(what, tolerance)


def _no_fit(what: str, tolerance: float) -> WeightError:
    return WeightError(
        "raking",
        what,
        f"positive weights with a relative error of at most {tolerance:g}",
        "Collapse the thin level, leave a margin out, or raise max_iterations.",
    )


class _Cells:
    """The collapsed table: occupied cells with their level on each margin (`levels`), and the cell of
    each respondent in the smallest whole numbers that hold it."""

    def __init__(self, codes: list[np.ndarray], shape: list[int]) -> None:
        size = int(np.prod([float(s) for s in shape]))
        if size <= DENSE_CELLS:
            self._of_row = _dense(codes, shape, np.min_scalar_type(-size))
            self._size = size
            self.levels = list(np.unravel_index(np.arange(size), shape))
        else:
            self._of_row, first = _occupied(codes)
            self._size = len(first)
            self.levels = [c[first].astype(np.intp) for c in codes]

    def sum(self, values: np.ndarray) -> np.ndarray:
        """Σ values per cell."""
        total = np.zeros(self._size)
        for rows in _blocks(len(values), max(BLOCK, self._size)):
            total += np.bincount(self._of_row[rows], weights=values[rows], minlength=self._size)
        return total

    def spread(self, factor: np.ndarray, start: np.ndarray) -> np.ndarray:
        """start · factor of the row's cell, a row a respondent."""
        out = np.empty(len(start))
        for rows in _blocks(len(start), BLOCK):
            block = out[rows]
            np.take(factor, self._of_row[rows], out=block, mode="clip")  # clip: without a buffer
            block *= start[rows]
        return out


def _blocks(n_rows: int, step: int) -> Iterator[slice]:
    return (slice(at, min(at + step, n_rows)) for at in range(0, n_rows, step))


def _dense(codes: list[np.ndarray], shape: list[int], dtype: np.dtype) -> np.ndarray:
    """Number of each row's cell in a table of this shape."""
    cell = np.empty(len(codes[0]), dtype=dtype)
    for rows in _blocks(len(cell), BLOCK):
        block = cell[rows]
        block[:] = codes[0][rows]
        for code, size in zip(codes[1:], shape[1:]):
            block *= dtype.type(size)
            block += code[rows].astype(dtype, copy=False)
    return cell


def _occupied(codes: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Cell of each row and a row of each cell, of a table too large to be dense."""
    cell = codes[0].astype(np.int64)
    first = np.empty(0, dtype=np.intp)
    for code in codes[1:]:
        cell = cell * (int(code.max()) + 1) + code
        _, first, cell = np.unique(cell, return_index=True, return_inverse=True)
    return cell.astype(np.intp), first


def _check_input(
    codes: list[np.ndarray],
    start: np.ndarray,
    totals: list[np.ndarray],
    names: list[str],
    levels: list[list],
) -> None:
    if not codes or not len(codes) == len(totals) == len(names):
        what = f"{len(codes)} codes, {len(totals)} totals, {len(names)} names"
        raise WeightError("raking", what, "one of each per margin", "Give every margin its three.")
    if start.size == 0:
        raise WeightError("raking", "there are no respondents", "at least one", "Wait for answers.")
    problems = list(_faults_of_start(start))
    for name, code, total, named in zip(names, codes, totals, levels):
        problems += _faults_of_margin(f"raking, {name}", code, total, named, len(start))
    if problems := problems or list(_faults_of_sums(names, totals)):
        raise WeightError(problems=problems)


def _faults_of_start(start: np.ndarray) -> Iterator[Problem]:
    if not (start.min() > 0 and start.max() < np.inf):
        bad = int((~(np.isfinite(start) & (start > 0))).sum())
        yield Problem(
            "raking, start weights",
            f"{bad} are missing, zero, negative or infinite",
            "positive numbers",
            "Check the design weights and the non-response adjustment.",
        )


def _faults_of_margin(
    where: str, code: np.ndarray, total: np.ndarray, named: list, n_respondents: int
) -> Iterator[Problem]:
    numbered = f"0 … {len(total) - 1}"
    if len(code) != n_respondents:
        what = f"{len(code)} codes for {n_respondents} respondents"
        yield Problem(where, what, "a code a respondent", "Align them.")
    elif code.dtype.kind not in "iu":
        what = f"codes are {code.dtype}, not whole numbers"
        yield Problem(where, what, numbered, "Number the levels.")
    elif not _within(code, len(total)):
        bad = int(((code < 0) | (code >= len(total))).sum())
        what = f"{bad} respondents have a missing or unknown level"
        remedy = "Give each respondent a level of the margin."
        yield Problem(where, what, f"levels numbered {numbered}", remedy)
    for level in np.flatnonzero(~(np.isfinite(total) & (total >= 0))):
        what = f"the total of level »{named[level]}« is missing, negative or infinite"
        yield Problem(where, what, "a number of persons", "Mend the margin.")


def _faults_of_sums(names: list[str], totals: list[np.ndarray]) -> Iterator[Problem]:
    sums = [float(t.sum()) for t in totals]
    if max(sums) - min(sums) > SUM_TOLERANCE * max(sums):
        what = ", ".join(f"{n} {s:.10g}" for n, s in zip(names, sums))
        yield Problem(
            "raking",
            f"margins have different sums: {what}",
            "margins of one population",
            "Count all margins on the same persons.",
        )


def _within(code: np.ndarray, size: int) -> bool:
    """Whether all codes are 0 … size − 1; as an unsigned number a negative one is too large."""
    return int(code.view(code.dtype.str.replace("i", "u")).max()) < size


def _check_levels(
    table: np.ndarray,
    cells: _Cells,
    totals: list[np.ndarray],
    names: list[str],
    levels: list[list],
) -> None:
    problems = []
    for m, total in enumerate(totals):
        answered = np.bincount(cells.levels[m], weights=table, minlength=len(total)) > 0
        for at in np.flatnonzero(answered != (total > 0)):
            what, remedy = (
                ("has a population but no respondents", "Collapse it with a neighbour.")
                if total[at] > 0
                else ("has respondents but no population", "Count the margin again.")
            )
            problems.append(
                Problem(
                    f"raking, {names[m]}",
                    f"level »{levels[m][at]}« {what}",
                    "respondents in every populated level, and only there",
                    remedy,
                )
            )
    if problems:
        raise WeightError(problems=problems)


def trim(weights: np.ndarray, lower: float, upper: float) -> np.ndarray:
    """Strictly trimmed weights: all within [lower, upper], with the sum of the weights kept.

    What is cut off is given in equal parts to the weights that lay inside, again and again until
    none lies outside (Potter 1990; R survey's `trimWeights(strict = TRUE)`). Worked: 1, 2, 9 within
    [1, 6] become 2.5, 3.5, 6. Margins that were raked to hold no longer; rake before, and look at
    how far they are off.
    Raises WeightError where a weight is not positive or the sum cannot be kept within the bounds.
    """
    w = np.array(weights, dtype=float)
    if w.size == 0 or not np.all(np.isfinite(w) & (w > 0)):
        raise WeightError("trimming", "weights are not all positive", "positive weights")
    total = w.sum()
    if not (lower * w.size <= total <= upper * w.size and lower <= upper):
        raise WeightError(
            "trimming",
            f"{w.size} weights between {lower:g} and {upper:g} cannot sum to {total:g}",
            "bounds on both sides of the mean weight",
            "Widen the bounds.",
        )
    slack = 1e-12 * upper
    while (outside := (w < lower) | (w > upper)).any():
        w = np.clip(w, lower, upper)
        lacking = total - w.sum()
        if abs(lacking) <= slack * w.size:
            break
        has_room = w < upper - slack if lacking > 0 else w > lower + slack
        takes = has_room & ~outside if (has_room & ~outside).any() else has_room
        w[takes] += lacking / takes.sum()
    return np.clip(w, lower, upper)
