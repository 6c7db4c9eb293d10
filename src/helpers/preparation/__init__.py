"""What is done before samples are drawn: sign-up, calendar, templates, checks, new rounds."""
