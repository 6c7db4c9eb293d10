"""Before sampling: the calendar's picture."""
