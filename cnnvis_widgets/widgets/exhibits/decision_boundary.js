/** A small network that learns to part two classes in the plane; see boundary.py. */
const [MOST_STEPS, MOST_LAYERS, SLIDER_UNITS, KEPT, TELL_MS, FRAME_MS] = [200000, 3, 8, 300, 250, 12];
const [PLANE, TILE] = [56, 20]; // places of the large picture and of a unit's own, each way
const PACES = { slow: 0.2, normal: 2, fast: Infinity }; // steps in a frame, as far as there is time
const [BLUE, ORANGE] = [[47, 111, 181], [192, 86, 47]];

const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
/** name → [value of z, slope at z]; as in small_network.py */
const ACTIVATIONS = {
  linear: [(z) => z, () => 1],
  sigmoid: [sigmoid, (z) => sigmoid(z) * sigmoid(-z)],
  tanh: [Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
  relu: [(z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0)],
  relu6: [(z) => Math.min(Math.max(z, 0), 6), (z) => (z > 0 && z < 6 ? 1 : 0)],
};

/** Fully connected layers and one output unit, in one row of parameters. */
class Net {
  constructor(sizes, activation, parameters) {
    this.sizes = sizes;
    [this.value, this.slope] = ACTIVATIONS[activation];
    this.parameters = Float64Array.from(parameters);
    this.slopes = new Float64Array(this.parameters.length);
    this.z = sizes.map((count) => new Float64Array(count));
    this.a = sizes.map((count) => new Float64Array(count));
    this.back = sizes.map((count) => new Float64Array(count));
    this.starts = [];
    let at = 0;
    for (let k = 0; k + 1 < sizes.length; k += 1) { this.starts.push(at); at += (sizes[k] + 1) * sizes[k + 1]; }
  }

  /** The weight from unit i to unit j of the layer after it; i = the number of units is the bias. */
  weight(layer, i, j) { return this.parameters[this.starts[layer] + i * this.sizes[layer + 1] + j]; }

  forward(x, y) {
    this.a[0][0] = x;
    this.a[0][1] = y;
    const last = this.sizes.length - 2;
    for (let k = 0; k <= last; k += 1) {
      const [inputs, units, start] = [this.sizes[k], this.sizes[k + 1], this.starts[k]];
      for (let j = 0; j < units; j += 1) {
        let sum = this.parameters[start + inputs * units + j];
        for (let i = 0; i < inputs; i += 1) sum += this.a[k][i] * this.parameters[start + i * units + j];
        this.z[k + 1][j] = sum;
        this.a[k + 1][j] = k === last ? sum : this.value(sum);
      }
    }
    return this.z[last + 1][0];
  }

  loss(points) { return points.reduce((sum, [x, y, d]) => sum + softplus(d ? -this.forward(x, y) : this.forward(x, y)), 0) / points.length; }

  /** One step of gradient descent with all points; backpropagation from the last layer to the first. */
  step(points, rate) {
    this.slopes.fill(0);
    const last = this.sizes.length - 2;
    for (const [x, y, d] of points) {
      this.back[last + 1][0] = (sigmoid(this.forward(x, y)) - d) / points.length;
      for (let k = last; k >= 0; k -= 1) {
        const [inputs, units, start] = [this.sizes[k], this.sizes[k + 1], this.starts[k]];
        for (let j = 0; j < units; j += 1) this.slopes[start + inputs * units + j] += this.back[k + 1][j];
        for (let i = 0; i < inputs; i += 1) {
          let sum = 0;
          for (let j = 0; j < units; j += 1) {
            this.slopes[start + i * units + j] += this.a[k][i] * this.back[k + 1][j];
            sum += this.parameters[start + i * units + j] * this.back[k + 1][j];
          }
          if (k) this.back[k][i] = sum * this.slope(this.z[k][i]);
        }
      }
    }
    for (let p = 0; p < this.parameters.length; p += 1) this.parameters[p] -= rate * this.slopes[p];
  }
}

/** A picture of side × side values in -1 … 1, blue below zero and orange above, as a data URL. */
function picture(values, side, strength) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(side, side);
  values.forEach((value, i) => {
    const [r, g, b] = value < 0 ? BLUE : ORANGE;
    image.data.set([r, g, b, Math.round(255 * strength * Math.min(1, Math.abs(value)))], 4 * i);
  });
  pen.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

/** Where values on a grid of side × side are zero: short lines, [[u, v], [u, v]] in 0 … 1 each way. */
function zeroLine(values, side) {
  const lines = [];
  for (let i = 0; i + 1 < side; i += 1) {
    for (let j = 0; j + 1 < side; j += 1) {
      const corners = [[i, j], [i, j + 1], [i + 1, j + 1], [i + 1, j]];
      const cuts = corners.flatMap(([r, c], k) => {
        const [s, t] = corners[(k + 1) % 4];
        const [a, b] = [values[r * side + c], values[s * side + t]];
        if (a > 0 === b > 0) return [];
        const share = a / (a - b);
        return [[(c + share * (t - c) + 0.5) / side, (r + share * (s - r) + 0.5) / side]];
      });
      for (let k = 0; k + 1 < cuts.length; k += 2) lines.push([cuts[k], cuts[k + 1]]);
    }
  }
  return lines;
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "decision-boundary", signal);
  const choose = chooser(model);
  const get = (name) => model.get(name);
  const axes = new Axes({ x: [-1, 1], y: [-1, 1], wide: 400, high: 400, xName: "x1", yName: "x2" });
  const trace = new Axes({ x: [0, 10], y: [0, 1], wide: 420, high: 200, xName: "steps", yName: "loss" });
  const ground = drawn("image", { x: axes.left, y: axes.top, width: axes.wide - axes.left - axes.right, height: axes.high - axes.top - axes.bottom, preserveAspectRatio: "none" });
  const [dots, lines, curve] = [drawn("g"), drawn("g"), drawn("g")];
  axes.axes();
  axes.svg.prepend(ground);
  axes.svg.append(lines, dots);
  trace.svg.append(curve);
  for (const { svg } of [axes, trace]) svg.setAttribute("role", "img");
  const [WIDE, HIGH] = [420, 230];
  const diagram = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, class: "cnnvis-chart cnnvis-decision-boundary-diagram", role: "listbox", "aria-label": "the network: choose a unit to see what it makes of the plane" });
  const [wires, tiles] = [drawn("g", { "aria-hidden": "true" }), drawn("g")];
  diagram.append(wires, tiles);

  const select = (name, options, onvalue) => {
    const input = h("select", { "aria-label": name }, ...options.map(([value, text]) => h("option", { value }, text)));
    input.addEventListener("change", () => onvalue(input.value), { signal });
    return { input, element: h("label", { class: "cnnvis-entry" }, h("span", {}, name), input) };
  };
  const data = select("points", [], (value) => { pause(); choose("data", value); });
  const units = () => get("hidden")[0] ?? 3;
  const layers = select("hidden layers", Array.from({ length: MOST_LAYERS + 1 }, (_, k) => [k, String(k)]),
    (value) => { pause(); choose("hidden", Array(Number(value)).fill(Math.min(units(), SLIDER_UNITS))); });
  const count = labelledSlider({ label: "units in each", min: 1, max: SLIDER_UNITS, step: 1, signal, text: () => get("hidden").join(" · ") || "–",
    onvalue: (value) => { pause(); choose("hidden", get("hidden").map(() => value)); } });
  const kind = select("activation", Object.keys(ACTIVATIONS).map((name) => [name, name]), (value) => { pause(); choose("activation", value); });
  // The rate's slider is logarithmic: 0.001 to 10.
  const rate = labelledSlider({ label: "learning rate", min: -3, max: 1, step: 0.05, signal, text: () => short(get("rate")),
    onvalue: (value) => choose("rate", Number((10 ** value).toPrecision(3))) });
  let pace = "normal";
  const speed = select("speed", Object.keys(PACES).map((name) => [name, name]), (value) => { pace = value; });
  speed.input.value = pace;
  const button = (text) => h("button", { type: "button" }, text);
  const [run, step, hundred, back, other] = [button("▶ Train"), button("One step"), button("100 steps"), button("Reset"), button("Other first weights")];
  const linesBox = tickBox(model, "show_lines", "lines of the first layer's units", choose, signal);
  const said = h("p", { class: "cnnvis-chart-said cnnvis-decision-boundary-said" });
  const shownNote = h("p", { class: "cnnvis-chart-said" });
  const spoken = h("span", { class: "cnnvis-unseen", role: "status" });
  field.append(
    h("div", { class: "cnnvis-line" }, data.element, layers.element, count.element, kind.element),
    h("div", { class: "cnnvis-charts" },
      h("div", { class: "cnnvis-decision-boundary-plane" }, axes.svg, shownNote),
      h("div", { class: "cnnvis-decision-boundary-side" }, diagram, trace.svg)),
    h("div", { class: "cnnvis-line" }, run, step, hundred, back, other),
    h("div", { class: "cnnvis-line" }, rate.element, speed.element, linesBox),
    said, spoken,
  );

  let [net, points, steps, history, key] = [null, [], 0, [], null];
  let shown = "output"; // or "layer.unit", hidden layers from 1 on
  let [timer, owed, told] = [0, 0, 0];
  const usable = () => !get("disabled");
  const pause = () => {
    if (timer) { cancelAnimationFrame(timer); timer = 0; tell(); speak(); }
    run.textContent = "▶ Train";
  };
  const tell = () => {
    told = Date.now();
    if (net) model.send({ key, steps, parameters: Array.from(net.parameters) });
  };
  const note = () => {
    history.push([steps, net.loss(points)]);
    if (history.length > KEPT) history = history.filter((_, i) => i % 2 === 0 || i === history.length - 1);
  };
  const finite = () => net.parameters.every(Number.isFinite);
  const advance = (number) => {
    for (let i = 0; i < number && steps < MOST_STEPS && finite(); i += 1) { net.step(points, get("rate")); steps += 1; }
  };
  const beat = () => {
    timer = requestAnimationFrame(beat);
    const until = performance.now() + FRAME_MS;
    owed = Math.min(owed + PACES[pace], 1e6);
    let made = 0;
    while (owed >= 1 && performance.now() < until && steps < MOST_STEPS) { advance(1); owed -= 1; made += 1; }
    if (PACES[pace] === Infinity) owed = 0;
    if (made) { note(); draw(); }
    if (Date.now() - told > TELL_MS) tell();
    if (steps >= MOST_STEPS || !finite()) pause();
  };

  const unitsOf = (layer) => net.sizes[layer];
  /** All units' values on a grid: hidden[layer][unit] and output, rows from above. */
  const fields = (side) => {
    const hidden = net.sizes.map((number, k) => (k && k < net.sizes.length - 1 ? Array.from({ length: number }, () => new Float64Array(side * side)) : []));
    const sums = hidden.map((layer) => layer.map(() => new Float64Array(side * side)));
    const output = new Float64Array(side * side);
    for (let i = 0; i < side; i += 1) {
      for (let j = 0; j < side; j += 1) {
        output[i * side + j] = net.forward((2 * (j + 0.5)) / side - 1, 1 - (2 * (i + 0.5)) / side);
        hidden.forEach((layer, k) => layer.forEach((values, unit) => { values[i * side + j] = net.a[k][unit]; sums[k][unit][i * side + j] = net.z[k][unit]; }));
      }
    }
    return { hidden, sums, output };
  };
  const likely = (values) => Array.from(values, (z) => 2 * sigmoid(z) - 1);
  const scaled = (values) => { const most = values.reduce((most_, value) => Math.max(most_, Math.abs(value)), 1e-9); return Array.from(values, (value) => value / most); };
  const place = ([u, v]) => [2 * u - 1, 1 - 2 * v];

  const drawPlane = () => {
    const found = fields(PLANE);
    const [layer, unit] = shown === "output" ? [0, 0] : shown.split(".").map(Number);
    const values = layer ? scaled(found.hidden[layer][unit]) : likely(found.output);
    const edge = layer ? found.sums[layer][unit] : found.output;
    ground.setAttribute("href", picture(values, PLANE, 0.55));
    const parts = zeroLine(edge, PLANE).map((pair) => {
      const [[a, b], [c, d]] = pair.map(place).map(([x, y]) => [axes.px(x), axes.py(y)]);
      return `M${a.toFixed(1)} ${b.toFixed(1)}L${c.toFixed(1)} ${d.toFixed(1)}`;
    });
    lines.replaceChildren();
    if (get("show_lines") && net.sizes.length > 2) {
      const out = Array.from({ length: unitsOf(1) }, (_, i) => Math.hypot(...Array.from({ length: unitsOf(2) }, (__, j) => net.weight(1, i, j))));
      const most = Math.max(...out, 1e-9);
      out.forEach((size, j) => {
        const [u, v, b] = [0, 1, 2].map((i) => net.weight(0, i, j));
        const ends = Math.abs(v) > Math.abs(u) ? [-1, 1].map((x) => [x, -(u * x + b) / v]) : [-1, 1].map((y) => [-(v * y + b) / (u || 1e-12), y]);
        lines.append(axes.line(ends, `cnnvis-decision-boundary-unit${layer === 1 && unit === j ? " cnnvis-decision-boundary-chosen" : ""}`, { opacity: (0.25 + 0.75 * (size / most)).toFixed(2) }));
      });
    }
    lines.append(drawn("path", { d: parts.join(""), class: "cnnvis-decision-boundary-edge", "clip-path": `url(#${axes.clip})` }));
    shownNote.textContent = layer ? `In the plane: unit ${unit + 1} of hidden layer ${layer}; the black line is where its sum is 0.` : "In the plane: the output; the black line is where both classes are as likely.";
    return found;
  };
  /** Places of the units in the diagram: [x, y, half a side]. */
  const spots = () => net.sizes.map((number, k) => {
    const x = 26 + ((WIDE - 70) * k) / (net.sizes.length - 1);
    const pitch = Math.min(48, (HIGH - 20) / number);
    const half = Math.min(18, pitch / 2 - 1.5);
    return Array.from({ length: number }, (_, i) => [x, HIGH / 2 + (i - (number - 1) / 2) * pitch, half]);
  });
  const drawDiagram = (full) => {
    const at = spots();
    const found = fields(TILE);
    const strongest = Math.max(...net.parameters.map(Math.abs), 1e-9);
    wires.replaceChildren(...at.slice(0, -1).flatMap((from, k) => from.flatMap(([x, y, half], i) => at[k + 1].map(([u, v, other_], j) => {
      const weight = net.weight(k, i, j);
      return drawn("line", { x1: x + half, y1: y, x2: u - other_, y2: v, class: weight < 0 ? "cnnvis-decision-boundary-minus" : "cnnvis-decision-boundary-plus", "stroke-width": (0.3 + (5 * Math.abs(weight)) / strongest).toFixed(2) });
    }))));
    if (!full && tiles.childElementCount) {
      for (const tile of tiles.querySelectorAll("[data-key]")) fillTile(tile, found);
      return;
    }
    const held = tiles.contains(document.activeElement);
    const last = net.sizes.length - 1;
    tiles.replaceChildren(...at.flatMap((spot, k) => spot.map(([x, y, half], i) => {
      if (!k) return drawn("g", {}, drawn("circle", { cx: x, cy: y, r: half, class: "cnnvis-decision-boundary-input" }), drawn("text", { x, y: y + 4.5, "text-anchor": "middle" }, `x${i + 1}`));
      const id = k === last ? "output" : `${k}.${i}`;
      const name = k === last ? "output" : `unit ${i + 1} of hidden layer ${k}`;
      const tile = drawn("g", { role: "option", "data-key": id, tabindex: -1, "aria-label": name },
        drawn("image", { x: x - half, y: y - half, width: 2 * half, height: 2 * half, preserveAspectRatio: "none" }),
        drawn("rect", { x: x - half, y: y - half, width: 2 * half, height: 2 * half, class: "cnnvis-decision-boundary-tile" }));
      fillTile(tile, found);
      return tile;
    })));
    mark(tiles, '[role="option"]', shown);
    if (held) tiles.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
  };
  const fillTile = (tile, found) => {
    const [layer, unit] = tile.dataset.key.split(".").map(Number);
    const values = tile.dataset.key === "output" ? likely(found.output) : scaled(found.hidden[layer][unit]);
    tile.firstElementChild.setAttribute("href", picture(values, TILE, 0.9));
  };
  const drawLoss = () => {
    const most = Math.max(...history.map(([, value]) => value).filter((value) => value < 3 * history[0][1]), 0.1);
    trace.x = [0, Math.max(10, steps)];
    trace.y = [0, 1.08 * most];
    trace.axes();
    curve.replaceChildren(trace.line(history, "cnnvis-chart-curve"));
    const [, now] = history.at(-1);
    trace.svg.setAttribute("aria-label", `The loss after each of ${steps} steps: from ${short(history[0][1])} to ${short(now)}`);
  };
  const draw = (full = false) => {
    if (!net) return;
    if (!finite()) { said.textContent = `After ${steps} steps the weights have run away.`; return; }
    drawPlane();
    drawDiagram(full);
    drawLoss();
    const right = points.filter(([x, y, d]) => Number(net.forward(x, y) > 0) === d).length;
    said.textContent = `${steps} step${steps === 1 ? "" : "s"}: loss ${short(history.at(-1)[1])}, ${right} of ${points.length} points right; ${net.parameters.length} parameters`;
    axes.svg.setAttribute("aria-label", `${points.length} points of two classes. ${shownNote.textContent} ${said.textContent}`);
    const done = steps >= MOST_STEPS;
    for (const item of [run, step, hundred]) item.setAttribute("aria-disabled", String(done));
    back.setAttribute("aria-disabled", String(steps === 0));
  };
  const speak = () => { spoken.textContent = said.textContent; };
  const drawPoints = () => {
    dots.replaceChildren(...points.map(([x, y, d]) => {
      const [u, v] = [axes.px(x), axes.py(y)];
      return d ? drawn("rect", { x: u - 4, y: v - 4, width: 8, height: 8, class: "cnnvis-decision-boundary-1" }) : drawn("circle", { cx: u, cy: v, r: 4.4, class: "cnnvis-decision-boundary-0" });
    }));
  };
  const restart = () => {
    const start = get("_start");
    if (start.key === undefined || start.key === key) return;
    if (timer) { cancelAnimationFrame(timer); timer = 0; run.textContent = "▶ Train"; }
    key = start.key;
    net = new Net(start.sizes, start.activation, start.parameters);
    [points, steps, history] = [start.points, start.steps, start.history.slice()];
    const [layer, unit] = shown.split(".").map(Number);
    if (shown !== "output" && (layer > net.sizes.length - 2 || unit >= unitsOf(layer))) shown = "output";
    drawPoints();
    draw(true);
    speak();
  };
  watch(model, ["_start"], restart, signal);
  watch(model, ["show_lines"], () => draw(), signal);
  watch(model, ["rate", "data", "hidden", "activation", "_sets"], () => {
    const names = get("_sets");
    if (data.input.children.length !== names.length) data.input.replaceChildren(...names.map((name) => h("option", { value: name }, name)));
    data.input.value = get("data");
    layers.input.value = String(get("hidden").length);
    count.show(Math.min(units(), SLIDER_UNITS));
    count.element.hidden = !get("hidden").length;
    kind.input.value = get("activation");
    kind.element.hidden = !get("hidden").length;
    linesBox.hidden = !get("hidden").length;
    rate.show(Math.log10(get("rate")));
  }, signal);
  watch(model, ["disabled"], () => { if (get("disabled")) pause(); }, signal);

  // Up and down within a layer, left and right to the next one: the rows of two layers do not match.
  tiles.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    const tile = event.target.closest('[role="option"]');
    if (!move || !tile || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const last = net.sizes.length - 1;
    const [from, unit] = tile.dataset.key === "output" ? [last, 0] : tile.dataset.key.split(".").map(Number);
    const layer = Math.max(1, Math.min(last, from + move[0]));
    const number = unitsOf(layer);
    const next = layer === from ? (unit + move[1] + number) % number : Math.min(number - 1, Math.round(((unit + 0.5) / unitsOf(from)) * number - 0.5));
    tiles.querySelector(`[data-key="${layer === last ? "output" : `${layer}.${next}`}"]`).focus();
    pick(document.activeElement);
  }, { signal });
  const pick = (item) => {
    shown = item.dataset.key;
    mark(tiles, '[role="option"]', shown);
    draw();
    spoken.textContent = shownNote.textContent;
  };
  roving(tiles, '[role="option"]', pick, signal);
  run.addEventListener("click", () => {
    if (timer) { pause(); return; }
    if (!usable() || run.getAttribute("aria-disabled") === "true") return;
    run.textContent = "❚❚ Pause";
    timer = requestAnimationFrame(beat);
  }, { signal });
  const jump = (number) => {
    pause();
    if (!usable() || !net || steps >= MOST_STEPS) return;
    advance(number);
    note();
    draw();
    tell();
    speak();
  };
  step.addEventListener("click", () => jump(1), { signal });
  hundred.addEventListener("click", () => jump(100), { signal });
  back.addEventListener("click", () => {
    pause();
    if (!usable() || !net || !steps) return;
    net = new Net(net.sizes, get("_start").activation, get("_start").first);
    [steps, history] = [0, []];
    note();
    draw();
    tell();
    speak();
  }, { signal });
  other.addEventListener("click", () => { pause(); choose("seed", get("seed") + 1); }, { signal });
  signal.addEventListener("abort", () => cancelAnimationFrame(timer));
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
