"""The distribution of the answers to come."""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, gammaln

SMALL = 1e-8  # of what a beta-binomial has more than the binomial; less is a binomial


def cumulative(left: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """P(R ≤ r), r = 0 … the largest `left`, a row each, R beta-binomial among `left` persons with this
    mean and variance.

    With h = mean/left and the excess ρ = (variance/(left·h(1 − h)) − 1)/(left − 1), the beta has the
    parameters h·(1 − ρ)/ρ and (1 − h)·(1 − ρ)/ρ. Where the variance is no greater than the binomial's,
    R is binomial; where the mean is 0, R is 0.
    """
    left, mean = left[:, None].astype(float), mean[:, None]
    r = np.arange(int(left.max(initial=0)) + 1)[None, :]
    h = np.divide(mean, left, out=np.zeros_like(left), where=left > 0)
    plain = left * h * (1 - h)
    some = (left > 1) & (plain > 0)
    excess = np.divide(variance[:, None], plain, out=np.ones_like(plain), where=some) - 1
    rho = np.divide(excess, left - 1, out=np.zeros_like(left), where=some)
    rho = np.clip(rho, 0, 1 - SMALL)
    wide = rho > SMALL
    inside = np.clip(h, SMALL, 1 - SMALL)
    size = (1 - rho) / np.where(wide, rho, 1)
    k = np.minimum(r, left)
    ways = gammaln(left + 1) - gammaln(k + 1) - gammaln(left - k + 1)
    a, b = inside * size, (1 - inside) * size
    log = np.where(
        wide,
        betaln(k + a, left - k + b) - betaln(a, b),
        k * np.log(inside) + (left - k) * np.log1p(-inside),
    )
    chances = np.where(r <= left, np.exp(ways + log), 0.0).cumsum(axis=1)
    return np.where(mean <= 0, 1.0, np.minimum(chances, 1.0))
