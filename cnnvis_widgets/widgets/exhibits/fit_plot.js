/** Points that are moved by hand, and the model that fits them; see fit_plot.py. */
import { errorLine, h, listen, rendering, short, uniqueId, watchTogether } from "../toolkit/base.js";
import { Axes, button, labelledSlider, tickBox } from "../toolkit/chart.js";
import { chooser, frame } from "../toolkit/control.js";
import { sigmoid } from "../toolkit/logistic.js";
import { drawn } from "../toolkit/svg.js";
import { PointEditor } from "./fit_points.js";
import { logisticFit, polynomialFit, rootError } from "./maths/fits.js";

const [FINE, MOST_DEGREE, CELLS] = [200, 12, 28];
const ROLES = ["train", "validation", "test"];

/** @typedef {import("./maths/fits.js").Point} Point */

/** @param {number} value */
const signed = (value) => `${value < 0 ? "-" : "+"} ${Math.abs(value).toPrecision(3)}`;

class FitPlotView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "fit", signal);
    this.choose = chooser(model);
    /** @type {{x: number[], y: number[]}} */
    const { x, y } = this.get("_ranges");
    this.x = x;
    this.y = y;
    this.width = x[1] - x[0];
    this.tall = y[1] - y[0];
    // The line turns about the middle of the axis: so the second slider is its height there.
    this.centre = (x[0] + x[1]) / 2;
    this.axes = new Axes({ x, y, xName: this.get("x_name"), yName: this.get("y_name") });
    this.shade = drawn("g", { "aria-hidden": "true" });
    this.lines = drawn("g", { "aria-hidden": "true" });
    this.axes.axes();
    this.axes.svg.prepend(this.shade);
    this.axes.svg.append(this.lines);
    this.axes.svg.setAttribute("role", "listbox");
    this.axes.svg.classList.add("cnnvis-fit-plane");
    this.editor = this.makeEditor();
    this.errorsOver = new Axes({
      x: [0, MOST_DEGREE],
      y: [0, 1],
      wide: 380,
      xName: "degree",
      yName: "error (root of the mean square)",
    });
    this.curves = drawn("g");
    this.errorsOver.svg.append(this.curves);
    this.errorsOver.svg.setAttribute("role", "img");
    this.right = h("div", { class: "cnnvis-chart-narrow" }, this.errorsOver.svg);
    this.sliders = this.makeSliders();
    this.testBox = tickBox(model, "show_test", "open the test set", this.choose, signal);
    this.add = button("Add a point");
    this.remove = button("Take it away");
    this.swap = button("");
    this.legend = h("p", { class: "cnnvis-fit-legend", "aria-hidden": "true" });
    this.status = h("p", { class: "cnnvis-chart-status" });
    this.code = h("code");
    this.program = h("p", { class: "cnnvis-chart-status" }, "what was learned:  ", this.code);
    this.ownStatus = h("p", { class: "cnnvis-chart-status" });
    this.spoken = h("span", { class: "cnnvis-unseen", role: "status" });
    this.speaking = 0;
    this.layOut();
    this.connect();
  }

  makeEditor() {
    return new PointEditor({
      axes: this.axes,
      signal: this.signal,
      points: () => this.get("points"),
      change: (points) => this.choose("points", points),
      redraw: () => this.draw(),
      usable: () => !this.get("disabled"),
      groups: () => this.groups(),
      hiddenGroup: () => this.hiddenGroup(),
      nameOf: (group) => this.nameOf(group),
      names: [this.get("x_name"), this.get("y_name")],
    });
  }

  makeSliders() {
    const { signal, tall, centre } = this;
    const steep = (2 * tall) / this.width;
    const own = () => this.get("own");
    const slope = labelledSlider({
      label: "your slope",
      min: -steep,
      max: steep,
      step: steep / 200,
      signal,
      text: short,
      onvalue: (value) => this.choose("own", [value, own()[1] + (own()[0] - value) * centre]),
    });
    const height = labelledSlider({
      label: "your height in the middle",
      min: this.y[0],
      max: this.y[1],
      step: tall / 400,
      signal,
      text: short,
      onvalue: (value) => this.choose("own", [own()[0], value - own()[0] * centre]),
    });
    const degree = labelledSlider({
      label: "degree",
      min: 0,
      max: MOST_DEGREE,
      step: 1,
      signal,
      text: String,
      onvalue: (value) => this.choose("degree", value),
    });
    return { slope, height, degree };
  }

  layOut() {
    const hint = h(
      "p",
      { class: "cnnvis-hint", id: uniqueId() },
      "Drag a point; click where none is to add one. Keys: arrows move the chosen point, page up and down " +
        "go to another, insert adds, delete takes away.",
    );
    this.axes.svg.setAttribute("aria-describedby", hint.id);
    const { slope, height, degree } = this.sliders;
    const fitBox = tickBox(this.model, "show_fit", "show the best fit", this.choose, this.signal);
    this.field.append(
      h("div", { class: "cnnvis-charts" }, h("div", {}, this.axes.svg, this.legend), this.right),
      h("div", { class: "cnnvis-line" }, slope.element, height.element, degree.element),
      h("div", { class: "cnnvis-line" }, this.add, this.remove, this.swap, fitBox, this.testBox),
      this.ownStatus,
      this.status,
      this.program,
      hint,
      this.spoken,
    );
  }

  /** Listen to the model and to the visitor. */
  connect() {
    const { signal } = this;
    const names = [
      "points",
      "model",
      "degree",
      "strength",
      "own",
      "show_own",
      "show_fit",
      "show_test",
      "group_names",
    ];
    watchTogether(signal, this.model, names, () => this.draw());
    listen(signal, this.add, "click", () =>
      this.editor.insert([this.centre, (this.y[0] + this.y[1]) / 2], this.editor.group),
    );
    listen(signal, this.remove, "click", () => this.editor.take());
    listen(signal, this.swap, "click", () => this.editor.turn());
    signal.addEventListener("abort", () => clearTimeout(this.speaking));
    errorLine(this.model, this.field, signal);
  }

  /** @param {string} name */
  get(name) {
    return this.model.get(name);
  }

  get logistic() {
    return this.get("model") === "logistic";
  }

  hiddenGroup() {
    return !this.logistic && !this.get("show_test") ? 2 : -1;
  }

  /** @returns {number[]} */
  groups() {
    if (this.logistic) return [0, 1];
    /** @type {Point[]} */
    const points = this.get("points");
    return [0, 1, 2].filter((group) => group === 0 || points.some((point) => point[2] === group));
  }

  /** @param {number} group @returns {string} */
  nameOf(group) {
    return this.get("group_names")[group] ?? (this.logistic ? `class ${group}` : ROLES[group]);
  }

  /** @param {Point[]} points */
  drawLogistic(points) {
    const fit = this.get("show_fit") ? logisticFit(points, this.get("strength")) : null;
    this.shade.replaceChildren();
    this.program.hidden = !fit;
    if (!fit) {
      this.status.textContent = this.get("show_fit") ? "Two classes are needed." : "";
      return;
    }
    const [a, b, c] = fit.weights;
    this.shade.append(...this.shades((u, v) => sigmoid(a * u + b * v + c)));
    const ends =
      Math.abs(b) > Math.abs(a) * 1e-9
        ? this.x.map((u) => [u, -(a * u + c) / b])
        : this.y.map((v) => [-c / a, v]);
    this.lines.append(this.axes.line(ends, "cnnvis-chart-second"));
    const right = points.filter(([u, v, d]) => a * u + b * v + c >= 0 === (d === 1)).length;
    this.status.textContent = `${right} of ${points.length} right; mean log loss ${short(fit.loss)}`;
    this.code.textContent = `p = sigmoid(${a.toPrecision(3)} * x1 ${signed(b)} * x2 ${signed(c)})`;
  }

  /** The plane in the colours of the classes. @param {(u: number, v: number) => number} probability */
  shades(probability) {
    const { x, y, width, height } = this.axes.box;
    const [wide, high] = [width / CELLS, height / CELLS];
    return Array.from({ length: CELLS * CELLS }, (_, at) => {
      const [i, j] = [Math.floor(at / CELLS), at % CELLS];
      const p = probability(
        this.x[0] + ((j + 0.5) / CELLS) * this.width,
        this.y[1] - ((i + 0.5) / CELLS) * this.tall,
      );
      return drawn("rect", {
        x: x + j * wide,
        y: y + i * high,
        width: wide,
        height: high,
        "shape-rendering": "crispEdges",
        class: p >= 0.5 ? "cnnvis-fit-shade-1" : "cnnvis-fit-shade-0",
        opacity: (Math.abs(p - 0.5) * 0.6).toFixed(3),
      });
    });
  }

  /** How far each point is missed. @param {Point[]} points @param {(u: number) => number} at */
  drawMissed(points, at) {
    for (const [u, v, group] of points) {
      if (group === this.hiddenGroup()) continue;
      const ends = [
        [u, v],
        [u, at(u)],
      ];
      this.lines.append(this.axes.line(ends, "cnnvis-fit-missed"));
    }
  }

  /** The visitor's own line. @param {Point[]} points */
  drawOwn(points) {
    const [k, b] = this.get("own");
    /** @param {number} u */
    const at = (u) => k * u + b;
    this.drawMissed(points, at);
    const ends = this.x.map((u) => [u, at(u)]);
    this.lines.append(this.axes.line(ends, "cnnvis-fit-own"));
    const line = `y = ${short(k)} x ${b < 0 ? "−" : "+"} ${short(Math.abs(b))}`;
    this.ownStatus.textContent = `your line: ${line}, sum of squared errors ${short(squared(points, at))}`;
  }

  /** @param {Point[]} points */
  drawCurve(points) {
    const isLine = this.get("model") === "line";
    const wanted = isLine ? 1 : this.get("degree");
    const fit = polynomialFit(points, wanted, this.x);
    const byHand = isLine && this.get("show_own");
    this.ownStatus.hidden = !byHand;
    if (byHand) this.drawOwn(points);
    this.status.textContent = "";
    this.program.hidden = !(this.get("show_fit") && fit && isLine);
    if (!this.get("show_fit") || !fit) return;
    if (!byHand) this.drawMissed(points, fit.at);
    const grid = Array.from({ length: FINE + 1 }, (_, i) => this.x[0] + (i / FINE) * this.width);
    const curve = grid.map((u) => [u, fit.at(u)]);
    this.lines.append(this.axes.line(curve, "cnnvis-chart-second"));
    if (isLine) {
      this.status.textContent = `best line: sum of squared errors ${short(squared(points, fit.at))}`;
      const [start, rise] = [fit.at(0), fit.at(1) - fit.at(0)];
      const rest = `${start < 0 ? "-" : "+"} ${Number(Math.abs(start).toPrecision(4))}`;
      this.code.textContent = `def program(x): return ${Number(rise.toPrecision(4))} * x ${rest}`;
      return;
    }
    const errors = [0, 1, 2]
      .filter((group) => group !== this.hiddenGroup())
      .map((group) => ({ group, error: rootError(points, group, fit.at) }))
      .filter(({ error }) => error !== null)
      .map(({ group, error }) => `${this.nameOf(group)} ${short(error)}`);
    const most = fit.degree + 1;
    const limited = ` (degree ${fit.degree}: ${most} points to learn from allow no more)`;
    this.status.textContent = `error of ${errors.join(", ")}${fit.degree < wanted ? limited : ""}`;
  }

  /** @param {Point[]} points */
  drawErrors(points) {
    const shown = this.get("model") === "polynomial" && this.get("show_fit");
    this.right.hidden = !shown;
    if (!shown) return;
    const all = Array.from({ length: MOST_DEGREE + 1 }, (_, k) => polynomialFit(points, k, this.x)).flatMap(
      (fit, k) => (fit?.degree === k ? [fit] : []),
    );
    const rows = [0, 1, 2]
      .filter((group) => group !== this.hiddenGroup() && points.some((point) => point[2] === group))
      .map((group) => ({ group, values: all.map((fit) => rootError(points, group, fit.at) ?? 0) }))
      .filter(({ values }) => values.length);
    const chart = this.errorsOver;
    const first = Math.max(...rows.map(({ values }) => values[0])) || 1;
    chart.y = [0, 1.6 * first];
    chart.axes({ xTicks: [0, 2, 4, 6, 8, 10, 12] });
    const now = chart.px(this.get("degree"));
    const [y1, y2] = [chart.top, chart.high - chart.bottom];
    this.curves.replaceChildren(
      drawn("line", { x1: now, x2: now, y1, y2, class: "cnnvis-fit-now" }),
      ...rows.flatMap(({ group, values }) => this.errorCurve(group, values)),
    );
    const best = rows
      .map(
        ({ group, values }) => `${this.nameOf(group)} least at degree ${values.indexOf(Math.min(...values))}`,
      )
      .join(", ");
    chart.svg.setAttribute("aria-label", `Errors over the degree, 0 to ${all.length - 1}: ${best}`);
  }

  /** @param {number} group @param {number[]} values */
  errorCurve(group, values) {
    const chart = this.errorsOver;
    const line = chart.line([...values.entries()], `cnnvis-fit-error cnnvis-fit-${group}`);
    /** @param {number} k */
    const dot = (k) =>
      drawn("circle", {
        cx: chart.px(k),
        cy: chart.py(values[k]),
        r: 3.5,
        class: `cnnvis-fit-${group}`,
        "clip-path": `url(#${chart.clip})`,
      });
    return [line, ...[...values.keys()].map(dot)];
  }

  draw() {
    /** @type {Point[]} */
    const points = this.get("points");
    this.lines.replaceChildren();
    if (this.logistic) {
      this.ownStatus.hidden = true;
      this.drawLogistic(points);
    } else {
      this.shade.replaceChildren();
      this.drawCurve(points);
    }
    this.drawErrors(points);
    this.editor.draw();
    this.showSetting(points);
    const own = this.ownStatus.hidden ? "" : this.ownStatus.textContent;
    this.axes.svg.setAttribute("aria-label", `${points.length} points. ${own}. ${this.status.textContent}`);
    clearTimeout(this.speaking);
    this.speaking = window.setTimeout(() => {
      this.spoken.textContent = this.status.textContent;
    }, 700);
  }

  /** @param {Point[]} points */
  showSetting(points) {
    const kind = this.get("model");
    const { slope, height, degree } = this.sliders;
    const [k, b] = this.get("own");
    for (const part of [slope, height]) part.element.hidden = kind !== "line" || !this.get("show_own");
    degree.element.hidden = kind !== "polynomial";
    this.testBox.hidden = kind === "logistic" || !points.some((point) => point[2] === 2);
    slope.show(k);
    height.show(k * this.centre + b);
    degree.show(this.get("degree"));
    const all = this.groups();
    this.swap.hidden = all.length < 2;
    this.swap.textContent = kind === "logistic" ? "Other class" : "Other set";
    const named = all.length > 1 ? all.filter((group) => group !== this.hiddenGroup()) : [];
    this.legend.replaceChildren(
      ...named.map((group) => h("span", { class: `cnnvis-fit-key-${group}` }, this.nameOf(group))),
    );
  }
}

/**
 * Sum of the squared errors of the points to learn from.
 * @param {Point[]} points
 * @param {(u: number) => number} at
 */
function squared(points, at) {
  return points.filter((point) => point[2] === 0).reduce((sum, [u, v]) => sum + (at(u) - v) ** 2, 0);
}

const render = rendering(FitPlotView);

export default { render };
