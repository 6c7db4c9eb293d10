"""Where things lie: `data/<round>/` stays in, everything under `build/<round>/` may leave.

The root is the checkout's own folder, of an installed package the folder one stands in, or another one
(a secured drive, say) that holds `params/`, `data/` and `build/`. Notebooks get it through the
environment variable SURVEY_ROOT, since their only parameters are the round and the municipality.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.common.errors import FileError, SurveyError, file_error

ROOT_VARIABLE = "SURVEY_ROOT"
REDRAW_VARIABLE = "SURVEY_REDRAW"  # 1: a frozen sample may be drawn again (`survey run --redraw`)
# a decision to keep frozen samples (`survey run --keep-sample`), as `plan.Decision` in JSON
KEEP_VARIABLE = "SURVEY_KEEP_SAMPLE"
if TYPE_CHECKING:
    from helpers.parameters.params import Municipality

DEVELOPMENT = "udvikling"  # under build/, of all rounds; no round can have this id
PACKAGE = Path(__file__).resolve().parents[1]
PACKED = PACKAGE / "project"  # in an installed package only: put there by hatch_build.py
IS_INSTALLED = PACKED.is_dir()
# notebooks/, reports/, _quarto.yml and the parameters to begin with lie here; never written to
PROJECT = PACKED if IS_INSTALLED else PACKAGE.parents[1]


@dataclass(frozen=True)
class Paths:
    """Folders and files of one round."""

    root: Path
    round_id: str

    @property
    def data(self) -> Path:
        return self.root / "data" / self.round_id

    @property
    def build(self) -> Path:
        return self.root / "build" / self.round_id

    @property
    def extracts(self) -> Path:
        return self.data / "extracts"

    @property
    def responses(self) -> Path:
        return self.data / "responses"

    @property
    def intake(self) -> Path:
        return self.data / "intake.json"

    @property
    def vault_folder(self) -> Path:
        return self.data / "vault"

    @property
    def effort(self) -> Path:
        """Where another reminder, SMS or call gives most."""
        return self.data / "effort.parquet"

    @property
    def hotline(self) -> Path:
        """Calls to the hotline, without names."""
        return self.data / "hotline.csv"

    def intake_of(self, code: str) -> Path:
        """What intake found in one municipality's file; `intake` holds all of them."""
        return self.data / "intake" / f"{code}.json"

    def intake_history(self, code: str) -> Path:
        """A line for each file that was refused or taken in; only ever added to."""
        return self.data / "intake-history" / f"{code}.jsonl"

    def vault(self, code: str) -> Path:
        """Encrypted identities; only intake and send-out open it."""
        return self.vault_folder / code

    def fingerprints(self, code: str) -> Path:
        """Keyed hashes of the CPR numbers of one municipality's extract."""
        return self.data / "fingerprints" / f"{code}.parquet"

    def left_to_others(self, code: str) -> Path:
        """Whom the municipality leaves to others in whose extracts they stand too, by fingerprint."""
        return self.data / "left-to-others" / f"{code}.json"

    def population(self, code: str) -> Path:
        return self.data / "population" / f"{code}.parquet"

    def sample(self, code: str) -> Path:
        return self.data / "sample" / f"{code}.parquet"

    def frame(self, code: str) -> Path:
        """The sampling frame as it was when the sample was drawn."""
        return self.data / "sample" / f"{code}-frame.parquet"

    def kept_sample(self, code: str) -> Path:
        """The decision to keep a frozen sample though another would be drawn."""
        return self.data / "sample" / "kept" / f"{code}.json"

    def sendout(self, code: str) -> Path:
        return self.data / "sendout" / code

    def mailings(self, code: str) -> Path:
        """Which mailings were made, when, and to how many."""
        return self.sendout(code) / "mailings.json"

    @property
    def contact_exceptions(self) -> Path:
        """Who is not written to, or on paper only, by key."""
        return self.data / "contact" / "exceptions.csv"

    def invited(self, code: str) -> Path:
        """Who has had the invitation, by key."""
        return self.data / "contact" / f"{code}-invited.csv"

    def answers(self, code: str) -> Path:
        return self.responses / f"{code}.parquet"

    def texts(self, code: str) -> Path:
        """Scrubbed free texts for the municipality's own use."""
        return self.data / "texts" / f"{code}.xlsx"

    def estimates(self, code: str) -> Path:
        return self.data / "estimates" / f"{code}.parquet"

    def response_counts(self, code: str) -> Path:
        return self.data / "estimates" / f"{code}-response.parquet"

    def covariances(self, code: str) -> Path:
        """Covariances between groups of one municipality."""
        return self.data / "estimates" / f"{code}-groups.parquet"

    def drivers(self, code: str) -> Path:
        return self.data / "estimates" / f"{code}-drivers.parquet"

    def answer_digests(self, code: str) -> Path:
        """Digests of answers, a row a respondent, that tell whether an answer has changed."""
        return self.data / "estimates" / f"{code}-answers.parquet"

    @property
    def release_state(self) -> Path:
        """What the release under `build/` was made from."""
        return self.data / "release-state"

    @property
    def published(self) -> Path:
        """What has left the house, a folder a publication."""
        return self.data / "published"

    @property
    def publications(self) -> Path:
        """The digest of each publication's record."""
        return self.data / "published.json"

    def respondents(self, code: str) -> Path:
        """Weights and theme scores, a row a respondent without name, number or key."""
        return self.data / "weighted" / f"{code}.parquet"

    def asked(self, code: str) -> Path:
        """Who was asked and whether they answered, a row a citizen without name, number or key."""
        return self.data / "weighted" / f"{code}-asked.parquet"

    def notebook(self, name: str, code: str) -> Path:
        """An executed notebook that stays in."""
        return self.data / "notebooks" / f"{code}-{name}.ipynb"

    @property
    def review(self) -> Path:
        """The round's evaluation; internal counts."""
        return self.data / "review"

    def report_folder(self, municipality: Municipality) -> Path:
        return self.build / municipality.folder

    @property
    def templates(self) -> Path:
        """Extract templates for the municipalities to fill in; they hold no persons."""
        return self.build / "skabeloner"

    @property
    def national_folder(self) -> Path:
        return self.build / "national"


def default_root() -> Path:
    """The checkout, or, of an installed package, the folder one stands in."""
    return Path.cwd() if IS_INSTALLED else PROJECT


def project_paths(round_id: str) -> Paths:
    """Paths under SURVEY_ROOT, or under the default root where that is not set."""
    return Paths(Path(os.environ.get(ROOT_VARIABLE) or default_root()), str(round_id))


def begin_parameters(root: Path) -> Path:
    """Copy the parameters that come with the program to `root`, all of them or none."""
    folder = root / "params"
    temporary = root / f".params.{os.getpid()}"
    with file_errors_about(folder, temporary):
        try:
            shutil.copytree(PROJECT / "params", temporary)
            os.replace(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def close_data(root: Path) -> None:
    """Make `data/` readable by its owner alone (mode 0700, where the platform has modes)."""
    folder = root / "data"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(stat.S_IRWXU)


def write_atomically(path: Path, write: Callable[[Path], object]) -> Path:
    """Call `write` with a path beside `path`, then rename: a failure leaves what was there.

    Raises FileError, which names `path`, where the system does not let it be written.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    with file_errors_about(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return path


def put_in_place(made: Path, path: Path) -> None:
    """Rename a finished file or folder to its place; raises FileError, which names `path`."""
    with file_errors_about(path, made):
        os.replace(made, path)


@contextmanager
def file_errors_about(path: Path, temporary: Path) -> Iterator[None]:
    """Errors of the system about `temporary`, a file or folder that is to become `path`, are raised as
    FileError about `path`; those about another file as FileError about that one."""
    try:
        yield
    except Exception as e:
        error = _of_the_system(e)
        if error is None:
            raise
        there = str(error.filename or temporary)
        if there == str(temporary) or there.startswith(f"{temporary}{os.sep}"):
            own = Path(f"{path}{there.removeprefix(str(temporary))}")
            raise file_error(error, own) from e
        if error is e and isinstance(e, FileError):
            raise
        raise file_error(error) from e


def _of_the_system(error: Exception) -> OSError | None:
    """The system's own error, which writers of workbooks wrap into theirs; what is told already is not."""
    if isinstance(error, SurveyError) and not isinstance(error, FileError):
        return None
    inner = [error, *error.args, error.__cause__]
    return next(
        (e for e in inner if isinstance(e, OSError) and (e.errno or isinstance(e, FileError))), None
    )


def write_text(path: Path, text: str) -> Path:
    """UTF-8 text with line feeds, whatever the platform."""
    return write_atomically(path, lambda p: p.write_bytes(text.encode("utf-8")))


def write_private(path: Path, content: bytes) -> Path:
    """Write a file that its owner alone can read (mode 0600), atomically."""
    return write_atomically(path, lambda temporary: write_private_bytes(temporary, content))


def write_private_bytes(path: Path, content: bytes) -> None:
    """A new file of mode 0600, on the drive when this returns."""
    path.unlink(missing_ok=True)  # left by a killed process of the same number
    with open(path, "xb", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # before the rename: a power cut leaves the old file or the new
