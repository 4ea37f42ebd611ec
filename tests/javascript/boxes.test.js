import assert from "node:assert/strict";
import test from "node:test";
import {
  boxBetween,
  boxMoved,
  fieldOf,
  placeAt,
  shareOfMap,
} from "../../cnnvis_widgets/widgets/toolkit/boxes.js";

test("how much of a map lies in a box: absolute values, on unequal sides", () => {
  const values = [1, -2, 3, 0, 5, -6]; // 2 rows, 3 columns
  assert.deepEqual(shareOfMap(values, [2, 3], [0, 1, 2, 3]), { mass: 16 / 17, area: 4 / 6 });
  assert.deepEqual(shareOfMap(values, [2, 3], [0, 0, 2, 3]), { mass: 1, area: 1 });
  assert.equal(shareOfMap([0, 0], [1, 2], [0, 0, 1, 1]).mass, null);
});

test("a box between two corners, whichever they are, has a pixel and stays in the picture", () => {
  assert.deepEqual(boxBetween([5, 7], [2, 3], [10, 20]), [2, 3, 5, 7]);
  assert.deepEqual(boxBetween([-3, 18], [4, 40], [10, 20]), [0, 18, 4, 20]);
  assert.deepEqual(boxBetween([9.5, 3], [9.5, 3], [10, 20]), [9, 3, 10, 4]);
});

test("a box is moved as far as the picture goes and keeps its size", () => {
  assert.deepEqual(boxMoved([1, 2, 4, 6], [2, 3], [10, 20]), [3, 5, 6, 9]);
  assert.deepEqual(boxMoved([1, 2, 4, 6], [-5, 50], [10, 20]), [0, 16, 3, 20]);
});

test("a pixel's place is the one whose field's middle is nearest, and its field holds the pixel", () => {
  const seen = { places: [6, 4], size: [5, 7], strides: [2, 3], start: [-1, -2] };
  const picture = [12, 14];
  for (let row = 0; row < picture[0]; row += 1) {
    for (let column = 0; column < picture[1]; column += 1) {
      const place = placeAt(seen, [row, column], picture);
      const far = (/** @type {number} */ i, /** @type {number} */ k) =>
        Math.abs(seen.start[k] + i * seen.strides[k] + seen.size[k] / 2 - [row, column][k] - 0.5);
      place.forEach((i, k) => {
        for (let other = 0; other < seen.places[k]; other += 1) assert.ok(far(i, k) <= far(other, k) + 1e-9);
      });
      const [top, left, bottom, right] = fieldOf(seen, place, picture);
      assert.ok(top <= row && row < bottom && left <= column && column < right);
    }
  }
  assert.deepEqual(fieldOf(seen, [0, 3], picture), [0, 7, 4, 14]);
});

test("where a place sees everything, the picture is shared out among the places", () => {
  assert.deepEqual(placeAt({ places: [2, 3] }, [7, 8], [8, 9]), [1, 2]);
  assert.deepEqual(fieldOf({ places: [2, 3] }, [1, 2], [8, 9]), [0, 0, 8, 9]);
});
