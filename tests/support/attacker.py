# ruff: noqa
"""Attacker for published tables with suppressed cells (linear programming audit of cell suppression).

    intervals = attack(table, hidden, ...)

table    numpy array of the TRUE values of every published cell. Build it with totals as the LAST index of every
         axis (with_margins() makes it); any number of axes. Only the values at hidden == False are read.
hidden   bool array, same shape: True = suppressed in publication (inner cells or margins).
integer  True: counts, so the bounds are found with MILP (sharper: parity and rounding arguments count).
known    dict {index: (lo, hi)}: what the attacker knows beyond non-negativity (eg own answer, "<5 rule": (1, 4)).
upper    a-priori upper bound of any hidden cell (default: none but the margins).
extra    list of (list of indices, list of coefficients, value) published linear relations beyond the margins,
         eg a second table with cells in common (linked tables).
Result   dict {index: (lo, hi)}: feasible interval of each hidden cell.

    findings = audit(table, hidden, primary, min_width=..., threshold=5, rule_known=False, zero_published=True)

gives a list of disclosures: 'exact' (interval is a point), 'below_threshold' (hi < threshold: the reader can see it is a
small cell; only reported when strict=True, as a plain '<5' mark says so anyway), 'too_narrow' (hi - lo < min_width).
rule_known=True lets the attacker use the rule: primary cells are in 1..threshold-1 (when the mark of primary and secondary
cells differs this is a fact for the attacker; when one common mark is used pass rule_known=False).
Also subset_attack(): sums of hidden cells (eg a pair in one row) may be exact though each cell is not.
"""

import itertools

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

TOL = 1e-6


def with_margins(inner):
    """Inner table -> table with the total appended as last index along every axis."""
    t = np.asarray(inner, dtype=float)
    for ax in range(t.ndim):
        t = np.concatenate([t, t.sum(axis=ax, keepdims=True)], axis=ax)
    return t


def constraints(shape):
    """All relations sum(parts) - total = 0 along every axis: list of (indices, coefficients, rhs)."""
    out = []
    for ax in range(len(shape)):
        others = [range(s) for i, s in enumerate(shape) if i != ax]
        for rest in itertools.product(*others):
            ix = [rest[:ax] + (k,) + rest[ax:] for k in range(shape[ax])]
            out.append((ix, [1.0] * (shape[ax] - 1) + [-1.0], 0.0))
    return out


def _system(table, hidden, extra):
    table = np.asarray(table, float)
    hidden = np.asarray(hidden, bool)
    cells = [tuple(int(v) for v in c) for c in np.argwhere(hidden)]
    pos = {c: i for i, c in enumerate(cells)}
    A, b = [], []
    for ix, co, rhs in constraints(table.shape) + [
        ([tuple(i) for i in e[0]], list(e[1]), float(e[2])) for e in (extra or [])
    ]:
        row = np.zeros(len(cells))
        r = rhs
        used = False
        for c, k in zip(ix, co):
            if c in pos:
                row[pos[c]] += k
                used = True
            else:
                r -= k * table[c]
        if used:
            A.append(row)
            b.append(r)
        elif abs(r) > 1e-6 * max(1.0, np.abs(table).max()):
            raise ValueError("published cells are inconsistent: %s" % (ix,))
    return cells, np.array(A).reshape(-1, len(cells)), np.array(b)


def attack(table, hidden, integer=True, known=None, upper=None, extra=None, objective=None):
    cells, A, b = _system(table, hidden, extra)
    known = known or {}
    if not cells:
        return {}
    lo = np.zeros(len(cells))
    hi = np.full(len(cells), np.inf if upper is None else float(upper))
    for i, c in enumerate(cells):
        if c in known:
            lo[i], hi[i] = max(lo[i], known[c][0]), min(hi[i], known[c][1])

    def solve(cvec):
        if integer:
            r = milp(
                cvec,
                constraints=LinearConstraint(A, b, b) if len(A) else None,
                integrality=np.ones(len(cells)),
                bounds=Bounds(lo, hi),
            )
        else:
            r = linprog(
                cvec,
                A_eq=A if len(A) else None,
                b_eq=b if len(A) else None,
                bounds=list(zip(lo, np.where(np.isinf(hi), None, hi))),
                method="highs",
            )
        if r.status == 3 or (r.x is None and r.status == 4):
            return None  # unbounded
        if r.x is None:
            raise RuntimeError(
                "the attacker's system has no solution: published table or 'known' is inconsistent (%s)"
                % r.message
            )
        return float(cvec @ r.x)

    def rng(cvec):
        l, h = solve(cvec), solve(-cvec)
        l = -np.inf if l is None else l
        h = np.inf if h is None else -h
        return (round(l), round(h)) if integer and np.isfinite(l) and np.isfinite(h) else (l, h)

    if objective is not None:
        v = np.zeros(len(cells))
        for c in objective:
            v[cells.index(tuple(c))] = 1.0
        return rng(v)
    return {c: rng(np.eye(len(cells))[i]) for i, c in enumerate(cells)}


def subset_attack(table, hidden, groups=None, **kw):
    """Intervals of sums of hidden cells. Default groups: every pair of hidden cells in the same line (row, column, ...)."""
    hidden = np.asarray(hidden, bool)
    if groups is None:
        groups = set()
        for ix, _, _ in constraints(hidden.shape):
            h = [c for c in ix[:-1] if hidden[c]]
            groups |= {tuple(sorted(p)) for p in itertools.combinations(h, 2)}
    return {g: attack(table, hidden, objective=g, **kw) for g in sorted(groups)}


def audit(
    table,
    hidden,
    primary=None,
    min_width=1,
    threshold=5,
    rule_known=False,
    strict=False,
    integer=True,
    extra=None,
    known=None,
):
    table = np.asarray(table, float)
    hidden = np.asarray(hidden, bool)
    primary = (table > 0) & (table < threshold) if primary is None else np.asarray(primary, bool)
    out = [
        dict(kind="unsuppressed_primary", cell=tuple(map(int, c)), true=float(table[tuple(c)]))
        for c in np.argwhere(primary & ~hidden)
    ]
    k = dict(known or {})
    if rule_known:
        k.update(
            {
                tuple(map(int, c)): (1, threshold - 1)
                for c in np.argwhere(primary & hidden)
                if tuple(map(int, c)) not in k
            }
        )
    for c, (lo, hi) in attack(table, hidden, integer=integer, known=k, extra=extra).items():
        d = dict(cell=c, true=float(table[c]), lo=lo, hi=hi, primary=bool(primary[c]))
        if not (lo - TOL <= table[c] <= hi + TOL):
            out.append(dict(kind="attacker_bug", **d))
        if hi - lo < TOL:
            out.append(dict(kind="exact", **d))
        elif primary[c] and hi - lo < min_width:
            out.append(dict(kind="too_narrow", **d))
        elif primary[c] and strict and hi < threshold:
            out.append(dict(kind="below_threshold", **d))
    return out


def is_safe(*a, **k):
    return not audit(*a, **k)


def optimal_suppression(
    table,
    primary=None,
    threshold=5,
    min_width=1,
    cost="count",
    hide_margins=False,
    integer=True,
    rule_known=False,
    strict=False,
    max_extra=8,
    zeros_ok=True,
):
    """Brute force: all the minimal sets of secondary cells that pass audit(). For small tables only."""
    table = np.asarray(table, float)
    primary = (table > 0) & (table < threshold) if primary is None else np.asarray(primary, bool)
    cand = [
        tuple(int(v) for v in c)
        for c in np.ndindex(table.shape)
        if not primary[c]
        and (hide_margins or all(i < s - 1 for i, s in zip(c, table.shape)))
        and (zeros_ok or table[c] > 0)
    ]
    best = []
    bestcost = None
    for n in range(max_extra + 1):
        if cost == "count" and best:
            break
        for comb in itertools.combinations(cand, n):
            cst = (
                (n, sum(table[c] for c in comb))
                if cost == "count"
                else (sum(table[c] for c in comb), n)
            )
            if bestcost is not None and cst[0] > bestcost[0]:
                continue
            h = primary.copy()
            for c in comb:
                h[c] = True
            # cheap necessary test: no line with exactly one hidden cell
            if any(sum(h[c] for c in ix) == 1 for ix, _, _ in constraints(table.shape)):
                continue
            if is_safe(
                table,
                h,
                primary,
                min_width=min_width,
                threshold=threshold,
                integer=integer,
                rule_known=rule_known,
                strict=strict,
            ):
                if bestcost is None or cst[0] < bestcost[0]:
                    best = []
                    bestcost = cst
                best.append((comb, cst))
    return best


def _selftest():
    t = with_margins([[20, 3, 30], [12, 15, 8], [9, 14, 40]])
    p = (t > 0) & (t < 5)
    assert [tuple(c) for c in np.argwhere(p)] == [(0, 1)]
    assert attack(t, p) == {(0, 1): (3, 3)}  # primary alone: exact
    h = p.copy()
    h[0, 0] = True
    assert any(f["kind"] == "exact" for f in audit(t, h))  # pair in a row: columns give it away
    for c in ((0, 0), (1, 0), (1, 1)):
        h[c] = True
    iv = attack(t, h)
    assert iv[(0, 1)] == (0, 18) and not audit(t, h, min_width=4), iv
    assert attack(t, h, integer=False)[(0, 1)] == (0.0, 18.0)
    assert attack(t, h, known={(0, 1): (1, 4)})[(0, 0)] == (
        19,
        22,
    )  # rule known: secondary cells narrow too
    assert subset_attack(t, h)[((0, 0), (0, 1))] == (
        23,
        23,
    )  # sum of the pair is exact, by construction
    a = optimal_suppression(t)
    assert len(a[0][0]) == 3
    t3 = with_margins(np.array([[[2, 9], [8, 7]], [[6, 5], [11, 30]]]))
    h3 = (t3 > 0) & (t3 < 5)
    assert attack(t3, h3)[(0, 0, 0)] == (2, 2)
    z = with_margins([[1, 0], [0, 9]])
    hz = np.zeros_like(z, bool)
    hz[:2, :2] = True
    assert attack(z, hz)[(0, 0)] == (0, 1)
    print("attacker self test: 9 checks passed")


if __name__ == "__main__":
    _selftest()
