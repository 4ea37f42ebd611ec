/** LIME in two dimensions; see lime_2d.py. */
import { errorLine, h, listen, rendering, short, uniqueId, watch, watchTogether } from "../toolkit/base.js";
import { Axes, labelledSlider } from "../toolkit/chart.js";
import { chooser, frame } from "../toolkit/control.js";
import { sigmoid } from "../toolkit/logistic.js";
import { doublesOf } from "../toolkit/pixels.js";
import { drawn } from "../toolkit/svg.js";
import { localFit } from "./maths/local_fit.js";

const CELLS = 48;

/** @typedef {ReturnType<typeof localFit>} Fit */

class Lime2dView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "lime-2d", signal);
    this.choose = chooser(model);
    this.plane = this.get("_plane");
    this.end = this.plane.end;
    const ends = [-this.end, this.end];
    this.axes = new Axes({ x: ends, y: ends, wide: 520, high: 520, xName: "x₁", yName: "x₂" });
    this.axes.axes();
    this.ground = drawn("g", { "aria-hidden": "true" });
    this.dots = drawn("g", { "aria-hidden": "true" });
    this.lines = drawn("g", { "aria-hidden": "true" });
    const cross = "M-9 0H9M0 -9V9";
    this.handle = drawn(
      "g",
      { tabindex: 0, role: "button", class: "cnnvis-lime-2d-point" },
      drawn("circle", { r: 18, class: "cnnvis-lime-2d-reach" }),
      drawn("path", { class: "cnnvis-lime-2d-halo", d: cross }),
      drawn("path", { class: "cnnvis-lime-2d-cross", d: cross }),
    );
    this.axes.svg.prepend(this.ground);
    this.axes.svg.append(this.dots, this.lines, this.handle);
    this.axes.svg.classList.add("cnnvis-lime-2d-plane");
    // On a scale of powers: near widths are told apart as well as far ones.
    this.width = labelledSlider({
      label: "kernel width",
      min: -1,
      max: 1,
      step: 0.02,
      signal,
      text: (value) => short(10 ** value),
      onvalue: (value) => this.choose("width", Number((10 ** value).toPrecision(6))),
    });
    this.samples = labelledSlider({
      label: "samples",
      min: 10,
      max: this.plane.most_samples,
      step: 10,
      signal,
      text: String,
      onvalue: (value) => this.choose("samples", value),
    });
    this.bend = labelledSlider({
      label: "bend of the boundary",
      min: 0,
      max: this.plane.most_bend,
      step: 0.05,
      signal,
      text: short,
      onvalue: (value) => this.choose("bend", value),
    });
    this.again = h("button", { type: "button" }, "Draw other samples");
    this.status = h("dl", { class: "cnnvis-lime-2d-status" });
    this.spoken = h("span", { class: "cnnvis-unseen", role: "status" });
    this.layOut();
    this.speaking = 0;
    this.dragged = false;
    this.connect();
  }

  layOut() {
    const hint = h(
      "p",
      { class: "cnnvis-hint", id: uniqueId() },
      "Drag the cross, or click where it should be. Keys: the arrows move it, with shift in larger steps.",
    );
    this.handle.setAttribute("aria-describedby", hint.id);
    this.field.append(
      h(
        "div",
        { class: "cnnvis-charts" },
        h("div", { class: "cnnvis-lime-2d-chart" }, this.axes.svg),
        h(
          "div",
          { class: "cnnvis-lime-2d-side" },
          this.width.element,
          this.samples.element,
          this.bend.element,
          h("div", { class: "cnnvis-line" }, this.again),
          this.status,
          h(
            "p",
            { class: "cnnvis-lime-2d-key" },
            h("span", { class: "cnnvis-lime-2d-key-1" }, "class 1"),
            h("span", { class: "cnnvis-lime-2d-key-0" }, "class 0"),
            h("span", { class: "cnnvis-lime-2d-key-line" }, "local line, g = ½"),
            h("span", { class: "cnnvis-lime-2d-key-own" }, "boundary, f = ½"),
          ),
          hint,
        ),
      ),
      this.spoken,
    );
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["bend"], () => this.paintGround());
    watchTogether(this.signal, this.model, ["point", "width", "samples", "bend", "_drawn"], () =>
      this.draw(),
    );
    listen(this.signal, this.axes.svg, "pointerdown", (event) => {
      if (this.get("disabled") || event.button) return;
      const [x, y] = this.axes.at(event);
      if (Math.abs(x) > this.end || Math.abs(y) > this.end) return;
      this.dragged = true;
      this.axes.svg.setPointerCapture(event.pointerId);
      this.handle.focus({ preventScroll: true });
      this.put([x, y]);
      event.preventDefault();
    });
    listen(this.signal, this.axes.svg, "pointermove", (event) => {
      if (this.dragged) this.put(this.axes.at(event));
    });
    for (const name of ["pointerup", "pointercancel"])
      listen(this.signal, this.axes.svg, name, () => {
        this.dragged = false;
      });
    listen(this.signal, this.handle, "keydown", (event) => {
      if (this.get("disabled") || event.altKey || event.ctrlKey || event.metaKey) return;
      const by = event.shiftKey ? 0.5 : 0.1;
      const move = { ArrowRight: [by, 0], ArrowLeft: [-by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[
        event.key
      ];
      if (!move) return;
      const [a, b] = this.get("point");
      this.put([a + move[0], b + move[1]]);
      event.preventDefault();
      event.stopPropagation();
    });
    listen(this.signal, this.again, "click", () => this.choose("seed", (this.get("seed") + 1) % 10000));
    this.signal.addEventListener("abort", () => clearTimeout(this.speaking));
    errorLine(this.model, this.field, this.signal);
  }

  get(name) {
    return this.model.get(name);
  }

  /** What the classifier gives to class 1. @param {number[]} place */
  probability([x, y]) {
    return sigmoid(this.plane.steep * (y - this.boundary(x)));
  }

  /** The classifier's boundary. @param {number} x */
  boundary(x) {
    return this.get("bend") * Math.sin(this.plane.wave * x);
  }

  /** The classifier's slope at a place. @param {number[]} place */
  slope([x, y]) {
    const { steep, wave } = this.plane;
    const p = this.probability([x, y]);
    return [-steep * p * (1 - p) * this.get("bend") * wave * Math.cos(wave * x), steep * p * (1 - p)];
  }

  paintGround() {
    const side = (2 * this.end) / CELLS;
    const [width, height] = [this.axes.px(side) - this.axes.px(0), this.axes.py(0) - this.axes.py(side)];
    const cells = Array.from({ length: CELLS * CELLS }, (_, at) => {
      const [i, j] = [Math.floor(at / CELLS), at % CELLS];
      const [x, y] = [-this.end + j * side, -this.end + (i + 1) * side];
      const p = this.probability([x + side / 2, y - side / 2]);
      return drawn("rect", {
        x: this.axes.px(x),
        y: this.axes.py(y),
        width,
        height,
        "shape-rendering": "crispEdges",
        class: p >= 0.5 ? "cnnvis-lime-2d-1" : "cnnvis-lime-2d-0",
        opacity: (Math.abs(p - 0.5) * 0.5).toFixed(3),
      });
    });
    this.ground.replaceChildren(...cells);
  }

  draw() {
    const all = this.get("_drawn").samples;
    if (!all) return;
    const flat = doublesOf(all);
    const places = Array.from({ length: this.get("samples") }, (_, n) => [flat[2 * n], flat[2 * n + 1]]);
    const scores = places.map((place) => this.probability(place));
    const fit = localFit(places, scores, this.get("point"), this.get("width"), this.plane.penalty);
    this.dots.replaceChildren(...places.map((place, n) => this.dot(place, scores[n], fit.counts[n])));
    this.drawLines(fit);
    this.say(fit, places.length);
    this.width.show(Math.log10(this.get("width")));
    this.width.input.setAttribute("aria-valuetext", short(this.get("width")));
    this.samples.show(this.get("samples"));
    this.bend.show(this.get("bend"));
  }

  /**
   * A sample, the larger the more it counts.
   * @param {number[]} place
   * @param {number} score
   * @param {number} count
   */
  dot([x, y], score, count) {
    const size = 2 + 6 * Math.sqrt(count);
    const [u, v] = [this.axes.px(x), this.axes.py(y)];
    const look = {
      class: score >= 0.5 ? "cnnvis-lime-2d-1" : "cnnvis-lime-2d-0",
      opacity: (0.25 + 0.75 * count).toFixed(3),
    };
    return score >= 0.5
      ? drawn("circle", { cx: u, cy: v, r: size, ...look })
      : drawn("rect", { x: u - size, y: v - size, width: 2 * size, height: 2 * size, ...look });
  }

  /** @param {Fit} fit */
  drawLines({ height, weights: [u, v] }) {
    const { axes, end } = this;
    const [a, b] = this.get("point");
    const rest = 0.5 - height + u * a + v * b; // the line: u x + v y = rest
    const ends =
      Math.abs(v) > Math.abs(u)
        ? [-end, end].map((x) => [x, (rest - u * x) / v])
        : [-end, end].map((y) => [(rest - v * y) / u, y]);
    const own = Array.from({ length: 121 }, (_, i) => -end + (i / 120) * 2 * end).map((x) => [
      x,
      this.boundary(x),
    ]);
    const flat = Math.hypot(u, v) < 1e-12;
    const width = this.get("width");
    this.lines.replaceChildren(
      axes.line(own, "cnnvis-lime-2d-own"),
      drawn("ellipse", {
        cx: axes.px(a),
        cy: axes.py(b),
        rx: axes.px(width) - axes.px(0),
        ry: axes.py(0) - axes.py(width),
        class: "cnnvis-lime-2d-kernel",
        "clip-path": `url(#${axes.clip})`,
      }),
      ...(flat ? [] : ["cnnvis-lime-2d-under", "cnnvis-lime-2d-fit"].map((style) => axes.line(ends, style))),
    );
    this.handle.setAttribute("transform", `translate(${axes.px(a)} ${axes.py(b)})`);
    this.handle.setAttribute("aria-label", `the point to be explained: x₁ ${short(a)}, x₂ ${short(b)}`);
  }

  /** @param {Fit} fit @param {number} samples */
  say(fit, samples) {
    const point = this.get("point");
    /** @param {number} number */
    const three = (number) => number.toFixed(3).replace("-", "−");
    const weights = fit.weights.map(three).join(", ");
    const rows = [
      ["point", point.map(short).join(", ")],
      ["the classifier says", this.probability(point).toFixed(3)],
      ["the line says there", three(fit.height)],
      ["the line's weights", weights],
      ["the classifier's slope", this.slope(point).map(three).join(", ")],
      ["R²", three(fit.r2)],
      ["the samples are worth", `${fit.count.toFixed(1)} of ${samples}`],
    ];
    this.status.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    this.axes.svg.setAttribute("aria-label", rows.map((row) => row.join(" ")).join("; "));
    clearTimeout(this.speaking);
    this.speaking = window.setTimeout(() => {
      this.spoken.textContent = `weights ${weights}, R² ${three(fit.r2)}`;
    }, 700);
  }

  tidy(value) {
    return Number(Math.max(-this.end, Math.min(this.end, value)).toFixed(3));
  }

  put([x, y]) {
    this.choose("point", [this.tidy(x), this.tidy(y)]);
  }
}

const render = rendering(Lime2dView);

export default { render };
