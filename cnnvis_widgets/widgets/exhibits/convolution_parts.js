// Numbers as a table or as a picture, of which one place is chosen.
import { arrowStep, h, isShortcut, itemAt, listen, useUp } from "../toolkit/base.js";
import { pen } from "../toolkit/pixels.js";
import { cellText } from "./convolution_words.js";

const MARK = "#e8590c"; // the window's frame, seen on light, dark, red and blue

/** Red above zero, blue below. @param {number} value @param {number} end the value with the full tint */
export function tint(value, end) {
  const share = end > 0 ? Math.min(1, Math.abs(value) / end) : 0;
  const colour = value < 0 ? "#2f6fb5" : "#c0392f";
  return `color-mix(in srgb, ${colour} ${Math.round(58 * share)}%, var(--cnnvis-paper))`;
}

/** @param {number[][][]} numbers @returns {number} */
export const largest = (numbers) =>
  numbers.flat(2).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** @param {string} label */
export const canvasOf = (label) =>
  h("canvas", { class: "cnnvis-conv-map", role: "img", "aria-label": label });

/** @param {string} title @param {Node} node */
export const titled = (title, node) =>
  h("figure", { class: "cnnvis-conv-part" }, h("figcaption", {}, title), node);

/** @typedef {{colour: string, outside?: boolean, marked?: boolean, chosen?: boolean, name: string}} Look */

/**
 * A channel's input and kernel; a large input is a picture.
 * @typedef {object} Part
 * @property {number} channel
 * @property {NumberGrid | null} input
 * @property {NumberGrid | null} kernel
 * @property {HTMLCanvasElement} map
 * @property {HTMLElement} part what the channel adds
 */
/** @typedef {{channel: number, grid: NumberGrid | null, map: HTMLCanvasElement}} Out a map of the result */

/** A table of numbers of which one is chosen by mouse or arrow keys; the tab key reaches it once. */
class NumberGrid {
  /**
   * @param {string} label
   * @param {(row: number, column: number) => void} choose
   * @param {AbortSignal} signal
   */
  constructor(label, choose, signal) {
    this.table = h("div", { class: "cnnvis-conv-grid", role: "grid", "aria-label": label });
    this.choose = choose;
    this.rows = 0;
    this.columns = 0;
    listen(signal, this.table, "click", (event) => {
      const item = itemAt(event, "[role=gridcell]");
      if (item && !item.closest("fieldset[disabled]")) this.go(this.placeOf(item));
    });
    listen(signal, this.table, "keydown", (event) => this.key(event));
  }

  /** @param {number} row @param {number} column @returns {HTMLElement | undefined} */
  cell(row, column) {
    return /** @type {HTMLElement | undefined} */ (this.table.children[row]?.children[column]);
  }

  /** @param {Element} item @returns {[number, number]} */
  placeOf(item) {
    const line = /** @type {Element} */ (item.parentElement);
    return [[...this.table.children].indexOf(line), [...line.children].indexOf(item)];
  }

  /** @param {readonly number[]} place */
  go([row, column]) {
    const item = this.cell(row, column);
    if (!item) return;
    this.stopAt(item);
    item.focus();
    this.choose(row, column);
  }

  /** Where the tab key stops. @returns {HTMLElement | null} */
  get stop() {
    return this.table.querySelector('[tabindex="0"]');
  }

  /** @param {HTMLElement | undefined} item */
  stopAt(item) {
    if (this.stop) this.stop.tabIndex = -1;
    if (item) item.tabIndex = 0;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const item = itemAt(event, "[role=gridcell]");
    if (!item || isShortcut(event)) return;
    const [row, column] = this.placeOf(item);
    const step = arrowStep(event);
    if (step) this.go([row + step[0], column + step[1]]);
    else if (event.key === "Home") this.go([row, 0]);
    else if (event.key === "End") this.go([row, this.columns - 1]);
    else return;
    useUp(event);
  }

  /** @param {number[][]} numbers @param {(row: number, column: number, value: number) => Look} look */
  fill(numbers, look) {
    if (this.rows !== numbers.length || this.columns !== numbers[0].length) this.rebuild(numbers);
    const long = numbers.some((line) => line.some((value) => cellText(value).length > 4));
    this.table.classList.toggle("cnnvis-conv-long", long);
    const held = this.table.contains(document.activeElement);
    numbers.forEach((line, i) => {
      line.forEach((value, j) => {
        const item = /** @type {HTMLElement} */ (this.cell(i, j));
        const { colour, outside = false, marked = false, chosen = false, name } = look(i, j, value);
        item.textContent = cellText(value);
        item.style.background = colour;
        item.classList.toggle("cnnvis-conv-outside", outside);
        item.classList.toggle("cnnvis-conv-marked", marked);
        item.setAttribute("aria-selected", String(chosen));
        item.setAttribute("aria-label", `${name}: ${cellText(value)}`);
        if (chosen && !held) this.stopAt(item);
      });
    });
    if (!this.stop) this.stopAt(this.cell(0, 0));
  }

  /** Frame the number that is being edited. @param {number[] | null} place null where there is none */
  frame(place) {
    for (const item of this.table.querySelectorAll(".cnnvis-conv-edited")) {
      item.classList.remove("cnnvis-conv-edited");
    }
    if (place) this.cell(place[0], place[1])?.classList.add("cnnvis-conv-edited");
  }

  /** @param {number[][]} numbers */
  rebuild(numbers) {
    [this.rows, this.columns] = [numbers.length, numbers[0].length];
    const cell = () => h("button", { type: "button", role: "gridcell", tabindex: -1 });
    this.table.replaceChildren(...numbers.map((line) => h("div", { role: "row" }, ...line.map(cell))));
  }
}

/** @param {ConstructorParameters<typeof NumberGrid>} options */
export const numberGrid = (...options) => new NumberGrid(...options);

/**
 * One map as a picture, with a frame around a window of it. Grey from 0 to 255, or both signs in colours.
 * @param {HTMLCanvasElement} canvas
 * @param {number[][]} numbers
 * @param {{signed: boolean, frameAt: number[]}} look `frameAt`: top, left, height, width
 */
export function paintMap(canvas, numbers, { signed, frameAt }) {
  const [rows, columns] = [numbers.length, numbers[0].length];
  const zoom = Math.max(1, Math.floor(300 / Math.max(rows, columns)));
  Object.assign(canvas, { width: columns * zoom, height: rows * zoom });
  const context = pen(canvas);
  const flat = numbers.flat();
  const end = flat.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const low = signed ? 0 : flat.reduce((a, b) => Math.min(a, b), Infinity);
  const high = signed ? end : flat.reduce((a, b) => Math.max(a, b), -Infinity);
  const image = context.createImageData(columns, rows);
  flat.forEach((value, i) => {
    const share = signed ? value / end : (value - low) / (high - low || 1);
    const fade = Math.round(255 * (1 - Math.abs(share)));
    const grey = 255 * share;
    const colour = !signed ? [grey, grey, grey] : share < 0 ? [fade, fade, 255] : [255, fade, fade];
    image.data.set([...colour.map(Math.round), 255], 4 * i);
  });
  const small = new OffscreenCanvas(columns, rows);
  pen(small).putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, columns * zoom, rows * zoom);
  const [top, left, height, width] = frameAt.map((n) => n * zoom);
  Object.assign(context, { strokeStyle: MARK, lineWidth: 3 });
  context.strokeRect(left, top, Math.max(width, 4), Math.max(height, 4));
}
