/** A filtered tree of blocks and layers, as a list or as a diagram; see layer_picker.py. */
import { errorLine, h, itemsOf, listen, mark, neighbour, rendering, useUp, watch } from "../toolkit/base.js";
import { chooser, frame, refill, reveal, revealChosen } from "../toolkit/control.js";
import { LayerDiagram } from "./layer_diagram.js";

const MANY = 60; // more layers than this start with their blocks closed

/** "112 × 112 · 32 units", or only "1280 units". */
function shapeText(layer) {
  const places = layer.shape
    .slice(0, -1)
    .map((size) => size ?? "any")
    .join(" × ");
  const units = `${layer.units} ${layer.units === 1 ? "unit" : "units"}`;
  return places ? `${places} · ${units}` : units;
}

/** Rows as height, units as width, both logarithmic: the funnel of the network at a glance. */
function shapeBar(layer, most) {
  const share = (size, of) => (of > 1 ? Math.log2(Math.max(1, size)) / Math.log2(of) : 1);
  const rows = layer.shape.length > 1 ? (layer.shape[0] ?? most.rows) : 1;
  const height = 3 + 17 * share(rows, most.rows);
  const width = 3 + 37 * share(layer.units, most.units);
  return h(
    "span",
    { class: "cnnvis-shape", "aria-hidden": "true" },
    h("span", { style: `width: ${width.toFixed(1)}px; height: ${height.toFixed(1)}px` }),
  );
}

/** The layers grouped by block, in the order of the network. */
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

function row(layer, most, level) {
  return h(
    "button",
    { type: "button", role: "treeitem", "aria-level": level, "data-key": layer.name },
    shapeBar(layer, most),
    h("span", { class: "cnnvis-name", translate: "no" }, layer.name),
    h("span", { class: "cnnvis-kind", translate: "no" }, layer.kind),
    h("span", { class: "cnnvis-size" }, shapeText(layer)),
  );
}

function head(block, most) {
  return h(
    "button",
    { type: "button", role: "treeitem", "aria-level": 1, "aria-expanded": "true", class: "cnnvis-block" },
    shapeBar(block.layers[block.layers.length - 1], most),
    h("span", { class: "cnnvis-name", translate: "no" }, block.name),
    h(
      "span",
      { class: "cnnvis-kind" },
      `${block.layers.length} ${block.layers.length === 1 ? "layer" : "layers"}`,
    ),
    h("span", { class: "cnnvis-size" }, shapeText(block.layers[block.layers.length - 1])),
  );
}

class LayerPickerView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.body = frame(el, model, "layers", signal);
    this.filter = h("input", {
      type: "search",
      placeholder: "filter by name, kind or size",
      "aria-label": "filter the layers",
    });
    this.count = h("span", { class: "cnnvis-hint", role: "status" });
    this.tree = h("div", { class: "cnnvis-rows", role: "tree" });
    this.choose = chooser(model);
    this.diagram = new LayerDiagram(model, signal, this.choose);
    const line = h("div", { class: "cnnvis-filter" }, this.filter, this.count, this.tabs());
    this.body.append(line, this.tree, this.diagram.element);
    this.blocks = blocksOf([]);
    /** @type {Set<string>} */
    this.closed = new Set();
    revealChosen(this.tree, signal);
    this.connect();
  }

  /** List or diagram. Tabs, not radio buttons: the explorer closes a panel when a radio button is chosen. */
  tabs() {
    const tabs = ["list", "diagram"].map((view) =>
      h("button", { type: "button", role: "tab", "data-view": view }, view === "list" ? "List" : "Diagram"),
    );
    const bar = h(
      "div",
      { class: "cnnvis-segments", role: "tablist", "aria-label": "how layers are shown" },
      ...tabs,
    );
    /** @param {import("../toolkit/base.js").Item} tab */
    const pick = (tab) => {
      tab.focus();
      this.choose("view", tab.dataset.view);
    };
    for (const tab of tabs) listen(this.signal, tab, "click", () => pick(tab));
    listen(this.signal, bar, "keydown", (event) => {
      const to = neighbour(tabs, tabs.indexOf(event.target), event.key);
      if (!to) return;
      useUp(event);
      pick(to);
    });
    watch(this.signal, this.model, ["view"], () => {
      const view = this.model.get("view");
      for (const tab of tabs) {
        tab.setAttribute("aria-selected", String(tab.dataset.view === view));
        tab.tabIndex = tab.dataset.view === view ? 0 : -1;
      }
      this.tree.hidden = view !== "list";
      this.diagram.element.hidden = view !== "diagram";
    });
    return bar;
  }

  /** Listen to the model and to the visitor. */
  connect() {
    watch(this.signal, this.model, ["layers"], () => {
      const layers = this.model.get("layers");
      const most = {
        rows: Math.max(1, ...layers.map((layer) => (layer.shape.length > 1 ? (layer.shape[0] ?? 1) : 1))),
        units: Math.max(1, ...layers.map((layer) => layer.units)),
      };
      this.blocks = blocksOf(layers);
      this.closed = new Set(layers.length > MANY ? this.blocks.map((block) => block.name) : []);
      for (const block of this.blocks) {
        if (block.name) block.head = head(block, most);
        block.rows = block.layers.map((layer) => row(layer, most, block.name ? 2 : 1));
      }
      refill(
        this.tree,
        this.blocks.flatMap((block) => (block.head ? [block.head, ...block.rows] : block.rows)),
      );
      this.fold();
      this.show();
    });
    watch(this.signal, this.model, ["value"], () => this.show());
    watch(this.signal, this.model, ["label"], () =>
      this.tree.setAttribute("aria-label", this.model.get("label")),
    );
    listen(this.signal, this.tree, "click", (event) => {
      const item = event.target.closest("[role=treeitem]");
      if (!item) return;
      const block = this.blocks.find((other) => other.head === item);
      if (block && !this.words().length) this.toggle(block, this.closed.has(block.name));
      this.arrive(item);
    });
    listen(this.signal, this.tree, "keydown", (event) => {
      const item = event.target.closest("[role=treeitem]");
      if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
      const shown = /** @type {HTMLElement[]} */ ([...this.tree.children]).filter((other) => !other.hidden);
      const at = shown.indexOf(item);
      const own = this.blocks.find((block) => block.head === item);
      const parent = this.blocks.find((block) => block.rows.includes(item))?.head;
      const open = own && item.getAttribute("aria-expanded") === "true";
      if (event.key === "ArrowDown") this.arrive(shown[Math.min(at + 1, shown.length - 1)]);
      else if (event.key === "ArrowUp") this.arrive(shown[Math.max(at - 1, 0)]);
      else if (event.key === "Home") this.arrive(shown[0]);
      else if (event.key === "End") this.arrive(shown[shown.length - 1]);
      else if (event.key === "ArrowRight" && own) open ? this.arrive(shown[at + 1]) : this.toggle(own, true);
      else if (event.key === "ArrowLeft" && own) this.toggle(own, false);
      else if (event.key === "ArrowLeft" && parent) this.arrive(parent);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    listen(this.signal, this.filter, "input", () => this.fold());
    listen(this.signal, this.filter, "keydown", (event) => {
      if (event.key !== "ArrowDown") return;
      event.preventDefault();
      if (this.model.get("view") === "diagram") {
        this.diagram.enter();
        return;
      }
      const items = /** @type {HTMLElement[]} */ ([...this.tree.querySelectorAll("[data-key]")]);
      const first = items.find((item) => !item.hidden);
      if (first) this.arrive(first);
    });
    errorLine(this.model, this.body, this.signal);
  }

  words() {
    return this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  }

  fold() {
    const wanted = this.words();
    this.diagram.filter(wanted);
    let count = 0;
    for (const block of this.blocks) {
      const open = wanted.length > 0 || !this.closed.has(block.name);
      let any = false;
      block.layers.forEach((layer, i) => {
        const text = `${block.name} ${layer.name} ${layer.kind} ${shapeText(layer)}`.toLowerCase();
        const fits = wanted.every((word) => text.includes(word));
        block.rows[i].hidden = !fits || (!!block.head && !open);
        any ||= fits;
        count += Number(fits);
      });
      if (!block.head) continue;
      block.head.hidden = !any;
      block.head.setAttribute("aria-expanded", String(open));
    }
    const all = this.model.get("layers").length;
    this.count.textContent = !all ? "no layers yet" : wanted.length ? `${count} of ${all}` : `${all} layers`;
  }

  show() {
    const value = this.model.get("value");
    const home = this.blocks.find((block) => block.layers.some((layer) => layer.name === value));
    if (home && this.closed.delete(home.name)) this.fold();
    mark(this.tree, "[role=treeitem]", value || null);
    /** @type {HTMLElement | null} */
    const chosen = this.tree.querySelector('[aria-selected="true"]');
    if (chosen && !chosen.hidden) reveal(this.tree, chosen);
  }

  toggle(block, open) {
    if (open) this.closed.delete(block.name);
    else this.closed.add(block.name);
    this.fold();
  }

  arrive(item) {
    for (const other of itemsOf(this.tree, '[tabindex="0"]')) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus({ preventScroll: true });
    reveal(this.tree, item);
    if (item.dataset.key) this.choose("value", item.dataset.key);
  }
}

const render = rendering(LayerPickerView);

export default { render };
