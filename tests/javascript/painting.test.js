// Painting, and how far a map agrees, against sets of pixels and a mean over all ways to break ties.
import assert from "node:assert/strict";
import { test } from "node:test";
import { agreement, brush } from "../../cnnvis_widgets/widgets/toolkit/painting.js";

/** A small generator, so that the numbers are the same everywhere. */
function random(seed) {
  let state = seed;
  return () => {
    state = (1103515245 * state + 12345) % 2147483648;
    return state / 2147483648;
  };
}

/** All sets of `many` of these. */
function subsets(items, many) {
  if (!many) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), many - 1).map((rest) => [item, ...rest]));
}

test("the overlap is that of sets of pixels", () => {
  const next = random(3);
  for (let round = 0; round < 50; round += 1) {
    const values = Array.from({ length: 35 }, () => next() - 0.4);
    const painted = values.map(() => (next() < 0.3 ? 1 : 0));
    painted[7] = 1;
    const mine = new Set(painted.flatMap((one, i) => (one ? [i] : [])));
    const ranked = [...values.keys()].sort((a, b) => values[b] - values[a]);
    const theirs = new Set(ranked.slice(0, mine.size));
    const both = [...mine].filter((i) => theirs.has(i)).length;
    const found = agreement(values, painted);
    assert.ok(Math.abs(Number(found.overlap) - both / new Set([...mine, ...theirs]).size) < 1e-12);
    assert.deepEqual(new Set([...found.highest.keys()].filter((i) => found.highest[i])), theirs);
    const positive = values.filter((value) => value > 0);
    const inside = values.filter((value, i) => value > 0 && mine.has(i));
    const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(Number(found.inside) - sum(inside) / sum(positive)) < 1e-12);
  }
});

test("equal values count by the share that is wanted of them", () => {
  const values = [5, 2, 2, 2, 2, 1, 0, 0];
  const painted = [1, 1, 1, 0, 0, 1, 0, 0]; // four: the highest is met, then three of four twos
  const met = subsets([1, 2, 3, 4], 3).map((chosen) => 1 + chosen.filter((i) => painted[i]).length);
  const mean = met.reduce((a, b) => a + b, 0) / met.length;
  const { overlap, highest } = agreement(values, painted);
  assert.ok(Math.abs(Number(overlap) - mean / (8 - mean)) < 1e-12);
  assert.deepEqual([...highest], [1, 1, 1, 1, 0, 0, 0, 0]);
});

test("all of it is 1, none of it 0, and what is not defined is null", () => {
  const values = [3, 1, 4, -2];
  assert.equal(agreement(values, [1, 0, 1, 0]).overlap, 1);
  assert.equal(agreement(values, [0, 1, 0, 1]).overlap, 0);
  assert.equal(agreement(values, [0, 1, 0, 1]).inside, 1 / 8);
  assert.equal(agreement(values, [1, 1, 1, 1]).overlap, 1);
  assert.equal(agreement(values, [0, 0, 0, 0]).overlap, null);
  assert.equal(agreement([0, 0, -1, 0], [1, 0, 0, 0]).inside, null);
  assert.ok(Math.abs(Number(agreement([0, 0, 0, 0], [1, 0, 0, 0]).overlap) - 0.25 / 1.75) < 1e-12);
});

test("a stroke paints what is near its line, and erases it again", () => {
  const [rows, columns] = [20, 31];
  const painted = new Uint8Array(rows * columns);
  const [from, to, width] = [[4, 6], [13, 24], 5];
  brush(painted, [rows, columns], from, to, width, 1);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      let nearest = Infinity;
      for (let step = 0; step <= 2000; step += 1) {
        const at = [0, 1].map((k) => from[k] + (step / 2000) * (to[k] - from[k]));
        nearest = Math.min(nearest, Math.hypot(row - at[0], column - at[1]));
      }
      if (Math.abs(nearest - width / 2) < 0.01) continue;
      assert.equal(painted[row * columns + column], nearest < width / 2 ? 1 : 0, `${row}, ${column}`);
    }
  }
  brush(painted, [rows, columns], from, to, width + 1, 0);
  assert.ok(painted.every((one) => one === 0));
  brush(painted, [rows, columns], [0, 30], [0, 30], 1, 1); // a dab at the edge: one pixel
  assert.deepEqual([painted[30], painted.reduce((a, b) => a + b, 0)], [1, 1]);
});
