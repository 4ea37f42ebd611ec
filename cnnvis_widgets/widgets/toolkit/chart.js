// Charts as SVG, in the page's own colours, and what is beside them.
import { h, listen, short, uniqueId, watch } from "./base.js";
import { contourPath } from "./contours.js";
import { drawn } from "./svg.js";
import { roundNumbers } from "./ticks.js";

/** @typedef {readonly number[]} Pair two numbers: the ends of an axis, or a point */

/** Two axes: values to places in the drawing, and back. */
export class Axes {
  /**
   * @param {{x: Pair, y: Pair, wide?: number, high?: number, left?: number, xName?: string,
   *   yName?: string}} options
   */
  constructor({ x, y, wide = 560, high = 340, xName = "", yName = "", left = 50 }) {
    this.x = x;
    this.y = y;
    this.wide = wide;
    this.high = high;
    this.left = left;
    this.right = 14;
    this.top = 24;
    this.bottom = 38;
    this.xName = xName;
    this.yName = yName;
    this.svg = drawn("svg", { viewBox: `0 0 ${wide} ${high}`, class: "cnnvis-chart" });
    this.ground = drawn("g", { "aria-hidden": "true" });
    this.clip = uniqueId();
    this.svg.append(drawn("clipPath", { id: this.clip }, drawn("rect", this.box)), this.ground);
  }

  /** Where the axes' values are drawn. */
  get box() {
    const [width, height] = [this.wide - this.left - this.right, this.high - this.top - this.bottom];
    return { x: this.left, y: this.top, width, height };
  }

  /** @param {number} value */
  px(value) {
    return this.left + ((value - this.x[0]) / (this.x[1] - this.x[0])) * this.box.width;
  }

  /** @param {number} value */
  py(value) {
    return this.high - this.bottom - ((value - this.y[0]) / (this.y[1] - this.y[0])) * this.box.height;
  }

  /** The values under a pointer. @param {MouseEvent} event @returns {[number, number]} */
  at(event) {
    const seen = this.svg.getBoundingClientRect();
    const [u, v] = [
      ((event.clientX - seen.left) / seen.width) * this.wide,
      ((event.clientY - seen.top) / seen.height) * this.high,
    ];
    const across = (u - this.left) / this.box.width;
    const up = (this.high - this.bottom - v) / this.box.height;
    return [this.x[0] + across * (this.x[1] - this.x[0]), this.y[0] + up * (this.y[1] - this.y[0])];
  }

  /**
   * A line through values, cut off at the edges of the chart.
   * @param {Pair[]} points
   * @param {string} name of the style class
   * @param {Record<string, any>} [more]
   */
  line(points, name, more = {}) {
    const far = 1e5; // pixels; beyond, some browsers draw nothing
    /** @param {number} value */
    const place = (value) => Math.max(-far, Math.min(far, value)).toFixed(2);
    return drawn("polyline", {
      points: points.map(([u, v]) => `${place(this.px(u))},${place(this.py(v))}`).join(" "),
      class: name,
      "clip-path": `url(#${this.clip})`,
      ...more,
    });
  }

  /** A picture that fills the axes. @param {Record<string, any>} [more] */
  image(more = {}) {
    return drawn("image", { ...this.box, preserveAspectRatio: "none", ...more });
  }

  /**
   * Where values on a grid of side × side, which fills the axes, have a level.
   * @param {ArrayLike<number>} values rows from above
   * @param {number} side
   * @param {number} level
   * @returns {string} a path
   */
  contour(values, side, level) {
    const { x, y, width, height } = this.box;
    return contourPath(values, [side, side], level, ([row, column]) => {
      return (
        `${(x + ((column + 0.5) / side) * width).toFixed(1)} ` +
        `${(y + ((row + 0.5) / side) * height).toFixed(1)}`
      );
    });
  }

  /**
   * Draw the axes anew, for the present ranges.
   * @param {{xTicks?: number[], yTicks?: number[], yText?: (value: number) => string}} [options]
   */
  axes(options = {}) {
    const { yText = short } = options;
    const xTicks = options.xTicks ?? roundNumbers(this.x[0], this.x[1]);
    const yTicks = options.yTicks ?? roundNumbers(this.y[0], this.y[1]);
    const [bottom, right] = [this.high - this.bottom, this.wide - this.right];
    /** @param {number} value */
    const across = (value) => {
      const y = this.py(value);
      return [
        drawn("line", { x1: this.left, x2: right, y1: y, y2: y, class: "cnnvis-chart-grid" }),
        drawn("text", { x: this.left - 7, y: y + 4, "text-anchor": "end" }, yText(value)),
      ];
    };
    /** @param {number} value */
    const below = (value) => {
      const x = this.px(value);
      return [
        drawn("line", { x1: x, x2: x, y1: bottom, y2: bottom + 5, class: "cnnvis-chart-axis" }),
        drawn("text", { x, y: bottom + 18, "text-anchor": "middle" }, short(value)),
      ];
    };
    const named = { class: "cnnvis-chart-name" };
    this.ground.replaceChildren(
      ...yTicks.flatMap(across),
      ...xTicks.flatMap(below),
      drawn("line", { x1: this.left, x2: right, y1: bottom, y2: bottom, class: "cnnvis-chart-axis" }),
      drawn("text", { x: right, y: this.high - 5, "text-anchor": "end", ...named }, this.xName),
      drawn("text", { x: 2, y: 14, ...named }, this.yName),
    );
  }
}

/** @param {string} text */
export const button = (text) => h("button", { type: "button" }, text);

/**
 * A slider with its words before and its value behind it.
 * @param {{label: string, min: number, max: number, step: number | "any", onvalue: (value: number) => void,
 *   text: (value: number) => string, signal: AbortSignal}} options
 */
export function labelledSlider({ label, min, max, step, onvalue, text, signal }) {
  const input = h("input", { type: "range", min, max, step, "aria-label": label });
  const output = h("span", { class: "cnnvis-chart-value" });
  /** @param {number} value */
  const show = (value) => {
    input.value = String(value);
    output.textContent = text(value);
    input.setAttribute("aria-valuetext", text(value));
  };
  listen(signal, input, "input", () => onvalue(Number(input.value)));
  const words = h("span", {}, label);
  return { element: h("label", { class: "cnnvis-chart-slider" }, words, input, output), input, words, show };
}

/**
 * A list to choose from, with its name before it.
 * @param {string} name
 * @param {string[]} values
 * @param {AbortSignal} signal
 * @param {(value: string) => void} onvalue
 */
export function labelledSelect(name, values, signal, onvalue) {
  const input = h("select", { "aria-label": name });
  /** What there is to choose from; nothing happens where it is as many as before. @param {string[]} all */
  const offer = (all) => {
    if (input.children.length === all.length) return;
    input.replaceChildren(...all.map((value) => h("option", { value }, value)));
  };
  offer(values);
  listen(signal, input, "change", () => onvalue(input.value));
  return { input, offer, element: h("label", { class: "cnnvis-entry" }, h("span", {}, name), input) };
}

/**
 * A check box that writes a trait.
 * @param {import("./base.js").Model} model
 * @param {string} trait
 * @param {string} text
 * @param {(name: string, value: any) => void} choose
 * @param {AbortSignal} signal
 */
export function tickBox(model, trait, text, choose, signal) {
  const input = h("input", { type: "checkbox" });
  listen(signal, input, "change", () => choose(trait, input.checked));
  watch(signal, model, [trait], () => {
    input.checked = model.get(trait);
  });
  return h("label", { class: "cnnvis-chart-box" }, input, text);
}

/** The head of a table. @param {string[]} names */
export const columnHeads = (names) =>
  h("thead", {}, h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name))));
