"""Chance that belongs to a person: it follows from seed, municipality, CPR number and purpose alone.

Neither the order of the sample, its keys, nor what else is asked moves another draw. A counter-based
generator: SplitMix64 (Steele, Lea and Flood 2014) of the CPR number and a salt per purpose.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True)
class Draws:
    """Draws for the persons of one municipality, in the order of `cpr` (ten-digit numbers)."""

    seed: int
    code: str
    cpr: np.ndarray  # uint64

    def uniform(self, purpose: str) -> np.ndarray:
        """Strictly between 0 and 1, one a person."""
        label = f"{self.seed}/{self.code}/{purpose}".encode()
        salt = np.uint64(int.from_bytes(hashlib.blake2b(label, digest_size=8).digest(), "big"))
        bits = _mix(_mix(self.cpr * _STEP + salt) + _STEP)
        return ((bits >> np.uint64(11)).astype(float) + 0.5) / 2**53

    def normal(self, purpose: str) -> np.ndarray:
        """Standard normal, one a person."""
        return ndtri(self.uniform(purpose))

    def below(self, share: float | np.ndarray, purpose: str) -> np.ndarray:
        """True with probability `share` (0–1)."""
        return self.uniform(purpose) < share


def _mix(x: np.ndarray) -> np.ndarray:
    x = (x ^ (x >> np.uint64(30))) * _FIRST
    x = (x ^ (x >> np.uint64(27))) * _SECOND
    return x ^ (x >> np.uint64(31))
