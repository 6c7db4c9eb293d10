"""What may be told of a text from outside: in messages, logs and records no citizen is quoted, and no
password.

`blanked` takes out what has the form of a personal number, an e-mail address or a password; every
`Problem` passes through it. Names have no form. So of cells, and of the names of files, sheets and
headings, only known words are told, or what is near one: those of the parameters that come with the
program, and WORDS.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from functools import cache, lru_cache
from urllib.parse import unquote

from helpers.common.labels import normalise
from helpers.common.patterns import emails_in, numbers_in, windows
from helpers.common.plain_text import TEXT, clean

LEFT_OUT = "…"
LONGEST = 40  # signs of a cell that is quoted
LEAST_ROWS_QUOTED = 5  # rows with the same text, from which it is no person's
NEAR = 0.84  # similarity at which a word is a misspelt known one
SHORTEST_NEAR = 7  # signs of both words; short ones are near too many names
WORDS = """
    ark sheet tabel table side page udtræk ekstrakt extract data fil file liste list oversigt rapport
    eksport export import svar besvarelser answers responses resultat resultater population borgere
    borger personer person jobcenter jobcentret kommune kommunen kommuner kommunes regionskommune
    arbejdsmarked beskæftigelse forvaltning afdeling team enhed indsats indsatser hold gruppe målgruppe
    til fra og i på af for med uden pr den det de en et nr nummer id kode dato måned år kvartal uge
    januar februar marts april maj juni juli august september oktober november december jan feb mar apr
    jun jul aug sep okt nov dec forår efterår sommer vinter ny nyt nye gammel gamle endelig final version
    kladde udkast rettet kopi copy test demo prøve del part samlet alle all kl klar fejl manglende
    borgerundersøgelse undersøgelse survey tilmelding tilmeldinger signups opkald hotline undtagelser
    skabelon template momentum fasit kmd schultz standard bemærkning bemærkninger noter note kommentar
    sagsbehandler sagsnummer sag køn alder fødselsdato adresse postnummer postnr by mail email e telefon
    navn fornavn efternavn cpr ydelse status type art start slut startdato slutdato helhedsorienteret
    uddannelse job løntilskud virksomhedspraktik praktik mentor forløb kontaktforløb afsluttet passiv
    samtale seneste sidste varighed uger antal årsag bortfald region rækker række kolonne cvr
    none completed partial opened key begge ingen blandet ukendt andet andre øvrige ja nej måske ved ikke vides ukendt uoplyst delvis
    fravalg fravalgte igen dag dage odd old new day extra ekstra mere går morgen kultur jobklar
    dags tom tomt aldrig intet ingenting senere tidligere løbende virksomhed niveau måneder periode sprog tolk
    oprettet ændret opdateret dannet civilstand børn bopæl kontaktperson rådgiver kategori værdi felt linje
"""
STEMS = (  # what benefits and the like are made of
    "ydelse", "hjælp", "pension", "dagpenge", "penge", "parat", "forløb", "afklaring", "ledig", "fleks",
    "tilskud", "sats", "revalid", "førtid", "barsel", "ressource", "efterløn", "overgang", "integration", "støtte",
)  # fmt: skip
MONTHS = frozenset({"april", "maj", "juni", "juli", "august", "may", "june", "july", "jun", "aug"})
_WORD = re.compile(r"[^\W\d_]+")
_DATE = re.compile(r"\d{1,2}[-./ ]\d{1,2}[-./ ](?:\d{4}|\d{2})|\d{4}[-./]\d{1,2}[-./]\d{1,2}")
# as file names have dates; in a cell it may be a telephone number
_COMPACT_DATE = re.compile(r"(?:19|20)\d\d[01]\d[0-3]\d|[0-3]\d[01]\d(?:19|20)\d\d")
_OWN_MARK = re.compile(
    r"-(?=[0-9a-f]*[a-f])[0-9a-f]{8}$"
)  # that the house puts behind a file's name
_TIME = re.compile(r"[T ]*(?:kl\.? ?)?[0-2]?\d[:.][0-5]\d(?:[:.][0-5]\d(?:[.,]\d+)?)?Z?")
_SHORT_NUMBER = re.compile(r"[-+<>]?\d{1,5}(?:[.,]\d{1,4})?%?")
_LOGIN = re.compile(r"(?<=://)[^\s»«\"']*@")
_SECRET_OPTION = re.compile(
    r"(?<=[?&;])([^=\s&]*(?:pass|pwd|secret|token|key)[^=\s&]*=)[^&\s»«]*", re.I
)


def blanked(text: str) -> str:
    """The text without what has the form of a CPR or telephone number, an e-mail address, or the
    user and password of an address."""
    if "://" in text:
        text = _SECRET_OPTION.sub(rf"\1{LEFT_OUT}", _LOGIN.sub(f"{LEFT_OUT}@", text))
    if not re.search(r"\d|@", text):
        return text
    plain = clean(text)
    spans = [*emails_in(plain)]
    for start, end in windows(plain):
        spans += numbers_in(plain, TEXT, start, end)
    if not spans:
        return text
    kept, at = [], 0
    for start, end, _ in sorted(spans):
        if start >= at:
            kept += [plain[at:start], LEFT_OUT]
        at = max(at, end)
    return "".join([*kept, plain[at:]])


def without_secrets(message: str, address: str) -> str:
    """Another program's message about an address, or word that it is not shown: where it quotes a part
    of the user's password."""
    login = address.partition("://")[2].rpartition("@")[0]
    options = address.partition("?")[2]
    pieces = {*re.split(r"[:/?#@&=]", f"{login}&{options}"), *_SECRET_OPTION.findall(address)}
    pieces -= {p for p in pieces if len(p) < 2}
    user = re.split(r"[:@/]", login)[0]
    if any(p in message or unquote(p) in message for p in pieces - {user}):
        return "its message is not shown, for it holds a part of the address's password"
    return blanked(message)


def redacted_file_name(name: str) -> str:
    """The name of a file, or of several with » / « between, as it may be told: known words, short numbers,
    dates and the ending."""
    return " / ".join(_redacted_file_name(one) for one in name.split(" / "))


def _redacted_file_name(name: str) -> str:
    stem, point, ending = name.rpartition(".")
    if not point or len(ending) > 5:
        return redacted_name(name)
    mark = found[0] if (found := _OWN_MARK.search(stem)) else ""
    return f"{redacted_name(stem.removesuffix(mark))}{mark}.{ending}"


def redacted_name(text: str) -> str:
    """The name of a sheet, a heading or a title, with every unknown word and long number left out."""
    return _redacted_name(str(text))


def redacted_headings(headings: Iterable[str]) -> tuple[str, ...]:
    """Headings as they may be told, each once."""
    return tuple(dict.fromkeys(map(redacted_name, headings)))


def redacted_names(names: Iterable[str]) -> str:
    """»Ark1«, »Udtræk«."""
    return ", ".join(f"»{redacted_name(name)}«" for name in names)


@lru_cache(maxsize=4096)
def _redacted_name(text: str) -> str:
    kept = _WORD.sub(lambda m: m[0] if _is_known(m[0].casefold()) else LEFT_OUT, blanked(text))
    kept = re.sub(r"\d{5,}", lambda m: m[0] if _COMPACT_DATE.fullmatch(m[0]) else LEFT_OUT, kept)
    return re.sub(rf"{LEFT_OUT}(?:[\s.,'’_-]*{LEFT_OUT})+", LEFT_OUT, kept)


def quoted(cell: str, known: Iterable[str] = ()) -> str:
    """A cell's text where it cannot name anybody, else »…«: a date, a short number, a text of `known` or
    near one, or known words alone."""
    text = " ".join(str(cell).split())
    if _DATE.fullmatch(text) or _SHORT_NUMBER.fullmatch(text):
        return text
    if (found := re.match(_DATE, text)) and _TIME.fullmatch(text[found.end() :]):
        return text
    key, keys = normalise(text), [normalise(k) for k in known]
    if key in keys or difflib.get_close_matches(key, keys, n=1, cutoff=NEAR):
        return text
    words = _WORD.findall(text.casefold())
    digits = sum(c.isdigit() for c in text)
    if not digits and MONTHS.intersection(words):  # May and August are persons too
        return LEFT_OUT
    if digits > 7 or len(text) > LONGEST or blanked(text) != text or not all(map(_is_known, words)):
        return LEFT_OUT
    return text if sum(c in ";|\t" for c in text) <= 1 else LEFT_OUT


def quoted_benefit(text: str, rows: int, known: Iterable[str], names: Collection[str]) -> str:
    """The text of an unknown benefit that `rows` rows have, else »…«: as `quoted`, or where so many have it
    that it is nobody's name. `known`: texts of known benefits; `names`: words of the file's names, in lower
    case, none of which is told unless it is a known word."""
    words = _WORD.findall(text.casefold())
    if any(word in names and not _is_known(word) for word in words):
        return LEFT_OUT
    return text if rows >= LEAST_ROWS_QUOTED and is_plain(text) else quoted(text, known)


def is_plain(text: str) -> bool:
    """Whether a text is short, one cell's, and has no form of a number or address of a person: what many
    rows have of it may be told, though no word is known."""
    cells, digits = sum(c in ";|\t" for c in text), sum(c.isdigit() for c in text)
    return len(text) <= LONGEST and cells <= 1 and digits < 6 and blanked(text) == text


def words_of(texts: Iterable[str]) -> set[str]:
    """All words of some texts, in lower case."""
    return {word for text in set(texts) for word in _WORD.findall(text.casefold())}


def _is_known(word: str) -> bool:
    known = vocabulary()
    if len(word) == 1 or word in known or word.removesuffix("s") in known:
        return True
    if any(stem in word for stem in STEMS):
        return True
    return len(word) >= SHORTEST_NEAR and bool(_near(word))


@lru_cache(maxsize=4096)
def _near(word: str) -> tuple[str, ...]:
    long = [known for known in vocabulary() if len(known) >= SHORTEST_NEAR]
    return tuple(difflib.get_close_matches(word, long, n=1, cutoff=NEAR))


@cache
def vocabulary() -> frozenset[str]:
    """WORDS, and the words of the parameters that come with the program: headings, benefits, target
    groups, municipalities."""
    from helpers.common.paths import PROJECT  # which imports the errors that quote

    params = PROJECT / "params"
    sources = [
        params / name for name in ("layout-words.yml", "municipalities.csv", "target-groups.csv")
    ]
    sources += [*params.glob("extract-formats/*.yml"), *params.glob("classification/*.csv")]
    texts = [WORDS, *(path.read_text("utf-8").casefold() for path in sources)]
    words = {word for text in texts for word in _WORD.findall(text)}
    return frozenset(words | {_without_danish(word) for word in words})


def _without_danish(word: str) -> str:
    """As file names spell it."""
    return word.replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
