"""Before samples are drawn: sign-up, calendar, templates and checks of extracts, questionnaire, new rounds."""
