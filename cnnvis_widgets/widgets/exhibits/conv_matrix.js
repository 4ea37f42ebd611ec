/** A convolution as a matrix, and its transpose; see conv_matrix.py. */
function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "conv-matrix", signal);
  const choose = chooser(model);
  let lower = null; // the place of the map that is pointed at
  let upper = null; // the place of the result
  const pointLower = (cell) => { lower = cell; upper = null; say(); };
  const pointUpper = (cell) => { upper = cell; lower = null; say(); };
  const entry = (trait, label, point) => numberTable({ label, point, signal, edit: (rows) => choose(trait, rows) });
  const values = entry("values", "the map x", pointLower);
  const kernel = entry("kernel", "the kernel", () => {});
  const above = entry("signal", "back from above, s", pointUpper);
  const result = numberTable({ label: "the result y", point: pointUpper, signal });
  const back = numberTable({ label: "handed down, Cᵀ s", point: pointLower, signal });
  const matrix = numberTable({ label: "", signal, point: (cell) => {
    const forward = model.get("way") === "forward";
    const across = forward ? shapes().above[1] : shapes().map[1];
    (forward ? pointUpper : pointLower)(cell && [Math.floor(cell[0] / across), cell[0] % across]);
  } });
  const reset = h("button", { type: "button" }, "Send the result back");
  const ways = h("div", { class: "cnnvis-segments", role: "radiogroup", "aria-label": "which way" },
    ...[["forward", "forward: y = C x"], ["transposed", "back: Cᵀ s"]].map(([key, text]) => h("button", { type: "button", role: "radio", "data-key": key }, text)));
  roving(ways, "[role=radio]", (item) => choose("way", item.dataset.key), signal);
  const said = h("p", { class: "cnnvis-conv-said", role: "status" });
  const top = h("div", { class: "cnnvis-conv-line" });
  field.append(ways, top, h("div", { class: "cnnvis-conv-scroll" }, matrix.element), said);
  reset.addEventListener("click", () => choose("signal", null), { signal });

  const shapes = () => {
    const [x, k] = [model.get("values"), model.get("kernel")];
    return { map: [x.length, x[0].length], kernel: [k.length, k[0].length], above: [x.length - k.length + 1, x[0].length - k[0].length + 1] };
  };
  /** C: a row for each place of the result, a column for each place of the map. */
  const rowsOf = () => {
    const { map, kernel: [height, width], above: [rows, columns] } = shapes();
    const k = model.get("kernel");
    return Array.from({ length: rows * columns }, (_, place) => Array.from({ length: map[0] * map[1] }, (__, at) => {
      const [i, j] = [Math.floor(at / map[1]) - Math.floor(place / columns), (at % map[1]) - (place % columns)];
      return i >= 0 && i < height && j >= 0 && j < width ? k[i][j] : 0;
    }));
  };
  const times = (rows, column) => rows.map((row) => row.reduce((sum, value, i) => sum + value * column[i], 0));
  const folded = (column, [rows, columns]) => Array.from({ length: rows }, (_, r) => column.slice(r * columns, (r + 1) * columns));
  const turned = (rows) => rows[0].map((_, c) => rows.map((row) => row[c]));
  const cells = () => { // what is used in each row of C: whether the kernel lies there
    const { map, kernel: [height, width], above: [, columns] } = shapes();
    return (place, at) => {
      const [i, j] = [Math.floor(at / map[1]) - Math.floor(place / columns), (at % map[1]) - (place % columns)];
      return i >= 0 && i < height && j >= 0 && j < width;
    };
  };
  const say = () => {
    const { map: [, columns], above: [, across] } = shapes();
    const forward = model.get("way") === "forward";
    const lies = cells();
    const low = lower && lower[0] * columns + lower[1];
    const high = upper && upper[0] * across + upper[1];
    const belongs = (place, at) => (high !== null ? place === high && lies(place, at) : low !== null && at === low && lies(place, at));
    values.mark((r, c) => (high !== null ? belongs(high, r * columns + c) : low === r * columns + c));
    back.mark((r, c) => (high !== null ? belongs(high, r * columns + c) : low === r * columns + c));
    for (const one of [result, above]) one.mark((r, c) => (low !== null ? lies(r * across + c, low) : high === r * across + c));
    matrix.mark((r, c) => (forward ? belongs(r, c) : belongs(c, r)));
    if (high !== null) said.textContent = `Place (${upper.join(", ")}) of the result belongs to ${forward ? "row" : "column"} ${high} of ${forward ? "C" : "Cᵀ"}: the kernel laid over the framed places of the map.`;
    else if (low !== null) said.textContent = `Place (${lower.join(", ")}) of the map belongs to ${forward ? "column" : "row"} ${low} of ${forward ? "C" : "Cᵀ"}: it is used for the framed places of the result, each time with another number of the kernel.`;
    else said.textContent = "Point at a number and see where it is used; type another one and see what changes.";
  };
  let shown = "";
  watch(model, ["values", "kernel", "signal", "way"], () => {
    const way = model.get("way");
    const rows = rowsOf();
    const x = model.get("values");
    const { map, above: shape } = shapes();
    const y = folded(times(rows, x.flat()), shape);
    const s = model.get("signal") ?? y;
    if (way !== shown) {
      shown = way;
      top.replaceChildren(...(way === "forward" ? [values.element, kernel.element, result.element] : [above.element, kernel.element, back.element, reset]));
    }
    const lies = cells();
    values.show(x);
    kernel.show(model.get("kernel"));
    result.show(y);
    above.show(s);
    back.show(folded(times(turned(rows), s.flat()), map));
    matrix.rename(way === "forward" ? `the matrix C, ${rows.length} × ${rows[0].length}` : `its transpose Cᵀ, ${rows[0].length} × ${rows.length}`);
    matrix.show(way === "forward" ? rows : turned(rows), { kind: (r, c) => ((way === "forward" ? lies(r, c) : lies(c, r)) ? "" : "empty") });
    mark(ways, "[role=radio]", way);
    reset.setAttribute("aria-disabled", String(model.get("signal") === null));
    say();
  }, signal);
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
