// The racers, each with its learning rate and what it has reached.
import { h, listen, short } from "../toolkit/base.js";
import { columnHeads, labelledSlider } from "../toolkit/chart.js";
import { drawn } from "../toolkit/svg.js";

/**
 * mark of its own for each racer, around (u, v)
 * @type {Record<string, (u: number, v: number) => SVGElement>} a
 */
export const MARKS = {
  SGD: (u, v) => drawn("circle", { cx: u, cy: v, r: 6.5 }),
  momentum: (u, v) => drawn("rect", { x: u - 6, y: v - 6, width: 12, height: 12 }),
  RMSprop: (u, v) => drawn("path", { d: `M${u} ${v - 7.5}L${u + 7} ${v + 5.5}H${u - 7}Z` }),
  Adam: (u, v) => drawn("path", { d: `M${u} ${v - 8.5}L${u + 8.5} ${v}L${u} ${v + 8.5}L${u - 8.5} ${v}Z` }),
};

export class RaceTable {
  /**
   * @param {import("../toolkit/base.js").Model} model
   * @param {(name: string, value: any) => void} choose
   * @param {AbortSignal} signal
   */
  constructor(model, choose, signal) {
    this.model = model;
    this.choose = choose;
    this.signal = signal;
    /** @type {{racers: string[], rates: [number, number]}} */
    const { racers, rates } = model.get("_facts");
    this.names = racers;
    this.ends = rates;
    this.rows = racers.map((name, k) => this.row(name, k));
    this.element = h(
      "table",
      { class: "cnnvis-optimizer-race-table" },
      columnHeads(["racer", "learning rate α", "loss"]),
      h("tbody", {}, ...this.rows.map(({ row }) => row)),
    );
  }

  /** @param {string} name @param {number} k */
  row(name, k) {
    const box = h("input", { type: "checkbox", "aria-label": `${name} runs` });
    listen(this.signal, box, "change", () => this.enter(name, box));
    const rate = labelledSlider({
      label: `learning rate of ${name}`,
      min: Math.log10(this.ends[0]),
      max: Math.log10(this.ends[1]),
      step: 0.01,
      signal: this.signal,
      text: () => short(this.model.get("rates")[k]),
      onvalue: (value) => this.setRate(k, value),
    });
    rate.words.classList.add("cnnvis-unseen");
    const style = `cnnvis-optimizer-race-${k}`;
    const key = drawn(
      "svg",
      { viewBox: "0 0 44 20", class: "cnnvis-optimizer-race-key", "aria-hidden": "true" },
      drawn("path", { d: "M2 10H42", class: `cnnvis-optimizer-race-way ${style}` }),
      drawn("g", { class: `cnnvis-optimizer-race-head ${style}` }, MARKS[name](22, 10)),
    );
    const loss = h("td");
    const label = h("label", { class: "cnnvis-chart-box" }, box, key, name);
    const row = h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, rate.element), loss);
    return { name, box, rate, loss, row };
  }

  /** One at least stays in the race. @param {string} name @param {HTMLInputElement} box */
  enter(name, box) {
    const now = this.model.get("racers");
    const running = this.names.filter((other) => (other === name ? box.checked : now.includes(other)));
    if (running.length) this.choose("racers", running);
    else box.checked = true;
  }

  /** @param {number} k @param {number} power of ten */
  setRate(k, power) {
    const [low, high] = this.ends;
    const chosen = Math.min(high, Math.max(low, Number((10 ** power).toPrecision(2))));
    /** @type {number[]} */
    const rates = this.model.get("rates");
    this.choose(
      "rates",
      rates.map((other, i) => (i === k || this.model.get("together") ? chosen : other)),
    );
  }

  /** @param {Map<string, string>} losses of those that run */
  show(losses) {
    this.rows.forEach(({ name, box, rate, loss, row }, k) => {
      box.checked = losses.has(name);
      rate.show(Math.log10(this.model.get("rates")[k]));
      row.classList.toggle("cnnvis-optimizer-race-out", !losses.has(name));
      loss.textContent = losses.get(name) ?? "";
    });
  }
}
