/** A convolution as a matrix, and its transpose; see conv_matrix.py. */
import { errorLine, h, listen, mark, rendering, roving, watch } from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";
import { numberTable } from "../toolkit/number_table.js";

function times(rows, column) {
  return rows.map((row) => row.reduce((sum, value, i) => sum + value * column[i], 0));
}

/** A column as rows. @param {number[]} column @param {number[]} shape */
function folded(column, [rows, columns]) {
  return Array.from({ length: rows }, (_, r) => column.slice(r * columns, (r + 1) * columns));
}

function turned(rows) {
  return rows[0].map((_, c) => rows.map((row) => row[c]));
}

/** @typedef {import("../toolkit/number_table.js").Cell} Cell */

class ConvMatrixView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "conv-matrix", signal);
    this.choose = chooser(model);
    /** @type {Cell | null} the place of the map that is pointed at */
    this.lower = null;
    /** @type {Cell | null} the place of the result */
    this.upper = null;
    this.values = this.entry("values", "the map x", (cell) => this.pointLower(cell));
    this.kernel = this.entry("kernel", "the kernel", () => {});
    this.above = this.entry("signal", "back from above, s", (cell) => this.pointUpper(cell));
    this.result = numberTable({ label: "the result y", point: (cell) => this.pointUpper(cell), signal });
    this.back = numberTable({ label: "handed down, Cᵀ s", point: (cell) => this.pointLower(cell), signal });
    this.matrix = numberTable({
      label: "",
      signal,
      point: (cell) => {
        const forward = model.get("way") === "forward";
        const across = forward ? this.shapes().above[1] : this.shapes().map[1];
        /** @type {Cell | null} */
        const place = cell && [Math.floor(cell[0] / across), cell[0] % across];
        if (forward) this.pointUpper(place);
        else this.pointLower(place);
      },
    });
    this.reset = h("button", { type: "button" }, "Send the result back");
    this.ways = h(
      "div",
      { class: "cnnvis-segments", role: "radiogroup", "aria-label": "which way" },
      ...[
        ["forward", "forward: y = C x"],
        ["transposed", "back: Cᵀ s"],
      ].map(([key, text]) => h("button", { type: "button", role: "radio", "data-key": key }, text)),
    );
    this.status = h("p", { class: "cnnvis-conv-status", role: "status" });
    this.top = h("div", { class: "cnnvis-conv-line" });
    this.field.append(
      this.ways,
      this.top,
      h("div", { class: "cnnvis-conv-scroll" }, this.matrix.element),
      this.status,
    );
    this.shown = "";
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    roving(this.ways, "[role=radio]", (item) => this.choose("way", item.dataset.key), this.signal);
    listen(this.signal, this.reset, "click", () => this.choose("signal", null));
    watch(this.signal, this.model, ["values", "kernel", "signal", "way"], () => {
      const way = this.model.get("way");
      const rows = this.rowsOf();
      const x = this.model.get("values");
      const { map, above: shape } = this.shapes();
      const y = folded(times(rows, x.flat()), shape);
      const s = this.model.get("signal") ?? y;
      if (way !== this.shown) {
        this.shown = way;
        this.top.replaceChildren(
          ...(way === "forward"
            ? [this.values.element, this.kernel.element, this.result.element]
            : [this.above.element, this.kernel.element, this.back.element, this.reset]),
        );
      }
      const lies = this.cells();
      this.values.show(x);
      this.kernel.show(this.model.get("kernel"));
      this.result.show(y);
      this.above.show(s);
      this.back.show(folded(times(turned(rows), s.flat()), map));
      this.matrix.rename(
        way === "forward"
          ? `the matrix C, ${rows.length} × ${rows[0].length}`
          : `its transpose Cᵀ, ${rows[0].length} × ${rows.length}`,
      );
      this.matrix.show(way === "forward" ? rows : turned(rows), {
        kind: (r, c) => ((way === "forward" ? lies(r, c) : lies(c, r)) ? "" : "empty"),
      });
      mark(this.ways, "[role=radio]", way);
      this.reset.setAttribute("aria-disabled", String(this.model.get("signal") === null));
      this.say();
    });
    errorLine(this.model, this.field, this.signal);
  }

  /** @param {Cell | null} cell */
  pointLower(cell) {
    this.lower = cell;
    this.upper = null;
    this.say();
  }

  /** @param {Cell | null} cell */
  pointUpper(cell) {
    this.upper = cell;
    this.lower = null;
    this.say();
  }

  entry(trait, label, point) {
    return numberTable({ label, point, signal: this.signal, edit: (rows) => this.choose(trait, rows) });
  }

  shapes() {
    /** @type {number[][]} */
    const x = this.model.get("values");
    /** @type {number[][]} */
    const k = this.model.get("kernel");
    return {
      map: [x.length, x[0].length],
      kernel: [k.length, k[0].length],
      above: [x.length - k.length + 1, x[0].length - k[0].length + 1],
    };
  }

  /** C: a row for each place of the result, a column for each place of the map. */
  rowsOf() {
    const {
      map,
      kernel: [height, width],
      above: [rows, columns],
    } = this.shapes();
    const k = this.model.get("kernel");
    return Array.from({ length: rows * columns }, (_, place) =>
      Array.from({ length: map[0] * map[1] }, (__, at) => {
        const [i, j] = [
          Math.floor(at / map[1]) - Math.floor(place / columns),
          (at % map[1]) - (place % columns),
        ];
        return i >= 0 && i < height && j >= 0 && j < width ? k[i][j] : 0;
      }),
    );
  }

  cells() {
    // what is used in each row of C: whether the kernel is there
    const {
      map,
      kernel: [height, width],
      above: [, columns],
    } = this.shapes();
    return (place, at) => {
      const [i, j] = [
        Math.floor(at / map[1]) - Math.floor(place / columns),
        (at % map[1]) - (place % columns),
      ];
      return i >= 0 && i < height && j >= 0 && j < width;
    };
  }

  say() {
    const {
      map: [, columns],
      above: [, across],
    } = this.shapes();
    const forward = this.model.get("way") === "forward";
    const lies = this.cells();
    const low = this.lower && this.lower[0] * columns + this.lower[1];
    const high = this.upper && this.upper[0] * across + this.upper[1];
    const belongs = (place, at) =>
      high !== null ? place === high && lies(place, at) : low !== null && at === low && lies(place, at);
    this.values.mark((r, c) => (high !== null ? belongs(high, r * columns + c) : low === r * columns + c));
    this.back.mark((r, c) => (high !== null ? belongs(high, r * columns + c) : low === r * columns + c));
    for (const one of [this.result, this.above])
      one.mark((r, c) => (low !== null ? lies(r * across + c, low) : high === r * across + c));
    this.matrix.mark((r, c) => (forward ? belongs(r, c) : belongs(c, r)));
    if (high !== null && this.upper)
      this.status.textContent =
        `Place (${this.upper.join(", ")}) of the result belongs to ${forward ? "row" : "column"} ` +
        `${high} of ${forward ? "C" : "Cᵀ"}: the kernel laid over the framed places of the map.`;
    else if (low !== null && this.lower)
      this.status.textContent =
        `Place (${this.lower.join(", ")}) of the map belongs to ${forward ? "column" : "row"} ` +
        `${low} of ${forward ? "C" : "Cᵀ"}: it is used for the framed places of the result, each time ` +
        `with another number of the kernel.`;
    else
      this.status.textContent =
        "Point at a number and see where it is used; type another one and see what changes.";
  }
}

const render = rendering(ConvMatrixView);

export default { render };
