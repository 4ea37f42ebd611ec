/** Maps multiplied from the deepest down to the picture, link by link; see map_chain.py. */
const [OPACITY, STRIDE, PACE_MS] = [0.6, 8, 1200]; // of a map; pixels that an arrow key goes; a link
const PARTS = ["mean", "enlarged", "product"];

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "map-chain", signal);
  const choose = chooser(model);
  const strip = h("div", { class: "cnnvis-cards cnnvis-chain-strip", role: "radiogroup", "aria-label": "link" });
  const panes = PARTS.map((part) => {
    const canvas = h("canvas", { role: "img" });
    const cell = h("span", { class: "cnnvis-chain-cell", "aria-hidden": "true" });
    const none = h("span", { class: "cnnvis-chain-none" });
    const caption = h("figcaption");
    return { part, canvas, cell, none, caption, element: h("figure", {}, caption, h("div", { class: "cnnvis-chain-frame" }, canvas, cell, none)) };
  });
  panes[2].canvas.tabIndex = 0;
  const sign = (text) => h("span", { class: "cnnvis-chain-sign", "aria-hidden": "true" }, text);
  const slider = h("input", { type: "range", min: 0, step: 1, "aria-label": "how far along the chain" });
  const play = h("button", { type: "button" }, "Build the chain");
  const said = h("p", { class: "cnnvis-chain-said", role: "status" });
  const read = h("p", { class: "cnnvis-chain-said" });
  field.append(h("div", { class: "cnnvis-chain" }, strip,
    h("div", { class: "cnnvis-line cnnvis-chain-tools" }, play, slider),
    h("div", { class: "cnnvis-chain-panes" }, panes[0].element, sign("×"), panes[1].element, sign("="), panes[2].element),
    said, read,
    h("p", { class: "cnnvis-hint" }, "Choose a link with the arrow keys or the mouse. Point at a picture, or go over the last one with the arrow keys, and read the three numbers.")));

  let data = null;
  const wide = (map, shape) => { // each pixel the value of its cell
    const [rows, columns] = data.size;
    const values = new Float32Array(rows * columns);
    for (let r = 0; r < rows; r += 1) {
      const start = Math.floor((r * shape[0]) / rows) * shape[1];
      for (let c = 0; c < columns; c += 1) values[r * columns + c] = map[start + Math.floor((c * shape[1]) / columns)];
    }
    return values;
  };
  const most = (map) => map.reduce((a, b) => Math.max(a, b), 0);
  const scale = (map) => ({ low: 0, high: most(map), kind: "sequential" });
  const take = () => {
    const sent = model.get("_data");
    const [rows, columns] = sent.size;
    const picture = new ImageData(columns, rows);
    bytesOf(sent.picture).forEach((value, i) => { picture.data[4 * Math.floor(i / 3) + (i % 3)] = value; });
    for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = 255;
    const links = sent.links.map((link, i) => ({
      ...link, layer: link.layer || (link.mean ? "a map" : "the picture"), first: i === 0,
      ...Object.fromEntries(PARTS.map((part) => [part, link[part] && floatsOf(link[part])])),
    }));
    data = { ...sent, links, picture: greyed(picture), table: bytesOf(sent.table) };
    slider.max = String(links.length - 1);
    refill(strip, links.map(({ layer, shape, product }, i) => {
      const small = h("canvas", { "aria-hidden": "true" });
      paint(small, colourized(placesOf(product, scale(product)), data.table, shape));
      return h("button", { type: "button", role: "radio", "data-key": i }, small, h("span", { class: "cnnvis-chain-layer", title: layer }, ...layer.split("_").flatMap((part, i) => (i ? ["_", h("wbr"), part] : [part]))), h("span", {}, `${shape[0]} × ${shape[1]}`));
    }));
  };
  const shown = () => data.links[Math.min(model.get("link"), data.links.length - 1)];
  const draw = () => {
    const at = model.get("link");
    const link = shown();
    const size = `${link.shape[0]} × ${link.shape[1]}`;
    const words = { mean: "mean over the channels", enlarged: "from the link before, enlarged", product: link.mean && link.enlarged ? "their product" : link.mean ? "the start" : "the result" };
    for (const { part, canvas, none, caption } of panes) {
      const map = link[part];
      none.hidden = Boolean(map) && most(map) > 0;
      none.textContent = map ? "all zeros" : part === "mean" ? "no map here" : "nothing above";
      const values = map ?? new Float32Array(link.product.length);
      paint(canvas, map ? blended(data.picture, placesOf(wide(values, link.shape), scale(values)), data.table, { kind: "sequential", opacity: OPACITY, blend: "uniform" }) : data.picture);
      caption.textContent = words[part];
      canvas.setAttribute("aria-label", map ? `${words[part]} at ${link.layer}${data.alt ? `, over the picture of ${data.alt}` : ""}: ${size} values up to ${formatted(most(map), 3)}` : `${words[part]}: ${none.textContent}`);
    }
    mark(strip, "[role=radio]", at);
    slider.value = String(at);
    said.textContent = `Link ${at + 1} of ${data.links.length}, ${link.layer}: ${size} places, product at most ${formatted(most(link.product), 3)}.`;
    slider.setAttribute("aria-valuetext", said.textContent);
  };
  const point = () => {
    const link = shown();
    const { shape } = link;
    const [row, column] = model.get("at").map((i, axis) => Math.floor((i * shape[axis]) / data.size[axis]));
    const i = row * shape[1] + column;
    for (const { cell } of panes) Object.assign(cell.style, { left: `${(100 * column) / shape[1]}%`, top: `${(100 * row) / shape[0]}%`, width: `${100 / shape[1]}%`, height: `${100 / shape[0]}%` });
    const factors = [link.mean, link.enlarged].filter(Boolean).map((map) => formatted(map[i], 3));
    read.textContent = `Row ${row}, column ${column}: ${factors.join(" × ")}${factors.length > 1 ? ` = ${formatted(link.product[i], 3)}` : ""}`;
  };
  watch(model, ["_data"], take, signal);
  watch(model, ["_data", "link"], draw, signal);
  watch(model, ["_data", "link", "at"], point, signal);

  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Build the chain";
  };
  const last = () => data.links.length - 1;
  play.addEventListener("click", () => {
    if (timer) { stop(); return; }
    play.textContent = "Pause";
    choose("link", model.get("link") >= last() ? 0 : model.get("link") + 1);
    timer = window.setInterval(() => {
      if (model.get("link") < last() && !model.get("disabled")) choose("link", model.get("link") + 1);
      if (model.get("link") >= last()) stop();
    }, PACE_MS);
  }, { signal });
  slider.addEventListener("input", () => { stop(); choose("link", Number(slider.value)); }, { signal });
  roving(strip, "[role=radio]", (item) => { stop(); choose("link", Number(item.dataset.key)); }, signal);
  const goTo = (row, column) => {
    const next = [row, column].map((i, axis) => Math.min(data.size[axis] - 1, Math.max(0, Math.floor(i))));
    if (next.join() !== model.get("at").join()) choose("at", next);
  };
  for (const { canvas } of panes) {
    canvas.addEventListener("mousemove", (event) => {
      if (model.get("disabled")) return;
      const box = canvas.getBoundingClientRect();
      goTo(((event.clientY - box.top) / box.height) * data.size[0], ((event.clientX - box.left) / box.width) * data.size[1]);
    }, { signal });
  }
  panes[2].canvas.addEventListener("keydown", (event) => {
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
