"""A simulated round: it writes only what reality delivers, and shares no code with the analysis.

Extracts as municipalities send them, and response exports as the survey tool gives them. All
persons are invented. The same seed gives the same bytes.
"""

from simulator.answers import write_responses
from simulator.extracts import write_extracts
from simulator.setting import SimulationError

__all__ = ["SimulationError", "write_extracts", "write_responses"]
