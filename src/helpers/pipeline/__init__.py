"""The steps of a round, what each was made from, what is stale and why, and the run over all municipalities.

Knows which function performs a step by name alone; what a step does stands in its own package.
"""
