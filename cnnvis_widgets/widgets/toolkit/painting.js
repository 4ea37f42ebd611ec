// A painted part of a picture, and how far a map agrees with it. Pixels are row after row.

/**
 * @typedef {object} Agreement
 * @property {number | null} overlap the intersection over union of the painted pixels and as many with
 *   the highest values; null where none is painted. Of equal values of which some are too many, each
 *   counts by the share that is not
 * @property {number | null} inside the share of the sum of positive values that is painted; null where
 *   none is positive
 * @property {Uint8Array} highest 1 for those pixels, equal ones in reading order
 */

/**
 * Paint, or erase, all pixels whose middle is near a line.
 * @param {Uint8Array} painted 1 or 0 for each pixel; is changed
 * @param {readonly [number, number]} size rows and columns
 * @param {readonly number[]} from pixel, row and column
 * @param {readonly number[]} to
 * @param {number} width of the brush in pixels
 * @param {0 | 1} value
 */
export function brush(painted, [rows, columns], from, to, width, value) {
  const reach = width / 2;
  const along = [to[0] - from[0], to[1] - from[1]];
  const length = along[0] ** 2 + along[1] ** 2;
  /** @param {number} k @param {number} most @returns {[number, number]} */
  const ends = (k, most) => [
    Math.max(0, Math.floor(Math.min(from[k], to[k]) - reach)),
    Math.min(most - 1, Math.ceil(Math.max(from[k], to[k]) + reach)),
  ];
  const [[top, bottom], [left, right]] = [ends(0, rows), ends(1, columns)];
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      const away = [row - from[0], column - from[1]];
      const share = length ? (away[0] * along[0] + away[1] * along[1]) / length : 0;
      const at = Math.min(1, Math.max(0, share));
      const distance = Math.hypot(away[0] - at * along[0], away[1] - at * along[1]);
      if (distance <= reach) painted[row * columns + column] = value;
    }
  }
}

/**
 * How far a map's highest values are where it was painted.
 * @param {ArrayLike<number>} values
 * @param {ArrayLike<number>} painted 1 or 0 for each
 * @returns {Agreement}
 */
export function agreement(values, painted) {
  const count = painted.length;
  let [k, above, positive] = [0, 0, 0];
  for (let i = 0; i < count; i += 1) {
    k += painted[i];
    positive += Math.max(0, values[i]);
    above += painted[i] * Math.max(0, values[i]);
  }
  const highest = new Uint8Array(count);
  const inside = positive > 0 ? above / positive : null;
  if (!k) return { overlap: null, inside, highest };
  const edge = Float64Array.from({ length: count }, (_, i) => values[i]).sort()[count - k];
  let [higher, equal, met, metEqual] = [0, 0, 0, 0];
  for (let i = 0; i < count; i += 1) {
    if (values[i] > edge) {
      highest[i] = 1;
      higher += 1;
      met += painted[i];
    } else if (values[i] === edge) {
      equal += 1;
      metEqual += painted[i];
    }
  }
  const wanted = k - higher;
  for (let i = 0, left = wanted; left > 0; i += 1) {
    if (values[i] !== edge) continue;
    highest[i] = 1;
    left -= 1;
  }
  met += (metEqual * wanted) / equal;
  return { overlap: met / (2 * k - met), inside, highest };
}
