/** Four optimizers race down a surface; see race.py. */
const [GROUND, PACE_MS, LEVELS, SMALLEST] = [72, 60, 14, 1e-6];

/** name → [J, slope]; as in course/models/loss_surfaces.py */
const hollow = (x, y) => Math.exp(-(x * x + y * y) / 0.72);
const SURFACES = {
  "narrow valley": [(x, y) => x * x / 8 + 5 * y * y / 2, (x, y) => [x / 4, 5 * y]],
  "tilted valley": [(x, y) => (x + y) ** 2 / 16 + 5 * (y - x) ** 2 / 4, (x, y) => [(x + y) / 8 - 5 * (y - x) / 2, (x + y) / 8 + 5 * (y - x) / 2]],
  banana: [(x, y) => (1 - x) ** 2 / 10 + (y - x * x) ** 2, (x, y) => [(x - 1) / 5 - 4 * x * (y - x * x), 2 * (y - x * x)]],
  saddle: [(x, y) => x * x / 2 - y * y / 2 + y ** 4 / 8, (x, y) => [x, -y + y ** 3 / 2]],
  plateau: [(x, y) => 1 - hollow(x, y), (x, y) => [x / 0.36 * hollow(x, y), y / 0.36 * hollow(x, y)]],
  "two hollows": [(x, y) => (x * x - 2.25) ** 2 / 10 - x / 5 + y * y / 2, (x, y) => [0.4 * x * (x * x - 2.25) - 0.2, y]],
};

/** name → (slope g, memory m, rate, momentum, facts) → change of one parameter; as in course/models/optimizers.py */
const RULES = {
  SGD: (g, m, rate) => -rate * g,
  momentum: (g, m, rate, keep) => { m.mean = keep * m.mean - rate * g; return m.mean; },
  RMSprop: (g, m, rate, keep, { rho, epsilon }) => {
    m.square = rho * m.square + (1 - rho) * g * g;
    return -rate * g / Math.sqrt(m.square + epsilon);
  },
  Adam: (g, m, rate, keep, { beta2, epsilon }) => {
    m.steps += 1;
    m.mean = keep * m.mean + (1 - keep) * g;
    m.square = beta2 * m.square + (1 - beta2) * g * g;
    return -rate * Math.sqrt(1 - beta2 ** m.steps) / (1 - keep ** m.steps) * m.mean / (Math.sqrt(m.square) + epsilon);
  },
};

/** A mark of its own for each racer, around (u, v). */
const MARKS = {
  SGD: (u, v) => drawn("circle", { cx: u, cy: v, r: 6.5 }),
  momentum: (u, v) => drawn("rect", { x: u - 6, y: v - 6, width: 12, height: 12 }),
  RMSprop: (u, v) => drawn("path", { d: `M${u} ${v - 7.5}L${u + 7} ${v + 5.5}H${u - 7}Z` }),
  Adam: (u, v) => drawn("path", { d: `M${u} ${v - 8.5}L${u + 8.5} ${v}L${u} ${v + 8.5}L${u - 8.5} ${v}Z` }),
};

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "optimizer-race", signal);
  const choose = chooser(model);
  const get = (name) => model.get(name);
  const facts = get("_facts");
  const names = facts.racers;
  const styleOf = (name) => `cnnvis-optimizer-race-${names.indexOf(name)}`;
  const usable = () => !get("disabled");
  const here = () => facts.surfaces[get("surface")];
  const plane = h("div", { class: "cnnvis-optimizer-race-plane" });
  const trace = new Axes({ x: [0, 10], y: [-6, 1], wide: 420, high: 260, xName: "steps", yName: "loss, above the lowest there is" });
  trace.svg.setAttribute("role", "img");
  const lines = drawn("g");
  trace.svg.append(lines);
  let axes = null; // of the present surface
  const [contours, ways, heads] = [drawn("g", { "aria-hidden": "true" }), drawn("g"), drawn("g")];
  const handle = drawn("g", { class: "cnnvis-optimizer-race-start", tabindex: 0, role: "slider", "aria-roledescription": "point in the plane", "aria-label": "start, moved with the arrow keys" });

  const selectSurface = h("select", { "aria-label": "surface" }, ...Object.keys(facts.surfaces).map((name) => h("option", { value: name }, name)));
  selectSurface.addEventListener("change", () => { stop(); choose("surface", selectSurface.value); }, { signal });
  const button = (text) => h("button", { type: "button" }, text);
  const [run, step, ten, back] = [button("▶ Race"), button("One step"), button("Ten steps"), button("Back to the start")];
  const [low, high] = facts.rates.map(Math.log10);
  const rows = names.map((name, k) => {
    const box = h("input", { type: "checkbox", "aria-label": `${name} runs` });
    box.addEventListener("change", () => {
      const running = names.filter((other) => (other === name ? box.checked : get("racers").includes(other)));
      if (running.length) choose("racers", running);
      else box.checked = true;
    }, { signal });
    const rate = labelledSlider({
      label: `learning rate of ${name}`, min: low, max: high, step: 0.01, signal, text: () => short(get("rates")[k]),
      onvalue: (value) => {
        const chosen = Math.min(facts.rates[1], Math.max(facts.rates[0], Number((10 ** value).toPrecision(2))));
        choose("rates", get("rates").map((other, i) => (i === k || get("together") ? chosen : other)));
      },
    });
    rate.element.firstElementChild.classList.add("cnnvis-unseen");
    const [loss, key] = [h("td"), drawn("svg", { viewBox: "0 0 44 20", class: "cnnvis-optimizer-race-key", "aria-hidden": "true" })];
    key.append(drawn("path", { d: "M2 10H42", class: `cnnvis-optimizer-race-way ${styleOf(name)}` }), drawn("g", { class: `cnnvis-optimizer-race-head ${styleOf(name)}` }, MARKS[name](22, 10)));
    const row = h("tr", {}, h("th", { scope: "row" }, h("label", { class: "cnnvis-chart-box" }, box, key, name)), h("td", {}, rate.element), loss);
    return { name, box, rate, loss, row };
  });
  const table = h("table", { class: "cnnvis-optimizer-race-table" },
    h("thead", {}, h("tr", {}, ...["racer", "learning rate α", "loss"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, ...rows.map(({ row }) => row)));
  const settled = (name, label, max, stepSize) => labelledSlider({ label, min: 0, max, step: stepSize, signal, text: () => short(get(name)), onvalue: (value) => choose(name, value) });
  const sliders = {
    momentum: settled("momentum", "momentum μ", 0.99, 0.01),
    decay: settled("decay", "decay of α", 0.5, 0.005),
    noise: settled("noise", "noise in the gradients", 3, 0.05),
  };
  const said = h("p", { class: "cnnvis-chart-said cnnvis-optimizer-race-said" });
  const spoken = h("span", { class: "cnnvis-unseen", role: "status" });
  field.append(
    h("div", { class: "cnnvis-line" }, h("label", { class: "cnnvis-entry" }, h("span", {}, "surface"), selectSurface), run, step, ten, back),
    h("div", { class: "cnnvis-charts" }, plane, h("div", { class: "cnnvis-optimizer-race-side" }, table, tickBox(model, "together", "one learning rate for all", choose, signal), trace.svg)),
    h("div", { class: "cnnvis-line" }, ...Object.values(sliders).map(({ element }) => element)),
    said, spoken,
  );

  /** Where a racer has been; ends where it has run away. */
  const pathOf = (name) => {
    const slope = SURFACES[get("surface")][1];
    const [rate, keep, decay, noise] = [get("rates")[names.indexOf(name)], get("momentum"), get("decay"), get("noise")];
    const memory = [0, 1].map(() => ({ mean: 0, square: 0, steps: 0 }));
    let place = get("start");
    const path = [place];
    for (let k = 0; k < get("steps"); k += 1) {
      const g = slope(...place);
      place = place.map((value, i) => value + RULES[name](g[i] + noise * facts.errors[k][i], memory[i], rate / (1 + decay * k), keep, facts));
      const away = place.some((value) => !(Math.abs(value) <= facts.far));
      place = place.map((value) => Math.max(-facts.far, Math.min(facts.far, value)));
      path.push(place);
      if (away) return { path, away };
    }
    return { path, away: false };
  };

  const lossAt = ([x, y]) => SURFACES[get("surface")][0](x, y) - here().least;
  const drawGround = () => {
    const { x, y } = here();
    const wide = 470;
    const high = Math.round((wide - 64) * Math.min(1, (y[1] - y[0]) / (x[1] - x[0])) + 62);
    const old = axes;
    axes = new Axes({ x, y, wide, high, xName: "parameter x", yName: "parameter y" });
    const values = Array.from({ length: GROUND * GROUND }, (_, i) => lossAt([
      x[0] + ((i % GROUND) + 0.5) / GROUND * (x[1] - x[0]), y[1] - (Math.floor(i / GROUND) + 0.5) / GROUND * (y[1] - y[0])]));
    const most = Math.max(...values);
    const canvas = h("canvas", { width: GROUND, height: GROUND });
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(GROUND, GROUND);
    values.forEach((value, i) => image.data.set([90, 96, 110, Math.round(170 * Math.sqrt(value / most))], 4 * i));
    pen.putImageData(image, 0, 0);
    const paths = Array.from({ length: LEVELS - 1 }, (_, k) => {
      const level = most * ((k + 1) / LEVELS) ** 2;
      return drawn("path", { d: levelLine(values, GROUND, level, axes), class: "cnnvis-optimizer-race-contour" });
    });
    contours.replaceChildren(drawn("image", { href: canvas.toDataURL(), x: axes.left, y: axes.top, width: axes.wide - axes.left - axes.right, height: axes.high - axes.top - axes.bottom, preserveAspectRatio: "none" }),
      ...paths, drawn("path", { d: cross(here().lowest), class: "cnnvis-optimizer-race-lowest" }));
    axes.axes();
    axes.svg.append(contours, ways, heads, handle);
    axes.svg.setAttribute("role", "group");
    const held = document.activeElement === handle;
    if (old) old.svg.replaceWith(axes.svg);
    else plane.append(axes.svg);
    if (held) handle.focus({ preventScroll: true });
  };
  const cross = ([x, y]) => { const [u, v] = [axes.px(x), axes.py(y)]; return `M${u - 6} ${v}H${u + 6}M${u} ${v - 6}V${v + 6}`; };
  let ground = "";
  const draw = () => {
    if (ground !== get("surface")) { ground = get("surface"); drawGround(); }
    const steps = get("steps");
    selectSurface.value = ground;
    for (const [name, slider] of Object.entries(sliders)) slider.show(get(name));
    const found = get("racers").map((name) => ({ name, ...pathOf(name) }));
    ways.replaceChildren(...found.map(({ name, path }) => axes.line(path, `cnnvis-optimizer-race-way ${styleOf(name)}`)));
    heads.replaceChildren(...(steps ? found : []).map(({ name, path }) => drawn("g", { class: `cnnvis-optimizer-race-head ${styleOf(name)}`, "clip-path": `url(#${axes.clip})` }, MARKS[name](axes.px(path.at(-1)[0]), axes.py(path.at(-1)[1])))));
    const [u, v] = [axes.px(get("start")[0]), axes.py(get("start")[1])];
    handle.replaceChildren(drawn("circle", { cx: u, cy: v, r: 14, class: "cnnvis-optimizer-race-grip" }), drawn("circle", { cx: u, cy: v, r: 8, class: "cnnvis-optimizer-race-ring" }));
    handle.setAttribute("aria-valuenow", String(get("start")[0]));
    handle.setAttribute("aria-valuetext", `x ${short(get("start")[0])}, y ${short(get("start")[1])}`);
    const bottom = Math.log10(SMALLEST);
    const curves = found.map(({ name, path }) => ({ name, points: path.map((place, k) => [k, Math.log10(Math.max(SMALLEST, lossAt(place)))]) }));
    const first = Math.log10(Math.max(SMALLEST, lossAt(get("start"))));
    trace.x = [0, Math.max(10, steps)];
    trace.y = [Math.max(bottom, Math.min(first - 2, ...curves.flatMap(({ points }) => points.map(([, value]) => value)))), Math.max(first, Math.min(first + 3, Math.max(...curves.flatMap(({ points }) => points.map(([, value]) => value))))) + 0.2];
    const ticks = Array.from({ length: 12 }, (_, k) => k - 6).filter((power) => power >= trace.y[0] && power <= trace.y[1]);
    trace.axes({ yTicks: ticks, yText: (power) => short(Number(`1e${power}`)) });
    lines.replaceChildren(...curves.map(({ name, points }) => trace.line(points, `cnnvis-optimizer-race-way ${styleOf(name)}`)));
    const words = [];
    rows.forEach(({ name, box, rate, loss, row }, k) => {
      const one = found.find((racer) => racer.name === name);
      box.checked = Boolean(one);
      rate.show(Math.log10(get("rates")[k]));
      row.classList.toggle("cnnvis-optimizer-race-out", !one);
      loss.textContent = !one ? "" : one.away ? `ran away in step ${one.path.length - 1}` : short(lossAt(one.path.at(-1)));
      if (one) words.push(one.away ? `${name} has run away` : `${name} ${loss.textContent}`);
    });
    said.textContent = steps ? `After ${steps} step${steps === 1 ? "" : "s"}, losses above the lowest: ${words.join(", ")}.`
      : `At the start the loss is ${short(lossAt(get("start")))} above the lowest, which is at the cross.`;
    axes.svg.setAttribute("aria-label", `The surface ${ground} from above, dark where the loss is large, with the ways of ${get("racers").join(", ")}. ${said.textContent}`);
    trace.svg.setAttribute("aria-label", `Losses after each step, on a scale of powers of ten. ${said.textContent}`);
    const done = steps >= facts.most;
    for (const item of [run, step, ten]) item.setAttribute("aria-disabled", String(done));
    back.setAttribute("aria-disabled", String(steps === 0));
    if (done) stop();
    if (!timer) spoken.textContent = said.textContent;
  };

  let timer = 0;
  function stop() {
    clearInterval(timer);
    timer = 0;
    run.textContent = "▶ Race";
  }
  const go = (number) => { if (usable() && get("steps") < facts.most) choose("steps", Math.min(facts.most, get("steps") + number)); };
  step.addEventListener("click", () => { stop(); go(1); }, { signal });
  ten.addEventListener("click", () => { stop(); go(10); }, { signal });
  run.addEventListener("click", () => {
    if (timer) { stop(); spoken.textContent = said.textContent; return; }
    if (!usable() || get("steps") >= facts.most) return;
    run.textContent = "❚❚ Pause";
    timer = window.setInterval(() => go(1), PACE_MS);
  }, { signal });
  back.addEventListener("click", () => { stop(); if (get("steps")) choose("steps", 0); }, { signal });
  const put = ([a, b]) => {
    const { x, y } = here();
    const inside = (value, [from, to]) => Number(Math.min(to, Math.max(from, value)).toFixed(3));
    choose("start", [inside(a, x), inside(b, y)]);
  };
  let dragged = false;
  plane.addEventListener("pointerdown", (event) => {
    if (!usable() || event.button || !event.target.closest(".cnnvis-optimizer-race-start")) return;
    dragged = true;
    plane.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    event.preventDefault();
  }, { signal });
  plane.addEventListener("pointermove", (event) => { if (dragged) put(axes.at(event)); }, { signal });
  for (const name of ["pointerup", "pointercancel"]) plane.addEventListener(name, () => { dragged = false; }, { signal });
  handle.addEventListener("keydown", (event) => {
    if (!usable() || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = event.shiftKey ? 0.1 : 0.01;
    const move = { ArrowRight: [by, 0], ArrowLeft: [-by, 0], ArrowUp: [0, by], ArrowDown: [0, -by] }[event.key];
    if (!move) return;
    const { x, y } = here();
    put([get("start")[0] + move[0] * (x[1] - x[0]), get("start")[1] + move[1] * (y[1] - y[0])]);
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  watchTogether(model, ["surface", "start", "racers", "rates", "momentum", "decay", "noise", "steps"], draw, signal);
  watch(model, ["disabled"], () => { if (get("disabled")) stop(); }, signal);
  signal.addEventListener("abort", stop);
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
