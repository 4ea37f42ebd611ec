/** One unit whose weights are moved by hand; see perceptron.py. */
import { errorLine, h, listen, rendering, short, watchTogether } from "../toolkit/base.js";
import { Axes, labelledSlider } from "../toolkit/chart.js";
import { frame } from "../toolkit/control.js";
import { drawn } from "../toolkit/svg.js";

const [CORNERS, LARGEST, MOST_CORRECTIONS] = [
  [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  5,
  10000,
];
const REACH = [-0.5, 1.5];

/** The part of a polygon on which f, a linear function, is above 0. */
function above(corners, f) {
  return corners.flatMap((from, i) => {
    const to = corners[(i + 1) % corners.length];
    const [a, b] = [f(from), f(to)];
    const cut = a > 0 !== b > 0 ? [from.map((u, k) => u + (a / (a - b)) * (to[k] - u))] : [];
    return a > 0 ? [from, ...cut] : cut;
  });
}

class PerceptronView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "perceptron", signal);
    this.axes = new Axes({ x: REACH, y: REACH, wide: 360, high: 340, xName: "x1", yName: "x2" });
    this.shade = drawn("g");
    this.marks = drawn("g");
    this.axes.axes({ xTicks: [0, 1], yTicks: [0, 1] });
    this.axes.svg.prepend(this.shade);
    this.axes.svg.append(this.marks);
    this.axes.svg.setAttribute("role", "img");
    this.task = h("select", { "aria-label": "task" });
    this.sliders = ["w1", "w2", "b"].map((name, k) =>
      labelledSlider({
        label: `${name} =`,
        min: -LARGEST,
        max: LARGEST,
        step: 0.1,
        signal,
        text: short,
        onvalue: (value) =>
          this.write({ weights: this.get("weights").map((w, i) => (i === k ? value : w)), corrections: 0 }),
      }),
    );
    this.rows = h("tbody");
    const table = h(
      "table",
      { class: "cnnvis-perceptron-table" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...["x1", "x2", "sum", "answer", "wanted", ""].map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      this.rows,
    );
    this.fix = h("button", { type: "button" }, "Correct one mistake");
    this.zero = h("button", { type: "button" }, "All weights to 0");
    this.status = h("p", { class: "cnnvis-chart-status", role: "status" });
    this.field.append(
      h(
        "div",
        { class: "cnnvis-charts" },
        h("div", { class: "cnnvis-perceptron-plane" }, this.axes.svg),
        h(
          "div",
          {},
          h("label", { class: "cnnvis-entry" }, h("span", {}, "task"), this.task),
          table,
          ...this.sliders.map((slider) => slider.element),
          h("div", { class: "cnnvis-line" }, this.fix, this.zero),
          this.status,
        ),
      ),
    );
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    listen(this.signal, this.task, "change", () => this.write({ task: this.task.value, corrections: 0 }));
    listen(this.signal, this.fix, "click", () => {
      const [first] = this.mistakes();
      if (first === undefined || this.get("disabled") || this.get("corrections") >= MOST_CORRECTIONS) return;
      const by = this.get("rate") * (this.wanted()[first] ? 1 : -1);
      const moved = this.get("weights").map((w, k) => w + by * (k < 2 ? CORNERS[first][k] : 1));
      this.write({
        weights: moved.map((w) => Math.max(-LARGEST, Math.min(LARGEST, w))),
        corrections: this.get("corrections") + 1,
      });
    });
    listen(this.signal, this.zero, "click", () => this.write({ weights: [0, 0, 0], corrections: 0 }));
    watchTogether(this.signal, this.model, ["task", "weights", "corrections", "rate", "_tasks"], () =>
      this.draw(),
    );
    errorLine(this.model, this.field, this.signal);
  }

  get(name) {
    return this.model.get(name);
  }

  write(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    if (this.get("error")) this.model.set("error", "");
    this.model.save_changes();
  }

  /** @param {number[]} place */
  sum([x, y]) {
    const [u, v, b] = this.get("weights");
    return u * x + v * y + b;
  }

  wanted() {
    return this.get("_tasks")[this.get("task")] ?? [];
  }

  mistakes() {
    return CORNERS.map((corner, i) => i).filter((i) => Number(this.sum(CORNERS[i]) > 0) !== this.wanted()[i]);
  }

  draw() {
    const names = Object.keys(this.get("_tasks"));
    if (this.task.children.length !== names.length)
      this.task.replaceChildren(...names.map((name) => h("option", { value: name }, name.toUpperCase())));
    this.task.value = this.get("task");
    this.sliders.forEach((slider, k) => slider.show(this.get("weights")[k]));
    const wrong = this.mistakes();
    const box = [
      [REACH[0], REACH[0]],
      [REACH[1], REACH[0]],
      [REACH[1], REACH[1]],
      [REACH[0], REACH[1]],
    ];
    const place = (points) =>
      points.map(([x, y]) => `${this.axes.px(x).toFixed(2)},${this.axes.py(y).toFixed(2)}`).join(" ");
    const one = above(box, (arg) => this.sum(arg));
    const rest = above(box, (corner) => -this.sum(corner));
    const edge = one.filter((corner) => Math.abs(this.sum(corner)) < 1e-9);
    this.shade.replaceChildren(
      drawn("polygon", { points: place(one), class: "cnnvis-fit-shade-1", opacity: 0.22 }),
      drawn("polygon", { points: place(rest), class: "cnnvis-fit-shade-0", opacity: 0.22 }),
    );
    this.marks.replaceChildren(
      ...(edge.length === 2 ? [this.axes.line(edge, "cnnvis-chart-curve cnnvis-perceptron-line")] : []),
      ...CORNERS.flatMap(([x, y], i) => {
        const [u, v] = [this.axes.px(x), this.axes.py(y)];
        const shape = this.wanted()[i]
          ? drawn("rect", { x: u - 9, y: v - 9, width: 18, height: 18, class: "cnnvis-fit-1" })
          : drawn("circle", { cx: u, cy: v, r: 9.5, class: "cnnvis-fit-0" });
        return wrong.includes(i)
          ? [shape, drawn("circle", { cx: u, cy: v, r: 17, class: "cnnvis-perceptron-wrong" })]
          : [shape];
      }),
    );
    this.rows.replaceChildren(
      ...CORNERS.map((corner, i) =>
        h(
          "tr",
          { class: wrong.includes(i) ? "cnnvis-perceptron-bad" : null },
          ...[
            corner[0],
            corner[1],
            short(Number(this.sum(corner).toFixed(6))),
            Number(this.sum(corner) > 0),
            this.wanted()[i],
            wrong.includes(i) ? "wrong" : "right",
          ].map((text) => h("td", {}, String(text))),
        ),
      ),
    );
    this.fix.setAttribute(
      "aria-disabled",
      String(!wrong.length || this.get("corrections") >= MOST_CORRECTIONS),
    );
    const made = this.get("corrections")
      ? ` after ${this.get("corrections")} correction${this.get("corrections") === 1 ? "" : "s"}`
      : "";
    this.status.textContent = `${4 - wrong.length} of 4 right${made}.`;
    const [u, v, b] = this.get("weights").map(short);
    this.axes.svg.setAttribute(
      "aria-label",
      `The plane of x1 and x2, parted where ${u} x1 + ${v} x2 + ${b} = 0. ` +
        `${this.get("task").toUpperCase()}: ${this.status.textContent}`,
    );
  }
}

const render = rendering(PerceptronView);

export default { render };
