"""Calls as users make them: codes and names, where --root stands, statuses, one message a cause."""

import os
import shutil
import subprocess
import sys

import pytest
from conftest import SIMULATED
from test_run import make_root
from typer.main import get_command
from typer.testing import CliRunner

from helpers.cli.main import app
from helpers.common.errors import ParameterError
from helpers.common.paths import PROJECT, Paths
from helpers.notebooks.execution import NOTEBOOKS, REPORTS, execute
from helpers.parameters.municipality_names import participant_given, participants_given
from helpers.parameters.params import load_round
from helpers.pipeline.run import run_round

ROUND = "2024-foraar"
DEMO = load_round(PROJECT, SIMULATED)


def survey(root, *words):
    return CliRunner().invoke(app, ["--root", str(root), *map(str, words)])


def files(root):
    """Everything but locks."""
    return {p for p in root.rglob("*") if p.is_file() and p.name not in (".lock", ".run.json")}


# ------------------------------------------------------------------------------------------ codes


@pytest.mark.parametrize(
    "given",
    ["0825", "825", " 825 ", 825, 825.0, "Læsø", "læsø kommune", "LÆSØ", "0825 Læsø", "825 læsø", "0825-laesoe"],
)  # fmt: skip
def test_a_municipality_is_known_by_code_and_name(given):
    assert participant_given(DEMO, given).code == "0825"


def test_several_are_read_in_the_order_given_and_once():
    assert participants_given(DEMO, "825, Samsø;0707,Læsø") == ["0825", "0741", "0707"]
    assert participants_given(DEMO, [825, "0741"]) == ["0825", "0741"]


@pytest.mark.parametrize(
    "given, told",
    [
        ("Lesø", "Did you mean 0825 Læsø?"),
        (82501, "82501 takes no part"),
        ("0826", "Did you mean 0825 Læsø?"),
        (826, "0826 takes no part"),
        ("825 Samsø", "Does 825 or »Samsø« hold?"),
        (0o707, "455 without quotes may be 0707 Norddjurs."),  # as YAML reads 0707
        (0o223, "147 without quotes may be 0223 Hørsholm or 0147 Frederiksberg."),
        (True, "True takes no part"),
        (8.25, "8.25 takes no part"),
        (None, "None takes no part"),
        ("", "names no municipality"),
    ],
)
def test_what_is_no_municipality_is_refused_with_the_nearest(given, told):
    with pytest.raises(ParameterError) as refused:
        participants_given(DEMO, [given])
    assert told in str(refused.value)


def test_one_that_takes_no_part_is_named():
    few = DEMO.model_copy(
        update={"settings": DEMO.settings.model_copy(update={"participants": ("0825",)})}
    )
    with pytest.raises(ParameterError, match=r"0741 takes no part in demo \(Samsø\)"):
        participants_given(few, "741,825")


def commands(group, words=()):
    """Words of every command → its parameters by name."""
    found = {}
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            found |= commands(one, (*words, name))
        else:
            found[*words, name] = {p.name: p for p in one.params}
    return found


EVERY = commands(get_command(app))
OF_CODES = [(w, n) for w, params in EVERY.items() for n in ("only", "municipality") if n in params]


@pytest.mark.parametrize("words, name", OF_CODES, ids=[" ".join(w) for w, _ in OF_CODES])
@pytest.mark.parametrize("given", ["Lesø", "826", ","])
def test_every_option_that_takes_a_code_reads_it_so(finished, tmp_path, words, name, given):
    """A command that comes to have such an option is tried here too."""
    root = tmp_path / "root"
    shutil.copytree(finished.paths.root / "params", root / "params")
    shutil.copytree(finished.paths.build, root / "build" / SIMULATED)
    before = files(root)
    given_file = {("check",): finished.paths.extracts / "0825-laesoe.xlsx"}.get(words)
    first = [given_file, "--round", SIMULATED] if given_file else [SIMULATED]
    option = EVERY[words][name].param_type_name == "option"
    result = survey(root, *words, *first, *([f"--{name}"] if option else []), given)
    assert result.exit_code == 2, result.output
    told = "names no municipality" if given == "," and name == "only" else None
    if given != ",":
        told = "Did you mean 0825 Læsø?"
    assert told is None or told in result.output
    assert files(root) == before


def test_commands_go_on_with_what_was_meant(root):
    for given in ("825", "Læsø", "0825", "Laesø"):
        result = survey(root, "template", ROUND, "--only", given)
        assert result.exit_code == (2 if given == "Laesø" else 0), result.output
    [made] = [survey(root, "questionnaire", ROUND, "--only", "707")]
    assert made.exit_code == 0 and "0707" in made.output


def test_root_may_stand_anywhere(root):
    for words in (["--root", root, "access", ROUND], ["access", "--root", root, ROUND],
                  ["access", ROUND, f"--root={root}"]):  # fmt: skip
        result = CliRunner().invoke(app, [str(w) for w in words])
        assert result.exit_code == 0 and ROUND in result.output
    assert CliRunner().invoke(app, ["access", ROUND, "--root"]).exit_code == 2


# -------------------------------------------------------------------------------------- notebooks


def alone(finished, folder):
    """What the analysis of Læsø needs, and no more."""
    paths = Paths(folder, SIMULATED)
    shutil.copytree(finished.paths.root / "params", folder / "params")
    for own in ("sample/0825.parquet", "sample/0825-frame.parquet", "responses/0825.parquet"):
        (paths.data / own).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(finished.paths.data / own, paths.data / own)
    return paths


def test_papermills_own_command(finished, tmp_path):
    """Its -p makes the integer 825 of 0825. Without `save` nothing is written, as in JupyterLab."""
    paths = alone(finished, tmp_path)
    source = "20-response-analysis.ipynb"
    shutil.copy(NOTEBOOKS / source, tmp_path)
    call = [sys.executable, "-m", "papermill", "--no-progress-bar", source, "out.ipynb"]
    call += ["-p", "round", SIMULATED, "-p", "municipality", "0825"]
    env = os.environ | {"SURVEY_ROOT": str(tmp_path)}
    made, before = paths.estimates("0825"), finished.paths.estimates("0825")
    for more, written in (([], False), (["-p", "save", "True"], True)):
        ended = subprocess.run(
            [*call, *more], cwd=tmp_path, env=env, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr
        assert "Læsø (0825)" in (tmp_path / "out.ipynb").read_text("utf-8")
        assert made.is_file() is written
    assert made.read_bytes() == before.read_bytes()


@pytest.mark.parametrize(
    "source, given, told",
    [
        (NOTEBOOKS / "10-sampling-plan.ipynb", {"municipality": 825}, "--stage intake"),
        (NOTEBOOKS / "20-response-analysis.ipynb", {"municipality": 825}, "--stage plan"),
        (NOTEBOOKS / "30-municipal-report.ipynb", {"municipality": 825}, "--stage release"),
        (NOTEBOOKS / "30-municipal-report.ipynb", {"municipality": "Lesø"}, "Did you mean 0825 Læsø?"),
        (REPORTS / "national.qmd", {}, "--stage release"),
        (NOTEBOOKS / "10-sampling-plan.ipynb", {"municipality": "0825", "round": "deno"}, "Did you mean »demo«?"),
    ],
    ids=str,
)  # fmt: skip
def test_notebooks_say_in_words_what_is_not_there_yet(root, monkeypatch, source, given, told):
    monkeypatch.setenv("SURVEY_ROOT", str(root))
    with pytest.raises(Exception) as raised:
        saved = {"save": True} if source.parent == NOTEBOOKS else {}
        execute(source, root / "out.ipynb", {"round": SIMULATED} | saved | given)
    assert told in str(raised.value) and "KeyError" not in str(raised.value)
    assert "site-packages" not in (root / "out.failed.ipynb").read_text("utf-8"), "no traceback"


# --------------------------------------------------------------------------------------- statuses

WRONG_ROUND = [
    w for w, params in EVERY.items()
    if "round_id" in params and w not in {("round", "new"), ("check",), ("scan",), ("demo",)}
]  # fmt: skip
MORE = {  # arguments that a command needs besides the round
    ("participants",): ["nix.csv"], ("exceptions",): ["nix.csv"], ("hotline",): ["nix.csv"],
    ("collect",): ["nix.csv"], ("deck",): ["0825"], ("key", "rotate"): ["--old", "nix"],
}  # fmt: skip


@pytest.mark.parametrize("words", WRONG_ROUND, ids=" ".join)
def test_an_unknown_round_is_a_wrong_call(root, tmp_path, words):
    (tmp_path / "nix").write_text("a,b\n1,2\n")
    (tmp_path / "nix.csv").write_text("a,b\n1,2\n")
    before = files(root)
    more = [str(tmp_path / m) if m.startswith("nix") else m for m in MORE.get(words, [])]
    result = survey(root, *words, "2024-forar", *more)
    assert result.exit_code == 2, result.output
    assert "Did you mean »2024-foraar«?" in result.output
    assert "othing was written" in result.output
    assert files(root) == before


@pytest.mark.parametrize(
    "status, words, told",
    [
        # a file that is not there
        (2, ["check", "nix.xlsx", "--round", ROUND], "is no file"),
        (2, ["scan", "nix"], "does not exist"),
        (2, ["collect", ROUND, "nix.csv"], "does not exist"),
        (2, ["exceptions", ROUND, "nix.csv"], "does not exist"),
        (2, ["hotline", ROUND, "nix.csv"], "does not exist"),
        (2, ["participants", ROUND, "nix.csv"], "does not exist"),
        (2, ["layout", "new", "nix.xlsx"], "is no file"),
        (2, ["layout", "approve", "nix"], "is not there"),
        (2, ["sendout", ROUND, "--template", "nix.docx"], "does not exist"),
        (2, ["deck", ROUND, "0707", "--template", "nix.pptx"], "does not exist"),
        (2, ["key", "rotate", ROUND, "--old", "nix"], "does not exist"),
        # a file of another kind
        (2, ["collect", ROUND, "{text}"], "Expected"),
        (2, ["exceptions", ROUND, "{text}"], "text.txt"),
        (2, ["hotline", ROUND, "{text}"], "text.txt"),
        (2, ["participants", ROUND, "{text}"], "text.txt"),
        (2, ["layout", "new", "{text}"], "text.txt"),
        (2, ["deck", ROUND, "0707", "--template", "{text}"], ""),
        (1, ["check", "{text}", "--round", ROUND], "text.txt"),
        # another word
        (2, ["run", ROUND, "--stage", "draw"], "unknown stage »draw«"),
        (2, ["sendout", ROUND, "--mailing", "remider"], "Did you mean »first_reminder«?"),
        (2, ["tick", "demo-rulende"], "Did you mean »demo-rullende«?"),
        (2, ["tick", "demo-rullende", "--today", "10/3"], "is no day"),
        (2, ["round", "new", "x", "--like", "nix"], "nix"),
        (2, ["demo", "--round", ROUND], "simulated: true"),
        (2, ["simulate", "extracts", ROUND], "simulated: true"),
        (2, ["nix"], "nix"),
        # too early: the step before has not been done
        (2, ["deliver", ROUND], "survey run 2024-foraar --stage release"),
        (2, ["deck", ROUND, "0707"], "survey run 2024-foraar --stage release"),
        (2, ["load", ROUND], "survey run 2024-foraar --stage release"),
        (2, ["effort", ROUND], "no sample has been drawn"),
        (2, ["sms", ROUND], "survey effort"),
        (2, ["compare"], "holds no released round"),
        (2, ["review", ROUND], "survey run 2024-foraar"),
        (2, ["simulate", "answers", SIMULATED], "survey sendout demo"),
        # nothing to do
        (0, ["run", ROUND, "--stage", "release"], "Waiting for"),
        (0, ["status", ROUND], "0707 Norddjurs"),
        (0, ["access", ROUND], ROUND),
        (0, ["forget", ROUND], "0 municipalities"),
        (0, ["calendar", ROUND], "Written"),
        (0, ["scan", "{text}"], "0 findings"),
        # something failed
        (1, ["run", ROUND, "--stage", "intake", "--only", "825", "--jobs", "1"], "0825 Læsø"),
        (1, ["run", ROUND, "--stage", "plan"], "--stage intake"),
        (1, ["sendout", ROUND, "--only", "825"], "0825 Læsø"),
        (1, ["verify", ROUND], "not run to the end"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)  # fmt: skip
def test_statuses_mean_the_same_in_every_command(root, tmp_path_factory, status, words, told):
    text = tmp_path_factory.mktemp("given") / "text.txt"
    text.write_text("this is no table\n")
    before = files(root)
    result = survey(root, *(w.format(text=text) for w in words))
    assert result.exit_code == status, result.output
    assert told in result.output
    assert ("FAILED" in result.output) == (status == 1 and words[0] != "check"), result.output
    if status == 2:
        assert files(root) == before


# ------------------------------------------------------------------------------------- one message


def no_key(monkeypatch, tmp_path_factory):
    monkeypatch.delenv("SURVEY_KEY")
    for variable in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path_factory.mktemp("nobody")))


def test_a_missing_key_is_told_once_before_work_begins(paths, monkeypatch, tmp_path_factory):
    no_key(monkeypatch, tmp_path_factory)
    before = files(paths.root)
    told = survey(paths.root, "run", ROUND, "--jobs", "1")
    assert told.exit_code == 1
    assert told.output.count("there is no key file") == told.output.count("FAILED") == 1
    assert "FAILED the round, step intake" in told.output and "survey key new" in told.output
    assert {p.name for p in files(paths.root) - before} == {"runs.jsonl"}


@pytest.mark.parametrize("words", [["sendout"], ["sms", "--all"]], ids=" ".join)
def test_a_missing_key_stops_a_mailing_once(planned, monkeypatch, tmp_path_factory, words):
    no_key(monkeypatch, tmp_path_factory)
    before = files(planned.root)
    told = survey(planned.root, words[0], ROUND, *words[1:])
    assert told.exit_code == 1
    assert told.output.count("there is no key file") == told.output.count("FAILED") == 1
    assert files(planned.root) == before


def test_one_cause_of_many_municipalities_is_told_once_with_all_of_them(tmp_path):
    make_root(tmp_path)
    (tmp_path / f"params/agreements/{ROUND}.csv").write_text("municipality,signed\n")
    told = survey(tmp_path, "run", ROUND, "--stage", "intake", "--jobs", "1")
    assert told.exit_code == 1 and told.output.count("FAILED") == 1
    whom = "FAILED 3 municipalities (0161 Glostrup, 0741 Samsø, 0825 Læsø), step intake:"
    assert whom in told.output
    assert told.output.count("Record the signed agreement") == 1 and "3 failed" in told.output


def test_what_has_not_been_taken_in_costs_no_notebook(tmp_path):
    paths = make_root(tmp_path)
    round_ = load_round(tmp_path, ROUND)
    summary = run_round(tmp_path, round_, stages=["plan"])
    assert [f.municipality for f in summary.failures] == ["0161", "0741", "0825"]
    assert not (paths.data / "notebooks").exists()
    assert survey(tmp_path, "run", ROUND, "--stage", "plan").output.count("FAILED") == 1


def test_the_round_has_no_danish_name_in_messages(finished, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(finished.paths.root, root)
    (root / f"build/{SIMULATED}/index.html").write_text("edited")
    told = survey(root, "status", SIMULATED)
    assert "was edited by hand: the round" in told.output
    verified = survey(root, "verify", SIMULATED)
    assert verified.exit_code == 1 and "is stale: index" in verified.output
    for result in (told, verified):
        assert "runden" not in result.output


# --------------------------------------------------------------------- nothing in a call is passed over


@pytest.mark.parametrize(
    "words",
    [
        ["run", ROUND, "--only", "0825", "--only", "0741"],
        ["sendout", ROUND, "--only=0825", "--only", "0741"],
        ["status", ROUND, "--on", "2024-03-12", "--on", "2024-03-13"],
        ["layout", "new", "x.xlsx", "--name", "a", "--name", "b"],
        ["--root", ".", "status", ROUND],  # beside the one that `survey` says
    ],
)
def test_an_option_that_stands_twice_is_refused(root, words):
    """The first was passed over in silence, and its municipality got no letters."""
    result = survey(root, *words)
    assert result.exit_code == 2, result.output
    assert "is given more than once" in result.output and "Nothing was written." in result.output


def test_stages_may_be_repeated_and_a_value_may_look_like_an_option(root):
    told = survey(root, "run", ROUND, "--stage", "intake", "--stage", "plan", "--only", "0999")
    assert "more than once" not in told.output and "takes no part" in told.output
    assert "more than once" not in survey(root, "scan", "--", "--round", "--round").output


@pytest.mark.parametrize("option", [["--redraw"], ["--keep-sample", "0825", "--reason", "x"]])
def test_a_decision_about_samples_needs_the_stage_that_draws_them(root, option):
    result = survey(root, "run", ROUND, "--stage", "analyse", *option)
    assert result.exit_code == 2, result.output
    assert f"{option[0]}: samples are drawn in the stage plan" in result.output


def test_a_call_that_writes_nothing_leaves_no_lock(root):
    path = root / "svar.csv"
    path.write_text("key;status\n", "utf-8")
    before = set(root.rglob("*"))
    for words in (["collect", ROUND, path], ["exceptions", ROUND, path], ["hotline", ROUND, path]):
        result = survey(root, *words)
        assert result.exit_code in (1, 2), result.output
        assert set(root.rglob("*")) == before, words


@pytest.mark.parametrize("command", ["hotline", "exceptions"])
def test_a_folder_in_place_of_a_file_is_told_as_one(root, command):
    assert "is a folder" in survey(root, command, ROUND, root).output
