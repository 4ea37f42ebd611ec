/** A curve, a point on it, the tangent there and the chord from the start; see tangent.py. */
import { errorLine, h, listen, rendering, short, watch } from "../toolkit/base.js";
import { choices, chooser, frame } from "../toolkit/control.js";
import { drawn } from "../toolkit/svg.js";
import { roundNumbers } from "../toolkit/ticks.js";

const [WIDE, HIGH, LEFT, TOP, RIGHT, BOTTOM] = [640, 290, 62, 30, 18, 44];
const FEW = { parts: 4, steps: [1, 2, 5, 10] }; // ticks of an axis

function reading(kind) {
  return h("span", { class: `cnnvis-tangent-${kind}` });
}

class TangentView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "tangent", signal);
    this.choose = chooser(model);
    this.list = h("div", { class: "cnnvis-segments", role: "radiogroup" });
    this.plot = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img" });
    this.slider = h("input", { type: "range", min: 0, step: 1 });
    this.value = reading("value");
    this.here = reading("here");
    this.mean = reading("mean");
    this.field.append(
      this.list,
      this.plot,
      this.slider,
      h("div", { class: "cnnvis-line cnnvis-tangent-readings" }, this.value, this.here, this.mean),
    );
    this.moving = drawn("g");
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["_curves", "_axes", "curve"], () => {
      const axes = this.model.get("_axes");
      const { x, y, name } = this.curve();
      const { across, up, first, last, low, high } = this.scales();
      const label = (text, attributes) => drawn("text", attributes, text);
      const points = x.map((t, i) => `${across(t).toFixed(1)},${up(y[i]).toFixed(1)}`).join(" ");
      // A tangent may leave the picture; clipping needs no id when a nested svg does it.
      const inner = drawn("svg", {
        x: 0,
        y: TOP - 8,
        width: WIDE,
        height: HIGH - BOTTOM - TOP + 16,
        viewBox: `0 ${TOP - 8} ${WIDE} ${HIGH - BOTTOM - TOP + 16}`,
      });
      inner.append(drawn("polyline", { points, class: "cnnvis-tangent-line" }), this.moving);
      this.plot.replaceChildren(
        ...roundNumbers(low, high, FEW).flatMap((v) => [
          drawn("line", { x1: LEFT, x2: WIDE - RIGHT, y1: up(v), y2: up(v), class: "cnnvis-tangent-grid" }),
          label(short(v), { x: LEFT - 8, y: up(v) + 5, "text-anchor": "end" }),
        ]),
        ...roundNumbers(first, last, FEW).map((t) =>
          label(short(t), { x: across(t), y: HIGH - BOTTOM + 20, "text-anchor": "middle" }),
        ),
        label(axes.x, { x: WIDE - RIGHT, y: HIGH - 4, "text-anchor": "end", class: "cnnvis-tangent-axis" }),
        label(axes.y, { x: 0, y: 14, class: "cnnvis-tangent-axis" }),
        inner,
      );
      this.plot.setAttribute(
        "aria-label",
        `${name}: ${axes.y || "value"} from ${short(y[0])} to ${short(y.at(-1))}, over ` +
          `${axes.x || "position"} from ${short(first)} to ${short(last)}`,
      );
      this.slider.max = String(x.length - 1);
      this.slider.setAttribute("aria-label", axes.x || "position");
      this.list.hidden = this.model.get("_curves").length < 2;
    });
    choices(
      this.model,
      this.list,
      {
        traits: ["_curves"],
        records: () => this.model.get("_curves"),
        key: "name",
        value: "curve",
        draw: ({ name }) => [name],
      },
      this.signal,
    );
    watch(this.signal, this.model, ["_curves", "_axes", "curve", "at"], () => this.move());
    listen(this.signal, this.slider, "input", () => this.choose("at", Number(this.slider.value)));
    errorLine(this.model, this.field, this.signal);
  }

  curve() {
    return this.model.get("_curves").find(({ name }) => name === this.model.get("curve"));
  }

  at() {
    return Math.min(this.model.get("at"), this.curve().x.length - 1);
  }

  scales() {
    const { x, y } = this.curve();
    const [first, last] = [x[0], x.at(-1)];
    const [low, high] = [Math.min(0, ...y), Math.max(...y, 1e-9)];
    return {
      first,
      last,
      low,
      high,
      across: (t) => LEFT + ((t - first) / (last - first)) * (WIDE - LEFT - RIGHT),
      up: (v) => HIGH - BOTTOM - ((v - low) / (high - low)) * (HIGH - TOP - BOTTOM),
    };
  }

  move() {
    const { x, y, slopes } = this.curve();
    const i = this.at();
    const { across, up } = this.scales();
    const stroke = (kind, from, to) =>
      drawn("line", {
        x1: across(from[0]),
        y1: up(from[1]),
        x2: across(to[0]),
        y2: up(to[1]),
        class: `cnnvis-tangent-${kind}`,
      });
    const on = (t) => [t, y[i] + slopes[i] * (t - x[i])];
    const chord = i ? (y[i] - y[0]) / (x[i] - x[0]) : null;
    this.moving.replaceChildren(
      ...(i ? [stroke("mean", [x[0], y[0]], [x[i], y[i]])] : []),
      stroke("here", on(x[0]), on(x.at(-1))),
      drawn("circle", { cx: across(x[i]), cy: up(y[i]), r: 6, class: "cnnvis-tangent-point" }),
    );
    this.value.textContent = `${this.model.get("_axes").y || "value"} ${short(y[i])} at ${short(x[i])}`;
    this.here.textContent = `slope here ${short(slopes[i])}`;
    this.mean.textContent = `mean slope from the start ${short(chord)}`;
    this.slider.value = String(i);
    this.slider.setAttribute(
      "aria-valuetext",
      `${this.value.textContent}, ${this.here.textContent}, ${this.mean.textContent}`,
    );
  }
}

const render = rendering(TangentView);

export default { render };
