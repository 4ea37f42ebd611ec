// Four optimizers; as in course/models/optimizers.py.

/**
 * What an optimizer keeps of a parameter's earlier slopes.
 * @typedef {{mean: number, square: number, steps: number}} Memory
 */
/** @typedef {{rho: number, beta2: number, epsilon: number}} Constants */
/** @typedef {(g: number, memory: Memory, rate: number, keep: number, constants: Constants) => number} Rule */

/**
 * → (slope g, memory, rate, momentum, constants) → change of one parameter
 * @type {Record<string, Rule>} name
 */
export const RULES = {
  SGD: (g, _, rate) => -rate * g,
  momentum: (g, m, rate, keep) => {
    m.mean = keep * m.mean - rate * g;
    return m.mean;
  },
  RMSprop: (g, m, rate, _, { rho, epsilon }) => {
    m.square = rho * m.square + (1 - rho) * g * g;
    return (-rate * g) / Math.sqrt(m.square + epsilon);
  },
  Adam: (g, m, rate, keep, { beta2, epsilon }) => {
    m.steps += 1;
    m.mean = keep * m.mean + (1 - keep) * g;
    m.square = beta2 * m.square + (1 - beta2) * g * g;
    const unbiased = (rate * Math.sqrt(1 - beta2 ** m.steps)) / (1 - keep ** m.steps);
    return (-unbiased * m.mean) / (Math.sqrt(m.square) + epsilon);
  },
};

/**
 * Where an optimizer goes from a start; the path ends where it has run away.
 * @param {(x: number, y: number) => number[]} slope
 * @param {object} run
 * @param {string} run.rule
 * @param {number[]} run.start
 * @param {number} run.rate
 * @param {number} run.momentum
 * @param {number} run.decay the rate of step k is rate / (1 + decay · k)
 * @param {number} run.noise times `errors`, added to the slope of each step
 * @param {number[][]} run.errors
 * @param {number} run.steps
 * @param {number} run.far where a parameter has run away
 * @param {Constants} constants
 */
export function descend(slope, { rule, start, rate, momentum, decay, noise, errors, steps, far }, constants) {
  const memory = [0, 1].map(() => ({ mean: 0, square: 0, steps: 0 }));
  let place = start;
  const path = [place];
  for (let k = 0; k < steps; k += 1) {
    const g = slope(place[0], place[1]);
    const now = rate / (1 + decay * k);
    const next = place.map(
      (value, i) => value + RULES[rule](g[i] + noise * errors[k][i], memory[i], now, momentum, constants),
    );
    const away = next.some((value) => !(Math.abs(value) <= far));
    place = next.map((value) => Math.max(-far, Math.min(far, value)));
    path.push(place);
    if (away) return { path, away };
  }
  return { path, away: false };
}
