// A polynomial and gradient descent on it; coefficients from the constant upwards.

/** @param {number[]} coefficients @param {number} theta */
export const valueOf = (coefficients, theta) => coefficients.reduceRight((sum, c) => sum * theta + c, 0);

/** @param {number[]} coefficients @param {number} theta */
export const slopeOf = (coefficients, theta) =>
  coefficients.reduceRight((sum, c, k) => (k ? sum * theta + k * c : sum), 0);

/**
 * θ before the first step and after each; ends where it has run away.
 * @param {number[]} coefficients
 * @param {number} start
 * @param {number} rate
 * @param {number} steps
 * @param {number} far
 */
export function descentOf(coefficients, start, rate, steps, far) {
  const path = [start];
  let theta = start;
  while (path.length <= steps && Math.abs(theta) <= far) {
    theta -= rate * slopeOf(coefficients, theta);
    path.push(theta);
  }
  return path;
}
