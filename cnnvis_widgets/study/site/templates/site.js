// The script of a study's pages. They open from a folder, where a browser loads neither modules nor
// JSON: so this is one plain script, and what it reads are scripts as well.

/**
 * @typedef {{ name: string, title: string, slug: string }} Entry
 * @typedef {"network" | "picture" | "neuron" | "method"} Axis
 * @typedef {{ axes: Record<Axis, Entry[]>, cells: Record<string, [string, string]> }} Site
 * @typedef {{ rows: number, columns: number, height: number, width: number, block: number, scale: number,
 *   unit: string, values: string }} Numbers
 * @typedef {Numbers & { steps: Int16Array }} ReadNumbers
 * @typedef {Window & { cnnvisSite?: Site, cnnvisMap?: (address: string, map: Numbers) => void }} Page
 */

/** @type {Axis[]} */
const AXES = ["network", "picture", "neuron", "method"];
const page = /** @type {Page} */ (window);
/** @type {Record<string, ReadNumbers>} */
const numbers = {};
const root = document.body.dataset.root ?? "";

page.cnnvisMap = (address, map) => {
  const bytes = Uint8Array.from(atob(map.values), (c) => c.charCodeAt(0));
  numbers[address] = { ...map, steps: new Int16Array(bytes.buffer) };
};

/**
 * An element with attributes and children; "on…" attributes are listeners.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string)} children
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null)
      element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * A map's numbers: their script is loaded once.
 * @param {string} address
 * @returns {Promise<ReadNumbers | undefined>}
 */
function load(address) {
  if (numbers[address]) return Promise.resolve(numbers[address]);
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = `${root}${address}.js`;
    script.addEventListener("load", () => resolve(numbers[address]));
    script.addEventListener("error", () => resolve(undefined));
    document.head.append(script);
  });
}

/**
 * What a map says at a place of its picture, each from 0 to 1.
 * @param {ReadNumbers} map
 * @param {number} x
 * @param {number} y
 */
function valueAt(map, x, y) {
  const inside = (/** @type {number} */ part, /** @type {number} */ size) =>
    Math.min(size - 1, Math.max(0, Math.floor(part * size)));
  const row = inside(y, map.height);
  const column = inside(x, map.width);
  const at = Math.floor(row / map.block) * map.columns + Math.floor(column / map.block);
  return { row, column, value: map.steps[at] * map.scale };
}

/**
 * @param {ReadNumbers} map
 * @param {number} x
 * @param {number} y
 */
function read(map, x, y) {
  const { row, column, value } = valueAt(map, x, y);
  const block = map.block > 1 ? `, mean of ${map.block} × ${map.block} pixels` : "";
  return `row ${row}, column ${column}: ${value.toPrecision(4)} ${map.unit}${block}`;
}

/**
 * @param {PointerEvent} event
 * @param {Element} element
 */
function place(event, element) {
  const box = element.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

/** Reading out of the map on its own page. */
function watchMap() {
  const figure = /** @type {HTMLElement | null} */ (document.querySelector("figure[data-map]"));
  const image = figure?.querySelector("img");
  const output = figure?.querySelector("[data-value]");
  if (!figure || !image || !output) return;
  load(figure.dataset.map ?? "").then((map) => {
    if (!map) return;
    const readOut = (/** @type {PointerEvent} */ event) => {
      const [x, y] = place(event, image);
      output.textContent = read(map, x, y);
    };
    image.addEventListener("pointermove", readOut);
    image.addEventListener("pointerdown", readOut);
  });
}

/** @param {Record<string, string>} choices */
function writeHash(choices) {
  history.replaceState(null, "", `#${new URLSearchParams(choices)}`);
}

/** @returns {Record<string, string>} */
function readHash() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

/**
 * A choice out of several, with its label.
 * @param {string} label
 * @param {{ value: string, title: string }[]} options
 * @param {string} chosen
 * @param {(value: string) => void} change
 */
function choice(label, options, chosen, change) {
  const select = /** @type {HTMLSelectElement} */ (
    make(
      "select",
      { onchange: (/** @type {Event} */ e) => change(/** @type {HTMLSelectElement} */ (e.target).value) },
      ...options.map((o) => make("option", { value: o.value, selected: o.value === chosen }, o.title)),
    )
  );
  select.setAttribute("aria-label", label); // else its options belong to its name
  return make("label", {}, label, select);
}

/**
 * The address of a map, and its place in the table of runs.
 * @param {Site} site
 * @param {Record<Axis, number>} at
 */
function cellAt(site, at) {
  const address = ["maps", ...AXES.map((axis) => site.axes[axis][at[axis]].slug)].join("/");
  return { address, run: site.cells[AXES.map((axis) => at[axis]).join(".")] };
}

/**
 * @param {Site} site
 * @param {Record<Axis, number>} at
 */
function cell(site, at) {
  const { address, run } = cellAt(site, at);
  if (!run || run[1]) return make("td", { title: run ? run[1] : false }, "–");
  const alt = `${site.axes.method[at.method].title} of ${run[0]} on ${site.axes.picture[at.picture].title}`;
  const image = make("img", { src: `${address}.webp`, alt, title: alt, loading: "lazy" });
  return make("td", {}, make("a", { href: `${address}.html` }, image));
}

/**
 * @param {Axis} axis
 * @param {Entry} entry
 * @param {string} scope
 */
function heading(axis, entry, scope) {
  const picture = axis === "picture" ? [make("img", { src: `pictures/${entry.slug}.webp`, alt: "" })] : [];
  return make("th", { scope }, ...picture, entry.title);
}

/**
 * @param {Site} site
 * @param {{ rows: Axis, columns: Axis, at: Record<Axis, number> }} state
 */
function table(site, state) {
  const { rows, columns, at } = state;
  const head = site.axes[columns].map((entry) => heading(columns, entry, "col"));
  const body = site.axes[rows].map((entry, row) => {
    const cells = site.axes[columns].map((_, column) =>
      cell(site, { ...at, [rows]: row, [columns]: column }),
    );
    return make("tr", {}, heading(rows, entry, "row"), ...cells);
  });
  const corner = make("th", { scope: "col" }, `${rows} ↓ ${columns} →`);
  return make("table", {}, make("thead", {}, make("tr", {}, corner, ...head)), make("tbody", {}, ...body));
}

/**
 * The grid: two axes down and across, the other two chosen; the address holds all of it.
 * @param {HTMLElement} holder
 * @param {Site} site
 */
function grid(holder, site) {
  const hash = readHash();
  const axis = (/** @type {string} */ name, /** @type {Axis} */ usual) => {
    return AXES.find((one) => one === hash[name]) ?? usual;
  };
  const state = { rows: axis("rows", "picture"), columns: axis("columns", "method") };
  if (state.rows === state.columns) state.columns = state.rows === "method" ? "picture" : "method";
  /** @type {any} */
  const at = {};
  for (const one of AXES)
    at[one] = Math.max(
      0,
      site.axes[one].findIndex((e) => e.slug === hash[one]),
    );
  const setAxis = (/** @type {"rows" | "columns"} */ side, /** @type {Axis} */ value) => {
    const other = side === "rows" ? "columns" : "rows";
    if (state[other] === value) state[other] = state[side];
    state[side] = value;
    draw();
  };
  const axes = AXES.map((one) => ({ value: one, title: one }));
  const fixed = (/** @type {Axis} */ one) => {
    const options = site.axes[one].map((e, i) => ({ value: String(i), title: e.title }));
    return choice(one, options, String(at[one]), (value) => {
      at[one] = Number(value);
      draw();
    });
  };
  const draw = () => {
    const rest = AXES.filter((one) => one !== state.rows && one !== state.columns);
    writeHash({ ...state, ...Object.fromEntries(rest.map((one) => [one, site.axes[one][at[one]].slug])) });
    const swap = () => setAxis("rows", state.columns);
    const choices = make(
      "div",
      { class: "cnnvis-choices" },
      choice("down", axes, state.rows, (value) => setAxis("rows", /** @type {Axis} */ (value))),
      choice("across", axes, state.columns, (value) => setAxis("columns", /** @type {Axis} */ (value))),
      make("button", { type: "button", onclick: swap }, "Swap rows and columns"),
      ...rest.map(fixed),
    );
    holder.replaceChildren(choices, make("div", { class: "cnnvis-wide" }, table(site, { ...state, at })));
  };
  draw();
}

/**
 * Four choices that name one map.
 * @param {Site} site
 * @param {string} title
 * @param {Record<Axis, number>} at
 * @param {() => void} changed
 */
function mapChoice(site, title, at, changed) {
  const choices = AXES.map((axis) => {
    const options = site.axes[axis].map((e, i) => ({ value: String(i), title: e.title }));
    return choice(axis, options, String(at[axis]), (value) => {
      at[axis] = Number(value);
      changed();
    });
  });
  const legend = make("legend", {}, title);
  return make("fieldset", {}, legend, make("div", { class: "cnnvis-choices" }, ...choices));
}

/**
 * @param {Site} site
 * @param {string | undefined} address
 * @returns {Record<Axis, number> | undefined}
 */
function named(site, address) {
  const parts = (address ?? "").split("/").slice(1);
  const places = AXES.map((axis, i) => site.axes[axis].findIndex((e) => e.slug === parts[i]));
  if (places.some((n) => n < 0)) return undefined;
  return /** @type {any} */ (Object.fromEntries(AXES.map((axis, i) => [axis, places[i]])));
}

/**
 * Two maps, one over the other: the first is left of the slider, the second right of it.
 * @param {Site} site
 * @param {Record<Axis, number>[]} both
 */
function stage(site, both) {
  const cells = both.map((at) => cellAt(site, at));
  const missing = cells.findIndex(({ run }) => !run || run[1]);
  if (missing >= 0) {
    const why = cells[missing].run?.[1] || "it was not asked for";
    return make("p", {}, `${missing ? "The second" : "The first"} map is not there: ${why}`);
  }
  const [under, over] = cells.map(({ address, run }) => make("img", { src: `${address}.webp`, alt: run[0] }));
  const line = make("i");
  const output = make("output", {}, "Point at the maps to read their values.");
  const slider = /** @type {HTMLInputElement} */ (
    make("input", { type: "range", min: 0, max: 100, value: 50, class: "cnnvis-slider" })
  );
  slider.setAttribute("aria-label", "How much of the first map is shown, in percent");
  const move = () => {
    over.style.clipPath = `inset(0 0 0 ${slider.value}%)`;
    line.style.left = `calc(${slider.value}% - 1px)`;
  };
  slider.addEventListener("input", move);
  move();
  const box = make("div", { class: "cnnvis-stage" }, under, over, line);
  Promise.all(cells.map(({ address }) => load(address))).then((maps) => {
    box.addEventListener("pointermove", (event) => {
      const [x, y] = place(event, box);
      output.textContent = maps.map((map) => (map ? read(map, x, y) : "–")).join(" | ");
    });
  });
  return make("div", {}, slider, box, make("p", {}, output));
}

/**
 * @param {HTMLElement} holder
 * @param {Site} site
 */
function compare(holder, site) {
  const hash = readHash();
  const first = named(site, hash.a) ?? { network: 0, picture: 0, neuron: 0, method: 0 };
  const next = (first.method + 1) % site.axes.method.length;
  const second = named(site, hash.b) ?? { ...first, method: next };
  const shown = make("div");
  const draw = () => {
    writeHash({ a: cellAt(site, first).address, b: cellAt(site, second).address });
    shown.replaceChildren(stage(site, [first, second]));
  };
  const choices = [
    mapChoice(site, "Left of the slider", first, draw),
    mapChoice(site, "Right of it", second, draw),
  ];
  holder.replaceChildren(shown, make("div", {}, ...choices));
  draw();
}

function start() {
  const site = page.cnnvisSite;
  watchMap();
  if (!site) return;
  const gridHolder = /** @type {HTMLElement | null} */ (document.querySelector("[data-grid]"));
  const compareHolder = /** @type {HTMLElement | null} */ (document.querySelector("[data-compare]"));
  if (gridHolder) grid(gridHolder, site);
  if (compareHolder) compare(compareHolder, site);
}

start();
