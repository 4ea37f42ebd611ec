import assert from "node:assert/strict";
import test from "node:test";
import { SURFACES } from "../../cnnvis_widgets/widgets/exhibits/maths/loss_surfaces.js";
import { descend } from "../../cnnvis_widgets/widgets/exhibits/maths/optimizers.js";
import { descentOf, slopeOf, valueOf } from "../../cnnvis_widgets/widgets/exhibits/maths/polynomial.js";
import { close, figures } from "./figures.js";

const CONSTANTS = { rho: 0.9, beta2: 0.999, epsilon: 1e-7 };

for (const { surface, rule, start, rate, errors, path } of figures.races) {
  test(`${rule} goes Python's way down the ${surface} at the rate ${rate}`, () => {
    const run = {
      rule,
      start,
      rate,
      momentum: 0.8,
      decay: 0.05,
      noise: 1,
      errors,
      steps: 30,
      far: figures.far,
    };
    const descent = descend(SURFACES[surface][1], run, CONSTANTS);
    close(descent.path, path, 1e-7);
    assert.equal(descent.away, path.length < 31 || Math.max(...path.at(-1).map(Math.abs)) === figures.far);
  });
}

for (const [name, [value, slope]] of Object.entries(SURFACES)) {
  test(`the slope of the ${name} is that of its value, by differences`, () => {
    for (const [x, y] of [
      [0.3, -0.8],
      [-1.2, 0.5],
    ]) {
      const across = (value(x + 1e-5, y) - value(x - 1e-5, y)) / 2e-5;
      const up = (value(x, y + 1e-5) - value(x, y - 1e-5)) / 2e-5;
      close(slope(x, y), [across, up], 1e-7);
    }
  });
}

test("gradient descent on θ² on paper: each step leaves the share 1 − 2α", () => {
  assert.equal(valueOf([1, -2, 3], 2), 1 - 4 + 12);
  assert.equal(slopeOf([1, -2, 3], 2), -2 + 12);
  close(descentOf([0, 0, 1], 4, 0.25, 3, 1e6), [4, 2, 1, 0.5]);
});

test("a descent ends where it has run away", () => {
  const path = descentOf([0, 0, 1], 1, 2, 50, 100);
  close(path, [1, -3, 9, -27, 81, -243]);
});
