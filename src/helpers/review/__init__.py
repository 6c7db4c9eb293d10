"""Taking stock of a round: what it took, what came of it, and what to change next time."""
