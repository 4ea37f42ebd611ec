// What follows from a threshold on scores.

/**
 * The four numbers at a threshold.
 * @param {{scores: number[], labels: (boolean | number)[]}} data
 * @param {number} threshold
 * @returns {[number, number, number, number]} said and true, said and false, missed, rightly left
 */
export function confusionAt({ scores, labels }, threshold) {
  /** @type {[number, number, number, number]} */
  const counts = [0, 0, 0, 0];
  scores.forEach((score, i) => {
    counts[(score >= threshold ? 0 : 2) + (labels[i] ? 0 : 1)] += 1;
  });
  return counts;
}

/**
 * Accuracy, precision, recall and F; null where nothing is divided by nothing.
 * @param {readonly number[]} counts of `confusionAt`
 */
export function measures([tp, fp, fn, tn]) {
  /** @param {number} part @param {number} whole */
  const share = (part, whole) => (whole ? part / whole : null);
  return {
    accuracy: (tp + tn) / (tp + fp + fn + tn),
    precision: share(tp, tp + fp),
    recall: share(tp, tp + fn),
    f: share(2 * tp, 2 * tp + fp + fn),
  };
}
