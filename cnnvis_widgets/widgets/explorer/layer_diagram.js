// The layers of a network as boxes, and what feeds what (see layer_diagram.py).
import { h, isShortcut, itemAt, itemsOf, listen, mark, useUp, watch } from "../toolkit/base.js";
import { refill } from "../toolkit/control.js";
import { COLOURS, SHORT_KINDS } from "../toolkit/layer_kinds.js";
import { drawn } from "../toolkit/svg.js";

/** @typedef {[number, number]} Point */
/**
 * @typedef {object} Box
 * @property {string} key
 * @property {string} name
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {number} level
 * @property {boolean | null} open of a block; null for a layer
 * @property {(number | null)[]} shape
 * @property {string} [kind]
 * @property {string} [sort]
 * @property {string} [window]
 * @property {string[]} [inputs]
 * @property {number} [layers]
 * @property {string[]} [members]
 * @property {number} [branches]
 */
/** @typedef {import("../toolkit/base.js").Item} Item */

const ITEM = "[role=treeitem]";
const [LEAST, MOST, STEP] = [0.4, 2, 1.25]; // of the zoom
const READABLE = 0.8; // by itself, nothing is drawn smaller than this to fit

/** @param {(number | null)[]} shape */
const times = (shape) => shape.map((size) => size ?? "any").join("×");

/** A line through points: straight down, or by a curve. @param {Point[]} points */
function pathOf([[x0, y0], ...others]) {
  let path = `M${x0} ${y0}`;
  let [x, y] = [x0, y0];
  for (const [nextX, nextY] of others) {
    const middle = (y + nextY) / 2;
    path += nextX === x ? `V${nextY}` : `C${x} ${middle} ${nextX} ${middle} ${nextX} ${nextY}`;
    [x, y] = [nextX, nextY];
  }
  return path;
}

/** What a layer does, as short as its box needs it. @param {Box} box */
const doingOf = ({ kind = "", window = "" }) =>
  [SHORT_KINDS[kind] ?? kind, window.replace(/ /g, "")].join(" ").trim();

/** @param {Box} box */
function wordsOf(box) {
  if (box.open === null) return [doingOf(box), times(box.shape)];
  return [`${box.layers} layers`, times(box.shape)];
}

/** How many paths meet in a block. @param {Box} box */
const pathsOf = ({ open, branches = 0 }) => (open !== null && branches > 1 ? `${branches} paths` : "");

/**
 * The accessible name and tooltip of a box. It contains the visible text in the same order, so that voice
 * control can choose the box by that text (WCAG 2.5.3).
 * @param {Box} box
 */
function sentenceOf(box) {
  const [doing, shape] = wordsOf(box);
  const paths = pathsOf(box) && `, ${pathsOf(box)}`;
  const from = box.inputs?.length ? `, from ${box.inputs.join(" and ")}` : "";
  return `${box.open === null ? box.key : box.name}${paths}: ${doing}, ${shape}${from}`;
}

/** @param {Box} box */
function elementOf(box) {
  const block = box.open !== null;
  const name = block
    ? h("span", { class: "cnnvis-fold", "aria-hidden": "true" }, box.open ? "▾ " : "▸ ")
    : "";
  const element = h(
    "button",
    {
      type: "button",
      role: "treeitem",
      "aria-level": box.level,
      "aria-expanded": block ? String(box.open) : null,
      "aria-label": sentenceOf(box),
      title: sentenceOf(box),
      "data-key": block ? `block ${box.key}` : box.key,
      class: block ? (box.open ? "cnnvis-box cnnvis-frame" : "cnnvis-box cnnvis-folded") : "cnnvis-box",
    },
    // Spaces, because find-in-page and screen readers join the text of the boxes.
    h("span", { class: "cnnvis-box-name" }, name, box.name, " ", h("small", {}, pathsOf(box))),
    " ",
    h("span", { class: "cnnvis-box-words" }, ...wordsOf(box).flatMap((words) => [h("span", {}, words), " "])),
  );
  const { x, y, width, height } = box;
  Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
  if (box.sort) element.style.borderInlineStartColor = COLOURS[box.sort];
  return element;
}

export class LayerDiagram {
  /**
   * @param {import("../toolkit/base.js").Model} model
   * @param {AbortSignal} signal
   * @param {(name: string, value: any) => void} choose
   */
  constructor(model, signal, choose) {
    this.model = model;
    this.signal = signal;
    this.choose = choose;
    this.zoom = 1;
    this.fitted = ""; // for which network the zoom was chosen
    /** @type {string[]} */
    this.searchWords = [];
    this.sheet = h("div", { class: "cnnvis-sheet", role: "tree" });
    this.room = h("div", {}, this.sheet);
    this.scroll = h("div", { class: "cnnvis-scroll" }, this.room);
    this.percent = h("span", { class: "cnnvis-percent", role: "status" });
    const tools = h(
      "div",
      { class: "cnnvis-zoom", role: "group", "aria-label": "size of the diagram" },
      this.tool("−", "smaller", () => this.resize(this.zoom / STEP)),
      this.percent,
      this.tool("+", "larger", () => this.resize(this.zoom * STEP)),
      this.tool("Fit", "fit to the width", () => this.resize(this.fit(LEAST))),
    );
    this.more = h("span", { class: "cnnvis-hint" });
    this.element = h(
      "div",
      { class: "cnnvis-diagram" },
      this.scroll,
      h("div", { class: "cnnvis-line" }, tools, this.more),
    );
    this.connect();
  }

  /** @param {string} text @param {string} label @param {() => void} act */
  tool(text, label, act) {
    const button = h("button", { type: "button", "aria-label": label, title: label }, text);
    listen(this.signal, button, "click", act);
    return button;
  }

  /** Listen to the model and to the visitor. */
  connect() {
    const { signal, model, sheet } = this;
    watch(signal, model, ["_diagram"], () => this.draw());
    watch(signal, model, ["value"], () => this.show());
    watch(signal, model, ["label"], () =>
      sheet.setAttribute("aria-label", `${model.get("label")}, as a diagram`),
    );
    listen(signal, sheet, "click", (event) => {
      const item = itemAt(event, ITEM);
      if (!item) return;
      this.arrive(item);
      if (item.hasAttribute("aria-expanded")) this.toggle(item);
      else this.choose("value", item.dataset.key);
    });
    listen(signal, sheet, "keydown", (event) => this.key(event));
    listen(signal, this.scroll, "scroll", () => this.tellMore());
    const observer = new ResizeObserver(() => this.shown());
    observer.observe(this.scroll);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** Called when the diagram gets a size: a page may open with it folded away. */
  shown() {
    if (!this.scroll.clientWidth || !this.diagram.boxes.length) return;
    if (this.fitted !== this.network) {
      this.fitted = this.network;
      this.resize(this.fit(READABLE));
    }
    this.show();
    this.tellMore();
  }

  /** @returns {{width: number, height: number, boxes: Box[], lines: Point[][]}} */
  get diagram() {
    const { width = 0, height = 0, boxes = [], lines = [] } = this.model.get("_diagram");
    return { width, height, boxes, lines };
  }

  get network() {
    return this.model
      .get("layers")
      .map((/** @type {{name: string}} */ { name }) => name)
      .join("\n");
  }

  draw() {
    const { width, height, boxes, lines } = this.diagram;
    const held = this.held ? this.itemOf(this.held) : null; // the block that was toggled stays where it is
    const before = held?.getBoundingClientRect().top;
    const art = drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    for (const points of lines) {
      const [x, y] = points[points.length - 1];
      art.append(
        drawn("path", { d: pathOf(points), class: "cnnvis-edge" }),
        drawn("path", { d: `M${x - 4} ${y - 6}l4 6l4 -6Z`, class: "cnnvis-tip" }),
      );
    }
    const elements = boxes.map(elementOf);
    const frames = elements.filter((element) => element.classList.contains("cnnvis-frame"));
    const others = elements.filter((element) => !frames.includes(element));
    // Frames are below the lines, boxes above; by `order` alone the tree keeps its reading order.
    for (const element of frames) element.style.zIndex = "0";
    art.style.zIndex = "1";
    for (const element of others) element.style.zIndex = "2";
    refill(this.sheet, [art, ...elements]);
    Object.assign(this.sheet.style, { width: `${width}px`, height: `${height}px` });
    this.resize(this.zoom);
    this.filter(this.searchWords);
    mark(this.sheet, ITEM, this.model.get("value") || null);
    const after = this.held && this.itemOf(this.held)?.getBoundingClientRect().top;
    this.held = "";
    if (before !== undefined && typeof after === "number") this.scroll.scrollTop += after - before;
    else this.shown();
    this.tellMore();
  }

  /** @param {string} key @returns {Item | undefined} */
  itemOf(key) {
    return itemsOf(this.sheet, ITEM).find((item) => item.dataset.key === key);
  }

  /** The zoom at which all of the width is in sight. @param {number} least */
  fit(least) {
    const { width } = this.diagram;
    return Math.min(1, Math.max(least, (this.scroll.clientWidth - 2) / Math.max(1, width)));
  }

  /** @param {number} zoom */
  resize(zoom) {
    const { width, height } = this.diagram;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.scroll;
    const [x, y] = [(scrollLeft + clientWidth / 2) / this.zoom, (scrollTop + clientHeight / 2) / this.zoom];
    const changed = zoom !== this.zoom;
    this.zoom = Math.min(MOST, Math.max(LEAST, zoom));
    this.sheet.style.transform = `scale(${this.zoom})`;
    Object.assign(this.room.style, { width: `${width * this.zoom}px`, height: `${height * this.zoom}px` });
    this.percent.textContent = `${Math.round(100 * this.zoom)} %`;
    if (changed) {
      this.scroll.scrollLeft = x * this.zoom - clientWidth / 2;
      this.scroll.scrollTop = y * this.zoom - clientHeight / 2;
    }
    this.tellMore();
  }

  /** Show in which directions the diagram continues outside its frame. */
  tellMore() {
    const { scrollTop, scrollLeft, clientHeight, clientWidth, scrollHeight, scrollWidth } = this.scroll;
    const ways = [
      scrollTop > 2 && "↑ above",
      scrollTop + clientHeight < scrollHeight - 2 && "↓ below",
      scrollLeft > 2 && "← left",
      scrollLeft + clientWidth < scrollWidth - 2 && "→ right",
    ].filter(Boolean);
    this.more.textContent = ways.length ? `more: ${ways.join(", ")}` : "";
  }

  /** The chosen layer is marked, and in sight. */
  show() {
    mark(this.sheet, ITEM, this.model.get("value") || null);
    const chosen = /** @type {Item | null} */ (this.sheet.querySelector('[aria-selected="true"]'));
    if (chosen) this.reveal(chosen);
  }

  /** Scroll the diagram, and nothing else of the page. @param {Item} item */
  reveal(item) {
    const { scroll } = this;
    const [outer, inner] = [scroll.getBoundingClientRect(), item.getBoundingClientRect()];
    const tall = Math.min(inner.height, 60); // an open block counts as its head
    if (inner.top < outer.top || inner.top + tall > outer.bottom)
      scroll.scrollTop += inner.top + tall / 2 - (outer.top + outer.bottom) / 2;
    if (inner.left < outer.left || inner.right > outer.right)
      scroll.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
  }

  /** Let what does not fit fade. @param {string[]} words @returns {number} how many layers fit */
  filter(words) {
    this.searchWords = words;
    const fits = (/** @type {string} */ text) => words.every((word) => text.toLowerCase().includes(word));
    const kinds = new Map(this.model.get("layers").map((/** @type {any} */ layer) => [layer.name, layer]));
    const matches = (/** @type {string} */ name) => {
      const layer = kinds.get(name);
      return layer ? fits(`${layer.group} ${name} ${layer.kind} ${layer.shape.join(" × ")}`) : false;
    };
    const items = itemsOf(this.sheet, ITEM);
    this.diagram.boxes.forEach((box, i) => {
      const good = box.open === null ? matches(box.key) : box.members?.some(matches);
      items[i]?.classList.toggle("cnnvis-faded", words.length > 0 && !good);
      items[i]?.classList.toggle("cnnvis-found", words.length > 0 && Boolean(good) && !box.open);
    });
    return [...kinds.keys()].filter(matches).length;
  }

  /** Focus the first match. */
  enter() {
    const first = itemsOf(this.sheet, `${ITEM}:not(.cnnvis-faded)`)[0];
    if (first) this.arrive(first);
  }

  /** @param {Item} item */
  toggle(item) {
    const first = (item.dataset.key ?? "").replace("block ", "");
    const open = this.model.get("unfolded");
    this.held = item.dataset.key;
    const others = open.filter((/** @type {string} */ key) => key !== first);
    this.choose("unfolded", others.length < open.length ? others : [...open, first]);
  }

  /** @param {Item} item */
  arrive(item) {
    for (const other of itemsOf(this.sheet, `${ITEM}[tabindex="0"]`)) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus({ preventScroll: true });
    this.reveal(item);
  }

  /**
   * Arrows lead to the nearest box in their direction; right opens a block, left closes it.
   * @param {KeyboardEvent} event
   */
  key(event) {
    const item = itemAt(event, ITEM);
    if (!item || isShortcut(event)) return;
    const items = itemsOf(this.sheet, ITEM);
    const folds = item.getAttribute("aria-expanded");
    /** @type {Item | undefined} */
    let next;
    if (event.key === "Home") next = items[0];
    else if (event.key === "End") next = items[items.length - 1];
    else if (event.key.startsWith("Arrow")) next = nearest(item, items, event.key);
    else return;
    useUp(event);
    if (event.key === "ArrowRight" && folds === "false") this.toggle(item);
    else if (event.key === "ArrowLeft" && folds === "true") this.toggle(item);
    else if (next) this.arrive(next);
    else if (event.key === "ArrowLeft" && item.getAttribute("aria-level") === "2") {
      const before = items.slice(0, items.indexOf(item));
      const head = before.findLast((one) => one.getAttribute("aria-expanded") === "true");
      if (head) this.arrive(head);
    }
  }
}

/**
 * @param {Item} item
 * @param {Item[]} items
 * @param {string} key
 * @returns {Item | undefined}
 */
function nearest(item, items, key) {
  const here = centre(item);
  const down = key === "ArrowDown" || key === "ArrowUp";
  const sign = key === "ArrowDown" || key === "ArrowRight" ? 1 : -1;
  const ahead = items
    .filter((one) => one !== item)
    .map((one) => ({ one, at: centre(one) }))
    .map(({ one, at }) => ({ one, x: at.x - here.x, y: at.y - here.y }))
    .filter(({ x, y }) => (down ? y * sign > 4 : x * sign > 4 && Math.abs(y) < here.tall / 2));
  const far = (/** @type {{x: number, y: number}} */ { x, y }) =>
    down ? Math.abs(y) + 0.5 * Math.abs(x) : Math.abs(x);
  return ahead.toSorted((a, b) => far(a) - far(b))[0]?.one;
}

/** The middle of a box; of an open block, of its head. @param {Item} item */
function centre(item) {
  const { left, top, width, height } = item.getBoundingClientRect();
  const tall = item.classList.contains("cnnvis-frame") ? Math.min(height, 26) : height;
  return { x: left + width / 2, y: top + tall / 2, tall };
}
