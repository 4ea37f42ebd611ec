/** A small network that learns to part two classes in the plane; see decision_boundary.py. */
import { errorLine, h, listen, rendering, short, watch } from "../toolkit/base.js";
import { Axes, button, labelledSelect, labelledSlider, tickBox } from "../toolkit/chart.js";
import { chooser, frame } from "../toolkit/control.js";
import { pictureOf } from "../toolkit/pixels.js";
import { drawn } from "../toolkit/svg.js";
import { likely, scaled, tinted } from "./class_colours.js";
import { ACTIVATIONS, SmallNetwork, Training } from "./maths/small_network.js";
import { NetworkDiagram } from "./network_diagram.js";

const [MOST_LAYERS, SLIDER_UNITS, TELL_MS, FRAME_MS, PLANE] = [3, 8, 250, 12, 56];
/** @type {Record<string, number>} steps in a frame, as far as there is time */
const PACES = { slow: 0.2, normal: 2, fast: Infinity };

class DecisionBoundaryView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "decision-boundary", signal);
    this.choose = chooser(model);
    this.axes = new Axes({ x: [-1, 1], y: [-1, 1], wide: 400, high: 400, xName: "x1", yName: "x2" });
    this.trace = new Axes({ x: [0, 10], y: [0, 1], wide: 420, high: 200, xName: "steps", yName: "loss" });
    this.ground = this.axes.image();
    this.dots = drawn("g");
    this.lines = drawn("g");
    this.curve = drawn("g");
    this.axes.axes();
    this.axes.svg.prepend(this.ground);
    this.axes.svg.append(this.lines, this.dots);
    this.trace.svg.append(this.curve);
    for (const { svg } of [this.axes, this.trace]) svg.setAttribute("role", "img");
    this.diagram = new NetworkDiagram((unit) => this.pick(unit), signal);
    this.setting = this.makeSetting();
    this.run = button("▶ Train");
    this.step = button("One step");
    this.hundred = button("100 steps");
    this.back = button("Reset");
    this.other = button("Other first weights");
    this.status = h("p", { class: "cnnvis-chart-status cnnvis-decision-boundary-status" });
    this.shownNote = h("p", { class: "cnnvis-chart-status" });
    this.spoken = h("span", { class: "cnnvis-unseen", role: "status" });
    this.pace = "normal";
    this.layOut();
    /** @type {Training | null} */
    this.training = null;
    this.key = null;
    this.shown = "output"; // or "layer.unit", hidden layers from 1 on
    this.timer = 0;
    this.owed = 0;
    this.told = 0;
    this.connect();
  }

  /** What sets the network and its training. */
  makeSetting() {
    const { signal } = this;
    /** @param {string} name @param {any} value */
    const change = (name, value) => {
      this.pause();
      this.choose(name, value);
    };
    const data = labelledSelect("points", [], signal, (value) => change("data", value));
    const numbers = Array.from({ length: MOST_LAYERS + 1 }, (_, k) => String(k));
    const layers = labelledSelect("hidden layers", numbers, signal, (value) =>
      change("hidden", Array(Number(value)).fill(Math.min(this.units(), SLIDER_UNITS))),
    );
    const count = labelledSlider({
      label: "units in each",
      min: 1,
      max: SLIDER_UNITS,
      step: 1,
      signal,
      text: () => this.get("hidden").join(" · ") || "–",
      onvalue: (value) => change("hidden", Array(this.get("hidden").length).fill(value)),
    });
    const kind = labelledSelect("activation", Object.keys(ACTIVATIONS), signal, (value) =>
      change("activation", value),
    );
    // The rate's slider is logarithmic: 0.001 to 10.
    const rate = labelledSlider({
      label: "learning rate",
      min: -3,
      max: 1,
      step: 0.05,
      signal,
      text: () => short(this.get("rate")),
      onvalue: (value) => this.choose("rate", Number((10 ** value).toPrecision(3))),
    });
    const speed = labelledSelect("speed", Object.keys(PACES), signal, (value) => {
      this.pace = value;
    });
    speed.input.value = "normal";
    const lines = tickBox(this.model, "show_lines", "lines of the first layer's units", this.choose, signal);
    return { data, layers, count, kind, rate, speed, lines };
  }

  layOut() {
    const { data, layers, count, kind, rate, speed, lines } = this.setting;
    this.field.append(
      h("div", { class: "cnnvis-line" }, data.element, layers.element, count.element, kind.element),
      h(
        "div",
        { class: "cnnvis-charts" },
        h("div", { class: "cnnvis-decision-boundary-plane" }, this.axes.svg, this.shownNote),
        h("div", { class: "cnnvis-decision-boundary-side" }, this.diagram.element, this.trace.svg),
      ),
      h("div", { class: "cnnvis-line" }, this.run, this.step, this.hundred, this.back, this.other),
      h("div", { class: "cnnvis-line" }, rate.element, speed.element, lines),
      this.status,
      this.spoken,
    );
  }

  /** Listen to the model and to the visitor. */
  connect() {
    const { signal, model } = this;
    watch(signal, model, ["_start"], () => this.restart());
    watch(signal, model, ["show_lines"], () => this.draw());
    watch(signal, model, ["rate", "data", "hidden", "activation", "_sets"], () => this.showSetting());
    watch(signal, model, ["disabled"], () => {
      if (this.get("disabled")) this.pause();
    });
    listen(signal, this.run, "click", () => {
      if (this.timer) {
        this.pause();
        return;
      }
      if (!this.usable() || this.run.getAttribute("aria-disabled") === "true") return;
      this.run.textContent = "❚❚ Pause";
      this.timer = requestAnimationFrame(() => this.beat());
    });
    listen(signal, this.step, "click", () => this.jump(1));
    listen(signal, this.hundred, "click", () => this.jump(100));
    listen(signal, this.back, "click", () => this.reset());
    listen(signal, this.other, "click", () => {
      this.pause();
      this.choose("seed", this.get("seed") + 1);
    });
    signal.addEventListener("abort", () => cancelAnimationFrame(this.timer));
    errorLine(model, this.field, signal);
  }

  /** @param {string} name */
  get(name) {
    return this.model.get(name);
  }

  units() {
    return this.get("hidden")[0] ?? 3;
  }

  usable() {
    return !this.get("disabled");
  }

  showSetting() {
    const { data, layers, count, kind, rate, lines } = this.setting;
    data.offer(this.get("_sets"));
    data.input.value = this.get("data");
    layers.input.value = String(this.get("hidden").length);
    count.show(Math.min(this.units(), SLIDER_UNITS));
    kind.input.value = this.get("activation");
    for (const part of [count.element, kind.element, lines]) part.hidden = !this.get("hidden").length;
    rate.show(Math.log10(this.get("rate")));
  }

  pause() {
    if (this.timer) {
      cancelAnimationFrame(this.timer);
      this.timer = 0;
      this.tell();
      this.speak();
    }
    this.run.textContent = "▶ Train";
  }

  /** Tell Python how far it is. */
  tell() {
    this.told = Date.now();
    if (!this.training) return;
    const { steps, network } = this.training;
    this.model.send({ key: this.key, steps, parameters: Array.from(network.parameters) });
  }

  beat() {
    this.timer = requestAnimationFrame(() => this.beat());
    const { training } = this;
    if (!training) return;
    const until = performance.now() + FRAME_MS;
    this.owed = Math.min(this.owed + PACES[this.pace], 1e6);
    let made = 0;
    while (this.owed >= 1 && performance.now() < until && training.steps < training.most) {
      training.advance(1, this.get("rate"));
      this.owed -= 1;
      made += 1;
    }
    if (PACES[this.pace] === Infinity) this.owed = 0;
    if (made) {
      training.note();
      this.draw();
    }
    if (Date.now() - this.told > TELL_MS) this.tell();
    if (training.over) this.pause();
  }

  /** @param {SmallNetwork} network */
  drawPlane(network) {
    const { hidden, sums, output } = network.plane(PLANE);
    const [layer, unit] = this.shown === "output" ? [0, 0] : this.shown.split(".").map(Number);
    const values = layer ? scaled(hidden[layer][unit]) : likely(output);
    this.ground.setAttribute("href", pictureOf(values, [PLANE, PLANE], tinted(0.55)));
    this.lines.replaceChildren(
      ...(this.get("show_lines") && network.sizes.length > 2
        ? this.unitLines(network, layer === 1 ? unit : -1)
        : []),
      drawn("path", {
        d: this.axes.contour(layer ? sums[layer][unit] : output, PLANE, 0),
        class: "cnnvis-decision-boundary-edge",
        "clip-path": `url(#${this.axes.clip})`,
      }),
    );
    this.shownNote.textContent = layer
      ? `In the plane: unit ${unit + 1} of hidden layer ${layer}; the black line is where its sum is 0.`
      : "In the plane: the output; the black line is where both classes are as likely.";
  }

  /**
   * Where the sum of each unit of the first hidden layer is 0: the darker, the more the next layer takes.
   * @param {SmallNetwork} network
   * @param {number} chosen
   */
  unitLines(network, chosen) {
    const sizes = Array.from({ length: network.sizes[1] }, (_, i) =>
      Math.hypot(...Array.from({ length: network.sizes[2] }, (__, j) => network.weight(1, i, j))),
    );
    const most = Math.max(...sizes, 1e-9);
    return sizes.map((size, j) => {
      const [u, v, b] = [0, 1, 2].map((i) => network.weight(0, i, j));
      const ends =
        Math.abs(v) > Math.abs(u)
          ? [-1, 1].map((x) => [x, -(u * x + b) / v])
          : [-1, 1].map((y) => [-(v * y + b) / (u || 1e-12), y]);
      const style = `cnnvis-decision-boundary-unit${j === chosen ? " cnnvis-decision-boundary-chosen" : ""}`;
      return this.axes.line(ends, style, { opacity: (0.25 + 0.75 * (size / most)).toFixed(2) });
    });
  }

  /** @param {Training} training */
  drawLoss({ history, steps }) {
    const losses = history.map(([, value]) => value);
    this.trace.x = [0, Math.max(10, steps)];
    this.trace.y = [0, 1.08 * Math.max(...losses.filter((value) => value < 3 * losses[0]), 0.1)];
    this.trace.axes();
    this.curve.replaceChildren(this.trace.line(history, "cnnvis-chart-curve"));
    this.trace.svg.setAttribute(
      "aria-label",
      `The loss after each of ${steps} steps: from ${short(losses[0])} to ` +
        `${short(losses[losses.length - 1])}`,
    );
  }

  draw(anew = false) {
    const { training } = this;
    if (!training) return;
    const { network, points, steps, history } = training;
    if (!network.finite) {
      this.status.textContent = `After ${steps} steps the weights have run away.`;
      return;
    }
    this.drawPlane(network);
    this.diagram.draw(network, this.shown, anew);
    this.drawLoss(training);
    const right = points.filter(([x, y, d]) => Number(network.forward(x, y) > 0) === d).length;
    this.status.textContent =
      `${steps} step${steps === 1 ? "" : "s"}: loss ${short(history[history.length - 1][1])}, ` +
      `${right} of ${points.length} points right; ${network.parameters.length} parameters`;
    this.axes.svg.setAttribute(
      "aria-label",
      `${points.length} points of two classes. ${this.shownNote.textContent} ${this.status.textContent}`,
    );
    const done = String(steps >= training.most);
    for (const item of [this.run, this.step, this.hundred]) item.setAttribute("aria-disabled", done);
    this.back.setAttribute("aria-disabled", String(steps === 0));
  }

  speak() {
    this.spoken.textContent = this.status.textContent;
  }

  /** @param {import("./maths/small_network.js").Point[]} points */
  drawPoints(points) {
    this.dots.replaceChildren(
      ...points.map(([x, y, d]) => {
        const [u, v] = [this.axes.px(x), this.axes.py(y)];
        return d
          ? drawn("rect", { x: u - 4, y: v - 4, width: 8, height: 8, class: "cnnvis-decision-boundary-1" })
          : drawn("circle", { cx: u, cy: v, r: 4.4, class: "cnnvis-decision-boundary-0" });
      }),
    );
  }

  /** Python has drawn other first weights. */
  restart() {
    const start = this.get("_start");
    if (start.key === undefined || start.key === this.key) return;
    if (this.timer) {
      cancelAnimationFrame(this.timer);
      this.timer = 0;
      this.run.textContent = "▶ Train";
    }
    this.key = start.key;
    const network = new SmallNetwork(start.sizes, start.activation, start.parameters);
    this.training = new Training(network, start.points, {
      steps: start.steps,
      history: start.history.slice(),
    });
    const [layer, unit] = this.shown.split(".").map(Number);
    const there = layer <= network.sizes.length - 2 && unit < network.sizes[layer];
    if (!there) this.shown = "output";
    this.drawPoints(start.points);
    this.draw(true);
    this.speak();
  }

  /** Back to the first weights. */
  reset() {
    this.pause();
    if (!this.usable() || !this.training?.steps) return;
    const { network, points } = this.training;
    const { activation, first } = this.get("_start");
    this.training = new Training(new SmallNetwork(network.sizes, activation, first), points);
    this.show();
  }

  /** @param {string} unit */
  pick(unit) {
    this.shown = unit;
    this.diagram.mark(unit);
    this.draw();
    this.spoken.textContent = this.shownNote.textContent;
  }

  /** @param {number} number of steps */
  jump(number) {
    this.pause();
    if (!this.usable() || !this.training || this.training.steps >= this.training.most) return;
    this.training.advance(number, this.get("rate"));
    this.show();
  }

  /** Keep, draw, tell and say where the training is now. */
  show() {
    this.training?.note();
    this.draw();
    this.tell();
    this.speak();
  }
}

const render = rendering(DecisionBoundaryView);

export default { render };
