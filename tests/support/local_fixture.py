"""A municipality with a scale of its own, and its local numbers made so that they are known again."""

from __future__ import annotations

import dataclasses

from published_fixture import BIG, make_published

from helpers.released.published import Published

SCALE = {1: "Aldrig nogensinde", 2: "En sjælden gang", 3: "Nu og da", 4: "For det meste", 5: "Hver eneste gang",
         6: "Ved ikke"}  # fmt: skip
SENTINEL = 0.0000831726  # added to every number of a local question or group
MARK = "831726"  # what is left of it in any file that has the number


def with_own_scale(published: Published, *items: str, labels: dict[int, str] = SCALE) -> Published:
    """The round with the own scale `kontakt` at these local questions of the big municipality."""
    file = published.round.local_for(BIG)
    questions = tuple(
        q.model_copy(update={"scale": "kontakt"}) if q.id in items else q for q in file.questions
    )
    changed = file.model_copy(update={"questions": questions, "scales": {"kontakt": labels}})
    local = {**published.round.local, BIG: changed}
    round_ = published.round.model_copy(update={"local": local})
    return dataclasses.replace(published, round=round_)


def marked() -> Published:
    """All local questions on the own scale; every local number ends in MARK."""
    published = with_own_scale(make_published(), "lokal1", "lokal2")
    results = published.results.copy()
    local = results["item"].str.startswith("lokal") | results["breakdown"].str.startswith("local:")
    numbers = ["value", "ci_low", "ci_high"]
    results.loc[local, numbers] = results.loc[local, numbers].round(4) + SENTINEL
    results.loc[~local, numbers] = results.loc[~local, numbers].round(2)
    return dataclasses.replace(published, results=results)
