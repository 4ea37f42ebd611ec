// Three equations in three unknowns.

/** @param {number[][]} a three by three */
const determinant = (a) =>
  a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) -
  a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) +
  a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);

/**
 * The solution by Cramer's rule.
 * @param {number[][]} m three by three
 * @param {number[]} v
 */
export function solve(m, v) {
  const whole = determinant(m);
  return [0, 1, 2].map(
    (k) => determinant(m.map((row, i) => row.map((value, j) => (j === k ? v[i] : value)))) / whole,
  );
}
