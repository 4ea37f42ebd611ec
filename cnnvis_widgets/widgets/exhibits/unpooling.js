/** Max-pooling with switches, and the way back; see unpooling.py. */
import { errorLine, h, listen, rendering, short, watch } from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";
import { numberTable } from "../toolkit/number_table.js";

function arrow(sign, text) {
  return h(
    "div",
    { class: "cnnvis-unpooling-arrow" },
    h("span", { "aria-hidden": "true" }, sign),
    h("span", {}, text),
  );
}

class UnpoolingView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "unpooling", signal);
    this.choose = chooser(model);
    /** @type {import("../toolkit/number_table.js").Cell | null} the window that is pointed at */
    this.at = null;
    this.values = numberTable({
      label: "the map",
      point: (cell) => this.inside(cell),
      signal,
      edit: (rows) => this.choose("values", rows),
    });
    this.pooled = numberTable({ label: "the largest", point: (cell) => this.whole(cell), signal });
    this.above = numberTable({
      label: "back from above",
      point: (cell) => this.whole(cell),
      signal,
      edit: (rows) => this.choose("signal", rows),
    });
    this.below = numberTable({ label: "unpooled", point: (cell) => this.inside(cell), signal });
    this.reset = h("button", { type: "button" }, "Send the pooled map back");
    this.box = h("input", { type: "checkbox" });
    this.status = h("p", { class: "cnnvis-unpooling-status", role: "status" });
    this.field.append(
      h(
        "div",
        { class: "cnnvis-unpooling-way" },
        this.values.element,
        arrow("→", "max-pool"),
        this.pooled.element,
      ),
      h(
        "div",
        { class: "cnnvis-unpooling-way" },
        this.below.element,
        arrow("←", "unpool"),
        this.above.element,
      ),
      h(
        "div",
        { class: "cnnvis-line" },
        h("label", { class: "cnnvis-unpooling-box" }, this.box, "the switches are remembered"),
        this.reset,
      ),
      this.status,
    );
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    listen(this.signal, this.reset, "click", () => this.choose("signal", null));
    listen(this.signal, this.box, "change", () => this.choose("switches", this.box.checked));
    watch(this.signal, this.model, ["values", "signal", "switches", "size"], () => {
      const [n, map, remembered] = [this.size(), this.model.get("values"), this.model.get("switches")];
      const windows = this.pool();
      const back = this.model.get("signal") ?? windows.map((line) => line.map(({ value }) => value));
      const largest = Math.max(...map.flat().map(Math.abs), ...back.flat().map(Math.abs), 1e-9);
      const isBest = (r, c) => {
        const { row, column } = windows[Math.floor(r / n)][Math.floor(c / n)];
        return row === r && column === c;
      };
      const edges = (r, c) => {
        const low = (r + 1) % n || r + 1 === map.length ? "" : "low";
        return low + ((c + 1) % n || c + 1 === map[0].length ? "" : "right");
      };
      this.values.show(map, {
        largest,
        kind: (r, c) => (isBest(r, c) ? `switch cnnvis-cell-${edges(r, c)}` : edges(r, c)),
      });
      this.pooled.show(
        windows.map((line) => line.map(({ value }) => value)),
        { largest },
      );
      this.above.show(back, { largest });
      this.below.show(
        map.map((line, r) =>
          line.map((_, c) => {
            const value = back[Math.floor(r / n)][Math.floor(c / n)];
            return remembered ? (isBest(r, c) ? value : 0) : value / n ** 2;
          }),
        ),
        {
          largest,
          kind: (r, c) => (remembered && isBest(r, c) ? `switch cnnvis-cell-${edges(r, c)}` : edges(r, c)),
        },
      );
      this.box.checked = remembered;
      this.reset.setAttribute("aria-disabled", String(this.model.get("signal") === null));
      this.say();
    });
    errorLine(this.model, this.field, this.signal);
  }

  inside(cell) {
    this.at = cell && [Math.floor(cell[0] / this.size()), Math.floor(cell[1] / this.size())];
    this.say();
  }

  whole(cell) {
    this.at = cell;
    this.say();
  }

  size() {
    return this.model.get("size");
  }

  /** For each window its largest value and where it is in the map; the first of equals. */
  pool() {
    const [n, map] = [this.size(), this.model.get("values")];
    return Array.from({ length: map.length / n }, (_, r) =>
      Array.from({ length: map[0].length / n }, (__, c) => {
        let best = { value: -Infinity, row: 0, column: 0 };
        for (let i = r * n; i < (r + 1) * n; i += 1)
          for (let j = c * n; j < (c + 1) * n; j += 1)
            if (map[i][j] > best.value) best = { value: map[i][j], row: i, column: j };
        return best;
      }),
    );
  }

  say() {
    const n = this.size();
    const windows = this.pool();
    const here = (r, c) => this.at !== null && r === this.at[0] && c === this.at[1];
    for (const one of [this.values, this.below])
      one.mark((r, c) => here(Math.floor(r / n), Math.floor(c / n)));
    for (const one of [this.pooled, this.above]) one.mark(here);
    const best = this.at && windows[this.at[0]]?.[this.at[1]];
    if (!best || !this.at) {
      this.status.textContent = "Point at a number, or type another one, and read here where it goes.";
      return;
    }
    const back = (this.model.get("signal") ?? windows.map((line) => line.map(({ value }) => value)))[
      this.at[0]
    ][this.at[1]];
    const going = this.model.get("switches")
      ? `${short(back)} goes back to that place, and nothing to the others`
      : `${short(back)} is shared out: ${short(back / n ** 2)} for each place`;
    this.status.textContent =
      `This window's largest value is ${short(best.value)}, at row ${best.row}, column ` +
      `${best.column} of the map. ${going}.`;
  }
}

const render = rendering(UnpoolingView);

export default { render };
