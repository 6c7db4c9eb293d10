"""Persons planted in every place of a round are nowhere under the root once they are forgotten.

All persons are invented.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import shutil
import zipfile

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import vault_of
from test_answers_of_cases import answer, export_of

from helpers.common.errors import SurveyError
from helpers.extracts.intake_record import intake, merge
from helpers.fieldwork.contact_exceptions import OPTED_OUT, note_exceptions
from helpers.fieldwork.hotline import calls_so_far, log_calls
from helpers.fieldwork.invited import record_invited
from helpers.fieldwork.sendout import write_sendout
from helpers.pipeline.round_steps import collect_answers
from helpers.preparation.signup import plan_sign_ups
from helpers.preparation.signup_overview import write_overview
from helpers.retention.retention import STAYS, forget
from helpers.sampling.plan import make_plan, save_sample

CODE, OTHER = "0825", "0741"
AFTER = dt.date(2025, 5, 1)
TYPED = (
    "Torvald Grønnebæk",
    "210567-4433",
    "61728394",
    "Solsortevej 12",
)  # by a citizen, in a text
CONTACT = ("Jytte Fremmerlid", "jytte@laesoe.example", "98123456")
ODD_FILE = "Aurelius Fjordvang 170384-5512"  # in a name of a file, of a sheet and of a heading


def texts_of(root) -> dict[str, str]:
    """Every file under the root, and every part of one, as text."""
    found = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        found[f"{name} (name)"] = name
        found |= _parts(name, path.read_bytes())
    return found


def _parts(name: str, content: bytes) -> dict[str, str]:
    found = {name: content.decode("utf-8", "replace") + content.decode("utf-16-le", "replace")}
    if content[:4] == b"PAR1":
        table = pq.read_table(io.BytesIO(content)).to_pandas()
        found[f"{name} (table)"] = table.to_csv()
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inner in archive.namelist():
                found |= _parts(f"{name}!{inner}", archive.read(inner))
    return found


def places(root, *words: str) -> list[str]:
    """Files that hold one of the words; parameters are no citizen's."""
    return [n for n, text in texts_of(root).items() if any(w in text for w in words)]


@pytest.fixture
def lived_in(paths, round_2024):
    """A round of two islands with persons wherever persons come: see the names above."""
    name = f"{CODE} {ODD_FILE}.xlsx"
    [own] = paths.extracts.glob(f"{CODE}*")
    book = openpyxl.load_workbook(own)
    book.active.title = ODD_FILE[:31]
    head = next(r for r in range(1, 12) if any("CPR" in str(c.value) for c in book.active[r]))
    book.active.cell(head, book.active.max_column + 1, f"Note om {ODD_FILE}")
    book.save(paths.extracts / name)
    own.unlink()
    for path in paths.extracts.iterdir():
        if path.name[:4] not in (CODE, OTHER):
            path.unlink()
    paths.responses.mkdir(parents=True)
    for code in (CODE, OTHER):
        intake(paths, round_2024, code)
        save_sample(paths, code, make_plan(paths, round_2024, code))
    merge(paths, round_2024)
    paths.sendout(CODE).mkdir(parents=True, exist_ok=True)
    write_sendout(paths, round_2024, CODE)
    keys = {c: pd.read_parquet(paths.sample(c))["key"].tolist() for c in (CODE, OTHER)}
    record_invited(paths, CODE, keys[CODE], dt.date(2024, 3, 11), added=False)
    text = f"Jeg hedder {TYPED[0]}, {TYPED[1]}, ring {TYPED[2]}, {TYPED[3]}"
    rows = [
        answer(k, at=f"2024-03-1{i % 9}T1{i % 9}:15:0{i % 9}")
        for i, k in enumerate(keys[CODE][:12])
    ]
    both = [*rows, *(answer(k) for k in keys[OTHER][:12])]
    table = export_of(*both).assign(q14_text=[text] * 12 + ["Fint"] * 12, q15_text="Tak")
    table.to_csv(paths.responses / f"alle {ODD_FILE}.csv", index=False)
    table.head(12).to_excel(paths.responses / f"{CODE}-svar.xlsx", index=False)
    collect_answers(paths, round_2024)
    assert paths.texts(CODE).is_file()
    listed = paths.root / "fravalg.csv"
    listed.write_text(
        f"key;reason\n{keys[CODE][20]};{OPTED_OUT}\n{keys[OTHER][20]};{OPTED_OUT}\n", "utf-8"
    )
    note_exceptions(paths, round_2024, listed, dt.date(2024, 3, 12))
    topic = round_2024.settings.fieldwork.hotline_topics[0].topic
    calls = "".join(f"2024-03-12T10:15;{c};{topic};4;{keys[c][0]}\n" for c in (CODE, OTHER))
    listed.write_text(f"when;municipality;topic;minutes;key\n{calls}", "utf-8")
    log_calls(paths, round_2024, listed)
    listed.unlink()
    sign_ups = paths.root / "tilmeldinger.csv"
    sign_ups.write_text(
        "Kommune;Tilmeldt;Kontaktperson;E-mail;Telefon\n"
        f"Læsø;05-02-2024;{';'.join(CONTACT)}\nSamsø;05-02-2024;Anna Ibsen;anna@samsoe.example;87654321\n",
        "utf-8",
    )
    planned = plan_sign_ups(paths, round_2024, sign_ups)
    planned.write(paths)
    write_overview(paths, planned)
    sign_ups.unlink()
    shutil.rmtree(paths.root / "params")  # the citizens of the parameters' examples are nobody's
    return paths, keys


def test_everybody_is_forgotten_everywhere(lived_in, round_2024):
    paths, keys = lived_in
    vault = vault_of(paths, CODE, round_2024)
    persons = [*vault["name"], *vault["cpr"], *(vault["cpr"].str[:6] + "-" + vault["cpr"].str[6:])]
    persons += [p for p in vault["phone"].dropna() if len(p) >= 8]
    others = vault_of(paths, OTHER, round_2024)
    persons = set(persons) - set(others["name"]) - set(others["phone"].dropna())
    planted = [*persons, *keys[CODE], *TYPED, *CONTACT, *ODD_FILE.split()]
    before = {
        p
        for word in (TYPED[0], keys[CODE][0], CONTACT[0], "Fjordvang")
        for p in places(paths.root, word)
    }
    assert len(before) >= 12, before
    forget(paths, round_2024, [CODE], AFTER)
    left = {n for n in places(paths.root, *planted)}
    assert left == set()


def test_the_others_keep_what_they_have(lived_in, round_2024):
    paths, keys = lived_in
    before = {
        p: p.read_bytes() for p in (paths.vault(OTHER), paths.sample(OTHER), paths.texts(OTHER))
    }
    answers = pd.read_parquet(paths.answers(OTHER))
    forget(paths, round_2024, [CODE], AFTER)
    assert {p: p.read_bytes() for p in before} == before
    assert collect_answers(paths, round_2024).failures == {}
    assert pd.read_parquet(paths.answers(OTHER)).equals(answers)
    assert places(paths.root, keys[OTHER][20]) and places(paths.root, "Anna Ibsen")
    assert len(calls_so_far(paths)) == 2


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Equal for the same rows in any order."""
    return table.sort_values(list(table), ignore_index=True)


def test_answers_and_sample_still_fit_and_are_made_again_alike(lived_in, round_2024):
    paths, _ = lived_in
    sample, answers = pd.read_parquet(paths.sample(CODE)), pd.read_parquet(paths.answers(CODE))
    sample.drop(columns="key").to_parquet(paths.population(CODE))
    forget(paths, round_2024, [CODE], AFTER)
    bare = pd.read_parquet(paths.answers(CODE))
    now = pd.read_parquet(paths.sample(CODE))
    old = ["key", "person_id"]
    known = [c for c in sample if c not in old]
    assert in_order(now[known]).equals(in_order(sample[known])), "the same persons"
    assert now["person_id"].is_unique and not set(now["person_id"]) & set(sample["person_id"])
    assert now["person_id"].is_monotonic_increasing, "at random, and so is the order"
    population = pd.read_parquet(paths.population(CODE))
    assert population.equals(now.drop(columns="key")), "the same ids in both"
    assert now["key"].is_unique and not set(now["key"]) & set(sample["key"])
    assert len(bare) == len(answers) == 12 and set(bare["key"]) <= set(now["key"])
    questions = [c for c in answers if c.startswith("q") and not c.endswith("_text")]

    def by_person(sample, answers):
        return in_order(sample.merge(answers, on="key")[[*known, "status", *questions]])

    assert by_person(now, bare).equals(by_person(sample, answers))
    assert (bare["submitted_at"] == bare["submitted_at"].dt.floor("D")).all()
    assert collect_answers(paths, round_2024).failures == {}
    assert pd.read_parquet(paths.answers(CODE)).equals(bare)
    assert not paths.texts(CODE).exists()


def test_when_all_are_forgotten_no_export_as_received_is_left(lived_in, round_2024):
    paths, keys = lived_in
    forget(paths, round_2024, [CODE, OTHER], AFTER)
    assert places(paths.root, *keys[CODE], *keys[OTHER], *TYPED, "Fjordvang", "Anna Ibsen") == []
    assert sorted(p.name for p in paths.responses.glob("*.csv")) == [
        f"{OTHER}-uden-nøgler.csv", f"{CODE}-uden-nøgler.csv",
    ]  # fmt: skip
    assert not list(paths.responses.glob("*.xlsx"))
    record = json.loads((paths.data / "forgotten.json").read_text("utf-8"))
    assert {r["municipality"] for r in record} == {CODE, OTHER}
    assert all(r["stays"] == STAYS and r["keys"] and r["exports"] for r in record)


def test_an_export_that_cannot_be_read_stops_before_anything_is_deleted(lived_in, round_2024):
    paths, _ = lived_in
    (paths.responses / "flere.xlsx").write_bytes(b"no workbook")
    before = texts_of(paths.root)
    with pytest.raises(SurveyError, match="nothing was deleted"):
        forget(paths, round_2024, [CODE], AFTER)
    assert texts_of(paths.root) == before


def test_what_an_earlier_version_wrote_into_a_history_goes_too(lived_in, round_2024):
    paths, _ = lived_in
    path = paths.intake_history(CODE)
    line = json.loads(path.read_text("utf-8").splitlines()[-1])
    raw = line | {"file": f"{CODE} {ODD_FILE}.xlsx", "ignored_columns": [f"Note om {ODD_FILE}"]}
    path.write_text(json.dumps(raw, ensure_ascii=False) + "\n", "utf-8")
    assert places(paths.root, "170384-5512")
    forget(paths, round_2024, [CODE], AFTER)
    assert places(paths.root, "170384-5512", "Fjordvang") == []


def test_a_list_of_exceptions_stays_a_table(lived_in, round_2024):
    paths, keys = lived_in
    forget(paths, round_2024, [CODE], AFTER)
    rows = list(csv.DictReader(paths.contact_exceptions.open(encoding="utf-8")))
    assert [r["key"] for r in rows] == [keys[OTHER][20]]
