// Polynomials of least squares, and logistic regression.
import { logLoss, sigmoid } from "../../toolkit/logistic.js";
import { solve } from "./linear_equations.js";

/** @typedef {[number, number, number]} Point x, y, and a group: 0 train, 1 validation, 2 test; or a class */

/**
 * Legendre's polynomials at u: they make least squares of high degree stable.
 * @param {number} u
 * @param {number} degree
 */
function basis(u, degree) {
  const values = [1, u];
  for (let k = 1; k < degree; k += 1) {
    values.push(((2 * k + 1) * u * values[k] - k * values[k - 1]) / (k + 1));
  }
  return values.slice(0, degree + 1);
}

/** @param {number[]} a @param {number[]} b */
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/**
 * Least squares by Gram and Schmidt's method (in the stable order): weights of the columns.
 * @param {number[][]} rows
 * @param {number[]} targets
 */
export function leastSquares(rows, targets) {
  const count = rows[0].length;
  const columns = Array.from({ length: count }, (_, k) => rows.map((row) => row[k]));
  const rest = targets.slice();
  const upper = Array.from({ length: count }, () => new Array(count).fill(0));
  const along = new Array(count).fill(0);
  for (let k = 0; k < count; k += 1) {
    upper[k][k] = Math.sqrt(dot(columns[k], columns[k])) || 1;
    const unit = columns[k].map((value) => value / upper[k][k]);
    for (let j = k + 1; j < count; j += 1) {
      upper[k][j] = dot(unit, columns[j]);
      columns[j] = columns[j].map((value, i) => value - upper[k][j] * unit[i]);
    }
    along[k] = dot(unit, rest);
    rest.forEach((value, i) => {
      rest[i] = value - along[k] * unit[i];
    });
  }
  const weights = new Array(count).fill(0);
  for (let k = count - 1; k >= 0; k -= 1) {
    let sum = along[k];
    for (let j = k + 1; j < count; j += 1) sum -= upper[k][j] * weights[j];
    weights[k] = sum / upper[k][k];
  }
  return weights;
}

/**
 * The polynomial of least squares through the points of group 0, as a function; null where there are none.
 * @param {Point[]} points
 * @param {number} degree as wanted; no higher than the points allow
 * @param {readonly number[]} range of x
 */
export function polynomialFit(points, degree, [low, high]) {
  const train = points.filter(([, , group]) => group === 0);
  if (!train.length) return null;
  const most = Math.max(0, Math.min(degree, train.length - 1));
  /** @param {number} x */
  const terms = (x) => basis((2 * x - low - high) / (high - low), most);
  const targets = train.map(([, y]) => y);
  const weights = leastSquares(
    train.map(([x]) => terms(x)),
    targets,
  );
  return { degree: most, at: (/** @type {number} */ x) => dot(terms(x), weights) };
}

/**
 * Logistic regression with a penalty on the weights, by Newton's method with halved steps.
 * @param {Point[]} points of classes 0 and 1; others are left out
 * @param {number} strength of the penalty
 * @returns {{weights: number[], loss: number} | null} [w₁, w₂, b] and the mean loss; null without two classes
 */
export function logisticFit(points, strength) {
  const usable = points.filter(([, , group]) => group < 2);
  if (new Set(usable.map(([, , group]) => group)).size !== 2) return null;
  /** @param {number[]} w */
  const missed = ([a, b, c]) => usable.reduce((sum, [x, y, d]) => sum + logLoss(a * x + b * y + c, d), 0);
  /** @param {number[]} w */
  const loss = (w) => missed(w) + (strength / 2) * (w[0] * w[0] + w[1] * w[1]);
  let w = [0, 0, 0];
  let now = loss(w);
  for (let round = 0; round < 100; round += 1) {
    const { slope, curve } = derivatives(usable, w, strength);
    const step = solve(curve, slope);
    const { next, share } = halved(w, step, (one) => loss(one) <= now);
    const better = loss(next);
    if (!(better < now)) break;
    [w, now] = [next, better];
    if (Math.max(...step.map(Math.abs)) * share < 1e-10) break;
  }
  return { weights: w, loss: missed(w) / usable.length };
}

/**
 * A step back along `step`, halved until it is good.
 * @param {number[]} w
 * @param {number[]} step
 * @param {(next: number[]) => boolean} good
 */
function halved(w, step, good) {
  let share = 1;
  let next = w.map((value, i) => value - step[i]);
  while (!good(next) && share > 1e-6) {
    share /= 2;
    next = w.map((value, i) => value - share * step[i]);
  }
  return { next, share };
}

/**
 * First and second derivatives of the loss.
 * @param {Point[]} points
 * @param {number[]} w
 * @param {number} strength
 */
function derivatives(points, w, strength) {
  const slope = [strength * w[0], strength * w[1], 0];
  const curve = [
    [strength, 0, 0],
    [0, strength, 0],
    [0, 0, 1e-12],
  ];
  for (const [x, y, d] of points) {
    const p = sigmoid(w[0] * x + w[1] * y + w[2]);
    const input = [x, y, 1];
    for (let i = 0; i < 3; i += 1) {
      slope[i] += (p - d) * input[i];
      for (let j = 0; j < 3; j += 1) curve[i][j] += p * (1 - p) * input[i] * input[j];
    }
  }
  return { slope, curve };
}

/**
 * The root of the mean squared error of a group; null where it has no points.
 * @param {Point[]} points
 * @param {number} group
 * @param {(x: number) => number} at
 */
export function rootError(points, group, at) {
  const own = points.filter((point) => point[2] === group);
  return own.length ? Math.sqrt(own.reduce((sum, [x, y]) => sum + (at(x) - y) ** 2, 0) / own.length) : null;
}
