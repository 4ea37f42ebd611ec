// The overlays of the touch tools: grey parts, outlines, and the element that receives the pointer.
import { h } from "../toolkit/base.js";
import { boxRect } from "../toolkit/boxes.js";
import { paint } from "../toolkit/pixels.js";
import { drawn } from "../toolkit/svg.js";

/** @typedef {import("../toolkit/boxes.js").Box} Box */

const GREY = 128; // as in engine/touch.py

export class TouchLayer {
  constructor() {
    this.canvas = h("canvas", { class: "cnnvis-touch-cover", "aria-hidden": "true" });
    this.svg = drawn("svg", { class: "cnnvis-touch", preserveAspectRatio: "none", role: "application" });
  }

  /**
   * Receive pointer and key events.
   * @param {string} keys what the keys do, for a screen reader; "" stops receiving
   */
  open(keys) {
    this.svg.classList.toggle("cnnvis-touch-open", Boolean(keys));
    if (keys) this.svg.setAttribute("tabindex", "0");
    else this.svg.removeAttribute("tabindex");
    if (keys) this.svg.setAttribute("aria-label", keys);
    this.svg.setAttribute("aria-hidden", String(!keys));
  }

  /** Paint over the picture. @param {ImageData | null} image of the grid's size; null for nothing */
  paint(image) {
    this.canvas.hidden = !image;
    if (image) paint(this.canvas, image);
  }

  /**
   * Cover parts of the picture.
   * @param {number[]} grid rows and columns
   * @param {Box | null} patch
   * @param {Set<number>} off numbers of superpixels
   * @param {Int16Array | null} pieces the superpixel of each pixel, to be outlined
   * @param {number[]} cursor the pixel of which the superpixel is lit
   */
  cover(grid, patch, off, pieces, cursor) {
    const [rows, columns] = grid;
    this.canvas.hidden = !patch && !pieces;
    if (this.canvas.hidden || !rows) return;
    const image = new ImageData(columns, rows);
    const lit = pieces ? pieces[cursor[0] * columns + cursor[1]] : -1;
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        const i = row * columns + column;
        const inside = patch && row >= patch[0] && row < patch[2] && column >= patch[1] && column < patch[3];
        if (inside || (pieces && off.has(pieces[i]))) image.data.fill(GREY, 4 * i, 4 * i + 3);
        if (inside || (pieces && off.has(pieces[i]))) image.data[4 * i + 3] = 255;
        if (!pieces) continue;
        const edge =
          (column + 1 < columns && pieces[i] !== pieces[i + 1]) ||
          (row + 1 < rows && pieces[i] !== pieces[i + columns]);
        if (edge) image.data.set([255, 255, 255, pieces[i] === lit ? 255 : 170], 4 * i);
        else if (pieces[i] === lit && !off.has(lit)) image.data.set([255, 255, 255, 60], 4 * i);
      }
    }
    paint(this.canvas, image);
  }

  /**
   * Outline a box.
   * @param {number[]} grid
   * @param {Box | null} box
   * @param {number[] | null} point a pixel in it that is marked
   */
  frame([rows, columns], box, point) {
    this.svg.setAttribute("viewBox", `0 0 ${columns || 1} ${rows || 1}`);
    const cross = point && [point[1] + 0.5, point[0] + 0.5];
    const arm = columns / 40;
    const mark =
      cross && `M${cross[0] - arm} ${cross[1]}h${2 * arm}M${cross[0]} ${cross[1] - arm}v${2 * arm}`;
    this.svg.replaceChildren(
      ...(box ? [boxRect(box, "cnnvis-touch-under"), boxRect(box, "cnnvis-touch-box")] : []),
      ...(mark ? [drawn("path", { d: mark, class: "cnnvis-touch-under" })] : []),
      ...(mark ? [drawn("path", { d: mark, class: "cnnvis-touch-box" })] : []),
    );
  }
}
