"""How three invented case systems write the same persons; the example extracts are the model."""

from __future__ import annotations

from dataclasses import dataclass

FIELDS = ("cpr", "name", "benefit", "spell_start", "latest_conversation", "course_closed", "phone", "passive")  # fmt: skip


@dataclass(frozen=True)
class Layout:
    name: str
    headings: tuple[str, ...]  # in the order of FIELDS
    benefits: dict[str, str]


_KEYS = ("a-dagpenge", "sygedagpenge", "kh_jobparat", "kh_aktivitetsparat", "uh_aabenlyst",
         "uh_uddannelsesparat", "uh_aktivitetsparat", "ledighedsydelse", "ressourceforloeb",
         "jobafklaring", "foertidspension", "revalidering")  # fmt: skip

STANDARD = Layout(
    "standard",
    ("CPR-nr.", "Navn", "Ydelse", "Dato for overgang til aktuel ydelse", "Dato for seneste samtale",
     "Afsluttet forløb", "Telefonnr.", "Passiv"),
    dict(zip(_KEYS, (
        "A-dagpenge", "Sygedagpenge", "Kontanthjælp, jobparat", "Kontanthjælp, aktivitetsparat",
        "Uddannelseshjælp, åbenlyst uddannelsesparat", "Uddannelseshjælp, uddannelsesparat",
        "Uddannelseshjælp, aktivitetsparat", "Ledighedsydelse",
        "Ressourceforløbsydelse, ressourceforløb", "Ressourceforløbsydelse, jobafklaringsforløb",
        "Førtidspension", "Revalidering"))),
)  # fmt: skip
MOMENTUM = Layout(
    "momentum",
    ("Personnummer", "Fulde navn", "Ydelsestype", "Startdato ydelse", "Seneste jobsamtale",
     "Sag afsluttet", "Mobil", "Passivperiode"),
    dict(zip(_KEYS, (
        "Arbejdsløshedsdagpenge", "Sygedagpenge", "Kontanthjælp - jobparat",
        "Kontanthjælp - aktivitetsparat", "Uddannelseshjælp - åbenlyst uddannelsesparat",
        "Uddannelseshjælp - uddannelsesparat", "Uddannelseshjælp - aktivitetsparat",
        "Ledighedsydelse", "Ressourceforløb", "Jobafklaringsforløb", "Førtidspension",
        "Revalidering"))),
)  # fmt: skip
FASIT = Layout(
    "fasit",
    ("CPR", "Navn", "Målgruppe", "Ydelse fra", "Samtale senest", "Afsluttet J/N", "Tlf", "Passiv J/N"),
    dict(zip(_KEYS, (
        "1 A-dagpengemodtager", "6 Sygedagpengemodtager", "2 Jobparat kontanthjælpsmodtager",
        "3 Aktivitetsparat kontanthjælpsmodtager", "4 Åbenlyst uddannelsesparat",
        "4 Uddannelsesparat", "5 Aktivitetsparat uddannelseshjælpsmodtager", "9 Ledighedsydelse",
        "8 Ressourceforløb", "7 Jobafklaringsforløb", "11 Førtidspension", "10 Revalidend"))),
)  # fmt: skip
FIXED = {"0101": FASIT, "0161": MOMENTUM, "0580": MOMENTUM, "0707": STANDARD, "0741": FASIT, "0825": STANDARD}  # fmt: skip


def layout_of(code: str) -> Layout:
    """A municipality has one case system."""
    return FIXED.get(code) or (STANDARD, MOMENTUM, FASIT)[int(code) % 3]
