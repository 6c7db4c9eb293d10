"""The five sentences that open a municipality's report: what is good, what is weak, what differs from
the others, what has changed, and how sure we are.

Each is made from released numbers and names a difference only where it is more than noise.
"""

from __future__ import annotations

from IPython.display import Markdown

from helpers.common import absent, printing
from helpers.common.markdown_text import bullets
from helpers.common.printing import capital, uncapital
from helpers.common.vocabulary import OVER, UNDER
from helpers.estimation.comparisons import ROUND
from helpers.released import ends, findings, verdicts
from helpers.released.captions import listed, reasons
from helpers.released.numbers import Number
from helpers.released.own_numbers import OwnNumbers
from helpers.released.published import Published
from helpers.reports.tables import distinct_items, round_title

VERY_UNSURE_FROM = 0.25  # scale points on either side: as much as separates the themes
NAMED = 2  # so many themes or questions are named, more are counted
STRONG, WEAK = "highest", "lowest"  # the ends of `ends.Ends`


def five_sentences(published: Published, code: str) -> Markdown:
    """The sentences as a list; fewer where nothing can be shown to tell of."""
    o = OwnNumbers(published, code)
    sentences = (_strong(o), _weak(o), _differs(o), what_changed(published, code), how_sure(o))
    return bullets(f"{capital(s.rstrip('.'))}." for s in sentences if s)


def _strong(o: OwnNumbers) -> str:
    """Without any number to show, this says so for both ends."""
    shares = [o.of(o.overall, s) for s in ("share_satisfied", "share_dissatisfied")]
    themes = [x for _, x in _themes(o)]
    if not any(x.shown for x in (*shares, *themes)):
        return f"Kommunens resultater kan ikke vises: {reasons((*shares, *themes))}"
    return _end(o, STRONG, shares[0])


def _weak(o: OwnNumbers) -> str:
    share = o.of(o.overall, "share_dissatisfied")
    if not any(
        x.shown for x in (share, o.of(o.overall, "share_satisfied"), *(x for _, x in _themes(o)))
    ):
        return ""
    return _end(o, WEAK, share)


def _themes(o: OwnNumbers) -> list[tuple[str, Number]]:
    return [(f"»{o.label(t)}«", o.of(t)) for t in o.themes if t != o.overall]


def _end(o: OwnNumbers, end: str, share: Number) -> str:
    """The themes at one end of the order, and the share of the citizens at the same end."""
    word, adjective, side = (
        ("tilfredse", "stærkest", "over") if end == STRONG else ("utilfredse", "svagest", "under")
    )
    rows = _themes(o)
    shown = [r for r in rows if r[1].shown]
    found = ends.extremes(rows)
    if not shown:
        text = f"temaerne kan ikke vises ({reasons(x for _, x in rows)})"
    elif len(shown) == 1:
        [(name, number)] = shown
        text = (
            f"{name} ligger på {printing.number(number.value, 2)}; de andre temaer kan ikke vises"
        )
    elif found is None:
        text = (
            f"intet tema ligger sikkert {side} de andre"
            if all(x.has_interval for _, x in shown)
            else uncapital(ends.too_close("Temaerne", shown))
        )
    else:
        at_end = getattr(found, end)
        names = [f"{name} ({printing.number(x.value, 2)})" for name, x in at_end]
        if len(names) <= NAMED:
            text = f"{adjective} står {listed(names)}"
        else:
            outermost = names[0] if end == STRONG else names[-1]
            text = f"{outermost} hører til de {adjective}e temaer"
    if not share.shown:
        return f"{text}; andelen, der alt i alt er {word}, kan ikke vises: {share.words}"
    return f"{text}, og {printing.percent(share.value)} er alt i alt {word}"


def _differs(o: OwnNumbers) -> str:
    return findings.differences_headline(o, o.differences(*findings.NAMED_STATISTICS))


def what_changed(published: Published, code: str) -> str:
    """Sure and notable changes of themes and questions since the latest earlier round."""
    if not published.earlier_rounds:
        return "Der er ingen tidligere runde at sammenligne med"
    before = published.earlier_rounds[0]
    title = round_title(published, before)
    items = distinct_items(published, [*published.theme_items, *published.question_items])
    rows = {i: d for i in items if (d := published.compared(code, ROUND + before, i)).shown}
    if not rows:
        whole = published.trends.trend(before, published.overall)
        why = "" if whole.comparable else f" ({whole.note.removesuffix('.')})"
        return f"Resultaterne kan ikke sammenlignes med {title}{why}"
    labels = published.round.item_labels(code)
    parts = []
    for verdict in (OVER, UNDER):
        found = [i for i, d in rows.items() if d.verdict == verdict]
        if found:
            word = verdicts.words_of(ROUND)[verdict]
            parts.append(f"{_named([labels[i] for i in found])} {word}")
    if not parts:
        found = [d.verdict for d in rows.values()]
        return verdicts.none_notable(found, verdicts.CHANGE, f"siden {title}")
    break_mark = bool(published.trends.mark(before))
    text = f"Siden {title} er {listed(parts)}"
    return f"{text}; der er brud i tidsserien" if break_mark else text


def _named(labels: list[str]) -> str:
    if len(labels) <= NAMED:
        return listed([f"»{label}«" for label in labels])
    return f"{findings.counted(len(labels))} temaer og spørgsmål"


def how_sure(o: OwnNumbers) -> str:
    """How many answered, and how wide the interval of overall satisfaction is."""
    own, whole = o.of(o.overall), o.response()
    if not own.shown:
        why = (
            "Kommunen har så få svar, at det meste ikke kan vises."
            if own.status == absent.FEW
            else f"Den samlede tilfredshed kan ikke vises: {own.words}."
        )
        return f"{why} Rapporten siger derfor ikke noget sikkert om kommunen."
    start = f"Den samlede tilfredshed er {printing.number(own.value, 2)} på en skala fra 1 til 5"
    if not own.has_interval:
        text = f"{start}; tallets usikkerhed kan ikke beregnes"
    else:
        low, high = printing.number(own.low, 2), printing.number(own.high, 2)
        level = printing.percent(o.round.settings.comparison.confidence)
        text = f"{start} med et {level}-interval fra {low} til {high}"
        if (own.high - own.low) / 2 >= VERY_UNSURE_FROM:
            text += ", så tallet er meget usikkert"
    if whole.shown:
        text += f"; {uncapital(findings.response_headline(o))}"
    else:
        text += f"; tallet bygger på {printing.number(own.n)} svar"
    return text
