// A municipality's dashboard: its numbers beside the country's, in four views.
const DEFAULT_VIEW = "temaer";
const VIEWS = {
  temaer: { filters: ["tema", "gruppe", "runde", "vaegt"], make: overview },
  svar: { filters: ["tema", "gruppe", "runde", "omraade", "vaegt"], make: answers },
  grupper: { filters: ["spoergsmaal", "opdel", "gruppe", "runde", "vaegt"], make: groups, splits: true },
  udvikling: { filters: ["spoergsmaal", "gruppe", "vaegt"], make: development },
};

// Each gives {title, rows for the chart, chart, table: {head, rows}, n}.

const areasOf = (round) => round.areas.map((a) => a.id);
const labelOf = (round, area) => round.areas[round.areaIndex.get(area)].label;

/** The comparison with all the others: [their mean, what is said of the difference], where the number is shown. */
function against(state, round, group, item) {
  if (round !== DATA.rounds[0] || weightingOf(state) !== 0) return undefined;
  const row = againstIndex.get(`${round.groupIndex.get(group)}/${round.itemById.get(item)?.index}`);
  return row && [row[2], said(row[3])];
}
const againstIndex = new Map(DATA.against.map((row) => [`${row[0]}/${row[1]}`, row]));

function meansRow(state, round, group, item, label) {
  const own = look(round, DATA.rounds[0].areas[0].id, group, item, "mean", weightingOf(state));
  const all = look(round, NATIONAL, group, item, "mean", weightingOf(state));
  const others = against(state, round, group, item);
  return {
    label, own, all,
    cells: [label, show(own), interval(own), show(all), others && others[0] !== null ? number(others[0], 2) : "", others ? others[1] : "", count(own)],
  };
}
const meansHead = (first) => [first, DATA.name, "Interval", "Alle deltagende", DATA.others, "Mod de øvrige", "Antal svar"];

function meansDrawn(round, made) {
  const names = round.areas.map((a) => a.label);
  const drawn = [];
  for (const row of made) {
    for (const [found, area] of [[row.own, names[0]], [row.all, labelOf(round, NATIONAL)]]) {
      drawn.push({ label: row.label, area, value: found.value ?? null, low: found.low ?? null, high: found.high ?? null,
        text: found.missing ? `${area}: ${words(found)}` : "" });
    }
  }
  return drawn;
}

function itemsOf(state, round, local = true) {
  const questions = round.items.filter((i) => i.theme);
  if (!state.tema) return round.themes.map((id) => round.itemById.get(id));
  const of = questions.filter((i) => i.theme === state.tema && (local || i.theme !== "lokalt"));
  return state.tema === "alle" ? questions : of;
}

function overview(state, round) {
  const picked = chosen(state, round);
  const group = groupKey(round, picked);
  const made = itemsOf(state, round).map((item) => meansRow(state, round, group, item.id, item.label));
  return {
    title: state.tema ? "Spørgsmålenes gennemsnit" : "Temaernes gennemsnit",
    about: groupWords(round, picked), chart: "means", rows: meansDrawn(round, made),
    table: { head: meansHead(state.tema ? "Spørgsmål" : "Tema"), rows: made.map((row) => row.cells) },
  };
}

function answers(state, round) {
  const picked = chosen(state, round);
  const group = groupKey(round, picked);
  const area = state.omraade === NATIONAL ? NATIONAL : round.areas[0].id;
  const items = itemsOf(state, round);
  const scales = [...new Set(items.map((i) => i.scale))].map((name) => round.scales[name]);
  // answers of scales that differ in number or in what is neutral stand side by side as kinds alone
  const alike = new Set(scales.map((s) => s && `${s.answers.length}/${s.neutral}`)).size === 1;
  const detailed = picked.length < 2 && state.tema && alike;
  const [scale] = scales;
  const measures = detailed ? scale.answers.map((_, k) => `share_${k + 1}`) : ["share_dissatisfied", "share_neutral", "share_satisfied"];
  const numbered = detailed && scale.answers.map((_, k, all) => `${k + 1}${k === 0 ? " (mest negativt)" : k === all.length - 1 ? " (mest positivt)" : ""}`);
  const names = !detailed ? round.split : scales.length === 1 ? scale.answers : numbered;
  const [first, last] = detailed ? [scale.neutral[0] - 1, scale.neutral.at(-1)] : [1, 2];
  const asked = items.every((item) => item.theme); // themes are made of questions, nobody answers them
  const rows = [];
  const table = [];
  for (const item of items) {
    const found = measures.map((m) => look(round, area, group, item.id, m, weightingOf(state)));
    const unsure = look(round, area, group, item.id, "share_dont_know", weightingOf(state));
    const mean = look(round, area, group, item.id, "mean", weightingOf(state));
    const hidden = found.find((f) => f.missing);
    table.push([item.label, ...found.map((f) => show(f, true)), ...(asked ? [show(unsure, true)] : []), count(mean)]);
    if (hidden) { rows.push({ label: item.label, text: words(hidden) }); continue; }
    const sum = (of) => of.reduce((all, f) => all + f.value, 0);
    let start = -sum(found.slice(0, first)) - sum(found.slice(first, last)) / 2;
    found.forEach((f, k) => {
      rows.push({ label: item.label, answer: names[k], order: k, value: f.value, start, end: start + f.value,
        text: f.value >= 0.05 ? number(100 * f.value, 0) : "", light: k === 0 || k === measures.length - 1,
        unsure: k === 0 && asked && !unsure.missing ? percent(unsure.value) : "" });
      start += f.value;
    });
  }
  return {
    title: "Fordelingen af svar, procent", about: `${labelOf(round, area)}. ${groupWords(round, picked)}`,
    chart: detailed ? "answers" : "split", rows, domain: names, colours: scale?.colours, reach: reachOf(rows),
    table: { head: [state.tema ? "Spørgsmål" : "Tema", ...names, ...(asked ? ["Ved ikke"] : []), "Antal svar"], rows: table },
  };
}

/** As far as the longest bars on either side, in tenths, with room for »ved ikke« on the right. */
function reachOf(rows) {
  const tenths = (value, way) => way(10 * value) / 10;
  const low = Math.min(-0.3, ...rows.map((r) => r.start ?? 0));
  const high = Math.max(0.3, ...rows.map((r) => r.end ?? 0));
  return [tenths(low, Math.floor), tenths(high, Math.ceil) + (byId("figur").clientWidth < 560 ? 0.3 : 0.12)];
}

function groups(state, round) {
  const item = round.itemById.get(state.spoergsmaal) ?? round.itemById.get(DATA.overall);
  const by = round.breakdownById.get(state.opdel) ?? round.breakdowns[0];
  const picked = chosen(state, round, by.id);
  const order = (pairs) => round.breakdowns.flatMap((b) => pairs.filter(([id]) => id === b.id));
  const made = by.categories.map((c) => {
    const group = groupKey(round, order([...picked, [by.id, c.id]]));
    return meansRow(state, round, group ?? "", item.id, c.label);
  });
  return {
    title: `${item.label}: gennemsnit efter ${by.label.toLowerCase()}`, about: groupWords(round, picked),
    chart: "means", rows: meansDrawn(round, made),
    table: { head: meansHead(by.label), rows: made.map((row) => row.cells) }, wording: item.wording,
  };
}

/** Where the release lets a group and an item be followed to in an earlier round, and the note on it. */
function trendOf(round, group, item) {
  const now = DATA.rounds[0];
  if (round === now) return { group, item };
  const { notes } = DATA.trends[round.id];
  const row = trendIndex.get(`${round.id}/${now.groupIndex.get(group)}/${now.itemById.get(item).index}`);
  if (row[2] === null) return { note: notes[row[4]] };
  return { group: round.groups[row[2]].join("/"), item: round.items[row[3]].id, note: notes[row[4]] };
}
const trendIndex = new Map(Object.entries(DATA.trends).flatMap(([round, { rows }]) => rows.map((row) => [`${round}/${row[0]}/${row[1]}`, row])));

function development(state) {
  const now = DATA.rounds[0];
  const item = now.itemById.get(state.spoergsmaal) ?? now.itemById.get(DATA.overall);
  const picked = chosen(state, now);
  const group = groupKey(now, picked);
  const since = new Map(DATA.since.map((row) => [row.slice(0, 5).join("/"), row]));
  const rows = [];
  const table = [];
  const notes = new Set();
  for (const round of [...DATA.rounds].reverse()) {
    const trend = trendOf(round, group, item.id);
    if (trend.note) notes.add(trend.note);
    for (const area of areasOf(now)) {
      const found = trend.item ? look(round, area, trend.group, trend.item, "mean", weightingOf(state)) : { missing: "not_common" };
      const change = round === now ? undefined : since.get([round.id, area, ...group.split("/"), item.id].join("/"));
      if (change && area === NATIONAL) notes.add(baseOf(round));
      rows.push({ round: round.title, area: labelOf(now, area), value: found.value ?? null, low: found.low ?? null, high: found.high ?? null });
      table.push([round.title, labelOf(now, area), show(found), interval(found), count(found),
        change && weightingOf(state) === 0 ? `${signed(change[5], 2)} (${change[6]})` : ""]);
    }
  }
  return {
    title: `${item.label}: gennemsnit fra runde til runde`, about: groupWords(now, picked), chart: "development", rows,
    domain: [...DATA.rounds].reverse().map((r) => r.title), wording: item.wording, notes: [...notes],
    table: { head: ["Runde", "Område", "Gennemsnit", "Interval", "Antal svar", "Ændring siden da"], rows: table },
  };
}

/** Which municipalities the country's change rests on: its points are those of each round. */
function baseOf(round) {
  const both = DATA.trends[round.id].municipalities;
  const who = both === 1 ? "den ene kommune" : `de ${number(both, 0)} kommuner`;
  return `Ændringen siden ${round.title} for alle deltagende er regnet for ${who}, der deltog begge gange, uden de tal, der er skjult.`;
}

function questionChoices(round) {
  const themes = round.themes.map((id) => [id, `Tema: ${round.itemById.get(id).label}`]);
  return [...themes, ...round.items.filter((i) => i.theme).map((i) => [i.id, i.label])];
}

function drawControls(state, round) {
  const place = byId("filtre");
  const view = VIEWS[state.visning];
  const themes = round.themes.map((id) => [id, `Spørgsmål i »${round.itemById.get(id).label}«`]);
  const local = round.items.some((i) => i.theme === "lokalt") ? [["lokalt", "Lokale spørgsmål"]] : [];
  fill(selectIn(place, "tema", "Vis"), [["", "Alle temaer"], ...themes, ...local, ["alle", "Alle spørgsmål"]], state.tema);
  fill(selectIn(place, "spoergsmaal", "Tema eller spørgsmål"), questionChoices(round), state.spoergsmaal ?? DATA.overall);
  fill(selectIn(place, "opdel", "Opdel efter"), round.breakdowns.map((b) => [b.id, b.label]), state.opdel);
  fill(selectIn(place, "omraade", "Område"), round.areas.map((a) => [a.id, a.label]), state.omraade);
  const by = state.visning === "grupper" ? byId("valg-opdel").value : undefined;
  for (const b of DATA.rounds[0].breakdowns) {
    const select = selectIn(place, b.id, b.label);
    const here = round.breakdownById.get(b.id);
    fill(select, [["", "Alle"], ...(here ? here.categories.map((c) => [c.id, c.label]) : [])], state[b.id]);
    const others = [...chosen(state, round, b.id).map(([id]) => id), ...(by && by !== b.id ? [by] : [])];
    const together = others.length === 0 || (others.length === 1 && round.two_way.some((pair) =>
      pair === `${others[0]}:${b.id}` || pair === `${b.id}:${others[0]}`));
    select.disabled = !here || b.id === by || (!select.value && !together);
    select.parentElement.classList.toggle("off", select.disabled);
    select.parentElement.hidden = !view.filters.includes("gruppe");
  }
  fill(selectIn(place, "runde", "Runde"), DATA.rounds.map((r) => [r.id, r.title]), state.runde);
  fill(selectIn(place, "vaegt", "Vægtning"), [["", "Vægtede tal"], ["0", "Uvægtede tal"]], state.vaegt);
  for (const key of ["tema", "spoergsmaal", "opdel", "omraade", "runde", "vaegt"]) {
    byId(`valg-${key}`).parentElement.hidden = !view.filters.includes(key) || (key === "runde" && DATA.rounds.length === 1);
  }
}

DATA.rounds.forEach(prepare);
window.addEventListener("hashchange", draw);
window.addEventListener("resize", () => { if (current) drawChart(current.made, current.source); });
draw();
