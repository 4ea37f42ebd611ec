/** The three backward passes through a ReLU side by side; see relu_gates.py. */
const GATES = { relu: Infinity, relu6: 6 };
const RULES = {
  gradient: { title: "backpropagation", asks: "was the ReLU open?", passes: (open) => open },
  deconvnet: { title: "DeconvNet", asks: "is it positive?", passes: (_, positive) => positive },
  guided: { title: "guided backprop", asks: "both?", passes: (open, positive) => open && positive },
};

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "relu-gates", signal);
  const choose = chooser(model);
  let at = null;
  const point = (cell) => { at = cell; say(); };
  const entry = (name, label) => numberTable({ label, point, signal, edit: (values) => choose(name, values) });
  const [values, gradient] = [entry("values", "into the ReLU"), entry("gradient", "back from above")];
  const forward = numberTable({ label: "out of it", point, signal });
  const results = Object.fromEntries(Object.entries(RULES).map(([rule, { title }]) => [rule, numberTable({ label: title, point, signal })]));
  const gates = h("div", { class: "cnnvis-segments", role: "radiogroup", "aria-label": "kind of ReLU" },
    ...[["relu", "ReLU"], ["relu6", "ReLU6"]].map(([key, text]) => h("button", { type: "button", role: "radio", "data-key": key }, text)));
  roving(gates, "[role=radio]", (item) => choose("gate", item.dataset.key), signal);
  const said = h("p", { class: "cnnvis-gates-said", role: "status" });
  const name = h("span");
  const way = (title, ...parts) => h("section", { class: "cnnvis-gates-way", "aria-label": title }, h("p", { class: "cnnvis-gates-title" }, title), h("div", { class: "cnnvis-gates-line" }, ...parts));
  field.append(
    gates,
    h("div", { class: "cnnvis-gates-ways" },
      way("Forward", values.element, h("div", { class: "cnnvis-gates-arrow" }, h("span", { "aria-hidden": "true" }, "→"), name), forward.element),
      way("Backward: what comes back", gradient.element)),
    way("Backward: what is handed on, by three rules", ...Object.entries(RULES).map(([rule, { asks }]) => h("div", {}, results[rule].element, h("p", { class: "cnnvis-hint" }, `asks: ${asks}`)))),
    said);

  const state = () => ({ x: model.get("values"), g: model.get("gradient"), top: GATES[model.get("gate")] });
  const isOpen = (x, top) => x > 0 && x < top;
  const say = () => {
    const { x, g, top } = state();
    for (const one of [values, gradient, forward, ...Object.values(results)]) one.mark((r, c) => at && r === at[0] && c === at[1]);
    if (!at || x[at[0]]?.[at[1]] === undefined) {
      said.textContent = "Point at a cell, or type into one, and read here what becomes of it.";
      return;
    }
    const [input, back] = [x[at[0]][at[1]], g[at[0]][at[1]]];
    const open = isOpen(input, top);
    const gate = open ? "open" : input >= top ? "shut, since it is at its upper end" : "shut";
    const found = Object.entries(RULES).map(([, { title, passes }]) => `${title} ${short(passes(open, back > 0) ? back : 0)}`);
    said.textContent = `Row ${at[0]}, column ${at[1]}: ${short(input)} went in, so the ReLU is ${gate}; ${short(back)} comes back. Handed on: ${found.join(", ")}.`;
  };
  watch(model, ["values", "gradient", "gate"], () => {
    const { x, g, top } = state();
    if (x.length !== g.length || x[0].length !== g[0].length) return; // one of two is still to come
    const largest = Math.max(...g.flat().map(Math.abs), 1e-9);
    name.textContent = model.get("gate") === "relu" ? "ReLU" : "ReLU6";
    values.show(x);
    forward.show(x.map((line) => line.map((value) => Math.min(Math.max(value, 0), top))), { kind: (r, c) => (isOpen(x[r][c], top) ? "" : "shut") });
    gradient.show(g, { largest });
    for (const [rule, { passes }] of Object.entries(RULES)) {
      const kept = (r, c) => passes(isOpen(x[r][c], top), g[r][c] > 0);
      results[rule].show(g.map((line, r) => line.map((value, c) => (kept(r, c) ? value : 0))), { largest, kind: (r, c) => (kept(r, c) ? "" : "shut") });
    }
    mark(gates, "[role=radio]", model.get("gate"));
    say();
  }, signal);
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
