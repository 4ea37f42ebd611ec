/** Numbers and gradients through many layers; see signal_propagation.py. */
import { errorLine, h, itemsOf, listen, rendering, short, watchTogether } from "../toolkit/base.js";
import { Axes, labelledSlider, tickBox } from "../toolkit/chart.js";
import { chooser, frame } from "../toolkit/control.js";
import { drawn } from "../toolkit/svg.js";

const [LOW, HIGH] = [-3, 0]; // powers of ten of the deviation

/** 10 to a whole power, as it is printed. */
function powerOfTen(power) {
  const raised = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  return `10${[...String(power)].map((c) => raised[c]).join("")}`;
}

/** A number given by its power of ten, in words: 0.23, 4.1 · 10⁷. */
function sized(power) {
  if (power === null) return "exactly 0";
  if (power > -3 && power < 4) return short(10 ** power);
  const whole = Math.floor(power);
  return `${(10 ** (power - whole)).toFixed(1)} · ${powerOfTen(whole)}`;
}

function chart(yName) {
  const axes = new Axes({ x: [0, 20], y: [-3, 3], wide: 460, high: 280, xName: "layer", yName, left: 56 });
  const group = drawn("g");
  axes.svg.append(group);
  axes.svg.setAttribute("role", "img");
  return { axes, group };
}

function drawCurve({ axes, group }, values) {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(-2, ...known), Math.max(2, ...known)];
  const room = 0.06 * (high - low);
  axes.x = [0, values.length - 1];
  axes.y = [low - room, high + room];
  const step = [1, 2, 5, 10, 20, 50].find((size) => (high - low) / size <= 7) ?? 100;
  const ticks = [];
  for (let power = Math.ceil(low / step) * step; power <= high; power += step) ticks.push(power);
  axes.axes({ yTicks: ticks, yText: powerOfTen });
  const places = values.map((value, k) => [k, value]).filter(([, value]) => value !== null);
  const zeros = values.map((value, k) => [k, value]).filter(([, value]) => value === null);
  group.replaceChildren(
    axes.line(
      [
        [0, 0],
        [values.length - 1, 0],
      ],
      "cnnvis-signal-propagation-one",
    ),
    axes.line(places, "cnnvis-chart-curve"),
    ...places.map(([k, value]) =>
      drawn("circle", { cx: axes.px(k), cy: axes.py(value), r: 3.2, class: "cnnvis-descent-now" }),
    ),
    ...zeros.map(([k]) =>
      drawn("text", { x: axes.px(k), y: axes.high - axes.bottom - 5, "text-anchor": "middle" }, "0"),
    ),
  );
}

class SignalPropagationView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "signal-propagation", signal);
    this.choose = chooser(model);
    this.charts = {
      signal: chart("size of the activations"),
      slope: chart("size of the gradient, 1 at the last layer"),
    };
    this.kind = h(
      "select",
      { "aria-label": "activation" },
      ...["sigmoid", "tanh", "relu"].map((name) => h("option", { value: name }, name)),
    );
    this.presets = h("div", { class: "cnnvis-segments", role: "group", "aria-label": "first weights" });
    this.mean = labelledSlider({
      label: "mean",
      min: 0,
      max: 1,
      step: 0.01,
      signal,
      text: () => short(this.get("mean")),
      onvalue: (value) => this.choose("mean", value),
    });
    this.deviation = labelledSlider({
      label: "deviation",
      min: LOW,
      max: HIGH,
      step: 0.01,
      signal,
      text: () => short(this.get("deviation")),
      onvalue: (value) => this.choose("deviation", Number((10 ** value).toPrecision(3))),
    });
    this.depth = labelledSlider({
      label: "hidden layers",
      min: 2,
      max: 40,
      step: 1,
      signal,
      text: String,
      onvalue: (value) => this.choose("depth", value),
    });
    this.other = h("button", { type: "button" }, "Other first weights");
    this.status = h("p", { class: "cnnvis-chart-status", role: "status" });
    this.field.append(
      h(
        "div",
        { class: "cnnvis-line" },
        h("label", { class: "cnnvis-entry" }, h("span", {}, "activation"), this.kind),
        h("span", {}, "first weights"),
        this.presets,
        this.other,
      ),
      h(
        "div",
        { class: "cnnvis-line" },
        this.mean.element,
        this.deviation.element,
        this.depth.element,
        tickBox(model, "normalised", "BatchNorm in each layer", this.choose, signal),
      ),
      h(
        "div",
        { class: "cnnvis-charts" },
        h("div", {}, this.charts.signal.axes.svg),
        h("div", {}, this.charts.slope.axes.svg),
      ),
      this.status,
    );
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    listen(this.signal, this.kind, "change", () => this.choose("activation", this.kind.value));
    listen(this.signal, this.other, "click", () => this.choose("seed", this.get("seed") + 1));
    watchTogether(
      this.signal,
      this.model,
      ["_curves", "_presets", "activation", "mean", "deviation", "depth"],
      () => this.draw(),
    );
    errorLine(this.model, this.field, this.signal);
  }

  get(name) {
    return this.model.get(name);
  }

  draw() {
    const { signal: up, slope: back } = this.get("_curves");
    if (!up) return;
    this.kind.value = this.get("activation");
    this.mean.show(this.get("mean"));
    this.deviation.show(Math.log10(this.get("deviation")));
    this.depth.show(this.get("depth"));
    const same = (a, b) => Math.abs(a - b) < 1e-3 * Math.max(1e-2, Math.abs(b));
    const chosen = this.get("_presets").find(
      ([, m, d]) => same(this.get("mean"), m) && same(this.get("deviation"), d),
    );
    if (this.presets.children.length !== this.get("_presets").length) {
      this.presets.replaceChildren(
        ...this.get("_presets").map(([name, m, d]) =>
          h(
            "button",
            {
              type: "button",
              "data-key": name,
              onclick: () => {
                if (this.get("disabled")) return;
                this.model.set("mean", m);
                this.choose("deviation", d);
              },
            },
            name,
          ),
        ),
      );
    }
    for (const item of itemsOf(this.presets, "button"))
      item.setAttribute("aria-pressed", String(item.dataset.key === chosen?.[0]));
    drawCurve(this.charts.signal, up);
    drawCurve(this.charts.slope, back);
    const layers = up.length - 1;
    this.status.textContent =
      `After ${layers} layers an activation of size ${sized(up[0])} has become ` +
      `${sized(up[layers])}. On its way back to layer 1 the gradient, 1 at the last layer, has become ` +
      `${sized(back[1])}.`;
    this.charts.signal.axes.svg.setAttribute(
      "aria-label",
      `Size of the activations at the input and ${layers} layers, in powers of ten: from ` +
        `${sized(up[0])} to ${sized(up[layers])}`,
    );
    this.charts.slope.axes.svg.setAttribute(
      "aria-label",
      `Size of the gradient at the same layers: ${sized(back[1])} at layer 1, 1 at layer ${layers}`,
    );
  }
}

const render = rendering(SignalPropagationView);

export default { render };
