"""What is read by a stated rule and told, since a person may see that the file means something else.

Kinds as of `faults/kinds.py`; none of them refuses a file.
"""

from __future__ import annotations

from helpers.faults.kinds import Kind, Wording

_LOOK, _SE = "Look whether that is right.", "Se efter, om det er rigtigt."

NOTICES = {
    kind.id: kind
    for kind in (
        # ---------------------------------------------------------------------------- sheets and rows
        Kind(
            "hidden_sheet",
            Wording(
                "is hidden, holds persons too, and is not read",
                remedy="Show it and remove the other if it is the right one.",
            ),
            Wording(
                "arket er skjult, indeholder også borgere og bliver ikke læst",
                remedy="Slet arket, hvis det er gammelt. Er det det rigtige, så vis det, og slet det andet.",
            ),
        ),
        Kind(
            "sheet_not_read",
            Wording(
                "holds persons too, and is not read",
                remedy="Put the persons who belong to the extract into the sheet that is read.",
            ),
            Wording(
                "arket indeholder også borgere og bliver ikke læst",
                remedy="Flyt de borgere, der hører til udtrækket, over på det ark, der læses.",
            ),
        ),
        Kind(
            "hidden_rows",
            Wording(
                "persons in hidden rows (by a filter, or by hand), read as the others: {count} "
                "(rows {rows})",
                remedy="Remove the rows if they do not belong to the extract.",
            ),
            Wording(
                "borgere i skjulte rækker (et filter, eller skjult med hånden), som er læst som de andre: "
                "{count} (række {rows})",
                remedy="Slet rækkerne, hvis de ikke hører til udtrækket.",
            ),
        ),
        # --------------------------------------------------------------------------------------- cells
        Kind(
            "empty_means_no",
            Wording("empty cells, which count as no: {count} of {of}", remedy=_LOOK),
            Wording("tomme celler, som tæller som nej: {count} af {of}", remedy=_SE),
        ),
        Kind(
            "empty_beside_no",
            Wording(
                "empty cells, which count as no, though other cells say no in words: {count} of {of} "
                "(rows {rows})",
                remedy="Fill in the cells.",
            ),
            Wording(
                "tomme celler, som tæller som nej, selv om andre celler siger nej med ord: {count} af "
                "{of} (række {rows})",
                remedy="Udfyld cellerne.",
            ),
        ),
        Kind(
            "no_conversation",
            Wording(
                "empty cells, which count as no conversation yet: {count} of {of}", remedy=_LOOK
            ),
            Wording(
                "tomme celler, som tæller som ingen samtale endnu: {count} af {of}", remedy=_SE
            ),
        ),
        Kind(
            "day_numbers",
            Wording(
                "day numbers in place of dates, read as days since {epoch}: {count}; the latest is "
                "{latest}",
                remedy="If that is four years out, save the dates as dates.",
            ),
            Wording(
                "dagtal i stedet for datoer, læst som dage siden {epoch}: {count}; den seneste er "
                "{latest}",
                remedy="Er det fire år ved siden af, så gem datoerne som datoer.",
            ),
        ),
        Kind(
            "cpr_padded",
            Wording(
                "CPR numbers of nine digits, which got back the leading zero that Excel drops: {count}",
                remedy=_LOOK,
            ),
            Wording(
                "CPR-numre på ni cifre, som fik det nul forrest igen, som Excel fjerner: {count}",
                remedy="Formatér kolonnen som tekst næste gang.",
            ),
        ),
        Kind(
            "odd_letters",
            Wording(
                "names that look as if they were saved in another encoding (»Ã¦« for »æ«): {count} "
                "(rows {rows})",
                remedy="The letters would show them so: get the file again, or correct the names.",
            ),
            Wording(
                "navne, der ser ud til at være gemt med et andet tegnsæt (»Ã¦« for »æ«): {count} "
                "(række {rows})",
                remedy="Navnene kommer til at stå sådan i brevene. Dan udtrækket igen, eller ret navnene.",
            ),
        ),
        # --------------------------------------------------------------- one person in more than one row
        Kind(
            "person_repeated",
            Wording(
                "persons in several rows that say the same, counted once: {count} (rows {rows})",
                remedy=_LOOK,
            ),
            Wording("borgere i flere ens rækker, talt én gang: {count} (række {rows})", remedy=_SE),
        ),
        Kind(
            "person_on_two_benefits",
            Wording(
                "persons in several rows, of which the one with the latest date of transition up to the "
                "reference date counts: {count} (rows {rows})",
                remedy=_LOOK,
            ),
            Wording(
                "borgere i flere rækker, hvor rækken med den seneste dato for overgang til og med "
                "opgørelsesdatoen tæller: {count} (række {rows})",
                remedy=_SE,
            ),
        ),
        Kind(
            "person_with_two_names",
            Wording(
                "persons in several rows whose name is not the same in all: {count} (rows {rows})",
                remedy="Look whether one of the CPR numbers is wrong.",
            ),
            Wording(
                "borgere i flere rækker, som ikke hedder det samme i dem alle: {count} (række {rows})",
                remedy="Se efter, om et af CPR-numrene er forkert.",
            ),
        ),
        Kind(
            "files_together",
            Wording(
                "the municipality's {count} files have no person in common and are put together",
                remedy=_LOOK,
            ),
            Wording(
                "kommunens {count} filer har ingen borgere til fælles og lægges sammen", remedy=_SE
            ),
        ),
    )
}
# so common that a list over a round's municipalities would show little else: told with the file alone
IN_MOST_FILES = frozenset({"empty_means_no", "no_conversation", "cpr_padded"})
LABELS = {  # for the evaluation
    "hidden_sheet": "Skjult ark med borgere",
    "sheet_not_read": "Ark med borgere, som ikke læses",
    "hidden_rows": "Skjulte rækker",
    "empty_means_no": "Tomme celler, som tæller som nej",
    "empty_beside_no": "Tomme celler ved siden af nej",
    "no_conversation": "Tomme celler uden samtale",
    "day_numbers": "Dagtal i stedet for datoer",
    "cpr_padded": "CPR-numre uden nul forrest",
    "odd_letters": "Navne i et andet tegnsæt",
    "person_repeated": "Borgere i flere ens rækker",
    "person_on_two_benefits": "Borgere på flere ydelser",
    "person_with_two_names": "Borgere med flere navne",
    "files_together": "Flere filer lagt sammen",
}
