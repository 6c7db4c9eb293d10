"""Released numbers → figures, tables and sentences of the reports."""
