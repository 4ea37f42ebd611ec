/** The three backward passes through a ReLU side by side; see relu_gates.py. */
import { errorLine, h, mark, rendering, roving, short, watch } from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";
import { numberTable } from "../toolkit/number_table.js";

const GATES = { relu: Infinity, relu6: 6 };
const RULES = {
  gradient: { title: "backpropagation", asks: "was the ReLU open?", passes: (open) => open },
  deconvnet: { title: "DeconvNet", asks: "is it positive?", passes: (_, positive) => positive },
  guided: { title: "guided backprop", asks: "both?", passes: (open, positive) => open && positive },
};

function way(title, ...parts) {
  return h(
    "section",
    { class: "cnnvis-gates-way", "aria-label": title },
    h("p", { class: "cnnvis-gates-title" }, title),
    h("div", { class: "cnnvis-gates-line" }, ...parts),
  );
}

function isOpen(x, top) {
  return x > 0 && x < top;
}

class ReluGatesView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "relu-gates", signal);
    this.choose = chooser(model);
    this.at = null;
    this.values = this.entry("values", "into the ReLU");
    this.gradient = this.entry("gradient", "back from above");
    this.forward = numberTable({ label: "out of it", point: (cell) => this.point(cell), signal });
    this.results = Object.fromEntries(
      Object.entries(RULES).map(([rule, { title }]) => [
        rule,
        numberTable({ label: title, point: (cell) => this.point(cell), signal }),
      ]),
    );
    this.gates = h(
      "div",
      { class: "cnnvis-segments", role: "radiogroup", "aria-label": "kind of ReLU" },
      ...[
        ["relu", "ReLU"],
        ["relu6", "ReLU6"],
      ].map(([key, text]) => h("button", { type: "button", role: "radio", "data-key": key }, text)),
    );
    this.status = h("p", { class: "cnnvis-gates-status", role: "status" });
    this.name = h("span");
    this.field.append(
      this.gates,
      h(
        "div",
        { class: "cnnvis-gates-ways" },
        way(
          "Forward",
          this.values.element,
          h("div", { class: "cnnvis-gates-arrow" }, h("span", { "aria-hidden": "true" }, "→"), this.name),
          this.forward.element,
        ),
        way("Backward: what comes back", this.gradient.element),
      ),
      way(
        "Backward: what is handed on, by three rules",
        ...Object.entries(RULES).map(([rule, { asks }]) =>
          h("div", {}, this.results[rule].element, h("p", { class: "cnnvis-hint" }, `asks: ${asks}`)),
        ),
      ),
      this.status,
    );
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    roving(this.gates, "[role=radio]", (item) => this.choose("gate", item.dataset.key), this.signal);
    watch(this.signal, this.model, ["values", "gradient", "gate"], () => {
      const { x, g, top } = this.state();
      if (x.length !== g.length || x[0].length !== g[0].length) return; // one of two is still to come
      const largest = Math.max(...g.flat().map(Math.abs), 1e-9);
      this.name.textContent = this.model.get("gate") === "relu" ? "ReLU" : "ReLU6";
      this.values.show(x);
      this.forward.show(
        x.map((line) => line.map((value) => Math.min(Math.max(value, 0), top))),
        { kind: (r, c) => (isOpen(x[r][c], top) ? "" : "shut") },
      );
      this.gradient.show(g, { largest });
      for (const [rule, { passes }] of Object.entries(RULES)) {
        const kept = (r, c) => passes(isOpen(x[r][c], top), g[r][c] > 0);
        this.results[rule].show(
          g.map((line, r) => line.map((value, c) => (kept(r, c) ? value : 0))),
          { largest, kind: (r, c) => (kept(r, c) ? "" : "shut") },
        );
      }
      mark(this.gates, "[role=radio]", this.model.get("gate"));
      this.say();
    });
    errorLine(this.model, this.field, this.signal);
  }

  point(cell) {
    this.at = cell;
    this.say();
  }

  entry(name, label) {
    return numberTable({
      label,
      point: (cell) => this.point(cell),
      signal: this.signal,
      edit: (values) => this.choose(name, values),
    });
  }

  state() {
    return { x: this.model.get("values"), g: this.model.get("gradient"), top: GATES[this.model.get("gate")] };
  }

  say() {
    const { x, g, top } = this.state();
    for (const one of [this.values, this.gradient, this.forward, ...Object.values(this.results)])
      one.mark((r, c) => this.at && r === this.at[0] && c === this.at[1]);
    if (!this.at || x[this.at[0]]?.[this.at[1]] === undefined) {
      this.status.textContent = "Point at a cell, or type into one, and read here what becomes of it.";
      return;
    }
    const [input, back] = [x[this.at[0]][this.at[1]], g[this.at[0]][this.at[1]]];
    const open = isOpen(input, top);
    const gate = open ? "open" : input >= top ? "shut, since it is at its upper end" : "shut";
    const gradients = Object.entries(RULES).map(
      ([, { title, passes }]) => `${title} ${short(passes(open, back > 0) ? back : 0)}`,
    );
    this.status.textContent =
      `Row ${this.at[0]}, column ${this.at[1]}: ${short(input)} went in, so the ReLU is ${gate}; ` +
      `${short(back)} comes back. Handed on: ${gradients.join(", ")}.`;
  }
}

const render = rendering(ReluGatesView);

export default { render };
