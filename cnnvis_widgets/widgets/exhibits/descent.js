/** Gradient descent on a curve; see descent.py. */
import { errorLine, h, listen, rendering, short, watchTogether } from "../toolkit/base.js";
import { Axes, labelledSlider } from "../toolkit/chart.js";
import { chooser, frame, numberField } from "../toolkit/control.js";
import { drawn } from "../toolkit/svg.js";
import { descentOf, slopeOf, valueOf } from "./maths/polynomial.js";

const [MOST_STEPS, FAR, PACE_MS, FINE] = [200, 1e6, 350, 240];

class DescentView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "descent", signal);
    this.choose = chooser(model);
    const { domain, coefficients } = this.get("_curve");
    this.domain = domain;
    const grid = Array.from({ length: FINE + 1 }, (_, i) => domain[0] + (i / FINE) * (domain[1] - domain[0]));
    const curve = grid.map((theta) => [theta, valueOf(coefficients, theta)]);
    this.low = Math.min(...curve.map(([, height]) => height));
    this.high = Math.max(...curve.map(([, height]) => height));
    this.room = 0.08 * (this.high - this.low || 1);
    const y = [this.low - this.room, this.high + this.room];
    this.axes = new Axes({ x: domain, y, xName: this.get("name"), yName: `J(${this.get("name")})` });
    this.trace = new Axes({
      x: [0, 10],
      y,
      wide: 380,
      high: 340,
      xName: "steps",
      yName: "J after each step",
    });
    this.marks = drawn("g");
    this.history = drawn("g");
    this.axes.axes();
    this.axes.svg.append(this.axes.line(curve, "cnnvis-chart-curve"), this.marks);
    this.trace.svg.append(this.history);
    this.axes.svg.setAttribute("role", "img");
    this.trace.svg.setAttribute("role", "img");
    this.start = labelledSlider({
      label: `start at ${this.get("name")} =`,
      min: this.domain[0],
      max: this.domain[1],
      step: (this.domain[1] - this.domain[0]) / 200,
      signal,
      text: (value) => short(value),
      onvalue: (value) => {
        this.stop();
        model.set("steps", 0);
        this.choose("start", value);
      },
    });
    this.rate = labelledSlider({
      label: "learning rate α =",
      min: 0,
      max: 1,
      step: 0.01,
      signal,
      text: () => short(this.get("rate")),
      onvalue: (share) => this.choose("rate", this.rateAt(share)),
    });
    this.exact = numberField({
      label: "",
      whole: false,
      signal,
      onvalue: (value) => this.choose("rate", value),
    });
    this.exact.input.setAttribute("aria-label", "exact learning rate");
    this.step = h("button", { type: "button" }, "One step");
    this.run = h("button", { type: "button" });
    this.back = h("button", { type: "button" }, "Back to the start");
    this.status = h("p", { class: "cnnvis-chart-status", role: "status" });
    this.sum = h("p", { class: "cnnvis-chart-status" });
    this.layOut();
    this.timer = 0;
    this.stop();
    this.connect();
  }

  layOut() {
    this.field.append(
      h(
        "div",
        { class: "cnnvis-charts" },
        h("div", {}, this.axes.svg),
        h("div", { class: "cnnvis-chart-narrow" }, this.trace.svg),
      ),
      h("div", { class: "cnnvis-line" }, this.start.element, this.rate.element, this.exact.element),
      this.exact.complaint,
      h("div", { class: "cnnvis-line" }, this.step, this.run, this.back),
      this.sum,
      this.status,
    );
  }

  /** Listen to the model and to the visitor. */
  connect() {
    listen(this.signal, this.step, "click", () => {
      this.stop();
      this.once();
    });
    listen(this.signal, this.run, "click", () => {
      if (this.timer) {
        this.stop();
        return;
      }
      this.run.textContent = "❚❚ Pause";
      this.timer = window.setInterval(() => this.once(), PACE_MS);
    });
    listen(this.signal, this.back, "click", () => {
      this.stop();
      if (this.get("steps")) this.choose("steps", 0);
    });
    watchTogether(this.signal, this.model, ["_curve", "start", "rate", "steps", "largest_rate", "name"], () =>
      this.draw(),
    );
    this.signal.addEventListener("abort", () => this.stop());
    errorLine(this.model, this.field, this.signal);
  }

  get(name) {
    return this.model.get(name);
  }

  // The rate's slider is logarithmic: three powers of ten up to the largest one.
  rateAt(share) {
    return Number((this.get("largest_rate") * 10 ** (3 * (share - 1))).toPrecision(3));
  }

  draw() {
    const { coefficients } = this.get("_curve");
    const [alpha, steps] = [this.get("rate"), this.get("steps")];
    const path = descentOf(coefficients, this.get("start"), alpha, steps, FAR);
    const values = path.map((theta) => valueOf(coefficients, theta));
    const now = path[path.length - 1];
    const slope = slopeOf(coefficients, now);
    this.start.show(this.get("start"));
    this.rate.show(1 + Math.log10(alpha / this.get("largest_rate")) / 3);
    this.exact.limits(0, this.get("largest_rate"));
    this.exact.show(alpha);
    this.drawWay(path, values, slope);
    this.drawTrace(values);
    this.say(now, values, slope);
    const done = Math.abs(now) > FAR || steps >= MOST_STEPS;
    for (const one of [this.step, this.run]) one.setAttribute("aria-disabled", String(done));
    this.back.setAttribute("aria-disabled", String(steps === 0));
    if (done) this.stop();
  }

  /**
   * The points on the curve, the tangent at the last one and the next step.
   * @param {number[]} path
   * @param {number[]} values
   * @param {number} slope
   */
  drawWay(path, values, slope) {
    const { axes } = this;
    /** @param {number} i @param {number} r @param {string} style */
    const circle = (i, r, style) => {
      const [cx, cy] = [axes.px(path[i]), axes.py(values[i])];
      return drawn("circle", { cx, cy, r, class: style, "clip-path": `url(#${axes.clip})` });
    };
    const last = path.length - 1;
    const [now, height] = [path[last], values[last]];
    const reach = 0.18 * (this.domain[1] - this.domain[0]);
    const tangent = [-reach, reach].map((by) => [now + by, height + slope * by]);
    const next = axes.px(now - this.get("rate") * slope);
    const [from, to] = [axes.px(now), Math.max(axes.left, Math.min(axes.wide - axes.right, next))];
    const ground = axes.high - axes.bottom;
    const tip = to >= from ? -7 : 7;
    const d = `M${from} ${ground - 8}H${to}m${tip} -5L${to} ${ground - 8}l${tip} 5`;
    const far = Math.abs(to - from) > 1 && Number.isFinite(to);
    this.marks.replaceChildren(
      axes.line(
        path.map((theta, i) => [theta, values[i]]),
        "cnnvis-descent-way",
      ),
      axes.line(tangent, "cnnvis-chart-second"),
      ...[...Array(last).keys()].map((i) => circle(i, 4, "cnnvis-descent-past")),
      circle(last, 7, "cnnvis-descent-now"),
      ...(far ? [drawn("path", { class: "cnnvis-descent-step", d })] : []),
    );
  }

  /** @param {number[]} values after each step */
  drawTrace(values) {
    const { trace, low, high, room } = this;
    const most = Math.max(high, ...values.filter((value) => value < 20 * (high - low) + high));
    trace.x = [0, Math.max(10, values.length - 1)];
    trace.y = [low - room, most + room];
    trace.axes();
    const look = { r: 3.5, class: "cnnvis-descent-now", "clip-path": `url(#${trace.clip})` };
    this.history.replaceChildren(
      trace.line([...values.entries()], "cnnvis-chart-curve"),
      ...values.map((value, i) => drawn("circle", { cx: trace.px(i), cy: trace.py(value), ...look })),
    );
  }

  /** @param {number} now @param {number[]} values @param {number} slope */
  say(now, values, slope) {
    const [alpha, steps, name] = [this.get("rate"), this.get("steps"), this.get("name")];
    const minus = slope < 0 ? `(${short(slope)})` : short(slope);
    this.sum.textContent = `next: ${short(now)} − ${short(alpha)} · ${minus} = ${short(now - alpha * slope)}`;
    const last = values.length - 1;
    const here = `J = ${short(values[last])}, slope ${short(slope)}`;
    this.status.textContent =
      Math.abs(now) > FAR
        ? `After ${last} steps it has run away: ${name} = ${short(now)}.`
        : `${steps} step${steps === 1 ? "" : "s"}: ${name} = ${short(now)}, ${here}`;
    this.axes.svg.setAttribute("aria-label", `J over ${name}, with its tangent. ${this.status.textContent}`);
    this.trace.svg.setAttribute(
      "aria-label",
      `J after each of ${last} steps, from ${short(values[0])} to ${short(values[last])}`,
    );
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.run.textContent = "▶ Run";
  }

  once() {
    if (this.step.getAttribute("aria-disabled") !== "true" && !this.get("disabled"))
      this.choose("steps", this.get("steps") + 1);
  }
}

const render = rendering(DescentView);

export default { render };
