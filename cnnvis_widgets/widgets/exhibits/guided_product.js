/** Two maps and their product; see guided_product.py. */
const [OPACITY, STRIDE] = [0.6, 8]; // of the mask over the picture; pixels that an arrow key goes

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "guided-product", signal);
  const choose = chooser(model);
  const pane = (title) => {
    const canvas = h("canvas", { role: "img" });
    const cross = h("span", { class: "cnnvis-product-cross", "aria-hidden": "true" });
    const caption = h("figcaption", {}, title);
    return { canvas, cross, caption, element: h("figure", {}, caption, h("div", { class: "cnnvis-product-frame" }, canvas, cross)) };
  };
  const panes = [pane("guided backprop"), pane("Grad-CAM, enlarged"), pane("")];
  const sign = (text) => h("span", { class: "cnnvis-product-sign", "aria-hidden": "true" }, text);
  const slider = h("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": "how much of the mask is applied" });
  const alone = h("button", { type: "button" }, "guided backprop alone");
  const whole = h("button", { type: "button" }, "the product");
  const said = h("p", { class: "cnnvis-product-said", role: "status" });
  const crosshair = panes[2].canvas;
  Object.assign(crosshair, { tabIndex: 0 });
  field.append(
    h("div", { class: "cnnvis-product" }, panes[0].element, sign("×"), panes[1].element, sign("="), panes[2].element),
    h("div", { class: "cnnvis-line cnnvis-product-tools" }, alone, slider, whole), said,
    h("p", { class: "cnnvis-hint" }, "Point at a picture, or go over the last one with the arrow keys, and read the three numbers."));

  let maps = null;
  const take = () => {
    const data = model.get("_data");
    const shape = data.shape;
    const coarse = floatsOf(data.coarse);
    const mask = enlarged(coarse, data.coarse_shape, shape);
    const pixels = new ImageData(shape[1], shape[0]);
    bytesOf(data.picture).forEach((value, i) => { pixels.data[4 * Math.floor(i / 3) + (i % 3)] = value; });
    for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = 255;
    maps = { shape, mask, detail: floatsOf(data.detail), most: coarse.reduce((a, b) => Math.max(a, b), 0), end: data.end, table: bytesOf(data.table), picture: greyed(pixels), alt: data.alt };
  };
  const values = (share) => maps.detail.map((value, i) => value * (1 - share + share * (maps.most > 0 ? maps.mask[i] / maps.most : 0)));
  const of = (high) => ({ low: 0, high, kind: "sequential" });
  const draw = () => {
    const { shape, mask, detail, table, most, end, picture, alt } = maps;
    const share = model.get("share");
    paint(panes[0].canvas, colourized(placesOf(detail, of(end)), table, shape));
    paint(panes[1].canvas, blended(picture, placesOf(mask, of(most)), table, { kind: "sequential", opacity: OPACITY, blend: "uniform" }));
    paint(panes[2].canvas, colourized(placesOf(values(share), of(end)), table, shape));
    const percent = `${Math.round(100 * share)} %`;
    panes[2].caption.textContent = share === 1 ? "the product: Guided Grad-CAM" : share === 0 ? "guided backprop" : `mask applied to ${percent}`;
    Object.assign(slider, { value: String(Math.round(100 * share)) });
    slider.setAttribute("aria-valuetext", panes[2].caption.textContent);
    const what = alt ? ` of ${alt}` : "";
    panes[0].canvas.setAttribute("aria-label", `Guided backprop${what}, ${shape[0]} × ${shape[1]} values`);
    panes[1].canvas.setAttribute("aria-label", `Grad-CAM's map, enlarged, over the picture${what}`);
    panes[2].canvas.setAttribute("aria-label", `Their product${what}, the mask applied to ${percent}`);
  };
  const read = () => {
    const { shape: [rows, columns], detail, mask } = maps;
    const [row, column] = model.get("at").map((i, axis) => Math.min(i, [rows, columns][axis] - 1));
    const i = row * columns + column;
    for (const { cross } of panes) Object.assign(cross.style, { left: `${(100 * (column + 0.5)) / columns}%`, top: `${(100 * (row + 0.5)) / rows}%` });
    said.textContent = `Row ${row}, column ${column}: guided backprop ${formatted(detail[i], 3)} × Grad-CAM ${formatted(mask[i], 3)} = ${formatted(detail[i] * mask[i], 3)}`;
  };
  watch(model, ["_data"], take, signal);
  watch(model, ["_data", "share"], draw, signal);
  watch(model, ["_data", "at"], read, signal);

  const goTo = (row, column) => {
    const { shape } = maps;
    const next = [row, column].map((i, axis) => Math.min(shape[axis] - 1, Math.max(0, Math.floor(i))));
    if (next.join() !== model.get("at").join()) choose("at", next);
  };
  for (const { canvas } of panes) {
    canvas.addEventListener("mousemove", (event) => {
      if (model.get("disabled")) return;
      const box = canvas.getBoundingClientRect();
      goTo(((event.clientY - box.top) / box.height) * maps.shape[0], ((event.clientX - box.left) / box.width) * maps.shape[1]);
    }, { signal });
  }
  crosshair.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || model.get("disabled")) return;
    event.preventDefault();
    event.stopPropagation();
    const far = event.shiftKey ? 1 : STRIDE;
    const [row, column] = model.get("at");
    goTo(row + far * step[0], column + far * step[1]);
  }, { signal });
  slider.addEventListener("input", () => choose("share", Number(slider.value) / 100), { signal });
  alone.addEventListener("click", () => choose("share", 0), { signal });
  whole.addEventListener("click", () => choose("share", 1), { signal });
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
