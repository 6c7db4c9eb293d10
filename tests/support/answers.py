"""A response export for a drawn sample: random answers, in the contract's form."""

from __future__ import annotations

import numpy as np
import pandas as pd

QUESTIONS = [f"q{i:02d}" for i in range(1, 14)]


def export(sample: pd.DataFrame, seed: int = 1, rate: float = 0.4) -> pd.DataFrame:
    """A row a citizen asked; women and older citizens answer more often and more gladly."""
    rng = np.random.default_rng(seed)
    n = len(sample)
    older = sample["age_band"].isin(["40-49", "50-66"]).to_numpy()
    answers = rng.random(n) < rate + 0.1 * older - 0.05
    mood = rng.normal(3.5 + 0.3 * older, 0.9)
    table = pd.DataFrame(
        {
            "key": sample["key"].to_numpy(),
            "status": np.where(answers, "completed", "none"),
            "submitted_at": np.where(answers, "2024-03-15T10:00:00", ""),
        }
    )
    for question in QUESTIONS:
        value = np.clip(np.round(mood + rng.normal(0, 0.8, n)), 1, 5).astype(int)
        value[rng.random(n) < 0.05] = 6
        table[question] = np.where(answers, value.astype(str), "")
    return table.assign(q14_text="", q15_text="")
