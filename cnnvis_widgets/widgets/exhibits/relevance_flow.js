/** Relevance from the neuron down to the pixels, floor by floor; see relevance_flow.py. */
const [OPACITY, STRIDE, PACE_MS] = [0.6, 8, 900]; // of the map; pixels that an arrow key goes; a floor

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "relevance-flow", signal);
  const choose = chooser(model);
  const canvas = h("canvas", { role: "img", tabindex: 0 });
  const cell = h("span", { class: "cnnvis-flow-cell", "aria-hidden": "true" });
  const zeros = h("span", { class: "cnnvis-flow-zeros", hidden: true }, "all zeros");
  const tower = h("div", { class: "cnnvis-rows cnnvis-flow-tower", role: "radiogroup", "aria-label": "floor" });
  const slider = h("input", { type: "range", min: 0, step: 1, "aria-label": "how far down" });
  const play = h("button", { type: "button" }, "Let it flow");
  const said = h("p", { class: "cnnvis-flow-said", role: "status" });
  const read = h("p", { class: "cnnvis-flow-said" });
  field.append(h("div", { class: "cnnvis-flow" },
    h("div", { class: "cnnvis-flow-left" },
      h("div", { class: "cnnvis-flow-frame" }, canvas, cell, zeros),
      h("div", { class: "cnnvis-line cnnvis-flow-tools" }, play, slider)),
    h("div", { class: "cnnvis-flow-right" }, tower, said, read,
      h("p", { class: "cnnvis-hint" }, "Choose a floor with the arrow keys or the mouse. Point at the picture, or go over it with the arrow keys, and follow one place down."))));

  let data = null;
  const take = () => {
    const sent = model.get("_data");
    const [rows, columns] = sent.size;
    const picture = new ImageData(columns, rows);
    bytesOf(sent.picture).forEach((value, i) => { picture.data[4 * Math.floor(i / 3) + (i % 3)] = value; });
    for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = 255;
    const floors = sent.floors.map((floor) => ({ ...floor, layer: floor.layer || "the picture", map: floatsOf(floor.map) }));
    data = { ...sent, floors, picture: greyed(picture), table: bytesOf(sent.table) };
    const most = Math.max(...floors.map((floor) => Math.abs(floor.sum)), 1e-12);
    slider.max = String(floors.length - 1);
    refill(tower, floors.map(({ layer, shape, sum }, i) => {
      const bar = h("span", { class: "cnnvis-flow-bar", "aria-hidden": "true" }, h("span"));
      bar.firstChild.style.width = `${(100 * Math.abs(sum)) / most}%`;
      return h("button", { type: "button", role: "radio", "data-key": i },
        h("span", { class: "cnnvis-flow-layer" }, layer), h("span", {}, `${shape[0]} × ${shape[1]}`), bar, h("span", { class: "cnnvis-flow-sum" }, formatted(sum)));
    }));
  };
  const floor = () => data.floors[Math.min(model.get("floor"), data.floors.length - 1)];
  const places = () => { // each pixel the value of its cell
    const { map, shape } = floor();
    const [rows, columns] = data.size;
    const high = map.reduce((a, b) => Math.max(a, b), 0);
    const wide = new Float32Array(rows * columns);
    for (let r = 0; r < rows; r += 1) {
      const start = Math.floor((r * shape[0]) / rows) * shape[1];
      for (let c = 0; c < columns; c += 1) wide[r * columns + c] = map[start + Math.floor((c * shape[1]) / columns)];
    }
    zeros.hidden = high > 0;
    return placesOf(wide, { low: 0, high, kind: "sequential" });
  };
  const draw = () => {
    const at = model.get("floor");
    const { layer, shape, sum, half, map } = floor();
    paint(canvas, blended(data.picture, places(), data.table, { kind: "sequential", opacity: OPACITY, blend: "uniform" }));
    mark(tower, "[role=radio]", at);
    slider.value = String(at);
    const most = map.reduce((a, b) => Math.max(a, b), 0);
    said.textContent = `${layer}: ${shape[0]} × ${shape[1]} places hold ${formatted(sum)} in all, at most ${formatted(most, 3)} each`
      + `${shape[0] * shape[1] > 1 && sum > 0 ? `; half of it lies on ${Math.round(100 * half)} % of them.` : "."}`;
    slider.setAttribute("aria-valuetext", said.textContent);
    canvas.setAttribute("aria-label", `Relevance at ${layer} over the picture${data.alt ? ` of ${data.alt}` : ""}, ${shape[0]} × ${shape[1]} values that add up to ${formatted(sum)}`);
  };
  const point = () => {
    const { shape, map, sum, layer } = floor();
    const [row, column] = model.get("at").map((i, axis) => Math.floor((i * shape[axis]) / data.size[axis]));
    const value = map[row * shape[1] + column];
    Object.assign(cell.style, { left: `${(100 * column) / shape[1]}%`, top: `${(100 * row) / shape[0]}%`, width: `${100 / shape[1]}%`, height: `${100 / shape[0]}%` });
    read.textContent = `Row ${row}, column ${column} of ${layer}: ${formatted(value, 3)}${sum > 0 ? `, which is ${short((100 * value) / sum)} % of the sum` : ""}.`;
  };
  watch(model, ["_data"], take, signal);
  watch(model, ["_data", "floor"], draw, signal);
  watch(model, ["_data", "floor", "at"], point, signal);

  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Let it flow";
  };
  const last = () => data.floors.length - 1;
  play.addEventListener("click", () => {
    if (timer) { stop(); return; }
    play.textContent = "Pause";
    choose("floor", model.get("floor") >= last() ? 0 : model.get("floor") + 1);
    timer = window.setInterval(() => {
      if (model.get("floor") < last() && !model.get("disabled")) choose("floor", model.get("floor") + 1);
      if (model.get("floor") >= last()) stop();
    }, PACE_MS);
  }, { signal });
  slider.addEventListener("input", () => { stop(); choose("floor", Number(slider.value)); }, { signal });
  roving(tower, "[role=radio]", (item) => { stop(); choose("floor", Number(item.dataset.key)); }, signal);
  const goTo = (row, column) => {
    const next = [row, column].map((i, axis) => Math.min(data.size[axis] - 1, Math.max(0, Math.floor(i))));
    if (next.join() !== model.get("at").join()) choose("at", next);
  };
  canvas.addEventListener("mousemove", (event) => {
    if (model.get("disabled")) return;
    const box = canvas.getBoundingClientRect();
    goTo(((event.clientY - box.top) / box.height) * data.size[0], ((event.clientX - box.left) / box.width) * data.size[1]);
  }, { signal });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || model.get("disabled")) return;
    event.preventDefault();
    event.stopPropagation();
    const far = event.shiftKey ? 1 : STRIDE;
    const [row, column] = model.get("at");
    goTo(row + far * step[0], column + far * step[1]);
  }, { signal });
  errorLine(model, field, signal);
  return () => {
    stop();
    undo.abort();
  };
}
export default { render };
