// What the dashboards share: numbers, filters, chart, table, downloads. The address after # holds the
// whole view, so that it can be sent. No number is computed here. The page's own script gives
// VIEWS (name → make), drawControls and DEFAULT_VIEW.
"use strict";

const DATA = JSON.parse(document.getElementById("data").textContent);
const SPECS = JSON.parse(document.getElementById("specs").textContent);
const FORMAT = { decimal: ",", thousands: ".", grouping: [3], currency: ["", " kr."] };
const NATIONAL = "national";
const CELLS = 5; // before the measures of a row: area, group, item, weighting, n

// ------------------------------------------------------------------------------------- numbers

function prepare(round) {
  round.itemById = new Map(round.items.map((item, i) => [item.id, { ...item, index: i }]));
  round.groupIndex = new Map(round.groups.map(([b, c], i) => [`${b}/${c}`, i]));
  round.areaIndex = new Map(round.areas.map((area, i) => [area.id, i]));
  round.breakdownById = new Map(round.breakdowns.map((b) => [b.id, b]));
  round.byKey = new Map(round.numbers.map((row) => [row.slice(0, 4).join("/"), row]));
  round.column = new Map();
  let place = CELLS;
  for (const measure of round.measures) {
    round.column.set(measure, place);
    place += measure === "mean" || measure === "share_satisfied" ? 3 : 1;
  }
}

/** One number: {value, low, high, n}, or {missing: status} where it is not shown. */
function look(round, area, group, item, measure, weighting) {
  const places = [round.areaIndex.get(area), round.groupIndex.get(group), round.itemById.get(item)?.index, weighting];
  const row = places.includes(undefined) ? undefined : round.byKey.get(places.join("/"));
  if (row === undefined) return { missing: "not_possible" };
  const at = round.column.get(measure);
  if (row[at] === null) return { missing: "not_possible" };
  if (typeof row[at] === "string") return { missing: row[at] };
  const limits = measure === "mean" || measure === "share_satisfied";
  return { value: row[at], low: limits ? row[at + 1] : null, high: limits ? row[at + 2] : null, n: row[4] };
}

function number(value, decimals) {
  const text = value.toLocaleString("da-DK", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return /[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", "");
}
const signed = (value, decimals) => `${value > 0 && /[1-9]/.test(number(value, decimals)) ? "+" : ""}${number(value, decimals)}`;
const percent = (value) => `${number(100 * value, 0)}\u00a0%`;
const words = (found) => DATA.missing[found.missing].words;
/** The release's verdict in words, or why there is none. */
const said = (verdict) => DATA.words[verdict] ?? DATA.missing[verdict].words;
const show = (found, share) => (found.missing ? words(found) : share ? percent(found.value) : number(found.value, 2));
const interval = (found) =>
  found.missing ? "" : found.low === null ? DATA.missing.no_interval.words : `${number(found.low, 2)}–${number(found.high, 2)}`;
const count = (found) => (found.missing || found.n === null ? "" : number(found.n, 0));

// --------------------------------------------------------------------------------------- state

const byId = (id) => document.getElementById(id);
const roundOf = (state) => DATA.rounds.find((r) => r.id === state.runde) ?? DATA.rounds[0];
const weightingOf = (state) => (state.vaegt === "0" ? 1 : 0);

function readAddress() {
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const view = given.visning in VIEWS ? given.visning : DEFAULT_VIEW;
  return { ...given, visning: view };
}

function writeAddress(state) {
  const kept = Object.entries(state).filter(([, value]) => value !== "" && value !== undefined);
  location.hash = new URLSearchParams(kept).toString();
}

/** The chosen categories by breakdown, in the order of the breakdowns; `without` left out. */
function chosen(state, round, without) {
  return round.breakdowns.filter((b) => b.id !== without && state[b.id]).map((b) => [b.id, state[b.id]]);
}

/** The group's key, or null where the choice is not computed. */
function groupKey(round, picked) {
  if (picked.length === 0) return "all/all";
  const key = `${picked.map(([b]) => b).join(":")}/${picked.map(([, c]) => c).join(":")}`;
  return round.groupIndex.has(key) ? key : null;
}

function groupWords(round, picked) {
  const label = ([b, c]) => round.breakdownById.get(b).categories.find((x) => x.id === c)?.label ?? c;
  return picked.length ? picked.map(label).join(", ") : "Alle borgere";
}

// ------------------------------------------------------------------------------------ controls

function option(select, value, label) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = label;
  select.append(made);
}

function fill(select, entries, value) {
  select.replaceChildren();
  for (const [v, label] of entries) option(select, v, label);
  select.value = entries.some(([v]) => v === value) ? value : entries[0][0];
}

/** A labelled select within `place`; made once, filled at each drawing. */
function selectIn(place, key, label) {
  let select = byId(`valg-${key}`);
  if (!select) {
    const wrap = document.createElement("div");
    wrap.className = "filter";
    wrap.dataset.filter = key;
    const tag = document.createElement("label");
    tag.htmlFor = `valg-${key}`;
    tag.textContent = label;
    select = document.createElement("select");
    select.id = `valg-${key}`;
    select.addEventListener("change", () => writeAddress({ ...readAddress(), [key]: select.value }));
    wrap.append(tag, select);
    place.append(wrap);
  }
  return select;
}

/** Links to the views, each with the filters that are set. */
function drawLinks(state) {
  for (const link of document.querySelectorAll("#visninger a")) {
    const target = { ...state, visning: link.dataset.view };
    link.href = `#${new URLSearchParams(Object.entries(target).filter(([, v]) => v)).toString()}`;
    if (link.dataset.view === state.visning) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

// --------------------------------------------------------------------------------------- drawing

function writeTable(table, caption) {
  const element = byId("tabel");
  const head = document.createElement("tr");
  for (const title of table.head) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    head.append(cell);
  }
  const body = table.rows.map((row, r) => {
    const line = document.createElement("tr");
    row.forEach((text, i) => {
      const cell = document.createElement(i === 0 ? "th" : "td");
      if (i === 0) cell.scope = "row";
      const address = i === 0 ? table.links?.[r] : undefined;
      if (address) {
        const link = document.createElement("a");
        link.href = address;
        link.textContent = text;
        cell.append(link);
      } else cell.textContent = text;
      line.append(cell);
    });
    return line;
  });
  element.tHead.replaceChildren(head);
  element.tBodies[0].replaceChildren(...body);
  element.caption.textContent = caption;
}

function wrapped(text, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) && lines.at(-1).length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
  }
  return lines.join("\n");
}

let drawing = 0; // the latest call; an older one that ends later does not show
let view; // what Vega shows now

/** The spec of a chart with its rows; with a title for a picture that is taken out of the page. */
function specOf(made, width, title) {
  const room = width < 560 ? 18 : 34;
  const spec = structuredClone(SPECS[made.chart]);
  const rows = made.rows.map((row) => (row.label === undefined ? row : { ...row, label: wrapped(row.label, room) }));
  spec.datasets = { ...spec.datasets, rows };
  if (title) spec.title = { text: wrapped(title[0], 90).split("\n"), subtitle: title.slice(1) };
  fillIn(spec, { "rows-domain": made.domain, "rows-colours": made.colours, "x-domain": made.reach, "area-domain": DATA.rounds[0].areas.map((a) => a.label) });
  if (width < 560) spec.config.legend.columns = 1;
  if (spec.usermeta?.row) spec.height = spec.usermeta.row * new Set(made.rows.map((row) => row.label ?? row.name)).size;
  return spec;
}

const OPTIONS = { actions: false, renderer: "svg", formatLocale: FORMAT };
const type = Promise.all(["400", "600", "700"].map((weight) => document.fonts.load(`${weight} 13px "Open Sans"`)));

async function drawChart(made, source) {
  const mine = ++drawing;
  await type; // labels are measured in it
  const shown = await vegaEmbed("#tegning", specOf(made, byId("figur").clientWidth), OPTIONS);
  if (mine !== drawing) { shown.finalize(); return; }
  view?.finalize();
  view = shown;
  byId("tegning").querySelector("svg")?.setAttribute("aria-hidden", "true");
  byId("figur").setAttribute("aria-label", `Figur: ${made.title}. ${made.about}. Tallene står i tabellen nedenfor.`);
  byId("kilde").textContent = source;
  document.body.dataset.drawn = location.hash;
}

/** The chart with title and source, drawn apart, as a PNG's address. */
async function asPicture(made, source) {
  const apart = document.createElement("div");
  const spec = { ...specOf(made, 900, [`${DATA.name}. ${made.title}`, made.about, source]), width: 900, padding: 16 };
  const drawn = await vegaEmbed(apart, spec, OPTIONS);
  const address = await drawn.view.toImageURL("png", 2);
  drawn.finalize();
  return address;
}

/** Put the view's own words and reach where the spec has a name for them. */
function fillIn(node, values) {
  if (Array.isArray(node)) node.forEach((inner) => fillIn(inner, values));
  else if (node && typeof node === "object") {
    const named = values[node.domain?.[0]];
    if (named) node.domain = named;
    const colours = values[node.range?.[0]];
    if (colours) node.range = colours;
    Object.values(node).forEach((inner) => fillIn(inner, values));
  }
}

let current; // {made, state}: what is shown, for the downloads

function draw() {
  const state = readAddress();
  const round = roundOf(state);
  drawControls(state, round);
  drawLinks(state);
  const picked = chosen(state, round);
  const possible = groupKey(round, picked) !== null || VIEWS[state.visning].splits === true;
  byId("umulig").hidden = possible;
  byId("resultat").hidden = !possible;
  if (!possible) { document.body.dataset.drawn = location.hash; return; }
  const made = VIEWS[state.visning].make(state, round);
  const weights = weightingOf(state) ? "Uvægtede tal" : "Vægtede tal";
  const when = state.visning === "udvikling" ? "" : `, ${round.title}`;
  const source = `Kilde: ${document.body.dataset.survey}${when}. ${weights}.`;
  byId("overskrift").textContent = made.title;
  byId("om").textContent = made.about;
  byId("ordlyd").textContent = made.wording ? `»${made.wording}«` : "";
  byId("brud").textContent = (made.notes ?? []).join(" ");
  writeTable(made.table, `${made.title}. ${made.about}. ${weights}.`);
  byId("melding").textContent = `${made.title}. ${made.about}. ${made.table.rows.length} rækker.`;
  current = { made, source };
  drawChart(made, source);
}

// -------------------------------------------------------------------------------------- downloads

function save(address, name) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

const fileName = (ending) =>
  `${current.made.title} - ${current.made.about}`.replace(/[^\p{L}\p{N} -]+/gu, "").trim().slice(0, 100) + ending;

/** Semicolons and decimal commas, with a byte order mark: Excel in Denmark opens it as it is. */
function asCsv() {
  const quoted = (text) => (/[;"\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const plain = (text) => String(text).replaceAll("\u00a0", " ").replace("−", "-");
  const { head, rows } = current.made.table;
  const lines = [head, ...rows, [], [current.source]];
  return `\ufeff${lines.map((row) => row.map((c) => quoted(plain(c))).join(";")).join("\r\n")}\r\n`;
}

byId("hent-csv").addEventListener("click", () => {
  const address = URL.createObjectURL(new Blob([asCsv()], { type: "text/csv;charset=utf-8" }));
  save(address, fileName(".csv"));
  URL.revokeObjectURL(address);
});
byId("hent-png").addEventListener("click", async () => save(await asPicture(current.made, current.source), fileName(".png")));
