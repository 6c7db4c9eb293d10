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
WISHES = ["Færre skift af sagsbehandler.", "Kortere ventetid.", "Flere konkrete jobåbninger.",
          "At kommunen og lægen talte sammen.", "En plan, som vi laver sammen.", "Mere tid til samtalen.",
          "Hjælp til at finde praktik.", "Samtaler på telefon i stedet for fremmøde.",
          "Bedre information om mine muligheder.", "At nogen lyttede til mine forslag.",
          "Ingenting, det fungerer fint.", "Et kursus, der passer til mig.",
          "Mere hjælp til opstart af virksomhed.", "Én kontaktperson hele vejen."]  # fmt: skip
SLIPS = ["- ", "= dårligt: ", "+ ", "Ring til mig på 12 34 56 78. ", "Skriv til borger@mail.example. ",
         "Hilsen Anne Holm. "]  # fmt: skip


def why(rng: np.random.Generator, overall: np.ndarray) -> np.ndarray:
    """A text on why somebody is (dis)satisfied; `overall` is the answer 1–5 to question 13."""
    mood = np.where(overall >= 4, "glad", np.where(overall == 3, "lunken", "sur"))
    texts = np.empty(len(overall), dtype=object)
    for kind in OPENINGS:
        chosen = mood == kind
        count = int(chosen.sum())
        openings = rng.choice(OPENINGS[kind], count).astype(object)
        texts[chosen] = openings + " " + rng.choice(CLOSINGS[kind], count).astype(object)
    return _with_slips(rng, np.array([t.strip() for t in texts], dtype=object))


def wish(rng: np.random.Generator, count: int) -> np.ndarray:
    """A text on what could have been better."""
    return _with_slips(rng, rng.choice(WISHES, count).astype(object))


def _with_slips(rng: np.random.Generator, texts: np.ndarray) -> np.ndarray:
    """What people do write: odd first characters, numbers, addresses and names."""
    slipped = rng.random(len(texts)) < 0.02
    texts[slipped] = rng.choice(SLIPS, int(slipped.sum())).astype(object) + texts[slipped]
    return texts
