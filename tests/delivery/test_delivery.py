"""Each municipality gets its own package, which opens with its own passphrase and holds no other's."""

import csv
import hashlib
import io
import json
import os
import re
import stat
import sys
import zipfile
import zlib
from pathlib import Path

import pytest
import pyzipper
from published_fixture import BIG, PLAIN, SMALL, make_published

from helpers.common.errors import ParameterError, SurveyError
from helpers.common.paths import PROJECT, Paths
from helpers.delivery import delivery
from helpers.delivery.delivery import FINISHED, deliver
from helpers.delivery.package import READ_ME, foreign_numbers, read_me
from helpers.identities.passphrases import (
    ALPHABET,
    PASSPHRASE_BITS,
    new_passphrase,
    passphrase_list,
    read_list,
    write_list,
)
from helpers.parameters.params import load_round

NAMES = {BIG: "0707-norddjurs", SMALL: "0825-laesoe", PLAIN: "0580-aabenraa"}
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


@pytest.fixture(scope="module")
def published():
    return make_published()


@pytest.fixture
def built(tmp_path, published) -> Paths:
    """A build folder with three reports, the national one, and the round's own tables."""
    paths = Paths(tmp_path, published.round.id)
    for place in published.municipalities:
        folder = paths.report_folder(place)
        folder.mkdir(parents=True)
        for name in FINISHED:
            (folder / name).write_bytes(f"{name} of {place.name}".encode() * 40)
    paths.national_folder.mkdir()
    (paths.national_folder / "rapport.html").write_text("Landet, også Aabenraa", "utf-8")
    (paths.national_folder / "rapport.pdf").write_bytes(b"%PDF-1.7")
    links = "".join(f'<a href="../{p.folder}/rapport.html">' for p in published.municipalities)
    (paths.national_folder / "dashboard.html").write_text(links, "utf-8")
    for name in ("released.parquet", "released.csv", "comparisons.parquet", "index.html"):
        (paths.build / name).write_bytes(b"PAR1 0707;0580")
    return paths


def listed(paths: Paths) -> dict[str, str]:
    """File name → passphrase, as a reader of the list sees them."""
    text = passphrase_list(paths).read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    return {row["Fil"]: row["Kodeord"] for row in rows}


def contents(path: Path, passphrase: str) -> dict[str, bytes]:
    with pyzipper.AESZipFile(path) as package:
        package.setpassword(passphrase.encode())
        return {name: package.read(name) for name in package.namelist()}


# ------------------------------------------------------------------------------------ what is inside


def test_every_package_holds_the_own_and_the_national_report_and_nothing_else(built, published):
    made = deliver(built, published)
    assert [p.name for p in made.zips] == [f"{NAMES[c]}.zip" for c in (PLAIN, BIG, SMALL)]
    assert {p.parent for p in made.zips} == {built.data / "delivery"}
    assert sorted(os.listdir(built.data / "delivery")) == sorted(p.name for p in made.zips)
    phrases = listed(built)
    for code, folder in NAMES.items():
        found = contents(built.data / "delivery" / f"{folder}.zip", phrases[f"{folder}.zip"])
        own = {f"{folder}/{n}" for n in FINISHED}
        assert set(found) == own | {"national/rapport.html", "national/rapport.pdf", READ_ME}
        for name in found.keys() - {READ_ME}:
            assert found[name] == (built.build / name).read_bytes()
        assert not any(n.endswith((".parquet", ".csv")) for n in found)
        for other in set(NAMES) - {code}:
            for name, content in found.items():
                assert other not in name
                assert NAMES[other].encode() not in content


def test_names_are_sorted_and_times_are_the_rounds(built, published):
    path = deliver(built, published).zips[0]
    day = published.round.settings.calendar.reporting.end
    with pyzipper.AESZipFile(path) as package:
        assert package.namelist() == sorted(package.namelist())
        assert {i.date_time for i in package.infolist()} == {
            (day.year, day.month, day.day, 0, 0, 0)
        }


def test_twice_the_same_but_for_salt_and_passphrase(built, published):
    def seen():
        path = built.data / "delivery" / f"{NAMES[BIG]}.zip"
        with pyzipper.AESZipFile(path) as package:
            shape = [(i.filename, i.date_time, i.file_size, i.CRC) for i in package.infolist()]
        return shape, contents(path, listed(built)[path.name]), path.read_bytes()

    deliver(built, published)
    first = seen()
    deliver(built, published)
    second = seen()
    assert first[:2] == second[:2]
    assert first[2] != second[2]


def test_read_me_tells_round_contents_rule_and_contact(built, published):
    deliver(built, published, only=[BIG])
    path = built.data / "delivery" / f"{NAMES[BIG]}.zip"
    raw = contents(path, listed(built)[path.name])[READ_ME]
    text = raw.decode("utf-8-sig")
    for part in (
        "Norddjurs Kommune",
        published.round.settings.title,
        "opdigtede",
        "0707-norddjurs/resultater.xlsx (Tal i Excel)",
        "national/rapport.pdf (Landsrapport (PDF))",
        "færre end 5 svar",
        "rettes til KL",
    ):
        assert part in text
    assert raw.startswith(b"\xef\xbb\xbf")
    assert text.count("\n") == text.count("\r\n")
    settings = published.round.settings.model_copy(update={"simulated": False})
    real = published.round.model_copy(update={"settings": settings})
    assert "opdigtede" not in read_me(real, real.municipalities[BIG], [])


def test_half_written_files_stay_behind(built, published):
    folder = built.build / NAMES[BIG]
    for name in (".rapport.4711.html", "~$resultater.xlsx", ".DS_Store"):
        (folder / name).write_bytes(b"x")
    deliver(built, published)
    path = built.data / "delivery" / f"{NAMES[BIG]}.zip"
    assert len(contents(path, listed(built)[path.name])) == 6


# ---------------------------------------------------------------------------------------- encryption


def test_opens_with_its_own_passphrase_alone(built, published):
    deliver(built, published)
    phrases = listed(built)
    for name, right in phrases.items():
        path = built.data / "delivery" / name
        wrong = [p for n, p in phrases.items() if n != name]
        for passphrase in (*wrong, right[:-1], right.upper(), "x"):
            with (
                pytest.raises((RuntimeError, pyzipper.BadZipFile, zlib.error)),
                pyzipper.AESZipFile(path) as package,
            ):
                package.setpassword(passphrase.encode())
                for entry in package.namelist():  # the quick check lets 1 of 65536 through
                    package.read(entry)
        assert contents(path, right)


def test_nothing_is_read_without_a_passphrase(built, published):
    deliver(built, published)
    right = listed(built)[f"{NAMES[BIG]}.zip"]
    path = built.data / "delivery" / f"{NAMES[BIG]}.zip"
    with pyzipper.AESZipFile(path) as package:
        for entry in package.infolist():
            assert entry.wz_aes_strength == 3  # 256 bits
            assert entry.wz_aes_version == 2  # no checksum of the plain text
            with pytest.raises(RuntimeError, match="password"):
                package.read(entry)
    with zipfile.ZipFile(path) as package:
        for entry in package.infolist():
            assert entry.flag_bits & 1
            assert entry.CRC == 0
            with pytest.raises((RuntimeError, NotImplementedError)):
                package.read(entry)
            with pytest.raises((RuntimeError, NotImplementedError)):
                package.read(entry, pwd=right.encode())
    assert b"Norddjurs" not in path.read_bytes()


def test_a_changed_package_is_noticed(built, published):
    path = deliver(built, published, only=[BIG]).zips[0]
    right = listed(built)[path.name]
    with pyzipper.AESZipFile(path) as package:
        entry = max(package.infolist(), key=lambda i: i.compress_size)
    at = entry.header_offset + 30 + len(entry.filename.encode()) + 11 + 18 + 5
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(Exception, match=r"HMAC|Error -3"):
        contents(path, right)


# -------------------------------------------------------------------------------------- passphrases


def test_passphrases_are_long_distinct_and_without_lookalikes():
    assert PASSPHRASE_BITS >= 100
    assert len(set(ALPHABET)) == len(ALPHABET) == 31
    assert not set(ALPHABET) & set("ilo01IO")
    made = [new_passphrase() for _ in range(500)]
    assert len(set(made)) == 500
    assert all(re.fullmatch(rf"([{ALPHABET}]{{4}}-){{5}}[{ALPHABET}]{{4}}", p) for p in made)
    assert set("".join(made)) == set(ALPHABET) | {"-"}


def test_the_list_lies_apart_and_nothing_beside_the_packages_holds_a_passphrase(built, published):
    made = deliver(built, published)
    phrases = listed(built)
    assert made.list_file == passphrase_list(built) == built.data / "delivery-passphrases.csv"
    assert len(set(phrases.values())) == 3
    for path in (built.data / "delivery").rglob("*"):
        for passphrase in phrases.values():
            assert passphrase.encode() not in path.read_bytes()
    for path in (p for p in built.build.rglob("*") if p.is_file()):
        assert not any(p.encode() in path.read_bytes() for p in phrases.values())
    assert not any(p in repr(made) for p in phrases.values())


@pytest.mark.parametrize("place", ["", ".."])
def test_a_folder_that_would_hold_the_list_is_refused(built, published, place):
    with pytest.raises(SurveyError, match="passphrases would lie with the packages"):
        deliver(built, published, built.data / place)
    assert not built.data.exists()


def test_packages_may_go_elsewhere_and_the_list_stays(built, published, tmp_path):
    made = deliver(built, published, tmp_path / "stick")
    assert {p.parent for p in made.zips} == {tmp_path / "stick"}
    assert made.list_file == built.data / "delivery-passphrases.csv"
    assert list(listed(built)) == sorted(p.name for p in made.zips)


@posix
def test_the_list_and_the_packages_are_their_owners_alone(built, published):
    before = os.umask(0)
    try:
        made = deliver(built, published)
    finally:
        os.umask(before)
    for path in (made.list_file, *made.zips):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_danish_excel_opens_the_list(built, published):
    deliver(built, published)
    raw = passphrase_list(built).read_bytes()
    assert raw.startswith("\ufeffKommune;Fil;Kodeord\r\n".encode())
    assert "Læsø;0825-laesoe.zip;" in raw.decode()
    assert raw.count(b"\n") == raw.count(b"\r\n") == 4


@pytest.mark.parametrize("name", ["=1+1", "+45", "-2", "@SUM(A1)", "\t=1", "\r=1", '=A;"x"'])
def test_no_cell_of_the_list_is_a_formula(built, published, name):
    place = published.round.municipalities[BIG].model_copy(update={"name": name})
    known = {"0707-norddjurs.zip": (place.name, "0707-norddjurs.zip", new_passphrase())}
    for _ in range(2):  # read back and written again
        write_list(passphrase_list(built), known)
        known = read_list(passphrase_list(built))
        assert [row[0] for row in known.values()] == [f"'{name}"]


# ------------------------------------------------------------------------------------- left out


def test_missing_reports_are_told_with_their_reason(built, published):
    (built.build / NAMES[BIG] / "rapport.html").unlink()
    (built.build / NAMES[SMALL] / "resultater.xlsx").write_bytes(b"")
    made = deliver(built, published)
    assert [p.name for p in made.zips] == [f"{NAMES[PLAIN]}.zip"]
    assert "rapport.html is missing" in made.left_out[BIG]
    assert "resultater.xlsx" in made.left_out[SMALL]
    told = set(made.left_out) | {PLAIN}
    assert told == set(published.round.settings.participants)  # nobody vanishes
    assert made.left_out["0101"] == "no released results"


def test_failed_municipalities_of_the_latest_run_are_left_out(built, published):
    manifest = built.build / "manifest.json"
    manifest.write_text(json.dumps({"failed": [SMALL], "files": {}}))
    made = deliver(built, published)
    assert len(made.zips) == 2
    assert "could not be made in the latest run" in made.left_out[SMALL]
    manifest.write_text(json.dumps({"failed": ["runden"], "files": {}}))
    with pytest.raises(SurveyError, match="failed for the round as a whole"):
        deliver(built, published)


def test_reports_older_than_the_release_are_refused(built, published):
    released = built.build / "released.parquet"
    digest = hashlib.sha256(released.read_bytes()).hexdigest()
    content = {"failed": [], "files": {"released.parquet": digest}}
    (built.build / "manifest.json").write_text(json.dumps(content))
    assert len(deliver(built, published).zips) == 3
    released.write_bytes(b"PAR1 another release")
    with pytest.raises(SurveyError, match="older than the release"):
        deliver(built, published)


def test_without_a_national_report_nothing_is_delivered(built, published):
    (built.national_folder / "rapport.html").unlink()
    with pytest.raises(SurveyError, match="--stage national"):
        deliver(built, published)
    assert not built.data.exists()


def test_an_old_package_of_a_municipality_left_out_is_removed(built, published):
    deliver(built, published)
    (built.build / NAMES[BIG] / "rapport.html").unlink()
    deliver(built, published)
    assert sorted(os.listdir(built.data / "delivery")) == ["0580-aabenraa.zip", "0825-laesoe.zip"]
    assert list(listed(built)) == ["0580-aabenraa.zip", "0825-laesoe.zip"]


def test_only_some_leaves_the_others_and_their_passphrases(built, published):
    deliver(built, published)
    before = listed(built)
    others = {n: (built.data / "delivery" / n).read_bytes() for n in before if BIG not in n}
    made = deliver(built, published, only=[BIG])
    assert [p.name for p in made.zips] == [f"{NAMES[BIG]}.zip"]
    assert made.left_out == {}
    after = listed(built)
    assert {n for n in before if before[n] != after[n]} == {f"{NAMES[BIG]}.zip"}
    for name, content in others.items():
        assert (built.data / "delivery" / name).read_bytes() == content
        assert contents(built.data / "delivery" / name, after[name])
    with pytest.raises(ParameterError, match="9999 takes no part"):
        deliver(built, published, only=[BIG, "9999"])


# ------------------------------------------------------------------------------------------- foreign


@pytest.mark.parametrize(
    "path",
    [
        "released.parquet",
        "index.html",
        "0580-aabenraa/rapport.html",
        "0707-norddjurs/0580-aabenraa.xlsx",
        "0707-norddjurs/0580/rapport.html",
        "0707-norddjurs/figur_0580.png",
        "0707-norddjurs/Aabenraa.html",
        "national/lyngby-taarbaek.html",
        "national/released.parquet",
        "national/released.CSV",
        "0707-norddjurs/../0580-aabenraa/rapport.html",
        "0707-norddjurs/../released.html",
        "0707-norddjurs-old/rapport.html",
        "0707-norddjurs",
        f"0707-norddjurs/0825/{READ_ME}",
    ],
)
def test_foreign_paths_are_found(published, path):
    places = published.round.municipalities
    fine = {"0707-norddjurs/rapport.html": b"", "national/rapport.html": b"", READ_ME: b""}
    assert foreign_numbers(fine, places[BIG], places.values()) == []
    assert foreign_numbers(fine | {path: b""}, places[BIG], places.values()) == [path]


@pytest.mark.parametrize("content", [b"PAR1\x15\x04", b'<a href="../0580-aabenraa/rapport.html">'])
def test_foreign_contents_are_found(published, content):
    places = published.round.municipalities
    members = {"0707-norddjurs/resultater.xlsx": content}
    assert foreign_numbers(members, places[BIG], places.values()) == list(members)


def test_no_municipalitys_own_package_looks_foreign(published):
    places = load_round(PROJECT, "demo").municipalities
    for place in places.values():
        members = {f"{place.folder}/{n}": place.folder.encode() for n in FINISHED}
        members |= {"national/rapport.html": b"Aabenraa", READ_ME: place.folder.encode()}
        assert foreign_numbers(members, place, places.values()) == []


def test_a_foreign_file_stops_the_whole_delivery(built, published):
    deliver(built, published)
    before = {p: p.read_bytes() for p in built.data.rglob("*") if p.is_file()}
    (built.build / NAMES[BIG] / "0580.html").write_bytes(b"")
    (built.build / NAMES[SMALL] / "released.parquet").write_bytes(b"PAR1")
    with pytest.raises(SurveyError, match="other municipalities' numbers") as caught:
        deliver(built, published)
    assert len(caught.value.problems) == 2
    assert "0707-norddjurs/0580.html" in str(caught.value)
    assert {p: p.read_bytes() for p in built.data.rglob("*") if p.is_file()} == before
    assert not [p for p in (built.data / "delivery").iterdir() if p.is_dir()]


@posix
def test_a_link_to_another_folder_is_refused(built, published):
    link = built.build / NAMES[BIG] / "tal.xlsx"
    link.symlink_to(built.build / NAMES[PLAIN] / "resultater.xlsx")
    with pytest.raises(SurveyError, match="is a link"):
        deliver(built, published)


# -------------------------------------------------------------------------------------------- atomic


def test_a_failure_while_packing_leaves_the_earlier_delivery(built, published, monkeypatch):
    deliver(built, published)
    before = {p: p.read_bytes() for p in built.data.rglob("*") if p.is_file()}
    real, calls = delivery.encrypted_zip, []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError("no space left on the drive")
        return real(*arguments)

    monkeypatch.setattr(delivery, "encrypted_zip", full)
    with pytest.raises(OSError, match="no space"):
        deliver(built, published)
    assert {p: p.read_bytes() for p in built.data.rglob("*") if p.is_file()} == before
    assert len(os.listdir(built.data / "delivery")) == 3


def test_the_list_is_true_where_one_package_could_not_be_replaced(built, published, monkeypatch):
    deliver(built, published)
    before = listed(built)
    real = os.replace

    def held_open(source, target):
        if Path(target).name == f"{NAMES[BIG]}.zip" and Path(target).parent.name == "delivery":
            raise PermissionError(13, "Permission denied")
        real(source, target)

    monkeypatch.setattr(os, "replace", held_open)
    with pytest.raises(SurveyError, match=r"0707-norddjurs\.zip: the system denies it"):
        deliver(built, published)
    after = listed(built)
    assert {n for n in before if before[n] != after[n]} == {f"{NAMES[PLAIN]}.zip"}
    for name, passphrase in after.items():
        assert contents(built.data / "delivery" / name, passphrase)


def test_a_list_spoilt_by_hand_does_not_stop_a_delivery(built, published):
    deliver(built, published)
    passphrase_list(built).write_bytes("Kommune,Fil\r\nLæsø".encode("cp1252"))
    deliver(built, published)
    assert len(listed(built)) == 3
