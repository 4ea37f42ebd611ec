/** Four optimizers race down a surface; see optimizer_race.py. */
import {
  errorLine,
  h,
  isShortcut,
  listen,
  rendering,
  short,
  useUp,
  watch,
  watchTogether,
} from "../toolkit/base.js";
import { Axes, button, labelledSelect, labelledSlider, tickBox } from "../toolkit/chart.js";
import { chooser, frame } from "../toolkit/control.js";
import { pictureOf } from "../toolkit/pixels.js";
import { drawn } from "../toolkit/svg.js";
import { SURFACES } from "./maths/loss_surfaces.js";
import { descend } from "./maths/optimizers.js";
import { MARKS, RaceTable } from "./optimizer_race_table.js";

const [GROUND, PACE_MS, LEVELS, SMALLEST] = [72, 60, 14, 1e-6];

/** @typedef {{name: string, path: number[][], away: boolean}} Racer */

class OptimizerRaceView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "optimizer-race", signal);
    this.choose = chooser(model);
    this.facts = this.get("_facts");
    this.plane = h("div", { class: "cnnvis-optimizer-race-plane" });
    this.trace = new Axes({
      x: [0, 10],
      y: [-6, 1],
      wide: 420,
      high: 260,
      xName: "steps",
      yName: "loss, above the lowest there is",
    });
    this.trace.svg.setAttribute("role", "img");
    this.lines = drawn("g");
    this.trace.svg.append(this.lines);
    this.ground = ""; // the surface that is drawn
    this.axes = this.trace; // until a surface is drawn
    this.contours = drawn("g", { "aria-hidden": "true" });
    this.ways = drawn("g");
    this.heads = drawn("g");
    this.handle = drawn("g", {
      class: "cnnvis-optimizer-race-start",
      tabindex: 0,
      role: "slider",
      "aria-roledescription": "point in the plane",
      "aria-label": "start, moved with the arrow keys",
    });
    this.surface = labelledSelect("surface", Object.keys(this.facts.surfaces), signal, (value) => {
      this.stop();
      this.choose("surface", value);
    });
    this.run = button("▶ Race");
    this.step = button("One step");
    this.ten = button("Ten steps");
    this.back = button("Back to the start");
    this.table = new RaceTable(model, this.choose, signal);
    this.sliders = {
      momentum: this.slider("momentum", "momentum μ", 0.99, 0.01),
      decay: this.slider("decay", "decay of α", 0.5, 0.005),
      noise: this.slider("noise", "noise in the gradients", 3, 0.05),
    };
    this.status = h("p", { class: "cnnvis-chart-status cnnvis-optimizer-race-status" });
    this.spoken = h("span", { class: "cnnvis-unseen", role: "status" });
    this.timer = 0;
    this.dragged = false;
    this.layOut();
    this.connect();
  }

  layOut() {
    const together = tickBox(this.model, "together", "one learning rate for all", this.choose, this.signal);
    const side = h(
      "div",
      { class: "cnnvis-optimizer-race-side" },
      this.table.element,
      together,
      this.trace.svg,
    );
    const sliders = Object.values(this.sliders).map(({ element }) => element);
    this.field.append(
      h("div", { class: "cnnvis-line" }, this.surface.element, this.run, this.step, this.ten, this.back),
      h("div", { class: "cnnvis-charts" }, this.plane, side),
      h("div", { class: "cnnvis-line" }, ...sliders),
      this.status,
      this.spoken,
    );
  }

  /** Listen to the model and to the visitor. */
  connect() {
    const { signal, model } = this;
    listen(signal, this.step, "click", () => {
      this.stop();
      this.go(1);
    });
    listen(signal, this.ten, "click", () => {
      this.stop();
      this.go(10);
    });
    listen(signal, this.run, "click", () => this.start());
    listen(signal, this.back, "click", () => {
      this.stop();
      if (this.get("steps")) this.choose("steps", 0);
    });
    listen(signal, this.plane, "pointerdown", (event) => {
      if (!this.usable() || event.button || !event.target.closest(".cnnvis-optimizer-race-start")) return;
      this.dragged = true;
      this.plane.setPointerCapture(event.pointerId);
      this.handle.focus({ preventScroll: true });
      event.preventDefault();
    });
    listen(signal, this.plane, "pointermove", (event) => {
      if (this.dragged) this.put(this.axes.at(event));
    });
    for (const name of ["pointerup", "pointercancel"]) {
      listen(signal, this.plane, name, () => {
        this.dragged = false;
      });
    }
    listen(signal, this.handle, "keydown", (event) => this.key(event));
    const names = ["surface", "start", "racers", "rates", "momentum", "decay", "noise", "steps"];
    watchTogether(signal, model, names, () => this.draw());
    watch(signal, model, ["disabled"], () => {
      if (this.get("disabled")) this.stop();
    });
    signal.addEventListener("abort", () => this.stop());
    errorLine(model, this.field, signal);
  }

  /** @param {string} name */
  get(name) {
    return this.model.get(name);
  }

  /** @param {string} name of a racer */
  styleOf(name) {
    return `cnnvis-optimizer-race-${this.table.names.indexOf(name)}`;
  }

  usable() {
    return !this.get("disabled");
  }

  /** The present surface's ranges and lowest place. */
  here() {
    return this.facts.surfaces[this.get("surface")];
  }

  /** @param {string} name @param {string} label @param {number} max @param {number} step */
  slider(name, label, max, step) {
    return labelledSlider({
      label,
      min: 0,
      max,
      step,
      signal: this.signal,
      text: () => short(this.get(name)),
      onvalue: (value) => this.choose(name, value),
    });
  }

  /** Where a racer has been; ends where it has run away. @param {string} name @returns {Racer} */
  race(name) {
    const { errors, far } = this.facts;
    const [, slope] = SURFACES[this.get("surface")];
    const rate = this.get("rates")[this.table.names.indexOf(name)];
    const [start, momentum, decay] = [this.get("start"), this.get("momentum"), this.get("decay")];
    const [noise, steps] = [this.get("noise"), this.get("steps")];
    const run = { rule: name, start, rate, momentum, decay, noise, errors, steps, far };
    return { name, ...descend(slope, run, this.facts) };
  }

  /** Above the lowest there is. @param {number[]} place */
  lossAt([x, y]) {
    return SURFACES[this.get("surface")][0](x, y) - this.here().least;
  }

  drawGround() {
    const { x, y, lowest } = this.here();
    const wide = 470;
    const high = Math.round((wide - 64) * Math.min(1, (y[1] - y[0]) / (x[1] - x[0])) + 62);
    const old = this.axes;
    this.axes = new Axes({ x, y, wide, high, xName: "parameter x", yName: "parameter y" });
    const values = Array.from({ length: GROUND * GROUND }, (_, i) =>
      this.lossAt([
        x[0] + (((i % GROUND) + 0.5) / GROUND) * (x[1] - x[0]),
        y[1] - ((Math.floor(i / GROUND) + 0.5) / GROUND) * (y[1] - y[0]),
      ]),
    );
    const most = Math.max(...values);
    const href = pictureOf(values, [GROUND, GROUND], (value) => [
      90,
      96,
      110,
      Math.round(170 * Math.sqrt(value / most)),
    ]);
    const levels = Array.from({ length: LEVELS - 1 }, (_, k) => most * ((k + 1) / LEVELS) ** 2);
    const [u, v] = [this.axes.px(lowest[0]), this.axes.py(lowest[1])];
    this.contours.replaceChildren(
      this.axes.image({ href }),
      ...levels.map((level) =>
        drawn("path", {
          d: this.axes.contour(values, GROUND, level),
          class: "cnnvis-optimizer-race-contour",
        }),
      ),
      drawn("path", {
        d: `M${u - 6} ${v}H${u + 6}M${u} ${v - 6}V${v + 6}`,
        class: "cnnvis-optimizer-race-lowest",
      }),
    );
    this.axes.axes();
    this.axes.svg.append(this.contours, this.ways, this.heads, this.handle);
    this.axes.svg.setAttribute("role", "group");
    const held = document.activeElement === this.handle;
    if (old === this.trace) this.plane.append(this.axes.svg);
    else old.svg.replaceWith(this.axes.svg);
    if (held) this.handle.focus({ preventScroll: true });
  }

  draw() {
    if (this.ground !== this.get("surface")) {
      this.ground = this.get("surface");
      this.drawGround();
    }
    const steps = this.get("steps");
    this.surface.input.value = this.ground;
    for (const [name, slider] of Object.entries(this.sliders)) slider.show(this.get(name));
    /** @type {Racer[]} */
    const racers = this.get("racers").map((/** @type {string} */ name) => this.race(name));
    this.drawWays(racers, steps > 0);
    this.drawTrace(racers, steps);
    this.say(racers, steps);
    const done = steps >= this.facts.most;
    for (const item of [this.run, this.step, this.ten]) item.setAttribute("aria-disabled", String(done));
    this.back.setAttribute("aria-disabled", String(steps === 0));
    if (done) this.stop();
    if (!this.timer) this.spoken.textContent = this.status.textContent;
  }

  /** @param {Racer[]} racers @param {boolean} begun */
  drawWays(racers, begun) {
    const { axes } = this;
    this.ways.replaceChildren(
      ...racers.map(({ name, path }) => axes.line(path, `cnnvis-optimizer-race-way ${this.styleOf(name)}`)),
    );
    this.heads.replaceChildren(
      ...(begun ? racers : []).map(({ name, path }) => {
        const [x, y] = path[path.length - 1];
        const look = {
          class: `cnnvis-optimizer-race-head ${this.styleOf(name)}`,
          "clip-path": `url(#${axes.clip})`,
        };
        return drawn("g", look, MARKS[name](axes.px(x), axes.py(y)));
      }),
    );
    const [x, y] = this.get("start");
    const [u, v] = [axes.px(x), axes.py(y)];
    this.handle.replaceChildren(
      drawn("circle", { cx: u, cy: v, r: 14, class: "cnnvis-optimizer-race-grip" }),
      drawn("circle", { cx: u, cy: v, r: 8, class: "cnnvis-optimizer-race-ring" }),
    );
    this.handle.setAttribute("aria-valuenow", String(x));
    this.handle.setAttribute("aria-valuetext", `x ${short(x)}, y ${short(y)}`);
  }

  /** The losses, on a scale of powers of ten. @param {Racer[]} racers @param {number} steps */
  drawTrace(racers, steps) {
    /** @param {number[]} place */
    const power = (place) => Math.log10(Math.max(SMALLEST, this.lossAt(place)));
    const curves = racers.map(({ name, path }) => ({ name, powers: path.map(power) }));
    const all = curves.flatMap(({ powers }) => powers);
    const first = power(this.get("start"));
    this.trace.x = [0, Math.max(10, steps)];
    this.trace.y = [
      Math.max(Math.log10(SMALLEST), Math.min(first - 2, ...all)),
      Math.max(first, Math.min(first + 3, Math.max(...all))) + 0.2,
    ];
    const [low, high] = this.trace.y;
    const ticks = Array.from({ length: 12 }, (_, k) => k - 6).filter((tick) => tick >= low && tick <= high);
    this.trace.axes({ yTicks: ticks, yText: (tick) => short(Number(`1e${tick}`)) });
    this.lines.replaceChildren(
      ...curves.map(({ name, powers }) =>
        this.trace.line([...powers.entries()], `cnnvis-optimizer-race-way ${this.styleOf(name)}`),
      ),
    );
  }

  /** @param {Racer[]} racers @param {number} steps */
  say(racers, steps) {
    const losses = new Map(
      racers.map(({ name, path, away }) => [
        name,
        away ? `ran away in step ${path.length - 1}` : short(this.lossAt(path[path.length - 1])),
      ]),
    );
    this.table.show(losses);
    const words = this.table.names.flatMap((name) => {
      const racer = racers.find((one) => one.name === name);
      return racer ? [racer.away ? `${name} has run away` : `${name} ${losses.get(name)}`] : [];
    });
    const first = short(this.lossAt(this.get("start")));
    this.status.textContent = steps
      ? `After ${steps} step${steps === 1 ? "" : "s"}, losses above the lowest: ${words.join(", ")}.`
      : `At the start the loss is ${first} above the lowest, which is at the cross.`;
    const ways = this.get("racers").join(", ");
    this.axes.svg.setAttribute(
      "aria-label",
      `The surface ${this.ground} from above, dark where the loss is large, with the ways of ${ways}. ` +
        this.status.textContent,
    );
    this.trace.svg.setAttribute(
      "aria-label",
      `Losses after each step, on a scale of powers of ten. ${this.status.textContent}`,
    );
  }

  start() {
    if (this.timer) {
      this.stop();
      this.spoken.textContent = this.status.textContent;
      return;
    }
    if (!this.usable() || this.get("steps") >= this.facts.most) return;
    this.run.textContent = "❚❚ Pause";
    this.timer = window.setInterval(() => this.go(1), PACE_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.run.textContent = "▶ Race";
  }

  /** @param {number} number of steps */
  go(number) {
    const steps = this.get("steps");
    if (this.usable() && steps < this.facts.most) {
      this.choose("steps", Math.min(this.facts.most, steps + number));
    }
  }

  /** Put the start somewhere else. @param {readonly number[]} place */
  put([a, b]) {
    const { x, y } = this.here();
    /** @param {number} value @param {number[]} ends */
    const inside = (value, [from, to]) => Number(Math.min(to, Math.max(from, value)).toFixed(3));
    this.choose("start", [inside(a, x), inside(b, y)]);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = event.shiftKey ? 0.1 : 0.01;
    /** @type {Record<string, [number, number]>} */
    const moves = { ArrowRight: [by, 0], ArrowLeft: [-by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] };
    const move = moves[event.key];
    if (!move || !this.usable() || isShortcut(event)) return;
    const { x, y } = this.here();
    const [a, b] = this.get("start");
    this.put([a + move[0] * (x[1] - x[0]), b + move[1] * (y[1] - y[0])]);
    useUp(event);
  }
}

const render = rendering(OptimizerRaceView);

export default { render };
