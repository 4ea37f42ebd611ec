// Boxes on a picture: [top, left, bottom, right] in its pixels, the last two beyond.
import { drawn } from "./svg.js";

/** @typedef {readonly [number, number, number, number]} Box */

/**
 * A rectangle within a box, so that lines of some pixels stay inside.
 * @param {Box} box
 * @param {string} name its class
 */
export function boxRect([top, left, bottom, right], name) {
  return drawn("rect", {
    x: left + 1,
    y: top + 1,
    width: Math.max(right - left - 2, 0.5),
    height: Math.max(bottom - top - 2, 0.5),
    class: name,
  });
}

/**
 * The box between two corners, whichever they are; at least one pixel, within the picture.
 * @param {readonly number[]} one row and column
 * @param {readonly number[]} other
 * @param {readonly number[]} size rows and columns of the picture
 * @returns {Box}
 */
export function boxBetween(one, other, [rows, columns]) {
  /** @param {number} a @param {number} b @param {number} most @returns {[number, number]} */
  const ends = (a, b, most) => {
    const low = Math.min(Math.max(0, Math.floor(Math.min(a, b))), most - 1);
    return [low, Math.max(low + 1, Math.min(most, Math.ceil(Math.max(a, b))))];
  };
  const [top, bottom] = ends(one[0], other[0], rows);
  const [left, right] = ends(one[1], other[1], columns);
  return [top, left, bottom, right];
}

/**
 * A box moved, as far as the picture goes.
 * @param {Box} box
 * @param {readonly number[]} by rows and columns
 * @param {readonly number[]} size of the picture
 * @returns {Box}
 */
export function boxMoved([top, left, bottom, right], [down, across], [rows, columns]) {
  const y = Math.min(Math.max(down, -top), rows - bottom);
  const x = Math.min(Math.max(across, -left), columns - right);
  return [top + y, left + x, bottom + y, right + x];
}

/**
 * How much of a map is in a box: of the sum of its absolute values, and of its area.
 * @param {ArrayLike<number>} values row after row
 * @param {readonly [number, number]} shape
 * @param {Box} box
 * @returns {{mass: number | null, area: number}} the mass of a map of zeros is null
 */
export function shareOfMap(values, [rows, columns], [top, left, bottom, right]) {
  let [inside, all] = [0, 0];
  for (let i = 0; i < rows * columns; i += 1) {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const size = Math.abs(values[i]);
    all += size;
    if (row >= top && row < bottom && column >= left && column < right) inside += size;
  }
  const area = ((bottom - top) * (right - left)) / (rows * columns);
  return { mass: all > 0 ? inside / all : null, area };
}

/**
 * The place of a layer whose receptive field's middle is nearest to a pixel.
 * @param {{places: number[], size?: number[], strides?: number[], start?: number[]}} seen
 * @param {readonly number[]} pixel row and column
 * @param {readonly number[]} picture rows and columns
 * @returns {number[]}
 */
export function placeAt({ places, size, strides, start }, pixel, picture) {
  return places.map((count, k) => {
    const at =
      size && strides && start
        ? Math.round((pixel[k] + 0.5 - start[k] - size[k] / 2) / strides[k])
        : Math.floor((pixel[k] * count) / picture[k]);
    return Math.min(count - 1, Math.max(0, at));
  });
}

/**
 * What a place of a layer sees of the picture.
 * @param {{places: number[], size?: number[], strides?: number[], start?: number[]}} seen
 * @param {readonly number[]} place
 * @param {readonly number[]} picture rows and columns
 * @returns {Box}
 */
export function fieldOf({ size, strides, start }, place, picture) {
  if (!size || !strides || !start) return [0, 0, picture[0], picture[1]];
  const ends = place.map((i, k) => {
    const first = start[k] + i * strides[k];
    return [Math.max(first, 0), Math.min(first + size[k], picture[k])];
  });
  return [ends[0][0], ends[1][0], ends[0][1], ends[1][1]];
}
