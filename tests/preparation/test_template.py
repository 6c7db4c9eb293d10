"""Extract templates: read by the project's own reader, checked by Excel's rules, without persons."""

import datetime as dt
import json
from types import SimpleNamespace

import openpyxl
import pytest
from openpyxl.utils import range_boundaries
from test_cli_privacy import survey

from helpers.common.errors import ExtractError
from helpers.common.paths import Paths
from helpers.common.store import Store
from helpers.common.vocabulary import WHOLE_ROUND
from helpers.extracts.extracts import read_extract
from helpers.parameters.layouts import EXTRACT_FIELDS
from helpers.parameters.params import load_round
from helpers.parameters.round_settings import Calendar
from helpers.pipeline.index import write_manifest
from helpers.pipeline.records import Snapshot
from helpers.pipeline.round_steps import scan_round
from helpers.pipeline.verify import INPUTS
from helpers.preparation.template import ROWS, write_templates
from helpers.preparation.template_texts import COLUMNS, benefit_rows, guidance, words_for

LAYOUTS = ("fasit", "momentum", "standard")


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    """Paths and file name → workbook, of all layouts and of Norddjurs with its own column."""
    from helpers.common.paths import PROJECT

    round_ = load_round(PROJECT, "2024-foraar")
    paths = Paths(tmp_path_factory.mktemp("templates"), round_.id)
    written = write_templates(paths, round_, round_.formats, ["0707", "0825"])
    return round_, paths, {p.name: p for p in written}


def layout_of(round_, name):
    return next(f for f in round_.formats if f.layout == name)


def rules(page) -> dict[str, object]:
    """Heading → the rule of its column."""
    found = {}
    for rule in page.data_validations.dataValidation:
        left, top, right, bottom = range_boundaries(str(rule.sqref))
        assert (top, bottom, left) == (2, ROWS + 1, right)
        found[page.cell(1, left).value] = rule
    return found


def choices(book, rule) -> list[str]:
    """What a drop-down shows; its list must stand on the sheet of lists."""
    sheet, area = rule.formula1.split("!")
    assert sheet == "Lister"
    return [row[0].value for row in book[sheet][area.replace("$", "")]]


def test_one_file_a_layout_and_one_a_municipality_with_its_own_columns(templates):
    _, paths, files = templates
    general = [f"udtraek-{name}.xlsx" for name in LAYOUTS]
    own = [f"0707-norddjurs-udtraek-{name}.xlsx" for name in LAYOUTS]
    assert sorted(files) == sorted(general + own)
    assert paths.templates == paths.build / "skabeloner"


@pytest.mark.parametrize("name", LAYOUTS)
def test_headings_are_the_layouts_first_and_the_head_is_frozen(templates, name):
    round_, _, files = templates
    layout = layout_of(round_, name)
    first = [layout.columns[field][0] for field in EXTRACT_FIELDS]
    page = openpyxl.load_workbook(files[f"udtraek-{name}.xlsx"])["Udtræk"]
    assert [c.value for c in page[1]] == first and page.freeze_panes == "A2"
    own = openpyxl.load_workbook(files[f"0707-norddjurs-udtraek-{name}.xlsx"])["Udtræk"]
    assert [c.value for c in own[1]] == [*first, "Indsats"]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_filled_template_is_read(templates, tmp_path, name):
    """Every benefit, both words, true dates, leading zeros, and the column of its own."""
    round_, _, files = templates
    layout = layout_of(round_, name)
    book = openpyxl.load_workbook(files[f"0707-norddjurs-udtraek-{name}.xlsx"])
    page = book["Udtræk"]
    listed = {h: choices(book, r) for h, r in rules(page).items() if r.type == "list"}
    heading = {field: names[0] for field, names in layout.columns.items()}
    for i, benefit in enumerate(listed[heading["benefit"]]):
        page.append([
            f"0{1 + i % 9}0180{1000 + i}", f"Borger {i}", benefit, dt.date(2023, 1, 1 + i),
            None if i % 3 else dt.date(2024, 1, 5), listed[heading["course_closed"]][i % 2],
            f"0{1_234_567 + i}", listed[heading["passive"]][(i + 1) % 2], listed["Indsats"][i % 2],
        ])  # fmt: skip
    path = tmp_path / "0707-norddjurs.xlsx"
    book.save(path)
    reference = round_.settings.reference_date
    extract = read_extract(path, round_.formats, round_.local_for("0707"), reference)
    assert extract.problems == () and extract.ignored_columns == ()
    persons = extract.persons
    assert (extract.layout, len(persons)) == (name, len(layout.benefits))
    assert persons["benefit_type"].tolist() == list(layout.benefits.values())
    assert persons["cpr"].str.startswith("0").all() and persons["phone"].str.startswith("0").all()
    assert persons["course_closed"].tolist()[:2] == [True, False]
    assert persons["passive"].tolist()[:2] == [False, True]
    assert persons["local_indsats"].tolist()[:2] == ["helhedsorienteret", "traditionel"]
    assert str(persons["spell_start"].iloc[1].date()) == "2023-01-02"


@pytest.mark.parametrize("name", LAYOUTS)
def test_an_empty_template_has_headings_but_no_persons(templates, name):
    round_, _, files = templates
    path, local = files[f"udtraek-{name}.xlsx"], round_.local_for("0825")
    with pytest.raises(ExtractError, match="»Udtræk«: has headings but no persons"):
        read_extract(path, round_.formats, local, round_.settings.reference_date)


def test_columns_have_their_rules_and_formats(templates):
    round_, _, files = templates
    book = openpyxl.load_workbook(files["0707-norddjurs-udtraek-standard.xlsx"])
    page = book["Udtræk"]
    found = rules(page)
    standard = layout_of(round_, "standard")
    assert choices(book, found["Ydelse"]) == list(standard.benefits)
    assert len(",".join(standard.benefits)) > 255  # too long for the cell's own rule
    assert choices(book, found["Passiv"]) == ["Ja", "Nej"]
    assert choices(book, found["Indsats"]) == ["Helhedsorienteret", "Traditionel"]
    assert book["Lister"].sheet_state == "hidden"
    start, talk = found["Dato for overgang til aktuel ydelse"], found["Dato for seneste samtale"]
    day = dt.date(1899, 12, 30)
    for rule, latest in ((start, dt.date(2024, 2, 1)), (talk, dt.date(2024, 2, 15))):
        assert (rule.type, rule.operator or "between", rule.errorStyle or "stop") == (
            "date",
            "between",
            "stop",
        )
        assert day + dt.timedelta(days=int(rule.formula1)) == dt.date(1970, 1, 1)
        assert day + dt.timedelta(days=int(rule.formula2)) == latest
    assert (
        found["CPR-nr."].type == "custom"
        and "COUNTIF($A$2:$A$50001,A2)=1" in found["CPR-nr."].formula1
    )
    assert found["Telefonnr."].errorStyle == "warning"
    formats = {
        page.cell(1, c).value: area.number_format
        for area in page.column_dimensions.values()
        for c in range(area.min, area.max + 1)
    }
    for heading in ("CPR-nr.", "Telefonnr.", "Ydelse"):
        assert formats[heading] == "@"
    assert formats["Dato for seneste samtale"] == "dd-mm-yyyy"


def test_a_fasit_template_offers_the_words_of_its_headings(templates):
    round_, _, files = templates
    book = openpyxl.load_workbook(files["udtraek-fasit.xlsx"])
    assert choices(book, rules(book["Udtræk"])["Passiv J/N"]) == ["J", "N"]
    fasit = layout_of(round_, "fasit")
    assert words_for("Passiv J/N", fasit) == ("J", "N")
    assert words_for("Passiv", fasit) == ("Ja", "Nej")


def test_every_cell_prompts_in_danish_within_excels_limits(templates):
    _, _, files = templates
    for path in files.values():
        found = rules(openpyxl.load_workbook(path)["Udtræk"])
        assert len(found) in (8, 9)
        for rule in found.values():
            assert rule.promptTitle and len(rule.promptTitle) <= 32
            assert 0 < len(rule.prompt) <= 255 and not rule.prompt.endswith("…")
            assert rule.type in (None, "none") or 0 < len(rule.error) <= 255


def test_guidance_tells_who_when_and_how(templates):
    _, _, files = templates
    page = openpyxl.load_workbook(files["0707-norddjurs-udtraek-standard.xlsx"])["Vejledning"]
    rows = [[c for c in row if c] for row in page.iter_rows(values_only=True)]
    text = "\n".join(" | ".join(row) for row in rows)
    for told in (
        "Populationsudtræk for Norddjurs", "foråret 2024", "Opgørelsesdato | 1. februar 2024.",
        "senest 15. februar 2024", "0707-norddjurs.xlsx", "databehandleraftalen", "16–66 år",
        "Indsats | Kommunens egen baggrundsoplysning: Indsats. | En af værdierne: Helhedsorienteret",
        "A-dagpenge | Dagpengemodtagere | Mindst 12 måneder",
        "Kontanthjælp, jobparat | Job- og uddannelsesparate | Mindst 8 uger",
        "Førtidspension | Uden for målgrupperne | Skal med, men bliver ikke spurgt",
        "Hyppige fejl", "31-02",
    ):  # fmt: skip
        assert told in text
    assert not {row[0] for row in rows if row} & set(COLUMNS)
    assert "{" not in text


def test_guidance_follows_the_round(root):
    pilot = load_round(root, "2023-pilot")
    told = dict(guidance(pilot, None))
    assert "i perioden 1. april–30. juni 2023" in told["Hvem skal med"]
    assert "senest 13. august 2023" in told["Frist"]
    assert "Simuleret runde" in dict(guidance(load_round(root, "demo"), None))
    rows = benefit_rows(pilot, layout_of(pilot, "momentum"))
    assert ("Jobafklaringsforløb", "Aktivitetsparate", "Mindst 8 uger") in rows


@pytest.mark.parametrize(
    "start, deadline",
    [("2024-02-16", "2024-02-15"), ("2024-02-19", "2024-02-16"), ("2024-02-18", "2024-02-16"),
     ("2024-02-20", "2024-02-19")],
)  # fmt: skip
def test_the_deadline_is_the_last_weekday_before_sampling(start, deadline):
    def calendar(**more):
        days = {"sampling": {"start": start, "end": "2024-03-08"}}
        days |= {
            n: {"start": "2024-03-11", "end": "2024-04-05"} for n in ("collection", "reporting")
        }
        return Calendar.model_validate(days | more)

    assert str(calendar().extract_deadline()) == deadline
    own = calendar(extracts={"start": "2024-01-01", "end": "2024-01-31"})
    assert str(own.extract_deadline()) == "2024-01-31"


def test_the_same_bytes_again(templates, tmp_path):
    round_, _, files = templates
    again = write_templates(Paths(tmp_path, round_.id), round_, round_.formats, ["0707", "0825"])
    assert len(again) == len(files)
    for path in again:
        assert path.read_bytes() == files[path.name].read_bytes()


def test_templates_may_leave_the_house_and_belong_to_the_round(templates):
    """No personal data; listed in the manifest; and taken along where a round is made again."""
    round_, paths, files = templates
    scan_round(paths, round_)
    published = SimpleNamespace(round=round_, municipalities=[], missing=[])
    manifest = json.loads(write_manifest(paths, published, []).read_text("utf-8"))
    names = {f"build/{round_.id}/{name}" for name in manifest["files"]}
    assert names == {f"build/{round_.id}/skabeloner/{name}" for name in files}
    seen = Snapshot(Store(str(paths.root)), round_).names(INPUTS, WHOLE_ROUND)
    assert names <= set(seen)


def test_the_command_writes_what_was_asked_for(root):
    told = survey(root, "template", "2024-foraar", "--layout", "fasit", "--only", "0707,0825")
    assert told.exit_code == 0
    assert "0825: no local background variables; the general template holds." in told.output
    folder = root / "build/2024-foraar/skabeloner"
    assert sorted(p.name for p in folder.iterdir()) == [
        "0707-norddjurs-udtraek-fasit.xlsx", "udtraek-fasit.xlsx",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words, told",
    [
        (["2024-foraar", "--layout", "excel"], "one of fasit, momentum, standard"),
        (["2024-foraar", "--only", "0147"], "0147 takes no part"),
        (["2025"], "does not exist"),
    ],
)
def test_wrong_calls_end_with_2_and_nothing_written(root, words, told):
    result = survey(root, "template", *words)
    assert result.exit_code == 2 and told in result.output
    assert not (root / "build").exists()
