"""Failures as a command tells them: each cause once, with all whom it concerns."""

from __future__ import annotations

from helpers.cli.state import impersonal, name_of, tell_failed
from helpers.common.errors import SurveyError
from helpers.parameters.params import Round


class Failures:
    """What failed, municipality by municipality; false where nothing did. Its length is the number of
    municipalities (and the round as a whole) concerned."""

    def __init__(self, round_: Round) -> None:
        self.round = round_
        self._told: dict[
            tuple[str, str], list[tuple[str, str]]
        ] = {}  # step, cause → code, own words

    def add(self, code: str, told: str | SurveyError, step: str = "") -> None:
        kind = (step, impersonal(str(told), self.round, code))
        self._told.setdefault(kind, []).append((code, str(told)))

    def __len__(self) -> int:
        return len({code for whom in self._told.values() for code, _ in whom})

    def tell(self) -> None:
        for (step, general), whom in self._told.items():
            names = ", ".join(name_of(self.round, code) for code, _ in whom)
            several = f"{len(whom)} municipalities ({names})"
            tell_failed(
                whom[0][1] if len(whom) == 1 else general,
                (names if len(whom) == 1 else several) + (f", step {step}" if step else ""),
            )
