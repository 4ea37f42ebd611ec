// Where the marks of an axis are.

/**
 * Round numbers that cut an axis into about `parts` parts.
 * @param {number} low
 * @param {number} high
 * @param {{parts?: number, steps?: number[]}} [options] `steps`: what a step may be, times a power of ten
 * @returns {number[]} all multiples of the step from `low` to `high`
 */
export function roundNumbers(low, high, { parts = 6, steps = [1, 2, 2.5, 5, 10] } = {}) {
  const rough = (high - low) / parts || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (steps.find((k) => k * power >= rough * (1 - 1e-9)) ?? 10);
  return multiples(low, high, step);
}

/**
 * Whole powers of ten for a logarithmic axis, as exponents, at most about `parts` + 1 of them.
 * @param {number} low exponent
 * @param {number} high exponent
 * @param {number} [parts]
 */
export function wholePowers(low, high, parts = 7) {
  const step = [1, 2, 5, 10, 20, 50].find((size) => (high - low) / size <= parts) ?? 100;
  return multiples(low, high, step);
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} step
 */
function multiples(low, high, step) {
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1)
    ticks.push(k * step || 0);
  return ticks;
}
