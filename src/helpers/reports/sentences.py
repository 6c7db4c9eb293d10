"""Opening sentences of the reports, in plain Danish, made from released numbers.

A difference is named only where it is more than noise (see `released/findings.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from IPython.display import Markdown

from helpers.common import absent, printing
from helpers.common.markdown_text import Markup, bullets, literal, markdown_table, prose, trusted
from helpers.common.printing import capital
from helpers.common.vocabulary import NATIONAL, NOT_JUDGED, OVER, SMALL, UNDER, UNSURE
from helpers.estimation.comparisons import OTHERS
from helpers.released import ends, findings, verdicts
from helpers.released.captions import country_stands_fast, listed, reasons, with_results
from helpers.released.own_numbers import OwnNumbers
from helpers.released.published import Published
from helpers.released.scale_words import kinds_rule, means_rule, themes_rule
from helpers.reports.five_sentences import what_changed
from helpers.reports.model_texts import drivers_headline


def _bullets(sentences: list[str]) -> Markdown:
    return bullets(sentences)


def sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def _confidence(published: Published) -> str:
    return printing.number(100 * published.round.settings.comparison.confidence)


def strongest_weakest(published: Published, code: str, count: int = 5) -> Markdown:
    """The questions with the highest and the lowest means, as two short lists."""
    labels = published.round.item_labels(code)
    rows = [(labels[q], published.number(code, q)) for q in published.question_items]
    shown = [(name, number.value) for name, number in rows if number.shown]
    if len(shown) < 2 * count:
        return prose("For få spørgsmål kan vises til at pege på de stærkeste og svageste.")
    ordered = sorted(shown, key=lambda r: -r[1])
    rows = [
        [a, printing.number(x, 2), b, printing.number(y, 2)]
        for (a, x), (b, y) in zip(ordered[:count], reversed(ordered[-count:]))
    ]
    return trusted(markdown_table(["Højest", "Gennemsnit", "Lavest", "Gennemsnit"], rows))


# ---------------------------------------------------------------------------------------- national


def national_groups(published: Published, breakdown: str, groups: str) -> str:
    """The highest and lowest group; »hører til« where several share an end."""
    labels = published.round.category_labels()[breakdown]
    rows = [
        (c, label, published.number(NATIONAL, published.overall, breakdown=breakdown, category=c))
        for c, label in labels.items()
    ]
    if sum(number.shown for *_, number in rows) < 2:
        return f"{capital(groups)} kan ikke sammenlignes: {reasons(x for *_, x in rows)}"
    found = ends.group_extremes(published, NATIONAL, breakdown, rows)
    if not isinstance(found, ends.Ends):
        values = [number.value for *_, number in rows if number.shown]
        span = f"fra {printing.number(min(values), 2)} til {printing.number(max(values), 2)}"
        return f"{findings.groups_alike(found, groups)} ({span})"
    if len(labels) == 2 or not found.outermost:
        return findings.more_satisfied(breakdown, found)
    high, low = found.highest, found.lowest
    (a, x), (b, y) = high[0], low[-1]
    first, last = capital(findings.people(breakdown, a)), findings.people(breakdown, b, short=True)
    alone = len(high) == len(low) == 1
    most, least = (
        ("er mest tilfredse", "mindst")
        if alone
        else ("hører til de mest tilfredse", "til de mindst tilfredse")
    )
    return f"{first} {most} ({printing.number(x.value, 2)}), {last} {least} ({printing.number(y.value, 2)})"


def national_summary(published: Published) -> Markdown:
    """The country in a few sentences: how many answered, how satisfied, what is high and low, who
    differs, what has changed, and what goes with satisfaction."""
    overall = published.number(NATIONAL, published.overall)
    satisfied = published.number(NATIONAL, published.overall, "share_satisfied")
    dissatisfied = published.number(NATIONAL, published.overall, "share_dissatisfied")
    whole = published.responded(NATIONAL)
    sentences = []
    if whole.shown:
        sentences.append(
            f"{printing.number(whole.answers)} af {printing.number(whole.invited)} "
            f"inviterede borgere i {printing.number(len(published.country))} kommuner svarede: "
            f"{printing.percent(whole.response_rate, 1)}."
        )
    if overall.shown:
        span = f"{printing.number(overall.low, 2)}–{printing.number(overall.high, 2)}"
        interval = f"{_confidence(published)}\u00a0%-interval {span}"
        sentences.append(
            f"Den samlede tilfredshed er {printing.number(overall.value, 2)} på en skala fra 1 til 5 "
            f"({interval if overall.has_interval else absent.NOT_SHOWN[absent.NO_INTERVAL]})."
        )
    else:
        sentences.append(f"Den samlede tilfredshed kan ikke vises: {overall.words}.")
    if satisfied.shown and dissatisfied.shown:
        sentences.append(
            f"{printing.percent(satisfied.value)} er tilfredse med deres forløb, "
            f"{printing.percent(dissatisfied.value)} er utilfredse."
        )
    sentences += [
        sentence(national_themes(published)),
        sentence(national_groups(published, "target_group", "målgrupperne")),
        sentence(municipal_spread(published)),
        sentence(what_changed(published, NATIONAL)),
    ]
    drivers = published.drivers
    drivers = drivers[drivers["municipality"] == NATIONAL]
    if not drivers.empty:
        drivers = drivers.sort_values("importance", ascending=False)
        sentences.append(sentence(drivers_headline(drivers, published.round.item_labels())))
    return _bullets(sentences)


def national_themes(published: Published) -> str:
    labels = published.round.item_labels()
    rows = [
        (labels[t], published.number(NATIONAL, t))
        for t in published.theme_items
        if t != published.overall
    ]
    if sum(number.shown for _, number in rows) < 2:
        return f"Temaerne kan ikke sammenlignes: {reasons(x for _, x in rows)}"
    found = ends.extremes(rows)
    if found is None:
        return ends.too_close("Temaerne", rows)
    high, low = found.highest, found.lowest
    (a, x), (b, y) = high[0], low[-1]
    top = "højest af temaerne" if len(high) == 1 else "blandt de højeste temaer"
    bottom = "lavest" if len(low) == 1 else "blandt de laveste"
    return (
        f"»{a}« ligger {top} ({printing.number(x.value, 2)}), "
        f"»{b}« {bottom} ({printing.number(y.value, 2)})"
    )


def municipal_spread(published: Published, codes: Collection[str] | None = None) -> str:
    """How many municipalities (of `codes`) surely and notably lie over or under the others."""
    places = [m.code for m in published.municipalities if codes is None or m.code in codes]
    found = [published.against_others(code, published.overall) for code in places]
    hidden = [d for d in found if not d.shown]
    if len(hidden) == len(found):
        return f"Kommunerne kan ikke sammenlignes: {reasons(found)}"
    text = spread_text(Counter(d.verdict for d in found if d.shown))
    if hidden:
        text += (
            f". {capital(_municipalities(len(hidden)))} kan ikke sammenlignes: {reasons(hidden)}"
        )
    return text


def spread_text(counts: Counter[str]) -> str:
    """The sentence for so many municipalities of each verdict."""
    where = "de øvrige i samlet tilfredshed"
    sides = [(counts[v], word) for v, word in ((OVER, "over"), (UNDER, "under")) if counts[v]]
    rest, unsure = counts[SMALL] + counts[UNSURE], counts[NOT_JUDGED]
    if not sides and not rest:
        between = f"mellem nogen kommune og {where}"
        return verdicts.none_notable([NOT_JUDGED], verdicts.DIFFERENCE, between)
    if not sides:
        text = f"Ingen kommune ligger sikkert og nævneværdigt over eller under {where}"
    else:
        (count, word), *second = sides
        text = f"{capital(_municipalities(count))} ligger sikkert og nævneværdigt {word} {where}"
        if second:
            text += f" og {_municipalities(second[0][0])} {second[0][1]}"
        else:
            text += f"; ingen ligger {'under' if word == 'over' else 'over'}"
        if rest:
            last = "den sidste" if rest == 1 else f"de resterende {printing.number(rest)}"
            others = _municipalities(rest) if unsure else last
            text += f". For {others} er der {verdicts.NO_NOTABLE} {verdicts.DIFFERENCE}"
    return text + f". For {_municipalities(unsure)} kan det ikke vurderes" * bool(unsure)


def _municipalities(count: int) -> str:
    return "én kommune" if count == 1 else f"{printing.number(count)} kommuner"


def spread_sentence(published: Published) -> Markdown:
    return prose(sentence(municipal_spread(published)))


def participants(published: Published) -> Markdown:
    """Who the country is: the municipalities with results, and those without."""
    text = (
        f"»Alle deltagende kommuner« er {with_results(len(published.country))}. "
        "Det er ikke hele landet: kommuner, der ikke deltager, indgår ikke."
    )
    if published.missing:
        names = listed([m.official_name for m in published.missing])
        text += f" Følgende tilmeldte har ingen resultater og indgår ikke: {names}."
    return prose(text + country_stands_fast(published))


def word_list(published: Published) -> Markdown:
    """The words that a reader meets, one line each."""
    rules = published.round.settings
    lines = [
        ("Gennemsnit", "svarene regnet som tal fra 1 (mest negativt) til 5 (mest positivt)."
         f"{means_rule(published.round)}"),
        ("Tilfredse, hverken eller, utilfredse", f"{kinds_rule(published.round)}; for et tema: "
         f"{themes_rule(published.round)}."),
        ("Vægtet", "regnet, så svarene afspejler alle borgere i målgrupperne."),
        (f"{_confidence(published)}\u00a0%-interval", "det spænd, som usikkerheden ved stikprøve og svar giver."),
        ("De øvrige kommuner", "alle deltagende kommuner undtagen den, som rapporten handler om."),
        ("Sikker forskel", "en forskel, som er for stor til at være tilfældig, også når der tages "
         "højde for de mange sammenligninger, i kommunens egen rapport og i lister over kommuner."),
        ("Nævneværdig forskel", "en sikker forskel på mindst "
         f"{verdicts.least_notable(rules.comparison)}, der "
         f"hviler på mindst {rules.comparison.min_answers} svar."),
        (capital(verdicts.words_of(OTHERS)[SMALL]), "en sikker forskel, der er mindre end det."),
    ]  # fmt: skip
    lines += [
        (_words(missing), absent.reason(status, rules.disclosure))
        for status, missing in absent.MISSING.items()
    ]
    return trusted("\n\n".join(f"**{literal(w)}:** {literal(meaning)}" for w, meaning in lines))


def _words(missing: absent.Missing) -> str:
    """»For få svar, (få)«: in the charts and in the tables, where the two are not the same."""
    return capital(", ".join(dict.fromkeys((missing.words, missing.mark))))


def sampling_method(published: Published, code: str) -> Markdown:
    """Who was invited: everybody, or a sample and how it was drawn."""
    if code == NATIONAL:
        rules = published.round.settings.sampling
        sizes = f"{printing.number(rules.smallest_sample)}–{printing.number(rules.largest_sample)}"
        start = (
            f"I hver kommune er der inviteret {sizes} borgere efter kommunens størrelse; i kommuner "
            "med færre borgere i målgrupperne er alle inviteret."
        )
    else:
        whole = OwnNumbers(published, code).response()
        if not whole.shown:
            start = "Alle borgere i målgrupperne eller en stikprøve af dem er inviteret."
        elif whole.invited == whole.population:
            people = printing.number(whole.population)
            return prose(f"Alle {people} borgere i kommunens målgrupper er inviteret.")
        else:
            invited, people = printing.number(whole.invited), printing.number(whole.population)
            start = f"{invited} af kommunens {people} borgere i målgrupperne er inviteret."
    return prose(
        f"{start} Stikprøven er trukket tilfældigt inden for hver målgruppe, så den ligner "
        "målgruppens køn og alder. Grupper med lav forventet svarprocent er inviteret oftere."
    )


def comparison_rule(published: Published) -> Markdown:
    """When a difference from the others is named."""
    rules = published.round.settings.comparison
    return prose(
        "En forskel nævnes kun, når den er statistisk sikker, også når der tages højde for de mange "
        "sammenligninger, når den er mindst "
        f"{verdicts.least_notable(rules)}, og når begge sider hviler på "
        f"mindst {rules.min_answers} svar."
    )


def limitations(published: Published, code: str) -> Markdown:
    """What the numbers leave out, as a list: in the country's report and in the municipalities'."""
    o, least = (
        OwnNumbers(published, code),
        published.round.settings.responses.min_questions_answered,
    )
    points = {
        "Spørgsmål uden svar": _without_score(o),
        "Delvise besvarelser": f"tæller med, når mindst {findings.counted(least)} af de fælles spørgsmål "
        "er besvaret. De sidste spørgsmål hviler derfor på lidt færre borgere.",
        "De, der ikke svarer": "vægtene retter op for målgruppe, køn og alder. Mener de, der ikke svarer, "
        "noget andet end andre i samme målgruppe, køn og alder, kan tallene ikke se det.",
        "Kommunerne deltager frivilligt": "de er ikke udtrukket, så »alle deltagende kommuner« er ikke hele "
        "landet, og intervallerne siger intet om kommuner, der ikke er med.",
        "Brev og besvarelse": "borgerne er inviteret digitalt og har svaret på skærm. Borgere, som ikke kan "
        "nås sådan eller har svært ved det, kan mangle, og om de ville svare anderledes, ved vi ikke.",
        "Flere runder": "borgere, der er med i to runder, er ikke fulgt, og i små kommuner inviteres mange "
        "af de samme. Intervallet for en ændring er der for bredt, ikke for smalt.",
    }
    return bullets(Markup(f"**{literal(term)}:** {literal(text)}") for term, text in points.items())


def _without_score(o: OwnNumbers) -> str:
    """How many of the answers are behind no number of a question, and where most are lacking."""
    rule = "Et tal bygger kun på dem, der har svaret på skalaen; »ved ikke« og intet svar udfyldes ikke."
    whole = o.response()
    asked = [(o.label(q), o.of(q)) for q in o.questions]
    known = [(number.n, name) for name, number in asked if number.shown and number.n]
    if not whole.shown or not whole.answers or not known:
        return rule
    (fewest, name), most = min(known), max(known)[0]
    least, worst = (printing.percent(max(1 - n / whole.answers, 0)) for n in (most, fewest))
    if least == worst:
        return f"{rule} Det er {worst} af svarene på hvert spørgsmål, som ikke er med."
    return f"{rule} Mellem {least} og {worst} af svarene er ikke med i et spørgsmåls tal, flest i »{name}«."


def disclosure_rule(published: Published) -> Markdown:
    """What is not shown."""
    rules = published.round.settings.disclosure
    return prose(
        f"Resultater med færre end {printing.number(rules.min_answers)} svar vises ikke. Andele kræver "
        f"{printing.number(rules.shares_from)} svar og uvægtede tal {printing.number(rules.unweighted_from)}. Kunne et skjult tal regnes ud "
        "af de viste, eller kunne man se, hvad den enkelte har svaret, skjules flere tal. Et tal, der "
        "mangler, er aldrig vist som nul; mærket siger hvorfor, og mærkerne er forklaret i ordlisten."
    )


def simulated_notice(published: Published) -> Markdown:
    """A callout where the round is simulated; nothing in a real one."""
    if not published.round.settings.simulated:
        return prose("")
    return trusted(
        '::: {.callout-warning title="Simulerede tal"}\n'
        "Alle borgere og svar i denne rapport er opdigtede. Tallene siger intet om virkelige kommuner.\n"
        ":::"
    )
