"""A simulated round: it writes only what reality delivers, and shares no code with the analysis.

Extracts as municipalities send them, and response exports as the survey tool gives them. All
persons are invented. The same seed gives the same bytes.

Rounds share their municipalities, not their citizens: a municipality keeps its size, attitude and
willingness to answer, apart from the change told in `changes.py`, while the citizens of every round
are invented anew and nobody is in two. A CPR number that occurs in two rounds is chance; within a
round no number occurs in two municipalities.
"""

from simulator.answers import write_responses
from simulator.extracts import write_extracts
from simulator.setting import SimulationError

__all__ = ["SimulationError", "write_extracts", "write_responses"]
