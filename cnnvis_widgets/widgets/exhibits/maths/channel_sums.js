// A weighted sum of maps, one channel after the other.

/** @typedef {"contribution" | "weight"} Order */

/** @param {ArrayLike<number>} values */
export const total = (values) => Array.from(values).reduce((sum, value) => sum + value, 0);

/** What a ReLU lets pass. @param {Float64Array} values */
export const positive = (values) => values.map((value) => Math.max(value, 0));

export class ChannelSums {
  /**
   * @param {Float32Array} maps channel after channel
   * @param {Float32Array} weights one for each channel
   * @param {Record<Order, Uint32Array>} orders the channels, the first to be added first
   */
  constructor(maps, weights, orders) {
    this.maps = maps;
    this.weights = weights;
    this.orders = orders;
    this.cells = maps.length / weights.length;
    /** Of all maps, in absolute value. */
    this.largest = maps.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.signed = maps.some((value) => value < 0);
  }

  /** @param {number} unit */
  one(unit) {
    return this.maps.subarray(unit * this.cells, (unit + 1) * this.cells);
  }

  /** What a channel adds, over all places. @param {number} unit */
  contribution(unit) {
    return this.weights[unit] * total(this.one(unit));
  }

  /** @param {Float64Array} sum @param {number} unit */
  add(sum, unit) {
    const start = unit * this.cells;
    for (let i = 0; i < this.cells; i += 1) sum[i] += this.weights[unit] * this.maps[start + i];
    return sum;
  }

  /** The sum of the first `count` channels, before the ReLU. @param {number} count @param {Order} order */
  first(count, order) {
    const sum = new Float64Array(this.cells);
    for (const unit of this.orders[order].subarray(0, count)) this.add(sum, unit);
    return sum;
  }

  /** The highest and the largest absolute value of all running sums. @param {Order} order */
  range(order) {
    const sum = new Float64Array(this.cells);
    let [high, size] = [0, 0];
    for (const unit of this.orders[order]) {
      for (const value of this.add(sum, unit)) {
        high = Math.max(high, value);
        size = Math.max(size, Math.abs(value));
      }
    }
    return { high, size };
  }
}

/**
 * How much two maps share, 0 to 1: the smaller values' sum over the larger values' sum.
 * @param {Float64Array} one
 * @param {Float64Array} other
 */
export function overlap(one, other) {
  const larger = total(one.map((value, i) => Math.max(value, other[i])));
  return larger > 0 ? total(one.map((value, i) => Math.min(value, other[i]))) / larger : 1;
}

/** The counts that a slider stops at: each one at first, then ever wider steps. @param {number} units */
export function stopsFor(units) {
  const stops = [];
  for (let n = 0; n < units; n += Math.max(1, Math.floor(n / 16))) stops.push(n);
  return [...stops, units];
}
