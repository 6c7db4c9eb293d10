"""The invented citizens of one municipality: CPR number, name, benefit, spell, background."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from simulator.setting import Place, Setting, lasting_generator

# Share of all persons in an extract, by benefit; as in the example extracts.
BENEFITS = {
    "a-dagpenge": 0.225, "sygedagpenge": 0.24, "kh_jobparat": 0.085, "kh_aktivitetsparat": 0.13,
    "uh_aabenlyst": 0.03, "uh_uddannelsesparat": 0.055, "uh_aktivitetsparat": 0.085,
    "ledighedsydelse": 0.035, "ressourceforloeb": 0.035, "jobafklaring": 0.05,
    "foertidspension": 0.015, "revalidering": 0.015,
}  # fmt: skip
PLACES = 98  # municipalities, each with two digits of its own in its citizens' numbers
PASSIVE_SHARE = 0.04
NO_PHONE_SHARE = 0.08
NO_CONVERSATION_SHARE = 0.05
AGE_SHARES = {(16, 29): 0.175, (30, 39): 0.35, (40, 49): 0.28, (50, 66): 0.194, (67, 70): 0.001}
EXTRACT_SHARE = (0.045, 0.07)  # persons in an extract per inhabitant
FIXED_SIZES = {"0101": 30_000, "0707": 2_600, "0580": 3_900, "0161": 1_300, "0741": 190, "0825": 70}

FIRST_WOMEN = ["Anne", "Mette", "Hanne", "Karen", "Louise", "Camilla", "Ida", "Freja", "Susanne", "Maria", "Fatima", "Aisha", "Kirsten", "Åse", "Sørine", "Gitte", "Pernille", "Zeynep", "Birgit", "Line", "Astrid", "Olga", "Jytte", "Ærlige", "Noor"]  # fmt: skip
FIRST_MEN = ["Jens", "Peter", "Lars", "Søren", "Mikkel", "Christian", "Mohamed", "Ali", "Bjørn", "Øjvind", "Aage", "Jørgen", "Kasper", "Rasmus", "Ahmad", "Niels", "Henrik", "Thomas", "Ømer", "Frederik", "Torben", "Yusuf", "Emil", "Poul", "Anders"]  # fmt: skip
LAST = ["Jensen", "Nielsen", "Hansen", "Pedersen", "Sørensen", "Holm", "Kjær", "Møller", "Østergaard", "Bødker", "Åkjær", "Nguyen", "Ahmed", "O'Brien", "Christensen", "Yilmaz", "Bæk", "Lindgård", "Hussein", "Thorup", "Vestergaard", "Madsen"]  # fmt: skip


def extract_size(place: Place) -> int:
    """Persons in the extract: 4.5–7 % of the inhabitants, the same in every round."""
    share = lasting_generator(place.code, "size").uniform(*EXTRACT_SHARE)
    return FIXED_SIZES.get(place.code, round(share * place.inhabitants))


def make_persons(
    setting: Setting, place: Place, size: int | None = None, taken: Iterable[str] = ()
) -> pd.DataFrame:
    """A row a person: cpr (ten digits, no other person's of the round), drawn (the number that the
    person's chance goes by), name, woman, age, benefit, spell_start and latest_conversation
    (datetime64), course_closed, phone, passive and `local_<id>`. Invented for this round alone; ages
    and spells are as of its reference date. `extract_size` persons, or `size`; `taken`: numbers that
    others of the municipality have."""
    rng = setting.generator(place.code, "persons")
    n = extract_size(place) if size is None else size
    reference = np.datetime64(setting.reference_date)
    woman = rng.random(n) < 0.52
    limits = list(AGE_SHARES)
    band = rng.choice(len(limits), n, p=np.array(list(AGE_SHARES.values())))
    low, high = np.array(limits).T
    birth = _birth_dates(rng, reference, low[band], high[band])
    first = np.where(woman, rng.choice(FIRST_WOMEN, n), rng.choice(FIRST_MEN, n))
    benefit = rng.choice(
        list(BENEFITS), n, p=np.array(list(BENEFITS.values())) / sum(BENEFITS.values())
    )
    days = _spell_days(rng, n)
    spell_start = reference - days.astype("timedelta64[D]")
    since = (rng.beta(1, 4, n) * np.minimum(days, 200)).astype(int)
    conversation = reference - since.astype("timedelta64[D]")
    conversation[rng.random(n) < NO_CONVERSATION_SHARE] = np.datetime64("NaT")
    phone = rng.integers(20_000_000, 99_999_999, n).astype(str).astype(object)
    phone[rng.random(n) < NO_PHONE_SHARE] = ""
    drawn = _cpr_numbers(rng, birth, woman)
    persons = pd.DataFrame(
        {
            "cpr": _own_numbers(drawn, _middle(setting, place), taken),
            "drawn": drawn,
            "name": first.astype(object) + " " + rng.choice(LAST, n).astype(object),
            "woman": woman,
            "age": (reference - birth).astype(int) // 365.2425,
            "benefit": benefit,
            "spell_start": spell_start,
            "latest_conversation": conversation,
            "course_closed": rng.random(n) < 0.12,
            "phone": phone,
            "passive": rng.random(n) < PASSIVE_SHARE,
        }
    )
    for variable in place.background:
        persons[f"local_{variable['id']}"] = rng.choice(list(variable["categories"]), n)
    return persons


def _spell_days(rng: np.random.Generator, n: int) -> np.ndarray:
    """Days on the benefit: many short spells, a long tail, some exactly at the duration limits."""
    days = np.minimum(rng.exponential(430, n), 1600).astype(int) + 1
    at_limit = rng.random(n) < 0.02
    return np.where(at_limit, rng.choice([55, 56, 57, 364, 365, 366], n), days)


def _birth_dates(rng, reference: np.datetime64, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Birth dates of persons aged low–high whole years on the reference date."""
    years = rng.integers(low, high + 1)
    within = rng.integers(1, 364, len(years))
    return reference - (years * 365.2425 + within).astype(int).astype("timedelta64[D]")


def _cpr_numbers(rng, birth: np.ndarray, woman: np.ndarray) -> np.ndarray:
    """Unique CPR numbers with century digit and parity; modulus 11 need not hold."""
    days = pd.DatetimeIndex(birth)
    stems = days.strftime("%d%m%y").to_numpy(dtype=object)
    old = days.year.to_numpy() < 2000
    numbers = np.empty(len(birth), dtype=object)
    todo = np.arange(len(birth))
    while len(todo):
        seventh = np.where(
            old[todo], rng.integers(0, 4, len(todo)), rng.choice([4, 5, 6, 7, 8, 9], len(todo))
        )
        middle = rng.integers(0, 100, len(todo))
        last = 2 * rng.integers(0, 5, len(todo)) + np.where(woman[todo], 0, 1)
        for i, s, m, d in zip(todo, seventh, middle, last):
            numbers[i] = f"{stems[i]}{s}{m:02d}{d}"
        todo = np.flatnonzero(pd.Series(numbers).duplicated())
    return numbers


def _middle(setting: Setting, place: Place) -> int:
    """The two digits that the municipality's numbers have in this round; other ones in another round."""
    return (place.number + zlib.crc32(setting.round_id.encode())) % PLACES


def _own_numbers(drawn: np.ndarray, middle: int, taken: Iterable[str]) -> list[str]:
    """The drawn numbers with the municipality's own digits in the eighth and ninth place, so that no
    citizen is in two municipalities; birth date, century and gender stay. Where another has the number
    already, the next that is free: twenty or thirty for each birth date and gender."""
    held = set(taken)
    own = []
    for text in drawn:
        sevenths = "0123" if text[6] in "0123" else "456789"
        start, slots = 5 * sevenths.index(text[6]) + int(text[9]) // 2, 5 * len(sevenths)
        for two in (middle, *range(PLACES, 100)):
            at = ((start + k) % slots for k in range(slots))
            made = (
                f"{text[:6]}{sevenths[i // 5]}{two:02d}{2 * (i % 5) + int(text[9]) % 2}" for i in at
            )
            free = next((n for n in made if n not in held), None)
            if free:
                break
        if free is None:
            raise ValueError("more invented citizens are born on one day than there are numbers")
        held.add(free)
        own.append(free)
    return own
