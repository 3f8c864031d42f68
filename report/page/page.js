
"use strict";
(() => {

// Names in the data come from outside. They reach the page as text only: `el` makes text nodes, and nothing here parses
// markup.

const PAGE_ROWS = 50;
const PRINTED_ROWS = 5000;
const DAY = 86400;
const CLASSES = ["A", "B", "C", "D"];
const TIMES = ["created_at", "updated_at", "first_seen", "last_seen", "gone_at"];
const TEXTS = ["id", "class", "confidence", "reason", "rule", "kind", "source", "store", "locator", "registry", "token",
  "preview", "checksum", "age_basis", "state"];

const byId = (id) => document.getElementById(id);
const number = (value) => Math.round(value).toLocaleString("en-US");
const counted = (value, one, many = one + "s") => `${number(value)} ${value === 1 ? one : many}`;
const date = (days) => new Date(days * DAY * 1000).toISOString().slice(0, 10);
const day = (seconds) => date(Math.floor(seconds / DAY));
const moment = (seconds) => new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 16) + " UTC";
const sum = (values) => values.reduce((a, b) => a + b, 0);

/// An element: `el("p", {class: "note"}, "text", other)`. A property that is a function listens to the event of its name.
function el(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

// ---- Data

const head = JSON.parse(byId("head").textContent);
const hits = readHits();
const count = hits.id.length;
const STATES = {present: "present", unknown: "not reached", gone: "gone"};
const flagBit = new Map(head.flags.map((name, bit) => [name, bit]));
const classCode = Uint8Array.from(hits.class, (name) => CLASSES.indexOf(name));
const flagsLow = Uint32Array.from(hits.scope, (bits) => bits % 2 ** 32);
const flagsHigh = Uint32Array.from(hits.scope, (bits) => Math.floor(bits / 2 ** 32));
const stored = Uint8Array.from(hits.state, (state) => state === "gone" ? 0 : 1);
const stores = encode(hits.store);
const sources = encode(hits.source);
const tokens = groupByToken();
const searchText = makeSearchText();

/// Column -> an array with a cell for each hit, text in full.
function readHits() {
  const all = {};
  for (const name of head.columns) all[name] = [];
  const strings = [];
  for (const element of document.querySelectorAll("script.hits")) {
    const block = JSON.parse(element.textContent);
    element.remove();
    for (const text of block.strings) strings.push(text);
    head.columns.forEach((name, i) => {
      const cells = block.columns[i];
      const many = Array.isArray(cells);
      const isText = TEXTS.includes(name);
      for (let row = 0; row < block.rows; ++row) {
        const cell = many ? cells[row] : cells;
        all[name].push(isText && typeof cell === "number" ? strings[cell] : cell);
      }
    });
  }
  return all;
}

/// A column of few distinct texts as numbers, which compare fast.
function encode(column) {
  const codes = new Map();
  const of = Uint32Array.from(column, (text) => {
    if (!codes.has(text)) codes.set(text, codes.size);
    return codes.get(text);
  });
  return {of, codes, names: [...codes.keys()]};
}

/// Hits of the same token belong together; what has no readable value is a token of its own, and a reference is none.
function groupByToken() {
  const numbers = new Map();
  const rows = [];
  const of = Int32Array.from(hits.id, (id, row) => {
    const key = hits.token[row] ?? id;
    if (!numbers.has(key)) {
      numbers.set(key, rows.length);
      rows.push([]);
    }
    const token = numbers.get(key);
    rows[token].push(row);
    return token;
  });
  return {of, rows, numbers};
}

function makeSearchText() {
  const words = new Map();
  return hits.id.map((id, row) => {
    const bits = hits.scope[row];
    if (!words.has(bits)) words.set(bits, flagNames(row).join(" "));
    return [hits.store[row], hits.locator[row], hits.preview[row] ?? "", hits.token[row] ?? "", id, hits.registry[row] ?? "",
      hits.source[row], hits.kind[row], hits.rule[row], words.get(bits), hits.reason[row]].join("\n").toLowerCase();
  });
}

function hasFlag(row, name) {
  const bit = flagBit.get(name);
  if (bit === undefined) return false;
  return bit < 32 ? (flagsLow[row] >>> bit & 1) === 1 : (flagsHigh[row] >>> bit - 32 & 1) === 1;
}

function flagNames(row) {
  return head.flags.filter((name) => hasFlag(row, name));
}

function isReference(row) {
  return hits.kind[row] === "reference" || hasFlag(row, "reference");
}

/// What stands for a hit's token.
function titleOf(row) {
  return hits.preview[row] ?? (isReference(row) ? "reference" : hits.kind[row]);
}

/// What the title leaves unsaid.
function subtitleOf(row) {
  if (hits.preview[row] !== null) return hits.kind[row];
  return isReference(row) ? "a name, no value" : hits.token[row] === null ? "value not readable" : hits.token[row];
}

/// Every token that is stored now: its strictest class, its age, whether it is past its date, where it lies.
function storedTokens() {
  const all = [];
  tokens.rows.forEach((rows) => {
    const here = rows.filter((row) => stored[row] && !isReference(row));
    if (here.length === 0) return;
    const ages = here.map((row) => hits.age_days[row]).filter((age) => age !== null);
    all.push({
      rows: here,
      class: Math.min(...here.map((row) => classCode[row])),
      age: ages.length ? Math.max(...ages) : null,
      overdue: here.some((row) => hits.overdue[row]),
      stores: [...new Set(here.map((row) => stores.of[row]))],
    });
  });
  return all;
}

// ---- The words for what is shown

const FLAG_WORDS = {
  "org-wide": "every repository of the organisation can use it",
  "org-private": "every private repository of the organisation can use it",
  "selected-repos": "selected repositories can use it",
  "repo": "one repository can use it",
  "environment": "one deployment environment can use it",
  "unprotected-environment": "its environment has no reviewers and no branch rules",
  "dependabot": "Dependabot uses it",
  "codespaces": "codespaces use it",
  "variable": "a CI variable that shows its value",
  "project": "one project can use it",
  "context": "a context that projects share",
  "unrestricted-context": "every project can use its context",
  "namespace": "everything in its namespace can read it",
  "unencrypted": "stored without encryption",
  "world-readable": "everybody on the machine can read the file",
  "group-readable": "the file's group can read it",
  "git-tracked": "the file is in version control",
  "publish": "it may publish",
  "read-only": "it may only read",
  "all-packages": "its rights are limited to no package",
  "bypass-2fa": "it bypasses two-factor authentication",
  "no-expiry": "it never expires",
  "no-ip-limit": "it works from every address",
  "classic": "a classic token: all were revoked on 2025-12-09",
  "reference": "a name in place of a value",
  "commented-out": "it stands in a comment",
  "shadowed": "another credential for the same registry wins over it",
  "unscoped": "bound to no registry",
  "inert": "the package manager does not see it there",
  "dead": "revoked, expired or classic: it works no more",
  "unfound": "alive at the registry, found in no store",
  "repeated": "held in more than one place",
  "unused": `not used for ${counted(head.policy.unused_after, "day")}`,
  "shared-expiry": "expires on the same day as another token",
  "stage-only": "it may only stage a release",
  "ambiguous": "more than one token of the registry's list fits",
  "exempt": "under an exception of the policy",
};
const BAD_FLAGS = new Set(["dead", "classic", "bypass-2fa", "all-packages", "world-readable", "git-tracked", "unencrypted",
  "unprotected-environment", "unrestricted-context", "unfound"]);

const LISTS = [
  {id: "overdue", name: "Past their date", test: (row) => hits.overdue[row]},
  {id: "january", name: "Stop publishing in January 2027", flags: ["bypass-2fa", "publish"],
    help: "they publish and bypass two-factor authentication, which npm means to end in January 2027"},
  {id: "dead", name: "Dead, still stored", flags: ["dead"]},
  {id: "unfound", name: "Alive, stored nowhere", flags: ["unfound"]},
  {id: "repeated", name: "Held in several places", flags: ["repeated"]},
  {id: "unused", name: `Unused for ${counted(head.policy.unused_after, "day")}`, flags: ["unused"]},
  {id: "all-packages", name: "Every package", flags: ["all-packages"]},
  {id: "no-ip-limit", name: "No IP limit", flags: ["no-ip-limit"]},
  {id: "shared-expiry", name: "Expire together", flags: ["shared-expiry"]},
];
for (const list of LISTS) {
  list.test = list.test ?? ((row) => list.flags.every((flag) => hasFlag(row, flag)));
  list.help = list.help ?? (list.flags ? FLAG_WORDS[list.flags[0]] : "they had to be rotated or removed before today");
}

const BASIS_WORDS = {
  updated_at: "the store's last change", created_at: "its creation in the store", bounds: "the latest of the bounds that the store gives",
  file_mtime: "the file's time", first_seen: "our first sight", registry: "the registry's list",
};
const CONFIDENCE_WORDS = {confirmed: "confirmed by the registry", inferred: "inferred", assumed: "assumed: the stricter class"};
const SCOPE_WORDS = {open: "not finished", complete: "complete", incomplete: "incomplete", denied: "denied", failed: "failed", skipped: "skipped"};

function ageText(days) {
  if (days === null) return "–";
  return days === 0 ? "today" : `${number(days)} d`;
}

// ---- The head of the page

const series = head.figures;
const last = series.at.length - 1;
const now = (name) => series[name][last];
const overdueSeries = series.at.map((_, i) => sum(CLASSES.map((name) => series["overdue_" + name.toLowerCase()][i])));

function drawTop() {
  document.title = `${head.inventory} – npm tokens`;
  byId("title").textContent = `npm tokens in ${head.inventory}`;
  const byClass = CLASSES.map((name) => `${name} ${number(now(name.toLowerCase()))}`).join(", ");
  byId("summary").textContent = `${counted(now("tokens"), "token")} in ${counted(now("places"), "place")} on ${day(head.generated_at)}. ` +
    `By class: ${byClass}.` + (now("references") ? ` Besides, ${counted(now("references"), "reference")} without a value.` : "") +
    (now("unfound") ? ` ${counted(now("unfound"), "more token")} alive at the registry, found in no store.` : "") +
    (now("exempt") ? ` ${number(now("exempt"))} under an exception of the policy.` : "");

  const sweep = head.sweeps[head.sweeps.length - 1];
  const when = sweep ? `sweep ${sweep.id} of ${moment(sweep.started_at)}` : "no sweep";
  const whole = sweep && sweep.state === "complete" && now("scopes_complete") === now("scopes");
  const line = byId("honesty");
  line.classList.toggle("incomplete", !whole);
  line.textContent = whole
    ? `From ${when}, which was complete: ${counted(now("scopes"), "scope")}.`
    : `Incomplete: ${when} ${sweep ? "is " + sweep.state : "was made"}, ${number(now("scopes_complete"))} of ` +
      `${counted(now("scopes"), "scope")} complete, ${counted(now("places_missed"), "place")} not read. The figures are lower bounds; see Coverage.`;
}

/// The point that a change is told against: the last one at least 30 days before now, else the first one.
function reference() {
  for (let i = last - 1; i >= 0; --i) {
    if (series.at[last] - series.at[i] >= 30 * DAY) return i;
  }
  return 0;
}

/// A change in words. Less is better, unless told otherwise.
function changeLine(values, moreIsBetter) {
  const then = reference();
  if (then === last || values[then] === null || values[last] === null) return el("p", {class: "change quiet"}, "no earlier figure");
  const change = values[last] - values[then];
  const since = day(series.at[then]);
  if (change === 0) return el("p", {class: "change quiet"}, "the same since ", el("span", {class: "tight"}, since));
  const better = change > 0 === moreIsBetter;
  return el("p", {class: `change ${better ? "good" : "late"}`},
    `${change > 0 ? "▲ up" : "▼ down"} ${number(Math.abs(change))} since `, el("span", {class: "tight"}, since), better ? ", better" : ", worse");
}

/// A line over time, with its first and last day in words.
function sparkline(name, values) {
  const points = values.map((value, i) => ({value, at: series.at[i]})).filter((point) => point.value !== null);
  if (points.length < 2) return [];
  const top = Math.max(...points.map((point) => point.value), 1);
  const [first, end] = [points[0], points[points.length - 1]];
  const x = (point) => 300 * (point.at - first.at) / Math.max(end.at - first.at, 1);
  const y = (point) => 46 - 42 * point.value / top;
  const path = points.map((point) => `${x(point).toFixed(1)},${y(point).toFixed(1)}`).join(" ");
  return [
    svg("svg", {viewBox: "0 0 300 48", preserveAspectRatio: "none", role: "img",
      "aria-label": `${name}: ${number(first.value)} on ${day(first.at)}, ${number(end.value)} on ${day(end.at)}, at most ${number(top)}`},
      svg("line", {class: "ground", x1: 0, x2: 300, y1: 46.5, y2: 46.5, "vector-effect": "non-scaling-stroke"}),
      svg("polygon", {class: "under", points: `0,46 ${path} 300,46`}),
      svg("polyline", {class: "trend", points: path, "vector-effect": "non-scaling-stroke"})),
    el("div", {class: "span", "aria-hidden": "true"}, el("span", {}, day(first.at)), el("span", {}, day(end.at))),
  ];
}

function tile({name, values, unit, goal, more, action = "Show them", show, moreIsBetter = false}) {
  const latest = values[last];
  return el("div", {class: "tile"},
    el("h3", {}, name),
    el("p", {class: "value"}, latest === null ? "–" : number(latest), unit ? el("small", {}, ` ${unit}`) : ""),
    changeLine(values, moreIsBetter),
    el("p", {class: "more"}, more ?? "", goal ? (latest === 0 ? "Goal of 0 reached" : "Goal: 0") : ""),
    sparkline(name, values),
    el("button", {type: "button", class: "link go", click: show}, action, el("span", {class: "off"}, `: ${name}`)));
}

function drawTiles() {
  const median = series.median_age_days.map((days) => days < 0 ? null : days);
  const covered = series.scopes.map((scopes, i) => scopes ? Math.floor(100 * series.scopes_complete[i] / scopes) : null);
  const byClass = CLASSES.map((name) => `${name} ${number(now("overdue_" + name.toLowerCase()))}`).join(" · ");
  byId("tiles").append(
    tile({name: "Median age", values: median, unit: "days", action: "Show the oldest", show: () => showOnly({sort: "age", desc: true})}),
    tile({name: "Past their date", values: overdueSeries, more: `${byClass}. `, goal: true, show: () => showOnly({list: ["overdue"]})}),
    tile({name: "Classic tokens still stored", values: series.classic, goal: true, show: () => showOnly({flag: "classic"})}),
    tile({name: "Dead, still stored", values: series.dead, goal: true, show: () => showOnly({list: ["dead"]})}),
    tile({name: "Without a package scope", values: series.without_package_scope, goal: true,
      action: "Show the proven ones", show: () => showOnly({list: ["all-packages"]})}),
    tile({name: "Coverage", values: covered, unit: "% of scopes", moreIsBetter: true,
      action: "Show what was not read", show: () => goTo("coverage-section"),
      more: `${number(now("scopes_complete"))} of ${counted(now("scopes"), "scope")} complete, ${counted(now("places_missed"), "place")} not read`}));
}

// ---- Ages

// Bars of equal width for spans that grow: cadences are at their edges, and old tokens stay in sight.
const EDGES = [0, 7, 14, 30, 60, 90, 180, 365, 730, 1095];
const EDGE_NAMES = ["0", "7 d", "14 d", "30 d", "60 d", "90 d", "180 d", "1 y", "2 y", "3 y"];

function binOf(age) {
  let bin = 0;
  while (bin + 1 < EDGES.length && age >= EDGES[bin + 1]) ++bin;
  return bin;
}

/// Class -> bin -> [in time, past its date].
function ageBins(all) {
  const bins = CLASSES.map(() => EDGES.map(() => [0, 0]));
  for (const token of all) {
    if (token.age !== null) ++bins[token.class][binOf(token.age)][token.overdue ? 1 : 0];
  }
  return bins;
}

function dueText(code) {
  const {policy} = head;
  const due = `due after ${counted(policy[CLASSES[code].toLowerCase()], "day")}`;
  return code === 0 ? `${due}, after ${counted(policy.a_top, "day")} for the top ${number(policy.top_ranks)}` : due;
}

function drawAges(bins, width) {
  const height = 64;
  const room = width / EDGES.length;
  const place = (days) => {
    const bin = binOf(days);
    const end = EDGES[bin + 1] ?? 2 * EDGES[bin];
    return room * (bin + Math.min((days - EDGES[bin]) / (end - EDGES[bin]), 1));
  };
  const top = Math.max(1, ...bins.flat().map(sum));
  byId("ages").replaceChildren(...CLASSES.map((name, code) => {
    const all = sum(bins[code].map(sum));
    const late = sum(bins[code].map((bin) => bin[1]));
    const words = `${counted(all, "token")}, ${number(late)} past their date; ${dueText(code)}`;
    const lowest = code === CLASSES.length - 1;
    const tall = height + (lowest ? 20 : 4);
    const picture = svg("svg", {width, height: tall, viewBox: `0 0 ${width} ${tall}`, role: "img",
      "aria-label": `Class ${name} by age: ${words}`});
    picture.append(svg("line", {class: "ground", x1: 0, x2: width, y1: height + 0.5, y2: height + 0.5}));
    bins[code].forEach((bin, i) => {
      let base = height;
      bin.forEach((tokensHere, isLate) => {
        if (tokensHere === 0) return;
        const size = Math.max(2, (height - 16) * tokensHere / top);
        base -= size;
        picture.append(svg("rect", {class: isLate ? "bar late" : "bar", x: room * i + 1, width: room - 2, y: base, height: size}));
      });
      if (sum(bin)) picture.append(svg("text", {class: "strong", x: room * (i + 0.5), y: base - 4, "text-anchor": "middle"}, number(sum(bin))));
      if (!lowest || width < 500 && i % 2) return;
      picture.append(svg("text", {x: room * i, y: height + 16, "text-anchor": i ? "middle" : "start"}, EDGE_NAMES[i]));
    });
    const due = place(head.policy[name.toLowerCase()]);
    picture.append(svg("line", {class: "due", x1: due, x2: due, y1: 0, y2: height + 4}));
    return el("div", {}, el("p", {}, el("span", {class: `badge ${name}`}, name), ` ${words}`), picture);
  }));
}

function drawAgeTable(bins) {
  const names = EDGE_NAMES.map((name, i) => i + 1 < EDGES.length ? `${EDGES[i]}–${EDGES[i + 1] - 1} d` : `${EDGES[i]} d and more`);
  byId("ages-table").append(el("table", {class: "plain"},
    el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "Age"), CLASSES.map((name) => el("th", {scope: "col", class: "number"}, name)))),
    el("tbody", {}, names.map((name, i) => el("tr", {}, el("th", {scope: "row"}, name),
      CLASSES.map((_, code) => el("td", {class: "number"}, cellText(bins[code][i]))))))));
}

function cellText([inTime, late]) {
  if (inTime + late === 0) return "";
  return late ? `${number(inTime + late)} (${number(late)} late)` : number(inTime);
}

// ---- Where tokens are held

const STORES_SHOWN = 6;

/// Tokens by store and class, stores of one source together: the largest first, the others on demand.
function drawStores(all) {
  const ofStore = stores.names.map((name) => ({name, byClass: [0, 0, 0, 0], source: "", total: 0}));
  const ofSource = new Map();
  for (const token of all) {
    const seen = new Set();
    for (const row of token.rows) {
      const store = ofStore[stores.of[row]];
      store.source = hits.source[row];
      if (!ofSource.has(store.source)) ofSource.set(store.source, {name: store.source, byClass: [0, 0, 0, 0], stores: [], total: 0});
      for (const [what, group] of [[store.name, store], ["\n" + store.source, ofSource.get(store.source)]]) {
        if (seen.has(what)) continue;
        seen.add(what);
        ++group.byClass[token.class];
        ++group.total;
      }
    }
  }
  for (const store of ofStore) if (store.total) ofSource.get(store.source).stores.push(store);
  const most = Math.max(1, ...ofStore.flatMap((store) => store.byClass));
  const line = (group, filter, kind, name) => el("tr", {class: kind}, el("th", {scope: "row"}, name),
    group.byClass.map((value, code) => el("td", {class: "number"}, value === 0 ? el("span", {class: "quiet"}, "·", el("span", {class: "off"}, "none")) :
      el("button", {type: "button", class: kind ? "" : `heat-${Math.ceil(4 * Math.sqrt(value / most))}`,
        "aria-label": `${number(value)}: class ${CLASSES[code]} in ${group.name}`,
        click: () => showOnly({...filter, class: [CLASSES[code]]})}, number(value)))),
    el("td", {class: "number sum"}, number(group.total)));
  const bodies = [...ofSource.values()].sort((a, b) => b.total - a.total).map((source) => {
    source.stores.sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
    const body = el("tbody", {});
    const draw = (shown) => {
      const rest = source.stores.length - shown;
      body.replaceChildren(
        line(source, {source: source.name}, "total", `${source.name}, ${counted(source.stores.length, "store")}`),
        ...source.stores.slice(0, shown).map((store) => line(store, {store: [store.name]}, "", store.name)),
        ...(rest > 0 ? [el("tr", {}, el("td", {colspan: 6}, el("button", {type: "button", class: "link go",
          click: () => draw(shown + 50)}, rest > 50 ? `Show 50 of ${number(rest)} other stores` : `Show ${counted(rest, "other store")}`)))] : []));
    };
    draw(source.stores.length > STORES_SHOWN + 2 ? STORES_SHOWN : source.stores.length);
    return body;
  });
  byId("stores").append(bodies.length === 0 ? el("p", {class: "quiet"}, "No token is stored.") : el("table", {class: "plain matrix"},
    el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "Store"),
      CLASSES.map((name) => el("th", {scope: "col", class: "number"}, el("span", {class: `badge ${name}`}, name))), el("th", {scope: "col", class: "number sum"}, "Tokens"))),
    bodies));
}

/// The sets of stores that hold the same tokens, those with the most tokens first.
function drawShared(all) {
  const groups = new Map();
  for (const token of all) {
    if (token.stores.length < 2) continue;
    const key = token.stores.slice().sort((a, b) => a - b).join(" ");
    if (!groups.has(key)) groups.set(key, {stores: token.stores.map((code) => stores.names[code]), tokens: 0});
    ++groups.get(key).tokens;
  }
  const sorted = [...groups.values()].sort((a, b) => b.tokens - a.tokens || b.stores.length - a.stores.length);
  if (sorted.length === 0) return byId("shared").append(el("p", {class: "quiet"}, "No token is held in more than one store."));
  const item = (group) => {
    const bar = el("i", {"aria-hidden": "true"});
    bar.style.width = `${100 * group.tokens / sorted[0].tokens}%`;
    const names = group.stores.slice(0, 6);
    return el("li", {}, el("button", {type: "button", click: () => showOnly({store: group.stores.slice(0, 20)})},
      el("b", {}, counted(group.tokens, "token")), ` in ${number(group.stores.length)} stores`, bar,
      names.map((name) => el("span", {}, name)), group.stores.length > names.length ? el("span", {}, `and ${number(group.stores.length - names.length)} more`) : ""));
  };
  const shown = 8;
  byId("shared").append(
    el("p", {class: "note"}, `${counted(sum(sorted.map((group) => group.tokens)), "token")} in ${counted(sorted.length, "set")} of stores`),
    el("ul", {class: "groups"}, sorted.slice(0, shown).map(item)));
  if (sorted.length > shown) {
    byId("shared").append(el("button", {type: "button", class: "link go", click: () => showOnly({list: ["repeated"]})},
      `${counted(sorted.length - shown, "other set")} of stores: show all tokens in several places`));
  }
}

// ---- Coverage

function drawCoverage() {
  const rows = head.coverage;
  const open = rows.filter((row) => row.state !== "complete" || row.missed > 0);
  byId("coverage-summary").textContent = rows.length === 0 ? "The inventory tells of no scope."
    : open.length === 0 ? `All ${counted(rows.length, "scope")} were read from end to end.`
    : `${counted(rows.length - open.length, "scope")} read from end to end, ${number(open.length)} not. What was not read is unknown, never gone.`;
  if (rows.length === 0) return;
  const table = (list) => el("table", {class: "plain"},
    el("thead", {}, el("tr", {}, ["Source", "Store", "Was", "Why"].map((name) => el("th", {scope: "col"}, name)),
      el("th", {scope: "col", class: "number"}, "Not read"), el("th", {scope: "col"}, "Ended"))),
    el("tbody", {}, list.map((row) => el("tr", {},
      el("td", {class: "tight"}, row.name === row.source ? row.source : `${row.name} (${row.source})`), el("th", {scope: "row"}, row.store),
      el("td", {class: row.state === "complete" ? "tight" : "tight late"}, SCOPE_WORDS[row.state]), el("td", {}, row.reason),
      el("td", {class: "number"}, row.missed ? number(row.missed) : ""), el("td", {class: "tight"}, row.ended_at === null ? "" : moment(row.ended_at))))));
  const shown = 200;
  const place = byId("coverage");
  if (open.length) place.append(table(open.slice(0, shown)));
  if (open.length > shown) place.append(el("p", {class: "note"}, `And ${number(open.length - shown)} more.`));
  const complete = rows.filter((row) => !open.includes(row));
  if (complete.length === 0) return;
  const rest = el("details", {}, el("summary", {}, `${counted(Math.min(complete.length, shown), "complete scope")}${complete.length > shown ? ` of ${number(complete.length)}` : ""}`));
  rest.append(table(complete.slice(0, shown)));
  place.append(rest);
}

// ---- The table's columns

const COLUMNS = [
  {id: "class", name: "Class", key: (row) => classCode[row]},
  {id: "age", name: "Age", key: (row) => hits.age_days[row]},
  {id: "token", name: "Token", key: titleOf},
  {id: "place", name: "Place", key: (row) => `${hits.store[row]}\u0000${hits.locator[row]}`},
  {id: "source", name: "Source", key: (row) => hits.source[row]},
  {id: "flags", name: "Flags", key: (row) => flagNames(row).join(" ") || null},
  {id: "rotate_by", name: "Rotate by", key: (row) => hits.rotate_by[row]},
  {id: "state", name: "State", key: (row) => hits.state[row]},
];
const columnOf = new Map(COLUMNS.map((column) => [column.id, column]));

/// The hits in the order of a column, from small to large; equal ones stay in the inventory's order, and hits without
/// this cell come last, which way ever one sorts. Made once for each column.
function orderOf(id) {
  const column = columnOf.get(id);
  if (column.order) return column.order;
  const keys = hits.id.map((_, row) => column.key(row));
  const filled = Uint32Array.from(keys.flatMap((key, row) => key === null ? [] : [row]));
  const empty = Uint32Array.from(keys.flatMap((key, row) => key === null ? [row] : []));
  filled.sort((a, b) => keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b);
  column.order = {filled, empty};
  return column.order;
}

// ---- The filter: what is asked for, and its spelling in the address

const NOTHING = {q: "", class: [], source: "", state: "stored", flag: "", list: [], store: [], sort: "class", desc: false, page: 1, show: ""};
let asked = {...NOTHING};
let found = [];
let remembering = 0;

function toFragment(filter) {
  const words = new URLSearchParams();
  for (const [name, fallback] of Object.entries(NOTHING)) {
    const value = filter[name];
    if (Array.isArray(fallback)) value.forEach((one) => words.append(name, one));
    else if (value !== fallback) words.set(name, value === true ? "1" : value);
  }
  return words.toString();
}

/// Takes what it knows, and nothing else: an address may come from anywhere.
function fromFragment(text) {
  const words = new URLSearchParams(text);
  const one = (name, known) => known(words.get(name) ?? "") ? words.get(name) : NOTHING[name];
  return {
    q: words.get("q") ?? "",
    class: CLASSES.filter((name) => words.getAll("class").includes(name)),
    source: one("source", (name) => sources.codes.has(name)),
    state: one("state", (name) => ["stored", "all", ...Object.keys(STATES)].includes(name)),
    flag: one("flag", (name) => flagBit.has(name)),
    list: LISTS.map((list) => list.id).filter((name) => words.getAll("list").includes(name)),
    store: words.getAll("store").filter((name) => stores.codes.has(name)),
    sort: one("sort", (name) => columnOf.has(name)),
    desc: words.get("desc") === "1",
    page: Math.max(1, Math.floor(Number(words.get("page"))) || 1),
    show: words.get("show") ?? "",
  };
}

/// The tokens that each of several stores holds.
function heldInAll(codes) {
  const held = new Uint8Array(tokens.rows.length);
  tokens.rows.forEach((rows, token) => {
    held[token] = codes.every((code) => rows.some((row) => stores.of[row] === code && stored[row])) ? 1 : 0;
  });
  return held;
}

/// A function that tells whether a hit fits. With several stores: its token is held in each of them, and it is in one.
function tester(filter) {
  const tests = [];
  const {state, flag} = filter;
  if (state === "stored") tests.push((row) => stored[row] === 1);
  else if (state !== "all") tests.push((row) => hits.state[row] === state);
  if (filter.class.length) {
    const wanted = CLASSES.map((name) => filter.class.includes(name));
    tests.push((row) => wanted[classCode[row]]);
  }
  if (filter.source) {
    const code = sources.codes.get(filter.source);
    tests.push((row) => sources.of[row] === code);
  }
  if (filter.store.length) {
    const codes = filter.store.map((name) => stores.codes.get(name));
    const inOne = new Uint8Array(stores.names.length);
    for (const code of codes) inOne[code] = 1;
    tests.push((row) => inOne[stores.of[row]] === 1);
    if (codes.length > 1) {
      const held = heldInAll(codes);
      tests.push((row) => held[tokens.of[row]] === 1);
    }
  }
  if (flag) tests.push((row) => hasFlag(row, flag));
  tests.push(...LISTS.filter((list) => filter.list.includes(list.id)).map((list) => list.test));
  for (const word of filter.q.toLowerCase().split(/\s+/)) {
    if (word) tests.push((row) => searchText[row].includes(word));
  }
  return (row) => {
    for (const test of tests) if (!test(row)) return false;
    return true;
  };
}

function search(filter) {
  const fits = tester(filter);
  const {filled, empty} = orderOf(filter.sort);
  const rows = [];
  for (let i = 0; i < filled.length; ++i) {
    const row = filled[filter.desc ? filled.length - 1 - i : i];
    if (fits(row)) rows.push(row);
  }
  for (const row of empty) if (fits(row)) rows.push(row);
  return rows;
}

function toggled(list, one) {
  return list.includes(one) ? list.filter((other) => other !== one) : [...list, one];
}

// ---- Drawing the table

const controls = {classes: new Map(), lists: new Map(), headers: new Map()};

function ask(change) {
  asked = {...asked, page: 1, ...change};
  found = search(asked);
  asked.page = Math.min(asked.page, pages());
  drawControls();
  drawRows();
  drawDetail();
  remember();
}

/// From the upper part of the page: this and nothing else.
function showOnly(change) {
  ask({...NOTHING, ...change});
  goTo("hits");
}

function goTo(section) {
  byId(section).scrollIntoView();
  byId(section).focus({preventScroll: true});
}

/// Puts what is asked into the address, a moment later: browsers refuse more than a few changes a second.
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    const fragment = toFragment(asked);
    history.replaceState(null, "", fragment ? `#${fragment}` : location.href.split("#")[0]);
  }, 200);
}

function pages() {
  return Math.max(1, Math.ceil(found.length / PAGE_ROWS));
}

function countTokens(rows) {
  const seen = new Uint8Array(tokens.rows.length);
  let different = 0;
  for (const row of rows) {
    if (seen[tokens.of[row]] || isReference(row)) continue;
    seen[tokens.of[row]] = 1;
    ++different;
  }
  return different;
}

function drawControls() {
  const put = (id, value) => { if (byId(id).value !== value) byId(id).value = value; };
  put("search", asked.q);
  put("source", asked.source);
  put("state", asked.state);
  put("flag", asked.flag);
  put("sort", `${asked.sort}${asked.desc ? " desc" : ""}`);
  for (const [name, button] of controls.classes) button.setAttribute("aria-pressed", asked.class.includes(name));
  for (const [id, button] of controls.lists) button.setAttribute("aria-pressed", asked.list.includes(id));
  for (const [id, header] of controls.headers) {
    header.setAttribute("aria-sort", asked.sort !== id ? "none" : asked.desc ? "descending" : "ascending");
    header.querySelector(".arrow").textContent = asked.sort !== id ? "" : asked.desc ? "▼" : "▲";
  }
  byId("count").textContent = `${number(found.length)} of ${counted(count, "place")}, ${counted(countTokens(found), "token")}`;
  byId("page").textContent = `Page ${number(asked.page)} of ${number(pages())}`;
  byId("previous").disabled = asked.page <= 1;
  byId("next").disabled = asked.page >= pages();
  byId("pager").hidden = pages() === 1;
  const restricted = toFragment({...asked, sort: NOTHING.sort, desc: false, page: 1, show: ""}) !== "";
  byId("chips").replaceChildren(
    ...asked.store.map((name) => el("button", {type: "button", "aria-label": `Remove the filter: store ${name}`,
      click: () => ask({store: asked.store.filter((other) => other !== name)})}, `${name} ×`)),
    ...(restricted ? [el("button", {type: "button", click: () => { ask({...NOTHING, sort: asked.sort, desc: asked.desc}); byId("search").focus(); }}, "Clear filters")] : []));
}

function drawRows(limit = PAGE_ROWS) {
  const first = limit === PAGE_ROWS ? (asked.page - 1) * PAGE_ROWS : 0;
  const rows = found.slice(first, first + limit).map(drawRow);
  if (rows.length === 0) rows.push(el("tr", {role: "row"}, el("td", {role: "cell", class: "empty", colspan: COLUMNS.length}, "Nothing fits. Clear a filter to see more.")));
  byId("rows").replaceChildren(...rows);
}

const CELLS = {
  class: (row) => [el("span", {class: `badge ${hits.class[row]}`}, hits.class[row]), hits.confidence[row] === "inferred" ? "" :
    el("span", {class: "sub"}, hits.confidence[row])],
  age: (row) => ageText(hits.age_days[row]),
  token: (row) => [el("button", {type: "button", class: "link mono", click: () => show(row)}, titleOf(row)),
    el("span", {class: "sub"}, subtitleOf(row))],
  place: (row) => el("span", {class: "place"}, hits.locator[row], el("span", {class: "sub"}, hits.store[row])),
  source: (row) => hits.source[row],
  flags: (row) => flagNames(row).map((name) => el("span", {class: BAD_FLAGS.has(name) ? "flag bad" : "flag"}, name)),
  rotate_by: (row) => [hits.rotate_by[row] === null ? "–" : date(hits.rotate_by[row]), hits.overdue[row] ? el("span", {class: "sub late"}, "past its date") : ""],
  state: (row) => STATES[hits.state[row]],
};

function drawRow(row) {
  return el("tr", {role: "row", class: `is-${hits.state[row]}`}, COLUMNS.map(({id}) => el("td", {role: "cell", class: `c-${id}`}, CELLS[id](row))));
}

// ---- One token

function show(row) {
  asked.show = hits.token[row] ?? hits.id[row];
  drawDetail();
  remember();
}

function drawDetail() {
  const dialog = byId("detail");
  const token = tokens.numbers.get(asked.show);
  if (token === undefined) {
    asked.show = "";
    if (dialog.open) dialog.close();
    return;
  }
  const rows = tokens.rows[token];
  const first = rows.find((row) => stored[row]) ?? rows[0];
  const here = rows.filter((row) => stored[row]).length;
  byId("detail-body").replaceChildren(
    el("h2", {id: "detail-title"}, el("span", {class: `badge ${hits.class[first]}`}, hits.class[first]), " ", el("span", {class: "mono"}, titleOf(first))),
    el("p", {class: "reason"}, `Class ${hits.class[first]}, ${CONFIDENCE_WORDS[hits.confidence[first]]}: ${hits.reason[first]}.`),
    facts([
      ["Token", hits.token[first] ?? "its value cannot be read"],
      ["Kind", hits.kind[first]],
      ["Registry", hits.registry[first]],
      ["Checksum", hits.checksum[first] === "none" ? null : hits.checksum[first]],
      ["Age", hits.age_days[first] === null ? null : ageLine(first)],
      ["Expires", hits.expires_at[first] === null ? null : date(hits.expires_at[first])],
      ["Rotate by", hits.rotate_by[first] === null ? null : date(hits.rotate_by[first]) + (hits.overdue[first] ? ", past its date" : "")],
    ]),
    el("h3", {}, `Held in ${counted(here, "place")}${here < rows.length ? `, gone from ${number(rows.length - here)}` : ""}`),
    el("ul", {class: "held"}, rows.slice(0, 500).map((row) => drawPlace(row, first))),
    rows.length > 500 ? el("p", {class: "note"}, `And ${number(rows.length - 500)} more.`) : "");
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
}

function ageLine(row) {
  const most = hits.age_days_max[row];
  return ageText(hits.age_days[row]) + (most > hits.age_days[row] ? ` to ${ageText(most)}` : "") + `, by ${BASIS_WORDS[hits.age_basis[row]] ?? hits.age_basis[row]}`;
}

function drawPlace(row, first) {
  const own = row !== first && hits.reason[row] !== hits.reason[first];
  const words = flagNames(row).map((name) => [name, FLAG_WORDS[name] ?? ""]);
  return el("li", {},
    el("div", {}, hits.locator[row]), el("div", {class: "sub"}, `${hits.source[row]} · ${hits.store[row]}`),
    own ? el("p", {class: "reason"}, `Class ${hits.class[row]} here: ${hits.reason[row]}.`) : "",
    facts([
      ["State", STATES[hits.state[row]] + (hits.gone_at[row] === null ? "" : ` since ${moment(hits.gone_at[row])}`)],
      ["Seen", `${day(hits.first_seen[row])} to ${day(hits.last_seen[row])}`],
      ["Stored", [hits.created_at[row] === null ? "" : `created ${moment(hits.created_at[row])}`,
        hits.updated_at[row] === null ? "" : `changed ${moment(hits.updated_at[row])}`].filter(Boolean).join(", ") || null],
      ["Rule", hits.rule[row]],
      ["Hit", hits.id[row]],
      ...(words.length ? [["Flags", words.map(([name, text]) => el("div", {}, el("b", {class: BAD_FLAGS.has(name) ? "late" : ""}, name), text ? `: ${text}` : ""))]] : []),
    ]));
}

function facts(pairs) {
  return el("dl", {}, pairs.filter(([, value]) => value !== null).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

// ---- Setting up

function makeControls() {
  const option = (value, text) => el("option", {value}, text);
  byId("source").append(option("", "All"), ...sources.names.slice().sort().map((name) => option(name, name)));
  byId("state").append(option("stored", "Stored now"), option("present", "Seen by the last sweep"), option("unknown", "Not reached"), option("gone", "Gone"), option("all", "All"));
  byId("flag").append(option("", "Any"), ...head.flags.slice().sort().map((name) => option(name, name)));
  for (const {id, name} of COLUMNS) {
    byId("sort").append(option(id, name), option(`${id} desc`, `${name}, reversed`));
    const header = el("th", {role: "columnheader", scope: "col", class: `c-${id}`, "aria-sort": "none"},
      el("button", {type: "button", click: () => ask({sort: id, desc: asked.sort === id && !asked.desc})}, name, el("span", {class: "arrow", "aria-hidden": "true"})));
    controls.headers.set(id, header);
    byId("columns").append(header);
  }
  const group = el("div", {});
  byId("classes").append(group);
  for (const name of CLASSES) {
    const button = el("button", {type: "button", "aria-pressed": "false", "aria-label": `Class ${name}`,
      click: () => ask({class: toggled(asked.class, name)})}, name);
    controls.classes.set(name, button);
    group.append(button);
  }
  const here = [...hits.id.keys()].filter((row) => stored[row]);
  for (const list of LISTS) {
    const button = el("button", {type: "button", "aria-pressed": "false", title: list.help, 
      click: () => ask({list: toggled(asked.list, list.id)})}, list.name, el("b", {}, number(countTokens(here.filter(list.test)))));
    controls.lists.set(list.id, button);
    byId("lists").append(button);
  }
}

function listen() {
  const on = (id, event, act) => byId(id).addEventListener(event, act);
  on("search", "input", () => ask({q: byId("search").value}));
  for (const id of ["source", "state", "flag"]) on(id, "change", () => ask({[id]: byId(id).value}));
  on("sort", "change", () => {
    const [sort, desc] = byId("sort").value.split(" ");
    ask({sort, desc: desc === "desc"});
  });
  on("filters", "submit", (event) => event.preventDefault());
  const turn = (by) => { ask({page: asked.page + by}); byId("hits").scrollIntoView(); };
  on("previous", "click", () => turn(-1));
  on("next", "click", () => turn(1));
  on("rows", "click", (event) => {
    const button = event.target.closest("button") ? null : event.target.closest("tr")?.querySelector("button");
    if (button && !String(getSelection())) button.click();
  });
  on("detail", "close", () => { asked.show = ""; remember(); });
  on("detail", "click", (event) => { if (event.target === byId("detail")) byId("detail").close(); });
  document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); goTo("hits"); });
  addEventListener("hashchange", () => ask(fromFragment(location.hash.slice(1))));
  addEventListener("beforeprint", () => {
    drawRows(PRINTED_ROWS);
    if (found.length > PRINTED_ROWS) byId("count").textContent += `; the first ${number(PRINTED_ROWS)} are printed`;
    drawAges(bins, 660);
  });
  addEventListener("afterprint", () => {
    drawControls();
    drawRows();
    drawAges(bins, byId("ages").clientWidth);
  });
}

function drawNotes() {
  const {policy} = head;
  byId("notes").append(
    el("table", {class: "plain"}, el("thead", {}, el("tr", {}, el("th", {scope: "col"}, "Class"), el("th", {scope: "col"}, "What it is"), el("th", {scope: "col"}, "Rotate every"))),
      el("tbody", {}, [
        ["A", `can publish a package that is among the ${number(policy.ranks)} most downloaded`, `${counted(policy.a, "day")}; ${counted(policy.a_top, "day")} for the top ${number(policy.top_ranks)}`],
        ["B", "can publish another package, or nobody can tell", counted(policy.b, "day")],
        ["C", "only installs, in CI", counted(policy.c, "day")],
        ["D", "a developer's own, on a personal machine", counted(policy.d, "day")],
      ].map(([name, what, days]) => el("tr", {}, el("th", {scope: "row"}, el("span", {class: `badge ${name}`}, name)), el("td", {}, what), el("td", {}, days))))),
    el("div", {},
      el("p", {}, "A class is confirmed where the registry said so, inferred from scope, name, place or use, and assumed where nothing tells: then it is the stricter one."),
      el("p", {}, "Not reached: the last sweep could not have seen it, so nobody knows whether it is still there. Gone: a complete sweep no longer found it."),
      el("p", {}, "A dead token that is still stored is debris: remove it. Where a workflow can publish by trusted publishing, the right rotation of its token is removal.")));
}

drawTop();
drawTiles();
const present = storedTokens();
const bins = ageBins(present);
drawAgeTable(bins);
drawStores(present);
drawShared(present);
drawCoverage();
drawNotes();
makeControls();
listen();
ask(fromFragment(location.hash.slice(1)));
new ResizeObserver(() => drawAges(bins, byId("ages").clientWidth)).observe(byId("ages"));

// The first click on a header need not wait for its order.
const warm = (left) => {
  if (left.length === 0) return;
  orderOf(left[0].id);
  setTimeout(warm, 0, left.slice(1));
};
setTimeout(warm, 0, COLUMNS);

})();
