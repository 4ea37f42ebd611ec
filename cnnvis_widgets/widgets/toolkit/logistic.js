// The logistic function and what goes with it, also where an exponential alone would overflow.

/**
 * σ(z) = 1 / (1 + e⁻ᶻ)
 * @param {number} z
 */
export const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));

/**
 * log(1 + eᶻ) = −log σ(−z)
 * @param {number} z
 */
export const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/**
 * The logarithmic loss, −log of the probability that a score gives to the class that it is.
 * @param {number} score before the logistic function
 * @param {number} label 1 or 0
 */
export const logLoss = (score, label) => softplus(label ? -score : score);
