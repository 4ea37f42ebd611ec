import assert from "node:assert/strict";
import test from "node:test";
import { ChannelSums, overlap, stopsFor } from "../../cnnvis_widgets/widgets/exhibits/maths/channel_sums.js";
import { confusionAt, measures } from "../../cnnvis_widgets/widgets/exhibits/maths/confusion.js";
import { outcome, resultSize, windowAt } from "../../cnnvis_widgets/widgets/exhibits/maths/convolution.js";
import { matching } from "../../cnnvis_widgets/widgets/explorer/class_search.js";
import { close, figures } from "./figures.js";

test("a convolution with stride and padding is Python's", () => {
  const { values, kernel, result } = figures.convolution;
  const size = resultSize([5, 7], [3, 2], 2, 1);
  assert.deepEqual(size, [result.length, result[0].length]);
  for (let i = 0; i < size[0]; i += 1) {
    for (let j = 0; j < size[1]; j += 1) {
      const window = windowAt(values, [i, j], [3, 2], 2, 1);
      close(outcome(window, kernel, 0.5, "convolution"), result[i][j]);
    }
  }
});

test("pooling on paper", () => {
  const window = [
    [
      [1, 4],
      [2, 3],
    ],
    [
      [0, -1],
      [-2, -5],
    ],
  ];
  assert.deepEqual(outcome(window, [], 0, "maximum"), [4, 0]);
  assert.deepEqual(outcome(window, [], 0, "average"), [2.5, -2]);
});

test("what follows from a threshold is Python's; nothing over nothing is nothing", () => {
  const { scores, labels, counts, measures: wanted } = figures.threshold;
  assert.deepEqual(confusionAt({ scores, labels }, 0.4), counts);
  const { accuracy, precision, recall, f } = measures(counts);
  close([accuracy, precision, recall, f], wanted);
  assert.deepEqual(measures([0, 0, 0, 3]), { accuracy: 1, precision: null, recall: null, f: null });
});

test("channels are added in their order, and the ends hold all running sums", () => {
  const orders = { contribution: Uint32Array.of(1, 0), weight: Uint32Array.of(0, 1) };
  const sums = new ChannelSums(Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(2, -1), orders);
  close(sums.first(1, "contribution"), [-4, -5, -6]);
  close(sums.first(2, "contribution"), [-2, -1, 0]);
  assert.deepEqual(sums.range("contribution"), { high: 0, size: 6 });
  assert.deepEqual(sums.range("weight"), { high: 6, size: 6 });
  assert.equal(sums.contribution(1), -15);
});

test("how much two maps share", () => {
  close(overlap(Float64Array.of(1, 3), Float64Array.of(2, 1)), 2 / 5);
  assert.equal(overlap(new Float64Array(2), new Float64Array(2)), 1);
  const stops = stopsFor(512);
  assert.ok(stops.length < 100);
  assert.deepEqual([stops[0], stops[1], stops.at(-1)], [0, 1, 512]);
});

test("classes are found by number, by their beginning, then by any of their words", () => {
  const labels = ["tench", "tabby cat", "cat bed", "tiger cat", "7up"];
  assert.deepEqual(matching(labels, 5, "cat"), [2, 1, 3]);
  assert.deepEqual(matching(labels, 5, "2"), [2]);
  assert.deepEqual(matching(labels, 5, "7"), [4]);
  assert.deepEqual(matching(labels, 5, "cat ig"), [3]);
});
