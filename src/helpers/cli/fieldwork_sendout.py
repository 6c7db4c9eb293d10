"""`survey sendout · exceptions · sms`: letters, who is not to get them, and text messages."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from helpers.cli.state import Failures, codes_of, console, held, load, of_the_call, root, usage
from helpers.common.errors import ParameterError, Problem, SurveyError
from helpers.common.paths import Paths, close_data, write_atomically
from helpers.identities.vault_key import key_of_round
from helpers.parameters.params import Round

if TYPE_CHECKING:
    from helpers.fieldwork.mailing_kinds import Mailing
    from helpers.fieldwork.mailings import Mailed

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
    from helpers.fieldwork.letter_templates import default
    from helpers.fieldwork.mailing_kinds import ADDED

    kind = _kind(mailing, missing)
    if new_template is not None:
        write_atomically(new_template, lambda p: p.write_bytes(default(kind)))
        console.print(f"Written: {new_template}", markup=False)
        return
    if not round_id:
        raise usage("Missing argument ROUND, as `survey sendout 2024-foraar`.")
    from helpers.fieldwork.mailings import clock, make_mailing
    from helpers.identities.passphrases import passphrase_list

    round_ = load(round_id)
    codes = codes_of(round_, only)
    now = clock(round_, mailing)
    used = _templates_checked(round_, codes, kind, template, now.date())
    first = _templates_checked(round_, codes, ADDED, None, now.date()) if kind.is_reminder else {}
    key_of_round(round_.settings, root())  # one trouble of the round, not one of each municipality
    close_data(root())
    paths = Paths(root(), round_.id)
    failures, totals = Failures(round_), _Totals()
    make = partial(make_mailing, paths, round_, now=now, plain=plain)
    with held(round_.id):
        for code in codes:
            try:
                mailed = make(code, kind, used[code])
                if mailed.made.left_out_not_invited:
                    totals.add_invitation(make(code, ADDED, first[code], instead_of=mailing))
            except SurveyError as e:
                failures.add(code, e)
                continue
            totals.add(code, mailed, show_changes=not missing)
    failures.tell()
    made = f"{mailing}{' added' if missing else ''}"
    totals.print(made, len(codes) - len(failures), paths.data / "sendout", ADDED.package)
    if not plain and len(failures) < len(codes):
        listed = passphrase_list(paths)
        console.print(f"Passphrases, to be sent another way: {listed}", markup=False)
    raise typer.Exit(1 if failures else 0)


def _kind(mailing: str, missing: bool) -> Mailing:
    from helpers.common.labels import hint
    from helpers.fieldwork.mailing_kinds import ADDED, MAILINGS

    if mailing not in MAILINGS:
        raise usage(f"--mailing: unknown mailing »{mailing}«. {hint(mailing, NAMES)}")
    if missing and mailing != NAMES[0]:
        raise usage("--missing is of the invitation. Beside a reminder it is made by itself.")
    return ADDED if missing else MAILINGS[mailing]


@dataclass
class _Totals:
    """Letters of all municipalities, those of invitations added to a reminder, and note → codes."""

    letters: int = 0
    paper: int = 0
    added: int = 0
    notes: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, mailed: Mailed, show_changes: bool) -> None:
        self.letters += mailed.made.letters
        self.paper += mailed.made.paper
        for note in mailed.notes:
            self.notes.setdefault(note, []).append(code)
        if mailed.before is not None and show_changes:
            console.print(f"{code}: {_again(mailed.before, mailed.made)}", markup=False)

    def add_invitation(self, mailed: Mailed) -> None:
        self.added += mailed.made.letters + mailed.made.paper

    def print(self, mailing: str, municipalities: int, folder: Path, package: str) -> None:
        for note, whom in self.notes.items():
            console.print(f"Note: {note} ({_few(whom)}).", style="yellow", markup=False)
        console.print(
            f"{mailing}: {self.letters} letters to Digital Post, {self.paper} on paper, of "
            f"{municipalities} municipalities: {folder}",
            markup=False,
        )
        if self.added:
            console.print(
                f"The invitation was made beside it for {self.added} citizens who have had none: "
                f"{package} of each municipality told above. They get the next reminder.",
                style="yellow",
                markup=False,
            )


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
    reasons = ", ".join(f"{n} {words}" for n, words in parts if n > 0)
    return f"made again: {made.letters} letters, {before.letters} when made on {before.made_on}" + (
        f" ({reasons})" if reasons else ""
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
            paths,
            round_,
            file,
            dt.date.today(),
            reason=reason,
            skip_unknown=skip_unknown,
            remove=remove,
        )
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
    left_out = ", ".join(
        f"{n} {name.replace('_', ' ')}" for name, n in totals.items() if name != "messages"
    )
    console.print(
        f"{totals.get('messages', 0)} text messages in {lists} lists: {paths.data / 'sendout'}\n"
        f"Left out: {left_out or 'nobody'}.",
        markup=False,
    )
    raise typer.Exit(1 if failures else 0)
