// What Python sent of one explanation, decoded.
import { contourPath } from "../toolkit/contours.js";
import {
  barOf,
  blended,
  colourized,
  enlarged,
  entry,
  formatted,
  greyed,
  haloOf,
  placesOf,
} from "../toolkit/heatmap_canvas.js";
import { bytesOf, floatsOf, pixelsOf } from "../toolkit/pixels.js";

/** @typedef {import("../toolkit/pixels.js").Shape} Shape */
/** @typedef {import("../toolkit/heatmap_canvas.js").Scale} Scale */

/** @type {Record<string, string>} ways of showing it */
export const MODES = {
  overlay: "Overlay",
  split: "Split",
  side_by_side: "Side by side",
  heatmap: "Heatmap",
  contour: "Contours",
  picture: "Picture",
};
const LEVELS = [0.25, 0.5, 0.75]; // contour levels as shares of the scale's end, as in rendering.contours

/** @type {string[]} */
const SENT = [
  ...["picture", "heatmap", "shape", "lookup", "low", "high", "kind", "ticks", "clipped", "unit"],
  ...["image", "title", "alt", "notes", "warnings", "code", "filename"],
];

/**
 * @typedef {object} Sent
 * @property {DataView} picture
 * @property {DataView} heatmap
 * @property {Shape} shape
 * @property {DataView} lookup the colour table
 * @property {number} low
 * @property {number} high
 * @property {"sequential" | "diverging"} kind
 * @property {[number, string][]} ticks
 * @property {string} clipped
 * @property {string} unit
 * @property {DataView} image
 * @property {string} title
 * @property {string} alt
 * @property {string[]} notes
 * @property {string[]} warnings
 * @property {string} code
 * @property {string} filename
 */

/** The heatmap, ready to be drawn. */
class Heatmap {
  /** @param {Sent} sent @param {Shape} grid on which all is drawn */
  constructor({ heatmap, shape, lookup, low, high, kind }, grid) {
    this.values = floatsOf(heatmap);
    this.shape = shape;
    this.grid = grid;
    /** @type {Scale} */
    this.scale = { low, high, kind };
    this.table = bytesOf(lookup);
    this.fine = enlarged(this.values, shape, grid);
    this.places = placesOf(this.fine, this.scale);
    this.pixels = colourized(this.places, this.table, grid);
    this.zeros = this.values.every((value) => value === 0);
    /** @type {Float32Array | null} all sizes, once they are asked for */
    this.sizes = null;
    /** @type {import("./pane.js").Line[] | null} */
    this.made = null;
  }

  /** All absolute values, the smallest first. */
  get sorted() {
    this.sizes ??= this.values.map(Math.abs).sort();
    return this.sizes;
  }

  /** The absolute value that a given share of the pixels is below. @param {number} share 0 to 1 */
  quantile(share) {
    const at = Math.min(this.sorted.length - 1, Math.floor(share * this.sorted.length));
    return share > 0 ? this.sorted[at] : 0;
  }

  /** How many of a hundred pixels have a smaller absolute value. @param {number} value */
  percentile(value) {
    const sorted = this.sorted;
    let [first, last] = [0, sorted.length];
    while (first < last) {
      const middle = (first + last) >> 1;
      if (sorted[middle] < Math.abs(value)) first = middle + 1;
      else last = middle;
    }
    return (100 * first) / sorted.length;
  }

  /** The value of a cell, in words. @param {number} at */
  read(at) {
    const value = this.values[at];
    const share = this.percentile(value);
    const shown = share > 99.9 && share < 100 ? "more than 99.9" : share.toFixed(1);
    const size = this.scale.kind === "diverging" ? "stronger" : "larger";
    return `${formatted(value)}${this.zeros ? "" : `, ${size} than ${shown} % of the pixels`}`;
  }

  /** Where a value is on the colour bar. @param {number} value */
  place(value) {
    return placesOf(Float32Array.of(value), this.scale)[0];
  }

  /** The cell with the largest absolute value. @returns {[number, number]} */
  get strongest() {
    let best = 0;
    this.values.forEach((value, i) => {
      if (Math.abs(value) > Math.abs(this.values[best])) best = i;
    });
    return [Math.floor(best / this.shape[1]), best % this.shape[1]];
  }

  /**
   * The map laid over the picture.
   * @param {ImageData} below
   * @param {{opacity: number, blend: string, least: number}} look
   */
  over(below, { least, ...look }) {
    const hidden = (/** @type {number} */ i) => Math.abs(this.fine[i]) < least;
    return blended(
      below,
      this.places,
      this.table,
      { kind: this.scale.kind, ...look },
      least > 0 ? hidden : null,
    );
  }

  /**
   * The colours of its colour bar.
   * @param {{opacity: number, blend: string, least: number} | null} over beside an overlay
   */
  bar(over) {
    return barOf(this.scale, this.table, over);
  }

  /** The contours, as paths with their colours. */
  get lines() {
    const { high, kind } = this.scale;
    if (!(high > 0)) return [];
    const signs = kind === "diverging" ? [1, -1] : [1];
    this.made ??= LEVELS.flatMap((level) => signs.map((sign) => this.line(sign * level * high)));
    return this.made;
  }

  /** @param {number} level */
  line(level) {
    const at = entry(this.place(level));
    const colour = this.table.subarray(at, at + 3);
    const d = contourPath(this.fine, this.grid, level);
    return { d, colour: `rgb(${colour})`, halo: haloOf(colour) };
  }
}

/** Words and pixels of one result; they change together. */
export class Result {
  static traits = SENT;

  /**
   * @param {Sent} sent
   * @param {ImageData | null} below the picture
   * @param {ImageData | null} made an image of its own
   */
  constructor(sent, below, made) {
    this.sent = sent;
    this.below = below;
    this.made = made;
    const size = below ?? made;
    /** @type {Shape} of the grid on which all is drawn */
    this.grid = size ? [size.height, size.width] : sent.shape;
    const [rows, columns] = sent.shape;
    const whole = rows * columns > 0 && sent.heatmap.byteLength === 4 * rows * columns;
    this.heatmap = whole && sent.lookup.byteLength === 768 ? new Heatmap(sent, this.grid) : null;
    this.map = this.heatmap?.pixels ?? made;
    this.grey = below && greyed(below);
    this.modes = this.offered();
  }

  /** @param {import("../toolkit/base.js").Model} model @returns {Promise<Result>} */
  static async of(model) {
    // all before the first wait
    const sent = /** @type {Sent} */ (Object.fromEntries(SENT.map((name) => [name, model.get(name)])));
    const [below, made] = await Promise.all([pixelsOf(sent.picture), pixelsOf(sent.image)]);
    return new Result(sent, below, made);
  }

  /** The ways in which it can be shown. */
  offered() {
    if (!this.map) return this.below ? ["picture"] : [];
    if (!this.below) return ["heatmap"];
    return Object.keys(MODES).filter((mode) => this.heatmap || !["overlay", "contour"].includes(mode));
  }

  /** Rows and columns of what can be read: the map's own cells, or pixels. @returns {Shape} */
  get cells() {
    if (this.heatmap) return this.sent.shape;
    return this.made ? [this.made.height, this.made.width] : this.grid;
  }

  /** What is to be read at a cell, in words. @param {readonly [number, number]} cell */
  read([row, column]) {
    const place = `Row ${row}, column ${column}: `;
    const at = row * this.cells[1] + column;
    if (this.heatmap) return place + this.heatmap.read(at);
    const pixels = this.made ?? this.below;
    const [r, g, b] = pixels?.data.subarray(4 * at, 4 * at + 3) ?? [];
    return `${place}red ${r}, green ${g}, blue ${b}`;
  }
}
