"""What differs from round to round beyond chance: the truth that a trend should find again.

The round `demo` is the level that everything is calibrated to; an earlier round is told as its
distance from there. A round without a row here does not differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """A round against `demo`, apart from whom it meets."""

    # scale points on the mean answer 1–5 if all answered, by question or by theme letter
    # (`answers.THEMES`); a question's own row replaces its theme's
    means: Mapping[str, float] = field(default_factory=dict)
    municipality_sd: float = 0.0  # a municipality's own change, in latent standard deviations
    response_logit: float = 0.0

    def of_mean(self, question: str, theme: str) -> float:
        return self.means.get(question, self.means.get(theme, 0.0))


CHANGES = {
    # Mødet and Progression rise from 2023 to 2024 and the purpose of the conversation (q07) falls;
    # Mål, the rest of Samtalen and the overall satisfaction stay, so what is found there is chance.
    "demo-2023": Change({"a": -0.05, "d": -0.16, "q07": 0.12}, 0.05, -0.25),
}


def change_of(round_id: str) -> Change:
    return CHANGES.get(round_id, Change())
