"""What each municipality gets: one encrypted package with its own results and the country's."""
