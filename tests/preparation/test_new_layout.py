"""New layouts: the known ones found again without being known, invented ones left to a person where
they are unclear, no person in a proposal, and nothing approved that is not whole."""

import re
import shutil

import openpyxl
import pytest
import yaml
from conftest import EXTRACTS, REFERENCE
from new_layouts import (
    CARE_BENEFITS,
    CARE_HEADINGS,
    CODED_BENEFITS,
    CODED_HEADINGS,
    PERSONS,
    cpr_of,
    name_of,
    write_care,
    write_coded,
)
from test_cli_privacy import survey

import helpers.preparation.text_similarity
from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT
from helpers.extracts.extracts import read_extract
from helpers.parameters.layouts import EXTRACT_FIELDS
from helpers.parameters.params import LocalFile, load_format, load_layouts, load_round
from helpers.preparation.layout_columns import Column
from helpers.preparation.layout_file import decisions, proposal_text, proposed_path, without_notes
from helpers.preparation.layout_proposal import known_layout, propose
from helpers.preparation.text_similarity import Benefits, plain, plain_benefit, similarity
from helpers.received.cells import normalise

FORMATS, WORDS, TYPES = load_layouts(PROJECT)
FILES = {
    "0101-koebenhavn.csv": "fasit", "0161-glostrup.xlsx": "momentum", "0580-aabenraa.xlsx": "momentum",
    "0707-norddjurs.xlsx": "standard", "0741-samsoe.csv": "fasit", "0825-laesoe.xlsx": "standard",
}  # fmt: skip


def layout(name):
    return next(f for f in FORMATS if f.layout == name)


def text_of(path, formats=(), name="ny"):
    return proposal_text(name, propose(path, formats, WORDS, TYPES), TYPES)


# --------------------------------------------------------------- the known layouts as if unknown


@pytest.mark.parametrize("file", FILES)
def test_a_known_layout_is_found_again_from_its_file_alone(file):
    proposal = propose(EXTRACTS / file, (), WORDS, TYPES)
    known = layout(FILES[file])
    found = {f: normalise(c.heading) for f, c in proposal.columns.items()}
    assert found == {f: normalise(names[0]) for f, names in known.columns.items()}
    assert all(c.is_sure for c in proposal.columns.values())
    meaning = {normalise(t): b for t, b in known.benefits.items()}
    assert proposal.benefits_unwritten == 0
    assert all(b.match.is_sure for b in proposal.benefits)
    mapped = {normalise(b.text): b.match.benefit for b in proposal.benefits}
    assert mapped == {text: meaning[text] for text in mapped}
    assert len(mapped) >= 11  # of the 12 that the files can have
    text = proposal_text("ny", proposal, TYPES)
    assert decisions(text) == []


@pytest.mark.parametrize("file", ["0161-glostrup.xlsx", "0707-norddjurs.xlsx", "0741-samsoe.csv"])
def test_what_is_proposed_reads_the_file_as_the_known_layout_does(root, file):
    path = proposed_path(root, "ny")
    path.parent.mkdir()
    path.write_text(text_of(EXTRACTS / file), "utf-8")
    local = LocalFile(municipality=file[:4])
    with_new = read_extract(EXTRACTS / file, [load_format(root, path)], local, REFERENCE)
    with_known = read_extract(EXTRACTS / file, FORMATS, local, REFERENCE)
    assert with_new.problems == ()
    assert with_new.persons.equals(with_known.persons)


def test_a_known_layout_is_not_proposed_anew():
    for file, name in FILES.items():
        assert known_layout(EXTRACTS / file, FORMATS) == name
    assert known_layout(EXTRACTS / "0741-samsoe.csv", ()) is None


# ---------------------------------------------------------------------------- invented layouts


@pytest.fixture
def care(tmp_path):
    return write_care(tmp_path / "care.xlsx")


@pytest.fixture
def coded(tmp_path):
    return write_coded(tmp_path / "coded.txt")


@pytest.mark.parametrize(
    "write, headings, benefits",
    [(write_care, CARE_HEADINGS, CARE_BENEFITS), (write_coded, CODED_HEADINGS, CODED_BENEFITS)],
)
def test_columns_are_found_and_unclear_benefits_are_left(tmp_path, write, headings, benefits):
    ending = "xlsx" if write is write_care else "txt"
    proposal = propose(write(tmp_path / f"new.{ending}"), FORMATS, WORDS, TYPES)
    assert tuple(c.heading for c in proposal.columns.values()) == headings[:8]
    assert tuple(proposal.columns) == EXTRACT_FIELDS
    found = {b.text: b.match.benefit if b.match.is_sure else None for b in proposal.benefits}
    sure = {text: benefit for text, benefit in benefits.items() if found[text]}
    assert {text: found[text] for text in sure} == sure  # none wrong
    assert all(found[text] is None for text, benefit in benefits.items() if benefit is None)
    assert len(sure) >= 3


def test_what_a_person_must_decide_is_marked(care, coded):
    told = dict(enumerate(what for _, what in decisions(text_of(care, FORMATS))))
    assert any("Forløb status" in what for what in told.values())
    assert any(
        what.startswith('"Kontanthjælp" (not like enough: kontanthjælp, jobparat')
        for what in told.values()
    )
    coded_told = [what for _, what in decisions(text_of(coded, FORMATS))]
    assert "is »U« in passive a yes or a no? Add it to the words above" in coded_told
    assert any("ikke jobparat" in what and "could mean another" in what for what in coded_told)


def test_words_dates_and_files_are_told_by_their_cells(care, coded):
    one, other = propose(care, FORMATS, WORDS, TYPES), propose(coded, FORMATS, WORDS, TYPES)
    assert one.yes_words == (*WORDS.yes_words, "Afsluttet")
    assert one.no_words == (*WORDS.no_words, "Igangværende")
    assert one.empty_means_no == {"passive": True}
    assert one.date_forms == (*WORDS.date_forms, "%d-%m-%y") and one.dates_unread == 0
    assert one.unused == ("Oprettet", "Sagsbehandler") and one.encoding == ""
    assert other.date_forms == (*WORDS.date_forms, "%Y%m%d") and other.delimiter == "\t"
    assert other.encoding == "utf-8-sig" and other.encodings[0] == "utf-8-sig"
    assert other.unknown_words == (("U", "passive"),)


def changed(path, change):
    """The workbook after `change(rows)`; the headings are rows[0]."""
    rows = [list(r) for r in openpyxl.load_workbook(path).active.iter_rows(values_only=True)]
    rows = [row for row in rows if sum(map(bool, row)) > 2]
    change(rows)
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_american_dates_are_for_a_person_to_decide(care):
    def change(rows):
        for i, row in enumerate(rows[1:]):
            row[3] = f"03/{1 + i % 28:02d}/2022"

    proposal = propose(changed(care, change), FORMATS, WORDS, TYPES)
    assert proposal.american_dates and "%m/%d/%Y" in proposal.date_forms
    assert any(
        "month stand before the day" in what for _, what in decisions(text_of(care, FORMATS))
    )


def test_dates_that_no_form_reads_are_counted(care):
    def change(rows):
        rows[1][3] = rows[2][4] = "engang i maj"

    assert propose(changed(care, change), FORMATS, WORDS, TYPES).dates_unread == 2
    assert "2 date cells are read by none of them" in text_of(care, FORMATS)


def test_an_empty_cell_beside_yes_and_no_is_for_a_person_to_decide(care):
    def change(rows):
        for i, row in enumerate(rows[1:]):
            row[7] = ("Ja", "Nej", None)[i % 3]

    assert propose(changed(care, change), FORMATS, WORDS, TYPES).empty_means_no == {
        "passive": False
    }
    assert "does an empty cell in passive mean no?" in text_of(care, FORMATS)


def test_two_columns_that_could_be_the_same_field_are_for_a_person_to_decide(care):
    def change(rows):
        rows[0][8], rows[0][4] = "Dato for samtale 1", "Dato for samtale 2"

    columns = propose(changed(care, change), FORMATS, WORDS, TYPES).columns
    assert not columns["latest_conversation"].is_sure
    assert {columns["latest_conversation"].heading, columns["latest_conversation"].second} == {
        "Dato for samtale 1", "Dato for samtale 2",
    }  # fmt: skip


def test_a_field_without_a_column_is_left_empty(care):
    def change(rows):
        for row in rows:
            del row[7]
        rows[0][6] = "X9"
        for row in rows[1:]:
            row[6] = "–"

    text = text_of(changed(care, change), FORMATS)
    assert re.search(r"passive: \[\] +# DECIDE: no column fits well enough", text)
    assert yaml.safe_load(text)["columns"]["passive"] == []


# ------------------------------------------------------------------------------- nobody is written


def persons_texts():
    return {name_of(i) for i in range(3 * PERSONS)} | {cpr_of(i) for i in range(PERSONS)} | {
        f"{20_000_000 + 7 * i}" for i in range(PERSONS)
    }  # fmt: skip


def test_no_person_stands_in_a_proposal(care, coded):
    for text in (
        text_of(care, FORMATS),
        text_of(coded, FORMATS),
        text_of(EXTRACTS / "0825-laesoe.xlsx"),
    ):
        assert not any(secret in text for secret in persons_texts())
        assert not re.search(r"\d{6}", text)


@pytest.mark.parametrize("rows_with_it, written", [(4, False), (5, True)])
def test_a_rare_text_in_the_column_of_benefits_could_be_a_person(care, rows_with_it, written):
    def change(rows):
        for row in rows[1 : 1 + rows_with_it]:
            row[2] = "Bo Kjær"

    text = text_of(changed(care, change), FORMATS)
    assert ("Bo Kjær" in text) is written  # many rows: a text that stands for a group
    assert ("1 other text(s) in the column of benefits" in text) is not written


def test_a_person_behind_a_benefit_is_not_written(care):
    def change(rows):
        for row in rows[1:4]:
            row[2] = "Kontanthjælp, aktivitetsparat Bo Kjær 0101801234"

    text = text_of(changed(care, change), FORMATS)
    assert "Bo" not in text.replace("Borger", "") and "0101801234" not in text
    assert "1 other text(s)" in text


def test_names_in_the_columns_of_yes_and_no_are_not_written(care):
    def change(rows):
        rows[1][7] = rows[2][5] = "Freja Lund"

    text = text_of(changed(care, change), FORMATS)
    assert "Freja" not in text
    assert "2 other text(s) in the yes/no columns" in text


def test_a_file_without_headings_is_refused_and_nobody_quoted(care):
    with pytest.raises(ParameterError, match="no row of headings was found") as caught:
        propose(changed(care, lambda rows: rows.pop(0)), FORMATS, WORDS, TYPES)
    assert not any(secret in str(caught.value) for secret in persons_texts())


def test_a_row_that_could_be_a_persons_is_never_the_headings(care):
    def change(rows):
        rows[0] = ["CPR 010180-1234", *rows[0][1:]]

    with pytest.raises(ParameterError, match="no row of headings"):
        propose(changed(care, change), FORMATS, WORDS, TYPES)


# --------------------------------------------------------------------------------------- similarity


@pytest.mark.parametrize(
    "text, key",
    [
        ("2 Jobparat kontanthjælpsmodtager", "jobparat kontanthjælp"),
        (" A-DAGPENGE\u00a0", "a dagpenge"),
        ("2.3: Sygedagpengemodtagere", "sygedagpenge"),
        ("Modtager", "modtager"),
    ],
)
def test_benefit_texts_lose_numbers_and_endings(text, key):
    assert plain_benefit(text) == key


def test_similarity_is_100_for_the_same_words_in_any_order():
    assert similarity(plain("Ydelse, startdato"), plain("startdato\nYDELSE")) == 100
    assert similarity("", "navn") == 0
    assert similarity("cpr", "navn") < 50


@pytest.mark.parametrize(
    "text, benefit",
    [
        ("Sygedagpengemodtager", "sygedagpenge"),
        ("KTH-JP Kontanthjælp (jobparat)", "kontanthjælp, jobparat"),
        ("Kontanthjælp", None), ("Ressourceforløbsydelse", None), ("Uddannelseshjælp", None),
        ("Aktivitetsparat", None), ("Efterløn", None), ("Barselsdagpenge", None),
        ("Ikke jobparat kontanthjælpsmodtager", None),
    ],
)  # fmt: skip
def test_only_a_clear_benefit_is_mapped(text, benefit):
    match = Benefits({t: WORDS.benefits.get(t, ()) for t in TYPES}, WORDS).match(text)
    assert (match.benefit if match.is_sure else None) == benefit
    assert match.score >= match.second_score and match.benefit != match.second


@pytest.mark.parametrize(
    "score, other, sure", [(88, 83, True), (87.9, 50, False), (88, 83.1, False), (100, 95, True)]
)
def test_a_benefit_is_sure_from_its_limits_on(monkeypatch, score, other, sure):
    scores = {"en": score, "to": other}
    monkeypatch.setattr(
        helpers.preparation.text_similarity, "similarity", lambda _, key: scores[key]
    )
    match = Benefits({"en": (), "to": ()}, WORDS).match("tekst")
    assert (match.benefit, match.second) == ("en", "to") and match.is_sure is sure


@pytest.mark.parametrize(
    "score, second, sure", [(70, 62, True), (69.9, 0, False), (70, 62.1, False), (100, 92, True)]
)
def test_a_column_is_sure_from_its_limits_on(score, second, sure):
    assert Column("cpr", "CPR", 0, score, score, score, "Andet", second).is_sure is sure
    assert not Column("cpr", "", -1, score, score, score, "Andet", second).is_sure


def test_three_headings_make_a_row_of_headings(care):
    def change(known):
        def to(rows):
            rows[0] = [h if i < known else f"Felt {'abcdefghij'[i]}" for i, h in enumerate(rows[0])]

        return to

    assert propose(changed(care, change(3)), FORMATS, WORDS, TYPES).columns["cpr"].is_sure
    with pytest.raises(ParameterError, match="no row of headings"):
        propose(changed(care, change(2)), FORMATS, WORDS, TYPES)


# --------------------------------------------------------------------------------------- approval


def settle(text: str) -> str:
    """What a person would do with the proposal for the first invented layout."""
    meant = {"A-dagpenge (forsikret)": "a-dagpenge", "Kontanthjælp": "kontanthjælp, jobparat",
             "Selvforsørgelsesydelse": "anden ydelse"}  # fmt: skip
    for told, benefit in meant.items():
        text = re.sub(rf'"{re.escape(told)}": DECIDE.*', f'"{told}": {benefit}', text)
    return re.sub(r" +# DECIDE: \d.*", "", text)


@pytest.fixture
def proposed(root, care):
    """The root with a settled proposal for `care`."""
    assert survey(root, "layout", "new", str(care)).exit_code == 0
    path = proposed_path(root, "care")
    path.write_text(settle(path.read_text("utf-8")), "utf-8")
    return path


def test_from_a_file_to_a_known_layout(root, care):
    told = survey(root, "layout", "new", str(care))
    assert told.exit_code == 0
    assert "7 of 8 columns and 3 of 6 benefit texts are sure" in told.output
    assert "To be decided by a person (4):" in told.output
    path = proposed_path(root, "care")
    assert load_round(root, "2024-foraar").formats == FORMATS  # no run reads it
    refused = survey(root, "layout", "approve", "care", str(care))
    assert refused.exit_code == 2 and refused.output.count("is not decided yet") == 4
    assert path.is_file()
    path.write_text(settle(path.read_text("utf-8")), "utf-8")
    done = survey(root, "layout", "approve", "care", str(care))
    assert done.exit_code == 0, done.output
    assert not path.exists()
    round_ = load_round(root, "2024-foraar")
    assert [f.layout for f in round_.formats] == ["care", "fasit", "momentum", "standard"]
    approved = (root / "params/extract-formats/care.yml").read_text("utf-8")
    assert "#:" not in approved and "DECIDE" not in approved and "\n\n" not in approved
    extract = read_extract(care, round_.formats, LocalFile(municipality="0825"), REFERENCE)
    assert extract.problems == () and extract.layout == "care" and len(extract.persons) == PERSONS
    assert extract.persons["cpr"].tolist() == [cpr_of(i) for i in range(PERSONS)]
    assert extract.persons["passive"].sum() == PERSONS / 3


@pytest.mark.parametrize(
    "before, after, told",
    [
        ("layout: care", "layout: andet", "is »andet«. Expected: »care«, as the file"),
        ('phone: ["Kontakttelefon"]', "phone: []", "columns.phone`: has no heading"),
        ('phone: ["Kontakttelefon"]', 'phone: ["Oprettet", "Borgers navn"]', "»borgersnavn« stands for 2 fields"),
        ('delimiter: ";"', 'delimiter: ";;"', "is »;;«. Expected: one sign"),
        ('"cp1252"]', '"cp1252", "cp99999"]', "»cp99999« is no encoding"),
        ('["utf-8-sig", "cp1252"]', '["cp1252", "utf-8-sig"]', "a UTF encoding stands behind another"),
        ('"%d-%m-%y"]', '"%d-%m"]', "»%d-%m« lacks day, month or year"),
        ('no_words: ["Nej"', 'no_words: ["Nej", "Ja"', "ja means both yes and no"),
        ('"Sygedagpenge": sygedagpenge', '"Sygedagpenge": sygdagpenge', "Did you mean »sygedagpenge«?"),
        ('  "Sygedagpenge": s', '  "SYGEDAGPENGE ": fleksjob\n  "Sygedagpenge": s', "means fleksjob and sygedagpenge"),
        ("yes_words:", "ja_ord:", "unknown key"),
    ],
)  # fmt: skip
def test_what_is_not_whole_is_not_approved(root, proposed, before, after, told):
    text = proposed.read_text("utf-8")
    assert before in text
    proposed.write_text(text.replace(before, after), "utf-8")
    refused = survey(root, "layout", "approve", "care")
    assert refused.exit_code == 2 and told in refused.output, refused.output
    assert proposed.is_file() and not (root / "params/extract-formats/care.yml").exists()


def test_a_layout_with_the_headings_of_a_known_one_is_not_approved(root, proposed):
    text = proposed.read_text("utf-8")
    content = yaml.safe_load(text) | {
        "columns": {f: list(n) for f, n in layout("fasit").columns.items()}
    }
    proposed.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    refused = survey(root, "layout", "approve", "care")
    assert refused.exit_code == 2 and "those of the layout fasit" in refused.output
    content["columns"]["phone"] = ["Mobil"]  # one heading of its own is enough
    proposed.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    assert survey(root, "layout", "approve", "care").exit_code == 0


def test_a_layout_is_tried_on_the_file(root, proposed, care):
    changed(care, lambda rows: rows[1].__setitem__(3, "31-02-22"))
    refused = survey(root, "layout", "approve", "care", str(care))
    assert refused.exit_code == 2 and "»31-02-22« is no date" in refused.output
    changed(care, lambda rows: (rows[1].__setitem__(3, "28-02-22"), rows[2].__setitem__(0, "12")))
    done = survey(root, "layout", "approve", "care", str(care))
    assert done.exit_code == 0, done.output  # a cell of the file's own, which no layout can mend
    assert "is no CPR number of ten digits (1 rows)" in done.output


def test_the_file_must_be_recognised_as_the_new_layout(root, proposed):
    told = survey(root, "layout", "approve", "care", str(EXTRACTS / "0741-samsoe.csv"))
    assert told.exit_code == 2 and "recognised as the layout fasit, not care" in told.output
    assert proposed.is_file()


def test_a_persons_own_comments_stay():
    text = "#: note\nlayout: a  # Schultz\n  #: note\nx: [1]    #: 98; next\n"
    assert without_notes(text) == "layout: a  # Schultz\nx: [1]\n"


@pytest.mark.parametrize(
    "words, told",
    [
        (["new", "nowhere.xlsx"], "is no file"),
        (["new", "{care}", "--name", "Ny System"], "no name for a layout"),
        (["new", "{care}", "--name", "fasit"], "is known already"),
        (["new", "{samsoe}"], "has the headings of the layout fasit"),
        (["approve", "nope"], "is not there"),
        (["approve", "nope", "nowhere.xlsx"], "is no file"),
    ],
)
def test_wrong_calls_end_with_2(root, care, words, told):
    names = {"care": care, "samsoe": EXTRACTS / "0741-samsoe.csv"}
    result = survey(root, "layout", *(w.format(**names) for w in words))
    assert result.exit_code == 2 and told in result.output
    assert not proposed_path(root, "x").parent.exists()


def test_a_proposal_is_not_written_over(root, care):
    assert survey(root, "layout", "new", str(care)).exit_code == 0
    path = proposed_path(root, "care")
    path.write_text("layout: care\n", "utf-8")
    told = survey(root, "layout", "new", str(care))
    assert told.exit_code == 2 and "--again" in told.output
    assert path.read_text("utf-8") == "layout: care\n"
    assert survey(root, "layout", "new", str(care), "--again").exit_code == 0
    assert "benefits:" in path.read_text("utf-8")


def test_a_files_own_code_is_no_part_of_the_name(root, care):
    coded = shutil.copy(care, care.with_name("0825-Ny System.xlsx"))
    assert survey(root, "layout", "new", str(coded)).exit_code == 0
    assert proposed_path(root, "ny-system").is_file()


def test_words_must_name_known_benefit_types(root):
    path = root / "params/layout-words.yml"
    path.write_text(path.read_text("utf-8").replace("  fleksjob:", "  flexjob:"), "utf-8")
    with pytest.raises(
        ParameterError, match=r"unknown benefit type »flexjob«\. Did you mean »fleksjob«"
    ):
        load_layouts(root)
