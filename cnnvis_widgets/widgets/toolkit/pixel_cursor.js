// A pixel that follows the pointer and the arrow keys, and the cell of a coarser map that holds it.
import { arrowStep, listen, useUp } from "./base.js";

/** @typedef {import("./base.js").Model} Model */

const STRIDE = 8; // pixels that an arrow key goes; 1 with Shift

/**
 * Let `at`, the row and column of a pixel, follow the pointer and the arrow keys.
 * @param {object} options
 * @param {Model} options.model with `at` and `disabled`
 * @param {HTMLElement[]} options.canvases the pointer moves it over each of them, the keys over the last
 * @param {() => number[]} options.size rows and columns
 * @param {(name: string, value: any) => void} options.choose
 * @param {AbortSignal} options.signal
 */
export function pixelCursor({ model, canvases, size, choose, signal }) {
  const goTo = (/** @type {number[]} */ place) => {
    const next = place.map((i, axis) => Math.min(size()[axis] - 1, Math.max(0, Math.floor(i))));
    if (next.join() !== model.get("at").join()) choose("at", next);
  };
  for (const canvas of canvases) {
    listen(signal, canvas, "mousemove", (event) => {
      if (model.get("disabled")) return;
      const box = canvas.getBoundingClientRect();
      const [rows, columns] = size();
      goTo([
        ((event.clientY - box.top) / box.height) * rows,
        ((event.clientX - box.left) / box.width) * columns,
      ]);
    });
  }
  listen(signal, canvases[canvases.length - 1], "keydown", (event) => {
    const step = arrowStep(event);
    if (!step || model.get("disabled")) return;
    useUp(event);
    const far = event.shiftKey ? 1 : STRIDE;
    goTo(model.get("at").map((/** @type {number} */ i, /** @type {number} */ axis) => i + far * step[axis]));
  });
}

/**
 * The cell of a map that holds a pixel.
 * @param {number[]} at
 * @param {number[]} shape of the map
 * @param {number[]} size of the picture
 * @returns {number[]}
 */
export const cellOf = (at, shape, size) => at.map((i, axis) => Math.floor((i * shape[axis]) / size[axis]));

/**
 * Lay a mark over a cell of a map that fills its frame.
 * @param {HTMLElement} mark
 * @param {number[]} cell
 * @param {number[]} shape of the map
 */
export function cover(mark, [row, column], [rows, columns]) {
  Object.assign(mark.style, {
    left: `${(100 * column) / columns}%`,
    top: `${(100 * row) / rows}%`,
    width: `${100 / columns}%`,
    height: `${100 / rows}%`,
  });
}
