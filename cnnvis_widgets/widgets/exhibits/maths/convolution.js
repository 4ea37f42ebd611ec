// A convolution or pooling, window by window; numbers are rows of columns of channels.

/** @typedef {number[][][]} Numbers */

/**
 * What is under a step of the window, channel by channel; zeros outside.
 * @param {Numbers} numbers
 * @param {readonly number[]} place of the result, row and column
 * @param {readonly number[]} size of the window
 * @param {number} stride
 * @param {number} padding
 * @returns {number[][][]} channel, row, column
 */
export function windowAt(numbers, [row, column], [rows, columns], stride, padding) {
  const [top, left] = [row * stride - padding, column * stride - padding];
  return numbers[0][0].map((_, channel) =>
    Array.from({ length: rows }, (__, i) =>
      Array.from({ length: columns }, (___, j) => numbers[top + i]?.[left + j]?.[channel] ?? 0),
    ),
  );
}

/**
 * Each channel's sum of products.
 * @param {number[][][]} window channel, row, column
 * @param {Numbers} kernel
 */
export function partials(window, kernel) {
  return window.map((slice, c) =>
    slice.reduce((sum, line, i) => line.reduce((part, value, j) => part + value * kernel[i][j][c], sum), 0),
  );
}

/**
 * What one window gives: [one number] of a convolution, one for each channel of pooling.
 * @param {number[][][]} window
 * @param {Numbers} kernel
 * @param {number} bias
 * @param {string} operation
 */
export function outcome(window, kernel, bias, operation) {
  const flat = window.map((slice) => slice.flat());
  if (operation === "maximum") return flat.map((slice) => Math.max(...slice));
  if (operation === "average") return flat.map((slice) => slice.reduce((a, b) => a + b, 0) / slice.length);
  return [partials(window, kernel).reduce((a, b) => a + b, bias)];
}

/**
 * How many places the result has, along rows and columns.
 * @param {readonly number[]} size of the input
 * @param {readonly number[]} window
 * @param {number} stride
 * @param {number} padding
 */
export const resultSize = (size, window, stride, padding) =>
  size.map((n, axis) => Math.floor((n + 2 * padding - window[axis]) / stride) + 1);
