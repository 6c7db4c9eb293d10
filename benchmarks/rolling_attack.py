"""An attacker of successive publications: what can be computed of few citizens' answers?

Knows everything that was published in every month (numbers of answers, shown cells, the periods that
windows cover), that categories add up to the whole and municipalities to the country, and how many
answers there truly are only when it comes to judging what was found. Shares no code with the release.

`in_reach`: linear algebra. Every published number, weighted or not, is a linear form of the answers
(or a ratio of two) with the same support, so a sum can be computed exactly if its indicator lies in
the row space of the published ones. `narrow`: numbers of answers are whole and not negative, so linear
programming bounds what linear algebra leaves open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

LEAST = 5
PAIRED = 250  # sums of fewest answers that are tried two by two
NATIONAL = "national"
SHOWN = "shown"


@dataclass(frozen=True)
class Publication:
    """What one month published of one breakdown. `shown`: municipality (or `national`) × category,
    `all` for everybody; `window`: municipality → its months; `in_country`: category → municipalities
    that the country's number holds (the worst case: the attacker knows)."""

    shown: frozenset[tuple[str, str]]
    window: dict[str, tuple[str, ...]]
    in_country: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Truth:
    """`n`: municipality × category × month × item, numbers of answers; categories add up to all."""

    codes: list[str]
    categories: list[str]
    months: list[str]
    n: np.ndarray


@dataclass(frozen=True)
class Finding:
    """A sum of few answers that can be computed, or bounded too closely."""

    codes: tuple[str, ...]
    categories: tuple[str, ...]
    months: tuple[str, ...]
    answers: int
    how: str


def published_rows(truth: Truth, publications: list[Publication]) -> np.ndarray:
    """A row a published number: its indicator over municipality × category × month (flattened)."""
    at = {c: i for i, c in enumerate(truth.codes)}
    of_month = {m: i for i, m in enumerate(truth.months)}
    of_category = {c: i for i, c in enumerate(truth.categories)}
    rows = set()
    for told in publications:
        spans = {c: [of_month[m] for m in months] for c, months in told.window.items()}
        for code, category in told.shown:
            row = np.zeros(truth.n.shape[:3], dtype=np.int8)
            where = slice(None) if category == "all" else of_category[category]
            for each in told.in_country[category] if code == NATIONAL else (code,):
                for month in spans[each]:
                    row[at[each], where, month] = 1
            rows.add(row.tobytes())
    found = [np.frombuffer(r, dtype=np.int8) for r in sorted(rows)]
    return np.array(found, dtype=float).reshape(len(found), -1)


def in_reach(truth: Truth, publications: list[Publication]) -> list[Finding]:
    """Sums of one to four answers whose indicator lies in the row space of what was published.

    Sums tried: of a municipality, over any of its categories and any months in a row, alone and less
    another such span (what two windows differ in); and of each two municipalities together.
    """
    rows = published_rows(truth, publications)
    if not len(rows):
        return []
    cells, atom_of = _atoms(rows.reshape(-1, *truth.n.shape[:3]))
    compressed = _compress(
        rows.reshape(-1, *truth.n.shape[:3]), cells, atom_of, len(truth.categories)
    )
    _, values, basis = np.linalg.svd(compressed, full_matrices=False)
    basis = basis[values > 1e-9 * values.max()]
    found = []
    batch: list[tuple[np.ndarray, Finding]] = []
    for indicator, finding in _targets(truth, cells, atom_of):
        batch.append((indicator, finding))
        if len(batch) == 4000:
            found += _reached(batch, basis)
            batch = []
    return found + _reached(batch, basis)


def _reached(batch: list[tuple[np.ndarray, Finding]], basis: np.ndarray) -> list[Finding]:
    if not batch:
        return []
    targets = np.array([t for t, _ in batch])
    left = targets - (targets @ basis.T) @ basis
    return [f for (_, f), r in zip(batch, np.linalg.norm(left, axis=1)) if r < 1e-7]


def _atoms(rows: np.ndarray) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Months that no published number tells apart are one unknown (a sum that splits them lies in no
    row space). Returns (municipality, atom) of each, and the atom of municipality × month."""
    _, codes, _, months = rows.shape
    atom_of = np.zeros((codes, months), dtype=int)
    atoms = []
    for i in range(codes):
        _, inverse = np.unique(rows[:, i].reshape(-1, months), axis=1, return_inverse=True)
        atom_of[i] = inverse
        atoms += [(i, int(a)) for a in range(inverse.max() + 1)]
    return atoms, atom_of


def _compress(rows, atoms, atom_of, categories: int) -> np.ndarray:
    """Columns atom × category, of unit length each: a sum over an atom's months."""
    parts = []
    for i, atom in atoms:
        month = int(np.flatnonzero(atom_of[i] == atom)[0])
        parts.append(rows[:, i, :, month])
    return np.concatenate(parts, axis=1).reshape(len(rows), len(atoms) * categories)


def _spans(atom_of: np.ndarray) -> Iterator[tuple[int, ...]]:
    """Spans of months in a row that are whole atoms, as the atoms in them."""
    months = len(atom_of)
    sizes = np.bincount(atom_of)
    for first in range(months):
        for last in range(first, months):
            inside = atom_of[first : last + 1]
            kinds = np.unique(inside)
            if sizes[kinds].sum() == len(inside):
                yield tuple(int(k) for k in kinds)


def _targets(truth: Truth, atoms, atom_of) -> Iterator[tuple[np.ndarray, Finding]]:
    width = len(truth.categories)
    place = {atom: k for k, atom in enumerate(atoms)}
    some = [s for k in range(1, width + 1) for s in combinations(range(width), k)]
    small: list[tuple[int, tuple[int, ...], tuple[int, ...], np.ndarray]] = []
    for i, code in enumerate(truth.codes):
        spans = sorted(set(_spans(atom_of[i])))
        masks = {s: np.isin(atom_of[i], s) for s in spans}
        sums = {s: truth.n[i][:, masks[s]].sum(axis=1) for s in spans}  # category × item

        def told(chosen, minus, categories, n, i=i, code=code, masks=masks):
            indicator = np.zeros(len(atoms) * width)
            for atoms_of, sign in ((chosen, 1.0), (minus, -1.0)):
                for a in atoms_of:
                    for c in categories:
                        indicator[place[i, a] * width + c] = sign
            months = masks[chosen] | masks.get(minus, False)
            finding = Finding(
                (code,),
                tuple(truth.categories[c] for c in categories),
                tuple(np.array(truth.months)[months]),
                int(n),
                "difference of spans" if minus else "span",
            )
            return indicator, finding

        for categories in some:
            of_span = {s: v[list(categories)].sum(axis=0) for s, v in sums.items()}
            few = {s: n for s, n in of_span.items() if ((n > 0) & (n < LEAST)).any()}
            for s, n in few.items():
                yield told(s, (), categories, n[(n > 0) & (n < LEAST)].min())
                if len(categories) == 1:
                    small.append((i, s, categories, n))
            light = {s: n for s, n in of_span.items() if (n < LEAST).any()}
            for s, t in combinations(light, 2):
                both = light[s] + light[t]
                if not set(s) & set(t) and ((both > 0) & (both < LEAST)).any():
                    yield told(s, t, categories, both[(both > 0) & (both < LEAST)].min())
    small = sorted(small, key=lambda each: int(each[3].min()))[:PAIRED]
    for (i, s, a, n), (j, t, b, m) in combinations(small, 2):
        both = n + m
        if i != j and ((both > 0) & (both < LEAST)).any():
            indicator = np.zeros(len(atoms) * width)
            for where, span, categories in ((i, s, a), (j, t, b)):
                for atom in span:
                    for c in categories:
                        indicator[place[where, atom] * width + c] = 1.0
            yield (
                indicator,
                Finding(
                    (truth.codes[i], truth.codes[j]),
                    tuple(truth.categories[c] for c in (*a, *b)),
                    (),
                    int(both[(both > 0) & (both < LEAST)].min()),
                    "two municipalities",
                ),
            )


def narrow(
    truth: Truth, publications: list[Publication], item: int, width: int = LEAST
) -> list[Finding]:
    """Sums of one to four answers whose possible values, given all that was published, lie closer than
    `width`: whole-number programming over the numbers of answers to one item."""
    rows = published_rows(truth, publications)
    true = truth.n[..., item].astype(float)
    shape = true.shape
    constraint = LinearConstraint(rows, rows @ true.ravel(), rows @ true.ravel())
    found = []
    spans = _own_spans(publications)
    for i, code in enumerate(truth.codes):
        for c, category in enumerate(truth.categories):
            for span in sorted(spans.get(code, ())):
                months = [truth.months.index(m) for m in span]
                n = true[i, c, months].sum()
                if not 0 < n < LEAST:
                    continue
                indicator = np.zeros(shape)
                indicator[i, c, months] = 1
                low, high = (
                    _bound(sign * indicator.ravel(), constraint, rows.shape[1]) * sign
                    for sign in (1.0, -1.0)
                )
                if high - low < width:
                    found.append(
                        Finding((code,), (category,), span, int(n), f"{low:.0f}–{high:.0f}")
                    )
    return found


def _own_spans(publications: list[Publication]) -> dict[str, set[tuple[str, ...]]]:
    """The periods that a municipality's windows cover, and those in which two of them differ."""
    spans: dict[str, set[tuple[str, ...]]] = {}
    for code in {c for p in publications for c in p.window}:
        windows = sorted({p.window[code] for p in publications if code in p.window})
        own = spans.setdefault(code, set(windows))
        for one, other in combinations(windows, 2):
            own |= {tuple(sorted(set(a) - set(b))) for a, b in ((one, other), (other, one))}
        own.discard(())
    return spans


def _bound(objective: np.ndarray, constraint: LinearConstraint, count: int) -> float:
    """Least value of the objective; no number of answers is taken to be above 1000."""
    solved = milp(
        objective, constraints=constraint, integrality=np.ones(count), bounds=Bounds(0, 1000)
    )
    if solved.x is None:
        raise RuntimeError(f"what was published contradicts itself ({solved.message})")
    return round(float(objective @ solved.x))


def publications_of(releases: list[tuple[pd.DataFrame, pd.DataFrame]], breakdown: str, months,
                    in_country) -> list[Publication]:  # fmt: skip
    """`releases`: (released, windows) of each month, in order; `in_country(release number, category)`:
    the municipalities that the country's number holds."""
    found = []
    for number, (results, windows) in enumerate(releases):
        ready = windows[windows["first_month"].notna()]
        window = {
            w.municipality: tuple(m for m in months if w.first_month <= m <= w.last_month)
            for w in ready.itertuples()
        }
        cells = results[
            results["breakdown"].isin(["all", breakdown]) & (results["status"] == SHOWN)
        ]
        shown = frozenset(zip(cells["municipality"], cells["category"]))
        country = {c: tuple(in_country(number, c)) for code, c in shown if code == NATIONAL}
        found.append(Publication(shown, window, country))
    return found
