"""What the default letters say, in Danish. `«name»` is a merge field, `**…**` is bold.

The municipality is the data controller (databeskyttelsesforordningen, article 4(7)), KL's
consultant its processor (article 28); what article 13 and 14 ask for stands under the last heading.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LetterText:
    """`heading`, then `opening` paragraphs, the box with the link, and `points`."""

    heading: str
    opening: tuple[str, ...]
    points: tuple[str, ...]


LINK_LEAD = "Svar her – senest **«frist»**:"
LINK_NOTE = "Linket er dit eget. Giv det ikke videre til andre."
CLOSING = ("Venlig hilsen", "«kommune»")
PRIVACY_HEADING = "Sådan behandler vi dine oplysninger"
PRIVACY = (
    "«kommune» er dataansvarlig for undersøgelsen. KL’s konsulent gennemfører den for kommunen som "
    "databehandler og må kun bruge oplysningerne til undersøgelsen. Fra kommunens sagssystem bruges dit "
    "navn, CPR-nummer og telefonnummer og oplysninger om din ydelse og din seneste samtale til at udvælge "
    "deltagerne, sende brevet og sammenligne grupper. Det sker som led i kommunens opgaver som myndighed "
    "(databeskyttelsesforordningens artikel 6, stk. 1, litra e, og databeskyttelseslovens § 11, stk. 1).",
    "Oplysninger om, hvem du er, holdes adskilt fra dine svar og slettes «sletning». Du har ret til at få "
    "indsigt i oplysningerne, få dem rettet eller slettet og gøre indsigelse. Kontakt «kommune» eller "
    "kommunens databeskyttelsesrådgiver; oplysningerne står på kommunens hjemmeside. Du kan klage til "
    "Datatilsynet (datatilsynet.dk).",
)

_VOLUNTARY = (
    "**Det er frivilligt.** Det har ingen betydning for din sag eller din ydelse, om du svarer, eller "
    "hvad du svarer."
)
_CONFIDENTIAL = (
    "**Dine svar er fortrolige.** Jobcentret får ikke at vide, hvad den enkelte har svaret. Resultater "
    "vises kun for grupper med mindst «mindste_gruppe» svar. Det, du skriver med egne ord, kan kommunen "
    "læse uden dit navn."
)
_USE = (
    "**Svarene bliver brugt.** De viser, hvad der virker, og hvad der kan blive bedre, i kommunen og i "
    "hele landet. Resultaterne bliver offentliggjort."
)
_OUT = "**Vil du ikke høre fra os om undersøgelsen?** «fravalg»"
_ANSWERED = (
    "Har du svaret inden for de seneste dage, skal du se bort fra dette brev. Kommunen får at vide, hvem "
    "der skal have en påmindelse, men ikke, hvad nogen har svaret."
)

LETTERS = {
    "invitation": LetterText(
        "Fortæl os, hvordan du oplever jobcentret",
        (
            "Kære «navn»",
            "Du har et forløb i jobcentret, og vi vil gerne vide, hvordan du oplever det. Derfor spørger vi "
            "et udvalg af borgere i en undersøgelse, som mange kommuner gennemfører sammen med KL, "
            "kommunernes forening. Det tager kun få minutter at svare.",
        ),
        (_VOLUNTARY, _CONFIDENTIAL, _USE, "**Har du spørgsmål?** «hjaelp»", _OUT),
    ),
    "first_reminder": LetterText(
        "Påmindelse: Fortæl os, hvordan du oplever jobcentret",
        (
            "Kære «navn»",
            "For nogle dage siden skrev vi til dig om en undersøgelse af, hvordan borgerne oplever "
            "jobcentret. Vi har ikke modtaget dit svar endnu. Også dine erfaringer er vigtige, uanset om de "
            "er gode eller dårlige. Det tager kun få minutter at svare.",
            _ANSWERED,
        ),
        (_VOLUNTARY, _CONFIDENTIAL, _USE, "**Har du spørgsmål?** «hjaelp»", _OUT),
    ),
    "second_reminder": LetterText(
        "Sidste påmindelse: Hvordan oplever du jobcentret?",
        (
            "Kære «navn»",
            "Vi har skrevet til dig om en undersøgelse af, hvordan borgerne oplever jobcentret, og vi har "
            "ikke modtaget dit svar. Du kan stadig nå det. Det tager kun få minutter. Det er sidste gang, "
            "vi sender dig et brev om undersøgelsen.",
            _ANSWERED,
        ),
        (_VOLUNTARY, _CONFIDENTIAL, _USE, "**Har du spørgsmål?** «hjaelp»", _OUT),
    ),
}
