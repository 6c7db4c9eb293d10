"""A respondent's score on each theme."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.answers.responses import DONT_KNOW
from helpers.parameters.params import Questionnaire

THEME_ANSWERED_SHARE = 0.5  # a theme's score needs at least half of its questions answered


def theme_scores(respondents: pd.DataFrame, questionnaire: Questionnaire) -> pd.DataFrame:
    """A respondent's mean over a theme's answered questions (1–5), given when at least half of
    them are answered; *ved ikke* is not an answer here. A row a respondent, a column a theme."""
    scores = {}
    for theme in questionnaire.themes:
        ids = [q.id for q in questionnaire.theme_questions(theme.id)]
        if ids:
            answers = respondents[ids].to_numpy(float, na_value=np.nan)
            answered = answers < DONT_KNOW  # NaN is not
            count = answered.sum(axis=1)
            enough = (count > 0) & (count >= THEME_ANSWERED_SHARE * len(ids))
            total = np.where(answered, answers, 0.0).sum(axis=1)
            scores[theme.id] = np.where(enough, total / np.maximum(count, 1), np.nan)
    return pd.DataFrame(scores, index=respondents.index)
