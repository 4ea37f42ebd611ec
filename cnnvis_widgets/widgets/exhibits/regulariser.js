/** A network with too many weights, and what restrains it; see regulariser.py. */
const [SIDE, LEAST] = [48, -4]; // of the picture; of a loss, as a power of ten
const [BLUE, ORANGE] = [[47, 111, 181], [192, 86, 47]];
// Places of a charge's slider: 0, then two a power of ten.
const CHARGES = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];
const RULES = ["SGD", "momentum", "RMSprop", "Adam"];

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "regulariser", signal);
  const choose = chooser(model);
  const get = (name) => model.get(name);
  const axes = new Axes({ x: [-1, 1], y: [-1, 1], wide: 420, high: 420, xName: "x1", yName: "x2" });
  const trace = new Axes({ x: [0, 10], y: [-2, 0], wide: 440, high: 300, xName: "epochs", yName: "loss" });
  for (const { svg } of [axes, trace]) svg.setAttribute("role", "img");
  const ground = drawn("image", { x: axes.left, y: axes.top, width: axes.wide - axes.left - axes.right, height: axes.high - axes.top - axes.bottom, preserveAspectRatio: "none" });
  const [edge, dots, curves] = [drawn("path", { class: "cnnvis-decision-boundary-edge", "clip-path": `url(#${axes.clip})` }), drawn("g"), drawn("g")];
  axes.axes();
  axes.svg.prepend(ground);
  axes.svg.append(edge, dots);
  trace.svg.append(curves);

  const nearest = (value) => CHARGES.reduce((best, charge, k) => (Math.abs(charge - value) < Math.abs(CHARGES[best] - value) ? k : best), 0);
  const charge = (name, label) => labelledSlider({
    label, min: 0, max: CHARGES.length - 1, step: 1, signal, text: () => (get(name) ? short(get(name)) : "none"), onvalue: (k) => choose(name, CHARGES[k]),
  });
  const [l2, l1] = [charge("l2", "L2 charge"), charge("l1", "L1 charge")];
  const dropout = labelledSlider({ label: "dropout", min: 0, max: 0.9, step: 0.1, signal, text: () => (get("dropout") ? short(get("dropout")) : "none"), onvalue: (value) => choose("dropout", value) });
  const batch = h("select", { "aria-label": "batch size" });
  batch.addEventListener("change", () => choose("batch", Number(batch.value)), { signal });
  const rule = h("select", { "aria-label": "optimizer" }, ...RULES.map((name) => h("option", { value: name }, name)));
  rule.addEventListener("change", () => choose("optimizer", rule.value), { signal });
  const rate = labelledSlider({ label: "learning rate", min: -3, max: 0.47, step: 0.05, signal, text: () => short(get("rate")), onvalue: (value) => choose("rate", Number((10 ** value).toPrecision(2))) });
  const other = h("button", { type: "button" }, "Other first weights");
  other.addEventListener("click", () => choose("seed", get("seed") + 1), { signal });
  const table = h("tbody");
  const said = h("p", { class: "cnnvis-chart-said", role: "status" });
  field.append(
    h("div", { class: "cnnvis-line" }, l2.element, l1.element, dropout.element),
    h("div", { class: "cnnvis-line" },
      h("label", { class: "cnnvis-entry" }, h("span", {}, "batch size"), batch),
      h("label", { class: "cnnvis-entry" }, h("span", {}, "optimizer"), rule), rate.element, other),
    h("div", { class: "cnnvis-charts" },
      h("div", { class: "cnnvis-decision-boundary-plane" }, axes.svg),
      h("div", { class: "cnnvis-decision-boundary-side" }, trace.svg,
        h("table", { class: "cnnvis-regulariser-table" },
          h("thead", {}, h("tr", {}, ...["", "loss at the end", "right"].map((text) => h("th", { scope: "col" }, text)))), table))),
    said,
  );
  const key = (name) => { const svg = drawn("svg", { viewBox: "0 0 44 12", class: "cnnvis-regulariser-key", "aria-hidden": "true" }); svg.append(drawn("path", { d: "M2 6H42", class: `cnnvis-regulariser-${name}` })); return svg; };

  const drawPoints = () => {
    const { training, validation } = get("_points");
    if (!training) return;
    const shape = ([x, y, kind], size, style) => {
      const [u, v] = [axes.px(x), axes.py(y)];
      return kind ? drawn("rect", { x: u - size, y: v - size, width: 2 * size, height: 2 * size, class: `cnnvis-decision-boundary-1 ${style}` })
        : drawn("circle", { cx: u, cy: v, r: 1.1 * size, class: `cnnvis-decision-boundary-0 ${style}` });
    };
    dots.replaceChildren(...validation.map((point) => shape(point, 2.2, "cnnvis-regulariser-faint")), ...training.map((point) => shape(point, 5, "")));
    const all = training.length;
    const sizes = [...new Set([1, 2, 4, 8, 16, 32, 64, 128, 256].filter((size) => size < all).concat(all))];
    batch.replaceChildren(...sizes.map((size) => h("option", { value: size }, size === all ? `all ${all}` : String(size))));
  };
  const draw = () => {
    const result = get("_result");
    if (!result.epochs) return;
    l1.show(nearest(get("l1")));
    l2.show(nearest(get("l2")));
    dropout.show(get("dropout"));
    rule.value = get("optimizer");
    rate.show(Math.log10(get("rate")));
    if (![...batch.children].some((item) => Number(item.value) === get("batch"))) batch.append(h("option", { value: get("batch") }, String(get("batch"))));
    batch.value = String(get("batch"));
    const canvas = h("canvas", { width: SIDE, height: SIDE });
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(SIDE, SIDE);
    result.plane.forEach((p, i) => image.data.set([...(p < 0.5 ? BLUE : ORANGE), Math.round(300 * Math.abs(p - 0.5))], 4 * i));
    pen.putImageData(image, 0, 0);
    ground.setAttribute("href", canvas.toDataURL());
    edge.setAttribute("d", levelLine(result.plane, SIDE, 0.5, axes));
    const power = (loss) => Math.max(LEAST, Math.log10(Math.max(loss, 1e-30)));
    const line = (losses) => losses.map((loss, k) => [result.epochs[k], power(loss)]);
    const [ours, theirs] = [line(result.training), line(result.validation)];
    const heights = [...ours, ...theirs].map(([, value]) => value);
    trace.x = [0, Math.max(1, result.epochs.at(-1))];
    trace.y = [Math.min(-1, ...heights) - 0.1, Math.min(3, Math.max(0, ...heights)) + 0.15];
    const ticks = [-4, -3, -2, -1, 0, 1, 2, 3].filter((p) => p >= trace.y[0] && p <= trace.y[1]);
    trace.axes({ yTicks: ticks, yText: (p) => short(Number(`1e${p}`)) });
    const low = result.validation.indexOf(Math.min(...result.validation));
    curves.replaceChildren(trace.line(ours, "cnnvis-regulariser-training"), trace.line(theirs, "cnnvis-regulariser-validation"),
      drawn("circle", { cx: trace.px(result.epochs[low]), cy: trace.py(theirs[low][1]), r: 6, class: "cnnvis-regulariser-lowest" }));
    const percent = (share) => `${(100 * share).toFixed(1)} %`;
    table.replaceChildren(...["training", "validation"].map((name) => h("tr", {},
      h("th", { scope: "row" }, key(name), ` ${name}`), h("td", {}, short(result[name].at(-1))), h("td", {}, percent(result.right[name])))));
    said.textContent = result.away ? `After ${result.steps} steps the weights have run away.`
      : `${result.steps} steps, ${result.count} parameters. Loss at the end: ${short(result.training.at(-1))} in training, ${short(result.validation.at(-1))} in validation; the lowest there was ${short(result.validation[low])}, after ${result.epochs[low]} epochs (ring). Usual size of a weight: ${short(result.size)}; ${percent(result.zeros)} of them are below 0.01.`;
    axes.svg.setAttribute("aria-label", `${get("_points").training.length} training points of two classes, large, and ${get("_points").validation.length} validation points, small; the black line parts what the network takes for one class from the other. ${said.textContent}`);
    trace.svg.setAttribute("aria-label", `Loss over ${result.epochs.at(-1)} epochs, on a scale of powers of ten. ${said.textContent}`);
  };
  watch(model, ["_points"], drawPoints, signal);
  watchTogether(model, ["_result"], draw, signal);
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
