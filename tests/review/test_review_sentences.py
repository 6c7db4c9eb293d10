"""The evaluation's Danish: right in every case, however little of the round there is."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from review_fixture import BIG, PLAIN, SMALL, citizens, counted_response, make_review, with_settings

from helpers.extracts.intake_history import Attempt
from helpers.review import meanings, opening, words

DAY = dt.date(2024, 2, 20)
FIVE = (BIG, SMALL, PLAIN, "0161", "0101")


def taken(code):
    return Attempt(code, DAY, "f", "standard", "taken_in")


def refused(code, **faults):
    return Attempt(code, DAY, "f", "standard", "refused", faults)


def reviewed(round_2024, codes=(BIG,), asked=(), **more):
    return make_review(with_settings(round_2024, codes), list(asked), **more)


def answered(code, invited, answers):
    return citizens(code, invited, days=(0,) * answers)


@pytest.mark.parametrize(
    "asked, told",
    [
        ([], "Der er hverken stikprøver eller svar endnu."),
        ([citizens(BIG, 1, collected=False)], "Der er udtrukket 1 borger, men der er ingen svar endnu."),
        ([citizens(BIG, 1800, collected=False)], "Der er udtrukket 1.800 borgere, men der er ingen svar endnu."),
        ([answered(BIG, 100, 25)], "25 af 100 inviterede borgere svarede (25,0\u00a0%), som forventet."),
        ([answered(BIG, 1000, 254)], "254 af 1.000 inviterede borgere svarede (25,4\u00a0%), som forventet."),
        ([answered(BIG, 1000, 260)], "260 af 1.000 inviterede borgere svarede (26,0\u00a0%), 1,0 procentpoint over det forventede."),
        ([answered(BIG, 1000, 200)], "200 af 1.000 inviterede borgere svarede (20,0\u00a0%), 5,0 procentpoint under det forventede."),
        ([answered(BIG, 1, 0)], "0 af 1 inviteret borger svarede (0,0\u00a0%), 25,0 procentpoint under det forventede."),
    ],
)  # fmt: skip
def test_how_many_answered(round_2024, asked, told):
    assert opening.response(reviewed(round_2024, asked=asked)) == told


@pytest.mark.parametrize(
    "asked, told",
    [
        ([], ""),
        ([answered(BIG, 300, 200)], "Kommunen nåede de ønskede 200 svar."),
        ([answered(BIG, 300, 199)], "Kommunen nåede ikke de ønskede 200 svar."),
        ([answered(c, 300, 200) for c in FIVE[:2]], "Begge kommuner nåede de ønskede 200 svar."),
        ([answered(c, 300, 200) for c in FIVE[:3]], "Alle 3 kommuner nåede de ønskede 200 svar."),
        ([answered(c, 300, 9) for c in FIVE[:2]], "Ingen af de 2 kommuner nåede de ønskede 200 svar."),
        ([answered(BIG, 300, 200), answered(SMALL, 300, 9)], "1 af 2 kommuner nåede de ønskede 200 svar; én kommune gjorde ikke (Læsø)."),
        ([answered(BIG, 300, 200), answered(SMALL, 199, 9)], "1 af 2 kommuner nåede de ønskede 200 svar; én kommune gjorde ikke (Læsø), for der var færre borgere at spørge."),
        ([answered(BIG, 300, 200), answered(SMALL, 199, 9), answered(PLAIN, 200, 9)], "1 af 3 kommuner nåede de ønskede 200 svar; to kommuner gjorde ikke (Læsø og Aabenraa); i én af dem var der færre borgere at spørge."),
    ],
)  # fmt: skip
def test_who_reached_the_least_number(round_2024, asked, told):
    assert opening.least_answers(reviewed(round_2024, FIVE, asked)) == told


@pytest.mark.parametrize(
    "codes, attempts, told",
    [
        ((BIG,), [], "Ingen udtræk er modtaget endnu."),
        ((BIG,), [taken(BIG)], "Udtrækket kunne læses første gang."),
        ((BIG, SMALL), [taken(BIG)], "Udtrækket kunne læses første gang; én kommune har ikke sendt et."),
        ((BIG, SMALL), [taken(BIG), taken(SMALL)], "Alle 2 udtræk kunne læses første gang."),
        ((BIG,), [refused(BIG, empty=1), taken(BIG)], "Ingen udtræk kunne læses første gang; ét udtræk skulle rettes, oftest for »tom celle«."),
        (FIVE, [taken(BIG), refused(SMALL, cpr_digits=1), refused(PLAIN, cpr_digits=2)],
         "1 af 3 udtræk kunne læses første gang; to udtræk skulle rettes, oftest for »CPR-nummer uden ti cifre«; to kommuner har ikke sendt et."),
    ],
)  # fmt: skip
def test_how_the_extracts_came(round_2024, codes, attempts, told):
    assert opening.readable_extracts(reviewed(round_2024, codes, attempts=attempts)) == told


@pytest.mark.parametrize(
    "days, told",
    [
        ((), ""),
        ((0,) * 4, "Ingen svar er kommet efter en rykker."),
        ((0,) * 3 + (7,), "1 svar (25\u00a0%) kom efter rykkeren, skønsmæssigt 1 flere, end hvis tempoet var fortsat uden."),
        ((6,) * 9 + (7,), "1 svar (10\u00a0%) kom efter rykkeren."),
        ((0, 7, 7, 14), "3 svar (75\u00a0%) kom efter rykkerne, skønsmæssigt 3 flere, end hvis tempoet var fortsat uden."),
    ],
)  # fmt: skip
def test_what_the_reminders_brought(round_2024, days, told):
    asked = [citizens(BIG, 100, days=days)]
    assert opening.reminders(reviewed(round_2024, asked=asked)) == told


@pytest.mark.parametrize(
    "days, told",
    [
        ((), ""),
        ((20,), "Kalenderen holdt for to målte trin."),
        ((21,), "Ét trin blev forsinket, mest »Sidste svar i kommunen« med 1 dag."),
        ((25,), "Ét trin blev forsinket, mest »Sidste svar i kommunen« med 5 dage."),
    ],
)
def test_whether_the_calendar_held(round_2024, days, told):
    asked = [citizens(BIG, 5, days=days)]
    review = reviewed(round_2024, asked=asked)
    if not days:  # no signed agreement either
        bare = review.round.model_copy(update={"agreements": {}})
        review = make_review(bare, asked)
    said = opening.calendar(review)
    assert (said[:1].upper() + said[1:]) == told


@pytest.mark.parametrize(
    "codes, asked, attempts, told",
    [
        ((BIG,), [], [], "Det er for tidligt at sige, hvad der skal laves om i næste runde."),
        ((BIG,), [answered(BIG, 1000, 250)], [taken(BIG)], "Tallene peger ikke på noget, der skal laves om i næste runde."),
        ((BIG,), [answered(BIG, 1000, 279)], [], "Tallene peger ikke på noget, der skal laves om i næste runde."),
        ((BIG,), [answered(BIG, 1000, 280)], [], "Til næste runde: ret den forventede svarprocent for dagpengemodtagere."),
        ((BIG, SMALL), [answered(BIG, 600, 150), answered(SMALL, 20, 5)], [refused(BIG, empty=1)],
         "Til næste runde: lad kommunerne kontrollere udtrækket, før de sender det; sæt tidligere ind med rykkere og SMS i Norddjurs; aftal et mål, som kan nås, med Læsø."),
    ],
)  # fmt: skip
def test_what_to_change(round_2024, codes, asked, attempts, told):
    assert opening.next_time(reviewed(round_2024, codes, asked, attempts=attempts)) == told


def test_late_steps_are_to_get_more_time(round_2024):
    review = reviewed(round_2024, asked=[citizens(BIG, 1000, days=(22,) * 250)])
    assert opening.next_time(review).endswith("giv bedre tid til »sidste svar i kommunen«.")


def test_the_opening_is_a_list_of_sentences(round_2024):
    review = reviewed(round_2024, asked=[answered(BIG, 1000, 250)], attempts=[taken(BIG)])
    lines = opening.opening(review).data.splitlines()
    assert 5 <= len(lines) <= 6
    for line in lines:
        assert re.fullmatch(r"- [A-ZÆØÅ0-9].*[^.]\.", line), line


def test_the_first_words_say_that_it_stays_in(round_2024):
    assert "Bliver i huset" in opening.confidential(reviewed(round_2024)).data
    assert "Simuleret" not in opening.confidential(reviewed(round_2024)).data


@pytest.mark.parametrize(
    "n, counted, some",
    [
        (0, "ingen kommuner", "ingen kommuner"), (1, "1 kommune", "én kommune"), (2, "2 kommuner", "to kommuner"),
        (10, "10 kommuner", "ti kommuner"), (11, "11 kommuner", "11 kommuner"), (1234, "1.234 kommuner", "1.234 kommuner"),
    ],
)  # fmt: skip
def test_numbers_with_their_nouns(n, counted, some):
    assert words.municipalities(n) == counted
    assert words.some(n, "én kommune", "kommuner") == some


@pytest.mark.parametrize(
    "first, last, told",
    [
        (dt.date(2024, 3, 11), dt.date(2024, 3, 11), "11. mar. 2024"),
        (dt.date(2024, 2, 28), dt.date(2024, 5, 1), "28. feb.–1. maj 2024"),
        (dt.date(2023, 12, 31), dt.date(2024, 1, 2), "31. dec. 2023–2. jan. 2024"),
        (dt.date(2024, 6, 1), dt.date(2024, 7, 2), "1. juni–2. juli 2024"),
    ],
)
def test_spans_of_days(first, last, told):
    assert words.span(first, last) == told


@pytest.mark.parametrize(
    "seconds, told",
    [(0.4, "0 sek."), (89.4, "89 sek."), (90, "2 min."), (5369, "89 min."), (5400, "1 t. 30 min."), (7200, "2 t. 0 min.")],
)  # fmt: skip
def test_durations(seconds, told):
    assert words.duration(seconds) == told


@pytest.mark.parametrize("amount, told", [(0, "0 kr."), (2.5, "2,50 kr."), (1250, "1.250 kr.")])
def test_prices(amount, told):
    assert words.per_piece(amount) == told


@pytest.mark.parametrize(
    "outcomes, told",
    [
        (["done"], "Runden er kørt 1 gang, og trinnene har tilsammen taget 10 sek.; ingen kørsel sluttede med fejl."),
        (["failed", "done"], "Runden er kørt 2 gange, og trinnene har tilsammen taget 20 sek.; én sluttede med fejl."),
        (["failed", "failed", "interrupted"], "Runden er kørt 3 gange, og trinnene har tilsammen taget 30 sek.; to sluttede med fejl og én blev afbrudt."),
        ([], ""),
    ],
)  # fmt: skip
def test_how_the_runs_ended(round_2024, outcomes, told):
    stage = {"plan": {"seconds": 10.0, "done": 1, "unchanged": 0, "failed": 0}}
    runs = [{"stages": stage, "outcome": o, "version": "1"} for o in outcomes]
    assert meanings.computing_time(reviewed(round_2024, runs=runs)).data == told


@pytest.mark.parametrize(
    "attempts, told",
    [
        ([], "Udtrækkene er ikke kommet endnu."),
        ([taken(BIG)], "Udtræk fra 1 kommune kunne læses første gang."),
        ([refused(BIG, empty=1), taken(BIG)], "0 af 1 kommunes udtræk kunne læses første gang. Én kommune rettede i alt 1 gang."),
        ([refused(BIG, empty=1), taken(BIG), refused(SMALL, empty=1), refused(SMALL, no_date=1), taken(SMALL), refused(PLAIN, empty=1)],
         "0 af 3 kommuners udtræk kunne læses første gang. To kommuner rettede i alt 3 gange, højst 2 gange i én kommune. Aabenraa mangler stadig at rette."),
    ],
)  # fmt: skip
def test_how_often_extracts_were_mended(round_2024, attempts, told):
    assert meanings.corrections(reviewed(round_2024, FIVE, attempts=attempts)).data == told


@pytest.mark.parametrize(
    "answers, told",
    [
        (30, "Dagpengemodtagere svarede sikkert oftere end forventet. Forslaget til næste runde er forsigtigt: det skal holde i tre af fire kommuner."),
        (20, "Dagpengemodtagere svarede sikkert sjældnere end forventet. Forslaget til næste runde er forsigtigt: det skal holde i tre af fire kommuner."),
        (25, "Ingen målgruppes svarprocent afviger sikkert fra den forventede."),
        (0, ""),
    ],
)  # fmt: skip
def test_groups_beside_what_was_expected(round_2024, answers, told):
    review = reviewed(round_2024, asked=[answered(BIG, 10_000, 100 * answers)])
    assert meanings.response(review).data == told


def test_groups_on_both_sides_of_what_was_expected(round_2024):
    asked = [
        answered(BIG, 10_000, 3000), citizens(BIG, 10_000, days=(0,) * 2000, group="sygedagpenge"),
    ]  # fmt: skip
    told = meanings.response(reviewed(round_2024, asked=asked)).data
    assert told.startswith(
        "Dagpengemodtagere svarede sikkert oftere end forventet, sygedagpengemodtagere sikkert sjældnere."
    )


@pytest.mark.parametrize(
    "weights, told",
    [
        ([1.0] * 25, "det samme som planlagt. Designeffekten er ikke større end planlagt."),
        ([1.0] * 50, "100\u00a0% flere end planlagt. Designeffekten er ikke større end planlagt."),
        ([1.0] * 24 + [9.0], "fordi grupperne svarer ulige, og vægtene retter op på det."),
    ],
)
def test_what_the_answers_are_worth(round_2024, weights, told):
    response = counted_response(BIG, len(weights), weights)
    review = reviewed(round_2024, asked=[answered(BIG, 100, len(weights))], response=response)
    assert meanings.precision(review).data.endswith(told)
