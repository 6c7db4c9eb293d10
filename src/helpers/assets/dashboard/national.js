// The country's dashboard: all municipalities beside each other, on a map of tiles and in a list.
const DEFAULT_VIEW = "kort";
const VIEWS = {
  kort: { make: map },
  liste: { make: list },
};
const SIZES = [
  ["smaa", "Under 30.000 indbyggere", 0, 30000],
  ["mellem", "30.000–59.999 indbyggere", 30000, 60000],
  ["store", "60.000 indbyggere og derover", 60000, Infinity],
];
const MARKS = { over: "▲", under: "▼", small: "◆", unsure: "●" }; // by verdict
const againstOf = new Map(
  Object.entries(DATA.against).map(([code, rows]) => [code, new Map(rows.map((r) => [`${r[0]}/${r[1]}`, r[3]]))]),
);

/** The places of the filters, each with its number and how it lies against the others. */
function found(state, round) {
  const item = round.itemById.get(state.spoergsmaal) ?? round.itemById.get(DATA.overall);
  const group = groupKey(round, chosen(state, round));
  const size = SIZES.find(([id]) => id === state.stoerrelse);
  return DATA.places
    .filter((p) => !state.region || p.region === state.region)
    .filter((p) => !size || (p.population >= size[2] && p.population < size[3]))
    .map((place) => {
      const mean = place.folder ? look(round, place.code, group, item.id, "mean", 0) : { missing: "no_results" };
      const satisfied = place.folder ? look(round, place.code, group, item.id, "share_satisfied", 0) : mean;
      const verdict = againstOf.get(place.code)?.get(`${round.groupIndex.get(group)}/${item.index}`);
      const word = !place.participates ? "deltager ikke" : !place.folder ? "ingen resultater"
        : mean.missing ? words(mean) : said(verdict ?? "not_possible");
      return { place, mean, satisfied, verdict, word, item };
    });
}

const inDanish = new Intl.Collator("da");
const byName = (a, b) => inDanish.compare(a.place.name, b.place.name);

function table(rows) {
  return {
    head: ["Kommune", "Region", "Gennemsnit", "Interval", "Tilfredse", "Mod de øvrige", "Antal svar"],
    rows: [...rows].sort(byName).map(({ place, mean, satisfied, word }) => [
      place.name, place.region, mean.missing ? "" : show(mean), interval(mean), mean.missing ? "" : show(satisfied, true), word, count(mean),
    ]),
    links: [...rows].sort(byName).map(({ place }) => (place.folder ? `../${place.folder}/dashboard.html` : null)),
  };
}

function about(state, round) {
  const size = SIZES.find(([id]) => id === state.stoerrelse);
  return [groupWords(round, chosen(state, round)), state.region ? `Region ${state.region}` : "", size ? size[1].toLowerCase() : ""]
    .filter(Boolean).join(", ");
}

function map(state, round) {
  const rows = found(state, round);
  const { item } = rows[0] ?? { item: round.itemById.get(DATA.overall) };
  return {
    title: `${item.label}: kommunerne mod alle de øvrige`, about: about(state, round), chart: "map", wording: item.wording,
    rows: rows.map(({ place, mean, verdict, word }) => ({
      x: place.column, y: place.row, name: place.name, short: place.short, mark: MARKS[verdict] ?? "", word,
      kind: MARKS[verdict] ? word : place.participates ? "kan ikke vises eller vurderes" : "deltager ikke",
      value: mean.missing ? "" : show(mean), label: undefined,
    })),
    table: table(rows),
  };
}

function list(state, round) {
  const rows = found(state, round).filter((row) => !row.mean.missing);
  const { item } = rows[0] ?? { item: round.itemById.get(DATA.overall) };
  const all = look(round, NATIONAL, groupKey(round, chosen(state, round)), item.id, "mean", 0);
  const order = state.orden === "tal" ? (a, b) => b.mean.value - a.mean.value || byName(a, b) : byName;
  return {
    title: `${item.label}: kommunernes gennemsnit`, about: about(state, round), chart: "list", wording: item.wording,
    rows: rows.sort(order).map(({ place, mean, word }) => ({
      name: place.name, value: mean.value, low: mean.low, high: mean.high, word, all: all.missing ? null : all.value,
      half: mean.low === null ? null : (mean.high - mean.low) / 2,
    })),
    table: table(found(state, round)),
  };
}

function drawControls(state, round) {
  const place = byId("filtre");
  const themes = round.themes.map((id) => [id, `Tema: ${round.itemById.get(id).label}`]);
  const questions = round.items.filter((i) => i.theme).map((i) => [i.id, i.label]);
  fill(selectIn(place, "spoergsmaal", "Tema eller spørgsmål"), [...themes, ...questions], state.spoergsmaal ?? DATA.overall);
  for (const b of round.breakdowns) {
    const select = selectIn(place, b.id, b.label);
    fill(select, [["", "Alle"], ...b.categories.map((c) => [c.id, c.label])], state[b.id]);
    select.disabled = !select.value && chosen(state, round, b.id).length > 0;
    select.parentElement.classList.toggle("off", select.disabled);
  }
  const regions = [...new Set(DATA.places.map((p) => p.region))].sort(inDanish.compare);
  fill(selectIn(place, "region", "Region"), [["", "Alle regioner"], ...regions.map((r) => [r, r])], state.region);
  fill(selectIn(place, "stoerrelse", "Størrelse"), [["", "Alle størrelser"], ...SIZES.map(([id, label]) => [id, label])], state.stoerrelse);
  fill(selectIn(place, "orden", "Rækkefølge"), [["", "Navn"], ["tal", "Gennemsnit"]], state.orden);
  byId("valg-orden").parentElement.hidden = state.visning !== "liste";
}

DATA.rounds.forEach(prepare);
window.addEventListener("hashchange", draw);
window.addEventListener("resize", () => { if (current) drawChart(current.made, current.source); });
draw();
