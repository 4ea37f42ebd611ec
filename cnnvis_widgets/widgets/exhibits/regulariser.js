/** A network with too many weights, and what restrains it; see regulariser.py. */
import { errorLine, h, listen, rendering, short, watch, watchTogether } from "../toolkit/base.js";
import { Axes, columnHeads, labelledSelect, labelledSlider } from "../toolkit/chart.js";
import { chooser, frame } from "../toolkit/control.js";
import { pictureOf } from "../toolkit/pixels.js";
import { drawn } from "../toolkit/svg.js";
import { BLUE, ORANGE } from "./class_colours.js";

const [SIDE, LEAST] = [48, -4]; // of the picture; of a loss, as a power of ten
// Places of a penalty's slider: 0, then two a power of ten.
const PENALTIES = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];
const RULES = ["SGD", "momentum", "RMSprop", "Adam"];

/**
 * The likelier class's colour, the fainter the less likely.
 * @param {number} p
 * @returns {[number, number, number, number]}
 */
function coloured(p) {
  const [r, g, b] = p < 0.5 ? BLUE : ORANGE;
  return [r, g, b, Math.round(300 * Math.abs(p - 0.5))];
}

/** The slider's place that is nearest to a value. @param {number} value */
function nearest(value) {
  return PENALTIES.reduce(
    (best, penalty, k) => (Math.abs(penalty - value) < Math.abs(PENALTIES[best] - value) ? k : best),
    0,
  );
}

function key(name) {
  const svg = drawn("svg", { viewBox: "0 0 44 12", class: "cnnvis-regulariser-key", "aria-hidden": "true" });
  svg.append(drawn("path", { d: "M2 6H42", class: `cnnvis-regulariser-${name}` }));
  return svg;
}

class RegulariserView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "regulariser", signal);
    this.choose = chooser(model);
    this.axes = new Axes({ x: [-1, 1], y: [-1, 1], wide: 420, high: 420, xName: "x1", yName: "x2" });
    this.trace = new Axes({ x: [0, 10], y: [-2, 0], wide: 440, high: 300, xName: "epochs", yName: "loss" });
    for (const { svg } of [this.axes, this.trace]) svg.setAttribute("role", "img");
    this.ground = this.axes.image();
    this.edge = drawn("path", {
      class: "cnnvis-decision-boundary-edge",
      "clip-path": `url(#${this.axes.clip})`,
    });
    this.dots = drawn("g");
    this.curves = drawn("g");
    this.axes.axes();
    this.axes.svg.prepend(this.ground);
    this.axes.svg.append(this.edge, this.dots);
    this.trace.svg.append(this.curves);
    this.l2 = this.penalty("l2", "L2 penalty");
    this.l1 = this.penalty("l1", "L1 penalty");
    this.dropout = labelledSlider({
      label: "dropout",
      min: 0,
      max: 0.9,
      step: 0.1,
      signal,
      text: () => (this.get("dropout") ? short(this.get("dropout")) : "none"),
      onvalue: (value) => this.choose("dropout", value),
    });
    this.batch = h("select", { "aria-label": "batch size" });
    this.rule = labelledSelect("optimizer", RULES, signal, (value) => this.choose("optimizer", value));
    this.rate = labelledSlider({
      label: "learning rate",
      min: -3,
      max: 0.47,
      step: 0.05,
      signal,
      text: () => short(this.get("rate")),
      onvalue: (value) => this.choose("rate", Number((10 ** value).toPrecision(2))),
    });
    this.other = h("button", { type: "button" }, "Other first weights");
    this.table = h("tbody");
    this.status = h("p", { class: "cnnvis-chart-status", role: "status" });
    this.layOut();
    this.connect();
  }

  layOut() {
    this.field.append(
      h("div", { class: "cnnvis-line" }, this.l2.element, this.l1.element, this.dropout.element),
      h(
        "div",
        { class: "cnnvis-line" },
        h("label", { class: "cnnvis-entry" }, h("span", {}, "batch size"), this.batch),
        this.rule.element,
        this.rate.element,
        this.other,
      ),
      h(
        "div",
        { class: "cnnvis-charts" },
        h("div", { class: "cnnvis-decision-boundary-plane" }, this.axes.svg),
        h(
          "div",
          { class: "cnnvis-decision-boundary-side" },
          this.trace.svg,
          h(
            "table",
            { class: "cnnvis-regulariser-table" },
            columnHeads(["", "loss at the end", "right"]),
            this.table,
          ),
        ),
      ),
      this.status,
    );
  }

  /** Listen to the model and to the visitor. */
  connect() {
    listen(this.signal, this.batch, "change", () => this.choose("batch", Number(this.batch.value)));
    listen(this.signal, this.other, "click", () => this.choose("seed", this.get("seed") + 1));
    watch(this.signal, this.model, ["_points"], () => this.drawPoints());
    watchTogether(this.signal, this.model, ["_result"], () => this.draw());
    errorLine(this.model, this.field, this.signal);
  }

  get(name) {
    return this.model.get(name);
  }

  penalty(name, label) {
    return labelledSlider({
      label,
      min: 0,
      max: PENALTIES.length - 1,
      step: 1,
      signal: this.signal,
      text: () => (this.get(name) ? short(this.get(name)) : "none"),
      onvalue: (k) => this.choose(name, PENALTIES[k]),
    });
  }

  drawPoints() {
    const { training, validation } = this.get("_points");
    if (!training) return;
    const shape = ([x, y, kind], size, style) => {
      const [u, v] = [this.axes.px(x), this.axes.py(y)];
      return kind
        ? drawn("rect", {
            x: u - size,
            y: v - size,
            width: 2 * size,
            height: 2 * size,
            class: `cnnvis-decision-boundary-1 ${style}`,
          })
        : drawn("circle", { cx: u, cy: v, r: 1.1 * size, class: `cnnvis-decision-boundary-0 ${style}` });
    };
    this.dots.replaceChildren(
      ...validation.map((point) => shape(point, 2.2, "cnnvis-regulariser-faint")),
      ...training.map((point) => shape(point, 5, "")),
    );
    const all = training.length;
    const sizes = [...new Set([1, 2, 4, 8, 16, 32, 64, 128, 256].filter((size) => size < all).concat(all))];
    this.batch.replaceChildren(
      ...sizes.map((size) => h("option", { value: size }, size === all ? `all ${all}` : String(size))),
    );
  }

  draw() {
    const result = this.get("_result");
    if (!result.epochs) return;
    this.l1.show(nearest(this.get("l1")));
    this.l2.show(nearest(this.get("l2")));
    this.dropout.show(this.get("dropout"));
    this.rule.input.value = this.get("optimizer");
    this.rate.show(Math.log10(this.get("rate")));
    if (![...this.batch.options].some((item) => Number(item.value) === this.get("batch")))
      this.batch.append(h("option", { value: this.get("batch") }, String(this.get("batch"))));
    this.batch.value = String(this.get("batch"));
    this.ground.setAttribute("href", pictureOf(result.plane, [SIDE, SIDE], coloured));
    this.edge.setAttribute("d", this.axes.contour(result.plane, SIDE, 0.5));
    const power = (loss) => Math.max(LEAST, Math.log10(Math.max(loss, 1e-30)));
    const line = (losses) => losses.map((loss, k) => [result.epochs[k], power(loss)]);
    const [ours, theirs] = [line(result.training), line(result.validation)];
    const heights = [...ours, ...theirs].map(([, value]) => value);
    this.trace.x = [0, Math.max(1, result.epochs.at(-1))];
    this.trace.y = [Math.min(-1, ...heights) - 0.1, Math.min(3, Math.max(0, ...heights)) + 0.15];
    const ticks = [-4, -3, -2, -1, 0, 1, 2, 3].filter((p) => p >= this.trace.y[0] && p <= this.trace.y[1]);
    this.trace.axes({ yTicks: ticks, yText: (p) => short(Number(`1e${p}`)) });
    const low = result.validation.indexOf(Math.min(...result.validation));
    this.curves.replaceChildren(
      this.trace.line(ours, "cnnvis-regulariser-training"),
      this.trace.line(theirs, "cnnvis-regulariser-validation"),
      drawn("circle", {
        cx: this.trace.px(result.epochs[low]),
        cy: this.trace.py(theirs[low][1]),
        r: 6,
        class: "cnnvis-regulariser-lowest",
      }),
    );
    const percent = (share) => `${(100 * share).toFixed(1)} %`;
    this.table.replaceChildren(
      ...["training", "validation"].map((name) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, key(name), ` ${name}`),
          h("td", {}, short(result[name].at(-1))),
          h("td", {}, percent(result.right[name])),
        ),
      ),
    );
    this.status.textContent = result.away
      ? `After ${result.steps} steps the weights have run away.`
      : `${result.steps} steps, ${result.count} parameters. Loss at the end: ` +
        `${short(result.training.at(-1))} in training, ${short(result.validation.at(-1))} in validation; ` +
        `the lowest there was ${short(result.validation[low])}, after ${result.epochs[low]} epochs ` +
        `(ring). Usual size of a weight: ${short(result.size)}; ${percent(result.zeros)} of them ` +
        `are below 0.01.`;
    this.axes.svg.setAttribute(
      "aria-label",
      `${this.get("_points").training.length} training points of two classes, large, and ` +
        `${this.get("_points").validation.length} validation points, small; the black line parts what the ` +
        `network takes for one class from the other. ${this.status.textContent}`,
    );
    this.trace.svg.setAttribute(
      "aria-label",
      `Loss over ${result.epochs.at(-1)} epochs, on a scale of powers of ten. ${this.status.textContent}`,
    );
  }
}

const render = rendering(RegulariserView);

export default { render };
