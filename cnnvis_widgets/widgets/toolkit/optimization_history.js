// A curve over the steps and the pictures on the way (see optimization_history.py).
import { errorLine, h, keepKeys, listen, rendering, send, short, watch, watchTogether } from "./base.js";
import { drawn } from "./svg.js";
import { roundNumbers } from "./ticks.js";

const FRAME_MS = 120;
const FEW = { parts: 4, steps: [1, 2, 5, 10] }; // ticks of an axis
const [WIDE, HIGH, LEFT, TOP, RIGHT, BOTTOM] = [520, 200, 58, 28, 16, 34];

class OptimizationHistoryView {
  /** @param {import("./base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.picture = h("img", { class: "cnnvis-optimization-history-picture", alt: "" });
    this.curve = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
    this.slider = h("input", { type: "range", min: 0, step: 1 });
    this.play = h("button", { type: "button", "aria-pressed": "false" }, "Play");
    this.status = h("p", { class: "cnnvis-hint cnnvis-optimization-history-status" });
    this.root = h(
      "section",
      { class: "cnnvis cnnvis-optimization-history", "aria-label": "How it came about" },
      this.picture,
      h(
        "div",
        { class: "cnnvis-optimization-history-main" },
        this.curve,
        h("div", { class: "cnnvis-optimization-history-tools" }, this.play, this.slider),
        this.status,
      ),
    );
    el.append(this.root);
    keepKeys(this.root, signal);
    /** @type {string[]} */
    this.urls = [];
    this.timer = 0;
    this.mark = drawn("circle", { r: 5, class: "cnnvis-optimization-history-mark" });
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    listen(this.signal, this.slider, "input", () => {
      this.stop();
      send(this.model, "at", Number(this.slider.value));
    });
    listen(this.signal, this.play, "click", () => {
      if (this.timer) {
        this.stop();
        return;
      }
      this.play.textContent = "Pause";
      this.play.setAttribute("aria-pressed", "true");
      if (this.get("at") >= this.steps().length - 1) send(this.model, "at", 0);
      this.timer = window.setInterval(() => {
        if (this.get("at") >= this.steps().length - 1) this.stop();
        else send(this.model, "at", this.get("at") + 1);
      }, FRAME_MS);
    });
    const traits = ["steps", "values", "label", "frames", "frame_steps"];
    watchTogether(this.signal, this.model, traits, () => this.fill());
    watch(this.signal, this.model, ["at"], () => this.place());
    errorLine(this.model, this.root, this.signal);
    this.signal.addEventListener("abort", () => {
      this.stop();
      for (const url of this.urls) URL.revokeObjectURL(url);
      this.root.remove();
    });
  }

  get(name) {
    return this.model.get(name);
  }

  steps() {
    return this.get("frames").length ? this.get("frame_steps") : this.get("steps");
  }

  valueAt(step) {
    // of the last reading not after it
    const at = this.get("steps").findLastIndex((one) => one <= step);
    return this.get("values")[Math.max(at, 0)];
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = "Play";
    this.play.setAttribute("aria-pressed", "false");
  }

  scales() {
    const [first, last] = [this.get("steps")[0] ?? 0, this.get("steps").at(-1) ?? 1];
    const low = Math.min(...this.get("values"), 0);
    const high = Math.max(...this.get("values"), low + 1e-9);
    return {
      low,
      high,
      first,
      last,
      x: (step) => LEFT + ((step - first) / (last - first || 1)) * (WIDE - LEFT - RIGHT),
      y: (value) => HIGH - BOTTOM - ((value - low) / (high - low)) * (HIGH - TOP - BOTTOM),
    };
  }

  place() {
    const step = this.steps()[this.get("at")] ?? 0;
    this.slider.value = String(this.get("at"));
    const { x, y } = this.scales();
    const value = this.valueAt(step);
    if (value === undefined) return;
    this.mark.setAttribute("cx", String(x(step)));
    this.mark.setAttribute("cy", String(y(value)));
    const steps = step === 1 ? "step" : "steps";
    this.status.textContent = `After ${step} ${steps}: ${short(value)} (${this.get("label")})`;
    this.slider.setAttribute("aria-valuetext", this.status.textContent);
    if (this.urls.length) {
      this.picture.src = this.urls[this.get("at")] ?? this.urls.at(-1);
      this.picture.alt = `The picture after ${step} steps`;
    }
  }

  fill() {
    this.stop();
    for (const url of this.urls) URL.revokeObjectURL(url);
    this.urls = this.get("frames").map((view) => URL.createObjectURL(new Blob([view])));
    this.picture.hidden = !this.urls.length;
    this.root.hidden = !this.get("steps").length;
    this.slider.max = String(Math.max(0, this.steps().length - 1));
    this.slider.setAttribute("aria-label", this.urls.length ? "Picture on the way" : "Step");
    this.play.hidden = !this.urls.length;
    const { x, y, low, high, first, last } = this.scales();
    const points = this.get("steps").map(
      (step, i) => `${x(step).toFixed(1)},${y(this.get("values")[i]).toFixed(1)}`,
    );
    this.curve.setAttribute(
      "aria-label",
      `${this.get("label")} over ${last} steps: from ${short(this.get("values")[0] ?? 0)} to ` +
        `${short(this.get("values").at(-1) ?? 0)}`,
    );
    this.curve.replaceChildren(
      ...roundNumbers(low, high, FEW).flatMap((value) => [
        drawn("line", {
          x1: LEFT,
          x2: WIDE - RIGHT,
          y1: y(value),
          y2: y(value),
          class: "cnnvis-optimization-history-grid",
        }),
        drawn("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, short(value)),
      ]),
      ...roundNumbers(first, last, FEW)
        .filter((k) => Number.isInteger(k))
        .map((step) =>
          drawn("text", { x: x(step), y: HIGH - BOTTOM + 18, "text-anchor": "middle" }, String(step)),
        ),
      drawn(
        "text",
        { x: WIDE - RIGHT, y: HIGH - 3, "text-anchor": "end", class: "cnnvis-optimization-history-axis" },
        "steps",
      ),
      drawn("text", { x: 0, y: 14, class: "cnnvis-optimization-history-axis" }, this.get("label")),
      drawn("polyline", { points: points.join(" "), class: "cnnvis-optimization-history-line" }),
      this.mark,
    );
    this.place();
  }
}

const render = rendering(OptimizationHistoryView);

export default { render };
