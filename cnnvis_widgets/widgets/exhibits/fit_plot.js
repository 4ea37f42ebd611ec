/** Points that are moved by hand, and the model that fits them; see fit_plot.py. */
const [FINE, MOST_DEGREE, MOST_POINTS, CELLS] = [200, 12, 200, 28];
const ROLES = ["train", "validation", "test"];
const GROUP_KEYS = ["cnnvis-fit-0", "cnnvis-fit-1", "cnnvis-fit-2"];

/** Legendre's polynomials at u: they make least squares of high degree stable. */
function basis(u, degree) {
  const values = [1, u];
  for (let k = 1; k < degree; k += 1) values.push(((2 * k + 1) * u * values[k] - k * values[k - 1]) / (k + 1));
  return values.slice(0, degree + 1);
}

/** Least squares by Gram and Schmidt's method (in the stable order): weights of the columns. */
function leastSquares(rows, targets) {
  const count = rows[0].length;
  const columns = Array.from({ length: count }, (_, k) => rows.map((row) => row[k]));
  const rest = targets.slice();
  const upper = Array.from({ length: count }, () => new Array(count).fill(0));
  const along = new Array(count).fill(0);
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  for (let k = 0; k < count; k += 1) {
    upper[k][k] = Math.sqrt(dot(columns[k], columns[k])) || 1;
    const unit = columns[k].map((value) => value / upper[k][k]);
    for (let j = k + 1; j < count; j += 1) {
      upper[k][j] = dot(unit, columns[j]);
      columns[j] = columns[j].map((value, i) => value - upper[k][j] * unit[i]);
    }
    along[k] = dot(unit, rest);
    rest.forEach((value, i) => { rest[i] = value - along[k] * unit[i]; });
  }
  const weights = new Array(count).fill(0);
  for (let k = count - 1; k >= 0; k -= 1) {
    let sum = along[k];
    for (let j = k + 1; j < count; j += 1) sum -= upper[k][j] * weights[j];
    weights[k] = sum / upper[k][k];
  }
  return weights;
}

/** The polynomial of least squares through the points of group 0, as a function. */
function polynomialFit(points, degree, [low, high]) {
  const train = points.filter(([, , group]) => group === 0);
  if (!train.length) return null;
  const most = Math.max(0, Math.min(degree, train.length - 1));
  const scaled = (x) => (2 * x - low - high) / (high - low);
  const weights = leastSquares(train.map(([x]) => basis(scaled(x), most)), train.map(([, y]) => y));
  return { degree: most, at: (x) => basis(scaled(x), most).reduce((sum, value, k) => sum + value * weights[k], 0) };
}

const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
/** −log σ(z), also where σ is nearly 0. */
const softplus = (z) => Math.max(-z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/** Solve three equations in three unknowns (Cramer's rule). */
function solve3(m, v) {
  const det = (a) => a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) - a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
  const whole = det(m);
  return [0, 1, 2].map((k) => det(m.map((row, i) => row.map((value, j) => (j === k ? v[i] : value)))) / whole);
}

/** Logistic regression with a penalty on the weights, by Newton's method with halved steps: [w₁, w₂, b]. */
function logisticFit(points, strength) {
  const usable = points.filter(([, , group]) => group < 2);
  if (new Set(usable.map(([, , group]) => group)).size !== 2) return null;
  const loss = ([a, b, c]) => usable.reduce((sum, [x, y, d]) => sum + softplus((d ? 1 : -1) * (a * x + b * y + c)), 0) + (strength / 2) * (a * a + b * b);
  let w = [0, 0, 0];
  let now = loss(w);
  for (let round = 0; round < 100; round += 1) {
    const slope = [strength * w[0], strength * w[1], 0];
    const curve = [[strength, 0, 0], [0, strength, 0], [0, 0, 1e-12]];
    for (const [x, y, d] of usable) {
      const p = sigmoid(w[0] * x + w[1] * y + w[2]);
      const input = [x, y, 1];
      for (let i = 0; i < 3; i += 1) {
        slope[i] += (p - d) * input[i];
        for (let j = 0; j < 3; j += 1) curve[i][j] += p * (1 - p) * input[i] * input[j];
      }
    }
    const step = solve3(curve, slope);
    let share = 1;
    let next = w.map((value, i) => value - step[i]);
    while (loss(next) > now && share > 1e-6) { share /= 2; next = w.map((value, i) => value - share * step[i]); }
    const better = loss(next);
    if (!(better < now)) break;
    [w, now] = [next, better];
    if (Math.max(...step.map(Math.abs)) * share < 1e-10) break;
  }
  return { weights: w, loss: usable.reduce((sum, [x, y, d]) => sum + softplus((d ? 1 : -1) * (w[0] * x + w[1] * y + w[2])), 0) / usable.length };
}

/** The root of the mean squared error of a group; null where it has no points. */
function rootError(points, group, at) {
  const own = points.filter((point) => point[2] === group);
  return own.length ? Math.sqrt(own.reduce((sum, [x, y]) => sum + (at(x) - y) ** 2, 0) / own.length) : null;
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "fit", signal);
  const choose = chooser(model);
  const get = (name) => model.get(name);
  const { x, y } = get("_ranges");
  const axes = new Axes({ x, y, xName: get("x_name"), yName: get("y_name") });
  const errorsOver = new Axes({ x: [0, MOST_DEGREE], y: [0, 1], wide: 380, xName: "degree", yName: "error (root of the mean square)" });
  const [shade, lines, dots, curves] = [drawn("g", { "aria-hidden": "true" }), drawn("g", { "aria-hidden": "true" }), drawn("g"), drawn("g")];
  axes.axes();
  axes.svg.prepend(shade);
  axes.svg.append(lines, dots);
  axes.svg.setAttribute("role", "listbox");
  axes.svg.classList.add("cnnvis-fit-plane");
  errorsOver.svg.append(curves);
  errorsOver.svg.setAttribute("role", "img");
  const right = h("div", { class: "cnnvis-chart-narrow" }, errorsOver.svg);
  const width = x[1] - x[0];
  const tall = y[1] - y[0];
  const steep = (2 * tall) / width;
  const own = () => get("own");
  // The line turns about the middle of the axis: so the second slider is its height there.
  const centre = (x[0] + x[1]) / 2;
  const slope = labelledSlider({ label: "your slope", min: -steep, max: steep, step: steep / 200, signal, text: short, onvalue: (value) => choose("own", [value, own()[1] + (own()[0] - value) * centre]) });
  const height = labelledSlider({ label: "your height in the middle", min: y[0], max: y[1], step: tall / 400, signal, text: short, onvalue: (value) => choose("own", [own()[0], value - own()[0] * centre]) });
  const degree = labelledSlider({ label: "degree", min: 0, max: MOST_DEGREE, step: 1, signal, text: String, onvalue: (value) => choose("degree", value) });
  const fitBox = tickBox(model, "show_fit", "show the best fit", choose, signal);
  const testBox = tickBox(model, "show_test", "open the test set", choose, signal);
  const add = h("button", { type: "button" }, "Add a point");
  const remove = h("button", { type: "button" }, "Take it away");
  const swap = h("button", { type: "button" });
  const legend = h("p", { class: "cnnvis-fit-legend", "aria-hidden": "true" });
  const said = h("p", { class: "cnnvis-chart-said" });
  const program = h("p", { class: "cnnvis-chart-said" }, "what was learned:  ", h("code"));
  const own_said = h("p", { class: "cnnvis-chart-said" });
  const hint = h("p", { class: "cnnvis-hint", id: uniqueId() }, "Drag a point; click where none is to add one. Keys: arrows move the chosen point, page up and down go to another, insert adds, delete takes away.");
  axes.svg.setAttribute("aria-describedby", hint.id);
  const spoken = h("span", { class: "cnnvis-unseen", role: "status" });
  field.append(
    h("div", { class: "cnnvis-charts" }, h("div", {}, axes.svg, legend), right),
    h("div", { class: "cnnvis-line" }, slope.element, height.element, degree.element),
    h("div", { class: "cnnvis-line" }, add, remove, swap, fitBox, testBox),
    own_said, said, program, hint, spoken,
  );

  let chosen = 0;
  const hiddenGroup = () => (get("model") !== "logistic" && !get("show_test") ? 2 : -1);
  const groups = () => (get("model") === "logistic" ? [0, 1] : ROLES.map((_, group) => group).filter((group) => group === 0 || get("points").some((point) => point[2] === group)));
  const nameOf = (group) => get("group_names")[group] ?? (get("model") === "logistic" ? `class ${group}` : ROLES[group]);
  const inside = ([a, b]) => [Math.max(x[0], Math.min(x[1], a)), Math.max(y[0], Math.min(y[1], b))];
  const tidy = (value, size) => Number(value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(size)))));
  const put = (index, place) => {
    const points = get("points").map((point) => point.slice());
    const [a, b] = inside(place);
    points[index] = [tidy(a, width), tidy(b, tall), points[index][2]];
    choose("points", points);
  };
  const focusChosen = () => dots.querySelector(`[data-key="${chosen}"]`)?.focus({ preventScroll: true });
  const insert = (place, group) => {
    if (get("points").length >= MOST_POINTS) return;
    const [a, b] = inside(place);
    chosen = get("points").length;
    choose("points", [...get("points"), [tidy(a, width), tidy(b, tall), group]]);
  };
  const take = () => {
    const points = get("points").filter((_, i) => i !== chosen);
    chosen = Math.max(0, Math.min(chosen, points.length - 1));
    choose("points", points);
  };
  const groupOfChosen = () => get("points")[chosen]?.[2] ?? 0;
  const turn = () => {
    const all = groups();
    const next = all[(all.indexOf(groupOfChosen()) + 1) % all.length];
    choose("points", get("points").map((point, i) => (i === chosen ? [point[0], point[1], next] : point)));
  };

  const mark_of = ([a, b, group], index) => {
    const [u, v] = [axes.px(a), axes.py(b)];
    const shape = group === 0 ? drawn("circle", { cx: u, cy: v, r: 6.5 }) : group === 1
      ? drawn("rect", { x: u - 6, y: v - 6, width: 12, height: 12 }) : drawn("path", { d: `M${u} ${v - 8}l7.5 13h-15Z` });
    shape.setAttribute("class", GROUP_KEYS[group]);
    const name = `point ${index + 1} of ${get("points").length}, ${nameOf(group)}: ${get("x_name")} ${short(a)}, ${get("y_name")} ${short(b)}`;
    return drawn("g", { role: "option", "data-key": index, tabindex: index === chosen ? 0 : -1, "aria-selected": String(index === chosen), "aria-label": name },
      drawn("circle", { cx: u, cy: v, r: 16, class: "cnnvis-fit-reach" }), shape);
  };
  const drawLogistic = (points) => {
    const fit = get("show_fit") ? logisticFit(points, get("strength")) : null;
    shade.replaceChildren();
    if (!fit) { said.textContent = get("show_fit") ? "Two classes are needed." : ""; program.hidden = true; return; }
    const [a, b, c] = fit.weights;
    const [wide, high] = [(axes.wide - axes.left - axes.right) / CELLS, (axes.high - axes.top - axes.bottom) / CELLS];
    for (let i = 0; i < CELLS; i += 1) {
      for (let j = 0; j < CELLS; j += 1) {
        const p = sigmoid(a * (x[0] + ((j + 0.5) / CELLS) * width) + b * (y[1] - ((i + 0.5) / CELLS) * tall) + c);
        shade.append(drawn("rect", { x: axes.left + j * wide, y: axes.top + i * high, width: wide, height: high, "shape-rendering": "crispEdges", class: p >= 0.5 ? "cnnvis-fit-shade-1" : "cnnvis-fit-shade-0", opacity: (Math.abs(p - 0.5) * 0.6).toFixed(3) }));
      }
    }
    const ends = Math.abs(b) > Math.abs(a) * 1e-9 ? x.map((u) => [u, -(a * u + c) / b]) : y.map((v) => [-c / a, v]);
    lines.append(axes.line(ends, "cnnvis-chart-second"));
    const right_ones = points.filter(([u, v, d]) => (a * u + b * v + c >= 0) === (d === 1)).length;
    said.textContent = `${right_ones} of ${points.length} right; mean log loss ${short(fit.loss)}`;
    program.hidden = false;
    const sign = (value) => `${value < 0 ? "-" : "+"} ${Math.abs(value).toPrecision(3)}`;
    program.lastElementChild.textContent = `p = sigmoid(${a.toPrecision(3)} * x1 ${sign(b)} * x2 ${sign(c)})`;
  };
  const drawCurve = (points) => {
    const wanted = get("model") === "line" ? 1 : get("degree");
    const fit = polynomialFit(points, wanted, x);
    const grid = Array.from({ length: FINE + 1 }, (_, i) => x[0] + (i / FINE) * width);
    const missed = (at) => lines.append(...points.filter((point) => point[2] !== hiddenGroup()).map(([u, v]) => axes.line([[u, v], [u, at(u)]], "cnnvis-fit-missed")));
    const squared = (at) => points.filter((point) => point[2] === 0).reduce((sum, [u, v]) => sum + (at(u) - v) ** 2, 0);
    const [k, b] = own();
    const byHand = get("model") === "line" && get("show_own");
    own_said.hidden = !byHand;
    if (byHand) {
      const at = (u) => k * u + b;
      missed(at);
      lines.append(axes.line(x.map((u) => [u, at(u)]), "cnnvis-fit-own"));
      own_said.textContent = `your line: y = ${short(k)} x ${b < 0 ? "−" : "+"} ${short(Math.abs(b))}, sum of squared errors ${short(squared(at))}`;
    }
    const shown = get("show_fit") && fit;
    said.textContent = "";
    program.hidden = !shown || get("model") !== "line";
    if (!shown) return;
    if (!byHand) missed(fit.at);
    lines.append(axes.line(grid.map((u) => [u, fit.at(u)]), "cnnvis-chart-second"));
    const errors = ROLES.map((role, group) => [role, rootError(points, group, fit.at), group]).filter(([, error, group]) => error !== null && group !== hiddenGroup());
    const least = `sum of squared errors ${short(squared(fit.at))}`;
    const limited = fit.degree < wanted ? ` (degree ${fit.degree}: ${fit.degree + 1} points to learn from allow no more)` : "";
    said.textContent = get("model") === "line" ? `best line: ${least}` : `error of ${errors.map(([role, error]) => `${nameOf(ROLES.indexOf(role))} ${short(error)}`).join(", ")}${limited}`;
    if (get("model") === "line") {
      const rise = fit.at(1) - fit.at(0);
      const start = fit.at(0);
      program.lastElementChild.textContent = `def program(x): return ${Number(rise.toPrecision(4))} * x ${start < 0 ? "-" : "+"} ${Number(Math.abs(start).toPrecision(4))}`;
    }
  };
  const drawErrors = (points) => {
    const shown = get("model") === "polynomial" && get("show_fit");
    right.hidden = !shown;
    if (!shown) return;
    const all = Array.from({ length: MOST_DEGREE + 1 }, (_, k) => polynomialFit(points, k, x)).filter((fit, k) => fit && fit.degree === k);
    const rows = [0, 1, 2].filter((group) => group !== hiddenGroup()).map((group) => [group, all.map((fit) => rootError(points, group, fit.at))]).filter(([, values]) => values.some((value) => value !== null));
    const first = Math.max(...rows.map(([, values]) => values[0] ?? 0)) || 1;
    errorsOver.y = [0, 1.6 * first];
    errorsOver.axes({ xTicks: [0, 2, 4, 6, 8, 10, 12] });
    const now = get("degree");
    curves.replaceChildren(drawn("line", { x1: errorsOver.px(now), x2: errorsOver.px(now), y1: errorsOver.top, y2: errorsOver.high - errorsOver.bottom, class: "cnnvis-fit-now" }),
      ...rows.flatMap(([group, values]) => [errorsOver.line(values.map((value, k) => [k, value]), `cnnvis-fit-error ${GROUP_KEYS[group]}`),
        ...values.map((value, k) => drawn("circle", { cx: errorsOver.px(k), cy: errorsOver.py(value), r: 3.5, class: GROUP_KEYS[group], "clip-path": `url(#${errorsOver.clip})` }))]));
    const best = rows.map(([group, values]) => `${nameOf(group)} least at degree ${values.indexOf(Math.min(...values))}`).join(", ");
    errorsOver.svg.setAttribute("aria-label", `Errors over the degree, 0 to ${all.length - 1}: ${best}`);
  };
  let speaking = 0;
  const draw = () => {
    const points = get("points");
    chosen = Math.max(0, Math.min(chosen, points.length - 1));
    const held = dots.contains(document.activeElement);
    lines.replaceChildren();
    if (get("model") === "logistic") { own_said.hidden = true; drawLogistic(points); } else { shade.replaceChildren(); drawCurve(points); }
    drawErrors(points);
    dots.replaceChildren(...points.map((point, i) => (point[2] === hiddenGroup() ? null : mark_of(point, i))).filter(Boolean));
    if (held) focusChosen();
    const kind = get("model");
    for (const part of [slope, height]) part.element.hidden = kind !== "line" || !get("show_own");
    degree.element.hidden = kind !== "polynomial";
    testBox.hidden = kind === "logistic" || !points.some((point) => point[2] === 2);
    slope.show(own()[0]);
    height.show(own()[0] * centre + own()[1]);
    degree.show(get("degree"));
    const all = groups();
    swap.hidden = all.length < 2;
    swap.textContent = kind === "logistic" ? "Other class" : "Other set";
    legend.replaceChildren(...(all.length > 1 ? all.filter((group) => group !== hiddenGroup()).map((group) => h("span", { class: `cnnvis-fit-key-${group}` }, nameOf(group))) : []));
    axes.svg.setAttribute("aria-label", `${points.length} points. ${own_said.hidden ? "" : own_said.textContent}. ${said.textContent}`);
    clearTimeout(speaking);
    speaking = setTimeout(() => { spoken.textContent = said.textContent; }, 700);
  };
  watchTogether(model, ["points", "model", "degree", "strength", "own", "show_own", "show_fit", "show_test", "group_names"], draw, signal);

  let dragged = -1;
  const usable = () => !get("disabled");
  axes.svg.addEventListener("pointerdown", (event) => {
    if (!usable() || event.button) return;
    const item = event.target.closest("[role=option]");
    if (item) {
      chosen = dragged = Number(item.dataset.key);
      axes.svg.setPointerCapture(event.pointerId);
      draw();
      focusChosen();
      event.preventDefault();
      return;
    }
    const [a, b] = axes.at(event);
    if (a < x[0] || a > x[1] || b < y[0] || b > y[1]) return;
    insert([a, b], groupOfChosen() === hiddenGroup() ? 0 : groupOfChosen());
  }, { signal });
  axes.svg.addEventListener("pointermove", (event) => { if (dragged >= 0) put(dragged, axes.at(event)); }, { signal });
  for (const name of ["pointerup", "pointercancel"]) axes.svg.addEventListener(name, () => { dragged = -1; }, { signal });
  dots.addEventListener("focusin", (event) => { chosen = Number(event.target.dataset.key ?? chosen); }, { signal });
  axes.svg.addEventListener("keydown", (event) => {
    if (!usable() || event.altKey || event.ctrlKey || event.metaKey || !dots.contains(event.target)) return;
    const by = event.shiftKey ? 0.05 : 0.01;
    const move = { ArrowRight: [by, 0], ArrowLeft: [-by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[event.key];
    const [a, b] = get("points")[chosen];
    if (move) put(chosen, [a + move[0] * width, b + move[1] * tall]);
    else if (event.key === "PageDown" || event.key === "PageUp") {
      const seen = [...dots.children].map((item) => Number(item.dataset.key));
      chosen = seen[(seen.indexOf(chosen) + (event.key === "PageDown" ? 1 : seen.length - 1)) % seen.length];
      draw();
    } else if (event.key === "Delete" || event.key === "Backspace") take();
    else if (event.key === "Insert") insert([a + 0.05 * width, b], groupOfChosen());
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  add.addEventListener("click", () => insert([centre, (y[0] + y[1]) / 2], groupOfChosen()), { signal });
  remove.addEventListener("click", take, { signal });
  swap.addEventListener("click", turn, { signal });
  signal.addEventListener("abort", () => clearTimeout(speaking));
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
