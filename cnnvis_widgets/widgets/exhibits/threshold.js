/** A threshold on scores and what follows from it; see threshold.py. */
const BINS = 40;

/** The four numbers at a threshold: said and true, said and false, missed, rightly left. */
function confusionAt({ scores, labels }, threshold) {
  const counts = [0, 0, 0, 0];
  scores.forEach((score, i) => { counts[(score >= threshold ? 0 : 2) + (labels[i] ? 0 : 1)] += 1; });
  return counts; // [TP, FP, FN, TN]
}

/** Accuracy, precision, recall, F; null where nothing is divided by nothing. */
function measures([tp, fp, fn, tn]) {
  const share = (part, whole) => (whole ? part / whole : null);
  return { accuracy: (tp + tn) / (tp + fp + fn + tn), precision: share(tp, tp + fp), recall: share(tp, tp + fn), f: share(2 * tp, 2 * tp + fp + fn) };
}

const percent = (value) => (value === null ? "–" : `${(100 * value).toFixed(1)} %`);

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "threshold", signal);
  const choose = chooser(model);
  const data = () => model.get("_data");
  const { scores, labels, names } = data();
  const binOf = (score) => Math.min(BINS - 1, Math.floor(score * BINS));
  const counts = [0, 1].map((label) => {
    const bins = new Array(BINS).fill(0);
    scores.forEach((score, i) => { if (labels[i] === label) bins[binOf(score)] += 1; });
    return bins;
  });
  // Square roots: a class of few must be seen beside one of many.
  const tall = Math.sqrt(Math.max(...counts.flat()));
  const strips = new Axes({ x: [0, 1], y: [-tall, tall], xName: "score", yName: `↑ ${names[0]}    ↓ ${names[1]}`, high: 300, left: 14 });
  strips.axes({ yTicks: [] });
  strips.svg.setAttribute("role", "img");
  strips.svg.classList.add("cnnvis-threshold-strips");
  const bars = drawn("g");
  const cut = drawn("line", { y1: strips.top, y2: strips.high - strips.bottom, class: "cnnvis-threshold-cut" });
  counts.forEach((bins, label) => bins.forEach((count, bin) => {
    if (!count) return;
    const height = Math.abs(strips.py(Math.sqrt(count)) - strips.py(0));
    bars.append(drawn("rect", { x: strips.px(bin / BINS) + 0.7, width: strips.px(1 / BINS) - strips.px(0) - 1.4, y: strips.py(0) - (label ? height : 0), height, class: `cnnvis-threshold-${label}` }));
  }));
  strips.svg.append(bars, cut);

  const curve = new Axes({ x: [0, 1], y: [0, 1.02], wide: 300, high: 300, xName: "recall", yName: "precision" });
  curve.axes({ yTicks: [0, 0.5, 1], xTicks: [0, 0.5, 1] });
  curve.svg.setAttribute("role", "img");
  const stops = [...new Set(scores)].sort((a, b) => a - b);
  const way = stops.map((stop) => measures(confusionAt(data(), stop))).filter(({ precision, recall }) => precision !== null && recall !== null);
  const here = drawn("circle", { r: 6, class: "cnnvis-threshold-here" });
  curve.svg.append(curve.line(way.map(({ recall, precision }) => [recall, precision]), "cnnvis-chart-curve"), here);

  const slider = labelledSlider({
    label: "threshold", min: 0, max: 1, step: 0.005, signal, text: (value) => value.toFixed(3), onvalue: (value) => choose("threshold", value),
  });
  const cells = Array.from({ length: 4 }, () => h("td"));
  const table = h("table", { class: "cnnvis-threshold-table" },
    h("thead", {}, h("tr", {}, h("td"), h("th", { scope: "col" }, `said: ${names[0]}`), h("th", { scope: "col" }, `said: ${names[1]}`))),
    h("tbody", {}, h("tr", {}, h("th", { scope: "row" }, `is ${names[0]}`), cells[0], cells[2]), h("tr", {}, h("th", { scope: "row" }, `is ${names[1]}`), cells[1], cells[3])));
  const list = h("dl", { class: "cnnvis-threshold-measures" });
  const spoken = h("span", { class: "cnnvis-unseen", role: "status" });
  field.append(
    h("div", { class: "cnnvis-charts" }, h("div", { class: "cnnvis-threshold-left" }, strips.svg, slider.element), h("div", { class: "cnnvis-threshold-curve" }, curve.svg)),
    h("div", { class: "cnnvis-threshold-below" }, table, list), spoken,
  );

  let speaking = 0;
  watchTogether(model, ["threshold"], () => {
    const threshold = model.get("threshold");
    const now = confusionAt(data(), threshold);
    const { accuracy, precision, recall, f } = measures(now);
    slider.show(threshold);
    for (const end of ["x1", "x2"]) cut.setAttribute(end, String(strips.px(threshold)));
    const words = ["found", "false alarms", "missed", "rightly left"];
    cells.forEach((cell, i) => {
      cell.replaceChildren(h("strong", {}, String(now[i])), ` ${words[i]}`);
      cell.className = i === 0 || i === 3 ? "cnnvis-threshold-right" : "cnnvis-threshold-wrong";
    });
    const [tp, fp, fn, tn] = now;
    list.replaceChildren(...[
      ["accuracy", accuracy, `(${tp} + ${tn}) / ${tp + fp + fn + tn}`],
      ["precision", precision, `${tp} / (${tp} + ${fp})`],
      ["recall", recall, `${tp} / (${tp} + ${fn})`],
      ["F", f, "2 · P · R / (P + R)"],
    ].flatMap(([name, value, sum]) => [h("dt", {}, name), h("dd", {}, h("strong", {}, percent(value)), h("span", { class: "cnnvis-hint" }, ` ${sum}`))]));
    here.setAttribute("cx", String(curve.px(recall ?? 0)));
    here.setAttribute("cy", String(curve.py(precision ?? 1)));
    here.setAttribute("visibility", precision === null || recall === null ? "hidden" : "visible");
    const all = `threshold ${threshold.toFixed(3)}: accuracy ${percent(accuracy)}, precision ${percent(precision)}, recall ${percent(recall)}, F ${percent(f)}`;
    strips.svg.setAttribute("aria-label", `Scores of ${labels.filter(Boolean).length} ${names[0]} and ${labels.filter((x) => !x).length} ${names[1]}; ${all}`);
    curve.svg.setAttribute("aria-label", `Precision over recall for all thresholds; ${all}`);
    clearTimeout(speaking);
    speaking = setTimeout(() => { spoken.textContent = all; }, 700);
  }, signal);
  const drag = (event) => choose("threshold", Math.round(1000 * Math.max(0, Math.min(1, strips.at(event)[0]))) / 1000);
  strips.svg.addEventListener("pointerdown", (event) => {
    if (model.get("disabled")) return;
    strips.svg.setPointerCapture(event.pointerId);
    drag(event);
  }, { signal });
  strips.svg.addEventListener("pointermove", (event) => { if (strips.svg.hasPointerCapture(event.pointerId)) drag(event); }, { signal });
  signal.addEventListener("abort", () => clearTimeout(speaking));
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
