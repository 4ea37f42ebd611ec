import assert from "node:assert/strict";
import test from "node:test";
import { contour, contourPath } from "../../cnnvis_widgets/widgets/toolkit/contours.js";
import {
  enlarged,
  formatted,
  highest,
  placesOf,
  spread,
} from "../../cnnvis_widgets/widgets/toolkit/heatmap_canvas.js";
import { roundNumbers, wholePowers } from "../../cnnvis_widgets/widgets/toolkit/ticks.js";
import { close, figures } from "./figures.js";

for (const { shape, values, pieces } of figures.contours) {
  test(`the lines of a level on ${shape.join(" × ")} are scikit-image's, saddles too`, () => {
    const order = (/** @type {number[]} */ a, /** @type {number[]} */ b) => a[0] - b[0] || a[1] - b[1];
    const flat = contour(values, shape, 0.2).map((piece) => piece.slice().sort(order).flat());
    const wanted = pieces.map((/** @type {number[][]} */ piece) => piece.flat());
    assert.equal(flat.length, wanted.length);
    for (const one of wanted) {
      const same = flat.some((other) => other.every((value, k) => Math.abs(value - one[k]) < 1e-9));
      assert.ok(same, `no piece at ${one}`);
    }
  });
}

test("a straight edge on paper: halfway between two columns, in cells", () => {
  assert.equal(contourPath([0, 1, 0, 1, 0, 1], [3, 2], 0.5), "M1.00 0.50L1.00 1.50M1.00 1.50L1.00 2.50");
  assert.deepEqual(contour([1, 1, 1, 1], [2, 2], 0.5), []);
});

test("round numbers cut an axis; all lie on it", () => {
  assert.deepEqual(roundNumbers(0, 10), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(roundNumbers(-1, 1), [-1, -0.5, 0, 0.5, 1]);
  assert.deepEqual(roundNumbers(0, 100, { parts: 4, steps: [1, 2, 5, 10] }), [0, 50, 100]);
  for (const [low, high] of [
    [-3.7, 12.2],
    [0.001, 0.0042],
    [1e5, 7e5],
    [2, 2],
  ]) {
    const ticks = roundNumbers(low, high);
    assert.ok(ticks.every((tick) => tick >= low - 1e-9 && tick <= high + 1e-9));
    assert.ok(ticks.length <= 8);
    assert.ok(ticks.length >= (high > low ? 3 : 0));
  }
});

test("whole powers of ten are few, and zero is no negative zero", () => {
  assert.deepEqual(wholePowers(-3.4, 2.2), [-3, -2, -1, 0, 1, 2]);
  assert.deepEqual(wholePowers(-30, 5), [-30, -25, -20, -15, -10, -5, 0, 5]);
  assert.ok(wholePowers(-2, 1).every((power) => !Object.is(power, -0)));
});

test("a map is enlarged bilinearly, its border going on outside", () => {
  const fine = enlarged(Float32Array.of(0, 4), [1, 2], [1, 4]);
  close(fine, [0, 1, 3, 4]);
  close(spread([1, 2, 3, 4, 5, 6], [2, 3], [2, 6]), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]);
  assert.equal(highest([-3, -1]), 0);
});

test("places on the colour bar: zero in the middle of a diverging scale", () => {
  close(placesOf(Float32Array.of(-4, 0, 1, 9), { low: -2, high: 2, kind: "diverging" }), [0, 0.5, 0.75, 1]);
  close(placesOf(Float32Array.of(-4, 0, 1, 9), { low: 0, high: 2, kind: "sequential" }), [0, 0, 0.5, 1]);
  close(placesOf(Float32Array.of(0, 0), { low: 0, high: 0, kind: "diverging" }), [0.5, 0.5]);
});

test("values as short text", () => {
  assert.equal(formatted(0), "0");
  assert.equal(formatted(0.0134), "0.0134");
  assert.equal(formatted(-2.5), "−2.5");
  assert.equal(formatted(1.2e-6), "1.2×10⁻⁶");
  assert.equal(formatted(123456, 3), "1.23×10⁵");
});
