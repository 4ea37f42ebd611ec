/** A network's layers as boxes, and what feeds what; see architecture_diagram.py. */
import {
  errorLine,
  h,
  isShortcut,
  itemAt,
  itemsOf,
  listen,
  mark,
  rendering,
  useUp,
  watch,
} from "../toolkit/base.js";
import { chooser, frame } from "../toolkit/control.js";
import { drawn } from "../toolkit/svg.js";
import { boxOf, edgeOf, grouped, layoutOf, legendOf, startOf, times } from "./architecture_boxes.js";

/** @typedef {import("./architecture_boxes.js").Box} Box */
/** @typedef {import("./architecture_boxes.js").Start} Start */
/** @typedef {import("./architecture_boxes.js").Place} Place */

class ArchitectureDiagramView {
  /** @param {import("../toolkit/base.js").Context} context @param {AbortSignal} signal */
  constructor({ model, el }, signal) {
    this.model = model;
    this.signal = signal;
    this.field = frame(el, model, "architecture", signal);
    this.choose = chooser(model);
    this.scroll = h("div", { class: "cnnvis-arch-scroll" });
    this.legend = h("p", { class: "cnnvis-arch-legend", "aria-hidden": "true" });
    this.total = h("p", { class: "cnnvis-hint" });
    this.told = h("div", { class: "cnnvis-arch-told", role: "status" });
    this.field.append(this.scroll, this.legend, this.told, this.total);
    this.connect();
  }

  /** Listen to the model and to the visitor. */
  connect() {
    const { signal, model } = this;
    watch(signal, model, ["_data", "alt"], () => this.draw());
    listen(signal, this.scroll, "keydown", (event) => this.key(event));
    listen(signal, this.scroll, "click", (event) => {
      const item = itemAt(event, "[role=option]");
      if (item && !model.get("disabled")) this.arrive(item);
    });
    watch(signal, model, ["value", "_data"], () => this.tell());
    errorLine(model, this.field, signal);
  }

  /** By reading order, not by the nearest box above: branches are short. @param {KeyboardEvent} event */
  key(event) {
    const item = itemAt(event, "[role=option]");
    if (!item || isShortcut(event)) return;
    const items = itemsOf(this.scroll, "[role=option]");
    const at = items.indexOf(item);
    const last = items.length - 1;
    /** @type {Record<string, number>} */
    const ways = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: last,
    };
    if (!(event.key in ways)) return;
    useUp(event);
    const to = items[ways[event.key]];
    if (to) this.arrive(to);
  }

  /** @param {import("../toolkit/base.js").Item} item */
  arrive(item) {
    item.focus({ preventScroll: true });
    const [outer, inner] = [this.scroll.getBoundingClientRect(), item.getBoundingClientRect()];
    if (inner.left < outer.left || inner.right > outer.right) {
      this.scroll.scrollLeft += inner.left - outer.left - outer.width / 2;
    }
    this.choose("value", item.dataset.key);
  }

  draw() {
    /** @type {{boxes: Box[], start: Start, edges: Place[][], total: number}} */
    const { boxes, start, edges, total } = this.model.get("_data");
    const layout = layoutOf(boxes, start, edges);
    const { width, height } = layout;
    const diagram = drawn("svg", {
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "listbox",
      "aria-label": `${this.model.get("label") || "layers"}, in the order in which they answer`,
      "aria-orientation": "horizontal",
    });
    // a little smaller rather than scrolled sideways
    const sizes = { width: "100%", height: "auto", maxWidth: `${width}px`, minWidth: `${0.8 * width}px` };
    Object.assign(diagram.style, sizes);
    const most = Math.max(1, ...boxes.map((box) => box.parameters));
    diagram.append(
      ...edges.flatMap((line) => edgeOf(line, layout)),
      startOf(start, layout),
      ...boxes.map((box) => boxOf(box, layout, most)),
    );
    this.scroll.replaceChildren(diagram);
    this.legend.replaceChildren(...legendOf(boxes));
    const alt = this.model.get("alt");
    this.total.textContent = `${boxes.length} boxes, ${grouped(total)} parameters${alt ? `. ${alt}` : ""}`;
    mark(this.scroll, "[role=option]", this.model.get("value") || null);
  }

  /** What the chosen box is. */
  tell() {
    /** @type {{boxes: Box[], total: number}} */
    const { boxes, total } = this.model.get("_data");
    const box = boxes.find(({ name }) => name === this.model.get("value"));
    mark(this.scroll, "[role=option]", this.model.get("value") || null);
    this.told.classList.toggle("cnnvis-arch-full", Boolean(box));
    if (!box) {
      this.told.replaceChildren(h("p", { class: "cnnvis-hint" }, "Choose a box to read what it is."));
      return;
    }
    const { shape, parameters } = box;
    const known = shape.length === 3 && !shape.includes(null);
    const numbers = known
      ? ` = ${grouped(shape.reduce((/** @type {number} */ a, b) => a * Number(b), 1))} numbers`
      : "";
    const share = total ? ` (${((100 * parameters) / total).toFixed(1)} %)` : "";
    const lines = [
      ["what", [box.kind, ...box.then].join(", then ")],
      ["window", box.window],
      ["gives", `${times(shape)}${numbers}`],
      ["parameters", `${grouped(parameters)}${share}`],
      ["takes", box.inputs.map((name) => name || "the picture").join(", ")],
      ["field", box.field],
    ].filter(([, words]) => words);
    this.told.replaceChildren(
      h("p", { class: "cnnvis-label" }, box.name),
      h("dl", {}, ...lines.flatMap(([what, words]) => [h("dt", {}, what), h("dd", {}, words)])),
    );
  }
}

const render = rendering(ArchitectureDiagramView);

export default { render };
