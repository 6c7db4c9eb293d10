"""`survey sendout · exceptions · sms`: letters, who is not to get them, and text messages."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from helpers.cli.state import Failures, codes_of, console, held, load, of_the_call, root, usage
from helpers.common.errors import ParameterError, Problem, SurveyError
from helpers.common.paths import Paths, close_data, write_atomically
from helpers.identities.vault_key import key_of_round
from helpers.parameters.params import Round

RoundArgument = Annotated[str, typer.Argument(metavar="ROUND")]
Only = Annotated[str | None, typer.Option(help="Codes or names, as 0707,Favrskov.")]
Plain = Annotated[
    bool, typer.Option("--plain", help="Without encryption, file by file: on a secured drive only.")
]
NAMES = ("invitation", "first_reminder", "second_reminder")


def add_commands(app: typer.Typer) -> None:
    for command in (sendout, exceptions, sms):
        app.command()(command)


def sendout(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")] = "",
    mailing: Annotated[str, typer.Option(help=f"One of {', '.join(NAMES)}.")] = NAMES[0],
    only: Only = None,
    plain: Plain = False,
    template: Annotated[
        Path | None, typer.Option(help="Word template for these letters (.docx).")
    ] = None,
    missing: Annotated[
        bool,
        typer.Option(
            "--missing", help="The invitation, to those of the sample alone who have had none."
        ),
    ] = False,
    new_template: Annotated[
        Path | None, typer.Option(help="Write the default letter here, to make one's own from.")
    ] = None,
) -> None:
    """Make a mailing: list, letters, messages for Digital Post, paper; from the invitation on the
    samples are frozen."""
    from helpers.common.labels import hint
    from helpers.fieldwork.letter_templates import default
    from helpers.fieldwork.mailing_kinds import ADDED, MAILINGS

    if mailing not in MAILINGS:
        raise usage(f"--mailing: unknown mailing »{mailing}«. {hint(mailing, NAMES)}")
    if missing and mailing != NAMES[0]:
        raise usage("--missing is of the invitation. Beside a reminder it is made by itself.")
    kind = ADDED if missing else MAILINGS[mailing]
    if new_template is not None:
        write_atomically(new_template, lambda p: p.write_bytes(default(kind)))
        console.print(f"Written: {new_template}", markup=False)
        return
    if not round_id:
        raise usage("Missing argument ROUND, as `survey sendout 2024-foraar`.")
    from helpers.fieldwork.mailings import clock, make_mailing

    round_ = load(round_id)
    codes = codes_of(round_, only)
    now = clock(round_, mailing)
    used = _templates_checked(round_, codes, kind, template, now.date())
    first = _templates_checked(round_, codes, ADDED, None, now.date()) if kind.is_reminder else {}
    key_of_round(round_.settings, root())  # one trouble of the round, not one of each municipality
    close_data(root())
    paths = Paths(root(), round_.id)
    failures, letters, paper, added, notes = Failures(round_), 0, 0, 0, {}
    with held(round_.id):
        for code in codes:
            try:
                mailed = make_mailing(paths, round_, code, kind, used[code], now, plain=plain)
                if mailed.made.left_out_not_invited:
                    more = make_mailing(
                        paths, round_, code, ADDED, first[code], now, plain=plain, beside=mailing
                    )
                    added += more.made.letters + more.made.paper
            except SurveyError as e:
                failures.add(code, e)
                continue
            letters += mailed.made.letters
            paper += mailed.made.paper
            for note in mailed.notes:
                notes.setdefault(note, []).append(code)
            if mailed.before is not None and not missing:
                console.print(f"{code}: {_again(mailed.before, mailed.made)}", markup=False)
    failures.tell()
    for note, whom in notes.items():
        console.print(f"Note: {note} ({_few(whom)}).", style="yellow", markup=False)
    console.print(
        f"{mailing}{' added' if missing else ''}: {letters} letters to Digital Post, {paper} on paper, of {len(codes) - len(failures)} "
        f"municipalities: {paths.data / 'sendout'}",
        markup=False,
    )
    if added:
        console.print(
            f"The invitation was made beside it for {added} citizens who have had none: "
            f"{ADDED.package} of each municipality told above. They get the next reminder.",
            style="yellow", markup=False,
        )  # fmt: skip
    if not plain and len(failures) < len(codes):
        from helpers.identities.passphrases import passphrase_list

        console.print(
            f"Passphrases, to be sent another way: {passphrase_list(paths)}", markup=False
        )
    raise typer.Exit(1 if failures else 0)


def _templates_checked(round_: Round, codes, kind, given: Path | None, today: dt.date):
    """Every municipality's template, checked; raises ParameterError with all that is wrong."""
    from helpers.fieldwork.letter_fields import values
    from helpers.fieldwork.letter_templates import templates

    used = templates(root(), round_, codes, kind, given)
    problems: dict[str, Problem] = {}
    for code, one in used.items():
        for problem in one.problems(values(round_, code, kind, today)):
            problems.setdefault(str(problem), problem)
    if problems:
        raise ParameterError(problems=problems.values())
    return used


def _again(before, made) -> str:
    """What another making changed, in counts."""
    parts = [
        (made.left_out_answered - before.left_out_answered, "answered since"),
        (made.left_out_opted_out - before.left_out_opted_out, "asked to be left out since"),
        (made.left_out_unreachable - before.left_out_unreachable, "found unreachable since"),
        (made.paper - before.paper, "more on paper"),
    ]
    told = ", ".join(f"{n} {words}" for n, words in parts if n > 0)
    return f"made again: {made.letters} letters, {before.letters} when made on {before.made_on}" + (
        f" ({told})" if told else ""
    )


def _few(whom: list[str]) -> str:
    return ", ".join(whom[:8]) + (f" and {len(whom) - 8} more" if len(whom) > 8 else "")


def exceptions(
    round_id: RoundArgument,
    file: Annotated[Path, typer.Argument(help="List with key or CPR number (.csv or .xlsx).")],
    reason: Annotated[
        str | None, typer.Option(help="Reason of rows without one of their own.")
    ] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Pass over rows of persons who were not invited.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the rows out again instead.")
    ] = False,
) -> None:
    """Record who is exempt from Digital Post, wants to be left out, or cannot be reached."""
    from helpers.common.labels import hint
    from helpers.fieldwork.contact_exceptions import REASONS, note_exceptions, read_exceptions

    round_ = load(round_id)
    if reason is not None and reason not in REASONS:
        raise usage(f"--reason: unknown reason »{reason}«. {hint(reason, REASONS)}")
    paths = Paths(root(), round_.id)
    close_data(root())
    with held(round_.id), of_the_call():
        noted = note_exceptions(
            paths, round_, file, dt.date.today(),
            reason=reason, skip_unknown=skip_unknown, remove=remove,
        )  # fmt: skip
    new = ", ".join(f"{n} {r}" for r, n in noted.new.items()) or "nothing"
    console.print(
        f"{'Taken out' if remove else 'Recorded'}: {new}; {noted.known} "
        f"{'were not there' if remove else 'stood there already'}, {noted.unknown} passed over. In all "
        f"{len(read_exceptions(paths))} rows: {paths.contact_exceptions}",
        markup=False,
    )


def sms(
    round_id: RoundArgument,
    only: Only = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="All who have not answered, not only the effort plan's.")
    ] = False,
    plain: Plain = False,
) -> None:
    """List numbers and text of a reminder by SMS, to those whom the effort plan chose."""
    from helpers.fieldwork.effort import chosen_groups
    from helpers.fieldwork.mailings import clock
    from helpers.fieldwork.sms import write_sms
    from helpers.fieldwork.sms_text import sms_texts

    round_ = load(round_id)
    codes = codes_of(round_, only)
    paths = Paths(root(), round_.id)
    texts = sms_texts(round_, codes)
    with of_the_call():  # without a plan the call lacks --all
        chosen = None if everybody else chosen_groups(paths, round_, "sms")
    key_of_round(round_.settings, root())
    today = clock(round_, "second_reminder").date()
    close_data(root())
    failures, lists, totals = Failures(round_), 0, {}
    with held(round_.id):
        for code in codes:
            groups = None if chosen is None else chosen.get(code, frozenset())
            try:
                done = write_sms(paths, round_, code, texts[code], groups, today, plain=plain)
            except SurveyError as e:
                failures.add(code, e)
                continue
            lists += done.file is not None
            for name, count in vars(done).items():
                if name != "file":
                    totals[name] = totals.get(name, 0) + count
    failures.tell()
    told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in totals.items() if name != "messages")  # fmt: skip
    console.print(
        f"{totals.get('messages', 0)} text messages in {lists} lists: {paths.data / 'sendout'}\n"
        f"Left out: {told or 'nobody'}.",
        markup=False,
    )
    raise typer.Exit(1 if failures else 0)
