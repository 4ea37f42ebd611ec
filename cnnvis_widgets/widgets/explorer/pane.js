import { h } from "../toolkit/base.js";
import { paint } from "../toolkit/pixels.js";
import { drawn } from "../toolkit/svg.js";

/** @typedef {import("../toolkit/pixels.js").Shape} Shape */
/** @typedef {{d: string, colour: string, halo: string}} Line a path in pixels of the picture */
/** @typedef {{under: ImageData | null, over?: ImageData | null, lines?: Line[]}} Content */

/** One rectangle with a picture: two canvases, the upper of which may be cut, and lines. */
export class Pane {
  /** @param {string} label */
  constructor(label) {
    /** @type {Line[]} */
    this.lines = [];
    /** @type {Shape} */
    this.grid = [1, 1];
    /** @type {(HTMLElement | SVGSVGElement)[]} what is moved and enlarged with the picture */
    this.overlays = [];
    this.under = h("canvas", { class: "cnnvis-view-pixels" });
    this.over = h("canvas", { class: "cnnvis-view-pixels" });
    this.cut = h("div", { class: "cnnvis-view-cut", hidden: true }, this.over);
    this.contours = drawn("g");
    this.marks = [
      drawn("path", { class: "cnnvis-view-mark-halo" }),
      drawn("path", { class: "cnnvis-view-mark" }),
    ];
    this.svg = drawn("svg", { preserveAspectRatio: "none", "aria-hidden": "true" });
    this.svg.append(this.contours, ...this.marks);
    this.element = h(
      "div",
      { class: "cnnvis-view-pane", role: "img", "aria-label": label },
      this.under,
      this.cut,
      this.svg,
    );
  }

  /** @param {Content} content @param {Shape} grid */
  draw({ under, over = null, lines = [] }, grid) {
    this.element.hidden = !under;
    this.cut.hidden = !over;
    this.lines = lines;
    this.grid = grid;
    if (under) paint(this.under, under);
    if (over) paint(this.over, over);
    this.contours.replaceChildren(
      ...lines.flatMap(({ d, colour, halo }) => [
        drawn("path", { d, stroke: halo, class: "cnnvis-view-halo" }),
        drawn("path", { d, stroke: colour, class: "cnnvis-view-line" }),
      ]),
    );
  }

  /**
   * Show the region that begins at (x, y), both shares of the picture.
   * @param {{x: number, y: number, zoom: number}} region
   * @param {number} split
   */
  place({ x, y, zoom }, split) {
    for (const layer of [this.under, this.over, ...this.overlays]) {
      Object.assign(layer.style, {
        left: `${-100 * x * zoom}%`,
        top: `${-100 * y * zoom}%`,
        width: `${100 * zoom}%`,
        height: `${100 * zoom}%`,
      });
    }
    this.cut.style.clipPath = `inset(0 0 0 ${100 * split}%)`;
    this.element.classList.toggle("cnnvis-view-zoomed", zoom > 1);
    const [rows, columns] = this.grid;
    this.svg.setAttribute("viewBox", `${x * columns} ${y * rows} ${columns / zoom} ${rows / zoom}`);
  }

  /**
   * Frame a cell, `full` with lines across the picture; null takes the mark away.
   * @param {readonly [number, number] | null} cell
   * @param {Shape} cells
   * @param {boolean} full
   */
  mark(cell, cells, full) {
    let d = "";
    if (cell) {
      const [height, width] = [this.grid[0] / cells[0], this.grid[1] / cells[1]];
      const [top, left] = [cell[0] * height, cell[1] * width];
      const [bottom, right] = [top + height, left + width];
      d = `M${left} ${top}H${right}V${bottom}H${left}Z`;
      if (full) {
        d +=
          `M0 ${top + height / 2}H${left}M${right} ${top + height / 2}H${this.grid[1]}` +
          `M${left + width / 2} 0V${top}M${left + width / 2} ${bottom}V${this.grid[0]}`;
      }
    }
    for (const path of this.marks) path.setAttribute("d", d);
  }

  /** Lay something over the picture that moves with it. @param {HTMLElement | SVGSVGElement} overlay */
  lay(overlay) {
    overlay.classList.add("cnnvis-view-pixels");
    this.overlays.push(overlay);
    this.element.append(overlay);
  }

  /** The layers for a file, each with the share of the width where it begins. @param {number} split */
  snapshot(split) {
    const over = this.cut.hidden ? [] : [{ canvas: this.over, from: split }];
    return { layers: [{ canvas: this.under, from: 0 }, ...over], lines: this.lines, size: this.grid };
  }
}
