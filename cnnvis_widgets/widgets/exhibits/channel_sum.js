/** A weighted sum of maps, added up one channel at a time; see channel_sum.py. */
import { errorLine, h, itemsOf, listen, mark, rendering, roving, short, watch } from "../toolkit/base.js";
import { choices, chooser, frame, numberField } from "../toolkit/control.js";
import { bytesOf, countsOf, floatsOf, paint } from "../toolkit/pixels.js";
import { ChannelSums, overlap, positive, stopsFor, total } from "./maths/channel_sums.js";

const OPACITY = 0.6; // of the map over the picture, as in rendering.overlay
const CELL = 32; // pixels of a cell where there is no picture
const PACE_MS = 140; // between two steps of the play button

/** @typedef {"sequential" | "diverging"} Kind */

/** What Python sent, and the sums that follow from it. */
class Sums extends ChannelSums {
  /** @param {any} data */
  constructor(data) {
    const { contribution, weight } = data.orders;
    super(floatsOf(data.maps), floatsOf(data.weights), {
      contribution: countsOf(contribution),
      weight: countsOf(weight),
    });
    const [rows, columns, units] = data.shape;
    this.rows = rows;
    this.columns = columns;
    this.units = units;
    this.picture = data.size.length ? bytesOf(data.picture) : null;
    this.size = data.size.length ? data.size : [rows * CELL, columns * CELL];
    this.tables = { sequential: bytesOf(data.tables.sequential), diverging: bytesOf(data.tables.diverging) };
    this.alt = data.alt;
    /** The ends of the colour bar, for each order: no running sum is beyond them. */
    this.ends = { contribution: this.range("contribution"), weight: this.range("weight") };
  }
}

/** Where a fine grid's pixels are between the centres of a coarse one: two cells and a share. */
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
function paintMap(canvas, sums, values, end, kind, smooth) {
  const [rows, columns] = sums.size;
  const image = new ImageData(columns, rows);
  const table = sums.tables[kind];
  const across = between(columns, sums.columns, smooth);
  between(rows, sums.rows, smooth).forEach(([top, bottom, down], r) => {
    across.forEach(([left, right, over], c) => {
      const upper =
        values[top * sums.columns + left] * (1 - over) + values[top * sums.columns + right] * over;
      const lower =
        values[bottom * sums.columns + left] * (1 - over) + values[bottom * sums.columns + right] * over;
      const colour = 3 * place(upper * (1 - down) + lower * down, end, kind);
      const at = r * columns + c;
      const pixel = sums.picture?.subarray(3 * at, 3 * at + 3);
      const grey = pixel ? Math.round(0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]) : 0;
      const opacity = pixel ? OPACITY : 1;
      for (let k = 0; k < 3; k += 1)
        image.data[4 * at + k] = Math.round(grey * (1 - opacity) + table[colour + k] * opacity);
      image.data[4 * at + 3] = 255;
    });
  });
  paint(canvas, image);
}

/** The colour bar in the colours that are seen: over a picture, mixed with mid-grey. */
function paintBar(canvas, sums, kind) {
  const image = new ImageData(256, 1);
  const opacity = sums.picture ? OPACITY : 1;
  for (let i = 0; i < 1024; i += 1) {
    image.data[i] =
      i % 4 === 3
        ? 255
        : Math.round(128 * (1 - opacity) + sums.tables[kind][3 * (i >> 2) + (i % 4)] * opacity);
  }
  paint(canvas, image);
}

/** One channel's map, a pixel for each cell; all on one scale. */
function paintCard(canvas, sums, unit) {
  const kind = sums.signed ? "diverging" : "sequential";
  paintMap(
    canvas,
    { ...sums, size: [sums.rows, sums.columns], picture: null },
    sums.one(unit),
    sums.largest,
    kind,
    false,
  );
}

class ChannelSumView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "channel-sum", signal);
    this.choose = chooser(model);
    this.sums = new Sums(model.get("_data"));
    this.stops = stopsFor(this.sums.units);
    this.canvas = h("canvas", { class: "cnnvis-sum-map", role: "img" });
    this.zeros = h("span", { class: "cnnvis-sum-zeros" }, "all zeros");
    this.bar = h("canvas", { class: "cnnvis-sum-bar", "aria-hidden": "true" });
    this.low = h("span");
    this.name = h("span", { class: "cnnvis-hint" });
    this.high = h("span");
    this.slider = h("input", { type: "range", min: 0, "aria-label": "how many channels are added up" });
    this.play = h("button", { type: "button" });
    this.entry = numberField({ label: "", whole: true, signal, onvalue: (n) => this.choose("count", n) });
    this.entry.input.setAttribute("aria-label", "exact number of channels");
    this.of = h("span");
    this.reached = h("span");
    this.filled = h("span");
    this.adds = h("p", { class: "cnnvis-hint" });
    this.spoken = h("span", { class: "cnnvis-unseen", role: "status" });
    this.cards = h("div", { class: "cnnvis-cards", role: "radiogroup" });
    const meter = h("span", { class: "cnnvis-sum-meter", "aria-hidden": "true" }, this.filled);
    this.field.append(
      h(
        "div",
        { class: "cnnvis-sum" },
        h(
          "div",
          { class: "cnnvis-sum-left" },
          h("div", { class: "cnnvis-sum-frame" }, this.canvas, this.zeros),
          h("div", { class: "cnnvis-sum-scale" }, this.low, this.bar, this.high),
          this.name,
          h("div", { class: "cnnvis-line" }, this.play, this.slider),
          this.entry.complaint,
          h("div", { class: "cnnvis-line" }, this.entry.element, this.of),
          h("div", { class: "cnnvis-line" }, this.reached, meter),
          this.adds,
          this.spoken,
        ),
        h(
          "div",
          { class: "cnnvis-sum-right" },
          this.segments("order", "first come the channels", [
            ["contribution", "that add most", "the size of α_k A_k, summed over all places"],
            ["weight", "of largest weight", "the size of α_k, whatever the map holds"],
          ]),
          this.cards,
          this.segments("view", "over the picture", [
            ["sum", "the sum so far", "α_1 A_1 + α_2 A_2 + …"],
            ["last", "the last channel alone", "its own map A_k, not weighted"],
          ]),
          h(
            "div",
            { class: "cnnvis-line" },
            this.box(
              "relu",
              "ReLU (negative sums become 0)",
              "off: blue speaks against the neuron, red for it",
            ),
            this.box("smooth", "smooth", "off: the cells as the layer has them"),
          ),
        ),
      ),
    );
    this.speaking = 0;
    this.timer = 0;
    this.stop();
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["_data"], () => {
      this.sums = new Sums(this.model.get("_data"));
      this.stops = stopsFor(this.sums.units);
      this.entry.limits(0, this.sums.units);
    });
    choices(
      this.model,
      this.cards,
      {
        traits: ["_data", "order", "shown"],
        records: () =>
          [...this.sums.orders[this.model.get("order")].subarray(0, this.model.get("shown"))].map(
            (unit, i) => ({ place: i + 1, unit }),
          ),
        key: "place",
        value: "count",
        attributes: ({ place: first, unit }) => ({ title: `add up the first ${first}: to unit ${unit}` }),
        draw: ({ unit }) => {
          const map = h("canvas", { "aria-hidden": "true" });
          paintCard(map, this.sums, unit);
          const weight = this.sums.weights[unit];
          const sign = (value) => (value > 0 ? "+" : "") + short(value);
          return [
            map,
            h("span", { class: "cnnvis-title" }, `unit ${unit}`),
            h("span", { class: weight < 0 ? "cnnvis-sum-minus" : "cnnvis-sum-plus" }, `α ${sign(weight)}`),
            h("span", { class: "cnnvis-note" }, `adds ${sign(this.sums.contribution(unit))}`),
          ];
        },
      },
      this.signal,
    );
    watch(this.signal, this.model, ["label"], () =>
      this.cards.setAttribute("aria-label", "the channels in their order; choose one to add up to it"),
    );
    watch(this.signal, this.model, ["_data", "count", "order", "view", "relu", "smooth", "shown"], () =>
      this.draw(),
    );
    listen(this.signal, this.slider, "input", () =>
      this.choose("count", this.stops[Number(this.slider.value)]),
    );
    listen(this.signal, this.play, "click", () => {
      if (this.timer) {
        this.stop();
        return;
      }
      if (this.count() === this.sums.units) this.choose("count", 0);
      this.timer = window.setInterval(() => this.step(), PACE_MS);
      this.play.textContent = "❚❚ Pause";
    });
    this.signal.addEventListener("abort", () => {
      this.stop();
      clearTimeout(this.speaking);
    });
    errorLine(this.model, this.field, this.signal);
  }

  segments(trait, label, options) {
    const group = h(
      "div",
      { class: "cnnvis-segments", role: "radiogroup", "aria-label": label },
      ...options.map(([key, text, title]) =>
        h("button", { type: "button", role: "radio", "data-key": key, title }, text),
      ),
    );
    roving(group, "[role=radio]", (item) => this.choose(trait, item.dataset.key), this.signal);
    watch(this.signal, this.model, [trait], () => mark(group, "[role=radio]", this.model.get(trait)));
    return h("div", { class: "cnnvis-line" }, h("span", { "aria-hidden": "true" }, label), group);
  }

  box(trait, text, title) {
    const input = h("input", { type: "checkbox" });
    listen(this.signal, input, "change", () => this.choose(trait, input.checked));
    watch(this.signal, this.model, [trait], () => {
      input.checked = this.model.get(trait);
    });
    return h("label", { class: "cnnvis-sum-box", title }, input, text);
  }

  count() {
    return Math.min(this.model.get("count"), this.sums.units);
  }

  draw() {
    const [n, order, relu] = [this.count(), this.model.get("order"), this.model.get("relu")];
    const ranking = this.sums.orders[order];
    const sum = this.sums.first(n, order);
    const all = this.sums.first(this.sums.units, order);
    const alone = this.model.get("view") === "last" && n > 0;
    const values = alone ? this.sums.one(ranking[n - 1]) : relu ? positive(sum) : sum;
    const signed = alone ? this.sums.signed : !relu;
    const end = alone ? this.sums.largest : relu ? this.sums.ends[order].high : this.sums.ends[order].size;
    const kind = signed ? "diverging" : "sequential";
    paintMap(this.canvas, this.sums, values, end, kind, this.model.get("smooth"));
    paintBar(this.bar, this.sums, kind);
    this.zeros.hidden = values.some((value) => value !== 0);
    [this.low.textContent, this.high.textContent] = [signed ? short(-end) : "0", short(end)];
    this.name.textContent = alone
      ? `activation of unit ${ranking[n - 1]}`
      : relu
        ? "weighted sum after ReLU"
        : "weighted sum, both signs";

    const share = overlap(positive(sum), positive(all));
    const percent = `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)} %`;
    const at = this.stops.findLastIndex((stop) => stop <= n);
    Object.assign(this.slider, { max: String(this.stops.length - 1), value: String(at) });
    this.slider.setAttribute(
      "aria-valuetext",
      `${n} of ${this.sums.units} channels, overlap with the whole map ${percent}`,
    );
    this.entry.show(n);
    this.of.textContent = `of ${this.sums.units} channels`;
    this.reached.textContent = `overlap with the whole map: ${percent}`;
    this.filled.style.width = `${100 * share}%`;
    this.adds.textContent =
      `adds up to ${short(total(sum))} of ${short(total(all))} ` + "(all places, before the ReLU)";
    const strongest = Array.from(values).indexOf(Math.max(...values));
    const where = this.zeros.hidden
      ? `strongest at row ${Math.floor(strongest / this.sums.columns)}, column ` +
        `${strongest % this.sums.columns}`
      : "all zeros";
    const what = alone ? `Map of unit ${ranking[n - 1]}` : `Sum of ${n} of ${this.sums.units} channels`;
    this.canvas.setAttribute(
      "aria-label",
      `${what}${this.sums.alt && ` over ${this.sums.alt}`}, ${this.sums.rows} × ` +
        `${this.sums.columns} values: ${where}.`,
    );
    for (const card of itemsOf(this.cards, "button")) {
      card.classList.toggle("cnnvis-sum-out", Number(card.dataset.key) > n);
    }
    clearTimeout(this.speaking);
    this.speaking = window.setTimeout(() => {
      this.spoken.textContent = `${n} channels, overlap ${percent}`;
    }, 700);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = "▶ Add up";
  }

  step() {
    const next = this.stops.find((n) => n > this.count());
    if (next === undefined || this.model.get("disabled")) this.stop();
    else this.choose("count", next);
  }
}

const render = rendering(ChannelSumView);

export default { render };
