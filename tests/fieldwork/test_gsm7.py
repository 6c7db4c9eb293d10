"""A text message holds 160 septets of the GSM 7-bit alphabet, and is counted as a telephone counts."""

import pytest

from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT
from helpers.fieldwork import gsm7
from helpers.fieldwork.gsm7 import BASIC, EXTENSION, SEPTETS_MAX, refused, septets
from helpers.fieldwork.sms_text import sms_texts
from helpers.parameters.params import load_round


def test_the_tables_are_those_of_the_standard():
    """3GPP TS 23.038: places that a slip in the table would move."""
    assert len(BASIC) == 128 and len(set(BASIC)) == 128
    codes = {"@": 0x00, "é": 0x05, "Ç": 0x09, "\n": 0x0A, "Ø": 0x0B, "ø": 0x0C, "Å": 0x0E, "å": 0x0F,
             "Δ": 0x10, "_": 0x11, "Ξ": 0x1A, "Æ": 0x1C, "æ": 0x1D, "ß": 0x1E, "É": 0x1F, " ": 0x20,
             "¤": 0x24, "0": 0x30, "¡": 0x40, "A": 0x41, "§": 0x5F, "¿": 0x60, "z": 0x7A, "à": 0x7F}  # fmt: skip
    assert {c: BASIC.index(c) for c in codes} == codes
    assert len(EXTENSION) == 10 and not EXTENSION.keys() & set(BASIC)


@pytest.mark.parametrize(
    "text, count",
    [
        ("", 0),
        ("æøåÆØÅ", 6),
        ("é", 1),
        ("Ç", 1),
        ("€", 2),
        ("[]{}~^\\|\f", 18),
        ("a€b", 4),
        ("\n", 1),
    ],
)
def test_extension_characters_count_two(text, count):
    assert septets(text) == count


@pytest.mark.parametrize("sign", ["ç", "ê", "–", "’", "»", "“", "…", "\u00a0", "\t", "\x1b", "😀"])
def test_what_the_alphabet_lacks_is_refused(sign):
    with pytest.raises(ValueError):
        septets(f"a{sign}")
    (found,) = refused(f"a{sign}b{sign}")
    assert (found.character, found.place) == (sign, 2)
    assert found.instead is None or not refused(found.instead)


@pytest.mark.parametrize(
    "sign, told",
    [("–", "»–« (U+2013, en dash) at place 1: write »-«"), ("ê", "write »e«"), ("ç", "write »c«"),
     ("’", "write »'«"), ("…", "write »...«"), ("\u00ad", "delete it"), ("😀", "leave it out")],
)  # fmt: skip
def test_a_replacement_is_named(sign, told):
    assert told in str(refused(sign)[0])


# -------------------------------------------------------------------------------- the round's text


def with_text(text, hotline=None, round_id="2024-foraar"):
    round_ = load_round(PROJECT, round_id)
    settings = round_.settings.model_copy(
        update={
            "messages": round_.settings.messages.model_copy(update={"sms": text}),
            "letters": round_.settings.letters.model_copy(update={"hotline": hotline}),
        }
    )
    return round_.model_copy(update={"settings": settings})


def test_the_default_text_fits_every_municipality():
    round_ = load_round(PROJECT, "demo")
    texts = sms_texts(round_, round_.municipalities)
    assert len(texts) == 98
    assert max(map(septets, texts.values())) <= SEPTETS_MAX
    assert texts["0101"].endswith("Hilsen Københavns Kommune")


@pytest.mark.parametrize("ends", ["ø", "€"])
@pytest.mark.parametrize("count, fits", [(159, True), (160, True), (161, False)])
def test_159_160_161(count, fits, ends):
    text = "å" * (count - septets(ends)) + ends
    assert septets(text) == count
    if fits:
        assert sms_texts(with_text(text), ["0707"]) == {"0707": text}
    else:
        with pytest.raises(
            ParameterError, match=r"161 characters for Norddjurs.*Make it 1 shorter"
        ):
            sms_texts(with_text(text), ["0707"])


def test_the_longest_name_decides_before_anything_is_written():
    names = {"0161": len("Glostrup Kommune"), "0101": len("Københavns Kommune")}
    text = "a" * (160 - names["0161"]) + "{kommune}"
    assert sms_texts(with_text(text), ["0161"])
    with pytest.raises(ParameterError, match=r"1 municipalities; 162 characters for Københavns"):
        sms_texts(with_text(text), ["0161", "0101"])


@pytest.mark.parametrize(
    "text, told",
    [
        ("Hej {navn} fra {comune}", "»{navn}«"),
        ("Hej {navn} fra {comune}", "»{comune}«. Expected: {kommune} or {hotline}. Did you mean »kommune«?"),
        ("Hej {0}", "unknown placeholder »{0}«"),
        ("Hej { kommune", "a { or } stands alone"),
        ("Ring {hotline}", "the round has no hotline"),
        ("Svar på https://svar.example/", "holds a link"),
        ("Svar nu – og ’her’", "en dash"),
        ("Svar nu – og ’her’", "right single quotation mark"),
    ],
)  # fmt: skip
def test_a_wrong_text_is_told(text, told):
    with pytest.raises(ParameterError) as caught:
        sms_texts(with_text(text), ["0707"])
    assert told in str(caught.value)


def test_braces_and_hotline_are_filled_in():
    texts = sms_texts(with_text("{{a}} {kommune}: {hotline}", hotline="70 12 34 56"), ["0707"])
    assert texts == {"0707": "{a} Norddjurs Kommune: 70 12 34 56"}
    assert gsm7.septets(texts["0707"]) == len(texts["0707"]) + 2
