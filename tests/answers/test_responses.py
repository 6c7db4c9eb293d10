"""Response exports: in any number and order, and refused with row and column."""

import pandas as pd
import pytest
from answers import QUESTIONS, export

from helpers.answers.responses import collect, save_answers, with_answers

CODES = ("0741", "0825")


def sample(paths, code):
    return pd.read_parquet(paths.sample(code))


def test_one_file_a_municipality_or_one_for_all(planned, round_2024):
    tables = {code: export(sample(planned, code)) for code in CODES}
    for code, table in tables.items():
        table.to_csv(planned.responses / f"{code}-svar.csv", index=False)
    apart = collect(planned, round_2024)
    for path in planned.responses.glob("*.csv"):
        path.unlink()
    pd.concat(tables.values()).to_excel(planned.responses / "alle.xlsx", index=False)
    together = collect(planned, round_2024)
    assert apart.errors == together.errors == {}
    for code in CODES:
        pd.testing.assert_frame_equal(
            apart.answers[code].drop(columns="submitted_at"),
            together.answers[code].drop(columns="submitted_at"),
        )


def test_latest_submission_counts(planned, round_2024):
    table = export(sample(planned, "0741"))
    early, late = table.head(1).copy(), table.head(1).copy()
    early[["status", "submitted_at", *QUESTIONS]] = ["partial", "2024-03-12T08:00:00", *["2"] * 13]
    late[["status", "submitted_at", *QUESTIONS]] = ["completed", "2024-03-13T08:00:00", *["5"] * 13]
    late.to_csv(planned.responses / "0741-a.csv", index=False)
    early.to_csv(planned.responses / "0741-b.csv", index=False)
    answers = collect(planned, round_2024).answers["0741"]
    assert answers[QUESTIONS].to_numpy().tolist() == [[5] * 13]


def test_unknown_and_foreign_keys_are_refused(planned, round_2024):
    foreign = export(sample(planned, "0825")).head(3)
    foreign.to_csv(planned.responses / "0741-svar.csv", index=False)
    stray = export(sample(planned, "0741")).head(2).assign(key=["x" * 32, "y" * 32])
    stray.to_csv(planned.responses / "alle.csv", index=False)
    errors = collect(planned, round_2024).errors
    assert "3 keys belong to other municipalities" in str(errors["0741"])
    assert "2 keys belong to no drawn sample" in str(errors[""])


def test_bad_cells_are_told_with_row_and_column(planned, round_2024):
    table = export(sample(planned, "0741"))
    table.loc[0, "q01"] = "7"
    table.loc[1, "status"] = "done"
    table.loc[2, "submitted_at"] = "i går"
    table.to_csv(planned.responses / "0741-svar.csv", index=False)
    told = str(collect(planned, round_2024).errors["0741"])
    assert "0741-svar.csv, row 2, column »q01«: is no answer from 1 to 6" in told
    assert "row 3, column »status«" in told
    assert "row 4, column »submitted_at«" in told


def test_missing_columns(planned, round_2024):
    export(sample(planned, "0741")).drop(columns=["q05", "q06"]).to_csv(
        planned.responses / "0741-svar.csv", index=False
    )
    assert "columns are missing: q05, q06" in str(collect(planned, round_2024).errors["0741"])


@pytest.mark.parametrize(
    "status, answered, counts",
    [("completed", 13, True), ("partial", 1, True), ("partial", 0, False), ("opened", 0, False)],
)
def test_who_counts_as_an_answer(planned, round_2024, status, answered, counts):
    table = export(sample(planned, "0741")).head(1)
    values = ["6"] * answered + [""] * (13 - answered)
    table.loc[table.index[0], ["status", *QUESTIONS]] = [status, *values]
    table.to_csv(planned.responses / "0741-svar.csv", index=False)
    collected = collect(planned, round_2024)
    save_answers(planned, collected)
    asked = with_answers(
        sample(planned, "0741"), pd.read_parquet(planned.answers("0741")), round_2024, "0741"
    )
    assert len(asked) == 145
    assert asked["responded"].sum() == counts


def test_a_hidden_sheet_of_answers_is_never_read_and_two_are_refused(planned, round_2024):
    """The first sheet is last week's, hidden; then two are visible."""
    table, path = export(sample(planned, "0825")), planned.responses / "0825-svar.xlsx"
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        table.iloc[:3].to_excel(writer, sheet_name="gammel", index=False)
        table.to_excel(writer, sheet_name="svar", index=False)
        writer.sheets["gammel"].sheet_state = "hidden"
    assert len(collect(planned, round_2024).answers["0825"]) == len(table)
    with pd.ExcelWriter(path, engine="openpyxl") as writer:
        for name in ("uge 10", "uge 11"):
            table.to_excel(writer, sheet_name=name, index=False)
    told = str(collect(planned, round_2024).errors["0825"])
    assert "»uge 10«" in told and "»uge 11«" in told
