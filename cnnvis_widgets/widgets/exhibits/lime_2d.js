/** LIME in two dimensions; see local_line.py. */
const CELLS = 48;

/** Solve three equations in three unknowns (Cramer's rule). */
function solve3(m, v) {
  const det = (a) => a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
  const whole = det(m);
  return [0, 1, 2].map((k) => det(m.map((row, i) => row.map((value, j) => (j === k ? v[i] : value)))) / whole);
}

/** The ridge regression: weighed normal equations, the intercept without a penalty. */
function localFit(places, scores, [a, b], width, penalty) {
  const counts = places.map(([x, y]) => Math.exp(-((x - a) ** 2 + (y - b) ** 2) / width ** 2));
  const m = [[0, 0, 0], [0, penalty, 0], [0, 0, penalty]];
  const v = [0, 0, 0];
  const columns = places.map(([x, y]) => [1, x - a, y - b]);
  columns.forEach((column, n) => {
    for (let i = 0; i < 3; i += 1) {
      v[i] += counts[n] * column[i] * scores[n];
      for (let j = 0; j < 3; j += 1) m[i][j] += counts[n] * column[i] * column[j];
    }
  });
  const line = solve3(m, v);
  const total = counts.reduce((sum, c) => sum + c, 0);
  const mean = counts.reduce((sum, c, n) => sum + c * scores[n], 0) / total;
  let [missed, spread, squares] = [0, 0, 0];
  columns.forEach((column, n) => {
    missed += counts[n] * (scores[n] - column.reduce((sum, value, i) => sum + value * line[i], 0)) ** 2;
    spread += counts[n] * (scores[n] - mean) ** 2;
    squares += counts[n] ** 2;
  });
  return { height: line[0], weights: line.slice(1), r2: 1 - missed / spread, count: total ** 2 / squares, counts };
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "lime-2d", signal);
  const choose = chooser(model);
  const get = (name) => model.get(name);
  const plane = get("_plane");
  const { end, steep, wave } = plane;
  const axes = new Axes({ x: [-end, end], y: [-end, end], wide: 520, high: 520, xName: "x₁", yName: "x₂" });
  axes.axes();
  const [ground, dots, lines] = [drawn("g", { "aria-hidden": "true" }), drawn("g", { "aria-hidden": "true" }), drawn("g", { "aria-hidden": "true" })];
  const cross = drawn("path", { class: "cnnvis-lime-2d-cross", d: "M-9 0H9M0 -9V9" });
  const handle = drawn("g", { tabindex: 0, role: "button", class: "cnnvis-lime-2d-point" }, drawn("circle", { r: 18, class: "cnnvis-lime-2d-reach" }), drawn("path", { class: "cnnvis-lime-2d-halo", d: "M-9 0H9M0 -9V9" }), cross);
  axes.svg.prepend(ground);
  axes.svg.append(dots, lines, handle);
  axes.svg.classList.add("cnnvis-lime-2d-plane");
  // On a scale of powers: near widths are told apart as well as far ones.
  const width = labelledSlider({ label: "kernel width", min: -1, max: 1, step: 0.02, signal, text: (value) => short(10 ** value), onvalue: (value) => choose("width", Number((10 ** value).toPrecision(6))) });
  const samples = labelledSlider({ label: "samples", min: 10, max: plane.most_samples, step: 10, signal, text: String, onvalue: (value) => choose("samples", value) });
  const bend = labelledSlider({ label: "bend of the boundary", min: 0, max: plane.most_bend, step: 0.05, signal, text: short, onvalue: (value) => choose("bend", value) });
  const again = h("button", { type: "button" }, "Draw other samples");
  const said = h("dl", { class: "cnnvis-lime-2d-said" });
  const spoken = h("span", { class: "cnnvis-unseen", role: "status" });
  const hint = h("p", { class: "cnnvis-hint", id: uniqueId() }, "Drag the cross, or click where it should be. Keys: the arrows move it, with shift in larger steps.");
  handle.setAttribute("aria-describedby", hint.id);
  field.append(h("div", { class: "cnnvis-charts" }, h("div", { class: "cnnvis-lime-2d-chart" }, axes.svg),
    h("div", { class: "cnnvis-lime-2d-side" }, width.element, samples.element, bend.element, h("div", { class: "cnnvis-line" }, again), said,
      h("p", { class: "cnnvis-lime-2d-key" }, h("span", { class: "cnnvis-lime-2d-key-1" }, "class 1"), h("span", { class: "cnnvis-lime-2d-key-0" }, "class 0"), h("span", { class: "cnnvis-lime-2d-key-line" }, "local line, g = ½"), h("span", { class: "cnnvis-lime-2d-key-own" }, "boundary, f = ½")), hint)), spoken);

  const probability = ([x, y]) => 1 / (1 + Math.exp(-steep * (y - get("bend") * Math.sin(wave * x))));
  const paintGround = () => {
    const side = (2 * end) / CELLS;
    const [wide, high] = [axes.px(side) - axes.px(0), axes.py(0) - axes.py(side)];
    const cells = [];
    for (let i = 0; i < CELLS; i += 1) {
      for (let j = 0; j < CELLS; j += 1) {
        const [x, y] = [-end + j * side, -end + (i + 1) * side];
        const p = probability([x + side / 2, y - side / 2]);
        cells.push(drawn("rect", { x: axes.px(x), y: axes.py(y), width: wide, height: high, "shape-rendering": "crispEdges", class: p >= 0.5 ? "cnnvis-lime-2d-1" : "cnnvis-lime-2d-0", opacity: (Math.abs(p - 0.5) * 0.5).toFixed(3) }));
      }
    }
    ground.replaceChildren(...cells);
  };
  let speaking = 0;
  const draw = () => {
    const all = get("_drawn").samples;
    if (!all) return;
    const flat = new Float64Array(bytesOfView(all).buffer);
    const places = Array.from({ length: get("samples") }, (_, n) => [flat[2 * n], flat[2 * n + 1]]);
    const scores = places.map(probability);
    const [a, b] = get("point");
    const fit = localFit(places, scores, [a, b], get("width"), plane.penalty);
    dots.replaceChildren(...places.map(([x, y], n) => {
      const size = 2 + 6 * Math.sqrt(fit.counts[n]);
      const look = { class: scores[n] >= 0.5 ? "cnnvis-lime-2d-1" : "cnnvis-lime-2d-0", opacity: (0.25 + 0.75 * fit.counts[n]).toFixed(3) };
      return scores[n] >= 0.5 ? drawn("circle", { cx: axes.px(x), cy: axes.py(y), r: size, ...look })
        : drawn("rect", { x: axes.px(x) - size, y: axes.py(y) - size, width: 2 * size, height: 2 * size, ...look });
    }));
    const [u, v] = fit.weights;
    const rest = 0.5 - fit.height + u * a + v * b; // the line: u x + v y = rest
    const ends = Math.abs(v) > Math.abs(u) ? [-end, end].map((x) => [x, (rest - u * x) / v]) : [-end, end].map((y) => [(rest - v * y) / u, y]);
    const own = Array.from({ length: 121 }, (_, i) => { const x = -end + (i / 120) * 2 * end; return [x, get("bend") * Math.sin(wave * x)]; });
    const flatLine = Math.hypot(u, v) < 1e-12;
    lines.replaceChildren(axes.line(own, "cnnvis-lime-2d-own"),
      drawn("ellipse", { cx: axes.px(a), cy: axes.py(b), rx: axes.px(get("width")) - axes.px(0), ry: axes.py(0) - axes.py(get("width")), class: "cnnvis-lime-2d-kernel", "clip-path": `url(#${axes.clip})` }),
      ...(flatLine ? [] : [axes.line(ends, "cnnvis-lime-2d-under"), axes.line(ends, "cnnvis-lime-2d-fit")]));
    handle.setAttribute("transform", `translate(${axes.px(a)} ${axes.py(b)})`);
    handle.setAttribute("aria-label", `the point to be explained: x₁ ${short(a)}, x₂ ${short(b)}`);
    const p = probability([a, b]);
    const slope = [-steep * p * (1 - p) * get("bend") * wave * Math.cos(wave * a), steep * p * (1 - p)];
    const pair = ([first, second]) => `${first.toFixed(3)}, ${second.toFixed(3)}`.replaceAll("-", "−");
    const rows = [["point", `${short(a)}, ${short(b)}`], ["the classifier says", p.toFixed(3)], ["the line says there", fit.height.toFixed(3).replace("-", "−")],
      ["the line's weights", pair(fit.weights)], ["the classifier's slope", pair(slope)], ["R²", fit.r2.toFixed(3).replace("-", "−")], ["the samples are worth", `${fit.count.toFixed(1)} of ${places.length}`]];
    said.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    axes.svg.setAttribute("aria-label", rows.map((row) => row.join(" ")).join("; "));
    width.show(Math.log10(get("width")));
    width.input.setAttribute("aria-valuetext", short(get("width")));
    samples.show(get("samples"));
    bend.show(get("bend"));
    clearTimeout(speaking);
    speaking = setTimeout(() => { spoken.textContent = `weights ${rows[3][1]}, R² ${rows[5][1]}`; }, 700);
  };
  const bytesOfView = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
  watch(model, ["bend"], paintGround, signal);
  watchTogether(model, ["point", "width", "samples", "bend", "_drawn"], draw, signal);

  const tidy = (value) => Number(Math.max(-end, Math.min(end, value)).toFixed(3));
  const put = ([x, y]) => choose("point", [tidy(x), tidy(y)]);
  let dragged = false;
  axes.svg.addEventListener("pointerdown", (event) => {
    if (get("disabled") || event.button) return;
    const [x, y] = axes.at(event);
    if (Math.abs(x) > end || Math.abs(y) > end) return;
    dragged = true;
    axes.svg.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    put([x, y]);
    event.preventDefault();
  }, { signal });
  axes.svg.addEventListener("pointermove", (event) => { if (dragged) put(axes.at(event)); }, { signal });
  for (const name of ["pointerup", "pointercancel"]) axes.svg.addEventListener(name, () => { dragged = false; }, { signal });
  handle.addEventListener("keydown", (event) => {
    if (get("disabled") || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = event.shiftKey ? 0.5 : 0.1;
    const move = { ArrowRight: [by, 0], ArrowLeft: [-by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[event.key];
    if (!move) return;
    const [a, b] = get("point");
    put([a + move[0], b + move[1]]);
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  again.addEventListener("click", () => choose("seed", (get("seed") + 1) % 10000), { signal });
  signal.addEventListener("abort", () => clearTimeout(speaking));
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
