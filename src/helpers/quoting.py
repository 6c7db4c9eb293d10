"""Which of a cell's words a message may quote: none that could be a person's.

A column that has moved puts names, telephone numbers and remarks where a benefit, a date or a yes is
looked for. So a text is quoted where all its words are known ones, or it is nearly one of them; a benefit
also where it tells itself by a word, or so many rows have it that it is nobody's name. Else »…« stands
there, and the message's row and column say where to look.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable

NOT_QUOTED = "…"
LONGEST = 40  # signs
MOST_DIGITS = 5  # a day number has five, the shortest telephone number more
NOBODYS_ROWS = 5  # rows with the same text, from which it is no person's
NEAR = 0.8  # likeness from which a text is taken for a slip of the pen
_WORD = re.compile(r"[^\W\d_]{2,}")
_DAY = re.compile(
    r"(?:[0-9]{1,2}[-./] ?[0-9]{1,2}[-./ ] ?[0-9]{2,4}|[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2})"
)
_TIME = re.compile(r"\b[0-2]?[0-9][:.][0-5][0-9](?:[:.][0-5][0-9])?\b")
_PLAIN_WORDS = frozenset({
    "ja", "nej", "yes", "no", "måske", "ukendt", "ved", "ikke", "uvist", "delvis", "delvist",
    "ingen", "intet", "endnu", "mangler", "fra", "til", "siden", "før", "efter", "dato", "dag",
    "dage", "uge", "uger", "måned", "år", "går", "kl", "og", "eller", "samme", "som", "er",
    "har", "sand", "falsk", "true", "false", "na",
})  # fmt: skip
# only beside a number: August and May are persons too
_MONTHS = frozenset({
    "januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september",
    "oktober", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep",
    "sept", "okt", "oct", "nov", "dec", "january", "february", "march", "may", "june", "july",
    "october",
})  # fmt: skip
_OF_BENEFITS = (
    "ydelse", "ydelsen", "hjælp", "penge", "støtte", "pension", "forløb", "løntilskud", "orlov", "løn",
    "revalidering", "fleksjob", "rehabilitering", "parat", "ledig", "efterløn", "barsel", "sats",
)  # fmt: skip

_BEGIN_BENEFITS = (
    "job", "kontant", "syge", "dagpeng", "ressource", "uddannelse", "reval", "fleks", "ledig", "aktivitet",
)  # fmt: skip


def quotable(text: str, known: Iterable[str] = ()) -> str:
    """The text of a date's, a yes or no's or a category's cell, or NOT_QUOTED; `known`: the texts that
    the column may have, and its heading."""
    known = [k.casefold() for k in known]
    folded = text.casefold()
    if not _may_be_quoted(text):
        return NOT_QUOTED
    if difflib.get_close_matches(folded, known, n=1, cutoff=NEAR):
        return text
    plain = _PLAIN_WORDS | (_MONTHS if any(map(str.isdigit, text)) else frozenset())
    words = plain.union(*map(_words, known))
    return text if _words(folded) <= words else NOT_QUOTED


def quotable_benefit(text: str, rows: int, known: Iterable[str], names: Collection[str]) -> str:
    """The text of an unknown benefit that `rows` rows have, or NOT_QUOTED.

    `known`: texts of known benefits; `names`: words of the file's names, in lower case.
    """
    known = [k.casefold() for k in known]
    folded = text.casefold()
    if not _may_be_quoted(text):
        return NOT_QUOTED
    known_words = {w for k in known for w in _words(k) if len(w) > 3}
    others = {
        w for w in _words(folded)
        if w not in known_words and not w.endswith(_OF_BENEFITS) and not w.startswith(_BEGIN_BENEFITS)
    }  # fmt: skip
    if others & set(names):
        return NOT_QUOTED
    tells_itself = len(others) < len(_words(folded)) or difflib.get_close_matches(
        folded, known, n=1, cutoff=NEAR
    )
    return text if tells_itself or rows >= NOBODYS_ROWS else NOT_QUOTED


def words_of(texts: Iterable[str]) -> set[str]:
    """All words of some texts, in lower case."""
    return {word for text in set(texts) for word in _words(text.casefold())}


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text))


def _may_be_quoted(text: str) -> bool:
    """Whether a text is short, holds the cells of one row and no number of a person."""
    numbers = _TIME.sub("", _DAY.sub("", text, count=1), count=1)
    digits = sum(c.isdigit() for c in numbers)
    return len(text) <= LONGEST and digits <= MOST_DIGITS and sum(c in ";|\t" for c in text) < 2
