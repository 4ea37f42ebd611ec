// Paint what you think matters, and see how far the map agrees: a tool of the touch bar.
import { h, listen } from "../toolkit/base.js";
import { agreement, brush } from "../toolkit/painting.js";

/** @typedef {readonly [number, number]} Grid rows and columns */

const [LEAST, MOST] = [0.02, 0.4]; // of the picture's shorter side
const OVERLAP =
  "Overlap is the intersection over union of what you painted and an equally large area of the map's " +
  "highest values.";
const INSIDE = "The second number is the share of the map's positive values inside the paint.";

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(1)} %`;

export class PaintTool {
  /** @param {() => void} changed @param {AbortSignal} signal */
  constructor(changed, signal) {
    this.changed = changed;
    this.erases = false;
    this.compared = false;
    /** @type {Grid} */
    this.grid = [0, 0];
    this.painted = new Uint8Array(0);
    /** @type {Uint8Array} the file of the picture that was painted on */
    this.picture = new Uint8Array(0);
    /** @type {{values: ArrayLike<number>, result: import("../toolkit/painting.js").Agreement} | null} */
    this.comparison = null;
    this.size = h("input", { type: "range", min: LEAST, max: MOST, step: 0.01, value: 0.12 });
    this.erase = h("button", { type: "button", "aria-pressed": "false", title: "Erase (E)" }, "Erase");
    this.clear = h("button", { type: "button", title: "Clear (Escape)" }, "Clear");
    this.compare = h("button", { type: "button", class: "cnnvis-paint-compare" }, "Compare with the map");
    this.key = h(
      "p",
      { class: "cnnvis-paint-key", hidden: true },
      ...["yours", "the map's", "both"].map((text, n) => h("span", {}, h("i", { "data-key": n }), text)),
    );
    this.words = h(
      "details",
      { hidden: true },
      h("summary", {}, "How it is measured"),
      h("p", { class: "cnnvis-hint" }, `${OVERLAP} ${INSIDE}`),
    );
    this.element = h(
      "div",
      { class: "cnnvis-paint" },
      h("label", {}, "Brush ", this.size),
      h("div", { class: "cnnvis-line" }, this.erase, this.clear),
      this.compare,
      this.key,
      this.words,
    );
    listen(signal, this.erase, "click", () => this.setErases(!this.erases));
    listen(signal, this.clear, "click", () => this.reset());
    listen(signal, this.compare, "click", () => {
      this.compared = !this.compared;
      this.changed();
    });
  }

  get any() {
    return this.painted.some(Boolean);
  }

  /**
   * A new result: what was painted stays while the picture is the same.
   * @param {Grid} grid
   * @param {Uint8Array} picture its file
   */
  fit(grid, picture) {
    const same = picture.length === this.picture.length && picture.every((x, i) => x === this.picture[i]);
    if (same && grid.join() === this.grid.join()) return;
    [this.grid, this.picture] = [grid, picture];
    this.reset(false);
  }

  reset(draw = true) {
    this.painted = new Uint8Array(this.grid[0] * this.grid[1]);
    this.compared = false;
    this.comparison = null;
    if (draw) this.changed();
  }

  /** How far the map agrees, found once for each stroke. @param {ArrayLike<number>} values */
  agreed(values) {
    if (this.comparison?.values !== values) {
      this.comparison = { values, result: agreement(values, this.painted) };
    }
    return this.comparison.result;
  }

  /** @param {boolean} on */
  setErases(on) {
    this.erases = on;
    this.erase.setAttribute("aria-pressed", String(on));
  }

  /** The brush's width in pixels. */
  get width() {
    return Math.max(1, Number(this.size.value) * Math.min(...this.grid));
  }

  /** Paint along a line. @param {readonly number[]} from @param {readonly number[]} to */
  stroke(from, to) {
    brush(this.painted, this.grid, from, to, this.width, this.erases ? 0 : 1);
    this.comparison = null;
    this.changed();
  }

  /** A key that is the brush's. @param {KeyboardEvent} event @returns {boolean} whether it was */
  takes(event) {
    if (event.key === "e" || event.key === "E") this.setErases(!this.erases);
    else if (event.key === "+" || event.key === "-") {
      const step = event.key === "+" ? 0.02 : -0.02;
      this.size.value = String(Number(this.size.value) + step);
    } else return false;
    this.changed();
    return true;
  }

  /**
   * The colour of each pixel over the picture; yellow, blue and white differ for any colour vision.
   * @param {ArrayLike<number> | null} values the map's, to be compared with
   * @returns {ImageData | null}
   */
  image(values) {
    const [rows, columns] = this.grid;
    if (!rows || !this.any) return null;
    const highest = this.compared && values ? this.agreed(values).highest : null;
    const image = new ImageData(columns, rows);
    this.painted.forEach((mine, i) => {
      const theirs = highest?.[i];
      if (mine && theirs) image.data.set([255, 255, 255, 190], 4 * i);
      else if (mine) image.data.set([255, 210, 63, 170], 4 * i);
      else if (theirs) image.data.set([40, 120, 255, 170], 4 * i);
    });
    return image;
  }

  /** The sentence beside the picture. @param {ArrayLike<number> | null} values the map's */
  sentence(values) {
    this.compare.hidden = !this.any;
    this.compare.textContent = this.compared ? "Hide the map again" : "Compare with the map";
    this.key.hidden = this.words.hidden = !this.compared || !this.any;
    if (!this.any) return "Paint what you think matters for the class, then compare.";
    const share = this.painted.reduce((sum, one) => sum + one, 0) / this.painted.length;
    const mine = `You painted ${percent(share)} of the picture.`;
    if (!this.compared || !values) return mine;
    const { overlap, inside } = this.agreed(values);
    if (overlap === null || inside === null) return `${mine} The map has no positive values.`;
    return `${mine} Overlap with the map: ${percent(overlap)}. ${percent(inside)} of the map is inside.`;
  }
}
