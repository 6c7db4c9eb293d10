"""Short Danish free texts that fit a citizen's satisfaction."""

from __future__ import annotations

import numpy as np

OPENINGS = {
    "glad": ["Jeg er blevet mødt med respekt.", "Min sagsbehandler lytter.", "God og ærlig dialog.",
             "Jeg har fået den hjælp, jeg havde brug for.", "Det har været et godt forløb.",
             "Søde og kompetente medarbejdere.", "Jeg føler mig set og hørt.",
             "Vi fik lagt en plan, som giver mening."],
    "lunken": ["Det går meget godt.", "Det har været både godt og skidt.", "Det er okay.",
               "Nogle samtaler er gode, andre er spild af tid.", "Det afhænger af sagsbehandleren.",
               "Jeg mangler lidt mere retning."],
    "sur": ["Jeg bliver ikke hørt.", "Ny sagsbehandler hver gang.", "Det føles som kontrol.",
            "Der sker ingenting mellem samtalerne.", "Jeg ved ikke, hvad målet er.",
            "Jeg har ventet i flere måneder.", "Der bliver talt ned til mig.",
            "Ingen tager hensyn til min sygdom."],
}  # fmt: skip
CLOSINGS = {
    "glad": ["Tak for det.", "Det gør en forskel.", "Bliv ved med det.", "Især den sidste samtale var god.", ""],
    "lunken": ["Mere kontakt ville hjælpe.", "Det kunne være tydeligere.", "Vi får se.", ""],
    "sur": ["Det er trættende.", "Det må kunne gøres bedre.", "Jeg er ved at give op.", "Det hjælper mig ikke.", ""],
}  # fmt: skip
ANYBODY = ["Kortere ventetid.", "Flere konkrete jobåbninger.", "Mere tid til samtalen.",
           "At kommunen og lægen talte sammen.", "Hjælp til at finde praktik.",
           "Samtaler på telefon i stedet for fremmøde.", "Bedre information om mine muligheder.",
           "Et kursus, der passer til mig.", "Mere hjælp til opstart af virksomhed.",
           "Én kontaktperson hele vejen."]  # fmt: skip
WISHES = {
    "glad": [*ANYBODY, "Ingenting, det fungerer fint.", "Jeg har ikke noget at klage over."],
    "lunken": [*ANYBODY, "Færre skift af sagsbehandler.", "En plan, som vi laver sammen."],
    "sur": [*ANYBODY, "Færre skift af sagsbehandler.", "En plan, som vi laver sammen.",
            "At nogen lyttede til mine forslag.", "At blive mødt som et menneske."],
}  # fmt: skip
SLIP_SHARE = 0.02
SLIPS = ["- ", "=> ", "+ ", "Ring til mig på 12 34 56 78. ", "Skriv til borger@mail.example. ",
         "Hilsen Anne Holm. "]  # fmt: skip


def why(moods: np.ndarray, opening: np.ndarray, closing: np.ndarray, slip: np.ndarray):
    """A text on why somebody is `glad`, `lunken` or `sur`; the three last are draws between 0 and 1."""
    first, last = _pick(OPENINGS, moods, opening), _pick(CLOSINGS, moods, closing)
    joined = np.array([f"{a} {b}".strip() for a, b in zip(first, last)], dtype=object)
    return _with_slips(joined, slip)


def wish(moods: np.ndarray, choice: np.ndarray, slip: np.ndarray) -> np.ndarray:
    """A text on what could have been better; the two last are draws between 0 and 1."""
    return _with_slips(_pick(WISHES, moods, choice), slip)


def _pick(phrases: dict[str, list[str]], moods: np.ndarray, draw: np.ndarray) -> np.ndarray:
    chosen = [phrases[m][int(u * len(phrases[m]))] for m, u in zip(moods, draw)]
    return np.array(chosen, dtype=object)


def _with_slips(texts: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """What people do write: odd first characters, numbers, addresses and names."""
    which = np.minimum(draw / SLIP_SHARE, 1) * len(SLIPS)
    pairs = zip(texts, which.astype(int))
    return np.array([SLIPS[w] + t if w < len(SLIPS) else t for t, w in pairs], dtype=object)
