"""What the settings of one round's file must be to each other: a line for each trouble.

A line is »key: what; remedy«. The order of the calendar's steps stands in `calendar_rules`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.parameters.round_settings import RoundFile


def doubles(values: Sequence[str]) -> list[str]:
    """Those that stand more than once, sorted."""
    return sorted({v for v in values if list(values).count(v) > 1})


def rising(key: str, limits: Sequence[int | None]) -> Iterator[str]:
    """Bands by an upper limit: each higher than the one before, and the last one open."""
    name = f"{key}: the last band must be open (no up_to_inhabitants)"
    if not limits or limits[-1] is not None:
        yield f"{name}; take its limit away, or add a band without one"
    below = limits[:-1]
    if None in below or list(below) != sorted(set(below)):
        yield f"{key}: up_to_inhabitants must rise from band to band; put them in order"


def not_falling(key: str, name: str, values: Sequence[int]) -> Iterator[str]:
    """What a larger municipality pays, or how many of it are invited, is no less than of a smaller."""
    if list(values) != sorted(values):
        yield f"{key}: {name} falls from band to band; put the bands in order"


def date_troubles(settings: RoundFile) -> Iterator[str]:
    """Days that cannot be those of this round, and a deletion before the answers are in."""
    period, collection = settings.period, settings.calendar.collection
    for name, step in settings.calendar.steps():
        if step.start < period.start or step.end > period.end:
            yield (
                f"calendar.{name}: {step.start}–{step.end} lies outside the round's period "
                f"{period.start}–{period.end}; correct the date or the period"
            )
    reference = settings.reference_date
    if not period.start <= reference <= period.end:
        yield _outside("reference_date", reference, "the round's period", period)
    if reference > collection.start:
        yield (
            f"reference_date: {reference} lies after the first day of collection "
            f"{collection.start}; correct the date"
        )
    if settings.extract_period and settings.extract_period.start > reference:
        yield (
            f"extract_period: starts {settings.extract_period.start}, after the reference date "
            f"{reference}; correct the dates"
        )
    until = settings.retention_until
    if until is not None and until < collection.end:
        yield (
            f"retention_until: {until} lies before the collection ends ({collection.end}), and all "
            "identities could be deleted while answers come in; name a day after the round"
        )
    answer_by = settings.letters.answer_by
    if answer_by is not None and not collection.start < answer_by <= collection.end:
        yield _outside("letters.answer_by", answer_by, "the collection", collection)


def _outside(key: str, day: dt.date, what: str, period) -> str:
    return f"{key}: {day} lies outside {what} {period.start}–{period.end}; correct the date"


def band_troubles(settings: RoundFile) -> Iterator[str]:
    """Bands that do not rise, do not begin where they should, or lie beyond the ages asked."""
    limits = settings.age_limits
    if limits.oldest < limits.youngest:
        yield (
            f"age_limits: the oldest {limits.oldest} is below the youngest {limits.youngest}; "
            "put them in order"
        )
    for key in ("age_bands", "duration_bands_weeks"):
        bands = getattr(settings, key)
        if not bands or list(bands) != sorted(set(bands)):
            yield f"{key}: {list(bands)} must rise from band to band; put them in order"
    if settings.age_bands and settings.age_bands[0] != limits.youngest:
        yield f"age_bands: must start at the youngest age {limits.youngest}; correct the first"
    beyond = [age for age in settings.age_bands if age > limits.oldest]
    if beyond:
        yield (
            f"age_bands: {', '.join(map(str, beyond))} lies beyond the oldest age {limits.oldest}; "
            "take the band out"
        )
    if settings.duration_bands_weeks and settings.duration_bands_weeks[0] != 0:
        yield "duration_bands_weeks: must start at 0; correct the first"
    if settings.price_bands:
        yield from rising("price_bands", [b.up_to_inhabitants for b in settings.price_bands])
        yield from not_falling(
            "price_bands", "price_dkk", [b.price_dkk for b in settings.price_bands]
        )


def list_troubles(settings: RoundFile) -> Iterator[str]:
    """Entries that stand twice, or stand for nothing."""
    twice = doubles(settings.participants)
    if twice:
        yield f"participants: {', '.join(twice)} named more than once; keep one"
    pairs = ["×".join(sorted(pair)) for pair in settings.two_way]
    for first, second in settings.two_way:
        if first == second:
            yield f"two_way: [{first}, {second}] crosses {first} with itself; name two breakdowns"
    for pair in doubles(pairs):
        yield f"two_way: {pair} stands more than once; keep one"
    for name in doubles(settings.earlier_rounds):
        yield f"earlier_rounds: {name} stands more than once; keep one"
    if settings.round in settings.earlier_rounds:
        yield f"earlier_rounds: {settings.round} is this round itself; take it out"
    for topic in doubles([t.topic.casefold().strip() for t in settings.fieldwork.hotline_topics]):
        yield f"fieldwork.hotline_topics: »{topic}« stands more than once; keep one"
    numbers = doubles(list(settings.digital_post.sender_cvr.values()))
    if numbers:
        yield f"digital_post.sender_cvr: {', '.join(numbers)} is named for two municipalities; correct one"
