"""Reading a round's published files back as a reader would, for the red team.

Nothing here decodes with the project's code: labels are looked up in the parameter files, which are
public. The truth (`read_truth`) only says what a reader would have hit.

A cell is (municipality, breakdown, category, item). Besides questions and themes, items are
`population`, `invited` and `answers` of the response table, `q01:dk` (answers, *ved ikke* included)
and `drivers` (citizens with a score on every theme).
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import openpyxl
import pandas as pd
import yaml
from lxml import html
from pptx import Presentation
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

Cell = tuple[str, str, str, str]
NATIONAL, WHOLE, OVERALL = "national", ("all", "all"), "samlet"
CELL = ["municipality", "breakdown", "category", "item"]
RESPONSE = ("population", "invited", "answers")


# ------------------------------------------------------------------------------------ labels → codes


@dataclass(frozen=True)
class Codebook:
    """Words that files print → codes, from the parameter files."""

    areas: dict[str, str]
    items: dict[str, str]
    groups: dict[str, tuple[str, str]]
    themes: dict[str, tuple[str, ...]]

    def category(self, label: str) -> tuple[str, str] | None:
        """»Kvinder« → gender, kvinde; »Dagpengemodtagere · Kvinder« → both."""
        parts = [self._one_way(p) for p in label.split(" · ")]
        if None in parts:
            return None
        return ":".join(b for b, _ in parts), ":".join(c for _, c in parts)

    def _one_way(self, label: str) -> tuple[str, str] | None:
        if found := self.groups.get(label):
            return found
        if m := re.fullmatch(r"(\d+)–(\d+) år", label):
            return "age_band", f"{m[1]}-{m[2]}"
        if m := re.fullmatch(r"(\d+)–(\d+) uger", label):
            return "duration_band", f"{m[1]}-{m[2]}"
        if m := re.fullmatch(r"Under (\d+) uger", label):
            return "duration_band", f"0-{int(m[1]) - 1}"
        if m := re.fullmatch(r"(\d+) uger og derover", label):
            return "duration_band", f"{m[1]}+"
        return None


def read_codebook(root: Path, round_id: str) -> Codebook:
    params = root / "params"
    settings = yaml.safe_load((params / f"rounds/{round_id}.yml").read_text("utf-8"))

    def table(path: str) -> list[dict[str, str]]:
        with (params / path).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    areas = {"Alle deltagende kommuner": NATIONAL, "Københavns Kommune": "0101"}
    areas["Bornholms Regionskommune"] = "0400"
    for row in table("municipalities.csv"):
        areas |= {row["name"]: row["code"], f"{row['name']} Kommune": row["code"]}
    questionnaire = settings["questionnaire"]
    questions = [q for q in table(f"questionnaires/{questionnaire}.csv") if q["theme"]]
    items = {q[c]: q["id"] for q in questions for c in ("short", "wording")}
    items |= {t["label"]: t["id"] for t in table(f"questionnaires/{questionnaire}-themes.csv")}
    groups = {"Kvinder": ("gender", "kvinde"), "Mænd": ("gender", "mand"), "Alle": WHOLE}
    for row in table("target-groups.csv"):
        groups |= dict.fromkeys((row["label"], row["short"]), ("target_group", row["id"]))
    for path in sorted((params / f"local/{round_id}").glob("*.yml")):
        local = yaml.safe_load(path.read_text("utf-8"))
        for q in local.get("questions", ()):
            items |= {q["short"]: q["id"], q["wording"]: q["id"]}
        for b in local.get("background", ()):
            groups |= {label: (f"local:{b['id']}", c) for c, label in b["categories"].items()}
    themes: dict[str, tuple[str, ...]] = {}
    for q in questions:
        themes[q["theme"]] = (*themes.get(q["theme"], ()), q["id"])
    return Codebook(areas, items, groups, themes)


# ------------------------------------------------------------------------------------------- harvest


@dataclass
class Harvest:
    """What the files of a round tell.

    `counts`: cell → number of answers → files; `values`: cell → files that print a mean or a share
    of it; `marks`: cell → file → status; `loose`: counts in running text (file, count, words);
    `unread`: counts that stand in a table but not for whom (file, count, words).
    """

    counts: dict[Cell, dict[int, set[str]]] = field(default_factory=lambda: defaultdict(dict))
    values: dict[Cell, set[str]] = field(default_factory=lambda: defaultdict(set))
    marks: dict[Cell, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    loose: list[tuple[str, int, str]] = field(default_factory=list)
    unread: list[tuple[str, int, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    by_mean: set[tuple[str, Cell]] = field(default_factory=set)

    def count(self, file: str, cell: Cell, number: float) -> None:
        item = "q13:dk" if cell[3] == f"{OVERALL}:dk" else cell[3]
        self.counts[*cell[:3], item].setdefault(int(number), set()).add(file)

    def mark(self, file: str, cell: Cell, status: str, *, is_mean: bool) -> None:
        """A cell is shown where a mean of it is; shares and unweighted values need more answers, so that
        their marks count only where the file has no mean."""
        marks = self.marks[cell]
        if is_mean:
            before = marks.get(file) == "shown" and (file, cell) in self.by_mean
            marks[file] = "shown" if before else status
            self.by_mean.add((file, cell))
        elif (file, cell) not in self.by_mean:
            marks[file] = status

    def value(self, file: str, cell: Cell) -> None:
        self.values[cell].add(file)

    @property
    def status(self) -> dict[Cell, str]:
        """few, linked, not_asked or shown of each cell that a file marks; hidden in one is hidden."""
        order = ("few", "linked", "not_asked", "shown")
        return {cell: min(m.values(), key=order.index) for cell, m in self.marks.items()}

    @property
    def known(self) -> dict[Cell, int]:
        """The counts that some file tells; a theme of one question is that question."""
        return {cell: next(iter(numbers)) for cell, numbers in self.counts.items()}


READERS: dict[str, Callable[[Path, str, str, Codebook, Harvest], None]] = {}


def reader(*names: str):
    def keep(function):
        READERS.update(dict.fromkeys(names, function))
        return function

    return keep


def harvest(build: Path, book: Codebook) -> Harvest:
    """Every number of answers in every file under `build`. Raises LookupError for a file of a kind
    that nobody has taught the red team to read."""
    found = Harvest()
    for path in sorted(p for p in build.rglob("*") if p.is_file()):
        name = path.relative_to(build).as_posix()
        read = READERS.get(path.name) or READERS.get(path.suffix)
        if read is None:
            raise LookupError(f"{name}: no reader for this kind of file")
        found.files.append(name)
        folder = path.relative_to(build).parts[0]
        read(path, name, folder[:4] if folder[:4].isdigit() else NATIONAL, book, found)
    return found


@reader("released.parquet", "released.csv")
def _released(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    _results(read_released(path), file, found)


def _results(table: pd.DataFrame, file: str, found: Harvest) -> None:
    numbers = table[["value", "ci_low", "ci_high"]].notna().any(axis=1)
    kept = table.assign(given=numbers).drop_duplicates([*CELL, "statistic", "n", "status", "given"])
    for row in kept.itertuples():
        cell = (row.municipality, row.breakdown, row.category, row.item)
        found.mark(file, cell, row.status, is_mean=row.statistic == "mean")
        if row.given:
            found.value(file, cell)
        if not pd.isna(row.n):
            unsure = row.statistic == "share_dont_know"
            found.count(file, (*cell[:3], cell[3] + ":dk" * unsure), row.n)


def read_released(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, dtype={"municipality": str, "category": str})


@reader("response.parquet")
def _response(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    _responses(pd.read_parquet(path), file, found)


def _responses(table: pd.DataFrame, file: str, found: Harvest) -> None:
    for row in table.to_dict("records"):
        place = (row["municipality"], row["breakdown"], row["category"])
        for item in RESPONSE:
            found.marks[*place, item][file] = row["status"]
            if not pd.isna(row[item]):
                found.count(file, (*place, item), row[item])
        keys = (*CELL[:3], *RESPONSE, "status", "round_key", "group_key")
        rest = [v for k, v in row.items() if k not in keys]
        if any(not pd.isna(v) for v in rest):
            found.value(file, (*place, "answers"))


@reader("drivers.parquet")
def _drivers(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    for row in pd.read_parquet(path).itertuples():
        found.count(file, (row.municipality, *WHOLE, "drivers"), row.n)
        found.value(file, (row.municipality, *WHOLE, row.theme))


@reader("comparisons.parquet")
def _comparisons(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    _compared(pd.read_parquet(path), file, found)


def _compared(table: pd.DataFrame, file: str, found: Harvest) -> None:
    for row in table.drop_duplicates(["reference", *CELL]).itertuples():
        found.value(file, (row.municipality, row.breakdown, row.category, row.item))
        kind, _, name = row.reference.partition(":")
        if kind in ("others", NATIONAL):
            found.value(file, (NATIONAL, row.breakdown, row.category, row.item))
        if kind == "group":
            found.value(file, (row.municipality, row.breakdown, name, row.item))


@reader(".xlsx")
def _workbook(path: Path, file: str, code: str, book: Codebook, found: Harvest) -> None:
    sheets = CalamineWorkbook.from_path(path)
    for name in sheets.sheet_names:
        rows = [[_clean(c) for c in r] for r in sheets.get_sheet_by_name(name).to_python()]
        start = next((i for i, r in enumerate(rows) if sum(c != "" for c in r) > 2), None)
        if start is not None:
            _table(f"{file}, {name}", rows[start], rows[start + 1 :], code, book, found)
        for row in rows[: len(rows) if start is None else start]:
            _prose(file, " ".join(c for c in row if isinstance(c, str)), found)


@reader(".pptx")
def _deck(path: Path, file: str, code: str, book: Codebook, found: Harvest) -> None:
    for i, slide in enumerate(Presentation(path).slides, start=1):
        texts = [s.text_frame.text for s in slide.shapes if s.has_text_frame]
        texts += [slide.notes_slide.notes_text_frame.text] if slide.has_notes_slide else []
        instead = any("viser i stedet" in t for t in texts)  # the country, where all is hidden
        area = NATIONAL if instead else code
        for shape in slide.shapes:
            where = f"{file}, slide {i}"
            if shape.has_text_frame:
                _prose(where, shape.text_frame.text, found)
            if getattr(shape, "has_table", False) and shape.has_table:
                rows = [[_clean(c.text) for c in r.cells] for r in shape.table.rows]
                _table(where, rows[0], rows[1:], area, book, found)
            if shape.has_chart:
                _prose(where, shape._element.nvGraphicFramePr.cNvPr.get("descr") or "", found)
                for rows in _chart_numbers(shape.chart):
                    _table(where, rows[0], rows[1:], area, book, found)
        if slide.has_notes_slide:
            _prose(f"{file}, notes {i}", slide.notes_slide.notes_text_frame.text, found)


def _chart_numbers(chart) -> Iterator[list[list]]:
    """What a chart draws, and every sheet of the workbook within it."""
    plot = chart.plots[0]
    drawn = [["", *(_clean(s.name) for s in plot.series)]]
    values = [list(s.values) for s in plot.series]
    for i, label in enumerate(plot.categories):
        drawn.append([_clean(label), *(v[i] for v in values)])
    yield drawn
    book = openpyxl.load_workbook(io.BytesIO(chart.part.chart_workbook.xlsx_part.blob))
    for sheet in book:
        yield [[_clean(c) for c in row] for row in sheet.iter_rows(values_only=True)]


@reader(".html")
def _page(path: Path, file: str, code: str, book: Codebook, found: Harvest) -> None:
    page = html.parse(path).getroot()
    for opened in [*page.iter("details")]:  # the rows of the file to download beside it, read below
        opened.drop_tree()
    for heads, rows in html_tables(page):
        _table(file, heads, rows, code, book, found)
    for script in [*page.iter("script"), *page.iter("style")]:
        script.drop_tree()
    _prose(file, " ".join(page.text_content().split()), found)
    for image in page.iter("img"):
        kind, _, content = (image.get("src") or "").partition(",")
        if "svg" in kind:
            drawing = base64.b64decode(content).decode("utf-8")
            for text in re.findall(r"<!--(.*?)-->|<text[^>]*>([^<]*)<", drawing, re.S):
                _prose(f"{file}, figure", " ".join(text), found)

    for link in page.iter("a"):
        kind, _, content = (link.get("href") or "").partition(",")
        if kind.startswith("data:text/csv"):
            text = base64.b64decode(content).decode("utf-8-sig")
            heads, *rows = csv.reader(io.StringIO(text), delimiter=";")
            _table(f"{file}, {link.get('download')}", heads, rows, code, book, found)


@reader("dashboard.html")
def _dashboard(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    """The numbers inside, of the round itself; those of earlier rounds are that round's."""
    [script] = html.parse(path).getroot().xpath("//script[@id='data']")
    now = json.loads(script.text)["rounds"][0]
    for row in dashboard_rows(now):
        cell = (row["area"], *row["group"], row["item"])
        if row["n"] is not None:
            found.count(file, cell, row["n"])
        for measure, cell_of in row["measures"].items():
            if isinstance(cell_of, str) and cell_of != "not_possible":
                found.mark(file, cell, cell_of, is_mean=measure == "mean")
            elif isinstance(cell_of, int | float):
                found.value(file, cell)
                if measure == "mean":
                    found.mark(file, cell, "shown", is_mean=True)


def dashboard_rows(round_: dict) -> Iterator[dict]:
    """The rows of a dashboard's document with their keys in words."""
    with_limits = ("mean", "share_satisfied")
    for area, group, item, weighting, n, *cells in round_["numbers"]:
        measures, place = {}, 0
        for measure in round_["measures"]:
            measures[measure] = cells[place]
            if measure in with_limits:
                measures |= {
                    f"{measure}_low": cells[place + 1],
                    f"{measure}_high": cells[place + 2],
                }
                place += 2
            place += 1
        yield {
            "area": round_["areas"][area]["id"], "group": tuple(round_["groups"][group]),
            "item": round_["items"][item]["id"], "weighting": weighting, "n": n, "measures": measures,
        }  # fmt: skip


def _star(path: Path) -> pd.DataFrame:
    """A table of the star with what its keys say: round:[code:]rest."""
    text = {"municipality_key": str, "group_key": str, "question_key": str}
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=text)
    group = table["group_key"].str.replace(r"^[^:]+:(\d{4}:)?", "", regex=True).str.split("/", n=1)
    table["breakdown"], table["category"] = group.str[0], group.str[1]
    if "question_key" in table:
        table["item"] = table["question_key"].str.split(":").str[-1]
    return table.rename(columns={"municipality_key": "municipality"})


@reader("fact_result.parquet", "fact_result.csv")
def _fact_result(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    _results(_star(path), file, found)


@reader("fact_response.parquet", "fact_response.csv")
def _fact_response(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    _responses(_star(path), file, found)


@reader("fact_comparison.parquet", "fact_comparison.csv")
def _fact_comparison(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    _compared(_star(path), file, found)


@reader(*(f"dim_{name}.{kind}" for name in ("round", "municipality", "question", "answer", "group")
          for kind in ("parquet", "csv")), "dictionary.csv", "comparability.parquet",
        "bridge_trend.parquet", "bridge_trend.csv")  # fmt: skip
def _dimension(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)
    for text in table.select_dtypes(["object", "string"]).stack():
        _prose(file, str(text), found)


@reader(".pdf")
def _pdf(path: Path, file: str, _code: str, book: Codebook, found: Harvest) -> None:
    """Rows of tables are told by the page's own twin beside it, `rapport.html`; a row that the page
    does not have, and that begins with a known label, is unread."""
    rows = {}
    twin = path.with_suffix(".html")
    if twin.is_file():
        for heads, body in html_tables(html.parse(twin).getroot()):
            for row in body:
                tail = [str(c) for c in row[1:] if str(c)]
                rows[_squeezed("".join([str(row[0]), *tail]))] = (heads, row)
    for page in PdfReader(path).pages:
        for line in page.extract_text().split("\n"):
            text = " ".join(line.split())
            _prose(file, text, found)
            numbers = re.search(r"(?:\s[(+−–]?\d[\d.,–)]*(?:\s?%)?)+$", text)
            if hit := rows.get(_squeezed(text)):
                _table(file, hit[0], [hit[1]], NATIONAL, book, found)
            elif numbers and _place(text[: numbers.start()], book):
                last = re.findall(r"\d[\d.]*", numbers[0])[-1]
                found.unread.append((file, int(last.replace(".", "")), text))


def _squeezed(text: str) -> str:
    return "".join(text.split()).replace("-", "")


@reader("manifest.json")
def _manifest(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    def walk(node, words: str) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                walk(value, key)
        elif isinstance(node, list):
            for value in node:
                walk(value, words)
        elif isinstance(node, int) and not isinstance(node, bool):
            found.loose.append((file, node, words))

    walk(json.loads(path.read_text("utf-8")), "")


def html_tables(page) -> Iterator[tuple[list[str], list[list[str]]]]:
    for table in page.iter("table"):
        rows = [[_clean(c.text_content()) for c in r.xpath("./th|./td")] for r in table.iter("tr")]
        if len(rows) > 1:
            yield rows[0], rows[1:]


def _clean(cell):
    if cell is None:
        return ""
    return " ".join(cell.split()) if isinstance(cell, str) else cell


# ------------------------------------------------------------------------- tables as people read them

_COUNT_HEADS = {"Antal svar": "", "Svar": "", "n": ""}
_RESPONSE_HEADS = {
    "Population": "population",
    "Borgere i målgruppen": "population",
    "Borgere i målgrupperne": "population",
    "Inviterede": "invited",
    "Svar på alle temaer": "drivers",
}
_OTHER_HEADS = {"Nr.", "Før", "Sammenligningstal", "p-værdi, korrigeret", "Region"}
_NUMBER = re.compile(r"[+−-]?\d[\d.]*(?:,\d+)?")
_WITH_N = re.compile(r"\((?:n = )?(\d[\d.]*)\)$")


def _table(file: str, heads: Sequence, rows: Iterable[Sequence], code: str, book, found) -> None:
    """Counts and values of a table whose heads and first cells are Danish labels."""
    heads = [str(h) for h in heads]
    if "Nøgletal" in heads:
        _key_figures(file, heads, rows, code, book, found)
        return
    is_response = bool({"Inviterede", "Svarprocent"} & set(heads))
    columns = [_column(h, book) for h in heads]
    for row in rows:
        place = _row_place(heads, row, code, book)
        statistic = row[heads.index("Mål")] if "Mål" in heads and len(row) > 4 else ""
        for (kind, detail), cell in zip(columns, row):
            number = _number(cell)
            if number is None or kind == "skip":
                continue
            if place is None:
                if kind in ("count", "response"):
                    words = " ".join(str(c) for c in row if isinstance(c, str))
                    found.unread.append((file, int(number), words))
                continue
            area, breakdown, category, item = place
            if kind == "count":
                item = "answers" if is_response else item
                item += ":dk" * (statistic == "Andel ved ikke")
                found.count(file, (area, breakdown, category, item), number)
            elif kind == "response":
                found.count(file, (area, breakdown, category, detail), number)
            elif kind == "area":
                found.value(file, (detail or code, breakdown, category, item))
            elif kind == "item":
                found.value(file, (area, breakdown, category, detail))
            elif kind == "group" and breakdown != "all":
                both = (f"{breakdown}:{detail[0]}", f"{category}:{detail[1]}", item)
                found.value(file, (area, *both))
                if m := _WITH_N.search(str(cell)):
                    found.count(file, (area, *both), _number(m[1]))
            else:
                item = "answers" if heads[columns.index((kind, detail))] == "Svarprocent" else item
                found.value(file, (area, breakdown, category, item))


def _column(head: str, book: Codebook) -> tuple[str, object]:
    """What the numbers under a head are."""
    if head in _COUNT_HEADS:
        return "count", ""
    if head in _RESPONSE_HEADS:
        return "response", _RESPONSE_HEADS[head]
    if head in _OTHER_HEADS:
        return "skip", head
    name = head.partition(":")[0]
    if name in book.areas:
        return "area", book.areas[name]
    if name.startswith("De øvrige") or head == "Alle":
        return "area", NATIONAL
    if name.startswith("Kommunen"):
        return "area", ""
    if head in book.items:
        return "item", book.items[head]
    if group := book.category(head):
        return "group", group
    return "own", head


def _row_place(heads: Sequence[str], row: Sequence, code: str, book: Codebook) -> Cell | None:
    """The cell that a row's words name; None where they name none."""
    area, group, item, named = code, WHOLE, "", False
    for head, text in zip(heads, row):
        if not isinstance(text, str) or head in ("Opdeling", "Mål", "Status", "Sammenlignet med"):
            continue
        found = _place(text, book)
        if found is None or (_number(text) is not None and found[1] is None):
            continue
        named = True
        area = found[0] or area
        group = found[1] or group
        if found[2] and not item:
            item = "q13" if head.startswith("Spørgsmål") and found[2] == OVERALL else found[2]
    return (area, *group, item or OVERALL) if named else None


def _place(text: str, book: Codebook) -> tuple[str, tuple[str, str] | None, str] | None:
    """(area, group, item) in a label such as »Kvinder«, »Klart mål · Kvinder, tilfredse«."""
    text = re.sub(r", (?:u?tilfredse|hverken eller)$", "", text)
    if text in book.areas:
        return book.areas[text], None, ""
    if group := book.category(text):
        return "", group, ""
    if text in book.items:
        return "", None, book.items[text]
    for mark in (" · ", ": "):
        first, _, rest = text.partition(mark)
        if rest and first in book.items and (group := book.category(rest)):
            return "", group, book.items[first]
    return None


def _number(cell) -> float | None:
    """The number that a cell begins with; »(få)« and other words have none, nor have labels."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return None if cell != cell else float(cell)
    m = _NUMBER.match(cell)
    if m is None or not re.fullmatch(r"[\s%(].*", cell[m.end() :] or " ") or "(" in cell[:1]:
        return None
    if re.search("[a-zæøå]{3}", cell[m.end() :].replace("til", "").replace("n = ", "")):
        return None  # »16–29 år« is caught above, »26 uger og derover« here
    return float(m[0].replace(".", "").replace(",", ".").replace("−", "-"))


def _key_figures(file: str, heads, rows, code: str, book: Codebook, found: Harvest) -> None:
    named = {"Borgere i målgrupperne": "population", "Inviterede": "invited", "Svar": "answers"}
    for row in rows:
        for head, cell in zip(heads[1:], row[1:]):
            number, area = _number(cell), book.areas.get(head, code)
            if number is None:
                continue
            if row[0] in named:
                found.count(file, (area, *WHOLE, named[row[0]]), number)
            else:
                item = "answers" if row[0] == "Svarprocent" else OVERALL
                found.value(file, (area, *WHOLE, item))


_COUNT = r"(\d{1,3}(?:\.\d{3})+|\d+)"
_LOOSE = (
    re.compile(rf"\bn\s?=\s?{_COUNT}(?:–{_COUNT})?(?![\d,])"),
    re.compile(rf"(?<![\d.,]){_COUNT} af (?:kommunens )?{_COUNT} (?:inviterede|borgere)"),
    re.compile(rf"(?<!mindst )(?<!end )(?<!som )(?<![\w.,–]){_COUNT} (?:svar|besvarelser)\b"),
    re.compile(rf"(?<!mindst )(?<!end )(?<![\w.,–]){_COUNT} (?:inviterede )?borgere\b"),
)


def _prose(file: str, text: str, found: Harvest) -> None:
    """Numbers of answers in running text: »n = 12–45«, »28 af 51 inviterede«, »25 svar«."""
    text = " ".join(text.split())
    for pattern in _LOOSE:
        for m in pattern.finditer(text):
            for number in m.groups():
                if number:
                    around = text[max(0, m.start() - 20) : m.end() + 20]
                    found.loose.append((file, int(number.replace(".", "")), around))


@reader(".ics")
def _calendar(path: Path, file: str, _code: str, _book: Codebook, found: Harvest) -> None:
    _prose(file, path.read_bytes().decode("utf-8").replace("\r\n ", ""), found)


# --------------------------------------------------------------------------------------------- truth


def read_truth(root: Path, round_id: str) -> dict[Cell, int]:
    """Every count of a round, from its confidential files; the country is the sum."""
    counts: dict[Cell, int] = {}
    folder = root / "data" / round_id
    for path in sorted((folder / "estimates").glob("????.parquet")):
        code = path.stem
        table = pd.read_parquet(path)
        kept = table[(table["weighting"] == "unweighted")]
        for suffix, statistic in (("", "mean"), (":dk", "share_dont_know")):
            for row in kept[kept["statistic"] == statistic].itertuples():
                counts[code, row.breakdown, row.category, row.item + suffix] = int(row.n)
        for row in pd.read_parquet(path.with_name(f"{code}-response.parquet")).itertuples():
            for item in RESPONSE:
                counts[code, row.breakdown, row.category, item] = int(getattr(row, item))
        scores = pd.read_parquet(folder / f"weighted/{code}.parquet")
        themes = [i for c, b, _, i in counts if c == code and b == "all" and i in scores]
        counts[code, *WHOLE, "drivers"] = int(scores[themes].notna().all(axis=1).sum())
    return with_country(counts)


def with_country(counts: dict[Cell, int]) -> dict[Cell, int]:
    """The counts and their sums over municipalities; what is local has none."""
    total: dict[Cell, int] = defaultdict(int)
    for (_, breakdown, category, item), n in counts.items():
        if not breakdown.startswith("local:") and not item.startswith("lokal"):
            total[NATIONAL, breakdown, category, item] += n
    return counts | total
