"""The three mailings of a round, by which names they go, and the files that each is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Mailing:
    """One mailing. `id` as in the round's calendar; the other names are of files that municipalities
    get, and of what citizens read."""

    id: str
    package: str  # the encrypted ZIP
    workbook: str  # mail-merge basis of those who get Digital Post
    letters: str
    memo: str
    paper_workbook: str
    paper_letters: str
    subject: str  # what a citizen sees in the list of Digital Post
    action: str  # on the button that leads to the questionnaire

    @property
    def files(self) -> tuple[str, ...]:
        return (self.workbook, self.letters, self.memo, self.paper_workbook, self.paper_letters)

    @property
    def is_reminder(self) -> bool:
        return self.id != "invitation"

    @property
    def is_added(self) -> bool:
        return self.package == ADDED_PACKAGE

    @property
    def recorded_as(self) -> str:
        """Its name in the record of mailings: an added invitation stands beside the first one."""
        return "invitation_added" if self.is_added else self.id


ADDED_PACKAGE = "invitation-nye.zip"


def _reminder(id_: str, number: int, subject: str) -> Mailing:
    stem = f"paamindelse-{number}"
    return Mailing(
        id_, f"{stem}.zip", f"{stem}.xlsx", f"{stem}-breve.docx", f"{stem}-memo.tar.lzma",
        f"{stem}-papirbreve.xlsx", f"{stem}-papirbreve.docx", subject, "Svar på undersøgelsen",
    )  # fmt: skip


MAILINGS = {
    m.id: m
    for m in (
        Mailing(
            "invitation", "invitation.zip", "flettebrev.xlsx", "breve.docx", "memo.tar.lzma",
            "papirbreve.xlsx", "papirbreve.docx",
            "Vil du fortælle os, hvordan du oplever jobcentret?", "Svar på undersøgelsen",
        ),
        _reminder("first_reminder", 1, "Påmindelse: undersøgelse om jobcentret"),
        _reminder("second_reminder", 2, "Sidste påmindelse: undersøgelse om jobcentret"),
    )
}  # fmt: skip
# the same invitation to those of the sample who have had none: drawn again, or reachable again
ADDED = replace(
    MAILINGS["invitation"], package=ADDED_PACKAGE, workbook="flettebrev-nye.xlsx",
    letters="breve-nye.docx", memo="memo-nye.tar.lzma", paper_workbook="papirbreve-nye.xlsx",
    paper_letters="papirbreve-nye.docx",
)  # fmt: skip
