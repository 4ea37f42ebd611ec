import assert from "node:assert/strict";
import test from "node:test";
import { barOf, blended } from "../../cnnvis_widgets/widgets/toolkit/heatmap_canvas.js";
import { LocalModel } from "../../cnnvis_widgets/widgets/toolkit/local_model.js";
import { summed, unpacked } from "../../cnnvis_widgets/widgets/toolkit/packed_floats.js";
import { figures } from "./figures.js";

for (const { shape, text, bits } of figures.packed) {
  test(`${shape.join(" × ")} values that Python packed come back bit for bit`, async () => {
    const values = await unpacked(text, shape);
    assert.deepEqual([...new Uint32Array(values.buffer)], bits);
  });
}

test("planes of a row on paper: 1.0 and its successor, then the first of the next row anew", () => {
  // 1.0 is 0x3f800000, the next float32 0x3f800001; -2.0 is 0xc0000000.
  const planes = [...[0, 1, 0, 0], ...[0, 0, 0, 0], ...[0x80, 0, 0, 0], ...[0x3f, 0, 0xc0, 0]];
  assert.deepEqual([...summed(Uint8Array.from(planes), [2, 2])], [1, 1 + 2 ** -23, -2, -2]);
});

test("another number of bytes than the shape says is refused", () => {
  assert.throws(() => summed(new Uint8Array(20), [2, 3]), /20 bytes are no 2 × 3 values/);
});

test("a plain model tells of a change once, and of several when all are there", () => {
  /** @type {any[]} */
  const sent = [];
  const model = new LocalModel({ a: 1, b: 2 }, (content) => sent.push(content));
  /** @type {any[]} */
  const seen = [];
  const told = () => seen.push([model.get("a"), model.get("b")]);
  model.on("change:a", told);
  model.put({ a: 3, b: 4 });
  model.put({ a: 3, b: 5 });
  assert.deepEqual(seen, [[3, 4]]);
  model.off("change:a", told);
  model.set("a", 7);
  assert.deepEqual(seen, [[3, 4]]);
  assert.equal(model.get("a"), 7);
  model.send({ kind: "show" });
  assert.deepEqual(sent, [{ kind: "show" }]);
});

class Pixels {
  /** @param {number} width @param {number} height */
  constructor(width, height) {
    Object.assign(this, { width, height });
    this.data = new Uint8ClampedArray(4 * width * height);
  }
}

test("what a threshold hides is the picture itself, in the map and on its bar", () => {
  globalThis.ImageData = /** @type {any} */ (Pixels);
  const table = Uint8Array.from({ length: 768 }, () => 200);
  const below = /** @type {ImageData} */ (/** @type {unknown} */ (new Pixels(3, 1)));
  below.data.fill(100);
  const look = { kind: "diverging", opacity: 0.5, blend: "uniform" };
  const image = blended(below, Float32Array.of(0, 0.5, 1), table, look, (i) => i === 1);
  assert.deepEqual(
    [0, 4, 8].map((i) => image.data[i]),
    [150, 100, 150],
  );
  /** @type {import("../../cnnvis_widgets/widgets/toolkit/heatmap_canvas.js").Scale} */
  const scale = { low: -2, high: 2, kind: "diverging" };
  const bar = barOf(scale, table, { opacity: 0.5, blend: "uniform", least: 1 });
  const grey = Array.from({ length: 256 }, (_, i) => bar.data[4 * i] === 128);
  // Of places 0 to 255 from −2 to 2, those within ±1 are from 63.75 to 191.25.
  assert.deepEqual([grey.indexOf(true), grey.lastIndexOf(true)], [64, 191]);
  const rising = barOf({ low: 0, high: 2, kind: "sequential" }, table, {
    opacity: 1,
    blend: "uniform",
    least: 1,
  });
  assert.equal(Array.from({ length: 256 }, (_, i) => rising.data[4 * i]).indexOf(200), 128);
});
