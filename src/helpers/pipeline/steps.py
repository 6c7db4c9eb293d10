"""The steps of a round: what each reads, what it makes, and what can change its result.

A row a step. Names are relative to the root; `{round}`, `{code}`, `{folder}` (a municipality's under
`build/`), `{earlier}` and `{participant}` (each earlier round, each municipality in turn) are filled in, `?` and `*` stand for any signs
within a name, `**` for all below a folder. A new step needs a row here and a function.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from helpers.common.vocabulary import FILES
from helpers.notebooks.renderers import MUNICIPAL, NATIONAL, Kind, described
from helpers.parameters.questionnaires import LocalFile, Questionnaire
from helpers.parameters.rounds import EarlierRound, Round

STAGES = ("intake", "plan", "analyse", "release", "report", "national")

RELEASED = "released rows of {code}"  # what a municipality's report reads, judged by content
PARAMETERS = "params/**"
RENDERER = "renderer"  # stands among the parameters of a step that typesets

# parameters that end a step, or belong to what stands before and beside it: they change nothing that
# a step makes
NO_RESULT = {
    "limits", "extract_period", "sign_up", "letters", "digital_post", "messages", "costs",
    "fieldwork",
}  # fmt: skip
# parameters that change no result after the collection of answers, or none before it
NOT_SINCE_COLLECTION = {
    "agreements", "decisions", "retention_until", "price_bands", "link_base",
}  # fmt: skip
NOT_UNTIL_COLLECTION = {
    "questionnaire", "responses", "weighting", "disclosure", "comparison", "two_way", "models",
    "earlier_rounds", "earlier", "participants", "price_bands", "retention_until",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One step, for each municipality or, `whole_round`, once.

    `function`: `(paths, round_, code) -> StepOutcome | None`, without code for the whole round. `sources`: the
    notebooks and report sources that it executes or is typeset by. `reads`: files
    whose content decides the result; its own results are left out, and every municipality's files of
    `apart`. `makes`: its results. `needs`: files it looks at besides. `carries`: files it brings up to
    date, judged by being there. `blind_to`: parameters that cannot change the result. `by_name`: those of
    which it uses some, each under its own name; one that is new to it is none that made its result.
    `arguments`: names of arguments that the run gives it. `typesets`: the kind of report that it typesets,
    by the machine's renderer.
    """

    name: str
    stage: str
    function: str
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    sources: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    blind_to: frozenset[str] = frozenset()
    by_name: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()
    typesets: Kind | None = None
    whole_round: bool = False


_DATA, _BUILD = "data/{round}", "build/{round}"
_RELEASED_FILES = tuple(f"{_BUILD}/{name}" for name in FILES.values())
_EARLIER_FILES = tuple(f"build/{{earlier}}/{name}" for name in FILES.values())

_LOOK = ("_quarto.yml", "reports/theme.scss", "reports/quarto.typ")  # what Quarto typesets by

_NOT_FOR_SCAN = frozenset(
    NOT_SINCE_COLLECTION | NOT_UNTIL_COLLECTION | {"calendar", "sampling", "title", "local_files"}
)

STEPS = {
    step.name: step
    for step in (
        Step(
            "intake", "intake", "helpers.extracts.intake_record:intake",
            reads=(
                f"{_DATA}/extracts/{{code}}*", f"{_DATA}/left-to-others/{{code}}.json",
                "data/{earlier}/intake.json",
            ),
            carries=(
                f"{_DATA}/vault/{{code}}", f"{_DATA}/vault-counts/{{code}}.jsonl",
                f"{_DATA}/intake-history/{{code}}.jsonl",
            ),
            makes=(
                f"{_DATA}/population/{{code}}.parquet", f"{_DATA}/intake/{{code}}.json",
                f"{_DATA}/fingerprints/{{code}}.parquet",
            ),
            blind_to=frozenset(NOT_UNTIL_COLLECTION | {"sampling", "calendar", "period", "link_base", "title"}),
            by_name=frozenset({"layouts", "rule_sets"}),
        ),
        Step(
            "intake-record", "intake", "helpers.extracts.intake_record:merge",
            reads=(
                f"{_DATA}/intake/*.json", f"{_DATA}/fingerprints/*.parquet",
                "data/{earlier}/intake.json", "data/{earlier}/intake-history/*.jsonl",
                "data/{earlier}/fingerprints/*.parquet",
            ),
            makes=(f"{_DATA}/intake.json", f"{_DATA}/left-to-others/*.json"),
            blind_to=frozenset(
                NOT_UNTIL_COLLECTION - {"participants"}
                | {"sampling", "calendar", "period", "link_base", "title"}
            ),
            whole_round=True,
        ),
        Step(
            "plan", "plan", "helpers.notebooks.execution:plan_notebook",
            sources=("notebooks/10-sampling-plan.ipynb",),
            reads=(f"{_DATA}/population/{{code}}.parquet",),
            needs=(f"{_DATA}/sendout/{{code}}/*", f"{_DATA}/responses/*"),
            makes=(
                f"{_DATA}/sample/{{code}}.parquet", f"{_DATA}/sample/{{code}}-frame.parquet",
                f"{_DATA}/sample/replaced/{{code}}-*", f"{_DATA}/sample/kept/{{code}}.json",
                f"{_DATA}/notebooks/{{code}}-10-sampling-plan.ipynb",
            ),
            blind_to=frozenset(
                NOT_UNTIL_COLLECTION - {"questionnaire", "disclosure", "comparison"}  # of local groups
                | {"agreements", "decisions", "link_base"}
            ),
        ),
        Step(
            "collect", "analyse", "helpers.pipeline.round_steps:collect_answers",
            reads=(
                f"{_DATA}/responses/*", f"{_DATA}/sample/????.parquet",
                f"{_DATA}/sample/replaced/????-sample-*.parquet",
            ),
            needs=(
                f"{_DATA}/vault/*", f"{_DATA}/vault-counts/*",
                f"{_DATA}/sendout/{{participant}}/mailings.json",
            ),
            makes=(f"{_DATA}/responses/????.parquet", f"{_DATA}/texts/*.xlsx"),
            blind_to=frozenset(NOT_SINCE_COLLECTION | {"sampling", "weighting", "comparison", "earlier"}),
            whole_round=True,
        ),
        Step(
            "analyse", "analyse", "helpers.notebooks.execution:analysis_notebook",
            sources=("notebooks/20-response-analysis.ipynb",),
            reads=(
                f"{_DATA}/sample/{{code}}.parquet", f"{_DATA}/sample/{{code}}-frame.parquet",
                f"{_DATA}/responses/{{code}}.parquet",
            ),
            makes=(
                f"{_DATA}/estimates/{{code}}.parquet", f"{_DATA}/estimates/{{code}}-*.parquet",
                f"{_DATA}/weighted/{{code}}.parquet", f"{_DATA}/weighted/{{code}}-*.parquet",
                f"{_DATA}/notebooks/{{code}}-20-response-analysis.ipynb",
            ),
            blind_to=frozenset(
                NOT_SINCE_COLLECTION | {"disclosure", "earlier_rounds", "earlier", "participants"}
            ),
        ),
        Step(
            "release", "release", "helpers.pipeline.round_steps:release_round",
            reads=(
                f"{_DATA}/estimates/*.parquet", f"{_DATA}/weighted/*.parquet",
                f"{_DATA}/sample/*-frame.parquet",
                "data/{earlier}/estimates/????.parquet", "build/{earlier}/released.parquet",
                f"{_DATA}/published/*/publication.json",
            ),
            needs=(
                f"{_DATA}/published.json", f"{_DATA}/published/*/*.parquet",
                f"{_DATA}/published/*/answers/*.parquet",
            ),
            makes=(*_RELEASED_FILES, f"{_BUILD}/released.csv", f"{_DATA}/release-state/**"),
            blind_to=frozenset(NOT_SINCE_COLLECTION),
            whole_round=True,
        ),
        Step(
            "report", "report", "helpers.notebooks.execution:report_notebook",
            sources=("notebooks/30-municipal-report.ipynb", *_LOOK),
            reads=(RELEASED, "build/{earlier}/released.parquet"),
            needs=(*_RELEASED_FILES, *_EARLIER_FILES),
            makes=(
                f"{_BUILD}/{{folder}}/rapport.html", f"{_BUILD}/{{folder}}/dashboard.html",
                f"{_BUILD}/{{folder}}/praesentation.pptx", f"{_BUILD}/{{folder}}/resultater.xlsx",
                f"{_DATA}/notebooks/{{code}}-30-municipal-report.ipynb",
            ),
            typesets=MUNICIPAL,
            blind_to=frozenset(NOT_SINCE_COLLECTION),
        ),
        Step(
            "national", "national", "helpers.notebooks.execution:national_report",
            sources=("reports/national.qmd", "reports/method.qmd", *_LOOK),
            reads=(*_RELEASED_FILES, "params/tile-map.csv"),
            makes=(
                f"{_BUILD}/national/**", f"{_DATA}/notebooks/0000-national*.ipynb",
                f"{_DATA}/notebooks/0000-method*.ipynb",
            ),
            typesets=NATIONAL,
            blind_to=frozenset(NOT_SINCE_COLLECTION),
            whole_round=True,
        ),
        Step(
            "star", "national", "helpers.bi.star:write_star",
            reads=_RELEASED_FILES,
            makes=(f"{_BUILD}/bi/*",),
            blind_to=frozenset(NOT_SINCE_COLLECTION),
            whole_round=True,
        ),
        Step(
            "calendar", "national", "helpers.preparation.ics:calendar_step",
            reads=(),
            makes=(f"{_BUILD}/kalender.ics",),
            blind_to=frozenset(
                NOT_SINCE_COLLECTION | NOT_UNTIL_COLLECTION
                | {"sampling", "local_files", "classification", "rules", "seed", "municipalities"}
            ),
            whole_round=True,
        ),
        Step(
            "index", "national", "helpers.pipeline.index:write_index_and_manifest",
            reads=(f"{_BUILD}/**",),
            makes=(f"{_BUILD}/index.html", f"{_BUILD}/manifest.json"),
            arguments=("failed",),
            blind_to=frozenset(NOT_SINCE_COLLECTION),
            whole_round=True,
        ),
        Step(
            "scan", "scan", "helpers.pipeline.round_steps:scan_report",
            reads=(f"{_BUILD}/{{folder}}/**",),
            needs=(f"{_DATA}/vault/*", f"{_DATA}/vault-counts/*"),
            makes=(),
            blind_to=_NOT_FOR_SCAN,
        ),
        Step(
            "scan-round", "scan", "helpers.pipeline.round_steps:scan_round",
            reads=(f"{_BUILD}/**",),
            apart=(f"{_BUILD}/{{folder}}/**",),
            needs=(f"{_DATA}/vault/*", f"{_DATA}/vault-counts/*"),
            makes=(),
            blind_to=_NOT_FOR_SCAN,
            whole_round=True,
        ),
    )
}  # fmt: skip


def filled(patterns: Iterable[str], round_: Round, code: str) -> Iterator[str]:
    """The patterns of a step for one municipality (or WHOLE_ROUND) of a round."""
    place = round_.municipalities.get(code)
    names = {"round": round_.id, "code": code, "folder": place.folder if place else ""}
    for pattern in patterns:
        if "{earlier}" in pattern:
            yield from (pattern.format(earlier=e) for e in round_.settings.earlier_rounds)
        elif "{participant}" in pattern:
            codes = round_.settings.participants
            yield from (pattern.format(participant=c, **names) for c in codes)
        else:
            yield pattern.format(**names)


def parameter_digests(step: Step, round_: Round, code: str) -> dict[str, str]:
    """Name of a parameter → digest of its value, for those that can change the step's result; where it
    typesets, the renderer too.

    Of the parameters by municipality, a municipality's own step depends on its own alone.
    """
    own = set() if step.whole_round else {code}
    parts = {name: value for name, value in round_.settings}
    parts |= {
        "rules": round_.rules,
        "questionnaire": _asked(round_.questionnaire, _of(round_.local, own)),
        "earlier": {n: _looked_back_at(e, own) for n, e in round_.earlier.items()},
        "municipalities": _of(round_.municipalities, own),
        "local_files": _of(round_.local, own),
        "agreements": _of(round_.agreements, own),
        "decisions": _of(round_.decisions, own),
    }
    if step.by_name:
        parts |= _by_name(round_)
    if step.typesets:
        parts[RENDERER] = described(step.typesets)
    blind = step.blind_to | NO_RESULT
    return {n: _digest(v) for n, v in sorted(parts.items()) if n not in blind}


def _by_name(round_: Round) -> dict[str, Any]:
    """Each layout and each rule set, and in which encodings and with which delimiters a text file is
    tried, which comes of all layouts together."""
    tried = [
        list(dict.fromkeys(e for f in round_.formats for e in f.encodings)),
        list(dict.fromkeys(f.delimiter for f in round_.formats)),
    ]
    return (
        {f"layouts.{f.layout}": f for f in round_.formats}
        | {f"rule_sets.{name}": rules for name, rules in round_.rule_sets.items()}
        | {"text_files": tried}
    )


def _asked(questionnaire: Questionnaire | None, local: dict[str, LocalFile]) -> dict[str, Any]:
    """A questionnaire with the scales that are asked, by itself or in these municipalities, and no others."""
    if questionnaire is None:
        return {}
    scales = questionnaire.scales_asked()
    for own in local.values():
        scales |= questionnaire.scales_asked(own)
    return dict(questionnaire) | {"scales": scales}


def _looked_back_at(earlier: EarlierRound, own: set[str]) -> dict[str, Any]:
    """What can matter of an earlier round's parameters."""
    local, blind = _of(earlier.local, own), NO_RESULT | NOT_SINCE_COLLECTION
    return {
        "settings": {n: v for n, v in earlier.settings if n not in blind},
        "rules": earlier.rules,
        "questionnaire": _asked(earlier.questionnaire, local),
        "local_files": local,
    }


def _of(by_code: dict, own: set[str]) -> dict:
    return {c: v for c, v in by_code.items() if not own or c in own}


def _digest(value: Any) -> str:
    text = json.dumps(value, default=_plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)
