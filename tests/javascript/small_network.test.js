import assert from "node:assert/strict";
import test from "node:test";
import { SmallNetwork, Training } from "../../cnnvis_widgets/widgets/exhibits/maths/small_network.js";
import { close, figures } from "./figures.js";

for (const { sizes, activation, parameters, points, loss, gradient, after } of figures.networks) {
  test(`a network of ${activation} has Python's loss and slopes, and learns the same`, () => {
    const network = new SmallNetwork(sizes, activation, parameters);
    close(network.loss(points), loss);
    close(network.gradient(points), gradient);
    const training = new Training(network, points);
    training.advance(20, 0.3);
    close(network.parameters, after);
    assert.equal(training.steps, 20);
  });
}

test("the slopes are those of the loss, by differences", () => {
  const { sizes, parameters, points } = figures.networks.find(
    (/** @type {any} */ n) => n.activation === "tanh",
  );
  const network = new SmallNetwork(sizes, "tanh", parameters);
  const slopes = Array.from(network.gradient(points));
  for (const k of [0, 5, 11, parameters.length - 1]) {
    const [up, down] = [1e-5, -1e-5].map((by) => {
      const moved = parameters.map((/** @type {number} */ w, /** @type {number} */ i) =>
        i === k ? w + by : w,
      );
      return new SmallNetwork(sizes, "tanh", moved).loss(points);
    });
    close(slopes[k], (up - down) / 2e-5, 1e-8);
  }
});

test("a line on paper: one unit with weights 2, -1 and bias 0.5 over the plane, rows from above", () => {
  const network = new SmallNetwork([2, 1], "linear", [2, -1, 0.5]);
  const { output } = network.plane(2); // centres at -0.5 and 0.5
  close(output, [-1 - 0.5 + 0.5, 1 - 0.5 + 0.5, -1 + 0.5 + 0.5, 1 + 0.5 + 0.5]);
  assert.equal(network.weight(0, 1, 0), -1);
});

test("a training ends at its last step, and forgets every second loss where there are too many", () => {
  const network = new SmallNetwork([2, 1], "linear", [0, 0, 0]);
  const training = new Training(network, [[1, 1, 1]], { most: 5, kept: 3 });
  for (let i = 0; i < 9; i += 1) {
    training.advance(1, 0.1);
    training.note();
  }
  assert.equal(training.steps, 5);
  assert.ok(training.over);
  assert.ok(training.history.length <= 4);
});
