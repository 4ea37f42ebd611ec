// Where an explanation is looked at: reading values, zoom, pan, and the divider between picture and map.
import { arrowStep, h, isShortcut, listen, uniqueId, useUp } from "../toolkit/base.js";
import { Pane } from "./pane.js";

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const HINT = "Point at the picture to read its values.";
const KEYS = "Arrow keys read values, M finds the strongest; + − 0 zoom.";

/** @typedef {[number, number]} Cell row and column */
/** @typedef {{x: number, y: number}} Point shares of a width and a height */
/** @typedef {{cell: Cell, full: boolean, pane: Pane}} Reading `full`: with lines across the picture */

/**
 * What the stage belongs to.
 * @typedef {object} Host
 * @property {AbortSignal} signal
 * @property {() => import("./explanation_result.js").Result | null} result
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {(cell: Cell | null) => void} onread told which cell is read
 * @property {() => boolean} presenting
 */

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * Where a pointer is within an element.
 * @param {MouseEvent} event
 * @param {Element} element
 * @returns {Point}
 */
function shareOf(event, element) {
  const box = element.getBoundingClientRect();
  return {
    x: clamp((event.clientX - box.left) / box.width, 0, 1),
    y: clamp((event.clientY - box.top) / box.height, 0, 1),
  };
}

export class Stage {
  /** @param {Host} host @param {...Node} above what else is on the stage */
  constructor(host, ...above) {
    this.host = host;
    /** The upper left corner of the visible region, as shares of the picture. */
    this.corner = { x: 0, y: 0 };
    /** @type {Reading | null} */
    this.reading = null;
    this.first = new Pane("");
    this.second = new Pane("");
    this.panes = [this.first, this.second];
    this.read = h("p", { class: "cnnvis-view-read", id: uniqueId() }, HINT);
    this.first.element.tabIndex = 0;
    this.first.element.setAttribute("aria-describedby", this.read.id);
    this.divider = h("div", {
      class: "cnnvis-view-divider",
      role: "slider",
      tabindex: 0,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-label": "Divider between the picture, left, and the map, right",
      hidden: true,
    });
    const frame = h("div", { class: "cnnvis-view-frame" }, this.first.element, this.divider);
    this.element = h("div", { class: "cnnvis-view-stage" }, frame, this.second.element, ...above);
    for (const pane of this.panes) this.connectPane(pane);
    const { signal } = host;
    listen(signal, this.first.element, "keydown", (event) => this.key(event));
    for (const type of ["focus", "blur"]) {
      listen(signal, this.first.element, type, () => {
        if (host.result()) this.showReading();
      });
    }
    this.connectDivider();
  }

  /** @param {Pane} pane */
  connectPane(pane) {
    const { signal, result, get } = this.host;
    /** @type {Point | null} */
    let held = null;
    /** @param {WheelEvent} event */
    const wheel = (event) => {
      if (!event.ctrlKey || !result()) return;
      event.preventDefault();
      this.zoomTo(
        get("zoom") * Math.exp(-clamp(event.deltaY, -100, 100) / 200),
        shareOf(event, pane.element),
      );
    };
    listen(signal, pane.element, "wheel", wheel, { passive: false });
    listen(signal, pane.element, "pointerdown", (event) => {
      if (event.button !== 0 || !result()) return;
      if (event.pointerType !== "mouse") this.readAt(this.cellAt(event, pane), true, pane);
      if (get("zoom") === 1) return;
      held = { x: event.clientX, y: event.clientY };
      pane.element.setPointerCapture(event.pointerId);
    });
    listen(signal, pane.element, "pointermove", (event) => {
      if (!result()) return;
      if (held) {
        const box = pane.under.getBoundingClientRect();
        this.corner.x -= (event.clientX - held.x) / box.width;
        this.corner.y -= (event.clientY - held.y) / box.height;
        held = { x: event.clientX, y: event.clientY };
        this.place();
      } else if (event.pointerType === "mouse") this.readAt(this.cellAt(event, pane), false, pane);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      listen(signal, pane.element, end, () => {
        held = null;
      });
    }
    listen(signal, pane.element, "pointerleave", (event) => {
      if (event.pointerType === "mouse" && !held && result()) this.readAt(null, false, pane);
    });
  }

  connectDivider() {
    const { signal, get, set } = this.host;
    listen(signal, this.divider, "pointerdown", (event) => {
      this.divider.setPointerCapture(event.pointerId);
      event.preventDefault();
      this.divider.focus();
    });
    listen(signal, this.divider, "pointermove", (event) => {
      if (!this.divider.hasPointerCapture(event.pointerId)) return;
      set("split", shareOf(event, this.first.element).x);
    });
    listen(signal, this.divider, "keydown", (/** @type {KeyboardEvent} */ event) => {
      const far = event.shiftKey ? 0.1 : 0.02;
      const now = get("split");
      /** @type {Record<string, number>} */
      const ways = { ArrowLeft: now - far, ArrowRight: now + far, Home: 0, End: 1 };
      if (!(event.key in ways)) return;
      useUp(event);
      set("split", clamp(ways[event.key], 0, 1));
    });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const result = this.host.result();
    if (!result || isShortcut(event)) return;
    const step = arrowStep(event);
    const far = event.shiftKey ? 10 : 1;
    if (step) this.moveCell(far * step[0], far * step[1]);
    else if (event.key === "+" || event.key === "=") this.step(1);
    else if (event.key === "-") this.step(-1);
    else if (event.key === "0") this.zoomTo(1);
    else if (event.key === "m") {
      if (result.heatmap) this.goTo(result.heatmap.strongest);
    } else if (event.key === "Escape" && !this.host.presenting() && this.reading) {
      this.readAt(null, false, this.first);
    } else return;
    useUp(event);
  }

  /** The visible region: its corner and its magnification. */
  get region() {
    return { ...this.corner, zoom: this.host.get("zoom") };
  }

  /** Draw the visible region. */
  place() {
    const { get } = this.host;
    const [zoom, split] = [get("zoom"), get("split")];
    this.corner.x = clamp(this.corner.x, 0, 1 - 1 / zoom);
    this.corner.y = clamp(this.corner.y, 0, 1 - 1 / zoom);
    for (const pane of this.panes) pane.place(this.region, split);
    this.divider.style.left = `${100 * split}%`;
    this.divider.setAttribute("aria-valuenow", String(Math.round(100 * split)));
  }

  showReading() {
    const result = this.host.result();
    if (!result) return;
    const cell = this.reading?.cell ?? null;
    for (const each of this.panes) {
      each.mark(cell, result.cells, Boolean(this.reading?.full) || each !== this.reading?.pane);
    }
    const hint = this.first.element.matches(":focus-visible") ? KEYS : HINT;
    this.read.textContent = cell ? result.read(cell) : hint;
    this.host.onread(cell);
  }

  /** Keep reading at the same cell of a new map, if it still exists. */
  keepReading() {
    const [rows, columns] = this.host.result()?.cells ?? [0, 0];
    const { cell } = this.reading ?? {};
    if (cell && (cell[0] >= rows || cell[1] >= columns)) this.reading = null;
  }

  /** @param {Cell | null} cell @param {boolean} full @param {Pane} pane */
  readAt(cell, full, pane) {
    // A screen reader announces what is read by key or touch, not every value under a moving mouse.
    this.read.setAttribute("aria-live", full ? "polite" : "off");
    this.reading = cell && { cell, full, pane };
    this.showReading();
  }

  /** @param {MouseEvent} event @param {Pane} pane @returns {Cell | null} */
  cellAt(event, pane) {
    const box = pane.under.getBoundingClientRect();
    const [rows, columns] = this.host.result()?.cells ?? [0, 0];
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    return row >= 0 && column >= 0 && row < rows && column < columns ? [row, column] : null;
  }

  /** @param {number} down @param {number} right */
  moveCell(down, right) {
    const [rows, columns] = this.host.result()?.cells ?? [1, 1];
    const { zoom, x, y } = this.region;
    const middle = [Math.floor((y + 0.5 / zoom) * rows), Math.floor((x + 0.5 / zoom) * columns)];
    const [row, column] = this.reading ? [this.reading.cell[0] + down, this.reading.cell[1] + right] : middle;
    this.goTo([clamp(row, 0, rows - 1), clamp(column, 0, columns - 1)]);
  }

  /** Read a cell, and keep it in sight. @param {Cell} cell */
  goTo(cell) {
    const cells = this.host.result()?.cells ?? [1, 1];
    /** @param {number} corner @param {0 | 1} k */
    const shifted = (corner, k) => {
      const [start, size] = [cell[k] / cells[k], 1 / cells[k]];
      return clamp(corner, start + size - 1 / this.host.get("zoom"), start);
    };
    this.corner = { x: shifted(this.corner.x, 1), y: shifted(this.corner.y, 0) };
    this.place();
    this.readAt(cell, true, this.first);
  }

  /** Enlarge; `at` stays where it is. @param {number} zoom @param {Point} [at] shares of the pane */
  zoomTo(zoom, at = { x: 0.5, y: 0.5 }) {
    const [before, after] = [this.host.get("zoom"), clamp(zoom, 1, ZOOMS[ZOOMS.length - 1])];
    this.corner.x += at.x * (1 / before - 1 / after);
    this.corner.y += at.y * (1 / before - 1 / after);
    this.host.set("zoom", after);
  }

  /** What keys and buttons enlarge: the cell that is read, else the middle. @returns {Point} */
  focusPoint() {
    const cells = this.host.result()?.cells;
    if (!this.reading?.full || !cells) return { x: 0.5, y: 0.5 };
    const { x, y, zoom } = this.region;
    const [row, column] = this.reading.cell.map((i, k) => (i + 0.5) / cells[k]);
    return { x: clamp((column - x) * zoom, 0, 1), y: clamp((row - y) * zoom, 0, 1) };
  }

  /** One step larger or smaller. @param {number} direction */
  step(direction) {
    const zoom = this.host.get("zoom");
    const next = direction > 0 ? ZOOMS.find((z) => z > zoom + 1e-6) : ZOOMS.findLast((z) => z < zoom - 1e-6);
    if (next) this.zoomTo(next, this.focusPoint());
  }
}
