/** A filtered tree of blocks and layers; see layer_picker.py. */
const MANY = 60; // more layers than this start with their blocks closed

/** "112 × 112 · 32 units", or only "1280 units". */
function shapeText(layer) {
  const places = layer.shape.slice(0, -1).map((size) => size ?? "any").join(" × ");
  const units = `${layer.units} ${layer.units === 1 ? "unit" : "units"}`;
  return places ? `${places} · ${units}` : units;
}

/** Rows as height, units as width, both logarithmic: the funnel of the network at a glance. */
function shapeBar(layer, most) {
  const share = (size, of) => (of > 1 ? Math.log2(Math.max(1, size)) / Math.log2(of) : 1);
  const rows = layer.shape.length > 1 ? layer.shape[0] ?? most.rows : 1;
  const height = 3 + 17 * share(rows, most.rows);
  const width = 3 + 37 * share(layer.units, most.units);
  return h("span", { class: "cnnvis-shape", "aria-hidden": "true" },
    h("span", { style: `width: ${width.toFixed(1)}px; height: ${height.toFixed(1)}px` }));
}

/** Layers that stand together under one block's name, in the order of the network. */
function blocksOf(layers) {
  /** @type {{name: string, layers: any[], head?: HTMLElement, rows: HTMLElement[]}[]} */
  const blocks = [];
  for (const layer of layers) {
    const last = blocks[blocks.length - 1];
    if (last && last.name === layer.group) last.layers.push(layer);
    else blocks.push({ name: layer.group, layers: [layer], rows: [] });
  }
  return blocks;
}

function render({ model, el }) {
  const undo = new AbortController();
  const { signal } = undo;
  const body = frame(el, model, "layers", signal);
  const filter = h("input", { type: "search", placeholder: "filter by name, kind or size", "aria-label": "filter the layers" });
  const count = h("span", { class: "cnnvis-hint", role: "status" });
  const tree = h("div", { class: "cnnvis-rows", role: "tree" });
  body.append(h("div", { class: "cnnvis-filter" }, filter, count), tree);
  const choose = chooser(model);
  let blocks = blocksOf([]);
  /** @type {Set<string>} */
  let closed = new Set();

  const row = (layer, most, level) => h("button", {
    type: "button", role: "treeitem", "aria-level": level, "data-key": layer.name,
  }, shapeBar(layer, most), h("span", { class: "cnnvis-name" }, layer.name),
  h("span", { class: "cnnvis-kind" }, layer.kind), h("span", { class: "cnnvis-size" }, shapeText(layer)));

  const head = (block, most) => h("button", {
    type: "button", role: "treeitem", "aria-level": 1, "aria-expanded": "true", class: "cnnvis-block",
  }, shapeBar(block.layers[block.layers.length - 1], most), h("span", { class: "cnnvis-name" }, block.name),
  h("span", { class: "cnnvis-kind" }, `${block.layers.length} ${block.layers.length === 1 ? "layer" : "layers"}`),
  h("span", { class: "cnnvis-size" }, shapeText(block.layers[block.layers.length - 1])));

  const words = () => filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fold = () => {
    const wanted = words();
    let found = 0;
    for (const block of blocks) {
      const open = wanted.length > 0 || !closed.has(block.name);
      let any = false;
      block.layers.forEach((layer, i) => {
        const text = `${block.name} ${layer.name} ${layer.kind} ${shapeText(layer)}`.toLowerCase();
        const fits = wanted.every((word) => text.includes(word));
        block.rows[i].hidden = !fits || (!!block.head && !open);
        any ||= fits;
        found += Number(fits);
      });
      if (!block.head) continue;
      block.head.hidden = !any;
      block.head.setAttribute("aria-expanded", String(open));
    }
    const all = model.get("layers").length;
    count.textContent = !all ? "no layers yet" : wanted.length ? `${found} of ${all}` : `${all} layers`;
  };
  const show = () => {
    const value = model.get("value");
    const home = blocks.find((block) => block.layers.some((layer) => layer.name === value));
    if (home && closed.delete(home.name)) fold();
    mark(tree, "[role=treeitem]", value || null);
    const chosen = tree.querySelector('[aria-selected="true"]');
    if (chosen && !chosen.hidden) reveal(tree, chosen);
  };
  const toggle = (block, open) => {
    if (open) closed.delete(block.name);
    else closed.add(block.name);
    fold();
  };

  watch(model, ["layers"], () => {
    const layers = model.get("layers");
    const most = {
      rows: Math.max(1, ...layers.map((layer) => (layer.shape.length > 1 ? layer.shape[0] ?? 1 : 1))),
      units: Math.max(1, ...layers.map((layer) => layer.units)),
    };
    blocks = blocksOf(layers);
    closed = new Set(layers.length > MANY ? blocks.map((block) => block.name) : []);
    for (const block of blocks) {
      if (block.name) block.head = head(block, most);
      block.rows = block.layers.map((layer) => row(layer, most, block.name ? 2 : 1));
    }
    refill(tree, blocks.flatMap((block) => (block.head ? [block.head, ...block.rows] : block.rows)));
    fold();
    show();
  }, signal);
  watch(model, ["value"], show, signal);
  watch(model, ["label"], () => tree.setAttribute("aria-label", model.get("label")), signal);

  const arrive = (item) => {
    for (const other of tree.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus({ preventScroll: true });
    reveal(tree, item);
    if (item.dataset.key) choose("value", item.dataset.key);
  };
  tree.addEventListener("click", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    const block = blocks.find((other) => other.head === item);
    if (block && !words().length) toggle(block, closed.has(block.name));
    arrive(item);
  }, { signal });
  tree.addEventListener("keydown", (event) => {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    const seen = [...tree.children].filter((other) => !other.hidden);
    const at = seen.indexOf(item);
    const own = blocks.find((block) => block.head === item);
    const parent = blocks.find((block) => block.rows.includes(item))?.head;
    const open = own && item.getAttribute("aria-expanded") === "true";
    if (event.key === "ArrowDown") arrive(seen[Math.min(at + 1, seen.length - 1)]);
    else if (event.key === "ArrowUp") arrive(seen[Math.max(at - 1, 0)]);
    else if (event.key === "Home") arrive(seen[0]);
    else if (event.key === "End") arrive(seen[seen.length - 1]);
    else if (event.key === "ArrowRight" && own) open ? arrive(seen[at + 1]) : toggle(own, true);
    else if (event.key === "ArrowLeft" && own) toggle(own, false);
    else if (event.key === "ArrowLeft" && parent) arrive(parent);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal });
  filter.addEventListener("input", fold, { signal });
  filter.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    const first = [...tree.querySelectorAll("[data-key]")].find((item) => !item.hidden);
    if (first) arrive(first);
  }, { signal });

  revealChosen(tree, signal);
  errorLine(model, body, signal);
  return () => undo.abort();
}
export default { render };
