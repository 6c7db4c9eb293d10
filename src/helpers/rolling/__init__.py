"""The rolling round: a monthly sample with known probabilities, and a moving window of results."""
