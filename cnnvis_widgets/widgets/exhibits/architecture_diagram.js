/** A network's layers as boxes, and what feeds what; see architecture_diagram.py. */
const [WIDE, GAP, LANE, TOP, FOOT] = [68, 24, 118, 22, 74];
const [HIGHEST, LOWEST, LARGEST] = [96, 22, 320]; // pixels of a box; rows that make the highest one
const COLOURS = {
  convolution: "#2f6fb5", depthwise: "#2a8f8f", pooling: "#c0562f", dense: "#7a4fa3", join: "#5c6b2f", other: "#6b7280",
};
const WORDS = {
  convolution: "convolution", depthwise: "depthwise convolution", pooling: "pooling", dense: "dense", join: "branches join", other: "other",
};
const SHORT_KINDS = {
  Conv2D: "conv", DepthwiseConv2D: "depthwise", SeparableConv2D: "separable", MaxPooling2D: "max pool", AveragePooling2D: "mean pool",
  GlobalAveragePooling2D: "global mean", GlobalMaxPooling2D: "global max", Dense: "dense", Add: "add", Concatenate: "concat",
  BatchNormalization: "batch norm", Activation: "activation", ZeroPadding2D: "zeros",
};

const inSvg = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
};
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const times = (shape) => shape.map((n) => n ?? "?").join(" × ");

/** How high a box is: by its rows, in logarithmic steps. */
function heightOf({ shape }) {
  if (shape.length < 3) return LOWEST + 8;
  const share = Math.log2(1 + (shape[0] ?? 1)) / Math.log2(1 + LARGEST);
  return LOWEST + (HIGHEST - LOWEST) * Math.min(1, share);
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const field = frame(el, model, "architecture", signal);
  const choose = chooser(model);
  const scroll = h("div", { class: "cnnvis-arch-scroll" });
  const legend = h("p", { class: "cnnvis-arch-legend", "aria-hidden": "true" });
  const total = h("p", { class: "cnnvis-hint" });
  const told = h("div", { class: "cnnvis-arch-told", role: "status" });
  field.append(scroll, legend, told, total);

  watch(model, ["_data", "alt"], () => {
    const { boxes, start, edges, total: sum } = model.get("_data");
    const heights = [start, ...boxes].map(({ place }) => place[1]).concat(edges.flat().map((place) => place[1]));
    const [low, high] = [Math.min(...heights), Math.max(...heights)];
    const columns = 1 + Math.max(...boxes.map(({ place }) => place[0]));
    const width = columns * (WIDE + GAP) + 8;
    const height = TOP + (high - low + 1) * LANE + FOOT - 40;
    const x = (column) => 4 + column * (WIDE + GAP);
    const y = (lane) => TOP + (lane - low + 0.5) * LANE - 8;
    const most = Math.max(1, ...boxes.map((box) => box.parameters));
    const svg = inSvg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "listbox", "aria-label": `${model.get("label") || "layers"}, in the order in which they answer`, "aria-orientation": "horizontal" });
    // a little smaller rather than scrolled sideways
    Object.assign(svg.style, { width: "100%", height: "auto", maxWidth: `${width}px`, minWidth: `${0.8 * width}px` });
    for (const line of edges) {
      const points = line.map(([column, lane], i) => [i === 0 ? x(column) + WIDE : i === line.length - 1 ? x(column) - 5 : x(column) + WIDE / 2, y(lane)]);
      let path = `M${points[0]}`;
      for (let i = 1; i < points.length; i += 1) {
        const middle = (points[i - 1][0] + points[i][0]) / 2;
        path += `C${middle},${points[i - 1][1]} ${middle},${points[i][1]} ${points[i]}`;
      }
      const [tipX, tipY] = points.at(-1);
      svg.append(inSvg("path", { d: path, class: "cnnvis-arch-edge" }), inSvg("path", { d: `M${tipX} ${tipY - 4}l6 4l-6 4Z`, class: "cnnvis-arch-tip" }));
    }
    svg.append(inSvg("text", { x: x(start.place[0]) + WIDE, y: y(start.place[1]) - 8, "text-anchor": "end", class: "cnnvis-arch-start" }, start.inside ? "input" : start.name));
    for (const box of boxes) {
      const [left, middle, tall] = [x(box.place[0]), y(box.place[1]), heightOf(box)];
      const kind = SHORT_KINDS[box.kind] ?? box.kind;
      const text = (dy, words, name) => inSvg("text", { x: left + WIDE / 2, y: middle + dy, "text-anchor": "middle", class: name }, words);
      const shape = box.shape.length === 3 ? [`${box.shape[0] ?? "?"} × ${box.shape[1] ?? "?"}`, `× ${box.shape[2]}`] : [times(box.shape)];
      const item = inSvg("g", { role: "option", "data-key": box.name, tabindex: -1, "aria-label": `${box.name}: ${kind}, ${times(box.shape)}, ${grouped(box.parameters)} parameters` },
        inSvg("rect", { x: left, y: middle - tall / 2, width: WIDE, height: tall, rx: 4, fill: COLOURS[box.sort] }),
        text(-1, kind.split(" ")[0], "cnnvis-arch-kind"),
        text(11, box.window ? box.window.split(",")[0] : kind.split(" ")[1] ?? "", "cnnvis-arch-kind"),
        ...shape.map((line, i) => text(tall / 2 + 13 + 12 * i, line, "cnnvis-arch-shape")));
      if (box.parameters) {
        const bar = Math.max(1.5, (WIDE * box.parameters) / most);
        item.append(inSvg("rect", { x: left, y: middle - tall / 2 - 7, width: bar, height: 4, class: "cnnvis-arch-share" }));
      }
      svg.append(item);
    }
    scroll.replaceChildren(svg);
    const present = Object.keys(COLOURS).filter((sort) => boxes.some((box) => box.sort === sort));
    legend.replaceChildren(...present.map((sort) => {
      const swatch = h("span", { class: "cnnvis-arch-swatch" });
      swatch.style.background = COLOURS[sort];
      return h("span", {}, swatch, WORDS[sort]);
    }), h("span", {}, h("span", { class: "cnnvis-arch-swatch cnnvis-arch-bar" }), "share of the parameters"));
    total.textContent = `${boxes.length} boxes, ${grouped(sum)} parameters${model.get("alt") ? `. ${model.get("alt")}` : ""}`;
    mark(scroll, "[role=option]", model.get("value") || null);
  }, signal);

  // By reading order, not by the nearest box above: branches are short.
  scroll.addEventListener("keydown", (event) => {
    const item = event.target.closest("[role=option]");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const items = [...scroll.querySelectorAll("[role=option]")];
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : step ? items.indexOf(item) + step : -2;
    if (to === -2) return;
    event.preventDefault();
    event.stopPropagation();
    if (items[to]) arrive(items[to]);
  }, { signal });
  const arrive = (item) => {
    item.focus({ preventScroll: true });
    const [outer, inner] = [scroll.getBoundingClientRect(), item.getBoundingClientRect()];
    if (inner.left < outer.left || inner.right > outer.right) scroll.scrollLeft += inner.left - outer.left - outer.width / 2;
    choose("value", item.dataset.key);
  };
  scroll.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item && !model.get("disabled")) arrive(item);
  }, { signal });

  watch(model, ["value", "_data"], () => {
    const { boxes, total: sum } = model.get("_data");
    const box = boxes.find(({ name }) => name === model.get("value"));
    mark(scroll, "[role=option]", model.get("value") || null);
    told.classList.toggle("cnnvis-arch-full", Boolean(box));
    if (!box) { told.replaceChildren(h("p", { class: "cnnvis-hint" }, "Choose a box to read what it is.")); return; }
    const lines = [
      ["what", [box.kind, ...box.then].join(", then ")],
      ["window", box.window],
      ["gives", `${times(box.shape)}${box.shape.length === 3 && !box.shape.includes(null) ? ` = ${grouped(box.shape.reduce((a, b) => a * b, 1))} numbers` : ""}`],
      ["parameters", `${grouped(box.parameters)}${sum ? ` (${((100 * box.parameters) / sum).toFixed(1)} %)` : ""}`],
      ["takes", box.inputs.map((name) => name || "the picture").join(", ")],
      ["field", box.field],
    ].filter(([, words]) => words);
    told.replaceChildren(h("p", { class: "cnnvis-label" }, box.name), h("dl", {}, ...lines.flatMap(([what, words]) => [h("dt", {}, what), h("dd", {}, words)])));
  }, signal);
  errorLine(model, field, signal);
  return () => undo.abort();
}
export default { render };
