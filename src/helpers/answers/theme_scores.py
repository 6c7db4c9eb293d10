"""A respondent's score on each theme."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.parameters.params import Round

THEME_ANSWERED_SHARE = 0.5  # a theme's score needs at least half of its questions answered


def theme_scores(respondents: pd.DataFrame, round_: Round) -> pd.DataFrame:
    """A respondent's mean over what the theme's answered questions count as (1–5), given when at least
    half of them are answered; *ved ikke* is not an answer here. A row a respondent, a column a theme."""
    scores, scales = {}, round_.answer_scales()
    for theme in round_.questionnaire.themes:
        ids = [q.id for q in round_.questionnaire.theme_questions(theme.id)]
        if ids:
            given = respondents[ids].to_numpy(float, na_value=np.nan)
            answered = ~np.isnan(given) & (given != [scales[q].dont_know for q in ids])
            count = answered.sum(axis=1)
            enough = (count > 0) & (count >= THEME_ANSWERED_SHARE * len(ids))
            counts_as = np.column_stack(
                [scales[q].measure.score(given[:, i]) for i, q in enumerate(ids)]
            )
            total = np.where(answered, counts_as, 0.0).sum(axis=1)
            scores[theme.id] = np.where(enough, total / np.maximum(count, 1), np.nan)
    return pd.DataFrame(scores, index=respondents.index)
