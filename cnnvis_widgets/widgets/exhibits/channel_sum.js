/** A weighted sum of maps, added up one channel at a time; see channel_sum.py. */
const OPACITY = 0.6; // of the map over the picture, as in rendering.overlay
const CELL = 32; // pixels of a cell where there is no picture
const PACE_MS = 140; // between two steps of the play button

const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const integers = (view) => new Uint32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
const bytes = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** What Python sent, and the sums that follow from it. */
class Sums {
  constructor(data) {
    [this.rows, this.columns, this.units] = data.shape;
    this.cells = this.rows * this.columns;
    this.maps = floats(data.maps); // unit after unit
    this.weights = floats(data.weights);
    this.orders = { contribution: integers(data.orders.contribution), weight: integers(data.orders.weight) };
    this.picture = data.size.length ? bytes(data.picture) : null;
    this.size = data.size.length ? data.size : [this.rows * CELL, this.columns * CELL];
    this.tables = { sequential: bytes(data.tables.sequential), diverging: bytes(data.tables.diverging) };
    this.alt = data.alt;
    this.largest = this.maps.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.signed = this.maps.some((value) => value < 0);
    /** The ends of the colour bar, for each order: no running sum lies beyond them. */
    this.ends = { contribution: this.range("contribution"), weight: this.range("weight") };
  }

  add(sum, unit) {
    const start = unit * this.cells;
    for (let i = 0; i < this.cells; i += 1) sum[i] += this.weights[unit] * this.maps[start + i];
    return sum;
  }

  /** The sum of the first `count` channels, before the ReLU. */
  first(count, order) {
    const sum = new Float64Array(this.cells);
    for (const unit of this.orders[order].subarray(0, count)) this.add(sum, unit);
    return sum;
  }

  range(order) {
    const sum = new Float64Array(this.cells);
    let [high, size] = [0, 0];
    for (const unit of this.orders[order]) {
      for (const value of this.add(sum, unit)) {
        high = Math.max(high, value);
        size = Math.max(size, Math.abs(value));
      }
    }
    return { high, size };
  }

  one(unit) {
    return this.maps.subarray(unit * this.cells, (unit + 1) * this.cells);
  }

  contribution(unit) {
    return this.weights[unit] * this.one(unit).reduce((total, value) => total + value, 0);
  }
}

const positive = (values) => values.map((value) => Math.max(value, 0));
const total = (values) => values.reduce((sum, value) => sum + value, 0);

/** How much two maps share, 0 to 1: the smaller values' sum over the larger values' sum. */
function overlap(one, other) {
  const larger = total(one.map((value, i) => Math.max(value, other[i])));
  return larger > 0 ? total(one.map((value, i) => Math.min(value, other[i]))) / larger : 1;
}

/** The counts that the slider stops at: each one at first, then ever wider steps. */
function stopsFor(units) {
  const stops = [];
  for (let n = 0; n < units; n += Math.max(1, Math.floor(n / 16))) stops.push(n);
  return [...stops, units];
}

/** Where a fine grid's pixels lie between the centres of a coarse one: two cells and a share. */
function between(fine, coarse, smooth) {
  return Array.from({ length: fine }, (_, i) => {
    const at = ((i + 0.5) * coarse) / fine - 0.5;
    const low = smooth ? Math.floor(at) : Math.round(at);
    if (!smooth) return [low, low, 0];
    return [Math.max(0, low), Math.min(coarse - 1, low + 1), at - low];
  });
}

/** The row of a colour table for a value; zero is the first row, or the middle. */
function place(value, end, kind) {
  const share = end > 0 ? value / end : 0;
  return Math.round(255 * Math.min(1, Math.max(0, kind === "diverging" ? 0.5 + share / 2 : share)));
}

/** Draw the map over the picture, in greys under colours of which zero's is fixed. */
function paint(canvas, sums, values, end, kind, smooth) {
  const [rows, columns] = sums.size;
  Object.assign(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const table = sums.tables[kind];
  const across = between(columns, sums.columns, smooth);
  between(rows, sums.rows, smooth).forEach(([top, bottom, down], r) => {
    across.forEach(([left, right, over], c) => {
      const upper = values[top * sums.columns + left] * (1 - over) + values[top * sums.columns + right] * over;
      const lower = values[bottom * sums.columns + left] * (1 - over) + values[bottom * sums.columns + right] * over;
      const colour = 3 * place(upper * (1 - down) + lower * down, end, kind);
      const at = r * columns + c;
      const pixel = sums.picture?.subarray(3 * at, 3 * at + 3);
      const grey = pixel ? Math.round(0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]) : 0;
      const opacity = pixel ? OPACITY : 1;
      for (let k = 0; k < 3; k += 1) image.data[4 * at + k] = Math.round(grey * (1 - opacity) + table[colour + k] * opacity);
      image.data[4 * at + 3] = 255;
    });
  });
  context.putImageData(image, 0, 0);
}

/** The colour bar in the colours that are seen: over a picture, mixed with mid-grey. */
function paintBar(canvas, sums, kind) {
  Object.assign(canvas, { width: 256, height: 1 });
  const context = canvas.getContext("2d");
  const image = context.createImageData(256, 1);
  const opacity = sums.picture ? OPACITY : 1;
  for (let i = 0; i < 1024; i += 1) {
    image.data[i] = i % 4 === 3 ? 255 : Math.round(128 * (1 - opacity) + sums.tables[kind][3 * (i >> 2) + (i % 4)] * opacity);
  }
  context.putImageData(image, 0, 0);
}

/** One channel's map, a pixel for each cell; all on one scale. */
function paintCard(canvas, sums, unit) {
  const kind = sums.signed ? "diverging" : "sequential";
  paint(canvas, { ...sums, size: [sums.rows, sums.columns], picture: null }, sums.one(unit), sums.largest, kind, false);
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "channel-sum", signal);
  const choose = chooser(model);
  let sums = new Sums(model.get("_data"));
  let stops = stopsFor(sums.units);

  const canvas = h("canvas", { class: "cnnvis-sum-map", role: "img" });
  const zeros = h("span", { class: "cnnvis-sum-zeros" }, "all zeros");
  const bar = h("canvas", { class: "cnnvis-sum-bar", "aria-hidden": "true" });
  const [low, name, high] = [h("span"), h("span", { class: "cnnvis-hint" }), h("span")];
  const slider = h("input", { type: "range", min: 0, "aria-label": "how many channels are added up" });
  const play = h("button", { type: "button" });
  const entry = numberField({ label: "", what: "number of channels", whole: true, signal, onvalue: (n) => choose("count", n) });
  entry.input.setAttribute("aria-label", "exact number of channels");
  const of = h("span");
  const reached = h("span");
  const meter = h("span", { class: "cnnvis-sum-meter", "aria-hidden": "true" }, h("span"));
  const adds = h("p", { class: "cnnvis-hint" });
  const spoken = h("span", { class: "cnnvis-unseen", role: "status" });
  const cards = h("div", { class: "cnnvis-cards", role: "radiogroup" });
  const segments = (trait, label, options) => {
    const group = h("div", { class: "cnnvis-segments", role: "radiogroup", "aria-label": label },
      ...options.map(([key, text, title]) => h("button", { type: "button", role: "radio", "data-key": key, title }, text)));
    roving(group, "[role=radio]", (item) => choose(trait, item.dataset.key), signal);
    watch(model, [trait], () => mark(group, "[role=radio]", model.get(trait)), signal);
    return h("div", { class: "cnnvis-line" }, h("span", { "aria-hidden": "true" }, label), group);
  };
  const box = (trait, text, title) => {
    const input = h("input", { type: "checkbox" });
    input.addEventListener("change", () => choose(trait, input.checked), { signal });
    watch(model, [trait], () => { input.checked = model.get(trait); }, signal);
    return h("label", { class: "cnnvis-sum-box", title }, input, text);
  };
  field.append(h("div", { class: "cnnvis-sum" },
    h("div", { class: "cnnvis-sum-left" },
      h("div", { class: "cnnvis-sum-frame" }, canvas, zeros),
      h("div", { class: "cnnvis-sum-scale" }, low, bar, high), name,
      h("div", { class: "cnnvis-line" }, play, slider),
      entry.complaint,
      h("div", { class: "cnnvis-line" }, entry.element, of),
      h("div", { class: "cnnvis-line" }, reached, meter), adds, spoken),
    h("div", { class: "cnnvis-sum-right" },
      segments("order", "first come the channels", [
        ["contribution", "that add most", "the size of α_k A_k, summed over all places"],
        ["weight", "of largest weight", "the size of α_k, whatever the map holds"]]),
      cards,
      segments("view", "over the picture", [
        ["sum", "the sum so far", "α_1 A_1 + α_2 A_2 + …"],
        ["last", "the last channel alone", "its own map A_k, not weighted"]]),
      h("div", { class: "cnnvis-line" },
        box("relu", "ReLU (negative sums become 0)", "off: blue speaks against the neuron, red for it"),
        box("smooth", "smooth", "off: the cells as the layer has them")))));

  const count = () => Math.min(model.get("count"), sums.units);
  let speaking = 0;
  const draw = () => {
    const [n, order, relu] = [count(), model.get("order"), model.get("relu")];
    const ranking = sums.orders[order];
    const sum = sums.first(n, order);
    const all = sums.first(sums.units, order);
    const alone = model.get("view") === "last" && n > 0;
    const values = alone ? sums.one(ranking[n - 1]) : relu ? positive(sum) : sum;
    const signed = alone ? sums.signed : !relu;
    const end = alone ? sums.largest : relu ? sums.ends[order].high : sums.ends[order].size;
    const kind = signed ? "diverging" : "sequential";
    paint(canvas, sums, values, end, kind, model.get("smooth"));
    paintBar(bar, sums, kind);
    zeros.hidden = values.some((value) => value !== 0);
    [low.textContent, high.textContent] = [signed ? short(-end) : "0", short(end)];
    name.textContent = alone ? `activation of unit ${ranking[n - 1]}` : relu ? "weighted sum after ReLU" : "weighted sum, both signs";

    const share = overlap(positive(sum), positive(all));
    const percent = `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)} %`;
    const at = stops.findLastIndex((stop) => stop <= n);
    Object.assign(slider, { max: String(stops.length - 1), value: String(at) });
    slider.setAttribute("aria-valuetext", `${n} of ${sums.units} channels, overlap with the whole map ${percent}`);
    entry.show(n);
    of.textContent = `of ${sums.units} channels`;
    reached.textContent = `overlap with the whole map: ${percent}`;
    meter.firstElementChild.style.width = `${100 * share}%`;
    adds.textContent = `adds up to ${short(total(sum))} of ${short(total(all))} (all places, before the ReLU)`;
    const strongest = values.indexOf(values.reduce((most, value) => Math.max(most, value), -Infinity));
    const where = zeros.hidden ? `strongest at row ${Math.floor(strongest / sums.columns)}, column ${strongest % sums.columns}` : "all zeros";
    const what = alone ? `Map of unit ${ranking[n - 1]}` : `Sum of ${n} of ${sums.units} channels`;
    canvas.setAttribute("aria-label", `${what}${sums.alt && ` over ${sums.alt}`}, ${sums.rows} × ${sums.columns} values: ${where}.`);
    for (const card of cards.children) card.classList.toggle("cnnvis-sum-out", Number(card.dataset.key) > n);
    clearTimeout(speaking);
    speaking = window.setTimeout(() => { spoken.textContent = `${n} channels, overlap ${percent}`; }, 700);
  };

  watch(model, ["_data"], () => {
    sums = new Sums(model.get("_data"));
    stops = stopsFor(sums.units);
    entry.limits(0, sums.units);
  }, signal);
  choices(model, cards, {
    traits: ["_data", "order", "shown"],
    records: () => [...sums.orders[model.get("order")].subarray(0, model.get("shown"))].map((unit, i) => ({ place: i + 1, unit })),
    key: "place",
    value: "count",
    attributes: ({ place: first, unit }) => ({ title: `add up the first ${first}: to unit ${unit}` }),
    draw: ({ unit }) => {
      const map = h("canvas", { "aria-hidden": "true" });
      paintCard(map, sums, unit);
      const weight = sums.weights[unit];
      const sign = (value) => (value > 0 ? "+" : "") + short(value);
      return [map, h("span", { class: "cnnvis-title" }, `unit ${unit}`),
        h("span", { class: weight < 0 ? "cnnvis-sum-minus" : "cnnvis-sum-plus" }, `α ${sign(weight)}`),
        h("span", { class: "cnnvis-note" }, `adds ${sign(sums.contribution(unit))}`)];
    },
  }, signal);
  watch(model, ["label"], () => cards.setAttribute("aria-label", "the channels in their order; choose one to add up to it"), signal);
  watch(model, ["_data", "count", "order", "view", "relu", "smooth", "shown"], draw, signal);

  slider.addEventListener("input", () => choose("count", stops[Number(slider.value)]), { signal });
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶ Add up";
  };
  const step = () => {
    const next = stops.find((n) => n > count());
    if (next === undefined || model.get("disabled")) stop();
    else choose("count", next);
  };
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (count() === sums.units) choose("count", 0);
    timer = window.setInterval(step, PACE_MS);
    play.textContent = "❚❚ Pause";
    return undefined;
  }, { signal });
  stop();
  signal.addEventListener("abort", () => { stop(); clearTimeout(speaking); });
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
