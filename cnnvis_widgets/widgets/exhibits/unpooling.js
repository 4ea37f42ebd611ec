/** Max-pooling with switches, and the way back; see unpooling.py. */
function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "unpooling", signal);
  const choose = chooser(model);
  let at = null; // the window that is pointed at
  const inside = (cell) => { at = cell && [Math.floor(cell[0] / size()), Math.floor(cell[1] / size())]; say(); };
  const whole = (cell) => { at = cell; say(); };
  const size = () => model.get("size");
  const values = numberTable({ label: "the map", point: inside, signal, edit: (rows) => choose("values", rows) });
  const pooled = numberTable({ label: "the largest", point: whole, signal });
  const above = numberTable({ label: "back from above", point: whole, signal, edit: (rows) => choose("signal", rows) });
  const below = numberTable({ label: "unpooled", point: inside, signal });
  const reset = h("button", { type: "button" }, "Send the pooled map back");
  const box = h("input", { type: "checkbox" });
  const said = h("p", { class: "cnnvis-unpooling-said", role: "status" });
  const arrow = (sign, text) => h("div", { class: "cnnvis-unpooling-arrow" }, h("span", { "aria-hidden": "true" }, sign), h("span", {}, text));
  field.append(
    h("div", { class: "cnnvis-unpooling-way" }, values.element, arrow("→", "max-pool"), pooled.element),
    h("div", { class: "cnnvis-unpooling-way" }, below.element, arrow("←", "unpool"), above.element),
    h("div", { class: "cnnvis-line" }, h("label", { class: "cnnvis-unpooling-box" }, box, "the switches are remembered"), reset), said);
  reset.addEventListener("click", () => choose("signal", null), { signal });
  box.addEventListener("change", () => choose("switches", box.checked), { signal });

  /** For each window its largest value and where it stands in the map; the first of equals. */
  const pool = () => {
    const [n, map] = [size(), model.get("values")];
    return Array.from({ length: map.length / n }, (_, r) => Array.from({ length: map[0].length / n }, (__, c) => {
      let best = { value: -Infinity, row: 0, column: 0 };
      for (let i = r * n; i < (r + 1) * n; i += 1) for (let j = c * n; j < (c + 1) * n; j += 1) if (map[i][j] > best.value) best = { value: map[i][j], row: i, column: j };
      return best;
    }));
  };
  const say = () => {
    const n = size();
    const windows = pool();
    const here = (r, c) => at && r === at[0] && c === at[1];
    for (const one of [values, below]) one.mark((r, c) => here(Math.floor(r / n), Math.floor(c / n)));
    for (const one of [pooled, above]) one.mark(here);
    const best = at && windows[at[0]]?.[at[1]];
    if (!best) {
      said.textContent = "Point at a number, or type another one, and read here where it goes.";
      return;
    }
    const back = (model.get("signal") ?? windows.map((line) => line.map(({ value }) => value)))[at[0]][at[1]];
    const going = model.get("switches") ? `${short(back)} goes back to that place, and nothing to the others`
      : `${short(back)} is shared out: ${short(back / n ** 2)} for each place`;
    said.textContent = `This window's largest value is ${short(best.value)}, at row ${best.row}, column ${best.column} of the map. ${going}.`;
  };
  watch(model, ["values", "signal", "switches", "size"], () => {
    const [n, map, remembered] = [size(), model.get("values"), model.get("switches")];
    const windows = pool();
    const back = model.get("signal") ?? windows.map((line) => line.map(({ value }) => value));
    const largest = Math.max(...map.flat().map(Math.abs), ...back.flat().map(Math.abs), 1e-9);
    const isBest = (r, c) => { const { row, column } = windows[Math.floor(r / n)][Math.floor(c / n)]; return row === r && column === c; };
    const edges = (r, c) => `${(r + 1) % n || r + 1 === map.length ? "" : "low"}${(c + 1) % n || c + 1 === map[0].length ? "" : "right"}`;
    values.show(map, { largest, kind: (r, c) => (isBest(r, c) ? `switch cnnvis-cell-${edges(r, c)}` : edges(r, c)) });
    pooled.show(windows.map((line) => line.map(({ value }) => value)), { largest });
    above.show(back, { largest });
    below.show(map.map((line, r) => line.map((_, c) => {
      const value = back[Math.floor(r / n)][Math.floor(c / n)];
      return remembered ? (isBest(r, c) ? value : 0) : value / n ** 2;
    })), { largest, kind: (r, c) => (remembered && isBest(r, c) ? `switch cnnvis-cell-${edges(r, c)}` : edges(r, c)) });
    box.checked = remembered;
    reset.setAttribute("aria-disabled", String(model.get("signal") === null));
    say();
  }, signal);
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
