/** One unit whose weights are moved by hand; see perceptron.py. */
const [CORNERS, LARGEST, MOST_CORRECTIONS] = [[[0, 0], [0, 1], [1, 0], [1, 1]], 5, 10000];
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

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "perceptron", signal);
  const get = (name) => model.get(name);
  const write = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    if (get("error")) model.set("error", "");
    model.save_changes();
  };
  const axes = new Axes({ x: REACH, y: REACH, wide: 360, high: 340, xName: "x1", yName: "x2" });
  const [shade, marks] = [drawn("g"), drawn("g")];
  axes.axes({ xTicks: [0, 1], yTicks: [0, 1] });
  axes.svg.prepend(shade);
  axes.svg.append(marks);
  axes.svg.setAttribute("role", "img");
  const task = h("select", { "aria-label": "task" });
  task.addEventListener("change", () => write({ task: task.value, corrections: 0 }), { signal });
  const sliders = ["w1", "w2", "b"].map((name, k) => labelledSlider({
    label: `${name} =`, min: -LARGEST, max: LARGEST, step: 0.1, signal, text: short,
    onvalue: (value) => write({ weights: get("weights").map((w, i) => (i === k ? value : w)), corrections: 0 }),
  }));
  const rows = h("tbody");
  const table = h("table", { class: "cnnvis-perceptron-table" },
    h("thead", {}, h("tr", {}, ...["x1", "x2", "sum", "answer", "wanted", ""].map((name) => h("th", { scope: "col" }, name)))), rows);
  const fix = h("button", { type: "button" }, "Correct one mistake");
  const zero = h("button", { type: "button" }, "All weights to 0");
  const said = h("p", { class: "cnnvis-chart-said", role: "status" });
  field.append(
    h("div", { class: "cnnvis-charts" },
      h("div", { class: "cnnvis-perceptron-plane" }, axes.svg),
      h("div", {}, h("label", { class: "cnnvis-entry" }, h("span", {}, "task"), task), table, ...sliders.map((slider) => slider.element),
        h("div", { class: "cnnvis-line" }, fix, zero), said)),
  );

  const sum = ([x, y]) => { const [u, v, b] = get("weights"); return u * x + v * y + b; };
  const wanted = () => get("_tasks")[get("task")] ?? [];
  const mistakes = () => CORNERS.map((corner, i) => i).filter((i) => Number(sum(CORNERS[i]) > 0) !== wanted()[i]);
  const draw = () => {
    const names = Object.keys(get("_tasks"));
    if (task.children.length !== names.length) task.replaceChildren(...names.map((name) => h("option", { value: name }, name.toUpperCase())));
    task.value = get("task");
    sliders.forEach((slider, k) => slider.show(get("weights")[k]));
    const wrong = mistakes();
    const box = [[REACH[0], REACH[0]], [REACH[1], REACH[0]], [REACH[1], REACH[1]], [REACH[0], REACH[1]]];
    const place = (points) => points.map(([x, y]) => `${axes.px(x).toFixed(2)},${axes.py(y).toFixed(2)}`).join(" ");
    const one = above(box, sum);
    const rest = above(box, (corner) => -sum(corner));
    const edge = one.filter((corner) => Math.abs(sum(corner)) < 1e-9);
    shade.replaceChildren(drawn("polygon", { points: place(one), class: "cnnvis-fit-shade-1", opacity: 0.22 }),
      drawn("polygon", { points: place(rest), class: "cnnvis-fit-shade-0", opacity: 0.22 }));
    marks.replaceChildren(
      ...(edge.length === 2 ? [axes.line(edge, "cnnvis-chart-curve cnnvis-perceptron-line")] : []),
      ...CORNERS.flatMap(([x, y], i) => {
        const [u, v] = [axes.px(x), axes.py(y)];
        const shape = wanted()[i] ? drawn("rect", { x: u - 9, y: v - 9, width: 18, height: 18, class: "cnnvis-fit-1" }) : drawn("circle", { cx: u, cy: v, r: 9.5, class: "cnnvis-fit-0" });
        return wrong.includes(i) ? [shape, drawn("circle", { cx: u, cy: v, r: 17, class: "cnnvis-perceptron-wrong" })] : [shape];
      }),
    );
    rows.replaceChildren(...CORNERS.map((corner, i) => h("tr", { class: wrong.includes(i) ? "cnnvis-perceptron-bad" : null },
      ...[corner[0], corner[1], short(Number(sum(corner).toFixed(6))), Number(sum(corner) > 0), wanted()[i], wrong.includes(i) ? "wrong" : "right"].map((text) => h("td", {}, String(text))))));
    fix.setAttribute("aria-disabled", String(!wrong.length || get("corrections") >= MOST_CORRECTIONS));
    const made = get("corrections") ? ` after ${get("corrections")} correction${get("corrections") === 1 ? "" : "s"}` : "";
    said.textContent = `${4 - wrong.length} of 4 right${made}.`;
    const [u, v, b] = get("weights").map(short);
    axes.svg.setAttribute("aria-label", `The plane of x1 and x2, parted where ${u} x1 + ${v} x2 + ${b} = 0. ${get("task").toUpperCase()}: ${said.textContent}`);
  };
  fix.addEventListener("click", () => {
    const [first] = mistakes();
    if (first === undefined || get("disabled") || get("corrections") >= MOST_CORRECTIONS) return;
    const by = get("rate") * (wanted()[first] ? 1 : -1);
    const moved = get("weights").map((w, k) => w + by * (k < 2 ? CORNERS[first][k] : 1));
    write({ weights: moved.map((w) => Math.max(-LARGEST, Math.min(LARGEST, w))), corrections: get("corrections") + 1 });
  }, { signal });
  zero.addEventListener("click", () => write({ weights: [0, 0, 0], corrections: 0 }), { signal });
  watchTogether(model, ["task", "weights", "corrections", "rate", "_tasks"], draw, signal);
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
