// Colours of two classes, and of values on either side of zero.
import { sigmoid } from "../toolkit/logistic.js";

export const BLUE = [47, 111, 181];

export const ORANGE = [192, 86, 47];

/**
 * From -1, where one class is certain, to 1.
 * @param {ArrayLike<number>} sums
 */
export const likely = (sums) => Array.from(sums, (z) => 2 * sigmoid(z) - 1);

/**
 * In shares of the largest one.
 * @param {ArrayLike<number>} values
 */
export function scaled(values) {
  const all = Array.from(values);
  const most = all.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-9);
  return all.map((value) => value / most);
}

/**
 * Blue below zero and orange above, the fainter the nearer.
 * @param {number} strength of 1 and -1, as an opacity
 * @returns {(value: number) => [number, number, number, number]}
 */
export const tinted = (strength) => (value) => {
  const [r, g, b] = value < 0 ? BLUE : ORANGE;
  return [r, g, b, Math.round(255 * strength * Math.min(1, Math.abs(value)))];
};
