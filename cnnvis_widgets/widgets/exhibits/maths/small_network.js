// A small fully connected network with one output unit; as in course/models/small_network.py.
import { logLoss, sigmoid } from "../../toolkit/logistic.js";

/** @typedef {[number, number, number]} Point x, y, and the class, 0 or 1 */

/** @type {Record<string, [(z: number) => number, (z: number) => number]>} name → [value of z, slope at z] */
export const ACTIVATIONS = {
  linear: [(z) => z, () => 1],
  sigmoid: [sigmoid, (z) => sigmoid(z) * sigmoid(-z)],
  tanh: [Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
  relu: [(z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0)],
  relu6: [(z) => Math.min(Math.max(z, 0), 6), (z) => (z > 0 && z < 6 ? 1 : 0)],
};

/** Layer after layer with all their weights in one row, the biases of a layer behind its weights. */
export class SmallNetwork {
  /**
   * @param {number[]} sizes units of each layer: 2, the hidden ones, 1
   * @param {string} activation of the hidden layers
   * @param {ArrayLike<number>} parameters
   */
  constructor(sizes, activation, parameters) {
    this.sizes = sizes;
    this.value = ACTIVATIONS[activation][0];
    this.slope = ACTIVATIONS[activation][1];
    this.parameters = Float64Array.from(parameters);
    this.slopes = new Float64Array(this.parameters.length);
    this.z = sizes.map((count) => new Float64Array(count));
    this.a = sizes.map((count) => new Float64Array(count));
    this.back = sizes.map((count) => new Float64Array(count));
    /** @type {number[]} where each layer's weights begin */
    this.starts = [];
    let at = 0;
    for (let k = 0; k + 1 < sizes.length; k += 1) {
      this.starts.push(at);
      at += (sizes[k] + 1) * sizes[k + 1];
    }
  }

  /**
   * The weight from unit i to unit j of the layer after it; i = the number of units is the bias.
   * @param {number} layer
   * @param {number} i
   * @param {number} j
   */
  weight(layer, i, j) {
    return this.parameters[this.starts[layer] + i * this.sizes[layer + 1] + j];
  }

  /**
   * The output's sum, before the logistic function.
   * @param {number} x
   * @param {number} y
   */
  forward(x, y) {
    this.a[0][0] = x;
    this.a[0][1] = y;
    const last = this.sizes.length - 2;
    for (let k = 0; k <= last; k += 1) {
      const [inputs, units, start] = [this.sizes[k], this.sizes[k + 1], this.starts[k]];
      for (let j = 0; j < units; j += 1) {
        let sum = this.parameters[start + inputs * units + j];
        for (let i = 0; i < inputs; i += 1) sum += this.a[k][i] * this.parameters[start + i * units + j];
        this.z[k + 1][j] = sum;
        this.a[k + 1][j] = k === last ? sum : this.value(sum);
      }
    }
    return this.z[last + 1][0];
  }

  /** @param {Point[]} points @returns {number} mean logarithmic loss */
  loss(points) {
    return points.reduce((sum, [x, y, d]) => sum + logLoss(this.forward(x, y), d), 0) / points.length;
  }

  /**
   * The loss's slope along each parameter: backpropagation from the last layer to the first.
   * @param {Point[]} points
   */
  gradient(points) {
    this.slopes.fill(0);
    const last = this.sizes.length - 2;
    for (const [x, y, d] of points) {
      this.back[last + 1][0] = (sigmoid(this.forward(x, y)) - d) / points.length;
      for (let k = last; k >= 0; k -= 1) this.handBack(k);
    }
    return this.slopes;
  }

  /** @param {number} k the layer below */
  handBack(k) {
    const [inputs, units, start] = [this.sizes[k], this.sizes[k + 1], this.starts[k]];
    for (let j = 0; j < units; j += 1) this.slopes[start + inputs * units + j] += this.back[k + 1][j];
    for (let i = 0; i < inputs; i += 1) {
      let sum = 0;
      for (let j = 0; j < units; j += 1) {
        this.slopes[start + i * units + j] += this.a[k][i] * this.back[k + 1][j];
        sum += this.parameters[start + i * units + j] * this.back[k + 1][j];
      }
      if (k) this.back[k][i] = sum * this.slope(this.z[k][i]);
    }
  }

  /**
   * One step of gradient descent with all points.
   * @param {Point[]} points
   * @param {number} rate
   */
  step(points, rate) {
    const slopes = this.gradient(points);
    for (let p = 0; p < slopes.length; p += 1) this.parameters[p] -= rate * slopes[p];
  }

  get finite() {
    return this.parameters.every(Number.isFinite);
  }

  /**
   * All units' values in the plane from -1 to 1, on a grid of side × side, rows from above.
   * @param {number} side
   * @returns {{hidden: Float64Array[][], sums: Float64Array[][], output: Float64Array}}
   *   hidden[layer][unit] and the sums before the activation; the output's sums
   */
  plane(side) {
    const grid = () => new Float64Array(side * side);
    const hidden = this.sizes.map((number, k) =>
      k && k < this.sizes.length - 1 ? Array.from({ length: number }, grid) : [],
    );
    const sums = hidden.map((layer) => layer.map(grid));
    const output = grid();
    for (let at = 0; at < side * side; at += 1) {
      const [i, j] = [Math.floor(at / side), at % side];
      output[at] = this.forward((2 * (j + 0.5)) / side - 1, 1 - (2 * (i + 0.5)) / side);
      hidden.forEach((layer, k) => {
        layer.forEach((values, unit) => {
          values[at] = this.a[k][unit];
          sums[k][unit][at] = this.z[k][unit];
        });
      });
    }
    return { hidden, sums, output };
  }
}

/** A network on its way: the steps that were made, and the loss now and then. */
export class Training {
  /**
   * @param {SmallNetwork} network
   * @param {Point[]} points
   * @param {{steps?: number, history?: [number, number][], most?: number, kept?: number}} [options]
   */
  constructor(network, points, { steps = 0, history = [], most = 200000, kept = 300 } = {}) {
    this.network = network;
    this.points = points;
    this.steps = steps;
    this.history = history;
    this.most = most;
    this.kept = kept;
  }

  /** Whether no further step is made. */
  get over() {
    return this.steps >= this.most || !this.network.finite;
  }

  /** @param {number} number of steps @param {number} rate */
  advance(number, rate) {
    for (let i = 0; i < number && !this.over; i += 1) {
      this.network.step(this.points, rate);
      this.steps += 1;
    }
  }

  /** Keep the loss; every second one is forgotten where there are too many. */
  note() {
    this.history.push([this.steps, this.network.loss(this.points)]);
    if (this.history.length > this.kept) {
      this.history = this.history.filter((_, i) => i % 2 === 0 || i === this.history.length - 1);
    }
  }
}
