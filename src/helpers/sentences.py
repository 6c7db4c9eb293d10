"""Opening sentences of the reports, in plain Danish, made from released numbers.

A difference is named only where it is more than noise: against the others where the release marks it
as worth mentioning, within a report where intervals do not overlap (see `findings.py`).
"""

from __future__ import annotations

from IPython.display import Markdown

from helpers import captions, findings, style
from helpers.captions import capital, listed
from helpers.own_numbers import OVERALL, Number, OwnNumbers, official_name
from helpers.params import Municipality
from helpers.published import NATIONAL, Published


def _bullets(sentences: list[str]) -> Markdown:
    return Markdown("\n".join(f"- {s}" for s in sentences if s))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def municipal_summary(published: Published, code: str) -> Markdown:
    """Four to six sentences: response, overall, themes, what differs, groups, how sure we are."""
    o = OwnNumbers(published, code)
    means = o.worth_mentioning("mean")
    shares = o.worth_mentioning("share_satisfied") + o.worth_mentioning("share_dissatisfied")
    return _bullets(
        [
            _sentence(findings.response_headline(o)),
            _sentence(findings.overall_headline(o)),
            _sentence(findings.split_headline(o)) if o.of(OVERALL).shown else "",
            _sentence(findings.themes_headline(o)),
            _sentence(findings.differences_headline(o, means, shares)),
            _sentence(findings.groups_headline(o, "target_group", "målgrupperne")),
            _certainty(o),
        ]
    )


def _certainty(o: OwnNumbers) -> str:
    own = o.of(OVERALL)
    if not own.shown:
        return (
            "Kommunen har så få svar, at det meste ikke kan vises. Rapporten siger derfor ikke noget "
            "sikkert om kommunen."
        )
    low, high = style.number(own.low, 2), style.number(own.high, 2)
    return (
        f"Usikkerheden på den samlede tilfredshed går fra {low} til {high}; forskelle, der er mindre "
        "end det, kan være tilfældige."
    )


def group_sentence(published: Published, code: str, breakdown: str, groups: str) -> Markdown:
    """One sentence on overall satisfaction by the categories of a breakdown."""
    if code == NATIONAL:
        return Markdown(_sentence(_national_groups(published, breakdown, groups)))
    o = OwnNumbers(published, code)
    return Markdown(_sentence(findings.groups_headline(o, breakdown, groups)))


def local_sentence(published: Published, code: str) -> Markdown:
    """What there is of local questions and groups, or that there is none."""
    o = OwnNumbers(published, code)
    if not o.local_questions and not o.local_breakdowns:
        return Markdown("Kommunen har ingen lokale spørgsmål eller lokale grupper i denne runde.")
    parts = [_sentence(findings.local_headline(o, b)) for b in o.local_breakdowns]
    if o.local_questions:
        count = len(o.local_questions)
        parts.append(
            "Kommunen har stillet ét lokalt spørgsmål."
            if count == 1
            else f"Kommunen har stillet {('to', 'tre')[count - 2]} lokale spørgsmål."
        )
    return Markdown(" ".join(parts))


def strongest_weakest(published: Published, code: str, count: int = 5) -> Markdown:
    """The questions with the highest and the lowest means, as two short lists."""
    labels = published.round.item_labels(None if code == NATIONAL else code)
    rows = [(labels[q], published.value(code, q)) for q in published.question_items]
    shown = [(name, r["value"]) for name, r in rows if r is not None and r["status"] == "shown"]
    if len(shown) < 2 * count:
        return Markdown("For få spørgsmål kan vises til at pege på de stærkeste og svageste.")
    ordered = sorted(shown, key=lambda r: -r[1])
    lines = ["| Højeste gennemsnit | | Laveste gennemsnit | |", "|:---|---:|:---|---:|"]
    for (a, x), (b, y) in zip(ordered[:count], reversed(ordered[-count:])):
        lines.append(f"| {a} | {style.number(x, 2)} | {b} | {style.number(y, 2)} |")
    return Markdown("\n".join(lines))


def base_note(published: Published, code: str, item: str = "samlet") -> Markdown:
    """Source and number of answers under a figure."""
    row = published.value(code, item)
    n = "" if row is None or row["status"] != "shown" else f" n = {style.number(int(row['n']))}."
    return Markdown(f"Kilde: {captions.SURVEY}, {published.round.settings.title}. Vægtede tal.{n}")


# ---------------------------------------------------------------------------------------- national


def _number(published: Published, item: str, **where) -> Number:
    row = published.value(NATIONAL, item, **where)
    if row is None:
        return Number(None, None, None, None, "not_asked")
    if row["status"] != "shown":
        return Number(None, None, None, None, row["status"])
    return Number(row["value"], row["ci_low"], row["ci_high"], int(row["n"]), "shown")


def _national_groups(published: Published, breakdown: str, groups: str) -> str:
    labels = published.round.category_labels()[breakdown]
    rows = [
        (label, _number(published, OVERALL, breakdown=breakdown, category=c))
        for c, label in labels.items()
    ]
    found = findings.extremes(rows)
    if found is None:
        return f"Der er ingen sikker forskel i samlet tilfredshed mellem {groups}"
    (a, x), (b, y) = found[0][0], found[1][-1]
    return (
        f"{capital(findings.people(breakdown, a))} er mest tilfredse ({style.number(x.value, 2)}), "
        f"{findings.people(breakdown, b, short=True)} mindst ({style.number(y.value, 2)})"
    )


def national_summary(published: Published) -> Markdown:
    """The country in six sentences."""
    overall = _number(published, OVERALL)
    satisfied = _number(published, OVERALL, statistic="share_satisfied")
    dissatisfied = _number(published, OVERALL, statistic="share_dissatisfied")
    whole = published.response[
        (published.response["municipality"] == NATIONAL)
        & (published.response["breakdown"] == "all")
    ].iloc[0]
    sentences = []
    if whole["status"] == "shown":
        sentences.append(
            f"{style.number(int(whole['answers']))} af {style.number(int(whole['invited']))} "
            f"inviterede borgere i {style.number(len(published.municipalities))} kommuner svarede: "
            f"{style.percent(whole['response_rate'], 1)}."
        )
    if overall.shown:
        sentences.append(
            f"Den samlede tilfredshed er {style.number(overall.value, 2)} på en skala fra 1 til 5."
        )
    if satisfied.shown and dissatisfied.shown:
        sentences.append(
            f"{style.percent(satisfied.value)} er tilfredse eller meget tilfredse med deres forløb, "
            f"{style.percent(dissatisfied.value)} er utilfredse eller meget utilfredse."
        )
    sentences += [
        _sentence(_national_themes(published)),
        _sentence(_national_groups(published, "target_group", "målgrupperne")),
        _sentence(municipal_spread(published)),
    ]
    return _bullets(sentences)


def _national_themes(published: Published) -> str:
    labels = published.round.item_labels()
    rows = [(labels[t], _number(published, t)) for t in published.theme_items if t != OVERALL]
    found = findings.extremes(rows)
    if found is None:
        return "Temaerne ligger så tæt, at forskellene kan være tilfældige"
    (a, x), (b, y) = found[0][0], found[1][-1]
    return (
        f"»{a}« ligger højest af temaerne ({style.number(x.value, 2)}), "
        f"»{b}« lavest ({style.number(y.value, 2)})"
    )


def themes_sentence(published: Published) -> Markdown:
    return Markdown(_sentence(_national_themes(published)))


def municipal_spread(published: Published) -> str:
    """How many municipalities surely and notably lie over or under the others."""
    t = published.comparisons
    found = t[
        (t["reference"] == "others") & (t["breakdown"] == "all") & (t["item"] == OVERALL)
        & (t["statistic"] == "mean") & (t["weighting"] == "weighted")
    ]  # fmt: skip
    worth = found[found["worth_mentioning"]]
    over, under = int((worth["difference"] > 0).sum()), int((worth["difference"] < 0).sum())
    rest = len(found) - over - under
    return (
        f"{_municipalities(over)} ligger sikkert og nævneværdigt over de øvrige i samlet "
        f"tilfredshed og {_municipalities(under).lower()} under; for "
        f"{_municipalities(rest).lower()} er der ingen sikker forskel"
    )


def _municipalities(count: int) -> str:
    return (
        "Ingen kommuner"
        if count == 0
        else f"{style.number(count)} {'kommune' if count == 1 else 'kommuner'}"
    )


def spread_sentence(published: Published) -> Markdown:
    return Markdown(_sentence(capital(municipal_spread(published))))


def participants(published: Published) -> Markdown:
    """Who the country is: the municipalities with results, and those without."""
    count = len(published.municipalities)
    text = (
        f"»Alle deltagende kommuner« er de {style.number(count)} kommuner med resultater under ét. "
        "Det er ikke hele landet: kommuner, der ikke deltager, indgår ikke."
    )
    if published.missing:
        names = listed([_name(m) for m in published.missing])
        text += f" Disse tilmeldte kommuner har ingen resultater og indgår ikke: {names}."
    return Markdown(text)


def _name(place: Municipality) -> str:
    return official_name(place.code, place.name)


def word_list(published: Published) -> Markdown:
    """The words that a reader meets, one line each."""
    rules = published.round.settings
    lines = [
        ("Gennemsnit", "svarene regnet som tal fra 1 (mest negativt) til 5 (mest positivt)."),
        ("Tilfredse, hverken eller, utilfredse", "svarene 4–5, 3 og 1–2; for et tema en score fra "
         "3,5, derimellem og til og med 2,5."),
        ("Vægtet", "regnet, så svarene afspejler alle borgere i målgrupperne."),
        ("95 %-interval", "det spænd, som usikkerheden ved stikprøve og svar giver."),
        ("De øvrige kommuner", "alle deltagende kommuner undtagen den, som rapporten handler om."),
        ("Sikker forskel", "en forskel, som er for stor til at være tilfældig, også når der tages "
         "højde for de mange sammenligninger."),
        ("Nævneværdig forskel", "en sikker forskel på mindst "
         f"{style.number(rules.comparison.smallest_mean_difference, 1)} skalapoint."),
        ("For få svar", f"færre end {rules.disclosure.min_answers} svar; tallet vises ikke."),
    ]  # fmt: skip
    return Markdown("\n\n".join(f"**{word}:** {meaning}" for word, meaning in lines))


def simulated_notice(published: Published) -> Markdown:
    """A callout where the round is simulated; nothing in a real one."""
    if not published.round.settings.simulated:
        return Markdown("")
    return Markdown(
        '::: {.callout-warning title="Simulerede tal"}\n'
        "Alle borgere og svar i denne rapport er opdigtede. Tallene siger intet om virkelige kommuner.\n"
        ":::"
    )
