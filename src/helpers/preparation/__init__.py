"""Before a sample is drawn: sign-up, calendar, extract template, questionnaire, the next round."""
