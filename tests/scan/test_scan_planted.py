"""A citizen planted in a copy of each real output: the scanner finds all there is, and quotes nobody."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import nbformat
import openpyxl
import pandas as pd
import pypdf
import pytest
import test_scan
from conftest import SIMULATED, vault_of
from pptx import Presentation
from pptx.util import Cm
from test_scan import CPR, EMAIL, NAME, PHONE
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.identities.identities import known_persons
from helpers.scan.scan import scan


@pytest.fixture(scope="module")
def plants(finished) -> dict[str, str]:
    """A citizen of the round: CPR number in three spellings, telephone, e-mail and name."""
    vault = vault_of(finished.paths, "0707", finished.round)
    born_early = vault[vault["cpr"].str.startswith("0") & (vault["phone"].fillna("") != "")]
    person = born_early.iloc[0]
    phone = re.sub(r"\D", "", person["phone"])[-8:]
    return {
        "cpr, hyphen": f"{person['cpr'][:6]}-{person['cpr'][6:]}",
        "cpr, bare": person["cpr"],
        "cpr, zero lost": person["cpr"][1:],
        "telephone": " ".join(phone[i : i + 2] for i in range(0, 8, 2)),
        "e-mail": "ragnhild@post.example",
        "name": person["name"],
    }


ALL = {CPR: 3, PHONE: 1, EMAIL: 1, NAME: 1}


def plant_page(source: bytes, plants) -> bytes:
    cells = "".join(f"<td>{p}</td>" for p in plants).encode()
    before, end, rest = source.rpartition(b"</body>")
    return before + b"<table><tr>" + cells + b"</tr></table>" + end + rest


def plant_pdf(source: bytes, plants) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(source))
    for p in plants:
        writer.append(io.BytesIO(test_scan.pdf(p)))
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def plant_slide(source: bytes, plants) -> bytes:
    deck = Presentation(io.BytesIO(source))
    box = deck.slides[2].shapes.add_textbox(0, 0, Cm(9), Cm(2))
    box.text_frame.text = "\n".join(plants)
    return test_scan.saved(deck)


def plant_notes(source: bytes, plants) -> bytes:
    deck = Presentation(io.BytesIO(source))
    deck.slides[2].notes_slide.notes_text_frame.text = "\n".join(plants)
    return test_scan.saved(deck)


def plant_chart_workbook(source: bytes, plants) -> bytes:
    deck = Presentation(io.BytesIO(source))
    chart = next(s.chart for slide in deck.slides for s in slide.shapes if s.has_chart)
    workbook = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))
    for i, p in enumerate(plants):
        workbook.active.cell(row=60 + i, column=9, value=p)
    chart.part.chart_workbook.update_from_xlsx_blob(test_scan.saved(workbook))
    return test_scan.saved(deck)


def plant_workbook(source: bytes, plants) -> bytes:
    """A row at the end of the last sheet; the CPR number without its zero is a number."""
    with zipfile.ZipFile(io.BytesIO(source)) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    sheet = max(
        (n for n in parts if n.startswith("xl/worksheets/sheet")), key=lambda n: (len(n), n)
    )
    cells = "".join(
        f"<c><v>{p}</v></c>"
        if len(p) == 9 and p.isdigit()
        else f'<c t="inlineStr"><is><t>{p}</t></is></c>'
        for p in plants
    )
    row = f'<row r="99999">{cells}</row></sheetData>'.encode()
    parts[sheet] = parts[sheet].replace(b"</sheetData>", row)
    return test_scan.zipped(parts)


def plant_csv(source: bytes, plants) -> bytes:
    lines = [f"0707,all,{p},q01,mean,weighted,,,,,shown\n" for p in plants]
    return source + "".join(lines).encode()


def plant_parquet(source: bytes, plants) -> bytes:
    table = pd.read_parquet(io.BytesIO(source))
    more = table.head(len(plants)).assign(**{table.columns[1]: list(plants)})
    file = io.BytesIO()
    pd.concat([table, more], ignore_index=True).to_parquet(file)
    return file.getvalue()


def plant_notebook(source: bytes, plants) -> bytes:
    notebook = nbformat.reads(source.decode(), 4)
    output = nbformat.v4.new_output("stream", name="stdout", text="\n".join([*plants, ""]))
    notebook.cells.append(nbformat.v4.new_code_cell("x", outputs=[output]))
    return nbformat.writes(notebook).encode()


def plant_json(source: bytes, plants) -> bytes:
    return json.dumps(json.loads(source) | {"note": list(plants)}, ensure_ascii=False).encode()


def plant_log(source: bytes, plants) -> bytes:
    return source + "\n".join(["", *plants, ""]).encode()


def plant_zip(source: bytes, plants) -> bytes:
    return test_scan.zipped({"0707-norddjurs/rapport.html": plant_page(source, plants)})


OWN_FOLDER = "build/demo/0707-norddjurs"
REAL = {
    "rapport.html": (f"{OWN_FOLDER}/rapport.html", plant_page),
    "index.html": ("build/demo/index.html", plant_page),
    "landsrapport.html": ("build/demo/national/rapport.html", plant_page),
    "metode.html": ("build/demo/national/metode.html", plant_page),
    "rapport.pdf": ("build/demo/national/rapport.pdf", plant_pdf),
    "slide.pptx": (f"{OWN_FOLDER}/praesentation.pptx", plant_slide),
    "notes.pptx": (f"{OWN_FOLDER}/praesentation.pptx", plant_notes),
    "chart.pptx": (f"{OWN_FOLDER}/praesentation.pptx", plant_chart_workbook),
    "resultater.xlsx": (f"{OWN_FOLDER}/resultater.xlsx", plant_workbook),
    "released.csv": ("build/demo/released.csv", plant_csv),
    "released.parquet": ("build/demo/released.parquet", plant_parquet),
    "response.parquet": ("build/demo/response.parquet", plant_parquet),
    "manifest.json": ("build/demo/manifest.json", plant_json),
    "kalender.ics": ("build/demo/kalender.ics", plant_log),
    "analyse.ipynb": ("data/demo/notebooks/0707-20-response-analysis.ipynb", plant_notebook),
    "run.log": (None, plant_log),
    "pakke.zip": (f"{OWN_FOLDER}/rapport.html", plant_zip),
}


@pytest.fixture(scope="module")
def planted(finished, plants, tmp_path_factory) -> Path:
    """A copy of each kind of real output with all the plants in it."""
    folder = tmp_path_factory.mktemp("planted")
    log = "\n".join(f"2024-04-05 12:00:00 INFO {s} {c}" for s, c in finished.listening.steps)
    for name, (source, plant) in REAL.items():
        content = log.encode() if source is None else (finished.paths.root / source).read_bytes()
        (folder / name).write_bytes(plant(content, plants.values()))
    return folder


def test_every_kind_of_file_of_the_build_is_planted(finished):
    kinds = {p.suffix for p in finished.paths.build.rglob("*") if p.is_file()}
    assert kinds <= {Path(name).suffix for name in REAL}


@pytest.mark.parametrize("name", REAL)
def test_all_plants_are_found_in_real_outputs(finished, planted, plants, name):
    known = known_persons(finished.paths, finished.round)
    findings = scan(planted / name, *known)
    assert test_scan.kinds(findings) == ALL
    assert not any(test_scan.quotes(findings, p) for p in plants.values())


def test_the_same_files_unplanted_are_clean(finished, tmp_path):
    for name, (source, _) in REAL.items():
        if source is not None and Path(source).suffix == Path(name).suffix != ".ipynb":
            shutil.copy(finished.paths.root / source, tmp_path / name)
    assert scan(tmp_path, *known_persons(finished.paths, finished.round)) == []


def test_the_command_finds_them_all_and_fails(finished, planted, plants):
    call = ["--root", str(finished.paths.root), "scan", str(planted), "--round", SIMULATED]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 1
    for name in REAL:
        lines = [line for line in result.output.splitlines() if line.startswith(name)]
        assert {kind for kind in ALL if any(kind in line for line in lines)} == set(ALL), name
    for p in plants.values():
        assert p not in result.output


def test_without_the_round_names_alone_are_missed(finished, planted):
    """What the vault does not help with is found by its form."""
    found = test_scan.kinds(scan(planted / "rapport.html"))
    assert found == {k: n for k, n in ALL.items() if k != NAME}
