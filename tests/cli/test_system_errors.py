"""What the system denies: told of the user's file, in words, with a remedy; and output that never ends a
command."""

import errno
import io
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.cli.output import Lasting
from helpers.common.errors import SYSTEM_ERRORS, FileError, SurveyError, file_error
from helpers.common.paths import (
    file_errors_about,
    put_in_place,
    write_atomically,
    write_private,
    write_text,
)
from helpers.pipeline.engine import cause
from helpers.rolling.places import commit_folder

ROUND = "2024-foraar"
SURVEY = "import sys; sys.argv[0] = 'survey'; from helpers.cli.main import main; main()"


def workbook(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write(0, 0, "x" * 10)


WRITERS = {
    "text": lambda path: write_text(path, "x"),
    "private": lambda path: write_private(path, b"x"),
    "workbook": lambda path: write_atomically(path, workbook),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_folder_in_the_files_place_is_told_of_the_file(tmp_path, write):
    path = tmp_path / "resultater.xlsx"
    path.mkdir()
    with pytest.raises(FileError) as told:
        write(path)
    assert str(told.value).startswith(f"{path}: a folder lies where a file belongs")
    assert list(tmp_path.iterdir()) == [path], "nothing half-written is left"


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_file_in_the_folders_place_is_told(tmp_path, write):
    (tmp_path / "build").write_text("x")
    with pytest.raises(FileError, match="where a folder does"):
        write(tmp_path / "build" / "resultater.xlsx")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such limit")
@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_what_finds_no_room_is_told_of_the_file_and_leaves_the_old_one(tmp_path, write):
    """A limit on the size of files stands for a full drive: writing itself fails."""
    import resource

    path = tmp_path / "resultater.xlsx"
    path.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(FileError) as told:
            write(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(told.value).startswith(f"{path}: it is larger than files may be there")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_another_file_that_a_writer_lacks_is_told_of_that_one(tmp_path):
    lacking = tmp_path / "template.docx"
    with pytest.raises(FileError) as told:
        write_atomically(tmp_path / "letter.docx", lambda p: shutil.copyfile(lacking, p))
    assert str(told.value).startswith(f"{lacking}: there is no such file")


def test_what_a_writer_tells_itself_stays_as_it_is(tmp_path):
    def write(beside):
        raise SurveyError("vault", "did not come back") from OSError(errno.EIO, "x", str(beside))

    with pytest.raises(SurveyError, match="did not come back"):
        write_atomically(tmp_path / "a", write)


def test_a_workbook_that_is_open_is_told_of_itself(tmp_path):
    """As Windows answers `os.replace`: both paths in the error, the temporary one first."""
    made, path = tmp_path / ".a.123.xlsx", tmp_path / "a.xlsx"
    with pytest.raises(FileError) as told, file_errors_about(path, made):
        raise PermissionError(errno.EACCES, "Access is denied", str(made), 5, str(path))
    text = str(told.value)
    assert text.startswith(f"{path}: the system denies it: it is open in another program")
    assert "Close it where it is open (in Excel, say)" in text and ".123" not in text


def test_a_folder_of_results_is_told_of_its_own_name(tmp_path):
    folder = tmp_path / "2025-01"
    with pytest.raises(FileError) as told:
        commit_folder(folder, lambda beside: write_text(beside / "told.json" / "x", "") and (beside / "told.json").write_text("x"))  # fmt: skip
    assert str(told.value).startswith(f"{folder / 'told.json'}: a folder lies")
    assert list(tmp_path.iterdir()) == []
    made = tmp_path / "made"
    made.write_text("x")
    (tmp_path / "there").mkdir()
    with pytest.raises(FileError, match=str(tmp_path / "there")):
        put_in_place(made, tmp_path / "there")


def test_errors_of_the_system_are_errors_to_tell_and_come_back_from_a_worker():
    error = file_error(OSError(errno.ENOSPC, "No space left on device", "/data/a.xlsx"))
    again = pickle.loads(pickle.dumps(error))
    for one in (error, again):
        assert isinstance(one, SurveyError) and isinstance(one, OSError)
        assert str(one) == cause(one)
        assert str(one).startswith("/data/a.xlsx: there is no room left.")
    assert cause(OSError(errno.ENOSPC, "x", "/data/a.xlsx")) == str(error)
    assert "is done stays done" in cause(OSError(errno.EIO, "Input/output error", "/data/a"))
    temporary = OSError(errno.ENOSPC, "No space", str(Path(os.environ.get("TMPDIR", "/tmp")) / "x"))
    assert "the folder of temporary files" in cause(temporary)


def test_every_error_has_words_and_a_remedy():
    for number in SYSTEM_ERRORS:
        problem = file_error(OSError(number, "x", "/a")).problems[0]
        assert problem.what and problem.remedy and os.strerror(number) not in str(problem)


def test_one_municipality_s_file_that_is_open_stops_no_other(planned):
    """A folder in the package's place; the other municipality's letters are made."""
    (planned.sendout("0825") / "invitation.zip" / "open").mkdir(parents=True)
    call = ["--root", str(planned.root), "sendout", ROUND, "--only", "0741,0825"]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 1
    assert "FAILED 0825 Læsø:" in result.output and "invitation.zip: a folder lies" in result.output
    assert (planned.sendout("0741") / "invitation.zip").is_file()


# ------------------------------------------------------------------------------------------ output


def survey(root, *words, out=subprocess.PIPE, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", SURVEY, *words, "--root", str(root)],
        env=os.environ | environment, stdout=out, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize(
    "encoding, like", [("cp1252", "Læsø"), ("ascii", "Laesoe"), ("cp437", "Læsoe")]
)
def test_signs_that_an_encoding_lacks_end_no_command(root, encoding, like):
    """`round new` tells with arrows, after writing its files; `status` with check marks and names."""
    words = ("round", "new", "2026-foraar", "--like", ROUND)
    new = survey(root, *words, PYTHONIOENCODING=encoding)
    told, wrong = new.communicate()
    assert new.returncode == 0 and not wrong, wrong
    assert f"round: {ROUND} -> 2026-foraar" in told.decode(encoding)
    assert (root / "params/rounds/2026-foraar.yml").is_file()
    status = survey(root, "status", ROUND, PYTHONIOENCODING=encoding)
    told, wrong = status.communicate()
    assert status.returncode == 0 and not wrong, wrong
    assert f"0825 {like}" in told.decode(encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_failures_are_told_in_any_encoding(root, encoding):
    failed = survey(root, "run", ROUND, "--stage", "intake", "--only", "Læsø", "--jobs", "1",
                    PYTHONIOENCODING=encoding)  # fmt: skip
    told, wrong = failed.communicate()
    assert failed.returncode == 1 and b"Traceback" not in wrong
    assert b"FAILED 0825 L" in told and b"extract" in told


@pytest.mark.skipif(os.name != "posix", reason="a pipe closed before its writer begins")
def test_a_reader_that_has_gone_ends_nothing(root):
    reads, writes = os.pipe()
    os.close(reads)
    ended = survey(root, "round", "new", "2026-foraar", "--like", ROUND, out=writes)
    os.close(writes)
    assert (ended.communicate()[1], ended.returncode) == (b"", 0)
    assert (root / "params/rounds/2026-foraar.yml").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_drive_under_the_output_is_told_and_ends_nothing(root):
    with open("/dev/full", "wb") as full:
        ended = survey(root, "round", "new", "2026-foraar", "--like", ROUND, out=full)
        wrong = ended.communicate()[1].decode()
    assert ended.returncode == 0
    assert wrong.count("Output is lost from here on") == 1 and "Traceback" not in wrong
    assert (root / "params/rounds/2026-foraar.yml").is_file()


def test_a_stream_that_is_well_is_left_as_it_is():
    stream = io.StringIO()
    lasting = Lasting(stream)
    assert lasting.write("Læsø ✓") == 6 and lasting.getvalue() == "Læsø ✓"
    assert lasting.isatty() is False
