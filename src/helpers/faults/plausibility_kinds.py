"""What is surely wrong with a well-formed extract, each kind once, in English and in Danish.

Each stops its municipality. All but one may be let pass by a recorded decision (`parameters/intake_decisions.py`):
the words are told with the line that records it.
"""

from __future__ import annotations

from helpers.faults.kinds import Kind, Wording

_DECIDE = "{decide}"
_ASK = "Ask the municipality for the right file."
_ASK_OR = f"{_ASK} {_DECIDE}"
_SEND = (
    "Send den rigtige fil. Er filen rigtig, så skriv hvorfor til den, der samler udtrækkene ind."
)
IN_TWO_EXTRACTS, SAME_FILE = "in_two_extracts", "same_file"

PLAUSIBILITY = {
    kind.id: kind
    for kind in (
        # --------------------------------------------------------------------------------- in one file
        Kind(
            "old_extract",
            Wording(
                "the newest date in the file is {newest}, more than {weeks} weeks before {day}, "
                "to which it should reach",
                "an extract for this round, with dates up to {day}",
                _ASK_OR,
            ),
            Wording(
                "den nyeste dato i filen er {newest}, mere end {weeks} uger før {day}, som udtrækket "
                "skal nå frem til",
                "et udtræk til denne runde med datoer frem til {day}",
                _SEND,
            ),
        ),
        Kind(
            "dates_ahead",
            Wording(
                "{count} of {of} persons have a date more than {weeks} weeks after the reference date "
                "{day} (rows {rows})",
                "dates up to about {day}",
                f"Mend the cells, or ask the municipality for this round's file. {_DECIDE}",
            ),
            Wording(
                "{count} af {of} borgere har en dato mere end {weeks} uger efter opgørelsesdatoen {day} "
                "(række {rows})",
                "datoer frem til omkring {day}",
                f"Ret cellerne. {_SEND}",
            ),
        ),
        Kind(
            "mostly_later",
            Wording(
                "{count} of {of} persons ({share}) came to their benefit after {day}, the last day of "
                "the round's period",
                "at most {limit}",
                "Ask the municipality for an extract as of that day, or correct the round's dates. "
                "{decide}",
            ),
            Wording(
                "{count} af {of} borgere ({share}) er overgået til ydelsen efter {day}, som er periodens "
                "sidste dag",
                "højst {limit}",
                _SEND,
            ),
        ),
        Kind(
            "everybody_passive",
            Wording(
                "all {of} persons are passive, so nobody could be asked",
                "passive persons as an exception",
                f"Ask whether the column is turned round. {_DECIDE}",
            ),
            Wording(
                "alle {of} borgere er passive, så ingen kan blive spurgt",
                "at kun nogle borgere er passive",
                f"Se efter, om kolonnen er vendt om. {_SEND}",
            ),
        ),
        Kind(
            "too_many_persons",
            Wording(
                "{count} persons are {share} of the municipality's inhabitants",
                "at most {limit}",
                f"Is it another municipality's file? {_ASK_OR}",
            ),
            Wording(
                "{count} borgere svarer til {share} af kommunens indbyggere",
                "højst {limit}",
                f"Er det en anden kommunes fil? {_SEND}",
            ),
        ),
        Kind(
            "other_name",
            Wording(
                "»{text}« names {other}, and not {name}",
                "the extract of {code} {name}",
                f"Is it {{other}}'s file? {_ASK_OR}",
            ),
            Wording(
                "»{text}« nævner {other} og ikke {name}",
                "udtrækket for {code} {name}",
                f"Er det filen fra {{other}}? {_SEND}",
            ),
        ),
        # ------------------------------------------------------------------ beside the round's other files
        Kind(
            SAME_FILE,
            Wording(
                "is, byte for byte, the same file as {other_file} of {other}",
                "a file of the municipality's own",
                f"One of the two lies under a wrong code. {_ASK}",
            ),
            Wording(
                "filen er fuldstændig den samme som {other_file} fra {other}",
                "kommunens egen fil",
                _SEND,
            ),
        ),
        Kind(
            IN_TWO_EXTRACTS,
            Wording(
                "{count} of {of} persons ({share}) stand in the extract of {other} too: {rows} "
                "(row here = row in {other_file})",
                "each citizen in one extract, so that nobody is invited twice",
                "Ask both where the citizens belong, and let one take them out; or let one leave them to the "
                "other (where both do, the latest transition date decides). {decide}",
            ),
            Wording(
                "{count} af {of} borgere ({share}) står også i udtrækket fra {other}: {rows} "
                "(række her = række i {other_file})",
                "hver borger i ét udtræk, så ingen bliver inviteret to gange",
                "Aftal med {other}, hvor borgerne hører til, og slet dem i det ene udtræk.",
            ),
        ),
        Kind(
            "nobody_passive_here",
            Wording(
                "none of {of} persons is passive; here in an earlier round, or elsewhere in this one, {share} "
                "are, which would be about {expected}",
                "passive persons marked",
                f"Ask whether the column is filled in. {_DECIDE}",
            ),
            Wording(
                "ingen af {of} borgere er passive. Her i en tidligere runde, eller i andre kommuner i denne, er "
                "det {share}, så der ventes omkring {expected}",
                "at passive borgere er markeret",
                f"Se efter, om kolonnen er udfyldt. {_SEND}",
            ),
        ),
        Kind(
            "others_persons",
            Wording(
                "{count} of {of} persons ({share}) stood in the extract of {other} in the round {round}",
                "at most {limit}",
                f"Is it {{other}}'s file? {_ASK_OR}",
            ),
            Wording(
                "{count} af {of} borgere ({share}) stod i udtrækket fra {other} i runden {round}",
                "højst {limit}",
                f"Er det filen fra {{other}}? {_SEND}",
            ),
        ),
        Kind(
            "file_of_before",
            Wording(
                "says the same of the same persons as {other_file} of {other} in {round}",
                "an extract made for {now}",
                _ASK_OR,
            ),
            Wording(
                "filen siger det samme om de samme borgere som {other_file} fra {other} i {round}",
                "et udtræk, der er dannet til {now}",
                _SEND,
            ),
        ),
    )
}

LABELS = {  # for the evaluation
    "old_extract": "Gammelt udtræk",
    "dates_ahead": "Datoer efter opgørelsesdatoen",
    "mostly_later": "Udtræk fra en senere periode",
    "everybody_passive": "Alle er passive",
    "too_many_persons": "Flere borgere, end kommunen kan have",
    "other_name": "Nævner en anden kommune",
    SAME_FILE: "Samme fil fra to kommuner",
    IN_TWO_EXTRACTS: "Borgere i to kommuners udtræk",
    "nobody_passive_here": "Ingen er passive",
    "others_persons": "En anden kommunes borgere",
    "file_of_before": "Filen er brugt før",
}
