"""Two invented layouts that no file under `params/` knows; all persons in them are invented."""

from __future__ import annotations

from pathlib import Path

import openpyxl

FIRST = ("Anne", "Bo", "Carl", "Dorthe", "Erik", "Freja", "Gorm", "Hanne")
LAST = ("Holm", "Kjær", "Bødker", "Østergaard", "Lund", "Åkjær", "Toft")
PERSONS = 60

CARE_HEADINGS = (
    "CPR borger", "Borgers navn", "Forsørgelsesgrundlag", "Forsørgelse påbegyndt",
    "Sidst afholdt samtale", "Forløb status", "Kontakttelefon", "Fritaget for indsats", "Oprettet",
    "Sagsbehandler",
)  # fmt: skip
CARE_BENEFITS = {
    "Sygedagpenge": "sygedagpenge",
    "A-dagpenge (forsikret)": "a-dagpenge",
    "Kontanthjælp (jobparat)": "kontanthjælp, jobparat",
    "Kontanthjælp (aktivitetsparat)": "kontanthjælp, aktivitetsparat",
    "Kontanthjælp": None,  # jobparat or aktivitetsparat: nobody can tell
    "Selvforsørgelsesydelse": None,  # like none
}
CODED_HEADINGS = (
    "PERSON_NR", "BORGER_NAVN", "YDELSE_KODE", "YDELSE_FRA", "SAMTALE_DATO", "SAG_LUKKET", "TLF_NR",
    "PASSIV_FLAG",
)  # fmt: skip
CODED_BENEFITS = {
    "SD Sygedagpenge": "sygedagpenge",
    "KH1 Kontanthjælp (jobparat)": "kontanthjælp, jobparat",
    "RF1 Ressourceforløb": "ressourceforløbsydelse, ressourceforløb",
    "RF Ressourceforløbsydelse": None,  # ressourceforløb or jobafklaring
    "KH9 Kontanthjælp, ikke jobparat": None,  # the opposite of the nearest text
}


def name_of(i: int) -> str:
    return f"{FIRST[i % len(FIRST)]} {LAST[i % len(LAST)]}"


def cpr_of(i: int) -> str:
    return f"{1 + i % 28:02d}{1 + i % 12:02d}{60 + i % 30}{1000 + i}"


def write_care(path: Path) -> Path:
    """A workbook: a title, dates of two digits' year, words for open and closed, a column to spare."""
    book = openpyxl.Workbook()
    page = book.active
    page.append(["Udtræk til undersøgelse"])
    page.append([])
    page.append(CARE_HEADINGS)
    benefits = list(CARE_BENEFITS)
    for i in range(PERSONS):
        page.append([
            cpr_of(i), name_of(i), benefits[i % len(benefits)], f"{1 + i % 28:02d}-03-22",
            f"{1 + i % 28:02d}-11-23", ("Afsluttet", "Igangværende")[i % 2], f"{20_000_000 + 7 * i}",
            ("Ja", "")[i % 3 > 0], f"{1 + i % 28:02d}-01-22", name_of(3 * i + 1),
        ])  # fmt: skip
    book.save(path)
    return path


def write_coded(path: Path) -> Path:
    """A text file: tabs, dates without signs, Y and N and a word that is neither."""
    benefits = list(CODED_BENEFITS)
    lines = ["\t".join(CODED_HEADINGS)]
    for i in range(PERSONS):
        lines.append("\t".join((
            cpr_of(i), name_of(i), benefits[i % len(benefits)], f"202203{1 + i % 28:02d}",
            f"202311{1 + i % 28:02d}", "YN"[i % 2], f"{20_000_000 + 7 * i}", "YNU"[i % 3],
        )))  # fmt: skip
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
