/** Gradient descent on a curve; see descent.py. */
const [MOST_STEPS, FAR, PACE_MS, FINE] = [200, 1e6, 350, 240];

const valueOf = (coefficients, theta) => coefficients.reduceRight((sum, c) => sum * theta + c, 0);
const slopeOf = (coefficients, theta) => coefficients.reduceRight((sum, c, k) => (k ? sum * theta + k * c : sum), 0);

/** θ before the first step and after each; ends where it has run away. */
function pathOf(coefficients, start, rate, steps) {
  const path = [start];
  while (path.length <= steps && Math.abs(path.at(-1)) <= FAR) {
    path.push(path.at(-1) - rate * slopeOf(coefficients, path.at(-1)));
  }
  return path;
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "descent", signal);
  const choose = chooser(model);
  const get = (name) => model.get(name);
  const { domain, coefficients: first } = get("_curve");
  const grid = Array.from({ length: FINE + 1 }, (_, i) => domain[0] + (i / FINE) * (domain[1] - domain[0]));
  const heights = grid.map((theta) => valueOf(first, theta));
  const [low, high] = [Math.min(...heights), Math.max(...heights)];
  const room = 0.08 * (high - low || 1);
  const axes = new Axes({ x: domain, y: [low - room, high + room], xName: get("name"), yName: `J(${get("name")})` });
  const trace = new Axes({ x: [0, 10], y: [low - room, high + room], wide: 380, high: 340, xName: "steps", yName: "J after each step" });
  const [marks, history] = [drawn("g"), drawn("g")];
  axes.axes();
  axes.svg.append(axes.line(grid.map((theta, i) => [theta, heights[i]]), "cnnvis-chart-curve"), marks);
  trace.svg.append(history);
  axes.svg.setAttribute("role", "img");
  trace.svg.setAttribute("role", "img");
  const start = labelledSlider({
    label: `start at ${get("name")} =`, min: domain[0], max: domain[1], step: (domain[1] - domain[0]) / 200, signal,
    text: (value) => short(value), onvalue: (value) => { stop(); model.set("steps", 0); choose("start", value); },
  });
  // The rate's slider is logarithmic: three powers of ten up to the largest one.
  const rateAt = (share) => Number((get("largest_rate") * 10 ** (3 * (share - 1))).toPrecision(3));
  const rate = labelledSlider({
    label: "learning rate α =", min: 0, max: 1, step: 0.01, signal, text: () => short(get("rate")),
    onvalue: (share) => choose("rate", rateAt(share)),
  });
  const exact = numberField({ label: "", whole: false, signal, onvalue: (value) => choose("rate", value) });
  exact.input.setAttribute("aria-label", "exact learning rate");
  const step = h("button", { type: "button" }, "One step");
  const run = h("button", { type: "button" });
  const back = h("button", { type: "button" }, "Back to the start");
  const said = h("p", { class: "cnnvis-chart-said", role: "status" });
  const sum = h("p", { class: "cnnvis-chart-said" });
  field.append(
    h("div", { class: "cnnvis-charts" }, h("div", {}, axes.svg), h("div", { class: "cnnvis-chart-narrow" }, trace.svg)),
    h("div", { class: "cnnvis-line" }, start.element, rate.element, exact.element), exact.complaint,
    h("div", { class: "cnnvis-line" }, step, run, back), sum, said,
  );

  const draw = () => {
    const { coefficients } = get("_curve");
    const [alpha, steps, name] = [get("rate"), get("steps"), get("name")];
    const path = pathOf(coefficients, get("start"), alpha, steps);
    const now = path.at(-1);
    const [height, slope] = [valueOf(coefficients, now), slopeOf(coefficients, now)];
    const next = now - alpha * slope;
    start.show(get("start"));
    rate.show(1 + Math.log10(alpha / get("largest_rate")) / 3);
    exact.limits(0, get("largest_rate"));
    exact.show(alpha);
    const reach = 0.18 * (domain[1] - domain[0]);
    const circle = (theta, radius, style) => drawn("circle", { cx: axes.px(theta), cy: axes.py(valueOf(coefficients, theta)), r: radius, class: style, "clip-path": `url(#${axes.clip})` });
    const ground = axes.high - axes.bottom;
    const [from, to] = [axes.px(now), Math.max(axes.left, Math.min(axes.wide - axes.right, axes.px(next)))];
    const tip = to >= from ? -7 : 7;
    marks.replaceChildren(
      axes.line(path.map((theta) => [theta, valueOf(coefficients, theta)]), "cnnvis-descent-way"),
      axes.line([[now - reach, height - slope * reach], [now + reach, height + slope * reach]], "cnnvis-chart-second"),
      ...path.slice(0, -1).map((theta) => circle(theta, 4, "cnnvis-descent-past")),
      circle(now, 7, "cnnvis-descent-now"),
      ...(Math.abs(to - from) > 1 && Number.isFinite(to) ? [drawn("path", { class: "cnnvis-descent-step", d: `M${from} ${ground - 8}H${to}m${tip} -5L${to} ${ground - 8}l${tip} 5` })] : []),
    );
    const values = path.map((theta) => valueOf(coefficients, theta));
    trace.x = [0, Math.max(10, path.length - 1)];
    const most = Math.max(high, ...values.filter((value) => value < 20 * (high - low) + high));
    trace.y = [low - room, most + room];
    trace.axes();
    history.replaceChildren(trace.line(values.map((value, i) => [i, value]), "cnnvis-chart-curve"),
      ...values.map((value, i) => drawn("circle", { cx: trace.px(i), cy: trace.py(value), r: 3.5, class: "cnnvis-descent-now", "clip-path": `url(#${trace.clip})` })));
    const away = Math.abs(now) > FAR;
    const minus = slope < 0 ? `(${short(slope)})` : short(slope);
    sum.textContent = `next: ${short(now)} − ${short(alpha)} · ${minus} = ${short(next)}`;
    const more = `${steps} step${steps === 1 ? "" : "s"}: ${name} = ${short(now)}, J = ${short(height)}, slope ${short(slope)}`;
    said.textContent = away ? `After ${path.length - 1} steps it has run away: ${name} = ${short(now)}.` : more;
    axes.svg.setAttribute("aria-label", `J over ${name}, with its tangent. ${said.textContent}`);
    trace.svg.setAttribute("aria-label", `J after each of ${path.length - 1} steps, from ${short(values[0])} to ${short(values.at(-1))}`);
    const done = away || steps >= MOST_STEPS;
    for (const button of [step, run]) button.setAttribute("aria-disabled", String(done));
    back.setAttribute("aria-disabled", String(steps === 0));
    if (done) stop();
  };
  let timer = 0;
  function stop() {
    clearInterval(timer);
    timer = 0;
    run.textContent = "▶ Run";
  }
  stop();
  const once = () => { if (step.getAttribute("aria-disabled") !== "true" && !get("disabled")) choose("steps", get("steps") + 1); };
  step.addEventListener("click", () => { stop(); once(); }, { signal });
  run.addEventListener("click", () => {
    if (timer) { stop(); return; }
    run.textContent = "❚❚ Pause";
    timer = setInterval(once, PACE_MS);
  }, { signal });
  back.addEventListener("click", () => { stop(); if (get("steps")) choose("steps", 0); }, { signal });
  watchTogether(model, ["_curve", "start", "rate", "steps", "largest_rate", "name"], draw, signal);
  signal.addEventListener("abort", stop);
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
