// LIME's local line in two dimensions: a weighted ridge regression.
import { solve } from "./linear_equations.js";

/**
 * The line that fits scores around a point: weighted normal equations, the intercept without a penalty.
 * @param {number[][]} places of the samples, (x, y)
 * @param {number[]} scores of a class at these places
 * @param {number[]} point
 * @param {number} width of the kernel exp(−distance² / width²)
 * @param {number} penalty of the weights' squares
 * @returns {{height: number, weights: number[], r2: number, count: number, counts: number[]}} the line's
 *   height at the point and its slopes, R², how many samples count in effect, and how much each counts
 */
export function localFit(places, scores, [a, b], width, penalty) {
  const counts = places.map(([x, y]) => Math.exp(-((x - a) ** 2 + (y - b) ** 2) / width ** 2));
  const m = [
    [0, 0, 0],
    [0, penalty, 0],
    [0, 0, penalty],
  ];
  const v = [0, 0, 0];
  const columns = places.map(([x, y]) => [1, x - a, y - b]);
  columns.forEach((column, n) => {
    for (let i = 0; i < 3; i += 1) {
      v[i] += counts[n] * column[i] * scores[n];
      for (let j = 0; j < 3; j += 1) m[i][j] += counts[n] * column[i] * column[j];
    }
  });
  const line = solve(m, v);
  const total = counts.reduce((sum, c) => sum + c, 0);
  const mean = counts.reduce((sum, c, n) => sum + c * scores[n], 0) / total;
  let [missed, spread, squares] = [0, 0, 0];
  columns.forEach((column, n) => {
    missed += counts[n] * (scores[n] - column.reduce((sum, value, i) => sum + value * line[i], 0)) ** 2;
    spread += counts[n] * (scores[n] - mean) ** 2;
    squares += counts[n] ** 2;
  });
  const [height, ...weights] = line;
  return { height, weights, r2: 1 - missed / spread, count: total ** 2 / squares, counts };
}
