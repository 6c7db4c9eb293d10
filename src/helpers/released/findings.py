"""What the numbers say, in plain Danish: the headlines of the deck and the titles of the figures.

A headline states a difference only where it is more than noise: against the others by the release's
verdict; between groups, themes and questions by `released/ends.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from helpers.common import printing
from helpers.common.printing import capital, uncapital
from helpers.common.vocabulary import NATIONAL, OVER
from helpers.released import verdicts
from helpers.released.captions import Labelled, listed, reasons
from helpers.released.ends import Ends, extremes, group_extremes, too_close
from helpers.released.numbers import Difference, Number, ResponseGroup, known
from helpers.released.own_numbers import SPLIT, OwnNumbers

NAMED_STATISTICS = (
    "mean",
    "share_satisfied",
    "share_dissatisfied",
)  # the neutral share goes with them
ROOM_FOR_NAMES = 50  # characters of a two-line headline


def _groups(o: OwnNumbers, breakdown: str) -> list[tuple[str, str, Number]]:
    return [
        (c, label, o.of(o.overall, "mean", breakdown, c)) for c, label in group_labels(o, breakdown)
    ]


def _end(rows: Sequence[Labelled], place: str) -> str:
    """»Mødet (4,07) ligger højest«; several that cannot be told apart share the end."""
    if len(rows) > 2:
        outermost = rows[0] if place == "højest" else rows[-1]
        return f"{outermost[0]} ligger blandt de {place}e"
    return f"{listed([name for name, _ in rows])} ligger {place}"


def overall_headline(o: OwnNumbers) -> str:
    own, against = o.of(o.overall), o.against_others(o.overall)
    if not own.shown:
        return f"Den samlede tilfredshed kan ikke vises: {own.words}"
    start = f"Samlet tilfredshed er {printing.number(own.value, 2)} på en skala fra 1 til 5"
    if not against.shown:
        return start
    reference = printing.number(against.other, 2)
    if not against.judged:
        return f"{start}; forskellen til de øvrige kommuner ({reference}) {against.said}"
    if against.notable:
        word = "højere" if against.verdict == OVER else "lavere"
        return f"{start} – {word} end i de øvrige kommuner ({reference})"
    return f"{start} – {against.said} til de øvrige kommuner ({reference})"


def themes_headline(o: OwnNumbers) -> str:
    rows = [(o.label(t), o.of(t)) for t in o.themes if t != o.overall]
    if not any(number.shown for _, number in rows):
        return f"Temaerne kan ikke vises for kommunen: {reasons(x for _, x in rows)}"
    found = extremes(rows)
    if found is None:
        return too_close("Temaerne", rows)
    high, low = found.highest, found.lowest
    if len(high) == len(low) == 1:
        (a, x), (b, y) = high[0], low[0]
        return (
            f"{a} ligger højest ({printing.number(x.value, 2)}), "
            f"{b} lavest ({printing.number(y.value, 2)})"
        )
    if any(r in low for r in high):
        return f"{high[0][0]} ligger blandt de højeste, {low[-1][0]} blandt de laveste"
    return f"{_end(high, 'højest')}, {_end(low, 'lavest').replace(' ligger', '')}"


def split_headline(o: OwnNumbers) -> str:
    satisfied, _, dissatisfied = (o.of(o.overall, s) for s in SPLIT)
    if not (satisfied.shown and dissatisfied.shown):
        return "Tilfredse, hverken eller og utilfredse svar på hvert tema"
    return (
        f"{printing.percent(satisfied.value)} er alt i alt tilfredse, "
        f"{printing.percent(dissatisfied.value)} er utilfredse"
    )


def questions_headline(o: OwnNumbers, title: str, items: Sequence[str]) -> str:
    """Shares that answer positively (4–5): the two ends where they can be told apart, else a range."""
    rows = [(f"»{o.label(i)}«", o.of(i, "share_satisfied")) for i in items]
    shown = sorted((r for r in rows if r[1].shown), key=lambda r: -known(r[1].value))
    if not shown:
        whose = "" if o.code == NATIONAL else " for kommunen"
        return f"{title}: svarene kan ikke vises{whose} ({reasons(x for _, x in rows)})"
    best, worst = shown[0], shown[-1]
    if len(shown) == 1:
        return f"{title}: {printing.percent(best[1].value)} svarer positivt på {best[0]}"
    if extremes(rows) is None:
        low, high = (printing.number(100 * known(x.value)) for _, x in (worst, best))
        span = f"{high}\u00a0%" if low == high else f"mellem {low} og {high}\u00a0%"
        return f"{title}: {span} svarer positivt"
    return (
        f"{title}: {printing.percent(best[1].value)} svarer positivt på {best[0]}, "
        f"{printing.percent(worst[1].value)} på {worst[0]}"
    )


def strongest_headline(high: Sequence[Labelled], low: Sequence[Labelled]) -> str:
    if not high or not low:
        return "For få spørgsmål kan vises til at pege på de stærkeste og svageste"
    if extremes([*high, *low]) is None:
        return too_close("Spørgsmålene", [*high, *low])
    (a, x), (b, y) = high[0], low[-1]
    return (
        f"Borgerne svarer mest positivt på »{a}« ({printing.number(x.value, 2)}) "
        f"og mindst på »{b}« ({printing.number(y.value, 2)})"
    )


def groups_headline(o: OwnNumbers, breakdown: str, groups: str) -> str:
    """Overall satisfaction by the categories of one breakdown; `groups`: »målgrupperne«."""
    rows = _groups(o, breakdown)
    if sum(number.shown for *_, number in rows) < 2:
        return f"{capital(groups)} kan ikke sammenlignes: {reasons(x for *_, x in rows)}"
    found = group_extremes(o.published, o.code, breakdown, rows)
    if not isinstance(found, Ends):
        return groups_alike(found, groups)
    return more_satisfied(breakdown, found)


def groups_alike(found: Sequence[str], groups: str) -> str:
    """`found`: the verdicts of all pairs of the groups."""
    where = f"i samlet tilfredshed mellem {groups}"
    return verdicts.none_notable(found, verdicts.DIFFERENCE, where)


def more_satisfied(breakdown: str, ends: Ends) -> str:
    (a, x), (b, y) = ends.highest[0], ends.lowest[-1]
    return (
        f"{capital(people(breakdown, a))} er mere tilfredse ({printing.number(x.value, 2)}) end "
        f"{people(breakdown, b, short=True)} ({printing.number(y.value, 2)})"
    )


def group_labels(o: OwnNumbers, breakdown: str) -> list[tuple[str, str]]:
    return list(o.categories(breakdown).items())


_AFTER = {"gender": "køn", "age_band": "alder", "duration_band": "varighed"}


def background_headline(o: OwnNumbers) -> str:
    """Gender, age and duration in one sentence; the groups are named where only one differs."""
    sure: dict[str, Ends] = {}
    words: dict[str, list[str]] = {}
    for breakdown, word in _AFTER.items():
        rows = _groups(o, breakdown)
        if sum(number.shown for *_, number in rows) < 2:
            text = "ingen sammenligning efter {}"  # the page's note says why
            words.setdefault(text, []).append(word)
            continue
        found = group_extremes(o.published, o.code, breakdown, rows)
        if isinstance(found, Ends):
            sure[breakdown] = found
        else:
            text = uncapital(verdicts.none_notable(found, verdicts.DIFFERENCE, "efter {}"))
            words.setdefault(text, []).append(word)
    parts = []
    if len(sure) == 1:
        [(breakdown, ends)] = sure.items()
        (a, x), (b, y) = ends.highest[0], ends.lowest[-1]
        parts.append(
            f"{people(breakdown, a)} ligger over {people(breakdown, b, short=True)} "
            f"({printing.number(x.value, 2)} mod {printing.number(y.value, 2)})"
        )
    elif sure:
        parts.append(f"tilfredsheden varierer med {listed([_AFTER[b] for b in sure])}")
    parts += [text.format(listed(names)) for text, names in words.items()]
    return capital("; ".join(parts))


def people(breakdown: str, label: str, *, short: bool = False) -> str:
    """»kvinder«, »16–29-årige«, »borgere med under 26 uger på ydelsen«, in short »under 26 uger«."""
    if breakdown == "age_band":
        return label.replace(" år", "-årige")
    lowered = uncapital(label)
    long_form = breakdown == "duration_band" and not short
    return f"borgere med {lowered} på ydelsen" if long_form else lowered


def local_headline(o: OwnNumbers, breakdown: str) -> str:
    """The local groups carry labels of the municipality's own, so they are quoted."""
    rows = _groups(o, breakdown)
    what = o.breakdown_label(breakdown)
    if sum(number.shown for *_, number in rows) < 2:
        return f"{what}: grupperne kan ikke sammenlignes ({reasons(x for *_, x in rows)})"
    found = group_extremes(o.published, o.code, breakdown, rows)
    if not isinstance(found, Ends):
        return f"{what}: {uncapital(groups_alike(found, 'grupperne'))}"
    (a, x), (b, y) = found.highest[0], found.lowest[-1]
    return (
        f"{what}: den samlede tilfredshed er højere for »{a}« ({printing.number(x.value, 2)}) "
        f"end for »{b}« ({printing.number(y.value, 2)})"
    )


def differences_headline(o: OwnNumbers, compared: Sequence[Difference]) -> str:
    """Names what differs for the municipality as a whole; groups only where nothing else does.
    `compared`: the differences from the others that the page is about."""
    if not compared:
        why = reasons(o.against_others(t) for t in o.themes)
        return f"Sammenligningen med de øvrige kommuner kan ikke vises: {why}"
    notable = [d for d in compared if d.notable]
    if not notable:
        found = [known(d.verdict) for d in compared]
        return verdicts.none_notable(found, verdicts.DIFFERENCE, "til de øvrige kommuner")
    whole = [d for d in notable if d.breakdown == "all"]
    means = [d for d in whole if d.statistic == "mean"]
    above = [f"»{o.label(d.item)}«" for d in means if d.verdict == OVER]
    below = [f"»{o.label(d.item)}«" for d in means if d.verdict != OVER]
    if len(above) > 2 and len(below) > 2:
        up, down = counted(len(above)), counted(len(below))
        return f"Kommunen ligger over de øvrige på {up} og under på {down} temaer og spørgsmål"
    if above and below:
        return f"Kommunen ligger over de øvrige på {_few(above)} og under på {_few(below)}"
    if above or below:
        word = "over" if above else "under"
        return f"Kommunen ligger {word} de øvrige kommuner på {_few(above or below)}"
    if whole:
        return "Fordelingen af svar adskiller sig fra de øvrige kommuner, gennemsnittene gør ikke"
    found = [known(d.verdict) for d in compared if d.breakdown == "all"]
    start = verdicts.none_notable(found, verdicts.DIFFERENCE, "samlet set")
    return f"{start} – men enkelte grupper adskiller sig"


def _few(names: Sequence[str]) -> str:
    """Names where they are short enough for a headline, else their number."""
    text = listed(names)
    if len(names) <= 2 and len(text) <= ROOM_FOR_NAMES:
        return text
    return f"{counted(len(names))} temaer og spørgsmål" if len(names) > 1 else text


def counted(n: int) -> str:
    words = ("nul", "ét", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni", "ti")
    return words[n] if n < len(words) else printing.number(n)


def response_headline(o: OwnNumbers) -> str:
    r = o.response()
    if not r.shown:
        return f"Antallet af svar kan ikke vises: {r.words}"
    return (
        f"{printing.number(r.answers)} af {printing.number(r.invited)} inviterede borgere svarede: "
        f"{printing.percent(r.response_rate, 1)}"
    )


def response_groups_headline(groups: Sequence[Sequence[tuple[str, ResponseGroup]]]) -> str:
    """`groups`: the shown categories of each breakdown. The widest gap that chance does not explain
    (binomial, as strict as intervals that do not overlap) is named, and only within one breakdown."""
    rates = [known(g.response_rate) for shown in groups for _, g in shown]
    if len(rates) < 2:
        return "Svarprocenten kan ikke vises for de enkelte grupper"
    ends = []
    for shown in groups:
        if len(shown) > 1:
            by_rate = sorted(shown, key=lambda r: known(r[1].response_rate))
            (low_name, low), *_, (high_name, high) = by_rate
            spread = 1.96 * (_rate_error(low) + _rate_error(high))
            x, y = known(high.response_rate), known(low.response_rate)
            if x - y > spread:
                ends.append((x - y, high_name, x, low_name, y))
    if not ends:
        least, most = (printing.number(100 * rate) for rate in (min(rates), max(rates)))
        if least == most:
            return f"Svarprocenten er {most}\u00a0% i alle grupper"
        return (
            f"Svarprocenten ligger mellem {least} og {most}\u00a0% i grupperne; "
            "forskellene kan være tilfældige"
        )
    _, a, x, b, y = max(ends)
    return (
        f"Svarprocenten er højest for gruppen »{a}« ({printing.percent(x)}) "
        f"og lavest for »{b}« ({printing.percent(y)})"
    )


def _rate_error(group: ResponseGroup) -> float:
    rate = known(group.response_rate)
    return (rate * (1 - rate) / known(group.invited)) ** 0.5
