/** A threshold on scores and what follows from it; see threshold.py. */
import { errorLine, h, listen, rendering, watchTogether } from "../toolkit/base.js";
import { Axes, labelledSlider } from "../toolkit/chart.js";
import { chooser, frame } from "../toolkit/control.js";
import { drawn } from "../toolkit/svg.js";
import { confusionAt, measures } from "./maths/confusion.js";

const BINS = 40;

const percent = (value) => (value === null ? "–" : `${(100 * value).toFixed(1)} %`);

class ThresholdView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "threshold", signal);
    this.choose = chooser(model);
    const { labels, names } = this.data();
    this.labels = labels;
    this.names = names;
    this.strips = this.makeStrips();
    this.cut = drawn("line", {
      y1: this.strips.top,
      y2: this.strips.high - this.strips.bottom,
      class: "cnnvis-threshold-cut",
    });
    this.strips.svg.append(this.cut);
    this.curve = this.makeCurve();
    this.here = drawn("circle", { r: 6, class: "cnnvis-threshold-here" });
    this.curve.svg.append(this.here);
    this.slider = labelledSlider({
      label: "threshold",
      min: 0,
      max: 1,
      step: 0.005,
      signal,
      text: (value) => value.toFixed(3),
      onvalue: (value) => this.choose("threshold", value),
    });
    this.cells = Array.from({ length: 4 }, () => h("td"));
    this.list = h("dl", { class: "cnnvis-threshold-measures" });
    this.spoken = h("span", { class: "cnnvis-unseen", role: "status" });
    this.layOut();
    this.speaking = 0;
    this.connect();
  }

  /** How many of each class have which score, one class upwards and one downwards. */
  makeStrips() {
    /** @type {{scores: number[], labels: number[]}} */
    const { scores, labels } = this.data();
    const counts = [0, 1].map((label) => {
      const bins = new Array(BINS).fill(0);
      scores.forEach((score, i) => {
        if (labels[i] === label) bins[Math.min(BINS - 1, Math.floor(score * BINS))] += 1;
      });
      return bins;
    });
    // Square roots: a class of few must be seen beside one of many.
    const tall = Math.sqrt(Math.max(...counts.flat()));
    const yName = `↑ ${this.names[0]}    ↓ ${this.names[1]}`;
    const strips = new Axes({ x: [0, 1], y: [-tall, tall], xName: "score", yName, high: 300, left: 14 });
    strips.axes({ yTicks: [] });
    strips.svg.setAttribute("role", "img");
    strips.svg.classList.add("cnnvis-threshold-strips");
    const bars = drawn("g");
    counts.forEach((bins, label) => {
      bins.forEach((count, bin) => {
        if (!count) return;
        const height = Math.abs(strips.py(Math.sqrt(count)) - strips.py(0));
        const width = strips.px(1 / BINS) - strips.px(0) - 1.4;
        const [x, y] = [strips.px(bin / BINS) + 0.7, strips.py(0) - (label ? height : 0)];
        bars.append(drawn("rect", { x, y, width, height, class: `cnnvis-threshold-${label}` }));
      });
    });
    strips.svg.append(bars);
    return strips;
  }

  /** Precision over recall for all thresholds. */
  makeCurve() {
    const [x, y] = [
      [0, 1],
      [0, 1.02],
    ];
    const curve = new Axes({ x, y, wide: 300, high: 300, xName: "recall", yName: "precision" });
    curve.axes({ yTicks: [0, 0.5, 1], xTicks: [0, 0.5, 1] });
    curve.svg.setAttribute("role", "img");
    /** @type {number[]} */
    const stops = [...new Set(this.data().scores)];
    const way = stops
      .sort((a, b) => a - b)
      .map((stop) => measures(confusionAt(this.data(), stop)))
      .flatMap(({ precision, recall }) =>
        precision === null || recall === null ? [] : [[recall, precision]],
      );
    curve.svg.append(curve.line(way, "cnnvis-chart-curve"));
    return curve;
  }

  layOut() {
    const [first, second] = this.names;
    const [hit, alarm, missed, left] = this.cells;
    /** @param {string} name @param {HTMLElement[]} cells */
    const row = (name, ...cells) => h("tr", {}, h("th", { scope: "row" }, `is ${name}`), ...cells);
    const heads = [first, second].map((name) => h("th", { scope: "col" }, `said: ${name}`));
    const table = h(
      "table",
      { class: "cnnvis-threshold-table" },
      h("thead", {}, h("tr", {}, h("td"), ...heads)),
      h("tbody", {}, row(first, hit, missed), row(second, alarm, left)),
    );
    this.field.append(
      h(
        "div",
        { class: "cnnvis-charts" },
        h("div", { class: "cnnvis-threshold-left" }, this.strips.svg, this.slider.element),
        h("div", { class: "cnnvis-threshold-curve" }, this.curve.svg),
      ),
      h("div", { class: "cnnvis-threshold-below" }, table, this.list),
      this.spoken,
    );
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watchTogether(this.signal, this.model, ["threshold"], () => this.draw());
    listen(this.signal, this.strips.svg, "pointerdown", (event) => {
      if (this.model.get("disabled")) return;
      this.strips.svg.setPointerCapture(event.pointerId);
      this.drag(event);
    });
    listen(this.signal, this.strips.svg, "pointermove", (event) => {
      if (this.strips.svg.hasPointerCapture(event.pointerId)) this.drag(event);
    });
    this.signal.addEventListener("abort", () => clearTimeout(this.speaking));
    errorLine(this.model, this.field, this.signal);
  }

  draw() {
    /** @type {number} */
    const threshold = this.model.get("threshold");
    const now = confusionAt(this.data(), threshold);
    const { accuracy, precision, recall, f } = measures(now);
    this.slider.show(threshold);
    for (const end of ["x1", "x2"]) this.cut.setAttribute(end, String(this.strips.px(threshold)));
    const words = ["found", "false alarms", "missed", "rightly left"];
    this.cells.forEach((cell, i) => {
      cell.replaceChildren(h("strong", {}, String(now[i])), ` ${words[i]}`);
      cell.className = i === 0 || i === 3 ? "cnnvis-threshold-right" : "cnnvis-threshold-wrong";
    });
    const [tp, fp, fn, tn] = now;
    /** @type {[string, number | null, string][]} */
    const lines = [
      ["accuracy", accuracy, `(${tp} + ${tn}) / ${tp + fp + fn + tn}`],
      ["precision", precision, `${tp} / (${tp} + ${fp})`],
      ["recall", recall, `${tp} / (${tp} + ${fn})`],
      ["F", f, "2 · P · R / (P + R)"],
    ];
    this.list.replaceChildren(
      ...lines.flatMap(([name, value, sum]) => [
        h("dt", {}, name),
        h("dd", {}, h("strong", {}, percent(value)), h("span", { class: "cnnvis-hint" }, ` ${sum}`)),
      ]),
    );
    this.here.setAttribute("cx", String(this.curve.px(recall ?? 0)));
    this.here.setAttribute("cy", String(this.curve.py(precision ?? 1)));
    this.here.setAttribute("visibility", precision === null || recall === null ? "hidden" : "visible");
    const all =
      `threshold ${threshold.toFixed(3)}: accuracy ${percent(accuracy)}, precision ` +
      `${percent(precision)}, recall ${percent(recall)}, F ${percent(f)}`;
    this.strips.svg.setAttribute(
      "aria-label",
      `Scores of ${this.labels.filter(Boolean).length} ${this.names[0]} and ` +
        `${this.labels.filter((x) => !x).length} ${this.names[1]}; ${all}`,
    );
    this.curve.svg.setAttribute("aria-label", `Precision over recall for all thresholds; ${all}`);
    clearTimeout(this.speaking);
    this.speaking = window.setTimeout(() => {
      this.spoken.textContent = all;
    }, 700);
  }

  data() {
    return this.model.get("_data");
  }

  drag(event) {
    this.choose("threshold", Math.round(1000 * Math.max(0, Math.min(1, this.strips.at(event)[0]))) / 1000);
  }
}

const render = rendering(ThresholdView);

export default { render };
