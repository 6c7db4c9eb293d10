"""The vault opens with its key, in its place, unchanged, or not at all."""

import base64
import io
import json
import os
import pickle
import re
import stat
import sys
from pathlib import Path

import pandas as pd
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from helpers.common.paths import PROJECT, write_private
from helpers.identities import vault
from helpers.identities.vault import (
    Rotation,
    counts_file,
    encrypt_plain,
    forget_vault,
    read_vault,
    rotate,
    write_vault,
)
from helpers.identities.vault_key import (
    FILE_VARIABLE,
    KEY_VARIABLE,
    Key,
    VaultError,
    default_key_file,
    key_of_round,
    load_key,
    new_key,
    simulated_key,
)
from helpers.parameters.params import load_round

ROUND, CODE = "2024-foraar", "0707"
OLD, NEW = Key(bytes(range(32))), Key(bytes(range(100, 132)))
SECRETS = ("Øjvind Ærø Åkjær", "0101801234", "20304050")
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


@pytest.fixture
def persons() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "serial": pd.Series([0, 1, 2], dtype="int64"),
            "person_id": pd.Series(["a" * 32, "b" * 32, "c" * 32], dtype="str"),
            "cpr": pd.Series(["0101801234", "0202802345", "0303803456"], dtype="str"),
            "name": pd.Series(["Øjvind Ærø Åkjær", None, ""], dtype="str"),
            "phone": pd.Series(["20304050", "", None], dtype="str"),
        }
    )


@pytest.fixture
def written(tmp_path, persons) -> Path:
    return write_vault(tmp_path / "vault" / f"{CODE}.parquet", persons, OLD, ROUND, CODE)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A user without any key, and the folder of the user's settings."""
    for name in (KEY_VARIABLE, FILE_VARIABLE, "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("APPDATA", str(folder / "AppData"))
    return folder


@pytest.fixture
def data_root(tmp_path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def key_file(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def quotes_nothing(error: VaultError) -> bool:
    """No message, nor what it was raised from, holds a key or a citizen."""
    told = str(error) + repr(error) + repr(error.__cause__)
    keys = [f(k.bytes) for k in (OLD, NEW) for f in (bytes.hex, _b64)]
    return not any(s in told for s in [*SECRETS, *keys, *(k[:16] for k in keys)])


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


# ------------------------------------------------------------------------------------- the table


def test_a_table_comes_back_with_types_and_missing_values(written, persons):
    back = read_vault(written, OLD, ROUND, CODE)
    pd.testing.assert_frame_equal(back, persons, check_index_type="exact")
    assert back["name"].isna().tolist() == [False, True, False]
    assert (back.dtypes == persons.dtypes).all()


@pytest.mark.parametrize("rows", [slice(0, 0), slice(1, 2), [2, 0]])
def test_empty_all_missing_and_reordered_tables_too(tmp_path, persons, rows):
    table = persons.iloc[rows]
    path = write_vault(tmp_path / "v", table, OLD, ROUND, CODE)
    pd.testing.assert_frame_equal(
        read_vault(path, OLD, ROUND, CODE), table, check_index_type="exact"
    )


def test_other_types_come_back(tmp_path):
    table = pd.DataFrame(
        {
            "flag": pd.Series([True, None], dtype="boolean"),
            "count": pd.Series([1, None], dtype="Int64"),
            "day": pd.to_datetime(pd.Series(["2024-01-01", None])),
            "share": [0.1, float("nan")],
            "group": pd.Categorical(["a", None]),
        }
    )
    path = write_vault(tmp_path / "v", table, OLD, ROUND, CODE)
    pd.testing.assert_frame_equal(read_vault(path, OLD, ROUND, CODE), table)


def test_a_column_of_two_kinds_is_refused_without_its_cells(tmp_path):
    with pytest.raises(VaultError, match="each of one type") as caught:
        write_vault(tmp_path / "v", pd.DataFrame({"cpr": [*SECRETS, 3]}), OLD, ROUND, CODE)
    assert quotes_nothing(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_no_plain_text_lies_in_the_file(written):
    content = written.read_bytes()
    for secret in (*SECRETS, "cpr", "person_id", "PAR1", "pandas"):
        assert secret.encode() not in content
    assert OLD.bytes not in content


def test_the_same_table_is_never_encrypted_to_the_same_bytes(tmp_path, persons):
    made = [
        write_vault(tmp_path / f"{i}", persons, OLD, ROUND, CODE).read_bytes() for i in range(50)
    ]
    nonces = {content[12:24] for content in made}
    assert len(nonces) == len({content[24:] for content in made}) == 50


@posix
def test_only_the_owner_may_read_whatever_the_mask(tmp_path, persons):
    before = os.umask(0)
    try:
        path = write_vault(tmp_path / "v", persons, OLD, ROUND, CODE)
        path.chmod(0o644)
        write_vault(path, persons, OLD, ROUND, CODE)  # a second time over a readable one
    finally:
        os.umask(before)
    assert mode_of(path) == 0o600


# -------------------------------------------------------------------------------- what is refused


def test_wrong_key_is_told_with_both_ids(written):
    with pytest.raises(VaultError) as caught:
        read_vault(written, NEW, ROUND, CODE)
    assert OLD.id in str(caught.value)
    assert NEW.id in str(caught.value)
    assert quotes_nothing(caught.value)


def test_a_key_that_only_pretends_to_the_id_does_not_open(written):
    content = written.read_bytes()
    written.write_bytes(content[:8] + bytes.fromhex(NEW.id) + content[12:])
    with pytest.raises(VaultError, match="does not open"):
        read_vault(written, NEW, ROUND, CODE)


def test_header_round_and_municipality_are_authenticated(written):
    content = written.read_bytes()
    header, body = content[:24], content[24:]
    bound = header + b'["2024-foraar", "0707"]'
    assert AESGCM(OLD.bytes).decrypt(header[12:], body, bound).startswith(b"PAR1")
    for less in (bound[1:], bound[24:], bound[:24], header[:12], b"", None):
        with pytest.raises(InvalidTag):
            AESGCM(OLD.bytes).decrypt(header[12:], body, less)


@pytest.fixture
def reads(monkeypatch):
    """Lets the next reading find these bytes: thousands of files would wait for the drive."""
    return lambda content: monkeypatch.setattr(vault, "_content", lambda _: bytes(content))


def test_every_changed_bit_is_refused(written, reads):
    content = written.read_bytes()
    for position in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[position] ^= 1 << bit
            reads(changed)
            with pytest.raises(VaultError):
                read_vault(written, OLD, ROUND, CODE)
    reads(content)
    assert len(read_vault(written, OLD, ROUND, CODE)) == 3


def test_every_cut_and_every_addition_is_refused(written, reads):
    content = written.read_bytes()
    for changed in (*(content[:length] for length in range(len(content))), content + b"\0"):
        reads(changed)
        with pytest.raises(VaultError):
            read_vault(written, OLD, ROUND, CODE)


@pytest.mark.parametrize("length", [0, 7, 23, 24, 39, 40, 500])
def test_a_file_cut_off_on_the_drive_is_refused(written, length):
    written.write_bytes(written.read_bytes()[:length])
    with pytest.raises(VaultError, match="cut off"):
        read_vault(written, OLD, ROUND, CODE)


@pytest.mark.parametrize(
    ("round_id", "code"), [(ROUND, "0580"), ("2025-foraar", CODE), (f"{ROUND}-0", "707"), ("", "")]
)
def test_a_file_of_another_municipality_or_round_is_refused(written, round_id, code):
    with pytest.raises(VaultError, match="another municipality's or round's") as caught:
        read_vault(written, OLD, round_id, code)
    assert quotes_nothing(caught.value)


def test_two_vaults_do_not_change_places(tmp_path, persons):
    one = write_vault(tmp_path / "0707", persons, OLD, ROUND, "0707")
    two = write_vault(tmp_path / "0580", persons, OLD, ROUND, "0580")
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    for path in (one, two):
        with pytest.raises(VaultError, match="does not open"):
            read_vault(path, OLD, ROUND, path.name)


def test_missing_plain_and_foreign_files_are_told_apart(tmp_path, persons):
    path = tmp_path / f"{CODE}.parquet"
    with pytest.raises(VaultError, match=r"there is no vault.* Run intake"):
        read_vault(path, OLD, ROUND, CODE)
    persons.to_parquet(path)
    with pytest.raises(VaultError, match=r"not encrypted.*survey key encrypt") as caught:
        read_vault(path, OLD, ROUND, CODE)
    assert quotes_nothing(caught.value)
    path.write_bytes(b"something else that is long enough for a header and more")
    with pytest.raises(VaultError, match="is no vault"):
        read_vault(path, OLD, ROUND, CODE)


def test_a_later_version_is_told(written):
    content = written.read_bytes()
    written.write_bytes(content[:7] + b"\x02" + content[8:])
    with pytest.raises(VaultError, match=r"version 2 of the format.*version 1"):
        read_vault(written, OLD, ROUND, CODE)


def test_an_old_plain_vault_is_encrypted_where_it_lies(tmp_path, persons):
    path = tmp_path / f"{CODE}.parquet"
    persons.to_parquet(path)
    assert encrypt_plain(path, OLD, ROUND, CODE)
    pd.testing.assert_frame_equal(read_vault(path, OLD, ROUND, CODE), persons)
    before = path.read_bytes()
    assert not encrypt_plain(path, OLD, ROUND, CODE)
    assert path.read_bytes() == before
    with pytest.raises(VaultError, match=NEW.id):
        encrypt_plain(path, NEW, ROUND, CODE)
    path.write_bytes(b"PAR1 cut off")
    with pytest.raises(VaultError, match="broken Parquet"):
        encrypt_plain(path, OLD, ROUND, CODE)


# --------------------------------------------------------------------------------------- writing


def test_a_failure_leaves_the_earlier_file_and_nothing_else(written, persons, monkeypatch):
    before = written.read_bytes()

    def full(*_):
        raise OSError("no space left on the drive")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write_vault(written, persons.iloc[:1], OLD, ROUND, CODE)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_vault(written, persons.iloc[:1], OLD, ROUND, CODE)
    assert written.read_bytes() == before
    assert list(written.parent.iterdir()) == [written]


def test_nothing_readable_is_on_the_disk_at_the_moment_of_renaming(written, persons, monkeypatch):
    seen = []
    rename = os.replace

    def look(source, target):
        seen.append([p.read_bytes() for p in Path(source).parent.iterdir()])
        if sys.platform != "win32":
            assert mode_of(Path(source)) == 0o600
        rename(source, target)

    monkeypatch.setattr(os, "replace", look)
    write_vault(written, persons, OLD, ROUND, CODE)
    assert len(seen) == 1
    assert all(content.startswith(vault.MAGIC) for content in seen[0])
    assert not any(s.encode() in content for content in seen[0] for s in SECRETS)


def test_a_file_that_does_not_come_back_from_the_disk_is_not_taken(written, persons, monkeypatch):
    before = written.read_bytes()

    def bad_drive(path, content):
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    monkeypatch.setattr(vault, "write_private_bytes", bad_drive)
    with pytest.raises(VaultError, match="does not open"):
        write_vault(written, persons, OLD, ROUND, CODE)
    assert written.read_bytes() == before


def test_a_drive_that_gives_back_the_old_file_is_noticed(written, persons, monkeypatch):
    before = written.read_bytes()
    monkeypatch.setattr(vault, "write_private_bytes", lambda path, _: path.write_bytes(before))
    with pytest.raises(VaultError, match="did not come back"):
        write_vault(written, persons.iloc[:1], OLD, ROUND, CODE)
    assert written.read_bytes() == before


@posix
def test_private_files_are_private_from_the_first_byte(tmp_path):
    path = write_private(tmp_path / "below" / "list.csv", b"x")
    assert (path.read_bytes(), mode_of(path)) == (b"x", 0o600)


# ---------------------------------------------------------------------------------------- rotation


@pytest.fixture
def five(tmp_path, persons) -> list[Path]:
    codes = ["0101", "0161", "0580", "0707", "0825"]
    folder = tmp_path / "vault"
    return [
        write_vault(folder / f"{c}.parquet", persons.assign(name=c), OLD, ROUND, c) for c in codes
    ]


def opens(path: Path, key: Key) -> bool:
    try:
        table = read_vault(path, key, ROUND, path.stem)
    except VaultError:
        return False
    return table["name"].eq(path.stem).all()


def test_rotation_changes_every_file_and_a_second_run_none(five):
    assert rotate(five, OLD, NEW, ROUND) == Rotation(rotated=5, already=0)
    assert [(opens(p, OLD), opens(p, NEW)) for p in five] == [(False, True)] * 5
    before = [p.read_bytes() for p in five]
    assert rotate(five, OLD, NEW, ROUND) == Rotation(rotated=0, already=5)
    assert [p.read_bytes() for p in five] == before
    if sys.platform != "win32":
        assert {mode_of(p) for p in five} == {0o600}


@pytest.mark.parametrize("k", range(5))
def test_an_interrupted_rotation_is_finished_by_a_second_run(five, monkeypatch, k):
    real, calls = vault.write_atomically, []

    def interrupted(path, write):
        if len(calls) == k:
            raise KeyboardInterrupt
        calls.append(path)
        return real(path, write)

    monkeypatch.setattr(vault, "write_atomically", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rotate(five, OLD, NEW, ROUND)
    monkeypatch.setattr(vault, "write_atomically", real)
    assert [opens(p, NEW) for p in five] == [True] * k + [False] * (5 - k)
    assert [opens(p, OLD) for p in five] == [False] * k + [True] * (5 - k)
    assert sorted(five[0].parent.iterdir()) == five
    assert rotate(five, OLD, NEW, ROUND) == Rotation(rotated=5 - k, already=k)
    assert all(opens(p, NEW) for p in five)


@pytest.mark.parametrize("k", [0, 2])
def test_interrupted_between_writing_and_renaming(five, monkeypatch, k):
    real, calls = os.replace, []

    def interrupted(source, target):
        if len(calls) == k:
            raise KeyboardInterrupt
        calls.append(target)
        real(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rotate(five, OLD, NEW, ROUND)
    monkeypatch.setattr(os, "replace", real)
    assert all(opens(p, NEW) != opens(p, OLD) for p in five)
    assert rotate(five, OLD, NEW, ROUND) == Rotation(rotated=5 - k, already=k)


def test_rotation_tells_every_bad_file_and_changes_none(five, persons):
    write_vault(five[1], persons, Key(b"\7" * 32), ROUND, five[1].stem)
    persons.to_parquet(five[2])
    five[3].write_bytes(five[0].read_bytes())
    before = [p.read_bytes() for p in five]
    with pytest.raises(VaultError) as caught:
        rotate(five, OLD, NEW, ROUND)
    assert [Path(p.where) for p in caught.value.problems] == five[1:4]
    assert quotes_nothing(caught.value)
    assert [p.read_bytes() for p in five] == before


def test_rotation_reads_back_before_it_replaces(five, monkeypatch):
    def bad_drive(path, content):
        path.write_bytes(content[:-1])

    monkeypatch.setattr(vault, "write_private_bytes", bad_drive)
    with pytest.raises(VaultError):
        rotate(five, OLD, NEW, ROUND)
    assert all(opens(p, OLD) for p in five)


def test_rotation_passes_over_leftovers_and_refuses_one_key_twice(five):
    (five[0].parent / ".0101.4711.parquet").write_bytes(b"half")
    files = five[0].parent.iterdir()
    assert rotate(files, OLD, NEW, ROUND) == Rotation(rotated=5, already=0)
    with pytest.raises(VaultError, match="are the same"):
        rotate(five, NEW, NEW, ROUND)
    assert rotate([], OLD, NEW, ROUND) == Rotation(0, 0)


# -------------------------------------------------------------------------------------------- keys


def test_a_key_shows_its_id_alone():
    shown = repr(OLD)
    assert str(OLD.bytes) not in shown
    assert OLD.bytes.hex() not in shown
    assert re.fullmatch("[0-9a-f]{8}", OLD.id)
    assert OLD.id != NEW.id
    assert OLD.id not in OLD.bytes.hex()
    with pytest.raises(VaultError, match=r"31 bytes.*32 random bytes.*survey key new"):
        Key(b"x" * 31)
    assert pickle.loads(pickle.dumps(OLD)) == OLD


def test_vault_errors_come_back_whole_from_a_worker():
    error = VaultError("a", "b", "c", "d")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (VaultError, str(error))


@pytest.mark.parametrize(
    "text",
    [
        OLD.bytes.hex(),
        OLD.bytes.hex().upper(),
        f"  {OLD.bytes.hex()}\n",
        _b64(OLD.bytes),
        _b64(OLD.bytes).rstrip("="),
    ],
)
def test_both_forms_from_environment_and_file(home, data_root, monkeypatch, text):
    key_file(home / "k", b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    monkeypatch.setenv(FILE_VARIABLE, str(home / "k"))
    assert load_key(data_root) == OLD
    monkeypatch.delenv(FILE_VARIABLE)
    monkeypatch.setenv(KEY_VARIABLE, text)
    assert load_key(data_root) == OLD


def test_url_safe_base64_is_read(home, data_root, monkeypatch):
    raw = b"\xfb\xff" * 16
    monkeypatch.setenv(KEY_VARIABLE, base64.urlsafe_b64encode(raw).decode())
    assert load_key(data_root).bytes == raw


def test_environment_goes_before_file_and_file_before_default(home, data_root, monkeypatch):
    new_key(root=data_root)
    default = load_key(data_root)
    key_file(home / "k", NEW.bytes.hex().encode())
    monkeypatch.setenv(FILE_VARIABLE, "~/k")
    assert load_key(data_root) == NEW != default
    monkeypatch.setenv(KEY_VARIABLE, OLD.bytes.hex())
    assert load_key(data_root) == OLD
    monkeypatch.setenv(KEY_VARIABLE, "")
    assert load_key(data_root) == NEW


def test_missing_key_names_places_and_remedy(home, data_root, monkeypatch):
    with pytest.raises(VaultError) as caught:
        load_key(data_root)
    told = str(caught.value)
    for part in (KEY_VARIABLE, FILE_VARIABLE, str(default_key_file()), "survey key new"):
        assert part in told
    monkeypatch.setenv(FILE_VARIABLE, str(home / "nowhere"))
    with pytest.raises(VaultError, match=f"{FILE_VARIABLE}: there is no key file"):
        load_key(data_root)
    monkeypatch.setenv(FILE_VARIABLE, str(home))
    with pytest.raises(VaultError, match=r"cannot be read.*survey key new"):
        load_key(data_root)


@pytest.mark.parametrize(
    "text",
    [
        OLD.bytes.hex()[:-1],
        OLD.bytes.hex()[:44],  # would be base64 of 33 bytes
        OLD.bytes.hex()[:43],  # would be base64 of 32 bytes
        OLD.bytes.hex() + "0",
        OLD.bytes.hex() * 2,
        OLD.bytes.hex().replace("0", "o"),
        _b64(OLD.bytes[:31]),
        _b64(OLD.bytes + b"x"),
        "nøgle",
        "=",
        OLD.bytes.hex() + " " + OLD.bytes.hex(),
    ],
)
def test_malformed_keys_are_refused_and_not_quoted(home, data_root, monkeypatch, text):
    monkeypatch.setenv(KEY_VARIABLE, text)
    with pytest.raises(VaultError, match=r"SURVEY_KEY: holds no key.*survey key new") as caught:
        load_key(data_root)
    assert text not in str(caught.value) or len(text) == 1
    assert quotes_nothing(caught.value)
    monkeypatch.delenv(KEY_VARIABLE)
    key_file(default_key_file(), text.encode())
    with pytest.raises(VaultError, match="holds no key") as caught:
        load_key(data_root)
    assert quotes_nothing(caught.value)


@pytest.mark.parametrize("content", [b"", OLD.bytes, b"\xff\xfe" + b"a\0" * 64, b"0" * 100_000])
def test_key_files_without_a_key(home, data_root, content):
    key_file(default_key_file(), content)
    with pytest.raises(VaultError, match=r"64 hexadecimal digits.*survey key new") as caught:
        load_key(data_root)
    assert str(OLD.bytes)[2:40] not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_key_put_where_its_path_belongs_is_not_quoted(home, data_root, monkeypatch):
    monkeypatch.chdir(data_root)
    for text in (OLD.bytes.hex(), _b64(OLD.bytes)):
        monkeypatch.setenv(FILE_VARIABLE, text)
        with pytest.raises(VaultError) as caught:
            load_key(data_root)
        assert quotes_nothing(caught.value)


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o601])
def test_a_key_file_that_others_may_use_is_refused(home, data_root, mode):
    path = key_file(default_key_file(), OLD.bytes.hex().encode(), mode)
    with pytest.raises(VaultError, match=r"chmod 600.*survey key new") as caught:
        load_key(data_root)
    assert f"{mode:04o}" in str(caught.value)
    assert quotes_nothing(caught.value)
    path.chmod(0o400)
    assert load_key(data_root) == OLD


def test_a_key_beside_the_data_is_refused(home, data_root, monkeypatch):
    path = key_file(data_root / "data" / "key", OLD.bytes.hex().encode())
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    with pytest.raises(VaultError, match=r"lies inside.*survey key new") as caught:
        load_key(data_root)
    assert quotes_nothing(caught.value)
    monkeypatch.setenv(FILE_VARIABLE, str(home / ".." / "root" / "data" / "key"))
    with pytest.raises(VaultError, match="lies inside"):
        load_key(data_root)
    with pytest.raises(VaultError, match="lies inside"):
        new_key(data_root / "another", data_root)
    with pytest.raises(VaultError, match="lies inside"):
        new_key(PROJECT / "data" / "key", data_root)
    assert not (data_root / "another").exists()


@posix
def test_a_link_to_a_key_beside_the_data_is_refused(home, data_root, monkeypatch):
    path = key_file(data_root / "key", OLD.bytes.hex().encode())
    link = home / "link"
    link.symlink_to(path)
    monkeypatch.setenv(FILE_VARIABLE, str(link))
    with pytest.raises(VaultError, match="lies inside"):
        load_key(data_root)


def test_default_file_lies_in_the_platforms_folder(home, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert default_key_file() == home / ".config" / "jobcentre-survey" / "key"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert default_key_file() == home / ".config" / "jobcentre-survey" / "key"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "xdg"))
    assert default_key_file() == home / "xdg" / "jobcentre-survey" / "key"
    monkeypatch.setattr(sys, "platform", "win32")
    assert default_key_file() == home / "AppData" / "jobcentre-survey" / "key"


def test_a_new_key_is_random_and_never_overwrites(home, data_root):
    made = new_key(root=data_root)
    path = default_key_file()
    assert load_key(data_root) == made
    before = path.read_bytes()
    with pytest.raises(VaultError, match=r"never overwritten.*survey key new") as caught:
        new_key(root=data_root)
    assert before.decode().strip() not in str(caught.value)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["key"]
    assert new_key(home / "other", data_root) != made


@posix
def test_a_new_key_is_its_owners_alone_whatever_the_mask(home, data_root):
    before = os.umask(0)
    try:
        new_key(root=data_root)
    finally:
        os.umask(before)
    path = default_key_file()
    assert mode_of(path) == 0o600
    assert mode_of(path.parent) == mode_of(path.parent.parent) == 0o700


def test_a_key_that_cannot_be_written_leaves_nothing(home, data_root, monkeypatch):
    (home / "file").write_text("x")
    with pytest.raises(VaultError, match="cannot be written"):
        new_key(home / "file" / "key", data_root)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(VaultError, match="No space"):
        new_key(home / "keys" / "key", data_root)
    assert list((home / "keys").iterdir()) == []


def test_simulated_rounds_need_no_key_and_real_ones_do(home, data_root):
    simulated = load_round(PROJECT, "demo").settings
    real = load_round(PROJECT, "2024-foraar").settings
    key = key_of_round(simulated, data_root)
    assert key == simulated_key("demo", simulated.seed)
    others = {simulated_key("demo", 1).id, simulated_key("demo-2023", simulated.seed).id}
    assert len({key.id, *others}) == 3
    with pytest.raises(VaultError, match="survey key new"):
        key_of_round(real, data_root)
    assert new_key(root=data_root) == key_of_round(real, data_root)


# ------------------------------------------------------------------------------------- old vaults put back


@pytest.fixture
def lying(tmp_path):
    """A vault as it lies in a round: its folder has the record of counts beside it."""
    return tmp_path / "data" / ROUND / "vault" / CODE


def test_an_old_vault_put_back_is_refused(lying, persons):
    first = write_vault(lying, persons.head(1), OLD, ROUND, CODE).read_bytes()
    second = write_vault(lying, persons, OLD, ROUND, CODE).read_bytes()
    assert len(read_vault(lying, OLD, ROUND, CODE)) == len(persons)
    lying.write_bytes(first)
    with pytest.raises(VaultError, match=r"put back.*number 2; this is number 1"):
        read_vault(lying, OLD, ROUND, CODE)
    with pytest.raises(VaultError, match="old vault"):
        encrypt_plain(lying, OLD, ROUND, CODE)
    lying.write_bytes(second)
    assert len(read_vault(lying, OLD, ROUND, CODE)) == len(persons)


def test_a_forgotten_vault_put_back_is_refused_until_there_is_a_new_one(lying, persons):
    content = write_vault(lying, persons, OLD, ROUND, CODE).read_bytes()
    forget_vault(lying, CODE, "2025-05-01")
    assert not lying.exists()
    lying.write_bytes(content)
    with pytest.raises(VaultError, match="deleted with its identities on 2025-05-01"):
        read_vault(lying, OLD, ROUND, CODE)
    write_vault(lying, persons, OLD, ROUND, CODE)
    assert len(read_vault(lying, OLD, ROUND, CODE)) == len(persons)
    lying.write_bytes(content)
    with pytest.raises(VaultError, match="old vault"):
        read_vault(lying, OLD, ROUND, CODE)


def test_a_vault_without_a_count_opens_until_it_is_written_or_forgotten(lying, persons):
    content = write_vault(lying, persons, OLD, ROUND, CODE).read_bytes()
    counts_file(lying, CODE).unlink()
    assert len(read_vault(lying, OLD, ROUND, CODE)) == len(persons), "ahead of its record"
    told = lying.parent.parent / "forgotten.json"
    forget_vault(lying, CODE, "2025-05-01")
    plain = io.BytesIO()
    persons.to_parquet(plain)
    told.write_text(json.dumps([{"municipality": CODE, "deleted_on": "2025-05-01", "vault": 1}]))
    lying.write_bytes(plain.getvalue())
    with pytest.raises(VaultError, match="deleted with its identities"):
        encrypt_plain(lying, OLD, ROUND, CODE)
    lying.write_bytes(content)
    with pytest.raises(VaultError, match="deleted with its identities"):
        read_vault(lying, OLD, ROUND, CODE)


def test_rotation_keeps_the_count_and_a_torn_line_says_nothing(lying, persons):
    old = write_vault(lying, persons.head(1), OLD, ROUND, CODE).read_bytes()
    write_vault(lying, persons, OLD, ROUND, CODE)
    rotate([lying], OLD, NEW, ROUND)
    assert len(read_vault(lying, NEW, ROUND, CODE)) == len(persons)
    with counts_file(lying, CODE).open("a") as file:
        file.write('{"wri')
    write_vault(lying, persons, NEW, ROUND, CODE)
    assert len(read_vault(lying, NEW, ROUND, CODE)) == len(persons)
    assert mode_of(counts_file(lying, CODE)) == 0o600
    lying.write_bytes(old)
    with pytest.raises(VaultError, match="encrypted with key"):
        read_vault(lying, NEW, ROUND, CODE)
    counts_file(lying, CODE).write_text("nonsense\n")
    with pytest.raises(VaultError, match="no record of how often"):
        write_vault(lying, persons, NEW, ROUND, CODE)
