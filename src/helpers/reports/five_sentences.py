"""The five sentences that open a municipality's report: what is good, what is weak, what differs from
the others, what has changed, and how sure we are.

Each is made from released numbers and names a difference only where it is more than noise.
"""

from __future__ import annotations

from IPython.display import Markdown

from helpers.common import style
from helpers.common.markdown_text import bullets
from helpers.common.style import capital
from helpers.common.vocabulary import NATIONAL
from helpers.released import findings
from helpers.released.captions import listed, reasons
from helpers.released.own_numbers import OVERALL, Number, OwnNumbers
from helpers.released.published import Published
from helpers.reports.tables import distinct_items, round_title

VERY_UNSURE_FROM = 0.25  # scale points on either side: as much as separates the themes
NAMED = 2  # so many themes or questions are named, more are counted
STRONG, WEAK = 0, 1  # the ends of `findings.extremes`


def five_sentences(published: Published, code: str) -> Markdown:
    """The sentences as a list; fewer where nothing can be shown to tell of."""
    o = OwnNumbers(published, code)
    sentences = (_strong(o), _weak(o), _differs(o), what_changed(published, code), how_sure(o))
    return bullets(f"{capital(s.rstrip('.'))}." for s in sentences if s)


def _strong(o: OwnNumbers) -> str:
    """Without any number to show, this says so for both ends."""
    shares = [o.of(OVERALL, s) for s in ("share_satisfied", "share_dissatisfied")]
    themes = [x for _, x in _themes(o)]
    if not any(x.shown for x in (*shares, *themes)):
        return f"Kommunens resultater kan ikke vises: {reasons((*shares, *themes))}"
    return _end(o, STRONG, shares[0])


def _weak(o: OwnNumbers) -> str:
    share = o.of(OVERALL, "share_dissatisfied")
    if not any(
        x.shown for x in (share, o.of(OVERALL, "share_satisfied"), *(x for _, x in _themes(o)))
    ):
        return ""
    return _end(o, WEAK, share)


def _themes(o: OwnNumbers) -> list[tuple[str, Number]]:
    return [(f"»{o.label(t)}«", o.of(t)) for t in o.themes if t != OVERALL]


def _end(o: OwnNumbers, end: int, share: Number) -> str:
    """The themes at one end of the order, and the share of the citizens at the same end."""
    word, adjective, side = (
        ("tilfredse", "stærkest", "over") if end == STRONG else ("utilfredse", "svagest", "under")
    )
    rows = _themes(o)
    shown = [r for r in rows if r[1].shown]
    found = findings.extremes(rows)
    if not shown:
        text = f"temaerne kan ikke vises ({reasons(x for _, x in rows)})"
    elif len(shown) == 1:
        [(name, number)] = shown
        text = f"{name} ligger på {style.number(number.value, 2)}; de andre temaer kan ikke vises"
    elif found is None:
        text = f"intet tema ligger sikkert {side} de andre"
    else:
        names = [f"{name} ({style.number(x.value, 2)})" for name, x in found[end]]
        if len(names) <= NAMED:
            text = f"{adjective} står {listed(names)}"
        else:
            outermost = names[0] if end == STRONG else names[-1]
            text = f"{outermost} hører til de {adjective}e temaer"
    if not share.shown:
        return f"{text}; andelen, der alt i alt er {word}, kan ikke vises: {share.mark}"
    return f"{text}, og {style.percent(share.value)} er alt i alt {word}"


def _differs(o: OwnNumbers) -> str:
    means = o.worth_mentioning("mean")
    shares = o.worth_mentioning("share_satisfied") + o.worth_mentioning("share_dissatisfied")
    return findings.differences_headline(o, means, shares)


def what_changed(published: Published, code: str) -> str:
    """Sure and notable changes of themes and questions since the latest earlier round."""
    if not published.earlier_rounds:
        return "Der er ingen tidligere runde at sammenligne med"
    before = published.earlier_rounds[0]
    title, reference = round_title(published, before), f"round:{before}"
    items = distinct_items(published, [*published.theme_items, *published.question_items])
    rows = {i: r for i in items if (r := published.compared(code, reference, i)) is not None}
    if not rows:
        whole = published.trends.trend(before, OVERALL)
        why = "" if whole.comparable else f" ({whole.note.removesuffix('.')})"
        return f"Resultaterne kan ikke sammenlignes med {title}{why}"
    labels = published.round.item_labels(None if code == NATIONAL else code)
    parts = []
    for sign, word in ((1, "steget"), (-1, "faldet")):
        found = [i for i, r in rows.items() if r["worth_mentioning"] and sign * r["difference"] > 0]
        if found:
            parts.append(f"{_named([labels[i] for i in found])} {word}")
    if not parts:
        if all(r["p_adjusted"] != r["p_adjusted"] for r in rows.values()):  # none can be judged
            return f"Ændringerne siden {title} hviler på for få svar til at blive vurderet"
        return f"Der er ingen sikre og nævneværdige ændringer siden {title}"
    break_mark = bool(published.trends.mark(before))
    text = f"Siden {title} er {listed(parts)}"
    return f"{text}; der er brud i tidsserien" if break_mark else text


def _named(labels: list[str]) -> str:
    if len(labels) <= NAMED:
        return listed([f"»{label}«" for label in labels])
    return f"{findings.counted(len(labels))} temaer og spørgsmål"


def how_sure(o: OwnNumbers) -> str:
    """How many answered, and how wide the interval of overall satisfaction is."""
    own, whole = o.of(OVERALL), o.response()
    if not own.shown:
        why = (
            "Kommunen har så få svar, at det meste ikke kan vises."
            if own.status == style.FEW
            else f"Den samlede tilfredshed kan ikke vises: {own.mark}."
        )
        return f"{why} Rapporten siger derfor ikke noget sikkert om kommunen."
    known = whole is not None and whole.shown
    start = f"Den samlede tilfredshed er {style.number(own.value, 2)} på en skala fra 1 til 5"
    if own.low is None or own.high is None:
        text = f"{start}; tallets usikkerhed kan ikke beregnes"
    else:
        low, high = style.number(own.low, 2), style.number(own.high, 2)
        level = style.percent(o.round.settings.comparison.confidence)
        text = f"{start} med et {level}-interval fra {low} til {high}"
        if (own.high - own.low) / 2 >= VERY_UNSURE_FROM:
            text += ", så tallet er meget usikkert"
    if known:
        text += f"; {findings.response_headline(o)[:1].lower()}{findings.response_headline(o)[1:]}"
    else:
        text += f"; tallet bygger på {style.number(own.n)} svar"
    return text
