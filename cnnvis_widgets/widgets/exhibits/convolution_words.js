// A convolution or pooling at one place, written out.
import { partials } from "./maths/convolution.js";

const FEW_PRODUCTS = 30; // beyond, the products are not written out

/** A number short enough for a cell. @param {number} value */
export function cellText(value) {
  const rounded = Math.round(value * 100) / 100;
  return String(Object.is(rounded, -0) ? 0 : rounded).replace("-", "−");
}

/** @param {number} value */
const inBrackets = (value) => (value < 0 ? `(${cellText(value)})` : cellText(value));

/**
 * The pooling of each channel.
 * @param {string} operation
 * @param {number[][][]} window channel, row, column
 * @param {number[]} results
 */
export function pooled(operation, window, results) {
  const words = window.map((slice) => slice.flat().map(cellText).join(", "));
  return words.map((numbers, c) => `${operation} of ${numbers} = ${cellText(results[c])}`).join(";  ");
}

/**
 * The products that are added up; of several channels, their sums.
 * @param {number[][][]} window
 * @param {import("./maths/convolution.js").Numbers} kernel
 * @param {number} bias
 * @param {number} result
 */
export function added(window, kernel, bias, result) {
  const count = window.flat(2).length;
  const products = () =>
    window.flatMap((slice, c) =>
      slice.flatMap((line, i) => line.map((value, j) => `${cellText(value)}·${inBrackets(kernel[i][j][c])}`)),
    );
  const one = count <= FEW_PRODUCTS ? products().join(" + ") : `${count} products`;
  const terms = window.length > 1 ? partials(window, kernel).map(inBrackets).join(" + ") : one;
  return `${terms}${bias ? ` + bias ${inBrackets(bias)}` : ""} = ${cellText(result)}`;
}

/**
 * How many places the result has along an axis, and why.
 * @param {number} size
 * @param {number} window
 * @param {number} result
 * @param {number} stride
 * @param {number | null} padding null where there is none
 */
export const rule = (size, window, result, stride, padding) =>
  `⌊(${size}${padding === null ? "" : ` + 2·${padding}`} − ${window}) / ${stride}⌋ + 1 = ${result}`;
