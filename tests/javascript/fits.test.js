import assert from "node:assert/strict";
import test from "node:test";
import { logLoss, sigmoid, softplus } from "../../cnnvis_widgets/widgets/toolkit/logistic.js";
import { logisticFit, polynomialFit, rootError } from "../../cnnvis_widgets/widgets/exhibits/maths/fits.js";
import { solve } from "../../cnnvis_widgets/widgets/exhibits/maths/linear_equations.js";
import { localFit } from "../../cnnvis_widgets/widgets/exhibits/maths/local_fit.js";
import { close, figures } from "./figures.js";

const { points, range, polynomials, classes, strength, logistic, lime } = figures.fits;

for (const { wanted, degree, x, y, errors } of polynomials) {
  test(`the polynomial of degree ${wanted} is Python's, on all three sets`, () => {
    const fit = polynomialFit(points, wanted, range);
    assert.ok(fit);
    assert.equal(fit.degree, degree);
    // A polynomial of degree 11 through 8 points leaves its range by far: relative to its largest value.
    const largest = Math.max(...y.map(Math.abs));
    close(
      x.map(fit.at).map((/** @type {number} */ v) => v / largest),
      y.map((/** @type {number} */ v) => v / largest),
      1e-7,
    );
    [0, 1, 2].forEach((group) => {
      const error = rootError(points, group, fit.at);
      assert.ok(error !== null);
      close(error, errors[group], 1e-6);
    });
  });
}

test("without points to learn from there is no polynomial, and no error", () => {
  assert.equal(polynomialFit([[1, 2, 1]], 3, range), null);
  assert.equal(
    rootError([[1, 2, 1]], 0, () => 0),
    null,
  );
});

test("logistic regression finds scikit-learn's weights", () => {
  const fit = logisticFit(classes, strength);
  assert.ok(fit);
  close(fit.weights, logistic, 1e-6);
  assert.equal(logisticFit([[1, 2, 0]], 1), null);
});

test("LIME's line is Python's", () => {
  const fit = localFit(lime.places, lime.scores, lime.point, lime.width, lime.penalty);
  close([fit.height, ...fit.weights, fit.r2, fit.count], [lime.height, ...lime.weights, lime.r2, lime.worth]);
});

test("three equations on paper", () => {
  close(
    solve(
      [
        [2, 0, 0],
        [1, 3, 0],
        [0, 1, 4],
      ],
      [2, 7, 14],
    ),
    [1, 2, 3],
  );
});

test("the logistic function and its logarithms, near and far from 0", () => {
  for (const z of [-800, -30, -1.5, 0, 0.3, 20, 800]) {
    assert.ok(Number.isFinite(softplus(z)));
    close(sigmoid(z) + sigmoid(-z), 1);
    close(softplus(z) - softplus(-z), z);
    if (Math.abs(z) < 30) close(softplus(z), -Math.log(sigmoid(-z)));
  }
  close([logLoss(2, 1), logLoss(2, 0)], [Math.log(1 + Math.exp(-2)), Math.log(1 + Math.exp(2))]);
  close([logLoss(800, 0), logLoss(-800, 0)], [800, 0]);
});
